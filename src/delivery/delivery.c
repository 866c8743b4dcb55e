#include "delivery/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/memory.h"
#include "transport/tls_details.h"

#include "delivery/addresses.h"
#include "delivery/remarks.h"

enum {
	FAILURES_MAX = 8, /* addresses told that could not be reached */
};

struct delivery {
	struct route *route;
	const struct hop *hop; /* the one in use */
	struct connection_params params;
	struct addresses addresses;
	/* NULL until the addresses are known */
	struct connection *connection;
	struct error error; /* why there is none; status 0: there may be */
	struct smtp_result result; /* the same */
	bool error_told;
	struct remarks remarks;
	bool met;	     /* the connection has made a remark */
	bool ready, aborted; /* no other one any more */
	bool afresh;	     /* no TLS session is offered that was kept */
	struct connection_figures figures; /* of what is gone */
	struct connection_figures all;	   /* and with the last connection's */
};

static void
add_figures(struct connection_figures *sum, const struct connection_figures *f)
{
	size_t i;

	for (i = 0; i < sizeof(f->phase_us) / sizeof(f->phase_us[0]); i++)
		sum->phase_us[i] += f->phase_us[i];
	sum->round_trips += f->round_trips;
}

/* What the connections of the hop in use have in common. */
static void
begin_hop(struct delivery *d)
{
	const struct hop *hop = &d->route->hops[d->route->at];

	d->hop = hop;
	route_params(hop, &d->params);
	d->params.smtp.lmtp = hop->server->lmtp;
	d->params.smtp.credentials = d->params.look ? NULL : hop->credentials;
	d->params.tls = hop->tls;
	/* As if there were credentials. */
	d->params.smtp.extensions = d->params.look && hop->credentials != NULL;
	d->params.tls_demanded = hop->tls_demanded ||
	    (d->params.smtp.extensions && !d->params.auth_in_clear);
	d->params.policy = hop->policy;
	d->params.policy.look = d->params.look;
	if (d->afresh)
		d->params.policy.tickets = NULL;
	d->params.haproxy = hop->haproxy;
	d->params.begun_us = clock_monotonic_us();
}

static void
announce(struct delivery *d)
{
	const struct server *server = d->hop->server;

	if (server->kind == SERVER_TCP)
		remarks_add(&d->remarks, "connecting to %s port %u%s%s%s%s",
		    server->host, server->port,
		    d->hop->proxy != NULL ? " by way of " : "",
		    d->hop->proxy != NULL ? d->hop->proxy->text : "",
		    d->hop->account != NULL ? ", account " : "",
		    d->hop->account != NULL ? d->hop->account : "");
}

struct delivery *
delivery_new(struct route *route, const struct connection_params *params)
{
	struct delivery *d = memory_alloc(sizeof(*d));

	d->route = route;
	d->params = *params;
	d->remarks.wanted = params->smtp.trace;
	begin_hop(d);
	announce(d);
	return d;
}

void
delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	connection_free(d->connection);
	addresses_clear(&d->addresses);
	remarks_clear(&d->remarks);
	free(d);
}

static void
connect_to_hop(struct delivery *d)
{
	const struct tcp_params tcp = {
	    .host = d->hop->proxy != NULL ? d->hop->proxy->host
					  : d->hop->server->host,
	    .endpoints = d->addresses.endpoints,
	    .count = d->addresses.count,
	    .from = d->hop->from,
	};
	struct hop hop = *d->hop;

	hop.policy = d->params.policy;
	d->met = false;
	d->connection = connection_new(&d->params, route_transport(&hop, &tcp));
}

/* The next address of the host, but not after a refusal that would be the same
 * there.  Those of a proxy lead to the same server. */
static bool
is_worth_another(const struct delivery *d, const struct error *why)
{
	return d->connection != NULL && d->hop->proxy == NULL &&
	    connection_session(d->connection) != NULL &&
	    (why->status == EX_TEMPFAIL || why->status == EX_UNAVAILABLE ||
		why->status == EX_PROTOCOL) &&
	    addresses_go_on(&d->addresses);
}

static void
give_up_connection(struct delivery *d)
{
	if (d->connection != NULL)
		add_figures(&d->figures, connection_figures(d->connection));
	connection_free(d->connection);
	d->connection = NULL;
	d->params.begun_us = 0;
}

