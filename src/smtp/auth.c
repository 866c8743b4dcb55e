#include "smtp/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/memory.h"
#include "lib/printable.h"

#include "smtp/session_internal.h"

enum {
	ROUNDS_MAX = 16,
	/* RFC 4954 4 sets no limit to a response that is a line of its own. */
	RESPONSE_MAX = 128 * 1024,
};

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
	/* A server may have repeated a secret in it. */
	secret_wipe(a->challenge.data, a->challenge.cap);
	buf_clear(&a->challenge);
	free(a);
}

void
smtp_session_auth(struct smtp_session *s,
    const struct sasl_credentials *credentials, const char *mechanism)
{
	mask_secret(
	    &s->mask, credentials->password.bytes, credentials->password.len);
	mask_secret(&s->mask, credentials->token.bytes, credentials->token.len);
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

/* What became of a response. */
enum respond {
	RESPOND_SENT,
	RESPOND_LONG, /* it does not fit behind a command */
	RESPOND_BAD,  /* there is none */
};

static void
put_response(
    struct smtp_session *s, struct work *w, const struct buf *line, size_t head)
{
	struct buf shown = BUF_WITH_MAX(128);

	buf_append(&shown, line->data, head);
	buf_puts(&shown, "********");
	w->auth->rounds++;
	mask_response(&s->mask, line->data + head, line->len - head);
	session_say_secret(s, VERB_AUTH, w, buf_string(&shown), line, head);
	buf_clear(&shown);
}

/* The part of a response that was made of the secret and the challenge, with
 * which others could try secrets: behind all that is only repeated. */
static void
mask_proof(struct smtp_session *s, const struct buf *response)
{
	size_t from = response->len;

	while (from > 0 && strchr(" ,", response->data[from - 1]) == NULL)
		from--;
	mask_response(
	    &s->mask, buf_string(response) + from, response->len - from);
}

/* Sends the mechanism's next response, base64; with the command itself in
 * front if `command` is not NULL. */
static enum respond
respond(struct smtp_session *s, struct work *w, const char *command,
    const char *challenge, size_t n)
{
	struct buf response = BUF_WITH_MAX(RESPONSE_MAX);
	struct buf line = BUF_WITH_MAX(0);
	enum respond r = RESPOND_SENT;
	size_t head = 0;

	if (sasl_step(w->auth->exchange, challenge, n, &response) == SASL_BAD)
		r = RESPOND_BAD;
	buf_reserve(&line, 4 * response.len / 3 + 128);
	if (command != NULL) {
		buf_printf(&line, "%s ", command);
		head = line.len;
		/* RFC 4954 4: an initial response of no bytes is "=". */
		if (response.len == 0)
			buf_puts(&line, "=");
	}
	base64_encode(&line, response.data, response.len);
	if (r == RESPOND_SENT && command != NULL &&
	    line.len + strlen("\r\n") > COMMAND_MAX)
		r = RESPOND_LONG;
	if (r == RESPOND_SENT && n > 0 && !w->auth->mechanism->clear_text)
		mask_proof(s, &response);
	if (r == RESPOND_SENT)
		put_response(s, w, &line, head);
	secret_wipe(response.data, response.cap);
	secret_wipe(line.data, line.cap);
	buf_clear(&response);
	buf_clear(&line);
	return r;
}

static int
begin_exchange(const struct smtp_session *s, struct auth *a, struct error *err)
{
	sasl_free(a->exchange);
	a->exchange = sasl_new(a->mechanism, a->credentials, s->binding, err);
	a->rounds = 0;
	return a->exchange != NULL ? 0 : -1;
}

/* What the exchange has to say, as it may be shown. */
static void
put_said(const struct smtp_session *s, const struct auth *a, struct buf *out)
{
	const char *said = a->exchange != NULL ? sasl_said(a->exchange) : "";
	struct buf text = BUF_WITH_MAX(0);

	buf_puts(&text, said);
	mask_hide(&s->mask, &text);
	printable_append(out, buf_string(&text), text.len);
	secret_wipe(text.data, text.cap);
	buf_clear(&text);
}

/* The mechanism itself finds that it cannot go on, before anything was said. */
static void
give_up(struct smtp_session *s, const struct auth *a)
{
	struct buf said = BUF_WITH_MAX(0);

	put_said(s, a, &said);
	session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0, "AUTH: %s: %s",
	    a->mechanism->name,
	    said.len > 0 ? buf_string(&said) : "the response is too long");
	buf_clear(&said);
}

/* -1: the exchange cannot begin on this machine. */
static int
say_auth(
    struct smtp_session *s, struct work *w, bool initial, struct error *err)
{
	enum respond r = RESPOND_LONG;
	struct auth *a = w->auth;
	char command[64];

