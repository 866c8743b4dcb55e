/* many: what is told of many messages, of one and of all, and the exit status. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "report/many.h"

static const struct smtp_recipient to[] = {
    {.address = "bob@y.test",
	.result = {.verdict = SMTP_ACCEPTED,
	    .phase = SMTP_PHASE_MESSAGE,
	    .code = 250,
	    .enhanced = "2.0.0",
	    .text = "2.0.0 Ok: queued as 4F1A"}},
    {.address = "eve\x1b@y.test",
	.result = {.verdict = SMTP_REFUSED,
	    .phase = SMTP_PHASE_RCPT,
	    .status = EX_NOUSER,
	    .code = 550,
	    .enhanced = "5.1.1",
	    .text = "5.1.1 nobody\nof that name"}},
    {.address = "cyn@y.test",
	.result = {.verdict = SMTP_DEFERRED,
	    .phase = SMTP_PHASE_MAIL,
	    .status = EX_TEMPFAIL,
	    .text = "the connection was lost"}},
};

static struct report_many
one(const struct smtp_recipient *recipients, const bool *again, size_t count)
{
	return (struct report_many){.program = "smtpsend",
	    .where = "list.csv: line 12",
	    .record = 11,
	    .line = 12,
	    .key = "a\"b",
	    .message_id = "<1@x.test>",
	    .recipients = recipients,
	    .again = again,
	    .count = count,
	    .tries = 2};
}

static void
those_who_have_it_and_those_tried_again_are_told_only_if_asked_for(void **state)
{
	static const char refused[] =
	    "smtpsend: list.csv: line 12: eve\\x1B@y.test: refused: 550 5.1.1 "
	    "nobody; of that name\n";
	static const char deferred[] =
	    "smtpsend: list.csv: line 12: cyn@y.test: deferred: the connection "
	    "was lost\n";
	static const bool again[] = {false, false, true}, none[3];
	struct report_many m = one(to, again, 3);
	struct buf out = {0}, expected = {0};

	(void)state;
	report_many_text(&out, &m, false);
	assert_string_equal(buf_string(&out), refused);
	m.again = none;
	buf_reset(&out);
	report_many_text(&out, &m, false);
	buf_printf(&expected, "%s%s", refused, deferred);
	assert_string_equal(buf_string(&out), buf_string(&expected));
	m.again = again;
	buf_reset(&out);
	report_many_text(&out, &m, true);
	buf_reset(&expected);
	buf_printf(&expected,
	    "smtpsend: list.csv: line 12: bob@y.test: accepted: 250 2.0.0 Ok: "
	    "queued as 4F1A\n%s%s",
	    refused, deferred);
	assert_string_equal(buf_string(&out), buf_string(&expected));
	buf_clear(&out);
	buf_clear(&expected);
}

#define BOB                                                          \
	"{\"address\":\"bob@y.test\",\"verdict\":\"accepted\","      \
	"\"code\":250,\"enhanced\":\"2.0.0\",\"text\":[\"Ok: queued" \
	" as 4F1A\"],\"phase\":\"message\",\"parameters\":[]}"
#define CYN                                                       \
	"{\"address\":\"cyn@y.test\",\"verdict\":\"deferred\","   \
	"\"code\":null,\"enhanced\":null,\"text\":[\"the"         \
	" connection was lost\"],\"phase\":\"MAIL\",\"parameters" \
	"\":[]}"

static void
a_message_is_one_object_on_a_line(void **state)
{
	static const bool again[] = {false}, later[] = {true};
	struct report_many m = one(to, again, 1);
	struct buf out = {0};
	struct error err;

	(void)state;
	assert_int_equal(report_many_json(&out, &m, &err), 0);
	assert_string_equal(buf_string(&out),
	    "{\"version\":1,\"record\":11,\"line\":12,\"key\":\"a\\\"b\","
	    "\"outcome\":\"accepted\",\"again\":false,\"tries\":2,"
	    "\"message_id\":\"<1@x.test>\",\"recipients\":[" BOB "]}\n");
	/* No line of a list has it, and it is tried again. */
	m = one(&to[2], later, 1);
	m.line = 0;
	buf_reset(&out);
	assert_int_equal(report_many_json(&out, &m, &err), 0);
	assert_string_equal(buf_string(&out),
	    "{\"version\":1,\"record\":11,\"line\":null,\"key\":\"a\\\"b\","
	    "\"outcome\":\"deferred\",\"again\":true,\"tries\":2,"
	    "\"message_id\":\"<1@x.test>\",\"recipients\":[" CYN "]}\n");
	buf_clear(&out);
}

