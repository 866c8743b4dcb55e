/* ascii_test: protocol text is compared as ASCII. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <locale.h>

#include "lib/ascii.h"

static void
capitals_make_no_difference_in_any_locale(void **state)
{
	(void)state;
	setlocale(LC_ALL, "tr_TR.ISO-8859-9");
	assert_true(ascii_equal("mime-VERSION", "MIME-Version"));
	assert_true(ascii_equal_n("ID", 2, "id"));
	assert_true(ascii_begins("QUIT now", "quit"));
	setlocale(LC_ALL, "C");
}

static void
what_is_longer_is_not_equal(void **state)
{
	(void)state;
	assert_false(ascii_equal("To", "Tom"));
	assert_false(ascii_equal("Tom", "To"));
	assert_false(ascii_equal_n("To", 2, "Tom"));
	assert_false(ascii_equal_n("Tom", 3, "To"));
	assert_true(ascii_equal_n("Tom", 2, "To"));
	assert_false(ascii_begins("To", "Tom"));
	assert_true(ascii_begins("To", ""));
}

static void
only_ascii_letters_are_letters(void **state)
{
	const char others[] = "@[`{/:\xc0\xe4";
	size_t i;

	(void)state;
	for (i = 0; others[i] != '\0'; i++) {
		assert_false(ascii_is_letter_or_digit(others[i]));
		assert_int_equal(ascii_lower(others[i]), others[i]);
	}
	assert_true(ascii_is_letter('A') && ascii_is_letter('z'));
	assert_true(ascii_is_digit('0') && ascii_is_digit('9'));
	assert_false(ascii_is_letter('\0') || ascii_is_digit('\0'));
	assert_false(ascii_equal("\xc4", "\xe4"));
	assert_false(ascii_equal("@", "`"));
}

static void
a_number_has_as_many_digits_as_are_asked_for(void **state)
{
	char out[] = "xxxxxx";

	(void)state;
	assert_ptr_equal(ascii_put_decimal(out, 7, 4), out + 4);
	assert_string_equal(out, "0007xx");
	ascii_put_decimal(out, 2026, 4);
	assert_string_equal(out, "2026xx");
	ascii_put_decimal(out, 12345, 2);
	assert_string_equal(out, "4526xx");
	assert_ptr_equal(ascii_put_hex(out, 0xfedcba98, 3), out + 3);
	assert_string_equal(out, "a986xx");
	ascii_put_hex(out, 0x1f, 4);
	assert_string_equal(out, "001fxx");
}

static void
a_number_has_all_of_its_digits(void **state)
{
	static const struct {
		uint64_t value;
		const char *digits;
	} cases[] = {
	    {0, "0"},
	    {9, "9"},
	    {10, "10"},
	    {4294967296, "4294967296"},
	    {UINT64_MAX, "18446744073709551615"},
	};
	char out[21];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		*ascii_put_number(out, cases[i].value) = '\0';
		assert_string_equal(out, cases[i].digits);
	}
}

static void
two_hexadecimal_digits_are_an_octet(void **state)
{
	(void)state;
	assert_int_equal(ascii_hex("00", 2), 0);
	assert_int_equal(ascii_hex("9a", 2), 0x9a);
	assert_int_equal(ascii_hex("Ff0", 3), 0xff);
	assert_int_equal(ascii_hex("ff", 1), -1);
	assert_int_equal(ascii_hex("", 0), -1);
	assert_int_equal(ascii_hex("0g", 2), -1);
	assert_int_equal(ascii_hex("@0", 2), -1);
	assert_int_equal(ascii_hex(":0", 2), -1);
	assert_int_equal(ascii_hex("-1", 2), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(capitals_make_no_difference_in_any_locale),
	    cmocka_unit_test(what_is_longer_is_not_equal),
	    cmocka_unit_test(only_ascii_letters_are_letters),
	    cmocka_unit_test(a_number_has_as_many_digits_as_are_asked_for),
	    cmocka_unit_test(a_number_has_all_of_its_digits),
	    cmocka_unit_test(two_hexadecimal_digits_are_an_octet),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
