/* configure_oauth: see configure.h. */
#include "command/configure.h"

#include <string.h>
#include <unistd.h>

#include "command/login.h"
#include "command/state.h"
#include "oauth/store.h"

bool
configure_has_oauth(const struct configure *c)
{
	const struct provider *p = c->provider;

	return p != NULL && (p->issuer != NULL || p->token_url != NULL);
}

static const char *
client_of(const struct configure *c)
{
	return account_new_value(&c->account, "oauth-client-id");
}

/* What is kept of this account's sign-in.  A store that cannot be opened has
 * none. */
static int
open_store(const struct configure *c, bool lock, struct arena *a,
    struct oauth_store *store, struct error *err)
{
	static const struct wait_limits none = {0};
	const char *directory;

	if (state_path(a, "tokens", "sign-ins", &directory, err) == -1)
		return -1;
	return oauth_store_open(store, directory, c->name, lock, &none, err);
}

static bool
is_signed_in(const struct configure *c)
{
	struct oauth_store store = {.directory = -1, .lock = -1};
	struct oauth_entry entry = {0};
	struct arena a = {0};
	struct error err;
	bool is = false;

	if (open_store(c, false, &a, &store, &err) == 0)
		is = oauth_store_read(&store, &entry, &err) != 0;
	oauth_entry_clear(&entry);
	oauth_store_close(&store);
	arena_clear(&a);
	return is;
}

void
configure_oauth_undo(const struct configure *c)
{
	struct oauth_store store = {.directory = -1, .lock = -1};
	struct arena a = {0};
	struct error err;

	if (c->client_secret != NULL)
		(void)unlink(c->client_secret);
	if (!c->signed_in)
		return;
	if (open_store(c, true, &a, &store, &err) == -1 ||
	    oauth_store_remove(&store, &err) == -1)
		person_tell_error(&c->person, &err);
	oauth_store_close(&store);
	arena_clear(&a);
}

/* Of what is there already nothing is lost: another name is taken. */
static const char *
free_path(struct configure *c)
{
	const char *path;
	unsigned n = 1;

	do {
		path = n == 1
		    ? arena_printf(&c->arena, "%s/%s.client-secret",
			  c->directory, c->provider->id)
		    : arena_printf(&c->arena, "%s/%s.client-secret-%u",
			  c->directory, c->provider->id, n);
		n++;
	} while (access(path, F_OK) == 0);
	return path;
}

static int
keep_client_secret(
    struct configure *c, const struct secret *secret, struct error *err)
{
	const char *path;

	if (secret->bytes == NULL)
		return 0;
	path = free_path(c);
	if (configure_file_put(path, secret->bytes, secret->len, err) == -1)
		return -1;
	c->client_secret = path;
	account_new_add(&c->account, "oauth-client-secret-file", path);
	return 0;
}

/* How one makes an app there, and what it is called then. */
static int
ask_for_client(struct configure *c, struct error *err)
{
	const struct provider *p = c->provider;
	struct secret secret = {0};
	const char *id;
	int r;

	person_tell(&c->person,
	    "%s wants to know which app signs in; make one of your own%s%s",
	    p->name, p->client_url != NULL ? ", at " : "",
	    p->client_url != NULL ? p->client_url : "");
	if (p->client != NULL)
		person_tell_steps(&c->person, p->client);
	r = person_ask(&c->person, "Client ID", NULL, &c->arena, &id, err);
	if (r == 0) {
		account_new_add(&c->account, "oauth-client-id", id);
		r = person_secret(&c->person,
		    "Client secret (nothing: it has none)", true, &secret, err);
	}
	if (r == 0)
		r = keep_client_secret(c, &secret, err);
	secret_clear(&secret);
	return r;
}

/* The same where nobody can be asked. */
static int
need_client(struct configure *c, struct error *err)
{
	const struct provider *p = c->provider;

	if (c->dry) {
		person_tell(&c->person,
		    "oauth-client-id is still to be added; smtpsend --explain "
		    "%s says how an app is made",
		    p->id);
		return 0;
	}
	error_set(err, EX_USAGE,
	    "%s wants to know which app signs in, and there is no terminal to "
	    "ask on",
	    p->name);
	return error_hint(err,
	    "--oauth-client-id ID says it; smtpsend --explain %s says how an "
	    "app is made",
	    p->id);
}

static int
sign_in(struct configure *c, struct error *err)
{
	const bool was = is_signed_in(c);
	struct settings own = {0};
	struct buf told = {0};
	int r =
	    configure_settings(&c->account, c->base, c->settings, &own, err);

	if (r == 0)
		r = login(&own, c->process, LOGIN_ANY, &told, err);
	settings_clear(&own);
	if (r == 0) {
		c->signed_in = !was;
		if (told.len > 0 && told.data[told.len - 1] == '\n')
			told.len--;
		person_tell(
		    &c->person, "%.*s", (int)told.len, buf_string(&told));
		r = configure_sign_in(
		    &c->account, c->base, c->settings, c->process, NULL, err);
	}
	if (r == 0)
		person_tell(&c->person, "the server has let us in");
	buf_clear(&told);
	return r;
}

int
configure_oauth_given(struct configure *c, struct error *err)
{
	return c->dry ? 0 : sign_in(c, err);
}

int
configure_oauth(struct configure *c, struct error *err)
{
	const struct provider *p = c->provider;
	int r = 0;

	account_new_add(&c->account, "user", c->user);
	account_new_add(&c->account, "oauth", p->id);
	if (p->hint != NULL)
		person_tell_steps(&c->person, p->hint);
	/* A server that publishes its metadata may let anybody register. */
	if (client_of(c) == NULL && p->token_url != NULL)
		r = person_can_be_asked(&c->person) ? ask_for_client(c, err)
						    : need_client(c, err);
	if (r == -1 || c->dry)
		return r;
	r = sign_in(c, err);
	if (r == -1 && err->status == EX_CONFIG && client_of(c) == NULL &&
	    person_can_be_asked(&c->person)) {
		r = ask_for_client(c, err);
		if (r == 0)
			r = sign_in(c, err);
	}
	return r;
}
