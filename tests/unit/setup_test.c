/* Setting up as work: greeting, EHLO, STARTTLS and AUTH in any order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "smtp/session.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

struct talk {
	struct smtp_params params;
	struct sasl_credentials credentials;
	struct smtp_session *session;
	struct buf wire;   /* sent since it was looked at */
	struct buf events; /* a word each */
	struct error error;
};

static void
note(struct talk *t, const struct smtp_event *e)
{
	static const char *const names[] = {[SMTP_READY] = "ready ",
	    [SMTP_START_TLS] = "tls ",
	    [SMTP_CLOSED] = "closed "};

	if (e->type < ELEMENTS(names) && names[e->type] != NULL)
		buf_puts(&t->events, names[e->type]);
	if (e->type == SMTP_CLOSED && e->error != NULL)
		t->error = *e->error;
}

/* Everything is sent that can be. */
static void
flush(struct talk *t)
{
	struct smtp_event e;
	const char *bytes;
	size_t n = 1;

	while (n > 0) {
		smtp_session_output(t->session, &bytes, &n);
		buf_append(&t->wire, bytes, n);
		smtp_session_sent(t->session, n);
		while (smtp_session_event(t->session, &e)) {
			note(t, &e);
			n = 1;
		}
	}
}

static void
begin(struct talk *t)
{
	t->credentials.user = "alice";
	secret_set(&t->credentials.password, "wonderland", 10);
	t->params.ehlo_name = "c";
	t->session = smtp_session_new(&t->params);
	flush(t);
}

static void
hear(struct talk *t, const char *text)
{
	smtp_session_receive(t->session, text, strlen(text));
	flush(t);
}

static void
secure(struct talk *t)
{
	smtp_session_secured(t->session, NULL);
	flush(t);
}

static void
assert_said(struct talk *t, const char *text)
{
	assert_string_equal(buf_string(&t->wire), text);
	buf_reset(&t->wire);
}

static void
end(struct talk *t)
{
	smtp_session_free(t->session);
	secret_clear(&t->credentials.password);
	buf_clear(&t->wire);
	buf_clear(&t->events);
}

#define GREET "220 mx\r\n"
#define OFFER "250-mx\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
#define PLAIN "AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=\r\n"

static void
starttls_and_auth_can_be_asked_for_after_ready(void **state)
{
	struct talk t = {0};

	(void)state;
	begin(&t);
	hear(&t, GREET);
	hear(&t, OFFER);
	assert_said(&t, "EHLO c\r\n");
	assert_string_equal(t.events.data, "ready ");
	smtp_session_command(t.session, "NOOP");
	smtp_session_starttls(t.session, SMTP_STARTTLS_MUST);
	smtp_session_auth(t.session, &t.credentials, NULL);
	smtp_session_command(t.session, "VRFY bob");
	smtp_session_quit(t.session);
	flush(&t);
	/* Nothing runs ahead of it. */
	assert_said(&t, "NOOP\r\n");
	hear(&t, "250 ok\r\n");
	assert_said(&t, "STARTTLS\r\n");
	hear(&t, "220 go\r\n");
	assert_said(&t, "");
	secure(&t);
	assert_said(&t, "EHLO c\r\n");
	hear(&t, OFFER);
	assert_said(&t, PLAIN);
	hear(&t, "235 in\r\n");
	assert_said(&t, "VRFY bob\r\n");
	hear(&t, "252 perhaps\r\n");
	assert_said(&t, "QUIT\r\n");
	hear(&t, "221 bye\r\n");
	assert_string_equal(t.events.data, "ready tls closed ");
	assert_int_equal(t.error.status, 0);
	end(&t);
}

static void
auth_can_come_between_two_messages(void **state)
{
	struct smtp_recipient to[2] = {{.address = "a"}, {.address = "b"}};
	struct talk t = {.params.clear_ok = true};
	struct arena arena = {0};
	struct smtp_texts texts = {.arena = &arena};
	struct smtp_transaction tx[2];
	size_t i;

	(void)state;
	begin(&t);
	hear(&t, GREET);
	hear(&t, OFFER);
	buf_reset(&t.wire);
	for (i = 0; i < 2; i++) {
		tx[i] = (struct smtp_transaction){.reverse_path = "me",
		    .recipients = &to[i],
		    .recipient_count = 1,
		    .body = source_from_bytes("x\r\n", 3),
		    .size = SMTP_SIZE_UNKNOWN,
		    .texts = &texts};
		smtp_session_send(t.session, &tx[i]);
		if (i == 0)
			smtp_session_auth(t.session, &t.credentials, "plain");
	}
	flush(&t);
	assert_said(&t, "MAIL FROM:<me>\r\nRCPT TO:<a>\r\nDATA\r\n");
	hear(&t, "250 ok\r\n250 ok\r\n354 go\r\n");
	assert_said(&t, "x\r\n.\r\n");
	hear(&t, "250 queued\r\n");
	assert_said(&t, PLAIN);
	hear(&t, "235 in\r\n");
	assert_said(&t, "MAIL FROM:<me>\r\nRCPT TO:<b>\r\nDATA\r\n");
	hear(&t, "421 no more\r\n");
	smtp_session_disconnected(t.session, NULL);
	flush(&t);
	assert_int_equal(to[0].result.verdict, SMTP_ACCEPTED);
	assert_int_equal(to[1].result.verdict, SMTP_DEFERRED);
	end(&t);
	for (i = 0; i < 2; i++)
		source_free(tx[i].body);
	smtp_texts_clear(&texts);
	arena_clear(&arena);
}

