/*
 * resolve: one look-up, without blocking.
 *
 * Each kind of record has a function that starts it and one that takes what was
 * found; waiting and giving up are the same for all.  A look-up that has to
 * wait goes on in a thread of its own; when it is given up it is freed there,
 * and holds nobody up.
 */
#ifndef TRANSPORT_RESOLVE_H
#define TRANSPORT_RESOLVE_H

#include "lib/error.h"
#include "transport/endpoint.h"

struct resolve;

/* Addresses.  Numeric ones and those of localhost (RFC 6761 6.3) are there at
 * once, names are getaddrinfo's.  NULL and *err (EX_OSERR) on failure. */
struct resolve *
resolve_endpoints(const char *host, unsigned port, int family, struct error *);
/* Their number, up to ENDPOINTS_MAX (those beyond are dropped), while they stay
 * the look-up's own; TRANSPORT_AGAIN; or TRANSPORT_ERROR: EX_NOHOST,
 * EX_TEMPFAIL, EX_OSERR, or EX_USAGE (a numeric address of the other
 * family). */
int resolve_found(struct resolve *, const struct endpoint **, struct error *);

/* Readable when the result is there; -1 if it was there from the start. */
int resolve_fd(const struct resolve *);
void resolve_free(struct resolve *);

#endif
