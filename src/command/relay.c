#include "command/relay.h"

#include "command/target_known.h"
#include "lib/clock.h"

enum {
	AGAIN_US = 60 * 1000000, /* until a server is tried again */
	/* Servers count RSET: Postfix has 100 of them on a connection. */
	QUESTIONS_MAX = 80,
};

void
relay_init(struct relay *r, const struct settings *settings,
    const struct process *process)
{
	*r = (struct relay){.settings = settings,
	    .process = process,
	    .trace = {.fd = -1},
	    .wait = process_wait(process)};
}

int
relay_begin(struct relay *r, const struct settings *settings,
    const struct process *process, struct error *err)
{
	relay_init(r, settings, process);
	return target_init(&r->target, settings, err) == -1
	    ? -1
	    : trace_open(&r->trace, settings, process, err);
}

static void
see_peer(struct relay *r)
{
	r->peer = (struct peer){0};
	peer_add(&r->peer, r->delivery);
	if (r->log != NULL)
		log_see(r->log, r->delivery);
}

static void
disconnect(struct relay *r)
{
	if (r->delivery == NULL)
		return;
	see_peer(r);
	target_known_keep(&r->target, r->settings, r->process, r->delivery);
	if (loop_signal(r->loop) != 0)
		r->signal = loop_signal(r->loop);
	loop_free(r->loop);
	delivery_free(r->delivery);
	r->loop = NULL;
	r->delivery = NULL;
}

/* The next event; false: the connection is over. */
static bool
next_event(struct relay *r, struct smtp_event *event)
{
	if (loop_next(r->loop, event) == NULL)
		return false;
	trace_event(&r->trace, r->delivery, event);
	if (event->type == SMTP_CLOSED && event->error != NULL) {
		r->error = *event->error;
		r->failure = *event->result;
		r->failure.text = arena_strdup(&r->arena, event->result->text);
	}
	return true;
}

/* In good order, and all that waits for us is said. */
static void
quit(struct relay *r)
{
	struct smtp_event event;

	if (r->delivery == NULL)
		return;
	smtp_session_quit(delivery_session(r->delivery));
	while (next_event(r, &event))
		;
	disconnect(r);
}

void
relay_end(struct relay *r)
{
	quit(r);
	trace_close(&r->trace);
	target_clear(&r->target);
	arena_clear(&r->arena);
}

/* The server may have closed it while nobody asked anything. */
static bool
lasts(struct relay *r)
{
	struct smtp_event event;

	for (;;)
		switch (delivery_step(r->delivery, &event)) {
		case CONNECTION_EVENT:
			trace_event(&r->trace, r->delivery, &event);
			if (event.type == SMTP_CLOSED)
				return false;
			break;
		case CONNECTION_BUSY:
			break;
		case CONNECTION_WAIT:
			return smtp_session_takes_work(
			    delivery_session(r->delivery));
		case CONNECTION_OVER:
			return false;
		}
}

/* Why there is none; a person that looks is told. */
static int
tell_failure(struct relay *r)
{
	if (r->settings->report.verbose > 0)
		output_text_error(r->settings, r->process, &r->error);
	return -1;
}

/* Once: what cannot be had, a password that others only may read, will not be
 * there in a minute. */
static int
prepare(struct relay *r)
{
	if (r->prepared)
		return r->unusable ? -1 : 0;
	r->prepared = true;
	if (target_ready(&r->target, r->settings, r->process, &r->error) == 0)
		return 0;
	r->unusable = true;
	if (r->error.status > EX_SIGNAL)
		r->signal = r->error.status - EX_SIGNAL;
	return tell_failure(r);
}

static int
open_connection(struct relay *r)
{
	struct smtp_event event;

	if (prepare(r) == -1)
		return -1;
	arena_reset(&r->arena);
	r->failure.text = NULL;
	r->questions = 0;
	r->delivery = delivery_new(&r->target.route, &r->target.connection);
	r->loop = loop_new(&r->wait);
	loop_add(r->loop, r->delivery);
	error_set(
	    &r->error, EX_TEMPFAIL, "the connection ended without a word");
	while (next_event(r, &event))
		if (event.type == SMTP_READY) {
			r->reached = true;
			return 0;
		}
	disconnect(r);
	target_explain(&r->target, r->settings, &r->error);
	r->again_us = clock_monotonic_us() + AGAIN_US;
	return tell_failure(r);
}

