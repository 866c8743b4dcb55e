#include "smtp/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/memory.h"

#include "smtp/session_internal.h"

enum { ROUNDS_MAX = 16 };

static struct auth *
auth_new(const struct sasl_credentials *credentials, const char *wanted)
{
	struct auth *a = memory_alloc(sizeof(*a));

	a->credentials = credentials;
	a->wanted = wanted;
	a->challenge = BUF_WITH_MAX(COMMAND_MAX);
	return a;
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	sasl_free(a->exchange);
	buf_clear(&a->challenge);
	free(a);
}

void
smtp_session_auth(struct smtp_session *s,
    const struct sasl_credentials *credentials, const char *mechanism)
{
	mask_secret(
	    &s->mask, credentials->password.bytes, credentials->password.len);
	work_add(&s->work, WORK_AUTH)->auth = auth_new(credentials, mechanism);
}

void
auth_take_challenge(struct auth *a, const struct buf *text)
{
	buf_reset(&a->challenge);
	a->challenge_bad =
	    base64_decode(&a->challenge, buf_string(text), text->len) == -1;
}

static void
cancel(struct smtp_session *s, struct work *w)
{
	struct buf line = BUF_WITH_MAX(8);

	w->auth->cancelled = true;
	buf_puts(&line, "*");
	session_say_secret(s, VERB_AUTH, w, "*", &line, line.len);
	buf_clear(&line);
}

/* Sends the mechanism's next response, base64; with the command itself in
 * front if `command` is not NULL.  -1 when there is none. */
static int
respond(struct smtp_session *s, struct work *w, const char *command,
    const char *challenge, size_t n)
{
	struct buf response = BUF_WITH_MAX(COMMAND_MAX);
	struct buf line = BUF_WITH_MAX(COMMAND_MAX);
	struct buf shown = BUF_WITH_MAX(128);
	struct auth *a = w->auth;
	enum sasl_progress progress;
	size_t head;
	int r = -1;

	progress = sasl_step(a->exchange, challenge, n, &response);
	if (command != NULL) {
		buf_printf(&line, "%s ", command);
		buf_printf(&shown, "%s ", command);
		/* RFC 4954 4: an initial response of no bytes is "=". */
		if (response.len == 0)
			buf_puts(&line, "=");
	}
	buf_puts(&shown, "********");
	head = line.len;
	if (progress != SASL_BAD)
		r = base64_encode(&line, response.data, response.len);
	if (r == 0) {
		a->rounds++;
		mask_response(&s->mask, line.data + head, line.len - head);
		session_say_secret(
		    s, VERB_AUTH, w, buf_string(&shown), &line, head);
	}
	secret_wipe(response.data, response.cap);
	secret_wipe(line.data, line.cap);
	buf_clear(&response);
	buf_clear(&line);
	buf_clear(&shown);
	return r;
}

static void
begin_exchange(const struct smtp_session *s, struct auth *a)
{
	sasl_free(a->exchange);
	a->exchange = sasl_new(a->mechanism, a->credentials, s->binding);
	a->rounds = 0;
}

static void
say_auth(struct smtp_session *s, struct work *w, bool initial)
{
	struct auth *a = w->auth;
	char command[64];

	snprintf(command, sizeof(command), "AUTH %s", a->mechanism->name);
	begin_exchange(s, a);
	a->initial = initial && a->mechanism->client_first;
	if (a->initial && respond(s, w, command, "", 0) == -1) {
		/* It may fit into a line of its own. */
		begin_exchange(s, a);
		a->initial = false;
	}
	if (!a->initial)
		session_say(s, VERB_AUTH, w, "%s", command);
}

static const struct sasl_mechanism *
usable_mechanism(const struct smtp_session *s, const struct auth *a)
{
	unsigned offered = s->capabilities.mechanisms;

	if (s->params.as_said && a->wanted != NULL)
		offered = ~0U;
	else if (!smtp_capable(&s->capabilities, SMTP_AUTH))
		return NULL;
	return sasl_mechanism_choose(offered, a->credentials->kind, a->wanted,
	    s->secure || s->params.clear_ok);
}

bool
auth_is_usable(const struct smtp_session *s, const struct auth *a)
{
	return usable_mechanism(s, a) != NULL;
}

