/* Events wait in the order in which they happened. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "lib/memory.h"
#include "smtp/event.h"

static void
push(struct smtp_events *q, unsigned number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	smtp_events_push(q,
	    &(struct smtp_event){
		.type = SMTP_SENT, .text = memory_strdup(text)});
}

static void
assert_next(struct smtp_events *q, unsigned number)
{
	struct smtp_event e;
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	assert_true(smtp_events_pull(q, &e));
	assert_int_equal(e.type, SMTP_SENT);
	assert_string_equal(e.text, text);
}

static void
events_are_pulled_in_their_order(void **state)
{
	struct smtp_events q = {0};
	struct smtp_event e;
	unsigned i, next = 0;

	(void)state;
	assert_false(smtp_events_pull(&q, &e));
	for (i = 0; i < 100; i++) {
		push(&q, i);
		if (i % 3 != 0)
			assert_next(&q, next++);
	}
	while (next < 100)
		assert_next(&q, next++);
	assert_false(smtp_events_pull(&q, &e));
	smtp_events_clear(&q);
}

static void
a_queue_that_is_emptied_again_and_again_does_not_grow(void **state)
{
	struct smtp_events q = {0};
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		push(&q, 2 * i);
		push(&q, 2 * i + 1);
		assert_next(&q, 2 * i);
		assert_next(&q, 2 * i + 1);
	}
	assert_int_equal(q.cap, 8);
	for (i = 0; i < 1000; i++) {
		push(&q, i);
		if (i >= 3)
			assert_next(&q, i - 3);
	}
	assert_int_equal(q.cap, 8);
	/* What nobody pulled is freed, too. */
	smtp_events_clear(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(events_are_pulled_in_their_order),
	    cmocka_unit_test(
		a_queue_that_is_emptied_again_and_again_does_not_grow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
