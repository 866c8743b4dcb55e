/* Scripts: what a line means, what is wrong with it, what a reply is worth. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/script_rule.h"
#include "lib/memory.h"

/* A file with these bytes, its name good until the next one. */
static const char *
file(const char *text, size_t n)
{
	static char name[64];
	int fd;

	snprintf(name, sizeof(name), "/tmp/script-test-XXXXXX");
	fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
	return name;
}

static int
read_first(struct script *s, const char *text, size_t n,
    struct script_step *step, struct error *err)
{
	const char *name = file(text, n);
	const struct script_params params = {.path = name};
	int r = script_open(s, &params, err);

	unlink(name);
	s->name = "s";
	return r == -1 ? -1 : script_next(s, step, err);
}

static void
a_line_is_a_command_an_exchange_or_a_directive(void **state)
{
	static const struct {
		const char *text;
		enum script_kind kind;
		const char *shown, *mechanism;
	} table[] = {
	    {"EHLO me\n", SCRIPT_COMMAND, "EHLO me", NULL},
	    {"\n# no\n\r\n  mail  \r\n", SCRIPT_COMMAND, "  mail  ", NULL},
	    {"starttls", SCRIPT_STARTTLS, "starttls", NULL},
	    {"STARTTLS \n", SCRIPT_STARTTLS, "STARTTLS ", NULL},
	    {"STARTTLS now\n", SCRIPT_COMMAND, "STARTTLS now", NULL},
	    {"AUTH\n", SCRIPT_AUTH, "AUTH", NULL},
	    {"AUTH plain\n", SCRIPT_AUTH, "AUTH plain", "plain"},
	    {"AUTH  plain \n", SCRIPT_AUTH, "AUTH  plain ", "plain"},
	    {"AUTH FROBNICATE\n", SCRIPT_COMMAND, "AUTH FROBNICATE", NULL},
	    {"AUTH PLAIN AGEAYg==\n", SCRIPT_COMMAND, "AUTH PLAIN ********",
		NULL},
	    {"AUTHENTICATE x y\n", SCRIPT_COMMAND, "AUTHENTICATE x y", NULL},
	    {"DATA\n.\n", SCRIPT_DATA, "DATA", NULL},
	    {"data </dev/null\n", SCRIPT_DATA, "data </dev/null", NULL},
	    {"BDAT</dev/null\n", SCRIPT_BDAT, "BDAT</dev/null", NULL},
	    {"DATABASE\n", SCRIPT_COMMAND, "DATABASE", NULL},
	    {"!send x\n", SCRIPT_SEND, "!send x", NULL},
	    {"!expect 250, 4yz\n", SCRIPT_EXPECT, "!expect 250, 4yz", NULL},
	    {"!sleep 10ms\n", SCRIPT_SLEEP, "!sleep 10ms", NULL},
	    {"!drop\n", SCRIPT_DROP, "!drop", NULL},
	    {"!pipeline\nNOOP\n!end\n", SCRIPT_COMMAND, "NOOP", NULL},
	};
	struct script_step step;
	struct script s;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(read_first(&s, table[i].text,
				     strlen(table[i].text), &step, &err),
		    1);
		assert_int_equal(step.kind, table[i].kind);
		assert_string_equal(script_shown(&step), table[i].shown);
		if (table[i].mechanism != NULL)
			assert_string_equal(step.mechanism, table[i].mechanism);
		else
			assert_null(step.mechanism);
		script_close(&s);
	}
}

#define BYTES(text) (text), sizeof(text) - 1

