/* schedule_test: each answer of a server to too much, to the microsecond. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "batch/backoff.h"
#include "batch/schedule.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND };

static const int64_t hour = INT64_C(3600) * SECOND;

#define MAIL SMTP_PHASE_MAIL
#define RCPT SMTP_PHASE_RCPT
#define MESSAGE SMTP_PHASE_MESSAGE

static const struct schedule_reply ok = {
    250, "2.0.0", "2.0.0 queued", MESSAGE, true};
static const struct schedule_reply closing = {
    421, "4.3.0", "4.3.0 closing", MAIL, false};
static const struct schedule_reply lost = {0, "", "", MAIL, false};
static const struct schedule_reply refused_connect = {
    0, "", "x.test: connection refused", SMTP_PHASE_CONNECT, false};
static const struct schedule_reply greylisted = {
    450, "4.2.0", "4.2.0 Greylisted", RCPT, false};
static const struct schedule_reply throttled = {454, "",
    "Throttling failure: Maximum sending rate exceeded.", MESSAGE, false};
static const struct schedule_reply spam = {
    550, "5.7.1", "5.7.1 spam\nor not", MESSAGE, false};
static const struct schedule_reply other = {
    554, "5.6.0", "5.6.0 bad", MESSAGE, false};
static const struct schedule_reply nobody = {
    550, "5.1.1", "5.1.1 no such user", RCPT, false};

static struct schedule_params
params(unsigned connections, unsigned window)
{
	return (struct schedule_params){.connections = connections,
	    .window = window,
	    .retry_for_us = hour,
	    .tries = 10,
	    .stop_after = 5,
	    .seed = 1};
}

static struct schedule *
begin(unsigned connections, unsigned window)
{
	struct schedule_params p = params(connections, window);

	return schedule_new(&p, 0);
}

static void
open_lane(struct schedule *s, unsigned lane, int64_t now)
{
	assert_true(schedule_may_open(s, lane, now));
	schedule_opening(s, lane);
	schedule_ready(s, lane, now);
}

static void
open_all(struct schedule *s, unsigned lanes, int64_t now)
{
	unsigned i;

	for (i = 0; i < lanes; i++)
		open_lane(s, i, now);
}

static enum schedule_hold
answer(struct schedule *s, unsigned lane, const struct schedule_reply *r,
    int64_t now)
{
	int64_t at;

	assert_true(schedule_give(s, lane, now));
	(void)schedule_recipient(s, r, "x.test", 1, now, now, &at);
	return schedule_done(s, lane, r, now);
}

static void
accept_messages(struct schedule *s, unsigned lane, unsigned n, int64_t now)
{
	while (n-- > 0)
		assert_int_equal(
		    answer(s, lane, &ok, now), SCHEDULE_HOLD_NOTHING);
}

static enum schedule_fate
judge(struct schedule *s, const struct schedule_reply *r, const char *domain,
    unsigned tries, int64_t now, int64_t *at)
{
	return schedule_recipient(s, r, domain, tries, 0, now, at);
}

static void
assert_news(struct schedule *s, const char *expected)
{
	struct buf b = BUF_WITH_MAX(2000);

	assert_int_equal(schedule_news(s, &b), expected != NULL);
	if (expected != NULL)
		assert_string_equal(buf_string(&b), expected);
	buf_clear(&b);
}

static void
assert_stopped(struct schedule *s, const char *why, bool with_hint)
{
	const char *hint;

	assert_non_null(schedule_stopped(s, &hint));
	assert_string_equal(schedule_stopped(s, NULL), why);
	assert_int_equal(hint != NULL, with_hint);
	assert_false(schedule_give(s, 0, INT64_C(1) << 50));
	assert_false(schedule_may_open(s, 0, INT64_C(1) << 50));
	assert_true(schedule_wake_us(s, 0) == INT64_MAX);
}

/* When the lane may be opened, which schedule_wake_us() knows. */
static int64_t
reopens(struct schedule *s, unsigned lane, int64_t now)
{
	int64_t wake;

	while (!schedule_may_open(s, lane, now)) {
		wake = schedule_wake_us(s, now);
		assert_true(wake > now && wake < INT64_MAX);
		assert_false(schedule_may_open(s, lane, wake - 1));
		now = wake;
	}
	return now;
}

static void
assert_about(int64_t us, int64_t base)
{
	assert_in_range(us, base - base / 4, base + base / 4);
}

/* --- waits */

