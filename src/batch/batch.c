#include "batch/batch_internal.h"

#include <stddef.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/memory.h"

enum {
	IDLE_US = 10 * 1000000,	   /* a connection waits so long for work */
	VERDICT_PART = 10,	   /* of the time until the deadline, and */
	VERDICT_US = 30 * 1000000, /* so much at most, is for verdicts alone */
};

static void
become_ready(struct batch *b, struct lane *lane)
{
	const struct smtp_capabilities *c =
	    smtp_session_capabilities(delivery_session(lane->delivery));

	lane->ready = lane->wants = true;
	b->end->last = (struct error){0};
	lane->mails = c->mail_max > 0 ? c->mail_max : SIZE_MAX;
	if (c->rcpt_domain_max > 0 && c->rcpt_domain_max < lane->mails)
		lane->mails = c->rcpt_domain_max;
	lane->idle_us = clock_monotonic_us();
	schedule_ready(
	    b->params->schedule, (unsigned)(lane - b->lanes), lane->idle_us);
}

static struct supply_message *
message_of(struct smtp_transaction *tx)
{
	return (struct supply_message *)(void *)((char *)tx -
	    offsetof(struct supply_message, transaction));
}

/* Its last octets are next to go: the journal is to have that first. */
static void
try(struct batch *b, struct lane *lane, struct supply_message *m)
{
	size_t i, n = 0;
	int64_t at;

	if (m->count > b->name_capacity) {
		b->name_capacity = m->count;
		b->names =
		    memory_realloc(b->names, m->count, sizeof(*b->names));
	}
	for (i = 0; i < m->transaction.recipient_count; i++)
		if (m->recipients[i].result.text == NULL)
			b->names[n++] = m->recipients[i].address;
	if (journal_first_try(b->params->journal, &m->key, &at))
		at = batch_seconds();
	else
		at = m->date;
	journal_try(b->params->journal, &m->key, m->tries, b->names, n, at);
	m->tried = true;
	lane->committed++;
	if (b->params->supply->ops->mark == NULL)
		return;
	m->next = b->marking;
	b->marking = m;
}

/* It is over before it went. */
static void
do_not_mark(struct batch *b, const struct supply_message *m)
{
	struct supply_message **at = &b->marking;

	while (*at != NULL && *at != m)
		at = &(*at)->next;
	if (*at != NULL)
		*at = m->next;
}

static int
write_down(struct batch *b, struct error *err)
{
	struct supply *supply = b->params->supply;
	struct supply_message *first = b->marking;

	b->marking = NULL;
	if (first != NULL && supply->ops->mark(supply, first, err) == -1)
		return -1;
	return journal_sync(b->params->journal, err);
}

/*
 * Nothing that the journal does not have may go out; what is out is heard of.
 * Flights of all connections wait for one another, so that one sync is enough for
 * them.  True: some go now.
 */
static bool
let_fly(struct batch *b)
{
	struct error err;
	unsigned i;

	if (!b->flying)
		return false;
	b->flying = false;
	if (!b->journal_failed && write_down(b, &err) == -1) {
		batch_stop(b, &err);
		b->journal_failed = true;
	}
	for (i = 0; i < b->params->connections; i++) {
		struct lane *lane = &b->lanes[i];

		if (!lane->flying)
			continue;
		lane->flying = false;
		if (b->journal_failed) {
			lane->ending = true;
			delivery_mute(lane->delivery, &b->end->error);
			continue;
		}
		lane->out += lane->committed;
		lane->committed = 0;
		delivery_let_fly(lane->delivery);
	}
	return true;
}

static void
done(struct batch *b, struct lane *lane, struct smtp_transaction *tx)
{
	struct supply_message *m = message_of(tx);

	if (m->tried && lane->out > 0)
		lane->out--;
	else if (m->tried && lane->committed > 0)
		lane->committed--;
	b->given--;
	if (--lane->open == 0)
		lane->idle_us = clock_monotonic_us();
	source_free(tx->body);
	tx->body = NULL;
	do_not_mark(b, m);
	batch_take_verdict(b, (unsigned)(lane - b->lanes), m);
}

static void
close_lane(struct lane *lane, const struct smtp_event *event)
{
	lane->ending = true;
	lane->wants = false;
	if (event->error == NULL)
		return;
	lane->error = *event->error;
	lane->why = *event->result;
	buf_reset(&lane->why_text);
	buf_puts(&lane->why_text, event->result->text);
	lane->why.text = buf_string(&lane->why_text);
}

static struct lane *
lane_of(struct batch *b, const struct delivery *d)
{
	while (b->lanes[b->last].delivery != d)
		b->last = (b->last + 1) % b->params->connections;
	return &b->lanes[b->last];
}

