/* The server's side of a session, however its input is cut into pieces. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "smtp/responder.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/*
 * A dialogue: lines of the client, "C: " with CRLF, "L: " with LF alone, "R: " with
 * CR alone; of the server, "S: "; and "E: ", what its
 * caller is told.  Who is called no... is refused, later... deferred; a
 * message with the word spam in it is refused.
 */
struct dialogue {
	const char *name, *lines;
};

static const struct dialogue dialogues[] = {
    {"a message as RFC 5321 D.1 has it",
	"S: 220 here ESMTP smtpsend\n"
	"C: EHLO bar.example\n"
	"S: 250-here\nS: 250-PIPELINING\nS: 250-SIZE 1000000\n"
	"S: 250-8BITMIME\nS: 250-SMTPUTF8\nS: 250-ENHANCEDSTATUSCODES\n"
	"S: 250-DSN\nS: 250 HELP\n"
	"C: MAIL FROM:<Smith@bar.example>\n"
	"E: MAIL Smith@bar.example\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<Jones@foo.example>\n"
	"E: RCPT Jones@foo.example\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<nobody@foo.example>\n"
	"E: RCPT nobody@foo.example\nS: 550 5.1.1 no such user\n"
	"C: DATA\nE: DATA\nS: 354 go\n"
	"C: Blah blah blah...\nC: etc.\nC: .\n"
	"E: END Blah blah blah...\\r\\netc.\\r\\n\nS: 250 2.0.0 queued\n"
	"C: QUIT\nE: QUIT\nS: 221 2.0.0 closing\n"},
    {"HELO offers nothing, and MAIL needs neither",
	"S: 220 here ESMTP smtpsend\n"
	"C: MAIL FROM:<>\nE: MAIL \nS: 250 2.1.0 yes\n"
	"C: HELO x\nE: RESET\nS: 250 here\n"
	"C: mail from:<a@b>\nE: MAIL a@b\nS: 250 2.1.0 yes\n"},
    {"a client that sends LF alone is understood",
	"S: 220 here ESMTP smtpsend\n"
	"L: HELO x\nS: 250 here\n"
	"L: MAIL FROM:<a@b>\nE: MAIL a@b\nS: 250 2.1.0 yes\n"
	"L: RCPT TO:<c@d>\nE: RCPT c@d\nS: 250 2.1.0 yes\n"
	"L: DATA\nE: DATA\nS: 354 go\n"
	"L: one\nL: ..two\nL: .\n"
	"E: END one\\n.two\\n\nS: 250 2.0.0 queued\n"
	"L: NOOP\nS: 250 2.0.0 OK\n"},
    {"LF in commands, CRLF in the message",
	"S: 220 here ESMTP smtpsend\n"
	"L: MAIL FROM:<a@b>\nE: MAIL a@b\nS: 250 2.1.0 yes\n"
	"L: RCPT TO:<c@d>\nE: RCPT c@d\nS: 250 2.1.0 yes\n"
	"L: DATA\nE: DATA\nS: 354 go\n"
	"C: one\nC: .\n"
	"E: END one\\r\\n\nS: 250 2.0.0 queued\n"},
    {"no message is smuggled into one of a client that sends CRLF",
	"S: 220 here ESMTP smtpsend\n"
	"C: MAIL FROM:<a@b>\nE: MAIL a@b\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<c@d>\nE: RCPT c@d\nS: 250 2.1.0 yes\n"
	"C: DATA\nE: DATA\nS: 354 go\n"
	"L: one\nL: .\nL: MAIL FROM:<evil@x>\nC: \nL: .\nR: x\nL: .\n"
	"C: two\nR: .\nC: .\nC: ...\nC: .x\nC: .\n"
	"E: END one\\n.\\nMAIL FROM:<evil@x>\\n\\r\\n\\nx\\r.\\ntwo\\r\\n"
	"\\r.\\r\\n..\\r\\nx\\r\\n\nS: 250 2.0.0 queued\n"},
    {"an empty message, and a second one",
	"S: 220 here ESMTP smtpsend\n"
	"C: MAIL FROM:<a@b>\nE: MAIL a@b\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<c@d>\nE: RCPT c@d\nS: 250 2.1.0 yes\n"
	"C: DATA\nE: DATA\nS: 354 go\nC: .\nE: END \nS: 250 2.0.0 queued\n"
	"C: RCPT TO:<c@d>\nS: 503 5.5.1 MAIL comes first\n"
	"C: MAIL FROM:<a@b>\nE: MAIL a@b\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<c@d>\nE: RCPT c@d\nS: 250 2.1.0 yes\n"
	"C: DATA\nE: DATA\nS: 354 go\nC: spam\nC: .\n"
	"E: END spam\\r\\n\nS: 554 5.6.0 no spam\n"
	"C: QUIT\nE: QUIT\nS: 221 2.0.0 closing\nC: NOOP\n"},
    {"what comes out of order is 503",
	"S: 220 here ESMTP smtpsend\n"
	"C: RCPT TO:<a@b>\nS: 503 5.5.1 MAIL comes first\n"
	"C: DATA\nS: 503 5.5.1 MAIL and RCPT come first\n"
	"C: MAIL FROM:<a@b>\nE: MAIL a@b\nS: 250 2.1.0 yes\n"
	"C: MAIL FROM:<a@b>\nS: 503 5.5.1 MAIL was said before\n"
	"C: DATA\nS: 503 5.5.1 RCPT comes first\n"
	"C: RCPT TO:<later@b>\nE: RCPT later@b\n"
	"S: 450 4.2.0 later\n"
	"C: DATA\nS: 554 5.5.1 no valid recipients\n"
	"C: RSET\nE: RESET\nS: 250 2.0.0 OK\n"
	"C: RSET\nS: 250 2.0.0 OK\n"
	"C: MAIL FROM:<no@b>\nE: MAIL no@b\nS: 550 5.1.1 no such user\n"
	"C: RCPT TO:<a@b>\nS: 503 5.5.1 MAIL comes first\n"},
    {"what is no command, or none that is here",
	"S: 220 here ESMTP smtpsend\n"
	"C: FOO\nS: 500 5.5.1 the command is not recognized\n"
	"C: MAILFROM:<a@b>\nS: 500 5.5.1 the command is not recognized\n"
	"C: \nS: 500 5.5.2 a command is needed\n"
	"C: NOOP \x01\n"
	"S: 500 5.5.2 a command is a line of text without controls\n"
	"C: NOOP \xff\n"
	"S: 500 5.5.2 a command is a line of text without controls\n"
	"C: EXPN list\nS: 502 5.5.1 the command is not implemented\n"
	"C: STARTTLS\nS: 502 5.5.1 the command is not implemented\n"
	"C: AUTH PLAIN\nS: 502 5.5.1 the command is not implemented\n"
	"C: BDAT 3 LAST\nS: 502 5.5.1 the command is not implemented\n"
	"C: VRFY\nS: 501 5.5.4 a name or address is needed\n"
	"C: VRFY root\nS: 252 2.1.5 cannot verify it; RCPT asks the server, "
	"and mail will be tried\n"
	"C: NOOP whatever\nS: 250 2.0.0 OK\n"
	"C: EHLO\nS: 501 5.5.4 a name is needed\n"
	"C: RSET now\nS: 501 5.5.4 the command takes no argument\n"
	"C: QUIT now\nS: 501 5.5.4 the command takes no argument\n"
	"C: quit  \nE: QUIT\nS: 221 2.0.0 closing\n"},
    {"paths",
	"S: 220 here ESMTP smtpsend\n"
	"C: MAIL\nS: 501 5.5.2 it is MAIL FROM:<address>\n"
	"C: MAIL TO:<a@b>\nS: 501 5.5.2 it is MAIL FROM:<address>\n"
	"C: MAIL FROM:\nS: 501 5.5.2 a path in angle brackets is needed\n"
	"C: MAIL FROM:<a@b\nS: 501 5.5.2 syntax error in the path\n"
	"C: MAIL FROM:<a b@c>\nS: 501 5.5.2 syntax error in the path\n"
	"C: MAIL FROM:<a@b>SIZE=1\nS: 501 5.5.2 syntax error in the path\n"
	"C: MAIL FROM:<\"a@b>\nS: 501 5.5.2 syntax error in the path\n"
	"C: MAIL FROM:<\xc3\xa4@b>\nS: 553 5.6.7 an address that is not ASCII "
	"needs SMTPUTF8 with MAIL\n"
	"C: MAIL FROM : <@x,@y:\"a> \\\"b\"@c>\nE: MAIL \"a> \\\"b\"@c\n"
	"S: 250 2.1.0 yes\n"
	"C: RCPT TO:<>\nS: 501 5.1.3 no recipient is named\n"
	"C: RCPT FROM:<a@b>\nS: 501 5.5.2 it is RCPT TO:<address>\n"
	"C: RCPT TO:<\xc3\xa4@b>\nS: 553 5.6.7 an address that is not ASCII "
	"needs SMTPUTF8 with MAIL\n"
	"C: RCPT TO:root\nE: RCPT root\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<root> \nE: RCPT root\nS: 250 2.1.0 yes\n"},
    {"parameters",
	"S: 220 here ESMTP smtpsend\n"
	"C: MAIL FROM:<a@b> SIZE=\nS: 501 5.5.4 syntax error in a parameter\n"
	"C: MAIL FROM:<a@b> SI_ZE=1\n"
	"S: 501 5.5.4 syntax error in a parameter\n"
	"C: MAIL FROM:<a@b> SIZE=1x\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: MAIL FROM:<a@b> BODY=BINARYMIME\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: MAIL FROM:<a@b> RET=FULL RET=FULL\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: MAIL FROM:<a@b> ENVID=a+2\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: MAIL FROM:<a@b> ENVID=a+00b\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: MAIL FROM:<a@b> FOO=1\n"
	"S: 555 5.5.4 a parameter is not recognized or not implemented\n"
	"C: MAIL FROM:<a@b> AUTH=<>\n"
	"S: 555 5.5.4 a parameter is not recognized or not implemented\n"
	"C: MAIL FROM:<a@b> SIZE=1000001\n"
	"S: 552 5.3.4 the message is too large\n"
	"C: MAIL FROM:<\xc3\xa4@b>  SIZE=12 body=8bitmime SMTPUTF8 "
	"RET=hdrs ENVID=a+20b\n"
	"E: MAIL \xc3\xa4@b SIZE=12 RET=hdrs ENVID=a+20b\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<\xc3\xb6@b> NOTIFY=success,FAILURE ORCPT=rfc822;x@y\n"
	"E: RCPT \xc3\xb6@b NOTIFY=success,FAILURE ORCPT=rfc822;x@y\n"
	"S: 250 2.1.0 yes\n"
	"C: RCPT TO:<a@b> NOTIFY=NEVER\nE: RCPT a@b NOTIFY=NEVER\n"
	"S: 250 2.1.0 yes\n"
	"C: RCPT TO:<a@b> NOTIFY=NEVER,DELAY\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: RCPT TO:<a@b> NOTIFY=DELAY,DELAY\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: RCPT TO:<a@b> ORCPT=rfc822;x+0Ay@b\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: RCPT TO:<a@b> ORCPT=x\n"
	"S: 501 5.5.4 the value of a parameter is not one of it\n"
	"C: RCPT TO:<a@b> SIZE=1\n"
	"S: 555 5.5.4 a parameter is not recognized or not implemented\n"},
    {"a server's lines, made printable",
	"S: 220 here ESMTP smtpsend\n"
	"C: MAIL FROM:<a@b>\nE: MAIL a@b\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<lines@b>\nE: RCPT lines@b\n"
	"S: 550-5.7.1 one\nS: 550-5.7.1 t\\x1Bwo\nS: 550 5.7.1 \\xC3\\xA4\n"
	"C: RSET\nE: RESET\nS: 250 2.0.0 OK\n"
	"C: MAIL FROM:<a@b> SMTPUTF8\nE: MAIL a@b\nS: 250 2.1.0 yes\n"
	"C: RCPT TO:<lines@b>\nE: RCPT lines@b\n"
	"S: 550-5.7.1 one\nS: 550-5.7.1 t\\x1Bwo\nS: 550 5.7.1 \xc3\xa4\n"},
    {"421 ends it",
	"S: 220 here ESMTP smtpsend\n"
	"C: MAIL FROM:<end@b>\nE: MAIL end@b\nS: 421 4.3.2 enough\n"
	"C: NOOP\n"},
};