static void
waits_double_up_to_five_minutes(void **state)
{
	static const int seconds[] = {
	    1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
	uint64_t random = 7, again = 7;
	int64_t us, least, most;
	unsigned n;
	int i;

	(void)state;
	for (n = 0; n < 11; n++) {
		least = INT64_MAX;
		most = 0;
		for (i = 0; i < 1000; i++) {
			us = backoff_us(n, &random);
			assert_true(us == backoff_us(n, &again));
			assert_about(us, seconds[n] * (int64_t)SECOND);
			least = us < least ? us : least;
			most = us > most ? us : most;
		}
		/* The jitter is used. */
		assert_true(
		    most - least > seconds[n] * (int64_t)SECOND * 4 / 10);
	}
	assert_about(backoff_us(4000000000U, &random), 300 * (int64_t)SECOND);
}

/* --- connections */

/* Those that were given before. */
static void
accept_all(struct schedule *s, unsigned lane, unsigned n, int64_t now)
{
	while (n-- > 0)
		(void)schedule_done(s, lane, &ok, now);
}

static void
each_lane_opens_once_and_takes_its_window(void **state)
{
	struct schedule *s = begin(2, 3);

	(void)state;
	assert_false(schedule_ever_ready(s));
	assert_false(schedule_give(s, 0, 0));
	assert_true(schedule_may_open(s, 0, 0));
	schedule_opening(s, 0);
	assert_false(schedule_may_open(s, 0, 0));
	assert_false(schedule_give(s, 0, 0));
	assert_false(schedule_ever_ready(s));
	schedule_ready(s, 0, 0);
	assert_true(schedule_ever_ready(s));
	assert_true(schedule_give(s, 0, 0));
	assert_true(schedule_give(s, 0, 0));
	assert_true(schedule_give(s, 0, 0));
	assert_false(schedule_give(s, 0, 0));
	assert_false(schedule_lane_is_full(s, 0));
	(void)schedule_done(s, 0, &ok, 0);
	assert_true(schedule_give(s, 0, 0));
	assert_false(schedule_give(s, 0, 0));
	schedule_take_back(s, 0);
	assert_true(schedule_give(s, 0, 0));
	assert_true(schedule_wake_us(s, 0) == INT64_MAX);
	schedule_free(s);
}

/* As many as there is room for. */
static unsigned
give_all(struct schedule *s, unsigned lane, int64_t now)
{
	unsigned n = 0;

	while (schedule_give(s, lane, now))
		n++;
	return n;
}

static void
a_window_begins_small_and_grows_by_what_is_accepted(void **state)
{
	struct schedule *s = begin(1, 40);

	(void)state;
	open_lane(s, 0, 0);
	assert_int_equal(give_all(s, 0, 0), 16);
	(void)schedule_done(s, 0, &nobody, 0);
	assert_int_equal(give_all(s, 0, 0), 1);
	(void)schedule_done(s, 0, &ok, 0);
	assert_int_equal(give_all(s, 0, 0), 2);
	accept_all(s, 0, 17, 0);
	assert_int_equal(give_all(s, 0, 0), 34);
	accept_all(s, 0, 34, 0);
	assert_int_equal(give_all(s, 0, 0), 40);
	schedule_free(s);
}

static void
what_is_behind_the_number_of_a_lost_connection_goes_alone(void **state)
{
	struct schedule *s = begin(1, 40);
	int64_t now;

	(void)state;
	open_lane(s, 0, 0);
	accept_messages(s, 0, 7, 0);
	assert_true(schedule_give(s, 0, 0));
	schedule_closed(s, 0, &lost, true, 0);
	now = reopens(s, 0, 0);
	open_lane(s, 0, now);
	assert_int_equal(give_all(s, 0, now), 7);
	accept_all(s, 0, 6, now);
	assert_int_equal(give_all(s, 0, now), 0);
	accept_all(s, 0, 1, now);
	assert_int_equal(give_all(s, 0, now), 1);
	/* It was taken: nothing of it was true. */
	accept_all(s, 0, 1, now);
	assert_int_equal(give_all(s, 0, now), 24);
	schedule_free(s);
}

static void
a_connection_takes_as_many_messages_as_the_user_says(void **state)
{
	struct schedule_params p = params(1, 9);
	struct schedule *s;

	(void)state;
	p.per_connection = 2;
	s = schedule_new(&p, 0);
	open_lane(s, 0, 0);
	assert_true(schedule_give(s, 0, 0));
	assert_true(schedule_give(s, 0, 0));
	schedule_take_back(s, 0);
	assert_false(schedule_lane_is_full(s, 0));
	assert_true(schedule_give(s, 0, 0));
	assert_false(schedule_give(s, 0, 0));
	assert_true(schedule_lane_is_full(s, 0));
	(void)schedule_done(s, 0, &ok, 0);
	(void)schedule_done(s, 0, &ok, 0);
	schedule_closed(s, 0, NULL, true, 5);
	open_lane(s, 0, 5);
	assert_true(schedule_give(s, 0, 5));
	schedule_free(s);
}

static void
a_lost_connection_halves_those_wanted(void **state)
{
	struct schedule *s = begin(8, 2);
	unsigned i, full = 0;
	int64_t at;

	(void)state;
	open_all(s, 8, 0);
	assert_true(schedule_give(s, 2, 0));
	schedule_closed(s, 2, &closing, true, 0);
	assert_int_equal(schedule_connections_wanted(s), 4);
	assert_news(s, "fewer connections, 4 instead of 8: 421 4.3.0 closing");
	assert_news(s, NULL);
	/* 0, 1, 3, 4 stay; 5, 6, 7 end when they are answered. */
	for (i = 0; i < 8; i++)
		full += schedule_lane_is_full(s, i);
	assert_int_equal(full, 3);
	assert_false(schedule_lane_is_full(s, 4));
	assert_false(schedule_give(s, 5, 0));
	for (i = 5; i < 8; i++)
		schedule_closed(s, i, NULL, true, 0);
	assert_true(schedule_wake_us(s, 0) == INT64_MAX);
	assert_false(schedule_may_open(s, 2, hour));
	/* When another one ends, the lane that was lost has to wait. */
	schedule_closed(s, 0, NULL, true, 0);
	assert_true(schedule_may_open(s, 5, 0));
	at = reopens(s, 2, 0);
	assert_about(at, SECOND);
	schedule_free(s);
}

static void
connections_that_are_lost_together_are_one_trouble(void **state)
{
	struct schedule *s = begin(8, 2);
	unsigned i;

	(void)state;
	open_all(s, 8, 0);
	for (i = 0; i < 8; i++) {
		assert_true(schedule_give(s, i, 0));
		schedule_closed(s, i, &lost, true, 10);
	}
	assert_int_equal(schedule_connections_wanted(s), 4);
	assert_news(
	    s, "fewer connections, 4 instead of 8: the connection was lost");
	assert_news(s, NULL);
	for (i = 0; i < 8; i++)
		assert_about(reopens(s, i, 10) - 10, SECOND);
	schedule_free(s);
}

static void
while_none_works_no_other_lane_is_tried_sooner(void **state)
{
	struct schedule *s = begin(4, 1);
	int64_t now = 0, at;
	unsigned i;

	(void)state;
	/* Each time another lane, whose own wait is long over. */
	for (i = 0; i < 8; i++) {
		schedule_opening(s, i % 4);
		schedule_closed(s, i % 4, &refused_connect, false, now);
		at = reopens(s, (i + 1) % 4, now);
		assert_about(at - now, (INT64_C(1) << i) * SECOND);
		now = at;
	}
	schedule_free(s);
}

static void
those_that_are_ready_stay_before_those_that_are_opening(void **state)
{
	struct schedule *s = begin(8, 1);
	unsigned i;

	(void)state;
	for (i = 0; i < 8; i++)
		schedule_opening(s, i);
	for (i = 4; i < 8; i++)
		schedule_ready(s, i, 0);
	schedule_closed(s, 0, &refused_connect, false, 0);
	assert_int_equal(schedule_connections_wanted(s), 4);
	for (i = 1; i < 8; i++)
		assert_int_equal(schedule_lane_is_full(s, i), i < 4);
	/* One that gets ready nevertheless takes the place of the last. */
	schedule_ready(s, 1, 0);
	assert_false(schedule_lane_is_full(s, 1));
	assert_true(schedule_lane_is_full(s, 7));
	schedule_free(s);
}

static void
failures_in_a_row_wait_longer_until_a_message_is_accepted(void **state)
{
	static const int seconds[] = {1, 2, 4, 8, 16};
	struct schedule *s = begin(1, 1);
	int64_t now = 0, at;
	int round;
	size_t i;

	(void)state;
	for (round = 0; round < 2; round++) {
		open_lane(s, 0, now);
		accept_messages(s, 0, 1, now);
		for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
			schedule_closed(s, 0, &refused_connect, i == 0, now);
			at = reopens(s, 0, now);
			assert_about(at - now, seconds[i] * (int64_t)SECOND);
			now = at;
			schedule_opening(s, 0);
		}
		schedule_closed(s, 0, NULL, false, now);
	}
	schedule_free(s);
}

