/* codes_test: what codes mean, and to whom. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "report/codes.h"

/* --- the table ------------------------------------------------------------*/

/* Printable ASCII that ends within its array. */
static void
assert_text(const char *text, size_t size)
{
	const char *end = memchr(text, '\0', size);

	assert_non_null(end);
	for (; text < end; text++)
		assert_in_range(*text, ' ', '~');
}

struct pattern {
	char class; /* 'X': any */
	unsigned subject, from, to;
};

static struct pattern
pattern_of(const char *text)
{
	struct pattern p;
	int n = 0;

	assert_int_equal(
	    sscanf(text, "%c.%u.%u%n", &p.class, &p.subject, &p.from, &n), 3);
	p.to = p.from;
	if (text[n] == '-') {
		text += n;
		assert_int_equal(sscanf(text, "-%u%n", &p.to, &n), 1);
		assert_true(p.to > p.from);
	}
	assert_int_equal(text[n], '\0');
	assert_non_null(strchr("X245", p.class));
	assert_in_range(p.subject, 0, 7);
	assert_in_range(p.to, 0, 999);
	return p;
}

static void
every_row_of_the_table_is_well_formed(void **state)
{
	const struct codes_row *row;

	(void)state;
	for (row = codes_rows; row < codes_rows + codes_row_count; row++) {
		assert_text(row->enhanced, sizeof(row->enhanced));
		assert_text(row->words, sizeof(row->words));
		assert_text(row->meaning, sizeof(row->meaning));
		assert_text(row->step, sizeof(row->step));
		assert_text(row->source, sizeof(row->source));
		assert_in_range(row->speaker, 0, CODES_SPEAKERS - 1);
		assert_true(row->meaning[0] != '\0');
		assert_true(row->meaning[strlen(row->meaning) - 1] != '.');
		assert_true(row->reply != 0 || row->enhanced[0] != '\0');
		if (row->reply != 0 && row->reply != 600 && row->reply != 621 &&
		    row->reply != 700)
			assert_in_range(row->reply, 200, 599);
		if (row->enhanced[0] != '\0')
			(void)pattern_of(row->enhanced);
		if (row->reply != 0 && row->enhanced[0] != '\0')
			assert_true(row->enhanced[0] == 'X' ||
			    row->enhanced[0] == '0' + row->reply / 100);
		assert_null(strpbrk(row->words, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
		/* A source and a doubt are for what everybody may say. */
		if (row->speaker != CODES_STANDARD)
			assert_true(row->source[0] == '\0' && !row->certain);
		if (row->certain)
			assert_true(row->step[0] != '\0');
		/* A program is known by nothing but its words. */
		if (row->speaker >= CODES_POSTFIX)
			assert_true(row->words[0] != '\0');
	}
}

/* Whatever fits the row b, a fits it, too. */
static bool
covers(const struct codes_row *a, const struct codes_row *b)
{
	struct pattern p, q;

	if (a->speaker != b->speaker ||
	    (a->reply != 0 && a->reply != b->reply) ||
	    (a->enhanced[0] == '\0') != (b->enhanced[0] == '\0') ||
	    strstr(b->words, a->words) == NULL)
		return false;
	if (a->enhanced[0] == '\0')
		return true;
	p = pattern_of(a->enhanced);
	q = pattern_of(b->enhanced);
	return (p.class == 'X' || p.class == q.class) &&
	    p.subject == q.subject && p.from <= q.from && p.to >= q.to;
}

static void
no_row_is_hidden_by_one_before_it(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < codes_row_count; i++)
		for (j = i + 1; j < codes_row_count; j++)
			if (covers(&codes_rows[i], &codes_rows[j]))
				fail_msg("%s %d %s %s is never found",
				    codes_speaker_name(codes_rows[j].speaker),
				    codes_rows[j].reply, codes_rows[j].enhanced,
				    codes_rows[j].words);
}

static void
every_speaker_has_a_name_but_the_standard(void **state)
{
	int speaker;

	(void)state;
	assert_string_equal(codes_speaker_name(CODES_STANDARD), "");
	for (speaker = CODES_STANDARD + 1; speaker < CODES_SPEAKERS; speaker++)
		assert_true(
		    codes_speaker_name((enum codes_speaker)speaker)[0] != '\0');
}

/* --- lookups --------------------------------------------------------------*/

static const char *
explained(struct buf *out, const char *text, const char *server)
{
	buf_reset(out);
	assert_int_equal(codes_explain(out, text, server), 0);
	return buf_string(out);
}

static void
who_speaks_is_known_by_marks_and_by_the_server(void **state)
{
	static const struct {
		const char *text, *server, *speaker; /* NULL: nobody is known */
	} cases[] = {
	    {"550 5.7.26 no. x1-y2.3 - gsmtp", NULL, "Google"},
	    {"5.7.57 no [AM6PR07.eurprd07.PROD.OUTLOOK.COM]", NULL,
		"Microsoft"},
	    {"421 4.7.0 [TSS04] https://postmaster.yahooinc.com/error-codes",
		NULL, "Yahoo"},
	    {"5.7.1 no", "smtp.gmail.com", "Google"},
	    {"5.7.1", "gmail.com", "Google"},
	    {"5.7.1 no", "SMTPS://me@SMTP.Office365.com:587/", "Microsoft"},
	    {"535 credentials invalid", "smtps://mail.gmx.net",
		"GMX and WEB.DE"},
	    {"5.7.1 no - gsmtp", "smtp.office365.com", "Google"},
	    /* Not who is only spoken of, nor who looks like it. */
	    {"5.7.1 <bob@gmail.com>: no", NULL, NULL},
	    {"5.7.1 no", "notgmail.com", NULL},
	    {"5.7.1 no", "gmail.com.x.test", NULL},
	    {"5.7.1 no", "some.test", NULL},
	    {"5.7.1", NULL, NULL},
	};
	struct buf out = {0};
	const char *text, *name;
	size_t i;
	int speaker;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text = explained(&out, cases[i].text, cases[i].server);
		if (cases[i].speaker == NULL) {
			assert_non_null(strstr(text, " at Google: "));
			assert_non_null(strstr(text, " at Microsoft: "));
			continue;
		}
		for (speaker = 1; speaker < CODES_SPEAKERS; speaker++) {
			name = codes_speaker_name((enum codes_speaker)speaker);
			assert_true((strstr(text, name) != NULL) ==
			    (strcmp(name, cases[i].speaker) == 0));
		}
	}
	buf_clear(&out);
}

