/* say: puts a command into the output, and its reply among those that are
 * awaited. */
#include "smtp/session_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
session_raise(struct smtp_session *s, enum smtp_event_type type,
    struct smtp_transaction *tx)
{
	smtp_events_push(
	    &s->events, &(struct smtp_event){.type = type, .transaction = tx});
}

void
session_trace(
    struct smtp_session *s, enum smtp_phase phase, const char *fmt, ...)
{
	char *text;
	va_list ap;

	if (!s->params.trace)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	smtp_events_push(&s->events,
	    &(struct smtp_event){
		.type = SMTP_SENT, .phase = phase, .text = text});
}

bool
session_may_send(const struct smtp_session *s)
{
	return smtp_pipeline_open(&s->pipeline,
	    s->flight || smtp_capable(&s->capabilities, SMTP_PIPELINING));
}

void
session_wait_again(struct smtp_session *s, const struct pending *p)
{
	smtp_pipeline_unpop(&s->pipeline, p);
	p->work->unanswered++;
}

static const char *
first_word(struct smtp_session *s, const char *line)
{
	snprintf(s->command, sizeof(s->command), "%.*s",
	    (int)strcspn(line, " "), line);
	return s->command;
}

void
session_wait_for(
    struct smtp_session *s, enum verb verb, struct work *w, size_t recipient)
{
	const struct verb_row *row = &verb_rows[verb];

	s->names[row->phase] =
	    verb == VERB_EHLO && s->params.lmtp ? "LHLO" : row->name;
	if (verb == VERB_COMMAND)
		s->names[row->phase] =
		    first_word(s, w->line != NULL ? w->line : row->name);
	if (w != NULL)
		w->unanswered++;
	smtp_pipeline_push(&s->pipeline,
	    &(struct pending){.verb = verb,
		.work = w,
		.first = recipient,
		.count = 1,
		.end = verb == VERB_MESSAGE ? UINT64_MAX
					    : smtp_output_end(&s->out)},
	    row->ends_group && !(w != NULL && w->flight));
}

void
session_command_ends(struct smtp_session *s)
{
	smtp_pipeline_last(&s->pipeline)->end = smtp_output_end(&s->out);
}

void
session_say_from(struct smtp_session *s, enum verb verb, struct work *w,
    size_t recipient, size_t from)
{
	struct buf *out = &s->out.bytes;

	session_trace(s, verb_rows[verb].phase, "%s", out->data + from);
	buf_puts(out, "\r\n");
	session_wait_for(s, verb, w, recipient);
}

void
session_say(struct smtp_session *s, enum verb verb, struct work *w,
    const char *fmt, ...)
{
	size_t from = s->out.bytes.len;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&s->out.bytes, fmt, ap);
	va_end(ap);
	session_say_from(s, verb, w, 0, from);
}

void
session_say_secret(struct smtp_session *s, enum verb verb, struct work *w,
    const char *shown, const struct buf *line, size_t head)
{
	smtp_output_put_secret(&s->out, line, head);
	session_trace(s, verb_rows[verb].phase, "%s", shown);
	session_wait_for(s, verb, w, 0);
}