/* As the server lists them: one can be named, or seen to be unknown. */
static void
hint_at_offer(struct smtp_session *s)
{
	static const char keyword[] = "AUTH ";
	const char *line = s->capabilities.text, *end;

	while (line != NULL && !ascii_begins(line, keyword)) {
		end = strchr(line, '\n');
		line = end != NULL ? end + 1 : NULL;
	}
	if (line != NULL)
		error_hint(&s->error, "the server offers %.*s",
		    (int)strcspn(line + strlen(keyword), "\r\n"),
		    line + strlen(keyword));
}

static void
no_mechanism(struct smtp_session *s, const struct auth *a)
{
	enum sasl_secret kind = a->credentials->kind;
	unsigned offered = s->capabilities.mechanisms;

	if (!smtp_capable(&s->capabilities, SMTP_AUTH))
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server does not offer authentication%s",
		    s->secure ? "" : " on this connection without TLS");
	else if (a->wanted != NULL &&
	    sasl_mechanism_choose(offered, kind, a->wanted, true) == NULL) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server does not offer the mechanism %s",
		    a->wanted);
		hint_at_offer(s);
	} else if (sasl_mechanism_choose(offered, kind, a->wanted, true) ==
	    NULL) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server offers no mechanism that smtpsend knows");
		hint_at_offer(s);
	} else {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the password would travel in clear");
		error_hint(&s->error,
		    "use --tls=starttls or --tls=implicit, or allow it with "
		    "--auth-in-clear");
	}
}

void
auth_begin(struct smtp_session *s, struct work *w)
{
	if (!as_said_may_go(s, "AUTH", "AUTH"))
		return;
	w->auth->mechanism = usable_mechanism(s, w->auth);
	if (w->auth->mechanism == NULL)
		no_mechanism(s, w->auth);
	else
		say_auth(s, w, true);
}

/* The server does not know the mechanism.  The next one is tried if whoever
 * hears it learns no more than from this one. */
static bool
try_next_mechanism(struct smtp_session *s, struct work *w)
{
	struct auth *a = w->auth;
	const struct sasl_mechanism *next;

	a->gone |= sasl_mechanism_bit(a->mechanism);
	next = sasl_mechanism_choose(s->capabilities.mechanisms & ~a->gone,
	    a->credentials->kind, a->wanted, a->mechanism->clear_text);
	if (next == NULL)
		return false;
	a->mechanism = next;
	say_auth(s, w, true);
	return true;
}

static void
on_challenge(struct smtp_session *s, struct work *w)
{
	struct auth *a = w->auth;

	if (a->rounds >= ROUNDS_MAX || a->challenge_bad ||
	    respond(s, w, NULL, buf_string(&a->challenge), a->challenge.len) ==
		-1)
		cancel(s, w);
}

static void
on_refusal(struct smtp_session *s, struct work *w)
{
	if (s->reply.code == 504 && !s->closing && try_next_mechanism(s, w))
		return;
	/* RFC 4954 4: a server may not take an initial response. */
	if (s->reply.code == 501 && !s->closing && w->auth->initial)
		say_auth(s, w, false);
	else if (s->params.as_said)
		work_remove(&s->work, w);
	else
		session_refused(s, EX_NOPERM, SMTP_PHASE_AUTH);
}

void
auth_on_reply(struct smtp_session *s, const struct pending *p)
{
	const struct auth *a = p->work->auth;

	if (a->cancelled) {
		/* After another 334 a QUIT would be taken for a response. */
		session_fail(s, s->reply.code != 334, EX_NOPERM,
		    SMTP_PHASE_AUTH, s->reply.code,
		    "AUTH: cancelled, the server's challenge makes no sense "
		    "for %s: %d %s",
		    a->mechanism->name, s->reply.code,
		    buf_string(&s->reply.text));
	} else if (s->reply.code == 334) {
		on_challenge(s, p->work);
	} else if (s->reply.code == 235 && sasl_is_done(a->exchange)) {
		work_remove(&s->work, p->work);
	} else if (s->reply.code == 235) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 235,
		    "AUTH: the server says yes before %s has come to its end: "
		    "235 %s",
		    a->mechanism->name, buf_string(&s->reply.text));
	} else if (smtp_reply_class(&s->reply) == 4 && !s->params.as_said) {
		session_refused(s, EX_TEMPFAIL, SMTP_PHASE_AUTH);
	} else if (smtp_reply_class(&s->reply) == 4) {
		work_remove(&s->work, p->work);
	} else if (smtp_reply_class(&s->reply) == 5) {
		on_refusal(s, p->work);
	} else {
		session_broken(s, SMTP_PHASE_AUTH);
	}
}
