/* RFC 2047 encoded words: what is written and what is understood. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/printable.h"
#include "rfc5322/words.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

struct pair {
	const char *in;
	const char *out;
};

static void
assert_encodes(const char *in, size_t n, bool phrase, const char *out)
{
	struct buf b = {0};

	assert_int_equal(words_encode(&b, in, n, phrase), 0);
	assert_string_equal(buf_string(&b), out);
	buf_clear(&b);
}

static void
assert_decodes(const char *in, const char *out)
{
	struct buf b = {0};

	assert_int_equal(words_decode(&b, in, strlen(in)), 0);
	assert_string_equal(buf_string(&b), out);
	buf_clear(&b);
}

static void
text_is_encoded_only_where_it_must_be(void **state)
{
	static const struct pair pairs[] = {
	    {"", ""},
	    {"Hello, world", "Hello, world"},
	    {"  two  spaces ", "  two  spaces "},
	    {"a=b? c", "a=b? c"},
	    {"Grüße", "=?UTF-8?B?R3LDvMOfZQ==?="},
	    {"Zürcher", "=?UTF-8?Q?Z=C3=BCrcher?="},
	    {"Re: Zürcher aus Köln, heute",
		"Re: =?UTF-8?Q?Z=C3=BCrcher_aus_K=C3=B6ln,?= heute"},
	    {"a =? b", "a =?UTF-8?B?PT8=?= b"},
	    {"abcde\nf", "=?UTF-8?Q?abcde=0Af?="},
	    {"tab\tü", "tab\t=?UTF-8?B?w7w=?="},
	    {" ü ", "=?UTF-8?Q?_=C3=BC_?="},
	    {"例え", "=?UTF-8?B?5L6L44GI?="},
	    {"x_y=ü.", "=?UTF-8?B?eF95PcO8Lg==?="},
	    {"x_abcdefghijk,:;=ü.", "=?UTF-8?Q?x=5Fabcdefghijk,:;=3D=C3=BC.?="},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++)
		assert_encodes(
		    pairs[i].in, strlen(pairs[i].in), false, pairs[i].out);
}

static void
a_phrase_is_atoms_or_quoted_or_encoded(void **state)
{
	static const struct pair pairs[] = {
	    {"", "\"\""},
	    {"John Doe", "John Doe"},
	    {"O'Brien & Co", "O'Brien & Co"},
	    {"John Q. Public", "\"John Q. Public\""},
	    {"Doe, John", "\"Doe, John\""},
	    {"a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""},
	    {"two  spaces", "\"two  spaces\""},
	    {" lead", "\" lead\""},
	    {"=?x", "=?UTF-8?B?PT94?="},
	    {"Jörg Muellerus", "=?UTF-8?Q?J=C3=B6rg_Muellerus?="},
	    {"Jörg Müller", "=?UTF-8?B?SsO2cmcgTcO8bGxlcg==?="},
	    {"Jörg (work), Dept.", "=?UTF-8?B?SsO2cmcgKHdvcmspLCBEZXB0Lg==?="},
	    {"Jörg a-z+!*/", "=?UTF-8?Q?J=C3=B6rg_a-z+!*/?="},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++)
		assert_encodes(
		    pairs[i].in, strlen(pairs[i].in), true, pairs[i].out);
}

static void
a_nul_and_ill_formed_bytes_never_come_out(void **state)
{
	(void)state;
	assert_encodes("aaaaaaaa\0b", 10, false, "=?UTF-8?Q?aaaaaaaa=00b?=");
	assert_encodes("a\xff", 2, false, "=?UTF-8?B?Ye+/vQ==?=");
	assert_encodes("", 0, false, "");
}

static void
a_word_too_long_for_a_line_is_encoded(void **state)
{
	struct buf out = {0};
	char word[901];

	(void)state;
	memset(word, 'x', sizeof(word));
	assert_encodes("x", 1, false, "x");
	assert_int_equal(words_encode(&out, word, sizeof(word), false), 0);
	assert_non_null(strchr(out.data, ' '));
	buf_reset(&out);
	assert_int_equal(words_encode(&out, word, 900, false), 0);
	assert_null(strchr(out.data, ' '));
	buf_clear(&out);
}

