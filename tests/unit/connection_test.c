/* A session over a transport of ours, whose sends fail while it stays open. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/connection.h"
#include "lib/clock.h"

/* What the server says, and after how many sends the next one fails. */
struct wire {
	struct transport base;
	const char *says;
	unsigned sends, fails_at;
	size_t leaves; /* octets of the send before */
	bool dead;     /* sending has failed */
	bool ended;
	size_t sent; /* octets */
};

static int
wire_open(struct transport *t, struct error *err)
{
	(void)t;
	(void)err;
	return 0;
}

static ssize_t
wire_send(
    struct transport *t, const struct iovec *iov, int n, struct error *err)
{
	struct wire *w = (struct wire *)t;

	(void)n;
	w->dead |= ++w->sends >= w->fails_at;
	if (w->dead)
		return error_set(err, EX_TEMPFAIL,
		    "connection lost while sending: %s", strerror(EPERM));
	w->sent += iov->iov_len - (w->sends + 1 == w->fails_at ? w->leaves : 0);
	return (ssize_t)(iov->iov_len -
	    (w->sends + 1 == w->fails_at ? w->leaves : 0));
}

/* One line at a time. */
static ssize_t
wire_recv(struct transport *t, void *buf, size_t n, struct error *err)
{
	struct wire *w = (struct wire *)t;
	const char *end = strchr(w->says, '\n');
	size_t len = end != NULL ? (size_t)(end - w->says) + 1 : 0;

	(void)err;
	if (len == 0)
		return w->ended ? 0 : TRANSPORT_AGAIN;
	assert_true(len <= n);
	memcpy(buf, w->says, len);
	w->says += len;
	return (ssize_t)len;
}

static short
wire_wants(const struct transport *t, int *fd)
{
	(void)t;
	*fd = -1;
	return POLLIN;
}

static void
wire_free(struct transport *t)
{
	(void)t;
}

static const struct transport_ops wire_ops = {
    "wire", wire_open, wire_send, wire_recv, wire_wants, wire_free};

/* The events of a connection until there is nothing more without waiting. */
static void
run(struct connection *c, struct smtp_transaction *tx, struct error *end)
{
	enum connection_result r;
	struct smtp_event event;

	while ((r = connection_step(c, &event)) == CONNECTION_EVENT ||
	    r == CONNECTION_BUSY) {
		if (r == CONNECTION_BUSY)
			continue;
		if (event.type == SMTP_READY) {
			smtp_session_send(connection_session(c), tx);
			smtp_session_quit(connection_session(c));
		} else if (event.type == SMTP_CLOSED && event.error != NULL) {
			*end = *event.error;
		}
	}
}

static const char greeting[] = "220 x\n250-x\n250 PIPELINING\n";

/* A message to one recipient; `later` is said after the send has failed, and
 * awaited for up to so long.  Returns the recipient's result, `end` is why the
 * connection ended. */
static struct smtp_recipient
deliver_but(size_t leaves, int64_t seconds, unsigned fails_at, const char *says,
    const char *later, bool closes, struct error *end)
{
	struct wire wire = {.base = {.ops = &wire_ops},
	    .says = says,
	    .fails_at = fails_at,
	    .leaves = leaves};
	struct connection_params params = {
	    .smtp = {.ehlo_name = "me"}, .tls = CONNECTION_TLS_OFF};
	struct smtp_texts texts = {0};
	struct arena arena = {0};
	struct smtp_recipient to = {.address = "bob@y.test"};
	struct smtp_transaction tx = {.reverse_path = "me@x.test",
	    .recipients = &to,
	    .recipient_count = 1,
	    .body = source_from_bytes("hi\r\n", 4),
	    .size = 4,
	    .texts = &texts};
	struct connection *c = connection_new(&params, &wire.base);
	const struct error late = {.status = EX_TEMPFAIL, .text = "late"};
	struct pollfd fds[CONNECTION_POLL_MAX];
	int64_t until;

	texts.arena = &arena;
	end->status = 0;
	run(c, &tx, end);
	assert_true(wire.dead);
	if (end->status == 0 && to.result.text == NULL) {
		connection_poll(c, fds, &until);
		assert_in_range(until - clock_monotonic_us(),
		    (seconds - 1) * 1000000, seconds * 1000000);
		wire.says = later;
		wire.ended = closes;
		run(c, &tx, end);
		connection_abort(c, &late);
		run(c, &tx, end);
	}
	if (to.result.text != NULL)
		to.result.text = strdup(to.result.text);
	connection_free(c);
	source_free(tx.body);
	smtp_texts_clear(&texts);
	arena_clear(&arena);
	return to;
}

static struct smtp_recipient
deliver(unsigned fails_at, const char *says, const char *later, bool closes,
    struct error *end)
{
	return deliver_but(0, 2, fails_at, says, later, closes, end);
}

static void
clear(struct smtp_recipient *to)
{
	free((char *)(uintptr_t)to->result.text);
}

