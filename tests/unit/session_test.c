/* The session by itself: what a dialogue file cannot say. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "report/outcome.h"
#include "smtp/session_internal.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

enum { WORK_MAX = 4, AGAIN_FD = 77 };

/* --- a body that does what it is told -------------------------------------*/

struct body {
	struct source source;
	const char *const *pieces; /* NULL-terminated; see below */
	size_t at;
};

/* Pieces that are no bytes. */
static const char again[] = "again", broken[] = "broken";

static ssize_t
body_read(struct source *s, char *bytes, size_t n, struct error *err)
{
	struct body *b = (struct body *)s;
	const char *piece = b->pieces[b->at];
	size_t len;

	if (piece == NULL)
		return 0;
	if (piece == again)
		return SOURCE_AGAIN;
	if (piece == broken) {
		error_set(err, EX_IOERR, "the disk is on fire");
		error_hint(err, "put it out");
		return SOURCE_ERROR;
	}
	len = strlen(piece);
	assert_true(len <= n);
	memcpy(bytes, piece, len);
	b->at++;
	return (ssize_t)len;
}

static void
body_free(struct source *s)
{
	free(s);
}

static struct source *
body_new(const char *const *pieces)
{
	static const struct source_ops ops = {body_read, body_free};
	struct body *b = memory_alloc(sizeof(*b));

	b->source = (struct source){&ops, AGAIN_FD};
	b->pieces = pieces;
	return &b->source;
}

/* What was awaited is there. */
static void
wake(struct smtp_transaction *tx)
{
	struct body *b = (struct body *)tx->body;

	assert_ptr_equal(b->pieces[b->at], again);
	b->at++;
}

/* --- a client and what it did ---------------------------------------------*/

struct client {
	struct smtp_params params;
	struct sasl_credentials credentials;
	struct smtp_session *session;
	struct arena arena;
	struct smtp_texts texts;
	/* Given at READY: transactions, and what is not NULL is a command. */
	struct smtp_transaction work[WORK_MAX];
	const char *commands[WORK_MAX];
	size_t work_count;
	bool quit;
	bool on_demand; /* instead: one by one as work is wanted */
	size_t given, wants;

	struct buf wire;   /* sent since it was looked at */
	struct buf trace;  /* SMTP_SENT, a line each */
	struct buf events; /* what happened, one word each */
	struct buf octets; /* SMTP_OCTETS, one in brackets each */
	size_t output_max; /* most that was waiting to go */
	size_t commits;
	bool closed;
	struct error error;
};

static void
give(struct client *c)
{
	size_t i = c->given++;

	if (i < c->work_count && c->commands[i] != NULL)
		smtp_session_command(c->session, c->commands[i]);
	else if (i < c->work_count)
		smtp_session_send(c->session, &c->work[i]);
	else if (i == c->work_count && c->quit)
		smtp_session_quit(c->session);
}

static void
note_event(struct client *c, const struct smtp_event *e)
{
	static const char *const names[] = {[SMTP_SENT] = "",
	    [SMTP_REPLY] = "",
	    [SMTP_READY] = "ready ",
	    [SMTP_WANT_WORK] = "",
	    [SMTP_START_TLS] = "tls ",
	    [SMTP_COMMIT] = "commit ",
	    [SMTP_DONE] = "done ",
	    [SMTP_CLOSED] = "closed "};

	if (e->type >= SMTP_OCTETS_SENT) {
		buf_puts(&c->octets, e->type == SMTP_OCTETS_SENT ? ">[" : "<[");
		buf_append(&c->octets, e->text != NULL ? e->text : "*",
		    e->text != NULL ? e->octets : 1);
		if (e->text == NULL && e->octets > 0)
			buf_printf(&c->octets, "%zu", e->octets);
		buf_puts(&c->octets, "]");
		return;
	}
	assert_false(c->closed && e->type != SMTP_DONE);
	buf_puts(&c->events, names[e->type]);
	if (e->type == SMTP_SENT)
		buf_printf(&c->trace, "%s\n", e->text);
	if (e->type == SMTP_REPLY && e->text != NULL)
		buf_printf(&c->events, "%s=%d ", e->text, e->reply->code);
	c->commits += e->type == SMTP_COMMIT;
	if (e->type == SMTP_CLOSED) {
		c->closed = true;
		if (e->error != NULL)
			c->error = *e->error;
	}
	c->wants += e->type == SMTP_WANT_WORK;
	if (e->type == SMTP_READY && !c->on_demand)
		while (c->given <= c->work_count)
			give(c);
	if (e->type == SMTP_WANT_WORK && c->on_demand)
		give(c);
}

static void
pull(struct client *c)
{
	struct smtp_event e;

	while (smtp_session_event(c->session, &e))
		note_event(c, &e);
}

/* Everything is sent that can be. */
static void
flush(struct client *c)
{
	const char *bytes;
	size_t n;

	for (;;) {
		pull(c);
		smtp_session_output(c->session, &bytes, &n);
		if (c->session->events.count > 0)
			continue;
		if (n == 0)
			return;
		if (n > c->output_max)
			c->output_max = n;
		buf_append(&c->wire, bytes, n);
		smtp_session_sent(c->session, n);
	}
}

static void
begin(struct client *c)
{
	if (c->params.ehlo_name == NULL)
		c->params.ehlo_name = "c";
	c->params.trace = true;
	c->session = smtp_session_new(&c->params);
	pull(c);
}

static void
hear_bytes(struct client *c, const char *bytes, size_t n)
{
	size_t room, k;

	for (; n > 0 && !c->closed; bytes += k, n -= k) {
		room = smtp_session_room(c->session);
		k = n < room ? n : room;
		smtp_session_receive(c->session, bytes, k);
		pull(c);
	}
}

/* The server says this; the client answers as far as it can. */
static void
hear(struct client *c, const char *text)
{
	hear_bytes(c, text, strlen(text));
	flush(c);
}

static void
assert_said(struct client *c, const char *text)
{
	assert_string_equal(buf_string(&c->wire), text);
	buf_reset(&c->wire);
}

static void
lose(struct client *c)
{
	smtp_session_disconnected(c->session, NULL);
	pull(c);
	assert_true(c->closed);
}

static void
end(struct client *c)
{
	size_t i;

	smtp_session_free(c->session);
	for (i = 0; i < c->work_count; i++) {
		source_free(c->work[i].body);
		free(c->work[i].recipients);
	}
	secret_clear(&c->credentials.password);
	buf_clear(&c->wire);
	buf_clear(&c->trace);
	buf_clear(&c->octets);
	buf_clear(&c->events);
	smtp_texts_clear(&c->texts);
	arena_clear(&c->arena);
	*c = (struct client){0};
}

static struct smtp_transaction *
add(struct client *c, size_t recipients, struct source *body)
{
	static const char *const names[] = {"a", "b", "c",
	    "somebody-with-a-very-long-name-indeed@"
	    "a-domain-that-has-one-too.somewhere-else.example.org"};
	struct smtp_transaction *tx = &c->work[c->work_count++];
	size_t i;

	assert_true(c->work_count <= WORK_MAX);
	*tx = (struct smtp_transaction){.reverse_path = "me",
	    .recipients = memory_alloc(recipients * sizeof(*tx->recipients)),
	    .recipient_count = recipients,
	    .body = body,
	    .size = SMTP_SIZE_UNKNOWN,
	    .texts = &c->texts};
	c->texts.arena = &c->arena;
	for (i = 0; i < recipients; i++)
		tx->recipients[i].address = names[i % ELEMENTS(names)];
	return tx;
}

static struct source *
hello(void)
{
	return source_from_bytes("hello\r\n", 7);
}

static void
assert_result(const struct smtp_transaction *tx, size_t i,
    enum smtp_verdict verdict, int status, int code)
{
	const struct smtp_result *r = &tx->recipients[i].result;

	assert_non_null(r->text);
	assert_string_equal(
	    smtp_verdict_name(r->verdict), smtp_verdict_name(verdict));
	assert_int_equal(r->status, status);
	assert_int_equal(r->code, code);
}

static int
status_of(const struct smtp_transaction *tx)
{
	return outcome_of(tx->recipients, tx->recipient_count).status;
}

#define GREET "220 mx\r\n"
#define PLAIN_EHLO "250 mx\r\n"
#define PIPE_EHLO "250-mx\r\n250 PIPELINING\r\n"
#define CHUNK_EHLO "250-mx\r\n250 CHUNKING\r\n"
#define FLIGHT_EHLO "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
#define PRDR_EHLO "250-mx\r\n250-PIPELINING\r\n250 PRDR\r\n"

/* --- many recipients ------------------------------------------------------*/

static void
many_recipients(const char *ehlo, size_t count, bool merged)
{
	static const char *const replies[] = {"250 2.1.5 ok\r\n",
	    "550 5.1.1 no\r\n", "450-4.2.1 busy\r\n450 x\r\n"};
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, count, hello());
	struct buf said = {0};
	size_t i, k, cap = 0;

	begin(&c);
	hear(&c, GREET);
	hear(&c, ehlo);
	buf_puts(&said, "250 ok\r\n");
	for (i = 0; i < count; i++)
		buf_puts(&said, replies[i * i % 7 % 3]);
	/* In pieces that end anywhere, or line by line. */
	for (i = 0; i < said.len; i += k) {
		k = merged ? i % 997 + 1 : strcspn(said.data + i, "\n") + 1;
		k = k < said.len - i ? k : said.len - i;
		hear_bytes(&c, said.data + i, k);
		flush(&c);
		if (c.session->pipeline.cap > cap)
			cap = c.session->pipeline.cap;
	}
	assert_false(c.closed);
	assert_in_range(cap, 1, 64);
	assert_in_range(c.output_max, 1, SMTP_OUTPUT_MAX);
	hear(&c, "250 2.0.0 queued\r\n");
	hear(&c, "221 bye\r\n");
	assert_true(c.closed);
	assert_int_equal(c.error.status, 0);
	for (i = 0; i < count; i++) {
		if (i * i % 7 % 3 == 0)
			assert_result(tx, i, SMTP_ACCEPTED, 0, 250);
		else if (i * i % 7 % 3 == 1)
			assert_result(tx, i, SMTP_REFUSED, EX_NOUSER, 550);
		else
			assert_result(tx, i, SMTP_DEFERRED, EX_TEMPFAIL, 450);
	}
	buf_clear(&said);
	end(&c);
}

static void
ten_thousand_recipients_in_one_flight_need_little_room(void **state)
{
	(void)state;
	many_recipients(FLIGHT_EHLO, 10000, true);
}

static void
a_thousand_recipients_in_lockstep_are_reported_exactly(void **state)
{
	(void)state;
	many_recipients(CHUNK_EHLO, 1000, false);
}

/* How PRDR answers for recipient i: 0 yes, 1 no, 2 later; -1: RCPT had not taken
 * it. */
static int
prdr_answer(size_t i)
{
	return i * i % 7 % 3 == 1 ? -1 : (int)(i % 5 % 3);
}

static void
ten_thousand_recipients_have_their_verdicts_by_prdr(void **state)
{
	static const char *const replies[] = {"250 2.1.5 ok\r\n",
	    "550-5.7.1 no\r\n550 x\r\n", "450 4.2.0 later\r\n"};
	static const size_t pieces[] = {1, 13, 4096, SIZE_MAX};
	enum { COUNT = 10000 };
	size_t i, k, size;

	(void)state;
	for (size = 0; size < ELEMENTS(pieces); size++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx = add(&c, COUNT, hello());
		struct buf said = {0};

		begin(&c);
		hear(&c, GREET);
		hear(&c, PRDR_EHLO);
		buf_puts(&said, "250 ok\r\n");
		for (i = 0; i < COUNT; i++)
			buf_puts(&said, replies[prdr_answer(i) == -1]);
		buf_puts(&said, "354 go\r\n");
		hear(&c, said.data);
		assert_true(tx->message_sent);
		buf_reset(&said);
		buf_puts(&said, "353 one by one\r\n");
		for (i = 0; i < COUNT; i++)
			if (prdr_answer(i) != -1)
				buf_puts(&said, replies[prdr_answer(i)]);
		buf_puts(&said, "250 2.0.0 for some\r\n221 bye\r\n");
		for (i = 0; i < said.len; i += k) {
			k = said.len - i < pieces[size] ? said.len - i
							: pieces[size];
			k = k < 60000 ? k : 60000;
			hear_bytes(&c, said.data + i, k);
		}
		assert_true(c.closed);
		assert_int_equal(c.error.status, 0);
		for (i = 0; i < COUNT; i++) {
			if (prdr_answer(i) == 0)
				assert_result(tx, i, SMTP_ACCEPTED, 0, 250);
			else if (prdr_answer(i) == 2)
				assert_result(
				    tx, i, SMTP_DEFERRED, EX_TEMPFAIL, 450);
			else
				assert_result(
				    tx, i, SMTP_REFUSED, EX_NOUSER, 550);
		}
		buf_clear(&said);
		end(&c);
	}
}

