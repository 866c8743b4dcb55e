/*
 * pipeline: the commands that were sent, or are being sent, and not answered;
 * replies come in their order.
 *
 * A command that ends a group (RFC 2920 3.1) lets nothing follow it before all
 * have been answered.
 */
#ifndef SMTP_PIPELINE_H
#define SMTP_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum verb {
	VERB_GREETING, /* the command that nobody sends */
	VERB_EHLO,
	VERB_HELO,
	VERB_STARTTLS,
	VERB_AUTH,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_MESSAGE, /* the dot */
	VERB_BDAT,
	VERB_LAST, /* BDAT n LAST */
	VERB_RSET,
	VERB_COMMAND,
	VERB_QUIT,
};

struct work;

/* A command; or a run of RCPT, so that 10,000 recipients need no more room. */
struct pending {
	enum verb verb;
	struct work *work; /* NULL: the session's own */
	size_t first;	   /* RCPT: the recipient that waits, */
	size_t count;	   /* and how many do from there on; else 1 */
	uint64_t end;	   /* offset in the stream behind the first command,
			      UINT64_MAX: not all of it was made */
};

/* All zero: nothing waits. */
struct smtp_pipeline {
	struct pending *ring;
	size_t head, count, cap;
	bool ended; /* the group is */
};

/* The one whose reply is the next; NULL: none waits.  Good until a push. */
static inline struct pending *
smtp_pipeline_front(const struct smtp_pipeline *p)
{
	return p->count > 0 ? &p->ring[p->head] : NULL;
}

/* The one that was pushed last; there must be one. */
struct pending *smtp_pipeline_last(const struct smtp_pipeline *);
/* Whether a command may follow: `pipelining` says whether the server does. */
bool smtp_pipeline_open(const struct smtp_pipeline *, bool pipelining);

/* The next recipient of a run of RCPT joins it. */
void smtp_pipeline_push(
    struct smtp_pipeline *, const struct pending *, bool ends_group);
/* The front was answered, and has count 1. */
void smtp_pipeline_pop(struct smtp_pipeline *);
/* What was just popped waits again. */
void smtp_pipeline_unpop(struct smtp_pipeline *, const struct pending *);
/* Nothing is awaited any more. */
void smtp_pipeline_drop(struct smtp_pipeline *);
void smtp_pipeline_clear(struct smtp_pipeline *);

#endif
