/* report_test: verdicts to exit status, and what is read off a reply. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/error.h"
#include "report/login.h"
#include "report/report.h"

static struct smtp_recipient
recipient(enum smtp_verdict verdict, enum smtp_phase phase, int status)
{
	return (struct smtp_recipient){
	    .address = "a@x.test",
	    .result =
		{
		    .verdict = verdict,
		    .phase = phase,
		    .status = status,
		    .text = "text",
		},
	};
}

#define ACCEPTED recipient(SMTP_ACCEPTED, SMTP_PHASE_MESSAGE, 0)
#define REFUSED recipient(SMTP_REFUSED, SMTP_PHASE_RCPT, EX_NOUSER)
#define DEFERRED recipient(SMTP_DEFERRED, SMTP_PHASE_RCPT, EX_TEMPFAIL)
#define MAIL_REFUSED recipient(SMTP_REFUSED, SMTP_PHASE_MAIL, EX_UNAVAILABLE)
#define BROKEN recipient(SMTP_NOT_SENT, SMTP_PHASE_MAIL, EX_PROTOCOL)
#define INSECURE recipient(SMTP_NOT_SENT, SMTP_PHASE_STARTTLS, EX_NOPERM)
#define UNKNOWN recipient(SMTP_UNKNOWN, SMTP_PHASE_MESSAGE, EX_UNKNOWN)
#define SPARED recipient(SMTP_NOT_SENT, SMTP_PHASE_RCPT, 0)
#define CANCELLED recipient(SMTP_NOT_SENT, SMTP_PHASE_MAIL, EX_SIGNAL + 2)

static void
the_exit_status_says_who_has_it(void **state)
{
	const struct {
		struct smtp_recipient of[3];
		int status;
	} cases[] = {
	    {{ACCEPTED, ACCEPTED, ACCEPTED}, EX_OK},
	    {{ACCEPTED, REFUSED, DEFERRED}, EX_PARTIAL},
	    {{ACCEPTED, CANCELLED, CANCELLED}, EX_PARTIAL},
	    {{ACCEPTED, BROKEN, BROKEN}, EX_PARTIAL},
	    {{UNKNOWN, REFUSED, DEFERRED}, EX_UNKNOWN},
	    {{UNKNOWN, ACCEPTED, ACCEPTED}, EX_UNKNOWN},
	    {{UNKNOWN, CANCELLED, ACCEPTED}, EX_UNKNOWN},
	    {{REFUSED, REFUSED, REFUSED}, EX_NOUSER},
	    {{REFUSED, DEFERRED, REFUSED}, EX_TEMPFAIL},
	    {{REFUSED, SPARED, SPARED}, EX_NOUSER},
	    {{SPARED, DEFERRED, SPARED}, EX_TEMPFAIL},
	    {{MAIL_REFUSED, MAIL_REFUSED, MAIL_REFUSED}, EX_UNAVAILABLE},
	    {{REFUSED, MAIL_REFUSED, REFUSED}, EX_UNAVAILABLE},
	    {{BROKEN, BROKEN, REFUSED}, EX_PROTOCOL},
	    {{INSECURE, INSECURE, INSECURE}, EX_NOPERM},
	    {{CANCELLED, CANCELLED, REFUSED}, EX_SIGNAL + 2},
	    {{CANCELLED, DEFERRED, DEFERRED}, EX_SIGNAL + 2},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    outcome_of(cases[i].of, 3).status, cases[i].status);
}

/* SPEC 3: 0 all have it; 1 and 2 some may; 64 and more: nobody has it. */
static void
no_combination_of_verdicts_breaks_the_promise(void **state)
{
	const struct smtp_recipient all[] = {ACCEPTED, REFUSED, DEFERRED,
	    MAIL_REFUSED, BROKEN, INSECURE, UNKNOWN, SPARED, CANCELLED};
	const size_t n = sizeof(all) / sizeof(all[0]);
	struct smtp_recipient three[3];
	struct outcome o;
	size_t i;

	(void)state;
	for (i = 0; i < n * n * n; i++) {
		three[0] = all[i % n];
		three[1] = all[i / n % n];
		three[2] = all[i / n / n];
		o = outcome_of(three, 3);
		assert_int_equal(o.accepted + o.deferred + o.refused +
			o.unknown + o.not_sent,
		    3);
		assert_true((o.status == EX_OK) == (o.accepted == 3));
		assert_true((o.status == EX_UNKNOWN) == (o.unknown > 0));
		assert_true((o.status >= EX_USAGE) ==
		    (o.accepted == 0 && o.unknown == 0));
	}
}

static void
the_class_of_a_reply_is_the_status_of_a_query(void **state)
{
	(void)state;
	assert_int_equal(outcome_of_reply(250), EX_OK);
	assert_int_equal(outcome_of_reply(252), EX_OK);
	assert_int_equal(outcome_of_reply(451), EX_TEMPFAIL);
	assert_int_equal(outcome_of_reply(550), EX_UNAVAILABLE);
	assert_int_equal(outcome_of_reply(354), EX_PROTOCOL);
}

static void
the_queue_id_is_read_off_the_replies_of_many_servers(void **state)
{
	static const struct {
		const char *text, *id;
	} cases[] = {
	    {"2.0.0 Ok: queued as 4F1A", "4F1A"},
	    {"2.0.0 Ok: 271 bytes queued as DDB8FA7C4CC", "DDB8FA7C4CC"},
	    {"OK id=1xV57g-00062U-2y", "1xV57g-00062U-2y"},
	    {"- 268 byte chunk, total 268\nOK id=1xV57g-00062U-2y",
		"1xV57g-00062U-2y"},
	    {"2.0.0 b8db6588 Message accepted for delivery", "b8db6588"},
	    {"2.0.0 6AMAmfAe023265 Message accepted for delivery",
		"6AMAmfAe023265"},
	    {"Message Queued (E5F064D6-A9F3.1)", "E5F064D6-A9F3.1"},
	    {"Message queued as HEN1MxvD", "HEN1MxvD"},
	    {"2.0.0 Ok: delivered", ""},
	    {"", ""},
	    {"queued as ", ""},
	};
	char id[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		report_queue_id(cases[i].text, id, sizeof(id));
		assert_string_equal(id, cases[i].id);
	}
	/* One that does not fit is none. */
	report_queue_id("queued as 0123456789", id, 8);
	assert_string_equal(id, "");
}

