/* records: one after another, again by their place, from files and pipes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/records.h"
#include "lib/file.h"

enum { MANY = 20000, SAMPLES = 50 };

struct list {
	char path[32];
	struct settings settings;
	struct process process;
	struct records records;
};

static int
set_up(void **state)
{
	struct list *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -1;
	strcpy(l->path, "/tmp/records.XXXXXX");
	close(mkstemp(l->path));
	l->settings.many.each = l->path;
	l->records.fd = -1;
	*state = l;
	return 0;
}

static int
tear_down(void **state)
{
	struct list *l = *state;

	records_close(&l->records);
	unlink(l->path);
	free(l);
	return 0;
}

static void
write_list(const struct list *l, const char *text, size_t n)
{
	FILE *f = fopen(l->path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
reopen(struct list *l, const char *text)
{
	struct error err;

	records_close(&l->records);
	write_list(l, text, strlen(text));
	if (records_open(&l->records, &l->settings, &l->process, &err) == -1)
		fail_msg("%s", err.text);
}

static void
describe_value(const struct value *v, struct buf *out)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		buf_printf(out, "%s%s=%s", i > 0 ? "|" : "", v->members[i].name,
		    v->members[i].value.kind == VALUE_TEXT
			? v->members[i].value.text
			: "?");
}

/* "2@4(a=1|b=2)", a bad one is "2@4!", a message has its text. */
static void
describe(enum records_result read, const struct record *r, struct buf *out)
{
	buf_printf(out, "%llu@%llu", (unsigned long long)r->place.number,
	    (unsigned long long)r->line);
	if (read == RECORDS_BAD) {
		buf_puts(out, "!");
		return;
	}
	buf_puts(out, "(");
	if (r->value != NULL)
		describe_value(r->value, out);
	else
		buf_puts(out, buf_string(&r->bytes.text));
	buf_puts(out, ")");
}

/* All that come, with a blank between; "E": that was an error. */
static void
read_all(struct list *l, struct buf *out)
{
	enum records_result read;
	struct record r;
	struct error err;

	buf_reset(out);
	while (
	    (read = records_next(&l->records, true, &r, &err)) != RECORDS_END) {
		if (out->len > 0)
			buf_puts(out, " ");
		if (read == RECORDS_ERROR) {
			buf_puts(out, "E");
			break;
		}
		describe(read, &r, out);
		record_clear(&r);
	}
	record_clear(&r);
}

static void
assert_reads(struct list *l, const char *expected)
{
	struct buf out = {0};

	read_all(l, &out);
	assert_string_equal(buf_string(&out), expected);
	buf_clear(&out);
}

struct form_case {
	const char *text, *expected;
	enum records_form form;
};

static const struct form_case forms[] = {
    {"a,b\n1,2\n3,4\n", "1@2(a=1|b=2) 2@3(a=3|b=4)", RECORDS_CSV},
    {"a,b\r\n\"1\r\n\"\"1\",2\r\n3,4", "1@2(a=1\r\n\"1|b=2) 2@4(a=3|b=4)",
	RECORDS_CSV},
    {"a,b\n1\n3,4\n5,6,7\n8,9\n", "1@2! 2@3(a=3|b=4) 3@4! 4@5(a=8|b=9)",
	RECORDS_CSV},
    {"\357\273\277a\n1\n", "1@2(a=1)", RECORDS_CSV},
    {"a\n\"1\n", "E", RECORDS_CSV},
    {"a,b\n", "", RECORDS_CSV},
    {"{\"a\":\"1\"}\n{\"a\":\"2\",\"b\":\"3\"}", "1@1(a=1) 2@2(a=2|b=3)",
	RECORDS_JSONL},
    {"\n \n{\"a\":\"1\"}\n\n[1]\n{\"a\":\n{\"a\":\"4\"}\n",
	"1@3(a=1) 2@5! 3@6! 4@7(a=4)", RECORDS_JSONL},
    {"\357\273\277{\"a\":\"1\"}\n", "1@1(a=1)", RECORDS_JSONL},
    {"From x Tue Dec  1 09:30:00 2026\nA: 1\n\n>From y\n\n"
     "From x Tue Dec  1 09:30:00 2026\nA: 2\n\nz\n",
	"1@1(A: 1\n\nFrom y\n) 2@6(A: 2\n\nz\n)", RECORDS_MAILBOX},
};

static void
each_record_has_its_number_and_line(void **state)
{
	struct list *l = *state;
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		reopen(l, forms[i].text);
		assert_int_equal(l->records.form, forms[i].form);
		assert_true(l->records.lasting);
		assert_int_equal(records_are_complete(&l->records),
		    forms[i].form == RECORDS_MAILBOX);
		assert_reads(l, forms[i].expected);
	}
}