static void
a_message_of_megabytes_goes_out_in_bounded_pieces(void **state)
{
	static const char *const ehlos[] = {PIPE_EHLO, FLIGHT_EHLO};
	enum { SIZE = 3 * 1024 * 1024 };
	char *bytes = memory_alloc(SIZE);
	size_t i;

	(void)state;
	for (i = 0; i < SIZE; i += 3)
		memcpy(bytes + i, ".\r\n", SIZE - i < 3 ? SIZE - i : 3);
	for (i = 0; i < ELEMENTS(ehlos); i++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx =
		    add(&c, 1, source_from_bytes(bytes, SIZE));

		begin(&c);
		hear(&c, GREET);
		hear(&c, ehlos[i]);
		hear(&c, "250 ok\r\n250 ok\r\n");
		if (i == 0) {
			hear(&c, "354 go\r\n");
		} else {
			size_t chunks = c.session->pipeline.count - 1;

			while (chunks-- > 1)
				hear(&c, "250 ok\r\n");
		}
		assert_true(tx->message_sent);
		assert_int_equal(tx->bytes_sent, SIZE);
		assert_in_range(c.output_max, 1, SMTP_OUTPUT_MAX);
		assert_true(c.session->out.bytes.cap <= 4 * SMTP_OUTPUT_MAX);
		hear(&c, "250 queued\r\n");
		assert_result(tx, 0, SMTP_ACCEPTED, 0, 250);
		end(&c);
	}
	free(bytes);
}

/* --- the point of no return -----------------------------------------------*/

static void
the_last_octets_wait_until_commit_was_heard(void **state)
{
	static const char *const ehlos[] = {PIPE_EHLO, FLIGHT_EHLO};
	const char *bytes;
	struct smtp_event e;
	size_t i, n, again_n;

	(void)state;
	for (i = 0; i < ELEMENTS(ehlos); i++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx = add(&c, 1, hello());

		begin(&c);
		hear(&c, GREET);
		hear_bytes(&c, ehlos[i], strlen(ehlos[i]));
		if (i == 0) {
			flush(&c);
			hear_bytes(&c, "250 ok\r\n250 ok\r\n354 go\r\n", 24);
		}
		smtp_session_output(c.session, &bytes, &n);
		assert_null(memmem(bytes, n, "hello", 5));
		smtp_session_output(c.session, &bytes, &again_n);
		assert_int_equal(n, again_n);
		do
			assert_true(smtp_session_event(c.session, &e));
		while (e.type == SMTP_SENT);
		assert_int_equal(e.type, SMTP_COMMIT);
		assert_ptr_equal(e.transaction, tx);
		assert_true(tx->committed);
		assert_false(tx->message_sent);
		smtp_session_output(c.session, &bytes, &n);
		assert_non_null(memmem(bytes, n, "hello", 5));
		end(&c);
	}
}

static void
the_message_is_sent_when_its_last_octet_is(void **state)
{
	static const char *const ehlos[] = {PIPE_EHLO, FLIGHT_EHLO};
	static const char *const last[] = {
	    "hello\r\n.\r\n", "LAST\r\nhello\r\n"};
	const char *bytes, *at;
	size_t i, k, n, upto;

	(void)state;
	for (i = 0; i < ELEMENTS(ehlos); i++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx = add(&c, 1, hello());

		begin(&c);
		hear(&c, GREET);
		hear_bytes(&c, ehlos[i], strlen(ehlos[i]));
		if (i == 0) {
			flush(&c);
			hear_bytes(&c, "250 ok\r\n250 ok\r\n354 go\r\n", 24);
		}
		smtp_session_output(c.session, &bytes, &n);
		pull(&c);
		smtp_session_output(c.session, &bytes, &n);
		at = memmem(bytes, n, last[i], strlen(last[i]));
		assert_non_null(at);
		upto = (size_t)(at - bytes) + strlen(last[i]);
		for (k = 0; k < upto; k++) {
			assert_false(tx->message_sent);
			smtp_session_sent(c.session, 1);
		}
		assert_true(tx->message_sent);
		lose(&c);
		assert_result(tx, 0, SMTP_UNKNOWN, EX_UNKNOWN, 0);
		end(&c);
	}
}

static void
a_message_of_which_an_octet_is_missing_was_not_sent(void **state)
{
	const char *bytes;
	struct client c = {.quit = false};
	struct smtp_transaction *tx = add(&c, 1, hello());
	size_t n;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear_bytes(&c, FLIGHT_EHLO, strlen(FLIGHT_EHLO));
	smtp_session_output(c.session, &bytes, &n);
	pull(&c);
	smtp_session_output(c.session, &bytes, &n);
	smtp_session_sent(c.session, n - 1);
	lose(&c);
	assert_result(tx, 0, SMTP_DEFERRED, EX_TEMPFAIL, 0);
	smtp_session_output(c.session, &bytes, &n);
	assert_int_equal(n, 0);
	end(&c);
}

/* --- replies that come before the message is complete ---------------------*/

static void
assert_early(const char *reply, enum smtp_verdict verdict, int status)
{
	static const char *const pieces[] = {"one\r\n", again, "two\r\n", NULL};
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, 1, body_new(pieces));

	begin(&c);
	hear(&c, GREET PLAIN_EHLO);
	assert_true(c.closed); /* a reply to an EHLO that was not sent */
	end(&c);

	tx = add(&c, 1, body_new(pieces));
	begin(&c);
	hear(&c, GREET);
	hear(&c, PLAIN_EHLO);
	hear(&c, "250 ok\r\n");
	hear(&c, "250 ok\r\n");
	hear(&c, "354 go\r\n");
	buf_reset(&c.wire);
	hear(&c, reply);
	assert_said(&c, "");
	assert_true(c.closed);
	assert_false(tx->committed);
	assert_result(tx, 0, verdict, status, atoi(reply));
	end(&c);
}

static void
a_reply_within_the_message_ends_it(void **state)
{
	(void)state;
	assert_early("250 2.0.0 queued\r\n", SMTP_NOT_SENT, EX_PROTOCOL);
	assert_early("354 go on\r\n", SMTP_NOT_SENT, EX_PROTOCOL);
	assert_early("552 5.3.4 too much\r\n", SMTP_REFUSED, EX_UNAVAILABLE);
	assert_early("452 4.3.1 full\r\n", SMTP_DEFERRED, EX_TEMPFAIL);
	assert_early("421 4.3.2 closing\r\n", SMTP_DEFERRED, EX_TEMPFAIL);
}

static void
a_reply_to_a_chunk_in_flight_ends_it(void **state)
{
	static const struct {
		const char *reply;
		enum smtp_verdict verdict;
		int status;
	} cases[] = {
	    {"250 2.0.0 queued\r\n", SMTP_NOT_SENT, EX_PROTOCOL},
	    {"552 5.3.4 too much\r\n", SMTP_REFUSED, EX_UNAVAILABLE},
	    {"452 4.3.1 full\r\n", SMTP_DEFERRED, EX_TEMPFAIL},
	    {"421 4.3.2 closing\r\n", SMTP_DEFERRED, EX_TEMPFAIL},
	};
	const char *bytes;
	size_t i, n;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx = add(&c, 1, hello());

		begin(&c);
		hear(&c, GREET);
		hear(&c, CHUNK_EHLO);
		hear(&c, "250 ok\r\n");
		hear_bytes(&c, "250 ok\r\n", 8);
		smtp_session_output(c.session, &bytes, &n);
		pull(&c);
		smtp_session_output(c.session, &bytes, &n);
		smtp_session_sent(c.session, n - 2);
		buf_reset(&c.wire);
		hear(&c, cases[i].reply);
		assert_said(&c, "");
		assert_true(c.closed);
		assert_false(tx->message_sent);
		assert_result(tx, 0, cases[i].verdict, cases[i].status,
		    atoi(cases[i].reply));
		end(&c);
	}
}

static void
a_yes_to_a_message_without_one_of_its_chunks_is_no_verdict(void **state)
{
	static const char *const pieces[] = {"one\r\n", again, "two\r\n", NULL};
	struct client c = {.quit = false};
	struct smtp_transaction *tx = add(&c, 1, body_new(pieces));

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	wake(tx);
	flush(&c);
	assert_true(tx->message_sent);
	hear(&c, "250 ok\r\n250 ok\r\n452 full\r\n");
	assert_false(c.closed);
	hear(&c, "250 queued\r\n");
	assert_result(tx, 0, SMTP_UNKNOWN, EX_UNKNOWN, 250);
	end(&c);

	tx = add(&c, 1, body_new(pieces));
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	wake(tx);
	flush(&c);
	hear(&c, "250 ok\r\n250 ok\r\n452 full\r\n503 no\r\n");
	assert_result(tx, 0, SMTP_DEFERRED, EX_TEMPFAIL, 452);
	end(&c);
}

/* What is in doubt of one transaction says nothing of the next. */
static void
a_yes_without_a_chunk_does_not_end_the_session(void **state)
{
	static const char *const pieces[] = {"one\r\n", again, "two\r\n", NULL};
	struct client c = {.quit = true};
	struct smtp_transaction *one = add(&c, 1, body_new(pieces));
	struct smtp_transaction *two = add(&c, 1, hello());

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	wake(one);
	flush(&c);
	assert_true(two->message_sent);
	hear(&c,
	    "250 ok\r\n250 ok\r\n452 full\r\n250 queued\r\n250 reset\r\n"
	    "250 ok\r\n250 ok\r\n250 queued\r\n221 bye\r\n");
	assert_result(one, 0, SMTP_UNKNOWN, EX_UNKNOWN, 250);
	assert_result(two, 0, SMTP_ACCEPTED, 0, 250);
	assert_int_equal(c.error.status, 0);
	end(&c);
}

/* 421 within a message is no verdict on it, nor on the first recipient. */
static void
a_421_within_the_message_is_about_all_of_it(void **state)
{
	size_t n, i;
	const char *bytes;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct client c = {.params.lmtp = i == 1};
		struct smtp_transaction *tx = add(&c, 2, hello());

		begin(&c);
		hear(&c, GREET);
		hear(&c, PIPE_EHLO);
		hear_bytes(&c, "250 ok\r\n250 ok\r\n250 ok\r\n", 24);
		hear_bytes(&c, "354 go\r\n", 8);
		smtp_session_output(c.session, &bytes, &n);
		pull(&c);
		smtp_session_output(c.session, &bytes, &n);
		assert_true(n > 4);
		smtp_session_sent(c.session, n - 4);
		buf_reset(&c.wire);
		hear(&c, "421 closing\r\n250 ok\r\n250 ok\r\n");
		assert_true(c.closed);
		assert_said(&c, "");
		assert_result(tx, 0, SMTP_DEFERRED, EX_TEMPFAIL, 421);
		assert_result(tx, 1, SMTP_DEFERRED, EX_TEMPFAIL, 421);
		end(&c);
	}
}

static void
a_refused_chunk_is_the_last(void **state)
{
	static const char *const pieces[] = {"one\r\n", again, "two\r\n", NULL};
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, 1, body_new(pieces));

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, CHUNK_EHLO);
	hear(&c, "250 ok\r\n");
	buf_reset(&c.wire);
	hear(&c, "250 ok\r\n");
	assert_said(&c, "BDAT 5\r\none\r\n");
	hear(&c, "552 too much\r\n");
	assert_said(&c, "QUIT\r\n");
	assert_false(tx->committed);
	assert_result(tx, 0, SMTP_REFUSED, EX_UNAVAILABLE, 552);
	end(&c);
}

/* --- the body's own trouble -----------------------------------------------*/

static void
a_body_that_breaks_is_never_completed(void **state)
{
	static const char *const pieces[] = {"one\r\n", again, broken};
	static const char *const ehlos[] = {
	    PLAIN_EHLO, PIPE_EHLO, CHUNK_EHLO, FLIGHT_EHLO};
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(ehlos); i++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx = add(&c, 1, body_new(pieces));

		begin(&c);
		hear(&c, GREET);
		hear(&c, ehlos[i]);
		for (k = 0; k < 2 && !c.closed; k++)
			hear(&c, "250 ok\r\n");
		if (i < 2)
			hear(&c, "354 go\r\n");
		assert_non_null(strstr(c.wire.data, "one\r\n"));
		if (i == 2)
			hear(&c, "250 ok\r\n");
		assert_false(c.closed);
		wake(tx);
		flush(&c);
		assert_true(c.closed);
		assert_false(tx->committed);
		assert_null(strstr(buf_string(&c.wire), "\r\n.\r\n"));
		assert_null(strstr(buf_string(&c.wire), "LAST"));
		assert_null(strstr(buf_string(&c.wire), "QUIT"));
		assert_result(tx, 0, SMTP_NOT_SENT, EX_IOERR, 0);
		assert_string_equal(c.error.text, "the disk is on fire");
		assert_string_equal(c.error.hint, "put it out");
		end(&c);
	}
}

