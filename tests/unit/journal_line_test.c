/* One line of a journal, written and read. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "lib/printable.h"

#include "batch/journal_line.h"

static const int64_t nine = 1764406800; /* 2025-11-29T09:00:00Z */

#define KEY(s) ((struct journal_key){s, sizeof(s) - 1, 12})

static void
a_try_and_its_verdict_stand_as_promised(void **state)
{
	static const char *const two[] = {"bob@x.test", "al\"i@x.test"};
	struct journal_key key = KEY("KEY");
	struct journal_stamp stamp = {0};
	struct buf out = {0};

	(void)state;
	journal_line_try(&out, &stamp, &key, 1, two, 2, nine);
	journal_line_verdict(&out, &stamp, &key,
	    &(struct journal_verdict){"bob@x.test", SMTP_ACCEPTED, 250, "2.0.0",
		"Ok: queued as 4F1A", true},
	    nine + 1);
	journal_line_verdict(&out, &stamp, &key,
	    &(struct journal_verdict){
		"al\"i@x.test", SMTP_NOT_SENT, 0, "", "a\x1b\xff\\b\n", false},
	    nine);
	assert_string_equal(buf_string(&out),
	    "{\"at\":\"2025-11-29T09:00:00Z\",\"record\":12,\"key\":\"KEY\","
	    "\"try\":1,\"recipients\":[\"bob@x.test\",\"al\\\"i@x.test\"]}\n"
	    "{\"at\":\"2025-11-29T09:00:01Z\",\"record\":12,\"key\":\"KEY\","
	    "\"recipient\":\"bob@x.test\",\"verdict\":\"accepted\","
	    "\"code\":250,\"enhanced\":\"2.0.0\","
	    "\"text\":\"Ok: queued as 4F1A\",\"over\":true}\n"
	    "{\"at\":\"2025-11-29T09:00:00Z\",\"record\":12,\"key\":\"KEY\","
	    "\"recipient\":\"al\\\"i@x.test\",\"verdict\":\"not sent\","
	    "\"text\":\"a\\\\x1B\\\\xFF\\\\b\\\\n\"}\n");
	buf_clear(&out);
}

static void
times_beyond_four_digits_of_a_year_are_held_there(void **state)
{
	struct journal_key key = KEY("k");
	static const char *const one[] = {"a"};
	struct journal_stamp stamp = {0};
	struct buf out = {0};

	(void)state;
	journal_line_try(&out, &stamp, &key, 1, one, 1, -5);
	assert_non_null(strstr(buf_string(&out), "\"1970-01-01T00:00:00Z\""));
	journal_line_try(&out, &stamp, &key, 1, one, 1, INT64_MAX);
	assert_non_null(strstr(buf_string(&out), "\"9999-12-31T23:59:59Z\""));
	buf_clear(&out);
}

static void
assert_same(struct journal_text text, const char *s, size_t n)
{
	assert_int_equal(text.n, n);
	assert_memory_equal(text.s, s, n);
}

/* Both ways give the same, or both nothing. */
static int
read_both(const char *text, size_t n, struct journal_line *line)
{
	struct journal_reader one = {0}, two = {0};
	struct journal_line any;
	int r = journal_line_read(&one, text, n, line);
	size_t i;

	if (journal_line_read_any(&two, text, n, &any) != r)
		fail_msg("%d: %.*s", r, (int)n, text);
	if (r == 0) {
		assert_int_equal(line->kind, any.kind);
		assert_int_equal(line->at, any.at);
		assert_int_equal(line->record, any.record);
		assert_int_equal(line->number, any.number);
		assert_int_equal(line->count, any.count);
		assert_int_equal(line->verdict, any.verdict);
		assert_int_equal(line->over, any.over);
		assert_same(line->key, any.key.s, any.key.n);
		assert_same(line->recipient, any.recipient.s, any.recipient.n);
		for (i = 0; i < any.count; i++)
			assert_same(line->recipients[i], any.recipients[i].s,
			    any.recipients[i].n);
	}
	journal_reader_clear(&one);
	journal_reader_clear(&two);
	return r;
}

