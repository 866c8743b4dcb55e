/*
 * domain: the domain of an address in its ASCII form: a host name as RFC 5321
 * 2.3.5 asks, U-labels as A-labels (lib/idna.h); underscores are tolerated in
 * domains that were ASCII from the start.
 */
#ifndef RFC5322_DOMAIN_H
#define RFC5322_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

/* Errors: EX_USAGE, the text says what is wrong and *place is the offset of
 * the byte where; EX_OSERR: the library for IDN is missing. */
int domain_to_ascii(struct arena *, const char *domain, const char **out,
    size_t *place, struct error *);

/* Whether it is such a form already. */
bool domain_is_host(const char *domain);

#endif
