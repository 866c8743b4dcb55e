#include "command/rounds.h"

#include <stdlib.h>

#include "lib/memory.h"

enum {
	SURELY_TAKEN = 100, /* at once, by any server (RFC 5321 4.5.3.1.8) */
	LITTLE = 10,	    /* a connection that gains fewer gains little */
	LITTLE_MAX = 20,    /* connections of that kind */
};

static struct smtp_transaction *
free_slot(struct rounds *r)
{
	size_t i;

	for (i = 0; i < ROUNDS_WINDOW; i++)
		if (r->open[i].body == NULL)
			return &r->open[i];
	return NULL;
}

static void
close_transaction(struct rounds *r, struct smtp_transaction *tx)
{
	r->bytes += tx->bytes_sent;
	source_free(tx->body);
	*tx = (struct smtp_transaction){0};
	r->open_count--;
}

/* In the form that this server takes. */
static int
open_message(struct rounds *r, struct mime_stream *stream)
{
	struct mail *mail = r->mail;

	if (mail->demands_binary && !r->form.binary)
		return error_set(&r->form_error, EX_UNAVAILABLE,
		    "--binary=must: the server does not offer BINARYMIME");
	if (message_open(mail->message, &r->form, stream, &r->form_error) == -1)
		return -1;
	if (r->around != NULL)
		stream->source = r->around(r->arg, stream);
	return 0;
}

static int
open_transaction(struct rounds *r, struct delivery *d)
{
	struct mail *mail = r->mail;
	struct smtp_transaction *tx = free_slot(r);
	struct mime_stream stream;
	size_t count = r->now_count - r->given;

	count = limits_admit(
	    &r->limits, r->now + r->given, count < r->step ? count : r->step);
	r->full = count == 0;
	if (r->full || open_message(r, &stream) == -1)
		return -1;
	*tx = (struct smtp_transaction){
	    .reverse_path = mail->facts->reverse_path,
	    .recipients = r->now + r->given,
	    .recipient_count = count,
	    .body = stream.source,
	    .size = r->size_unknown ? SMTP_SIZE_UNKNOWN : stream.size,
	    .parameters = parameters_of_form(r->declared, mail->facts, &stream),
	    .asked = mail->parameters.mail,
	    .all_or_nothing = mail->all_or_nothing,
	    .probe = r->probe,
	    .texts = &mail->texts,
	};
	r->given += count;
	r->open_count++;
	smtp_session_send(delivery_session(d), tx);
	return 0;
}

static bool
can_split(const struct rounds *r)
{
	return r->mail->facts->lasting && !r->mail->all_or_nothing;
}

/* Of the recipient, not of the connection. */
static bool
was_said(const struct smtp_result *r)
{
	return (r->code > 0 && r->code != 421) || r->verdict == SMTP_UNKNOWN;
}

/* What the server said of a recipient before still stands when it said nothing
 * this time, and nothing of it went out. */
static size_t
take_results(struct rounds *r)
{
	struct smtp_recipient *before;
	size_t i, gained = 0;

	for (i = 0; i < r->now_count; i++) {
		gained += r->now[i].result.verdict == SMTP_ACCEPTED;
		if (r->index == NULL)
			continue;
		before = &r->mail->recipients[r->index[i]];
		if (was_said(&r->now[i].result) || !was_said(&before->result))
			*before = r->now[i];
	}
	r->gained += gained;
	return gained;
}

/* Where recipient i of this round stands among all. */
static size_t
place_of(const struct rounds *r, size_t i)
{
	return r->index != NULL ? r->index[i] : i;
}

static bool
is_over(const struct rounds *r)
{
	size_t i;

	for (i = 0; i < r->now_count; i++)
		if (r->mail->recipients[place_of(r, i)].one_too_many)
			return false;
	return true;
}

/* From here on the round may be in another order than all recipients. */
static void
part(struct rounds *r)
{
	struct smtp_recipient *now;
	size_t *index, i;

	if (r->index != NULL)
		return;
	/* Memory may run out, and then each must count once. */
	index = memory_alloc(r->mail->count * sizeof(*index));
	now = memory_alloc(r->mail->count * sizeof(*now));
	for (i = 0; i < r->mail->count; i++) {
		index[i] = i;
		now[i] = r->mail->recipients[i];
	}
	r->now = now;
	r->index = index;
}

/* The recipient of this number among all, as one of whom nothing is known. */
static struct smtp_recipient
afresh(const struct rounds *r, size_t number)
{
	return (struct smtp_recipient){
	    .address = r->mail->recipients[number].address,
	    .parameters = r->mail->recipients[number].parameters};
}

