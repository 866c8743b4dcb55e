/*
 * tcp: a connection to the first endpoint of a host that answers, raced as
 * RFC 8305 (Happy Eyeballs 2) asks.
 */
#ifndef TRANSPORT_TCP_H
#define TRANSPORT_TCP_H

#include "transport/endpoint.h"
#include "transport/interface.h"
#include "transport/transport.h"

struct tcp_params {
	const char *host; /* as it was named: for errors */
	/* In the order of the look-up, at most ENDPOINTS_MAX, of which those
	 * that were connected to before are left out; one at least is not.
	 * The caller's, who is told there what came of each; they outlive the
	 * transport. */
	struct endpoint *endpoints;
	unsigned count;
	const struct interface *from; /* NULL: any; outlives the transport */
};

/* Never fails: errors come from open(). */
struct transport *tcp_new(const struct tcp_params *);

#endif
