/* pace_test: rate and quota to the microsecond. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "batch/pace.h"

enum { SECOND = 1000000, MINUTE = 60 * SECOND, UNLIMITED = 0 };

static void
take_at(struct pace *p, int64_t us)
{
	assert_true(pace_free_us(p) <= us);
	pace_take(p, us);
}

static void
assert_rate(const struct pace *p, const char *expected)
{
	struct buf b = BUF_WITH_MAX(100);

	pace_describe(p, &b);
	assert_string_equal(buf_string(&b), expected);
	buf_clear(&b);
}

static void
thirty_a_minute_is_one_every_two_seconds(void **state)
{
	struct pace p;
	int i;

	(void)state;
	pace_init(&p, 30, MINUTE, UNLIMITED, 0, 5);
	for (i = 0; i < 100; i++) {
		assert_int_equal(pace_free_us(&p), 5 + i * 2 * SECOND);
		take_at(&p, 5 + i * 2 * SECOND);
	}
	pace_clear(&p);
}

static void
a_slot_within_a_microsecond_is_rounded_up(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 3, SECOND, UNLIMITED, 0, 0);
	take_at(&p, 0);
	assert_int_equal(pace_free_us(&p), 333334);
	take_at(&p, 333334);
	assert_int_equal(pace_free_us(&p), 666667);
	take_at(&p, 666667);
	assert_int_equal(pace_free_us(&p), 999999 + 1);
	pace_clear(&p);
}

static void
who_wakes_late_does_not_lower_the_rate(void **state)
{
	static const struct {
		uint64_t rate;
		int64_t rate_us;
		int64_t late_us;
		int count;
	} cases[] = {
	    {7, MINUTE, 3000000, 700},
	    {3, SECOND, 4321, 3000},
	    {1000, SECOND, 1999, 100000},
	    {7000, SECOND, 1500, 100000},
	};
	struct pace p;
	size_t i;
	int n;
	int64_t now, ideal;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pace_init(&p, cases[i].rate, cases[i].rate_us, UNLIMITED, 0, 0);
		now = 0;
		for (n = 0; n < cases[i].count; n++) {
			if (pace_free_us(&p) > now)
				now = pace_free_us(&p) + cases[i].late_us;
			take_at(&p, now);
		}
		ideal = (int64_t)((double)cases[i].rate_us * cases[i].count /
		    (double)cases[i].rate);
		assert_in_range(now, ideal - ideal / 100, ideal + ideal / 100);
		pace_clear(&p);
	}
}

static void
an_idle_time_is_not_made_up_for(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1, SECOND, UNLIMITED, 0, 0);
	take_at(&p, 0);
	take_at(&p, 1900000);
	assert_int_equal(pace_free_us(&p), 2000000);
	take_at(&p, 3000000);
	assert_int_equal(pace_free_us(&p), 4000000);
	pace_clear(&p);

	/* A high rate has 20 ms. */
	pace_init(&p, 1000, SECOND, UNLIMITED, 0, 0);
	take_at(&p, 19999);
	assert_int_equal(pace_free_us(&p), 1000);
	take_at(&p, 21000);
	assert_int_equal(pace_free_us(&p), 22000);
	pace_clear(&p);
}

static void
without_limits_nothing_waits(void **state)
{
	struct pace p;
	int i;

	(void)state;
	pace_init(&p, 0, 0, 0, 0, 9);
	pace_used(&p, 3);
	for (i = 0; i < 1000; i++)
		take_at(&p, 9);
	assert_rate(&p, "no limit");
	pace_clear(&p);
}

static void
a_quota_is_a_window_that_slides(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 0, 0, 3, 100, 0);
	take_at(&p, 0);
	take_at(&p, 10);
	take_at(&p, 50);
	assert_int_equal(pace_free_us(&p), 100);
	take_at(&p, 105);
	assert_int_equal(pace_free_us(&p), 110);
	take_at(&p, 110);
	assert_int_equal(pace_free_us(&p), 150);
	pace_clear(&p);
}

