/*
 * leaf: a file or a text that becomes a leaf of a composed message: its input,
 * and its fields (RFC 2045, 2183).
 */
#ifndef MESSAGE_LEAF_H
#define MESSAGE_LEAF_H

#include "message/draft.h"
#include "mime/boundary.h"
#include "mime/content_type.h"

/* What the parts of a message are made with. */
struct leaf_context {
	struct message *message;
	const struct message_params *params;
	const struct ident *ident;
	struct boundary *boundary;
};

/* A leaf over the whole of an input, in the arena. */
struct mime_part *leaf_new(struct message *, struct input *);
/* The same over bytes in memory, which become the message's; *bytes is empty
 * afterwards. */
struct mime_part *
leaf_from_memory(struct message *, struct buf *bytes, const char *name);

/* The fields of a leaf. */
struct leaf_fields {
	const char *type;	 /* value of Content-Type, not folded */
	const char *charset;	 /* to be added to it, or NULL */
	const char *disposition; /* "attachment", "inline", or NULL: none */
	const char *filename;	 /* UTF-8, or NULL */
	const char *cid;	 /* without brackets, or NULL */
};
int leaf_put_fields(struct message *, struct mime_part *,
    const struct leaf_fields *, struct error *);

/* All of an input, in memory: EX_DATAERR when that is more than `max`.  The
 * bytes are the input's. */
int leaf_read_all(struct input *, size_t max, struct error *);
/* The header of a message, with the empty line if there is one, is in what is
 * kept: EX_DATAERR if it is larger than any. */
int leaf_read_header(struct input *, struct error *);
/* Scans what may go as it is. */
int leaf_scan(const struct leaf_context *, struct mime_part *, struct error *);
/* Scans what goes as it is: EX_DATAERR if it cannot go so anywhere. */
int leaf_scan_verbatim(
    const struct leaf_context *, struct mime_part *, struct error *);

/* What is of a composite type, was scanned and goes as it is: EX_DATAERR if a
 * header in it has 8-bit text that is not UTF-8, or is that of a message that
 * is not said to be message/global (RFC 6532).  Other such text needs
 * SMTPUTF8. */
int leaf_check_headers(const struct leaf_context *, const struct mime_part *,
    const char *type, struct error *);

/* The file name and the Content-ID that a part is given, in UTF-8; NULL: none.
 * EX_USAGE: what the user named, or the file's own name, cannot be one. */
int leaf_filename(const struct leaf_context *, const struct message_part *,
    const char **out, struct error *);
int leaf_cid(const struct leaf_context *, const struct message_part *,
    const char **out, struct error *);

#endif