/* Those who were one too many; false when there are none. */
static bool
next_round(struct rounds *r)
{
	size_t n = 0, i;

	if (is_over(r))
		return false;
	part(r);
	for (i = 0; i < r->now_count; i++)
		if (r->mail->recipients[r->index[i]].one_too_many)
			r->index[n++] = r->index[i];
	for (i = 0; i < n; i++)
		r->now[i] = afresh(r, r->index[i]);
	r->now_count = n;
	r->given = r->begun = 0;
	/* Once may be chance. */
	if (r->later && r->most > 0 && r->most < r->step)
		r->step = r->most;
	r->most = 0;
	r->later = true;
	return true;
}

/* Few domains are taken on a connection: so that it has all of each. */
static void
sort_by_domain(struct rounds *r)
{
	size_t i;

	part(r);
	limits_sort(
	    r->index + r->given, r->now_count - r->given, r->mail->recipients);
	for (i = r->given; i < r->now_count; i++)
		r->now[i] = afresh(r, r->index[i]);
}

static bool
all_answered(const struct rounds *r)
{
	return r->open_count == 0 &&
	    (r->given == r->now_count || r->spent || r->full ||
		r->form_error.status != 0);
}

/* Everybody was given, and the server has not said that somebody is one too
 * many, nor may it still: it is not expected to in a transaction of so few. */
static bool
is_last(const struct rounds *r, size_t few)
{
	bool expected = r->later || r->step > few;
	size_t i;

	if (r->given < r->now_count)
		return false;
	if (!can_split(r) || r->now_count == 1)
		return true;
	for (i = 0; i < r->now_count; i++)
		if (r->now[i].one_too_many ||
		    (expected && !r->now[i].taken &&
			r->now[i].result.text == NULL))
			return false;
	return true;
}

/* As much as may be open at a time.  True when nothing can follow it. */
static bool
give(struct rounds *r, struct delivery *d, size_t few)
{
	if (r->complete || !smtp_session_takes_work(delivery_session(d)))
		return false;
	while (r->given < r->now_count && !r->spent &&
	    r->open_count < ROUNDS_WINDOW && open_transaction(r, d) == 0)
		;
	r->full |= r->limits.mails == 0;
	r->complete = is_last(r, few) || r->full || all_answered(r);
	return r->complete;
}

/* A session judges what one transaction demands; of several none may go out
 * when another one cannot. */
static bool
all_can_be_had(struct rounds *r, const struct smtp_capabilities *c)
{
	size_t i;

	for (i = 0; i < r->now_count; i++)
		if (smtp_parameters_check(
			&r->now[i].parameters, c, &r->form_error) == -1)
			return false;
	return true;
}

bool
rounds_ready(struct rounds *r, struct delivery *d)
{
	const struct smtp_capabilities *c =
	    smtp_session_capabilities(delivery_session(d));

	r->form = (struct mime_form){
	    .eight_bit = smtp_capable(c, SMTP_8BITMIME),
	    .binary = smtp_capable(c, SMTP_BINARYMIME),
	    .utf8 = smtp_capable(c, SMTP_SMTPUTF8),
	};
	if (r->now == NULL) {
		r->now = r->mail->recipients;
		r->now_count = r->step = r->mail->count;
	}
	limits_begin(&r->limits, c, can_split(r));
	if (c->rcpt_max > 0 && c->rcpt_max < r->step && can_split(r))
		r->step = c->rcpt_max;
	if ((r->step < r->now_count ||
		r->limits.domain_max < r->now_count - r->given) &&
	    !all_can_be_had(r, c))
		return r->complete = true;
	if (r->limits.domain_max < r->now_count - r->given)
		sort_by_domain(r);
	r->begun = r->given;
	return give(r, d, 0);
}

bool
rounds_commit(struct rounds *r, struct delivery *d)
{
	return give(r, d, SURELY_TAKEN);
}

bool
rounds_done(struct rounds *r, struct delivery *d, struct smtp_transaction *tx)
{
	size_t taken = 0, over = 0, i;

	for (i = 0; i < tx->recipient_count; i++) {
		taken += tx->recipients[i].taken;
		over += tx->recipients[i].one_too_many;
	}
	if (over > 0 && taken > r->most)
		r->most = taken;
	/* Some servers count all of a connection.  In the first round nobody
	 * has an answer yet, so everybody is asked for. */
	if (over > 0 && taken == 0 && r->later)
		r->spent = true;
	close_transaction(r, tx);
	if (all_answered(r) && !r->complete && !r->spent && can_split(r) &&
	    take_results(r) > 0)
		(void)next_round(r);
	return give(r, d, 0);
}

/*
 * The server took some recipients, said of others that they were too many, and
 * hung up: Postfix takes 1,000, says 452 to 1,000 more, and counts what is
 * beyond as errors, of which 20 end the connection.  Nobody has the message;
 * once, it goes to all of them in transactions of as many as were taken.
 */
