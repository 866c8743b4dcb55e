/*
 * output: the bytes that a session has for the server, until they were sent.
 *
 * They are appended to `bytes`, and sent from its front in pieces of any size.
 * The last octets of a message are held: they stand there, but do not go until
 * they are released.  Octets are counted from the beginning of the connection,
 * so that it is known whether a command is out as a whole.  Secrets are wiped
 * as they are sent.
 */
#ifndef SMTP_OUTPUT_H
#define SMTP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

enum { SMTP_OUTPUT_MAX = 256 * 1024 }; /* it is made up to here, then sent */

/* All zero: empty. */
struct smtp_output {
	struct buf bytes;
	size_t gone;   /* of them were sent */
	size_t held;   /* octets behind bytes.len */
	bool secret;   /* there is, or was, one in it */
	uint64_t sent; /* octets on this connection */
	/* where among them, if there is one */
	uint64_t secret_from, secret_to;
};

/* Octets to SMTP_OUTPUT_MAX. */
size_t smtp_output_room(const struct smtp_output *);
/* Where in the stream it ends so far, without what is held. */
uint64_t smtp_output_end(const struct smtp_output *);
/* Nothing waits to be sent; what is held does not count. */
static inline bool
smtp_output_is_sent(const struct smtp_output *o)
{
	return o->gone == o->bytes.len;
}

/* Whether more may be made now: not behind bytes that were sent in part, which
 * would keep their place for ever. */
bool smtp_output_open(struct smtp_output *);

/* The next n octets that are appended are a secret, but for `head` of them. */
void smtp_output_secret(struct smtp_output *, size_t head, size_t n);
/* Appends a line with a secret in it, behind `head` octets, and CRLF. */
void smtp_output_put_secret(
    struct smtp_output *, const struct buf *line, size_t head);
/* What was appended from `from` on (an earlier bytes.len) does not go before
 * smtp_output_release.  Until then nothing may be appended. */
void smtp_output_hold(struct smtp_output *, size_t from);
void smtp_output_release(struct smtp_output *);
/* What was not sent never is. */
void smtp_output_drop(struct smtp_output *);

/* What is to be sent next: *n octets. */
void
smtp_output_front(const struct smtp_output *, const char **bytes, size_t *n);
/* The first n of them were. */
void smtp_output_sent(struct smtp_output *, size_t n);
void smtp_output_clear(struct smtp_output *);

#endif
