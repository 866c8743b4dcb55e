#include "command/target_credentials.h"

#include <string.h>

#include "command/secrets.h"
#include "command/target_proof.h"
#include "options/option.h"

/* The option that gives one; NULL: it is asked for. */
static const struct option_row *
password_source(const struct settings *s)
{
	return s->auth.password_file != NULL ? option_by_name("password-file")
	    : s->auth.password_command != NULL
	    ? option_by_name("password-command")
	    : s->auth.password.bytes != NULL ? option_by_name("password")
					     : NULL;
}

/* One password is for one user, at as many servers as name that user. */
static int
check_sole_user(
    const struct target *t, const struct settings *s, struct error *err)
{
	const struct option_row *row = password_source(s);
	const struct server *first = NULL;
	const char *user = NULL;
	size_t i;

	for (i = 0; row != NULL && i < t->count; i++) {
		if (t->credentials[i].user == NULL ||
		    t->servers[i].password.bytes != NULL)
			continue;
		if (user == NULL) {
			user = t->credentials[i].user;
			first = &t->servers[i];
		} else if (strcmp(user, t->credentials[i].user) != 0) {
			option_error(err, row, option_origin(s, row),
			    "is one password, and there are two users: %s at "
			    "%s, %s at %s",
			    user, first->text, t->credentials[i].user,
			    t->servers[i].text);
			return error_hint(err,
			    "without it each one's password is asked for on "
			    "the terminal; or name one server, or one user "
			    "with --user");
		}
	}
	return 0;
}

/* Of an option without a value it is known at once. */
static bool
given(const struct settings *s, const char *value, const char *option)
{
	return value != NULL && option_on_argv(s, option);
}

/* What is given now for signing in would be ignored without a user, or beside
 * a password in the URL; that of a configured URL gives way to it. */
int
target_credentials_check(
    struct target *t, const struct settings *s, struct error *err)
{
	const char *password = given(s, s->auth.password_file, "password-file")
	    ? "password-file"
	    : given(s, s->auth.password_command, "password-command")
	    ? "password-command"
	    : NULL;
	const char *option =
	    given(s, s->auth.mechanism, "auth") ? "auth" : password;
	bool user = false, wanted = false;
	size_t i;

	for (i = 0; i < t->count; i++) {
		user |= target_signs_in(t, s, i);
		wanted |= t->credentials[i].user != NULL &&
		    t->servers[i].password.bytes == NULL;
	}
	if (!user && option != NULL)
		return error_set(err, EX_USAGE,
		    "--%s needs a user: name one with --user", option);
	if (password != NULL && !wanted) {
		if (s->server.on_argv)
			return error_set(err, EX_USAGE,
			    "--%s: the server's URL has a password already",
			    password);
		for (i = 0; i < t->count; i++)
			secret_clear(&t->servers[i].password);
	}
	return check_sole_user(t, s, err);
}

/* A password may have been put behind the name, as other programs have it. */
static const char *
shown_user(struct target *t, const char *user)
{
	size_t n = strcspn(user, ":");

	if (user[n] == '\0')
		return user;
	return arena_printf(&t->arena, "%.*s:***", (int)n, user);
}

/* The servers that get the password of server i's user: it alone, if its URL
 * names the user, else all whose user is that of the settings. */
static const char *
shown_servers(struct target *t, const struct settings *s, size_t i)
{
	const char *text = t->servers[i].text;
	size_t k;

	for (k = i + 1; k < t->count; k++)
		if (t->credentials[i].user == s->auth.user &&
		    t->credentials[k].user == s->auth.user &&
		    t->servers[k].password.bytes == NULL)
			text = arena_printf(
			    &t->arena, "%s or %s", text, t->servers[k].text);
	return text;
}

/* The password for server i: its URL's, or the one that it shares, got once. */
static int
get_password(struct target *t, const struct settings *s, size_t i,
    const struct sasl_credentials **shared, const struct wait_limits *wait,
    struct error *err)
{
	struct sasl_credentials *c = &t->credentials[i];
	bool shares = password_source(s) != NULL || c->user == s->auth.user;

	if (t->servers[i].password.bytes != NULL) {
		c->password = t->servers[i].password;
		t->servers[i].password = (struct secret){0};
		return 0;
	}
	if (shares && *shared != NULL) {
		secret_set(&c->password, (*shared)->password.bytes,
		    (*shared)->password.len);
		return 0;
	}
	if (shares)
		*shared = c;
	return secrets_password(&s->auth, shown_user(t, c->user),
	    shown_servers(t, s, i), wait, &c->password, err);
}

int
target_credentials_get(struct target *t, const struct settings *s,
    const struct process *process, struct error *err)
{
	const struct wait_limits wait = process_wait(process);
	const struct sasl_credentials *shared = NULL;
	bool in_url = false;
	size_t i;

	for (i = 0; i < t->count; i++)
		in_url |= t->credentials[i].user != NULL &&
		    t->servers[i].password.bytes != NULL;
	if (in_url)
		output_warning(s, process,
		    "warning: the password in the server's URL can be seen by "
		    "others; use --password-file or --password-command");
	if (target_proof_get(t, s, process, err) == -1)
		return -1;
	for (i = 0; i < t->count; i++)
		if (t->credentials[i].user != NULL &&
		    (target_proofs(s) & SASL_PASSWORD) != 0 &&
		    get_password(t, s, i, &shared, &wait, err) == -1)
			return -1;
	return 0;
}
