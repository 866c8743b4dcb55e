#include "smtp/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

#include "smtp/session_internal.h"

enum {
	MINUTE = 60 * 1000,
	IN_MAX = SMTP_REPLY_MAX + 2, /* a line of SMTP_REPLY_MAX and CRLF */
	CLOSING_TIMEOUT_MS = 2000,   /* after 421 the server closes */
	DOUBTFUL_TIMEOUT_MS = 2000,  /* for what may not come at all */
};

static void command_on_reply(struct smtp_session *, const struct pending *);
static void quit_on_reply(struct smtp_session *, const struct pending *);

/* Time-outs: RFC 5321 4.5.3.2, and SPEC 6 for QUIT. */
static const struct verb_row verb_rows[] = {
    [VERB_GREETING] = {"greeting", SMTP_PHASE_GREETING, true, 5 * MINUTE,
	setup_on_greeting},
    [VERB_EHLO] = {"EHLO", SMTP_PHASE_EHLO, true, 5 * MINUTE, setup_on_ehlo},
    [VERB_HELO] = {"HELO", SMTP_PHASE_EHLO, true, 5 * MINUTE, setup_on_ehlo},
    [VERB_STARTTLS] = {"STARTTLS", SMTP_PHASE_STARTTLS, true, 5 * MINUTE,
	setup_on_starttls},
    [VERB_AUTH] = {"AUTH", SMTP_PHASE_AUTH, true, 5 * MINUTE, setup_on_auth},
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
	command_on_reply},
    [VERB_QUIT] = {"QUIT", SMTP_PHASE_QUIT, true, 2000, quit_on_reply},
};

/* --- events ---------------------------------------------------------------*/

static struct queued_event *
push_event(struct smtp_session *s)
{
	struct queued_event *e;

	if (s->event_head + s->event_count == s->event_cap) {
		if (s->event_head > 0) {
			memmove(s->events, s->events + s->event_head,
			    s->event_count * sizeof(*s->events));
			s->event_head = 0;
		} else {
			s->event_cap = s->event_cap > 0 ? s->event_cap * 2 : 8;
			s->events = memory_realloc(
			    s->events, s->event_cap, sizeof(*s->events));
		}
	}
	e = &s->events[s->event_head + s->event_count++];
	*e = (struct queued_event){0};
	return e;
}

void
session_raise(struct smtp_session *s, enum smtp_event_type type,
    struct smtp_transaction *tx)
{
	struct queued_event *e = push_event(s);

	e->event.type = type;
	e->event.transaction = tx;
}

void
session_trace(
    struct smtp_session *s, enum smtp_phase phase, const char *fmt, ...)
{
	struct queued_event *e;
	va_list ap;

	if (!s->params.trace)
		return;
	e = push_event(s);
	e->event.type = SMTP_SENT;
	e->event.phase = phase;
	va_start(ap, fmt);
	if (vasprintf(&e->text, fmt, ap) == -1)
		e->text = NULL;
	va_end(ap);
}

/* --- what was sent and waits for its reply --------------------------------*/

static struct pending *
pending_at(const struct smtp_session *s, size_t i)
{
	return &s->pending[(s->pending_head + i) % s->pending_cap];
}

static void
pending_push(struct smtp_session *s, struct pending p)
{
	struct pending *ring;
	size_t i;

	if (s->pending_count == s->pending_cap) {
		ring = memory_alloc((s->pending_cap + 8) * 2 * sizeof(*ring));
		for (i = 0; i < s->pending_count; i++)
			ring[i] = *pending_at(s, i);
		free(s->pending);
		s->pending = ring;
		s->pending_head = 0;
		s->pending_cap = (s->pending_cap + 8) * 2;
	}
	s->pending_count++;
	*pending_at(s, s->pending_count - 1) = p;
}

static void
pending_pop(struct smtp_session *s)
{
	s->pending_head = (s->pending_head + 1) % s->pending_cap;
	if (--s->pending_count == 0)
		s->group_ended = false;
}

void
session_wait_again(struct smtp_session *s, const struct pending *p)
{
	/* Its place in the ring, just popped, is still free. */
	s->pending_head =
	    (s->pending_head + s->pending_cap - 1) % s->pending_cap;
	s->pending_count++;
	*pending_at(s, 0) = *p;
	p->work->unanswered++;
}

void
session_wait_for(
    struct smtp_session *s, enum verb verb, struct work *w, size_t recipient)
{
	struct pending *last;

