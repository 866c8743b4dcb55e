/* What a server repeats of a secret, and what it says besides. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base64.h"
#include "lib/mask.h"
#include "lib/memory.h"
#include "smtp/reply.h"
#include "sasl/sasl.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* The secret, and the response of PLAIN for alice. */
static struct mask
mask_for(const char *secret)
{
	struct buf plain = {0}, base64 = {0};
	struct mask m = {0};

	buf_append(&plain, "\0alice", 7);
	buf_puts(&plain, secret);
	base64_encode(&base64, plain.data, plain.len);
	mask_secret(&m, secret, strlen(secret));
	mask_response(&m, base64.data, base64.len);
	buf_clear(&plain);
	buf_clear(&base64);
	return m;
}

static void
assert_hidden(const char *secret, const char *text, const char *expected)
{
	struct mask m = mask_for(secret);
	struct buf b = {0};

	buf_puts(&b, text);
	assert_int_equal(mask_hide(&m, &b), strcmp(text, expected) != 0);
	assert_string_equal(buf_string(&b), expected);
	assert_int_equal(b.len, strlen(expected));
	buf_clear(&b);
}

/* echo "wonderland", base64 and the like in each of the forms. */
static const char *const repeated[][2] = {
    {"5.7.8 no wonderland here", "5.7.8 no *** here"},
    {"wonderland", "***"},
    {"x'wonderland'wonderland", "x'***'***"},
    {"WonderLAND", "***"},
    {"d29uZGVybGFuZA==", "***"},
    {"what is <d29uZGVybGFuZA==>?", "what is ***"},
    {"d29uzgvybgfuza", "***"},
    {"AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ= no", "AUTH PLAIN *** no"},
    {"AGFSAWNLAHDVBMRLCMXHBMQ=", "***"},
    /* at the other alignments, with other names around it */
    {"eHdvbmRlcmxhbmQK.", "***"},
    {"Ym9iAHdvbmRlcmxhbmQ", "***"},
    {"dXNlcj1ib2IBYXV0aD1CZWFyZXIgd29uZGVybGFuZAEB ok", "*** ok"},
    /* me\0wonderland, as a server shows it that decodes */
    {"got |alice|wonderland", "got |alice|***"},
    {"got \\x00alice\\x00wonderland.", "got \\x00alice\\x00***."},
    /* cut over lines */
    {"5.7.8 AGFsaWNlAHdv\n5.7.8 bmRlcmxhbmQ= no", "5.7.8 ***\n5.7.8 *** no"},
    {"AGFsaWNlAHdv\nbmRlcmxhbmQ=", "***\n***"},
    {"no wond\nerland", "no ***\n***"},
    {"w\no\nn\nd\ne\nr\nl\na\nn\nd", "*\n*\n*\n*\n*\n*\n*\n*\n*\n*"},
    {"got AGFsaWNlAHdv...\n...bGFuZA==?", "got ***\n...bGFuZA==?"},
    /* a part of it: what was cut off, and in two with words between */
    {"500 AUTH PLAIN AGFsaWNlAHdvbm", "500 AUTH PLAIN ***"},
    {"AHdvbmRlcmxhbmQ= it was", "*** it was"},
    {"wonderlan...", "***"},
    /* written otherwise */
    {"w o n d e r l a n d", "***"},
    {"d 2 9 u Z G V y b G F u Z A = =", "*** = ="},
    {"776f6e6465726c616e64", "***"},
    {"77 6F 6E 64 65 72 6C 61 6E 64", "***"},
    {"%77onder%6Cand", "***"},
    {"%77%6f%6e%64%65%72%6c%61%6e%64.", "***."},
    {"=77onderland", "***"},
    {"+77onderland", "***"},
    {"\\w\\onderland", "***"},
    {"\\x77onderland", "***"},
    {"\\167onder\\154and", "***"},
    {"\\u0077onderland", "***"},
    {"&#119;&#x6F;nderland!", "***!"},
};

static void
what_holds_the_secret_becomes_stars(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(repeated); i++)
		assert_hidden("wonderland", repeated[i][0], repeated[i][1]);
	assert_hidden("p@ss=w&rd", "p%40ss%3dw%26rd", "***");
	assert_hidden("p@ss=w&rd", "p@ss=w&amp;rd", "***");
	assert_hidden("a\"b\\c'd", "\"a\\\"b\\\\c'd\"", "\"***\"");
	assert_hidden("c\xc3\xb6te d'azur", "C\xc3\xb6te d'Azur", "***");
	/* base64url */
	assert_hidden(
	    "\xfb\xef\xbe\xff\xff\xff", "____ ----____ x", "____ *** x");
}

