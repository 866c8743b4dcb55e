/* transaction: one message, from MAIL to the reply to its end. */
#include "smtp/session_internal.h"

#include <stdio.h>
#include <string.h>

/* --- results --------------------------------------------------------------*/

/* Without its text, so that it stands whatever fails behind it. */
static struct smtp_result
class_of_reply(const struct smtp_session *s, enum smtp_phase phase)
{
	struct smtp_result r = {
	    .phase = phase, .code = s->reply.code, .text = ""};
	int class = smtp_reply_class(&s->reply);

	memcpy(r.enhanced, s->reply.enhanced, sizeof(r.enhanced));
	if (class == 2) {
		r.verdict = SMTP_ACCEPTED;
	} else if (class == 4) {
		r.verdict = SMTP_DEFERRED;
		r.status = EX_TEMPFAIL;
	} else {
		r.verdict = SMTP_REFUSED;
		r.status =
		    phase == SMTP_PHASE_RCPT ? EX_NOUSER : EX_UNAVAILABLE;
	}
	return r;
}

static struct smtp_result
from_reply(struct smtp_session *s, const struct smtp_transaction *tx,
    enum smtp_phase phase)
{
	struct smtp_result r = class_of_reply(s, phase);

	r.text = smtp_texts_keep(tx->texts, buf_string(&s->reply.text));
	return r;
}

static struct smtp_result
own_words(enum smtp_verdict verdict, enum smtp_phase phase, int status,
    int code, const char *text)
{
	return (struct smtp_result){.verdict = verdict,
	    .phase = phase,
	    .status = status,
	    .code = code,
	    .text = text};
}

static bool
settled(const struct smtp_recipient *r)
{
	return r->result.text != NULL;
}

/* It is over; whoever no reply spoke of gets this result. */
static void
finish(struct smtp_session *s, struct work *w, const struct smtp_result *why)
{
	struct smtp_transaction *tx = w->tx;
	size_t i;

	for (i = 0; i < tx->recipient_count; i++)
		if (!settled(&tx->recipients[i]))
			tx->recipients[i].result = *why;
	session_raise(s, SMTP_DONE, tx);
	session_remove(s, w);
}

/* No (further) part of the message is made; the first reason counts. */
static void
stop(struct work *w, struct smtp_result why)
{
	if (!w->stopped)
		w->why = why;
	w->stopped = true;
}

/* Nobody is left who could get the message. */
static bool
hopeless(const struct work *w)
{
	return w->stopped ||
	    (w->answered == w->tx->recipient_count && w->taken == 0);
}

/* --- making the commands --------------------------------------------------*/

void
transaction_end_if_over(struct smtp_session *s, struct work *w)
{
	if (w->made && w->unanswered == 0 && !s->closed)
		finish(s, w, &w->why);
}

/* The server may still be in the transaction that is given up. */
static bool
give_up(struct smtp_session *s, struct work *w)
{
	s->needs_rset = true;
	w->at = AT_END;
	return true;
}

static bool
fits(struct smtp_session *s, struct work *w)
{
	struct smtp_transaction *tx = w->tx;
	uint64_t max = s->capabilities.size_max;
	const char *text;

	if (!smtp_capable(&s->capabilities, SMTP_SIZE) || max == 0 ||
	    tx->size == SMTP_SIZE_UNKNOWN || tx->size <= max)
		return true;
	text = arena_printf(tx->texts->arena,
	    "the message has %llu octets, the server takes %llu",
	    (unsigned long long)tx->size, (unsigned long long)max);
	stop(w,
	    own_words(SMTP_REFUSED, SMTP_PHASE_MAIL, EX_UNAVAILABLE, 0, text));
	return false;
}

