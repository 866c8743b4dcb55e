#include "smtp/responder.h"

#include <string.h>

#include "smtp/responder_internal.h"

void
responder_init(struct responder *r, const char *name, uint64_t size_max)
{
	*r = (struct responder){.name = name,
	    .size_max = size_max,
	    .line = BUF_WITH_MAX(RESPONDER_LINE_MAX)};
	buf_printf(&r->out, "220 %s ESMTP smtpsend\r\n", name);
}

void
responder_clear(struct responder *r)
{
	buf_clear(&r->out);
	buf_clear(&r->in);
	buf_clear(&r->line);
}

void
responder_receive(struct responder *r, const char *bytes, size_t n)
{
	buf_consume(&r->in, r->at);
	r->at = 0;
	if (r->state != RESPONDER_OVER)
		buf_append(&r->in, bytes, n);
}

/* --- the message ----------------------------------------------------------*/

static bool
text(
    struct responder *r, struct responder_event *e, const char *bytes, size_t n)
{
	*e = (struct responder_event){
	    .type = RESPONDER_TEXT, .bytes = bytes, .n = n};
	r->last = bytes[n - 1];
	return true;
}

/* From here to the end of the line, or of what is there. */
static bool
take_within(struct responder *r, struct responder_event *e)
{
	const char *from = r->in.data + r->at, *lf = from;
	size_t left = r->in.len - r->at;
	char before;

	/* As many lines as there are until a dot comes into question. */
	for (;;) {
		lf = memchr(lf, '\n', left - (size_t)(lf - from));
		if (lf == NULL) {
			r->at = r->in.len;
			return text(r, e, from, left);
		}
		before = lf > from ? lf[-1] : r->last;
		lf++;
		if ((r->bare || before == '\r') &&
		    ((size_t)(lf - from) == left || *lf == '.'))
			break;
		if ((size_t)(lf - from) == left) {
			r->at = r->in.len;
			return text(r, e, from, left);
		}
	}
	r->place = RESPONDER_BEGIN;
	r->at += (size_t)(lf - from);
	return text(r, e, from, (size_t)(lf - from));
}

static bool
end_message(struct responder *r, struct responder_event *e)
{
	responder_ask(r, e, RESPONDER_END);
	return true;
}

static bool
take_message(struct responder *r, struct responder_event *e)
{
	char c;

	while (r->at < r->in.len) {
		c = r->in.data[r->at];
		switch (r->place) {
		case RESPONDER_BEGIN:
			r->place = RESPONDER_WITHIN;
			if (c == '.') {
				r->place = RESPONDER_DOT;
				r->at++;
			}
			break;
		case RESPONDER_DOT:
			r->place = RESPONDER_WITHIN;
			if (c == '\r') {
				r->place = RESPONDER_DOT_CR;
				r->at++;
			} else if (c == '\n' && r->bare) {
				r->at++;
				return end_message(r, e);
			}
			break;
		case RESPONDER_DOT_CR:
			r->place = RESPONDER_WITHIN;
			if (c != '\n')
				return text(r, e, "\r", 1);
			r->at++;
			return end_message(r, e);
		case RESPONDER_WITHIN:
			return take_within(r, e);
		}
	}
	return false;
}

/* --- commands -------------------------------------------------------------*/

/* A whole line into r->line, without its end; false: more is needed. */
static bool
take_line(struct responder *r, bool *overlong)
{
	const char *from = r->in.data + r->at;
	size_t left = r->in.len - r->at, n;
	const char *lf = left > 0 ? memchr(from, '\n', left) : NULL;

	n = lf != NULL ? (size_t)(lf - from) : left;
	if (r->overlong || buf_append(&r->line, from, n) == -1)
		r->overlong = true;
	r->at += n + (lf != NULL);
	if (lf == NULL)
		return false;
	*overlong = r->overlong;
	r->overlong = false;
	r->bare = r->line.len == 0 || r->line.data[r->line.len - 1] != '\r';
	if (!r->bare)
		r->line.data[--r->line.len] = '\0';
	return true;
}

static bool
take_command(struct responder *r, struct responder_event *e)
{
	bool overlong, made;

	if (!take_line(r, &overlong))
		return false;
	if (overlong) {
		responder_reply(r, 500, "5.5.2", "the line is too long");
		made = false;
	} else {
		made = responder_command(r, e);
	}
	/* Its bytes stay for the event. */
	r->line.len = 0;
	return made;
}

bool
responder_event(struct responder *r, struct responder_event *e)
{
	while (r->at < r->in.len) {
		if (r->state == RESPONDER_ASKING || r->state == RESPONDER_OVER)
			return false;
		if (r->state == RESPONDER_MESSAGE)
			return take_message(r, e);
		if (take_command(r, e))
			return true;
	}
	return false;
}

void
responder_ask(struct responder *r, struct responder_event *e,
    enum responder_event_type type)
{
	e->type = r->asked = type;
	r->state = RESPONDER_ASKING;
}

static void
take_answer(struct responder *r, bool taken)
{
	switch (r->asked) {
	case RESPONDER_MAIL:
		r->mail = taken;
		break;
	case RESPONDER_RCPT:
		r->accepted += taken;
		r->refused += !taken;
		break;
	case RESPONDER_DATA:
		if (!taken)
			break;
		r->state = RESPONDER_MESSAGE;
		r->place = RESPONDER_BEGIN;
		r->last = '\0';
		break;
	default: /* END: whatever became of it, it is over */
		r->mail = r->utf8 = false;
		r->accepted = r->refused = 0;
		break;
	}
}

void
responder_answer(
    struct responder *r, int code, const char *enhanced, const char *text)
{
	if (r->state != RESPONDER_ASKING)
		return;
	responder_reply(r, code, code / 100 == 3 ? NULL : enhanced, text);
	r->state = code == 421 ? RESPONDER_OVER : RESPONDER_COMMANDS;
	if (code != 421)
		take_answer(r, code / 100 == 2 || code / 100 == 3);
}

void
responder_close(struct responder *r, const char *enhanced, const char *text)
{
	if (r->state == RESPONDER_OVER)
		return;
	responder_reply(r, 421, enhanced, text);
	r->state = RESPONDER_OVER;
}

bool
responder_is_over(const struct responder *r)
{
	return r->state == RESPONDER_OVER;
}

bool
responder_in_message(const struct responder *r)
{
	return r->state == RESPONDER_MESSAGE;
}
