/*
 * each_shape: that what a record holds has filled in a text, and not changed what
 * it is: no further address, header field or attribute of a part has come of it.
 */
#ifndef COMMAND_EACH_SHAPE_H
#define COMMAND_EACH_SHAPE_H

#include <stdbool.h>

enum each_shape {
	SHAPE_ANY,	 /* one line of text, whatever it is */
	SHAPE_ADDRESSES, /* of RFC 5322 3.4, and parameters */
	SHAPE_LIST,	 /* these alone, in a variable that is no template */
	SHAPE_FIELD,	 /* "Name: value", a list of addresses perhaps */
	SHAPE_PART,	 /* part_spec.h */
};

/* `text` is filled with a record's values, `plain` with words: what has been
 * added, in words ("another address"), NULL: nothing. */
const char *
each_shape_added(enum each_shape, const char *text, const char *plain);

/* Whether a template is one of addresses (TEMPLATE_ADDRESS). */
bool each_shape_has_addresses(enum each_shape, const char *text);

#endif
