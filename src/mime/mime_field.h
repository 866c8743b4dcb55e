/*
 * mime_field: the values of MIME fields (Content-Type and its like) as readers
 * of mail take them: whatever they are made of, something is found in them.
 * content_type.h is the strict one, for what we write ourselves.
 */
#ifndef MIME_MIME_FIELD_H
#define MIME_MIME_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/buf.h"

/* What stands before the first ";", in lower case and without white space and
 * comments: "text/plain", "attachment", "base64"; "" if there is nothing. */
const char *mime_field_value(struct arena *, const char *unfolded);
/*
 * The value of a parameter, NULL if there is none: a token, a quoted-string,
 * or (RFC 2231) extended and in segments, which come in order; extended wins
 * over plain.  Of doubles the first counts.  As it stands.
 */
const char *
mime_field_parameter(struct arena *, const char *unfolded, const char *name);
/* The same as UTF-8 for people, without controls: the charset of an extended
 * value decoded; in a plain one encoded words (RFC 2047), which have no place
 * there, and are found there.  An extended value that looks like one is none. */
const char *
mime_field_text(struct arena *, const char *unfolded, const char *name);

/* One parameter; {0} before the first. */
struct mime_parameter {
	struct buf name, value; /* as it stands, without quotes */
	bool whole;		/* nothing stands behind a quoted-string */
	const char *raw;	/* from the ";" on */
	size_t raw_len;
};

/* The walk over the parameters of a field; *at is its value first.  False: there
 * are no more. */
bool mime_field_next(const char **at, struct mime_parameter *);
void mime_parameter_clear(struct mime_parameter *);

#endif
