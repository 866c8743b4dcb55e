#include "batch/pace.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

enum {
	US = 1000, /* nanoseconds */
	STRETCH_US = 10 * 1000000,
	LATE_NS = 20 * 1000000,
	GROW_US = 60 * 1000000,
	GROW_PARTS = 10,
	RING = 64,
};

static const int64_t second_us = 1000000;

void
pace_init(struct pace *p, uint64_t rate, int64_t rate_us, uint64_t quota,
    int64_t quota_us, int64_t now_us)
{
	*p = (struct pace){.quota = quota,
	    .quota_us = quota_us,
	    .next_ns = now_us * US,
	    .taken_us = INT64_MIN,
	    .grown_us = now_us,
	    .since_us = {now_us, now_us}};
	if (rate > 0)
		p->interval_ns =
		    (int64_t)((double)rate_us * US / (double)rate + 0.5);
	p->allowed_ns = p->interval_ns;
}

void
pace_clear(struct pace *p)
{
	free(p->times);
	*p = (struct pace){0};
}

/* --- quota */

static int64_t *
slot(const struct pace *p, uint64_t i)
{
	return &p->times[(p->first + i) % p->room];
}

static void
widen(struct pace *p)
{
	uint64_t room = p->room == 0 ? RING : p->room * 2, i;
	int64_t *times;

	if (room > p->quota)
		room = p->quota;
	times = memory_realloc(NULL, room, sizeof(*times));
	for (i = 0; i < p->used; i++)
		times[i] = *slot(p, i);
	free(p->times);
	p->times = times;
	p->room = room;
	p->first = 0;
}

void
pace_used(struct pace *p, int64_t at_us)
{
	uint64_t i;

	if (p->quota == 0)
		return;
	if (p->used == p->quota) {
		/* A journal whose clock was set back is not in order. */
		if (at_us <= *slot(p, 0))
			return;
		p->first = (p->first + 1) % p->room;
		p->used--;
	}
	if (p->used == p->room)
		widen(p);
	for (i = p->used++; i > 0 && *slot(p, i - 1) > at_us; i--)
		*slot(p, i) = *slot(p, i - 1);
	*slot(p, i) = at_us;
}

/* --- both */

int64_t
pace_free_us(const struct pace *p)
{
	int64_t rate_us = INT64_MIN, quota_us = INT64_MIN;

	/* Rounded up: a wait of a whole number of microseconds is enough. */
	if (p->interval_ns > 0)
		rate_us = p->next_ns / US + (p->next_ns % US > 0);
	if (p->quota > 0 && p->used == p->quota)
		quota_us = *slot(p, 0) + p->quota_us;
	return rate_us > quota_us ? rate_us : quota_us;
}

void
pace_take(struct pace *p, int64_t now_us)
{
	int64_t now_ns = now_us * US, late_ns = now_ns - p->next_ns;

	p->before_ns = p->next_ns;
	p->taken_us = now_us;
	if (late_ns >= p->interval_ns && late_ns >= LATE_NS)
		p->next_ns = now_ns;
	p->next_ns += p->interval_ns;
	pace_used(p, now_us);
}

void
pace_give_back(struct pace *p, int64_t at_us)
{
	uint64_t i = p->used;

	if (at_us == p->taken_us) {
		p->next_ns = p->before_ns;
		p->taken_us = INT64_MIN;
	}
	while (i > 0 && *slot(p, i - 1) != at_us)
		i--;
	if (i == 0)
		return;
	for (; i < p->used; i++)
		*slot(p, i - 1) = *slot(p, i);
	p->used--;
}

/* --- what comes back */

static void
roll(struct pace *p, int64_t now_us)
{
	if (now_us - p->since_us[1] < STRETCH_US)
		return;
	p->since_us[0] = p->since_us[1];
	p->accepted[0] = p->accepted[1];
	/* What was before a long silence is not lately. */
	if (now_us - p->since_us[0] >= 2 * STRETCH_US) {
		p->since_us[0] = now_us - STRETCH_US;
		p->accepted[0] = 0;
	}
	p->since_us[1] = now_us;
	p->accepted[1] = 0;
}

/* To what was, and no further if that is what the user wants. */
static void
grow(struct pace *p, int64_t now_us)
{
	double now, once;

	if (p->once_ns == 0 || now_us - p->grown_us < GROW_US)
		return;
	once = 1 / (double)p->once_ns;
	now = 1 / (double)p->interval_ns + once / GROW_PARTS;
	p->interval_ns = (int64_t)(1 / now + 0.5);
	p->grown_us = now_us;
	if (p->allowed_ns > 0 && p->interval_ns <= p->allowed_ns) {
		p->interval_ns = p->allowed_ns;
		p->once_ns = 0;
	}
}

void
pace_accepted(struct pace *p, int64_t now_us)
{
	roll(p, now_us);
	p->accepted[1]++;
	grow(p, now_us);
}

static int64_t
achieved_ns(struct pace *p, int64_t now_us)
{
	uint64_t accepted;
	int64_t us;

	roll(p, now_us);
	accepted = p->accepted[0] + p->accepted[1];
	us = now_us - p->since_us[0];
	if (us < second_us)
		us = second_us;
	if (accepted == 0)
		accepted = 1;
	return (int64_t)((double)us * US / (double)accepted + 0.5);
}

void
pace_halve(struct pace *p, int64_t now_us, int64_t until_us)
{
	p->taken_us = INT64_MIN;
	if (p->interval_ns == 0) {
		p->interval_ns = achieved_ns(p, now_us);
		p->next_ns = now_us * US + p->interval_ns;
	}
	if (p->once_ns == 0)
		p->once_ns = p->interval_ns;
	p->interval_ns *= 2;
	p->next_ns += p->interval_ns / 2;
	p->grown_us = until_us;
}

void
pace_describe(const struct pace *p, struct buf *out)
{
	static const struct {
		int64_t us;
		const char *name;
	} units[] = {{1000000, "s"}, {60000000, "min"}, {3600000000, "h"}};
	long long tenths = 0;
	size_t i;

	if (p->interval_ns == 0) {
		(void)buf_puts(out, "no limit");
		return;
	}
	for (i = 0; i < 3; i++) {
		tenths = (long long)(10.0 * (double)units[i].us * US /
			(double)p->interval_ns +
		    0.5);
		if (tenths >= 10)
			break;
	}
	i = i < 3 ? i : 2;
	(void)buf_printf(out, "%lld", tenths / 10);
	if (tenths < 100 && tenths % 10 != 0)
		(void)buf_printf(out, ".%lld", tenths % 10);
	(void)buf_printf(out, "/%s", units[i].name);
}
