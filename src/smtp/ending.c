/* ending: why a session ends, in words and as a result. */
#include "smtp/session_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum smtp_phase
session_phase(const struct smtp_session *s)
{
	const struct pending *p = smtp_pipeline_front(&s->pipeline);

	if (s->tls_wanted)
		return SMTP_PHASE_STARTTLS;
	if (p != NULL && verb_rows[p->verb].phase != SMTP_PHASE_MESSAGE)
		return verb_rows[p->verb].phase;
	if (p != NULL && s->out.sent >= p->end)
		return SMTP_PHASE_MESSAGE;
	if (p != NULL ||
	    (s->work.cursor != NULL &&
		s->work.cursor->kind == WORK_TRANSACTION))
		return SMTP_PHASE_DATA;
	return SMTP_PHASE_COMMAND;
}

const char *
session_command(const struct smtp_session *s, enum smtp_phase phase)
{
	return phase != SMTP_PHASE_COMMAND ? s->names[phase] : NULL;
}

const char *
session_name(const struct smtp_session *s, enum smtp_phase phase)
{
	return s->names[phase] != NULL ? s->names[phase]
				       : smtp_phase_name(phase);
}

void
session_close(struct smtp_session *s)
{
	struct work *w;

	s->closed = true;
	s->closing = false;
	s->input_fd = -1;
	smtp_pipeline_drop(&s->pipeline);
	while ((w = s->work.first) != NULL) {
		if (w->kind == WORK_TRANSACTION)
			transaction_abandon(s, w);
		else
			work_remove(&s->work, w);
	}
	octets_tell_rest(s);
	session_raise(s, SMTP_CLOSED, NULL);
}

void
session_fail(struct smtp_session *s, bool polite, int status,
    enum smtp_phase phase, int code, const char *fmt, ...)
{
	bool all_sent = smtp_output_is_sent(&s->out) && s->out.held == 0;
	va_list ap;

	if (s->closed)
		return;
	s->error = (struct error){
	    .status = status, .reply = code, .phase = (int)phase};
	va_start(ap, fmt);
	vsnprintf(s->error.text, sizeof(s->error.text), fmt, ap);
	va_end(ap);
	s->failure = (struct smtp_result){.phase = phase,
	    .command = session_command(s, phase),
	    .status = status,
	    .code = code,
	    .text = s->error.text};
	if (code > 0 && code == s->reply.code) {
		memcpy(s->error.enhanced, s->reply.enhanced,
		    sizeof(s->error.enhanced));
		memcpy(s->failure.enhanced, s->reply.enhanced,
		    sizeof(s->failure.enhanced));
		s->failure.text = buf_string(&s->reply.text);
	} else if (code == 421) {
		s->failure.text = s->closing_text;
	}
	smtp_output_drop(&s->out);
	/* Behind a command that was sent in part QUIT would not be one, nor
	 * behind one that ends a group. */
	if (polite && all_sent && !s->quit_sent && session_may_send(s)) {
		buf_puts(&s->out.bytes, "QUIT\r\n");
		session_trace(s, SMTP_PHASE_QUIT, "QUIT");
		s->quit_sent = true;
	}
	session_close(s);
}

void
session_refused(struct smtp_session *s, int status, enum smtp_phase phase)
{
	session_fail(s, !s->closing, status, phase, s->reply.code, "%s: %d %s",
	    session_name(s, phase), s->reply.code, buf_string(&s->reply.text));
}

void
session_broken(struct smtp_session *s, enum smtp_phase phase)
{
	session_fail(s, false, EX_PROTOCOL, phase, s->reply.code,
	    "%s: the server broke the protocol with the reply %d %s",
	    session_name(s, phase), s->reply.code, buf_string(&s->reply.text));
}

void
session_server_closes(struct smtp_session *s, enum smtp_phase phase)
{
	session_fail(s, false, EX_TEMPFAIL, phase, 421, "%s: 421 %s",
	    session_name(s, phase), s->closing_text);
}
