/* send: a message to its recipients, and what became of it. */
#include "command/command.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/memory.h"

#include "command/check.h"
#include "command/hooks.h"
#include "command/peer.h"
#include "command/enqueue.h"
#include "command/flush.h"
#include "command/log.h"
#include "command/outbox_news.h"
#include "command/target_known.h"
#include "command/progress.h"
#include "command/rounds.h"
#include "command/trace.h"
#include "command/waiting.h"
#include "delivery/loop.h"
#include "report/report.h"

enum { PROGRESS_FROM = 256 * 1024 }; /* octets */

struct send {
	const struct settings *settings;
	const struct process *process;
	struct target target;
	struct trace trace;
	struct mail mail;
	struct rounds rounds;
	struct peer peer;
	struct hooks hooks;
	struct log log;

	struct error error; /* why the connection ended; status 0: it did not */
	struct smtp_result failure; /* the same, as a result */
	bool composed;		    /* the message is there */
	bool settled;		    /* all is said of all recipients */
	bool reached;		    /* there was a server, ready for work */
	const char *queued; /* the ID in the outbox of what was put off */
	int queued_status;  /* as if those had it */
	int signal;
};

/* Long work on a terminal; a transcript there would be torn apart by it. */
static struct source *
with_progress(void *arg, const struct mime_stream *stream)
{
	const struct send *s = arg;

	if (stream->size < PROGRESS_FROM || s->settings->report.quiet ||
	    s->trace.show || !isatty(STDERR_FILENO))
		return stream->source;
	return progress_new(stream->source, stream->size,
	    s->process->output->err, s->process->name);
}

static void
remember_failure(struct send *s, const struct smtp_event *event)
{
	s->error = *event->error;
	s->failure = *event->result;
	s->failure.text = smtp_texts_keep(&s->mail.texts, event->result->text);
}

/* True when QUIT may follow what was queued. */
static bool
take_event(struct send *s, struct delivery *d, const struct smtp_event *event)
{
	switch (event->type) {
	case SMTP_READY:
		s->reached = true;
		return rounds_ready(&s->rounds, d);
	case SMTP_COMMIT:
		hooks_commit(&s->hooks, event->transaction);
		return rounds_commit(&s->rounds, d);
	case SMTP_DONE:
		mail_note_form(&s->mail, event->transaction, &s->rounds.form);
		return rounds_done(&s->rounds, d, event->transaction);
	case SMTP_CLOSED:
		if (event->error != NULL)
			remember_failure(s, event);
		return false;
	default:
		return false;
	}
}

/* One connection; true when another one is worth it. */
static bool
deliver(struct send *s)
{
	const struct wait_limits wait = process_wait(s->process);
	struct delivery *d =
	    delivery_new(&s->target.route, &s->target.connection);
	struct loop *loop = loop_new(&wait);
	struct waiting waiting = {
	    .settings = s->settings,
	    .process = s->process,
	    .target = &s->target,
	    .delivery = d,
	    .also = hooks_watch,
	    .also_arg = &s->hooks,
	};
	struct smtp_result why;
	struct smtp_event event;

	s->error.status = 0;
	s->failure.text = NULL;
	loop_add(loop, d);
	waiting_begin(&waiting, loop);
	while (loop_next(loop, &event) != NULL) {
		waiting_over(&waiting);
		s->hooks.server = target_server(&s->target)->text;
		trace_event(&s->trace, d, &event);
		if (take_event(s, d, &event))
			smtp_session_quit(delivery_session(d));
		if (s->target.has_secret && rounds_need_no_other(&s->rounds))
			target_forget(&s->target);
	}
	peer_add(&s->peer, d);
	log_see(&s->log, d);
	target_known_keep(&s->target, s->settings, s->process, d);
	s->signal = loop_signal(loop);
	waiting_over(&waiting);
	loop_free(loop);
	delivery_free(d);
	why = rounds_reason(&s->rounds, &s->failure, s->signal);
	return rounds_closed(&s->rounds, &why,
		   s->failure.text == NULL && s->signal == 0) &&
	    s->signal == 0;
}

