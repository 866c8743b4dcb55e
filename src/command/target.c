#include "command/target.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "command/hints.h"
#include "command/identity.h"
#include "command/target_credentials.h"
#include "command/target_failover.h"
#include "command/target_keys.h"
#include "command/target_known.h"
#include "command/target_link.h"
#include "command/target_proof.h"
#include "command/target_proxy.h"
#include "command/target_token.h"
#include "command/target_trust.h"
#include "options/option.h"
#include "options/value.h"
#include "transport/tls_keys.h"

/* What extensions and mechanisms there are smtp knows. */
static int
unknown(const struct settings *s, const char *option, const char *value,
    const char *what, struct error *err)
{
	const struct option_row *row = option_by_name(option);
	char quoted[OPTION_QUOTED_SIZE];

	return option_error(err, row, option_origin(s, row), "%s is no %s",
	    option_quote(value, quoted), what);
}

static int
check_names(const struct settings *s, struct error *err)
{
	struct buf known = BUF_WITH_MAX(256);
	size_t i;

	for (i = 0; i < s->server.without.count; i++)
		if (!smtp_capability_known(s->server.without.items[i]))
			return unknown(s, "without", s->server.without.items[i],
			    "extension that smtpsend uses", err);
	if (s->auth.mechanism == NULL ||
	    sasl_mechanism_find(s->auth.mechanism) != NULL)
		return 0;
	buf_puts(&known, "mechanism that smtpsend knows (");
	for (i = 0; i < sasl_mechanism_count; i++)
		buf_printf(
		    &known, "%s%s", i > 0 ? ", " : "", sasl_mechanisms[i].name);
	buf_putc(&known, ')');
	unknown(s, "auth", s->auth.mechanism, buf_string(&known), err);
	buf_clear(&known);
	return -1;
}

static void
fill_params(struct target *t, const struct settings *s)
{
	struct connection_params *p = &t->connection;
	struct smtp_params *smtp = &p->smtp;
	struct error ignored;

	p->auth_in_clear = s->auth.in_clear;
	p->timeout_ms = s->delivery.timeout_ms;
	p->await_quit = smtp->trace = s->report.verbose > 1 ||
	    s->report.hexdump || s->report.transcript != NULL;
	smtp->octets = s->report.hexdump;
	smtp->mechanism = s->auth.mechanism;
	smtp->without = s->server.without.items;
	smtp->without_count = s->server.without.count;
	/* The options have judged it. */
	if (s->server.ehlo_name == NULL ||
	    value_ehlo_form(&t->arena, s->server.ehlo_name, &smtp->ehlo_name,
		&ignored) == -1)
		smtp->ehlo_name = identity_host_name(&t->arena);
}

static enum connection_tls
wanted_tls(const struct settings *s)
{
	static const enum connection_tls map[] = {
	    [TLS_AUTO] = CONNECTION_TLS_AUTO,
	    [TLS_OFF] = CONNECTION_TLS_OFF,
	    [TLS_STARTTLS] = CONNECTION_TLS_STARTTLS,
	    [TLS_IMPLICIT] = CONNECTION_TLS_IMPLICIT,
	};

	return map[s->server.tls.mode];
}

static int
parse_server(struct target *t, const struct settings *s, const char *text,
    struct error *err)
{
	struct server *server = &t->servers[t->count];

