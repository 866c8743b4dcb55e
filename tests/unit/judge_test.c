/* judge: from the results of a try to what becomes of each recipient, and to
 * what the journal keeps. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "batch/judge.h"
#include "journal_testutil.h"

enum { SECOND = 1000000, COUNT_MAX = 4 };

/* Results by a letter. */
static const struct {
	char letter;
	struct smtp_result result;
} results[] = {
    {'A', {SMTP_ACCEPTED, SMTP_PHASE_MESSAGE, NULL, 0, 250, "2.0.0", "ok"}},
    {'R',
	{SMTP_REFUSED, SMTP_PHASE_RCPT, NULL, EX_NOUSER, 550, "5.1.1",
	    "nobody"}},
    {'r',
	{SMTP_REFUSED, SMTP_PHASE_RCPT, NULL, EX_NOUSER, 553, "5.1.3",
	    "bad name"}},
    {'P',
	{SMTP_REFUSED, SMTP_PHASE_RCPT, NULL, EX_NOUSER, 550, "5.7.1",
	    "not from you"}},
    {'G',
	{SMTP_DEFERRED, SMTP_PHASE_RCPT, NULL, EX_TEMPFAIL, 450, "4.2.0",
	    "greylisted"}},
    /* One too many. */
    {'Z',
	{SMTP_DEFERRED, SMTP_PHASE_RCPT, NULL, EX_TEMPFAIL, 452, "4.5.3",
	    "too many recipients"}},
    {'M',
	{SMTP_REFUSED, SMTP_PHASE_MESSAGE, NULL, EX_UNAVAILABLE, 554, "5.6.0",
	    "bad"}},
    {'T',
	{SMTP_DEFERRED, SMTP_PHASE_MESSAGE, NULL, EX_TEMPFAIL, 454, "",
	    "Maximum sending rate exceeded."}},
    {'X',
	{SMTP_REFUSED, SMTP_PHASE_MESSAGE, NULL, EX_UNAVAILABLE, 550, "5.4.5",
	    "daily limit"}},
    {'4',
	{SMTP_DEFERRED, SMTP_PHASE_MAIL, NULL, EX_TEMPFAIL, 421, "4.3.0",
	    "closing"}},
    {'L',
	{SMTP_DEFERRED, SMTP_PHASE_DATA, NULL, EX_TEMPFAIL, 0, "",
	    "the connection was lost"}},
    /* The reply to another message, in flight before it. */
    {'B',
	{SMTP_DEFERRED, SMTP_PHASE_MESSAGE, NULL, EX_TEMPFAIL, 550, "5.1.1",
	    "nobody"}},
    {'U',
	{SMTP_UNKNOWN, SMTP_PHASE_MESSAGE, NULL, EX_UNKNOWN, 0, "",
	    "the connection was lost"}},
    {'C',
	{SMTP_NOT_SENT, SMTP_PHASE_MAIL, NULL, EX_SIGNAL + 2, 0, "",
	    "cancelled"}},
    {'S', {SMTP_NOT_SENT, SMTP_PHASE_RCPT, NULL, 0, 0, "", "not asked for"}},
    {'O',
	{SMTP_REFUSED, SMTP_PHASE_MAIL, NULL, EX_DATAERR, 0, "",
	    "too large for this server"}},
};

enum how {
	ALL_OR_NOTHING = 1,
	ABANDONED = 2,
	TRIED = 4,	  /* the journal has it */
	ALL_BUT_LAST = 8, /* the server takes no more at once */
};

/* One message on a lane of its own. */
struct trial {
	struct smtp_recipient to[COUNT_MAX];
	enum supply_fate fates[COUNT_MAX];
	struct supply_message message;
	struct schedule *schedule;
};

static const struct smtp_result *
result_of(char letter)
{
	size_t i = 0;

	while (results[i].letter != letter)
		i++;
	return &results[i].result;
}

static void
prepare(struct trial *t, const char *letters, unsigned how)
{
	static const char *const names[COUNT_MAX] = {
	    "a@a.test", "b@b.test", "c@c.test", "d@d.test"};
	size_t n = strlen(letters), i;

	*t = (struct trial){
	    .message = {.key = {"key", 3, 7},
		.count = n,
		.all_or_nothing = how & ALL_OR_NOTHING,
		.tried = (how & (TRIED | ABANDONED)) != ABANDONED,
		.tries = 1,
		.first_us = SECOND}};
	t->message.recipients = t->to;
	t->message.fates = t->fates;
	for (i = 0; i < n; i++) {
		t->to[i].address = names[i];
		t->to[i].result = *result_of(letters[i]);
	}
	t->message.transaction = (struct smtp_transaction){.recipients = t->to,
	    .recipient_count = n - ((how & ALL_BUT_LAST) != 0),
	    .abandoned = how & ABANDONED,
	    .message_sent = how & TRIED};
}