struct run {
	struct buf said, told, text;
};

static void
put_visibly(struct buf *out, const struct buf *text)
{
	size_t i;

	for (i = 0; i < text->len; i++)
		if (text->data[i] == '\r')
			buf_puts(out, "\\r");
		else if (text->data[i] == '\n')
			buf_puts(out, "\\n");
		else
			buf_putc(out, text->data[i]);
}

static void
note_path(struct run *run, const struct responder_event *e)
{
	buf_printf(&run->told, "%s %s",
	    e->type == RESPONDER_MAIL ? "MAIL" : "RCPT", e->path);
	if (e->size > 0)
		buf_printf(&run->told, " SIZE=%d", (int)e->size);
	if (e->ret != NULL)
		buf_printf(&run->told, " RET=%s", e->ret);
	if (e->envid != NULL)
		buf_printf(&run->told, " ENVID=%s", e->envid);
	if (e->notify != NULL)
		buf_printf(&run->told, " NOTIFY=%s", e->notify);
	if (e->orcpt != NULL)
		buf_printf(&run->told, " ORCPT=%s", e->orcpt);
	buf_putc(&run->told, '\n');
}

static void
answer_path(struct responder *r, const char *path)
{
	if (strncmp(path, "no", 2) == 0)
		responder_answer(r, 550, "5.1.1", "no such user");
	else if (strncmp(path, "later", 5) == 0)
		responder_answer(r, 450, "", "4.2.0 later");
	else if (strncmp(path, "lines", 5) == 0)
		responder_answer(
		    r, 550, "", "5.7.1 one\n5.7.1 t\x1bwo\n\xc3\xa4");
	else if (strncmp(path, "end", 3) == 0)
		responder_answer(r, 421, "4.3.2", "enough");
	else
		responder_answer(r, 250, "2.1.0", "yes");
}