static void
what_is_no_text_for_a_terminal_is_read_back_to_the_octet(void **state)
{
	static const char *const texts[] = {"", "plain", "quo\"te",
	    "back\\slash", "\\u0041", "tab\tnewline\nreturn\r", "\x01\x1f\x7f",
	    "caf\xc3\xa9",
	    "\xe2\x80\xae"
	    "bidi",
	    "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xf0\x9f\x93\xa7",
	    "\",\"try\":1", "1234567\"", "12345678\"", "12345678\x7f",
	    "1234567\xc3\xa9"};
	struct buf out = {0}, shown = {0};
	struct journal_reader reader = {0};
	struct journal_stamp stamp = {0};
	struct journal_line line;
	struct journal_key key;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		key = (struct journal_key){texts[i], strlen(texts[i]), i};
		buf_reset(&out);
		journal_line_try(&out, &stamp, &key, 7, &texts[i], 1, nine);
		assert_true(journal_line_is_try(out.data, out.len));
		assert_int_equal(out.data[out.len - 1], '\n');
		buf_reset(&shown);
		printable_append(&shown, out.data, out.len - 1);
		assert_int_equal(shown.len, out.len - 1);
		assert_memory_equal(shown.data, out.data, shown.len);
		read_both(out.data, out.len - 1, &line);
		assert_int_equal(
		    journal_line_read(&reader, out.data, out.len - 1, &line),
		    0);
		assert_int_equal(line.kind, JOURNAL_TRY);
		assert_int_equal(line.at, nine);
		assert_int_equal(line.record, i);
		assert_int_equal(line.number, 7);
		assert_int_equal(line.count, 1);
		assert_same(line.key, texts[i], strlen(texts[i]));
		assert_same(line.recipients[0], texts[i], strlen(texts[i]));
		buf_reset(&out);
		journal_line_verdict(&out, &stamp, &key,
		    &(struct journal_verdict){
			texts[i], SMTP_DEFERRED, 451, "4.3.0", texts[i], false},
		    nine);
		assert_false(journal_line_is_try(out.data, out.len));
		assert_int_equal(read_both(out.data, out.len - 1, &line), 0);
	}
	journal_reader_clear(&reader);
	buf_clear(&shown);
	buf_clear(&out);
}

#define AT "\"at\":\"2025-11-29T09:00:00Z\""
#define HEX16 "00112233445566778899aabbccddeeff"
#define HEX32 HEX16 HEX16