static void
from_the_beginning_it_is_all_the_same_again(void **state)
{
	struct list *l = *state;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		reopen(l, forms[i].text);
		assert_reads(l, forms[i].expected);
		assert_int_equal(records_rewind(&l->records, &err), 0);
		assert_reads(l, forms[i].expected);
	}
}

/* What a record was when it came first. */
struct seen {
	struct supply_place place;
	uint64_t hash, line;
	char text[200];
};

static void
see(const struct record *r, struct seen *s)
{
	struct buf text = {0};

	describe(RECORDS_ONE, r, &text);
	*s = (struct seen){.place = r->place, .hash = r->hash, .line = r->line};
	snprintf(s->text, sizeof(s->text), "%s", buf_string(&text));
	buf_clear(&text);
}

static void
assert_again(struct list *l, const struct seen *before)
{
	struct record r;
	struct error err;
	struct seen now;

	assert_int_equal(
	    records_again(&l->records, &before->place, &r, &err), RECORDS_ONE);
	see(&r, &now);
	record_clear(&r);
	assert_string_equal(now.text, before->text);
	assert_true(now.hash == before->hash);
	assert_int_equal(now.line, before->line);
}

/* While others are still to come, and when all have. */
static void
a_record_can_be_read_again_by_its_place(void **state)
{
	struct list *l = *state;
	enum records_result read;
	struct seen seen[4];
	struct record r;
	struct error err;
	size_t i, n;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		reopen(l, forms[i].text);
		n = 0;
		while ((read = records_next(&l->records, true, &r, &err)) >
		    RECORDS_END) {
			if (read == RECORDS_ONE)
				see(&r, &seen[n++]);
			record_clear(&r);
			if (n > 0)
				assert_again(l, &seen[0]);
		}
		record_clear(&r);
		while (n > 0)
			assert_again(l, &seen[--n]);
	}
}

/* Far more than is read at a time, with records across the ends of that. */
static void
a_long_list_is_read_in_pieces(void **state)
{
	struct list *l = *state;
	struct seen samples[SAMPLES];
	struct buf text = {0};
	struct record r;
	struct error err;
	unsigned i;

	buf_puts(&text, "n,text\n");
	for (i = 1; i <= MANY; i++)
		buf_printf(&text, "%u,\"line\n%0*u\"\n", i, (int)(i % 97), i);
	reopen(l, buf_string(&text));
	for (i = 1; i <= MANY; i++) {
		assert_int_equal(
		    records_next(&l->records, true, &r, &err), RECORDS_ONE);
		assert_int_equal(r.place.number, i);
		assert_int_equal(r.line, 2 * i);
		assert_int_equal(atoi(r.value->members[0].value.text), (int)i);
		if (i % (MANY / SAMPLES) == 0)
			see(&r, &samples[i / (MANY / SAMPLES) - 1]);
		record_clear(&r);
	}
	assert_int_equal(
	    records_next(&l->records, true, &r, &err), RECORDS_END);
	for (i = 0; i < SAMPLES; i++)
		assert_again(l, &samples[(i * 7) % SAMPLES]);
	buf_clear(&text);
}

static uint64_t
hash_of_first(struct list *l, const char *text)
{
	struct record r;
	struct error err;
	uint64_t hash;

	reopen(l, text);
	assert_int_equal(
	    records_next(&l->records, true, &r, &err), RECORDS_ONE);
	hash = r.hash;
	record_clear(&r);
	return hash;
}

static void
a_hash_is_of_all_that_a_record_holds_and_of_nothing_else(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
	    {"a,b\n1,2\n", "a,b\r\n\"1\",2\r\n", true},
	    {"a,b\n1,2\n", "a,b\n1,2\n3,4\n", true},
	    {"a,b\n1,2\n", "a,b\n2,1\n", false},
	    {"a,b\n12,\n", "a,b\n1,2\n", false},
	    {"a,b\n12,\n", "a,b\n,12\n", false},
	    {"a\n1\n", "a\n1 \n", false},
	    {"{\"a\":1}\n", "\n  {\"a\":1} \r\n", true},
	    {"{\"a\":1}\n", "{\"a\":2}\n", false},
	    {"From x Tue Dec  1 09:30:00 2026\nA: 1\n\nz\n",
		"From y Tue Dec  1 09:30:00 2026\nA: 1\n\nz\n", true},
	    {"From x Tue Dec  1 09:30:00 2026\nA: 1\n\nz\n",
		"From x Tue Dec  1 09:30:00 2026\nA: 2\n\nz\n", false},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if ((hash_of_first(*state, cases[i].a) ==
			hash_of_first(*state, cases[i].b)) != cases[i].same)
			fail_msg("case %zu", i);
}