/* Capitals of other letters than ASCII's: a secret, and what is said of it. */
static void
letters_are_the_same_in_either_case(void **state)
{
	static const char *const cases[][3] = {
	    {"p\u00e4ssw\u00f6rter", "no P\u00c4SSW\u00d6RTER here",
		"no *** here"},
	    {"P\u00c4SSW\u00d6RTER", "p\u00e4ssw\u00f6rter", "***"},
	    {"\u017elu\u0165ou\u010dk\u00fd", "\u017dLU\u0164OU\u010cK\u00dd",
		"***"},
	    {"\u043f\u0430\u0440\u043e\u043b\u044c17",
		"<\u041f\u0410\u0420\u041e\u041b\u042c17>", "<***>"},
	    /* one in the middle and one at the end of a word */
	    {"\u03c3\u03bf\u03c6\u03bf\u03c2", "\u03a3\u039f\u03a6\u039f\u03a3",
		"***"},
	    {"\U00010428\U00010429", "\U00010400\U00010401", "***"},
	    /* cut off, in two, written otherwise */
	    {"\u00e4\u00f6\u00fcgeheimnis", "\u00c4\u00d6\u00dcGEHEIM...",
		"***"},
	    {"\u00e4\u00f6\u00fc", "\u00c4\n\u00d6 \u00dc", "**\n***"},
	    {"p\u00e4ss", "P=C3=84SS", "***"},
	    {"p\u00e4ss", "p\\303\\204ss", "***"},
	    /* other letters are others */
	    {"p\u00e4ss", "p\u00e3ss p\u00dfss", "p\u00e3ss p\u00dfss"},
	    {"\u00e4\u00f6", "\u00e4\u00f5", "\u00e4\u00f5"},
	    /* no UTF-8 */
	    {"p\xe4ss\xc3", "p\xe4ss\xc3", "***"},
	    {"\x84\xa4", "\x84\xa4 \x84", "** \x84"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++)
		assert_hidden(cases[i][0], cases[i][1], cases[i][2]);
}

static void
what_does_not_hold_it_stays(void **state)
{
	static const char *const texts[] = {
	    "5.7.8 Error: authentication failed: wrong password",
	    "2.0.0 Ok: queued as 4FZ1Ab2Cd3z9x\n2.1.5 wonderful land",
	    "334 UGFzc3dvcmQ6 VXNlcm5hbWU6 alice YWxpY2U=",
	    "wonder",
	    "land",
	    "a wander land",
	    "100% +1 =x \\ & &#; &amp &#x;",
	    "%zz =g1 \\u12 \\",
	    "\n\n",
	    "*",
	    "\xff\xfe\x80",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(texts); i++)
		assert_hidden("wonderland", texts[i], texts[i]);
}

static void
a_short_secret_is_looked_for_as_a_word(void **state)
{
	(void)state;
	assert_hidden(
	    "a", "a bad password: a, A or (a)", "* bad password: *, * or (*)");
	assert_hidden("on", "5.7.8 on second thought, one no: b24=",
	    "5.7.8 ** second thought, one no: ***");
	assert_hidden("Xy7", "5.7.8 Xy7z zXy7 <Xy7>", "5.7.8 Xy7z zXy7 <***>");
	assert_hidden("Xy7", "AUTH PLAIN AGFsaWNlAFh5Nw==", "AUTH PLAIN ***");
	assert_hidden("Xy7", "WHk3", "***");
	assert_hidden("test", "latest news: test", "la*** news: ***");
	assert_hidden("   ", "nothing   to find", "nothing   to find");
	assert_hidden("", "", "");
}

static void
a_code_is_a_code_even_if_it_is_the_secret(void **state)
{
	struct mask m = mask_for("5.7.8");
	struct smtp_reply r;
	size_t used;

	(void)state;
	smtp_reply_init(&r);
	assert_int_equal(
	    smtp_reply_parse(&r, "535 5.7.8 no\r\n", 14, &used), 1);
	assert_true(mask_hide(&m, &r.text));
	assert_string_equal(buf_string(&r.text), "*** no");
	assert_string_equal(r.enhanced, "5.7.8");
	assert_int_equal(r.code, 535);
	smtp_reply_clear(&r);
}

static void
every_split_over_two_lines_is_found(void **state)
{
	static const char *const forms[] = {
	    "wonderland", "d29uZGVybGFuZA", "AGFsaWNlAHdvbmRlcmxhbmQ"};
	char text[100], expected[100];
	size_t i, at;

	(void)state;
	for (i = 0; i < ELEMENTS(forms); i++)
		for (at = 1; at < strlen(forms[i]); at++) {
			snprintf(text, sizeof(text), "5.7.8 no %.*s\n5.7.8 %s",
			    (int)at, forms[i], forms[i] + at);
			snprintf(expected, sizeof(expected),
			    "5.7.8 no %.*s\n5.7.8 %.*s", at < 3 ? (int)at : 3,
			    "***",
			    strlen(forms[i]) - at < 3
				? (int)(strlen(forms[i]) - at)
				: 3,
			    "***");
			assert_hidden("wonderland", text, expected);
		}
}

/* Every length, in each alignment of base64 and in two sorts of capitals. */
static void
secrets_of_any_length_are_found_in_base64(void **state)
{
	char secret[64], text[128];
	struct buf bytes = {0}, base64 = {0};
	size_t n, before, i;

	(void)state;
	for (n = 4; n < 40; n++) {
		for (i = 0; i < n; i++)
			secret[i] = (char)('!' + (i * 37 + n * 11) % 90);
		secret[n] = '\0';
		for (before = 0; before < 7; before++) {
			buf_reset(&bytes);
			buf_reset(&base64);
			buf_append(&bytes, "someone", before);
			buf_puts(&bytes, secret);
			buf_append(&bytes, "\1\1", n % 3);
			base64_encode(&base64, bytes.data, bytes.len);
			snprintf(
			    text, sizeof(text), "no (%s)", buf_string(&base64));
			assert_hidden(secret, text, "no ***");
			for (i = 4; text[i] != '\0'; i++)
				if (text[i] >= 'A' && text[i] <= 'Z')
					text[i] |= 0x20;
			assert_hidden(secret, text, "no ***");
		}
	}
	buf_clear(&bytes);
	buf_clear(&base64);
}

static void
the_last_responses_are_known(void **state)
{
	struct buf b = {0};
	struct mask m = {0};
	char response[32];
	int i;

	(void)state;
	for (i = 0; i < 3 * MASK_SENT; i++) {
		snprintf(response, sizeof(response), "%cZ%dhcnQ%d==", 'A' + i,
		    10 + i, i % 7);
		mask_response(&m, response, strlen(response));
		buf_reset(&b);
		buf_printf(&b, "got %s", response);
		assert_true(mask_hide(&m, &b));
		assert_string_equal(b.data, "got ***");
	}
	buf_clear(&b);
}

static void
nothing_is_kept_from_which_the_secret_can_be_read(void **state)
{
	struct mask m = mask_for("wonderland");

	(void)state;
	assert_null(memmem(&m, sizeof(m), "wond", 4));
	assert_null(memmem(&m, sizeof(m), "dnow", 4));
	assert_null(memmem(&m, sizeof(m), "d29u", 4));
}

static void
what_was_masked_is_not_left_behind_the_end(void **state)
{
	struct mask m = mask_for("wonderland");
	struct buf b = {0};

	(void)state;
	buf_puts(&b, "it is wonderland");
	assert_true(mask_hide(&m, &b));
	assert_string_equal(b.data, "it is ***");
	assert_null(memmem(b.data, b.cap, "land", 4));
	buf_clear(&b);
}

/* With a secret that is made to take long; the test would not end. */
static void
the_longest_text_takes_no_long_time(void **state)
{
	char *secret = memory_alloc(9001);
	struct buf b = {0};
	struct mask m;

	(void)state;
	memset(secret, 'a', 9000);
	m = mask_for(secret);
	while (b.len < SMTP_REPLY_MAX)
		buf_puts(&b, "aaaaaaaaaaaaaaaa");
	assert_true(mask_hide(&m, &b));
	assert_string_equal(b.data, "***");
	buf_clear(&b);
	free(secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_holds_the_secret_becomes_stars),
	    cmocka_unit_test(letters_are_the_same_in_either_case),
	    cmocka_unit_test(what_does_not_hold_it_stays),
	    cmocka_unit_test(a_short_secret_is_looked_for_as_a_word),
	    cmocka_unit_test(a_code_is_a_code_even_if_it_is_the_secret),
	    cmocka_unit_test(every_split_over_two_lines_is_found),
	    cmocka_unit_test(secrets_of_any_length_are_found_in_base64),
	    cmocka_unit_test(the_last_responses_are_known),
	    cmocka_unit_test(nothing_is_kept_from_which_the_secret_can_be_read),
	    cmocka_unit_test(what_was_masked_is_not_left_behind_the_end),
	    cmocka_unit_test(the_longest_text_takes_no_long_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
