/*
 * ident: the Message-ID of RFC 5322 section 3.6.4, and where its random part
 * comes from.
 */
#ifndef RFC5322_IDENT_H
#define RFC5322_IDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/error.h"

/* Where time, randomness and names come from, so that tests are exact. */
struct ident {
	int64_t now;		   /* seconds since the epoch */
	int zone_minutes;	   /* local time east of UTC */
	unsigned char random[16];  /* for Message-ID and boundaries */
	bool reproducible;	   /* random is not used: the same input makes
				     the same message */
	const char *host;	   /* our name: right side of Message-ID, and of
				     addresses without a domain */
	const char *author_domain; /* of the message's From, once it is read:
				     right side of Message-ID where `host` has
				     no dot; or NULL */
	const char *user;	   /* login name, for a missing From */
	const char *name;	   /* that user's full name (UTF-8), or NULL */
};

/*
 * "<20251113090000.base32random@host>": unique by time and 80 random bits,
 * and nothing in it that tells who sent it.  The host is what RFC 5322 allows
 * on the right (dot-atom in ASCII, or an address literal): ident.host if that is
 * a full name, else the author's domain, which somebody owns; else "localhost".
 */
const char *ident_message_id(struct arena *, const struct ident *);
/* That host. */
const char *ident_host(const struct ident *);
/* Makes ident.random depend on these bytes, too: what the message is made of
 * takes the place of chance when it has to be reproducible.  Pieces of other
 * sizes give other results. */
void ident_mix(struct ident *, const void *bytes, size_t n);
void ident_mix_text(struct ident *, const char *text); /* or NULL */

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
