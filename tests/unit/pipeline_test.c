/* Commands that wait for their replies, and where a group ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smtp/pipeline.h"

static const struct work *const a_work = (const struct work *)"a";

static void
push(struct smtp_pipeline *p, enum verb verb, size_t first, bool ends_group)
{
	smtp_pipeline_push(p,
	    &(struct pending){.verb = verb,
		.work = (struct work *)a_work,
		.first = first,
		.count = 1},
	    ends_group);
}

static void
replies_belong_to_the_oldest_command(void **state)
{
	struct smtp_pipeline p = {0};
	size_t i, next = 0, cap = 0;

	(void)state;
	assert_null(smtp_pipeline_front(&p));
	/* Three for two, so that the ring grows and goes round. */
	for (i = 0; i < 300; i++) {
		push(&p, VERB_MAIL, i, false);
		assert_int_equal(smtp_pipeline_last(&p)->first, i);
		if (i % 3 == 0)
			continue;
		assert_int_equal(smtp_pipeline_front(&p)->first, next++);
		smtp_pipeline_pop(&p);
	}
	assert_int_equal(p.count, 100);
	for (cap = p.cap; next < 300; next++) {
		assert_int_equal(smtp_pipeline_front(&p)->first, next);
		smtp_pipeline_pop(&p);
	}
	assert_null(smtp_pipeline_front(&p));
	push(&p, VERB_QUIT, 0, true);
	assert_int_equal(p.cap, cap);
	smtp_pipeline_clear(&p);
}

static void
a_run_of_rcpt_is_one_entry(void **state)
{
	struct smtp_pipeline p = {0};
	size_t i;

	(void)state;
	push(&p, VERB_MAIL, 0, false);
	for (i = 0; i < 10000; i++)
		push(&p, VERB_RCPT, i, false);
	assert_int_equal(p.count, 2);
	assert_int_equal(smtp_pipeline_last(&p)->count, 10000);
	/* But not with a gap, nor of another transaction. */
	push(&p, VERB_RCPT, 10001, false);
	assert_int_equal(p.count, 3);
	smtp_pipeline_push(&p,
	    &(struct pending){.verb = VERB_RCPT, .first = 10002, .count = 1},
	    false);
	assert_int_equal(p.count, 4);
	smtp_pipeline_clear(&p);
}

static void
nothing_follows_what_ends_a_group_before_all_is_answered(void **state)
{
	struct smtp_pipeline p = {0};

	(void)state;
	assert_true(smtp_pipeline_open(&p, false));
	push(&p, VERB_MAIL, 0, false);
	assert_false(smtp_pipeline_open(&p, false));
	assert_true(smtp_pipeline_open(&p, true));
	push(&p, VERB_DATA, 0, true);
	assert_false(smtp_pipeline_open(&p, true));
	smtp_pipeline_pop(&p);
	assert_false(smtp_pipeline_open(&p, true));
	smtp_pipeline_pop(&p);
	assert_true(smtp_pipeline_open(&p, true));
	assert_true(smtp_pipeline_open(&p, false));
	push(&p, VERB_MAIL, 0, false);
	assert_true(smtp_pipeline_open(&p, true));
	smtp_pipeline_clear(&p);
}

static void
what_waits_again_is_the_first(void **state)
{
	struct smtp_pipeline p = {0};
	struct pending front;

	(void)state;
	push(&p, VERB_LAST, 7, false);
	push(&p, VERB_QUIT, 0, true);
	front = *smtp_pipeline_front(&p);
	smtp_pipeline_pop(&p);
	assert_int_equal(smtp_pipeline_front(&p)->verb, VERB_QUIT);
	smtp_pipeline_unpop(&p, &front);
	assert_int_equal(smtp_pipeline_front(&p)->verb, VERB_LAST);
	assert_int_equal(smtp_pipeline_front(&p)->first, 7);
	assert_int_equal(p.count, 2);
	assert_false(smtp_pipeline_open(&p, true));
	smtp_pipeline_drop(&p);
	assert_null(smtp_pipeline_front(&p));
	smtp_pipeline_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_belong_to_the_oldest_command),
	    cmocka_unit_test(a_run_of_rcpt_is_one_entry),
	    cmocka_unit_test(
		nothing_follows_what_ends_a_group_before_all_is_answered),
	    cmocka_unit_test(what_waits_again_is_the_first),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