static bool
make_mail(struct smtp_session *s, struct work *w)
{
	const struct smtp_capabilities *c = &s->capabilities;
	struct smtp_transaction *tx = w->tx;
	char size[32] = "";

	if (!session_may_send(s))
		return false;
	if (s->needs_rset) {
		s->needs_rset = false;
		session_say(s, VERB_RSET, NULL, "RSET");
		return true;
	}
	if (!fits(s, w)) {
		w->at = AT_END;
		return true;
	}
	if (smtp_capable(c, SMTP_SIZE) && tx->size != SMTP_SIZE_UNKNOWN)
		snprintf(size, sizeof(size), " SIZE=%llu",
		    (unsigned long long)tx->size);
	session_say(s, VERB_MAIL, w, "MAIL FROM:<%s>%s%s%s", tx->reverse_path,
	    size,
	    tx->eight_bit && smtp_capable(c, SMTP_8BITMIME) ? " BODY=8BITMIME"
							    : "",
	    tx->utf8 && smtp_capable(c, SMTP_SMTPUTF8) ? " SMTPUTF8" : "");
	w->at = AT_RCPT;
	return true;
}

static const char rcpt_form[] = "RCPT TO:<%s>\r\n";

size_t
transaction_rcpt_octets(const struct work *w, size_t recipient)
{
	return (sizeof(rcpt_form) - sizeof("%s")) +
	    strlen(w->tx->recipients[recipient].address);
}

static bool
make_rcpt(struct smtp_session *s, struct work *w)
{
	size_t from = s->out.len;

	if (!session_may_send(s))
		return false;
	if (w->stopped)
		return give_up(s, w);
	buf_printf(
	    &s->out, rcpt_form, w->tx->recipients[w->next_recipient].address);
	session_trace(s, SMTP_PHASE_RCPT, "%.*s", (int)(s->out.len - from) - 2,
	    s->out.data + from);
	session_wait_for(s, VERB_RCPT, w, w->next_recipient);
	if (++w->next_recipient == w->tx->recipient_count)
		w->at = AT_BODY;
	return true;
}

static bool
begin_message(struct smtp_session *s, struct work *w)
{
	struct smtp_transaction *tx = w->tx;

	if (!session_may_send(s))
		return false;
	if (tx->all_or_nothing && w->answered < tx->recipient_count)
		return false;
	if (hopeless(w))
		return give_up(s, w);
	tx->bdat = smtp_capable(&s->capabilities, SMTP_CHUNKING);
	if (tx->bdat) {
		w->at = AT_CHUNK;
		return true;
	}
	session_say(s, VERB_DATA, w, "DATA");
	w->at = AT_GO_AHEAD;
	return true;
}

static void
input_failed(struct smtp_session *s, const struct error *err)
{
	session_fail(
	    s, false, err->status, SMTP_PHASE_DATA, 0, "%s", err->text);
	error_hint(&s->error, "%s", err->hint);
}

/*
 * Reads up to n bytes of the body: *end when there are no more.  -1: nothing
 * to be done now (the body awaits its input, or the session was ended).
 */
static ssize_t
read_body(
    struct smtp_session *s, struct work *w, char *bytes, size_t n, bool *end)
{
	struct source *body = w->tx->body;
	struct error err;
	size_t have = 0;
	ssize_t r;

	*end = false;
	s->input_fd = -1;
	while (have < n) {
		r = source_read(body, bytes + have, n - have, &err);
		if (r == SOURCE_AGAIN) {
			s->input_fd = body->fd;
			break;
		}
		if (r == SOURCE_ERROR) {
			input_failed(s, &err);
			return -1;
		}
		if (r == 0) {
			*end = true;
			break;
		}
		have += (size_t)r;
	}
	if (have == 0 && !*end)
		return -1;
	w->tx->bytes_sent += have;
	return (ssize_t)have;
}

/* Everything from `from` on ends the message: it waits until the caller has
 * heard SMTP_COMMIT (see smtp_session_output). */
static void
hold(struct smtp_session *s, struct work *w, size_t from)
{
	w->message_end = session_out_end(s);
	w->tx->committed = true;
	session_raise(s, SMTP_COMMIT, w->tx);
	s->held = s->out.len - from;
	s->out.len = from;
}

enum { HEAD_MAX = 40 }; /* octets of a BDAT command */

