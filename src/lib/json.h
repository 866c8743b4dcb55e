/* json: what others say in JSON (RFC 8259), read member by member. */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/*
 * Appends the member `name` of the object in `text`, if it is a string or a
 * number, as far as it fits; a NUL and half a surrogate pair become U+FFFD.
 * False when there is none.  What else the object holds, and whether it is well
 * formed behind the member, does not matter.
 */
bool
json_member(const char *text, size_t n, const char *name, struct buf *value);

#endif
