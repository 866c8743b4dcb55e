/* Flowed text, read again by RFC 3676 4.1. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "content/flowed.h"
#include "lib/ascii.h"
#include "lib/printable.h"
#include "message_testutil.h"

static void
encode(const char *text, size_t n, struct buf *out)
{
	buf_reset(out);
	assert_int_equal(flowed_encode(text, n, out), 0);
}

static void
check(const char *text, const char *expected)
{
	struct buf out = {0};

	encode(text, strlen(text), &out);
	assert_string_equal(buf_string(&out), expected);
	buf_clear(&out);
}

/* What RFC 3676 4.1 finds in a line. */
struct seen {
	size_t depth;
	const char *text;
	size_t len;
	bool flowed;
};

static struct seen
see(const char *s, size_t n)
{
	struct seen l = {.text = s, .len = n};

	while (l.len > 0 && *l.text == '>') {
		l.depth++;
		l.text++;
		l.len--;
	}
	if (l.len > 0 && *l.text == ' ') {
		l.text++;
		l.len--;
	}
	l.flowed = l.len > 0 && l.text[l.len - 1] == ' ' &&
	    !(l.len == 3 && memcmp(l.text, "-- ", 3) == 0);
	return l;
}

static void
decode(const struct buf *flowed, struct buf *out)
{
	const char *p = buf_string(flowed), *end = p + flowed->len;
	bool open = false;
	size_t n, depth = 0;
	struct seen l;

	buf_reset(out);
	for (; p < end; p += n) {
		n = ascii_line(p, (size_t)(end - p));
		l = see(p, p[n - 1] == '\n' ? n - 1 : n);
		if (open)
			assert_int_equal(l.depth, depth);
		else
			buf_printf(out, "%zu|", l.depth);
		buf_append(out, l.text, l.len);
		if (!l.flowed)
			buf_putc(out, '\n');
		open = l.flowed;
		depth = l.depth;
	}
	assert_false(open);
}

/* The lines as the user wrote them, in the same form. */
static void
expect(const char *p, size_t len, struct buf *out)
{
	const char *end = p + len;
	size_t n, k, depth;

	buf_reset(out);
	for (; p < end; p += n) {
		n = k = ascii_line(p, (size_t)(end - p));
		if (p[k - 1] == '\n') {
			k--;
			if (k > 0 && p[k - 1] == '\r')
				k--;
		}
		for (depth = 0; depth < k && p[depth] == '>';)
			depth++;
		/* What is nothing without its spaces is no line at the end. */
		if (p + k == end && strspn(p, " ") >= k && p[n - 1] != '\n')
			break;
		buf_printf(out, "%zu|", depth);
		if (depth > 0 && depth < k && p[depth] == ' ')
			depth++;
		if (k - depth != 3 || memcmp(p + depth, "-- ", 3) != 0)
			while (k > depth && p[k - 1] == ' ')
				k--;
		buf_append(out, p + depth, k - depth);
		buf_putc(out, '\n');
	}
}

static size_t
columns(const char *s, size_t n)
{
	size_t i, len, count = 0;
	uint32_t rune;

	for (i = 0; i < n; i += len, count++) {
		len = printable_utf8(s + i, n - i, &rune);
		if (len == 0)
			return n;
	}
	return count;
}

/* No line begins with what needs stuffing, and none is longer than allowed
 * but for a word. */
static void
check_lines(const struct buf *flowed)
{
	const char *p = buf_string(flowed), *end = p + flowed->len;
	struct seen l;
	size_t n, k;

	for (; p < end; p += n) {
		n = ascii_line(p, (size_t)(end - p));
		k = p[n - 1] == '\n' ? n - 1 : n;
		assert_false(k >= 5 && memcmp(p, "From ", 5) == 0);
		l = see(p, k);
		if (columns(p, k) <= FLOWED_COLUMNS || l.depth > FLOWED_DEPTH)
			continue;
		while (l.len > 0 && l.text[l.len - 1] == ' ')
			l.len--;
		/* "-- " and a word are not to be parted. */
		if (l.len > 3 && memcmp(l.text, "-- ", 3) == 0) {
			l.text += 3;
			l.len -= 3;
		}
		if (memchr(l.text, ' ', l.len) != NULL)
			fail_msg("%.*s", (int)k, p);
	}
}

