/*
 * batch: many messages over few connections: a supply has the messages, a
 * schedule says how much goes out when, a journal keeps what became of each.
 *
 * A message goes this way: it is taken from the supply (or from those that were
 * put off), given to a connection that wants work, tried (the journal has that on
 * the disk before its last octets go, once for all of a flight), and judged by
 * what the server said.  An error in one never harms another; what a connection
 * leaves behind is put off, unless it may have been delivered.
 *
 * A signal or the deadline ends it in order: nothing new is given, verdicts
 * of what is out are awaited as loop.h says.
 */
#ifndef BATCH_BATCH_H
#define BATCH_BATCH_H

#include "batch/journal.h"
#include "batch/schedule.h"
#include "batch/supply.h"
#include "delivery/loop.h"

struct batch_params {
	struct supply *supply;
	struct journal *journal;
	struct schedule *schedule;
	unsigned connections; /* as the schedule has it */
	struct wait_limits wait;

	/* A delivery for this lane, numbered from 0, which the batch frees
	 * after `closed`. */
	struct delivery *(*connect)(void *, unsigned lane);
	void (*closed)(void *, unsigned lane, struct delivery *);
	/* Told of every event, before the batch heeds it; may be NULL. */
	void (*event)(void *, struct delivery *, const struct smtp_event *);
	/* Something to say (see schedule_news); may be NULL. */
	void (*news)(void *, const char *text);
	/* Before each wait: when to be called again at the latest (monotonic);
	 * may be NULL. */
	int64_t (*look)(void *);
	void *arg;
};

/* Why it ended. */
struct batch_end {
	bool finished; /* the supply has no more, and nothing was put off */
	int signal;    /* the one that ended it; 0: none */
	bool late;     /* the deadline has passed */
	const char *stopped; /* what the server said that ended it; or NULL */
	const char *hint;
	struct error last;  /* of a connection, while none was ever ready */
	struct error error; /* the journal, the supply, or a connection before
			       any was ready; status 0: none */
};

void batch_run(const struct batch_params *, struct batch_end *);

#endif