static struct schedule *
begin_schedule(unsigned stop_after)
{
	const struct schedule_params p = {.connections = 1,
	    .window = 8,
	    .retry_for_us = INT64_C(900) * SECOND,
	    .tries = 10,
	    .stop_after = stop_after,
	    .seed = 1};
	struct schedule *s = schedule_new(&p, 0);

	schedule_opening(s, 0);
	schedule_ready(s, 0, 0);
	return s;
}

static enum schedule_hold
try(struct trial *t, struct schedule *s, int64_t *due_us)
{
	assert_true(schedule_give(s, 0, SECOND));
	return judge(&t->message, s, 0, SECOND, due_us);
}

static void
assert_fates(const struct trial *t, const char *letters, const char *expected)
{
	char fates[COUNT_MAX + 1] = "";
	size_t i;

	for (i = 0; i < t->message.count; i++)
		fates[i] = "oulf"[t->fates[i]];
	if (strcmp(fates, expected) != 0)
		fail_msg("%s: %s, not %s", letters, fates, expected);
}

static char
letter_behind(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at != NULL ? at[strlen(name)] : '-';
}

/* "aA aD!": of whom the verdict is (the first letters), "!": the message is
 * over. */
static void
read_verdicts(const char *bytes, struct buf *out)
{
	const char *line, *end;
	char copy[1000];

	for (line = bytes; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		snprintf(copy, sizeof(copy), "%.*s", (int)(end - line), line);
		if (strstr(copy, "\"verdict\":") == NULL)
			continue;
		buf_printf(out, "%s%c%c%s", out->len > 0 ? " " : "",
		    letter_behind(copy, "\"recipient\":\""),
		    letter_behind(copy, "\"verdict\":\"") - 'a' + 'A',
		    strstr(copy, "\"over\":true") != NULL ? "!" : "");
	}
}

/* What the journal has of the message now, and after that its state. */
static void
assert_written(struct journal_place *p, struct trial *t, bool held,
    const char *expected, const char *what)
{
	const char *names[COUNT_MAX];
	struct buf bytes = {0}, verdicts = {0};
	struct error err;
	size_t i;

	journal_place_open(p);
	for (i = 0; i < t->message.count; i++)
		names[i] = t->to[i].address;
	if (t->message.tried)
		journal_try(p->journal, &t->message.key, 1, names,
		    t->message.transaction.recipient_count, JOURNAL_TEST_START);
	judge_write(&t->message, p->journal, held, JOURNAL_TEST_START);
	assert_int_equal(journal_flush(p->journal, &err), 0);
	journal_test_read(p->path, &bytes);
	read_verdicts(buf_string(&bytes), &verdicts);
	if (strcmp(buf_string(&verdicts), expected) != 0)
		fail_msg(
		    "%s: %s, not %s", what, buf_string(&verdicts), expected);
	journal_place_close(p);
	journal_test_write(p->path, "", 0);
	buf_clear(&bytes);
	buf_clear(&verdicts);
}

struct judge_case {
	const char *results;
	unsigned how;
	const char *fates;   /* over, unknown, later, left ("f") */
	const char *written; /* see read_verdicts */
	bool later;	     /* than now is it due */
};

static void
check(void **state, const struct judge_case *cases, size_t n)
{
	struct trial t;
	struct schedule *s;
	int64_t due_us;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct judge_case *c = &cases[i];

		prepare(&t, c->results, c->how);
		s = begin_schedule(0);
		assert_int_equal(try(&t, s, &due_us), SCHEDULE_HOLD_NOTHING);
		assert_fates(&t, c->results, c->fates);
		if ((due_us > SECOND) != c->later)
			fail_msg(
			    "%s: due at %lld", c->results, (long long)due_us);
		assert_written(*state, &t, false, c->written, c->results);
		schedule_free(s);
	}
}

#define CHECK(state, cases) \
	check(state, cases, sizeof(cases) / sizeof((cases)[0]))

static void
each_recipient_has_a_fate_of_his_own(void **state)
{
	static const struct judge_case cases[] = {
	    {"A", TRIED, "o", "aA!", false},
	    {"R", 0, "o", "aR!", false},
	    {"G", 0, "l", "aD", true},
	    {"AR", TRIED, "oo", "aA bR!", false},
	    {"AG", TRIED, "ol", "aA bD", true},
	    {"GAR", TRIED, "loo", "aD bA cR", true},
	    {"M", TRIED, "o", "aR!", false},
	    {"MM", TRIED, "oo", "aR bR!", false},
	    {"TT", TRIED, "ll", "aD bD", true},
	    {"RT", TRIED, "ol", "aR bD", true},
	    {"4", 0, "l", "aD", false},
	};

	CHECK(state, cases);
}

