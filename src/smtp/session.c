#include "smtp/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

#include "smtp/session_internal.h"

enum {
	MINUTE = 60 * 1000,
	LINE_SHOWN = 80,	     /* octets, of what is no reply */
	IN_MAX = SMTP_REPLY_MAX + 2, /* a line of SMTP_REPLY_MAX and CRLF */
	CLOSING_TIMEOUT_MS = 2000,   /* after 421 the server closes */
	DOUBTFUL_TIMEOUT_MS = 2000,  /* for what may not come at all */
};

static void quit_on_reply(struct smtp_session *, const struct pending *);

/* Time-outs: RFC 5321 4.5.3.2, and SPEC 6 for QUIT. */
const struct verb_row verb_rows[] = {
    [VERB_GREETING] = {"greeting", SMTP_PHASE_GREETING, true, 5 * MINUTE,
	setup_on_greeting},
    [VERB_EHLO] = {"EHLO", SMTP_PHASE_EHLO, true, 5 * MINUTE, setup_on_ehlo},
    [VERB_HELO] = {"HELO", SMTP_PHASE_EHLO, true, 5 * MINUTE, setup_on_ehlo},
    [VERB_STARTTLS] = {"STARTTLS", SMTP_PHASE_STARTTLS, true, 5 * MINUTE,
	setup_on_starttls},
    [VERB_AUTH] = {"AUTH", SMTP_PHASE_AUTH, true, 5 * MINUTE, auth_on_reply},
    [VERB_MAIL] = {"MAIL", SMTP_PHASE_MAIL, false, 5 * MINUTE,
	transaction_on_mail},
    [VERB_RCPT] = {"RCPT", SMTP_PHASE_RCPT, false, 5 * MINUTE,
	transaction_on_rcpt},
    [VERB_DATA] = {"DATA", SMTP_PHASE_DATA, true, 2 * MINUTE,
	transaction_on_data},
    [VERB_MESSAGE] = {"message", SMTP_PHASE_MESSAGE, false, 10 * MINUTE,
	transaction_on_message},
    [VERB_BDAT] = {"BDAT", SMTP_PHASE_DATA, false, 3 * MINUTE,
	transaction_on_bdat},
    [VERB_LAST] = {"message", SMTP_PHASE_MESSAGE, false, 10 * MINUTE,
	transaction_on_message},
    [VERB_RSET] = {"RSET", SMTP_PHASE_RSET, false, 5 * MINUTE,
	transaction_on_rset},
    [VERB_COMMAND] = {"command", SMTP_PHASE_COMMAND, true, 5 * MINUTE,
	as_said_on_reply},
    [VERB_QUIT] = {"QUIT", SMTP_PHASE_QUIT, true, 2000, quit_on_reply},
};

static bool
make_transaction(struct smtp_session *s, struct work *w)
{
	bool more = transaction_step(s, w);

	if (s->closed)
		return false; /* w is gone: its input failed */
	if (w->made) {
		work_made(&s->work, w);
		transaction_end_if_over(s, w);
	}
	return more;
}

/* Makes the next command of the work at the cursor; false when none may be
 * made now. */
static bool
make_next(struct smtp_session *s, struct work *w)
{
	if (w->kind == WORK_TRANSACTION)
		return make_transaction(s, w);
	if (work_is_setup(w))
		return setup_step(s, w);
	if (!session_may_send(s))
		return false;
	if (w->kind != WORK_QUIT)
		return as_said_step(s, w);
	session_say(s, VERB_QUIT, NULL, "QUIT");
	s->quit_sent = true;
	work_remove(&s->work, w);
	return true;
}

/* Makes the commands that may go out now. */
static void
make_output(struct smtp_session *s)
{
	bool more = true;

	s->input_fd = -1;
	while (more && smtp_session_takes_work(s) && s->out.held == 0 &&
	    s->work.cursor != NULL && smtp_output_room(&s->out) > COMMAND_MAX)
		more = make_next(s, s->work.cursor);
	if (s->work.cursor == NULL && smtp_session_takes_work(s) &&
	    !s->quit_sent && !s->work.want_told) {
		s->work.want_told = true;
		session_raise(s, SMTP_WANT_WORK, NULL);
	}
}

