/* octets: what went out and what came in, as it is, for who wants to see it. */
#include <string.h>

#include "lib/ascii.h"
#include "lib/memory.h"
#include "lib/secret.h"
#include "smtp/session_internal.h"

/* A reply that is as long as may be, in short lines with their codes. */
enum { HEARD_MAX = 4 * SMTP_REPLY_MAX };

static void
tell(struct smtp_session *s, enum smtp_event_type type, const char *bytes,
    size_t n)
{
	char *copy;

	if (n == 0)
		return;
	copy = memory_alloc(n);
	memcpy(copy, bytes, n);
	smtp_events_push(&s->events,
	    &(struct smtp_event){.type = type, .text = copy, .octets = n});
}

/* 0: nobody is told how many. */
static void
tell_hidden(struct smtp_session *s, enum smtp_event_type type, size_t n)
{
	smtp_events_push(
	    &s->events, &(struct smtp_event){.type = type, .octets = n});
}

/* Where in the next n octets something of the stream stands. */
static size_t
place(uint64_t offset, uint64_t sent, size_t n)
{
	if (offset <= sent)
		return 0;
	return offset - sent < n ? (size_t)(offset - sent) : n;
}

void
octets_sent(struct smtp_session *s, size_t n)
{
	const struct smtp_output *o = &s->out;
	size_t from = n, to = n, all;
	const char *bytes;

	if (!s->params.octets)
		return;
	smtp_output_front(o, &bytes, &all);
	if (o->secret) {
		from = place(o->secret_from, o->sent, n);
		to = place(o->secret_to, o->sent, n);
	}
	tell(s, SMTP_OCTETS_SENT, bytes, from);
	/* Once, where it begins. */
	if (to > from && o->secret_from >= o->sent)
		tell_hidden(s, SMTP_OCTETS_SENT, 0);
	tell(s, SMTP_OCTETS_SENT, bytes + to, n - to);
}

void
octets_heard(struct smtp_session *s, const char *bytes, size_t n)
{
	size_t room = HEARD_MAX - s->heard.len;

	if (!s->params.octets)
		return;
	/* Growing would leave copies behind. */
	buf_reserve(&s->heard, room);
	buf_append(&s->heard, bytes, n < room ? n : room);
	s->heard_more += n < room ? 0 : n - room;
}

static size_t
code_length(const char *line, size_t n)
{
	size_t i = 0;

	while (i < 3 && i < n && ascii_is_digit(line[i]))
		i++;
	return i == 3 && n > 3 ? 4 : 0;
}

/* The text of a reply, also of one that is none: what mask.h looks into. */
static void
put_text(struct buf *text, const struct buf *heard)
{
	const char *line = heard->data, *end = line + heard->len, *lf;
	size_t i, n;

	for (; line < end; line = lf + 1) {
		lf = memchr(line, '\n', (size_t)(end - line));
		if (lf == NULL)
			lf = end;
		n = code_length(line, (size_t)(lf - line));
		buf_append(text, line + n, (size_t)(lf - line) - n);
		buf_putc(text, '\n');
	}
	/* It would end what is looked at. */
	for (i = 0; i < text->len; i++)
		if (text->data[i] == '\0')
			text->data[i] = ' ';
}

static bool
repeats_secret(const struct smtp_session *s)
{
	struct buf text = BUF_WITH_MAX(0);
	bool found;

	if (!s->mask.any)
		return false;
	buf_reserve(&text, s->heard.len + 1);
	put_text(&text, &s->heard);
	found = mask_hide(&s->mask, &text);
	secret_wipe(text.data, text.cap);
	buf_clear(&text);
	return found;
}

void
octets_tell_heard(struct smtp_session *s)
{
	if (s->heard.len == 0)
		return;
	if (repeats_secret(s))
		tell_hidden(s, SMTP_OCTETS_HEARD, 0);
	else
		tell(s, SMTP_OCTETS_HEARD, s->heard.data, s->heard.len);
	if (s->heard_more > 0)
		tell_hidden(s, SMTP_OCTETS_HEARD, s->heard_more);
	s->heard_more = 0;
	secret_wipe(s->heard.data, s->heard.len);
	buf_reset(&s->heard);
}

void
octets_tell_rest(struct smtp_session *s)
{
	if (s->in.len > s->in_used)
		octets_heard(
		    s, s->in.data + s->in_used, s->in.len - s->in_used);
	octets_tell_heard(s);
}
