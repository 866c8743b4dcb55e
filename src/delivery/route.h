/*
 * route: from the server that was named to the hops that lead to it.
 *
 * A hop is one place to connect to, with the security that it is to have.
 */
#ifndef DELIVERY_ROUTE_H
#define DELIVERY_ROUTE_H

#include "delivery/connection.h"
#include "transport/server.h"

struct hop {
	const struct server *server;
	enum connection_tls tls;
	bool tls_demanded;
	const char *tls_name; /* name that the certificate must have */
};

/* The hop for a server: `tls` as the user wants it, AUTO being overruled by
 * the URL's scheme and by port 465.  EX_USAGE when the two contradict. */
int route_hop(const struct server *, enum connection_tls tls, struct hop *,
    struct error *);

/* What a connection to a hop takes beside the hop. */
struct hop_params {
	int family;		 /* AF_UNSPEC, AF_INET, AF_INET6 */
	const char *source;	 /* our address, NULL: any */
	const char *const *skip; /* addresses not to be tried again */
	unsigned skip_count;
	const struct tls_policy *policy; /* name is taken from the hop */
};

/* The transport for a hop, TLS on it if it is implicit. */
struct transport *
route_transport(const struct hop *, const struct hop_params *);
/* The transport at the bottom knows of further addresses. */
bool route_has_more(const struct hop *, const struct transport *bottom);

#endif
