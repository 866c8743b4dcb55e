/* letter_test: capitals and small letters, beside those of the C library. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "lib/letter.h"

/* The characters that somebody has as a pair, and we do not. */
static unsigned
missing(wint_t (*other_case)(wint_t), unsigned *pairs)
{
	char a[MB_LEN_MAX], b[MB_LEN_MAX], fold_a[LETTER_MAX],
	    fold_b[LETTER_MAX];
	unsigned count = 0;
	wchar_t c, other;
	int n;

	for (c = 0x80; c < 0x110000; c++) {
		other = (wchar_t)other_case((wint_t)c);
		n = other != c ? wctomb(a, c) : -1;
		if (n < 2 || wctomb(b, other) != n)
			continue;
		(*pairs)++;
		assert_int_equal(letter_fold(a, (size_t)n, fold_a), n);
		assert_int_equal(letter_fold(b, (size_t)n, fold_b), n);
		count += memcmp(fold_a, fold_b, (size_t)n) != 0;
	}
	return count;
}

static void
capitals_are_like_their_small_letters(void **state)
{
	unsigned pairs = 0;

	(void)state;
	if (setlocale(LC_ALL, "C.UTF-8") == NULL)
		skip();
	/* Each has some that are younger than the other. */
	assert_in_range(missing(towlower, &pairs), 0, 10);
	assert_in_range(missing(towupper, &pairs), 0, 10);
	assert_in_range(pairs, 2000, 4000);
}

static void
what_is_no_letter_stays_and_what_is_no_character_is_none(void **state)
{
	static const char *const same[] = {"\u00a7", "\u00df", "\u20ac",
	    "\u4e2d", "\U0001f600", "\u00e4", "\u0436"};
	static const char *const none[] = {"", "a", "\x80", "\xbf", "\xc3",
	    "\xc3\x28", "\xe2\x82", "\xf0\x9f\x98", "\xc1\x81", "\xff\xbf"};
	char out[LETTER_MAX];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		n = strlen(same[i]);
		/* more behind it is no matter */
		assert_int_equal(letter_fold(same[i], n + 1, out), n);
		assert_memory_equal(out, same[i], n);
	}
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(letter_fold(none[i], strlen(none[i]), out), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(capitals_are_like_their_small_letters),
	    cmocka_unit_test(
		what_is_no_letter_stays_and_what_is_no_character_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
