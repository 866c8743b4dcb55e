/* What waits to be sent, what is held, and what becomes of secrets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "smtp/output.h"

static void
assert_front(const struct smtp_output *o, const char *expected)
{
	const char *bytes;
	size_t n;

	smtp_output_front(o, &bytes, &n);
	assert_int_equal(n, strlen(expected));
	assert_memory_equal(bytes, expected, n);
	assert_int_equal(smtp_output_is_sent(o), n == 0);
}

static void
bytes_go_from_the_front_in_pieces_of_any_size(void **state)
{
	struct smtp_output o = {0};

	(void)state;
	assert_front(&o, "");
	buf_puts(&o.bytes, "MAIL RCPT");
	assert_int_equal(smtp_output_end(&o), 9);
	smtp_output_sent(&o, 5);
	assert_front(&o, "RCPT");
	assert_int_equal(o.sent, 5);
	assert_int_equal(smtp_output_end(&o), 9);
	assert_false(smtp_output_open(&o));
	smtp_output_sent(&o, 4);
	assert_front(&o, "");
	assert_true(smtp_output_open(&o));
	assert_int_equal(smtp_output_room(&o), SMTP_OUTPUT_MAX);
	buf_puts(&o.bytes, "DATA");
	assert_front(&o, "DATA");
	assert_int_equal(smtp_output_end(&o), 13);
	smtp_output_clear(&o);
}

static void
what_is_held_goes_when_it_is_released(void **state)
{
	struct smtp_output o = {0};
	size_t from;

	(void)state;
	buf_puts(&o.bytes, "most");
	from = o.bytes.len;
	buf_puts(&o.bytes, "the end");
	smtp_output_hold(&o, from);
	assert_front(&o, "most");
	assert_int_equal(smtp_output_end(&o), 4);
	smtp_output_sent(&o, 4);
	assert_front(&o, "");
	/* Its place must not be given away. */
	assert_false(smtp_output_open(&o));
	smtp_output_release(&o);
	assert_front(&o, "the end");
	assert_int_equal(smtp_output_end(&o), 11);
	smtp_output_clear(&o);
}

static void
what_was_dropped_is_never_sent(void **state)
{
	struct smtp_output o = {0};

	(void)state;
	buf_puts(&o.bytes, "gone, not gone");
	smtp_output_sent(&o, 4);
	smtp_output_hold(&o, 10);
	smtp_output_drop(&o);
	assert_front(&o, "");
	smtp_output_release(&o);
	assert_front(&o, "");
	buf_puts(&o.bytes, "QUIT");
	assert_front(&o, "QUIT");
	assert_int_equal(smtp_output_end(&o), 8);
	smtp_output_clear(&o);
}

static void
a_secret_is_wiped_as_far_as_it_was_sent(void **state)
{
	struct smtp_output o = {0};
	struct buf line = {0};
	static const char zero[6];

	(void)state;
	buf_puts(&line, "wonderland");
	smtp_output_put_secret(&o, &line, 4);
	assert_int_equal(o.secret_from, 4);
	assert_int_equal(o.secret_to, 10);
	assert_front(&o, "wonderland\r\n");
	smtp_output_sent(&o, 6);
	assert_memory_equal(o.bytes.data, zero, 6);
	assert_front(&o, "land\r\n");
	smtp_output_sent(&o, 6);
	assert_true(smtp_output_open(&o));
	buf_puts(&o.bytes, "NOOP");
	smtp_output_sent(&o, 4);
	/* No secret any more, and so not worth the time. */
	assert_memory_equal(o.bytes.data, "NOOP", 4);
	buf_clear(&line);
	smtp_output_clear(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_go_from_the_front_in_pieces_of_any_size),
	    cmocka_unit_test(what_is_held_goes_when_it_is_released),
	    cmocka_unit_test(what_was_dropped_is_never_sent),
	    cmocka_unit_test(a_secret_is_wiped_as_far_as_it_was_sent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
