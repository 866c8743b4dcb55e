/*
 * rounds: one message for its recipients over one connection at a time, in as
 * many transactions as the server wants.
 *
 * The first round has as many recipients in a transaction, and as many of these
 * on a connection, as the server says that it takes (LIMITS, RFC 9422), else all;
 * the round goes on where the connection before it was full.  Those who were one
 * too many (RFC 5321 4.5.3.1.10) make the next round, and so on as long as each
 * gains somebody; from the third on in transactions of as many as were taken at
 * once.  They go on the same connection, but with a server that takes less than
 * the 100 that it must (4.5.3.1.8): QUIT is in one flight with the message then.
 * A transaction of a later round that gains nobody is the last of its
 * connection, and 20 connections that gained fewer than 10 are the last ones
 * (where they were full: 20 that had an answer for nobody but "too many", or none
 * to the message but no): those who are left are deferred.
 * At most ROUNDS_WINDOW transactions are open at a time, so that memory does not
 * grow with their number.
 */
#ifndef COMMAND_ROUNDS_H
#define COMMAND_ROUNDS_H

#include "command/limits.h"
#include "command/mail.h"
#include "delivery/delivery.h"

enum { ROUNDS_WINDOW = 16 };

struct rounds {
	/* Given by the caller, and all that is pointed at is its own. */
	struct mail *mail; /* results go to its recipients */
	/* Puts something around a stream before it is read; may be NULL. */
	struct source *(*around)(void *, const struct mime_stream *);
	void *arg;
	bool probe;	   /* ask for everybody, send the message to nobody */
	bool size_unknown; /* what the mail holds is not all of it */

	/* Filled: */
	struct mime_form form;	 /* for this connection */
	struct error form_error; /* the message does not fit the server */
	struct smtp_parameter declared[2]; /* what MAIL says of the form */
	uint64_t bytes; /* octets of it that were handed out */

	/* The round: a part of the recipients, and where they stand in all of
	 * them (NULL: it is all of them, in order). */
	struct smtp_recipient *now;
	size_t *index;
	size_t now_count;
	bool later;    /* it is not the first one */
	size_t given;  /* of them to a session, */
	size_t begun;  /* and how many to those before this one */
	size_t step;   /* recipients of a transaction */
	size_t most;   /* that were taken where others were too many */
	size_t gained; /* accepted on this connection in rounds that are over */
	size_t little; /* connections that gained little */
	bool spent;    /* this connection: it takes nobody any more, */
	bool full;     /* and that was said before */
	struct limits limits; /* of this connection */
	bool complete; /* nothing follows what was given to this connection */
	bool hung_up;  /* the server, on so many at once */
	struct smtp_transaction open[ROUNDS_WINDOW]; /* body NULL: free */
	size_t open_count;
};

/* SMTP_READY, SMTP_COMMIT, SMTP_DONE: gives the session what it can have now.
 * True when no more of this mail can follow on the connection: what is queued
 * next, QUIT or another mail, goes in one flight with it. */
bool rounds_ready(struct rounds *, struct delivery *);
bool rounds_commit(struct rounds *, struct delivery *);
bool rounds_done(struct rounds *, struct delivery *, struct smtp_transaction *);
/* The connection has ended, in good order: all work was done.  True when another
 * one is worth it; else whoever no reply spoke of gets this result. */
bool rounds_closed(
    struct rounds *, const struct smtp_result *why, bool in_good_order);
/* Such a result: what the connection ended with (text NULL: without a word, or
 * with this signal), unless it is that the message does not fit the server. */
struct smtp_result rounds_reason(
    const struct rounds *, const struct smtp_result *failure, int signal);
/* No other connection can become worth it: every RCPT was answered, and nobody
 * was one too many. */
bool rounds_need_no_other(const struct rounds *);
/* What is known in the middle of it: how many were accepted so far; *unknown:
 * a whole message is out that was not answered. */
size_t rounds_accepted(const struct rounds *, bool *unknown);
void rounds_clear(struct rounds *);

#endif
