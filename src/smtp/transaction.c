/* transaction: the commands of one message, from MAIL to its end; what is said of
 * them is heard in verdict.c. */
#include "smtp/session_internal.h"

#include <string.h>

#include "lib/ascii.h"

void
transaction_stop(struct work *w, struct smtp_result why)
{
	if (!w->stopped)
		w->why = why;
	w->stopped = true;
}

bool
transaction_is_hopeless(const struct work *w)
{
	return w->stopped ||
	    (w->answered == w->tx->recipient_count && w->taken == 0 &&
		!w->tx->message_only);
}

bool
transaction_give_up(struct smtp_session *s, struct work *w)
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
	transaction_stop(w,
	    (struct smtp_result){.verdict = SMTP_REFUSED,
		.phase = SMTP_PHASE_MAIL,
		.status = EX_UNAVAILABLE,
		.text = text});
	return false;
}

/* Everything that is demanded is offered, and within the server's bounds. */
static bool
can_be_declared(struct smtp_session *s, struct work *w)
{
	const struct smtp_capabilities *c = &s->capabilities;
	struct smtp_transaction *tx = w->tx;
	struct error err;
	size_t i;

	if (smtp_parameters_check(&tx->parameters, c, &err) == 0 &&
	    smtp_parameters_check(&tx->asked, c, &err) == 0) {
		for (i = 0; i < tx->recipient_count; i++)
			if (smtp_parameters_check(
				&tx->recipients[i].parameters, c, &err) == -1)
				break;
		if (i == tx->recipient_count)
			return true;
	}
	transaction_stop(w,
	    (struct smtp_result){.verdict = SMTP_NOT_SENT,
		.phase = SMTP_PHASE_MAIL,
		.status = err.status,
		.text = arena_strdup(tx->texts->arena, err.text)});
	return false;
}

/* draft-hall-prdr-00: a verdict for each of several; which would part those who
 * are to get the message all or not at all. */
static bool
wants_prdr(const struct smtp_session *s, const struct smtp_transaction *tx)
{
	return smtp_capable(&s->capabilities, SMTP_PRDR) && !s->params.lmtp &&
	    tx->recipient_count > 1 && !tx->all_or_nothing;
}

static void
say_mail(struct smtp_session *s, struct work *w)
{
	struct smtp_transaction *tx = w->tx;
	struct buf *out = &s->out.bytes;
	size_t from = out->len;
	char octets[24];
	const struct smtp_parameter size = {
	    .keyword = "SIZE", .value = octets, .extension = SMTP_SIZE};

	buf_puts(out, "MAIL FROM:<");
	buf_puts(out, tx->reverse_path);
	buf_putc(out, '>');
	if (tx->size != SMTP_SIZE_UNKNOWN) {
		*ascii_put_number(octets, tx->size) = '\0';
		smtp_parameters_put(
		    &(struct smtp_parameters){&size, 1}, &s->capabilities, out);
	}
	smtp_parameters_put(&tx->parameters, &s->capabilities, out);
	w->prdr_asked = wants_prdr(s, tx);
	if (w->prdr_asked)
		buf_puts(out, " PRDR");
	smtp_parameters_put(&tx->asked, &s->capabilities, out);
	session_say_from(s, VERB_MAIL, w, 0, from);
}

/*
 * RFC 2920 3.1 lets the content of a message be the first thing of a group.  But
 * there are servers that take whatever comes behind the dot before they have
 * answered for an attempt at smuggling (503, and only some of it), so nothing but
 * QUIT does.
 */
static bool
dot_is_awaited(const struct smtp_session *s)
{
	return s->pipeline.count > 0 &&
	    smtp_pipeline_last(&s->pipeline)->verb == VERB_MESSAGE;
}

static bool
make_mail(struct smtp_session *s, struct work *w)
{
	size_t from;

	if (!session_may_send(s) || dot_is_awaited(s))
		return false;
	if (s->needs_rset) {
		s->needs_rset = false;
		from = s->out.bytes.len;
		buf_puts(&s->out.bytes, "RSET");
		session_say_from(s, VERB_RSET, NULL, 0, from);
	} else if (!fits(s, w) || !can_be_declared(s, w)) {
		w->at = AT_END;
	} else {
		say_mail(s, w);
		w->at = AT_RCPT;
	}
	return true;
}

static const char rcpt_begin[] = "RCPT TO:<", rcpt_end[] = ">";

size_t
transaction_rcpt_octets(
    const struct smtp_session *s, const struct work *w, size_t recipient)
{
	const struct smtp_recipient *r = &w->tx->recipients[recipient];

	return strlen(rcpt_begin) + strlen(r->address) + strlen(rcpt_end) +
	    smtp_parameters_put(&r->parameters, &s->capabilities, NULL) +
	    strlen("\r\n");
}

static bool
make_rcpt(struct smtp_session *s, struct work *w)
{
	const struct smtp_recipient *r = &w->tx->recipients[w->next_recipient];
	struct buf *out = &s->out.bytes;
	size_t from = out->len;

	if (!session_may_send(s))
		return false;
	if (w->stopped)
		return transaction_give_up(s, w);
	/* There may be very many of them. */
	buf_puts(out, rcpt_begin);
	buf_puts(out, r->address);
	buf_puts(out, rcpt_end);
	smtp_parameters_put(&r->parameters, &s->capabilities, out);
	session_say_from(s, VERB_RCPT, w, w->next_recipient, from);
	if (++w->next_recipient == w->tx->recipient_count)
		w->at = AT_BODY;
	return true;
}