	s->names[verb_rows[verb].phase] =
	    verb == VERB_EHLO && s->params.lmtp ? "LHLO" : verb_rows[verb].name;
	if (w != NULL)
		w->unanswered++;
	if (verb_rows[verb].ends_group)
		s->group_ended = true;
	/* A run of RCPT is one entry: 10,000 recipients need no more room. */
	if (verb == VERB_RCPT && s->pending_count > 0) {
		last = pending_at(s, s->pending_count - 1);
		if (last->verb == VERB_RCPT && last->work == w &&
		    last->first + last->count == recipient) {
			last->count++;
			return;
		}
	}
	pending_push(s,
	    (struct pending){.verb = verb,
		.work = w,
		.first = recipient,
		.count = 1,
		.end = verb == VERB_MESSAGE ? UINT64_MAX : session_out_end(s)});
}

void
session_command_ends(struct smtp_session *s)
{
	pending_at(s, s->pending_count - 1)->end = session_out_end(s);
}

/* The command whose reply is the next one; NULL: none is awaited. */
static const struct pending *
awaited(const struct smtp_session *s)
{
	return s->pending_count > 0 ? pending_at(s, 0) : NULL;
}

/* What the session is at. */
static enum smtp_phase
phase_now(const struct smtp_session *s)
{
	const struct pending *p = awaited(s);

	if (s->tls_wanted)
		return SMTP_PHASE_STARTTLS;
	if (p != NULL && verb_rows[p->verb].phase != SMTP_PHASE_MESSAGE)
		return verb_rows[p->verb].phase;
	if (p != NULL && s->sent >= p->end)
		return SMTP_PHASE_MESSAGE;
	if (p != NULL ||
	    (s->cursor != NULL && s->cursor->kind == WORK_TRANSACTION))
		return SMTP_PHASE_DATA;
	return SMTP_PHASE_COMMAND;
}

/* What was refused or is awaited, as it was said last: HELO after EHLO. */
static const char *
name_of(const struct smtp_session *s, enum smtp_phase phase)
{
	return s->names[phase] != NULL ? s->names[phase]
				       : smtp_phase_name(phase);
}

/* --- output ---------------------------------------------------------------*/

bool
session_may_send(const struct smtp_session *s)
{
	if (s->pending_count == 0)
		return true;
	return !s->group_ended &&
	    smtp_capable(&s->capabilities, SMTP_PIPELINING);
}

size_t
session_out_room(const struct smtp_session *s)
{
	return s->out.len < OUT_MAX ? OUT_MAX - s->out.len : 0;
}

uint64_t
session_out_end(const struct smtp_session *s)
{
	return s->sent + (s->out.len - s->out_sent);
}

void
session_say(struct smtp_session *s, enum verb verb, struct work *w,
    const char *fmt, ...)
{
	size_t from = s->out.len;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&s->out, fmt, ap);
	va_end(ap);
	session_trace(s, verb_rows[verb].phase, "%s", s->out.data + from);
	buf_puts(&s->out, "\r\n");
	session_wait_for(s, verb, w, 0);
}

void
session_say_secret(struct smtp_session *s, enum verb verb, const char *shown,
    const struct buf *line)
{
	s->out_secret = true;
	buf_reserve(&s->out, line->len + 2);
	buf_append(&s->out, line->data, line->len);
	buf_puts(&s->out, "\r\n");
	session_trace(s, verb_rows[verb].phase, "%s", shown);
	session_wait_for(s, verb, NULL, 0);
}

/* Makes the commands that may go out now. */
static void
make_output(struct smtp_session *s)
{
	struct work *w;
	bool more = true;

	s->input_fd = -1;
	while (more && s->ready && !s->closing && !s->closed && s->held == 0 &&
	    (w = s->cursor) != NULL && session_out_room(s) > COMMAND_MAX) {
		switch (w->kind) {
		case WORK_TRANSACTION:
			more = transaction_step(s, w);
			break;
		case WORK_COMMAND:
			more = session_may_send(s);
			if (more) {
				session_say(s, VERB_COMMAND, w, "%s", w->line);
				w->made = true;
			}
			break;
		case WORK_QUIT:
			more = session_may_send(s);
			if (more) {
				session_say(s, VERB_QUIT, NULL, "QUIT");
				w->made = true;
				s->quit_sent = true;
			}
			break;
		}
		if (s->closed)
			return; /* w is gone: its input failed */
		if (w->made && s->cursor == w)
			s->cursor = w->next;
		if (w->made && w->kind == WORK_TRANSACTION)
			transaction_end_if_over(s, w);
		else if (w->made && w->kind == WORK_QUIT)
			session_remove(s, w);
	}
}