static void
what_cannot_be_had_later_ends_the_session_too(void **state)
{
	static const struct {
		enum smtp_starttls starttls; /* NEVER: AUTH */
		const char *offer, *reply, *error;
		int status;
	} cases[] = {
	    {SMTP_STARTTLS_MUST, "250 mx\r\n", "",
		"STARTTLS: the server does not offer it", EX_NOPERM},
	    {SMTP_STARTTLS_MUST, OFFER, "454 no\r\n", "STARTTLS: 454 no",
		EX_NOPERM},
	    {SMTP_STARTTLS_MUST, OFFER, "421 no\r\n", "STARTTLS: 421 no",
		EX_TEMPFAIL},
	    {SMTP_STARTTLS_MAY, OFFER, "454 no\r\n", "", 0},
	    {SMTP_STARTTLS_MAY, "250 mx\r\n", "", "", 0},
	    {SMTP_STARTTLS_NEVER, "250 mx\r\n", "",
		"AUTH: the server does not offer authentication on this "
		"connection without TLS",
		EX_NOPERM},
	    {SMTP_STARTTLS_NEVER, OFFER, "535 no\r\n", "AUTH: 535 no",
		EX_NOPERM},
	    {SMTP_STARTTLS_NEVER, OFFER, "421 no\r\n", "AUTH: 421 no",
		EX_TEMPFAIL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct talk t = {.params.clear_ok = true};

		begin(&t);
		hear(&t, GREET);
		hear(&t, cases[i].offer);
		if (cases[i].starttls != SMTP_STARTTLS_NEVER)
			smtp_session_starttls(t.session, cases[i].starttls);
		else
			smtp_session_auth(t.session, &t.credentials, NULL);
		smtp_session_command(t.session, "NOOP");
		flush(&t);
		hear(&t, cases[i].reply);
		assert_string_equal(t.error.text, cases[i].error);
		assert_int_equal(t.error.status, cases[i].status);
		assert_string_equal(t.events.data,
		    cases[i].status == 0 ? "ready " : "ready closed ");
		assert_int_equal(
		    strstr(t.wire.data, "NOOP") != NULL, cases[i].status == 0);
		end(&t);
	}
}

static void
helo_is_no_way_on_where_extensions_are_needed(void **state)
{
	static const struct {
		enum smtp_starttls starttls;
		bool auth, extensions;
		const char *said;
		int status;
	} cases[] = {
	    {SMTP_STARTTLS_MAY, false, false, "EHLO c\r\nHELO c\r\n", 0},
	    {SMTP_STARTTLS_MUST, false, false, "EHLO c\r\nQUIT\r\n", EX_NOPERM},
	    {SMTP_STARTTLS_MAY, true, false, "EHLO c\r\nQUIT\r\n", EX_NOPERM},
	    {SMTP_STARTTLS_MAY, false, true, "EHLO c\r\nQUIT\r\n", EX_NOPERM},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct talk t = {.params.starttls = cases[i].starttls,
		    .params.extensions = cases[i].extensions};

		begin(&t);
		if (cases[i].auth)
			smtp_session_auth(t.session, &t.credentials, NULL);
		hear(&t, GREET);
		hear(&t, "502 what\r\n");
		assert_said(&t, cases[i].said);
		assert_int_equal(t.error.status, cases[i].status);
		end(&t);
	}
}

static void
what_a_server_says_of_itself_is_kept(void **state)
{
	struct talk t = {.params.starttls = SMTP_STARTTLS_MUST};

	(void)state;
	begin(&t);
	assert_string_equal(smtp_session_greeting(t.session), "");
	hear(&t, "220-mx ESMTP\r\n220 come in\r\n");
	assert_string_equal(
	    smtp_session_greeting(t.session), "mx ESMTP\ncome in");
	hear(&t, "250-mx\r\n250-X-NOBODY KNOWS\r\n250 STARTTLS\r\n");
	hear(&t, "220 go\r\n");
	assert_string_equal(smtp_session_hello(t.session, true), "");
	secure(&t);
	hear(&t, "250-mx, again\r\n250 SIZE 7\r\n");
	assert_string_equal(t.events.data, "tls ready ");
	assert_string_equal(smtp_session_hello(t.session, false),
	    "mx\nX-NOBODY KNOWS\nSTARTTLS");
	assert_string_equal(
	    smtp_session_hello(t.session, true), "mx, again\nSIZE 7");
	assert_string_equal(
	    smtp_session_greeting(t.session), "mx ESMTP\ncome in");
	end(&t);
}

static void
what_is_kept_of_a_server_is_bounded_and_shows_no_password(void **state)
{
	struct talk t = {.params.secure = true};
	struct buf line = {0};
	size_t i;

	(void)state;
	t.params.credentials = &t.credentials;
	begin(&t);
	hear(&t, "220 I know: wonderland\r\n");
	assert_string_equal(smtp_session_greeting(t.session), "I know: ***");
	for (i = 0; i < 20000; i++) {
		buf_reset(&line);
		buf_printf(&line, "250-KEYWORD-%zu\r\n", i);
		hear(&t, buf_string(&line));
	}
	hear(&t, "250 AUTH PLAIN\r\n");
	assert_in_range(strlen(smtp_session_hello(t.session, true)),
	    SMTP_REPLY_MAX / 2, SMTP_REPLY_MAX);
	buf_clear(&line);
	end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(starttls_and_auth_can_be_asked_for_after_ready),
	    cmocka_unit_test(auth_can_come_between_two_messages),
	    cmocka_unit_test(what_cannot_be_had_later_ends_the_session_too),
	    cmocka_unit_test(helo_is_no_way_on_where_extensions_are_needed),
	    cmocka_unit_test(what_a_server_says_of_itself_is_kept),
	    cmocka_unit_test(
		what_is_kept_of_a_server_is_bounded_and_shows_no_password),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