/* What takes the place of the message where none is to be sent; the replies
 * to RCPT are the last ones that anybody waits for. */
static bool
take_back(struct smtp_session *s, struct work *w)
{
	session_say(s, VERB_RSET, NULL, "RSET");
	w->at = AT_END;
	return true;
}

static bool
begin_message(struct smtp_session *s, struct work *w)
{
	struct smtp_transaction *tx = w->tx;

	if (!session_may_send(s) ||
	    (tx->message_only && !as_said_may_go(s, "DATA", "the message")))
		return false;
	if (tx->probe)
		return take_back(s, w);
	if (tx->all_or_nothing && w->answered < tx->recipient_count)
		return false;
	if (transaction_is_hopeless(w))
		return transaction_give_up(s, w);
	if (!tx->message_only)
		tx->bdat = smtp_capable(&s->capabilities, SMTP_CHUNKING);
	if (tx->bdat) {
		w->at = AT_CHUNK;
		return true;
	}
	session_say(s, VERB_DATA, w, "DATA");
	s->flight = false;
	w->at = AT_GO_AHEAD;
	return true;
}

/* What the body gives no more is not sent; chunks that went are taken back. */
static void
input_failed(struct smtp_session *s, struct work *w, const struct error *err)
{
	struct smtp_transaction *tx = w->tx;

	transaction_stop(w,
	    (struct smtp_result){.verdict = err->status == EX_TEMPFAIL
		    ? SMTP_DEFERRED
		    : SMTP_NOT_SENT,
		.phase = SMTP_PHASE_DATA,
		.status = err->status,
		.text = smtp_texts_keep(tx->texts, err->text)});
	if (tx->shares && tx->bdat) {
		(void)transaction_give_up(s, w);
		return;
	}
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
			input_failed(s, w, &err);
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
	w->message_end = smtp_output_end(&s->out);
	w->tx->committed = true;
	session_raise(s, SMTP_COMMIT, w->tx);
	smtp_output_hold(&s->out, from);
}

enum { HEAD_MAX = 40 }; /* octets of a BDAT command */

static size_t
put_bdat(char head[HEAD_MAX], size_t n, bool last)
{
	const char *behind = last ? " LAST\r\n" : "\r\n";
	size_t len = strlen(behind);
	char *p;

	memcpy(head, "BDAT ", 5);
	p = ascii_put_number(head + 5, n);
	memcpy(p, behind, len);
	return (size_t)(p - head) + len;
}

/* One BDAT (RFC 3030).  The octets are read to where they go out from; their
 * number stands before them, so they are read to behind a number of as many
 * digits as it is going to have, and seldom moved. */
static bool
make_chunk(struct smtp_session *s, struct work *w)
{
	struct buf *out = &s->out.bytes;
	size_t from = out->len, room, len, guess;
	char head[HEAD_MAX];
	ssize_t n;
	bool end;

	if (!session_may_send(s))
		return false;
	if (transaction_is_hopeless(w))
		return transaction_give_up(s, w);
	room = smtp_output_room(&s->out) - HEAD_MAX;
	if (w->tx->size != SMTP_SIZE_UNKNOWN &&
	    w->tx->size - w->tx->bytes_sent < room)
		room = (size_t)(w->tx->size - w->tx->bytes_sent) + 1;
	buf_reserve(out, room + HEAD_MAX);
	guess = put_bdat(head, room, false);
	n = read_body(s, w, out->data + from + guess, room, &end);
	if (n == -1)
		return !s->closed && w->at == AT_END; /* else w is gone */
	len = put_bdat(head, (size_t)n, end);
	if (len != guess)
		memmove(out->data + from + len, out->data + from + guess,
		    (size_t)n);
	memcpy(out->data + from, head, len);
	out->len = from + len + (size_t)n;
	session_trace(s, SMTP_PHASE_DATA, "BDAT %zd%s", n, end ? " LAST" : "");
	session_trace(s, SMTP_PHASE_DATA, "[%zd octets of the message]", n);
	session_wait_for(s, end ? VERB_LAST : VERB_BDAT, w, 0);
	s->flight = false;
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
	struct buf *out = &s->out.bytes;
	size_t from = out->len;
	static const char dot[] = ".\r\n";
	ssize_t n;
	bool end;

	if (transaction_is_hopeless(w)) {
		/* RFC 2920 3.1: a lone dot, if DATA was let in all the same. */
		buf_puts(out, dot);
		session_trace(s, SMTP_PHASE_DATA, ".");
		session_command_ends(s);
		w->at = AT_END;
		return true;
	}
	if (smtp_output_room(&s->out) < 2 * BODY_PIECE + 16)
		return false;
	buf_reserve(out, 2 * BODY_PIECE + 16);
	n = read_body(s, w, out->data + from, BODY_PIECE, &end);
	if (n == -1)
		return false;
	out->len += (size_t)n;
	if (w->tx->stuffed)
		payload_pass(&w->dots, out, (size_t)n);
	else
		payload_stuff(&w->dots, out, (size_t)n);
	if (!end)
		return true;
	payload_end(&w->dots, out);
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