static void
take(struct run *run, struct responder *r, const struct responder_event *e)
{
	switch (e->type) {
	case RESPONDER_MAIL:
	case RESPONDER_RCPT:
		note_path(run, e);
		answer_path(r, e->path);
		break;
	case RESPONDER_DATA:
		buf_puts(&run->told, "DATA\n");
		responder_answer(r, 354, "", "go");
		assert_true(responder_in_message(r));
		break;
	case RESPONDER_TEXT:
		assert_true(e->n > 0);
		buf_append(&run->text, e->bytes, e->n);
		break;
	case RESPONDER_END:
		assert_false(responder_in_message(r));
		buf_puts(&run->told, "END ");
		put_visibly(&run->told, &run->text);
		buf_putc(&run->told, '\n');
		if (strstr(buf_string(&run->text), "spam") != NULL)
			responder_answer(r, 554, "", "5.6.0 no spam");
		else
			responder_answer(r, 250, "", "queued");
		buf_reset(&run->text);
		break;
	case RESPONDER_RESET:
		buf_puts(&run->told, "RESET\n");
		break;
	case RESPONDER_QUIT:
		buf_puts(&run->told, "QUIT\n");
		break;
	}
}

static void
play(struct run *run, const struct buf *input, size_t piece)
{
	struct responder r;
	struct responder_event e;
	size_t at = 0, n;

	responder_init(&r, "here", 1000000);
	while (at < input->len) {
		n = input->len - at < piece ? input->len - at : piece;
		responder_receive(&r, input->data + at, n);
		at += n;
		while (responder_event(&r, &e))
			take(run, &r, &e);
		buf_append(&run->said, r.out.data, r.out.len);
		buf_reset(&r.out);
	}
	responder_clear(&r);
}

