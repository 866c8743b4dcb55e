#include "command/secrets.h"

#include <stdlib.h>

#include "command/secret_source.h"
#include "lib/buf.h"
#include "options/value.h"

bool
secrets_for_each(const struct settings_auth *s)
{
	return s->password_from != NULL || s->netrc != NULL;
}

bool
secrets_configured(const struct settings_auth *s)
{
	return s->password.bytes != NULL || s->password_file != NULL ||
	    s->password_command != NULL || s->password_fd != NULL ||
	    s->password_credential != NULL || secrets_for_each(s);
}

static int
configured(const struct settings_auth *s, struct secret *out, struct error *err)
{
	if (s->password.len == 0)
		return error_set(err, EX_CONFIG, "empty password");
	secret_set(out, s->password.bytes, s->password.len);
	return 0;
}

static struct netrc_query
query(const struct secrets_owner *o)
{
	return (struct netrc_query){.machine = o->host,
	    .port = o->port,
	    .user = o->user,
	    .password = true};
}

static enum netrc_named
named(const struct settings_auth *s)
{
	return s->netrc_on_argv ? NETRC_ON_ARGV : NETRC_CONFIGURED;
}

/* An entry that names another port may be the one that was meant. */
static int
other_port_hint(unsigned other, unsigned port, struct error *err)
{
	if (other != 0 && port != 0)
		return error_hint(err,
		    "an entry for it has `port %u`, and the server's port is "
		    "%u",
		    other, port);
	return -1;
}

static int
from_netrc(const struct settings_auth *s, const struct secrets_owner *owner,
    struct secret *out, struct error *err)
{
	struct netrc_query q = query(owner);
	unsigned other = 0;
	int r;

	q.other_port = &other;
	r = secret_from_netrc(s->netrc, named(s), &q, NULL, out, err);
	if (r != 0)
		return r == 1 ? 0 : -1;
	error_set(err, EX_CONFIG, "netrc %s: it has no password for %s at %s",
	    s->netrc, owner->user, owner->host);
	return other_port_hint(other, owner->port, err);
}

int
secrets_password(const struct settings_auth *s,
    const struct secrets_owner *owner, const struct wait_limits *wait,
    struct secret *out, struct error *err)
{
	const struct secret_wanted wanted = {
	    .noun = "password", .option = "password", .wait = wait};

	if (s->password.bytes != NULL)
		return configured(s, out, err);
	if (s->password_file != NULL)
		return secret_from_file(
		    &wanted, s->password_file, s->file_on_argv, out, err);
	if (s->password_command != NULL)
		return secret_from_command(
		    &wanted, s->password_command, out, err);
	if (s->password_fd != NULL)
		return secret_from_fd(&wanted, atoi(s->password_fd), out, err);
	if (s->password_credential != NULL)
		return secret_from_credential(
		    &wanted, s->password_credential, out, err);
	if (s->password_from != NULL)
		return secret_from_manager(&wanted, s->password_from,
		    owner->user, owner->host, out, err);
	if (s->netrc != NULL)
		return from_netrc(s, owner, out, err);
	return secret_from_prompt(&wanted, owner->shown, out, err);
}

int
secrets_in_netrc(const char *home, const struct secrets_owner *owner,
    struct secret *out, struct error *err)
{
	struct netrc_query q = query(owner);
	struct buf path = BUF_WITH_MAX(0);
	int r;

	if (home == NULL)
		return 0;
	q.wary = true;
	buf_printf(&path, "%s/.netrc", home);
	r = secret_from_netrc(
	    buf_string(&path), NETRC_USUAL, &q, NULL, out, err);
	buf_clear(&path);
	return r;
}

int
secrets_netrc_user(const struct settings_auth *s, const char *host,
    unsigned port, struct arena *a, const char **user, struct error *err)
{
	const struct netrc_query q = {.machine = host, .port = port};
	struct secret login = {0};
	struct error why;
	int r;

	r = secret_from_netrc(s->netrc, named(s), &q, &login, NULL, err);
	if (r == 1 && value_plain(login.bytes, &why) == -1)
		r = error_set(err, EX_CONFIG,
		    "netrc %s: the login for %s is no name: %s", s->netrc, host,
		    why.text);
	if (r == 1)
		*user = arena_strdup(a, login.bytes);
	secret_clear(&login);
	return r;
}

int
secrets_netrc_nobody(const struct settings_auth *s, const char *host,
    unsigned port, struct error *err)
{
	unsigned other = 0;
	const struct netrc_query q = {
	    .machine = host, .port = port, .other_port = &other};

	if (secret_from_netrc(s->netrc, named(s), &q, NULL, NULL, err) == -1)
		return -1;
	error_set(
	    err, EX_CONFIG, "netrc %s: it has no login for %s", s->netrc, host);
	return other_port_hint(other, port, err);
}
