/*
 * A session and any server: what is reported of each recipient is what the
 * server said of it, by whatever way and in whatever pieces.
 *
 * FUZZ_VERBOSE=1 in the environment shows what both said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/mail_server.h"
#include "fuzz/truth.h"
#include "lib/secret.h"
#include "report/outcome.h"
#include "smtp/session.h"

enum {
	JOBS_MAX = 3,
	RECIPIENTS_MAX = 5,
	STEPS_MAX = 100000,
	OUTPUT_MAX = 1 << 20,  /* what a session may hold at once */
	SIZE_OFFERED = 100000, /* of mail_server */
};

#define PASSWORD "SECRETpw"
#define PASSWORD_BASE64 "U0VDUkVUcHc"

struct job {
	struct smtp_transaction tx;
	struct smtp_recipient recipients[RECIPIENTS_MAX];
	char from[32], to[RECIPIENTS_MAX][32];
	const struct buf *body;
	bool fails; /* its source does */
	bool given, done;
};

struct run {
	struct fuzz fuzz;
	struct mail_server server;
	struct smtp_params params;
	struct sasl_credentials credentials;
	struct arena arena;
	struct smtp_texts texts;
	struct smtp_session *session;
	struct job jobs[JOBS_MAX];
	size_t job_count;
	bool at_ready, command, quit; /* when and what is asked for */
	bool more;		      /* as work is wanted, */
	unsigned late;		      /* so often */
	bool ready, secured, closed, verbose;
	bool cut; /* the stream was ended from outside, or spoilt */
};

/* --- set-up ---------------------------------------------------------------*/

/* Made once, and never changed: it takes longer than a whole session. */
static const struct buf *
body_of(unsigned kind)
{
	enum { KINDS = 8, SEVERAL = 6, LONG };
	static const char *const texts[SEVERAL] = {
	    "Subject: hi\r\n\r\nhello\r\n",
	    "Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nhello\r\n.\r\n",
	    "Subject: cut\r\n\r\nno line end",
	    "Subject: only a header\r\n",
	    "Subject: no body\r\n\r\n",
	    "\r\n.",
	};
	static struct buf bodies[KINDS];
	struct buf *body = &bodies[kind % KINDS];
	/* Some pieces, and more than is made at once. */
	unsigned lines = kind % KINDS == SEVERAL ? 300 : 9000, i;

	if (body->len > 0)
		return body;
	if (kind % KINDS < SEVERAL)
		buf_puts(body, texts[kind % KINDS]);
	else
		for (i = 0; i < lines; i++)
			buf_printf(body, "%sline %u of many lines\r\n",
			    i % 3 == 0 ? ".." : "", i);
	return body;
}

static void
set_up_job(struct run *r, size_t number)
{
	struct job *j = &r->jobs[number];
	static const struct smtp_parameter both[] = {
	    {"BODY", "8BITMIME", SMTP_8BITMIME, NULL, false},
	    {"SMTPUTF8", NULL, SMTP_SMTPUTF8, NULL, false},
	};
	unsigned what = fuzz_byte(&r->fuzz), body = fuzz_byte(&r->fuzz);
	bool eight_bit = what & 8, utf8 = what & 16;
	size_t i, most = fuzz_below(&r->fuzz, 4) * 700;

	j->body = body_of(body < 200 ? body % 7 : body);
	j->fails = body >= 240;
	snprintf(j->from, sizeof(j->from), "s%zu@x.test", number);
	j->tx = (struct smtp_transaction){
	    .reverse_path = j->from,
	    .recipients = j->recipients,
	    .recipient_count = 1 + (what & 3),
	    .body = fuzz_source(j->body->data, j->body->len, most,
		j->fails ? j->body->len / 2 : SIZE_MAX),
	    .size = what & 4 ? j->body->len : SMTP_SIZE_UNKNOWN,
	    .parameters = {both + !eight_bit, (size_t)eight_bit + utf8},
	    .all_or_nothing = what & 32,
	    .texts = &r->texts,
	};
	for (i = 0; i < j->tx.recipient_count; i++) {
		snprintf(
		    j->to[i], sizeof(j->to[i]), "r%zu.%zu@x.test", number, i);
		j->recipients[i].address = j->to[i];
	}
}

