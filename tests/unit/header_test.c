/* Header fields: names, folding and unfolding. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "message_testutil.h"
#include "rfc5322/header.h"

static void
names_are_ftext(void **state)
{
	char name[80];

	(void)state;
	assert_true(header_name_valid("X-A!~", 5));
	assert_false(header_name_valid("", 0));
	assert_false(header_name_valid("a b", 3));
	assert_false(header_name_valid("a:", 2));
	assert_false(header_name_valid("a\n", 2));
	assert_false(header_name_valid("a\0", 2));
	assert_false(header_name_valid("a\x7f", 2));
	assert_false(header_name_valid("\xc3\xbc", 2));
	memset(name, 'x', sizeof(name));
	assert_true(header_name_valid(name, HEADER_NAME_MAX));
	assert_false(header_name_valid(name, HEADER_NAME_MAX + 1));
}

static void
a_block_is_read_field_by_field(void **state)
{
	static const char block[] = "A: 1\nB : 2\r\n 2a\r\n\t2b\nC:\r\nD: x";
	const char *end = block + sizeof(block) - 1;
	struct header_field f;
	struct buf value = {0};

	(void)state;
	assert_true(header_parse(block, end, &f));
	assert_int_equal(f.name_len, 1);
	assert_memory_equal(f.name, "A", 1);
	assert_true(header_parse(f.next, end, &f));
	assert_int_equal(f.name_len, 1);
	header_unfold(&f, &value);
	assert_string_equal(buf_string(&value), "2 2a\t2b");
	buf_reset(&value);
	assert_true(header_parse(f.next, end, &f));
	header_unfold(&f, &value);
	assert_string_equal(buf_string(&value), "");
	assert_int_equal(f.value_len, 0);
	assert_true(header_parse(f.next, end, &f));
	header_unfold(&f, &value);
	assert_string_equal(buf_string(&value), "x");
	assert_ptr_equal(f.next, end);
	assert_false(header_parse(f.next, end, &f));
	buf_clear(&value);
}

static void
what_is_no_field_is_not_read_as_one(void **state)
{
	static const char *const bad[] = {"", "\n", "\r\n", "no colon\n",
	    " a: b\n", ": x\n", "a b: c\n", "a\rb: c\n", "a\nb: c\n"};
	struct header_field f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(header_parse(bad[i], bad[i] + strlen(bad[i]), &f));
}

static void
put(struct buf *out, const char *name, const char *value, enum header_break b)
{
	struct error err;

	buf_reset(out);
	assert_int_equal(header_put(out, name, value, b, &err), 0);
}

static void
short_fields_are_one_line(void **state)
{
	struct buf out = {0};

	(void)state;
	put(&out, "Subject", "hello world", HEADER_TEXT);
	assert_string_equal(buf_string(&out), "Subject: hello world\r\n");
	put(&out, "Subject", "", HEADER_TEXT);
	assert_string_equal(buf_string(&out), "Subject: \r\n");
	buf_clear(&out);
}

static void
a_list_is_folded_behind_its_commas(void **state)
{
	struct buf out = {0};

	(void)state;
	put(&out, "To",
	    "Some Body Else <some.body@example.test>, "
	    "Some One Else <some.one@example.test>, x@y.test",
	    HEADER_LIST);
	assert_string_equal(buf_string(&out),
	    "To: Some Body Else <some.body@example.test>,\r\n"
	    " Some One Else <some.one@example.test>, "
	    "x@y.test\r\n");
	buf_clear(&out);
}

static void
a_long_first_word_goes_to_a_line_of_its_own_if_it_fits_there(void **state)
{
	char word[1100];
	struct buf out = {0};
	struct error err;

	(void)state;
	memset(word, 'x', sizeof(word));
	word[76] = '\0';
	put(&out, "Name", word, HEADER_TEXT);
	assert_memory_equal(out.data, "Name:\r\n xx", 10);
	word[76] = 'x';
	word[200] = '\0';
	put(&out, "Name", word, HEADER_TEXT);
	assert_memory_equal(out.data, "Name: xx", 8);
	word[200] = 'x';
	word[992] = '\0'; /* "Name: " and 992 are 998 */
	put(&out, "Name", word, HEADER_TEXT);
	word[992] = 'x';
	word[993] = '\0';
	buf_reset(&out);
	buf_puts(&out, "before");
	assert_int_equal(header_put(&out, "Name", word, HEADER_TEXT, &err), -1);
	assert_string_equal(buf_string(&out), "before");
	assert_int_equal(err.status, EX_USAGE);
	assert_string_equal(err.text, "Name: too long a word to be folded");
	buf_clear(&out);
}