static void
a_send_that_fails_ends_with_its_reason_in_two_seconds(void **state)
{
	unsigned i;

	(void)state;
	/* EHLO, the group, the message */
	for (i = 1; i <= 3; i++) {
		struct error end;
		struct smtp_recipient to;
		char says[200];

		snprintf(says, sizeof(says), "%s%s",
		    i == 1 ? "220 x\n" : greeting,
		    i == 3 ? "250 ok\n250 ok\n354 go\n" : "");
		to = deliver(i, says, "", false, &end);
		assert_non_null(strstr(end.text, strerror(EPERM)));
		assert_int_equal(end.status, EX_TEMPFAIL);
		/* Of a message that has not gone out whole nobody has it. */
		assert_int_not_equal(to.result.verdict, SMTP_UNKNOWN);
		clear(&to);
	}
}

static void
what_is_said_after_a_send_that_failed_is_heard(void **state)
{
	struct error end;
	struct smtp_recipient to =
	    deliver(2, greeting, "421 go away\n", false, &end);

	(void)state;
	assert_int_equal(end.reply, 421);
	clear(&to);
}

static void
the_end_of_the_stream_does_not_hide_why_a_send_failed(void **state)
{
	struct error end;
	struct smtp_recipient to = deliver(2, greeting, "", true, &end);

	(void)state;
	assert_non_null(strstr(end.text, strerror(EPERM)));
	clear(&to);
}

static void
a_verdict_stands_whatever_becomes_of_quit(void **state)
{
	struct error end;
	struct smtp_recipient to = deliver(6,
	    "220 x\n250 x\n250 ok\n250 ok\n354 go\n250 ok\n", "", false, &end);

	(void)state;
	assert_int_equal(to.result.verdict, SMTP_ACCEPTED);
	assert_int_equal(end.status, 0);
	clear(&to);
}

static void
a_verdict_is_awaited_though_quit_cannot_go(void **state)
{
	static const char says[] = "220 x\n250-x\n250 PIPELINING\n250 ok\n"
				   "250 ok\n354 go\n";
	size_t quit = strlen("QUIT\r\n");
	struct error end;
	struct smtp_recipient to =
	    deliver_but(quit, 600, 4, says, "250 ok\n", false, &end);

	(void)state;
	assert_int_equal(to.result.verdict, SMTP_ACCEPTED);
	clear(&to);
	to = deliver_but(quit, 600, 4, says, "", false, &end);
	assert_int_equal(to.result.verdict, SMTP_UNKNOWN);
	assert_non_null(strstr(end.text, "late"));
	clear(&to);
	/* An octet of the message is missing. */
	to = deliver_but(quit + 1, 2, 4, says, "", false, &end);
	assert_int_equal(to.result.verdict, SMTP_DEFERRED);
	clear(&to);
}

/* Two messages over a connection that tells of flights. */
struct talk {
	struct wire wire;
	struct connection *connection;
	struct smtp_texts texts;
	struct arena arena;
	struct smtp_recipient to[2];
	struct smtp_transaction tx[2];
	unsigned given, flights, mute_at; /* the flight, 0: none */
	size_t sent_before; /* octets, when the last COMMIT was told */
	bool held;	    /* a flight waits until it is let go */
	struct buf events;  /* a letter each */
};

static void
begin_talk(struct talk *t, const char *says)
{
	struct connection_params params = {.smtp = {.ehlo_name = "me"},
	    .tls = CONNECTION_TLS_OFF,
	    .flights = true};
	size_t i;

	*t = (struct talk){.wire = {.base = {.ops = &wire_ops},
			       .says = says,
			       .fails_at = UINT32_MAX},
	    .to = {{.address = "ann@y.test"}, {.address = "bob@y.test"}}};
	t->texts.arena = &t->arena;
	for (i = 0; i < 2; i++)
		t->tx[i] =
		    (struct smtp_transaction){.reverse_path = "me@x.test",
			.recipients = &t->to[i],
			.recipient_count = 1,
			.body = source_from_bytes("hi\r\n", 4),
			.size = 4,
			.texts = &t->texts};
	t->connection = connection_new(&params, &t->wire.base);
}

static void
end_talk(struct talk *t)
{
	connection_free(t->connection);
	source_free(t->tx[0].body);
	source_free(t->tx[1].body);
	smtp_texts_clear(&t->texts);
	arena_clear(&t->arena);
	buf_clear(&t->events);
}

static void
heed(struct talk *t, const struct smtp_event *event)
{
	struct smtp_session *s = connection_session(t->connection);

	switch (event->type) {
	case SMTP_READY:
	case SMTP_WANT_WORK:
		if (t->given < 2)
			smtp_session_send(s, &t->tx[t->given++]);
		return;
	case SMTP_COMMIT:
		t->sent_before = t->wire.sent;
		break;
	case SMTP_FLIGHT:
		/* Nothing has gone since. */
		assert_int_equal(t->wire.sent, t->sent_before);
		t->held = true;
		if (++t->flights == t->mute_at)
			connection_mute(t->connection);
		break;
	default:
		break;
	}
	buf_putc(&t->events,
	    event->type == SMTP_COMMIT	     ? 'c'
		: event->type == SMTP_FLIGHT ? 'f'
		: event->type == SMTP_DONE   ? 'd'
		: event->type == SMTP_CLOSED ? 'x'
					     : '-');
}