static void
set_up(struct run *r)
{
	unsigned how = fuzz_byte(&r->fuzz), what = fuzz_byte(&r->fuzz);
	size_t i;

	r->texts.arena = &r->arena;
	r->credentials.user = "user";
	secret_set(&r->credentials.password, PASSWORD, strlen(PASSWORD));
	r->params = (struct smtp_params){
	    .ehlo_name = "me.test",
	    .lmtp = how & 1,
	    .starttls = (enum smtp_starttls)(how >> 1 & 3),
	    .secure = how & 8,
	    .clear_ok = how & 16,
	    .credentials = how & 32 ? &r->credentials : NULL,
	    .mechanism = how & 64 ? "LOGIN" : NULL,
	    .trace = how & 128,
	    .octets = how & 128,
	};
	r->secured = r->params.secure;
	r->at_ready = what & 1;
	r->command = what & 2;
	r->quit = !(what & 4);
	r->more = what >= 0xf8;
	r->job_count = 1 + (what >> 3) % JOBS_MAX;
	for (i = 0; i < r->job_count; i++)
		set_up_job(r, i);
	mail_server_init(&r->server, &r->fuzz, r->params.lmtp);
	r->session = smtp_session_new(&r->params);
}

static void
give_work(struct run *r)
{
	size_t i;

	for (i = 0; i < r->job_count; i++) {
		r->jobs[i].given = true;
		smtp_session_send(r->session, &r->jobs[i].tx);
	}
	if (r->command)
		smtp_session_command(r->session, "VRFY bob");
	if (r->quit)
		smtp_session_quit(r->session);
}

static void
tear_down(struct run *r)
{
	size_t i;

	smtp_session_free(r->session);
	for (i = 0; i < r->job_count; i++)
		source_free(r->jobs[i].tx.body);
	mail_server_clear(&r->server);
	secret_clear(&r->credentials.password);
	smtp_texts_clear(&r->texts);
	arena_clear(&r->arena);
}

/* --- what became of the recipients ----------------------------------------*/

static void
check_recipient(const struct run *r, const struct job *j, size_t number)
{
	const struct smtp_result *result = &j->recipients[number].result;
	const struct transfer *t, *of = NULL;
	size_t i, at = 0, k;
	unsigned truth = TRUTH_NOT_SENT | TRUTH_DEFERRED | TRUTH_REFUSED;

	MUST(result->text != NULL, "no text for %s", j->to[number]);
	for (k = 0; k < r->server.transfer_count; k++) {
		t = &r->server.transfers[k];
		for (i = 0; i < t->count; i++) {
			if (t->number != (unsigned)(j - r->jobs) ||
			    t->to[i].number != number)
				continue;
			MUST(of == NULL ||
				!(truth_of(&r->server, of, at, j->body) &
				    (TRUTH_ACCEPTED | TRUTH_UNKNOWN)),
			    "%s twice", j->to[number]);
			of = t;
			at = i;
		}
	}
	if (of != NULL)
		truth = truth_of(&r->server, of, at, j->body);
	if (!(truth & 1U << result->verdict)) {
		if (of != NULL)
			fprintf(stderr,
			    "heard: MAIL %d RCPT %d DATA %d chunk %d within %d "
			    "verdict %d; %s\n",
			    of->mail, of->to[at].rcpt, of->data, of->chunk,
			    of->early, of->to[at].verdict,
			    of->whole ? "all was sent" : "not all was sent");
		fuzz_fail("%s is reported %s: %d %s", j->to[number],
		    smtp_verdict_name(result->verdict), result->code,
		    result->text);
	}
	MUST(result->verdict != SMTP_REFUSED || r->server.refused ||
		j->tx.size > SIZE_OFFERED,
	    "%s is reported refused by nobody", j->to[number]);
}

static void
check_job(const struct run *r, const struct job *j)
{
	const struct transfer *t;
	size_t i, k, accepted = 0, unknown = 0;
	struct outcome o;

	MUST(j->done, "a transaction that is never over");
	for (i = 0; i < j->tx.recipient_count; i++) {
		if (!r->server.uncertain)
			check_recipient(r, j, i);
		accepted += j->recipients[i].result.verdict == SMTP_ACCEPTED;
		unknown += j->recipients[i].result.verdict == SMTP_UNKNOWN;
	}
	o = outcome_of(j->recipients, j->tx.recipient_count);
	MUST((o.status == 0) == (accepted == j->tx.recipient_count),
	    "status %d, %zu accepted", o.status, accepted);
	MUST(o.status < 64 || accepted + unknown == 0,
	    "status %d, %zu accepted, %zu unknown", o.status, accepted,
	    unknown);
	MUST(o.status != EX_SOFTWARE, "EX_SOFTWARE");
	if (!j->tx.all_or_nothing)
		return;
	for (k = 0; k < r->server.transfer_count; k++) {
		t = &r->server.transfers[k];
		for (i = 0; i < t->count; i++)
			MUST(t->number != (unsigned)(j - r->jobs) ||
				t->to[i].rcpt < 400 ||
				!transfer_whole(t, j->body),
			    "sent, though not to all");
	}
}

