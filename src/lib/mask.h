/*
 * mask: makes stars of a secret that a server repeats, in whatever form.
 *
 * Found are the secret itself, its base64 (RFC 4648 4 and 5) alone or inside
 * of a longer text at any alignment, its hexadecimal form, and every response
 * that was sent; in other capitals (of any script, where the capital of a letter
 * has as many bytes in UTF-8), with blanks or line breaks in between (and
 * the enhanced codes that begin the lines, RFC 2034), and with characters
 * written as %41, =41, +41, \x41, \101, \u0041, \A, &#65; or &amp;.  Of what is
 * long enough the beginning and the end are found by themselves, so that a form
 * that was cut off, or cut in two with words in between, does not show.
 *
 * A secret of up to three characters is looked for as a word, since otherwise
 * stars would stand in half of the words and show what they hide.
 *
 * What was found becomes at most three stars, whatever its length; what is no
 * plain secret, up to the blanks around it.  Line breaks stay.
 *
 * The secret itself is not kept, only hashes of 64 bits, so that its owner can
 * wipe it while replies are still to come.  (Who has the hashes can try what a
 * short secret may be, but not read it.)  The time it takes grows with the
 * length of the text alone.
 */
#ifndef LIB_MASK_H
#define LIB_MASK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

enum {
	MASK_SECRETS = 2, /* a password and a token */
	MASK_SECRET = 6,  /* forms of each */
	MASK_SENT = 8,
	MASK_FORMS = MASK_SECRETS * MASK_SECRET + MASK_SENT,
};

struct mask_form {
	size_t len;	/* 0: there is none */
	size_t least;	/* as much of its beginning or end is enough */
	uint64_t whole; /* hashes */
	uint64_t head, tail;
	bool plain;
	bool word; /* so short that it counts only by itself */
};

/* All zero: nothing is masked. */
struct mask {
	bool any; /* there is something to be found */
	struct mask_form forms[MASK_FORMS];
	unsigned secrets; /* so far; the last MASK_SECRETS are known */
	unsigned sent;	  /* responses so far; the last MASK_SENT are known */
};

void mask_secret(struct mask *, const char *secret, size_t n);
/* A response that holds the secret, as it was sent: base64; or the part of one
 * that was computed of it. */
void mask_response(struct mask *, const char *base64, size_t n);
/* In place.  True when something was found. */
bool mask_hide(const struct mask *, struct buf *text);

#endif
