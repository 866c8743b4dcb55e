/*
 * delivery: from "connect along this route" to results, over as many addresses
 * and hops as it takes before the work begins, and over one connection from
 * then on.
 *
 * Pulled like a connection: delivery_step works until there is an event, or
 * until nothing can be done before poll says so (loop.h waits).
 * From SMTP_READY on, also after SMTP_DONE, the caller adds its work
 * (delivery_send, _command, _quit).  SMTP_CLOSED is the last event, left out
 * after a QUIT whose reply nobody awaits.  Until READY an address that fails is
 * followed by the next one, and the last one by the next hop (route_next); after
 * READY nothing is ever tried again.  An address where a token was refused is
 * connected to once more if route.renew has another one.
 */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include "delivery/route.h"

struct delivery;

/* The route is the caller's, outlives it and is told there how far it came; the
 * params are copied.  What the hop says (lmtp and credentials of the session,
 * tls, tls_demanded, policy) and begun_us are filled in here. */
struct delivery *delivery_new(struct route *, const struct connection_params *);
void delivery_free(struct delivery *);

/* See connection_step, connection_poll. */
enum connection_result delivery_step(struct delivery *, struct smtp_event *);
nfds_t
delivery_poll(const struct delivery *, struct pollfd *fds, int64_t *until);
/* See connection_awaits; a look-up counts as CONNECT. */
int64_t delivery_awaits(const struct delivery *, enum smtp_phase *);
/* See smtp_session_withhold. */
void delivery_withhold(struct delivery *);
/* See connection_let_fly. */
void delivery_let_fly(struct delivery *);
/* See connection_mute; before there is a connection it ends the delivery. */
void delivery_mute(struct delivery *, const struct error *);
/* What is awaited has taken too long: ends the connection. */
void delivery_time_out(struct delivery *);
/* Ends the delivery, see connection_abort; nothing else is tried. */
void delivery_abort(struct delivery *, const struct error *);

/* For the work, from SMTP_READY on, and for what the server said of itself; NULL
 * when nobody was reached. */
struct smtp_session *delivery_session(const struct delivery *);

const struct route *delivery_route(const struct delivery *);
/* Of the connection in use or, after the end, of the last one; nobody's before
 * there is one. */
const struct transport_peer *delivery_peer(struct delivery *);
/* The addresses of a host, in the order of the look-up, with what is known of
 * each; none before they are known, and for servers that have none. */
const struct endpoint *delivery_endpoints(struct delivery *, unsigned *count);
const struct transport_tls *delivery_tls(struct delivery *);
const struct connection_figures *delivery_figures(struct delivery *);

#endif