/* --- events ---------------------------------------------------------------*/

static bool
failing_input(const struct run *r)
{
	size_t i;

	for (i = 0; i < r->job_count; i++)
		if (r->jobs[i].fails)
			return true;
	return false;
}

static void
on_start_tls(struct run *r)
{
	static const char injected[] = "250 injected\r\n";
	struct error err;

	MUST(!r->secured, "TLS within TLS");
	switch (fuzz_byte(&r->fuzz)) {
	case 255:
		smtp_session_receive(
		    r->session, injected, sizeof(injected) - 1);
		r->cut = true;
		break;
	case 254:
		error_set(&err, EX_NOPERM, "no handshake");
		smtp_session_disconnected(r->session, &err);
		r->cut = true;
		break;
	default:
		/* A reply behind the 220, or the rest of it, is an attack. */
		r->cut |= r->server.heard.len > 0 || r->server.broken;
		r->secured = true;
		mail_server_secured(&r->server);
		smtp_session_secured(r->session, NULL);
	}
}

/* Setting up can be asked for at any time. */
static void
give_more(struct run *r)
{
	static const enum smtp_starttls policies[] = {
	    SMTP_STARTTLS_MAY, SMTP_STARTTLS_MUST, SMTP_STARTTLS_FOR_AUTH};

	if (!r->more || r->late++ > 8)
		return;
	switch (fuzz_byte(&r->fuzz) % 4) {
	case 0:
		smtp_session_quit(r->session);
		break;
	case 1:
		smtp_session_command(r->session, "NOOP");
		break;
	case 2:
		smtp_session_starttls(
		    r->session, policies[fuzz_byte(&r->fuzz) % 3]);
		break;
	default:
		smtp_session_auth(r->session, &r->credentials, NULL);
		break;
	}
}

static bool
holds(const struct smtp_event *e, const char *secret)
{
	return memmem(e->text, e->octets, secret, strlen(secret)) != NULL;
}

static void
on_event(struct run *r, const struct smtp_event *e)
{
	struct job *j = (struct job *)e->transaction;
	size_t i;

	MUST(!r->closed || e->type >= SMTP_OCTETS_SENT || e->type == SMTP_DONE,
	    "an event behind the end");
	switch (e->type) {
	case SMTP_SENT:
		MUST(strstr(e->text, PASSWORD) == NULL &&
			strstr(e->text, PASSWORD_BASE64) == NULL,
		    "the password in the transcript: %s", e->text);
		break;
	case SMTP_OCTETS_SENT:
	case SMTP_OCTETS_HEARD:
		/* of AUTH; what else is sent knows no password */
		MUST(e->text == NULL ||
			(!holds(e, PASSWORD) && !holds(e, PASSWORD_BASE64)),
		    "the password in the octets");
		break;
	case SMTP_READY:
		MUST(!r->ready, "READY twice");
		MUST(r->params.starttls != SMTP_STARTTLS_MUST || r->secured,
		    "READY without TLS");
		r->ready = true;
		if (r->at_ready)
			give_work(r);
		break;
	case SMTP_WANT_WORK:
		MUST(r->ready, "work is wanted before READY");
		MUST(!r->quit || !r->jobs[0].given,
		    "work is wanted behind QUIT");
		give_more(r);
		break;
	case SMTP_START_TLS:
		on_start_tls(r);
		break;
	case SMTP_COMMIT:
		MUST(!j->done && !j->tx.message_sent, "COMMIT too late");
		for (i = 0; i < r->server.transfer_count; i++)
			MUST(r->server.transfers[i].number !=
				    (unsigned)(j - r->jobs) ||
				!transfer_whole(
				    &r->server.transfers[i], j->body),
			    "COMMIT after the end was sent");
		break;
	case SMTP_DONE:
		MUST(!j->done, "DONE twice");
		j->done = true;
		break;
	case SMTP_CLOSED:
		r->closed = true;
		MUST(r->cut || r->server.broken || r->server.uncertain ||
			failing_input(r) || !mail_server_owes(&r->server),
		    "it ends before a verdict that may still come");
		break;
	default:
		break;
	}
}