static void
fill_report(struct send *s, struct report *r)
{
	*r = (struct report){
	    .check = check_is_asked(s->settings),
	    .bytes = s->rounds.bytes,
	    .hints = !s->settings->report.quiet,
	    .queued = s->queued,
	};
	mail_report(&s->mail, r);
	peer_report(&s->peer, &s->target, s->process, r);
	if (s->queued != NULL)
		r->outcome.status = s->queued_status;
	if (s->rounds.form_error.status != 0)
		r->error = &s->rounds.form_error;
	else if (s->error.status != 0)
		r->error = &s->error;
}

/* Whoever could have it later gets it from the outbox. */
static void
queue_rest(struct send *s)
{
	struct mail *m = &s->mail;
	bool *wanted = arena_alloc(&m->arena, m->count * sizeof(*wanted));
	struct enqueue_rest rest = {.wanted = wanted,
	    .place = OUTBOX_QUEUE,
	    .tried = true,
	    .unreached = !s->reached,
	    .why = &s->error};
	size_t i, n = 0, accepted = 0, unknown = 0;
	struct error err;

	if (!s->settings->outbox.on_failure || check_is_asked(s->settings))
		return;
	for (i = 0; i < m->count; i++) {
		const struct smtp_result *r = &m->recipients[i].result;

		wanted[i] = enqueue_is_for_later(s->settings, r) ||
		    (s->signal != 0 && r->status > EX_SIGNAL);
		n += wanted[i];
		/* Who stopped it gave the server no time. */
		if (wanted[i] && r->status > EX_SIGNAL)
			rest.tried = rest.unreached = false;
		accepted += r->verdict == SMTP_ACCEPTED;
		unknown += r->verdict == SMTP_UNKNOWN;
	}
	/* Who stopped it can send it again only if nobody has it. */
	if (n == 0 || (s->signal != 0 && accepted + unknown == 0))
		return;
	if (enqueue_rest(s->settings, s->process, m, &rest, &s->queued, &err) ==
	    -1) {
		s->queued = NULL;
		output_text_error(s->settings, s->process, &err);
		return;
	}
	s->queued_status = unknown > 0 ? EX_UNKNOWN
	    : n + accepted < m->count  ? EX_PARTIAL
				       : EX_OK;
}

static void
tell(const struct send *s, struct report *r)
{
	const struct settings *settings = s->settings;
	struct buf out = {0};

	if (check_is_asked(settings)) {
		check_tell(settings, s->process, r);
		return;
	}
	/* All of it waits, for one reason. */
	if (settings->local.face && settings->report.verbose == 0 &&
	    s->queued != NULL && s->error.status != 0 &&
	    s->queued_status == EX_OK && r->outcome.accepted == 0) {
		enqueue_tell_why(settings, s->process, &s->error, s->queued);
		return;
	}
	report_text(&out, r, settings->report.verbose > 0);
	output_tell(s->process, &out);
	buf_clear(&out);
	if (s->queued != NULL)
		output_warning(settings, s->process,
		    "what was put off is queued as %s", s->queued);
}

/* It is no matter of the server's, unless that has said something first: of a
 * token that then cannot be renewed, since its file cannot be written. */
static bool
is_our_input(const struct error *err)
{
	return err->reply == 0 &&
	    (err->status == EX_DATAERR || err->status == EX_NOINPUT ||
		err->status == EX_IOERR);
}