static void
a_long_wait_without_any_connection_is_told(void **state)
{
	struct schedule *s = begin(1, 1);
	int64_t now = 0;
	struct buf b = BUF_WITH_MAX(1000);
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_false(schedule_news(s, &b));
		schedule_opening(s, 0);
		schedule_closed(s, 0, &refused_connect, false, now);
		now = reopens(s, 0, now);
	}
	assert_true(schedule_news(s, &b));
	assert_non_null(
	    strstr(buf_string(&b), " s: x.test: connection refused"));
	assert_memory_equal(b.data, "the next connection is tried in ", 32);
	buf_clear(&b);
	schedule_free(s);
}

static void
who_cannot_be_set_up_leaves_the_others_alone(void **state)
{
	static const struct schedule_reply why[] = {
	    {421, "4.7.0", "4.7.0 too many connections", SMTP_PHASE_GREETING},
	    {421, "", "busy", SMTP_PHASE_EHLO},
	    {432, "4.7.12", "4.7.12 transition", SMTP_PHASE_AUTH},
	    {454, "4.7.0", "4.7.0 not now", SMTP_PHASE_AUTH},
	    {0, "", "timed out", SMTP_PHASE_CONNECT},
	    {554, "", "no further connection", SMTP_PHASE_GREETING},
	};
	size_t i;
	unsigned n;

	(void)state;
	for (i = 0; i < sizeof(why) / sizeof(why[0]); i++) {
		struct schedule *s = begin(8, 1);

		open_all(s, 5, 0);
		for (n = 5; n < 8; n++)
			schedule_opening(s, n);
		for (n = 7; n >= 5; n--)
			schedule_closed(s, n, &why[i], false, 0);
		assert_int_equal(schedule_connections_wanted(s), 5);
		for (n = 0; n < 5; n++)
			assert_true(schedule_give(s, n, 0));
		for (n = 5; n < 8; n++)
			assert_false(schedule_may_open(s, n, hour));
		/* Nobody has to wait for it but the lane. */
		schedule_closed(s, 0, NULL, true, 0);
		assert_true(schedule_may_open(s, 0, 0));
		assert_about(reopens(s, 6, 0), SECOND);
		assert_null(schedule_stopped(s, NULL));
		schedule_free(s);
	}
}

static void
connections_grow_again_one_for_ten_messages_each(void **state)
{
	struct schedule *s = begin(4, 1);
	int64_t now = 0;

	(void)state;
	open_all(s, 4, now);
	assert_true(schedule_give(s, 3, now));
	schedule_closed(s, 3, &lost, true, now);
	assert_int_equal(schedule_connections_wanted(s), 2);
	/* Not within a second, however many there are. */
	accept_messages(s, 0, 100, SECOND - 1);
	assert_int_equal(schedule_connections_wanted(s), 2);
	accept_messages(s, 0, 1, SECOND);
	assert_int_equal(schedule_connections_wanted(s), 3);
	/* And not with fewer messages, however long it takes. */
	accept_messages(s, 0, 29, 100 * SECOND);
	assert_int_equal(schedule_connections_wanted(s), 3);
	accept_messages(s, 0, 1, 100 * SECOND);
	assert_int_equal(schedule_connections_wanted(s), 4);
	accept_messages(s, 0, 1000, 200 * SECOND);
	assert_int_equal(schedule_connections_wanted(s), 4);
	schedule_free(s);
}

static void
who_is_refused_each_time_asks_ever_less_often(void **state)
{
	static const struct schedule_reply full = {
	    421, "", "too many", SMTP_PHASE_GREETING, false};
	struct schedule *s = begin(2, 1);
	int64_t now = 0, least;
	int i;

	(void)state;
	open_lane(s, 0, now);
	for (i = 0; i < 8; i++) {
		least = (INT64_C(1) << i) * SECOND;
		schedule_opening(s, 1);
		schedule_closed(s, 1, &full, false, now);
		assert_int_equal(schedule_connections_wanted(s), 1);
		accept_messages(s, 0, 100, now + least - 1);
		assert_int_equal(schedule_connections_wanted(s), 1);
		now += least;
		accept_messages(s, 0, 1, now);
		assert_int_equal(schedule_connections_wanted(s), 2);
		now = reopens(s, 1, now);
	}
	schedule_free(s);
}

