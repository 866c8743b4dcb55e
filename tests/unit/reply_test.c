/* Replies of a server, however they are cut into pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "smtp/reply.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* Hands over what is there, as a session does: a piece more each time.
 * Returns what the parser said last; *rest is what it did not take. */
static int
parse(struct smtp_reply *r, const char *bytes, size_t n, size_t piece,
    size_t *rest)
{
	size_t from = 0, to = 0, used;
	int said = 0;

	while (said == 0 && to < n) {
		to += n - to < piece ? n - to : piece;
		said = smtp_reply_parse(r, bytes + from, to - from, &used);
		assert_true(used <= to - from);
		from += used;
	}
	*rest = n - from;
	return said;
}

struct expected {
	const char *bytes;
	int said, code;
	const char *enhanced, *text;
};

static void
assert_reply(const struct expected *e)
{
	size_t n = strlen(e->bytes), piece, rest;
	struct smtp_reply r;

	for (piece = 1; piece <= n; piece++) {
		smtp_reply_init(&r);
		assert_int_equal(parse(&r, e->bytes, n, piece, &rest), e->said);
		if (e->said == 1) {
			assert_true(r.complete);
			assert_int_equal(rest, 0);
			assert_int_equal(r.code, e->code);
			assert_string_equal(r.enhanced, e->enhanced);
			assert_string_equal(buf_string(&r.text), e->text);
		} else {
			assert_false(r.complete);
			assert_int_equal(r.fault != NULL, e->said == -1);
		}
		smtp_reply_clear(&r);
	}
}

static void
replies_are_read_whole_at_any_split(void **state)
{
	static const struct expected replies[] = {
	    {"250 ok\r\n", 1, 250, "", "ok"},
	    {"220\r\n", 1, 220, "", ""},
	    {"250 \r\n", 1, 250, "", ""},
	    {"250 ok\n", 1, 250, "", "ok"},
	    {"220-a\n220 b\n", 1, 220, "", "a\nb"},
	    {"220-a\r\n220-\r\n220-\r\n220\r\n", 1, 220, "", "a\n\n\n"},
	    {"250-x\r\n250-  y \r\n250 z\r\n", 1, 250, "", "x\n  y \nz"},
	    {"550 5.1.1 no such user\r\n", 1, 550, "5.1.1",
		"5.1.1 no such user"},
	    {"550-5.1.1 no\r\n550 5.7.1 not\r\n", 1, 550, "5.1.1",
		"5.1.1 no\n5.7.1 not"},
	    {"450 4.123.456 x\r\n", 1, 450, "4.123.456", "4.123.456 x"},
	    {"250 2.0.0\r\n", 1, 250, "2.0.0", "2.0.0"},
	    {"250 5.1.1 another class\r\n", 1, 250, "", "5.1.1 another class"},
	    {"250 2.1 x\r\n", 1, 250, "", "2.1 x"},
	    {"250 2.1.1234 x\r\n", 1, 250, "", "2.1.1234 x"},
	    {"250 2..1 x\r\n", 1, 250, "", "2..1 x"},
	    {"250 2.1.1x\r\n", 1, 250, "", "2.1.1x"},
	    {"250 a\rb\r\n", 1, 250, "", "a\rb"},
	    {"250 a\r\r\n", 1, 250, "", "a\r"},
	    {"250 \x1b[2J\xff\xfe\x9b\r\n", 1, 250, "", "\x1b[2J\xff\xfe\x9b"},
	    {"599 x\r\n", 1, 599, "", "x"},
	    {"200 x\r\n", 1, 200, "", "x"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(replies); i++)
		assert_reply(&replies[i]);
}

static void
what_is_no_reply_is_a_fault_at_any_split(void **state)
{
	static const char *const lines[] = {"999 x\r\n", "000 x\r\n",
	    "600 x\r\n", "199 x\r\n", "25\r\n", "25 ok\r\n", "2500 ok\r\n",
	    "25x ok\r\n", " 250 ok\r\n", "\r\n", "\n", "250\tok\r\n",
	    "250_ok\r\n", "-250 ok\r\n", "+25 ok\r\n", "HTTP/1.1 400 Bad\r\n",
	    "SSH-2.0-OpenSSH_9.2\r\n", "250-a\r\n550 b\r\n",
	    "250-a\r\n251 b\r\n", "250-a\r\nb\r\n", "250-a\r\n\r\n250 b\r\n",
	    "\xff\xf0 250\r\n", "250\r\r\n"};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(lines); i++)
		assert_reply(&(struct expected){.bytes = lines[i], .said = -1});
}

static void
what_is_not_finished_is_awaited(void **state)
{
	static const char *const lines[] = {"2", "250", "250 ok", "250 ok\r",
	    "250-ok\r\n", "250-ok\r\n250", "250-ok\r\n250 there"};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(lines); i++)
		assert_reply(&(struct expected){.bytes = lines[i], .said = 0});
}