static void
what_is_wrong_is_told_with_its_line(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		int status;
		const char *why;
	} table[] = {
	    {BYTES("\n!sned x\n"), EX_DATAERR,
		"s:2: unknown directive '!sned'; did you mean '!send'?"},
	    {BYTES("!\n"), EX_DATAERR, "s:1: unknown directive '!'"},
	    {BYTES("!send\n"), EX_DATAERR, "s:1: !send: nothing to send"},
	    {BYTES("!send \\q\n"), EX_DATAERR, "no such escape"},
	    {BYTES("!send \\x4\n"), EX_DATAERR, "no such escape"},
	    {BYTES("!send x\\"), EX_DATAERR, "no such escape"},
	    {BYTES("!expect\n"), EX_DATAERR, "!expect: no reply code"},
	    {BYTES("!expect 25o\n"), EX_DATAERR, "'25o' is no reply code"},
	    {BYTES("!expect 150\n"), EX_DATAERR, "'150' is no reply code"},
	    {BYTES("!expect 2500\n"), EX_DATAERR, "'2500' is no reply code"},
	    {BYTES("!sleep 3 years\n"), EX_DATAERR, "!sleep: '3 years'"},
	    {BYTES("!drop it\n"), EX_DATAERR, "nothing may stand behind"},
	    {BYTES("!end\n"), EX_DATAERR, "!end without a !pipeline"},
	    {BYTES("!pipeline\n!pipeline\n"), EX_DATAERR, "s:2: !pipeline"},
	    {BYTES("\n!pipeline\n"), EX_DATAERR, "s:2: !pipeline without"},
	    {BYTES("!pipeline\n!sleep 1s\n"), EX_DATAERR, "s:2: not between"},
	    {BYTES("!pipeline\nSTARTTLS\n"), EX_DATAERR, "no part of"},
	    {BYTES("!pipeline\n!expect 250\n"), EX_DATAERR, "s:2: !expect in"},
	    {BYTES("NO\0OP\n"), EX_DATAERR, "s:1: there is a NUL byte"},
	    {BYTES("NO\rOP\n"), EX_DATAERR, "the octet 0x0d"},
	    {BYTES("NO\033OP\n"), EX_DATAERR, "the octet 0x1b"},
	    {BYTES("NO\177OP\n"), EX_DATAERR, "the octet 0x7f"},
	    {BYTES("BDAT 5\n"), EX_DATAERR, "BDAT is written BDAT <FILE"},
	    {BYTES("DATA x\n"), EX_DATAERR, "DATA is written DATA or"},
	    {BYTES("DATA <\n"), EX_DATAERR, "no file behind <"},
	    {BYTES("DATA\nx\n"), EX_DATAERR, "the message has no end"},
	    {BYTES("DATA\n.x\n.\n"), EX_DATAERR, "s:2: a line of a message"},
	    {BYTES("DATA\na\rb\n.\n"), EX_DATAERR, "s: line 2"},
	    {BYTES("DATA <\001\n"), EX_DATAERR, "the octet 0x01"},
	    {BYTES("\nDATA </no/such/file\n"), EX_NOINPUT,
		"s:2: /no/such/file: No such file"},
	    {BYTES("DATA </\n"), EX_NOINPUT, "s:1: /: "},
	};
	struct script_step step;
	struct script s;
	struct error err;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		r = read_first(&s, table[i].text, table[i].n, &step, &err);
		while (r == 1)
			r = script_next(&s, &step, &err);
		script_close(&s);
		assert_int_equal(r, -1);
		assert_int_equal(err.status, table[i].status);
		if (strstr(err.text, table[i].why) == NULL)
			fail_msg("%s\nlacks: %s", err.text, table[i].why);
	}
}

static void
bytes_have_escapes(void **state)
{
	static const char text[] = "!send  a\\r\\n\\0\\t\\\\\\xfF \n";
	struct script_step step;
	struct script s;
	struct error err;

	(void)state;
	assert_int_equal(read_first(&s, BYTES(text), &step, &err), 1);
	assert_int_equal(step.length, 9);
	assert_memory_equal(step.bytes, " a\r\n\0\t\\\xff ", 9);
	script_close(&s);
}

static void
a_flight_has_its_steps_and_an_end(void **state)
{
	static const char text[] =
	    "!pipeline\nMAIL\n!send x\\r\\n\n!expect 250\nDATA\nm\n.\n!end\nNOOP";
	static const struct {
		enum script_kind kind;
		bool flight;
		uint64_t line;
	} table[] = {{SCRIPT_COMMAND, true, 2}, {SCRIPT_SEND, true, 3},
	    {SCRIPT_EXPECT, true, 4}, {SCRIPT_DATA, true, 5},
	    {SCRIPT_END, false, 8}, {SCRIPT_COMMAND, false, 9}};
	struct script_step step;
	struct script s;
	struct error err;
	size_t i;

	(void)state;
	assert_int_equal(read_first(&s, BYTES(text), &step, &err), 1);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(step.kind, table[i].kind);
		assert_int_equal(step.flight, table[i].flight);
		assert_int_equal(step.line, table[i].line);
		assert_int_equal(script_next(&s, &step, &err), i < 5);
	}
	script_close(&s);
}

