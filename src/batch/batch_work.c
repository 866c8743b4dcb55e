/* batch_work: the messages of a batch: where the next one comes from, and what
 * becomes of one that was tried. */
#include "batch/batch_internal.h"

#include <string.h>
#include <time.h>

#include "batch/judge.h"
#include "lib/clock.h"

enum { WEIGHT_MAX = 32 << 20 }; /* octets of messages in memory */

int64_t
batch_seconds(void)
{
	return (int64_t)time(NULL);
}

void
batch_stop(struct batch *b, const struct error *err)
{
	if (b->end->error.status == 0)
		b->end->error = *err;
}

bool
batch_is_stopped(const struct batch *b)
{
	return b->end->error.status != 0 || b->late ||
	    loop_is_ending(b->loop) ||
	    schedule_stopped(b->params->schedule, NULL) != NULL;
}

static void
put_off(struct batch *b, const struct supply_message *m, int64_t due_us)
{
	const struct queue_entry entry = {.due_us = due_us,
	    .place = m->place,
	    .first_us = m->first_us,
	    .tries = m->tries - m->split};

	queue_put(&b->queue, &entry);
}

static void
drop(struct batch *b, struct supply_message *m)
{
	b->count--;
	b->weight -= m->weight;
	b->params->supply->ops->free(b->params->supply, m);
}

/* All that is known of it for now is written down and told. */
static void
settle(struct batch *b, struct supply_message *m, int64_t due_us)
{
	struct supply *supply = b->params->supply;

	judge_write(m, b->params->journal, false, batch_seconds());
	if (judge_has(m, SUPPLY_LATER))
		put_off(b, m, due_us);
	supply->ops->told(supply, m);
	drop(b, m);
}

void
batch_settle_held(struct batch *b, bool stand)
{
	struct supply_message *m, *next;

	for (m = b->held; m != NULL; m = next) {
		next = m->next;
		if (!stand)
			judge_leave_refused(m);
		settle(b, m, m->due_us);
	}
	b->held = NULL;
}

static void
hold(struct batch *b, struct supply_message *m, int64_t due_us)
{
	struct supply_message **last = &b->held;

	while (*last != NULL)
		last = &(*last)->next;
	*last = m;
	m->due_us = due_us;
	judge_write(m, b->params->journal, true, batch_seconds());
}

void
batch_take_verdict(struct batch *b, unsigned lane, struct supply_message *m)
{
	int64_t due_us;

	switch (judge(
	    m, b->params->schedule, lane, clock_monotonic_us(), &due_us)) {
	case SCHEDULE_HOLD_NOTHING:
		break;
	case SCHEDULE_HOLD_THIS:
		hold(b, m, due_us);
		return;
	case SCHEDULE_HOLD_ENDS:
		batch_settle_held(b, true);
		break;
	case SCHEDULE_HOLD_ANEW:
		batch_settle_held(b, true);
		hold(b, m, due_us);
		return;
	case SCHEDULE_HOLD_TODO:
		batch_settle_held(b, false);
		judge_leave_refused(m);
		break;
	}
	settle(b, m, due_us);
}

/* Whether there is room for another one in memory. */
static bool
has_room(const struct batch *b)
{
	const size_t most = b->params->supply->most;

	return b->count == 0 ||
	    (b->weight < WEIGHT_MAX && (most == 0 || b->count < most));
}

/* One that was put off and is due. */
static int
fetch_again(struct batch *b, int64_t now_us, struct error *err)
{
	struct supply *supply = b->params->supply;
	struct queue_entry entry;
	int r = SUPPLY_END;

	while (r == SUPPLY_END && queue_take(&b->queue, now_us, &entry))
		r = supply->ops->again(supply, &entry.place, &b->next, err);
	if (r == SUPPLY_MESSAGE) {
		b->next->tries = entry.tries;
		b->next->first_us = entry.first_us;
	}
	return r;
}

/* That, or a new one; false: there is none now. */
static bool
fetch(struct batch *b, int64_t now_us)
{
	struct supply *supply = b->params->supply;
	struct error err;
	int r;

	if (b->next != NULL || !has_room(b))
		return b->next != NULL;
	b->supply_waits = false;
	r = fetch_again(b, now_us, &err);
	if (r == SUPPLY_END && !b->supply_over) {
		r = supply->ops->next(supply, &b->next, &err);
		b->supply_waits = r == SUPPLY_AGAIN;
		b->supply_over = r == SUPPLY_END || r == SUPPLY_ERROR;
	}
	if (r == SUPPLY_ERROR)
		batch_stop(b, &err);
	if (r != SUPPLY_MESSAGE)
		return false;
	b->count++;
	b->weight += b->next->weight;
	return true;
}

/* Until when none of its recipients' domains is to be bothered; 0: it may go. */
static int64_t
paused_until(
    const struct batch *b, const struct supply_message *m, int64_t now_us)
{
	int64_t until, first = INT64_MAX;
	const char *at;
	size_t i;

	for (i = 0; i < m->count; i++) {
		at = strrchr(m->recipients[i].address, '@');
		until = at != NULL
		    ? schedule_domain_until(b->params->schedule, at + 1, now_us)
		    : 0;
		if (until < first)
			first = until;
	}
	return first;
}

/* The same, but none that has to wait for its domain. */
bool
batch_fetch(struct batch *b, int64_t now_us)
{
	int64_t until;

	while (!batch_is_stopped(b) && fetch(b, now_us)) {
		until = paused_until(b, b->next, now_us);
		if (until <= now_us)
			return true;
		if (b->next->tries == 0)
			b->next->first_us = until;
		put_off(b, b->next, until);
		drop(b, b->next);
		b->next = NULL;
	}
	return false;
}

bool
batch_has_no_more(const struct batch *b)
{
	return b->next == NULL && b->supply_over && b->queue.count == 0;
}

/* It cannot go to this server: that is all that becomes of it. */
void
batch_refuse(struct batch *b, struct supply_message *m, const struct error *err)
{
	size_t i;

	m->transaction.recipient_count = m->count;
	for (i = 0; i < m->count; i++) {
		m->recipients[i].result =
		    (struct smtp_result){.verdict = SMTP_NOT_SENT,
			.phase = SMTP_PHASE_MAIL,
			.status = err->status,
			.text = arena_strdup(m->texts->arena, err->text)};
		m->fates[i] = SUPPLY_OVER;
	}
	settle(b, m, 0);
}