	snprintf(command, sizeof(command), "AUTH %s", a->mechanism->name);
	if (begin_exchange(s, a, err) == -1)
		return -1;
	a->initial = initial && a->mechanism->client_first;
	if (a->initial)
		r = respond(s, w, command, "", 0);
	if (a->initial && r == RESPOND_LONG && begin_exchange(s, a, err) == -1)
		return -1;
	if (r == RESPOND_LONG) {
		a->initial = false;
		session_say(s, VERB_AUTH, w, "%s", command);
	} else if (r == RESPOND_BAD) {
		give_up(s, a);
	}
	return 0;
}

static struct sasl_choice
choice(const struct smtp_session *s, const struct auth *a)
{
	struct sasl_choice c = {
	    .held = sasl_held(a->credentials, a->wanted),
	    .name = a->wanted,
	    .secure = s->secure,
	    .clear_ok = s->secure || s->params.clear_ok,
	    .bound = s->binding != NULL,
	};

	if (s->params.as_said && a->wanted != NULL)
		c.offered = ~a->gone;
	else if (smtp_capable(&s->capabilities, SMTP_AUTH))
		c.offered = s->capabilities.mechanisms & ~a->gone;
	return c;
}

bool
auth_is_usable(const struct smtp_session *s, const struct auth *a)
{
	const struct sasl_choice c = choice(s, a);

	return sasl_mechanism_choose(&c) != NULL;
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

/* Which of the things that a choice depends on stands in the way; NULL: the
 * server's offer. */
static const char *
obstacle(struct sasl_choice c)
{
	c.clear_ok = c.secure = true;
	if (sasl_mechanism_choose(&c) != NULL)
		return c.held == SASL_TOKEN ? "the token would travel in clear"
		    : c.held == SASL_CERTIFICATE
		    ? "the certificate is shown under TLS only"
		    : "the password would travel in clear";
	c.bound = true;
	if (sasl_mechanism_choose(&c) != NULL)
		return "the mechanism binds to TLS, and this connection has no "
		       "TLS that can be bound to";
	c.held = ~0U;
	if (sasl_mechanism_choose(&c) != NULL)
		return "the server offers nothing for what is there to sign in "
		       "with";
	return NULL;
}

/* Whether the server takes tokens, and what is there is none. */
static bool
takes_tokens(struct sasl_choice c)
{
	if ((c.held & SASL_TOKEN) != 0)
		return false;
	c.held = SASL_TOKEN;
	c.clear_ok = c.secure = c.bound = true;
	return sasl_mechanism_choose(&c) != NULL;
}

/* Nothing that is offered is for what is there. */
static void
no_secret_for_it(
    struct smtp_session *s, const struct sasl_choice *c, const char *reason)
{
	struct buf hint = BUF_WITH_MAX(sizeof(s->error.hint) - 1);

	if (!takes_tokens(*c)) {
		session_fail(
		    s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0, "AUTH: %s", reason);
		hint_at_offer(s);
		return;
	}
	session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
	    "AUTH: the server takes a token (OAuth), and no password");
	hint_at_offer(s);
	buf_printf(&hint,
	    "a token comes from --oauth PROVIDER and --login, or "
	    "--token-command COMMAND\n%s",
	    s->error.hint);
	error_hint(&s->error, "%s", buf_string(&hint));
	buf_clear(&hint);
}

/* One that is offered and waits to be asked for; NULL: there is none. */
static const struct sasl_mechanism *
unnamed(struct sasl_choice c)
{
	const struct sasl_mechanism *m;
	size_t i;

	for (i = 0; c.name == NULL && i < sasl_mechanism_count; i++) {
		m = &sasl_mechanisms[i];
		if (m->named_only && (c.offered & sasl_mechanism_bit(m)) != 0)
			return m;
	}
	return NULL;
}

static void
no_mechanism(struct smtp_session *s, const struct auth *a)
{
	const struct sasl_choice c = choice(s, a);
	const struct sasl_mechanism *asleep = unnamed(c);
	const char *reason = obstacle(c);

	if (!smtp_capable(&s->capabilities, SMTP_AUTH)) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server does not offer authentication%s",
		    s->secure ? "" : " on this connection without TLS");
	} else if (reason == NULL && a->wanted != NULL) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server does not offer the mechanism %s",
		    a->wanted);
		hint_at_offer(s);
	} else if (reason == NULL && asleep != NULL) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server offers %s, which is used only where it "
		    "is named",
		    asleep->name);
		error_hint(&s->error, "--auth=%s names it", asleep->name);
	} else if (reason == NULL) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server offers no mechanism that smtpsend knows");
		hint_at_offer(s);
	} else if (c.clear_ok) {
		no_secret_for_it(s, &c, reason);
	} else {
		session_fail(
		    s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0, "AUTH: %s", reason);
		error_hint(&s->error,
		    "use --tls=starttls or --tls=implicit, or allow it "
		    "with --auth-in-clear");
	}
}

