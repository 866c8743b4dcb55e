/* csv: the records of a text, whatever the pieces that it comes in. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "content/csv.h"
#include "lib/buf.h"

struct text {
	const char *bytes;
	size_t n;
};

#define TEXT(s)                  \
	{                        \
		s, sizeof(s) - 1 \
	}

/* "line 3: [a][b]" of each record, or what was wrong. */
static void
put_record(struct buf *out, const struct csv_record *r)
{
	size_t i;

	buf_printf(out, "%llu:", (unsigned long long)r->line);
	for (i = 0; i < r->count; i++) {
		assert_int_equal(strlen(r->fields[i].text), r->fields[i].len);
		buf_printf(out, "[%s]", r->fields[i].text);
	}
	buf_putc(out, '\n');
}

/* Reads a text that grows by `step` octets each time that more are asked for. */
static void
read_text(struct text text, char delimiter, size_t step,
    void (*put)(struct buf *, const struct csv_record *), struct buf *out)
{
	struct csv c;
	struct csv_record record;
	struct error err = {0};
	struct buf held = {0};
	enum csv_result r = CSV_MORE;
	size_t at = 0, used, more;

	buf_reset(out);
	csv_init(&c, delimiter);
	buf_append(&held, "", 0);
	while (r != CSV_END && r != CSV_BAD) {
		r = csv_read(&c, held.data, held.len, at == text.n, &used,
		    &record, &err);
		assert_true(used <= held.len);
		if (r == CSV_RECORD)
			put(out, &record);
		if (r == CSV_BAD || r == CSV_BAD_RECORD) {
			assert_int_equal(err.status, EX_DATAERR);
			buf_printf(
			    out, "%c%s\n", r == CSV_BAD ? '!' : '?', err.text);
		}
		buf_consume(&held, used);
		if (r != CSV_MORE)
			continue;
		assert_true(at < text.n);
		more = text.n - at < step ? text.n - at : step;
		buf_append(&held, text.bytes + at, more);
		at += more;
	}
	buf_clear(&held);
	csv_clear(&c);
}

