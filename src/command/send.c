/* send: a message to its recipients, and what became of it. */
#include "command/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/memory.h"

#include "command/compose.h"
#include "command/contact.h"
#include "command/progress.h"
#include "command/record.h"
#include "command/save.h"
#include "message/message.h"
#include "report/report.h"

enum { PROGRESS_FROM = 256 * 1024 }; /* octets */

struct send {
	const struct settings *settings;
	const struct process *process;
	struct arena arena;
	struct target target;
	struct record record;
	struct save save;
	struct message *message;
	const struct message_facts *facts;

	struct smtp_recipient *recipients;
	size_t count;
	struct smtp_texts texts;

	/* One connection's part of the work. */
	struct smtp_transaction *transactions;
	size_t transaction_count;

	struct error error; /* why the connection ended; status 0: it did not */
	struct smtp_result failure; /* the same, as a result */
	struct error form_error;    /* the message does not fit the server */
	struct message_form form;   /* for this connection */
	struct message_form accepted_form; /* of the one that was accepted */
	bool accepted;
	const char *saved;	 /* where a copy is, or NULL */
	struct error save_error; /* why there is none */
	int signal;
	uint64_t bytes;
	struct contact contact;
};

/* --- one connection -------------------------------------------------------*/

static void
free_transactions(struct send *s)
{
	size_t i;

	for (i = 0; i < s->transaction_count; i++)
		source_free(s->transactions[i].body);
	free(s->transactions);
	s->transactions = NULL;
	s->transaction_count = 0;
}

/* Long work on a terminal; a transcript there would be torn apart by it. */
static bool
shows_progress(const struct send *s, const struct message_stream *stream)
{
	return stream->size >= PROGRESS_FROM && !s->settings->quiet &&
	    s->settings->verbose < 2 && isatty(STDERR_FILENO);
}

static int
add_transaction(struct send *s, struct smtp_recipient *recipients, size_t count,
    struct error *err)
{
	struct smtp_transaction *tx = &s->transactions[s->transaction_count];
	struct message_stream stream;

	if (message_open(s->message, &s->form, &stream, err) == -1)
		return -1;
	if (shows_progress(s, &stream))
		stream.source = progress_new(stream.source, stream.size,
		    STDERR_FILENO, s->process->name);
	*tx = (struct smtp_transaction){
	    .reverse_path = s->facts->reverse_path,
	    .recipients = recipients,
	    .recipient_count = count,
	    .body = stream.source,
	    .size = stream.size,
	    .eight_bit = stream.eight_bit,
	    .utf8 = s->facts->utf8_envelope || s->facts->utf8_header,
	    .all_or_nothing = s->settings->all_or_nothing,
	    .texts = &s->texts,
	};
	s->transaction_count++;
	return 0;
}

/* The server is ready: the message in the form that it can take, for as many
 * recipients at a time as it says that it takes (RFC 9422). */
static void
give_work(
    struct send *s, struct delivery *d, struct smtp_recipient *v, size_t n)
{
	const struct smtp_capabilities *c = delivery_capabilities(d);
	size_t at, step = n, i;

	s->form = (struct message_form){
	    .eight_bit = smtp_capable(c, SMTP_8BITMIME),
	    .utf8 = smtp_capable(c, SMTP_SMTPUTF8),
	};
	if (c->rcpt_max > 0 && c->rcpt_max < n && s->facts->can_rewind &&
	    !s->settings->all_or_nothing)
		step = c->rcpt_max;
	s->transactions =
	    memory_alloc((n + step - 1) / step * sizeof(*s->transactions));
	for (at = 0; at < n; at += step)
		if (add_transaction(s, v + at, n - at < step ? n - at : step,
			&s->form_error) == -1)
			break;
	for (i = 0; s->form_error.status == 0 && i < s->transaction_count; i++)
		delivery_send(d, &s->transactions[i]);
	delivery_quit(d);
}

static void
remember(struct send *s, struct delivery *d)
{
	size_t i;

	contact_add(&s->contact, d);
	for (i = 0; i < s->transaction_count; i++)
		s->bytes += s->transactions[i].bytes_sent;
	s->signal = delivery_signal(d);
}

