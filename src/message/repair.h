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
 * Text becomes encoded words where these may stand: in unstructured fields, in
 * the display names of addresses and in comments; in parameters it is written
 * as RFC 2231 says.  What is not UTF-8 is taken to be in `charset` (NULL: not
 * known); if it is not, it is labelled unknown-8bit (RFC 1428).  What is too
 * long for a line is folded, and encoded if it cannot be.
 *
 * EX_DATAERR, naming the field: 8-bit text that is neither, or too long a word,
 * elsewhere in a structured field.  8-bit text in UTF-8 stays there, for
 * SMTPUTF8.
 */
int repair_fields(const char *fields, size_t n, const char *name,
    const char *charset, struct buf *out, struct error *);

/* Unstructured text in one line, as ASCII that fields may have; what is an
 * encoded word already stays. */
void repair_text(struct buf *out, const char *text, size_t n);
/* The same for the names and comments in a list of addresses, and for the
 * comments alone; all else stays as it is. */
void repair_names(struct buf *out, const char *value, size_t n);
void repair_comments(struct buf *out, const char *value, size_t n);

/* Whether the body needs to be repaired, for some server at least. */
bool repair_is_needed(const struct scan *body);
struct repair_params {
	const char *charset; /* of 8-bit text in headers; NULL: not known */
	/* A message of somebody else, which nobody asked to change: what is
	 * signed in it stays, and what is encoded is noted.  Bcc fields of the
	 * messages in it go. */
	bool forwarded;
};

/* The fields in *fields without those that nobody may see; whether there were
 * any. */
bool repair_drop_hidden(struct buf *fields);
/* What is to be said of a forwarded message that was changed. */
const char *repair_note(struct message *, const char *name);
/* The hint for what is forwarded and cannot go out. */
extern const char repair_hint_attach[];
extern const char repair_hint_signed[];

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
 * a transfer encoding that is not known, or too many parts, or is signed.
 *
 * *utf8 is set if text in UTF-8 stays in the header of a part: SMTPUTF8 is
 * needed then, and messages in it become message/global (RFC 6532 3.7).
 */
int repair_body(struct message *, struct mime_part *body,
    const struct repair_params *, const struct buf *header, struct buf *outer,
    bool *utf8, struct error *);

#endif