static void
a_code_is_a_reply_code_an_enhanced_one_or_both(void **state)
{
	static const char *const good[] = {"550", "550 5.7.30", "550-5.7.30 no",
	    "5.7.30", "2.1.5 ok", "4.999.999", "200", "599", "600", "621",
	    "700", "550-first\n550 last", "250 "};
	static const char *const bad[] = {"", "2", "55", "5500", "199", "701",
	    "abc", "5.7", "5.7.", "5.7.1234", "3.7.1", "5.7.30x", "x550",
	    "550x", "5,7,30"};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(codes_begin(good[i]));
		assert_int_equal(codes_explain(&out, good[i], NULL), 0);
		assert_true(out.len > 0);
		buf_reset(&out);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(codes_begin(bad[i]));
		assert_int_equal(codes_explain(&out, bad[i], NULL), -1);
		assert_int_equal(out.len, 0);
	}
	buf_clear(&out);
}

static void
a_meaning_depends_on_who_says_it(void **state)
{
	struct buf out = {0};
	const char *text;

	(void)state;
	text = explained(&out, "5.7.30", NULL);
	assert_non_null(strstr(text, "5.7.30: refused: REQUIRETLS"));
	assert_non_null(strstr(text, "5.7.30 at Google: DKIM did not pass"));
	assert_non_null(strstr(text, "5.7.30 at Microsoft: passwords"));
	text = explained(&out, "5.7.30", "smtp.gmail.com");
	assert_non_null(strstr(text, " at Google: "));
	assert_null(strstr(text, " at Microsoft: "));
	text = explained(&out,
	    "550 5.7.30 Basic authentication is not supported for Client "
	    "Submission.",
	    NULL);
	assert_null(strstr(text, " at Google: "));
	assert_non_null(strstr(text, " at Microsoft: "));
	buf_clear(&out);
}

