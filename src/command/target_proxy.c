#include "command/target_proxy.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "command/secrets.h"
#include "options/missing.h"
#include "options/option.h"
#include "transport/bypass.h"
#include "transport/endpoint.h"
#include "transport/host.h"

static bool
is_named(const struct settings_proxy *p)
{
	return p->url != NULL && p->url[0] != '\0' &&
	    strcmp(p->url, "none") != 0;
}

static bool
is_for(const struct settings *s, const struct server *server)
{
	const struct settings_proxy *p = &s->server.proxy;
	const char *host = server->host;
	bool now;

	if (!is_named(p) || server->kind != SERVER_TCP)
		return false;
	now = option_on_argv(s, "proxy");
	/* A zone is of this host, and so is what is reached in it. */
	if (!now && (host_is_here(host) || strchr(host, '%') != NULL))
		return false;
	if (p->without == NULL || (now && !option_on_argv(s, "no-proxy")))
		return true;
	return !bypass_lists(p->without, host);
}

/* The first server from i on that it is for; t->count: none. */
static size_t
next_use(const struct target *t, const struct settings *s, size_t i)
{
	while (i < t->count && !is_for(s, &t->servers[i]))
		i++;
	return i;
}

static bool
is_for_hosts(const struct target *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->servers[i].kind == SERVER_TCP)
			return true;
	return false;
}

static const char *
password_option(const struct settings *s)
{
	const struct settings_proxy *p = &s->server.proxy;

	if (p->password_file != NULL &&
	    option_on_argv(s, "proxy-password-file"))
		return "proxy-password-file";
	if (p->password_command != NULL &&
	    option_on_argv(s, "proxy-password-command"))
		return "proxy-password-command";
	return NULL;
}

/* What is given now for a proxy, and there is none. */
static int
check_unused(
    const struct target *t, const struct settings *s, struct error *err)
{
	const char *option =
	    s->server.proxy.ca != NULL && option_on_argv(s, "proxy-ca")
	    ? "proxy-ca"
	    : password_option(s);

	if (is_named(&s->server.proxy) && option_on_argv(s, "proxy") &&
	    !is_for_hosts(t))
		return error_set(err, EX_USAGE,
		    "--proxy: of no use for %s, which is no host",
		    t->servers[0].text);
	if (option == NULL)
		return 0;
	error_set(err, EX_USAGE, "--%s: of no use, since no proxy leads to %s",
	    option, t->servers[0].text);
	return error_hint(err, "name one with --proxy");
}

/* A password that is given now goes before that of a configured URL. */
static int
check_password(struct target *t, const struct settings *s, struct error *err)
{
	const char *option = password_option(s);
	struct proxy *p = &t->proxy;

	if (option == NULL)
		return 0;
	if (!proxy_takes_password(p))
		return error_set(err, EX_USAGE,
		    "--%s: there are no passwords in SOCKS4", option);
	if (p->user == NULL)
		return error_set(err, EX_USAGE,
		    "--%s needs a user: name one in the proxy's URL (USER@)",
		    option);
	if (p->password.bytes == NULL)
		return 0;
	if (option_on_argv(s, "proxy"))
		return error_set(err, EX_USAGE,
		    "--%s: the proxy's URL has a password already", option);
	secret_clear(&p->password);
	return 0;
}

static int
check_ca(struct target *t, const struct settings *s, struct error *err)
{
	const char *ca = s->server.proxy.ca;

	if (t->proxy.kind != PROXY_HTTPS) {
		if (option_on_argv(s, "proxy-ca"))
			return error_set(err, EX_USAGE,
			    "--proxy-ca: of no use for %s, which shows no "
			    "certificate",
			    t->proxy.text);
		return 0;
	}
	if (ca == NULL || access(ca, R_OK) == 0)
		return 0;
	error_set(err, EX_NOINPUT, "--proxy-ca: %s: %s", ca, strerror(errno));
	return missing_hint(ca, err);
}

static const struct option_origin *
origin(const struct settings *s)
{
	return option_origin(s, option_by_name("proxy"));
}

int
target_proxy_init(struct target *t, const struct settings *s, struct error *err)
{
	size_t i = next_use(t, s, 0);
	int r;

	if (i == t->count)
		return check_unused(t, s, err);
	r = proxy_url_parse(&t->arena, s->server.proxy.url, &t->proxy, err);
	for (; r == 0 && i < t->count; i = next_use(t, s, i + 1))
		r = proxy_reaches(&t->proxy, t->servers[i].host, err);
	if (r == -1) {
		if (origin(s)->layer != LAYER_ARGV && err->status == EX_USAGE)
			err->status = EX_CONFIG;
		return error_context(err, "%s", origin(s)->text);
	}
	if (t->proxy.password.bytes != NULL)
		process_hide();
	t->proxied = true;
	if (check_password(t, s, err) == -1)
		return -1;
	return check_ca(t, s, err);
}

void
target_proxy(const struct target *t, const struct settings *s, struct hop *hop)
{
	if (!is_for(s, hop->server))
		return;
	hop->proxy = &t->proxy;
	if (t->proxy.kind == PROXY_HTTPS)
		hop->proxy_ca = s->server.proxy.ca;
}

int
target_proxy_ready(struct target *t, const struct settings *s,
    const struct process *process, struct error *err)
{
	const struct settings_auth source = {
	    .password_command = s->server.proxy.password_command,
	    .password_file = s->server.proxy.password_file,
	};
	const struct wait_limits wait = process_wait(process);
	struct proxy *p = &t->proxy;
	struct secrets_owner owner;

	settings_forget_proxy_password(process->given);
	if (!t->proxied || p->user == NULL)
		return 0;
	process_hide();
	t->has_secret = true;
	if (p->password.bytes != NULL) {
		/* In a variable that other programs read, too, it has no other
		 * place. */
		if (origin(s)->layer > LAYER_FALLBACK)
			output_warning(s, process,
			    "warning: the password in the proxy's URL can be "
			    "seen by others; use --proxy-password-file or "
			    "--proxy-password-command");
		return 0;
	}
	owner = (struct secrets_owner){.user = p->user,
	    .shown = arena_printf(&t->arena, "%s at %s", p->user, p->text)};
	if (!proxy_takes_password(p) ||
	    secrets_password(&source, &owner, &wait, &p->password, err) == 0)
		return 0;
	if (source.password_command == NULL && source.password_file == NULL &&
	    err->hint[0] != '\0')
		error_hint(err,
		    "use --proxy-password-file=FILE or "
		    "--proxy-password-command=COMMAND");
	return error_context(err, "proxy %s", p->text);
}
