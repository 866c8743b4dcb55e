/* as_said: commands that are not the session's own, with any reply. */
#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/memory.h"
#include "lib/printable.h"

#include "smtp/session_internal.h"

static bool
verb_is(const char *line, const char *verb)
{
	size_t n = strlen(verb);

	return ascii_begins(line, verb) &&
	    (line[n] == '\0' || ascii_is_blank(line[n]));
}

static bool
is_one_of(const char *line, const char *const *verbs)
{
	for (; *verbs != NULL; verbs++)
		if (verb_is(line, *verbs))
			return true;
	return false;
}

bool
as_said_is_hello(const struct pending *p)
{
	static const char *const verbs[] = {"EHLO", "LHLO", NULL};

	return p->verb == VERB_EHLO ||
	    (p->verb == VERB_COMMAND && p->work->line != NULL &&
		is_one_of(p->work->line, verbs));
}

/* TLS is demanded: what may go before it. */
static bool
is_harmless(const struct smtp_session *s, const char *line)
{
	static const char *const harmless[] = {
	    "EHLO", "HELO", "LHLO", "NOOP", "HELP", "RSET", "QUIT", NULL};

	return !s->params.as_said || s->secure ||
	    s->params.starttls != SMTP_STARTTLS_MUST ||
	    is_one_of(line, harmless);
}

bool
as_said_may_go(struct smtp_session *s, const char *line, const char *shown)
{
	if (is_harmless(s, line))
		return true;
	session_fail(s, true, EX_NOPERM, SMTP_PHASE_COMMAND, 0,
	    "%s would go in clear, and TLS is demanded", shown);
	error_hint(&s->error, "say STARTTLS first, or --tls=off to do without");
	return false;
}

static void
say_command(struct smtp_session *s, struct work *w)
{
	struct buf line = {0};
	size_t head = 0;

	if (w->shown == NULL) {
		session_say(s, VERB_COMMAND, w, "%s", w->line);
		return;
	}
	buf_puts(&line, w->line);
	while (w->shown[head] != '\0' && w->shown[head] == w->line[head])
		head++;
	session_say_secret(s, VERB_COMMAND, w, w->shown, &line, head);
	secret_wipe(line.data, line.cap);
	buf_clear(&line);
}

static bool
command_step(struct smtp_session *s, struct work *w)
{
	if (!session_may_send(s))
		return false;
	if (!as_said_may_go(s, w->line, w->shown != NULL ? w->shown : w->line))
		return false;
	s->flight = w->flight;
	say_command(s, w);
	work_made(&s->work, w);
	return true;
}

/* At the cursor until all that was made is sent, so that whoever waits for a
 * while behind it knows that it has gone. */
static bool
bytes_step(struct smtp_session *s, struct work *w)
{
	struct buf shown = {0};

	if (w->bytes.len > 0) {
		s->bytes_said = true;
		if (w->secret) {
			smtp_output_secret(&s->out, 0, w->bytes.len);
			buf_puts(&shown, "********");
		} else {
			printable_append(&shown, w->bytes.data, w->bytes.len);
		}
		buf_reserve(&s->out.bytes, w->bytes.len);
		buf_append(&s->out.bytes, w->bytes.data, w->bytes.len);
		session_trace(s, SMTP_PHASE_COMMAND, "%s", buf_string(&shown));
		buf_clear(&shown);
		buf_clear(&w->bytes);
	}
	if (!w->flight && !smtp_output_is_sent(&s->out))
		return false;
	s->flight = w->flight;
	work_remove(&s->work, w);
	return true;
}

bool
as_said_step(struct smtp_session *s, struct work *w)
{
	if (w->kind == WORK_COMMAND)
		return command_step(s, w);
	if (w->kind == WORK_BYTES)
		return bytes_step(s, w);
	s->flight = w->flight;
	session_wait_for(s, VERB_COMMAND, w, 0);
	smtp_pipeline_last(&s->pipeline)->end = 0; /* it is to anything */
	work_made(&s->work, w);
	return true;
}

/* What a message needs to know: whom it is answered for (RFC 2033 4.2). */
static void
note(struct smtp_session *s, const char *line)
{
	static const char *const starts[] = {
	    "MAIL", "RSET", "HELO", "EHLO", "LHLO", NULL};

	if (verb_is(line, "RCPT"))
		s->taken++;
	else if (is_one_of(line, starts))
		s->taken = 0;
	if (verb_is(line, "LHLO"))
		s->params.lmtp = true;
}

void
as_said_on_reply(struct smtp_session *s, const struct pending *p)
{
	int class = smtp_reply_class(&s->reply);

	if (class == 3 && !s->params.as_said) {
		session_broken(s, SMTP_PHASE_COMMAND);
		return;
	}
	if (class == 2 && p->work->line != NULL)
		note(s, p->work->line);
	work_remove(&s->work, p->work);
}

void
smtp_session_command(struct smtp_session *s, const char *line)
{
	work_add(&s->work, WORK_COMMAND)->line = memory_strdup(line);
}

/* A response of AUTH, the last word of what is said, is not seen when a server
 * repeats it, nor what is behind the last NUL in it (RFC 4616). */
static void
hide_response(struct smtp_session *s, const char *bytes, size_t n)
{
	struct buf plain = BUF_WITH_MAX(COMMAND_MAX);
	const char *word, *nul, *secret;

	while (n > 0 && strchr(" \t\r\n", bytes[n - 1]) != NULL)
		n--;
	for (word = bytes + n; word > bytes && !ascii_is_blank(word[-1]);)
		word--;
	n -= (size_t)(word - bytes);
	mask_response(&s->mask, word, n);
	buf_reserve(&plain, n);
	if (n > 0 && base64_decode(&plain, word, n) == 0 && plain.len > 0) {
		nul = memrchr(plain.data, '\0', plain.len);
		secret = nul != NULL ? nul + 1 : plain.data;
		mask_secret(&s->mask, secret,
		    plain.len - (size_t)(secret - plain.data));
	}
	secret_wipe(plain.data, plain.cap);
	buf_clear(&plain);
}

void
smtp_session_say(
    struct smtp_session *s, const char *line, const char *shown, bool flight)
{
	struct work *w = work_add(&s->work, WORK_COMMAND);

	w->line = memory_strdup(line);
	if (shown != NULL) {
		w->shown = memory_strdup(shown);
		hide_response(s, line, strlen(line));
	}
	w->flight = flight;
}

void
smtp_session_put(struct smtp_session *s, const char *bytes, size_t n,
    bool secret, bool flight)
{
	struct work *w = work_add(&s->work, WORK_BYTES);

	w->secret = secret;
	if (secret)
		hide_response(s, bytes, n);
	buf_append(&w->bytes, bytes, n);
	w->flight = flight;
}

void
smtp_session_await(struct smtp_session *s, bool flight)
{
	work_add(&s->work, WORK_AWAIT)->flight = flight;
}