int
relay_connect(struct relay *r)
{
	if (r->delivery != NULL && r->questions >= QUESTIONS_MAX)
		quit(r);
	if (r->delivery != NULL && !lasts(r))
		disconnect(r);
	if (r->delivery != NULL)
		return 0;
	if (r->again_us > clock_monotonic_us())
		return -1;
	return open_connection(r);
}

const struct smtp_capabilities *
relay_capabilities(const struct relay *r)
{
	return r->delivery != NULL
	    ? smtp_session_capabilities(delivery_session(r->delivery))
	    : NULL;
}

/* Until all that was given to the connection is answered; false: it has
 * ended. */
static bool
converse(struct relay *r, struct rounds *rounds)
{
	struct delivery *d = r->delivery;
	struct smtp_event event;

	loop_watch(r->loop, r->hooks != NULL ? hooks_watch : NULL, r->hooks);
	if (r->hooks != NULL)
		r->hooks->server = target_server(&r->target)->text;
	(void)rounds_ready(rounds, d);
	while (rounds->open_count > 0 && next_event(r, &event)) {
		if (event.type == SMTP_COMMIT) {
			if (r->hooks != NULL)
				hooks_commit(r->hooks, event.transaction);
			(void)rounds_commit(rounds, d);
		} else if (event.type == SMTP_DONE) {
			mail_note_form(
			    rounds->mail, event.transaction, &rounds->form);
			(void)rounds_done(rounds, d, event.transaction);
		}
	}
	loop_watch(r->loop, NULL, NULL);
	see_peer(r);
	/* One that a signal ended is not over before its last events are read. */
	return rounds->open_count == 0 && loop_signal(r->loop) == 0 &&
	    !loop_is_over(r->loop, d);
}

/* One connection; true when another one is worth it. */
static bool
deliver(struct relay *r, struct rounds *rounds)
{
	const bool open = relay_connect(r) == 0;
	struct smtp_result why = r->failure;
	bool lives = false, again;

	r->met |= open;
	if (open) {
		lives = converse(r, rounds);
		why = r->failure;
		if (!lives)
			disconnect(r);
	}
	if (!open && why.text == NULL && r->signal == 0)
		why.text = r->error.text;
	if (why.text != NULL)
		why.text = smtp_texts_keep(&rounds->mail->texts, why.text);
	why = rounds_reason(rounds, &why, r->signal);
	/* That nobody could be reached is no verdict on the message. */
	if (!open && r->signal == 0)
		why.verdict = SMTP_DEFERRED;
	again = rounds_closed(
	    rounds, &why, open && r->failure.text == NULL && r->signal == 0);
	if (again && lives)
		quit(r);
	return again && open && r->signal == 0;
}

static void
send_once(struct relay *r, struct mail *mail, bool probe)
{
	struct rounds rounds = {
	    .mail = mail, .probe = probe, .size_unknown = probe};

	r->failure.text = NULL;
	while (deliver(r, &rounds))
		;
	r->questions += probe;
	rounds_clear(&rounds);
}

/* The connection went before anything was said of anybody: nobody has it. */
static bool
was_lost(const struct relay *r, const struct mail *mail)
{
	const struct smtp_result *result;
	size_t i;

	if (r->delivery != NULL || r->signal != 0)
		return false;
	for (i = 0; i < mail->count; i++) {
		result = &mail->recipients[i].result;
		if (result->verdict != SMTP_DEFERRED ||
		    (result->code != 0 && result->code != 421))
			return false;
	}
	return true;
}

void
relay_send(struct relay *r, struct mail *mail, bool probe)
{
	const bool kept = r->delivery != NULL;
	size_t i;

	r->met = false;
	send_once(r, mail, probe);
	if (!kept || !was_lost(r, mail))
		return;
	/* Servers close what was idle for long. */
	for (i = 0; i < mail->count; i++)
		mail->recipients[i] = (struct smtp_recipient){
		    .address = mail->recipients[i].address,
		    .parameters = mail->recipients[i].parameters};
	r->met = false;
	send_once(r, mail, probe);
}
