/*
 * ident: the Message-ID of RFC 5322 section 3.6.4, and where its random part
 * comes from.
 */
#ifndef MESSAGE_IDENT_H
#define MESSAGE_IDENT_H

#include "lib/arena.h"
#include "lib/error.h"

#include "message/message.h"

/*
 * "<20251113090000.base32random@host>": unique by time and 80 random bits,
 * and nothing in it that tells who sent it.  The host is what RFC 5322 allows
 * on the right (dot-atom in ASCII, or an address literal): ident.host if that is
 * a full name, else the author's domain, which somebody owns; else "localhost".
 */
const char *ident_message_id(struct arena *, const struct message_ident *);
/* That host. */
const char *ident_host(const struct message_ident *);
/* Makes ident.random depend on these bytes, too: what the message is made of
 * takes the place of chance when it has to be reproducible.  Pieces of other
 * sizes give other results. */
void ident_mix(struct message_ident *, const void *bytes, size_t n);
void ident_mix_text(struct message_ident *, const char *text); /* or NULL */

enum {
	IDENT_MAX = 900
}; /* octets of a msg-id that fits on a line with the name
			     of any field */
/* Whether s is one msg-id: angle brackets around left "@" right, in ASCII
 * without spaces or controls. */
bool ident_is_message_id(const char *s);
/* One msg-id as the user gives it, with or without its brackets. */
int ident_option(struct arena *, const char *option, const char *text,
    const char **out, struct error *);

#endif
