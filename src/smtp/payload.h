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

/* Appends the n bytes with dots doubled; out must have room for 2 * n. */
void payload_stuff(
    struct payload_dots *, struct buf *out, const char *bytes, size_t n);
/* Appends the end: CRLF if the last line lacks it, then the lone dot. */
void payload_end(struct payload_dots *, struct buf *out);

#endif
