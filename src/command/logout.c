/* logout: a sign-in is revoked where the server offers that, and forgotten
 * here, whatever becomes of the former. */
#include "command/command.h"

#include "command/sign_in.h"
#include "command/state.h"
#include "command/target_token.h"

struct logout {
	const struct settings *settings;
	const struct process *process;
	struct sign_in in;
	struct oauth_store store;
	struct oauth_entry entry;
	bool found, readable, revoked;
	struct error problem; /* why it is not revoked; status 0: there was
				 nothing to revoke */
};

static int
open_store(struct logout *l, struct arena *arena, struct error *err)
{
	const struct wait_limits wait = process_wait(l->process);
	const char *account = token_account(l->settings), *directory;

	if (state_path(arena, "tokens", "sign-ins", &directory, err) == -1)
		return -1;
	/* Nothing is made for it, and nothing held, where there is nothing. */
	if (oauth_store_open(
		&l->store, directory, account, false, &wait, err) == -1)
		return -1;
	if (l->store.directory == -1)
		return 0;
	oauth_store_close(&l->store);
	return oauth_store_open(
	    &l->store, directory, account, true, &wait, err);
}

/* What cannot be read is to be removed all the same. */
static void
read_entry(struct logout *l)
{
	int r = oauth_store_read(&l->store, &l->entry, &l->problem);

	l->found = r != 0;
	l->readable = r == 1;
}

/* The settings say more of the client, but need not be there any more. */
static int
end_at_server(struct logout *l)
{
	const struct oauth_entry *e = &l->entry;
	struct oauth_client client = e->client;
	struct error err;

	if (e->server.revocation_endpoint == NULL)
		return error_set(&l->problem, EX_UNAVAILABLE,
		    "the authorisation server offers no revocation");
	if (l->settings->auth.oauth.provider != NULL &&
	    sign_in_init(&l->in, l->settings, l->process, &err) == 0) {
		if (l->in.client.secret.bytes != NULL)
			client.secret = l->in.client.secret;
	} else {
		l->in.wait = process_wait(l->process);
		l->in.http = (struct http_params){
		    .wait = &l->in.wait, .ca = l->settings->auth.oauth.ca};
	}
	return oauth_revoke(
	    &l->in.http, &e->server, &client, &e->token, &l->problem);
}

static bool
has_tokens(const struct oauth_entry *e)
{
	return !e->signed_out &&
	    (e->token.refresh.bytes != NULL || e->token.access.bytes != NULL);
}

static int
tell(const struct logout *l, struct error *err)
{
	const char *account = token_account(l->settings);
	struct buf out = {0};
	int r;

	if (l->settings->report.quiet)
		return 0;
	if (!l->found)
		buf_printf(&out, "account %s was not signed in\n", account);
	else if (l->revoked)
		buf_printf(&out,
		    "account %s is signed out: revoked at the server, removed "
		    "here\n",
		    account);
	else
		buf_printf(
		    &out, "account %s is signed out: removed here\n", account);
	r = output_text(l->process, &out, err);
	buf_clear(&out);
	return r;
}

/* Who forgets -A must not believe that another account is signed out. */
static int
check_named(const struct logout *l, struct error *err)
{
	const struct settings *s = l->settings;

	if (l->found || s->account != NULL || s->auth.oauth.provider != NULL)
		return 0;
	error_set(err, EX_CONFIG, "--logout: what is configured has no oauth");
	return error_hint(
	    err, "name an account with -A; --accounts lists them");
}

static void
warn(const struct logout *l)
{
	if (l->problem.status == 0)
		return;
	output_warning(l->settings, l->process, "warning: %s", l->problem.text);
	output_warning(l->settings, l->process,
	    "warning: the sign-in is not revoked: what has a copy of it can "
	    "use it until it expires, or until you end it on the provider's "
	    "pages");
}

int
logout_run(const struct settings *s, const struct process *process)
{
	struct logout l = {.settings = s, .process = process};
	struct arena arena = {0};
	struct error err;
	int r;

	process_hide();
	r = open_store(&l, &arena, &err);
	if (r == 0) {
		read_entry(&l);
		if (l.readable && has_tokens(&l.entry))
			l.revoked = end_at_server(&l) == 0;
		if (oauth_store_remove(&l.store, &err) == -1)
			r = -1;
	}
	if (r == 0)
		r = check_named(&l, &err);
	if (r == 0) {
		warn(&l);
		r = tell(&l, &err);
	}
	oauth_entry_clear(&l.entry);
	oauth_store_close(&l.store);
	sign_in_clear(&l.in);
	arena_clear(&arena);
	return r == 0 ? EX_OK : output_error(s, process, &err);
}