static void
who_may_have_it_is_never_tried_again_by_itself(void **state)
{
	static const struct judge_case cases[] = {
	    {"U", TRIED | ABANDONED, "u", "aU", false},
	    {"UR", TRIED | ABANDONED, "uo", "aU bR", false},
	    {"UG", TRIED | ABANDONED, "ul", "aU bD", false},
	    /* LMTP: one has answered for himself. */
	    {"AU", TRIED | ABANDONED, "ou", "aA bU", false},
	    {"UU", TRIED | ABANDONED | ALL_OR_NOTHING, "uu", "aU bU", false},
	};

	CHECK(state, cases);
}

static void
what_a_connection_leaves_behind_is_still_to_be_sent(void **state)
{
	static const struct judge_case cases[] = {
	    /* Nothing was said of them, nothing is written. */
	    {"L", ABANDONED, "l", "", false},
	    {"LL", ABANDONED, "ll", "", false},
	    {"4", ABANDONED, "l", "", false},
	    {"B", ABANDONED, "l", "", false},
	    /* The journal had the try, but not all octets went out. */
	    {"L", ABANDONED | TRIED, "l", "aD", false},
	    /* Of one something was said, which stands. */
	    {"LR", ABANDONED, "lo", "bR", false},
	    {"LRG", ABANDONED | TRIED, "lol", "aD bR cD", false},
	    {"RLr", ABANDONED | ALL_OR_NOTHING, "lll", "", false},
	    {"C", ABANDONED, "f", "", false},
	    {"C", ABANDONED | TRIED, "f", "aN", false},
	};

	CHECK(state, cases);
}

static void
all_or_nothing_shares_the_fate_of_who_stands_in_the_way(void **state)
{
	static const struct judge_case cases[] = {
	    {"SR", ALL_OR_NOTHING, "oo", "aR bR!", false},
	    {"RS", ALL_OR_NOTHING, "oo", "aR bR!", false},
	    {"SG", ALL_OR_NOTHING, "ll", "aN bD", true},
	    {"SGR", ALL_OR_NOTHING, "lll", "aN bD cD", true},
	    {"AA", ALL_OR_NOTHING | TRIED, "oo", "aA bA!", false},
	};

	CHECK(state, cases);
}

static void
all_or_nothing_is_over_when_the_message_is_out(void **state)
{
	static const struct judge_case cases[] = {
	    {"AT", ALL_OR_NOTHING | TRIED, "ol", "aA bD", true},
	    {"MA", ALL_OR_NOTHING | TRIED, "oo", "aR bA!", false},
	    {"ATM", ALL_OR_NOTHING | TRIED, "olo", "aA bD cR", true},
	};

	CHECK(state, cases);
}

static void
who_is_one_too_many_for_a_server_comes_next(void **state)
{
	static const struct judge_case cases[] = {
	    {"AS", TRIED | ALL_BUT_LAST, "ol", "aA", false},
	    {"RS", ALL_BUT_LAST, "ol", "aR", false},
	    {"GS", ALL_BUT_LAST, "ll", "aD", true},
	    {"AZ", TRIED, "ol", "aA bD", false},
	    {"AZS", TRIED | ALL_BUT_LAST, "oll", "aA bD", false},
	    {"ZZ", 0, "ll", "aD bD", true},
	    {"GAZ", TRIED, "lol", "aD bA cD", true},
	    {"US", ABANDONED | TRIED | ALL_BUT_LAST, "ul", "aU", false},
	};

	CHECK(state, cases);
}

static void
what_no_server_will_take_is_over(void **state)
{
	static const struct judge_case cases[] = {
	    {"O", 0, "o", "aR!", false},
	    {"OO", 0, "oo", "aR bR!", false},
	};

	CHECK(state, cases);
}

static void
refusals_that_are_held_back_are_written_as_put_off(void **state)
{
	static const struct {
		const char *results, *held, *stands;
	} cases[] = {
	    {"M", "aD", "aR!"},
	    {"MM", "aD bD", "aR bR!"},
	    {"PP", "aD bD", "aR bR!"},
	};
	struct schedule *s;
	struct trial t;
	int64_t due_us;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = begin_schedule(5);
		prepare(&t, cases[i].results, TRIED);
		assert_int_equal(try(&t, s, &due_us), SCHEDULE_HOLD_THIS);
		assert_written(
		    *state, &t, true, cases[i].held, cases[i].results);
		assert_written(
		    *state, &t, false, cases[i].stands, cases[i].results);
		judge_leave_refused(&t.message);
		assert_true(judge_has(&t.message, SUPPLY_LEFT));
		assert_false(judge_has(&t.message, SUPPLY_OVER));
		assert_written(
		    *state, &t, false, cases[i].held, cases[i].results);
		schedule_free(s);
	}
}