/* What the lines of a dialogue with this letter say, joined with their ends. */
static void
gather(struct buf *out, const char *lines, const char *letters)
{
	size_t n;

	for (; *lines != '\0'; lines += n + 1) {
		n = strcspn(lines, "\n");
		if (strchr(letters, lines[0]) == NULL)
			continue;
		buf_append(out, lines + 3, n - 3);
		if (lines[0] == 'C' || lines[0] == 'S')
			buf_puts(out, "\r\n");
		else if (lines[0] == 'R')
			buf_putc(out, '\r');
		else
			buf_putc(out, '\n');
	}
}

static void
test_dialogues(void **state)
{
	static const size_t pieces[] = {1, 2, 3, 7, 1 << 20};
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(dialogues); i++) {
		struct buf input = {0}, said = {0}, told = {0};

		gather(&input, dialogues[i].lines, "CLR");
		gather(&said, dialogues[i].lines, "S");
		gather(&told, dialogues[i].lines, "E");
		for (k = 0; k < ELEMENTS(pieces); k++) {
			struct run run = {0};

			play(&run, &input, pieces[k]);
			if (strcmp(buf_string(&run.said), buf_string(&said)) !=
				0 ||
			    strcmp(buf_string(&run.told), buf_string(&told)) !=
				0)
				print_error("%s, in pieces of %zu:\n",
				    dialogues[i].name, pieces[k]);
			assert_string_equal(
			    buf_string(&run.said), buf_string(&said));
			assert_string_equal(
			    buf_string(&run.told), buf_string(&told));
			buf_clear(&run.said);
			buf_clear(&run.told);
			buf_clear(&run.text);
		}
		buf_clear(&input);
		buf_clear(&said);
		buf_clear(&told);
	}
}