/* --- bytes ----------------------------------------------------------------*/

/* Some of n, in the way that the fuzzer wants. */
static size_t
some(struct run *r, size_t n)
{
	size_t part = fuzz_byte(&r->fuzz);

	if (part < 128)
		return part < n ? part : n;
	return n - (n * (part - 127) / 256);
}

static void
check_output(const struct run *r, const char *out, size_t n)
{
	MUST(n < OUTPUT_MAX, "%zu octets of output", n);
	if (r->secured)
		return;
	MUST(r->params.starttls != SMTP_STARTTLS_MUST ||
		memmem(out, n, "MAIL FROM", 9) == NULL,
	    "MAIL without TLS");
	MUST(r->params.clear_ok ||
		(memmem(out, n, PASSWORD_BASE64, strlen(PASSWORD_BASE64)) ==
			NULL &&
		    memmem(out, n, PASSWORD, strlen(PASSWORD)) == NULL),
	    "the password in clear");
}

/* Takes all events, and what is to be sent after them. */
static size_t
pull(struct run *r, const char **out)
{
	struct smtp_event e;
	size_t n, turns = 0;
	bool again = true;

	while (again) {
		MUST(turns++ < STEPS_MAX, "events without end");
		again = false;
		while (smtp_session_event(r->session, &e))
			on_event(r, &e);
		smtp_session_output(r->session, out, &n);
		while (smtp_session_event(r->session, &e)) {
			again = true;
			on_event(r, &e);
		}
	}
	check_output(r, *out, n);
	return n;
}

static void
end_stream(struct run *r, bool by_server)
{
	struct error err;

	r->cut = true;
	error_set(&err, EX_TEMPFAIL, "no answer in time");
	smtp_session_disconnected(r->session, by_server ? NULL : &err);
}

static void
deliver(struct run *r, size_t n)
{
	char piece[4096];
	size_t room = smtp_session_room(r->session);

	if (n > room)
		n = room;
	if (n > sizeof(piece))
		n = sizeof(piece);
	if (n == 0)
		return;
	memcpy(piece, r->server.says.data, n);
	buf_consume(&r->server.says, n);
	if (r->verbose)
		fuzz_show("S", piece, n);
	mail_server_heard(&r->server, piece, n);
	smtp_session_receive(r->session, piece, n);
}

/* Nothing moves any more: the server closes, or the time is up. */
static void
standstill(struct run *r)
{
	const struct mail_server *m = &r->server;
	size_t i;

	if (smtp_session_awaits_input(r->session) >= 0)
		return;
	if (!m->hangs_up && !m->silent && !m->broken && !m->closing &&
	    !m->uncertain)
		for (i = 0; i < r->job_count; i++)
			MUST(r->jobs[i].done || !r->ready,
			    "it waits for what nobody owes");
	end_stream(r, m->hangs_up);
}

static void
step(struct run *r)
{
	const char *out;
	size_t n = pull(r, &out), given;
	unsigned way = fuzz_byte(&r->fuzz);

	if (r->closed)
		return;
	if (way >= 254) {
		end_stream(r, way == 254);
		return;
	}
	if (n == 0 && r->server.says.len == 0) {
		standstill(r);
		return;
	}
	if (n > 0 && !(way & 1)) {
		given = way & 2 ? some(r, n) : n;
		if (r->verbose)
			fuzz_show("C", out, given);
		mail_server_take(&r->server, out, given);
		smtp_session_sent(r->session, given);
	}
	if (r->server.says.len > 0 && !(way & 4)) {
		/* What is made of it is seen before more is given. */
		(void)pull(r, &out);
		if (!r->closed)
			deliver(r,
			    way & 8 ? some(r, r->server.says.len)
				    : r->server.says.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct run *r = calloc(1, sizeof(*r));
	size_t i, steps = 0;
	const char *out;

	r->fuzz = (struct fuzz){bytes, bytes + n};
	r->verbose = getenv("FUZZ_VERBOSE") != NULL;
	set_up(r);
	mail_server_greet(&r->server);
	if (!r->at_ready)
		give_work(r);
	while (!r->closed) {
		MUST(steps++ < STEPS_MAX, "a session that does not end");
		step(r);
	}
	(void)pull(r, &out);
	for (i = 0; i < r->job_count; i++)
		if (r->jobs[i].given)
			check_job(r, &r->jobs[i]);
	tear_down(r);
	free(r);
	return 0;
}
