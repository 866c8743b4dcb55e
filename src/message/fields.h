/*
 * fields: the header fields that a user gives as "Name: value" (-H), checked
 * against what is known of their names.
 */
#ifndef MESSAGE_FIELDS_H
#define MESSAGE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"

#include "mime/content_type.h"

/* Those that a composed message has by itself, in the order of its header;
 * a field given by the user takes the place of ours. */
enum field_id {
	FIELD_DATE,
	FIELD_FROM,
	FIELD_SENDER,
	FIELD_TO,
	FIELD_CC,
	FIELD_BCC,
	FIELD_REPLY_TO,
	FIELD_SUBJECT,
	FIELD_MESSAGE_ID,
	FIELD_MIME_VERSION,
	FIELD_CONTENT_TYPE,
	FIELD_ENCODING,
	FIELD_OTHER, /* any other name */
};

enum field_kind {
	FIELD_TEXT,	 /* unstructured: encoded as RFC 2047 says */
	FIELD_ADDRESSES, /* a list of addresses */
	FIELD_FIXED,	 /* structured otherwise: ASCII, goes out as given */
};

struct field {
	enum field_id id;
	enum field_kind kind;
	const char *name;
	const char *value;  /* UTF-8, without white space around it */
	bool encoded_words; /* those in it are meant, as with -H; else they
			       are text like any other */
};

/* What a field of this name is, as far as it is known. */
enum field_kind fields_kind(const char *name, size_t n);

/* {0}, then fields_read. */
struct fields {
	struct field *given;
	size_t count;
	const struct field *own[FIELD_OTHER]; /* by id; NULL: not given */
	struct content_type content_type;     /* the one given, else text */
};

/* EX_USAGE: no field name, a bad value, a field given twice that may occur
 * once (RFC 5322 3.6). */
int fields_read(struct fields *, struct arena *, const char *charset,
    const char *const *texts, size_t count, struct error *);
/* The given field of this name, or NULL. */
const struct field *fields_find(const struct fields *, const char *name);
/* One that is FIELD_TEXT or FIELD_FIXED. */
int fields_put(struct buf *out, const struct field *, struct error *);

#endif
