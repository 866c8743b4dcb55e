/*
 * haproxy: the PROXY protocol (HAProxy's proxy-protocol.txt, versions 1 and 2):
 * a header in front of the connection, also of TLS, that says to a server behind
 * a load balancer who its client is.
 */
#ifndef TRANSPORT_HAPROXY_H
#define TRANSPORT_HAPROXY_H

#include "lib/buf.h"
#include "transport/endpoint.h"
#include "transport/transport.h"

struct haproxy {
	int version; /* 1, 2 */
	bool local;  /* says nothing of the client: UNKNOWN, LOCAL */
	struct endpoint source, destination; /* len 0: the connection's own */
};

/* VERSION[,local][,source=ADDRESS][,destination=ADDRESS], where an address is
 * numeric and may have a port (IPv6 with a port in brackets).  EX_USAGE, without
 * the whole text. */
int haproxy_parse(struct haproxy *, const char *text, struct error *);

/* The header for a connection between these; at most 107 bytes.  An IPv4 address
 * beside an IPv6 one is mapped.  What of it is not known is unknown as a whole. */
void haproxy_header(
    const struct haproxy *, const struct transport_peer *, struct buf *);
/* The same to be read, as in version 1, with its version behind it. */
void haproxy_text(
    const struct haproxy *, const struct transport_peer *, struct buf *);

/* Takes over below, and sends the header when that is open.  The first one is
 * the caller's and outlives it. */
struct transport *haproxy_new(const struct haproxy *, struct transport *below);

#endif
