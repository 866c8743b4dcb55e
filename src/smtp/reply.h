/*
 * reply: one SMTP reply (RFC 5321 4.2), read from bytes as they come.
 *
 * A reply is a three digit code from 200 to 599 and lines of text; all lines
 * carry the same code.  Lines may end in a bare LF, text may be missing; any
 * byte but LF may be in it.  A reply is bounded to SMTP_REPLY_MAX bytes.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

enum {
	SMTP_REPLY_MAX = 65536,
	/* Codes beyond the standard's, for reports (SPEC 7). */
	SMTP_CODE_UNPARSABLE = 600, /* the reply could not be parsed */
	SMTP_CODE_CUT = 621,	    /* the connection ended inside a reply */
	SMTP_CODE_RECIPIENTS = 700, /* recipients were refused */
};

struct smtp_reply {
	int code;
	char enhanced[12]; /* RFC 3463, of the first line; "" if none */
	struct buf text;   /* lines without codes, joined by '\n'; raw bytes,
			      but a NUL is the four characters \x00 */
	unsigned lines;	   /* complete lines so far */
	bool complete;
	bool abridge;	   /* lines beyond the maximum are dropped, no fault */
	const char *fault; /* why it could not be parsed */
};

void smtp_reply_init(struct smtp_reply *);
void smtp_reply_clear(struct smtp_reply *);
/* Starts the next reply; memory is kept. */
void smtp_reply_reset(struct smtp_reply *);
/*
 * Takes whole lines from the front of the n bytes until the reply is complete;
 * *used says how many bytes were taken.  1 when complete, 0 when more is
 * needed, -1 when it is no reply (fault says why).
 */
int smtp_reply_parse(
    struct smtp_reply *, const char *bytes, size_t n, size_t *used);

static inline int
smtp_reply_class(const struct smtp_reply *r)
{
	return r->code / 100;
}

#endif
