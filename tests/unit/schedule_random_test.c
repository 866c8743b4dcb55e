/* schedule_random_test: whatever happens in whatever order, nothing goes out
 * that is too much, and nobody waits for nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "batch/schedule.h"
#include "message_testutil.h"

enum {
	SECOND = 1000000,
	RUNS = 400,
	STEPS = 600,
	LANES = 6,
	WINDOW = 4,
	BEFORE = 10,
};

enum lane_state { CLOSED, OPENING, READY };

struct lane {
	enum lane_state state;
	unsigned in_flight, given;
	int64_t given_us[STEPS * LANES * WINDOW];
};

/* What was done, against which the answers are held. */
struct run {
	struct schedule *s;
	struct schedule_params p;
	uint64_t random;
	int64_t now;
	struct lane lane[LANES];
	unsigned open;
	/* All that count for the quota; the first `before` not for the rate. */
	int64_t sent[BEFORE + STEPS * LANES * WINDOW];
	size_t count, before;
	int64_t paused_until;
	unsigned held;
	size_t given, taken_back; /* of all runs */
};

static const struct schedule_reply replies[] = {
    {250, "2.0.0", "2.0.0 ok", SMTP_PHASE_MESSAGE, true},
    {250, "2.0.0", "2.0.0 ok", SMTP_PHASE_MESSAGE, true},
    {250, "2.0.0", "2.0.0 ok", SMTP_PHASE_MESSAGE, true},
    {250, "2.0.0", "2.0.0 ok", SMTP_PHASE_MESSAGE, true},
    {450, "4.2.0", "4.2.0 greylisted", SMTP_PHASE_RCPT, false},
    {451, "4.3.0", "4.3.0 later", SMTP_PHASE_MAIL, false},
    {454, "", "Throttling failure", SMTP_PHASE_MESSAGE, false},
    {452, "4.3.1", "4.3.1 no room", SMTP_PHASE_MAIL, false},
    {550, "5.7.1", "5.7.1 spam", SMTP_PHASE_MESSAGE, false},
    {550, "5.7.1", "5.7.1 spam", SMTP_PHASE_MESSAGE, false},
    {550, "5.1.1", "5.1.1 nobody", SMTP_PHASE_RCPT, false},
    {421, "", "closing", SMTP_PHASE_MAIL, false},
};

static const struct schedule_reply ends[] = {
    {0, "", "lost", SMTP_PHASE_MAIL, false},
    {421, "", "closing", SMTP_PHASE_MAIL, false},
    {421, "4.7.28", "4.7.28 rate", SMTP_PHASE_MAIL, false},
    {421, "", "busy", SMTP_PHASE_GREETING, false},
    {454, "", "not now", SMTP_PHASE_AUTH, false},
    {0, "", "refused", SMTP_PHASE_CONNECT, false},
};

static size_t
below(struct run *r, size_t n)
{
	return testmail_random(&r->random, n);
}

static void
begin(struct run *r, unsigned seed)
{
	static const unsigned intervals[] = {700, 20000, 333333, 4000000};
	size_t i;

	*r = (struct run){
	    .random = seed, .given = r->given, .taken_back = r->taken_back};
	r->now = (int64_t)below(r, 1000);
	r->p = (struct schedule_params){
	    .connections = (unsigned)(1 + below(r, LANES)),
	    .window = (unsigned)(1 + below(r, WINDOW)),
	    .per_connection = (unsigned)below(r, 9),
	    .retry_for_us = INT64_C(100000) * SECOND,
	    .tries = (unsigned)below(r, 5),
	    .stop_after = (unsigned)below(r, 2) * 50,
	    .seed = seed};
	if (below(r, 3) > 0) {
		r->p.rate_count = 1 + below(r, 7);
		r->p.rate_us =
		    (int64_t)r->p.rate_count * intervals[below(r, 4)];
	}
	if (below(r, 3) > 0) {
		r->p.quota_count = 1 + below(r, 100);
		r->p.quota_us = (int64_t)(1 + below(r, 60 * SECOND));
	}
	r->s = schedule_new(&r->p, r->now);
	r->before = below(r, BEFORE);
	for (i = 0; i < r->before; i++) {
		r->sent[i] = (int64_t)(i * SECOND) - BEFORE * SECOND;
		schedule_used(r->s, r->sent[i]);
	}
	r->count = r->before;
}

static void
check_limits(const struct run *r)
{
	size_t last = r->count - 1, i;
	int64_t interval, credit;

	if (r->p.quota_count > 0 && r->count > r->p.quota_count)
		assert_true(
		    r->now - r->sent[last - r->p.quota_count] >= r->p.quota_us);
	if (r->p.rate_count == 0)
		return;
	interval = r->p.rate_us / (int64_t)r->p.rate_count;
	credit = interval > 20000 ? interval : 20000;
	for (i = r->before; i < last; i++)
		assert_true(r->now - r->sent[i] >=
		    (int64_t)(last - i) * interval - credit);
}

static bool
try_to_give(struct run *r, unsigned i)
{
	struct lane *lane = &r->lane[i];

	if (!schedule_give(r->s, i, r->now))
		return false;
	r->given++;
	assert_int_equal(lane->state, READY);
	assert_false(schedule_stopped(r->s, NULL) != NULL);
	assert_true(r->now >= r->paused_until);
	lane->given_us[lane->given++] = r->now;
	assert_true(++lane->in_flight <= r->p.window);
	if (r->p.per_connection > 0)
		assert_true(lane->given <= r->p.per_connection);
	r->sent[r->count++] = r->now;
	check_limits(r);
	return true;
}