	if (server_parse(&t->arena, text,
		s->server.tls.mode == TLS_IMPLICIT ? "465" : "25", server,
		err) == -1) {
		if (!s->server.on_argv && err->status == EX_USAGE)
			err->status = EX_CONFIG;
		return error_context(err, "%s",
		    s->server.origin != NULL ? s->server.origin : "server");
	}
	t->count++;
	if (server->password.bytes != NULL)
		process_hide();
	/* It is the session's, and nobody's whom we start. */
	if (server->kind == SERVER_FD)
		fcntl(server->fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* Of several servers each one's URL says who its user is, if it does. */
static int
parse_servers(struct target *t, const struct settings *s, struct error *err)
{
	const struct strings *names = &s->server.names;
	const char *user;
	size_t i;

	t->servers = arena_alloc(&t->arena, names->count * sizeof(*t->servers));
	t->credentials =
	    arena_alloc(&t->arena, names->count * sizeof(*t->credentials));
	for (i = 0; i < names->count; i++) {
		if (parse_server(t, s, names->items[i], err) == -1)
			return -1;
		user = t->servers[i].user;
		t->credentials[i].user =
		    s->auth.user != NULL && (user == NULL || names->count == 1)
		    ? s->auth.user
		    : user;
		t->credentials[i].host = t->servers[i].host;
		t->credentials[i].port = t->servers[i].port;
	}
	return 0;
}

/* A message that may pass over verified TLS only (RFC 8689) demands it of the
 * server, wherever that is. */
static int
require_tls(struct hop *hop, const struct settings *s, struct error *err)
{
	const struct option_row *row;
	bool message = s->action == ACTION_SEND || s->action == ACTION_EACH ||
	    s->action == ACTION_DRY_RUN || s->action == ACTION_PREVIEW ||
	    s->action == ACTION_CHECK;
	bool required = s->envelope.require_tls && message;

	if ((!required && !s->server.tls.demanded) ||
	    hop->tls == CONNECTION_TLS_IMPLICIT)
		return 0;
	if (hop->tls == CONNECTION_TLS_OFF && !required)
		return error_set(err, EX_USAGE,
		    "--tls demands TLS, and the account says tls = off");
	if (hop->tls == CONNECTION_TLS_OFF) {
		row = option_by_name("require-tls");
		option_error(err, row, option_origin(s, row),
		    "cannot be had with --tls=off");
		return error_hint(err, "--tls=starttls demands TLS");
	}
	hop->tls = CONNECTION_TLS_STARTTLS;
	return 0;
}

static int
plan_route(struct target *t, const struct settings *s, struct error *err)
{
	struct hop hop;
	size_t i;

	ticket_store_init(&t->tickets, &t->arena, s);
	t->route.hops =
	    arena_alloc(&t->arena, 3 * t->count * sizeof(*t->route.hops));
	for (i = 0; i < t->count; i++) {
		if (route_hop(&t->servers[i], wanted_tls(s), &hop, err) == -1 ||
		    require_tls(&hop, s, err) == -1)
			return -1;
		target_trust(t, s, &hop);
		target_link(t, s, &hop);
		target_proxy(t, s, &hop);
		hop.policy.if_clear = hints_if_clear(t, &t->servers[i]);
		if (t->servers[i].kind == SERVER_TCP && !s->server.no_cache)
			hop.policy.tickets = &t->tickets.tickets;
		if (target_signs_in(t, s, i))
			hop.credentials = &t->credentials[i];
		target_keys(s, &hop);
		t->credentials[i].certificate = hop.shows_keys;
		route_add(&t->route, &hop);
	}
	return 0;
}

static int
init_one(struct target *t, const struct settings *s, struct error *err)
{
	if (check_names(s, err) == -1 || parse_servers(t, s, err) == -1 ||
	    target_credentials_init(t, s, err) == -1 ||
	    target_link_init(t, s, err) == -1 ||
	    target_proxy_init(t, s, err) == -1 || plan_route(t, s, err) == -1 ||
	    target_credentials_check(t, s, err) == -1 ||
	    target_proof_check(t, s, err) == -1 ||
	    target_trust_check(s, err) == -1 ||
	    target_keys_check(s, err) == -1 ||
	    target_known_check(t, s, err) == -1)
		return -1;
	fill_params(t, s);
	return 0;
}

int
target_init(struct target *t, const struct settings *s, struct error *err)
{
	*t = (struct target){.settings = s};
	return init_one(t, s, err) == 0 ? target_failover_init(t, s, err) : -1;
}

const struct server *
target_server(const struct target *t)
{
	return t->route.hops[t->route.at].server;
}

int
target_ready_unsigned(struct target *t, const struct settings *s,
    const struct process *process, bool secured, struct error *err)
{
	if (secured &&
	    (target_known_ready(t, s, process, err) == -1 ||
		target_keys_ready(t, s, process, err) == -1))
		return -1;
	return target_proxy_ready(t, s, process, err);
}

int
target_ready(struct target *t, const struct settings *s,
    const struct process *process, struct error *err)
{
	size_t i;

	t->process = process;
	if (target_ready_unsigned(t, s, process, true, err) == -1)
		return -1;
	for (i = 0; i < t->count; i++)
		t->has_secret |= target_signs_in(t, s, i);
	target_failover_ready(t);
	target_token_ready(t);
	if (!t->has_secret)
		return 0;
	process_hide();
	if (target_credentials_get(t, s, process, err) == -1)
		return -1;
	settings_forget_secrets(process->given);
	return 0;
}

int
target_ready_wholly(struct target *t, const struct settings *s,
    const struct process *process, struct error *err)
{
	struct route route;

	if (target_ready(t, s, process, err) == -1)
		return -1;
	route = t->route;
	for (route.at = 0; route.at < route.count; route.at++)
		if (route_prepare(&route, err) == -1)
			return -1;
	t->route.prepare = NULL;
	t->route.renew = NULL;
	return 0;
}

int
target_share(struct target *t, const struct target *ready,
    const struct settings *s, struct arena *a, struct error *err)
{
	const struct route *all = &ready->route;
	size_t i;

	*t = *ready;
	t->route.hops = arena_alloc(a, all->count * sizeof(*all->hops));
	memcpy(t->route.hops, all->hops, all->count * sizeof(*all->hops));
	for (i = 0; i < all->count; i++)
		if (require_tls(&t->route.hops[i], s, err) == -1)
			return -1;
	return 0;
}

void
target_forget(struct target *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		secret_clear(&t->credentials[i].password);
		secret_clear(&t->credentials[i].token);
	}
	t->has_secret = false;
	secret_clear(&t->proxy.password);
	target_failover_forget(t);
}

void
target_clear(struct target *t)
{
	size_t i;

	target_forget(t);
	tls_keys_free(t->keys);
	for (i = 0; i < t->count; i++)
		secret_clear(&t->servers[i].password);
	for (i = 0; i < t->other_count; i++)
		target_clear(&t->others[i]);
	arena_clear(&t->arena);
}

void
target_explain(
    const struct target *t, const struct settings *s, struct error *err)
{
	bool connected = !hop_is_named(&t->route.hops[t->route.at], err->text);

	if (connected)
		error_context(err, "%s", target_server(t)->text);
	if (err->hint[0] == '\0')
		hints_give(t, s, connected, err);
}
