/*
 * delivery: from "connect to this hop" to results, over as many addresses as
 * it takes before the work begins, and over one connection from then on.
 *
 * Pulled like a session: delivery_next blocks in poll until an event is there.
 * At SMTP_READY the caller adds its work (delivery_send, _command, _quit);
 * SMTP_CLOSED is always the last event.  Until READY an address that fails is
 * followed by the next one; after READY nothing is ever tried again.
 *
 * A deadline and a signal end the run, wherever it is; but between SMTP_COMMIT
 * and SMTP_DONE a signal is not heeded: the verdict is awaited.
 */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include <signal.h>

#include "delivery/route.h"

struct delivery_params {
	const struct hop *hop;
	struct connection_params connection; /* tls, tls_demanded: the hop's */
	int family;
	const char *source;
	int64_t deadline_us;		     /* monotonic; 0: none */
	const volatile sig_atomic_t *signal; /* the number that came, or 0 */
	const sigset_t *wait_mask; /* signals blocked while we wait, so that
				      none is missed; NULL: as they are */
};

struct delivery;

/* Everything that the params point to outlives it. */
struct delivery *delivery_new(const struct delivery_params *);
void delivery_free(struct delivery *);

/* False when there is nothing more to come. */
bool delivery_next(struct delivery *, struct smtp_event *);
/* See smtp_session_takes_work, smtp_session_send … */
bool delivery_takes_work(struct delivery *);
void delivery_send(struct delivery *, struct smtp_transaction *);
void delivery_command(struct delivery *, const char *line);
void delivery_quit(struct delivery *);

const struct smtp_capabilities *delivery_capabilities(struct delivery *);
/* Of the connection in use or, after the end, of the last one. */
const struct transport_peer *delivery_peer(struct delivery *);
const struct transport_tls *delivery_tls(struct delivery *);
const struct connection_figures *delivery_figures(struct delivery *);
/* The signal that ended it, 0 if none did. */
int delivery_signal(const struct delivery *);

#endif
