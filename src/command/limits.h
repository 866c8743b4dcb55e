/*
 * limits: how much a server takes on one connection, as far as it says so
 * beforehand (LIMITS, RFC 9422: MAILMAX, RCPTDOMAINMAX), and what of it is left.
 */
#ifndef COMMAND_LIMITS_H
#define COMMAND_LIMITS_H

#include <stddef.h>

#include "smtp/session.h"

struct limits {
	size_t mails;	    /* transactions that the connection still takes */
	size_t domain_max;  /* domains of recipients on the connection */
	size_t domains;	    /* of them are used */
	const char *domain; /* the last one; NULL: none is */
};

/* Those of a connection that begins, SIZE_MAX where there are none; all of that
 * where they are not asked for. */
void
limits_begin(struct limits *, const struct smtp_capabilities *, bool asked_for);
/* How many of the next n recipients (at least 1) may be in a transaction, which
 * is counted; 0: the connection takes no further one.  Those of one domain follow
 * each other. */
size_t
limits_admit(struct limits *, const struct smtp_recipient *next, size_t n);
/* Puts the numbers of those with the same domain behind each other. */
void limits_sort(size_t *numbers, size_t n, const struct smtp_recipient *all);

#endif
