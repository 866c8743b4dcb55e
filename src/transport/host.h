/*
 * host: names and addresses of hosts, as a user writes them.
 *
 * Errors are EX_USAGE and say what is wrong, without naming the whole text;
 * EX_OSERR when a library that is needed cannot be opened.
 */
#ifndef TRANSPORT_HOST_H
#define TRANSPORT_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

/* A host name (RFC 1123 2.1; underscores and a final dot as DNS has them) or
 * an IPv4 address in its one full form.  U-labels become A-labels. */
int
host_name(struct arena *, const char *text, const char **host, struct error *);
/* An IPv6 address without brackets, a zone may follow (RFC 4007 11); in a URL
 * the zone begins with %25 (RFC 6874 2). */
int host_literal(struct arena *, const char *text, size_t n, bool url,
    const char **host, struct error *);
/* localhost, or a name below it: never looked up (RFC 6761 6.3). */
bool host_is_localhost(const char *host);
/* The same, or a numeric address of the loopback. */
bool host_is_here(const char *host);

#endif