static void
a_number_after_which_the_server_closes_is_learnt(void **state)
{
	static const struct schedule_reply *const ends[] = {&lost, &closing};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct schedule *s = begin(1, 1);
		int64_t at;

		open_lane(s, 0, 0);
		accept_messages(s, 0, 6, 0);
		schedule_closed(s, 0, ends[i], true, 0);
		assert_news(s, NULL);
		at = reopens(s, 0, 0);
		open_lane(s, 0, at);
		accept_messages(s, 0, 6, at);
		assert_true(schedule_give(s, 0, at));
		schedule_closed(s, 0, ends[i], true, at);
		assert_news(s,
		    "the server closes a connection after 6 messages: from now "
		    "on each takes no more than that");
		/* That is no trouble any more. */
		open_lane(s, 0, at);
		accept_messages(s, 0, 6, at);
		assert_true(schedule_lane_is_full(s, 0));
		assert_false(schedule_give(s, 0, at));
		schedule_closed(s, 0, ends[i], true, at);
		assert_news(s, NULL);
		open_lane(s, 0, at);
		schedule_free(s);
	}
}

static void
connections_that_end_together_teach_nothing(void **state)
{
	struct schedule *s = begin(4, 1);
	unsigned i;

	(void)state;
	open_all(s, 4, 0);
	for (i = 0; i < 4; i++)
		accept_messages(s, i, 20, 0);
	for (i = 0; i < 4; i++)
		schedule_closed(s, i, &lost, true, 0);
	assert_news(
	    s, "fewer connections, 2 instead of 4: the connection was lost");
	assert_news(s, NULL);
	open_lane(s, 0, 2 * SECOND);
	accept_messages(s, 0, 21, 2 * SECOND);
	schedule_free(s);
}

static void
neither_few_messages_nor_different_numbers_teach_anything(void **state)
{
	static const unsigned numbers[] = {4, 4, 5, 6, 5};
	struct schedule *s = begin(1, 1);
	int64_t now = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		open_lane(s, 0, now);
		accept_messages(s, 0, numbers[i], now);
		schedule_closed(s, 0, &lost, true, now);
		now = reopens(s, 0, now);
	}
	assert_news(s, NULL);
	open_lane(s, 0, now);
	accept_messages(s, 0, 20, now);
	schedule_free(s);
}

static void
a_server_may_close_what_is_not_used(void **state)
{
	struct schedule *s = begin(2, 1);

	(void)state;
	open_all(s, 2, 0);
	accept_messages(s, 0, 1, 0);
	schedule_closed(s, 0, &closing, true, 10 * SECOND);
	assert_int_equal(schedule_connections_wanted(s), 2);
	assert_true(schedule_may_open(s, 0, 10 * SECOND));
	schedule_closed(s, 1, &closing, true, 10 * SECOND - 1);
	assert_int_equal(schedule_connections_wanted(s), 1);
	schedule_free(s);
}

static void
a_run_without_any_connection_ends_with_its_time(void **state)
{
	struct schedule *s = begin(1, 1);
	int64_t now = 5;

	(void)state;
	schedule_opening(s, 0);
	schedule_closed(s, 0, &refused_connect, false, now);
	while (schedule_stopped(s, NULL) == NULL) {
		assert_true(now <= hour + 5 + SECOND);
		now = reopens(s, 0, now);
		schedule_opening(s, 0);
		schedule_closed(s, 0, &refused_connect, false, now);
	}
	assert_true(now > hour + 5);
	assert_stopped(s,
	    "no connection has worked for too long: x.test: connection refused",
	    false);
	schedule_free(s);
}

static void
a_first_connection_that_is_refused_for_good_ends_the_run(void **state)
{
	static const struct {
		struct schedule_reply why;
		bool ready_before;
		bool stops;
		bool hint;
	} cases[] = {
	    {{535, "5.7.8", "5.7.8 no", SMTP_PHASE_AUTH}, false, true, true},
	    {{535, "5.7.8", "5.7.8 no", SMTP_PHASE_AUTH}, true, true, true},
	    {{554, "", "no service", SMTP_PHASE_GREETING}, false, true, false},
	    {{554, "", "no service", SMTP_PHASE_GREETING}, true, false, false},
	    {{534, "", "too weak", SMTP_PHASE_AUTH}, false, true, false},
	    {{421, "", "busy", SMTP_PHASE_GREETING}, false, false, false},
	    {{454, "", "not now", SMTP_PHASE_AUTH}, false, false, false},
	    {{0, "", "refused", SMTP_PHASE_CONNECT}, false, false, false},
	};
	size_t i;
	char why[100];

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schedule *s = begin(2, 1);

		if (cases[i].ready_before)
			open_lane(s, 0, 0);
		schedule_opening(s, 1);
		schedule_closed(s, 1, &cases[i].why, false, 0);
		snprintf(why, sizeof(why), "%d %s", cases[i].why.code,
		    cases[i].why.text);
		if (cases[i].stops)
			assert_stopped(s, why, cases[i].hint);
		else
			assert_null(schedule_stopped(s, NULL));
		assert_int_equal(schedule_ever_ready(s), cases[i].ready_before);
		schedule_free(s);
	}
}

/* --- messages that come back */

static void
what_was_on_a_lost_connection_is_todo_again(void **state)
{
	static const enum smtp_phase phases[] = {MAIL, RCPT, SMTP_PHASE_DATA};
	struct schedule *s = begin(1, 1);
	int64_t at;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct schedule_reply r = closing;

		r.phase = phases[i];
		assert_int_equal(
		    judge(s, &r, "x.test", 99, hour, &at), SCHEDULE_TODO);
		assert_int_equal(at, hour);
		/* One that always ends the connection has its time, too. */
		assert_int_equal(judge(s, &r, "x.test", 1, hour + 1, &at),
		    SCHEDULE_GIVEN_UP);
		r.code = 0;
		assert_int_equal(
		    judge(s, &r, NULL, 1, hour, &at), SCHEDULE_TODO);
		/* What did not come was the reply to the one before it. */
		r.phase = MESSAGE;
		assert_int_equal(
		    judge(s, &r, "x.test", 99, hour, &at), SCHEDULE_TODO);
	}
	assert_null(schedule_stopped(s, NULL));
	schedule_free(s);
}

