/* transcript_test: the lines and rows of a transcript. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "report/transcript.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

static struct smtp_event
octets(enum smtp_event_type type, const char *bytes, size_t n)
{
	return (struct smtp_event){.type = type, .text = bytes, .octets = n};
}

static void
assert_lines(
    struct transcript *t, struct smtp_event e, bool tls, const char *lines)
{
	struct buf out = BUF_WITH_MAX(0);

	transcript_event(t, &out, &e, tls, -1);
	assert_string_equal(buf_string(&out), lines);
	buf_clear(&out);
}

static void
each_line_says_who_spoke_and_whether_it_was_encrypted(void **state)
{
	struct smtp_reply reply = {.code = 250};
	const struct error why = {.text = "EHLO: \033[1mno\nnever"};
	const struct {
		struct smtp_event event;
		const char *clear, *tls;
	} cases[] = {
	    {{.type = SMTP_SENT, .text = "EHLO \001x\ny"},
		"C: EHLO \\x01x\\ny\n", "~C: EHLO \\x01x\\ny\n"},
	    {{.type = SMTP_REPLY, .reply = &reply}, "S: 250-a\nS: 250 b\\x1B\n",
		"~S: 250-a\n~S: 250 b\\x1B\n"},
	    {{.type = SMTP_NOTE, .text = "one\ntwo"}, "-- one\n-- two\n",
		"-- one\n-- two\n"},
	    {{.type = SMTP_CLOSED, .error = &why},
		"-- EHLO: \\x1B[1mno\n-- never\n",
		"-- EHLO: \\x1B[1mno\n-- never\n"},
	    {{.type = SMTP_CLOSED}, "", ""},
	    {{.type = SMTP_READY}, "", ""},
	    {{.type = SMTP_COMMIT}, "", ""},
	};
	struct transcript t = {0};
	size_t i;

	(void)state;
	buf_puts(&reply.text, "a\nb\033");
	for (i = 0; i < ELEMENTS(cases); i++) {
		assert_lines(&t, cases[i].event, false, cases[i].clear);
		assert_lines(&t, cases[i].event, true, cases[i].tls);
	}
	buf_clear(&reply.text);
}

static void
rows_have_an_offset_sixteen_octets_and_their_characters(void **state)
{
	struct transcript t = {0};

	(void)state;
	assert_lines(&t, octets(SMTP_OCTETS_SENT, "0123456789abcdef", 16),
	    false,
	    "C> 0000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  "
	    "|0123456789abcdef|\n");
	assert_lines(&t, octets(SMTP_OCTETS_SENT, "\0.\r\n \x7f\x80\xff~", 9),
	    false,
	    "C> 0010  00 2e 0d 0a 20 7f 80 ff  7e                       "
	    "|.... ...~|\n");
	assert_lines(&t, octets(SMTP_OCTETS_SENT, "12345678", 8), true,
	    "~C> 0019  31 32 33 34 35 36 37 38                           "
	    "|12345678|\n");
}

static void
offsets_begin_anew_when_the_direction_changes(void **state)
{
	static const char row[] =
	    " 41                                                |A|\n";
	static const char *const heads[] = {
	    "C> 0000 ", "C> 0001 ", "S> 0000 ", "S> 0001 ", "C> 0000 "};
	struct transcript t = {0};
	char line[100];
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(heads); i++) {
		strcpy(line, heads[i]);
		strcat(line, row);
		assert_lines(&t,
		    octets(heads[i][0] == 'C' ? SMTP_OCTETS_SENT
					      : SMTP_OCTETS_HEARD,
			"A", 1),
		    false, line);
		/* what is said in between makes no difference */
		assert_lines(&t,
		    (struct smtp_event){.type = SMTP_NOTE, .text = "x"}, false,
		    "-- x\n");
	}
}

static void
offsets_grow_beyond_four_digits(void **state)
{
	static const char bytes[TRANSCRIPT_OCTETS];
	struct buf out = BUF_WITH_MAX(0);
	struct transcript t = {0};
	struct smtp_event e = octets(SMTP_OCTETS_SENT, bytes, sizeof(bytes));
	size_t i;

	(void)state;
	for (i = 0; i < 17; i++) {
		buf_reset(&out);
		transcript_event(&t, &out, &e, false, -1);
		/* what an outlet takes at once */
		assert_in_range(out.len, 1, 32 * 1024);
	}
	assert_memory_equal(out.data, "C> 10000  00 ", 13);
	buf_clear(&out);
}

static void
a_secret_is_stars_of_one_number(void **state)
{
	struct transcript t = {0};

	(void)state;
	assert_lines(&t, octets(SMTP_OCTETS_SENT, NULL, 0), true,
	    "~C> 0000  ** ** ** ** ** ** ** **                           "
	    "|********|\n");
	assert_lines(&t, octets(SMTP_OCTETS_SENT, "\r", 1), true,
	    "~C> 0008  0d                                                "
	    "|.|\n");
	assert_lines(&t, octets(SMTP_OCTETS_HEARD, NULL, 1234), false,
	    "S> 0000  (1234 more)\n");
}

static void
times_are_since_the_start_and_since_the_event_before(void **state)
{
	static const struct {
		int64_t us;
		const char *line;
	} cases[] = {
	    {0, "   0.0000  +0.0000 -- x\n"},
	    {1234, "   0.0012  +0.0012 -- x\n"},
	    {1234, "   0.0012  +0.0000 -- x\n"},
	    {2000000, "   2.0000  +1.9988 -- x\n"},
	    {86402000000, "86402.0000 +86400.0000 -- x\n"},
	};
	const struct smtp_event e = {.type = SMTP_NOTE, .text = "x"};
	struct buf out = BUF_WITH_MAX(0);
	struct transcript t = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		buf_reset(&out);
		transcript_event(&t, &out, &e, false, cases[i].us);
		assert_string_equal(out.data, cases[i].line);
		assert_true(transcript_begins(out.data, out.len));
	}
	buf_clear(&out);
}

static void
a_transcript_is_known_by_its_beginning(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
	    {"-- connected", true},
	    {"C: EHLO", true},
	    {"S: 220", true},
	    {"~C: EHLO", true},
	    {"~S: 220", true},
	    {"C> 0000  31", true},
	    {"~S> 0000  31", true},
	    {"   0.001 -- connected", true},
	    {"12345.001 ~S: 220", true},
	    {"", false},
	    {"~", false},
	    {"--", false},
	    {"~~C: x", false},
	    {"   0.0012  +0.0012 ~S> 0000", true},
	    {"0.0012 +0.0012 0.001 S: 250", false},
	    {"0.0012 +0.0012", false},
	    {"+.0012 C: x", false},
	    {"250 S: x", false},
	    {"250.000 is no time", false},
	    {"   0.001", false},
	    {"   0.001 ", false},
	    {"From me", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++)
		if (transcript_begins(cases[i].text, strlen(cases[i].text)) !=
		    cases[i].is)
			fail_msg("%s", cases[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		each_line_says_who_spoke_and_whether_it_was_encrypted),
	    cmocka_unit_test(
		rows_have_an_offset_sixteen_octets_and_their_characters),
	    cmocka_unit_test(offsets_begin_anew_when_the_direction_changes),
	    cmocka_unit_test(offsets_grow_beyond_four_digits),
	    cmocka_unit_test(a_secret_is_stars_of_one_number),
	    cmocka_unit_test(
		times_are_since_the_start_and_since_the_event_before),
	    cmocka_unit_test(a_transcript_is_known_by_its_beginning),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
