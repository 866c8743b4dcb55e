/* What is read from a reply to EHLO, and what is passed over. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "smtp/capability.h"
#include "sasl/sasl.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

static unsigned
mechanism(const char *name)
{
	const struct sasl_mechanism *m = sasl_mechanism_find(name);

	assert_non_null(m);
	return 1U << (m - sasl_mechanisms);
}

/* `lines` stand behind the greeting, separated by '\n'. */
static struct smtp_capabilities
capabilities_of(const char *lines)
{
	struct smtp_reply r = {0};
	struct smtp_capabilities c;

	buf_puts(&r.text, "mx.test PIPELINING SIZE 5\n");
	buf_puts(&r.text, lines);
	memset(&c, 0xff, sizeof(c));
	smtp_capability_read(&c, &r, NULL, 0);
	buf_clear(&r.text);
	return c;
}

static void
keywords_are_known_in_any_case(void **state)
{
	static const struct {
		const char *line;
		unsigned set;
	} lines[] = {
	    {"PIPELINING", SMTP_PIPELINING},
	    {"pipelining", SMTP_PIPELINING},
	    {"PipeLining with words", SMTP_PIPELINING},
	    {"CHUNKING", SMTP_CHUNKING},
	    {"SIZE", SMTP_SIZE},
	    {"8BITMIME", SMTP_8BITMIME},
	    {"SMTPUTF8", SMTP_SMTPUTF8},
	    {"ENHANCEDSTATUSCODES", SMTP_ENHANCEDSTATUSCODES},
	    {"STARTTLS", SMTP_STARTTLS},
	    {"AUTH", SMTP_AUTH},
	    {"LIMITS", SMTP_LIMITS},
	    {"PRDR", SMTP_PRDR},
	    {"DSN", SMTP_DSN},
	    {"DELIVERBY 240", SMTP_DELIVERBY},
	    {"FUTURERELEASE 9 2031-01-01T00:00:00Z", SMTP_FUTURERELEASE},
	    {"mt-priority MIXER", SMTP_MT_PRIORITY},
	    {"RRVS", SMTP_RRVS},
	    {"REQUIRETLS", SMTP_REQUIRETLS},
	    {"DSNX", 0},
	    {"BINARYMIME", 0},
	    {"BINARYMIME\nCHUNKING", SMTP_BINARYMIME | SMTP_CHUNKING},
	    {" \tCHUNKING \t", SMTP_CHUNKING},
	    {"8 BITMIME", 0},
	    {"8BITMIME2", 0},
	    {"8BITMIM", 0},
	    {"XPIPELINING", 0},
	    {"STARTTLS=", 0},
	    {"AUTH=", 0},
	    {"", 0},
	    {"\n\n \n", 0},
	    {"PIPELINING\nCHUNKING\nPIPELINING",
		SMTP_PIPELINING | SMTP_CHUNKING},
	    {"\x1b[2J\xff\nCHUNKING", SMTP_CHUNKING},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(lines); i++)
		assert_int_equal(
		    capabilities_of(lines[i].line).set, lines[i].set);
}