static void
a_body_that_has_nothing_to_give_is_awaited(void **state)
{
	static const char *const pieces[] = {
	    again, "one\r\n", again, "two\r\n", NULL};
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, 1, body_new(pieces));
	enum smtp_phase phase;
	const char *bytes;
	size_t n;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, PLAIN_EHLO);
	hear(&c, "250 ok\r\n");
	hear(&c, "250 ok\r\n");
	assert_int_equal(smtp_session_awaits_input(c.session), -1);
	buf_reset(&c.wire);
	hear_bytes(&c, "354 go\r\n", 8);
	smtp_session_output(c.session, &bytes, &n);
	assert_int_equal(n, 0);
	assert_int_equal(smtp_session_awaits_input(c.session), AGAIN_FD);
	/* The server is not to blame. */
	assert_int_equal(smtp_session_timeout(c.session, &phase), 0);
	wake(tx);
	smtp_session_output(c.session, &bytes, &n);
	assert_int_equal(n, 5);
	assert_int_equal(smtp_session_awaits_input(c.session), -1);
	assert_int_not_equal(smtp_session_timeout(c.session, &phase), 0);
	assert_int_equal(phase, SMTP_PHASE_DATA);
	smtp_session_sent(c.session, n);
	assert_int_equal(smtp_session_awaits_input(c.session), AGAIN_FD);
	assert_false(tx->committed);
	flush(&c);
	assert_said(&c, "");
	wake(tx);
	flush(&c);
	assert_said(&c, "two\r\n.\r\n");
	assert_int_equal(smtp_session_awaits_input(c.session), -1);
	assert_int_equal(
	    smtp_session_timeout(c.session, &phase), 10 * 60 * 1000);
	assert_int_equal(phase, SMTP_PHASE_MESSAGE);
	hear(&c, "250 queued\r\n");
	assert_result(tx, 0, SMTP_ACCEPTED, 0, 250);
	end(&c);
}

/* --- several transactions, commands ---------------------------------------*/

static void
rset_stands_between_a_refused_transaction_and_the_next(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *one = add(&c, 1, hello());
	struct smtp_transaction *two = add(&c, 1, hello());

	(void)state;
	begin(&c);
	hear(&c, GREET);
	assert_said(&c, "EHLO c\r\n");
	hear(&c, PLAIN_EHLO);
	assert_said(&c, "MAIL FROM:<me>\r\n");
	hear(&c, "250 ok\r\n");
	hear(&c, "550 no\r\n");
	assert_said(&c, "RCPT TO:<a>\r\nRSET\r\n");
	assert_result(one, 0, SMTP_REFUSED, EX_NOUSER, 550);
	hear(&c, "250 ok\r\n");
	assert_said(&c, "MAIL FROM:<me>\r\n");
	hear(&c, "250 ok\r\n");
	hear(&c, "250 ok\r\n");
	hear(&c, "354 go\r\n");
	assert_said(&c, "RCPT TO:<a>\r\nDATA\r\nhello\r\n.\r\n");
	hear(&c, "250 queued\r\n");
	assert_said(&c, "QUIT\r\n");
	assert_result(two, 0, SMTP_ACCEPTED, 0, 250);
	hear(&c, "221 bye\r\n");
	assert_string_equal(c.events.data, "ready done commit done closed ");
	end(&c);
}

static void
all_or_nothing_is_cleared_away_before_the_next(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *one = add(&c, 2, hello());

	(void)state;
	one->all_or_nothing = true;
	add(&c, 1, hello());
	begin(&c);
	hear(&c, GREET);
	hear(&c, PLAIN_EHLO);
	hear(&c, "250 ok\r\n");
	buf_reset(&c.wire);
	hear(&c, "550 no\r\n");
	assert_said(&c, "RSET\r\n");
	assert_result(one, 0, SMTP_REFUSED, EX_NOUSER, 550);
	assert_result(one, 1, SMTP_NOT_SENT, 0, SMTP_CODE_RECIPIENTS);
	assert_int_equal(status_of(one), EX_NOUSER);
	end(&c);
}

static void
all_or_nothing_keeps_every_refusal(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, 4, hello());

	(void)state;
	tx->all_or_nothing = true;
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	buf_reset(&c.wire);
	hear(&c, "250 ok\r\n250 ok\r\n550 no\r\n551 nor here\r\n450 later\r\n");
	assert_said(&c, "QUIT\r\n");
	assert_result(tx, 0, SMTP_NOT_SENT, 0, SMTP_CODE_RECIPIENTS);
	assert_result(tx, 1, SMTP_REFUSED, EX_NOUSER, 550);
	assert_result(tx, 2, SMTP_REFUSED, EX_NOUSER, 551);
	assert_result(tx, 3, SMTP_DEFERRED, EX_TEMPFAIL, 450);
	end(&c);
}

static void
transactions_in_one_flight_do_not_stand_in_each_others_way(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *one = add(&c, 1, hello());
	struct smtp_transaction *two = add(&c, 1, hello());

	(void)state;
	begin(&c);
	hear(&c, GREET);
	buf_reset(&c.wire);
	hear(&c, FLIGHT_EHLO);
	/* The first one may leave its MAIL behind, if all are refused. */
	assert_said(&c,
	    "MAIL FROM:<me>\r\nRCPT TO:<a>\r\nBDAT 7 LAST\r\nhello\r\n"
	    "RSET\r\n"
	    "MAIL FROM:<me>\r\nRCPT TO:<a>\r\nBDAT 7 LAST\r\nhello\r\n"
	    "QUIT\r\n");
	hear(&c, "250 ok\r\n550 no\r\n503 nobody\r\n");
	assert_result(one, 0, SMTP_REFUSED, EX_NOUSER, 550);
	hear(&c, "250 ok\r\n250 ok\r\n250 ok\r\n250 queued\r\n221 bye\r\n");
	assert_result(two, 0, SMTP_ACCEPTED, 0, 250);
	assert_true(c.closed);
	assert_int_equal(c.error.status, 0);
	end(&c);
}

static void
a_message_taken_by_bdat_needs_no_rset_behind_it(void **state)
{
	struct client c = {.quit = true};

	(void)state;
	add(&c, 1, hello());
	add(&c, 1, hello());
	begin(&c);
	hear(&c, GREET);
	hear(&c, CHUNK_EHLO);
	hear(&c, "250 ok\r\n");
	hear(&c, "250 ok\r\n");
	buf_reset(&c.wire);
	hear(&c, "250 queued\r\n");
	assert_said(&c, "MAIL FROM:<me>\r\n");
	end(&c);
}

static void
a_body_that_fails_is_a_matter_of_its_message_alone(void **state)
{
	static const char *const pieces[] = {"hel", broken};
	struct client c = {.quit = true};
	struct smtp_transaction *one, *two, *three;

	(void)state;
	one = add(&c, 1, hello());
	two = add(&c, 1, body_new(pieces));
	three = add(&c, 1, hello());
	two->shares = true;
	begin(&c);
	hear(&c, GREET);
	buf_reset(&c.wire);
	hear(&c, FLIGHT_EHLO);
	assert_said(&c,
	    "MAIL FROM:<me>\r\nRCPT TO:<a>\r\nBDAT 7 LAST\r\nhello\r\n"
	    "RSET\r\nMAIL FROM:<me>\r\nRCPT TO:<a>\r\n"
	    "RSET\r\nMAIL FROM:<me>\r\nRCPT TO:<a>\r\n"
	    "BDAT 7 LAST\r\nhello\r\nQUIT\r\n");
	hear(&c, "250 ok\r\n250 ok\r\n250 queued\r\n");
	hear(&c, "250 reset\r\n250 ok\r\n250 ok\r\n");
	assert_result(two, 0, SMTP_NOT_SENT, EX_IOERR, 0);
	assert_false(two->abandoned);
	hear(&c, "250 reset\r\n250 ok\r\n250 ok\r\n250 queued\r\n");
	hear(&c, "221 bye\r\n");
	assert_result(one, 0, SMTP_ACCEPTED, 0, 250);
	assert_result(three, 0, SMTP_ACCEPTED, 0, 250);
	assert_true(c.closed);
	assert_int_equal(c.error.status, 0);
	end(&c);
}

static void
what_was_made_and_not_sent_is_not_sent_after_a_failure(void **state)
{
	struct client c = {.quit = false};
	struct smtp_transaction *two;
	const char *bytes;
	size_t n;

	(void)state;
	add(&c, 1, hello());
	two = add(&c, 1, hello());
	begin(&c);
	hear(&c, GREET);
	hear_bytes(&c, FLIGHT_EHLO, strlen(FLIGHT_EHLO));
	do {
		smtp_session_output(c.session, &bytes, &n);
		pull(&c);
	} while (c.commits < 2);
	smtp_session_output(c.session, &bytes, &n);
	/* The first one and the RSET are gone, the rest is not. */
	n = (size_t)((char *)memmem(bytes, n, "RSET\r\n", 6) + 6 - bytes);
	smtp_session_sent(c.session, n);
	buf_reset(&c.wire);
	hear(&c, "250 ok\r\n550 no\r\n503 nobody\r\n354 RSET what?\r\n");
	assert_said(&c, "");
	assert_true(c.closed);
	assert_false(two->message_sent);
	assert_int_equal(status_of(two), EX_PROTOCOL);
	end(&c);
}

static void
commands_and_transactions_take_turns(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *tx;

	(void)state;
	c.commands[0] = "VRFY bob";
	c.commands[1] = "NOOP";
	c.commands[3] = "HELP";
	c.work_count = 2;
	tx = add(&c, 1, hello());
	c.work_count = 4;
	begin(&c);
	hear(&c, GREET);
	buf_reset(&c.wire);
	hear(&c, FLIGHT_EHLO);
	assert_said(&c, "VRFY bob\r\n");
	hear(&c, "252-maybe\r\n252 not\r\n");
	assert_said(&c, "NOOP\r\n");
	hear(&c, "502 no\r\n");
	assert_said(&c,
	    "MAIL FROM:<me>\r\nRCPT TO:<a>\r\nBDAT 7 LAST\r\nhello\r\n"
	    "HELP\r\n");
	hear(&c, "250 ok\r\n250 ok\r\n250 queued\r\n214 help\r\n");
	assert_said(&c, "QUIT\r\n");
	hear(&c, "221 bye\r\n");
	assert_result(tx, 0, SMTP_ACCEPTED, 0, 250);
	assert_string_equal(c.events.data,
	    "ready VRFY bob=252 NOOP=502 commit done HELP=214 closed ");
	end(&c);
}

/* What a server says to a flight that it takes. */
static void
answers_to(struct buf *out, const char *flight)
{
	static const char *const table[][2] = {{"MAIL", "250 ok\r\n"},
	    {"RCPT", "250 ok\r\n"}, {"DATA", "354 go\r\n"},
	    {".\r\n", "250 queued\r\n"}, {"BDAT", "250 queued\r\n"},
	    {"RSET", "250 ok\r\n"}, {"NOOP", "250 ok\r\n"},
	    {"QUIT", "221 bye\r\n"}};
	size_t i;

	buf_reset(out);
	for (; *flight != '\0'; flight += strcspn(flight, "\n") + 1)
		for (i = 0; i < ELEMENTS(table); i++)
			if (strncmp(flight, table[i][0], strlen(table[i][0])) ==
			    0)
				buf_puts(out, table[i][1]);
}

/* All that is said to such a server, flight by flight. */
static void
converse(struct buf *log, const char *ehlo, bool on_demand)
{
	struct client c = {.quit = true, .on_demand = on_demand};
	struct buf said = {0};
	int flights = 0;

	add(&c, 1, hello());
	add(&c, 2, hello());
	c.commands[c.work_count++] = "NOOP";
	add(&c, 1, hello());
	begin(&c);
	hear(&c, GREET);
	buf_reset(&c.wire);
	hear(&c, ehlo);
	while (!c.closed) {
		assert_true(flights++ < 50);
		buf_printf(log, "%s--\n", buf_string(&c.wire));
		answers_to(&said, buf_string(&c.wire));
		buf_reset(&c.wire);
		hear(&c, buf_string(&said));
	}
	assert_int_equal(c.error.status, 0);
	assert_int_equal(c.wants, on_demand ? c.work_count + 1 : 0);
	buf_clear(&said);
	end(&c);
}

