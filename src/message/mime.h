/*
 * mime: a tree of parts (RFC 2045, 2046), each a source of bytes with a
 * transfer encoding of its own, chosen when it is known what the server takes.
 */
#ifndef MESSAGE_MIME_H
#define MESSAGE_MIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#include "message/input.h"
#include "message/message.h"
#include "message/scan.h"

enum mime_encoding {
	MIME_7BIT,
	MIME_8BIT,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
};

/* A part whose content is text in lines. */
struct mime_part {
	const char *content_type; /* the field's value; NULL: this part has no
				     fields, it goes out as it is */
	const char *encoded; /* the content has this transfer encoding already;
				NULL: to be chosen */
	bool verbatim;	     /* a composite type, which must not be encoded
				(RFC 2045 6.4) */

	struct input *input; /* the content: from `offset`, where `line` is */
	uint64_t offset, line;
	struct scan scan; /* of the content */
	bool scanned;	  /* false: it is on its way through a pipe */
};

/* The encoding for text in lines: 7bit if it can be, 8bit if it is allowed,
 * else the shorter one of quoted-printable and base64. */
enum mime_encoding mime_choose(const struct scan *, bool eight_bit);
const char *mime_encoding_name(enum mime_encoding);

/*
 * `header` (fields in CRLF lines), the part's own fields with the empty line,
 * if it has any, and its content.  The header's bytes stay the caller's until
 * the source is freed.  EX_DATAERR: the part cannot take this form.
 */
int mime_open(const struct mime_part *, const struct buf *header,
    const struct message_form *, struct message_stream *, struct error *);

#endif