void
smtp_session_output(struct smtp_session *s, const char **bytes, size_t *n)
{
	if (s->held > 0 && s->event_count == 0 && !s->closing) {
		s->out.len += s->held;
		s->held = 0;
	}
	if (s->out_sent > 0 && s->out_sent == s->out.len && s->held == 0) {
		s->out_secret = false;
		buf_reset(&s->out);
		s->out_sent = 0;
	}
	if (s->out_sent == 0)
		make_output(s);
	*bytes = s->out.data != NULL ? s->out.data + s->out_sent : "";
	*n = s->out.len - s->out_sent;
}

void
smtp_session_sent(struct smtp_session *s, size_t n)
{
	struct work *w;

	/* Before the output grows and leaves a copy behind. */
	if (s->out_secret)
		secret_wipe(s->out.data + s->out_sent, n);
	s->out_sent += n;
	s->sent += n;
	for (w = s->first; w != NULL; w = w->next) {
		if (w->message_end != 0 && s->sent >= w->message_end)
			w->tx->message_sent = true;
		if (w == s->cursor)
			break;
	}
}

int
smtp_session_awaits_input(const struct smtp_session *s)
{
	/* What was read goes out first. */
	return s->out_sent == s->out.len ? s->input_fd : -1;
}

/* --- the end --------------------------------------------------------------*/

void
session_remove(struct smtp_session *s, struct work *gone)
{
	struct work **at;

	if (s->cursor == gone)
		s->cursor = gone->next;
	for (at = &s->first; *at != gone; at = &(*at)->next)
		;
	*at = gone->next;
	if (s->last == gone) {
		s->last = NULL;
		for (at = &s->first; *at != NULL; at = &(*at)->next)
			s->last = *at;
	}
	free(gone->line);
	free(gone);
}

static void
close_session(struct smtp_session *s)
{
	struct work *w;

	s->closed = true;
	s->closing = false;
	s->input_fd = -1;
	s->pending_count = 0;
	s->held = 0;
	while ((w = s->first) != NULL) {
		if (w->kind == WORK_TRANSACTION)
			transaction_abandon(s, w);
		else
			session_remove(s, w);
	}
	session_raise(s, SMTP_CLOSED, NULL);
}

void
session_fail(struct smtp_session *s, bool polite, int status,
    enum smtp_phase phase, int code, const char *fmt, ...)
{
	bool all_sent = s->out_sent == s->out.len && s->held == 0;
	va_list ap;