void
smtp_session_output(struct smtp_session *s, const char **bytes, size_t *n)
{
	if (s->events.count == 0 && !s->closing && !s->withheld)
		smtp_output_release(&s->out);
	if (!s->withheld && smtp_output_open(&s->out))
		make_output(s);
	smtp_output_front(&s->out, bytes, n);
}

void
smtp_session_withhold(struct smtp_session *s)
{
	s->withheld = true;
}

void
smtp_session_sent(struct smtp_session *s, size_t n)
{
	struct work *w;

	octets_sent(s, n);
	smtp_output_sent(&s->out, n);
	for (w = s->work.first; w != NULL; w = w->next) {
		if (w->message_end != 0 && s->out.sent >= w->message_end)
			w->tx->message_sent = true;
		if (w == s->work.cursor)
			break;
	}
}

int
smtp_session_awaits_input(const struct smtp_session *s)
{
	/* What was read goes out first. */
	return smtp_output_is_sent(&s->out) ? s->input_fd : -1;
}

static void
quit_on_reply(struct smtp_session *s, const struct pending *p)
{
	(void)p;
	session_close(s);
}

static void
raise_reply(struct smtp_session *s, const struct pending *p)
{
	struct smtp_event e = {.type = SMTP_REPLY,
	    .phase = p != NULL ? verb_rows[p->verb].phase : SMTP_PHASE_COMMAND,
	    .reply = &s->reply};

	if (p != NULL && p->work != NULL) {
		e.transaction = p->work->tx;
		if (p->verb == VERB_COMMAND && p->work->line != NULL)
			e.text = memory_strdup(p->work->shown != NULL
				? p->work->shown
				: p->work->line);
	}
	smtp_events_push(&s->events, &e);
}

/* A reply to a command that was not sent yet, or only in part.  Only the
 * message may be refused early; the rest of it then must not be sent. */
static void
early_reply(struct smtp_session *s, const struct pending *p)
{
	enum smtp_phase phase = verb_rows[p->verb].phase;
	int class = smtp_reply_class(&s->reply);
	bool message = p->verb == VERB_MESSAGE || p->verb == VERB_BDAT ||
	    p->verb == VERB_LAST;

	if (s->closing)
		session_server_closes(s, phase);
	else if (message && (class == 4 || class == 5))
		session_fail(s, false,
		    class == 4 ? EX_TEMPFAIL : EX_UNAVAILABLE, phase,
		    s->reply.code, "%s: %d %s", session_name(s, phase),
		    s->reply.code, buf_string(&s->reply.text));
	else
		session_broken(s, phase);
}

/* A reply to the oldest command that waits. */
static void
answer(struct smtp_session *s)
{
	struct pending *front = smtp_pipeline_front(&s->pipeline), p = *front;

	/* Replies that nobody waited for may be to anything. */
	if (s->out.sent < p.end &&
	    !(s->params.as_said && p.verb == VERB_COMMAND)) {
		early_reply(s, &p);
		return;
	}
	/* 22z speaks of the connection (RFC 5321 4.2.1): as an answer to MAIL,
	 * RCPT or the message it shows that a reply is missing. */
	if (p.work != NULL && p.work->kind == WORK_TRANSACTION &&
	    s->reply.code / 10 == 22) {
		session_broken(s, verb_rows[p.verb].phase);
		return;
	}
	if (--front->count == 0)
		smtp_pipeline_pop(&s->pipeline);
	else
		front->end +=
		    transaction_rcpt_octets(s, p.work, ++front->first);
	if (p.work != NULL)
		p.work->unanswered--;
	verb_rows[p.verb].on_reply(s, &p);
}

