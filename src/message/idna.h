/*
 * idna: domains in their ASCII form (RFC 5890: A-labels).
 *
 * IDNA 2008 by GnuTLS/libidn2, opened when the first domain comes that is not
 * ASCII.  The result is a host name as RFC 5321 2.3.5 asks; underscores are
 * tolerated in domains that were ASCII from the start.
 */
#ifndef MESSAGE_IDNA_H
#define MESSAGE_IDNA_H

#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

/* Errors: EX_USAGE, the text says what is wrong and *place is the offset of
 * the byte where; EX_OSERR: the library is missing. */
int idna_to_ascii(struct arena *, const char *domain, const char **out,
    size_t *place, struct error *);

#endif
