/* buf_test: bytes that grow up to a maximum; what is printed there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/printable.h"

static void
appending_beyond_the_maximum_changes_nothing(void **state)
{
	struct buf b = BUF_WITH_MAX(10);

	(void)state;
	assert_int_equal(buf_puts(&b, "0123456789"), 0);
	assert_int_equal(buf_putc(&b, 'x'), -1);
	assert_int_equal(buf_printf(&b, "%d", 1), -1);
	assert_string_equal(buf_string(&b), "0123456789");
	buf_consume(&b, 4);
	assert_int_equal(buf_printf(&b, "%s", "abcd"), 0);
	assert_int_equal(buf_printf(&b, "%s", "e"), -1);
	assert_string_equal(buf_string(&b), "456789abcd");
	buf_clear(&b);
	assert_string_equal(buf_string(&b), "");
}

static void
printing_gives_the_same_at_every_amount_of_room(void **state)
{
	char expected[512], filler[300];
	size_t n;

	(void)state;
	memset(filler, 'f', sizeof(filler));
	for (n = 0; n < sizeof(filler); n++) {
		struct buf b = {0};

		buf_append(&b, filler, n);
		buf_printf(&b, "%s-%d", "some text of a length", 12345);
		snprintf(expected, sizeof(expected), "%.*s%s", (int)n, filler,
		    "some text of a length-12345");
		assert_string_equal(buf_string(&b), expected);
		assert_int_equal(b.len, strlen(expected));
		buf_clear(&b);
	}
}

static void
an_error_keeps_context_text_and_hint(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(
	    error_set(&err, EX_NOHOST, "%s: no such host", "x"), -1);
	error_hint(&err, "try %s", "y");
	error_context(&err, "--server");
	assert_string_equal(err.text, "--server: x: no such host");
	assert_string_equal(err.hint, "try y");
	assert_int_equal(err.status, EX_NOHOST);
	/* Its own text as an argument. */
	error_set(&err, EX_USAGE, "again: %s", err.text);
	assert_string_equal(err.text, "again: --server: x: no such host");
	assert_string_equal(err.hint, "");
}

static void
a_long_error_is_cut_between_characters(void **state)
{
	char path[2000], umlauts[3000];
	struct error err;
	size_t i;
	uint32_t rune;

	(void)state;
	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	error_set(&err, EX_NOINPUT, "No such file");
	error_context(&err, "%s", path);
	assert_non_null(strstr(err.text, "p: No such file"));
	for (i = 0; i + 1 < sizeof(umlauts) - 1; i += 2)
		memcpy(umlauts + i, "\xc3\xbc", 2);
	umlauts[i] = '\0';
	error_set(&err, EX_DATAERR, "x%s", umlauts);
	for (i = 1; err.text[i] != '\0'; i += 2)
		assert_int_equal(
		    printable_utf8(err.text + i, strlen(err.text + i), &rune),
		    2);
	error_set(&err, EX_DATAERR, "%s", umlauts);
	for (i = 0; err.text[i] != '\0'; i += 2)
		assert_int_equal(
		    printable_utf8(err.text + i, strlen(err.text + i), &rune),
		    2);
}

static void
text_from_outside_becomes_printable(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} cases[] = {
	    {"plain \\ text", 12, "plain \\ text"},
	    {"gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f"},
	    {"\x1b[31m", 5, "\\x1B[31m"},
	    {"a\0b", 3, "a\\x00b"},
	    {"\t\n\r\x7f", 4, "\\t\\n\\x0D\\x7F"},
	    {"\xc2\x9b", 2, "\\xC2\\x9B"},	    /* C1: CSI */
	    {"\xe2\x80\xae", 3, "\\xE2\\x80\\xAE"}, /* RLO */
	    {"\xff\xc3", 2, "\\xFF\\xC3"},	    /* ill-formed */
	    {"\xc0\xaf\xed\xa0\x80", 5, "\\xC0\\xAF\\xED\\xA0\\x80"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = {0};

		printable_append(&b, cases[i].in, cases[i].n);
		assert_string_equal(buf_string(&b), cases[i].out);
		buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(appending_beyond_the_maximum_changes_nothing),
	    cmocka_unit_test(printing_gives_the_same_at_every_amount_of_room),
	    cmocka_unit_test(an_error_keeps_context_text_and_hint),
	    cmocka_unit_test(a_long_error_is_cut_between_characters),
	    cmocka_unit_test(text_from_outside_becomes_printable),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