static void
line_breaks_in_a_value_are_refused(void **state)
{
	struct buf out = {0};
	struct error err;

	(void)state;
	assert_int_equal(header_put(&out, "A", "x\ny", HEADER_TEXT, &err), -1);
	assert_int_equal(header_put(&out, "A", "x\r", HEADER_TEXT, &err), -1);
	assert_int_equal(
	    header_put(&out, "A", "x\r\n B: y", HEADER_LIST, &err), -1);
	assert_int_equal(out.len, 0);
	buf_clear(&out);
}

/* Words of random length, with runs of white space, trimmed at both ends. */
static void
random_value(uint64_t *state, char *out, size_t max)
{
	size_t i, n = 1 + testmail_random(state, max - 1);
	size_t word = 2 + testmail_random(state, 60);

	for (i = 0; i < n; i++) {
		switch (testmail_random(state, word)) {
		case 0:
			out[i] = testmail_random(state, 5) == 0 ? '\t' : ' ';
			break;
		case 1:
			out[i] = ',';
			break;
		default:
			out[i] = (char)('a' + testmail_random(state, 26));
		}
	}
	out[0] = out[n - 1] = 'x';
	out[n] = '\0';
}

static void
folded_values_unfold_to_themselves_and_their_lines_fit(void **state)
{
	struct buf out = {0}, back = {0};
	struct header_field f;
	struct error err;
	char value[1001];
	uint64_t random = 11;
	const char *p, *end;
	size_t round, n;

	(void)state;
	for (round = 0; round < 4000; round++) {
		random_value(&random, value, 1000);
		buf_reset(&out);
		if (header_put(&out, "Some-Name", value,
			round % 2 ? HEADER_LIST : HEADER_TEXT, &err) == -1)
			continue;
		end = out.data + out.len;
		assert_true(header_parse(out.data, end, &f));
		assert_ptr_equal(f.next, end);
		buf_reset(&back);
		header_unfold(&f, &back);
		assert_string_equal(buf_string(&back), value);
		for (p = out.data; p < end; p += n) {
			n = ascii_line(p, (size_t)(end - p));
			assert_memory_equal(p + n - 2, "\r\n", 2);
			/* no line of white space only */
			assert_true(strspn(p, " \t") < n - 2);
			if (n - 2 > HEADER_LINE) /* one word and its space */
				assert_true(
				    strcspn(p + strspn(p, " \t"), " \t") +
					    strspn(p, " \t") >=
					n - 2 ||
				    p == out.data);
		}
	}
	buf_clear(&out);
	buf_clear(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_ftext),
	    cmocka_unit_test(a_block_is_read_field_by_field),
	    cmocka_unit_test(what_is_no_field_is_not_read_as_one),
	    cmocka_unit_test(short_fields_are_one_line),
	    cmocka_unit_test(a_list_is_folded_behind_its_commas),
	    cmocka_unit_test(
		a_long_first_word_goes_to_a_line_of_its_own_if_it_fits_there),
	    cmocka_unit_test(line_breaks_in_a_value_are_refused),
	    cmocka_unit_test(
		folded_values_unfold_to_themselves_and_their_lines_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