/* 4.5.3.1: a long command is none, and what is behind it is understood. */
static void
test_long_lines(void **state)
{
	static char line[RESPONDER_LINE_MAX + 2];
	struct responder r;
	struct responder_event e;
	size_t n = RESPONDER_LINE_MAX;

	(void)state;
	memset(line, 'x', n + 1);
	responder_init(&r, "here", 0);
	buf_reset(&r.out);
	responder_receive(&r, line, n - 1);
	assert_false(responder_event(&r, &e));
	responder_receive(&r, "\r\n", 2);
	assert_false(responder_event(&r, &e));
	assert_string_equal(
	    buf_string(&r.out), "500 5.5.1 the command is not recognized\r\n");
	buf_reset(&r.out);
	responder_receive(&r, line, n);
	assert_false(responder_event(&r, &e));
	responder_receive(&r, line, 1);
	assert_false(responder_event(&r, &e));
	responder_receive(&r, "\r\nNOOP\r\n", 8);
	assert_false(responder_event(&r, &e));
	assert_string_equal(buf_string(&r.out),
	    "500 5.5.2 the line is too long\r\n250 2.0.0 OK\r\n");
	responder_clear(&r);
}

static void
test_long_path(void **state)
{
	struct responder r;
	struct responder_event e;
	char line[512];
	int n;

	(void)state;
	responder_init(&r, "here", 0);
	buf_reset(&r.out);
	n = snprintf(line, sizeof(line), "MAIL FROM:<%0254d>\r\n", 0);
	responder_receive(&r, line, (size_t)n);
	assert_true(responder_event(&r, &e));
	assert_int_equal(strlen(e.path), 254);
	responder_answer(&r, 450, "", "later");
	buf_reset(&r.out);
	n = snprintf(line, sizeof(line), "MAIL FROM:<%0255d>\r\n", 0);
	responder_receive(&r, line, (size_t)n);
	assert_false(responder_event(&r, &e));
	assert_string_equal(
	    buf_string(&r.out), "501 5.1.7 the path is too long\r\n");
	responder_clear(&r);
}

static void
test_too_many_recipients(void **state)
{
	static const char rcpt[] = "RCPT TO:<a@b>\r\n";
	struct responder r;
	struct responder_event e;
	int i;

	(void)state;
	responder_init(&r, "here", 0);
	responder_receive(&r, "MAIL FROM:<>\r\n", 14);
	assert_true(responder_event(&r, &e));
	responder_answer(&r, 250, "", "yes");
	for (i = 0; i < RESPONDER_RECIPIENTS_MAX; i++) {
		responder_receive(&r, rcpt, sizeof(rcpt) - 1);
		assert_true(responder_event(&r, &e));
		responder_answer(&r, 250, "", "yes");
	}
	buf_reset(&r.out);
	responder_receive(&r, rcpt, sizeof(rcpt) - 1);
	assert_false(responder_event(&r, &e));
	assert_string_equal(
	    buf_string(&r.out), "452 4.5.3 too many recipients\r\n");
	responder_clear(&r);
}

/* Out of turn: in the middle of a message, too. */
static void
test_close(void **state)
{
	struct responder r;
	struct responder_event e;

	(void)state;
	responder_init(&r, "here", 0);
	buf_reset(&r.out);
	responder_receive(&r, "MAIL FROM:<>\r\n", 14);
	assert_true(responder_event(&r, &e));
	responder_close(&r, "4.3.2", "stopped");
	responder_close(&r, "4.3.2", "stopped");
	assert_true(responder_is_over(&r));
	assert_string_equal(buf_string(&r.out), "421 4.3.2 stopped\r\n");
	responder_receive(&r, "NOOP\r\n", 6);
	assert_false(responder_event(&r, &e));
	responder_clear(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dialogues),
	    cmocka_unit_test(test_long_lines),
	    cmocka_unit_test(test_long_path),
	    cmocka_unit_test(test_too_many_recipients),
	    cmocka_unit_test(test_close),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
