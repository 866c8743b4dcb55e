#include "batch/lanes.h"

#include <stdlib.h>

#include "batch/backoff.h"
#include "lib/memory.h"

enum {
	SECOND_US = 1000000,
	IDLE_US = 10 * SECOND_US, /* a server may close such a connection */
	LONG_US = 6 * SECOND_US,  /* a wait that somebody wonders about */
	GROW_MESSAGES = 10,
	GROW_LONGEST_US = 300 * SECOND_US,
	LEARN_MESSAGES = 5,
	WINDOW_BEGIN = 16,
};

void
lanes_init(struct lanes *l, unsigned count, unsigned window,
    unsigned per_connection, uint64_t seed, int64_t now_us)
{
	unsigned i;

	*l = (struct lanes){.count = count,
	    .window = window,
	    .per_connection = per_connection,
	    .wanted = count,
	    .not_before_us = INT64_MIN,
	    .grown_us = now_us,
	    .grow_us = SECOND_US,
	    .random = seed};
	l->lane = memory_alloc(count * sizeof(*l->lane));
	for (i = 0; i < count; i++) {
		l->lane[i].not_before_us = INT64_MIN;
		l->lane[i].given_us = memory_alloc(window * sizeof(int64_t));
	}
}

void
lanes_clear(struct lanes *l)
{
	unsigned i;

	for (i = 0; i < l->count; i++)
		free(l->lane[i].given_us);
	free(l->lane);
	*l = (struct lanes){0};
}

int64_t
lanes_open_us(const struct lanes *l, unsigned i)
{
	int64_t us = l->lane[i].not_before_us;

	if (l->lane[i].state != LANE_CLOSED || l->open >= l->wanted)
		return INT64_MAX;
	if (l->ready == 0 && us < l->not_before_us)
		us = l->not_before_us;
	return us;
}

void
lanes_opening(struct lanes *l, unsigned i)
{
	l->lane[i] = (struct lane){.state = LANE_OPENING,
	    .trouble = l->trouble,
	    .closings = l->closings,
	    .given_us = l->lane[i].given_us,
	    .not_before_us = INT64_MIN};
	l->open++;
}

void
lanes_ready(struct lanes *l, unsigned i, int64_t now_us)
{
	l->lane[i].state = LANE_READY;
	l->lane[i].active_us = now_us;
	l->ready++;
	l->ever_ready = true;
}

/* Of those that are open: how many stay before this one.  Those that are ready
 * have proved that they work. */
static unsigned
rank(const struct lanes *l, unsigned lane)
{
	unsigned i, n = 0;

	if (l->lane[lane].state == LANE_OPENING)
		n = l->ready;
	for (i = 0; i < lane; i++)
		n += l->lane[i].state == l->lane[lane].state;
	return n;
}

static bool
has_had_all(const struct lanes *l, unsigned i)
{
	return l->per_connection > 0 && l->lane[i].given >= l->per_connection;
}

bool
lanes_is_full(const struct lanes *l, unsigned i)
{
	return l->lane[i].state != LANE_CLOSED &&
	    (has_had_all(l, i) ||
		(l->open > l->wanted && rank(l, i) >= l->wanted));
}

/* Where the last one was closed after so many messages, those behind may be lost
 * again: the first of them goes alone, as long as it is not answered. */
static bool
is_at_brink(const struct lanes *l, const struct lane *lane)
{
	return l->closed_after >= LEARN_MESSAGES &&
	    lane->closings == l->closings && lane->given >= l->closed_after &&
	    lane->accepted <= l->closed_after;
}

/* What is out when a connection is lost is unknown, so that a new one has to show
 * first what it takes. */
static unsigned
window_of(const struct lanes *l, const struct lane *lane)
{
	unsigned window = WINDOW_BEGIN + lane->accepted;

	if (is_at_brink(l, lane))
		return 1;
	return window < l->window ? window : l->window;
}

bool
lanes_has_room(const struct lanes *l, unsigned i)
{
	const struct lane *lane = &l->lane[i];

	return lane->state == LANE_READY &&
	    lane->in_flight < window_of(l, lane) && !lanes_is_full(l, i);
}

void
lanes_give(struct lanes *l, unsigned i, int64_t now_us)
{
	struct lane *lane = &l->lane[i];

	lane->given_us[lane->given++ % l->window] = now_us;
	lane->in_flight++;
}