static bool
try_to_open(struct run *r, unsigned i)
{
	if (!schedule_may_open(r->s, i, r->now))
		return false;
	assert_int_equal(r->lane[i].state, CLOSED);
	assert_true(r->open < schedule_connections_wanted(r->s));
	r->lane[i].state = OPENING;
	r->lane[i].in_flight = 0;
	r->lane[i].given = 0;
	r->open++;
	schedule_opening(r->s, i);
	return true;
}

/* All that may be done now; whether that is anything. */
static bool
do_all(struct run *r)
{
	bool any = false;
	unsigned i;

	for (i = 0; i < r->p.connections; i++) {
		any = try_to_open(r, i) || any;
		while (try_to_give(r, i))
			any = true;
	}
	return any;
}

static void
take_back(struct run *r, unsigned i)
{
	struct lane *lane = &r->lane[i];
	int64_t at;
	size_t k = r->count;

	if (lane->in_flight == 0)
		return;
	lane->in_flight--;
	at = lane->given_us[--lane->given];
	while (r->sent[--k] != at)
		continue;
	memmove(&r->sent[k], &r->sent[k + 1],
	    (r->count - k - 1) * sizeof(r->sent[0]));
	r->count--;
	r->taken_back++;
	schedule_take_back(r->s, i);
}

static void
answer(struct run *r, unsigned i)
{
	const struct schedule_reply *reply =
	    &replies[below(r, sizeof(replies) / sizeof(replies[0]))];
	static const char *const domains[] = {"a.test", "b.test"};
	enum schedule_hold hold;
	int64_t at;

	if (r->lane[i].in_flight == 0)
		return;
	(void)schedule_recipient(r->s, reply, domains[below(r, 2)],
	    (unsigned)(1 + below(r, 5)), r->now, r->now, &at);
	if (reply->code == 454 || reply->code == 452)
		r->paused_until = at;
	assert_true(at >= r->now);
	hold = schedule_done(r->s, i, reply, r->now);
	r->lane[i].in_flight--;
	if (hold == SCHEDULE_HOLD_THIS)
		r->held++;
	else if (hold != SCHEDULE_HOLD_NOTHING)
		r->held = hold == SCHEDULE_HOLD_ANEW;
	assert_true(r->held == 0 || r->held < r->p.stop_after);
}

static void
close_lane(struct run *r, unsigned i)
{
	struct lane *lane = &r->lane[i];
	const struct schedule_reply *why = NULL;
	bool first = below(r, 2) == 0;
	size_t backs = below(r, WINDOW + 1);

	if (lane->state == READY && below(r, 2) > 0)
		why = &ends[below(r, 3)];
	if (lane->state == OPENING)
		why = &ends[3 + below(r, 3)];
	while (first && backs-- > 0)
		take_back(r, i);
	schedule_closed(r->s, i, why, lane->state == READY, r->now);
	while (!first && backs-- > 0)
		take_back(r, i);
	lane->state = CLOSED;
	lane->in_flight = 0;
	r->open--;
}

static void
happen(struct run *r)
{
	unsigned i = (unsigned)below(r, r->p.connections);
	struct lane *lane = &r->lane[i];

	switch (lane->state) {
	case CLOSED:
		/* Too late: nothing happens. */
		schedule_take_back(r->s, i);
		lane->in_flight = 0;
		break;
	case OPENING:
		if (below(r, 4) == 0) {
			close_lane(r, i);
		} else {
			schedule_ready(r->s, i, r->now);
			lane->state = READY;
		}
		break;
	case READY:
		if (below(r, 8) == 0)
			take_back(r, i);
		else if (schedule_lane_is_full(r->s, i) ? lane->in_flight == 0
							: below(r, 20) == 0)
			close_lane(r, i);
		else
			answer(r, i);
		break;
	}
}

/* Nothing may be done before the moment that was named, and something then. */
static void
pass_time(struct run *r)
{
	int64_t wake = schedule_wake_us(r->s, r->now);

	assert_true(wake > r->now);
	if (below(r, 2) == 0) {
		r->now += (int64_t)below(r, 3000);
		return;
	}
	if (wake == INT64_MAX) {
		r->now += (int64_t)below(r, 100 * SECOND);
		assert_false(do_all(r));
		return;
	}
	if (wake - 1 > r->now) {
		r->now += 1 + (int64_t)below(r, (size_t)(wake - 1 - r->now));
		assert_false(do_all(r));
		r->now = wake - 1;
		assert_false(do_all(r));
	}
	r->now = wake;
	assert_true(do_all(r));
}

static void
limits_are_kept_whatever_happens(void **state)
{
	static struct run r;
	unsigned seed;
	int step;

	(void)state;
	for (seed = 1; seed <= RUNS; seed++) {
		begin(&r, seed);
		for (step = 0; step < STEPS; step++) {
			(void)do_all(&r);
			pass_time(&r);
			happen(&r);
		}
		schedule_free(r.s);
	}
	assert_true(r.given > RUNS * 50);
	assert_true(r.taken_back > RUNS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(limits_are_kept_whatever_happens),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