/* What stands for a message in a row of the same refusals. */
static void
a_row_of_refusals_is_one_of_messages_refused_alike(void **state)
{
	static const struct {
		const char *results;
		enum schedule_hold hold; /* of the second message */
	} cases[] = {
	    {"M", SCHEDULE_HOLD_TODO},
	    {"MM", SCHEDULE_HOLD_TODO},
	    /* Said of all, whatever was said of one. */
	    {"RM", SCHEDULE_HOLD_TODO},
	    {"MR", SCHEDULE_HOLD_TODO},
	    {"PP", SCHEDULE_HOLD_TODO},
	    /* Of these people, not of us. */
	    {"R", SCHEDULE_HOLD_NOTHING},
	    {"RR", SCHEDULE_HOLD_NOTHING},
	    {"Rr", SCHEDULE_HOLD_NOTHING},
	    {"Pr", SCHEDULE_HOLD_NOTHING},
	    {"O", SCHEDULE_HOLD_NOTHING},
	    {"AM", SCHEDULE_HOLD_ENDS},
	};
	struct schedule *s;
	struct trial t;
	int64_t due_us;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = begin_schedule(2);
		prepare(&t, "M", TRIED);
		if (cases[i].results[0] == 'P')
			prepare(&t, "P", TRIED);
		assert_int_equal(try(&t, s, &due_us), SCHEDULE_HOLD_THIS);
		prepare(&t, cases[i].results, TRIED);
		if (try(&t, s, &due_us) != cases[i].hold)
			fail_msg("%s", cases[i].results);
		assert_int_equal(schedule_stopped(s, NULL) != NULL,
		    cases[i].hold == SCHEDULE_HOLD_TODO);
		schedule_free(s);
	}
}

static void
a_refusal_that_speaks_of_the_account_leaves_the_message_to_another_run(
    void **state)
{
	struct schedule *s = begin_schedule(5);
	struct trial t;
	int64_t due_us;

	prepare(&t, "RX", TRIED);
	(void)try(&t, s, &due_us);
	assert_fates(&t, "RX", "of");
	assert_written(*state, &t, false, "aR bD", "RX");
	assert_non_null(schedule_stopped(s, NULL));
	schedule_free(s);
}

/* The window is 8: a place that is not given free shows soon. */
static void
a_message_that_was_never_begun_counts_as_not_given(void **state)
{
	const struct schedule_params p = {.connections = 1,
	    .window = 8,
	    .quota_count = 2,
	    .quota_us = INT64_C(3600) * SECOND,
	    .retry_for_us = INT64_C(900) * SECOND};
	struct schedule *s = schedule_new(&p, 0);
	struct trial t;
	int64_t due_us;

	(void)state;
	schedule_opening(s, 0);
	schedule_ready(s, 0, 0);
	prepare(&t, "L", ABANDONED);
	assert_int_equal(try(&t, s, &due_us), SCHEDULE_HOLD_NOTHING);
	assert_true(schedule_give(s, 0, SECOND));
	assert_true(schedule_give(s, 0, SECOND));
	assert_false(schedule_give(s, 0, SECOND));
	schedule_free(s);
}

int
main(void)
{
#define TEST(name)                       \
	cmocka_unit_test_setup_teardown( \
	    name, journal_place_set_up, journal_place_tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(each_recipient_has_a_fate_of_his_own),
	    TEST(who_may_have_it_is_never_tried_again_by_itself),
	    TEST(what_a_connection_leaves_behind_is_still_to_be_sent),
	    TEST(all_or_nothing_shares_the_fate_of_who_stands_in_the_way),
	    TEST(all_or_nothing_is_over_when_the_message_is_out),
	    TEST(who_is_one_too_many_for_a_server_comes_next),
	    TEST(what_no_server_will_take_is_over),
	    TEST(refusals_that_are_held_back_are_written_as_put_off),
	    cmocka_unit_test(
		a_row_of_refusals_is_one_of_messages_refused_alike),
	    TEST(
		a_refusal_that_speaks_of_the_account_leaves_the_message_to_another_run),
	    cmocka_unit_test(
		a_message_that_was_never_begun_counts_as_not_given),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