static void
dispatch(struct smtp_session *s)
{
	const struct pending *front = smtp_pipeline_front(&s->pipeline);
	enum smtp_phase phase = session_phase(s);
	bool setup =
	    front != NULL && front->work != NULL && work_is_setup(front->work);

	setup_take_reply(s, front);
	raise_reply(s, front);
	if (s->reply.code == 421 && !s->closing) {
		s->closing = true;
		/* Nothing more is sent to who closes. */
		smtp_output_drop(&s->out);
		snprintf(s->closing_text, sizeof(s->closing_text), "%s",
		    buf_string(&s->reply.text));
	}
	if (front == NULL && !s->closing) {
		session_fail(s, false, EX_PROTOCOL, phase, s->reply.code,
		    "the server sent a reply to nothing: %d %s", s->reply.code,
		    buf_string(&s->reply.text));
		return;
	}
	/* Of setting up there is nothing that 421 could leave undone. */
	if (front != NULL && !(setup && s->closing))
		answer(s);
	if (s->closing && !s->closed && (setup || s->pipeline.count == 0))
		session_server_closes(s, phase);
	setup_go_on(s);
}

static void
unparsable(struct smtp_session *s)
{
	enum smtp_phase phase = session_phase(s);
	const char *line = s->in.data + s->in_used;
	size_t n = 0;

	/* A greeting tells what it is instead, and nothing that we have said
	 * can be in it. */
	if (phase == SMTP_PHASE_GREETING)
		n = strcspn(line, "\r\n");
	session_fail(s, false, EX_PROTOCOL, phase, SMTP_CODE_UNPARSABLE,
	    "%s: the server's answer is no SMTP reply: %s%s%.*s",
	    session_name(s, phase), s->reply.fault, n > 0 ? ": " : "",
	    (int)(n < LINE_SHOWN ? n : LINE_SHOWN), line);
}

/* Takes the next reply from the input, if a whole one is there. */
static bool
take_reply(struct smtp_session *s)
{
	size_t used;
	int r;

	if (s->closed || s->tls_wanted || s->in_used == s->in.len ||
	    (s->bytes_said && smtp_pipeline_front(&s->pipeline) == NULL))
		return false;
	if (s->reply.complete)
		smtp_reply_reset(&s->reply);
	/* A list of capabilities may be longer than is of any use. */
	s->reply.abridge = smtp_pipeline_front(&s->pipeline) != NULL &&
	    as_said_is_hello(smtp_pipeline_front(&s->pipeline));
	r = smtp_reply_parse(
	    &s->reply, s->in.data + s->in_used, s->in.len - s->in_used, &used);
	octets_heard(s, s->in.data + s->in_used, used);
	s->in_used += used;
	if (s->in_used == s->in.len) {
		buf_reset(&s->in);
		s->in_used = 0;
	}
	if (r == 0)
		return false;
	if (r == -1) {
		unparsable(s);
	} else {
		octets_tell_heard(s);
		dispatch(s);
	}
	return true;
}

size_t
smtp_session_room(const struct smtp_session *s)
{
	return IN_MAX - (s->in.len - s->in_used);
}

void
smtp_session_receive(struct smtp_session *s, const char *bytes, size_t n)
{
	if (s->closed || n == 0)
		return;
	if (s->tls_wanted) {
		octets_heard(s, bytes, n);
		session_fail(s, false, EX_NOPERM, SMTP_PHASE_STARTTLS, 0,
		    "STARTTLS: the server sent bytes in clear behind its 220; "
		    "somebody may be injecting replies");
		return;
	}
	if (s->in_used > 0)
		buf_consume(&s->in, s->in_used);
	s->in_used = 0;
	buf_append(&s->in, bytes, n);
}

void
smtp_session_secured(struct smtp_session *s, const struct sasl_binding *binding)
{
	if (s->closed || !s->tls_wanted)
		return;
	s->tls_wanted = false;
	s->secure = true;
	s->binding = binding;
	s->capabilities = (struct smtp_capabilities){0};
	setup_secured(s);
}

void
smtp_session_disconnected(struct smtp_session *s, const struct error *error)
{
	enum smtp_phase phase = session_phase(s);
	bool cut = (s->reply.lines > 0 && !s->reply.complete) ||
	    s->in.len > s->in_used;

	if (s->closed)
		return;
	if (s->quit_sent && s->work.first == NULL) {
		session_close(s); /* what became of QUIT changes nothing */
	} else if (s->closing) {
		session_server_closes(s, phase);
	} else if (error != NULL) {
		session_fail(s, false, error->status, phase, error->reply,
		    "%s: %s", session_name(s, phase), error->text);
		error_hint(&s->error, "%s", error->hint);
	} else {
		session_fail(s, false, EX_TEMPFAIL, phase,
		    cut ? SMTP_CODE_CUT : 0,
		    "%s: the server closed the connection%s",
		    session_name(s, phase), cut ? " inside a reply" : "");
	}
}