static void
work_is_wanted_in_time_for_the_same_flight(void **state)
{
	static const char *const ehlo[] = {
	    FLIGHT_EHLO, PIPE_EHLO, CHUNK_EHLO, PLAIN_EHLO};
	struct buf at_once = {0}, on_demand = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(ehlo); i++) {
		buf_reset(&at_once);
		buf_reset(&on_demand);
		converse(&at_once, ehlo[i], false);
		converse(&on_demand, ehlo[i], true);
		assert_non_null(strstr(at_once.data, "QUIT"));
		assert_string_equal(on_demand.data, at_once.data);
	}
	buf_clear(&at_once);
	buf_clear(&on_demand);
}

static void
work_is_wanted_once_until_some_is_given(void **state)
{
	struct client c = {0};
	struct smtp_transaction *one = add(&c, 1, hello()), *two;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	assert_int_equal(c.wants, 0);
	hear(&c, FLIGHT_EHLO);
	assert_int_equal(c.wants, 1);
	assert_said(&c,
	    "EHLO c\r\nMAIL FROM:<me>\r\nRCPT TO:<a>\r\n"
	    "BDAT 7 LAST\r\nhello\r\n");
	hear(&c, "250 ok\r\n250 ok\r\n250 queued\r\n");
	assert_int_equal(c.wants, 1);
	assert_string_equal(c.events.data, "ready commit done ");
	assert_result(one, 0, SMTP_ACCEPTED, 0, 250);
	/* Also behind the end of all that was there. */
	two = add(&c, 1, hello());
	smtp_session_send(c.session, two);
	flush(&c);
	assert_int_equal(c.wants, 2);
	hear(&c, "250 ok\r\n550 no\r\n503 no\r\n");
	assert_result(two, 0, SMTP_REFUSED, EX_NOUSER, 550);
	buf_reset(&c.wire);
	smtp_session_quit(c.session);
	flush(&c);
	assert_said(&c, "QUIT\r\n");
	hear(&c, "221 bye\r\n");
	assert_int_equal(c.wants, 2);
	assert_int_equal(c.error.status, 0);
	end(&c);
}

static void
no_work_is_wanted_of_a_server_that_closes(void **state)
{
	struct client c = {.on_demand = true};

	(void)state;
	add(&c, 1, hello());
	add(&c, 1, hello());
	begin(&c);
	hear(&c, GREET);
	hear(&c, PLAIN_EHLO);
	assert_int_equal(c.wants, 1);
	hear(&c, "421 closing\r\n");
	lose(&c);
	flush(&c);
	assert_int_equal(c.wants, 1);
	end(&c);
}

static void
work_given_too_late_is_settled(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *tx;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, PLAIN_EHLO);
	hear(&c, "221 bye\r\n");
	assert_true(c.closed);
	tx = add(&c, 2, hello());
	smtp_session_send(c.session, tx);
	smtp_session_command(c.session, "NOOP");
	pull(&c);
	assert_result(tx, 1, SMTP_DEFERRED, EX_TEMPFAIL, 0);
	end(&c);

	begin(&c);
	hear(&c, "554 not you\r\n");
	tx = add(&c, 1, hello());
	smtp_session_send(c.session, tx);
	pull(&c);
	assert_result(tx, 0, SMTP_REFUSED, EX_UNAVAILABLE, 554);
	assert_string_equal(tx->recipients[0].result.text, "not you");
	end(&c);
}

/* --- STARTTLS -------------------------------------------------------------*/

static void
bytes_behind_the_answer_to_starttls_end_it(void **state)
{
	size_t later;

	(void)state;
	for (later = 0; later < 2; later++) {
		struct client c = {.params.starttls = SMTP_STARTTLS_MAY};
		struct smtp_transaction *tx = add(&c, 1, hello());

		begin(&c);
		hear(&c, GREET);
		hear(&c, "250-mx\r\n250 STARTTLS\r\n");
		buf_reset(&c.wire);
		if (later == 0) {
			hear(&c, "220 go\r\n2");
		} else {
			hear(&c, "220 go\r\n");
			assert_string_equal(c.events.data, "tls ");
			hear(&c, "2");
		}
		assert_said(&c, "");
		assert_true(c.closed);
		assert_int_equal(c.error.status, EX_NOPERM);
		smtp_session_secured(c.session, NULL); /* too late */
		flush(&c);
		assert_said(&c, "");
		assert_null(tx->recipients[0].result.text); /* never given */
		end(&c);
	}
}

static void
what_tls_tells_is_kept(void **state)
{
	struct client c = {.params.starttls = SMTP_STARTTLS_MUST};
	struct error err;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, "250-mx\r\n250 STARTTLS\r\n");
	hear(&c, "220 go\r\n");
	error_set(&err, EX_NOPERM, "the certificate has expired");
	error_hint(&err, "renew it");
	smtp_session_disconnected(c.session, &err);
	flush(&c);
	assert_int_equal(c.error.status, EX_NOPERM);
	assert_string_equal(
	    c.error.text, "STARTTLS: the certificate has expired");
	assert_string_equal(c.error.hint, "renew it");
	end(&c);
}

static void
tls_that_is_refused_is_an_error_only_where_it_is_demanded(void **state)
{
	static const struct {
		const char *reply;
		int must, may; /* status; 0: it goes on */
	} cases[] = {
	    {"454 not now\r\n", EX_NOPERM, 0},
	    {"501 what\r\n", EX_NOPERM, 0},
	    {"502 what\r\n", EX_NOPERM, 0},
	    {"354 go\r\n", EX_NOPERM, EX_PROTOCOL},
	    {"230 in\r\n", EX_NOPERM, EX_PROTOCOL},
	    {"250 ok\r\n", EX_NOPERM, EX_PROTOCOL},
	    {"421 closing\r\n", EX_TEMPFAIL, EX_TEMPFAIL},
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		for (k = 0; k < 2; k++) {
			struct client c = {0};
			int status = k == 0 ? cases[i].must : cases[i].may;

			c.params.starttls =
			    k == 0 ? SMTP_STARTTLS_MUST : SMTP_STARTTLS_MAY;
			begin(&c);
			hear(&c, GREET);
			hear(&c, "250-mx\r\n250 STARTTLS\r\n");
			assert_said(&c, "EHLO c\r\nSTARTTLS\r\n");
			hear(&c, cases[i].reply);
			assert_int_equal(c.error.status, status);
			assert_string_equal(
			    c.events.data, status != 0 ? "closed " : "ready ");
			assert_null(strstr(buf_string(&c.wire), "MAIL"));
			end(&c);
		}
	}
}

/* --- replies out of step --------------------------------------------------*/

static void
a_yes_that_is_none_leaves_the_message_in_doubt(void **state)
{
	static const char *const replies[] = {"220 mx\r\n", "221 bye\r\n",
	    "354 go\r\n", "334 \r\n", "600 x\r\n", "250-x\r\n251 y\r\n"};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(replies); i++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx = add(&c, 1, hello());

		begin(&c);
		hear(&c, GREET);
		hear(&c, FLIGHT_EHLO);
		hear(&c, "250 ok\r\n250 ok\r\n");
		hear(&c, replies[i]);
		assert_true(c.closed);
		assert_int_equal(status_of(tx), EX_UNKNOWN);
		assert_int_equal(c.error.status, EX_PROTOCOL);
		end(&c);
	}
}

static void
a_reply_to_nothing_ends_it(void **state)
{
	struct client c = {.quit = false};
	struct smtp_transaction *tx = add(&c, 1, hello());

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	hear(&c, "250 ok\r\n250 ok\r\n250 queued\r\n");
	assert_false(c.closed);
	hear(&c, "250 again\r\n");
	assert_true(c.closed);
	assert_int_equal(c.error.status, EX_PROTOCOL);
	assert_result(tx, 0, SMTP_ACCEPTED, 0, 250);
	end(&c);
}

/* --- parameters of MAIL and RCPT ------------------------------------------*/

/* ENHANCEDSTATUSCODES stands for an extension that has some. */
static const struct smtp_parameter of_mail[] = {
    {"BODY", "8BITMIME", SMTP_8BITMIME, NULL, false},
    {"SMTPUTF8", NULL, SMTP_SMTPUTF8, NULL, false},
    {"X-ANY", "1", 0, NULL, true},
};
static const struct smtp_parameter of_rcpt[] = {
    {"NOTIFY", "NEVER", SMTP_ENHANCEDSTATUSCODES, NULL, false},
    {"ORCPT", "rfc822;a", SMTP_ENHANCEDSTATUSCODES, NULL, true},
};

static void
parameters_go_out_where_their_extension_is_offered(void **state)
{
	static const struct {
		const char *offer, *mail;
	} cases[] = {
	    {"", " X-ANY=1"},
	    {"250-SIZE\r\n", " SIZE=7 X-ANY=1"},
	    {"250-8BITMIME\r\n", " BODY=8BITMIME X-ANY=1"},
	    {"250-SMTPUTF8\r\n250-SIZE 9\r\n250-8BITMIME\r\n",
		" SIZE=7 BODY=8BITMIME SMTPUTF8 X-ANY=1"},
	};
	struct buf said = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {0};
		struct smtp_transaction *tx = add(&c, 2, hello());

		tx->size = 7;
		tx->parameters =
		    (struct smtp_parameters){of_mail, ELEMENTS(of_mail)};
		tx->recipients[0].parameters =
		    (struct smtp_parameters){of_rcpt, 1};
		begin(&c);
		hear(&c, GREET);
		buf_reset(&c.wire);
		buf_reset(&said);
		buf_printf(
		    &said, "250-mx\r\n%s250 PIPELINING\r\n", cases[i].offer);
		hear(&c, said.data);
		buf_reset(&said);
		buf_printf(&said,
		    "MAIL FROM:<me>%s\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\n"
		    "DATA\r\n",
		    cases[i].mail);
		assert_said(&c, said.data);
		end(&c);
	}
	buf_clear(&said);
}

static void
a_demanded_parameter_that_is_not_offered_stops_it_before_mail(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx = add(&c, 2, hello());
		bool offered = i % 2 == 1, rcpt = i < 2;

		if (rcpt)
			tx->recipients[1].parameters =
			    (struct smtp_parameters){of_rcpt, 2};
		else
			tx->parameters =
			    (struct smtp_parameters){of_rcpt + 1, 1};
		begin(&c);
		hear(&c, GREET);
		buf_reset(&c.wire);
		hear(&c,
		    offered ? "250-mx\r\n250 ENHANCEDSTATUSCODES\r\n"
			    : PIPE_EHLO);
		if (offered) {
			assert_said(&c,
			    rcpt ? "MAIL FROM:<me>\r\n"
				 : "MAIL FROM:<me> ORCPT=rfc822;a\r\n");
		} else {
			assert_said(&c, "QUIT\r\n");
			assert_result(tx, 0, SMTP_NOT_SENT, EX_UNAVAILABLE, 0);
			assert_result(tx, 1, SMTP_NOT_SENT, EX_UNAVAILABLE, 0);
			assert_string_equal(tx->recipients[0].result.text,
			    "ORCPT needs ENHANCEDSTATUSCODES, which the server "
			    "does not offer");
		}
		end(&c);
	}
}