static void
the_sum_names_what_there_is(void **state)
{
	static const struct {
		struct report_many_sum sum;
		const char *text;
	} cases[] = {
	    {{.all = 1, .accepted = 1}, "p: accepted 1 of 1 message\n"},
	    {{0}, "p: accepted 0 of 0 messages\n"},
	    {{.all = 100, .accepted = 97, .refused = 2, .unknown = 1},
		"p: accepted 97 of 100 messages; 2 refused, 1 unknown\n"},
	    {{.all = 4, .partial = 1, .left = 3, .bad = 1, .doubles = 2},
		"p: accepted 0 of 4 messages; 1 for some of their recipients, "
		"3 still to be sent, 1 bad record, 2 skipped\n"},
	    {{.all = 1, .bad = 2},
		"p: accepted 0 of 1 message; 2 bad records\n"},
	    {{.all = UINT64_MAX, .accepted = UINT64_MAX},
		"p: accepted 18446744073709551615 of 18446744073709551615 "
		"messages\n"},
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct report_many_sum sum = cases[i].sum;

		sum.program = "p";
		buf_reset(&out);
		report_many_sum_text(&out, &sum);
		assert_string_equal(buf_string(&out), cases[i].text);
	}
	buf_clear(&out);
}

static void
the_sum_is_one_object_on_a_line(void **state)
{
	struct report_many_sum sum = {.program = "p",
	    .all = 9,
	    .accepted = 3,
	    .partial = 1,
	    .refused = 2,
	    .unknown = 1,
	    .left = 2,
	    .bad = 5,
	    .doubles = 6,
	    .status = EX_UNFINISHED,
	    .seconds = 0.5};
	struct error err, why;
	struct buf out = {0};

	(void)state;
	assert_int_equal(report_many_sum_json(&out, &sum, &err), 0);
	assert_string_equal(buf_string(&out),
	    "{\"version\":1,\"sum\":true,\"outcome\":\"unfinished\","
	    "\"status\":3,\"error\":null,\"messages\":9,\"accepted\":3,"
	    "\"partial\":1,\"refused\":2,\"unknown\":1,\"left\":2,\"bad\":5,"
	    "\"skipped\":6,\"seconds\":0.5}\n");
	error_set(&why, EX_IOERR, "journal: no space");
	sum = (struct report_many_sum){.status = EX_IOERR, .error = &why};
	buf_reset(&out);
	assert_int_equal(report_many_sum_json(&out, &sum, &err), 0);
	assert_non_null(strstr(buf_string(&out),
	    "\"outcome\":\"io\",\"status\":74,\"error\":\"journal: no "
	    "space\","));
	buf_clear(&out);
}

/* All that there can be, in the order of SPEC 10. */
static void
the_exit_status_of_many_says_who_has_something(void **state)
{
	static const struct {
		struct outcome_many of;
		int status;
	} cases[] = {
	    {{0}, EX_OK},
	    {{.somebody = true}, EX_OK},
	    {{.somebody = true, .refused = true}, EX_PARTIAL},
	    {{.somebody = true, .bad = EX_DATAERR}, EX_PARTIAL},
	    {{.refused = true}, EX_NOUSER},
	    {{.bad = EX_DATAERR}, EX_DATAERR},
	    {{.bad = EX_NOINPUT}, EX_NOINPUT},
	    {{.refused = true, .bad = EX_DATAERR}, EX_NOUSER},
	    {{.somebody = true, .unknown = true}, EX_UNKNOWN},
	    {{.somebody = true, .unknown = true, .refused = true}, EX_UNKNOWN},
	    {{.somebody = true, .unknown = true, .bad = EX_DATAERR},
		EX_UNKNOWN},
	    {{.unfinished = true}, EX_UNFINISHED},
	    {{.unfinished = true, .somebody = true}, EX_UNFINISHED},
	    {{.unfinished = true, .somebody = true, .unknown = true},
		EX_UNFINISHED},
	    {{.unfinished = true, .somebody = true, .why = EX_IOERR},
		EX_UNFINISHED},
	    {{.unfinished = true, .why = EX_IOERR}, EX_IOERR},
	    {{.unfinished = true, .why = EX_SIGNAL + 2}, EX_SIGNAL + 2},
	    {{.unfinished = true, .bad = EX_DATAERR, .why = EX_NOHOST},
		EX_NOHOST},
	    {{.unfinished = true, .refused = true}, EX_UNFINISHED},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (outcome_of_many(&cases[i].of) != cases[i].status)
			fail_msg(
			    "case %zu: %d", i, outcome_of_many(&cases[i].of));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		those_who_have_it_and_those_tried_again_are_told_only_if_asked_for),
	    cmocka_unit_test(a_message_is_one_object_on_a_line),
	    cmocka_unit_test(the_sum_names_what_there_is),
	    cmocka_unit_test(the_sum_is_one_object_on_a_line),
	    cmocka_unit_test(the_exit_status_of_many_says_who_has_something),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
