/*
 * attachment: a file that travels with a message (RFC 2183).
 */
#ifndef MESSAGE_ATTACHMENT_H
#define MESSAGE_ATTACHMENT_H

#include "message/leaf.h"

/*
 * Every byte of it arrives, but for the line ends of a text that is shown
 * inline or whose encoding is that of text.  Its type is the one given, or
 * known by its name, or what it looks like.  Text that is not in the charset
 * goes as application/octet-stream, unless it was called a text by name
 * (EX_DATAERR).
 */
int attachment_make(const struct leaf_context *, const struct message_part *,
    struct input *, const char *cid, struct mime_part **out, struct error *);

#endif
