/*
 * structure: the parts of a message that an input holds (RFC 2046), found in
 * one pass: where each begins and ends, and what its fields say of it.
 *
 * It is read as tolerantly as readers of mail do: any bytes are a message.
 * Memory does not grow with the length of the parts, only with their number.
 */
#ifndef MIME_STRUCTURE_H
#define MIME_STRUCTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/source.h"

#include "content/input.h"
#include "content/scan.h"
#include "mime/mime.h"

enum {
	STRUCTURE_PARTS = 10000,
	STRUCTURE_DEPTH = 100,
	STRUCTURE_HEADER = 1 << 20, /* octets of a header that are looked at */
};
#define STRUCTURE_NONE SIZE_MAX

enum structure_kind {
	STRUCTURE_LEAF,
	STRUCTURE_MULTIPART, /* parts between boundaries: one at least */
	STRUCTURE_MESSAGE,   /* message/rfc822: one part, a message */
};

struct structure_part {
	enum structure_kind kind;
	size_t parent;	/* the index of what it is in; STRUCTURE_NONE: this is
			  the message itself */
	unsigned depth; /* how many it is in */

	/* From its fields; strings are the structure's. */
	const char *type;	  /* in lower case: "text/plain" if none is
				    given, "message/rfc822" in a digest */
	const char *charset;	  /* as it is written, or NULL */
	const char *boundary;	  /* of a multipart type, or NULL */
	const char *encoding;	  /* in lower case, "" if none is given */
	const char *disposition;  /* in lower case, "" if none is given */
	const char *filename;	  /* of Content-Disposition or the name of
				    Content-Type, in UTF-8 without controls; a
				    suggestion of whoever wrote it: it may have
				    slashes in it; or NULL */
	bool sealed;		  /* the header of a message that is signed as
				     a whole: signature.h */
	const char *cid;	  /* Content-ID without brackets, or NULL */
	enum mime_encoding coded; /* `encoding` if it is quoted-printable or
				     base64, else MIME_ANY */

	/* The fields with the empty line behind them, if there is one. */
	struct input_range header;
	/* The content.  The line end before a boundary is the boundary's (RFC
	 * 2046 5.1.1): it is not in it, but before `after`. */
	struct input_range body;
	uint64_t after;
	/* Of the body of a leaf or, of a multipart, of what stands before its
	 * first boundary; cr_ends is set. */
	struct scan scan;

	/* A multipart: what stands before the first boundary, with the line
	 * end, and behind the line of the last one. */
	struct input_range preamble, epilogue;
	struct scan epilogue_scan;
	bool closed; /* there is a last boundary */
};

struct structure {
	/* In the order in which they stand: each before what is in it. */
	struct structure_part *parts;
	size_t count; /* 1 at least */
	/* Not all is known: there are more parts (they are in the last one), or
	 * what is deeper is a leaf. */
	bool limited;

	size_t capacity;
	struct arena arena;
};

/*
 * Reads a message: the range of an input that lasts or has a spool.  With
 * `fields` (lines that end with LF or CRLF) these are its header, and the
 * range is its body.
 *
 * In the body a CR alone ends a line, as it does when it is sent.  Parts have
 * no more than STRUCTURE_HEADER octets of fields that count; the header of a
 * part ends at the latest before a line that is none of a header.
 */
int
structure_read(struct structure *, struct input *, const struct input_range *,
    const char *fields, size_t fields_len, struct error *);
void structure_clear(struct structure *);

/* Reads what a part's fields (lines that end with LF or CRLF, no NUL) say. */
void structure_read_fields(
    struct structure *, size_t part, const char *fields, size_t n);

/* The content of a leaf as it is meant: without its transfer encoding, text
 * with CRLF line ends.  The caller frees it before the input. */
struct source *structure_open(struct input *, const struct structure_part *);
/* Its size; reads all of it if that is not known otherwise. */
int structure_size(struct input *, const struct structure_part *,
    uint64_t *size, struct error *);
/* Whether it is text to be read, not an attachment. */
bool structure_is_text(const struct structure_part *);

#endif