static void
a_line_is_read_or_is_none(void **state)
{
	static const struct {
		const char *text;
		int kind; /* -1: it is none */
	} rows[] = {
	    {"{" AT ",\"record\":1,\"key\":\"k\",\"try\":1,"
	     "\"recipients\":[\"a\"]}",
		JOURNAL_TRY},
	    /* In another order, with other members and blanks, */
	    {" { \"recipients\" : [ \"a\" , \"b\" ] , \"x\":null,\"key\":\"k\","
	     "\"try\":3," AT "}\r",
		JOURNAL_TRY},
	    {"{\"verdict\":\"unknown\",\"recipient\":\"a\",\"key\":\"k\"," AT
	     ",\"over\":false}",
		JOURNAL_VERDICT},
	    {"{" AT ",\"record\":1,\"key\":\"k\",\"recipient\":\"a\","
	     "\"verdict\":\"refused\",\"code\":550,\"text\":\"a\\\"b\\\\\"}",
		JOURNAL_VERDICT},
	    {"{\"journal\":1,\"batch\":\"" HEX16 "\",\"list\":\"" HEX32
	     "\",\"template\":\"" HEX32 "\"," AT "}",
		JOURNAL_HEAD},
	    {"{\"journal\":2,\"batch\":\"" HEX16 "\",\"list\":\"" HEX32
	     "\",\"template\":\"" HEX32 "\"}",
		JOURNAL_HEAD},
	    /* without what they need, */
	    {"{" AT ",\"record\":1,\"key\":\"k\",\"try\":1}", -1},
	    {"{" AT ",\"record\":1,\"key\":\"k\",\"try\":1,\"recipients\":[]}",
		-1},
	    {"{" AT ",\"record\":1,\"try\":1,\"recipients\":[\"a\"]}", -1},
	    {"{\"record\":1,\"key\":\"k\",\"try\":1,\"recipients\":[\"a\"]}",
		-1},
	    {"{" AT ",\"key\":\"k\",\"verdict\":\"refused\"}", -1},
	    {"{" AT ",\"record\":1,\"key\":\"k\"}", -1},
	    {"{}", -1},
	    /* of two kinds, or twice the same, */
	    {"{" AT
	     ",\"key\":\"k\",\"verdict\":\"refused\",\"recipient\":\"a\","
	     "\"try\":1,\"recipients\":[\"a\"]}",
		-1},
	    {"{" AT ",\"key\":\"k\",\"key\":\"l\",\"verdict\":\"refused\","
	     "\"recipient\":\"a\"}",
		-1},
	    /* and with values that none has. */
	    {"{" AT ",\"key\":\"k\",\"verdict\":\"lost\",\"recipient\":\"a\"}",
		-1},
	    {"{" AT ",\"key\":1,\"verdict\":\"refused\",\"recipient\":\"a\"}",
		-1},
	    {"{" AT ",\"record\":01,\"key\":\"k\",\"try\":1,"
	     "\"recipients\":[\"a\"]}",
		-1},
	    {"{" AT ",\"record\":-1,\"key\":\"k\",\"try\":1,"
	     "\"recipients\":[\"a\"]}",
		-1},
	    {"{" AT ",\"record\":1,\"key\":\"k\",\"try\":4294967296,"
	     "\"recipients\":[\"a\"]}",
		-1},
	    {"{" AT ",\"record\":1,\"key\":\"k\",\"try\":1,"
	     "\"recipients\":\"a\"}",
		-1},
	    {"{\"at\":\"2025-02-29T09:00:00Z\",\"record\":1,\"key\":\"k\","
	     "\"try\":1,\"recipients\":[\"a\"]}",
		-1},
	    {"{\"at\":\"2025-11-29T25:00:00Z\",\"record\":1,\"key\":\"k\","
	     "\"try\":1,\"recipients\":[\"a\"]}",
		-1},
	    {"{\"journal\":1,\"batch\":\"" HEX32 "\",\"list\":\"" HEX32
	     "\",\"template\":\"" HEX32 "\"," AT "}",
		-1},
	    {"{\"journal\":1,\"batch\":\"xx112233445566778899aabbccddeeff\","
	     "\"list\":\"" HEX32 "\",\"template\":\"" HEX32 "\"," AT "}",
		-1},
	    {"", -1},
	    {"garbage", -1},
	};
	struct journal_line line;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = read_both(rows[i].text, strlen(rows[i].text), &line);
		if (r != (rows[i].kind == -1 ? -1 : 0))
			fail_msg("%s: %d", rows[i].text, r);
		if (r == 0)
			assert_int_equal(line.kind, rows[i].kind);
	}
}

/* Cut, and with one octet changed, at each place. */
static void
both_ways_of_reading_give_the_same(void **state)
{
	static const char signs[] = "\"\\{}[],:x0 \n\xff";
	static const char *const two[] = {"bob@x.test", "eve@x.test"};
	struct journal_key key = KEY("KEY");
	struct journal_stamp stamp = {0};
	struct journal_line line;
	struct buf out = {0};
	size_t i, j, second;
	char *text, was;

	(void)state;
	journal_line_try(&out, &stamp, &key, 12, two, 2, nine);
	second = out.len;
	journal_line_verdict(&out, &stamp, &key,
	    &(struct journal_verdict){
		"bob@x.test", SMTP_REFUSED, 550, "5.1.1", "no\\such", true},
	    nine);
	for (i = 0; i < out.len; i++) {
		size_t n = i < second ? second - 1 : out.len - 1 - second;

		text = out.data + (i < second ? 0 : second);
		if (out.data[i] == '\n')
			continue;
		read_both(text, (size_t)(out.data + i - text), &line);
		was = out.data[i];
		for (j = 0; j < sizeof(signs); j++) {
			out.data[i] = signs[j];
			read_both(text, n, &line);
		}
		out.data[i] = was;
		assert_int_equal(read_both(text, n, &line), 0);
	}
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_try_and_its_verdict_stand_as_promised),
	    cmocka_unit_test(times_beyond_four_digits_of_a_year_are_held_there),
	    cmocka_unit_test(
		what_is_no_text_for_a_terminal_is_read_back_to_the_octet),
	    cmocka_unit_test(a_line_is_read_or_is_none),
	    cmocka_unit_test(both_ways_of_reading_give_the_same),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