static void
too_much_lets_all_wait_and_halves_the_rate(void **state)
{
	static const int64_t seconds[] = {10, 30, 60, 120, 300, 600, 600};
	static const char *const news[] = {
	    "all wait for 10 s, the rate is 32/s then: ",
	    "all wait for 30 s, the rate is 16/s then: ",
	    "all wait for 1 min, the rate is 8/s then: ",
	    "all wait for 2 min, the rate is 4/s then: ",
	    "all wait for 5 min, the rate is 2/s then: ",
	    "all wait for 10 min, the rate is 1/s then: ",
	    "all wait for 10 min, the rate is 30/min then: ",
	};
	struct schedule_params p = params(2, 4);
	struct schedule *s;
	int64_t now = 0, at, end;
	size_t i;
	char text[200];

	(void)state;
	p.rate_count = 64;
	p.rate_us = SECOND;
	p.retry_for_us = 24 * hour;
	s = schedule_new(&p, now);
	open_all(s, 2, now);
	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		assert_true(schedule_give(s, 0, now));
		end = now + seconds[i] * SECOND;
		assert_int_equal(judge(s, &throttled, "x.test", 99, now, &at),
		    SCHEDULE_LATER);
		assert_true(at == end);
		(void)schedule_done(s, 0, &throttled, now);
		snprintf(
		    text, sizeof(text), "%s454 %s", news[i], throttled.text);
		assert_news(s, text);
		/* What was on its way changes nothing. */
		assert_int_equal(
		    judge(s, &throttled, "x.test", 1, end - 1, &at),
		    SCHEDULE_LATER);
		assert_true(at == end);
		assert_news(s, NULL);
		assert_true(schedule_wake_us(s, now) == end);
		assert_false(schedule_give(s, 0, end - 1));
		assert_false(schedule_give(s, 1, end - 1));
		now = end;
	}
	assert_true(schedule_give(s, 0, now));
	assert_false(schedule_give(s, 1, now));
	assert_true(schedule_wake_us(s, now) == now + 2 * SECOND);
	assert_int_equal(schedule_connections_wanted(s), 2);
	schedule_free(s);
}

static void
who_is_impatient_stops_where_others_wait(void **state)
{
	struct schedule_params p = params(1, 4);
	struct schedule *s;
	int64_t at;

	(void)state;
	p.impatient = true;
	s = schedule_new(&p, 0);
	open_all(s, 1, 0);
	assert_true(schedule_give(s, 0, 0));
	assert_false(schedule_is_impatient(s));
	assert_int_equal(
	    judge(s, &throttled, "x.test", 1, 0, &at), SCHEDULE_TODO);
	assert_true(schedule_is_impatient(s));
	assert_non_null(schedule_stopped(s, NULL));
	assert_false(schedule_give(s, 0, hour));
	schedule_free(s);
}

static void
a_pause_that_was_enough_makes_the_next_one_short_again(void **state)
{
	struct schedule *s = begin(1, 9);
	int64_t at;

	(void)state;
	open_lane(s, 0, 0);
	(void)judge(s, &throttled, NULL, 1, 0, &at);
	assert_int_equal(at, 10 * SECOND);
	accept_messages(s, 0, 1, 20 * SECOND - 1);
	(void)judge(s, &throttled, NULL, 1, 20 * SECOND - 1, &at);
	assert_int_equal(at, 50 * SECOND - 1);
	accept_messages(s, 0, 1, 80 * SECOND);
	(void)judge(s, &throttled, NULL, 1, 80 * SECOND, &at);
	assert_int_equal(at, 90 * SECOND);
	schedule_free(s);
}

static void
a_throttled_connection_that_closes_is_no_further_trouble(void **state)
{
	static const struct schedule_reply google = {
	    421, "4.7.28", "4.7.28 unusual rate", MESSAGE, false};
	struct schedule *s = begin(4, 1);
	int64_t at;

	(void)state;
	open_all(s, 4, 0);
	assert_true(schedule_give(s, 1, 0));
	assert_int_equal(
	    judge(s, &google, "x.test", 1, 0, &at), SCHEDULE_LATER);
	assert_int_equal(at, 10 * SECOND);
	(void)schedule_done(s, 1, &google, 0);
	schedule_closed(s, 1, &google, true, 0);
	assert_int_equal(schedule_connections_wanted(s), 4);
	assert_news(s,
	    "all wait for 10 s, the rate is 30/min then: 421 4.7.28 unusual "
	    "rate");
	assert_news(s, NULL);
	assert_int_equal(reopens(s, 1, 0), 10 * SECOND);
	schedule_free(s);
}

static void
a_server_without_room_is_waited_for_at_the_same_rate(void **state)
{
	static const struct schedule_reply no_room = {
	    452, "4.3.1", "4.3.1 no room", MAIL, false};
	struct schedule *s = begin(1, 2);
	int64_t at;

	(void)state;
	open_lane(s, 0, 0);
	assert_int_equal(judge(s, &no_room, NULL, 1, 0, &at), SCHEDULE_LATER);
	assert_news(s, "all wait for 10 s: 452 4.3.1 no room");
	assert_false(schedule_give(s, 0, 10 * SECOND - 1));
	assert_true(schedule_give(s, 0, 10 * SECOND));
	assert_true(schedule_give(s, 0, 10 * SECOND));
	schedule_free(s);
}

