/* A conversation that somebody else words: what goes out, and whose the replies
 * are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "smtp/session_internal.h"

struct talk {
	struct smtp_params params;
	struct smtp_session *session;
	struct buf wire, events;
	bool closed;
	struct error error;
};

static void
note(struct talk *t, const struct smtp_event *e)
{
	if (e->type == SMTP_REPLY)
		buf_printf(&t->events, "%s=%d ", e->text != NULL ? e->text : "",
		    e->reply->code);
	else if (e->type == SMTP_WANT_WORK)
		buf_puts(&t->events, "want ");
	else if (e->type == SMTP_START_TLS)
		buf_puts(&t->events, "tls ");
	else if (e->type == SMTP_COMMIT)
		buf_puts(&t->events, "commit ");
	else if (e->type == SMTP_DONE)
		buf_puts(&t->events, "done ");
	if (e->type == SMTP_CLOSED) {
		t->closed = true;
		if (e->error != NULL)
			t->error = *e->error;
	}
}

static void
flush(struct talk *t)
{
	struct smtp_event e;
	const char *bytes;
	size_t n;

	for (;;) {
		while (smtp_session_event(t->session, &e))
			note(t, &e);
		smtp_session_output(t->session, &bytes, &n);
		if (t->session->events.count > 0)
			continue;
		if (n == 0)
			return;
		buf_append(&t->wire, bytes, n);
		smtp_session_sent(t->session, n);
	}
}

/* In pieces of n octets. */
static void
hear_in(struct talk *t, const char *text, size_t n)
{
	size_t left = strlen(text), k;

	flush(t);
	for (; left > 0; text += k, left -= k) {
		k = n < left ? n : left;
		smtp_session_receive(t->session, text, k);
		flush(t);
	}
}

static void
hear(struct talk *t, const char *text)
{
	hear_in(t, text, SIZE_MAX);
}

static void
begin(struct talk *t)
{
	*t = (struct talk){.params = t->params};
	t->params.ehlo_name = "c";
	t->params.as_said = true;
	t->session = smtp_session_new(&t->params);
	hear(t, "220 mx\r\n");
	buf_reset(&t->events);
}

static void
assert_said(struct talk *t, const char *text)
{
	flush(t);
	assert_string_equal(buf_string(&t->wire), text);
	buf_reset(&t->wire);
}

static void
assert_events(struct talk *t, const char *text)
{
	assert_string_equal(buf_string(&t->events), text);
	buf_reset(&t->events);
}

static void
end(struct talk *t)
{
	smtp_session_free(t->session);
	buf_clear(&t->wire);
	buf_clear(&t->events);
}

static void
nothing_is_said_by_itself(void **state)
{
	struct talk t = {0};

	(void)state;
	begin(&t);
	assert_said(&t, "");
	smtp_session_say(t.session, "ehlo me", NULL, false);
	assert_said(&t, "ehlo me\r\n");
	hear(&t, "250-mx\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n");
	assert_events(&t, "want ehlo me=250 ");
	assert_true(smtp_capable(
	    smtp_session_capabilities(t.session), SMTP_PIPELINING));
	assert_string_equal(
	    smtp_session_hello(t.session, false), "mx\nPIPELINING\nAUTH PLAIN");
	end(&t);
}

static void
any_reply_is_taken_as_it_is(void **state)
{
	struct talk t = {0};

	(void)state;
	begin(&t);
	smtp_session_say(t.session, "AUTH LOGIN", NULL, false);
	assert_said(&t, "AUTH LOGIN\r\n");
	hear(&t, "334 VXNlcg==\r\n");
	smtp_session_say(t.session, "EHLO", NULL, false);
	hear(&t, "550 no\r\n");
	assert_events(&t, "want AUTH LOGIN=334 want EHLO=550 ");
	assert_false(t.closed);
	end(&t);
}

static void
a_flight_goes_whether_the_server_pipelines_or_not(void **state)
{
	struct talk t = {0};
	size_t n;

	(void)state;
	for (n = 1; n < 30; n++) {
		begin(&t);
		smtp_session_say(t.session, "A", NULL, true);
		smtp_session_put(t.session, "B\r\n", 3, false, true);
		smtp_session_await(t.session, true);
		smtp_session_say(t.session, "C", NULL, true);
		smtp_session_put(t.session, "", 0, false, false);
		assert_said(&t, "A\r\nB\r\nC\r\n");
		hear_in(&t, "250 a\r\n251-b\r\n251 b\r\n550 c\r\n", n);
		assert_events(&t, "want A=250 =251 C=550 ");
		end(&t);
	}
}

static void
bytes_are_over_when_they_were_sent(void **state)
{
	struct talk t = {0};
	const char *bytes;
	size_t n;

	(void)state;
	begin(&t);
	smtp_session_put(t.session, "EH\0", 3, false, false);
	smtp_session_output(t.session, &bytes, &n);
	assert_int_equal(n, 3);
	assert_memory_equal(bytes, "EH\0", 3);
	smtp_session_sent(t.session, 2);
	smtp_session_output(t.session, &bytes, &n);
	assert_int_equal(n, 1);
	assert_int_equal(t.session->events.count, 0);
	smtp_session_sent(t.session, 1);
	flush(&t);
	assert_events(&t, "want ");
	end(&t);
}