static void
records_are_read_whatever_the_pieces(void **state)
{
	static const struct {
		struct text text;
		const char *records;
	} cases[] = {
	    {TEXT(""), ""},
	    {TEXT("\n\r\n\n"), ""},
	    {TEXT("\xef\xbb\xbf"), ""},
	    {TEXT("a,b\n1,2\n"), "1:[a][b]\n2:[1][2]\n"},
	    {TEXT("a,b\r\n1,2\r\n"), "1:[a][b]\n2:[1][2]\n"},
	    {TEXT("a,b\r\n1,2\n3,4\r\n"), "1:[a][b]\n2:[1][2]\n3:[3][4]\n"},
	    {TEXT("a,b\n1,2"), "1:[a][b]\n2:[1][2]\n"},
	    {TEXT("a,b\n1,"), "1:[a][b]\n2:[1][]\n"},
	    {TEXT("a,b\n,"), "1:[a][b]\n2:[][]\n"},
	    {TEXT("a,b\n,\n"), "1:[a][b]\n2:[][]\n"},
	    {TEXT("a\n\n1\n\n\n2\n\n"), "1:[a]\n3:[1]\n6:[2]\n"},
	    {TEXT("\n\r\na\n1"), "3:[a]\n4:[1]\n"},
	    {TEXT("a\n\"\"\n1\n"), "1:[a]\n2:[]\n3:[1]\n"},
	    {TEXT("a\n\"\""), "1:[a]\n2:[]\n"},
	    {TEXT("\xef\xbb\xbf"
		  "a,b\n1,2\n"),
		"1:[a][b]\n2:[1][2]\n"},
	    {TEXT("\xef\xbb\xbf\"a\",b\n1,2\n"), "1:[a][b]\n2:[1][2]\n"},
	    {TEXT("\xef\xbb\xbf\n\na\n"), "3:[a]\n"},
	    {TEXT("a\n\xef\xbb\xbf"
		  "1\n"),
		"1:[a]\n2:[\xef\xbb\xbf"
		"1]\n"},
	    {TEXT("\xef\xbb"), "1:[\xef\xbb]\n"},
	    {TEXT("\xef\xbb,\n"), "1:[\xef\xbb][]\n"},
	    {TEXT("a,b\n\"1\",\"2\"\n"), "1:[a][b]\n2:[1][2]\n"},
	    {TEXT("a,b\n\"1\",\"2\"\r\n"), "1:[a][b]\n2:[1][2]\n"},
	    {TEXT("a,b\n\"1\",\"2\""), "1:[a][b]\n2:[1][2]\n"},
	    {TEXT("a,b\n\"1,1\",\"2;\"\n"), "1:[a][b]\n2:[1,1][2;]\n"},
	    {TEXT("a,b\n\"\"\"\",\"\"\"x\"\"y\"\"\"\n"),
		"1:[a][b]\n2:[\"][\"x\"y\"]\n"},
	    {TEXT("a\n\"\"\"\"\"\"\n"), "1:[a]\n2:[\"\"]\n"},
	    {TEXT("a,b\n\"1\n1\",2\n3,4\n"),
		"1:[a][b]\n2:[1\n1][2]\n4:[3][4]\n"},
	    {TEXT("a,b\r\n\"\r\n\r\n\r\",2\r\n3,4"),
		"1:[a][b]\n2:[\r\n\r\n\r][2]\n5:[3][4]\n"},
	    {TEXT("a,b\n\"\n\"\"\n\",\"\n\"\n3,4"),
		"1:[a][b]\n2:[\n\"\n][\n]\n6:[3][4]\n"},
	    {TEXT("a b, c \n 1 ,\t2\n"), "1:[a b][ c ]\n2:[ 1 ][\t2]\n"},
	    {TEXT(" \n \n"), "1:[ ]\n2:[ ]\n"},
	    {TEXT("a\nJ\xc3\xbcrgen\n\xff\n"),
		"1:[a]\n2:[J\xc3\xbcrgen]\n3:[\xff]\n"},
	    {TEXT("0123456789012345678901234567890123456789012345678901234567"
		  "8901234567890123456789,\"0123456789012345678901234567890123"
		  "4567890123456789012345678901234567890123456789\"\n1,2\n"),
		"1:[0123456789012345678901234567890123456789012345678901234567"
		"8901234567890123456789][0123456789012345678901234567890123456"
		"7890123456789012345678901234567890123456789]\n2:[1][2]\n"},
	    /* Not of the header's number of fields: only that record. */
	    {TEXT("a,b\n1\n2,3\n"),
		"1:[a][b]\n?line 2: 1 field, where the header has 2\n"
		"3:[2][3]\n"},
	    {TEXT("a,b\n1,2,3,\n2,3\n"),
		"1:[a][b]\n?line 2: 4 fields, where the header has 2\n"
		"3:[2][3]\n"},
	    {TEXT("a,b\n\"1\n\"\n2,3"),
		"1:[a][b]\n?line 2: 1 field, where the header has 2\n"
		"4:[2][3]\n"},
	    {TEXT("a,b\n\"1\n\",\"\n\",\"\n\"\n2,3"),
		"1:[a][b]\n?line 2: 3 fields, where the header has 2\n"
		"6:[2][3]\n"},
	    /* A NUL: the same. */
	    {TEXT("a,b\n1,2\0003\n4,5\n"),
		"1:[a][b]\n?line 2, column 4: a NUL\n3:[4][5]\n"},
	    {TEXT("a,b\n1,\"\n\xc3\xbc\0\"\"\0\"\n4,5\n"),
		"1:[a][b]\n?line 3, column 2: a NUL\n4:[4][5]\n"},
	    {TEXT("a\0,b\n1,2\n"), "!line 1, column 2: a NUL\n"},
	    /* No CSV. */
	    {TEXT("a,b\n1,\"2\n3,4\n"),
		"1:[a][b]\n!line 2, column 3: a quote that nothing closes\n"},
	    {TEXT("a,b\n\"\n\xc3\xbc\",\"2\n3,4\"\""),
		"1:[a][b]\n!line 3, column 4: a quote that nothing closes\n"},
	    {TEXT("\""), "!line 1, column 1: a quote that nothing closes\n"},
	    {TEXT("a\n\n\"\"\""),
		"1:[a]\n!line 3, column 1: a quote that nothing closes\n"},
	    {TEXT("a,b\n\xc3\xbc,x\"y\"\n"),
		"1:[a][b]\n!line 2, column 4: a quote within a field that does "
		"not begin with one\n"},
	    {TEXT("a, \"b\"\n"),
		"!line 1, column 4: a quote within a field that does not begin "
		"with one\n"},
	    {TEXT("a\n\"\n\xc3\xbc\"x\n"),
		"1:[a]\n!line 3, column 3: a text behind the closing quote of "
		"a field\n"},
	    {TEXT("a\n\"x\" \n"),
		"1:[a]\n!line 2, column 4: a text behind the closing quote of "
		"a field\n"},
	    {TEXT("a\n\"x\"\rb\n"),
		"1:[a]\n!line 2, column 4: a text behind the closing quote of "
		"a field\n"},
	    {TEXT("a\n\"x\"\0\n"),
		"1:[a]\n!line 2, column 4: a text behind the closing quote of "
		"a field\n"},
	    {TEXT("a\rb\r"),
		"!line 1, column 2: a CR that is not part of a line end\n"},
	    {TEXT("\rb"),
		"!line 1, column 1: a CR that is not part of a line end\n"},
	    {TEXT("a\r"),
		"!line 1, column 2: a CR that is not part of a line end\n"},
	    {TEXT("a\n\r\r\n"),
		"1:[a]\n!line 2, column 1: a CR that is not part of a line "
		"end\n"},
	    {TEXT("a\n\"b\"\r"),
		"1:[a]\n!line 2, column 4: a text behind the closing quote of "
		"a field\n"},
	};
	struct buf out = {0};
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (step = 1; step < 200; step += step < 20 ? 1 : 45) {
			read_text(cases[i].text, ',', step, put_record, &out);
			assert_string_equal(buf_string(&out), cases[i].records);
		}
	buf_clear(&out);
}

