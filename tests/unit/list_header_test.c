/* List-Unsubscribe and List-Id. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

#include "message_testutil.h"
#include "rfc5322/header.h"
#include "rfc5322/list_header.h"

static void
check_uris(const char *const *uris, size_t count, const char *expected,
    bool expected_one_click)
{
	struct buf field = {0};
	struct arena a = {0};
	struct error err;
	const char *value;
	bool one_click;

	if (list_unsubscribe(&a, uris, count, &value, &one_click, &err) == -1)
		fail_msg("%s", err.text);
	assert_string_equal(value, expected);
	assert_int_equal(one_click, expected_one_click);
	assert_int_equal(
	    header_put(&field, "List-Unsubscribe", value, HEADER_LIST, &err),
	    0);
	buf_puts(&field, "\r\n");
	assert_int_equal(testmail_count_fields(&field), 1);
	buf_clear(&field);
	arena_clear(&a);
}

static void
check(const char *uri, const char *expected)
{
	check_uris(&uri, 1, expected, strncmp(expected, "<https:", 7) == 0);
}

/* A good one stands before it. */
static void
refuse(const char *uri, const char *words)
{
	const char *uris[] = {"https://x.test/", uri};
	struct arena a = {0};
	struct error err = {0};
	const char *value;
	bool one_click;

	if (list_unsubscribe(&a, uris, 2, &value, &one_click, &err) == 0)
		fail_msg("%s", value);
	assert_int_equal(err.status, EX_USAGE);
	assert_memory_equal(err.text, "--list-unsubscribe: ", 20);
	if (strstr(err.text, words) == NULL && strstr(err.hint, words) == NULL)
		fail_msg("%s (%s)", err.text, err.hint);
	arena_clear(&a);
}

static void
a_uri_is_put_in_brackets(void **state)
{
	(void)state;
	check("https://x.test/leave?id=1&x=%2C",
	    "<https://x.test/leave?id=1&x=%2C>");
	check("http://[2001:db8::1]:80/#a", "<http://[2001:db8::1]:80/#a>");
	check("https://x.test", "<https://x.test>");
	check("mailto:leave@x.test?subject=a%20b",
	    "<mailto:leave@x.test?subject=a%20b>");
	check("MAILTO:leave@x.test", "<MAILTO:leave@x.test>");
	check("https://x.test/~a-b_c.d!$&'()*+;=:@/?",
	    "<https://x.test/~a-b_c.d!$&'()*+;=:@/?>");
}

static void
an_address_becomes_a_uri(void **state)
{
	(void)state;
	check("leave@x.test", "<mailto:leave@x.test>");
	check("leave+a@x.test", "<mailto:leave+a@x.test>");
	check("a&b=c%d@x.test", "<mailto:a%26b%3Dc%25d@x.test>");
	check("\"a b\"@x.test", "<mailto:%22a%20b%22@x.test>");
	check("a@[127.0.0.1]", "<mailto:a@%5B127.0.0.1%5D>");
}

static void
several_uris_are_a_list(void **state)
{
	static const char *const uris[] = {"https://x.test/1", "leave@x.test",
	    "http://x.test/2", "https://x.test/3"};

	(void)state;
	check_uris(uris, 2, "<https://x.test/1>, <mailto:leave@x.test>", true);
	check_uris(uris, 3,
	    "<https://x.test/1>, <mailto:leave@x.test>, <http://x.test/2>",
	    false);
	check_uris(uris + 1, 3,
	    "<mailto:leave@x.test>, <http://x.test/2>, <https://x.test/3>",
	    false);
	check_uris(uris + 1, 1, "<mailto:leave@x.test>", false);
}

