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

/* What a value is; an array gives its items, one after the other. */
enum json_kind { JSON_A_TEXT, JSON_A_NUMBER, JSON_A_TRUTH, JSON_A_NULL };

struct json_value {
	const char *name; /* of the member */
	enum json_kind kind;
	const char *text; /* of a number as it stands there; "true", "false" */
	size_t len;
	bool item; /* of an array */
};

/*
 * Reads an object from its first sign to its last, which must be all there is:
 * its values are no objects, and those of its arrays no arrays.  `take` is told
 * each of them, in a memory that is wiped afterwards, and may say no.  -1: it
 * did, or it is no such object, cut short perhaps.
 */
int json_walk(const char *text, size_t n,
    bool (*take)(void *, const struct json_value *), void *);
/* Appends a text in quotes. */
void json_quote(struct buf *, const char *text, size_t n);

#endif