/* Recipients that no reply spoke of stand for why the connection ended. */
static void
settle(struct send *s, struct smtp_recipient *v, size_t n)
{
	struct smtp_result why = s->failure;
	size_t i;

	if (s->form_error.status != 0)
		why = (struct smtp_result){.phase = SMTP_PHASE_MAIL,
		    .status = s->form_error.status,
		    .text = arena_strdup(&s->arena, s->form_error.text)};
	if (why.text == NULL)
		why = (struct smtp_result){.status = EX_TEMPFAIL,
		    .text = "the connection ended without a word"};
	if (why.status == EX_TEMPFAIL)
		why.verdict = SMTP_DEFERRED;
	else if (why.code >= 500 && why.code < 600)
		why.verdict = SMTP_REFUSED;
	else
		why.verdict = SMTP_NOT_SENT;
	for (i = 0; i < n; i++)
		if (v[i].result.text == NULL)
			v[i].result = why;
}

static void
remember_failure(struct send *s, const struct smtp_event *event)
{
	s->error = *event->error;
	s->failure = *event->result;
	s->failure.text = arena_strdup(&s->arena, event->result->text);
}

/* The first form that a server accepted is the one that is kept. */
static void
remember_form(struct send *s, const struct smtp_recipient *v, size_t n)
{
	size_t i;

	for (i = 0; i < n && !s->accepted; i++)
		if (v[i].result.verdict == SMTP_ACCEPTED) {
			s->accepted = true;
			s->accepted_form = s->form;
		}
}

static void
deliver(struct send *s, struct smtp_recipient *v, size_t n)
{
	struct delivery *d = delivery_new(&s->target.params);
	struct smtp_event event;

	while (delivery_next(d, &event)) {
		record_event(&s->record, d, &event);
		if (event.type == SMTP_READY)
			give_work(s, d, v, n);
		else if (event.type == SMTP_CLOSED && event.error != NULL)
			remember_failure(s, &event);
	}
	remember(s, d);
	delivery_free(d);
	settle(s, v, n);
	remember_form(s, v, n);
	free_transactions(s);
}

/* --- a server that takes only so many recipients at a time ----------------*/

/* 452 to RCPT after others were accepted: too many (RFC 5321 4.5.3.1.10). */
static bool
left_over(const struct smtp_recipient *r)
{
	return r->result.verdict == SMTP_DEFERRED &&
	    r->result.phase == SMTP_PHASE_RCPT && r->result.code == 452 &&
	    (r->result.enhanced[0] == '\0' ||
		strcmp(r->result.enhanced, "4.5.3") == 0);
}

/* Another connection for those who were one too many; false when there is
 * nobody left, or nothing was gained the last time. */
static bool
deliver_left_over(struct send *s)
{
	struct smtp_recipient *v;
	size_t *index, n = 0, i, accepted = 0, gained = 0;

	if (!s->facts->can_rewind || s->settings->all_or_nothing ||
	    s->signal != 0)
		return false;
	v = arena_alloc(&s->arena, s->count * sizeof(*v));
	index = arena_alloc(&s->arena, s->count * sizeof(*index));
	for (i = 0; i < s->count; i++) {
		accepted += s->recipients[i].result.verdict == SMTP_ACCEPTED;
		if (!left_over(&s->recipients[i]))
			continue;
		v[n].address = s->recipients[i].address;
		index[n++] = i;
	}
	if (n == 0 || accepted == 0)
		return false;
	deliver(s, v, n);
	for (i = 0; i < n; i++) {
		gained += v[i].result.verdict == SMTP_ACCEPTED;
		/* What the server said of them before still stands when it
		 * said nothing this time, and nothing of it went out. */
		if (v[i].result.code > 0 || v[i].result.verdict == SMTP_UNKNOWN)
			s->recipients[index[i]] = v[i];
	}
	return gained > 0;
}

/* --- a copy ---------------------------------------------------------------*/

/* Only of what the server has for certain. */
static void
save(struct send *s)
{
	int status = outcome_of(s->recipients, s->count).status;

	if (s->save.kind == SAVE_NOTHING)
		return;
	if (status == EX_UNKNOWN)
		error_set(&s->save_error, EX_UNKNOWN,
		    "--save: %s: no copy was kept, since nobody knows whether "
		    "the message was accepted",
		    s->save.path);
	else if ((status == EX_OK || status == EX_PARTIAL) &&
	    save_message(&s->save, s->message, &s->accepted_form, &s->saved,
		&s->save_error) == -1)
		error_context(
		    &s->save_error, "the message was sent, but no copy kept");
}

/* --- report ---------------------------------------------------------------*/

