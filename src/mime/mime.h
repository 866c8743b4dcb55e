/*
 * mime: a tree of parts (RFC 2045, 2046), each a source of bytes with a
 * transfer encoding of its own, chosen when it is known what the server takes.
 */
#ifndef MIME_MIME_H
#define MIME_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#include "content/input.h"
#include "content/scan.h"
#include "mime/form.h"

enum mime_encoding {
	MIME_ANY, /* to be chosen */
	MIME_7BIT,
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
};

/*
 * A leaf: a stretch of an input.  Or a multipart: parts between boundaries.
 * Or, without a boundary, just parts one after the other.
 *
 * The tree and all it points to live in the message's arena.
 */
struct mime_part {
	/* The part's own fields, in CRLF lines, but for the transfer encoding:
	 * that one is put behind them, with the empty line.  NULL: it has no
	 * fields, and goes out as it is. */
	const char *fields;
	struct mime_part *next; /* its sibling */
	/* What goes out in its place where 8BITMIME is offered; NULL: this. */
	struct mime_part *plain;

	/* To be said when it goes out: what was changed; NULL: nothing. */
	const char *note;
	/* The hint if it cannot go out as it is; NULL: what is usual. */
	const char *hint;

	/* Not a leaf. */
	struct mime_part *children; /* the first; NULL: this is a leaf */
	const char *boundary;

	/* A leaf. */
	struct input *input;
	struct input_range range;
	/* What they are encoded in, which is undone first: quoted-printable
	 * or base64, else nothing is. */
	enum mime_encoding coded;
	bool binary;	     /* no text in lines: every byte is kept; encoded in
				base64, or quoted-printable if it is asked for,
				if it cannot go as it is */
	bool as_written;     /* without fields: text, unless it can go as
				binary, where every byte is kept */
	bool open_end;	     /* text: a last line without an end gets none */
	const char *encoded; /* the content has this transfer encoding already;
				NULL: `encoding` */
	enum mime_encoding encoding; /* the one that is asked for */
	bool verbatim;	  /* a composite type, which must not be encoded
			     (RFC 2045 6.4) */
	struct scan scan; /* of the bytes as they stand, still coded; binary:
			     no more than `bytes` counts.  If a CR alone ends a
			     line (cr_ends) it does so in what goes out, too */
	bool scanned;	  /* false: it is on its way through a pipe */

	/* The size in an encoding whose lines break where every byte has a say,
	 * once mime_measure has been there. */
	uint64_t measured;
};

/* The encoding for text in lines: 7bit if it can be, 8bit if it is allowed,
 * else the shorter one of quoted-printable and base64. */
enum mime_encoding mime_choose(const struct scan *, bool eight_bit);
const char *mime_encoding_name(enum mime_encoding);
/* The one of this name, in capitals or not; MIME_ANY: there is none, or it is
 * binary, which nobody can rely on. */
enum mime_encoding mime_encoding_named(const char *name);

/* Reads the parts of which only their bytes tell how long they become, in
 * either form: mime_open, which comes later, reads nothing. */
int mime_measure(struct mime_part *, struct error *);
/*
 * `header` (fields in CRLF lines), the part's own fields with the empty line,
 * if it has any, and its content.  The header's bytes stay the caller's until
 * the source is freed, and so does the tree.  EX_DATAERR: a part cannot take
 * this form.
 */
int mime_open(struct mime_part *, const struct buf *header,
    const struct mime_form *, struct mime_stream *, struct error *);

#endif
