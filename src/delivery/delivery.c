#include "delivery/delivery.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <time.h>

#include "lib/arena.h"
#include "lib/clock.h"
#include "lib/memory.h"

enum { ADDRESSES_MAX = 16 }; /* tried one after the other, at most */

struct delivery {
	struct delivery_params params;
	struct connection *connection;
	struct arena arena;
	const char *skip[ADDRESSES_MAX];
	unsigned skip_count;
	bool ready;	    /* no other address any more */
	unsigned committed; /* messages whose verdict is awaited: until it
			       comes signals are not heeded */
	struct connection_figures figures; /* of connections that are gone */
	struct connection_figures all;	   /* and with the last one's */
	int signal;			   /* what ended it */
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

	if (d->ready || d->signal != 0 || why == NULL ||
	    connection_session(d->connection) == NULL ||
	    d->skip_count == ADDRESSES_MAX || address[0] == '\0' ||
	    (why->status != EX_TEMPFAIL && why->status != EX_UNAVAILABLE &&
		why->status != EX_PROTOCOL) ||
	    (d->params.deadline_us != 0 &&
		clock_monotonic_us() >= d->params.deadline_us) ||
	    !route_has_more(d->params.hop, connection_bottom(d->connection)))
		return false;
	d->skip[d->skip_count++] = arena_strdup(&d->arena, address);
	connect_to_hop(d);
	return true;
}

static void
abort_with(struct delivery *d, int status, const char *text)
{
	struct error err;

	error_set(&err, status, "%s", text);
	connection_abort(d->connection, &err);
}

/* The time of the step or of the run is up. */
static void
time_out(struct delivery *d, bool run)
{
	struct smtp_session *s = connection_session(d->connection);
	enum smtp_phase phase;

	if (run)
		abort_with(d, EX_TEMPFAIL, "the deadline has passed");
	else if (s == NULL)
		abort_with(d, EX_TEMPFAIL, "no connection in time");
	else if (smtp_session_timeout(s, &phase) == 0)
		abort_with(d, EX_TEMPFAIL, "the time-out has passed");
	else
		abort_with(d, EX_TEMPFAIL,
		    phase == SMTP_PHASE_DATA
			? "the server does not take the message in time"
			: "no answer in time");
}

/* Polls; when the connection is busy, only for signals, since ppoll lets them
 * in only when no descriptor is ready. */
static void
wait_for_io(struct delivery *d, bool busy)
{
	const struct delivery_params *p = &d->params;
	struct pollfd fds[CONNECTION_POLL_MAX];
	struct timespec ts, *limit = NULL;
	int64_t until, now = clock_monotonic_us();
	nfds_t n = connection_poll(d->connection, fds, &until);
	bool run = p->deadline_us != 0 && p->deadline_us <= until;

	if (run)
		until = p->deadline_us;
	if (until <= now) {
		time_out(d, run);
		return;
	}
	if (busy) {
		ts = (struct timespec){0};
		limit = &ts;
		n = 0;
	} else if (until != INT64_MAX) {
		ts.tv_sec = (until - now) / 1000000;
		ts.tv_nsec = (until - now) % 1000000 * 1000;
		limit = &ts;
	}
	if (ppoll(fds, n, limit, p->wait_mask) == -1 && errno != EINTR)
		abort_with(d, EX_OSERR, strerror(errno));
}

static bool
is_cancelled(const struct delivery *d)
{
	return d->params.signal != NULL && *d->params.signal != 0 &&
	    d->committed == 0 && d->signal == 0;
}

/* Signals are let in once more before the last octets of a message may go:
 * while it flowed there may have been no wait. */
static bool
may_commit(const struct delivery *d)
{
	const struct timespec now = {0};

	(void)ppoll(NULL, 0, &now, d->params.wait_mask);
	return !is_cancelled(d);
}

bool
delivery_next(struct delivery *d, struct smtp_event *event)
{
	for (;;) {
		if (is_cancelled(d)) {
			d->signal = *d->params.signal;
			abort_with(d, EX_SIGNAL + d->signal, "cancelled");
		}
		switch (connection_step(d->connection, event)) {
		case CONNECTION_WAIT:
			wait_for_io(d, false);
			continue;
		case CONNECTION_BUSY:
			wait_for_io(d, true);
			continue;
		case CONNECTION_OVER:
			return false;
		case CONNECTION_EVENT:
			break;
		}
		if (event->type == SMTP_READY)
			d->ready = true;
		if (event->type == SMTP_COMMIT && !may_commit(d))
			continue;
		if (event->type == SMTP_COMMIT)
			d->committed++;
		else if (event->type == SMTP_DONE &&
		    event->transaction->committed && d->committed > 0)
			d->committed--;
		if (event->type == SMTP_CLOSED &&
		    try_next_address(d, event->error))
			continue;
		return true;
	}
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

int
delivery_signal(const struct delivery *d)
{
	return d->signal;
}