/* The body of the step, as it goes out. */
static void
assert_body(struct script_step *step, const char *text)
{
	struct source *body =
	    script_body_source(step->body, step->kind == SCRIPT_DATA);
	char bytes[200];
	struct error err;
	size_t n = 0;
	ssize_t r;

	while ((r = source_read(body, bytes + n, 3, &err)) > 0)
		n += (size_t)r;
	assert_int_equal(r, 0);
	bytes[n] = '\0';
	assert_string_equal(bytes, text);
	source_free(body);
}

static void
messages_of_a_script_are_as_they_go_out(void **state)
{
	static const char text[] =
	    "DATA\r\nfirst\r\n..\n\n.\nDATA\nsecond\n.\n";
	struct script_step step;
	struct script s;
	struct error err;

	(void)state;
	assert_int_equal(read_first(&s, BYTES(text), &step, &err), 1);
	assert_body(&step, "first\r\n..\r\n\r\n");
	assert_true(step.body->stuffed);
	assert_int_equal(script_next(&s, &step, &err), 1);
	assert_body(&step, "second\r\n");
	assert_int_equal(script_next(&s, &step, &err), 0);
	script_close(&s);
}

static void
a_file_of_bdat_is_as_it_is_and_one_of_data_has_line_ends(void **state)
{
	struct script_step step;
	struct script s;
	struct error err;
	char text[300], name[100];

	(void)state;
	snprintf(name, sizeof(name), "%s", file(".a\nb", 4));
	snprintf(text, sizeof(text), "BDAT <%s\nDATA < %s\n", name, name);
	assert_int_equal(read_first(&s, text, strlen(text), &step, &err), 1);
	assert_body(&step, ".a\nb");
	assert_int_equal(script_next(&s, &step, &err), 1);
	assert_body(&step, ".a\r\nb\r\n");
	assert_false(step.body->stuffed);
	script_close(&s);
	unlink(name);
}

static void
codes_have_wildcards_and_beginnings(void **state)
{
	static const struct {
		const char *codes;
		int code;
		bool is;
	} table[] = {{"250", 250, true}, {"250", 251, false}, {"2", 299, true},
	    {"2yz", 220, true}, {"25Z", 259, true}, {"25z", 260, false},
	    {"550, 4xx", 421, true}, {"550,4yz", 551, false},
	    {"2y0", 250, true}, {"2y0", 251, false}};
	struct script_step step = {.kind = SCRIPT_EXPECT};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		step.codes = table[i].codes;
		assert_int_equal(
		    script_expects(&step, table[i].code), table[i].is);
	}
}

/* --- what replies are worth -----------------------------------------------*/

static void
hear(struct script_rule *r, const struct script_step *step, int code,
    enum smtp_phase phase)
{
	struct smtp_reply reply = {.code = code};
	const struct smtp_event e = {
	    .type = SMTP_REPLY, .phase = phase, .reply = &reply};

	buf_puts(&reply.text, "text");
	script_hear(r, step, &e);
	buf_clear(&reply.text);
}

static void
clear(struct script_rule *r)
{
	script_forget(r);
	free(r->heard);
	*r = (struct script_rule){.name = "s"};
}

static void
the_stop_rule(void **state)
{
	static const struct {
		int code;
		bool keep_going, over, broken_off;
		int status;
	} table[] = {{250, false, false, false, EX_OK},
	    {354, false, false, false, EX_OK}, {221, false, true, true, EX_OK},
	    {221, true, true, true, EX_OK},
	    {421, false, true, true, EX_TEMPFAIL},
	    {421, true, true, true, EX_TEMPFAIL},
	    {450, false, true, false, EX_TEMPFAIL},
	    {550, false, true, false, EX_UNAVAILABLE},
	    {550, true, false, false, EX_UNAVAILABLE}};
	const struct script_step step = {.line = 3, .text = "NOOP"};
	struct script_rule r = {.name = "s"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		r.keep_going = table[i].keep_going;
		hear(&r, &step, table[i].code, SMTP_PHASE_COMMAND);
		script_judge(&r);
		assert_int_equal(r.over, table[i].over);
		assert_int_equal(r.broken_off, table[i].broken_off);
		assert_int_equal(r.status, table[i].status);
		if (r.status != EX_OK)
			assert_non_null(strstr(r.error.text, "s:3: NOOP: "));
		clear(&r);
	}
}