/* Each word is within the limit and well-formed on its own. */
static void
check_words(const struct buf *b)
{
	const char *s = b->data;
	struct buf one = {0};
	size_t n, i, len;
	uint32_t rune;

	while (*s != '\0') {
		n = strcspn(s, " ");
		assert_in_range(n, 13, 75);
		assert_int_equal(words_decode(&one, s, n), 0);
		for (i = 0; i < one.len; i += len) {
			len = printable_utf8(one.data + i, one.len - i, &rune);
			assert_in_range(len, 1, 4);
			assert_int_not_equal(rune, 0xfffd);
		}
		buf_reset(&one);
		s += n;
		s += *s == ' ' ? 1 : 0;
	}
	buf_clear(&one);
}

static void
long_text_becomes_words_that_split_no_character(void **state)
{
	static const char *const pieces[] = {
	    "ü", "€", "😀", "aü", "abcdefü", "ü, "};
	struct buf text = {0}, out = {0}, back = {0};
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(pieces); i++)
		for (k = 1; k < 120; k++) {
			buf_puts(&text, pieces[i]);
			words_encode(&out, text.data, text.len, k % 2 == 0);
			check_words(&out);
			words_decode(&back, out.data, out.len);
			assert_string_equal(back.data, text.data);
			buf_reset(&out);
			buf_reset(&back);
			if (k == 119)
				buf_reset(&text);
		}
	buf_clear(&text);
	buf_clear(&out);
	buf_clear(&back);
}

static void
the_first_word_leaves_room_for_the_field_name(void **state)
{
	struct buf text = {0}, out = {0};
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		buf_puts(&text, "ü");
	words_encode(&out, text.data, text.len, false);
	assert_in_range(strcspn(out.data, " "), 40, 60);
	buf_clear(&text);
	buf_clear(&out);
}

static void
a_full_buffer_is_an_error(void **state)
{
	struct buf b = BUF_WITH_MAX(20);

	(void)state;
	assert_int_equal(words_encode(&b, "üüüüüüüü", 16, false), -1);
	buf_clear(&b);
	assert_int_equal(
	    words_decode(&b, "aaaaaaaaaaaaaaaaaaaaaaaaaa", 26), -1);
	buf_clear(&b);
}

