/*
 * ident: the Message-ID of RFC 5322 section 3.6.4.
 */
#ifndef MESSAGE_IDENT_H
#define MESSAGE_IDENT_H

#include "lib/arena.h"

#include "message/message.h"

/*
 * "<20251113090000.base32random@host>": unique by time and 80 random bits,
 * and nothing in it that tells who sent it.  The host is what RFC 5322 allows
 * on the right (dot-atom in ASCII, or an address literal), else "localhost".
 */
const char *ident_message_id(struct arena *, const struct message_ident *);
/* Whether s is one msg-id: angle brackets around left "@" right, in ASCII
 * without spaces or controls. */
bool ident_is_message_id(const char *s);

#endif
