/* Parameters read again by a strict reader of RFC 2045 and RFC 2231. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"
#include "message_testutil.h"
#include "mime/content_type.h"
#include "mime/parameter.h"
#include "rfc5322/header.h"
#include "rfc5322/words.h"

static const char tspecials[] = "()<>@,;:\\\"/[]?=";

/* One parameter as it stands: the attribute, the value without quotes. */
struct read {
	char attribute[64];
	struct buf value;
	bool quoted;
};

static const char *
read_one(const char *p, struct read *r)
{
	size_t n;

	assert_memory_equal(p, "; ", 2);
	p += 2;
	n = strcspn(p, "= \t;\"");
	assert_in_range(n, 1, sizeof(r->attribute) - 1);
	assert_int_equal(p[n], '=');
	memcpy(r->attribute, p, n);
	r->attribute[n] = '\0';
	p += n + 1;
	buf_reset(&r->value);
	r->quoted = *p == '"';
	if (!r->quoted) {
		for (; *p > ' ' && *p <= '~' && !strchr(tspecials, *p); p++)
			buf_putc(&r->value, *p);
		assert_true(r->value.len > 0);
		return p;
	}
	for (p++; *p != '"'; p++) {
		if (*p == '\\')
			p++;
		assert_in_range(*p, ' ', '~');
		buf_putc(&r->value, *p);
	}
	return p + 1;
}

static int
hex(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *p = strchr(digits, c);

	assert_true(c != '\0' && p != NULL);
	return (int)(p - digits);
}

/* RFC 2231 4: one segment; each is well-formed UTF-8 by itself. */
static void
decode_extended(const struct read *r, bool first, struct buf *out)
{
	const char *p = buf_string(&r->value);
	struct buf part = {0}, clean = {0};

	assert_false(r->quoted);
	if (first) {
		assert_memory_equal(p, "utf-8''", 7);
		p += 7;
	}
	for (; *p != '\0'; p++) {
		assert_null(strchr("*'", *p));
		if (*p != '%') {
			buf_putc(&part, *p);
			continue;
		}
		buf_putc(&part, (char)(hex(p[1]) * 16 + hex(p[2])));
		p += 2;
	}
	assert_true(part.len > 0);
	words_append_utf8(&clean, part.data, part.len);
	assert_int_equal(clean.len, part.len);
	assert_memory_equal(clean.data, part.data, part.len);
	buf_append(out, part.data, part.len);
	buf_clear(&part);
	buf_clear(&clean);
}

/* The value of the one parameter that stands behind the first word. */
static void
decode(const char *field_value, const char *name, struct buf *out)
{
	const char *p = field_value + strcspn(field_value, ";");
	struct read r = {.quoted = false};
	char expected[80];
	int number = 0;
	size_t n;

	buf_reset(out);
	do {
		p = read_one(p, &r);
		n = strlen(r.attribute);
		if (r.attribute[n - 1] == '*') {
			decode_extended(&r, number == 0, out);
			r.attribute[n - 1] = '\0';
		} else {
			buf_append(out, buf_string(&r.value), r.value.len);
		}
		snprintf(expected, sizeof(expected), "%s*%d", name, number++);
		if (number == 1 && *p == '\0')
			expected[strlen(name)] = '\0';
		assert_string_equal(r.attribute, expected);
	} while (*p != '\0');
	buf_clear(&r.value);
}

/* As a field that header_put folds: one, its lines of at most 78, none broken
 * within quotes; the value unfolded again. */
static void
fold(const char *field, const struct buf *value, struct buf *out)
{
	struct buf folded = {0};
	struct header_field f;
	struct error err;
	const char *p;
	size_t n;

	assert_int_equal(
	    header_put(&folded, field, value->data, HEADER_PARAMETERS, &err),
	    0);
	assert_true(header_parse(folded.data, folded.data + folded.len, &f));
	assert_ptr_equal(f.next, folded.data + folded.len);
	for (p = folded.data; *p != '\0'; p += n) {
		n = ascii_line(p, strlen(p));
		assert_in_range(n, 3, 78 + 2);
		assert_true(strspn(p, " \t\r\n") < n);
		if (p[n] != '\0')
			assert_int_equal(p[n - 3], ';');
	}
	buf_reset(out);
	header_unfold(&f, out);
	buf_clear(&folded);
	assert_string_equal(out->data, value->data);
}

static void
check_round_trip(const char *name, const char *utf8)
{
	static const char *const before[] = {
	    "attachment", "text/plain", "inline; filename=\"a b\"", "x"};
	struct buf value = {0}, unfolded = {0}, decoded = {0};
	struct content_type type;
	struct arena a = {0};
	struct error err;
	size_t i;

	for (i = 0; i < 4; i++) {
		buf_reset(&value);
		buf_puts(&value, before[i]);
		assert_int_equal(parameter_put(&value, name, utf8), 0);
		fold("Content-Disposition", &value, &unfolded);
		decode(unfolded.data + strlen(before[i]), name, &decoded);
		assert_string_equal(buf_string(&decoded), utf8);
		if (i == 1 &&
		    content_type_read(&type, &a, value.data, &err) == -1)
			fail_msg("%s", err.text);
	}
	arena_clear(&a);
	buf_clear(&value);
	buf_clear(&unfolded);
	buf_clear(&decoded);
}

static void
check(const char *utf8, const char *expected)
{
	struct buf b = {0};

	buf_puts(&b, "x");
	assert_int_equal(parameter_put(&b, "name", utf8), 0);
	assert_string_equal(b.data + 1, expected);
	buf_clear(&b);
}