static size_t
put_bdat(char head[HEAD_MAX], size_t n, bool last)
{
	return (size_t)snprintf(
	    head, HEAD_MAX, "BDAT %zu%s\r\n", n, last ? " LAST" : "");
}

/* One BDAT (RFC 3030).  The octets are read to where they go out from; their
 * number stands before them, so they are read to behind a number of as many
 * digits as it is going to have, and seldom moved. */
static bool
make_chunk(struct smtp_session *s, struct work *w)
{
	size_t from = s->out.len, room, len, guess;
	char head[HEAD_MAX];
	ssize_t n;
	bool end;

	if (!session_may_send(s))
		return false;
	if (hopeless(w))
		return give_up(s, w);
	room = session_out_room(s) - HEAD_MAX;
	if (w->tx->size != SMTP_SIZE_UNKNOWN &&
	    w->tx->size - w->tx->bytes_sent < room)
		room = (size_t)(w->tx->size - w->tx->bytes_sent) + 1;
	buf_reserve(&s->out, room + HEAD_MAX);
	guess = put_bdat(head, room, false);
	n = read_body(s, w, s->out.data + from + guess, room, &end);
	if (n == -1)
		return false;
	len = put_bdat(head, (size_t)n, end);
	if (len != guess)
		memmove(s->out.data + from + len, s->out.data + from + guess,
		    (size_t)n);
	memcpy(s->out.data + from, head, len);
	s->out.len = from + len + (size_t)n;
	session_trace(s, SMTP_PHASE_DATA, "BDAT %zd%s", n, end ? " LAST" : "");
	session_trace(s, SMTP_PHASE_DATA, "[%zd octets of the message]", n);
	session_wait_for(s, end ? VERB_LAST : VERB_BDAT, w, 0);
	/* RFC 3030 does not say what a refused LAST leaves behind. */
	s->needs_rset = true;
	if (end) {
		w->at = AT_END;
		hold(s, w, from);
	}
	return true;
}

/* A piece of the message after DATA. */
static bool
make_data(struct smtp_session *s, struct work *w)
{
	size_t from = s->out.len;
	static const char dot[] = ".\r\n";
	ssize_t n;
	bool end;

	if (hopeless(w)) {
		/* RFC 2920 3.1: a lone dot, if DATA was let in all the same. */
		buf_puts(&s->out, dot);
		session_trace(s, SMTP_PHASE_DATA, ".");
		session_command_ends(s);
		w->at = AT_END;
		return true;
	}
	if (session_out_room(s) < 2 * BODY_PIECE + 16)
		return false;
	buf_reserve(&s->out, 2 * BODY_PIECE + 16);
	n = read_body(s, w, s->out.data + from, BODY_PIECE, &end);
	if (n == -1)
		return false;
	s->out.len += (size_t)n;
	payload_stuff(&w->dots, &s->out, (size_t)n);
	if (!end)
		return true;
	payload_end(&w->dots, &s->out);
	session_trace(s, SMTP_PHASE_DATA, "[%llu octets of the message]",
	    (unsigned long long)w->tx->bytes_sent);
	session_trace(s, SMTP_PHASE_MESSAGE, ".");
	session_command_ends(s);
	w->at = AT_END;
	hold(s, w, from);
	return true;
}

bool
transaction_step(struct smtp_session *s, struct work *w)
{
	switch (w->at) {
	case AT_MAIL:
		return make_mail(s, w);
	case AT_RCPT:
		return make_rcpt(s, w);
	case AT_BODY:
		return begin_message(s, w);
	case AT_CHUNK:
		return make_chunk(s, w);
	case AT_GO_AHEAD:
		return false; /* until DATA is answered */
	case AT_DATA:
		return make_data(s, w);
	case AT_END:
		w->made = true;
		return true;
	}
	return false;
}

/* --- replies --------------------------------------------------------------*/

void
transaction_on_mail(struct smtp_session *s, const struct pending *p)
{
	int class = smtp_reply_class(&s->reply);

	if (class == 3)
		session_broken(s, SMTP_PHASE_MAIL);
	else if (class != 2)
		stop(p->work, from_reply(s, p->work->tx, SMTP_PHASE_MAIL));
	if (class != 3)
		transaction_end_if_over(s, p->work);
}