static void
a_malformed_size_is_no_limit(void **state)
{
	static const struct {
		const char *line;
		uint64_t max;
	} sizes[] = {
	    {"SIZE", 0},
	    {"SIZE ", 0},
	    {"SIZE 0", 0},
	    {"SIZE 1", 1},
	    {"SIZE 10240000", 10240000},
	    {"SIZE 010", 10},
	    {"SIZE -1", 0},
	    {"SIZE +5", 0},
	    {"SIZE 0x10", 0},
	    {"SIZE 10M", 0},
	    {"SIZE 1.5", 0},
	    {"SIZE 9223372036854775808", UINT64_C(9223372036854775808)},
	    {"SIZE 18446744073709551615", UINT64_MAX},
	    {"SIZE 18446744073709551616", 0},
	    {"SIZE 18446744073709551617", 0},
	    {"SIZE 99999999999999999999999999999999999", 0},
	    {"SIZE=1000", 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(sizes); i++)
		assert_int_equal(
		    capabilities_of(sizes[i].line).size_max, sizes[i].max);
}

static void
mechanisms_are_read_in_both_forms(void **state)
{
	const unsigned plain = mechanism("PLAIN"), login = mechanism("LOGIN");
	const struct {
		const char *line;
		unsigned mechanisms;
	} lines[] = {
	    {"AUTH PLAIN", plain},
	    {"AUTH LOGIN PLAIN", plain | login},
	    {"auth login", login},
	    {"AUTH=PLAIN", plain},
	    {"AUTH=LOGIN PLAIN", plain | login},
	    {"AUTH LOGIN\nAUTH=PLAIN", plain | login},
	    {"AUTH PLAIN PLAIN PLAIN", plain},
	    {"AUTH", 0},
	    {"AUTH XPLAIN PLAINX", 0},
	    {"AUTH =PLAIN", 0},
	    {"AUTH PLAIN,LOGIN", 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(lines); i++) {
		struct smtp_capabilities c = capabilities_of(lines[i].line);

		assert_true(smtp_capable(&c, SMTP_AUTH));
		assert_int_equal(c.mechanisms, lines[i].mechanisms);
	}
}

static void
a_limit_is_read_if_it_is_one(void **state)
{
	static const struct {
		const char *line;
		unsigned rcpt, mail, domain;
	} lines[] = {
	    {"LIMITS RCPTMAX=100", 100, 0, 0},
	    {"LIMITS MAILMAX=5 rcptmax=7 X=1", 7, 5, 0},
	    {"LIMITS RcptDomainMax=1 MAILMAX=999999", 0, 999999, 1},
	    {"LIMITS", 0, 0, 0},
	    {"LIMITS RCPTMAX=", 0, 0, 0},
	    {"LIMITS RCPTMAX", 0, 0, 0},
	    {"LIMITS RCPTMAX=0 MAILMAX=0 RCPTDOMAINMAX=0", 0, 0, 0},
	    {"LIMITS RCPTMAX=-3", 0, 0, 0},
	    {"LIMITS RCPTMAX=+3", 0, 0, 0},
	    {"LIMITS RCPTMAX=03", 0, 0, 0},
	    {"LIMITS RCPTMAX=3x MAILMAX=0x10 RCPTDOMAINMAX=1.5", 0, 0, 0},
	    {"LIMITS RCPTMAX = 3", 0, 0, 0},
	    {"LIMITS RCPTMAX=1000000", 0, 0, 0},
	    {"LIMITS RCPTMAX=4294967297", 0, 0, 0},
	    {"LIMITS RCPTMAX=99999999999999999999", 0, 0, 0},
	    {"LIMITS XRCPTMAX=3 RCPTMAXX=3", 0, 0, 0},
	    /* A bad one does not undo a good one, and the lower one counts. */
	    {"LIMITS RCPTMAX=8 RCPTMAX=0 RCPTMAX=x", 8, 0, 0},
	    {"LIMITS RCPTMAX=8 RCPTMAX=5\nLIMITS RCPTMAX=6", 5, 0, 0},
	};
	struct smtp_capabilities c;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(lines); i++) {
		c = capabilities_of(lines[i].line);
		assert_int_equal(c.rcpt_max, lines[i].rcpt);
		assert_int_equal(c.mail_max, lines[i].mail);
		assert_int_equal(c.rcpt_domain_max, lines[i].domain);
	}
}

static void
bounds_of_the_envelope_are_read_if_they_are_some(void **state)
{
	static const struct {
		const char *lines;
		uint64_t by_min, hold_max;
		const char *until;
	} cases[] = {
	    {"DELIVERBY", 0, 0, ""},
	    {"DELIVERBY 240", 240, 0, ""},
	    {"DELIVERBY 240 extension", 240, 0, ""},
	    {"DELIVERBY -5", 0, 0, ""},
	    {"DELIVERBY soon", 0, 0, ""},
	    {"FUTURERELEASE", 0, 0, ""},
	    {"FUTURERELEASE 864000 2031-03-14T08:00:00Z", 0, 864000,
		"2031-03-14T08:00:00Z"},
	    {"FUTURERELEASE 2031-03-14T08:00:00Z", 0, 0,
		"2031-03-14T08:00:00Z"},
	    {"FUTURERELEASE 60 2031-03-14T08:00:00+01:00", 0, 60, ""},
	    {"FUTURERELEASE 60 2031-03-14 08:00:00Z", 0, 60, ""},
	    {"FUTURERELEASE 99999999999999999999", 0, 0, ""},
	    {"DELIVERBY 5\nFUTURERELEASE 7", 5, 7, ""},
	};
	struct smtp_capabilities c;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		c = capabilities_of(cases[i].lines);
		assert_int_equal(c.by_min, cases[i].by_min);
		assert_int_equal(c.hold_max, cases[i].hold_max);
		assert_string_equal(c.hold_until_max, cases[i].until);
	}
}