static void
a_nul_is_written_out(void **state)
{
	static const char bytes[] = "250 \0a\0\0b\r\n";
	struct smtp_reply r;
	size_t used;

	(void)state;
	smtp_reply_init(&r);
	assert_int_equal(
	    smtp_reply_parse(&r, bytes, sizeof(bytes) - 1, &used), 1);
	assert_string_equal(r.text.data, "\\x00a\\x00\\x00b");
	assert_int_equal(r.text.len, strlen(r.text.data));
	smtp_reply_clear(&r);
}

static void
nothing_is_taken_behind_the_end(void **state)
{
	static const char bytes[] = "250-a\r\n250 b\r\n354 go\r\n";
	struct smtp_reply r;
	size_t used;

	(void)state;
	smtp_reply_init(&r);
	assert_int_equal(
	    smtp_reply_parse(&r, bytes, sizeof(bytes) - 1, &used), 1);
	assert_int_equal(used, 14);
	assert_int_equal(smtp_reply_parse(&r, bytes + 14, 8, &used), 1);
	assert_int_equal(used, 0); /* until it is reset */
	smtp_reply_reset(&r);
	assert_int_equal(smtp_reply_parse(&r, bytes + 14, 8, &used), 1);
	assert_int_equal(used, 8);
	assert_int_equal(r.code, 354);
	assert_int_equal(r.lines, 1);
	assert_string_equal(buf_string(&r.text), "go");
	smtp_reply_clear(&r);
}

static int
feed_line(struct smtp_reply *r, const char *text, size_t n)
{
	struct buf line = {0};
	size_t used;
	int said;

	buf_puts(&line, text);
	while (line.len < n)
		buf_putc(&line, 'x');
	buf_puts(&line, "\r\n");
	said = smtp_reply_parse(r, line.data, line.len, &used);
	buf_clear(&line);
	return said;
}

static void
a_reply_is_no_longer_than_64_kib(void **state)
{
	struct smtp_reply r;
	size_t i;

	(void)state;
	smtp_reply_init(&r);
	assert_int_equal(feed_line(&r, "250 ", SMTP_REPLY_MAX), 1);
	smtp_reply_reset(&r);
	assert_int_equal(feed_line(&r, "250 ", SMTP_REPLY_MAX + 5), -1);
	smtp_reply_clear(&r);
	for (i = 0; i < 100000 && feed_line(&r, "220-hello", 0) == 0; i++)
		;
	assert_in_range(i, 10000, 11000);
	assert_non_null(r.fault);
	assert_true(r.text.cap <= SMTP_REPLY_MAX + 1);
	smtp_reply_clear(&r);
	for (i = 0; i < 100000 && feed_line(&r, "220-", 0) == 0; i++)
		;
	assert_in_range(i, SMTP_REPLY_MAX, SMTP_REPLY_MAX + 1);
	smtp_reply_clear(&r);
}

static void
a_line_without_an_end_is_not_awaited_for_ever(void **state)
{
	static char bytes[SMTP_REPLY_MAX + 1];
	struct smtp_reply r;
	size_t used;

	(void)state;
	memset(bytes, '2', sizeof(bytes));
	smtp_reply_init(&r);
	assert_int_equal(smtp_reply_parse(&r, bytes, SMTP_REPLY_MAX, &used), 0);
	assert_int_equal(smtp_reply_parse(&r, bytes, sizeof(bytes), &used), -1);
	smtp_reply_clear(&r);
}

static void
an_abridged_reply_ends_where_it_ends(void **state)
{
	struct smtp_reply r;
	size_t i;

	(void)state;
	smtp_reply_init(&r);
	r.abridge = true;
	for (i = 0; i < 100000; i++)
		assert_int_equal(feed_line(&r, "250-keyword", 0), 0);
	assert_int_equal(feed_line(&r, "250 last", 0), 1);
	assert_int_equal(r.lines, 100001);
	assert_true(r.text.cap <= SMTP_REPLY_MAX + 1);
	smtp_reply_reset(&r);
	assert_false(r.abridge);
	r.abridge = true;
	assert_int_equal(feed_line(&r, "25x last", 0), -1);
	smtp_reply_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_are_read_whole_at_any_split),
	    cmocka_unit_test(what_is_no_reply_is_a_fault_at_any_split),
	    cmocka_unit_test(what_is_not_finished_is_awaited),
	    cmocka_unit_test(a_nul_is_written_out),
	    cmocka_unit_test(nothing_is_taken_behind_the_end),
	    cmocka_unit_test(a_reply_is_no_longer_than_64_kib),
	    cmocka_unit_test(a_line_without_an_end_is_not_awaited_for_ever),
	    cmocka_unit_test(an_abridged_reply_ends_where_it_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
