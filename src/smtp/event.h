/*
 * event: what a session tells its caller, and the queue in which it waits
 * until it is pulled.
 */
#ifndef SMTP_EVENT_H
#define SMTP_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

#include "smtp/reply.h"
#include "smtp/result.h"

struct smtp_transaction;

enum smtp_event_type {
	SMTP_SENT,  /* (trace) text: a line to the server, no secrets */
	SMTP_NOTE,  /* (trace) text: lines about the connection, from whoever
		       carries the session; also after CLOSED */
	SMTP_REPLY, /* reply to what `phase` and `text` say */
	SMTP_READY, /* greeting, TLS and AUTH are done: send, command, quit */
	SMTP_WANT_WORK, /* all work that was added is made: more of it, or quit,
			   may go in the same flight; once until some is */
	SMTP_START_TLS, /* put TLS on, then smtp_session_secured */
	SMTP_COMMIT,	/* transaction: its last octets are next to go out, the
			   server may have it from here on whatever happens */
	SMTP_FLIGHT, /* from whoever carries the session, if asked for: octets
			   behind an SMTP_COMMIT, or several, go next */
	SMTP_DONE,   /* transaction: all results are there */
	SMTP_CLOSED, /* the end; error and result: why, NULL after all work
			   was done */
	/* (octets) What goes over the connection, before TLS is put on or when
	 * it is off: `octets` of them at text.  text NULL: a secret of unsaid
	 * length (0), or so many more.  Also after CLOSED. */
	SMTP_OCTETS_SENT,
	SMTP_OCTETS_HEARD, /* of a reply, before that is told */
};

/* Pointers are good until the next call on the session. */
struct smtp_event {
	enum smtp_event_type type;
	enum smtp_phase phase;
	const char *text;
	size_t octets;
	const struct smtp_reply *reply;
	struct smtp_transaction *transaction;
	const struct error *error;
	const struct smtp_result *result; /* CLOSED: the error, as a result */
};

/* All zero: empty. */
struct smtp_events {
	struct smtp_event *queue;
	size_t head, count, cap;
	char *text; /* of the event that was pulled last */
};

/* Its text, if it has one, is on the heap, and the queue's from now on. */
void smtp_events_push(struct smtp_events *, const struct smtp_event *);
/* The oldest one; false when there is none.  Its text is good until the next
 * call of this. */
bool smtp_events_pull(struct smtp_events *, struct smtp_event *);
void smtp_events_clear(struct smtp_events *);

#endif