static bool
was_too_much(struct rounds *r)
{
	const struct smtp_result *result;
	bool any = false;
	size_t i;

	if (r->hung_up || r->most == 0 || r->most >= r->step)
		return false;
	for (i = 0; i < r->now_count; i++) {
		result = &r->now[i].result;
		if (result->code == 421 && result->verdict == SMTP_DEFERRED)
			any = r->now[i].one_too_many = true;
	}
	if (any)
		r->step = r->most;
	r->hung_up = any;
	return any;
}

/* The recipient was asked for, and not only the message refused. */
static bool
has_an_answer(const struct smtp_recipient *r)
{
	return r->result.verdict == SMTP_ACCEPTED ||
	    (r->result.phase == SMTP_PHASE_RCPT && !r->one_too_many);
}

/* The connection was full: whether another one is worth it.  One that had a part
 * of an earlier round may have none of this one. */
static bool
goes_on(struct rounds *r)
{
	size_t i = r->begun;

	if (r->begun == r->given)
		return true;
	while (i < r->given && !has_an_answer(&r->now[i]))
		i++;
	return i < r->given || ++r->little < LITTLE_MAX;
}

bool
rounds_closed(
    struct rounds *r, const struct smtp_result *why, bool in_good_order)
{
	static const struct smtp_result too_few = {
	    .verdict = SMTP_DEFERRED,
	    .phase = SMTP_PHASE_RCPT,
	    .status = EX_TEMPFAIL,
	    .text = "the server takes too few recipients on a connection",
	};
	bool full = in_good_order && r->full && r->given < r->now_count &&
	    r->form_error.status == 0;
	bool again, more = full && goes_on(r);
	size_t i;

	for (i = 0; i < ROUNDS_WINDOW; i++)
		if (r->open[i].body != NULL)
			close_transaction(r, &r->open[i]);
	r->complete = r->spent = r->full = false;
	if (more)
		return true;
	if (full)
		why = &too_few;
	if (r->now == NULL) {
		r->now = r->mail->recipients;
		r->now_count = r->mail->count;
	}
	for (i = 0; i < r->now_count; i++)
		if (r->now[i].result.text == NULL)
			r->now[i].result = *why;
	take_results(r);
	again = r->gained > 0 || was_too_much(r);
	if (r->gained < LITTLE && ++r->little == LITTLE_MAX)
		again = false;
	r->gained = 0;
	return again && can_split(r) && next_round(r);
}

struct smtp_result
rounds_reason(
    const struct rounds *r, const struct smtp_result *failure, int signal)
{
	const struct error *form_error = &r->form_error;
	struct smtp_result why = *failure;

	if (form_error->status != 0)
		why = (struct smtp_result){.phase = SMTP_PHASE_MAIL,
		    .status = form_error->status,
		    .text = arena_strdup(&r->mail->arena, form_error->text)};
	if (why.text == NULL && signal != 0)
		why = (struct smtp_result){
		    .status = EX_SIGNAL + signal, .text = "cancelled"};
	if (why.text == NULL)
		why = (struct smtp_result){.status = EX_TEMPFAIL,
		    .text = "the connection ended without a word"};
	if (why.status == EX_TEMPFAIL)
		why.verdict = SMTP_DEFERRED;
	else if (why.code >= 500 && why.code < 600)
		why.verdict = SMTP_REFUSED;
	else
		why.verdict = SMTP_NOT_SENT;
	return why;
}

bool
rounds_need_no_other(const struct rounds *r)
{
	return r->now != NULL && is_last(r, 0);
}

size_t
rounds_accepted(const struct rounds *r, bool *unknown)
{
	const struct smtp_recipient *all = r->mail->recipients;
	const struct smtp_transaction *tx;
	size_t i, k, accepted = 0;

	*unknown = false;
	for (i = 0; i < r->mail->count; i++) {
		accepted += all[i].result.verdict == SMTP_ACCEPTED;
		*unknown |= all[i].result.verdict == SMTP_UNKNOWN;
	}
	/* Those of this round whose results were not taken yet. */
	for (i = 0; r->index != NULL && i < r->now_count; i++) {
		accepted += r->now[i].result.verdict == SMTP_ACCEPTED &&
		    all[r->index[i]].result.verdict != SMTP_ACCEPTED;
		*unknown |= r->now[i].result.verdict == SMTP_UNKNOWN;
	}
	for (i = 0; i < ROUNDS_WINDOW; i++) {
		tx = &r->open[i];
		for (k = 0; tx->message_sent && k < tx->recipient_count; k++)
			*unknown |= tx->recipients[k].result.text == NULL;
	}
	return accepted;
}

void
rounds_clear(struct rounds *r)
{
	if (r->index != NULL)
		free(r->now);
	free(r->index);
	r->now = NULL;
	r->index = NULL;
}
