/* jsonl: an object a line, whatever the pieces that it comes in. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "batch/jsonl.h"
#include "lib/json.h"

struct text {
	const char *bytes;
	size_t n;
};

#define TEXT(s)                  \
	{                        \
		s, sizeof(s) - 1 \
	}

static void
put_value(struct buf *out, const struct value *v)
{
	static const char *const words[] = {"null", "false", "true"};
	size_t i;

	if (v->kind <= VALUE_TRUE)
		buf_puts(out, words[v->kind]);
	if (v->kind == VALUE_NUMBER || v->kind == VALUE_TEXT)
		assert_int_equal(v->text[v->count], '\0');
	if (v->kind == VALUE_NUMBER)
		buf_append(out, v->text, v->count);
	if (v->kind == VALUE_TEXT)
		json_quote(out, v->text, v->count);
	if (v->kind == VALUE_LIST) {
		buf_putc(out, '[');
		for (i = 0; i < v->count; i++) {
			put_value(out, &v->items[i]);
			buf_putc(out, ' ');
		}
		buf_putc(out, ']');
	}
	if (v->kind == VALUE_OBJECT) {
		buf_putc(out, '{');
		for (i = 0; i < v->count; i++) {
			buf_printf(out, "%.*s=", (int)v->members[i].name_len,
			    v->members[i].name);
			put_value(out, &v->members[i].value);
			buf_putc(out, ' ');
		}
		buf_putc(out, '}');
	}
}

/* "3:{...}" of each record, "?4.5" where a line is wrong. */
static void
read_text(struct text text, size_t step, struct buf *out)
{
	struct jsonl l;
	struct value record;
	struct error err = {0};
	struct buf held = {0};
	enum jsonl_result r = JSONL_MORE;
	size_t at = 0, used, more;
	unsigned line, column;

	buf_reset(out);
	assert_int_equal(jsonl_init(&l, &err), 0);
	buf_append(&held, "", 0);
	while (r != JSONL_END && r != JSONL_BAD) {
		r = jsonl_read(&l, held.data, held.len, at == text.n, &used,
		    &record, &err);
		assert_true(used <= held.len);
		if (r == JSONL_RECORD) {
			buf_printf(out, "%llu:", (unsigned long long)l.line);
			put_value(out, &record);
			buf_putc(out, '\n');
		}
		if (r == JSONL_BAD || r == JSONL_BAD_RECORD) {
			assert_int_equal(err.status, EX_DATAERR);
			line = column = 0;
			sscanf(err.text, "line %u, column %u", &line, &column);
			buf_printf(out, "%c%u.%u\n", r == JSONL_BAD ? '!' : '?',
			    line, column);
		}
		buf_consume(&held, used);
		if (r != JSONL_MORE)
			continue;
		assert_true(at < text.n);
		more = text.n - at < step ? text.n - at : step;
		buf_append(&held, text.bytes + at, more);
		at += more;
	}
	buf_clear(&held);
	jsonl_clear(&l);
}

struct text_case {
	struct text text;
	const char *records;
};

static void
check_cases(const struct text_case *cases, size_t n)
{
	struct buf out = {0};
	size_t i, step;

	for (i = 0; i < n; i++)
		for (step = 1; step < 60; step += step < 8 ? 1 : 25) {
			read_text(cases[i].text, step, &out);
			assert_string_equal(buf_string(&out), cases[i].records);
		}
	buf_clear(&out);
}