static void
take_event(struct batch *b, struct lane *lane, const struct smtp_event *event)
{
	switch (event->type) {
	case SMTP_READY:
		become_ready(b, lane);
		(void)batch_give(b, lane);
		break;
	case SMTP_WANT_WORK:
		lane->wants = true;
		(void)batch_give(b, lane);
		break;
	case SMTP_COMMIT:
		try(b, lane, message_of(event->transaction));
		break;
	case SMTP_FLIGHT:
		lane->flying = b->flying = true;
		break;
	case SMTP_DONE:
		done(b, lane, event->transaction);
		break;
	case SMTP_CLOSED:
		close_lane(lane, event);
		break;
	default:
		break;
	}
}

/* The delivery is over: what that means for the others, and for this one. */
static void
bury(struct batch *b, struct lane *lane, int64_t now_us)
{
	const struct batch_params *p = b->params;
	unsigned number = (unsigned)(lane - b->lanes);
	struct schedule_reply why = {.code = lane->why.code,
	    .enhanced = lane->why.enhanced,
	    .text = lane->why.text,
	    .phase = lane->why.phase};
	bool failed = lane->error.status != 0 && !lane->aborted;

	if (p->closed != NULL)
		p->closed(p->arg, number, lane->delivery);
	if (!batch_is_stopped(b)) {
		schedule_closed(p->schedule, number, failed ? &why : NULL,
		    lane->ready, now_us);
		/* Nobody was ever reached: no use in trying for ever. */
		if (failed && !schedule_ever_ready(p->schedule) &&
		    why.code == 0)
			batch_stop(b, &lane->error);
	}
	/* What it said is the reason, should the run stop at it. */
	if (failed && b->end->error.status == 0 &&
	    !schedule_ever_ready(p->schedule))
		b->end->last = lane->error;
	delivery_free(lane->delivery);
	buf_clear(&lane->why_text);
	*lane = (struct lane){0};
}

static void
open_lane(struct batch *b, unsigned number)
{
	struct lane *lane = &b->lanes[number];

	schedule_opening(b->params->schedule, number);
	lane->delivery = b->params->connect(b->params->arg, number);
	loop_add(b->loop, lane->delivery);
}

/* Messages that open connections have no place for yet. */
static bool
needs_more(const struct batch *b, unsigned open)
{
	return b->params->supply->left == UINT64_MAX ||
	    open < b->params->supply->left + b->queue.count + b->given + 1;
}

static void
break_off(struct batch *b, struct lane *lane)
{
	struct error err;

	error_set(&err, EX_TEMPFAIL, "the run has stopped");
	lane->ending = lane->aborted = true;
	delivery_abort(
	    lane->delivery, b->end->error.status != 0 ? &b->end->error : &err);
}

/* What stands in the way of the end is ended.  True: something was, which is to
 * be stepped before anything is waited for. */
static bool
wind_up(struct batch *b)
{
	bool more = false;
	unsigned i;

	for (i = 0; i < b->params->connections; i++) {
		struct lane *lane = &b->lanes[i];

		if (lane->delivery == NULL || lane->aborted ||
		    loop_is_ending(b->loop))
			continue;
		if (!lane->ready || (b->journal_failed && lane->out == 0)) {
			break_off(b, lane);
			more = true;
		} else if (!b->journal_failed && lane->open == 0 &&
		    !lane->quit) {
			batch_quit(lane);
			more = true;
		}
	}
	return more;
}

static bool
tend(struct batch *b, struct lane *lane, int64_t now_us, int64_t *until)
{
	bool more;

	if (!lane->ready || lane->quit)
		return false;
	more = batch_give(b, lane);
	if (more || lane->open > 0 || lane->quit)
		return more;
	if (now_us - lane->idle_us >= IDLE_US) {
		batch_quit(lane);
		return true;
	}
	if (lane->idle_us + IDLE_US < *until)
		*until = lane->idle_us + IDLE_US;
	return false;
}

/* Nobody waits for a connection that there is nothing for. */
static bool
drop_openings(struct batch *b)
{
	bool more = false;
	unsigned i;

	if (!batch_has_no_more(b) || b->given > 0)
		return false;
	for (i = 0; i < b->params->connections; i++) {
		struct lane *lane = &b->lanes[i];

		if (lane->delivery == NULL || lane->ready || lane->ending)
			continue;
		break_off(b, lane);
		more = true;
	}
	return more;
}

static void
tell_news(struct batch *b)
{
	struct buf text = BUF_WITH_MAX(400);

	while (b->params->news != NULL &&
	    schedule_news(b->params->schedule, &text)) {
		b->params->news(b->params->arg, buf_string(&text));
		buf_reset(&text);
	}
	buf_clear(&text);
}