static void
fill_report(const struct send *s, struct report *r)
{
	*r = (struct report){
	    .recipients = s->recipients,
	    .recipient_count = s->count,
	    .outcome = outcome_of(s->recipients, s->count),
	    .message_id = s->facts->message_id,
	    .saved = s->saved,
	    .bytes = s->bytes,
	};
	contact_report(&s->contact, &s->target, s->process, r);
	if (s->form_error.status != 0)
		r->error = &s->form_error;
	else if (s->error.status != 0)
		r->error = &s->error;
}

static int
report(struct send *s)
{
	const struct settings *settings = s->settings;
	struct buf out = {0};
	struct report r;
	struct error err;

	/* Our own input is no matter of the server's. */
	if (s->error.status != 0 && s->error.status != EX_DATAERR &&
	    s->error.status != EX_NOINPUT && s->error.status != EX_IOERR)
		target_explain(&s->target, settings, &s->error);
	if (s->form_error.status != 0)
		target_explain(&s->target, settings, &s->form_error);
	if (settings->quiet)
		s->error.hint[0] = s->form_error.hint[0] = '\0';
	fill_report(s, &r);
	report_text(&out, &r, settings->verbose > 0);
	if (settings->timing)
		report_timing(&out, &r);
	output_write(STDERR_FILENO, &out);
	buf_reset(&out);
	if (s->save_error.status != 0)
		output_text_error(settings, s->process, &s->save_error);
	else if (s->saved != NULL && settings->verbose > 0)
		output_warning(
		    settings, s->process, "a copy is in %s", s->saved);
	if (settings->json &&
	    (report_json(&out, &r, &err) == -1 ||
		output_write(STDOUT_FILENO, &out) == -1))
		output_warning(settings, s->process,
		    "warning: the report could not be written to standard "
		    "output");
	buf_clear(&out);
	return r.outcome.status;
}

/* Memory ran out after all: what is known must still be told. */
static int
exhausted(void *arg)
{
	const struct send *s = arg;
	const struct smtp_transaction *tx;
	size_t i, k, accepted = 0;

	for (i = 0; i < s->transaction_count; i++) {
		tx = &s->transactions[i];
		for (k = 0; k < tx->recipient_count; k++)
			if (tx->message_sent &&
			    tx->recipients[k].result.text == NULL)
				return EX_UNKNOWN;
	}
	for (i = 0; i < s->count; i++) {
		if (s->recipients[i].result.verdict == SMTP_UNKNOWN)
			return EX_UNKNOWN;
		accepted += s->recipients[i].result.verdict == SMTP_ACCEPTED;
	}
	if (accepted == s->count)
		return EX_OK;
	return accepted > 0 ? EX_PARTIAL : EX_TEMPFAIL;
}

/* --- the command ----------------------------------------------------------*/

static int
prepare(struct send *s, struct error *err)
{
	const struct settings *settings = s->settings;
	size_t i;

	if (settings->json && report_json_available(err) == -1)
		return -1;
	if (target_init(&s->target, settings, s->process, err) == -1 ||
	    record_open(&s->record, settings, s->process, err) == -1 ||
	    save_prepare(
		&s->save, settings->save, &s->arena, s->process, err) == -1 ||
	    compose_message(
		settings, s->process, &s->arena, &s->message, err) == -1 ||
	    target_ready(&s->target, settings, s->process, err) == -1)
		return -1;
	s->facts = message_facts(s->message);
	s->texts.arena = &s->arena;
	s->count = s->facts->recipient_count;
	s->recipients =
	    arena_alloc(&s->arena, s->count * sizeof(*s->recipients));
	for (i = 0; i < s->count; i++)
		s->recipients[i].address = s->facts->recipients[i].mailbox;
	return 0;
}

int
send_run(const struct settings *settings, const struct process *process)
{
	struct send s = {.settings = settings, .process = process};
	struct error err;
	int status;

	if (prepare(&s, &err) == -1) {
		status = output_error(settings, process, &err);
	} else {
		memory_on_exhaustion(exhausted, &s);
		deliver(&s, s.recipients, s.count);
		while (deliver_left_over(&s))
			;
		save(&s);
		status = report(&s);
		memory_on_exhaustion(NULL, NULL);
	}
	smtp_texts_clear(&s.texts);
	save_clear(&s.save);
	record_close(&s.record);
	message_free(s.message);
	target_clear(&s.target);
	arena_clear(&s.arena);
	return status;
}
