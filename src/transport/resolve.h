/*
 * resolve: a host and a service become addresses, without blocking.
 *
 * Numeric addresses and localhost (RFC 6761 6.3) are there at once; names are
 * looked up by getaddrinfo in a thread of their own.  A lookup that is given
 * up goes on in its thread and is freed by it; it holds nobody up.
 */
#ifndef TRANSPORT_RESOLVE_H
#define TRANSPORT_RESOLVE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "lib/error.h"

enum { RESOLVE_MAX = 64 }; /* addresses; those beyond are dropped */

struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

/* A numeric address, with port 0; 0 or -1. */
int endpoint_parse(struct endpoint *, const char *text);
/* The numeric form without scope and port; text has 64 bytes. */
void endpoint_text(const struct endpoint *, char *text);
unsigned endpoint_port(const struct endpoint *);
bool address_is_loopback(const struct endpoint *);

struct resolve;

/* Starts; strings are copied.  NULL and *err on failure. */
struct resolve *resolve_start(
    const char *host, const char *service, int family, struct error *);
/* The number of addresses, which stay the lookup's own, TRANSPORT_AGAIN or
 * TRANSPORT_ERROR.  EX_NOHOST, EX_TEMPFAIL or EX_USAGE (bad service). */
int resolve_result(struct resolve *, const struct endpoint **, struct error *);
/* Readable when the result is there; -1 if it was there from the start. */
int resolve_fd(const struct resolve *);
void resolve_free(struct resolve *);

#endif
