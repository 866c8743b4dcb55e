/*
 * payload: the message in the form that DATA wants (RFC 5321 4.5.2): a dot
 * before each line that begins with one.
 */
#ifndef SMTP_PAYLOAD_H
#define SMTP_PAYLOAD_H

#include <stddef.h>

#include "lib/buf.h"

struct payload_dots {
	char before[2]; /* the last two bytes so far */
};

/* The state at the beginning of a message. */
#define PAYLOAD_DOTS_START ((struct payload_dots){{'\r', '\n'}})

/* Doubles dots in the n bytes that stand at the end of `out`, which has to have
 * room for as many more.  Where there are none, nothing is moved. */
void payload_stuff(struct payload_dots *, struct buf *out, size_t n);
/* The same for bytes whose dots are doubled already. */
void payload_pass(struct payload_dots *, const struct buf *out, size_t n);
/* Appends the end: CRLF if the last line lacks it, then the lone dot. */
void payload_end(struct payload_dots *, struct buf *out);

#endif