static void
other_signs_can_delimit(void **state)
{
	static const struct {
		char delimiter;
		struct text text;
	} cases[] = {
	    {';', TEXT("a,1;b\n\"c;\";d\n")},
	    {'\t', TEXT("a,1\tb\n\"c;\"\td\n")},
	    {'|', TEXT("a,1|b\n\"c;\"|d\n")},
	    {' ', TEXT("a,1 b\n\"c;\" d\n")},
	    {'x', TEXT("a,1xb\n\"c;\"xd\n")},
	    {'\1', TEXT("a,1\1b\n\"c;\"\1d\n")},
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(csv_can_delimit(cases[i].delimiter));
		read_text(
		    cases[i].text, cases[i].delimiter, 3, put_record, &out);
		assert_string_equal(
		    buf_string(&out), "1:[a,1][b]\n2:[c;][d]\n");
	}
	for (i = 0; i < 5; i++)
		assert_false(csv_can_delimit("\"\r\n\0\xc3"[i]));
	buf_clear(&out);
}

static void
put_places(struct buf *out, const struct csv_record *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		buf_printf(out, "%llu.%llu ",
		    (unsigned long long)r->fields[i].line,
		    (unsigned long long)r->fields[i].column);
}

static void
each_field_has_its_place_in_characters(void **state)
{
	static const struct {
		struct text text;
		const char *places;
	} cases[] = {
	    {TEXT("a,bc,d"), "1.1 1.3 1.6 "},
	    {TEXT("\xef\xbb\xbf"
		  "a,\xc3\xbc,d"),
		"1.1 1.3 1.5 "},
	    {TEXT("\"\"\"\",\"x\n\"\"\xe2\x82\xac\"\"\",\xc3\xbc,d\n\nx,,,"),
		"1.1 1.6 2.8 2.10 4.1 4.3 4.4 4.5 "},
	    {TEXT("\"\n\n\",\"\n\"\n,"), "1.1 3.3 5.1 5.2 "},
	};
	struct buf out = {0};
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (step = 1; step < 30; step++) {
			read_text(cases[i].text, ',', step, put_places, &out);
			assert_string_equal(buf_string(&out), cases[i].places);
		}
	buf_clear(&out);
}

static void
put_size(struct buf *out, const struct csv_record *r)
{
	buf_printf(out, "%zu*%zu ", r->count, r->fields[0].len);
}

