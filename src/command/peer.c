#include "command/peer.h"

#include <inttypes.h>
#include <time.h>

#include "report/info.h"

/* Behind a proxy the address may be unknown to the end. */
static bool
is_known(const struct transport_peer *p)
{
	return p->address[0] != '\0' || p->port != 0;
}

void
peer_add(struct peer *c, struct delivery *d)
{
	const struct connection_figures *f = delivery_figures(d);
	size_t i;

	/* A later attempt that met nobody does not make the first undone. */
	if (is_known(delivery_peer(d)) || !is_known(&c->peer)) {
		c->peer = *delivery_peer(d);
		c->secure = delivery_tls(d) != NULL;
		if (c->secure)
			c->tls = *delivery_tls(d);
	}
	for (i = 0; i < REPORT_PHASES; i++)
		c->figures.phase_us[i] += f->phase_us[i];
	c->figures.round_trips += f->round_trips;
}

/* Whose hop i of the route is. */
static const char *
account_of(const struct target *t, size_t i)
{
	const struct hop *hop = &t->route.hops[i];

	return hop->account == NULL && t->settings != NULL
	    ? t->settings->account
	    : hop->account;
}

static void
fill_tried(struct target *t, struct report *r)
{
	const struct route *route = &t->route;
	struct report_tried *tried =
	    arena_alloc(&t->arena, (route->at + 1) * sizeof(*tried));
	size_t i, next;

	r->tried = tried;
	for (i = 0; i < route->at; i++) {
		const struct hop *hop = &route->hops[i];

		if (hop->failure.status == 0)
			continue;
		/* What was passed over was not tried. */
		for (next = i + 1;
		     next < route->at && route->hops[next].failure.status == 0;)
			next++;
		tried[r->tried_count++] = (struct report_tried){
		    .server = hop->server->text,
		    .address = hop->address,
		    .error = &hop->failure,
		    .clear_next = route_fell_back(route, i) &&
			hop[1].tls == CONNECTION_TLS_OFF,
		    .bare_next = route_fell_back(route, i) &&
			hop[1].tls != CONNECTION_TLS_OFF,
		    .account = account_of(t, i),
		    .next_account = account_of(t, next),
		};
	}
}

static const char *
trust_name(enum transport_trust trust)
{
	static const char *const names[] = {
	    [TRANSPORT_TRUST_NONE] = NULL,
	    [TRANSPORT_TRUST_CHAIN] = "authority",
	    [TRANSPORT_TRUST_PIN] = "pin",
	    [TRANSPORT_TRUST_KNOWN] = "known-key",
	    [TRANSPORT_TRUST_FIRST_USE] = "first-use",
	};

	return names[trust];
}

static const char *
own_name(enum transport_own own)
{
	static const char *const names[] = {
	    [TRANSPORT_OWN_NONE] = NULL,
	    [TRANSPORT_OWN_UNASKED] = "unasked",
	    [TRANSPORT_OWN_SHOWN] = "shown",
	    [TRANSPORT_OWN_WITHHELD] = "withheld",
	};

	return names[own];
}

void
peer_report(const struct peer *c, struct target *t,
    const struct process *process, struct report *r)
{
	const struct server *server = target_server(t);

	r->program = process->name;
	r->server = server->text;
	r->account = account_of(t, t->route.at);
	r->host = server->host != NULL ? server->host : "";
	r->has_user = route_credentials(&t->route) != NULL;
	r->proxy = t->route.hops[t->route.at].proxy != NULL
	    ? t->route.hops[t->route.at].proxy->text
	    : NULL;
	r->address = c->peer.address;
	r->port = c->peer.port;
	r->tls_version = c->secure ? c->tls.version : NULL;
	r->tls_cipher = c->secure ? c->tls.cipher : NULL;
	r->tls_unverified = c->secure ? c->tls.unverified : NULL;
	r->tls_expires = c->secure ? (int64_t)c->tls.expires : -1;
	r->now = time(NULL);
	r->tls_resumed = c->secure && c->tls.resumed;
	r->tls_cache =
	    t->tickets.problem.status != 0 ? t->tickets.problem.text : NULL;
	r->tls_pin = c->secure ? c->tls.fingerprint : NULL;
	r->tls_trust = c->secure ? trust_name(c->tls.trust) : NULL;
	r->tls_own = c->secure ? own_name(c->tls.own) : NULL;
	fill_tried(t, r);
	r->round_trips = c->figures.round_trips;
	r->phase_us = c->figures.phase_us;
}

void
peer_warn(const struct report *r, const struct settings *s,
    const struct process *process)
{
	int64_t left = r->tls_expires - r->now, days;
	char date[REPORT_TIME_SIZE];

	if (s->server.tls.expiry_warning_ms == 0 || r->tls_expires < 0 ||
	    left * 1000 > s->server.tls.expiry_warning_ms)
		return;
	report_time(r->tls_expires, date);
	days = report_days(r->tls_expires, r->now);
	if (days < 0)
		output_warning(s, process,
		    "warning: %s: the server's certificate expired on %s",
		    r->server, date);
	else
		output_warning(s, process,
		    "warning: %s: the server's certificate expires in %" PRId64
		    " day%s, on %s",
		    r->server, days, days == 1 ? "" : "s", date);
}
