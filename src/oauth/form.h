/* form: names and values as application/x-www-form-urlencoded, in bodies and in
 * queries of URLs (RFC 6749 B). */
#ifndef OAUTH_FORM_H
#define OAUTH_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Appends name=value, with '&' before it unless the buffer is empty or ends with
 * '?'.  A buffer that is to be wiped must have room for 3 * strlen(value) +
 * strlen(name) + 2. */
void form_add(struct buf *, const char *name, const char *value);
/*
 * The value of the first one of that name in a query, decoded, appended to a
 * buffer with a maximum.  False when there is none, when it is there twice (RFC
 * 6749 3.1), is longer, or has a NUL or a broken escape.
 */
bool
form_find(const char *query, size_t n, const char *name, struct buf *value);

#endif
