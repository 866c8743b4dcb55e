/* reply_kind_test: what replies say of how much goes out. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "batch/reply_kind.h"

static const struct {
	int code;
	const char *enhanced;
	const char *text;
	enum smtp_phase phase;
	enum reply_kind kind;
} cases[] = {
    /* Amazon SES */
    {454, "", "Throttling failure: Maximum sending rate exceeded.",
	SMTP_PHASE_MESSAGE, REPLY_TOO_MUCH},
    {454, "", "Throttling failure: Daily message quota exceeded.",
	SMTP_PHASE_MESSAGE, REPLY_TOO_MUCH},
    {454, "4.7.0", "4.7.0 Temporary authentication failure", SMTP_PHASE_AUTH,
	REPLY_LATER},
    /* Google */
    {421, "4.7.28",
	"4.7.28 Gmail has detected an unusual rate of unsolicited mail\n"
	"4.7.28 originating from your IP address.",
	SMTP_PHASE_MESSAGE, REPLY_TOO_MUCH},
    {421, "4.7.28", "4.7.28 x", SMTP_PHASE_RCPT, REPLY_TOO_MUCH},
    {450, "4.2.1",
	"4.2.1 The user you are trying to contact is receiving mail at a rate "
	"that prevents additional messages from being delivered",
	SMTP_PHASE_RCPT, REPLY_RECIPIENT},
    {450, "4.2.1", "4.2.1 is receiving mail too quickly", SMTP_PHASE_MESSAGE,
	REPLY_LATER},
    {450, "4.2.1", "4.2.1 Your SMTP relay limit is reached", SMTP_PHASE_MAIL,
	REPLY_TOO_MUCH},
    {451, "4.4.5", "4.4.5 Server busy", SMTP_PHASE_MESSAGE, REPLY_TOO_MUCH},
    {452, "4.5.3", "4.5.3 Your message has too many recipients",
	SMTP_PHASE_RCPT, REPLY_TRANSACTION},
    {451, "4.3.0", "4.3.0 Multiple destination domains per transaction",
	SMTP_PHASE_RCPT, REPLY_TRANSACTION},
    {550, "5.4.5", "5.4.5 Daily user sending limit exceeded",
	SMTP_PHASE_MESSAGE, REPLY_ACCOUNT},
    {550, "5.4.5", "5.4.5 Daily user sending limit exceeded", SMTP_PHASE_RCPT,
	REPLY_ACCOUNT},
    {554, "5.4.5", "5.4.5 something else", SMTP_PHASE_MESSAGE, REPLY_FINAL},
    {550, "5.7.26", "5.7.26 Unauthenticated email", SMTP_PHASE_MESSAGE,
	REPLY_ACCOUNT},
    {550, "5.7.26", "5.7.26 Unauthenticated email", SMTP_PHASE_RCPT,
	REPLY_FINAL},
    {535, "5.7.8", "5.7.8 Username and Password not accepted", SMTP_PHASE_AUTH,
	REPLY_ACCOUNT},
    /* Microsoft */
    {550, "5.7.515", "5.7.515 Access denied", SMTP_PHASE_MESSAGE,
	REPLY_ACCOUNT},
    {554, "5.2.0", "5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException",
	SMTP_PHASE_MESSAGE, REPLY_ACCOUNT},
    {554, "5.2.0", "5.2.0 mailbox", SMTP_PHASE_RCPT, REPLY_FINAL},
    {554, "5.2.0",
	"5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException",
	SMTP_PHASE_MESSAGE, REPLY_ACCOUNT},
    {554, "5.2.0", "5.2.0 STOREDRV.Submission.Exception:OutboundSpamException",
	SMTP_PHASE_MESSAGE, REPLY_ACCOUNT},
    {554, "5.2.0", "5.2.0 The quota of this account is exceeded",
	SMTP_PHASE_MESSAGE, REPLY_ACCOUNT},
    {554, "5.2.0", "5.2.0 STOREDRV.Deliver.Exception:QuotaExceededException",
	SMTP_PHASE_MESSAGE, REPLY_FINAL},
    {554, "5.2.0",
	"5.2.0 STOREDRV.Submission.Exception:InvalidRecipientsException",
	SMTP_PHASE_MESSAGE, REPLY_FINAL},
    {432, "4.3.2", "4.3.2 STOREDRV; recipient thread limit exceeded",
	SMTP_PHASE_MESSAGE, REPLY_LATER},
    {452, "4.3.1", "4.3.1 Insufficient system resources", SMTP_PHASE_MAIL,
	REPLY_BUSY},
    {421, "4.3.2", "4.3.2 Service not active", SMTP_PHASE_EHLO, REPLY_LOST},
    {421, "4.3.2", "4.3.2 Service shutting down", SMTP_PHASE_MAIL, REPLY_LOST},
    {421, "4.3.2", "4.3.2 Service shutting down", SMTP_PHASE_MESSAGE,
	REPLY_BUSY},
    {421, "4.7.0", "4.7.0 Too many messages on this connection",
	SMTP_PHASE_MAIL, REPLY_LOST},
    {421, "", "Too many messages for this session", SMTP_PHASE_MAIL,
	REPLY_LOST},
    {421, "4.7.0", "4.7.0 Too many messages, slow down", SMTP_PHASE_MAIL,
	REPLY_TOO_MUCH},
    /* Postfix */
    {450, "4.7.1", "4.7.1 Error: too much mail from 192.0.2.1", SMTP_PHASE_MAIL,
	REPLY_TOO_MUCH},
    {450, "4.7.1", "4.7.1 Error: too many recipients from 192.0.2.1",
	SMTP_PHASE_RCPT, REPLY_TOO_MUCH},
    {452, "", "Error: too many recipients", SMTP_PHASE_RCPT, REPLY_TRANSACTION},
    {450, "4.2.0", "4.2.0 Greylisted, try again later", SMTP_PHASE_RCPT,
	REPLY_RECIPIENT},
    {421, "4.7.0", "4.7.0 Error: too many connections from 192.0.2.1",
	SMTP_PHASE_GREETING, REPLY_LOST},
    /* Words */
    {451, "", "SLOW DOWN!", SMTP_PHASE_MAIL, REPLY_TOO_MUCH},
    {451, "", "rate-limited", SMTP_PHASE_MAIL, REPLY_TOO_MUCH},
    {451, "", "You are being throttled", SMTP_PHASE_MESSAGE, REPLY_TOO_MUCH},
    {451, "", "Too many messages, try again later", SMTP_PHASE_MAIL,
	REPLY_TOO_MUCH},
    {451, "", "Please try again later", SMTP_PHASE_MAIL, REPLY_LATER},
    {451, "", "temporarily not accurate, deliberate", SMTP_PHASE_MESSAGE,
	REPLY_LATER},
    {451, "", "rate", SMTP_PHASE_RCPT, REPLY_RECIPIENT},
    {451, NULL, NULL, SMTP_PHASE_MESSAGE, REPLY_LATER},
    {550, "", "your rate is too high", SMTP_PHASE_MESSAGE, REPLY_FINAL},
    /* No verdict */
    {421, "", "closing", SMTP_PHASE_MAIL, REPLY_LOST},
    {421, "", "closing", SMTP_PHASE_DATA, REPLY_LOST},
    {421, "", "closing", SMTP_PHASE_MESSAGE, REPLY_LATER},
    {0, "", "connection reset", SMTP_PHASE_DATA, REPLY_LOST},
    {621, "", "25", SMTP_PHASE_RCPT, REPLY_LOST},
    /* To the message before it, which is in flight. */
    {0, "", "connection reset", SMTP_PHASE_MESSAGE, REPLY_LOST},
    {600, "", "?", SMTP_PHASE_MESSAGE, REPLY_LOST},
    {700, "", "others were refused", SMTP_PHASE_RCPT, REPLY_FINAL},
};

