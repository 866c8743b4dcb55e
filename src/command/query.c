/* query: VRFY, EXPN, ETRN, NOOP and HELP: every reply line, status by its class. */
#include "command/command.h"

#include <stdlib.h>
#include <string.h>

#include "lib/idna.h"
#include "lib/memory.h"

#include "command/peer.h"
#include "command/target_known.h"
#include "command/trace.h"
#include "command/waiting.h"
#include "delivery/loop.h"
#include "rfc5322/address.h"

struct query {
	const struct settings *settings;
	const struct process *process;
	struct target target;
	struct trace trace;
	struct error error; /* status 0: none */
	struct peer peer;
	struct arena arena;
	size_t asked;
	bool incomplete; /* error says what could not be asked or told */
	struct report_answer *answers;
	size_t answered;
	int status; /* of the first answer that was no 2yz */
};

static const char *
verb(enum settings_action action)
{
	switch (action) {
	case ACTION_VRFY:
		return "VRFY";
	case ACTION_EXPN:
		return "EXPN";
	case ACTION_ETRN:
		return "ETRN";
	case ACTION_NOOP:
		return "NOOP";
	default:
		return "HELP";
	}
}

/* What cannot be asked or told is said once, and the rest goes on. */
static void
incomplete(struct query *q, const struct error *err)
{
	if (!q->incomplete)
		q->error = *err;
	q->incomplete = true;
}

/* An address has its domain in A-labels, as in RCPT; so does a node of ETRN,
 * which is a domain, perhaps behind an '@' (RFC 1985 5.2). */
static int
put_argument(
    struct query *q, const char *argument, struct buf *line, struct error *err)
{
	const char *at = strrchr(argument, '@'), *end, *domain;
	struct arena *a = &q->arena;

	if (at == NULL && q->settings->action == ACTION_ETRN)
		at = argument;
	else if (at != NULL)
		at++;
	if (at == NULL || *argument == '#' || idna_is_ascii(at))
		return buf_puts(line, argument);
	end = at + strcspn(at, "> \t");
	if (address_domain_to_ascii(a, arena_strndup(a, at, (size_t)(end - at)),
		&domain, err) == -1)
		return error_context(err, "%s", argument);
	return buf_printf(
	    line, "%.*s%s%s", (int)(at - argument), argument, domain, end);
}

static void
ask(struct query *q, struct delivery *d, const char *argument)
{
	const enum settings_action action = q->settings->action;
	struct buf line = {0};
	struct error err;
	int r = 0;

	buf_puts(&line, verb(action));
	if (argument != NULL) {
		buf_putc(&line, ' ');
		r = action == ACTION_SERVER_HELP
		    ? buf_puts(&line, argument)
		    : put_argument(q, argument, &line, &err);
	}
	if (r == 0 && !idna_is_ascii(line.data)) {
		/* RFC 6531 3.7.4.2 */
		if (!smtp_capable(
			smtp_session_capabilities(delivery_session(d)),
			SMTP_SMTPUTF8))
			r = error_set(&err, EX_DATAERR,
			    "%s: the server does not offer SMTPUTF8",
			    line.data);
		else if (action == ACTION_VRFY || action == ACTION_EXPN)
			buf_puts(&line, " SMTPUTF8");
	}
	if (r == 0) {
		smtp_session_command(delivery_session(d), line.data);
		q->asked++;
	} else {
		incomplete(q, &err);
	}
	buf_clear(&line);
}

static void
ask_all(struct query *q, struct delivery *d)
{
	const struct strings *arguments = &q->settings->action_arguments;
	size_t i;

	for (i = 0; i < arguments->count; i++)
		ask(q, d, arguments->items[i]);
	if (arguments->count == 0)
		ask(q, d, NULL);
	smtp_session_quit(delivery_session(d));
}

static void
answer(struct query *q, const char *command, const struct smtp_reply *reply)
{
	struct report_answer *kept;
	struct buf out = {0};
	int status = outcome_of_reply(reply->code);

	q->answers =
	    memory_realloc(q->answers, q->answered + 1, sizeof(*q->answers));
	kept = &q->answers[q->answered];
	*kept = (struct report_answer){
	    .command = arena_strdup(&q->arena, command),
	    .code = reply->code,
	    .text = arena_strdup(&q->arena, buf_string(&reply->text)),
	};
	memcpy(kept->enhanced, reply->enhanced, sizeof(kept->enhanced));
	report_reply(
	    &out, "", reply->code, buf_string(&reply->text), reply->text.len);
	/* Whether it can be printed is seen at the end. */
	if (!q->settings->report.json)
		(void)output_print(q->process, &out);
	buf_clear(&out);
	if (q->status == EX_OK)
		q->status = status;
	q->answered++;
}

