/*
 * address_parameters: what stands behind an address that a user names, as
 * address.h tells.
 */
#ifndef RFC5322_ADDRESS_PARAMETERS_H
#define RFC5322_ADDRESS_PARAMETERS_H

#include "lib/arena.h"

#include "rfc5322/address.h"
#include "rfc5322/lexer.h"

/* Reads all that begin with a semicolon here, maybe none, and white space and
 * comments around; if there are some, a comma or the end follows.  *out is the
 * arena's. */
int address_parameters_read(
    struct lexer *, struct arena *, const struct address_parameter **out);
/* Behind a group: there are none, or it is an error that tells why. */
int address_parameters_none(struct lexer *);
/* Whether both say the same, in the same order; either may be NULL. */
bool address_parameters_equal(
    const struct address_parameter *, const struct address_parameter *);

#endif