static void
a_character_that_no_uri_has_is_refused(void **state)
{
	static const char bad[] = " <>\"\\^`{|}\t\r\n\x01\x7f";
	char uri[] = "https://x.test/a?b";
	size_t i;

	(void)state;
	for (i = 0; bad[i] != '\0'; i++) {
		uri[16] = bad[i];
		refuse(uri, "at character 17");
	}
	refuse("<https://x.test/>", "unexpected '<' at character 1");
	refuse(
	    "https://x.test/\xc3\xbc", "unexpected '\xc3\xbc' at character 16");
	refuse("https://x.test/\xc3\xbc", "percent-encode");
	refuse("https://x.test/\r\nX: y", "unexpected '\\x0D' at character 16");
	refuse("mailto:a@x.test\nX: y", "unexpected '\\n' at character 16");
	refuse("https://x.test/[1]", "unexpected '[' at character 16");
	refuse("mailto:a@[1.2.3.4]", "unexpected '[' at character 10");
	refuse("https://x.test/#a#b", "unexpected '#' at character 18");
	refuse(
	    "https://x.test/%", "'%' without two hex digits at character 16");
	refuse("https://x.test/%2", "'%' without two hex digits");
	refuse("https://x.test/%2g", "'%' without two hex digits");
	refuse("https://x.test/a,b", "unexpected ',' at character 17");
	refuse("https://x.test/a,b", "%2C");
	refuse("mailto:a@x.test,b@x.test", "%2C");
}

static void
what_is_no_such_uri_is_refused(void **state)
{
	(void)state;
	refuse("", "no http, https or mailto URI, no address");
	refuse("x.test/leave", "no http, https or mailto URI");
	refuse("//x.test/a@b", "no http, https or mailto URI");
	refuse("ftp://x.test/", "no http, https or mailto URI");
	refuse("javascript:a@b", "no http, https or mailto URI");
	refuse("http:x.test", "no '//' behind the scheme at character 6");
	refuse("https:///x", "no host at character 9");
	refuse("https://:80/x", "no host at character 9");
	refuse("https://?x", "no host");
	refuse("mailto:", "no address at character 8");
	refuse("mailto:x", "no address");
	refuse("mailto:@x.test", "no address");
	refuse("mailto:x@?a=b@c", "no address");
}

static void
what_is_no_address_is_refused(void **state)
{
	(void)state;
	refuse("a@@x.test", "unexpected '@'");
	refuse("a@x.test, b@x.test", "--list-unsubscribe: ");
	refuse("a@x.test\r\nX: y@z", "--list-unsubscribe: ");
	refuse("a@x.test (Ann)", "without a name");
	refuse("a b@x.test", "give an http, https or mailto URI");
}

static void
a_uri_that_fits_on_no_line_is_refused(void **state)
{
	char uri[LIST_URI_MAX + 2] = "https://x.test/";
	char expected[LIST_URI_MAX + 4];
	size_t n = strlen(uri);

	(void)state;
	memset(uri + n, 'a', sizeof(uri) - n);
	uri[LIST_URI_MAX] = '\0';
	expected[0] = '<';
	strcpy(expected + 1, uri);
	strcat(expected, ">");
	check(uri, expected);
	uri[LIST_URI_MAX] = 'a';
	uri[LIST_URI_MAX + 1] = '\0';
	refuse(uri, "over 900 characters");
}

static void
no_uri_is_an_error(void **state)
{
	struct arena a = {0};
	struct error err = {0};
	const char *value;
	bool one_click;

	(void)state;
	assert_int_equal(
	    list_unsubscribe(&a, NULL, 0, &value, &one_click, &err), -1);
	assert_int_equal(err.status, EX_USAGE);
}

static void
check_id(const char *text, const char *expected)
{
	struct arena a = {0};
	struct error err;
	const char *value;

	if (list_id(&a, text, &value, &err) == -1)
		fail_msg("%s", err.text);
	assert_string_equal(value, expected);
	arena_clear(&a);
}