static void
check_round_trip(const char *text, size_t n)
{
	struct buf flowed = {0}, decoded = {0}, expected = {0};

	encode(text, n, &flowed);
	decode(&flowed, &decoded);
	expect(text, n, &expected);
	assert_int_equal(decoded.len, expected.len);
	assert_memory_equal(
	    buf_string(&decoded), buf_string(&expected), expected.len);
	check_lines(&flowed);
	buf_clear(&flowed);
	buf_clear(&decoded);
	buf_clear(&expected);
}

#define TEN "aaaaaaaaa "
#define SIXTY TEN TEN TEN TEN TEN TEN
#define TWELVE "bbbbbbbbbbbb"

static void
short_lines_stay(void **state)
{
	(void)state;
	check("", "");
	check("a", "a");
	check("\n\n", "\n\n");
	check("a\r\nb\n", "a\nb\n");
	check("\ta b", "\ta b");
	check("a \nb  \n  \n", "a\nb\n\n");
	check(SIXTY TWELVE "\n", SIXTY TWELVE "\n");
}

static void
long_lines_are_broken_behind_spaces(void **state)
{
	(void)state;
	check(SIXTY TWELVE "b\n", SIXTY "\n" TWELVE "b\n");
	check(SIXTY "bbbbbbbbbbb cc d\n", SIXTY "bbbbbbbbbbb \ncc d\n");
	check(SIXTY TEN " \n", SIXTY "aaaaaaaaa\n");
	check(SIXTY "b  " TWELVE "\n", SIXTY "b  \n" TWELVE "\n");
	check(SIXTY SIXTY TEN "b\n", SIXTY TEN "\n" SIXTY "b\n");
	check("a " SIXTY "bbbbbbbb cc\n", "a " SIXTY "bbbbbbbb \ncc\n");
}

static void
a_word_is_never_broken(void **state)
{
	char word[2001];

	(void)state;
	memset(word, 'x', sizeof(word));
	word[2000] = '\0';
	check(word, word);
	check_round_trip(word, 2000);
	word[100] = ' ';
	word[1500] = ' ';
	check_round_trip(word, 2000);
}

static void
a_line_that_would_be_misread_is_stuffed(void **state)
{
	(void)state;
	check(" a\n", "  a\n");
	check("  a\n", "   a\n");
	check("From a\nFrom\nfrom a\nFrom\ta\n",
	    " From a\nFrom\nfrom a\nFrom\ta\n");
	check("From \n", "From\n");
	check(">From a\n", ">From a\n");
	/* Rather broken before, so that nothing needs stuffing. */
	check(SIXTY "b From here on there is more\n",
	    SIXTY "b From here \non there is more\n");
	check(SIXTY "bbbbbbb From here\n", SIXTY "\nbbbbbbb From here\n");
	check(SIXTY "bbbbbbbb > a bb\n", SIXTY "bbbbbbbb > \na bb\n");
	check(SIXTY "bbbbbbbbbb > a bb\n", SIXTY "\nbbbbbbbbbb > a bb\n");
}

static void
quoted_lines_are_broken_at_their_depth(void **state)
{
	(void)state;
	check(">a\n> a\n>> a\n> > a\n>\n> \n>  a\n",
	    ">a\n> a\n>> a\n> > a\n>\n>\n>  a\n");
	check("> " SIXTY "bbbbbbbbb cc\n", "> " SIXTY "bbbbbbbbb \n> cc\n");
	check(">>" SIXTY "bbbbbbbbb cc\n", ">>" SIXTY "bbbbbbbbb \n>>cc\n");
	check(">>" SIXTY TWELVE " >c\n", ">>" SIXTY "\n>>" TWELVE " >c\n");
	check("> > " SIXTY "bbbbbbb cc\n", "> > " SIXTY "bbbbbbb \n> cc\n");
	check(">" SIXTY TEN TEN ">" TWELVE SIXTY "\n",
	    ">" SIXTY TEN "\n>" TEN ">" TWELVE TEN TEN TEN TEN
	    "\n>aaaaaaaaa aaaaaaaaa\n");
}