static void
the_first_refusal_decides_where_it_goes_on(void **state)
{
	const struct script_step step = {.text = "NOOP"};
	struct script_rule r = {.name = "s", .keep_going = true};

	(void)state;
	hear(&r, &step, 450, SMTP_PHASE_COMMAND);
	hear(&r, &step, 550, SMTP_PHASE_COMMAND);
	hear(&r, &step, 250, SMTP_PHASE_COMMAND);
	script_judge(&r);
	assert_int_equal(r.status, EX_TEMPFAIL);
	clear(&r);
	r.open = true;
	hear(&r, &step, 450, SMTP_PHASE_COMMAND);
	hear(&r, &step, 550, SMTP_PHASE_COMMAND);
	script_judge(&r);
	assert_int_equal(r.status, EX_UNAVAILABLE);
	hear(&r, &step, 250, SMTP_PHASE_COMMAND);
	script_judge(&r);
	assert_int_equal(r.status, EX_OK);
	assert_int_equal(r.error.status, 0);
	clear(&r);
}

static void
what_is_expected_is_no_refusal(void **state)
{
	const struct script_step noop = {.text = "NOOP"},
				 expect = {.codes = "550", .line = 4};
	struct script_rule r = {.name = "s"};

	(void)state;
	hear(&r, &noop, 550, SMTP_PHASE_COMMAND);
	script_expect(&r, &expect, script_unexpected(&r));
	script_judge(&r);
	assert_false(r.over);
	assert_null(script_unexpected(&r));
	script_forget(&r);
	hear(&r, &noop, 250, SMTP_PHASE_COMMAND);
	script_expect(&r, &expect, script_unexpected(&r));
	assert_true(r.over);
	assert_int_equal(r.status, EX_PROTOCOL);
	assert_non_null(strstr(r.error.text, "expected 550"));
	clear(&r);
}

static void
of_an_exchange_the_last_reply_counts(void **state)
{
	const struct script_step data = {.kind = SCRIPT_DATA, .text = "DATA"},
				 auth = {.kind = SCRIPT_AUTH, .text = "AUTH"};
	struct script_rule r = {.name = "s"};

	(void)state;
	hear(&r, &data, 354, SMTP_PHASE_DATA);
	hear(&r, &data, 250, SMTP_PHASE_MESSAGE);
	assert_int_equal(r.heard_count, 1);
	assert_int_equal(r.heard[0].code, 250);
	assert_true(r.accepted);
	hear(&r, &data, 550, SMTP_PHASE_MESSAGE); /* LMTP */
	assert_int_equal(r.heard_count, 2);
	clear(&r);
	hear(&r, &auth, 334, SMTP_PHASE_AUTH);
	hear(&r, &auth, 535, SMTP_PHASE_AUTH);
	assert_int_equal(r.heard_count, 1);
	script_judge(&r);
	assert_int_equal(r.status, EX_NOPERM);
	clear(&r);
}

/* --- a message that goes by lines and bytes -------------------------------*/

/* What goes out and comes in, in order: ">bytes", "=command" that is said,
 * "<code", and "<code command". */
static void
follow(struct script_raw *r, const char *const *steps)
{
	for (; *steps != NULL; steps++) {
		const char *text = *steps + 1;

		if (**steps == '>')
			script_raw_sent(r, text, strlen(text));
		else if (**steps == '=')
			script_raw_said(r, text);
		else
			script_raw_heard(
			    r, text[3] == ' ' ? text + 4 : NULL, atoi(text));
	}
}