	if (s->closed)
		return;
	s->error = (struct error){.status = status, .reply = code};
	va_start(ap, fmt);
	vsnprintf(s->error.text, sizeof(s->error.text), fmt, ap);
	va_end(ap);
	s->failure = (struct smtp_result){.phase = phase,
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
	s->out.len = s->out_sent;
	/* Behind a command that was sent in part QUIT would not be one, nor
	 * behind one that ends a group. */
	if (polite && all_sent && !s->quit_sent && session_may_send(s)) {
		buf_puts(&s->out, "QUIT\r\n");
		session_trace(s, SMTP_PHASE_QUIT, "QUIT");
		s->quit_sent = true;
	}
	close_session(s);
}

void
session_refused(struct smtp_session *s, int status, enum smtp_phase phase)
{
	session_fail(s, !s->closing, status, phase, s->reply.code, "%s: %d %s",
	    name_of(s, phase), s->reply.code, buf_string(&s->reply.text));
}

void
session_broken(struct smtp_session *s, enum smtp_phase phase)
{
	session_fail(s, false, EX_PROTOCOL, phase, s->reply.code,
	    "%s: the server broke the protocol with the reply %d %s",
	    name_of(s, phase), s->reply.code, buf_string(&s->reply.text));
}

/* --- replies --------------------------------------------------------------*/

static void
command_on_reply(struct smtp_session *s, const struct pending *p)
{
	if (smtp_reply_class(&s->reply) == 3) {
		session_broken(s, SMTP_PHASE_COMMAND);
		return;
	}
	session_remove(s, p->work);
}

static void
quit_on_reply(struct smtp_session *s, const struct pending *p)
{
	(void)p;
	close_session(s);
}

static void
raise_reply(struct smtp_session *s, const struct pending *p)
{
	struct queued_event *e = push_event(s);

	e->event.type = SMTP_REPLY;
	e->event.reply = &s->reply;
	e->event.phase =
	    p != NULL ? verb_rows[p->verb].phase : SMTP_PHASE_COMMAND;
	if (p == NULL || p->work == NULL)
		return;
	e->event.transaction = p->work->tx;
	if (p->verb == VERB_COMMAND)
		e->text = memory_strdup(p->work->line);
}

/* The server said 421, which is a reply to whatever waits (RFC 5321 3.8), and
 * what it had to say before it closes was heard. */
static void
server_closes(struct smtp_session *s, enum smtp_phase phase)
{
	session_fail(s, false, EX_TEMPFAIL, phase, 421, "%s: 421 %s",
	    name_of(s, phase), s->closing_text);
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
		server_closes(s, phase);
	else if (message && (class == 4 || class == 5))
		session_fail(s, false,
		    class == 4 ? EX_TEMPFAIL : EX_UNAVAILABLE, phase,
		    s->reply.code, "%s: %d %s", name_of(s, phase),
		    s->reply.code, buf_string(&s->reply.text));
	else
		session_broken(s, phase);
}

/* A reply to the oldest command that waits. */
static void
answer(struct smtp_session *s)
{
	struct pending *front = pending_at(s, 0), p = *front;

	if (s->sent < p.end) {
		early_reply(s, &p);
		return;
	}
	/* 22z speaks of the connection (RFC 5321 4.2.1): as an answer to MAIL,
	 * RCPT or the message it shows that a reply is missing. */
	if (p.work != NULL && p.verb != VERB_COMMAND &&
	    s->reply.code / 10 == 22) {
		session_broken(s, verb_rows[p.verb].phase);
		return;
	}
	if (--front->count == 0)
		pending_pop(s);
	else
		front->end += transaction_rcpt_octets(p.work, ++front->first);
	if (p.work != NULL)
		p.work->unanswered--;
	verb_rows[p.verb].on_reply(s, &p);
}

static void
dispatch(struct smtp_session *s)
{
	const struct pending *front = awaited(s);
	enum smtp_phase phase = phase_now(s);

	setup_take_reply(s, front);
	raise_reply(s, front);
	if (s->reply.code == 421 && !s->closing) {
		s->closing = true;
		/* Nothing more is sent to who closes. */
		s->out.len = s->out_sent;
		s->held = 0;
		snprintf(s->closing_text, sizeof(s->closing_text), "%s",
		    buf_string(&s->reply.text));
	}
	if (front == NULL && !s->closing) {
		session_fail(s, false, EX_PROTOCOL, phase, s->reply.code,
		    "the server sent a reply to nothing: %d %s", s->reply.code,
		    buf_string(&s->reply.text));
		return;
	}
	/* Before READY there is nothing that 421 could leave undone. */
	if (front != NULL && (s->ready || !s->closing))
		answer(s);
	if (s->closing && !s->closed && (!s->ready || s->pending_count == 0))
		server_closes(s, phase);
}

static void
unparsable(struct smtp_session *s)
{
	enum smtp_phase phase = phase_now(s);

	session_fail(s, false, EX_PROTOCOL, phase, SMTP_CODE_UNPARSABLE,
	    "%s: the server's answer is no SMTP reply: %s", name_of(s, phase),
	    s->reply.fault);
}

/* Takes the next reply from the input, if a whole one is there. */
static bool
take_reply(struct smtp_session *s)
{
	size_t used;
	int r;

	if (s->closed || s->tls_wanted || s->in_used == s->in.len)
		return false;
	if (s->reply.complete)
		smtp_reply_reset(&s->reply);
	/* A list of capabilities may be longer than is of any use. */
	s->reply.abridge = awaited(s) != NULL && awaited(s)->verb == VERB_EHLO;
	r = smtp_reply_parse(
	    &s->reply, s->in.data + s->in_used, s->in.len - s->in_used, &used);
	s->in_used += used;
	if (s->in_used == s->in.len) {
		buf_reset(&s->in);
		s->in_used = 0;
	}
	if (r == 0)
		return false;
	if (r == -1)
		unparsable(s);
	else
		dispatch(s);
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
smtp_session_secured(struct smtp_session *s)
{
	if (s->closed)
		return;
	s->tls_wanted = false;
	s->secure = true;
	s->capabilities = (struct smtp_capabilities){0};
	setup_say_hello(s);
}

void
smtp_session_disconnected(struct smtp_session *s, const struct error *error)
{
	enum smtp_phase phase = phase_now(s);
	bool cut = (s->reply.lines > 0 && !s->reply.complete) ||
	    s->in.len > s->in_used;

	if (s->closed)
		return;
	if (s->quit_sent && s->first == NULL) {
		close_session(s); /* what became of QUIT changes nothing */
	} else if (s->closing) {
		server_closes(s, phase);
	} else if (error != NULL) {
		session_fail(s, false, error->status, phase, error->reply,
		    "%s: %s", name_of(s, phase), error->text);
		error_hint(&s->error, "%s", error->hint);
	} else {
		session_fail(s, false, EX_TEMPFAIL, phase,
		    cut ? SMTP_CODE_CUT : 0,
		    "%s: the server closed the connection%s", name_of(s, phase),
		    cut ? " inside a reply" : "");
	}
}

bool
smtp_session_event(struct smtp_session *s, struct smtp_event *event)
{
	struct queued_event *e;

	free(s->event_text);
	s->event_text = NULL;
	while (s->event_count == 0)
		if (!take_reply(s))
			return false;
	e = &s->events[s->event_head];
	*event = e->event;
	event->text = s->event_text = e->text;
	if (event->type == SMTP_CLOSED && s->error.status != 0) {
		event->error = &s->error;
		event->result = &s->failure;
	}
	if (--s->event_count == 0)
		s->event_head = 0;
	else
		s->event_head++;
	return true;
}

/* --- life, work, state ----------------------------------------------------*/

struct smtp_session *
smtp_session_new(const struct smtp_params *params)
{
	struct smtp_session *s = memory_alloc(sizeof(*s));

	s->params = *params;
	s->secure = params->secure;
	s->input_fd = -1;
	/* For work that is given when the session is over. */
	s->failure = (struct smtp_result){.phase = SMTP_PHASE_COMMAND,
	    .status = EX_TEMPFAIL,
	    .text = "the connection is closed"};
	smtp_reply_init(&s->reply);
	setup_init(s);
	session_wait_for(s, VERB_GREETING, NULL, 0);
	return s;
}

void
smtp_session_free(struct smtp_session *s)
{
	size_t i;

	if (s == NULL)
		return;
	while (s->first != NULL)
		session_remove(s, s->first);
	for (i = 0; i < s->event_count; i++)
		free(s->events[s->event_head + i].text);
	free(s->events);
	free(s->event_text);
	free(s->pending);
	buf_clear(&s->challenge);
	secret_wipe(s->out.data, s->out.cap);
	buf_clear(&s->out);
	buf_clear(&s->in);
	smtp_reply_clear(&s->reply);
	free(s);
}

static struct work *
add_work(struct smtp_session *s, enum work_kind kind)
{
	struct work *w = memory_alloc(sizeof(*w));

	w->kind = kind;
	if (s->last != NULL)
		s->last->next = w;
	else
		s->first = w;
	s->last = w;
	if (s->cursor == NULL)
		s->cursor = w;
	return w;
}

bool
smtp_session_takes_work(const struct smtp_session *s)
{
	return !s->closed && !s->closing;
}

void
smtp_session_send(struct smtp_session *s, struct smtp_transaction *tx)
{
	struct work *w = add_work(s, WORK_TRANSACTION);

	w->tx = tx;
	w->dots = PAYLOAD_DOTS_START;
	if (s->closed)
		transaction_abandon(s, w);
}

void
smtp_session_command(struct smtp_session *s, const char *line)
{
	add_work(s, WORK_COMMAND)->line = memory_strdup(line);
}

void
smtp_session_quit(struct smtp_session *s)
{
	add_work(s, WORK_QUIT);
}

int
smtp_session_timeout(const struct smtp_session *s, enum smtp_phase *phase)
{
	const struct pending *p = awaited(s);
	bool unsent = s->out.len > s->out_sent;

	*phase = phase_now(s);
	if (s->closing)
		return CLOSING_TIMEOUT_MS;
	/* LMTP: whether a message that was given up before its end gets a reply
	 * for each recipient, or one, is said nowhere. */
	if (p != NULL && p->work != NULL && p->work->stopped &&
	    p->work->lmtp_next > 0)
		return DOUBTFUL_TIMEOUT_MS;
	if (p != NULL &&
	    (verb_rows[p->verb].phase != SMTP_PHASE_MESSAGE ||
		s->sent >= p->end))
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

bool
smtp_session_finished(const struct smtp_session *s)
{
	return s->closed ||
	    (s->quit_sent && s->first == NULL && s->out.len == s->out_sent);
}