static void
words_decide_among_meanings_also_across_lines(void **state)
{
	struct buf out = {0};
	const char *text;

	(void)state;
	text = explained(&out,
	    "550-5.7.26 Unauthenticated email from x.test is not accepted due "
	    "to domain's DMARC\r\n550 5.7.26 policy. - gsmtp\r\n",
	    NULL);
	assert_non_null(strstr(text, "(DMARC)\n"));
	assert_null(strstr(text, "neither SPF nor DKIM"));
	text = explained(
	    &out, "554 5.7.1 <a@x.test>: Relay access denied", "mail.x.test");
	assert_non_null(strstr(text, " at Postfix: "));
	assert_null(strstr(text, " at Google: "));
	buf_clear(&out);
}

static void
codes_without_a_row_are_told_by_their_digits(void **state)
{
	struct buf out = {0};

	(void)state;
	assert_string_equal(explained(&out, "459 4.3.99", NULL),
	    "459: deferred: ETRN: this node may not ask for its messages "
	    "(RFC 1985)\n"
	    "4.3.99: deferred: not a registered code; it is about the mail "
	    "system (RFC 3463)\n");
	assert_string_equal(explained(&out, "529", NULL),
	    "529: refused: not a registered code; it is about the connection "
	    "(RFC 5321)\n");
	assert_string_equal(explained(&out, "5.9.1", NULL),
	    "5.9.1: refused: not a registered code\n");
	buf_clear(&out);
}

static void
a_step_is_hinted_only_where_it_is_certain(void **state)
{
	static const struct {
		int code;
		const char *enhanced, *text, *server, *step;
	} cases[] = {
	    {530, "5.7.0", "5.7.0 Must issue a STARTTLS command first", "x",
		"--tls=starttls"},
	    {530, "", "Authentication required", "mail.x.test",
		"--user NAME with --password-file FILE or "
		"--password-command COMMAND"},
	    {550, "5.7.25", "5.7.25 no PTR - gsmtp", NULL,
		"a PTR record of the address, and an address record of that "
		"name"},
	    {421, "4.7.32", "4.7.32 not aligned", "gmail-smtp-in.l.google.com",
		"send it by a server of the domain of From"},
	    {554, "5.7.1", "5.7.1 <a@x.test>: Relay access denied", "x",
		"--user NAME with --password-file FILE, or -S with the server "
		"of your provider"},
	    /* What a password might be is a guess, and a mailbox is there or
	     * it is not. */
	    {535, "5.7.8", "5.7.8 no", "mail.x.test", NULL},
	    {550, "5.1.1", "5.1.1 no such user", "mail.x.test", NULL},
	    {550, "5.7.25", "5.7.25 no PTR", "mail.x.test", NULL},
	    {550, "", "", "mail.x.test", NULL},
	    {554, "5.7.1", "", "mail.x.test", NULL},
	    {250, "2.0.0", "2.0.0 ok", "smtp.gmail.com", NULL},
	    {0, "", "connection refused", "smtp.gmail.com", NULL},
	    {621, "", "cut", "smtp.gmail.com", NULL},
	};
	const char *step;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		step = codes_step(cases[i].code, cases[i].enhanced,
		    cases[i].text, cases[i].server, false);
		if (cases[i].step == NULL)
			assert_null(step);
		else
			assert_string_equal(step, cases[i].step);
	}
}

static void
a_step_does_not_name_what_the_call_has(void **state)
{
	(void)state;
	assert_null(codes_step(530, "", "Authentication required", "x", true));
	assert_string_equal(
	    codes_step(554, "5.7.1", "5.7.1 <a@x.test>: Relay access denied",
		"x", true),
	    "-S with the server of your provider");
	assert_string_equal(
	    codes_step(530, "5.7.0",
		"5.7.0 Must issue a STARTTLS command first", "x", true),
	    "--tls=starttls");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_of_the_table_is_well_formed),
	    cmocka_unit_test(no_row_is_hidden_by_one_before_it),
	    cmocka_unit_test(every_speaker_has_a_name_but_the_standard),
	    cmocka_unit_test(who_speaks_is_known_by_marks_and_by_the_server),
	    cmocka_unit_test(a_code_is_a_reply_code_an_enhanced_one_or_both),
	    cmocka_unit_test(a_meaning_depends_on_who_says_it),
	    cmocka_unit_test(words_decide_among_meanings_also_across_lines),
	    cmocka_unit_test(codes_without_a_row_are_told_by_their_digits),
	    cmocka_unit_test(a_step_is_hinted_only_where_it_is_certain),
	    cmocka_unit_test(a_step_does_not_name_what_the_call_has),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