/*
 * "Too many recipients" (RFC 5321 4.5.3.1.10): 452, or 552 of older servers,
 * or X.5.3 (RFC 3463 3.6).  Without that enhanced code it may be a mailbox or
 * a disk that is full, unless others were taken before.
 */
static bool
one_too_many(const struct smtp_session *s, const struct work *w)
{
	const struct smtp_reply *r = &s->reply;
	bool plain = r->code == 452 || r->code == 552;
	bool said =
	    r->enhanced[0] != '\0' && strcmp(r->enhanced + 1, ".5.3") == 0;

	if (w->taken == 0)
		return said && plain;
	return said || (plain && r->enhanced[0] == '\0');
}

static struct smtp_result
not_taken(struct smtp_session *s, struct work *w, struct smtp_recipient *to)
{
	struct smtp_result r;

	/* After a refused MAIL a refused RCPT says nothing of its own. */
	if (w->stopped && w->why.phase == SMTP_PHASE_MAIL)
		return w->why;
	r = from_reply(s, w->tx, SMTP_PHASE_RCPT);
	to->one_too_many = one_too_many(s, w);
	if (to->one_too_many) {
		r.verdict = SMTP_DEFERRED;
		r.status = EX_TEMPFAIL;
	}
	return r;
}

void
transaction_on_rcpt(struct smtp_session *s, const struct pending *p)
{
	struct work *w = p->work;
	struct smtp_recipient *r = &w->tx->recipients[p->first];
	int class = smtp_reply_class(&s->reply);

	if (class == 3) {
		session_broken(s, SMTP_PHASE_RCPT);
		return;
	}
	w->answered++;
	r->taken = class == 2;
	if (class == 2)
		w->taken++;
	else
		r->result = not_taken(s, w, r);
	if (class != 2 && w->tx->all_or_nothing)
		stop(w,
		    own_words(SMTP_NOT_SENT, SMTP_PHASE_RCPT, 0,
			SMTP_CODE_RECIPIENTS,
			"another recipient was not accepted"));
	transaction_end_if_over(s, w);
}

void
transaction_on_data(struct smtp_session *s, const struct pending *p)
{
	struct work *w = p->work;
	int class = smtp_reply_class(&s->reply);

	if (s->reply.code == 354) {
		/* From here on a reply is one to the message. */
		session_wait_for(s, VERB_MESSAGE, w, 0);
		w->at = AT_DATA;
		return;
	}
	if (class == 2 || class == 3) {
		session_broken(s, SMTP_PHASE_DATA);
		return;
	}
	if (!hopeless(w))
		stop(w, from_reply(s, w->tx, SMTP_PHASE_DATA));
	(void)give_up(s, w);
	w->made = true;
	if (s->cursor == w)
		s->cursor = w->next;
	transaction_end_if_over(s, w);
}

/* A chunk that is not the last one. */
void
transaction_on_bdat(struct smtp_session *s, const struct pending *p)
{
	struct work *w = p->work;
	int class = smtp_reply_class(&s->reply);

	if (class == 3) {
		session_broken(s, SMTP_PHASE_DATA);
		return;
	}
	if (class != 2) {
		w->chunk_refused = true;
		if (!hopeless(w))
			stop(w, from_reply(s, w->tx, SMTP_PHASE_DATA));
	}
	transaction_end_if_over(s, w);
}

/* The next of those whom the server took, from i on. */
static size_t
next_taken(const struct smtp_transaction *tx, size_t i)
{
	while (i < tx->recipient_count && !tx->recipients[i].taken)
		i++;
	return i;
}

/* What the reply to the message means for those who were taken; its text comes
 * later. */
