/*
 * route: from the servers that were named to the hops that are tried, one after
 * the other, until one leads to a session.
 *
 * A hop is one place to connect to, with the security that it is to have and
 * the credentials that are for it and no other.
 */
#ifndef DELIVERY_ROUTE_H
#define DELIVERY_ROUTE_H

#include "delivery/connection.h"
#include "transport/haproxy.h"
#include "transport/proxy_url.h"
#include "transport/server.h"
#include "transport/tcp.h"

struct hop {
	const struct server *server;
	int family;		      /* AF_UNSPEC, AF_INET, AF_INET6 */
	const struct interface *from; /* NULL: any; it also chooses the
					 family */
	/* Between us and a server of TCP, NULL: nothing; family and from are
	 * about the connection to it then, the family also about addresses of
	 * the server that are looked up here. */
	const struct proxy *proxy;
	const char *proxy_ca; /* see proxy.h */
	enum connection_tls tls;
	bool tls_demanded;
	struct tls_policy policy;
	const struct haproxy *haproxy; /* goes first; NULL: no PROXY header */
	const struct sasl_credentials *credentials; /* NULL: none */
	bool shows_keys; /* policy.keys is to be there before it is used */
	/* Of another account than the one that the delivery is for: its name,
	 * and who we are there, which is what route_params takes of it.  NULL: as
	 * the params of the delivery say. */
	const char *account;
	const struct connection_params *params;
	/* Takes the place of the hop before it when TLS failed there, and is
	 * passed over otherwise. */
	bool instead_of_tls;

	/* Filled by the delivery that went on to another one: */
	struct error failure; /* why, with the server's name; status 0: it was
				 not tried, or is the last one */
	char address[64];     /* where it was connected, or "" */
};

/* One delivery's at a time. */
struct route {
	struct hop *hops;
	size_t count;
	size_t at;    /* the one in use */
	bool settled; /* there was a session: no other one any more */
	/* Gets what a hop of another account needs, before the first such one
	 * is gone to; NULL: it has it.  -1 with *err: that hop has failed. */
	int (*prepare)(void *, const struct hop *, struct error *);
	/* Gets other credentials for a hop whose token the server did not take: 1,
	 * and it is gone to once more; 0: there are none; -1 with *err. */
	int (*renew)(void *, const struct hop *, struct error *);
	void *prepare_arg; /* of both */
};

/* The hop for a server: `tls` as the user wants it, AUTO being overruled by
 * the URL's scheme and by port 465; policy: the name.  EX_USAGE when the two
 * contradict. */
int route_hop(const struct server *, enum connection_tls tls, struct hop *,
    struct error *);

/*
 * Appends the hop, for which and for two more there is room.  Where TLS is
 * taken if it can be had (RFC 7435: nobody and nothing demands it, there are no
 * credentials), no certificate stops the mail, and a hop without TLS follows;
 * where we show a certificate, before that one without it.
 */
void route_add(struct route *, const struct hop *);
/* Goes on to the hop that is worth it after the one in use has failed so before
 * there was a session: the one instead if its handshake did, else with the next
 * server if this one could not be reached or has no time (EX_NOHOST,
 * EX_TEMPFAIL).  False when there is none. */
bool route_next(struct route *, const struct error *why, bool handshake,
    const char *address);
/* What a hop of another account says of us: name, mechanism, what of the server's
 * capabilities is not used, credentials in clear. */
void route_params(const struct hop *, struct connection_params *);
/* Before the hop in use is gone to: 0, or -1 with *err. */
int route_prepare(const struct route *, struct error *);
/* Of the hop in use; NULL: none. */
static inline const struct sasl_credentials *
route_credentials(const struct route *r)
{
	return r->hops[r->at].credentials;
}

/* Whether hop i was followed by the same one with less of TLS: without it or,
 * if that one has TLS, without our certificate. */
bool route_fell_back(const struct route *, size_t i);
/* The status of a route that has ended with this one: a server that does not
 * exist hides none that may answer later. */
int route_status(const struct route *, int last);
/* Whether a text begins with the hop's host or path, as the transport's errors
 * do. */
bool hop_is_named(const struct hop *, const char *text);

/* The transport for a hop, with its PROXY header, and TLS on it if it is
 * implicit; `tcp` if it is one: to the proxy, if there is one. */
struct transport *
route_transport(const struct hop *, const struct tcp_params *tcp);

#endif