int64_t
lanes_take_back(struct lanes *l, unsigned i)
{
	struct lane *lane = &l->lane[i];

	if (lane->in_flight == 0)
		return INT64_MIN;
	lane->in_flight--;
	return lane->given_us[--lane->given % l->window];
}

void
lanes_answered(struct lanes *l, unsigned i, bool accepted, int64_t now_us)
{
	struct lane *lane = &l->lane[i];

	if (lane->in_flight > 0)
		lane->in_flight--;
	lane->active_us = now_us;
	if (!accepted)
		return;
	lane->accepted++;
	if (lane->closings == l->closings && lane->accepted > l->closed_after)
		l->closed_after = 0;
	l->failures = 0;
	l->accepted++;
	if (l->wanted == l->count || now_us - l->grown_us < l->grow_us ||
	    l->accepted < (uint64_t)GROW_MESSAGES * l->wanted)
		return;
	l->wanted++;
	l->accepted = 0;
	l->grown_us = now_us;
	if (l->grew)
		l->grow_us = SECOND_US;
	l->grew = true;
}

/* Whether the server closes after so many: it did so twice.  Those that end
 * together, in which there are as many by chance, are not two. */
static bool
learn(struct lanes *l, const struct lane *lane)
{
	unsigned before = l->closed_after, n = lane->accepted;

	if (lane->closings != l->closings)
		return false;
	l->closings++;
	l->closed_after = n;
	if (n < LEARN_MESSAGES || n != before ||
	    (l->per_connection > 0 && n >= l->per_connection))
		return false;
	l->per_connection = n;
	return true;
}

static void
slow_growth(struct lanes *l, int64_t now_us)
{
	if (now_us - l->grown_us >= GROW_LONGEST_US)
		l->grow_us = SECOND_US;
	else if (l->grew)
		l->grow_us *= 2;
	if (l->grow_us > GROW_LONGEST_US)
		l->grow_us = GROW_LONGEST_US;
	l->grew = false;
	l->accepted = 0;
	l->grown_us = now_us;
}

static enum lanes_news
trouble(struct lanes *l, unsigned i, bool was_ready, int64_t now_us)
{
	struct lane *lane = &l->lane[i];
	unsigned wanted = l->wanted, half = wanted / 2;
	bool same = lane->trouble != l->trouble;

	if (!same) {
		if (!was_ready && half < l->ready)
			half = l->ready;
		if (half < 1)
			half = 1;
		if (half < wanted)
			l->wanted = half;
		l->trouble++;
		slow_growth(l, now_us);
	}
	if (l->failures == 0)
		l->failing_us = now_us;
	if (!same || l->failures == 0)
		l->failures++;
	lane->not_before_us = now_us + backoff_us(l->failures - 1, &l->random);
	if (l->ready == 0)
		l->not_before_us = lane->not_before_us;
	if (l->wanted < wanted)
		return LANES_FEWER;
	return !same && l->open == 0 && lane->not_before_us - now_us >= LONG_US
	    ? LANES_WAITING
	    : LANES_NOTHING;
}

enum lanes_news
lanes_closed(struct lanes *l, unsigned i, enum lane_end end, int64_t now_us)
{
	struct lane *lane = &l->lane[i];
	bool was_ready = lane->state == LANE_READY, nothing_lost;

	/* A server may close what we are about to close, or do not use. */
	nothing_lost = was_ready && lane->in_flight == 0 &&
	    (lanes_is_full(l, i) || now_us - lane->active_us >= IDLE_US);
	if (lane->state != LANE_CLOSED)
		l->open--;
	if (was_ready)
		l->ready--;
	lane->state = LANE_CLOSED;
	if (end == LANE_IN_ORDER || nothing_lost)
		return LANES_NOTHING;
	if (was_ready && end == LANE_LOST && learn(l, lane))
		return LANES_LEARNT;
	return trouble(l, i, was_ready, now_us);
}

void
lanes_not_after(struct lanes *l, unsigned i, int64_t us)
{
	if (l->lane[i].not_before_us > us)
		l->lane[i].not_before_us = us;
	if (l->not_before_us > us)
		l->not_before_us = us;
}