static void
refuse_id(const char *text, const char *words)
{
	struct arena a = {0};
	struct error err = {0};
	const char *value;

	if (list_id(&a, text, &value, &err) == 0)
		fail_msg("%s", value);
	assert_int_equal(err.status, EX_USAGE);
	assert_memory_equal(err.text, "--list-id: ", 11);
	if (strstr(err.text, words) == NULL)
		fail_msg("%s", err.text);
	assert_non_null(strstr(err.hint, "list.example.org"));
	arena_clear(&a);
}

static void
a_list_id_has_brackets_and_maybe_a_phrase(void **state)
{
	(void)state;
	check_id("list.x.test", "<list.x.test>");
	check_id("<list.x.test>", "<list.x.test>");
	check_id(" <list.x.test> ", "<list.x.test>");
	check_id("The list <list.x.test>", "The list <list.x.test>");
	check_id("The list<list.x.test>", "The list <list.x.test>");
	check_id("A, B & C. <l.x>", "\"A, B & C.\" <l.x>");
	check_id("\"A, \\\"B\\\"\" <l.x>", "\"A, \\\"B\\\"\" <l.x>");
	check_id("\"\" <l.x>", "<l.x>");
	check_id("a < b <l.x>", "\"a < b\" <l.x>");
	check_id("J\xc3\xbc <l.x>", "=?UTF-8?B?SsO8?= <l.x>");
}

static void
what_is_no_list_id_is_refused(void **state)
{
	(void)state;
	refuse_id("", "no identifier at character 1");
	refuse_id("<>", "no identifier at character 2");
	refuse_id("x", "no '.' in the identifier");
	refuse_id("The list <x>", "no '.' in the identifier at character 11");
	refuse_id(".x", "nothing beside a '.'");
	refuse_id("x.", "nothing beside a '.' at character 3");
	refuse_id("a..b", "nothing beside a '.' at character 3");
	refuse_id("<a.b", "no '>' at the end at character 5");
	refuse_id("a.b>", "unexpected '>' at character 4");
	refuse_id("<a.b> x", "no '>' at the end at character 8");
	refuse_id("<a .b>", "unexpected ' ' at character 3");
	refuse_id("< a.b>", "unexpected ' ' at character 2");
	refuse_id("<a.b >", "unexpected ' ' at character 5");
	refuse_id("<a.b(c)>", "unexpected '(' at character 5");
	refuse_id("<a.b>>", "unexpected '>' at character 5");
	refuse_id("a b.c", "unexpected ' ' at character 2");
	refuse_id("a@b.c", "unexpected '@' at character 2");
	refuse_id("\xc3\xbc.b", "unexpected '\xc3\xbc' at character 1");
	refuse_id("\"a <a.b>", "unclosed '\"'");
	refuse_id("\"a\" b <a.b>", "unexpected ' ' at character 4");
	refuse_id("x\r\nX: y <a.b>", "unexpected '\\x0D' at character 2");
	refuse_id("\xff <a.b>", "ill-formed UTF-8 at character 1");
}

static void
a_list_id_has_at_most_255_characters(void **state)
{
	char text[258], expected[260];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[1] = '.';
	text[255] = '\0';
	expected[0] = '<';
	strcpy(expected + 1, text);
	strcat(expected, ">");
	check_id(text, expected);
	text[255] = 'a';
	text[256] = '\0';
	refuse_id(text, "an identifier of over 255 characters");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_uri_is_put_in_brackets),
	    cmocka_unit_test(an_address_becomes_a_uri),
	    cmocka_unit_test(several_uris_are_a_list),
	    cmocka_unit_test(a_character_that_no_uri_has_is_refused),
	    cmocka_unit_test(what_is_no_such_uri_is_refused),
	    cmocka_unit_test(what_is_no_address_is_refused),
	    cmocka_unit_test(a_uri_that_fits_on_no_line_is_refused),
	    cmocka_unit_test(no_uri_is_an_error),
	    cmocka_unit_test(a_list_id_has_brackets_and_maybe_a_phrase),
	    cmocka_unit_test(what_is_no_list_id_is_refused),
	    cmocka_unit_test(a_list_id_has_at_most_255_characters),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
