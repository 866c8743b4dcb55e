/* queue: what was put off comes when it is due, the oldest first. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "batch/queue.h"

static void
put(struct queue *q, int64_t due_us, uint64_t number)
{
	const struct queue_entry entry = {
	    .due_us = due_us, .place = {.number = number}};

	queue_put(q, &entry);
}

static void
an_empty_queue_has_nothing(void **state)
{
	struct queue q = {0};
	struct queue_entry entry;

	(void)state;
	assert_false(queue_take(&q, INT64_MAX, &entry));
	assert_true(queue_due_us(&q) == INT64_MAX);
	queue_clear(&q);
}

static void
nothing_comes_before_it_is_due(void **state)
{
	struct queue q = {0};
	struct queue_entry entry;

	(void)state;
	put(&q, 20, 1);
	put(&q, 10, 2);
	assert_int_equal(queue_due_us(&q), 10);
	assert_false(queue_take(&q, 9, &entry));
	assert_true(queue_take(&q, 10, &entry));
	assert_int_equal(entry.place.number, 2);
	assert_int_equal(queue_due_us(&q), 20);
	assert_false(queue_take(&q, 19, &entry));
	assert_true(queue_take(&q, 30, &entry));
	assert_int_equal(entry.place.number, 1);
	queue_clear(&q);
}

static void
what_was_put_in_comes_out_whole(void **state)
{
	const struct queue_entry in = {.due_us = 5,
	    .place = {.offset = 1, .line = 2, .number = 3},
	    .first_us = 4,
	    .tries = 6};
	struct queue q = {0};
	struct queue_entry out;

	(void)state;
	queue_put(&q, &in);
	assert_true(queue_take(&q, 5, &out));
	assert_int_equal(out.due_us, in.due_us);
	assert_int_equal(out.place.offset, in.place.offset);
	assert_int_equal(out.place.line, in.place.line);
	assert_int_equal(out.place.number, in.place.number);
	assert_int_equal(out.first_us, in.first_us);
	assert_int_equal(out.tries, in.tries);
	queue_clear(&q);
}

static void
of_those_that_are_due_at_once_the_oldest_comes_first(void **state)
{
	struct queue q = {0};
	struct queue_entry entry;
	uint64_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		put(&q, 7, i);
	/* Put off again, one stands behind those that wait already. */
	assert_true(queue_take(&q, 7, &entry));
	assert_int_equal(entry.place.number, 0);
	put(&q, 7, 100);
	for (i = 1; i <= 100; i++) {
		assert_true(queue_take(&q, 7, &entry));
		assert_int_equal(entry.place.number, i);
	}
	queue_clear(&q);
}

/* By a generator of numbers without a period that matters here. */
static void
any_order_comes_out_sorted(void **state)
{
	enum { COUNT = 2000 };
	struct queue q = {0};
	struct queue_entry entry, before = {.due_us = -1};
	uint32_t x = 1;
	unsigned taken = 0;
	uint64_t i;

	(void)state;
	for (i = 0; i < COUNT; i++) {
		x = x * 1664525 + 1013904223;
		put(&q, x >> 22, i);
	}
	while (queue_take(&q, INT64_MAX, &entry)) {
		assert_true(entry.due_us > before.due_us ||
		    (entry.due_us == before.due_us &&
			entry.place.number > before.place.number));
		before = entry;
		taken++;
	}
	assert_int_equal(taken, COUNT);
	queue_clear(&q);
	assert_int_equal(q.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_queue_has_nothing),
	    cmocka_unit_test(nothing_comes_before_it_is_due),
	    cmocka_unit_test(what_was_put_in_comes_out_whole),
	    cmocka_unit_test(
		of_those_that_are_due_at_once_the_oldest_comes_first),
	    cmocka_unit_test(any_order_comes_out_sorted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