static void
earlier(int64_t *until, int64_t time)
{
	if (time < *until)
		*until = time;
}

/* Whatever is out when the deadline ends all is unknown: time is left for its
 * verdicts, in which nothing is begun. */
static void
look_at_deadline(struct batch *b, int64_t now_us, int64_t *until)
{
	if (b->last_us == INT64_MAX || b->late ||
	    !schedule_ever_ready(b->params->schedule))
		return;
	if (now_us >= b->last_us)
		b->late = true;
	else if (b->given > 0 || !batch_has_no_more(b))
		earlier(until, b->last_us);
}

static int64_t
last_us(const struct wait_limits *wait, int64_t now_us)
{
	int64_t spare_us = (wait->deadline_us - now_us) / VERDICT_PART;

	if (wait->deadline_us == 0)
		return INT64_MAX;
	return wait->deadline_us -
	    (spare_us < VERDICT_US ? spare_us : VERDICT_US);
}

static bool
feed(void *arg, int64_t *until, int *fd)
{
	struct batch *b = arg;
	const struct batch_params *p = b->params;
	int64_t now_us = clock_monotonic_us();
	unsigned i, open = 0;
	bool more = let_fly(b);
	struct error err;

	for (i = 0; i < p->connections; i++)
		if (b->lanes[i].ending &&
		    loop_is_over(b->loop, b->lanes[i].delivery))
			bury(b, &b->lanes[i], now_us);
	tell_news(b);
	if (!b->journal_failed && journal_flush(p->journal, &err) == -1) {
		batch_stop(b, &err);
		b->journal_failed = true;
	}
	look_at_deadline(b, now_us, until);
	if (batch_is_stopped(b))
		return wind_up(b) || more;
	for (i = 0; i < p->connections; i++) {
		more |= tend(b, &b->lanes[i], now_us, until);
		open += b->lanes[i].delivery != NULL && !b->lanes[i].quit;
	}
	for (i = 0; i < p->connections; i++) {
		if (b->lanes[i].delivery != NULL || !needs_more(b, open) ||
		    !batch_fetch(b, now_us) ||
		    !schedule_may_open(p->schedule, i, now_us))
			continue;
		open_lane(b, i);
		open++;
		more = true;
	}
	more |= drop_openings(b);
	if (b->next != NULL)
		earlier(until, schedule_wake_us(p->schedule, now_us));
	/* What is due already waits for a place, not for its time. */
	if (queue_due_us(&b->queue) > now_us)
		earlier(until, queue_due_us(&b->queue));
	if (b->supply_waits)
		*fd = p->supply->fd;
	if (p->look != NULL && !more && *until != INT64_MAX)
		earlier(until, p->look(p->arg));
	return more;
}

static bool
has_finished(const struct batch *b)
{
	/* Nobody was asked any more whether it was the last one. */
	return batch_has_no_more(b) ||
	    (b->late && b->next == NULL && b->queue.count == 0 &&
		b->params->supply->left == 0);
}

void
batch_run(const struct batch_params *params, struct batch_end *end)
{
	struct batch b = {.params = params,
	    .end = end,
	    .last_us = last_us(&params->wait, clock_monotonic_us())};
	struct smtp_event event;
	struct delivery *d;
	struct lane *lane;
	unsigned i;

	*end = (struct batch_end){0};
	b.lanes = memory_alloc(params->connections * sizeof(*b.lanes));
	b.loop = loop_new(&params->wait);
	loop_feed(b.loop, feed, &b);
	if (params->look != NULL)
		loop_watch(b.loop, params->look, params->arg);
	while ((d = loop_next(b.loop, &event)) != NULL) {
		lane = lane_of(&b, d);
		if (params->event != NULL)
			params->event(params->arg, d, &event);
		take_event(&b, lane, &event);
	}
	for (i = 0; i < params->connections; i++)
		if (b.lanes[i].delivery != NULL)
			bury(&b, &b.lanes[i], clock_monotonic_us());
	batch_settle_held(&b, true);
	tell_news(&b);
	end->stopped = schedule_stopped(params->schedule, &end->hint);
	end->signal = loop_signal(b.loop);
	if (end->signal == 0 && params->wait.stop != NULL)
		end->signal = *params->wait.stop;
	end->finished = end->error.status == 0 && has_finished(&b);
	end->late = params->wait.deadline_us != 0 &&
	    ((b.late && !end->finished) ||
		params->wait.deadline_us <= clock_monotonic_us());
	if (b.next != NULL)
		params->supply->ops->free(params->supply, b.next);
	queue_clear(&b.queue);
	loop_free(b.loop);
	free(b.names);
	free(b.lanes);
}
