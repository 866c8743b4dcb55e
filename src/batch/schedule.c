#include "batch/schedule.h"

#include <stdlib.h>
#include <string.h>

#include "batch/backoff.h"
#include "batch/domains.h"
#include "batch/lanes.h"
#include "batch/pace.h"
#include "batch/words.h"
#include "lib/memory.h"

enum { SECOND_US = 1000000, NEWS_MAX = 16384 };

/* What makes two refusals the same. */
struct refusal {
	int code; /* 0: none */
	char enhanced[12];
};

struct schedule {
	struct schedule_params params;
	struct lanes lanes;
	struct pace pace;
	struct domains domains;
	uint64_t random;

	int64_t paused_until_us;
	int64_t pause_us; /* the last one */
	unsigned pauses;  /* in a row */

	struct refusal row;
	unsigned row_length;

	struct buf stopped; /* why; empty: not */
	bool impatient;	    /* because of a reply that else makes all wait */
	const char *hint;
	struct refusal stop; /* that of the messages that are todo again */
	struct buf news;     /* lines */
};

struct schedule *
schedule_new(const struct schedule_params *params, int64_t now_us)
{
	struct schedule *s = memory_alloc(sizeof(*s));

	s->params = *params;
	s->random = params->seed;
	s->paused_until_us = INT64_MIN;
	s->stopped = BUF_WITH_MAX(NEWS_MAX);
	s->news = BUF_WITH_MAX(NEWS_MAX);
	lanes_init(&s->lanes, params->connections, params->window,
	    params->per_connection, params->seed + 1, now_us);
	pace_init(&s->pace, params->rate_count, params->rate_us,
	    params->quota_count, params->quota_us, now_us);
	return s;
}

void
schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	lanes_clear(&s->lanes);
	pace_clear(&s->pace);
	domains_clear(&s->domains);
	buf_clear(&s->stopped);
	buf_clear(&s->news);
	free(s);
}

void
schedule_used(struct schedule *s, int64_t at_us)
{
	pace_used(&s->pace, at_us);
}

/* --- pauses and the end */

static void
tell_connections(struct schedule *s, enum lanes_news what, unsigned before,
    int64_t wait_us, const struct schedule_reply *why)
{
	struct buf *out = &s->news;

	switch (what) {
	case LANES_NOTHING:
		return;
	case LANES_FEWER:
		(void)buf_printf(out,
		    "fewer connections, %u instead of %u: ", s->lanes.wanted,
		    before);
		words_reply(out, why);
		break;
	case LANES_WAITING:
		(void)buf_puts(out, "the next connection is tried in ");
		words_duration(out, wait_us);
		(void)buf_puts(out, ": ");
		words_reply(out, why);
		break;
	case LANES_LEARNT:
		(void)buf_printf(out,
		    "the server closes a connection after %u messages: "
		    "from now on each takes no more than that",
		    s->lanes.per_connection);
		break;
	}
	(void)buf_putc(out, '\n');
}

static bool
is_stopped(const struct schedule *s)
{
	return s->stopped.len > 0;
}

/* The first reason stays. */
static void
stop(struct schedule *s, const char *what, const struct schedule_reply *r,
    const char *hint)
{
	if (is_stopped(s))
		return;
	(void)buf_puts(&s->stopped, what);
	words_reply(&s->stopped, r);
	s->hint = hint;
}

static void
too_much(struct schedule *s, const struct schedule_reply *r, bool halve,
    int64_t now_us)
{
	static const int seconds[] = {10, 30, 60, 120, 300, 600};
	const unsigned last = sizeof(seconds) / sizeof(seconds[0]) - 1;

	if (s->params.impatient) {
		s->impatient |= !is_stopped(s);
		stop(s, "", r, NULL);
		return;
	}
	if (now_us < s->paused_until_us)
		return;
	s->pause_us = (int64_t)seconds[s->pauses] * SECOND_US;
	s->pauses += s->pauses < last;
	s->paused_until_us = now_us + s->pause_us;
	(void)buf_puts(&s->news, "all wait for ");
	words_duration(&s->news, s->pause_us);
	if (halve) {
		pace_halve(&s->pace, now_us, s->paused_until_us);
		(void)buf_puts(&s->news, ", the rate is ");
		pace_describe(&s->pace, &s->news);
		(void)buf_puts(&s->news, " then");
	}
	(void)buf_puts(&s->news, ": ");
	words_reply(&s->news, r);
	(void)buf_putc(&s->news, '\n');
}

static struct refusal
refusal_of(const struct schedule_reply *r)
{
	struct refusal f = {.code = r->code};
	size_t n = r->enhanced != NULL
	    ? strnlen(r->enhanced, sizeof(f.enhanced) - 1)
	    : 0;

	if (n > 0)
		memcpy(f.enhanced, r->enhanced, n);
	return f;
}