static struct smtp_result
verdict(const struct smtp_session *s, const struct work *w)
{
	struct smtp_result r = class_of_reply(s, SMTP_PHASE_MESSAGE);

	/* A yes to a message that lost a chunk is none. */
	if (r.verdict == SMTP_ACCEPTED && w->chunk_refused) {
		r.verdict = SMTP_UNKNOWN;
		r.status = EX_UNKNOWN;
	}
	/* Unlike with SMTP it speaks of one recipient alone. */
	if (r.verdict == SMTP_REFUSED && s->params.lmtp)
		r.status = EX_NOUSER;
	return r;
}

static const char *
verdict_text(struct smtp_session *s, const struct work *w)
{
	struct smtp_texts *texts = w->tx->texts;
	const char *text = buf_string(&s->reply.text);

	if (smtp_reply_class(&s->reply) == 2 && w->chunk_refused)
		text = arena_printf(texts->arena,
		    "%s (though a part of the message had been refused)", text);
	return smtp_texts_keep(texts, text);
}

/* LMTP (RFC 2033 4.2): one reply for each recipient that was taken, in order.
 * False while more are to come. */
static bool
lmtp_verdict(struct smtp_session *s, const struct pending *p, bool counts)
{
	struct work *w = p->work;
	struct smtp_transaction *tx = w->tx;
	size_t i = next_taken(tx, w->lmtp_next);
	struct smtp_result *r;

	if (counts) {
		r = &tx->recipients[i].result;
		*r = verdict(s, w);
		r->text = verdict_text(s, w);
	} else if (w->stopped) {
		tx->recipients[i].result = w->why;
	}
	w->lmtp_next = next_taken(tx, i + 1);
	if (w->lmtp_next == tx->recipient_count)
		return true;
	session_wait_again(s, p);
	return false;
}

static void
smtp_verdict(struct smtp_session *s, struct work *w)
{
	struct smtp_transaction *tx = w->tx;
	struct smtp_result r = verdict(s, w);
	size_t i;

	for (i = 0; i < tx->recipient_count; i++)
		if (tx->recipients[i].taken)
			tx->recipients[i].result = r;
	r.text = verdict_text(s, w);
	for (i = 0; i < tx->recipient_count; i++)
		if (tx->recipients[i].taken)
			tx->recipients[i].result.text = r.text;
}

void
transaction_on_message(struct smtp_session *s, const struct pending *p)
{
	struct work *w = p->work;
	int class = smtp_reply_class(&s->reply);
	bool counts;

	if (class == 3) {
		w->stopped = false; /* no verdict */
		session_broken(s, SMTP_PHASE_MESSAGE);
		return;
	}
	/* A server that refused MAIL and then takes the whole message all the
	 * same has it: the last word counts. */
	counts = w->tx->committed && (class == 2 || !w->stopped);
	if (s->params.lmtp && w->taken > 0) {
		if (lmtp_verdict(s, p, counts))
			transaction_end_if_over(s, w);
		return;
	}
	if (w->taken > 0 && counts)
		smtp_verdict(s, w);
	if (class == 2 && s->pending_count == 0)
		s->needs_rset = false;
	transaction_end_if_over(s, w);
}

/* One that is refused is none: MAIL clears what was before (RFC 5321 4.1.1.2),
 * and its reply says whether the server will. */
void
transaction_on_rset(struct smtp_session *s, const struct pending *p)
{
	(void)p;
	if (smtp_reply_class(&s->reply) == 3)
		session_broken(s, SMTP_PHASE_RSET);
}

/* --- the session ends before the transaction does -------------------------*/

void
transaction_abandon(struct smtp_session *s, struct work *w)
{
	struct smtp_transaction *tx = w->tx;
	struct smtp_result why = s->failure;

	why.text = smtp_texts_keep(tx->texts, why.text);
	why.verdict = why.status == EX_TEMPFAIL ? SMTP_DEFERRED
	    : why.code >= 500 && why.code < 600 ? SMTP_REFUSED
						: SMTP_NOT_SENT;
	if (tx->message_sent && why.code != 421 && !hopeless(w)) {
		why.verdict = SMTP_UNKNOWN;
		why.status = EX_UNKNOWN;
	}
	finish(s, w, w->stopped ? &w->why : &why);
}
