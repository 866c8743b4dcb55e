/*
 * idna: domains in their ASCII form (RFC 5890: A-labels).
 *
 * IDNA 2008 by GnuTLS/libidn2, opened when the first domain comes that is not
 * ASCII.
 */
#ifndef LIB_IDNA_H
#define LIB_IDNA_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

bool idna_is_ascii(const char *text);
/*
 * The domain with its U-labels as A-labels, in the arena.  Case, width and
 * composition are mapped (UTS 46); a character that would get lost on the way,
 * and with it lead to another domain, is an error.  ASCII stays as it is, and is
 * not looked at.  EX_USAGE: the text says what is wrong and *place is the
 * offset of the byte where; EX_OSERR: the library is missing.
 */
int idna_to_ascii(struct arena *, const char *domain, const char **out,
    size_t *place, struct error *);

#endif