bool
smtp_session_event(struct smtp_session *s, struct smtp_event *event)
{
	while (!smtp_events_pull(&s->events, event))
		if (!take_reply(s))
			return false;
	if (event->type == SMTP_CLOSED && s->error.status != 0) {
		event->error = &s->error;
		event->result = &s->failure;
	}
	return true;
}

struct smtp_session *
smtp_session_new(const struct smtp_params *params)
{
	struct smtp_session *s = memory_alloc(sizeof(*s));

	s->params = *params;
	s->secure = params->secure;
	s->binding = params->binding;
	s->input_fd = -1;
	/* For work that is given when the session is over. */
	s->failure = (struct smtp_result){.phase = SMTP_PHASE_COMMAND,
	    .status = EX_TEMPFAIL,
	    .text = "the connection is closed"};
	smtp_reply_init(&s->reply);
	setup_queue(s);
	return s;
}

void
smtp_session_free(struct smtp_session *s)
{
	if (s == NULL)
		return;
	while (s->work.first != NULL)
		work_remove(&s->work, s->work.first);
	smtp_events_clear(&s->events);
	smtp_pipeline_clear(&s->pipeline);
	smtp_output_clear(&s->out);
	buf_clear(&s->in);
	buf_clear(&s->heard);
	buf_clear(&s->greeting);
	buf_clear(&s->hello[false]);
	buf_clear(&s->hello[true]);
	smtp_reply_clear(&s->reply);
	free(s);
}

bool
smtp_session_takes_work(const struct smtp_session *s)
{
	return !s->closed && !s->closing;
}

void
smtp_session_send(struct smtp_session *s, struct smtp_transaction *tx)
{
	struct work *w = work_add(&s->work, WORK_TRANSACTION);

	w->tx = tx;
	w->at = tx->message_only ? AT_BODY : AT_MAIL;
	w->dots = PAYLOAD_DOTS_START;
	if (s->closed)
		transaction_abandon(s, w);
}

void
smtp_session_quit(struct smtp_session *s)
{
	work_add(&s->work, WORK_QUIT);
}

int
smtp_session_timeout(const struct smtp_session *s, enum smtp_phase *phase)
{
	const struct pending *p = smtp_pipeline_front(&s->pipeline);
	bool unsent = !smtp_output_is_sent(&s->out);

	*phase = session_phase(s);
	if (s->closing)
		return CLOSING_TIMEOUT_MS;
	/* LMTP: whether a message that was given up before its end gets a reply
	 * for each recipient, or one, is said nowhere. */
	if (p != NULL && p->work != NULL && p->work->stopped &&
	    s->params.lmtp && p->work->next_verdict > 0)
		return DOUBTFUL_TIMEOUT_MS;
	if (p != NULL &&
	    (verb_rows[p->verb].phase != SMTP_PHASE_MESSAGE ||
		s->out.sent >= p->end))
		return verb_rows[p->verb].timeout_ms;
	/* While the message goes out: RFC 5321 4.5.3.2.5; but the server is
	 * not to blame for a body that has nothing to give. */
	return unsent || (p != NULL && s->input_fd == -1) ? 3 * MINUTE : 0;
}

const struct smtp_capabilities *
smtp_session_capabilities(const struct smtp_session *s)
{
	return &s->capabilities;
}

const char *
smtp_session_greeting(const struct smtp_session *s)
{
	return buf_string(&s->greeting);
}

const char *
smtp_session_hello(const struct smtp_session *s, bool secure)
{
	return buf_string(&s->hello[secure]);
}

bool
smtp_session_finished(const struct smtp_session *s)
{
	return s->closed ||
	    (s->quit_sent && s->work.first == NULL &&
		smtp_output_is_sent(&s->out));
}

enum sasl_secret
smtp_session_refused(const struct smtp_session *s)
{
	return s->refused;
}