static void
a_reply_that_nobody_waits_for_is_kept(void **state)
{
	struct talk t = {0};

	(void)state;
	begin(&t);
	smtp_session_put(t.session, "NOOP\r\n", 6, false, false);
	assert_said(&t, "NOOP\r\n");
	hear(&t, "250 ok\r\n421 bye\r\n");
	assert_events(&t, "want ");
	smtp_session_await(t.session, false);
	flush(&t);
	assert_events(&t, "want =250 ");
	smtp_session_await(t.session, false);
	flush(&t);
	assert_events(&t, "want =421 ");
	end(&t);
}

static struct smtp_transaction
message(const char *text, struct smtp_texts *texts)
{
	return (struct smtp_transaction){
	    .body = source_from_bytes(text, strlen(text)),
	    .size = SMTP_SIZE_UNKNOWN,
	    .texts = texts,
	    .message_only = true,
	};
}

static void
a_message_goes_by_data_or_bdat_as_it_is_asked(void **state)
{
	struct arena arena = {0};
	struct smtp_texts texts = {.arena = &arena};
	struct smtp_transaction tx = message(".x\r\n", &texts);
	struct talk t = {0};

	(void)state;
	begin(&t);
	smtp_session_send(t.session, &tx);
	assert_said(&t, "DATA\r\n");
	hear(&t, "354 go\r\n");
	assert_said(&t, "..x\r\n.\r\n");
	hear(&t, "250 ok\r\n");
	assert_events(&t, "=354 commit want =250 done ");
	source_free(tx.body);
	tx = message("..x\r\n", &texts);
	tx.stuffed = true;
	smtp_session_send(t.session, &tx);
	hear(&t, "354 go\r\n");
	assert_said(&t, "DATA\r\n..x\r\n.\r\n");
	hear(&t, "250 ok\r\n");
	source_free(tx.body);
	tx = message("x\r\n", &texts);
	tx.bdat = true;
	smtp_session_send(t.session, &tx);
	assert_said(&t, "BDAT 3 LAST\r\nx\r\n");
	hear(&t, "250 ok\r\n");
	source_free(tx.body);
	assert_false(t.closed);
	end(&t);
	smtp_texts_clear(&texts);
	arena_clear(&arena);
}

static void
a_refused_data_sends_nothing(void **state)
{
	struct arena arena = {0};
	struct smtp_texts texts = {.arena = &arena};
	struct smtp_transaction tx = message("x\r\n", &texts);
	struct talk t = {0};

	(void)state;
	begin(&t);
	smtp_session_send(t.session, &tx);
	hear(&t, "503 no\r\n");
	assert_said(&t, "DATA\r\n");
	assert_events(&t, "=503 done want ");
	assert_false(tx.committed);
	assert_false(t.closed);
	source_free(tx.body);
	end(&t);
	smtp_texts_clear(&texts);
	arena_clear(&arena);
}

/* RFC 2033 4.2 */
static void
lmtp_answers_for_each_recipient_that_was_taken(void **state)
{
	struct arena arena = {0};
	struct smtp_texts texts = {.arena = &arena};
	struct smtp_transaction tx = message("x\r\n", &texts);
	static const char *const lines[][2] = {{"LHLO me", "250 mx\r\n"},
	    {"MAIL FROM:<>", "250 ok\r\n"}, {"RCPT TO:<a>", "250 ok\r\n"},
	    {"RCPT TO:<b>", "550 no\r\n"}, {"RCPT TO:<c>", "250 ok\r\n"}};
	struct talk t = {0};
	size_t i;

	(void)state;
	begin(&t);
	for (i = 0; i < 5; i++) {
		smtp_session_say(t.session, lines[i][0], NULL, false);
		flush(&t);
		hear(&t, lines[i][1]);
	}
	buf_reset(&t.events);
	smtp_session_send(t.session, &tx);
	flush(&t);
	hear(&t, "354 go\r\n");
	hear(&t, "250 a\r\n");
	assert_events(&t, "=354 commit want =250 ");
	hear(&t, "452 c\r\n");
	assert_events(&t, "=452 done ");
	source_free(tx.body);
	end(&t);
	smtp_texts_clear(&texts);
	arena_clear(&arena);
}

