/* Work is done in its order, with a cursor at what is being made. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smtp/work.h"

static void
the_cursor_goes_from_one_to_the_next(void **state)
{
	struct work_queue q = {0};
	struct work *a = work_add(&q, WORK_TRANSACTION);
	struct work *b = work_add(&q, WORK_COMMAND), *c;

	(void)state;
	assert_ptr_equal(q.cursor, a);
	work_made(&q, a);
	assert_ptr_equal(q.cursor, b);
	/* Told twice, or of what is no longer at it, it stays. */
	work_made(&q, a);
	assert_ptr_equal(q.cursor, b);
	work_made(&q, b);
	assert_null(q.cursor);
	/* Both still wait for replies; what is added is to be made. */
	assert_ptr_equal(q.first, a);
	c = work_add(&q, WORK_QUIT);
	assert_ptr_equal(q.cursor, c);
	work_remove(&q, a);
	work_remove(&q, b);
	work_remove(&q, c);
	assert_null(q.first);
	assert_null(q.cursor);
}

static void
work_that_is_over_leaves_the_rest_in_order(void **state)
{
	struct work *w[4];
	size_t gone, i, next;

	(void)state;
	for (gone = 0; gone < 4; gone++) {
		struct work_queue q = {0};

		for (i = 0; i < 4; i++)
			w[i] = work_add(&q, WORK_COMMAND);
		work_remove(&q, w[gone]);
		assert_ptr_equal(q.cursor, w[gone == 0]);
		/* Its end is known, too. */
		(void)work_add(&q, WORK_QUIT);
		for (next = 0; next < 4; next++) {
			if (next == gone)
				continue;
			assert_ptr_equal(q.first, w[next]);
			work_remove(&q, q.first);
		}
		assert_int_equal(q.first->kind, WORK_QUIT);
		work_remove(&q, q.first);
		assert_null(q.first);
		assert_null(q.last);
		assert_null(q.cursor);
	}
}

static void
what_comes_first_is_made_before_all_others(void **state)
{
	struct work_queue q = {0};
	struct work *quit;

	(void)state;
	work_add_first(&q, WORK_HELLO);
	quit = work_add(&q, WORK_QUIT);
	work_remove(&q, q.first);
	assert_ptr_equal(q.cursor, quit);
	work_add_first(&q, WORK_HELLO);
	assert_ptr_equal(q.cursor, q.first);
	assert_int_equal(q.first->kind, WORK_HELLO);
	assert_true(work_is_setup(q.first));
	work_remove(&q, q.first);
	assert_ptr_equal(q.cursor, quit);
	assert_false(work_is_setup(quit));
	work_remove(&q, quit);
	assert_null(q.first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_cursor_goes_from_one_to_the_next),
	    cmocka_unit_test(work_that_is_over_leaves_the_rest_in_order),
	    cmocka_unit_test(what_comes_first_is_made_before_all_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