/* Nothing was said yet. */
static void
cannot_begin(struct smtp_session *s, const struct error *err)
{
	session_fail(
	    s, true, err->status, SMTP_PHASE_AUTH, 0, "AUTH: %s", err->text);
	if (err->hint[0] != '\0')
		error_hint(&s->error, "%s", err->hint);
}

/* Begins with the mechanism that is chosen; where a library that it needs is
 * missing, and nobody asked for this one, with another.  `as` is what none may
 * be less safe than; NULL: anything.  False: there is none. */
static bool
begin_with_best(
    struct smtp_session *s, struct work *w, const struct sasl_mechanism *as)
{
	struct auth *a = w->auth;
	const struct sasl_mechanism *m;
	struct error err, missing = {0};
	struct sasl_choice c;

	while (c = choice(s, a), (m = sasl_mechanism_choose(&c)) != NULL) {
		a->gone |= sasl_mechanism_bit(m);
		if (as != NULL && !sasl_mechanism_is_as_safe(m, as))
			continue;
		a->mechanism = m;
		if (say_auth(s, w, true, &err) == 0)
			return true;
		if (missing.status == 0)
			missing = err;
		if (a->wanted != NULL || err.status != EX_OSERR)
			break;
	}
	if (missing.status == 0 || as != NULL)
		return false;
	cannot_begin(s, &missing);
	return true;
}

void
auth_begin(struct smtp_session *s, struct work *w)
{
	if (!as_said_may_go(s, "AUTH", "AUTH"))
		return;
	if (!begin_with_best(s, w, NULL))
		no_mechanism(s, w->auth);
}

static void
on_challenge(struct smtp_session *s, struct work *w)
{
	struct auth *a = w->auth;

	if (a->rounds >= ROUNDS_MAX || a->challenge_bad ||
	    respond(s, w, NULL, buf_string(&a->challenge), a->challenge.len) !=
		RESPOND_SENT)
		cancel(s, w);
}

/* As session_refused, with the reason that the server gave before. */
static void
refused(struct smtp_session *s, const struct auth *a, int status)
{
	struct buf said = BUF_WITH_MAX(0);

	if (s->reply.code == 535)
		s->refused = a->mechanism->secret;
	put_said(s, a, &said);
	session_fail(s, !s->closing, status, SMTP_PHASE_AUTH, s->reply.code,
	    "AUTH: %d %s%s%s%s", s->reply.code, buf_string(&s->reply.text),
	    said.len > 0 ? " (" : "", buf_string(&said),
	    said.len > 0 ? ")" : "");
	buf_clear(&said);
}

static void
on_refusal(struct smtp_session *s, struct work *w)
{
	struct error err;

	/* The server does not know the mechanism. */
	if (s->reply.code == 504 && !s->closing &&
	    begin_with_best(s, w, w->auth->mechanism))
		return;
	/* RFC 4954 4: a server may not take an initial response. */
	if (s->reply.code == 501 && !s->closing && w->auth->initial &&
	    say_auth(s, w, false, &err) == 0)
		return;
	if (s->params.as_said)
		work_remove(&s->work, w);
	else
		refused(s, w->auth, EX_NOPERM);
}

/* Whatever it says to that, it is no yes. */
static void
on_cancelled(struct smtp_session *s, const struct auth *a)
{
	struct buf said = BUF_WITH_MAX(0);

	put_said(s, a, &said);
	/* After another 334 a QUIT would be taken for a response. */
	session_fail(s, s->reply.code != 334, EX_NOPERM, SMTP_PHASE_AUTH,
	    s->reply.code, "AUTH: cancelled, %s%s%s: %d %s",
	    said.len > 0 ? a->mechanism->name
			 : "the server's challenge makes no sense for ",
	    said.len > 0 ? ": " : a->mechanism->name, buf_string(&said),
	    s->reply.code, buf_string(&s->reply.text));
	buf_clear(&said);
}

void
auth_on_reply(struct smtp_session *s, const struct pending *p)
{
	const struct auth *a = p->work->auth;

	if (a->cancelled) {
		on_cancelled(s, a);
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
		refused(s, a, EX_TEMPFAIL);
	} else if (smtp_reply_class(&s->reply) == 4) {
		work_remove(&s->work, p->work);
	} else if (smtp_reply_class(&s->reply) == 5) {
		on_refusal(s, p->work);
	} else {
		session_broken(s, SMTP_PHASE_AUTH);
	}
}
