/*
 * content_type: the Content-Type field (RFC 2045 section 5.1) that a user
 * gives, as far as a message depends on it.
 */
#ifndef MIME_CONTENT_TYPE_H
#define MIME_CONTENT_TYPE_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/error.h"

struct content_type {
	bool text; /* text/... */
	bool multipart;
	bool flow;	/* there is a parameter format or delsp (RFC 3676) */
	bool composite; /* multipart/... or message/..., which must not be
				encoded as a whole (RFC 2045 6.4) */
	const char *charset; /* the parameter's value, NULL: there is none */
};

/* EX_USAGE, with the place, unless the value (ASCII) is one by the grammar,
 * with a boundary if it is a multipart type.  Comments and white space may
 * stand between all tokens. */
int content_type_read(
    struct content_type *, struct arena *, const char *value, struct error *);

#endif