static int
report(struct send *s)
{
	const struct settings *settings = s->settings;
	struct buf out = {0};
	struct report r;
	struct error err;

	if (outcome_of(s->mail.recipients, s->mail.count).status > EX_SIGNAL)
		error_set(&s->error, EX_SIGNAL + s->signal, "%s",
		    check_is_asked(settings)
			? "cancelled before the check was done"
			: "cancelled, nothing was sent");
	if (s->error.status != 0 && !is_our_input(&s->error))
		target_explain(&s->target, settings, &s->error);
	if (s->rounds.form_error.status != 0)
		target_explain(&s->target, settings, &s->rounds.form_error);
	if (settings->report.quiet)
		s->error.hint[0] = s->rounds.form_error.hint[0] = '\0';
	if (s->mail.facts->changed != NULL)
		output_warning(
		    settings, s->process, "note: %s", s->mail.facts->changed);
	fill_report(s, &r);
	peer_warn(&r, settings, s->process);
	tell(s, &r);
	if (settings->report.timing)
		output_timing(s->process, &r);
	if (s->mail.save_error.status != 0)
		output_text_error(settings, s->process, &s->mail.save_error);
	else if (s->mail.saved != NULL && settings->report.verbose > 0)
		output_warning(
		    settings, s->process, "a copy is in %s", s->mail.saved);
	if (settings->report.json &&
	    (report_json(&out, &r, &err) == -1 ||
		output_print(s->process, &out) == -1))
		output_warning(settings, s->process,
		    "warning: the report could not be written to standard "
		    "output");
	buf_clear(&out);
	return r.outcome.status;
}

static void
write_log(struct send *s, int status, const struct error *unprepared)
{
	struct log_entry e = {.size = s->rounds.bytes,
	    .sized = s->rounds.bytes > 0,
	    .queued = s->queued,
	    .status = status,
	    .why = unprepared != NULL ? unprepared->text : s->error.text};

	if (check_is_asked(s->settings))
		return;
	if (s->queued != NULL && !e.sized) {
		e.size = s->mail.size;
		e.sized = true;
	}
	log_write_mail(&s->log, &s->mail, &e);
	log_close(&s->log);
}

/* Memory ran out after all: what is known must still be told. */
static int
exhausted(void *arg)
{
	const struct send *s = arg;
	bool unknown;
	size_t accepted;

	if (s->settled)
		return outcome_of(s->mail.recipients, s->mail.count).status;
	accepted = rounds_accepted(&s->rounds, &unknown);
	if (unknown)
		return EX_UNKNOWN;
	if (accepted == s->mail.count)
		return EX_OK;
	return accepted > 0 ? EX_PARTIAL : EX_TEMPFAIL;
}

/* What comes when the message is there. */
static int
prepare_way(struct send *s, struct error *err)
{
	const struct settings *settings = s->settings;
	const struct process *process = s->process;
	struct mail *mail = &s->mail;

	return trace_open(&s->trace, settings, process, err) == -1 ||
		(!check_is_asked(settings) &&
		    save_prepare(&mail->save, settings, &mail->arena, process,
			err) == -1) ||
		target_ready(&s->target, settings, process, err) == -1
	    ? -1
	    : 0;
}

static int
prepare(struct send *s, struct error *err)
{
	const struct settings *settings = s->settings;
	struct mail *mail = &s->mail;
	const bool check = check_is_asked(settings);
	struct error composing;
	int r;

	r = (settings->report.json && report_json_available(err) == -1) ||
		(!check && hooks_available(&s->hooks, err) == -1) ||
		target_init(&s->target, settings, err) == -1
	    ? -1
	    : 0;
	if (r == -1 && !settings->local.face)
		return -1;
	if (mail_compose(mail, settings, s->process, &composing) == -1) {
		*err = composing;
		return -1;
	}
	s->composed = true;
	/* Nothing that is written touches what was still to be read. */
	if (r == -1 || prepare_way(s, err) == -1)
		return -1;
	s->rounds = (struct rounds){
	    .mail = mail,
	    .around = with_progress,
	    .arg = s,
	    .probe = check,
	    .size_unknown = check && !check_has_content(settings),
	};
	return 0;
}

