/* configure_sign_in: see configure.h. */
#include "command/configure.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/file.h"
#include "sasl/sasl.h"

/* What it takes of this kind, as long as nobody asks for one by its name. */
static bool
takes(const struct configure *c, enum sasl_secret secret)
{
	const char *named = account_new_value(&c->account, "auth");
	const struct sasl_mechanism *m = sasl_mechanisms;

	for (; m < sasl_mechanisms + sasl_mechanism_count; m++)
		if ((c->place.mechanisms & sasl_mechanism_bit(m)) != 0 &&
		    m->secret == secret &&
		    (named != NULL ? ascii_equal(named, m->name)
				   : !m->named_only))
			return true;
	return false;
}

/* The command line says how. */
static bool
is_given(const struct configure *c)
{
	static const char *const names[] = {"password-command", "password-file",
	    "password-credential", "password-from", "netrc", "token-command",
	    "token-file", "oauth", "tls-cert"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (account_new_value(&c->account, names[i]) != NULL)
			return true;
	return false;
}

static int
no_way_in(struct configure *c, struct error *err)
{
	error_set(err, EX_NOPERM, "%s takes no password%s", c->place.text,
	    takes(c, SASL_TOKEN) ? ", but tokens (OAuth)" : "");
	if (takes(c, SASL_TOKEN))
		return error_hint(err,
		    "--oauth ISSUER-URL, or --token-command COMMAND, says "
		    "where one comes from");
	return error_hint(err, "smtpsend --server-info -S %s", c->place.text);
}

/* "App password", as the provider calls it. */
static const char *
noun(struct configure *c)
{
	char *text, *at;

	if (c->provider == NULL || c->provider->secret == NULL)
		return "Password";
	text = arena_strdup(&c->arena, c->provider->secret);
	for (at = text; *at != '\0'; at++)
		if (*at == '-')
			*at = ' ';
	*text = ascii_upper(*text);
	return text;
}

/* What is to be prepared, and where. */
static void
tell_preparations(struct configure *c)
{
	const struct provider *p = c->provider;

	if (p != NULL && p->secret_url != NULL)
		person_tell(&c->person, "the %s is made at %s", p->secret,
		    p->secret_url);
	if (p != NULL && p->hint != NULL)
		person_tell_steps(&c->person, p->hint);
}

/* Whose it is where there may be doubts. */
static int
ask_for_user(struct configure *c, struct error *err)
{
	if (!c->user_is_guessed || !person_can_be_asked(&c->person))
		return 0;
	return person_ask(
	    &c->person, "User name", c->user, &c->arena, &c->user, err);
}

/* Another try after a refusal makes sense to who can type. */
static int
try_again(struct configure *c, struct error *err)
{
	if (err->status != EX_NOPERM)
		return -1;
	person_tell_error(&c->person, err);
	switch (person_agrees(&c->person, "Try again?", true, err)) {
	case 1:
		return 0;
	case 0:
		return error_set(err, EX_NOPERM, "nothing was changed");
	default:
		return -1;
	}
}

/* Asks for the password until the server takes it. */
static int
sign_in_by_password(
    struct configure *c, struct secret *password, struct error *err)
{
	struct account_new with;
	const char *question;

	for (;;) {
		if (ask_for_user(c, err) == -1)
			return -1;
		question =
		    arena_printf(&c->arena, "%s for %s", noun(c), c->user);
		if (person_secret(&c->person, question, false, password, err) ==
		    -1)
			return -1;
		with = c->account;
		account_new_add(&with, "user", c->user);
		if (configure_sign_in(&with, c->base, c->settings, c->process,
			password, err) == 0)
			return 0;
		if (try_again(c, err) == -1)
			return -1;
	}
}

static void
init_secret(struct configure *c, struct configure_secret *secret)
{
	struct buf path = {0};

	buf_printf(&path, "%s/", c->directory);
	file_name_for(&path, c->name);
	buf_puts(&path, ".password");
	*secret = (struct configure_secret){
	    .host = c->place.host != NULL ? c->place.host : "localhost",
	    .path = arena_strdup(&c->arena, buf_string(&path)),
	};
	buf_clear(&path);
}

/* A password that is typed, or, when nothing may be asked, what would become of
 * it. */
static int
use_password(struct configure *c, struct configure_secret *secret,
    struct secret *password, struct error *err)
{
	init_secret(c, secret);
	if (!c->dry && !person_can_be_asked(&c->person)) {
		error_set(err, EX_USAGE,
		    "--configure: there is no terminal to ask for the "
		    "password on");
		return error_hint(err,
		    "--password-command, --password-file or --password-from "
		    "says where it is");
	}
	tell_preparations(c);
	if (!c->dry && sign_in_by_password(c, password, err) == -1)
		return -1;
	if (!c->dry)
		person_tell(&c->person, "the server has let us in");
	secret->user = c->user;
	account_new_add(&c->account, "user", c->user);
	if (configure_secret_choose(secret, &c->person, err) == -1)
		return -1;
	configure_secret_name(secret, &c->account);
	return 0;
}

/* What the command line gives is tried as it is. */
static int
use_what_is_given(struct configure *c, struct error *err)
{
	if (account_new_value(&c->account, "user") == NULL &&
	    account_new_value(&c->account, "netrc") == NULL)
		account_new_add(&c->account, "user", c->user);
	if (account_new_value(&c->account, "oauth") != NULL)
		return configure_oauth_given(c, err);
	if (configure_sign_in(
		&c->account, c->base, c->settings, c->process, NULL, err) == -1)
		return -1;
	person_tell(&c->person, "the server has let us in");
	return 0;
}

/* Where both will do, the password costs less trouble. */
static int
choose_kind(struct configure *c, bool *by_oauth, struct error *err)
{
	const bool password = takes(c, SASL_PASSWORD) &&
	    (c->provider == NULL || c->provider->secret != NULL);
	const bool oauth = takes(c, SASL_TOKEN) && configure_has_oauth(c);
	const char *const kinds[] = {
	    arena_printf(&c->arena, "with the %s that %s gives",
		c->provider != NULL && c->provider->secret != NULL
		    ? c->provider->secret
		    : "password",
		c->provider != NULL ? c->provider->name : "the provider"),
	    "in a browser (OAuth), with an app of your own there",
	};
	int kind;

	*by_oauth = oauth && !password;
	if (!oauth && !password)
		return no_way_in(c, err);
	if (!oauth || !password || !person_can_be_asked(&c->person))
		return 0;
	kind =
	    person_chooses(&c->person, "How do you sign in?", kinds, 2, 0, err);
	*by_oauth = kind == 1;
	return kind == -1 ? -1 : 0;
}

int
configure_enter(struct configure *c, struct configure_secret *secret,
    struct secret *password, struct error *err)
{
	bool by_oauth;

	account_new_add(&c->account, "server", c->place.text);
	if (is_given(c))
		return use_what_is_given(c, err);
	if (c->place.mechanisms == 0)
		return 0;
	if (choose_kind(c, &by_oauth, err) == -1)
		return -1;
	return by_oauth ? configure_oauth(c, err)
			: use_password(c, secret, password, err);
}