/* What a server says beside its offer bounds what is asked for. */
static void
a_value_beyond_the_bounds_of_the_server_stops_it_before_mail(void **state)
{
	static const struct {
		const char *offer, *keyword, *value, *said;
	} cases[] = {
	    {"DELIVERBY 240", "BY", "239;R",
		"BY=239;R: nothing under 240 s is taken by the server's "
		"DELIVERBY"},
	    {"DELIVERBY 240", "BY", "0;rt",
		"BY=0;rt: nothing under 240 s is taken by the server's "
		"DELIVERBY"},
	    {"DELIVERBY 240", "BY", "240;R", NULL},
	    {"DELIVERBY 240", "BY", "239;N", NULL},
	    {"DELIVERBY 240", "BY", "-5;N", NULL},
	    {"DELIVERBY", "BY", "1;R", NULL},
	    {"FUTURERELEASE 3600 2031-03-14T08:00:00Z", "HOLDFOR", "3601",
		"HOLDFOR=3601: nothing over 3600 s is taken by the server's "
		"FUTURERELEASE"},
	    {"FUTURERELEASE 3600", "HOLDFOR", "3600", NULL},
	    {"FUTURERELEASE", "HOLDFOR", "999999999", NULL},
	    {"FUTURERELEASE 3600 2031-03-14T08:00:00Z", "HOLDUNTIL",
		"2031-03-14T08:00:01Z",
		"HOLDUNTIL=2031-03-14T08:00:01Z: nothing after "
		"2031-03-14T08:00:00Z is taken by the server's FUTURERELEASE"},
	    {"FUTURERELEASE 3600 2031-03-14T08:00:00Z", "HOLDUNTIL",
		"2031-03-14T08:00:00Z", NULL},
	    {"FUTURERELEASE 3600", "HOLDUNTIL", "9999-01-01T00:00:00Z", NULL},
	    {"XVERP", "XVERP", NULL, NULL},
	    {"XVERPS", "XVERP", NULL, "the server does not offer XVERP"},
	    {"NO-SOLICITING", "SOLICIT", "org.x:ADV", NULL},
	    {"SOLICIT", "SOLICIT", "org.x:ADV",
		"SOLICIT needs NO-SOLICITING, which the server does not offer"},
	};
	struct buf reply = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {.quit = true};
		struct smtp_transaction *tx = add(&c, 1, hello());
		struct smtp_parameter p = {.keyword = cases[i].keyword,
		    .value = cases[i].value,
		    .demanded = true};

		smtp_parameter_judge(&p);
		tx->asked = (struct smtp_parameters){&p, 1};
		begin(&c);
		hear(&c, GREET);
		buf_reset(&c.wire);
		buf_reset(&reply);
		buf_printf(&reply, "250-mx\r\n250 %s\r\n", cases[i].offer);
		hear(&c, reply.data);
		if (cases[i].said == NULL) {
			buf_reset(&reply);
			buf_printf(&reply, "MAIL FROM:<me> %s%s%s\r\n",
			    p.keyword, p.value != NULL ? "=" : "",
			    p.value != NULL ? p.value : "");
			assert_said(&c, reply.data);
		} else {
			assert_said(&c, "QUIT\r\n");
			assert_result(tx, 0, SMTP_NOT_SENT, EX_UNAVAILABLE, 0);
			assert_string_equal(
			    tx->recipients[0].result.text, cases[i].said);
		}
		end(&c);
	}
	buf_clear(&reply);
}

static void
what_is_not_demanded_and_not_offered_is_left_out(void **state)
{
	static const struct smtp_parameter asked[] = {
	    {.keyword = "XVERP", .offer = "XVERP"},
	    {.keyword = "RET", .value = "HDRS", .extension = SMTP_DSN},
	    {.keyword = "BY", .value = "1;R", .extension = SMTP_DELIVERBY},
	};
	struct client c = {0};
	struct smtp_transaction *tx = add(&c, 1, hello());

	(void)state;
	tx->asked = (struct smtp_parameters){asked, ELEMENTS(asked)};
	begin(&c);
	hear(&c, GREET);
	buf_reset(&c.wire);
	hear(&c, "250-mx\r\n250-DSN\r\n250 ok\r\n");
	assert_said(&c, "MAIL FROM:<me> RET=HDRS\r\n");
	end(&c);
}

/* RFC 8689 3: it is offered under TLS, or by somebody in between. */
static void
requiretls_in_clear_is_no_offer(void **state)
{
	static const struct smtp_parameter asked = {.keyword = "REQUIRETLS",
	    .extension = SMTP_REQUIRETLS,
	    .demanded = true};
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, 1, hello());

	(void)state;
	tx->asked = (struct smtp_parameters){&asked, 1};
	begin(&c);
	hear(&c, GREET);
	buf_reset(&c.wire);
	hear(&c, "250-mx\r\n250 REQUIRETLS\r\n");
	assert_said(&c, "QUIT\r\n");
	assert_result(tx, 0, SMTP_NOT_SENT, EX_NOPERM, 0);
	end(&c);
}

/* Where a command ends is known with all that stands in it. */
static void
a_recipient_is_sent_when_its_parameters_are(void **state)
{
	static const char a[] = "RCPT TO:<a> NOTIFY=NEVER ORCPT=rfc822;a\r\n";
	static const char ehlo[] = "250-mx\r\n250-PIPELINING\r\n"
				   "250 ENHANCEDSTATUSCODES\r\n";
	static const char mail[] = "MAIL FROM:<me>\r\n";
	const char *bytes;
	size_t k, n;

	(void)state;
	for (k = 0; k < 2; k++) {
		struct client c = {0};
		struct smtp_transaction *tx = add(&c, 3, hello());

		tx->recipients[0].parameters = tx->recipients[1].parameters =
		    (struct smtp_parameters){of_rcpt, 2};
		begin(&c);
		hear(&c, GREET);
		hear_bytes(&c, ehlo, strlen(ehlo));
		smtp_session_output(c.session, &bytes, &n);
		assert_memory_equal(bytes + strlen(mail), a, strlen(a));
		smtp_session_sent(c.session, strlen(mail) + 2 * strlen(a) - k);
		hear_bytes(&c, "250 ok\r\n250 ok\r\n250 ok\r\n", 24);
		assert_true(tx->recipients[0].taken);
		assert_int_equal(tx->recipients[1].taken, k == 0);
		assert_int_equal(c.closed, k == 1);
		end(&c);
	}
}

/* --- LMTP -----------------------------------------------------------------*/

/* Replies to commands of which not all, or nothing, was sent. */
static void
a_reply_to_a_recipient_that_was_not_sent_ends_it(void **state)
{
	size_t sent, n, rcpt = strlen("RCPT TO:<a>\r\n");
	struct smtp_transaction *tx;
	const char *bytes;

	(void)state;
	for (sent = 0; sent <= 2 * rcpt; sent += rcpt / 2) {
		struct client c = {.quit = false};

		tx = add(&c, 2, hello());
		begin(&c);
		hear(&c, GREET);
		hear_bytes(&c, FLIGHT_EHLO, strlen(FLIGHT_EHLO));
		smtp_session_output(c.session, &bytes, &n);
		smtp_session_sent(
		    c.session, strlen("MAIL FROM:<me>\r\n") + sent);
		hear_bytes(&c, "250 ok\r\n250 ok\r\n250 ok\r\n", 24);
		assert_int_equal(c.closed, sent < 2 * rcpt);
		if (c.closed)
			assert_int_equal(c.error.status, EX_PROTOCOL);
		assert_int_equal(tx->recipients[0].taken, sent >= rcpt);
		assert_int_equal(tx->recipients[1].taken, sent >= 2 * rcpt);
		end(&c);
	}
}

static void
one_too_many_is_told_from_a_refusal(void **state)
{
	static const struct {
		const char *first, *second;
		bool one_too_many;
		enum smtp_verdict verdict;
	} rows[] = {
	    {"250 ok", "452 too many", true, SMTP_DEFERRED},
	    {"250 ok", "452 4.5.3 too many", true, SMTP_DEFERRED},
	    {"250 ok", "552 too many", true, SMTP_DEFERRED},
	    {"250 ok", "552 5.5.3 too many", true, SMTP_DEFERRED},
	    {"250 ok", "550 5.5.3 too many", true, SMTP_DEFERRED},
	    {"250 ok", "451 4.5.3 too many", true, SMTP_DEFERRED},
	    {"550 no", "552 5.5.3 too many", true, SMTP_DEFERRED},
	    {"550 no", "452 4.5.3 too many", true, SMTP_DEFERRED},
	    {"550 no", "552 full", false, SMTP_REFUSED},
	    {"550 no", "452 full", false, SMTP_DEFERRED},
	    {"550 no", "550 5.5.3 no", false, SMTP_REFUSED},
	    {"250 ok", "552 5.2.2 full", false, SMTP_REFUSED},
	    {"250 ok", "452 4.2.2 full", false, SMTP_DEFERRED},
	    {"250 ok", "550 5.1.1 no", false, SMTP_REFUSED},
	    {"250 ok", "450 later", false, SMTP_DEFERRED},
	};
	struct smtp_transaction *tx;
	char replies[200];
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++) {
		struct client c = {.quit = false};

		tx = add(&c, 2, hello());
		begin(&c);
		hear(&c, GREET);
		hear(&c, FLIGHT_EHLO);
		snprintf(replies, sizeof(replies),
		    "250 ok\r\n%s\r\n%s\r\n%s\r\n", rows[i].first,
		    rows[i].second,
		    rows[i].first[0] == '2' ? "250 ok" : "503 nobody");
		hear(&c, replies);
		assert_int_equal(
		    tx->recipients[1].one_too_many, rows[i].one_too_many);
		assert_int_equal(
		    tx->recipients[1].result.verdict, rows[i].verdict);
		assert_int_equal(
		    tx->recipients[1].result.code, atoi(rows[i].second));
		end(&c);
	}
}

static void
lmtp_verdicts_that_were_given_stay(void **state)
{
	struct client c = {.params.lmtp = true};
	struct smtp_transaction *tx = add(&c, 4, hello());

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, PIPE_EHLO);
	hear(
	    &c, "250 ok\r\n250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n");
	hear(&c, "250 delivered\r\n452 full\r\n250 deli");
	assert_false(c.closed);
	lose(&c);
	assert_result(tx, 0, SMTP_ACCEPTED, 0, 250);
	assert_result(tx, 1, SMTP_DEFERRED, EX_TEMPFAIL, 452);
	assert_result(tx, 2, SMTP_REFUSED, EX_NOUSER, 550);
	assert_result(tx, 3, SMTP_UNKNOWN, EX_UNKNOWN, SMTP_CODE_CUT);
	assert_int_equal(status_of(tx), EX_UNKNOWN);
	end(&c);
}

static void
a_lone_dot_delivers_nothing_by_lmtp_either(void **state)
{
	struct client c = {.params.lmtp = true};
	struct smtp_transaction *tx = add(&c, 2, hello());

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, PIPE_EHLO);
	buf_reset(&c.wire);
	hear(&c, "550 not you\r\n250 ok\r\n250 ok\r\n354 go\r\n");
	assert_said(&c, ".\r\n");
	hear(&c, "250 delivered\r\n250 delivered\r\n");
	assert_string_equal(c.events.data, "ready done ");
	assert_result(tx, 0, SMTP_REFUSED, EX_UNAVAILABLE, 550);
	assert_result(tx, 1, SMTP_REFUSED, EX_UNAVAILABLE, 550);
	end(&c);
}

/* --- lost connections and 421 ---------------------------------------------*/

static void
refusals_outlive_the_connection(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, 2, hello());

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	hear(&c, "250 ok\r\n550 no\r\n551 nor here\r\n");
	lose(&c);
	assert_true(tx->message_sent);
	assert_result(tx, 0, SMTP_REFUSED, EX_NOUSER, 550);
	assert_result(tx, 1, SMTP_REFUSED, EX_NOUSER, 551);
	assert_int_equal(status_of(tx), EX_NOUSER);
	end(&c);

	tx = add(&c, 2, hello());
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	hear(&c, "250 ok\r\n550 no\r\n250 ok\r\n");
	lose(&c);
	assert_result(tx, 0, SMTP_REFUSED, EX_NOUSER, 550);
	assert_result(tx, 1, SMTP_UNKNOWN, EX_UNKNOWN, 0);
	end(&c);
}

static void
a_421_before_ready_means_later_and_nothing_more_is_said(void **state)
{
	static const char *const replies[] = {GREET,
	    "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", "454 no\r\n"};
	size_t at, i;

	(void)state;
	for (at = 0; at <= ELEMENTS(replies); at++) {
		struct client c = {.params.starttls = SMTP_STARTTLS_MAY,
		    .params.clear_ok = true};

		c.credentials.user = "alice";
		secret_set(&c.credentials.password, "x", 1);
		c.params.credentials = &c.credentials;
		begin(&c);
		for (i = 0; i < at; i++)
			hear(&c, replies[i]);
		buf_reset(&c.wire);
		hear(&c, "421 4.3.2 closing\r\n");
		assert_said(&c, "");
		assert_true(c.closed);
		assert_int_equal(c.error.status, EX_TEMPFAIL);
		assert_int_equal(c.error.reply, 421);
		assert_string_equal(c.error.enhanced, "4.3.2");
		end(&c);
	}
}

static void
after_421_what_was_answered_stays_and_the_rest_means_later(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *one = add(&c, 3, hello());
	struct smtp_transaction *two = add(&c, 1, hello());
	enum smtp_phase phase;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	hear(&c, "250 ok\r\n550 no\r\n250 ok\r\n421 4.3.2 closing\r\n");
	assert_false(c.closed);
	assert_int_equal(smtp_session_timeout(c.session, &phase), 2000);
	lose(&c);
	assert_result(one, 0, SMTP_REFUSED, EX_NOUSER, 550);
	assert_result(one, 1, SMTP_DEFERRED, EX_TEMPFAIL, 421);
	assert_result(one, 2, SMTP_DEFERRED, EX_TEMPFAIL, 421);
	assert_result(two, 0, SMTP_DEFERRED, EX_TEMPFAIL, 421);
	assert_string_equal(two->recipients[0].result.text, "4.3.2 closing");
	assert_int_equal(c.error.reply, 421);
	end(&c);
}

