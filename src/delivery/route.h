/*
 * route: from the server that was named to the hops that lead to it.
 *
 * A hop is one place to connect to, with the security that it is to have.
 */
#ifndef DELIVERY_ROUTE_H
#define DELIVERY_ROUTE_H

#include "delivery/connection.h"
#include "transport/server.h"
#include "transport/tcp.h"

struct hop {
	const struct server *server;
	int family;	    /* AF_UNSPEC, AF_INET, AF_INET6 */
	const char *source; /* our numeric address, NULL: any; it also chooses
			       the family */
	enum connection_tls tls;
	bool tls_demanded;
	struct tls_policy policy;
};

/* The hop for a server: `tls` as the user wants it, AUTO being overruled by
 * the URL's scheme and by port 465; policy: the name.  EX_USAGE when the two
 * contradict. */
int route_hop(const struct server *, enum connection_tls tls, struct hop *,
    struct error *);

/* The transport for a hop, TLS on it if it is implicit; `tcp` if it is one. */
struct transport *
route_transport(const struct hop *, const struct tcp_params *tcp);

#endif
