/*
 * work: what a session still has to do, in order, with a cursor: before it is
 * what has gone out as a whole and waits for replies, behind it what has not
 * begun.
 */
#ifndef SMTP_WORK_H
#define SMTP_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/auth.h"
#include "smtp/payload.h"
#include "smtp/result.h"
#include "smtp/session.h"

enum work_kind {
	/* Setting up: each waits until all before it was answered, and what is
	 * behind it waits until it is over. */
	WORK_GREETING,
	WORK_HELLO,
	WORK_STARTTLS,
	WORK_AUTH,
	WORK_READY, /* says that what was before it is done */

	WORK_TRANSACTION,
	WORK_COMMAND,
	WORK_BYTES, /* that have no reply */
	WORK_AWAIT, /* a reply to what was said before */
	WORK_QUIT,
};

/* How far a transaction's commands have been made. */
enum work_at {
	AT_MAIL,
	AT_RCPT,
	AT_BODY,
	AT_CHUNK,
	AT_GO_AHEAD,
	AT_DATA,
	AT_END
};

struct work {
	enum work_kind kind;
	struct work *next;
	size_t unanswered;	     /* commands of it that wait */
	bool made;		     /* all its commands were made */
	char *line;		     /* WORK_COMMAND */
	char *shown;		     /* the same for others; NULL: line */
	struct buf bytes;	     /* WORK_BYTES */
	bool secret;		     /* the bytes are */
	bool flight;		     /* the next work goes with it */
	struct auth *auth;	     /* WORK_AUTH */
	enum smtp_starttls starttls; /* WORK_STARTTLS */

	struct smtp_transaction *tx; /* WORK_TRANSACTION, and all below */
	enum work_at at;
	size_t next_recipient;	/* whose RCPT is to be made */
	size_t answered;	/* recipients whose RCPT was answered */
	size_t taken;		/* of them, answered 2yz */
	bool prdr_asked;	/* MAIL asked for PRDR */
	bool prdr;		/* 353 came: a verdict for each who was taken,
				   then the one on the message */
	size_t next_verdict;	/* LMTP, prdr: whose verdict is next */
	bool stopped;		/* no (further) message is sent, */
	struct smtp_result why; /* and this is why */
	bool chunk_refused;	/* a BDAT was: no message can be whole */
	struct payload_dots dots;
	uint64_t message_end; /* offset behind the message, 0: not made */
};

/* All zero: empty. */
struct work_queue {
	struct work *first, *last; /* not yet over */
	struct work *cursor;	   /* whose commands are being made */
	bool want_told; /* WANT_WORK was raised, and none was added since */
};

static inline bool
work_is_setup(const struct work *w)
{
	return w->kind < WORK_TRANSACTION;
}

struct work *work_add(struct work_queue *, enum work_kind);
/* Before all other work, at the cursor. */
void work_add_first(struct work_queue *, enum work_kind);
/* All its commands were made: if it is at the cursor, that goes on. */
void work_made(struct work_queue *, struct work *);
/* It is over. */
void work_remove(struct work_queue *, struct work *);

#endif
