/* A scan: whatever vectors it is done by, it finds what a look at one octet
 * after the other finds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "content/scan_lines.h"
#include "lib/memory.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* The same numbers every time. */
static uint32_t
chance(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void
note(struct scan *s, enum scan_oddity what, uint64_t line)
{
	if (s->count[what]++ == 0)
		s->first[what] = line;
}

static void
note_length(struct scan *s, size_t length, uint64_t line)
{
	if (length > s->longest)
		s->longest = length;
	if (length > SCAN_LINE_MAX)
		note(s, SCAN_LONG_LINE, line);
}

/* With all of the text before it, as nobody has who streams. */
static struct scan
expect(const char *text, size_t n, bool cr_ends)
{
	struct scan s = {.cr_ends = cr_ends};
	size_t i, begin = 0;

	for (i = 0; i < n; i++) {
		bool cr = text[i] == '\r';
		bool crlf = cr && i + 1 < n && text[i + 1] == '\n';

		if (text[i] == '\0')
			note(&s, SCAN_NUL, s.lines + 1);
		if ((unsigned char)text[i] >= 128)
			note(&s, SCAN_EIGHT_BIT, s.lines + 1);
		if (cr && !crlf)
			note(&s, SCAN_BARE_CR, s.lines + 1);
		if (crlf || text[i] == '\n' || (cr && cr_ends)) {
			note_length(&s, i - begin, s.lines + 1);
			s.crlf += crlf;
			i += crlf;
			s.lines += crlf || text[i] == '\n';
			begin = i + 1;
		}
	}
	note_length(&s, n - begin, s.lines + 1);
	return s;
}

static void
assert_same(const struct scan *is, const struct scan *should)
{
	size_t i;

	assert_int_equal(is->lines, should->lines);
	assert_int_equal(is->crlf, should->crlf);
	assert_int_equal(is->longest, should->longest);
	for (i = 0; i < SCAN_ODDITIES; i++) {
		assert_int_equal(is->count[i], should->count[i]);
		assert_int_equal(is->first[i], should->first[i]);
	}
}

/* Each way, in pieces of that size; each in memory of its own, so that who
 * reads beyond it is found out. */
static void
check_in_pieces(const char *text, size_t n, bool cr_ends, size_t piece)
{
	const struct scan should = expect(text, n, cr_ends);
	scan_way *way;
	struct scan s;
	size_t i, at, len;
	char *copy;

	for (i = 0; (way = scan_lines_way(i)) != NULL; i++) {
		scan_begin(&s, 1);
		s.cr_ends = cr_ends;
		for (at = 0; at < n; at += len) {
			len = n - at < piece ? n - at : piece;
			copy = memory_alloc(len);
			memcpy(copy, text + at, len);
			way(&s, copy, len);
			free(copy);
		}
		scan_lines_end(&s);
		assert_same(&s, &should);
	}
	assert_true(i > 0);
}

static void
check(const char *text, size_t n)
{
	static const size_t pieces[] = {
	    1, 2, 7, 63, 64, 65, 127, 128, 200, 4096};
	size_t i;

	for (i = 0; i < ELEMENTS(pieces); i++) {
		check_in_pieces(text, n, false, pieces[i]);
		check_in_pieces(text, n, true, pieces[i]);
	}
}

static void
all_ways_find_the_same_in_random_text(void **state)
{
	/* Odd ones often, seldom, and each alone. */
	static const char *const sorts[] = {"\n\r\r\n", "\nabcdefgh",
	    "\r\nabcdefghijklmnop", "\xff\xe9\n\x80\x7f", "abc\r", "\n\ra",
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\n\r"};
	uint32_t seed = 1;
	size_t sort, round, n, i;
	char text[600];

	(void)state;
	for (sort = 0; sort < ELEMENTS(sorts); sort++)
		for (round = 0; round < 60; round++) {
			n = chance(&seed) % sizeof(text);
			for (i = 0; i < n; i++)
				text[i] = sorts[sort][chance(&seed) %
				    /* NUL only in every other round */
				    (strlen(sorts[sort]) + round % 2)];
			check(text, n);
		}
}

static void
all_ways_find_one_odd_octet_at_every_place(void **state)
{
	static const char odd[] = {'\0', '\n', '\r', '\x7f', '\x80', '\xff'};
	char text[200];
	size_t at, i;

	(void)state;
	for (i = 0; i < sizeof(odd); i++)
		for (at = 0; at < sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			text[at] = odd[i];
			check_in_pieces(text, sizeof(text), true, 200);
			check_in_pieces(text, sizeof(text), false, 64);
			check_in_pieces(text, at + 1, true, at + 1);
			if (at + 1 < sizeof(text))
				text[at + 1] = '\n';
			check_in_pieces(text, sizeof(text), true, 200);
			check_in_pieces(text, sizeof(text), false, at + 1);
		}
}

static void
all_ways_find_the_same_lines_to_be_long(void **state)
{
	static const char *const ends[] = {
	    "\n", "\r\n", "\r", "\ra\n", "\r\r\n", ""};
	static const size_t befores[] = {0, 1, 25, 63, 64, 100};
	size_t length, i, k, n;
	char text[1400];

	(void)state;
	for (length = SCAN_LINE_MAX - 3; length < SCAN_LINE_MAX + 70; length++)
		for (i = 0; i < ELEMENTS(ends); i++)
			for (k = 0; k < ELEMENTS(befores); k++) {
				memset(text, 'a', sizeof(text));
				n = befores[k];
				text[n++] = '\n';
				n += length;
				memcpy(text + n, ends[i], strlen(ends[i]));
				n += strlen(ends[i]);
				text[n++] = 'b';
				check_in_pieces(text, n, false, 4096);
				check_in_pieces(text, n, true, 4096);
				check_in_pieces(text, n, true, 64);
				check_in_pieces(text, n, false, 1000);
			}
}

static void
a_scan_counts_beyond_what_a_word_holds(void **state)
{
	char piece[1000];
	struct scan s;
	size_t i;

	(void)state;
	memset(piece, '\xe9', sizeof(piece));
	piece[998] = '\r';
	piece[999] = '\n';
	scan_begin(&s, 7);
	for (i = 0; i < 1000; i++)
		scan_update(&s, piece, sizeof(piece));
	scan_end(&s);
	assert_int_equal(s.bytes, 1000000);
	assert_int_equal(s.count[SCAN_EIGHT_BIT], 998000);
	assert_int_equal(s.first[SCAN_EIGHT_BIT], 7);
	assert_int_equal(s.crlf, 1000);
	assert_int_equal(s.longest, 998);
	assert_int_equal(s.count[SCAN_LONG_LINE], 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_ways_find_the_same_in_random_text),
	    cmocka_unit_test(all_ways_find_one_odd_octet_at_every_place),
	    cmocka_unit_test(all_ways_find_the_same_lines_to_be_long),
	    cmocka_unit_test(a_scan_counts_beyond_what_a_word_holds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