static void
assert_drawn(struct report_canvas canvas, const int64_t *us, const char *lines)
{
	struct report r = {
	    .program = "p", .canvas = canvas, .phase_us = us, .round_trips = 3};
	struct buf out = BUF_WITH_MAX(0);

	report_timing(&out, &r);
	assert_string_equal(buf_string(&out), lines);
	buf_clear(&out);
}

static void
phases_are_drawn_in_their_order_and_those_of_the_envelope_as_one(void **state)
{
	static const int64_t us[REPORT_PHASES] = {[SMTP_PHASE_CONNECT] = 1000,
	    [SMTP_PHASE_GREETING] = 500,
	    [SMTP_PHASE_EHLO] = 1,
	    [SMTP_PHASE_STARTTLS] = 2000,
	    [SMTP_PHASE_MAIL] = 300,
	    [SMTP_PHASE_RCPT] = 100,
	    [SMTP_PHASE_RSET] = 100,
	    [SMTP_PHASE_DATA] = 499,
	    [SMTP_PHASE_MESSAGE] = 1500};

	(void)state;
	/* 26 columns are taken by the rest, and the last is left free */
	assert_drawn((struct report_canvas){.columns = 37}, us,
	    "p: connect         1.0 ms #####\n"
	    "p: TLS             2.0 ms ##########\n"
	    "p: greeting        0.5 ms ###\n"
	    "p: EHLO            0.0 ms #\n"
	    "p: envelope        0.5 ms ###\n"
	    "p: message         0.5 ms ###\n"
	    "p: verdict         1.5 ms ########\n"
	    "p: all             6.0 ms, 3 round trips\n");
}

static void
bars_are_as_wide_and_as_fine_as_the_terminal(void **state)
{
	static const int64_t us[REPORT_PHASES] = {
	    [SMTP_PHASE_CONNECT] = 800, [SMTP_PHASE_QUIT] = 430};
	static const int64_t hours[REPORT_PHASES] = {
	    [SMTP_PHASE_CONNECT] = 3600000000 * 100};
	static const int64_t nothing[REPORT_PHASES];

	(void)state;
	assert_drawn((struct report_canvas){.columns = 37, .utf8 = true}, us,
	    "p: connect         0.8 ms "
	    "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\n"
	    "p: QUIT            0.4 ms \u2588\u2588\u2588\u2588\u2588\u258d\n"
	    "p: all             1.2 ms, 3 round trips\n");
	assert_drawn((struct report_canvas){.columns = 41, .colour = true}, us,
	    "p: connect         0.8 ms \033[33m##############\033[0m\n"
	    "p: QUIT            0.4 ms \033[36m########\033[0m\n"
	    "p: all             1.2 ms, 3 round trips\n");
	/* narrower than anything: bars are still seen */
	assert_drawn((struct report_canvas){.columns = 5}, us,
	    "p: connect         0.8 ms ##########\n"
	    "p: QUIT            0.4 ms ######\n"
	    "p: all             1.2 ms, 3 round trips\n");
	assert_drawn((struct report_canvas){0}, hours,
	    "p: connect   360000000.0 ms "
	    "#####################################################\n"
	    "p: all       360000000.0 ms, 3 round trips\n");
	assert_drawn((struct report_canvas){0}, nothing, "");
}

static void
who_has_signed_in_is_told_with_how_long(void **state)
{
	static const struct {
		int64_t lifetime_s;
		bool renewable;
		const char *end;
	} rows[] = {
	    {0, false, ""},
	    {0, true, "; the token is renewed by itself"},
	    {1, false, "; the token is good for 1 second"},
	    {119, false, "; the token is good for 119 seconds"},
	    {3599, true,
		"; the token is good for 59 minutes and then renewed by itself"},
	    {3600, false, "; the token is good for 1 hour"},
	    {5400, false, "; the token is good for 90 minutes"},
	    {7200, false, "; the token is good for 2 hours"},
	    {86400, false, "; the token is good for 1 day"},
	    {315360000, false, "; the token is good for 3650 days"},
	};
	struct report_login login = {
	    .account = "a\x1b", .user = "ann", .server = "as.test"};
	struct buf out = {0};
	char expected[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		login.lifetime_s = rows[i].lifetime_s;
		login.renewable = rows[i].renewable;
		buf_reset(&out);
		report_login(&out, &login);
		snprintf(expected, sizeof(expected),
		    "account 'a\\x1B' is signed in at as.test as ann%s\n",
		    rows[i].end);
		assert_string_equal(buf_string(&out), expected);
	}
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_exit_status_says_who_has_it),
	    cmocka_unit_test(no_combination_of_verdicts_breaks_the_promise),
	    cmocka_unit_test(the_class_of_a_reply_is_the_status_of_a_query),
	    cmocka_unit_test(
		the_queue_id_is_read_off_the_replies_of_many_servers),
	    cmocka_unit_test(
		phases_are_drawn_in_their_order_and_those_of_the_envelope_as_one),
	    cmocka_unit_test(bars_are_as_wide_and_as_fine_as_the_terminal),
	    cmocka_unit_test(who_has_signed_in_is_told_with_how_long),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
