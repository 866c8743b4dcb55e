/*
 * tcp: a connection to the first address of a host that answers, raced as
 * RFC 8305 (Happy Eyeballs 2) asks.
 *
 * Names are looked up with getaddrinfo in a thread, so that the caller's
 * deadline holds; numeric addresses need no thread.  Nothing is left behind
 * that could hold the process up when the transport is freed early.
 */
#ifndef TRANSPORT_TCP_H
#define TRANSPORT_TCP_H

#include "transport/transport.h"

struct tcp_params {
	const char *host;    /* name, IPv4, or IPv6 without brackets */
	const char *service; /* port number or service name */
	int family;	     /* AF_UNSPEC, AF_INET or AF_INET6 */
	const char *source;  /* numeric address to bind to, NULL: any; it also
			      * chooses the family */
	const char *const *skip; /* numeric addresses not to be tried again */
	unsigned skip_count;
};

/* The strings are copied.  Never fails: errors come from open(). */
struct transport *tcp_new(const struct tcp_params *);
/* Addresses known and not in skip, besides the connected one and those that
 * have refused: whether it is worth while to come back with the connected one
 * in skip.  Valid after open() has returned 0 or -1; 0 for what is not tcp. */
unsigned tcp_untried(const struct transport *);

#endif