static void
converse(struct query *q)
{
	const struct wait_limits wait = process_wait(q->process);
	struct delivery *d =
	    delivery_new(&q->target.route, &q->target.connection);
	struct loop *loop = loop_new(&wait);
	struct waiting waiting = {
	    .settings = q->settings,
	    .process = q->process,
	    .target = &q->target,
	    .delivery = d,
	};
	struct smtp_event event;

	loop_add(loop, d);
	waiting_begin(&waiting, loop);
	while (loop_next(loop, &event) != NULL) {
		waiting_over(&waiting);
		trace_event(&q->trace, d, &event);
		if (event.type == SMTP_READY) {
			target_forget(&q->target);
			ask_all(q, d);
		} else if (event.type == SMTP_REPLY &&
		    event.phase == SMTP_PHASE_COMMAND && event.text != NULL)
			answer(q, event.text, event.reply);
		else if (event.type == SMTP_CLOSED && event.error != NULL &&
		    q->error.status == 0)
			q->error = *event.error;
	}
	peer_add(&q->peer, d);
	target_known_keep(&q->target, q->settings, q->process, d);
	waiting_over(&waiting);
	loop_free(loop);
	delivery_free(d);
}

/* An answer that came counts before how the connection ended, unless answers
 * are missing. */
static int
report(struct query *q)
{
	struct report r = {
	    .answers = q->answers, .answer_count = q->answered, .query = true};
	struct buf out = {0};
	struct error err;

	peer_report(&q->peer, &q->target, q->process, &r);
	peer_warn(&r, q->settings, q->process);
	if (!q->settings->report.json && !q->incomplete &&
	    output_finish(q->process, &err) == -1 && err.status == EX_IOERR) {
		q->error = err;
		q->incomplete = true;
	}
	if (q->settings->report.verbose > 0 || q->error.status != 0)
		report_way(&out, &r, q->settings->report.verbose > 0);
	output_tell(q->process, &out);
	buf_reset(&out);
	r.outcome.status = q->status;
	if (q->error.status != 0 &&
	    (q->incomplete || q->answered < q->asked || q->asked == 0 ||
		q->error.status == EX_PROTOCOL)) {
		if (q->error.status > EX_SIGNAL)
			error_set(&q->error, q->error.status, "%s",
			    q->asked == 0
				? "cancelled before the question was asked"
				: "cancelled before the answer came");
		if (!q->incomplete)
			target_explain(&q->target, q->settings, &q->error);
		output_text_error(q->settings, q->process, &q->error);
		r.error = &q->error;
		if (r.outcome.status == EX_OK)
			r.outcome.status = q->error.status;
	}
	if (q->settings->report.timing)
		output_timing(q->process, &r);
	if (q->settings->report.json &&
	    (report_json(&out, &r, &err) == -1 ||
		output_print(q->process, &out) == -1))
		output_warning(q->settings, q->process,
		    "warning: the report could not be written to standard "
		    "output");
	buf_clear(&out);
	return r.outcome.status;
}

/* Memory ran out: answers that were printed are answers. */
static int
exhausted(void *arg)
{
	const struct query *q = arg;

	return q->asked > 0 && q->answered == q->asked && !q->incomplete &&
		!q->settings->report.json
	    ? q->status
	    : EX_TEMPFAIL;
}

int
query_run(const struct settings *settings, const struct process *process)
{
	struct query q = {.settings = settings, .process = process};
	struct error err;
	int status;

	if ((settings->report.json && report_json_available(&err) == -1) ||
	    target_init(&q.target, settings, &err) == -1 ||
	    trace_open(&q.trace, settings, process, &err) == -1 ||
	    target_ready(&q.target, settings, process, &err) == -1) {
		status = output_error(settings, process, &err);
	} else {
		memory_on_exhaustion(exhausted, &q);
		converse(&q);
		status = report(&q);
		memory_on_exhaustion(NULL, NULL);
	}
	free(q.answers);
	arena_clear(&q.arena);
	trace_close(&q.trace);
	target_clear(&q.target);
	return status;
}