static void
any_keyword_can_be_asked_for(void **state)
{
	struct smtp_capabilities c = {
	    .text = "mx.test XHELLO\nXVERP\nX-NOW 1 XTHEN\n xlater "};

	(void)state;
	assert_true(smtp_capability_said(&c, "XVERP"));
	assert_true(smtp_capability_said(&c, "xverp"));
	assert_true(smtp_capability_said(&c, "X-NOW"));
	assert_true(smtp_capability_said(&c, "XLATER"));
	assert_false(smtp_capability_said(&c, "XHELLO"));
	assert_false(smtp_capability_said(&c, "mx.test"));
	assert_false(smtp_capability_said(&c, "XTHEN"));
	assert_false(smtp_capability_said(&c, "XVER"));
	assert_false(smtp_capability_said(&c, "XVERPS"));
	c.text = NULL;
	assert_false(smtp_capability_said(&c, "XVERP"));
}

static void
a_hundred_thousand_keywords_do_no_harm(void **state)
{
	struct buf lines = {0};
	struct smtp_capabilities c;
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_printf(&lines, "XKEYWORD%zu %zu\n", i, i);
	buf_puts(&lines, "CHUNKING");
	c = capabilities_of(lines.data);
	assert_int_equal(c.set, SMTP_CHUNKING);
	buf_clear(&lines);
}

static void
five_thousand_mechanisms_do_no_harm(void **state)
{
	struct buf line = {0};
	struct smtp_capabilities c;
	size_t i;

	(void)state;
	buf_puts(&line, "AUTH");
	for (i = 0; i < 5000; i++)
		buf_printf(&line, " XMECHANISM%zu", i);
	buf_puts(&line, " PLAIN");
	c = capabilities_of(line.data);
	assert_int_equal(c.mechanisms, mechanism("PLAIN"));
	buf_clear(&line);
}

static void
a_keyword_that_is_switched_off_is_absent(void **state)
{
	static const char *const without[] = {"chunking", "SIZE", "AUTH"};
	struct smtp_reply r = {0};
	struct smtp_capabilities c;

	(void)state;
	buf_puts(&r.text,
	    "mx\nCHUNKING\nSIZE 5\nAUTH PLAIN\nAUTH=LOGIN\nPIPELINING");
	smtp_capability_read(&c, &r, without, ELEMENTS(without));
	assert_int_equal(c.set, SMTP_PIPELINING);
	assert_int_equal(c.size_max, 0);
	assert_int_equal(c.mechanisms, 0);
	buf_clear(&r.text);
}

static void
the_greeting_is_not_a_keyword(void **state)
{
	static const char *const texts[] = {"", "PIPELINING", "\n"};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(texts); i++) {
		struct smtp_reply r = {0};
		struct smtp_capabilities c;

		buf_puts(&r.text, texts[i]);
		smtp_capability_read(&c, &r, NULL, 0);
		assert_int_equal(c.set, 0);
		buf_clear(&r.text);
	}
}

static void
known_keywords_can_be_asked_for(void **state)
{
	(void)state;
	assert_true(smtp_capability_known("PIPELINING"));
	assert_true(smtp_capability_known("size"));
	assert_false(smtp_capability_known("PIPELININ"));
	assert_false(smtp_capability_known("XCLIENT"));
	assert_false(smtp_capability_known(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keywords_are_known_in_any_case),
	    cmocka_unit_test(a_malformed_size_is_no_limit),
	    cmocka_unit_test(mechanisms_are_read_in_both_forms),
	    cmocka_unit_test(a_limit_is_read_if_it_is_one),
	    cmocka_unit_test(bounds_of_the_envelope_are_read_if_they_are_some),
	    cmocka_unit_test(any_keyword_can_be_asked_for),
	    cmocka_unit_test(a_hundred_thousand_keywords_do_no_harm),
	    cmocka_unit_test(five_thousand_mechanisms_do_no_harm),
	    cmocka_unit_test(a_keyword_that_is_switched_off_is_absent),
	    cmocka_unit_test(the_greeting_is_not_a_keyword),
	    cmocka_unit_test(known_keywords_can_be_asked_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