static void
replies_behind_421_are_still_heard(void **state)
{
	struct client c = {.quit = false};
	struct smtp_transaction *tx = add(&c, 2, hello());

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, FLIGHT_EHLO);
	buf_reset(&c.wire);
	hear(&c,
	    "250 ok\r\n250 ok\r\n421 closing\r\n250 queued all the same\r\n");
	assert_true(c.closed);
	assert_said(&c, "");
	assert_result(tx, 0, SMTP_ACCEPTED, 0, 250);
	assert_result(tx, 1, SMTP_DEFERRED, EX_TEMPFAIL, 421);
	assert_int_equal(c.error.reply, 421);
	end(&c);
}

static void
the_last_octets_do_not_go_out_after_421(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, 1, hello());
	const char *bytes;
	size_t n;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear_bytes(&c, FLIGHT_EHLO, strlen(FLIGHT_EHLO));
	smtp_session_output(c.session, &bytes, &n); /* MAIL, RCPT; COMMIT */
	smtp_session_sent(c.session, n);
	hear(&c, "421 closing\r\n");
	assert_int_equal(c.wire.len, strlen("EHLO c\r\n"));
	lose(&c);
	assert_false(tx->message_sent);
	assert_result(tx, 0, SMTP_DEFERRED, EX_TEMPFAIL, 421);
	end(&c);
}

/* --- AUTH -----------------------------------------------------------------*/

static void
begin_auth(struct client *c, const char *mechanism)
{
	c->credentials.user = "alice";
	secret_set(&c->credentials.password, "wonderland", 10);
	c->params.credentials = &c->credentials;
	c->params.mechanism = mechanism;
	c->params.clear_ok = true;
	add(c, 1, hello());
	begin(c);
	hear(c, GREET);
	hear(c, "250-mx\r\n250 AUTH LOGIN PLAIN\r\n");
}

#define PLAIN "AGFsaWNlAHdvbmRlcmxhbmQ=\r\n"
#define SAY_PLAIN "EHLO c\r\nAUTH PLAIN " PLAIN
#define SAY_LOGIN "EHLO c\r\nAUTH LOGIN\r\n"
#define ALICE "YWxpY2U=\r\n"
#define WONDERLAND "d29uZGVybGFuZA==\r\n"

static void
auth_ends_as_the_server_says(void **state)
{
	static const struct {
		const char *mechanism, *replies[6], *said;
		int status;
	} cases[] = {
	    {NULL, {"235 in\r\n"}, SAY_PLAIN "MAIL FROM:<me>\r\n", 0},
	    {NULL, {"535 who\r\n"}, SAY_PLAIN "QUIT\r\n", EX_NOPERM},
	    {NULL, {"454 later\r\n"}, SAY_PLAIN "QUIT\r\n", EX_TEMPFAIL},
	    {NULL, {"421 closing\r\n"}, SAY_PLAIN, EX_TEMPFAIL},
	    {NULL, {"250 ok\r\n"}, SAY_PLAIN, EX_PROTOCOL},
	    {NULL, {"354 go\r\n"}, SAY_PLAIN, EX_PROTOCOL},
	    {NULL, {"334 \r\n", "501 ok\r\n"}, SAY_PLAIN "*\r\nQUIT\r\n",
		EX_NOPERM},
	    {NULL, {"334 \r\n", "235 in\r\n"}, SAY_PLAIN "*\r\nQUIT\r\n",
		EX_NOPERM},
	    {NULL, {"334 \r\n", "334 \r\n"}, SAY_PLAIN "*\r\n", EX_NOPERM},
	    {"LOGIN",
		{"334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n", "235 in\r\n"},
		SAY_LOGIN ALICE WONDERLAND "MAIL FROM:<me>\r\n", 0},
	    {"login", {"334\r\n", "334 \r\n", "535 no\r\n"},
		SAY_LOGIN ALICE WONDERLAND "QUIT\r\n", EX_NOPERM},
	    {"LOGIN", {"334 \r\n", "334 \r\n", "334 \r\n", "501 ok\r\n"},
		SAY_LOGIN ALICE WONDERLAND "*\r\nQUIT\r\n", EX_NOPERM},
	    {"LOGIN",
		{"334 \r\n", "334 \r\n", "334 \r\n", "334 \r\n", "334 \r\n"},
		SAY_LOGIN ALICE WONDERLAND "*\r\n", EX_NOPERM},
	    {"LOGIN", {"334 not base64\r\n", "501 ok\r\n"},
		SAY_LOGIN "*\r\nQUIT\r\n", EX_NOPERM},
	    {"LOGIN", {"334-VXNl\r\n334 cm5h\r\n", "501 ok\r\n"},
		SAY_LOGIN "*\r\nQUIT\r\n", EX_NOPERM},
	    /* before the password was asked for */
	    {"LOGIN", {"235 in\r\n"}, SAY_LOGIN "QUIT\r\n", EX_NOPERM},
	    {"LOGIN", {"334 \r\n", "235 in\r\n"}, SAY_LOGIN ALICE "QUIT\r\n",
		EX_NOPERM},
	    /* a mechanism that the server does not know after all */
	    {NULL, {"504 no\r\n", "334 \r\n", "334 \r\n", "235 in\r\n"},
		SAY_PLAIN "AUTH LOGIN\r\n" ALICE WONDERLAND
			  "MAIL FROM:<me>\r\n",
		0},
	    {NULL, {"504 no\r\n", "504 no\r\n"},
		SAY_PLAIN "AUTH LOGIN\r\nQUIT\r\n", EX_NOPERM},
	    {NULL, {"504 no\r\n", "334 \r\n", "334 \r\n", "535 no\r\n"},
		SAY_PLAIN "AUTH LOGIN\r\n" ALICE WONDERLAND "QUIT\r\n",
		EX_NOPERM},
	    {"PLAIN", {"504 no\r\n"}, SAY_PLAIN "QUIT\r\n", EX_NOPERM},
	    {"LOGIN", {"504 no\r\n"}, SAY_LOGIN "QUIT\r\n", EX_NOPERM},
	    {NULL, {"534 too weak\r\n"}, SAY_PLAIN "QUIT\r\n", EX_NOPERM},
	    /* an initial response that the server does not take */
	    {"PLAIN", {"501 no\r\n", "334 \r\n", "235 in\r\n"},
		SAY_PLAIN "AUTH PLAIN\r\n" PLAIN "MAIL FROM:<me>\r\n", 0},
	    {NULL, {"501 no\r\n", "501 no\r\n"},
		SAY_PLAIN "AUTH PLAIN\r\nQUIT\r\n", EX_NOPERM},
	    {NULL, {"501 no\r\n", "334 \r\n", "501 no\r\n"},
		SAY_PLAIN "AUTH PLAIN\r\n" PLAIN "QUIT\r\n", EX_NOPERM},
	    {NULL, {"501 no\r\n", "235 in\r\n"},
		SAY_PLAIN "AUTH PLAIN\r\nQUIT\r\n", EX_NOPERM},
	    {NULL, {"501 no\r\n", "504 no\r\n", "334 \r\n", "501 no\r\n"},
		SAY_PLAIN "AUTH PLAIN\r\nAUTH LOGIN\r\n" ALICE "QUIT\r\n",
		EX_NOPERM},
	    {"LOGIN", {"501 no\r\n"}, SAY_LOGIN "QUIT\r\n", EX_NOPERM},
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {.quit = true};

		begin_auth(&c, cases[i].mechanism);
		for (k = 0; k < 6 && cases[i].replies[k] != NULL; k++)
			hear(&c, cases[i].replies[k]);
		assert_said(&c, cases[i].said);
		assert_int_equal(c.error.status, cases[i].status);
		assert_string_equal(
		    c.events.data, cases[i].status == 0 ? "ready " : "closed ");
		end(&c);
	}
}

static void
a_challenge_of_64_kib_is_cancelled(void **state)
{
	struct client c = {.quit = true};
	struct buf challenge = {0};

	(void)state;
	begin_auth(&c, "LOGIN");
	buf_puts(&challenge, "334 ");
	while (challenge.len < SMTP_REPLY_MAX - 8)
		buf_puts(&challenge, "AAAA");
	buf_puts(&challenge, "\r\n");
	hear(&c, challenge.data);
	hear(&c, "501 cancelled\r\n");
	assert_said(&c, SAY_LOGIN "*\r\nQUIT\r\n");
	assert_int_equal(c.error.status, EX_NOPERM);
	buf_clear(&challenge);
	end(&c);
}

