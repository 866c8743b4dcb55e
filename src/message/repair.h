/*
 * repair: what mail cannot carry as it is, made so that it can, by encoding
 * it.  A reader sees the same as before; a signature over it breaks.
 */
#ifndef MESSAGE_REPAIR_H
#define MESSAGE_REPAIR_H

#include "lib/buf.h"
#include "lib/error.h"

#include "message/draft.h"

/*
 * Appends a block of fields in CRLF lines, without NUL or stray CR, to *out; a
 * field that needs nothing stays as it stands.
 *
 * Text in UTF-8 becomes encoded words where these may stand: in unstructured
 * fields and in the display names of addresses; in parameters it is written as
 * RFC 2231 says.  Text in no known charset is labelled unknown-8bit (RFC 1428).
 * What is too long for a line is folded, and encoded if it cannot be.
 *
 * EX_DATAERR, naming the field: 8-bit text that is not UTF-8, or too long a
 * word, in another structured field.  8-bit text in UTF-8 stays there, for
 * SMTPUTF8.
 */
int repair_fields(const char *fields, size_t n, const char *name,
    struct buf *out, struct error *);

/* Whether the body needs to be repaired, for some server at least. */
bool repair_is_needed(const struct scan *body);
/*
 * The body, a leaf that was scanned, of a message whose fields are in *header:
 * it becomes whatever it takes.  The fields go along in it or, with the empty
 * line, are appended to *outer, which stands before it.  Its input lasts or has
 * a spool that is complete.
 *
 * Leaves that hold NUL or lines that are too long get another transfer
 * encoding; those with 8-bit text do so where 8BITMIME is not offered.  Such
 * text between the parts of a multipart, which nobody sees, is left out.  All
 * else stays byte for byte.  EX_DATAERR: what cannot be encoded, since it has
 * a transfer encoding that is not known, or too many parts.
 */
int repair_body(struct message *, struct mime_part *body,
    const struct buf *header, struct buf *outer, struct error *);

#endif