static void
lines_that_are_quoted_too_deep_stay(void **state)
{
	char text[200];

	(void)state;
	memset(text, '>', 41);
	strcpy(text + 41, SIXTY SIXTY "b\n");
	check(text, text);
}

static void
the_signature_line_stays_and_none_is_made(void **state)
{
	char text[120] = "-- ", out[120];

	(void)state;
	check("-- \nAnn\n", "-- \nAnn\n");
	check("-- \r\nAnn\n", "-- \nAnn\n");
	check("-- ", "-- ");
	check("> -- \n>-- \n", "> -- \n>-- \n");
	check("--  \n--\n -- \n", "--\n--\n  --\n");
	memset(text + 3, 'x', 80);
	strcpy(text + 83, " y\n");
	strcpy(out, text);
	strcpy(out + 84, "\ny\n");
	check(text, out);
}

static void
columns_are_characters_where_it_is_utf8(void **state)
{
	char text[300], out[300];

	(void)state;
	text[0] = '\0';
	while (strlen(text) < 140)
		strcat(text, "\xc3\xbc");
	strcat(text, " a");
	check(text, text);
	strcpy(out, text);
	strcat(text, " b");
	strcpy(out + 140, " \na b");
	check(text, out);
	strcpy(text, SIXTY "\xff\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc \xc3\xbc-\n");
	strcpy(out, SIXTY "\xff\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc \n\xc3\xbc-\n");
	check(text, out);
}

static void
any_text_is_read_again_as_it_was(void **state)
{
	static const char *const pieces[] = {"a", "bc ", " ", "word ", ">",
	    "\n", "From ", "-- ", "> ", "\nFrom ", "\n>", "\n-- ", "\n-- \n",
	    "\r\n", "     ", "\t", "\xc3\xbc", "\xff",
	    "a-word-of-more-than-the-columns-that-fit-on-a-line-of-this-"
	    "flowed-text-here ",
	    " the quick brown fox jumps over the lazy dog", "\r", "--",
	    "\n>> quoted text that goes on and on, "};
	const size_t count = sizeof(pieces) / sizeof(pieces[0]);
	struct buf text = {0};
	uint64_t random = 9;
	size_t i, k, n;

	(void)state;
	for (i = 0; i < 20000; i++) {
		buf_reset(&text);
		n = testmail_random(&random, 60);
		for (k = 0; k < n; k++)
			buf_puts(
			    &text, pieces[testmail_random(&random, count)]);
		check_round_trip(buf_string(&text), text.len);
	}
	buf_reset(&text);
	testmail_fill(&text, 100000, true);
	check_round_trip(text.data, text.len);
	for (i = 0; i < 500; i++) {
		buf_reset(&text);
		for (k = 0; k < 300; k++)
			buf_putc(&text, (char)testmail_random(&random, 256));
		check_round_trip(text.data, text.len);
	}
	buf_clear(&text);
}

static void
without_room_it_fails(void **state)
{
	static const char text[] = "> " SIXTY SIXTY "\nFrom a\n";
	struct buf whole = {0}, b;
	size_t n;

	(void)state;
	encode(text, sizeof(text) - 1, &whole);
	for (n = 1; n < whole.len; n++) {
		b = BUF_WITH_MAX(n);
		assert_int_equal(flowed_encode(text, sizeof(text) - 1, &b), -1);
		buf_clear(&b);
	}
	b = BUF_WITH_MAX(whole.len);
	assert_int_equal(flowed_encode(text, sizeof(text) - 1, &b), 0);
	buf_clear(&b);
	buf_clear(&whole);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(short_lines_stay),
	    cmocka_unit_test(long_lines_are_broken_behind_spaces),
	    cmocka_unit_test(a_word_is_never_broken),
	    cmocka_unit_test(a_line_that_would_be_misread_is_stuffed),
	    cmocka_unit_test(quoted_lines_are_broken_at_their_depth),
	    cmocka_unit_test(lines_that_are_quoted_too_deep_stay),
	    cmocka_unit_test(the_signature_line_stays_and_none_is_made),
	    cmocka_unit_test(columns_are_characters_where_it_is_utf8),
	    cmocka_unit_test(any_text_is_read_again_as_it_was),
	    cmocka_unit_test(without_room_it_fails),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