static void
a_recipient_that_is_put_off_waits_longer_each_time(void **state)
{
	static const struct schedule_reply replies[] = {
	    {450, "4.2.0", "4.2.0 greylisted", RCPT},
	    {451, "", "local error", RCPT},
	    {452, "4.5.3", "4.5.3 too many recipients", RCPT},
	    {451, "4.3.0", "4.3.0 try again", MAIL},
	    {451, "", "try again later", MESSAGE},
	    {421, "", "closing", MESSAGE},
	};
	static const int seconds[] = {2, 4, 8, 16, 32, 64, 128, 256, 300};
	struct schedule *s = begin(1, 1);
	int64_t at;
	size_t i;
	unsigned tries;

	(void)state;
	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		for (tries = 1; tries < 10; tries++) {
			/* No domain, no pause. */
			assert_int_equal(
			    judge(s, &replies[i], NULL, tries, 7, &at),
			    SCHEDULE_LATER);
			assert_about(
			    at - 7, seconds[tries - 1] * (int64_t)SECOND);
		}
		assert_int_equal(
		    judge(s, &replies[i], NULL, 10, 7, &at), SCHEDULE_GIVEN_UP);
		assert_int_equal(judge(s, &replies[i], NULL, 1, hour, &at),
		    SCHEDULE_GIVEN_UP);
	}
	assert_news(s, NULL);
	schedule_free(s);
}

static void
without_time_nothing_is_tried_again(void **state)
{
	struct schedule_params p = params(1, 1);
	struct schedule *s;
	int64_t at;

	(void)state;
	p.retry_for_us = 0;
	p.tries = 0;
	s = schedule_new(&p, 0);
	assert_int_equal(
	    judge(s, &greylisted, NULL, 1, 0, &at), SCHEDULE_GIVEN_UP);
	assert_int_equal(
	    judge(s, &throttled, NULL, 1, 0, &at), SCHEDULE_GIVEN_UP);
	schedule_free(s);
}

static void
three_of_a_domain_in_a_row_pause_it(void **state)
{
	static const int minutes[] = {1, 2, 4, 8, 10, 10};
	struct schedule_params p = params(1, 1);
	struct schedule *s;
	int64_t now = 0, at, until;
	size_t i;

	(void)state;
	p.retry_for_us = 24 * hour;
	s = schedule_new(&p, 0);
	(void)judge(s, &greylisted, "x.test", 1, now, &at);
	(void)judge(s, &greylisted, "X.test", 1, now, &at);
	(void)judge(s, &greylisted, "y.test", 1, now, &at);
	assert_int_equal(schedule_domain_until(s, "x.test", now), 0);
	for (i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++) {
		assert_int_equal(judge(s, &greylisted, "x.TEST", 1, now, &at),
		    SCHEDULE_LATER);
		until = now + minutes[i] * (int64_t)MINUTE;
		assert_true(at == until);
		assert_true(schedule_domain_until(s, "x.test", now) == until);
		/* Those on their way change nothing; longer waits stay. */
		(void)judge(s, &greylisted, "x.test", 9, until - 1, &at);
		assert_about(at - until + 1, 300 * (int64_t)SECOND);
		assert_true(
		    schedule_domain_until(s, "x.test", until - 1) == until);
		assert_int_equal(schedule_domain_until(s, "x.test", until), 0);
		now = until;
	}
	assert_int_equal(schedule_domain_until(s, "y.test", 0), 0);
	assert_int_equal(schedule_domain_until(s, NULL, 0), 0);
	schedule_free(s);
}

static void
an_accepted_recipient_ends_the_pause_of_its_domain(void **state)
{
	struct schedule *s = begin(1, 1);
	int64_t at;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		(void)judge(s, &greylisted, "x.test", 1, 0, &at);
	assert_int_equal(schedule_domain_until(s, "x.test", 1), MINUTE);
	assert_int_equal(
	    judge(s, &nobody, "x.test", 1, 1, &at), SCHEDULE_FINAL);
	assert_int_equal(schedule_domain_until(s, "x.test", 1), MINUTE);
	assert_int_equal(judge(s, &ok, "x.test", 1, 1, &at), SCHEDULE_FINAL);
	assert_int_equal(schedule_domain_until(s, "x.test", 1), 0);
	/* A refused one is between them: no row. */
	(void)judge(s, &greylisted, "x.test", 1, 1, &at);
	(void)judge(s, &greylisted, "x.test", 1, 1, &at);
	(void)judge(s, &nobody, "x.test", 1, 1, &at);
	(void)judge(s, &greylisted, "x.test", 1, 1, &at);
	(void)judge(s, &greylisted, "x.test", 1, 1, &at);
	assert_int_equal(schedule_domain_until(s, "x.test", 1), 0);
	(void)judge(s, &greylisted, "x.test", 1, 1, &at);
	assert_int_equal(schedule_domain_until(s, "x.test", 1), MINUTE + 1);
	schedule_free(s);
}

static void
too_many_recipients_of_a_transaction_pause_no_domain(void **state)
{
	static const struct schedule_reply many = {
	    452, "4.5.3", "4.5.3 too many recipients", RCPT, false};
	struct schedule *s = begin(1, 1);
	int64_t at;
	int i;

	(void)state;
	for (i = 0; i < 9; i++)
		assert_int_equal(
		    judge(s, &many, "x.test", 1, 0, &at), SCHEDULE_LATER);
	assert_int_equal(schedule_domain_until(s, "x.test", 0), 0);
	schedule_free(s);
}

static void
ten_thousand_domains_are_told_apart(void **state)
{
	struct schedule *s = begin(1, 1);
	char name[32];
	int64_t at;
	int i, round;

	(void)state;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 10000; i++) {
			snprintf(name, sizeof(name), "d%d.test", i);
			if (round < 2 || i % 2 == 0)
				(void)judge(s, &greylisted, name, 1, i, &at);
		}
	}
	for (i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "d%d.test", i);
		assert_int_equal(schedule_domain_until(s, name, i),
		    i % 2 == 0 ? i + MINUTE : 0);
	}
	schedule_free(s);
}

/* --- the same refusal in a row */