static void
each_line_is_a_record_with_its_number(void **state)
{
	static const struct text_case cases[] = {
	    {TEXT(""), ""},
	    {TEXT("\n \n\t\r\n  "), ""},
	    {TEXT("\xef\xbb\xbf"), ""},
	    {TEXT("{}\n{}"), "1:{}\n2:{}\n"},
	    {TEXT("\xef\xbb\xbf\n{}\n\n \r\n{\"a\":1}\r\n"),
		"2:{}\n5:{a=1 }\n"},
	    {TEXT(" {\"a\" : \"x\" , \"b\":[]}  \n"), "1:{a=\"x\" b=[] }\n"},
	    {TEXT("{\"z\":1,\"a\":[true,false,null,{\"b\":\"c\"},[2]],"
		  "\"m\":{}}"),
		"1:{z=1 a=[true false null {b=\"c\" } [2 ] ] m={} }\n"},
	    {TEXT("{\"a\":\"J\\u00fcrgen\",\"\\u00fc\":\"\xc3\xbc\"}"),
		"1:{a=\"J\xc3\xbcrgen\" \xc3\xbc=\"\xc3\xbc\" }\n"},
	    {TEXT("{\"a\":\"x\\ny\",\"\":\"\"}"),
		"1:{a=\"x\\u000ay\" =\"\" }\n"},
	};

	(void)state;
	check_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
numbers_stay_as_they_are_written(void **state)
{
	static const struct text_case cases[] = {
	    {TEXT("{\"a\":85,\"b\":1.21,\"c\":1.10,\"d\":-0,\"e\":1E+2}"),
		"1:{a=85 b=1.21 c=1.10 d=-0 e=1E+2 }\n"},
	    {TEXT("{\"a\":123456789012345678901234567890,"
		  "\"b\":0.1000000000000000055511151231257827}"),
		"1:{a=123456789012345678901234567890 "
		"b=0.1000000000000000055511151231257827 }\n"},
	    {TEXT("{\"1\":\"2\",\"-3\":[\"4\\\"5\\\\\",6,{\"7\":8}],"
		  "\"\\\\\":9}"),
		"1:{1=\"2\" -3=[\"4\\\"5\\\\\" 6 {7=8 } ] \\=9 }\n"},
	};

	(void)state;
	check_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
a_bad_line_does_not_end_the_records(void **state)
{
	static const struct text_case cases[] = {
	    {TEXT("[1]\n{}\n"), "?1.1\n2:{}\n"},
	    {TEXT("{}\n  \"x\"\n{}\n"), "1:{}\n?2.3\n3:{}\n"},
	    {TEXT("{}\nx"), "1:{}\n?2.1\n"},
	    {TEXT("{\n{}\n}\n{\"a\":1}"), "?1.1\n2:{}\n?3.1\n4:{a=1 }\n"},
	    {TEXT("{\"a\":1} {}\n{}\n"), "?1.9\n2:{}\n"},
	    {TEXT("{\"a\":1,}\n{}\n"), "?1.8\n2:{}\n"},
	    {TEXT("{\"a\":1,\"a\":2}\n{}\n"), "?1.10\n2:{}\n"},
	    {TEXT("{\"b\":{\"\\u0061\":1,\"a\":2}}\n{}\n"), "?1.20\n2:{}\n"},
	    {TEXT("{\"a\":\"\xff\"}\n{}\n"), "?1.6\n2:{}\n"},
	    {TEXT("{\"a\":\"\\u0000\"}\n{}\n"), "?1.13\n2:{}\n"},
	    {TEXT("{\"a\\u0000\":1}\n{}\n"), "?1.10\n2:{}\n"},
	    {TEXT("{\"a\":\"\0\"}\n{}\n"), "?1.6\n2:{}\n"},
	    {TEXT("{\"\xc3\xbc\xc3\xbc\" 1}\n{}\n"), "?1.7\n2:{}\n"},
	    {TEXT("{\"a\":1e999}\n{}\n"), "?1.10\n2:{}\n"},
	    {TEXT("{\"a\":01}\n{}\n"), "?1.6\n2:{}\n"},
	};

	(void)state;
	check_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

static void
what_is_wrong_with_a_line_is_told(void **state)
{
	static const struct {
		const char *line, *text;
	} cases[] = {
	    {"\n [1]",
		"line 2, column 2: an object is expected, from its { "
		"to its }"},
	    {"{\"a\":\"\\u0000\"}", "line 1, column 13: a NUL in a text"},
	    {"{\"a\\u0000\":\"\"}", "line 1, column 10: a NUL in a text"},
	    {"{\"a\":\x1b}", "line 1, column 6: invalid token near '\\x1B'"},
	};
	struct jsonl l;
	struct value record;
	struct error err = {0};
	size_t i, used;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		jsonl_init(&l, &err);
		assert_int_equal(
		    jsonl_read(&l, cases[i].line, strlen(cases[i].line), true,
			&used, &record, &err),
		    JSONL_BAD_RECORD);
		assert_string_equal(err.text, cases[i].text);
		jsonl_clear(&l);
	}
}

static void
a_line_has_its_bound(void **state)
{
	struct buf text = {0}, out = {0};
	size_t i;

	(void)state;
	buf_puts(&text, "{}\n{\"a\":\"");
	for (i = 0; i < JSONL_LINE_MAX - 7; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, "\"}\n{}\n");
	read_text((struct text){text.data, text.len}, 1 << 20, &out);
	assert_string_equal(buf_string(&out), "1:{}\n!2.0\n");
	/* One octet less. */
	memmove(text.data + 9, text.data + 10, text.len - 10);
	text.len--;
	read_text((struct text){text.data, text.len}, 1 << 20, &out);
	assert_int_equal(out.len, text.len + 5);
	buf_clear(&text);
	buf_clear(&out);
}

static void
depth_has_a_bound(void **state)
{
	struct buf text = {0}, out = {0};
	int i;

	(void)state;
	buf_puts(&text, "{\"a\":");
	for (i = 0; i < 100000; i++)
		buf_putc(&text, '[');
	buf_puts(&text, "\n{}\n");
	read_text((struct text){text.data, text.len}, 1 << 20, &out);
	assert_true(out.len < 40);
	assert_non_null(strstr(out.data, "?1."));
	assert_non_null(strstr(out.data, "\n2:{}\n"));
	buf_clear(&text);
	buf_clear(&out);
}

static void
another_reader_can_go_on_in_the_middle(void **state)
{
	static const char text[] = "\n{\"a\":1}\nx";
	struct jsonl l;
	struct value record;
	struct error err = {0};
	size_t used, again;

	(void)state;
	assert_int_equal(jsonl_init(&l, &err), 0);
	/* It had seen a part of a line somewhere else. */
	assert_int_equal(
	    jsonl_read(&l, "{\"longer\":", 10, false, &used, &record, &err),
	    JSONL_MORE);
	jsonl_go_on(&l, 6);
	assert_int_equal(
	    jsonl_read(&l, text, sizeof(text) - 1, true, &used, &record, &err),
	    JSONL_RECORD);
	assert_int_equal(l.line, 8);
	assert_int_equal(used, 9);
	assert_int_equal(jsonl_read(&l, text + used, sizeof(text) - 1 - used,
			     true, &again, &record, &err),
	    JSONL_BAD_RECORD);
	assert_true(strncmp(err.text, "line 9, column 1: ", 18) == 0);
	jsonl_clear(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_line_is_a_record_with_its_number),
	    cmocka_unit_test(numbers_stay_as_they_are_written),
	    cmocka_unit_test(a_bad_line_does_not_end_the_records),
	    cmocka_unit_test(what_is_wrong_with_a_line_is_told),
	    cmocka_unit_test(a_line_has_its_bound),
	    cmocka_unit_test(another_reader_can_go_on_in_the_middle),
	    cmocka_unit_test(depth_has_a_bound),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