static void
a_short_value_has_the_simplest_form(void **state)
{
	(void)state;
	check("a.pdf", "; name=a.pdf");
	check("100%'*", "; name=\"100%'*\"");
	check("", "; name=\"\"");
	check("a b.pdf", "; name=\"a b.pdf\"");
	check("a;b=\"\\\"", "; name=\"a;b=\\\"\\\\\\\"\"");
	check("\xc3\xbc \"'*%.x", "; name*=utf-8''%C3%BC%20%22%27%2A%25.x");
}

static void
what_readers_would_mend_is_extended(void **state)
{
	(void)state;
	check(" a", "; name*=utf-8''%20a");
	check("a ", "; name*=utf-8''a%20");
	check("a  b", "; name*=utf-8''a%20%20b");
	check("a\tb", "; name*=utf-8''a%09b");
	check("=?x?=", "; name*=utf-8''%3D%3Fx%3F%3D");
	check("a; b", "; name*=utf-8''a%3B%20b");
}

static void
what_is_no_text_is_replaced(void **state)
{
	(void)state;
	check("a\xff\x01z", "; name*=utf-8''a%EF%BF%BD%EF%BF%BDz");
	check("\r\n", "; name*=utf-8''%EF%BF%BD%EF%BF%BD");
	check("\x7f", "; name*=utf-8''%EF%BF%BD");
	check("\xc2\x85", "; name*=utf-8''%EF%BF%BD");
	check("\xc3", "; name*=utf-8''%EF%BF%BD");
}

static void
a_long_value_comes_in_segments(void **state)
{
	char text[201] = "";

	(void)state;
	memset(text, 'a', 71);
	text[71] = '\0';
	check(text,
	    "; name="
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaa");
	text[71] = '"';
	text[72] = '\0';
	check(text,
	    "; name*0=\""
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaa\"; name*1=\"aaaa\\\"\"");
	strcpy(text + 60, "\xf0\x9f\x98\x80.txt");
	check(text,
	    "; name*0*=utf-8''"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; "
	    "name*1*=%F0%9F%98%80.txt");
}

static void
every_value_is_read_again_as_it_was(void **state)
{
	static const char *const pieces[] = {"a", "b", "Z", "9", ".", " ", "\"",
	    "\\", "%", "'", "*", ";", "=", "\t", "?", "%41", "/", "(", ",",
	    "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "=?", "''", "  "};
	static const size_t kinds[] = {4, 7, 19, 25};
	static const char *const names[] = {"name", "filename", "x",
	    "a-parameter-name-of-forty-octets-in-all."};
	struct buf text = {0};
	uint64_t random = 3;
	size_t n, i, k;

	(void)state;
	for (n = 0; n <= 300; n++)
		for (i = 0; i < 16; i++) {
			buf_reset(&text);
			k = kinds[i % 4];
			while (text.len < n)
				buf_puts(
				    &text, pieces[testmail_random(&random, k)]);
			check_round_trip(names[i / 4], buf_string(&text));
		}
	buf_clear(&text);
}

static void
a_very_long_value_is_read_again_too(void **state)
{
	struct buf text = {0};

	(void)state;
	while (text.len < 70000)
		buf_puts(&text, "ab\"");
	check_round_trip("filename", text.data);
	buf_puts(&text, "\xc3\xbc");
	check_round_trip("filename", text.data);
	buf_clear(&text);
}

static void
without_room_nothing_is_appended(void **state)
{
	struct buf b = BUF_WITH_MAX(12);
	struct buf c = {0};

	(void)state;
	buf_puts(&b, "x");
	assert_int_equal(parameter_put(&b, "name", "abcdef"), -1);
	assert_string_equal(b.data, "x");
	assert_int_equal(parameter_put(&b, "name", "abcd"), 0);
	assert_string_equal(b.data, "x; name=abcd");
	buf_clear(&b);
	assert_int_equal(
	    parameter_put(&c, "a-parameter-name-of-more-than-40-octets-x", "a"),
	    -1);
}

static void
a_file_name_is_one_that_can_be_seen(void **state)
{
	static const char *const good[] = {"a.pdf", ".bashrc", "a b", " a ",
	    "a\"b;c", "\xc3\xbc.txt", "..a", "=?utf-8?q?x?=", "C:"};
	static const char *const directories[] = {
	    "/", "a/b", "../a", "a/", "C:\\x", "1/2", "\\"};
	static const char *const hidden[] = {"a\nb", "a\tb", "a\x7f",
	    "a\x1b[1m", "a\xe2\x80\xaetxt.exe", "a\xe2\x80\xa8", "a\xc2\x85",
	    "\xff.txt",
	    "\xef\xbb\xbf"
	    "a"};
	static const char *const none[] = {"", ".", "..", "..."};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(parameter_filename_fault(good[i]));
	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		assert_string_equal(parameter_filename_fault(directories[i]),
		    "a file name with a directory in it");
	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		assert_string_equal(parameter_filename_fault(hidden[i]),
		    "a file name with invisible characters");
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_string_equal(
		    parameter_filename_fault(none[i]), "no file name");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_short_value_has_the_simplest_form),
	    cmocka_unit_test(what_readers_would_mend_is_extended),
	    cmocka_unit_test(what_is_no_text_is_replaced),
	    cmocka_unit_test(a_long_value_comes_in_segments),
	    cmocka_unit_test(every_value_is_read_again_as_it_was),
	    cmocka_unit_test(a_very_long_value_is_read_again_too),
	    cmocka_unit_test(without_room_nothing_is_appended),
	    cmocka_unit_test(a_file_name_is_one_that_can_be_seen),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