static void
five_equal_refusals_in_a_row_stop_the_run(void **state)
{
	struct schedule *s = begin(2, 5);
	int64_t at;
	int i;

	(void)state;
	open_all(s, 2, 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(
		    answer(s, i % 2U, &spam, 0), SCHEDULE_HOLD_THIS);
	assert_null(schedule_stopped(s, NULL));
	assert_true(schedule_give(s, 0, 0));
	assert_true(schedule_give(s, 1, 0));
	assert_true(schedule_give(s, 1, 0));
	assert_true(schedule_give(s, 1, 0));
	assert_int_equal(schedule_done(s, 0, &spam, 0), SCHEDULE_HOLD_TODO);
	assert_stopped(s,
	    "the same reply to 5 messages in a row: 550 5.7.1 spam or not",
	    false);
	assert_true(schedule_lane_is_full(s, 0));
	/* What was in flight: the same is todo, too; others are as they are. */
	assert_int_equal(schedule_done(s, 1, &spam, 0), SCHEDULE_HOLD_TODO);
	assert_int_equal(schedule_done(s, 1, &ok, 0), SCHEDULE_HOLD_NOTHING);
	assert_int_equal(
	    judge(s, &greylisted, "x.test", 1, 0, &at), SCHEDULE_TODO);
	assert_int_equal(
	    judge(s, &closing, "x.test", 1, 0, &at), SCHEDULE_TODO);
	assert_int_equal(
	    schedule_done(s, 1, &nobody, 0), SCHEDULE_HOLD_NOTHING);
	schedule_free(s);
}

static void
a_row_ends_with_an_acceptance_or_another_refusal(void **state)
{
	static const struct schedule_reply many_recipients = {
	    550, "5.7.1", "5.7.1 policy", RCPT, false};
	static const struct {
		const struct schedule_reply *reply;
		enum schedule_hold hold;
	} steps[] = {
	    {&ok, SCHEDULE_HOLD_NOTHING},
	    {&spam, SCHEDULE_HOLD_THIS},
	    {&spam, SCHEDULE_HOLD_THIS},
	    {&ok, SCHEDULE_HOLD_ENDS},
	    {&ok, SCHEDULE_HOLD_NOTHING},
	    {&spam, SCHEDULE_HOLD_THIS},
	    {&other, SCHEDULE_HOLD_ANEW},
	    {&other, SCHEDULE_HOLD_THIS},
	    /* These say nothing of it. */
	    {&nobody, SCHEDULE_HOLD_NOTHING},
	    {&greylisted, SCHEDULE_HOLD_NOTHING},
	    {NULL, SCHEDULE_HOLD_NOTHING},
	    {&other, SCHEDULE_HOLD_THIS},
	    {&spam, SCHEDULE_HOLD_ANEW},
	    {&spam, SCHEDULE_HOLD_THIS},
	    {&spam, SCHEDULE_HOLD_THIS},
	    /* The same from RCPT, if it is a policy. */
	    {&many_recipients, SCHEDULE_HOLD_THIS},
	    {&many_recipients, SCHEDULE_HOLD_TODO},
	};
	struct schedule *s = begin(1, 1);
	size_t i;

	(void)state;
	open_lane(s, 0, 0);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_true(schedule_give(s, 0, 0));
		if (schedule_done(s, 0, steps[i].reply, 0) != steps[i].hold)
			fail_msg("step %zu", i);
	}
	schedule_free(s);
}

static void
no_row_is_too_long_if_nobody_asks_to_stop(void **state)
{
	struct schedule_params p = params(1, 1);
	struct schedule *s;
	int i;

	(void)state;
	p.stop_after = 0;
	s = schedule_new(&p, 0);
	open_lane(s, 0, 0);
	for (i = 0; i < 100; i++)
		assert_int_equal(answer(s, 0, &spam, 0), SCHEDULE_HOLD_NOTHING);
	assert_null(schedule_stopped(s, NULL));
	schedule_free(s);

	p.stop_after = 1;
	s = schedule_new(&p, 0);
	open_lane(s, 0, 0);
	assert_int_equal(answer(s, 0, &spam, 0), SCHEDULE_HOLD_TODO);
	assert_non_null(schedule_stopped(s, NULL));
	schedule_free(s);
}

static void
a_refusal_of_the_account_stops_the_run_at_once(void **state)
{
	static const struct schedule_reply replies[] = {
	    {550, "5.4.5", "5.4.5 Daily user sending limit exceeded", MESSAGE},
	    {550, "5.4.5", "5.4.5 Daily user sending limit exceeded", RCPT},
	    {554, "5.2.0", "5.2.0 SendAsDenied", MESSAGE},
	    {550, "5.7.26", "5.7.26 unauthenticated", MESSAGE},
	    {550, "5.7.515", "5.7.515 access denied", MESSAGE},
	    {535, "5.7.8", "5.7.8 not any more", MAIL},
	};
	size_t i;
	char why[100];

	(void)state;
	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct schedule_params p = params(1, 3);
		struct schedule *s;
		int64_t at;

		p.stop_after = 0;
		s = schedule_new(&p, 0);
		open_lane(s, 0, 0);
		assert_true(schedule_give(s, 0, 0));
		assert_true(schedule_give(s, 0, 0));
		assert_int_equal(
		    judge(s, &replies[i], "x.test", 1, 0, &at), SCHEDULE_TODO);
		(void)schedule_done(s, 0, &replies[i], 0);
		snprintf(why, sizeof(why), "%d %s", replies[i].code,
		    replies[i].text);
		assert_stopped(s, why, true);
		assert_int_equal(
		    judge(s, &replies[i], "x.test", 1, 0, &at), SCHEDULE_TODO);
		/* The first reason is the one that is told. */
		assert_int_equal(
		    judge(s, &replies[(i + 2) % 6], NULL, 1, 0, &at),
		    SCHEDULE_TODO);
		assert_stopped(s, why, true);
		schedule_free(s);
	}
}

/* --- limits of all lanes */

static void
one_rate_is_for_all_lanes(void **state)
{
	struct schedule_params p = params(3, 5);
	struct schedule *s;
	int i;
	int64_t now;

	(void)state;
	p.rate_count = 30;
	p.rate_us = MINUTE;
	s = schedule_new(&p, 0);
	open_all(s, 3, 0);
	for (i = 0; i < 12; i++) {
		now = i * 2 * SECOND;
		assert_false(schedule_give(s, i % 3U, now - 1));
		assert_true(schedule_give(s, i % 3U, now));
		assert_false(schedule_give(s, (i + 1) % 3U, now));
		assert_int_equal(schedule_wake_us(s, now), now + 2 * SECOND);
	}
	/* A slot that was given back is there at once. */
	schedule_take_back(s, 2);
	assert_true(schedule_give(s, 0, 22 * SECOND));
	schedule_free(s);
}