/* A pipe as standard input, into which text is written. */
static int
open_pipe(struct list *l, const char *text, struct error *err)
{
	int ends[2];

	records_close(&l->records);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	assert_int_equal(file_write(ends[1], text, strlen(text)), 0);
	l->settings.many.each = "-";
	if (records_open(&l->records, &l->settings, &l->process, err) == -1)
		fail_msg("%s", err->text);
	return ends[1];
}

static void
a_pipe_gives_records_as_they_come_and_gives_them_again(void **state)
{
	static const struct {
		const char *first, *second, *third;
	} cases[] = {
	    {"a,b\n1,2\n3,", "4\n", "5,6"},
	    {"{\"a\":\"1\"}\n{\"a\"", ":\"2\"}\n", "{\"a\":\"3\"}"},
	};
	struct list *l = *state;
	struct seen seen[3];
	struct record r;
	struct error err;
	size_t i;
	int in;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		in = open_pipe(l, cases[i].first, &err);
		assert_false(l->records.lasting);
		assert_int_equal(
		    records_next(&l->records, false, &r, &err), RECORDS_ONE);
		see(&r, &seen[0]);
		assert_int_equal(
		    records_next(&l->records, false, &r, &err), RECORDS_AGAIN);
		assert_again(l, &seen[0]);
		assert_int_equal(
		    file_write(in, cases[i].second, strlen(cases[i].second)),
		    0);
		assert_int_equal(
		    records_next(&l->records, false, &r, &err), RECORDS_ONE);
		see(&r, &seen[1]);
		assert_int_equal(seen[1].place.number, 2);
		assert_again(l, &seen[0]);
		assert_int_equal(
		    file_write(in, cases[i].third, strlen(cases[i].third)), 0);
		assert_int_equal(
		    records_next(&l->records, false, &r, &err), RECORDS_AGAIN);
		close(in);
		assert_int_equal(
		    records_next(&l->records, false, &r, &err), RECORDS_ONE);
		see(&r, &seen[2]);
		assert_int_equal(
		    records_next(&l->records, false, &r, &err), RECORDS_END);
		assert_again(l, &seen[2]);
		assert_again(l, &seen[1]);
		assert_again(l, &seen[0]);
	}
}

static void
a_list_that_is_none_is_told(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"", "nothing is in it, not even a row of headers"},
	    {"a,b,a\n1,2,3\n", "line 1: columns 1 and 3 have the same name"},
	    {"a,\"b\n", "line 1"},
	};
	struct list *l = *state;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		records_close(&l->records);
		write_list(l, cases[i].text, strlen(cases[i].text));
		assert_int_equal(
		    records_open(&l->records, &l->settings, &l->process, &err),
		    -1);
		assert_int_equal(err.status, EX_DATAERR);
		if (strstr(err.text, cases[i].error) == NULL ||
		    strstr(err.text, l->path) == NULL)
			fail_msg("%s", err.text);
	}
	records_close(&l->records);
	l->settings.many.each = "/nonexistent/list.csv";
	assert_int_equal(
	    records_open(&l->records, &l->settings, &l->process, &err), -1);
	assert_int_equal(err.status, EX_NOINPUT);
}

static void
a_row_without_end_is_an_error_and_takes_no_more_memory(void **state)
{
	const size_t n = CSV_RECORD_MAX + 1000;
	struct list *l = *state;
	char *text = malloc(n + 3);
	struct record r;
	struct error err;

	assert_non_null(text);
	memcpy(text, "a\n", 2);
	memset(text + 2, 'x', n);
	text[n + 2] = '\0';
	reopen(l, text);
	free(text);
	assert_int_equal(
	    records_next(&l->records, true, &r, &err), RECORDS_ERROR);
	assert_int_equal(err.status, EX_DATAERR);
	assert_non_null(strstr(err.text, l->path));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(each_record_has_its_number_and_line),
	    TEST(from_the_beginning_it_is_all_the_same_again),
	    TEST(a_record_can_be_read_again_by_its_place),
	    TEST(a_long_list_is_read_in_pieces),
	    TEST(a_hash_is_of_all_that_a_record_holds_and_of_nothing_else),
	    TEST(a_pipe_gives_records_as_they_come_and_gives_them_again),
	    TEST(a_list_that_is_none_is_told),
	    TEST(a_row_without_end_is_an_error_and_takes_no_more_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