static void
what_was_sent_before_the_run_counts_in_any_order(void **state)
{
	static const int64_t before[] = {-400, -20, -90, -30, -500, -10};
	struct pace p;
	size_t i;

	(void)state;
	pace_init(&p, 0, 0, 4, 100, 0);
	for (i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		pace_used(&p, before[i]);
	assert_int_equal(pace_free_us(&p), 10);
	take_at(&p, 10);
	assert_int_equal(pace_free_us(&p), 70);
	pace_clear(&p);
}

static void
a_large_quota_takes_memory_only_as_it_is_used(void **state)
{
	struct pace p;
	int i;

	(void)state;
	pace_init(&p, 0, 0, UINT64_C(1) << 40, 1000000, 0);
	for (i = 0; i < 1000; i++)
		take_at(&p, i);
	assert_in_range(p.room, 1000, 2000);
	pace_clear(&p);
}

static void
what_is_given_back_was_never_taken(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 1, SECOND, 3, 10 * SECOND, 0);
	take_at(&p, 0);
	take_at(&p, 1000000);
	take_at(&p, 2000000);
	assert_int_equal(pace_free_us(&p), 10000000);
	pace_give_back(&p, 2000000);
	assert_int_equal(pace_free_us(&p), 2000000);
	/* One before that frees its place in the quota, but no slot. */
	pace_give_back(&p, 0);
	assert_int_equal(pace_free_us(&p), 2000000);
	take_at(&p, 2000000);
	assert_int_equal(pace_free_us(&p), 3000000);
	take_at(&p, 3000000);
	assert_int_equal(pace_free_us(&p), 11000000);
	pace_clear(&p);
}

static void
half_a_rate_is_twice_the_interval(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 30, MINUTE, UNLIMITED, 0, 0);
	take_at(&p, 0);
	pace_halve(&p, 1, 1);
	assert_int_equal(pace_free_us(&p), 4000000);
	assert_rate(&p, "15/min");
	pace_halve(&p, 1, 1);
	assert_rate(&p, "7.5/min");
	pace_halve(&p, 1, 1);
	pace_halve(&p, 1, 1);
	pace_halve(&p, 1, 1);
	assert_rate(&p, "56/h");
	pace_clear(&p);
}

static void
without_a_rate_half_of_what_was_achieved_lately_is_taken(void **state)
{
	struct pace p;
	int64_t now = 0;

	(void)state;
	/* 100 a second for a minute, then 20. */
	pace_init(&p, 0, 0, UNLIMITED, 0, 0);
	for (; now < MINUTE; now += 10000)
		pace_accepted(&p, now);
	for (; now < 2 * MINUTE; now += 50000)
		pace_accepted(&p, now);
	pace_halve(&p, now, now);
	assert_in_range(p.interval_ns, 99000000, 101000000);
	assert_rate(&p, "10/s");
	assert_int_equal(pace_free_us(&p), now + 100000);
	pace_clear(&p);

	/* Nothing accepted yet: one a second would have been. */
	pace_init(&p, 0, 0, UNLIMITED, 0, 0);
	pace_halve(&p, 1000, 1000);
	assert_rate(&p, "30/min");
	pace_clear(&p);

	/* What was before a long silence is not lately. */
	pace_init(&p, 0, 0, UNLIMITED, 0, 0);
	for (now = 0; now < 5 * SECOND; now += 1000)
		pace_accepted(&p, now);
	pace_accepted(&p, 10 * MINUTE);
	pace_halve(&p, 10 * MINUTE, 10 * MINUTE);
	assert_rate(&p, "3/min");
	pace_clear(&p);
}

static void
a_halved_rate_grows_by_a_tenth_each_minute(void **state)
{
	static const char *const rates[] = {
	    "30/min", "36/min", "42/min", "48/min", "54/min", "1/s", "1/s"};
	struct pace p;
	size_t i;

	(void)state;
	pace_init(&p, 60, MINUTE, UNLIMITED, 0, 0);
	pace_halve(&p, 0, 10 * SECOND);
	for (i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		assert_rate(&p, rates[i]);
		pace_accepted(&p, 10 * SECOND + (int64_t)(i + 1) * MINUTE - 1);
		assert_rate(&p, rates[i]);
		pace_accepted(&p, 10 * SECOND + (int64_t)(i + 1) * MINUTE);
	}
	assert_int_equal(p.interval_ns, 1000000000);
	pace_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(thirty_a_minute_is_one_every_two_seconds),
	    cmocka_unit_test(a_slot_within_a_microsecond_is_rounded_up),
	    cmocka_unit_test(who_wakes_late_does_not_lower_the_rate),
	    cmocka_unit_test(an_idle_time_is_not_made_up_for),
	    cmocka_unit_test(without_limits_nothing_waits),
	    cmocka_unit_test(a_quota_is_a_window_that_slides),
	    cmocka_unit_test(what_was_sent_before_the_run_counts_in_any_order),
	    cmocka_unit_test(a_large_quota_takes_memory_only_as_it_is_used),
	    cmocka_unit_test(what_is_given_back_was_never_taken),
	    cmocka_unit_test(half_a_rate_is_twice_the_interval),
	    cmocka_unit_test(
		without_a_rate_half_of_what_was_achieved_lately_is_taken),
	    cmocka_unit_test(a_halved_rate_grows_by_a_tenth_each_minute),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