/* There is no way for it: the exit status. */
static int
give_up(struct send *s, const struct error *why)
{
	const struct settings *settings = s->settings;
	const bool tried = enqueue_is_try(why);
	const struct enqueue_rest rest = {.place = OUTBOX_QUEUE,
	    .tried = tried,
	    .unreached = tried,
	    .why = why};
	struct error err;

	if (!settings->local.face || !settings->outbox.on_failure ||
	    !s->composed || check_is_asked(settings) || why->status > EX_SIGNAL)
		return output_error(settings, s->process, why);
	if (enqueue_rest(
		settings, s->process, &s->mail, &rest, &s->queued, &err) == 0) {
		enqueue_tell_why(settings, s->process, why, s->queued);
		return EX_OK;
	}
	s->queued = NULL;
	output_text_error(settings, s->process, &err);
	return output_error(settings, s->process, why);
}

/* Nothing waits for anything but these any more. */
static void
run_hooks(struct send *s, const struct error *unprepared)
{
	struct report r = {0};

	trace_close(&s->trace);
	target_forget(&s->target);
	if (check_is_asked(s->settings))
		return;
	if (unprepared != NULL) {
		r.outcome.status =
		    s->queued != NULL ? EX_OK : unprepared->status;
		r.error = unprepared;
		r.queued = s->queued;
	} else {
		fill_report(s, &r);
	}
	hooks_end(&s->hooks, &r);
	hooks_clear(&s->hooks);
}

/* Whether the server takes mail from us, if perhaps not this one. */
static bool
is_open_to_us(const struct send *s)
{
	size_t i;

	if (s->signal != 0 || check_is_asked(s->settings))
		return false;
	for (i = 0; i < s->mail.count; i++) {
		const struct smtp_result *r = &s->mail.recipients[i].result;

		if (r->verdict == SMTP_ACCEPTED ||
		    (r->phase == SMTP_PHASE_RCPT && r->code >= 500 &&
			r->code < 600))
			return true;
	}
	return false;
}

/* Where it could be queued after a failure, and is known to fail. */
static bool
is_for_system(const struct send *s)
{
	struct arena arena = {0};
	struct error err;
	bool is = s->settings->outbox.on_failure &&
	    !check_is_asked(s->settings) &&
	    enqueue_is_for_system(s->settings, &arena, &err) == 1;

	arena_clear(&arena);
	return is;
}

int
send_run(const struct settings *settings, const struct process *process)
{
	struct send s = {
	    .settings = settings,
	    .process = process,
	    .hooks = {.settings = settings, .process = process},
	    .log = {.settings = settings, .process = process},
	};
	char queued[OUTBOX_ID_SIZE];
	bool open;
	struct error err;
	int status;

	s.hooks.mail = &s.mail;
	if (settings->outbox.queue || is_for_system(&s)) {
		status = enqueue_run(settings, process);
		outbox_tell_news(settings, process);
		return status;
	}
	if (prepare(&s, &err) == -1) {
		status = give_up(&s, &err);
		write_log(&s, status, &err);
		run_hooks(&s, &err);
	} else {
		memory_on_exhaustion(exhausted, &s);
		while (deliver(&s))
			;
		s.settled = true;
		mail_save(&s.mail);
		queue_rest(&s);
		status = report(&s);
		write_log(&s, status, NULL);
		run_hooks(&s, NULL);
		memory_on_exhaustion(NULL, NULL);
	}
	snprintf(
	    queued, sizeof(queued), "%s", s.queued != NULL ? s.queued : "");
	open = is_open_to_us(&s);
	rounds_clear(&s.rounds);
	mail_clear(&s.mail);
	target_clear(&s.target);
	/* But for what this one has put off. */
	if (open)
		flush_beside(settings, process, queued, status);
	if (!check_is_asked(settings))
		outbox_tell_news(settings, process);
	return status;
}
