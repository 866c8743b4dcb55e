/*
 * pace: when the next message may go out, whichever connection it takes: a rate
 * and a quota.
 *
 * The rate is a bucket of one: a message an interval, each one interval after
 * the slot of the one before it, and not after the moment in which it went out,
 * so that the rate is kept exactly although nobody wakes in time.  Whoever is
 * late by a whole interval (and by 20 ms, which are many intervals of a high
 * rate) has lost what was before: an idle hour is not made up for.
 *
 * The quota is a window that slides: of any `count` + 1 messages the last goes
 * out a window's length after the first.
 *
 * A rate that was halved grows again: by a tenth of what it was, each minute in
 * which something is accepted.
 */
#ifndef BATCH_PACE_H
#define BATCH_PACE_H

#include <stdint.h>

#include "lib/buf.h"

struct pace {
	/* Rate; in nanoseconds, so that the rest of a division is no drift. */
	int64_t interval_ns; /* 0: no limit */
	int64_t allowed_ns;  /* the interval that the user set, 0: none */
	int64_t once_ns; /* the interval before it was doubled, 0: it was not */
	int64_t next_ns; /* the next slot */
	int64_t before_ns; /* `next_ns` before the last one was taken, */
	int64_t taken_us;  /* which was then; INT64_MIN: given back */
	int64_t grown_us;  /* when it was changed last */

	/* What was accepted lately: in this stretch of time, the last one. */
	int64_t since_us[2];
	uint64_t accepted[2];

	/* Quota: a ring of the times of the last `quota` messages, which grows
	 * with them. */
	uint64_t quota; /* 0: none */
	int64_t quota_us;
	int64_t *times;
	uint64_t room, first, used;
};

/* 0 for a count: no such limit. */
void pace_init(struct pace *, uint64_t rate, int64_t rate_us, uint64_t quota,
    int64_t quota_us, int64_t now_us);
void pace_clear(struct pace *);

/* A message of before, for the quota. */
void pace_used(struct pace *, int64_t at_us);
/* From when on one more may go out. */
int64_t pace_free_us(const struct pace *);
/* One goes out; it is not to be before pace_free_us(). */
void pace_take(struct pace *, int64_t now_us);
/* The one that was taken then did not go out.  Only the last one's slot can be
 * used again. */
void pace_give_back(struct pace *, int64_t at_us);

void pace_accepted(struct pace *, int64_t now_us);
/* Half the rate, from now on; without one half of what was accepted lately.
 * until_us: nothing is sent before. */
void pace_halve(struct pace *, int64_t now_us, int64_t until_us);
/* "30/min", "no limit" */
void pace_describe(const struct pace *, struct buf *);

#endif