static void
a_mechanism_that_may_not_be_used_is_not(void **state)
{
	static const struct {
		const char *mechanism, *ehlo;
		bool clear_ok;
		const char *text;
	} cases[] = {
	    {NULL, PIPE_EHLO, true, "does not offer authentication"},
	    {NULL, "250-mx\r\n250 AUTH\r\n", true, "no mechanism that"},
	    {NULL, "250-mx\r\n250 AUTH XYZ\r\n", true, "no mechanism that"},
	    {"LOGIN", "250-mx\r\n250 AUTH PLAIN\r\n", true,
		"does not offer the mechanism LOGIN"},
	    {NULL, "250-mx\r\n250 AUTH PLAIN LOGIN\r\n", false, "in clear"},
	    {"PLAIN", "250-mx\r\n250 AUTH PLAIN\r\n", false, "in clear"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {.params.clear_ok = cases[i].clear_ok,
		    .params.mechanism = cases[i].mechanism};

		c.credentials.user = "alice";
		secret_set(&c.credentials.password, "p", 1);
		c.params.credentials = &c.credentials;
		begin(&c);
		hear(&c, GREET);
		hear(&c, cases[i].ehlo);
		assert_said(&c, "EHLO c\r\nQUIT\r\n");
		assert_int_equal(c.error.status, EX_NOPERM);
		assert_non_null(strstr(c.error.text, cases[i].text));
		end(&c);
	}
}

static void
tls_is_put_on_where_only_it_allows_a_mechanism(void **state)
{
	static const struct {
		bool clear_ok;
		const char *said;
	} cases[] = {
	    {false, "EHLO c\r\nSTARTTLS\r\n"},
	    {true, SAY_PLAIN},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {.params.starttls = SMTP_STARTTLS_FOR_AUTH,
		    .params.clear_ok = cases[i].clear_ok};

		c.credentials.user = "alice";
		secret_set(&c.credentials.password, "wonderland", 10);
		c.params.credentials = &c.credentials;
		begin(&c);
		hear(&c, GREET);
		hear(&c, "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n");
		assert_said(&c, cases[i].said);
		end(&c);
	}
}

static void
a_password_stays_neither_in_the_trace_nor_in_the_output(void **state)
{
	static const char plain[] = "AGFsaWNlAHdvbmRlcmxhbmQ";
	struct client c = {.quit = true};

	(void)state;
	begin_auth(&c, NULL);
	flush(&c);
	assert_non_null(strstr(c.wire.data, plain));
	assert_string_equal(c.trace.data, "EHLO c\nAUTH PLAIN ********\n");
	assert_null(memmem(c.session->out.bytes.data, c.session->out.bytes.cap,
	    plain, sizeof(plain) - 1));
	hear(&c, "235 in\r\n");
	assert_null(strstr(c.trace.data, plain));
	end(&c);
}

static void
assert_octets(struct client *c, const char *text)
{
	assert_string_equal(buf_string(&c->octets), text);
	buf_reset(&c->octets);
}

/* What waits to go, in pieces of one octet at most. */
static void
send_octet_by_octet(struct client *c)
{
	const char *bytes;
	size_t n;

	for (;;) {
		pull(c);
		smtp_session_output(c->session, &bytes, &n);
		if (c->session->events.count > 0)
			continue;
		if (n == 0)
			return;
		smtp_session_sent(c->session, 1);
	}
}

static void
octets_show_what_went_out_and_came_in_as_it_is(void **state)
{
	struct client c = {.quit = true, .params.octets = true};

	(void)state;
	add(&c, 1, source_from_bytes("one\r\n.two\r\n", 11));
	begin(&c);
	hear(&c, "220-mx\n220 \001 hi\r\n");
	assert_octets(&c, "<[220-mx\n220 \001 hi\r\n]>[EHLO c\r\n]");
	hear(&c, "250-mx\r\n250 PIPELINING\r\n");
	assert_octets(&c,
	    "<[250-mx\r\n250 PIPELINING\r\n]"
	    ">[MAIL FROM:<me>\r\nRCPT TO:<a>\r\nDATA\r\n]");
	hear(&c, "250 ok\r\n250 ok\r\n3");
	assert_octets(&c, "<[250 ok\r\n]<[250 ok\r\n]");
	hear(&c, "54 go\r\n");
	assert_octets(&c, "<[354 go\r\n]>[one\r\n..two\r\n.\r\nQUIT\r\n]");
	hear(&c, "250 ok\r\n221 bye\r\nand more");
	assert_octets(&c, "<[250 ok\r\n]<[221 bye\r\n]<[and more]");
	end(&c);
}

static void
octets_that_are_no_reply_are_shown(void **state)
{
	static const struct {
		const char *said, *octets;
		bool lost;
	} cases[] = {
	    {"hello\r\nworld", "<[hello\r\nworld]", false},
	    {"220-mx\r\n22", "<[220-mx\r\n22]", true},
	    {"220-mx\r\n221 x\r\n250 y\r\n", "<[220-mx\r\n221 x\r\n250 y\r\n]",
		false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {.params.octets = true};

		begin(&c);
		hear(&c, cases[i].said);
		if (cases[i].lost)
			lose(&c);
		assert_true(c.closed);
		assert_octets(&c, cases[i].octets);
		end(&c);
	}
}

static void
octets_behind_starttls_are_shown(void **state)
{
	struct client c = {
	    .params = {.octets = true, .starttls = SMTP_STARTTLS_MUST}};

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, "250-mx\r\n250 STARTTLS\r\n");
	buf_reset(&c.octets);
	hear(&c, "220 go\r\n");
	hear(&c, "250 evil\r\n");
	assert_octets(&c, "<[220 go\r\n]<[250 evil\r\n]");
	assert_int_equal(c.error.status, EX_NOPERM);
	end(&c);
}

static void
octets_of_a_long_list_of_capabilities_are_counted(void **state)
{
	struct client c = {.params.octets = true};
	struct buf more = BUF_WITH_MAX(0);
	size_t i;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	buf_reset(&c.octets);
	for (i = 0; i < 30000; i++)
		buf_puts(&more, "250-X-EXT9\r\n");
	hear_bytes(&c, more.data, more.len);
	hear(&c, "250 x\r\n");
	assert_int_equal(
	    c.octets.len, 4 * SMTP_REPLY_MAX + strlen("<[]<[*97863]"));
	assert_string_equal(
	    c.octets.data + 4 * SMTP_REPLY_MAX + strlen("<[]"), "<[*97863]");
	buf_clear(&more);
	end(&c);
}

static void
octets_hide_a_password_however_it_is_cut(void **state)
{
	struct client c = {.quit = true, .params.octets = true};
	struct client whole = {.quit = true, .params.octets = true};

	(void)state;
	begin_auth(&whole, NULL);
	assert_octets(&whole,
	    "<[220 mx\r\n]>[EHLO c\r\n]<[250-mx\r\n250 AUTH LOGIN PLAIN\r\n]"
	    ">[AUTH PLAIN ]>[*]>[\r\n]");
	hear(&whole, "501 no\r\n");
	assert_octets(&whole, "<[501 no\r\n]>[AUTH PLAIN\r\n]");
	hear(&whole, "334 \r\n");
	assert_octets(&whole, "<[334 \r\n]>[*]>[\r\n]");
	end(&whole);

	c.credentials.user = "alice";
	secret_set(&c.credentials.password, "wonderland", 10);
	c.params.credentials = &c.credentials;
	c.params.clear_ok = true;
	begin(&c);
	smtp_session_receive(c.session, GREET, strlen(GREET));
	send_octet_by_octet(&c);
	smtp_session_receive(c.session, "250-\r\n250 AUTH PLAIN\r\n", 22);
	buf_reset(&c.octets);
	send_octet_by_octet(&c);
	assert_octets(&c,
	    "<[250-\r\n250 AUTH PLAIN\r\n]>[A]>[U]>[T]>[H]>[ ]>[P]>[L]>[A]>[I]>[N]>[ ]"
	    ">[*]>[\r]>[\n]");
	end(&c);
}

static void
octets_of_a_reply_that_repeats_a_password_are_hidden(void **state)
{
	static const char *const replies[] = {
	    "535 is it wonderland?\r\n",
	    "535-won\r\n535 derland\r\n",
	    "535-5.7.8 d29uZGVy\r\n535 5.7.8 bGFuZA==\r\n",
	    "535-AGFsaWNlAHdv\n535 bmRlcmxhbmQ=\n",
	    "wonderland\r\n",
	    "535-won\r\nder\r\nland",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(replies); i++) {
		struct client c = {.quit = true, .params.octets = true};

		begin_auth(&c, NULL);
		buf_reset(&c.octets);
		hear(&c, replies[i]);
		assert_memory_equal(c.octets.data, "<[*]", 4);
		assert_null(strstr(c.octets.data, "land"));
		end(&c);
	}
}

/* Before READY and after it: whatever answers what. */
static void
a_password_is_masked_in_every_reply(void **state)
{
	static const struct {
		const char *reply, *text;
	} cases[] = {
	    {"535 5.7.8 wonderland?\r\n", "AUTH: 535 5.7.8 ***"},
	    {"421 4.3.0 WONDERLAND\r\n", "AUTH: 421 4.3.0 ***"},
	    {"354 d29uZGVybGFuZA==\r\n", "the reply 354 ***"},
	    {"535-5.7.8 AGFsaWNlAHdv\r\n535 5.7.8 bmRlcmxhbmQ=\r\n",
		"AUTH: 535 5.7.8 ***\n5.7.8 ***"},
	    {"334 d29uZGVybGFuZA==\r\n334 d29uZGVybGFuZA==\r\n",
		"the reply 334 ***"},
	    {"235 in\r\n550 5.1.7 <wonderland>\r\n", NULL},
	};
	const struct smtp_transaction *tx;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {.quit = true};

		begin_auth(&c, NULL);
		tx = &c.work[0];
		hear(&c, cases[i].reply);
		if (cases[i].text == NULL) {
			assert_string_equal(
			    tx->recipients[0].result.text, "5.1.7 <***>");
			assert_string_equal(
			    tx->recipients[0].result.enhanced, "5.1.7");
		} else if (strstr(c.error.text, cases[i].text) == NULL) {
			fail_msg("%s: %s", cases[i].reply, c.error.text);
		}
		assert_null(memmem(
		    c.session->in.data, c.session->in.cap, "onderland", 9));
		end(&c);
	}
}

/* What the session itself must read is read before. */
static void
a_password_that_is_a_keyword_or_a_challenge_hinders_nothing(void **state)
{
	struct client c = {.quit = true};

	(void)state;
	c.credentials.user = "alice";
	secret_set(&c.credentials.password, "LOGIN", 5);
	c.params.credentials = &c.credentials;
	c.params.clear_ok = true;
	add(&c, 1, hello());
	begin(&c);
	hear(&c, GREET);
	hear(&c, "250-mx\r\n250 AUTH LOGIN\r\n");
	hear(&c, "334 TE9HSU4=\r\n");
	hear(&c, "334 TE9HSU4=\r\n");
	hear(&c, "235 in\r\n");
	assert_said(&c,
	    SAY_LOGIN ALICE "TE9HSU4=\r\n"
			    "MAIL FROM:<me>\r\n");
	end(&c);
}

static void
a_password_is_wiped_as_it_is_sent(void **state)
{
	static const char half[] = "AGFsaWNlAHdvbm";
	struct client c = {.quit = true};
	const char *bytes;
	size_t n;

	(void)state;
	c.credentials.user = "alice";
	secret_set(&c.credentials.password, "wonderland", 10);
	c.params.credentials = &c.credentials;
	c.params.clear_ok = true;
	begin(&c);
	hear(&c, GREET);
	hear_bytes(&c, "250-mx\r\n250 AUTH PLAIN\r\n", 25);
	pull(&c);
	smtp_session_output(c.session, &bytes, &n);
	assert_non_null(memmem(bytes, n, half, strlen(half)));
	smtp_session_sent(c.session, n);
	assert_null(memmem(c.session->out.bytes.data, c.session->out.bytes.cap,
	    half, strlen(half)));
	end(&c);
}

static void
a_password_too_long_for_any_line_is_cut_nowhere(void **state)
{
	enum { TOO_LONG = 128 * 1024 };
	struct client c = {.params.clear_ok = true};
	char *password = memory_alloc(TOO_LONG);

	(void)state;
	memset(password, 'x', TOO_LONG);
	c.credentials.user = "alice";
	secret_set(&c.credentials.password, password, TOO_LONG);
	c.params.credentials = &c.credentials;
	begin(&c);
	hear(&c, GREET);
	hear(&c, "250-mx\r\n250 AUTH PLAIN\r\n");
	assert_said(&c, "EHLO c\r\nQUIT\r\n");
	assert_int_equal(c.error.status, EX_NOPERM);
	assert_string_equal(
	    c.error.text, "AUTH: PLAIN: the response is too long");
	free(password);
	end(&c);
}

/* RFC 4954 4: 12,288 octets are the most for a line with AUTH in it; others are
 * as long as their base64. */
static void
a_response_too_long_for_an_initial_one_goes_by_itself(void **state)
{
	enum { LONGEST = (12288 - 13) / 4 * 3 - 7, PASSWORD_LEN = LONGEST + 1 };
	char *password = memory_alloc(PASSWORD_LEN);
	size_t len;

	(void)state;
	memset(password, 'x', PASSWORD_LEN);
	for (len = LONGEST; len <= PASSWORD_LEN; len++) {
		struct client c = {.params.clear_ok = true};

		c.credentials.user = "alice";
		secret_set(&c.credentials.password, password, len);
		c.params.credentials = &c.credentials;
		begin(&c);
		hear(&c, GREET);
		hear(&c, "250-mx\r\n250 AUTH PLAIN\r\n");
		if (len > LONGEST) {
			assert_said(&c, "EHLO c\r\nAUTH PLAIN\r\n");
			hear(&c, "334 \r\n");
			assert_int_equal(c.wire.len, (len + 7 + 2) / 3 * 4 + 2);
		}
		hear(&c, "235 in\r\n");
		assert_string_equal(c.events.data, "ready ");
		end(&c);
	}
	free(password);
}

/* --- EHLO -----------------------------------------------------------------*/

static void
a_hundred_thousand_keywords_are_borne(void **state)
{
	struct client c = {.quit = true};
	struct smtp_transaction *tx = add(&c, 1, hello());
	size_t i;

	(void)state;
	begin(&c);
	hear(&c, GREET);
	hear(&c, "250-mx\r\n250-PIPELINING\r\n250-CHUNKING\r\n");
	for (i = 0; i < 100000; i++)
		hear_bytes(&c, "250-XKEYWORD 1 2 3\r\n", 20);
	assert_true(c.session->reply.text.cap <= SMTP_REPLY_MAX + 1);
	hear(&c, "250 END\r\n");
	hear(&c, "250 ok\r\n250 ok\r\n250 queued\r\n");
	assert_result(tx, 0, SMTP_ACCEPTED, 0, 250);
	end(&c);
}

static void
a_greeting_is_judged_by_its_code(void **state)
{
	static const struct {
		const char *greeting, *said;
		int status;
	} cases[] = {
	    {"220\r\n", "EHLO c\r\n", 0},
	    {"230 you are in\r\n", "EHLO c\r\n", 0},
	    {"250 ok\r\n", "", EX_PROTOCOL},
	    {"221 bye\r\n", "", EX_PROTOCOL},
	    {"354 go\r\n", "", EX_PROTOCOL},
	    {"421 busy\r\n", "", EX_TEMPFAIL},
	    {"451 busy\r\n", "QUIT\r\n", EX_TEMPFAIL},
	    {"554 no\r\n", "QUIT\r\n", EX_UNAVAILABLE},
	    {"521 no mail\r\n", "QUIT\r\n", EX_UNAVAILABLE},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct client c = {0};

		begin(&c);
		hear(&c, cases[i].greeting);
		assert_said(&c, cases[i].said);
		assert_int_equal(c.error.status, cases[i].status);
		end(&c);
	}
}

/* --- any server whatever --------------------------------------------------*/

struct dice {
	uint32_t state;
};

static unsigned
roll(struct dice *d, unsigned sides)
{
	d->state ^= d->state << 13;
	d->state ^= d->state >> 17;
	d->state ^= d->state << 5;
	return d->state % sides;
}