/* draft-hall-prdr-00 */
static void
prdr_answers_for_each_recipient_and_for_all(void **state)
{
	struct arena arena = {0};
	struct smtp_texts texts = {.arena = &arena};
	struct smtp_transaction tx = message("x\r\n", &texts);
	static const char *const lines[] = {
	    "MAIL FROM:<> PRDR", "RCPT TO:<a>", "RCPT TO:<b>"};
	struct talk t = {0};
	size_t i;

	(void)state;
	begin(&t);
	for (i = 0; i < 3; i++) {
		smtp_session_say(t.session, lines[i], NULL, false);
		flush(&t);
		hear(&t, "250 ok\r\n");
	}
	buf_reset(&t.events);
	smtp_session_send(t.session, &tx);
	flush(&t);
	hear(&t, "354 go\r\n");
	hear(&t, "353 each\r\n250 a\r\n550 b\r\n");
	assert_events(&t, "=354 commit want =353 =250 =550 ");
	assert_false(tx.answered);
	hear(&t, "250 all\r\n");
	assert_events(&t, "=250 done ");
	assert_true(tx.answered);
	source_free(tx.body);
	end(&t);
	smtp_texts_clear(&texts);
	arena_clear(&arena);
}

static void
starttls_is_said_unoffered_and_followed_by_nothing(void **state)
{
	struct talk t = {0};

	(void)state;
	begin(&t);
	smtp_session_starttls(t.session, SMTP_STARTTLS_MUST);
	assert_said(&t, "STARTTLS\r\n");
	hear(&t, "220 go\r\n");
	assert_events(&t, "=220 tls ");
	smtp_session_secured(t.session, NULL);
	flush(&t);
	assert_said(&t, "");
	assert_events(&t, "want ");
	smtp_session_starttls(t.session, SMTP_STARTTLS_MUST);
	assert_said(&t, "STARTTLS\r\n");
	hear(&t, "503 again?\r\n");
	assert_events(&t, "=503 want ");
	assert_false(t.closed);
	end(&t);
}

static void
where_tls_is_demanded_only_the_harmless_goes_before_it(void **state)
{
	struct talk t = {.params = {.starttls = SMTP_STARTTLS_MUST}};

	(void)state;
	begin(&t);
	smtp_session_say(t.session, "EHLO me", NULL, false);
	assert_said(&t, "EHLO me\r\n");
	hear(&t, "250 mx\r\n");
	smtp_session_say(t.session, "mail FROM:<a>", NULL, false);
	assert_said(&t, "QUIT\r\n");
	assert_true(t.closed);
	assert_int_equal(t.error.status, EX_NOPERM);
	end(&t);
}

/* Nobody has said anything that it could be a reply to. */
static void
a_reply_to_nothing_is_none(void **state)
{
	struct talk t = {0};

	(void)state;
	begin(&t);
	smtp_session_say(t.session, "NOOP", NULL, false);
	hear(&t, "250 ok\r\n250 extra\r\n");
	assert_true(t.closed);
	assert_int_equal(t.error.status, EX_PROTOCOL);
	end(&t);
}

static void
a_message_in_clear_is_none_where_tls_is_demanded(void **state)
{
	struct arena arena = {0};
	struct smtp_texts texts = {.arena = &arena};
	struct smtp_transaction tx = message("x\r\n", &texts);
	struct talk t = {.params = {.starttls = SMTP_STARTTLS_MUST}};

	(void)state;
	begin(&t);
	smtp_session_send(t.session, &tx);
	assert_said(&t, "QUIT\r\n");
	assert_int_equal(t.error.status, EX_NOPERM);
	source_free(tx.body);
	end(&t);
	smtp_texts_clear(&texts);
	arena_clear(&arena);
}

static void
a_response_is_not_seen_when_the_server_repeats_it(void **state)
{
	struct talk t = {0};

	(void)state;
	begin(&t);
	smtp_session_say(t.session,
	    "AUTH PLAIN AGJvYgBzZWNyZXQ=", "AUTH PLAIN ********", false);
	assert_said(&t, "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n");
	hear(&t, "535 AGJvYgBzZWNyZXQ= is wrong\r\n");
	assert_events(&t, "want AUTH PLAIN ********=535 ");
	assert_null(strstr(buf_string(&t.session->reply.text), "AGJv"));
	end(&t);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_said_by_itself),
	    cmocka_unit_test(any_reply_is_taken_as_it_is),
	    cmocka_unit_test(a_flight_goes_whether_the_server_pipelines_or_not),
	    cmocka_unit_test(bytes_are_over_when_they_were_sent),
	    cmocka_unit_test(a_reply_that_nobody_waits_for_is_kept),
	    cmocka_unit_test(a_message_goes_by_data_or_bdat_as_it_is_asked),
	    cmocka_unit_test(a_refused_data_sends_nothing),
	    cmocka_unit_test(lmtp_answers_for_each_recipient_that_was_taken),
	    cmocka_unit_test(prdr_answers_for_each_recipient_and_for_all),
	    cmocka_unit_test(
		starttls_is_said_unoffered_and_followed_by_nothing),
	    cmocka_unit_test(
		where_tls_is_demanded_only_the_harmless_goes_before_it),
	    cmocka_unit_test(a_reply_to_nothing_is_none),
	    cmocka_unit_test(a_message_in_clear_is_none_where_tls_is_demanded),
	    cmocka_unit_test(a_response_is_not_seen_when_the_server_repeats_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