/* All that can be done without more from the server. */
static void
talk(struct talk *t)
{
	enum connection_result r;
	struct smtp_event event;

	do {
		if (t->held)
			connection_let_fly(t->connection);
		t->held = false;
		while ((r = connection_step(t->connection, &event)) ==
			CONNECTION_EVENT ||
		    r == CONNECTION_BUSY)
			if (r == CONNECTION_EVENT && event.type != SMTP_REPLY)
				heed(t, &event);
		if (t->held)
			assert_int_equal(t->wire.sent, t->sent_before);
	} while (t->held);
}

static const char all_at_once[] = "220 x\n250-x\n250-PIPELINING\n"
				  "250 CHUNKING\n";

static void
messages_that_go_together_are_told_of_once_before_they_go(void **state)
{
	struct talk t;

	(void)state;
	begin_talk(&t, all_at_once);
	talk(&t);
	assert_string_equal(buf_string(&t.events), "ccf");
	assert_true(t.wire.sent > t.sent_before);
	assert_int_equal(t.wire.sends, 2);
	t.wire.says =
	    "250 ok\n250 ok\n250 ok\n250 reset\n250 ok\n550 no\n503 no\n";
	talk(&t);
	assert_string_equal(buf_string(&t.events), "ccfdd");
	assert_int_equal(t.to[0].result.verdict, SMTP_ACCEPTED);
	assert_int_equal(t.to[1].result.verdict, SMTP_REFUSED);
	end_talk(&t);
}

static void
each_message_is_told_of_where_they_cannot_go_together(void **state)
{
	struct talk t;

	(void)state;
	begin_talk(&t,
	    "220 x\n250 x\n250 ok\n250 ok\n354 go\n250 ok\n250 ok\n250 ok\n"
	    "354 go\n250 ok\n");
	talk(&t);
	assert_string_equal(buf_string(&t.events), "cfdcfd");
	assert_int_equal(t.to[1].result.verdict, SMTP_ACCEPTED);
	end_talk(&t);
}

static void
who_is_muted_sends_nothing_and_hears_of_what_has_gone(void **state)
{
	const struct error why = {.status = EX_IOERR, .text = "no space"};
	struct talk t;
	size_t sent;

	(void)state;
	begin_talk(
	    &t, "220 x\n250-x\n250 PIPELINING\n250 ok\n250 ok\n354 go\n");
	t.mute_at = 2;
	talk(&t);
	assert_string_equal(buf_string(&t.events), "cf");
	/* The next one's last octets wait for its 354. */
	t.wire.says = "250 ok\n250 ok\n250 ok\n354 go\n";
	talk(&t);
	assert_string_equal(buf_string(&t.events), "cfdcf");
	assert_int_equal(t.to[0].result.verdict, SMTP_ACCEPTED);
	sent = t.wire.sent;
	assert_int_equal(sent, t.sent_before);
	talk(&t);
	assert_int_equal(t.wire.sent, sent);
	/* Nobody has what has not gone out. */
	connection_abort(t.connection, &why);
	talk(&t);
	assert_string_equal(buf_string(&t.events), "cfdcfdx");
	assert_int_equal(t.wire.sent, sent);
	assert_int_equal(t.to[1].result.verdict, SMTP_NOT_SENT);
	assert_non_null(strstr(t.to[1].result.text, "no space"));
	end_talk(&t);
}

static void
a_flight_that_is_muted_leaves_nobody_unknown(void **state)
{
	const struct error why = {.status = EX_IOERR, .text = "no space"};
	struct talk t;
	size_t sent;

	(void)state;
	begin_talk(&t, all_at_once);
	t.mute_at = 1;
	talk(&t);
	assert_string_equal(buf_string(&t.events), "ccf");
	sent = t.wire.sent;
	assert_int_equal(sent, strlen("EHLO me\r\n"));
	connection_abort(t.connection, &why);
	talk(&t);
	assert_string_equal(buf_string(&t.events), "ccfddx");
	assert_int_equal(t.wire.sent, sent);
	assert_int_equal(t.to[0].result.verdict, SMTP_NOT_SENT);
	assert_int_equal(t.to[1].result.verdict, SMTP_NOT_SENT);
	end_talk(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_send_that_fails_ends_with_its_reason_in_two_seconds),
	    cmocka_unit_test(what_is_said_after_a_send_that_failed_is_heard),
	    cmocka_unit_test(
		the_end_of_the_stream_does_not_hide_why_a_send_failed),
	    cmocka_unit_test(a_verdict_stands_whatever_becomes_of_quit),
	    cmocka_unit_test(a_verdict_is_awaited_though_quit_cannot_go),
	    cmocka_unit_test(
		messages_that_go_together_are_told_of_once_before_they_go),
	    cmocka_unit_test(
		each_message_is_told_of_where_they_cannot_go_together),
	    cmocka_unit_test(
		who_is_muted_sends_nothing_and_hears_of_what_has_gone),
	    cmocka_unit_test(a_flight_that_is_muted_leaves_nobody_unknown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