/* A look has gone on where a delivery ends. */
static bool
is_over(struct delivery *d)
{
	const struct transport_tls *tls = delivery_tls(d);

	return d->params.look && !d->params.policy.optional && tls != NULL &&
	    tls->details != NULL && tls->details->verdict.status != 0;
}

static void
leave(struct delivery *d, const struct error *why, const char *then)
{
	remarks_add(&d->remarks, "%s\n%s", why->text, then);
	give_up_connection(d);
}

/* The server's no stands, with what else is wrong. */
static void
add_error(struct delivery *d, const struct error *why, struct smtp_event *event)
{
	d->error = *event->error;
	d->error.status = why->status;
	snprintf(d->error.text, sizeof(d->error.text), "%.500s; %.500s",
	    event->error->text, why->text);
	snprintf(d->error.hint, sizeof(d->error.hint), "%s", why->hint);
	d->result = *event->result;
	d->result.status = why->status;
	d->result.text = d->error.text;
	event->error = &d->error;
	event->result = &d->result;
}

/* True when the same address is to be tried with another token.  Nothing but
 * AUTH was said there. */
static bool
renew(struct delivery *d, struct smtp_event *event)
{
	const struct smtp_session *s = delivery_session(d);
	struct error why;
	int r;

	if (d->ready || d->aborted || s == NULL || event->error == NULL ||
	    smtp_session_refused(s) != SASL_TOKEN || d->route->renew == NULL)
		return false;
	r = d->route->renew(d->route->prepare_arg, d->hop, &why);
	if (r == -1)
		add_error(d, &why, event);
	if (r != 1)
		return false;
	addresses_retry(&d->addresses, delivery_peer(d)->address);
	leave(d, event->error, "the same one is tried with a new token");
	begin_hop(d);
	return true;
}

/* True when another address or hop is to be tried after one that ended so. */
static bool
go_on(struct delivery *d, const struct error *why)
{
	const char *address = delivery_peer(d)->address, *then;
	bool prepared,
	    handshake = d->connection != NULL &&
	    connection_handshake_failed(d->connection);

	if (d->ready || d->aborted || why == NULL || is_over(d))
		return false;
	if (d->connection != NULL &&
	    connection_resumption_failed(d->connection)) {
		then = "the same one is tried with a new TLS session";
		d->afresh = true;
		addresses_retry(&d->addresses, address);
	} else if (handshake && route_next(d->route, why, true, address)) {
		then = "the same one is tried without TLS";
		addresses_retry(&d->addresses, address);
	} else if (is_worth_another(d, why)) {
		then = "another address is tried";
		addresses_leave(&d->addresses, address, why);
	} else if (route_next(d->route, why, false, address)) {
		then = "the next server is tried";
		addresses_forget(&d->addresses);
		d->error.status = 0;
		d->error_told = false;
	} else {
		return false;
	}
	leave(d, why, then);
	prepared = route_prepare(d->route, &d->error) == 0;
	begin_hop(d);
	if (prepared && d->addresses.count == 0)
		announce(d);
	return true;
}

/* Without a connection: makes one, waits for the look-up before that, or tells
 * why there is none. */
static enum connection_result
begin_step(struct delivery *d, struct smtp_event *event)
{
	int r = 0;

	if (d->error.status == 0 && d->hop->server->kind == SERVER_TCP &&
	    d->addresses.count == 0)
		r = addresses_find(&d->addresses, d->hop, &d->error);
	if (r == TRANSPORT_AGAIN)
		return CONNECTION_WAIT;
	if (r < 0) {
		d->figures.phase_us[SMTP_PHASE_CONNECT] +=
		    clock_monotonic_us() - d->params.begun_us;
		if (d->hop->proxy != NULL)
			error_context(
			    &d->error, "proxy %s", d->hop->proxy->text);
	}
	if (d->error.status == 0) {
		connect_to_hop(d);
		return connection_step(d->connection, event);
	}
	if (d->error_told)
		return CONNECTION_OVER;
	d->error_told = true;
	d->error.status = route_status(d->route, d->error.status);
	connection_closed(event, &d->result, &d->error);
	return CONNECTION_EVENT;
}