static void
a_message_by_bytes_is_unknown_until_it_is_answered(void **state)
{
	static const struct {
		const char *steps[12];
		bool unknown; /* when the connection is lost there */
		bool accepted;
	} table[] = {
	    {{">DATA\r\n", "<354", ">x\r\n.\r\n"}, true, false},
	    {{">DATA\r\n", "<354", ">x\r\n.\r\n", "<250"}, false, true},
	    {{">DATA\r\n", "<354", ">x\r\n.\r\n", "<550"}, false, false},
	    {{">DATA\r\n", "<354", ">x\r\n"}, false, false},
	    {{">DATA\r\n", "<354", ">..\r\nx.\r\n"}, false, false},
	    {{">da", ">ta \n", "<354", ">x\n", ">.", ">\n"}, true, false},
	    {{">DATA\r\n", "<354", ">x\r\n", "=."}, true, false},
	    {{">DATA\r\n", "<354", "=.", "<250 ."}, false, true},
	    {{">DATA\r\n", "<503", ">.\r\n", "<500"}, false, false},
	    {{">DATA\r\nx\r\n.\r\n"}, true, false},
	    {{">DATA\r\nx\r\n.\r\n", "<354", "<250"}, false, true},
	    {{">DATA\r\nx\r\n.\r\n", "<503"}, false, false},
	    {{">MAIL\r\nDATA\r\nx\r\n.\r\n", "<250", "<354"}, true, false},
	    {{">MAIL\r\nDATA\r\n.\r\n", "<550", "<354", "<250"}, false, true},
	    {{">.\r\n", "<500"}, false, false},
	    {{">DATA\n", "<354", ">.\n", "<354"}, true, false},
	    {{">DATA\n", "<354", ">.\n", "<220"}, true, false},
	    {{">BDAT 5 LAST\r\nhello"}, true, false},
	    {{">bdat 5\tlast\nhell", ">o"}, true, false},
	    {{">BDAT 500 LAST\r\nhello"}, false, false},
	    {{">BDAT 0 LAST\r\n"}, true, false},
	    {{">BDAT 2\r\nhi", "<250"}, false, false},
	    {{">BDAT 2\r\nhi", "<250", ">BDAT 0 LAST\r\n", "<250"}, false,
		true},
	    {{">BDAT 2\r\nhiBDAT 0 LAST\r\n", "<250"}, true, false},
	    {{"<250 RCPT TO:<a>", ">DATA\n", "<354", ">.\n", "<353", "<250"},
		true, true},
	    {{"<250 RCPT TO:<a>", ">DATA\n", "<354", ">.\n", "<353", "<250",
		 "<550"},
		false, false},
	    {{"<250 LHLO x", "<250 RCPT a", "<250 RCPT b", ">DATA\n", "<354",
		 ">.\n", "<550"},
		true, false},
	    {{"<250 LHLO x", "<250 RCPT a", "<250 RCPT b", ">DATA\n", "<354",
		 ">.\n", "<250", "<550"},
		false, true},
	};
	struct script_raw r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		r = (struct script_raw){0};
		follow(&r, table[i].steps);
		if (script_raw_unknown(&r, true) != table[i].unknown ||
		    r.accepted != table[i].accepted)
			fail_msg("case %zu: %d %d", i,
			    script_raw_unknown(&r, true), r.accepted);
	}
}

/* How many verdicts PRDR has is known by the RCPT that were commands. */
static void
verdicts_that_nobody_can_count_are_no_secret(void **state)
{
	static const char *const steps[] = {
	    ">DATA\n", "<354", ">.\n", "<353", "<250", "<250", NULL};
	struct script_raw r = {0};

	(void)state;
	follow(&r, steps);
	assert_false(script_raw_unknown(&r, false));
	assert_true(script_raw_unknown(&r, true));
}

static void
quit_and_what_became_of_it_change_nothing(void **state)
{
	const struct script_step quit = {.text = "quit"};
	struct script_rule r = {.name = "s"};

	(void)state;
	hear(&r, &quit, 550, SMTP_PHASE_COMMAND);
	script_judge(&r);
	assert_true(r.over && r.broken_off);
	assert_int_equal(r.status, EX_OK);
	clear(&r);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_a_command_an_exchange_or_a_directive),
	    cmocka_unit_test(what_is_wrong_is_told_with_its_line),
	    cmocka_unit_test(bytes_have_escapes),
	    cmocka_unit_test(a_flight_has_its_steps_and_an_end),
	    cmocka_unit_test(messages_of_a_script_are_as_they_go_out),
	    cmocka_unit_test(
		a_file_of_bdat_is_as_it_is_and_one_of_data_has_line_ends),
	    cmocka_unit_test(codes_have_wildcards_and_beginnings),
	    cmocka_unit_test(the_stop_rule),
	    cmocka_unit_test(the_first_refusal_decides_where_it_goes_on),
	    cmocka_unit_test(what_is_expected_is_no_refusal),
	    cmocka_unit_test(
		a_message_by_bytes_is_unknown_until_it_is_answered),
	    cmocka_unit_test(verdicts_that_nobody_can_count_are_no_secret),
	    cmocka_unit_test(quit_and_what_became_of_it_change_nothing),
	    cmocka_unit_test(of_an_exchange_the_last_reply_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
