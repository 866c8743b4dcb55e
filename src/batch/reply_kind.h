/*
 * reply_kind: what a reply says of how much goes out, and of when to go on: a
 * table of codes, enhanced codes, words and phases.
 */
#ifndef BATCH_REPLY_KIND_H
#define BATCH_REPLY_KIND_H

#include <stdbool.h>

#include "smtp/result.h"

/* To a message as a whole, to a recipient of it, or what ended a connection. */
struct schedule_reply {
	int code;	      /* 600, 621 and 0 as in struct smtp_result */
	const char *enhanced; /* "" or NULL: none */
	const char *text;     /* raw lines; our own words without a code */
	enum smtp_phase phase;
	bool accepted;
};

enum reply_kind {
	REPLY_FINAL,	 /* it stands: accepted or refused */
	REPLY_ACCOUNT,	 /* refused, and so will all others be: it is about the
			      account or about who we are */
	REPLY_LOST,	 /* no code, or 421 before the message's end: the
			      connection ends, nothing was decided */
	REPLY_TOO_MUCH,	 /* 4yz: more in a time than is allowed */
	REPLY_BUSY,	 /* 4yz: the server as a whole takes nothing now */
	REPLY_RECIPIENT, /* 4yz to RCPT */
	REPLY_TRANSACTION, /* 4yz to RCPT: only with these others is it one too
			      many */
	REPLY_LATER,	   /* another 4yz */
};

/* *hint, if it is not NULL: the next step, NULL if none is known. */
enum reply_kind reply_kind(const struct schedule_reply *, const char **hint);
/* Whether a refusal counts as one of the same in a row: those of recipients do
 * only when they are for a policy. */
bool reply_counts(const struct schedule_reply *);

#endif