/* prefix, n times a piece, suffix */
static void
read_much(const char *prefix, size_t n, const char *piece, const char *suffix,
    struct buf *out)
{
	struct buf text = {0};
	size_t i;

	buf_puts(&text, prefix);
	for (i = 0; i < n; i++)
		buf_puts(&text, piece);
	buf_puts(&text, suffix);
	read_text(
	    (struct text){text.data, text.len}, ',', 65536, put_size, out);
	buf_clear(&text);
}

static void
a_cell_may_be_of_a_megabyte(void **state)
{
	struct buf out = {0};

	(void)state;
	read_much("a,b\n", 1 << 20, "x", ",\n1,2\n", &out);
	assert_string_equal(buf_string(&out), "2*1 2*1048576 2*1 ");
	read_much("a,b\n\"", 1 << 18, "\"\"\n,", "\",\n1,2\n", &out);
	assert_string_equal(buf_string(&out), "2*1 2*786432 2*1 ");
	buf_clear(&out);
}

static void
a_record_has_its_bounds(void **state)
{
	struct buf out = {0};

	(void)state;
	read_much("a\n", CSV_RECORD_MAX - 1, "x", "\n1\n", &out);
	assert_string_equal(buf_string(&out), "1*1 1*16777215 1*1 ");
	read_much("a\n", CSV_RECORD_MAX, "x", "\n1\n", &out);
	assert_string_equal(
	    buf_string(&out), "1*1 !line 2: a record of more than 16 MiB\n");
	read_much("a\n", CSV_RECORD_MAX, "x", "x", &out);
	assert_string_equal(
	    buf_string(&out), "1*1 !line 2: a record of more than 16 MiB\n");
	read_much("a,b\n1,\"", CSV_RECORD_MAX, "x\n", "\"", &out);
	assert_string_equal(buf_string(&out),
	    "2*1 !line 2, column 3: a quote that nothing closes for 16 MiB\n");
	read_much("", CSV_FIELDS_MAX - 1, ",", "\n", &out);
	assert_string_equal(buf_string(&out), "16384*0 ");
	read_much("", CSV_FIELDS_MAX, ",", "\n", &out);
	assert_string_equal(buf_string(&out),
	    "!line 1: 16385 columns, and no more than 16384 are read\n");
	read_much("a,b\n", 1 << 20, ",", "\n1,2\n", &out);
	assert_string_equal(buf_string(&out),
	    "2*1 ?line 2: 1048577 fields, where the header has 2\n2*1 ");
	buf_clear(&out);
}

static void
another_reader_can_go_on_in_the_middle(void **state)
{
	char header[] = "a,b\n", rows[] = "1,2\n3\n4,5,6\n\xef\xbb\xbf,\"\n\"";
	struct csv first, second;
	struct csv_record record;
	struct error err = {0};
	struct buf out = {0};
	size_t used, at = 0;
	enum csv_result r;

	(void)state;
	csv_init(&first, ',');
	csv_init(&second, ',');
	assert_int_equal(
	    csv_read(&first, header, 4, false, &used, &record, &err),
	    CSV_RECORD);
	csv_go_on(&second, &first, 7);
	csv_clear(&first);
	while ((r = csv_read(&second, rows + at, sizeof(rows) - 1 - at, true,
		    &used, &record, &err)) != CSV_END) {
		at += used;
		if (r == CSV_RECORD)
			put_record(&out, &record);
		else
			buf_printf(&out, "%s\n", err.text);
	}
	assert_string_equal(buf_string(&out),
	    "7:[1][2]\nline 8: 1 field, where the header has 2\n"
	    "line 9: 3 fields, where the header has 2\n"
	    "10:[\xef\xbb\xbf][\n]\n");
	csv_clear(&second);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_read_whatever_the_pieces),
	    cmocka_unit_test(other_signs_can_delimit),
	    cmocka_unit_test(each_field_has_its_place_in_characters),
	    cmocka_unit_test(a_cell_may_be_of_a_megabyte),
	    cmocka_unit_test(a_record_has_its_bounds),
	    cmocka_unit_test(another_reader_can_go_on_in_the_middle),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