static void
a_quota_counts_what_was_before_the_run(void **state)
{
	struct schedule_params p = params(1, 100);
	struct schedule *s;

	(void)state;
	p.quota_count = 3;
	p.quota_us = hour;
	s = schedule_new(&p, 0);
	schedule_used(s, -hour - 1);
	schedule_used(s, -hour + 100);
	schedule_used(s, -5);
	open_lane(s, 0, 0);
	assert_true(schedule_give(s, 0, 0));
	assert_false(schedule_give(s, 0, 99));
	assert_int_equal(schedule_wake_us(s, 0), 100);
	assert_true(schedule_give(s, 0, 100));
	assert_true(schedule_wake_us(s, 100) == hour - 5);
	/* What a lost connection had not begun is given back after it. */
	schedule_closed(s, 0, &lost, true, 100);
	assert_false(schedule_may_open(s, 0, 2 * SECOND));
	schedule_take_back(s, 0);
	schedule_take_back(s, 0);
	schedule_take_back(s, 0);
	assert_about(reopens(s, 0, 100) - 100, SECOND);
	open_lane(s, 0, 2 * SECOND);
	assert_true(schedule_give(s, 0, 2 * SECOND));
	assert_true(schedule_give(s, 0, 2 * SECOND));
	assert_false(schedule_give(s, 0, 2 * SECOND));
	schedule_free(s);
}

static void
news_are_printable_lines(void **state)
{
	struct schedule_reply r = {
	    421, "", "\x1b[31mred\n\xff second\n", SMTP_PHASE_MAIL, false};
	char text[1000];
	struct schedule *s = begin(4, 1);
	struct buf b = BUF_WITH_MAX(1000);

	(void)state;
	open_all(s, 2, 0);
	assert_true(schedule_give(s, 0, 0));
	schedule_closed(s, 0, &r, true, 0);
	assert_news(s,
	    "fewer connections, 2 instead of 4: 421 \\x1B[31mred \\xFF second");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text + 299, "\xc3\xbc", 2);
	r.text = text;
	open_lane(s, 2, 0);
	assert_true(schedule_give(s, 2, 0));
	schedule_closed(s, 2, &r, true, 0);
	assert_true(schedule_news(s, &b));
	assert_int_equal(
	    b.len, strlen("fewer connections, 1 instead of 2: 421 ") + 299);
	buf_clear(&b);
	schedule_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(waits_double_up_to_five_minutes),
	    cmocka_unit_test(each_lane_opens_once_and_takes_its_window),
	    cmocka_unit_test(
		a_connection_takes_as_many_messages_as_the_user_says),
	    cmocka_unit_test(a_lost_connection_halves_those_wanted),
	    cmocka_unit_test(
		connections_that_are_lost_together_are_one_trouble),
	    cmocka_unit_test(while_none_works_no_other_lane_is_tried_sooner),
	    cmocka_unit_test(
		those_that_are_ready_stay_before_those_that_are_opening),
	    cmocka_unit_test(
		failures_in_a_row_wait_longer_until_a_message_is_accepted),
	    cmocka_unit_test(a_long_wait_without_any_connection_is_told),
	    cmocka_unit_test(who_cannot_be_set_up_leaves_the_others_alone),
	    cmocka_unit_test(connections_grow_again_one_for_ten_messages_each),
	    cmocka_unit_test(who_is_refused_each_time_asks_ever_less_often),
	    cmocka_unit_test(
		a_window_begins_small_and_grows_by_what_is_accepted),
	    cmocka_unit_test(
		what_is_behind_the_number_of_a_lost_connection_goes_alone),
	    cmocka_unit_test(a_number_after_which_the_server_closes_is_learnt),
	    cmocka_unit_test(connections_that_end_together_teach_nothing),
	    cmocka_unit_test(
		neither_few_messages_nor_different_numbers_teach_anything),
	    cmocka_unit_test(a_server_may_close_what_is_not_used),
	    cmocka_unit_test(a_run_without_any_connection_ends_with_its_time),
	    cmocka_unit_test(
		a_first_connection_that_is_refused_for_good_ends_the_run),
	    cmocka_unit_test(what_was_on_a_lost_connection_is_todo_again),
	    cmocka_unit_test(too_much_lets_all_wait_and_halves_the_rate),
	    cmocka_unit_test(who_is_impatient_stops_where_others_wait),
	    cmocka_unit_test(
		a_pause_that_was_enough_makes_the_next_one_short_again),
	    cmocka_unit_test(
		a_throttled_connection_that_closes_is_no_further_trouble),
	    cmocka_unit_test(
		a_server_without_room_is_waited_for_at_the_same_rate),
	    cmocka_unit_test(
		a_recipient_that_is_put_off_waits_longer_each_time),
	    cmocka_unit_test(without_time_nothing_is_tried_again),
	    cmocka_unit_test(three_of_a_domain_in_a_row_pause_it),
	    cmocka_unit_test(
		an_accepted_recipient_ends_the_pause_of_its_domain),
	    cmocka_unit_test(
		too_many_recipients_of_a_transaction_pause_no_domain),
	    cmocka_unit_test(ten_thousand_domains_are_told_apart),
	    cmocka_unit_test(five_equal_refusals_in_a_row_stop_the_run),
	    cmocka_unit_test(a_row_ends_with_an_acceptance_or_another_refusal),
	    cmocka_unit_test(no_row_is_too_long_if_nobody_asks_to_stop),
	    cmocka_unit_test(a_refusal_of_the_account_stops_the_run_at_once),
	    cmocka_unit_test(one_rate_is_for_all_lanes),
	    cmocka_unit_test(a_quota_counts_what_was_before_the_run),
	    cmocka_unit_test(news_are_printable_lines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
