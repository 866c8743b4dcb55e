/*
 * value: what a record holds under a name, a tree as in JSON (RFC 8259).
 *
 * A number is kept as the text that it was written as.  The texts, items and
 * members belong to whoever made the value, most often an arena.
 */
#ifndef BATCH_VALUE_H
#define BATCH_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/error.h"

enum value_kind {
	VALUE_NULL,
	VALUE_FALSE,
	VALUE_TRUE,
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_OBJECT,
};

struct value {
	enum value_kind kind;
	size_t count; /* octets, items or members */
	union {
		/* Of a number or text, a NUL behind it. */
		const char *text;
		const struct value *items;
		struct value_member *members;
	};
};

/* The names of an object's members differ. */
struct value_member {
	const char *name;
	size_t name_len;
	struct value value;
};

/* False are false, null, the empty text, the empty list, and what is not there
 * at all (NULL). */
bool value_is_true(const struct value *);

/* NULL: it has none of this name, or is no object. */
const struct value *
value_member(const struct value *object, const char *name, size_t len);

/*
 * The object that all records of a table are, one after the other: a member for
 * each of its columns, blanks around their names left out, each an empty text
 * until value_set_text says otherwise.  Two columns of one name are EX_DATAERR;
 * those without a name can never be asked for.  The names are copied.
 */
int value_of_columns(struct arena *, const char *const names[], size_t n,
    struct value *object, struct error *);
/* The text is not copied. */
void value_set_text(
    struct value *object, size_t column, const char *text, size_t len);

#endif