static const char *const fragments[] = {"250 ok\r\n", "250 ok\r\n",
    "250 2.1.5 ok\r\n", "250-more\r\n", "250", " ", "-", "\r", "\n", "\r\n",
    "354 go\r\n", "354 go\r\n", "353 go\r\n", "550 5.1.1 no\r\n", "550-no\r\n",
    "450 x\r\n", "421 closing\r\n", "2", "5", "220 mx\r\n", "221 bye\r\n",
    "235 in\r\n", "334 VXNlcg==\r\n", "252 maybe\r\n", "251\r\n", "250\n",
    "999 x\r\n", "", "250 \0nul\r\n", "\x1b[2J", "HTTP/1.1 400\r\n"};

/* Bytes for the session, without the digit 2 if there must be no yes. */
static void
random_words(struct dice *d, struct buf *out, bool never_yes)
{
	/* Mostly what makes sense. */
	const char *f =
	    fragments[roll(d, roll(d, 4) > 0 ? 3 : ELEMENTS(fragments))];
	size_t n = strlen(f), i;

	buf_reset(out);
	if (roll(d, 8) == 0)
		f = fragments[10 + roll(d, 7)], n = strlen(f);
	if (roll(d, 60) == 0)
		for (i = 0; i < 20; i++)
			buf_putc(out, (char)roll(d, 256));
	buf_append(out, f, n);
	for (i = 0; never_yes && i < out->len; i++)
		if (out->data[i] == '2')
			out->data[i] = "3459x"[roll(d, 5)];
}

struct trial {
	struct client client;
	struct dice dice;
	size_t yes; /* 2yz to a message that had been sent */
};

static void
random_events(struct trial *t)
{
	struct client *c = &t->client;
	struct smtp_event e;

	while (smtp_session_event(c->session, &e)) {
		if (e.type == SMTP_REPLY && e.phase == SMTP_PHASE_MESSAGE &&
		    e.transaction->message_sent && e.reply->code / 100 == 2)
			t->yes++;
		note_event(c, &e);
	}
}

static void
random_output(struct trial *t)
{
	struct client *c = &t->client;
	const char *bytes;
	size_t n, rounds = roll(&t->dice, 6), i;

	for (i = 0; i < c->work_count; i++) {
		struct body *b = (struct body *)c->work[i].body;

		if (c->work[i].body->fd == AGAIN_FD &&
		    b->pieces[b->at] == again && roll(&t->dice, 4) == 0)
			wake(&c->work[i]);
	}
	while (rounds-- > 0) {
		smtp_session_output(c->session, &bytes, &n);
		random_events(t);
		smtp_session_output(c->session, &bytes, &n);
		if (n == 0)
			break;
		if (roll(&t->dice, 3) == 0)
			n = 1 + roll(&t->dice, (unsigned)n);
		/* Read, as a system call would. */
		buf_reset(&c->wire);
		buf_append(&c->wire, bytes, n);
		smtp_session_sent(c->session, n);
	}
}

static void
random_input(struct trial *t, bool never_yes)
{
	struct client *c = &t->client;
	struct buf words = {0};
	size_t at, k;

	random_words(&t->dice, &words, never_yes);
	for (at = 0; at < words.len && !c->closed; at += k) {
		k = 1 + roll(&t->dice, (unsigned)(words.len - at));
		assert_true(smtp_session_room(c->session) >= k);
		smtp_session_receive(c->session, words.data + at, k);
		random_events(t);
	}
	buf_clear(&words);
}

static void
check_trial(const struct trial *t, bool never_yes)
{
	size_t i, k, accepted = 0;

	for (i = 0; i < t->client.work_count; i++) {
		const struct smtp_transaction *tx = &t->client.work[i];

		for (k = 0; k < tx->recipient_count; k++) {
			const struct smtp_result *r = &tx->recipients[k].result;

			assert_non_null(r->text);
			if (r->verdict == SMTP_ACCEPTED) {
				assert_true(tx->message_sent);
				assert_true(tx->recipients[k].taken);
				assert_in_range(r->code, 200, 299);
				assert_int_equal(r->status, 0);
				accepted++;
			}
			if (r->verdict == SMTP_UNKNOWN)
				assert_true(tx->message_sent);
		}
		assert_int_not_equal(status_of(tx), EX_SOFTWARE);
	}
	assert_true(accepted == 0 || t->yes > 0);
	if (never_yes)
		assert_int_equal(accepted, 0);
}

static size_t
run_trial(uint32_t seed)
{
	static const char *const pieces[] = {
	    "a\r\n", "..\r\n", again, "b\r\n", NULL};
	static const char *const ehlos[] = {PLAIN_EHLO, PIPE_EHLO, CHUNK_EHLO,
	    FLIGHT_EHLO, FLIGHT_EHLO, PRDR_EHLO, PRDR_EHLO};
	struct trial t = {.dice = {seed * 2654435761U + 1}};
	struct client *c = &t.client;
	bool never_yes = seed % 4 == 0;
	size_t i, n = 1 + roll(&t.dice, 3), yes;

	c->quit = roll(&t.dice, 2) == 0;
	c->params.lmtp = roll(&t.dice, 3) == 0;
	for (i = 0; i < n; i++)
		add(c, 1 + roll(&t.dice, 4),
		    roll(&t.dice, 2) == 0 ? hello() : body_new(pieces))
		    ->all_or_nothing = roll(&t.dice, 6) == 0;
	begin(c);
	hear(c, GREET);
	i = roll(&t.dice, ELEMENTS(ehlos));
	hear_bytes(c, ehlos[i], strlen(ehlos[i]));
	for (i = 0; i < 60 && !c->closed; i++) {
		random_output(&t);
		random_input(&t, never_yes);
	}
	smtp_session_disconnected(c->session, NULL);
	random_events(&t);
	assert_true(c->closed);
	check_trial(&t, never_yes);
	yes = t.yes;
	end(c);
	return yes;
}

static void
nothing_that_a_server_says_is_fatal_or_makes_a_false_yes(void **state)
{
	uint32_t seed;
	size_t yes = 0;

	(void)state;
	for (seed = 1; seed <= 9000; seed++)
		yes += run_trial(seed);
	/* The trials do get to the end. */
	assert_true(yes > 500);
}

/* Before READY too. */
static void
nothing_that_is_said_before_ready_is_fatal(void **state)
{
	uint32_t seed;
	size_t i;

	(void)state;
	for (seed = 1; seed <= 2000; seed++) {
		struct trial t = {.dice = {seed * 40503U + 7}};
		struct client *c = &t.client;

		c->params.starttls = roll(&t.dice, 4);
		c->params.clear_ok = roll(&t.dice, 2) == 0;
		c->credentials.user = "alice";
		if (roll(&t.dice, 2) == 0)
			c->params.credentials = &c->credentials;
		begin(c);
		hear(c, seed % 4 != 0 ? GREET : "");
		if (seed % 4 > 1)
			hear(c, "250-mx\r\n250-STARTTLS\r\n250 AUTH LOGIN\r\n");
		for (i = 0; i < 20 && !c->closed; i++) {
			random_output(&t);
			random_input(&t, false);
		}
		smtp_session_disconnected(c->session, NULL);
		random_events(&t);
		assert_true(c->closed);
		end(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		ten_thousand_recipients_in_one_flight_need_little_room),
	    cmocka_unit_test(
		a_thousand_recipients_in_lockstep_are_reported_exactly),
	    cmocka_unit_test(
		ten_thousand_recipients_have_their_verdicts_by_prdr),
	    cmocka_unit_test(a_message_of_megabytes_goes_out_in_bounded_pieces),
	    cmocka_unit_test(the_last_octets_wait_until_commit_was_heard),
	    cmocka_unit_test(the_message_is_sent_when_its_last_octet_is),
	    cmocka_unit_test(
		a_message_of_which_an_octet_is_missing_was_not_sent),
	    cmocka_unit_test(a_reply_within_the_message_ends_it),
	    cmocka_unit_test(a_reply_to_a_chunk_in_flight_ends_it),
	    cmocka_unit_test(
		a_yes_to_a_message_without_one_of_its_chunks_is_no_verdict),
	    cmocka_unit_test(a_yes_without_a_chunk_does_not_end_the_session),
	    cmocka_unit_test(a_421_within_the_message_is_about_all_of_it),
	    cmocka_unit_test(a_refused_chunk_is_the_last),
	    cmocka_unit_test(a_body_that_breaks_is_never_completed),
	    cmocka_unit_test(a_body_that_has_nothing_to_give_is_awaited),
	    cmocka_unit_test(
		rset_stands_between_a_refused_transaction_and_the_next),
	    cmocka_unit_test(all_or_nothing_is_cleared_away_before_the_next),
	    cmocka_unit_test(all_or_nothing_keeps_every_refusal),
	    cmocka_unit_test(
		transactions_in_one_flight_do_not_stand_in_each_others_way),
	    cmocka_unit_test(a_message_taken_by_bdat_needs_no_rset_behind_it),
	    cmocka_unit_test(
		a_body_that_fails_is_a_matter_of_its_message_alone),
	    cmocka_unit_test(
		what_was_made_and_not_sent_is_not_sent_after_a_failure),
	    cmocka_unit_test(commands_and_transactions_take_turns),
	    cmocka_unit_test(work_is_wanted_in_time_for_the_same_flight),
	    cmocka_unit_test(work_is_wanted_once_until_some_is_given),
	    cmocka_unit_test(no_work_is_wanted_of_a_server_that_closes),
	    cmocka_unit_test(work_given_too_late_is_settled),
	    cmocka_unit_test(bytes_behind_the_answer_to_starttls_end_it),
	    cmocka_unit_test(what_tls_tells_is_kept),
	    cmocka_unit_test(
		tls_that_is_refused_is_an_error_only_where_it_is_demanded),
	    cmocka_unit_test(a_yes_that_is_none_leaves_the_message_in_doubt),
	    cmocka_unit_test(a_reply_to_nothing_ends_it),
	    cmocka_unit_test(a_reply_to_a_recipient_that_was_not_sent_ends_it),
	    cmocka_unit_test(
		parameters_go_out_where_their_extension_is_offered),
	    cmocka_unit_test(
		a_demanded_parameter_that_is_not_offered_stops_it_before_mail),
	    cmocka_unit_test(
		a_value_beyond_the_bounds_of_the_server_stops_it_before_mail),
	    cmocka_unit_test(what_is_not_demanded_and_not_offered_is_left_out),
	    cmocka_unit_test(requiretls_in_clear_is_no_offer),
	    cmocka_unit_test(a_recipient_is_sent_when_its_parameters_are),
	    cmocka_unit_test(one_too_many_is_told_from_a_refusal),
	    cmocka_unit_test(lmtp_verdicts_that_were_given_stay),
	    cmocka_unit_test(a_lone_dot_delivers_nothing_by_lmtp_either),
	    cmocka_unit_test(refusals_outlive_the_connection),
	    cmocka_unit_test(
		a_421_before_ready_means_later_and_nothing_more_is_said),
	    cmocka_unit_test(
		after_421_what_was_answered_stays_and_the_rest_means_later),
	    cmocka_unit_test(replies_behind_421_are_still_heard),
	    cmocka_unit_test(the_last_octets_do_not_go_out_after_421),
	    cmocka_unit_test(auth_ends_as_the_server_says),
	    cmocka_unit_test(a_challenge_of_64_kib_is_cancelled),
	    cmocka_unit_test(a_mechanism_that_may_not_be_used_is_not),
	    cmocka_unit_test(tls_is_put_on_where_only_it_allows_a_mechanism),
	    cmocka_unit_test(
		a_password_stays_neither_in_the_trace_nor_in_the_output),
	    cmocka_unit_test(octets_show_what_went_out_and_came_in_as_it_is),
	    cmocka_unit_test(octets_that_are_no_reply_are_shown),
	    cmocka_unit_test(octets_behind_starttls_are_shown),
	    cmocka_unit_test(octets_of_a_long_list_of_capabilities_are_counted),
	    cmocka_unit_test(octets_hide_a_password_however_it_is_cut),
	    cmocka_unit_test(
		octets_of_a_reply_that_repeats_a_password_are_hidden),
	    cmocka_unit_test(a_password_is_masked_in_every_reply),
	    cmocka_unit_test(
		a_password_that_is_a_keyword_or_a_challenge_hinders_nothing),
	    cmocka_unit_test(a_password_is_wiped_as_it_is_sent),
	    cmocka_unit_test(a_password_too_long_for_any_line_is_cut_nowhere),
	    cmocka_unit_test(
		a_response_too_long_for_an_initial_one_goes_by_itself),
	    cmocka_unit_test(a_hundred_thousand_keywords_are_borne),
	    cmocka_unit_test(a_greeting_is_judged_by_its_code),
	    cmocka_unit_test(
		nothing_that_a_server_says_is_fatal_or_makes_a_false_yes),
	    cmocka_unit_test(nothing_that_is_said_before_ready_is_fatal),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
