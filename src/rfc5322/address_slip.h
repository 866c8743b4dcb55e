/*
 * address_slip: what was probably meant by a text that is no address.
 */
#ifndef RFC5322_ADDRESS_SLIP_H
#define RFC5322_ADDRESS_SLIP_H

#include "rfc5322/address.h"

/* Adds a hint to the error of address_parse, which failed at the place in the
 * text, unless it has one: the same without one character, if that is an
 * address; else how one is written. */
void address_slip(const char *text, const char *place,
    const struct address_params *, struct error *);

#endif
