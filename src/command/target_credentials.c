#include "command/target_credentials.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/secret_source.h"
#include "command/secrets.h"
#include "command/target_proof.h"
#include "options/option.h"

/* The option that says where they come from; NULL: none does. */
static const struct option_row *
password_source(const struct settings *s)
{
	const struct option_row *row = NULL;

	if (!secrets_configured(&s->auth))
		return NULL;
	while ((row = option_next(row)) != NULL)
		if (row->group == GROUP_PASSWORD &&
		    option_origin(s, row)->layer != LAYER_NONE)
			break;
	return row;
}

/* Whom netrc and password managers know; what is no host is here. */
static struct secrets_owner
owner_at(const struct server *server, const char *user)
{
	return (struct secrets_owner){.user = user,
	    .host = server->kind == SERVER_TCP ? server->host : "localhost",
	    .port = server->kind == SERVER_TCP ? server->port : 0};
}

/* A server without a user gets the one that a netrc has for it, where that is
 * asked for. */
static int
find_users(struct target *t, const struct settings *s, struct error *err)
{
	struct secrets_owner owner;
	size_t i;

	if (s->auth.netrc == NULL)
		return 0;
	process_hide();
	for (i = 0; i < t->count; i++) {
		owner = owner_at(&t->servers[i], NULL);
		if (t->credentials[i].user == NULL &&
		    secrets_netrc_user(&s->auth, owner.host, owner.port,
			&t->arena, &t->credentials[i].user, err) == -1)
			return -1;
	}
	return 0;
}

static int
check_descriptor(
    const struct target *t, const struct settings *s, struct error *err)
{
	const struct option_row *row = option_by_name("password-fd");
	int fd = atoi(s->auth.password_fd);
	struct error why;
	size_t i;
	int r = secret_check_fd(fd, &why);

	for (i = 0; r == 0 && i < t->count; i++)
		if (t->servers[i].kind == SERVER_FD && t->servers[i].fd == fd)
			r = error_set(&why, EX_USAGE,
			    "it is the connection to the server");
	if (r == 0 && fd == STDIN_FILENO && s->action == ACTION_SCRIPT &&
	    strcmp(s->action_arguments.items[0], "-") == 0)
		r = error_set(&why, EX_USAGE, "it is the script already");
	return r == 0 ? 0
		      : option_error(err, row, option_origin(s, row), "%d: %s",
			    fd, why.text);
}

int
target_credentials_init(
    struct target *t, const struct settings *s, struct error *err)
{
	if (s->auth.password_fd != NULL && check_descriptor(t, s, err) == -1)
		return -1;
	return find_users(t, s, err);
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

	if (secrets_for_each(&s->auth))
		return 0;
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

/* What is given now for signing in would be ignored without a user, or beside
 * a password in the URL; that of a configured URL gives way to it. */
int
target_credentials_check(
    struct target *t, const struct settings *s, struct error *err)
{
	const struct option_row *source = password_source(s);
	const char *password =
	    source != NULL && option_origin(s, source)->layer == LAYER_ARGV
	    ? source->name
	    : NULL;
	const char *option =
	    s->auth.mechanism != NULL && option_on_argv(s, "auth") ? "auth"
								   : password;
	const struct secrets_owner first = owner_at(&t->servers[0], NULL);
	bool user = false, wanted = false;
	size_t i;

	for (i = 0; i < t->count; i++) {
		user |= target_signs_in(t, s, i);
		wanted |= t->credentials[i].user != NULL &&
		    t->servers[i].password.bytes == NULL;
	}
	if (!user && password != NULL && s->auth.netrc != NULL)
		return secrets_netrc_nobody(
		    &s->auth, first.host, first.port, err);
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

/* The password for server i: its URL's, its own, or the one that it shares, got
 * once. */
static int
get_password(struct target *t, const struct settings *s, size_t i,
    const struct sasl_credentials **shared, const struct wait_limits *wait,
    struct error *err)
{
	struct sasl_credentials *c = &t->credentials[i];
	struct secrets_owner owner = owner_at(&t->servers[i], c->user);
	bool named = secrets_configured(&s->auth);
	bool shares =
	    named ? !secrets_for_each(&s->auth) : c->user == s->auth.user;
	int r = 0;

	if (t->servers[i].password.bytes != NULL) {
		c->password = t->servers[i].password;
		t->servers[i].password = (struct secret){0};
		return 0;
	}
	if (!named && !s->auth.no_netrc)
		r = secrets_in_netrc(s->home, &owner, &c->password, err);
	if (r != 0)
		return r == 1 ? 0 : -1;
	if (shares && *shared != NULL) {
		secret_set(&c->password, (*shared)->password.bytes,
		    (*shared)->password.len);
		return 0;
	}
	if (shares)
		*shared = c;
	owner.shown = arena_printf(&t->arena, "%s at %s",
	    shown_user(t, c->user), shown_servers(t, s, i));
	return secrets_password(&s->auth, &owner, wait, &c->password, err);
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