static bool
is_same(const struct refusal *f, const struct schedule_reply *r)
{
	struct refusal other = refusal_of(r);

	return f->code == other.code &&
	    strcmp(f->enhanced, other.enhanced) == 0;
}

/* --- lanes */

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* From when on any lane may be given something. */
static int64_t
flow_us(const struct schedule *s)
{
	return later(s->paused_until_us, pace_free_us(&s->pace));
}

/* A connection that could be given nothing would but grow old. */
bool
schedule_may_open(struct schedule *s, unsigned lane, int64_t now_us)
{
	return !is_stopped(s) && now_us >= flow_us(s) &&
	    now_us >= lanes_open_us(&s->lanes, lane);
}

void
schedule_opening(struct schedule *s, unsigned lane)
{
	lanes_opening(&s->lanes, lane);
}

void
schedule_ready(struct schedule *s, unsigned lane, int64_t now_us)
{
	lanes_ready(&s->lanes, lane, now_us);
}

bool
schedule_ever_ready(const struct schedule *s)
{
	return s->lanes.ever_ready;
}

bool
schedule_give(struct schedule *s, unsigned lane, int64_t now_us)
{
	if (is_stopped(s) || now_us < flow_us(s) ||
	    !lanes_has_room(&s->lanes, lane))
		return false;
	pace_take(&s->pace, now_us);
	lanes_give(&s->lanes, lane, now_us);
	return true;
}

void
schedule_take_back(struct schedule *s, unsigned lane)
{
	int64_t at_us = lanes_take_back(&s->lanes, lane);

	if (at_us != INT64_MIN)
		pace_give_back(&s->pace, at_us);
}

bool
schedule_lane_is_full(const struct schedule *s, unsigned lane)
{
	return is_stopped(s) || lanes_is_full(&s->lanes, lane);
}

/* --- replies */

/* Again at_us, if there are time and tries for that. */
static enum schedule_fate
put_off(
    const struct schedule *s, unsigned tries, int64_t first_us, int64_t at_us)
{
	if (is_stopped(s))
		return SCHEDULE_TODO;
	if ((s->params.tries > 0 && tries >= s->params.tries) ||
	    s->params.retry_for_us == 0 ||
	    at_us - first_us > s->params.retry_for_us)
		return SCHEDULE_GIVEN_UP;
	return SCHEDULE_LATER;
}

static enum schedule_fate
stands(struct schedule *s, const struct schedule_reply *r, const char *domain)
{
	if (domain != NULL && r->accepted)
		domains_accepted(&s->domains, domain);
	else if (domain != NULL && r->phase == SMTP_PHASE_RCPT)
		domains_refused(&s->domains, domain);
	return SCHEDULE_FINAL;
}

enum schedule_fate
schedule_recipient(struct schedule *s, const struct schedule_reply *r,
    const char *domain, unsigned tries, int64_t first_us, int64_t now_us,
    int64_t *at_us)
{
	const char *hint;
	enum reply_kind kind = reply_kind(r, &hint);
	int64_t paused_us = 0;

	*at_us = now_us;
	switch (kind) {
	case REPLY_FINAL:
		return stands(s, r, domain);
	case REPLY_ACCOUNT:
		if (!is_stopped(s))
			s->stop = refusal_of(r);
		stop(s, "", r, hint);
		return SCHEDULE_TODO;
	case REPLY_LOST:
		/* Not the message's fault; but one that always ends the
		 * connection is not to go on for ever. */
		if (!is_stopped(s) &&
		    now_us - first_us > s->params.retry_for_us)
			return SCHEDULE_GIVEN_UP;
		return SCHEDULE_TODO;
	case REPLY_TOO_MUCH:
	case REPLY_BUSY:
		too_much(s, r, kind == REPLY_TOO_MUCH, now_us);
		*at_us = s->paused_until_us;
		return put_off(s, 0, first_us, *at_us);
	case REPLY_RECIPIENT:
		if (domain != NULL)
			paused_us =
			    domains_deferred(&s->domains, domain, now_us);
		break;
	case REPLY_TRANSACTION:
	case REPLY_LATER:
		break;
	}
	*at_us = later(now_us + backoff_us(tries, &s->random), paused_us);
	return put_off(s, tries, first_us, *at_us);
}

static enum schedule_hold
accepted(struct schedule *s, int64_t now_us)
{
	bool held = s->row_length > 0;

	pace_accepted(&s->pace, now_us);
	if (s->pauses > 0 && now_us >= s->paused_until_us + s->pause_us)
		s->pauses = 0;
	s->row_length = 0;
	return held ? SCHEDULE_HOLD_ENDS : SCHEDULE_HOLD_NOTHING;
}

static enum schedule_hold
stop_after_row(struct schedule *s, const struct schedule_reply *r)
{
	struct buf what = BUF_WITH_MAX(100);

	(void)buf_printf(
	    &what, "the same reply to %u messages in a row: ", s->row_length);
	if (!is_stopped(s))
		s->stop = s->row;
	stop(s, buf_string(&what), r, NULL);
	buf_clear(&what);
	s->row_length = 0;
	return SCHEDULE_HOLD_TODO;
}