/* The examples of RFC 2047 section 8. */
static void
the_examples_of_the_rfc_are_understood(void **state)
{
	static const struct pair pairs[] = {
	    {"=?US-ASCII?Q?Keith_Moore?=", "Keith Moore"},
	    {"=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen"},
	    {"=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"},
	    {"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
	     "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
		"If you can read this you understand the example."},
	    {"=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=", "םולש ןב ילטפנ"},
	    {"(=?ISO-8859-1?Q?a?=)", "(a)"},
	    {"(=?ISO-8859-1?Q?a?= b)", "(a b)"},
	    {"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},
	    {"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"},
	    {"(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
	    {"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++)
		assert_decodes(pairs[i].in, pairs[i].out);
}

static void
words_in_other_charsets_are_converted(void **state)
{
	static const struct pair pairs[] = {
	    {"=?windows-1252?Q?=80?=", "€"},
	    {"=?koi8-r?B?8NLJ18XU?=", "Привет"},
	    {"=?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=", "こんにちは"},
	    {"=?gb2312?B?xOO6ww==?=", "你好"},
	    {"=?utf-8*en?Q?=C3=BC?=", "ü"},
	    /* What Windows adds to them, and what others call them. */
	    {"=?gb2312?Q?=E8=46=80?=", "鐵€"},
	    {"=?GBK?Q?=95=32=82=36?=", "𠀀"},
	    {"=?shift_jis?Q?=87@?=", "①"},
	    {"=?x-sjis?Q?=FA=B1?=", "﨑"},
	    {"=?euc-jp?Q?=AD=A1?=", "①"},
	    {"=?ISO-2022-JP?Q?=1B(I1=1B(B?=", "ｱ"},
	    {"=?big5?Q?=A3=E1=F9=D6?=", "€碁"},
	    {"=?big5?Q?=88=62?=", "Ê̄"},
	    {"=?ks_c_5601-1987?Q?=8CA?=", "똀"},
	    {"=?euc-kr?Q?=8CA?=", "똀"},
	    {"=?korean?Q?=8CA?=", "똀"},
	    {"=?iso-8859-1?Q?=80=93?=", "€“"},
	    {"=?Latin1?Q?=E9?=", "é"},
	    {"=?iso-8859-9?Q?=80?=", "€"},
	    {"=?tis-620?Q?=A1=80?=", "ก€"},
	    {"=?iso-8859-8-i?Q?=E0?=", "א"},
	    {"=?unicode-1-1-utf-8?Q?=C3=BC?=", "ü"},
	    {"=?x-mac-roman?Q?=8A?=", "ä"},
	    {"=?koi8?Q?=C1?=", "а"},
	    /* One character in two words, whatever they are called. */
	    {"=?euc-kr?Q?=8C?= =?ks_c_5601-1987?Q?A?=", "똀"},
	    {"=?UTF-8?q?=c3=bc?=", "ü"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++)
		assert_decodes(pairs[i].in, pairs[i].out);
}

static void
what_is_not_all_understood_is_told(void **state)
{
	static const char *const lost[] = {
	    "=?no-such?Q?a?=",
	    "a =? b",
	    "=?utf-8?B?a*b?=",
	    "=?utf-8?Q?=C3?=",
	    "=?utf-8?Q?=1B?=",
	    "=?big5?Q?=A4?=",
	    "=?utf-8?Q?a?= \xfc",
	    "=?utf-8?Q?abc",
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	buf_puts(&out, "x");
	for (i = 0; i < ELEMENTS(lost); i++) {
		assert_false(
		    words_decode_whole(&out, lost[i], strlen(lost[i])));
		assert_string_equal(out.data, "x");
	}
	assert_true(words_decode_whole(&out, "=?x-gbk?Q?=80?=", 15));
	assert_string_equal(out.data, "x€");
	buf_clear(&out);
}

static void
broken_words_are_tolerated(void **state)
{
	static const struct pair pairs[] = {
	    {"=?", "=?"},
	    {"=?utf-8?Q?abc", "=?utf-8?Q?abc"},
	    {"=?utf-8?Q?abc?", "=?utf-8?Q?abc?"},
	    {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
	    {"=??Q?abc?=", "=??Q?abc?="},
	    {"=?no-such?Q?a=20b?= x", "=?no-such?Q?a=20b?= x"},
	    {"=?utf-8?B?a*b?= x", "=?utf-8?B?a*b?= x"},
	    {"=?utf-8?B?w7w?=", "ü"},
	    {"=?utf-8?B?YQ==Yg==?=", "ab"},
	    {"=?utf-8?Q?a b?=", "a b"},
	    {"=?utf-8?Q?a=4?=", "a=4"},
	    {"=?utf-8?Q?a=XY?=", "a=XY"},
	    {"=?utf-8?Q?"
	     "?=",
		""},
	    {"Re:=?utf-8?Q?=C3=BC?=x", "Re:üx"},
	    {"=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"},
	    {"=?utf-8?Q?=C3?=", "\xef\xbf\xbd"},
	    {"=?utf-7/x?Q?a?=", "=?utf-7/x?Q?a?="},
	    {"\xfc", "\xef\xbf\xbd"},
	    {"=?big5?Q?=A4?=", "\xef\xbf\xbd"},
	    {"=?x?q?a =?utf-8?q?b?=", "=?x?q?a =?utf-8?q?b?="},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++)
		assert_decodes(pairs[i].in, pairs[i].out);
}

static void
no_line_break_or_control_comes_out(void **state)
{
	(void)state;
	assert_decodes("=?utf-8?Q?a=0D=0ABcc:_x?=", "a  Bcc: x");
	assert_decodes("=?utf-7?Q?a+AAoACg-b?=", "a  b");
	assert_decodes("=?utf-8?Q?=1B[2J=7F=00=C2=9B?=",
	    "\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	assert_decodes("folded\r\n text\n\tmore", "folded text\tmore");
	assert_decodes("bare\nbreak\rs", "bare break s");
}

static void
decoding_a_megabyte_takes_linear_time(void **state)
{
	static const char *const pieces[] = {
	    "=?a?q?", "=?a?b?*", "=?a?x?", "=?utf-8?q?a?= ", "=?"};
	struct buf text = {0}, out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pieces); i++) {
		while (text.len < 1 << 20)
			buf_puts(&text, pieces[i]);
		buf_puts(&text, "?=");
		assert_int_equal(words_decode(&out, text.data, text.len), 0);
		buf_reset(&out);
		buf_reset(&text);
	}
	buf_clear(&text);
	buf_clear(&out);
}

static void
random_text_never_breaks_the_decoder(void **state)
{
	static const char alphabet[] = "=?=?=?utfQB8?_aw7\xc3\xbc \r\n\t*-";
	struct buf out = {0};
	uint32_t x = 12345, rune;
	char text[64];
	size_t i, k, len;

	(void)state;
	for (i = 0; i < 100000; i++) {
		len = i % sizeof(text);
		for (k = 0; k < len; k++) {
			x = x * 1664525 + 1013904223;
			text[k] = alphabet[(x >> 16) % (sizeof(alphabet) - 1)];
		}
		assert_int_equal(words_decode(&out, text, len), 0);
		for (k = 0; k < out.len; k += len) {
			len = printable_utf8(out.data + k, out.len - k, &rune);
			assert_int_not_equal(len, 0);
			assert_true(rune >= ' ' || rune == '\t');
		}
		buf_reset(&out);
	}
	buf_clear(&out);
}

static void
more_blanks_than_a_line_holds_are_encoded_and_come_back(void **state)
{
	struct buf text = {0}, out = {0}, back = {0};
	size_t n, k;

	(void)state;
	for (n = 1; n < 1200; n += 13) {
		buf_reset(&text);
		buf_puts(&text, "first");
		for (k = 0; k < n; k++)
			buf_putc(&text, k % 7 == 3 ? '\t' : ' ');
		buf_puts(&text, "last word");
		buf_reset(&out);
		buf_reset(&back);
		words_encode(&out, text.data, text.len, false);
		if (n > 40)
			check_words(&out);
		else
			assert_string_equal(out.data, text.data);
		words_decode(&back, out.data, out.len);
		assert_string_equal(back.data, text.data);
	}
	buf_clear(&text);
	buf_clear(&out);
	buf_clear(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_encoded_only_where_it_must_be),
	    cmocka_unit_test(a_phrase_is_atoms_or_quoted_or_encoded),
	    cmocka_unit_test(a_nul_and_ill_formed_bytes_never_come_out),
	    cmocka_unit_test(a_word_too_long_for_a_line_is_encoded),
	    cmocka_unit_test(long_text_becomes_words_that_split_no_character),
	    cmocka_unit_test(the_first_word_leaves_room_for_the_field_name),
	    cmocka_unit_test(a_full_buffer_is_an_error),
	    cmocka_unit_test(the_examples_of_the_rfc_are_understood),
	    cmocka_unit_test(words_in_other_charsets_are_converted),
	    cmocka_unit_test(what_is_not_all_understood_is_told),
	    cmocka_unit_test(broken_words_are_tolerated),
	    cmocka_unit_test(no_line_break_or_control_comes_out),
	    cmocka_unit_test(decoding_a_megabyte_takes_linear_time),
	    cmocka_unit_test(random_text_never_breaks_the_decoder),
	    cmocka_unit_test(
		more_blanks_than_a_line_holds_are_encoded_and_come_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
