/* verdict: what the replies to one message's commands mean for its recipients. */
#include "smtp/session_internal.h"

#include <string.h>

/* Without its text, so that it stands whatever fails behind it. */
static struct smtp_result
class_of_reply(const struct smtp_session *s, enum smtp_phase phase)
{
	struct smtp_result r = {
	    .phase = phase, .code = s->reply.code, .text = ""};
	r.command = session_command(s, phase);
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

static bool
settled(const struct smtp_recipient *r)
{
	return r->result.text != NULL;
}

/* Of a probe: who was taken would not have got the message for this reason, which
 * is not said of him. */
static bool
is_void(const struct work *w, const struct smtp_recipient *r,
    const struct smtp_result *why)
{
	return w->tx->probe && r->taken &&
	    (why->phase == SMTP_PHASE_MAIL || why->phase == SMTP_PHASE_RCPT);
}

/* It is over; whoever no reply spoke of gets this result. */
static void
finish(struct smtp_session *s, struct work *w, const struct smtp_result *why)
{
	struct smtp_transaction *tx = w->tx;
	size_t i;

	for (i = 0; i < tx->recipient_count; i++)
		if (!settled(&tx->recipients[i]) ||
		    is_void(w, &tx->recipients[i], why))
			tx->recipients[i].result = *why;
	session_raise(s, SMTP_DONE, tx);
	work_remove(&s->work, w);
}

void
transaction_end_if_over(struct smtp_session *s, struct work *w)
{
	if (w->made && w->unanswered == 0 && !s->closed)
		finish(s, w, &w->why);
}

void
transaction_on_mail(struct smtp_session *s, const struct pending *p)
{
	int class = smtp_reply_class(&s->reply);

	if (class == 3)
		session_broken(s, SMTP_PHASE_MAIL);
	else if (class != 2)
		transaction_stop(
		    p->work, from_reply(s, p->work->tx, SMTP_PHASE_MAIL));
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
	if (class == 2 && w->tx->probe)
		r->result = from_reply(s, w->tx, SMTP_PHASE_RCPT);
	if (class != 2 && w->tx->all_or_nothing)
		transaction_stop(w,
		    (struct smtp_result){.verdict = SMTP_NOT_SENT,
			.phase = SMTP_PHASE_RCPT,
			.code = SMTP_CODE_RECIPIENTS,
			.text = "another recipient was not accepted"});
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
	if (!transaction_is_hopeless(w))
		transaction_stop(w, from_reply(s, w->tx, SMTP_PHASE_DATA));
	(void)transaction_give_up(s, w);
	work_made(&s->work, w);
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
		if (!transaction_is_hopeless(w))
			transaction_stop(
			    w, from_reply(s, w->tx, SMTP_PHASE_DATA));
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

/* One reply for each recipient that was taken, in order. */
static bool
speaks_of_one(const struct smtp_session *s, const struct work *w)
{
	return s->params.lmtp ||
	    (w->prdr && w->next_verdict < w->tx->recipient_count);
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
	if (r.verdict == SMTP_REFUSED && speaks_of_one(s, w))
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

/* LMTP (RFC 2033 4.2), or PRDR behind its 353, where a yes holds only if the
 * reply to the message as a whole is one, too.  False while more are to come. */
static bool
one_verdict(struct smtp_session *s, const struct pending *p, bool counts)
{
	struct work *w = p->work;
	struct smtp_transaction *tx = w->tx;
	size_t i = next_taken(tx, w->next_verdict);
	struct smtp_result *r = &tx->recipients[i].result;
	bool holds = !w->prdr || smtp_reply_class(&s->reply) != 2;

	if (holds && counts) {
		*r = verdict(s, w);
		r->text = verdict_text(s, w);
	} else if (holds && w->stopped) {
		*r = w->why;
	}
	w->next_verdict = next_taken(tx, i + 1);
	if (!w->prdr && w->next_verdict == tx->recipient_count)
		return true;
	session_wait_again(s, p);
	return false;
}

/* Of those whom no reply has refused: all of them, but with PRDR. */
static void
common_verdict(struct smtp_session *s, struct work *w)
{
	struct smtp_transaction *tx = w->tx;
	struct smtp_result r = verdict(s, w);
	const char *none = r.text, *text;
	size_t i;

	for (i = 0; i < tx->recipient_count; i++)
		if (tx->recipients[i].taken && !settled(&tx->recipients[i]))
			tx->recipients[i].result = r;
	text = verdict_text(s, w);
	for (i = 0; i < tx->recipient_count; i++)
		if (tx->recipients[i].taken &&
		    tx->recipients[i].result.text == none)
			tx->recipients[i].result.text = text;
}

/* draft-hall-prdr-00: what comes now is a verdict for each who was taken. */
static bool
begins_prdr(const struct smtp_session *s, const struct work *w)
{
	bool asked =
	    w->tx->message_only ? s->taken > 0 : w->prdr_asked && w->taken > 0;

	return s->reply.code == 353 && asked && !w->prdr;
}

/* How many replies a message has whose RCPT somebody else said. */
static size_t
verdicts(const struct smtp_session *s, const struct work *w)
{
	return w->prdr ? s->taken + 1 : s->params.lmtp ? s->taken : 1;
}

void
transaction_on_message(struct smtp_session *s, const struct pending *p)
{
	struct work *w = p->work;
	int class = smtp_reply_class(&s->reply);
	bool counts;

	if (begins_prdr(s, w)) {
		w->prdr = true;
		session_wait_again(s, p);
		return;
	}
	if (class == 3) {
		w->stopped = false; /* no verdict */
		session_broken(s, SMTP_PHASE_MESSAGE);
		return;
	}
	/* A server that refused MAIL and then takes the whole message all the
	 * same has it: the last word counts. */
	counts = w->tx->committed && (class == 2 || !w->stopped);
	if (w->tx->message_only && ++w->next_verdict < verdicts(s, w)) {
		session_wait_again(s, p);
		return;
	}
	w->tx->answered = w->tx->message_only;
	if (w->taken > 0 && speaks_of_one(s, w)) {
		if (one_verdict(s, p, counts))
			transaction_end_if_over(s, w);
		return;
	}
	if (w->taken > 0 && counts)
		common_verdict(s, w);
	if (class == 2 && s->pipeline.count == 0)
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

void
transaction_abandon(struct smtp_session *s, struct work *w)
{
	struct smtp_transaction *tx = w->tx;
	struct smtp_result why = s->failure;

	why.text = smtp_texts_keep(tx->texts, why.text);
	why.verdict = why.status == EX_TEMPFAIL ? SMTP_DEFERRED
	    : why.code >= 500 && why.code < 600 ? SMTP_REFUSED
						: SMTP_NOT_SENT;
	if (tx->message_sent && why.code != 421 &&
	    !transaction_is_hopeless(w)) {
		why.verdict = SMTP_UNKNOWN;
		why.status = EX_UNKNOWN;
	}
	tx->abandoned = !w->stopped;
	finish(s, w, w->stopped ? &w->why : &why);
}