static enum schedule_hold
refused(struct schedule *s, const struct schedule_reply *r)
{
	bool held = s->row_length > 0;

	if (is_stopped(s) && is_same(&s->stop, r))
		return held ? SCHEDULE_HOLD_NOTHING : SCHEDULE_HOLD_TODO;
	if (s->params.stop_after == 0)
		return SCHEDULE_HOLD_NOTHING;
	if (!held || !is_same(&s->row, r)) {
		s->row = refusal_of(r);
		s->row_length = 0;
	}
	if (++s->row_length >= s->params.stop_after)
		return stop_after_row(s, r);
	return held && s->row_length == 1 ? SCHEDULE_HOLD_ANEW
					  : SCHEDULE_HOLD_THIS;
}

enum schedule_hold
schedule_done(struct schedule *s, unsigned lane,
    const struct schedule_reply *message, int64_t now_us)
{
	bool is_accepted = message != NULL && message->accepted;

	lanes_answered(&s->lanes, lane, is_accepted, now_us);
	if (is_accepted)
		return accepted(s, now_us);
	if (message == NULL || !reply_counts(message))
		return SCHEDULE_HOLD_NOTHING;
	return refused(s, message);
}

/* --- ends of connections */

static enum lane_end
how_it_ended(struct schedule *s, const struct schedule_reply *why,
    bool was_ready, int64_t now_us)
{
	const char *hint;

	if (why == NULL)
		return LANE_IN_ORDER;
	switch (reply_kind(why, &hint)) {
	case REPLY_TOO_MUCH:
	case REPLY_BUSY:
		/* Where messages were told of it the wait is enough. */
		too_much(
		    s, why, reply_kind(why, NULL) == REPLY_TOO_MUCH, now_us);
		return LANE_IN_ORDER;
	case REPLY_ACCOUNT:
		stop(s, "", why, hint);
		return LANE_IN_ORDER;
	default:
		break;
	}
	/* Later on such a greeting means: no further connection. */
	if (why->code >= 500 && why->code < 600 && !was_ready &&
	    !s->lanes.ever_ready)
		stop(s, "", why, hint);
	return why->code == 421 || why->code < 200 || why->code > 599
	    ? LANE_LOST
	    : LANE_FAILED;
}

void
schedule_closed(struct schedule *s, unsigned lane,
    const struct schedule_reply *why, bool was_ready, int64_t now_us)
{
	unsigned wanted = s->lanes.wanted;
	enum lane_end end = how_it_ended(s, why, was_ready, now_us);
	enum lanes_news what = lanes_closed(&s->lanes, lane, end, now_us);

	if (end == LANE_IN_ORDER || is_stopped(s))
		return;
	if (s->lanes.open == 0 && s->lanes.failures > 0 &&
	    now_us - s->lanes.failing_us > s->params.retry_for_us) {
		stop(s, "no connection has worked for too long: ", why, NULL);
		return;
	}
	/* The last attempt is when the time is over, and not minutes later. */
	if (s->lanes.open == 0 && s->lanes.failures > 0)
		lanes_not_after(&s->lanes, lane,
		    later(now_us + SECOND_US,
			s->lanes.failing_us + s->params.retry_for_us + 1));
	tell_connections(
	    s, what, wanted, s->lanes.lane[lane].not_before_us - now_us, why);
}

/* --- what the caller asks */

int64_t
schedule_domain_until(
    const struct schedule *s, const char *domain, int64_t now_us)
{
	return domain != NULL ? domains_until(&s->domains, domain, now_us) : 0;
}

int64_t
schedule_wake_us(const struct schedule *s, int64_t now_us)
{
	int64_t flow = flow_us(s), wake = INT64_MAX, us;
	unsigned i;

	if (is_stopped(s))
		return INT64_MAX;
	for (i = 0; i < s->params.connections; i++) {
		us = later(flow, lanes_open_us(&s->lanes, i));
		if (lanes_has_room(&s->lanes, i))
			us = flow;
		if (us > now_us && us < wake)
			wake = us;
	}
	return wake;
}

bool
schedule_is_impatient(const struct schedule *s)
{
	return s->impatient;
}

const char *
schedule_stopped(const struct schedule *s, const char **hint)
{
	if (hint != NULL)
		*hint = s->hint;
	return is_stopped(s) ? buf_string(&s->stopped) : NULL;
}

bool
schedule_news(struct schedule *s, struct buf *text)
{
	size_t n = strcspn(buf_string(&s->news), "\n");

	if (s->news.len == 0)
		return false;
	(void)buf_append(text, s->news.data, n);
	buf_consume(&s->news, n < s->news.len ? n + 1 : n);
	return true;
}

unsigned
schedule_connections_wanted(const struct schedule *s)
{
	return s->lanes.wanted;
}
