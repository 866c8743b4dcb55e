/* batch_internal: what batch.c (connections) and batch_work.c (messages) share. */
#ifndef BATCH_BATCH_INTERNAL_H
#define BATCH_BATCH_INTERNAL_H

#include "batch/batch.h"
#include "batch/queue.h"

struct lane {
	struct delivery *delivery; /* NULL: none */
	bool ready;		   /* it takes work, */
	bool wants;		   /* and has made all that it has */
	bool quit;		   /* it gets no more */
	bool ending;		   /* nothing more may come of it */
	bool aborted;		   /* and it was told so */
	bool flying;		   /* a flight waits for the journal */
	unsigned open;		   /* messages given and not done */
	unsigned committed, out;   /* of them: tried and not synced, synced */
	size_t mails;		   /* that it still takes (LIMITS) */
	int64_t idle_us;	   /* since when it has nothing to do */
	struct error error;	   /* why it ended; status 0: in good order */
	struct smtp_result why;
	struct buf why_text;
};

struct batch {
	const struct batch_params *params;
	struct batch_end *end;
	struct loop *loop;
	struct lane *lanes;
	unsigned last; /* the lane of the last event */
	struct queue queue;
	struct supply_message *next; /* taken and not given yet */
	bool supply_over;
	bool supply_waits; /* for its descriptor */
	struct supply_message *held;
	struct supply_message *marking; /* whose last octets are next to go */
	size_t given;			/* and not done, on all lanes */
	size_t weight;			/* of all messages that there are */
	size_t count;			/* of them */
	const char **names;		/* of recipients, for a moment */
	size_t name_capacity;
	bool journal_failed;
	bool flying;	 /* some lane is */
	int64_t last_us; /* from then on nothing is begun; INT64_MAX: never */
	bool late;	 /* it has come */
};

/* Why nothing new is begun any more; the first error counts. */
void batch_stop(struct batch *, const struct error *);
bool batch_is_stopped(const struct batch *);
/* Seconds since the epoch. */
int64_t batch_seconds(void);

/* A message that may go now: one that was put off and is due, or a new one, as
 * b->next; false: there is none now. */
bool batch_fetch(struct batch *, int64_t now_us);
/* Nor will there be one, but for what is on its way. */
bool batch_has_no_more(const struct batch *);
/* It is over: what it got, and what becomes of it. */
void batch_take_verdict(struct batch *, unsigned lane, struct supply_message *);
/* It cannot go to the server: that is all that becomes of it. */
void
batch_refuse(struct batch *, struct supply_message *, const struct error *);
/* No further message can show whether refusals are about us: they stand. */
void batch_settle_held(struct batch *, bool stand);

/* As many as it takes now.  True: something was given, or it is told to quit. */
bool batch_give(struct batch *, struct lane *);
void batch_quit(struct lane *);

#endif