static void
each_reply_is_of_its_kind(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schedule_reply r = {cases[i].code, cases[i].enhanced,
		    cases[i].text, cases[i].phase, false};
		enum reply_kind kind = reply_kind(&r, NULL);

		if (kind != cases[i].kind)
			fail_msg("%d %s (%s): %d, not %d", r.code,
			    r.text != NULL ? r.text : "",
			    smtp_phase_name(r.phase), (int)kind,
			    (int)cases[i].kind);
	}
}

static void
what_was_accepted_stands_whatever_it_says(void **state)
{
	struct schedule_reply r = {
	    250, "2.0.0", "slow down", SMTP_PHASE_MESSAGE, true};
	const char *hint = "";

	(void)state;
	assert_int_equal(reply_kind(&r, &hint), REPLY_FINAL);
	assert_null(hint);
	assert_false(reply_counts(&r));
}

static void
a_reply_about_the_account_has_a_next_step(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct schedule_reply r = {cases[i].code, cases[i].enhanced,
		    cases[i].text, cases[i].phase, false};
		const char *hint = "";

		if (reply_kind(&r, &hint) == REPLY_ACCOUNT)
			assert_true(hint != NULL && strlen(hint) > 10);
		else
			assert_null(hint);
	}
}

static void
refusals_of_recipients_count_for_a_policy_only(void **state)
{
	static const struct {
		int code;
		const char *enhanced;
		enum smtp_phase phase;
		bool counts;
	} refusals[] = {
	    {550, "5.1.1", SMTP_PHASE_RCPT, false},
	    {550, "", SMTP_PHASE_RCPT, false},
	    {550, "5.7.1", SMTP_PHASE_RCPT, true},
	    {550, "5.1.1", SMTP_PHASE_MESSAGE, true},
	    {552, "", SMTP_PHASE_MAIL, true},
	    {554, "5.5.1", SMTP_PHASE_DATA, true},
	    {451, "4.7.1", SMTP_PHASE_MESSAGE, false},
	    {600, "", SMTP_PHASE_MAIL, false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct schedule_reply r = {refusals[i].code,
		    refusals[i].enhanced, "", refusals[i].phase, false};

		assert_int_equal(reply_counts(&r), refusals[i].counts);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_reply_is_of_its_kind),
	    cmocka_unit_test(what_was_accepted_stands_whatever_it_says),
	    cmocka_unit_test(a_reply_about_the_account_has_a_next_step),
	    cmocka_unit_test(refusals_of_recipients_count_for_a_policy_only),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