/* Before it is told who was met, who was not. */
static void
remark_failures(struct delivery *d, struct smtp_event *event)
{
	const struct endpoint *e = d->addresses.endpoints;
	char address[64];
	unsigned i, told = 0;

	d->met = true;
	for (i = 0; i < d->addresses.count; i++, e++)
		if (e->error != 0 && told++ < FAILURES_MAX) {
			endpoint_text(e, address);
			remarks_add(&d->remarks, "%s port %u: %s", address,
			    endpoint_port(e), strerror(e->error));
		}
	remarks_add(&d->remarks, "%s", event->text);
	(void)remarks_event(&d->remarks, event);
}

enum connection_result
delivery_step(struct delivery *d, struct smtp_event *event)
{
	enum connection_result r;

	for (;;) {
		if (remarks_event(&d->remarks, event))
			return CONNECTION_EVENT;
		r = d->connection != NULL
		    ? connection_step(d->connection, event)
		    : begin_step(d, event);
		if (r == CONNECTION_EVENT && event->type == SMTP_READY)
			d->ready = d->route->settled = true;
		if (r == CONNECTION_EVENT && event->type == SMTP_NOTE &&
		    !d->met)
			remark_failures(d, event);
		if (r != CONNECTION_EVENT || event->type != SMTP_CLOSED ||
		    (!renew(d, event) && !go_on(d, event->error)))
			return r;
	}
}

nfds_t
delivery_poll(const struct delivery *d, struct pollfd *fds, int64_t *until)
{
	int64_t limit = d->params.timeout_ms;

	if (d->connection != NULL)
		return connection_poll(d->connection, fds, until);
	if (limit == 0)
		limit = CONNECTION_TIMEOUT_MS;
	*until = d->params.begun_us + limit * 1000;
	fds[0] = (struct pollfd){
	    .fd = addresses_fd(&d->addresses), .events = POLLIN};
	return 1;
}

int64_t
delivery_awaits(const struct delivery *d, enum smtp_phase *phase)
{
	*phase = SMTP_PHASE_CONNECT;
	return d->connection != NULL ? connection_awaits(d->connection, phase)
				     : d->params.begun_us;
}

struct smtp_session *
delivery_session(const struct delivery *d)
{
	return d->connection != NULL ? connection_session(d->connection) : NULL;
}

/* Until it has led to the server, it is the proxy that was waited for. */
static void
end(struct delivery *d, const struct error *err)
{
	struct error why = *err;

	if (d->hop->proxy != NULL && delivery_peer(d)->port == 0)
		error_context(&why, "proxy %s", d->hop->proxy->text);
	if (d->connection != NULL)
		connection_abort(d->connection, &why);
	else if (d->error.status == 0)
		d->error = why;
}

void
delivery_abort(struct delivery *d, const struct error *err)
{
	d->aborted = true;
	end(d, err);
}

void
delivery_withhold(struct delivery *d)
{
	smtp_session_withhold(delivery_session(d));
}

void
delivery_let_fly(struct delivery *d)
{
	if (d->connection != NULL)
		connection_let_fly(d->connection);
}

void
delivery_mute(struct delivery *d, const struct error *err)
{
	if (d->ready)
		connection_mute(d->connection);
	else
		delivery_abort(d, err);
}

static const char *
what_took_too_long(struct smtp_session *s)
{
	enum smtp_phase phase;

	if (s == NULL)
		return "no connection in time";
	if (smtp_session_timeout(s, &phase) == 0 &&
	    phase != SMTP_PHASE_STARTTLS)
		return "the input gives nothing in time";
	return phase == SMTP_PHASE_DATA
	    ? "the server does not take the message in time"
	    : "no answer in time";
}

void
delivery_time_out(struct delivery *d)
{
	struct error err;

	error_set(
	    &err, EX_TEMPFAIL, "%s", what_took_too_long(delivery_session(d)));
	end(d, &err);
}

const struct route *
delivery_route(const struct delivery *d)
{
	return d->route;
}

const struct transport_peer *
delivery_peer(struct delivery *d)
{
	static const struct transport_peer nobody;

	return d->connection != NULL ? connection_peer(d->connection) : &nobody;
}

const struct endpoint *
delivery_endpoints(struct delivery *d, unsigned *count)
{
	*count = d->addresses.count;
	return d->addresses.endpoints;
}

const struct transport_tls *
delivery_tls(struct delivery *d)
{
	return d->connection != NULL ? connection_tls(d->connection) : NULL;
}

const struct connection_figures *
delivery_figures(struct delivery *d)
{
	d->all = d->figures;
	if (d->connection != NULL)
		add_figures(&d->all, connection_figures(d->connection));
	return &d->all;
}
