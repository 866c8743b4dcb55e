#include "delivery/delivery.h"

#include <stdlib.h>

#include "lib/arena.h"
#include "lib/memory.h"

enum { ADDRESSES_MAX = 16 }; /* tried one after the other, at most */

struct delivery {
	struct delivery_params params;
	struct connection *connection;
	struct arena arena;
	const char *skip[ADDRESSES_MAX];
	unsigned skip_count;
	bool ready, aborted;		   /* no other address any more */
	struct connection_figures figures; /* of connections that are gone */
	struct connection_figures all;	   /* and with the last one's */
};

static void
add_figures(struct connection_figures *sum, const struct connection_figures *f)
{
	size_t i;

	for (i = 0; i < sizeof(f->phase_us) / sizeof(f->phase_us[0]); i++)
		sum->phase_us[i] += f->phase_us[i];
	sum->round_trips += f->round_trips;
}

static void
connect_to_hop(struct delivery *d)
{
	const struct delivery_params *p = &d->params;
	struct hop_params hop = {
	    .family = p->family,
	    .source = p->source,
	    .skip = d->skip,
	    .skip_count = d->skip_count,
	    .policy = &p->connection.policy,
	};

	if (d->connection != NULL)
		add_figures(&d->figures, connection_figures(d->connection));
	connection_free(d->connection);
	d->connection =
	    connection_new(&p->connection, route_transport(p->hop, &hop));
}

struct delivery *
delivery_new(const struct delivery_params *params)
{
	struct delivery *d = memory_alloc(sizeof(*d));

	d->params = *params;
	d->params.connection.tls = params->hop->tls;
	d->params.connection.tls_demanded = params->hop->tls_demanded;
	d->params.connection.policy.name = params->hop->tls_name;
	connect_to_hop(d);
	return d;
}

void
delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	connection_free(d->connection);
	arena_clear(&d->arena);
	free(d);
}

/* RFC 5321 5.1: when a host has several addresses, the next one is tried;
 * but not after a refusal that would be the same there. */
static bool
try_next_address(struct delivery *d, const struct error *why)
{
	const char *address = connection_peer(d->connection)->address;

	if (d->ready || d->aborted || why == NULL ||
	    connection_session(d->connection) == NULL ||
	    d->skip_count == ADDRESSES_MAX || address[0] == '\0' ||
	    (why->status != EX_TEMPFAIL && why->status != EX_UNAVAILABLE &&
		why->status != EX_PROTOCOL) ||
	    !route_has_more(d->params.hop, connection_bottom(d->connection)))
		return false;
	d->skip[d->skip_count++] = arena_strdup(&d->arena, address);
	connect_to_hop(d);
	return true;
}

void
delivery_abort(struct delivery *d, const struct error *err)
{
	d->aborted = true;
	connection_abort(d->connection, err);
}

static const char *
what_took_too_long(struct smtp_session *s)
{
	enum smtp_phase phase;

	if (s == NULL)
		return "no connection in time";
	if (smtp_session_timeout(s, &phase) == 0)
		return "the time-out has passed";
	return phase == SMTP_PHASE_DATA
	    ? "the server does not take the message in time"
	    : "no answer in time";
}

void
delivery_time_out(struct delivery *d)
{
	struct error err;

	error_set(&err, EX_TEMPFAIL, "%s",
	    what_took_too_long(connection_session(d->connection)));
	connection_abort(d->connection, &err);
}

nfds_t
delivery_poll(const struct delivery *d, struct pollfd *fds, int64_t *until)
{
	return connection_poll(d->connection, fds, until);
}

enum connection_result
delivery_step(struct delivery *d, struct smtp_event *event)
{
	enum connection_result r;

	do {
		r = connection_step(d->connection, event);
		if (r == CONNECTION_EVENT && event->type == SMTP_READY)
			d->ready = true;
	} while (r == CONNECTION_EVENT && event->type == SMTP_CLOSED &&
	    try_next_address(d, event->error));
	return r;
}

bool
delivery_takes_work(struct delivery *d)
{
	return smtp_session_takes_work(connection_session(d->connection));
}

void
delivery_send(struct delivery *d, struct smtp_transaction *tx)
{
	smtp_session_send(connection_session(d->connection), tx);
}

void
delivery_command(struct delivery *d, const char *line)
{
	smtp_session_command(connection_session(d->connection), line);
}

void
delivery_quit(struct delivery *d)
{
	smtp_session_quit(connection_session(d->connection));
}

const struct smtp_capabilities *
delivery_capabilities(struct delivery *d)
{
	return smtp_session_capabilities(connection_session(d->connection));
}

const struct transport_peer *
delivery_peer(struct delivery *d)
{
	return connection_peer(d->connection);
}

const struct transport_tls *
delivery_tls(struct delivery *d)
{
	return connection_tls(d->connection);
}

const struct connection_figures *
delivery_figures(struct delivery *d)
{
	d->all = d->figures;
	add_figures(&d->all, connection_figures(d->connection));
	return &d->all;
}
