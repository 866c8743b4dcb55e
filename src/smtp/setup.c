/* setup: from the greeting to the moment when mail can be sent. */
#include "smtp/session_internal.h"

#include <stdio.h>
#include <string.h>

#include "lib/base64.h"

/* --- every reply ----------------------------------------------------------*/

void
setup_init(struct smtp_session *s)
{
	const struct sasl_credentials *c = s->params.credentials;

	s->challenge = BUF_WITH_MAX(COMMAND_MAX);
	if (c != NULL)
		mask_secret(&s->mask, c->password.bytes, c->password.len);
}

static void
take_challenge(struct smtp_session *s)
{
	buf_reset(&s->challenge);
	s->challenge_bad =
	    base64_decode(&s->challenge, buf_string(&s->reply.text),
		s->reply.text.len) == -1;
}

void
setup_take_reply(struct smtp_session *s, const struct pending *front)
{
	enum verb verb = front != NULL ? front->verb : VERB_COMMAND;

	if (verb == VERB_EHLO && s->reply.code == 250)
		smtp_capability_read(&s->capabilities, &s->reply,
		    s->params.without, s->params.without_count);
	else if (verb == VERB_AUTH && s->reply.code == 334)
		take_challenge(s);
	if (s->params.credentials == NULL ||
	    !mask_hide(&s->mask, &s->reply.text))
		return;
	/* Nor does it stay where it came in. */
	secret_wipe(s->in.data, s->in_used);
	if (s->in.cap > s->in.len)
		secret_wipe(s->in.data + s->in.len, s->in.cap - s->in.len);
}

/* --- greeting -------------------------------------------------------------*/

void
setup_say_hello(struct smtp_session *s)
{
	session_say(s, VERB_EHLO, NULL, "%s %s",
	    s->params.lmtp ? "LHLO" : "EHLO", s->params.ehlo_name);
}

void
setup_on_greeting(struct smtp_session *s, const struct pending *p)
{
	(void)p;
	switch (smtp_reply_class(&s->reply)) {
	case 2:
		/* 220, or what begins like it (RFC 5321 4.2.1); but 221 and
		 * 250 are replies to commands that were not sent. */
		if (s->reply.code == 221 || s->reply.code == 250)
			session_broken(s, SMTP_PHASE_GREETING);
		else
			setup_say_hello(s);
		break;
	case 4:
		session_refused(s, EX_TEMPFAIL, SMTP_PHASE_GREETING);
		break;
	case 5:
		session_refused(s, EX_UNAVAILABLE, SMTP_PHASE_GREETING);
		break;
	default:
		session_broken(s, SMTP_PHASE_GREETING);
	}
}

/* --- AUTH (RFC 4954) ------------------------------------------------------*/

static void
be_ready(struct smtp_session *s)
{
	s->ready = true;
	session_raise(s, SMTP_READY, NULL);
}

static void
cancel_auth(struct smtp_session *s)
{
	struct buf line = BUF_WITH_MAX(8);

	s->auth_cancelled = true;
	buf_puts(&line, "*");
	session_say_secret(s, VERB_AUTH, "*", &line);
	buf_clear(&line);
}

/* Sends the mechanism's next response, base64; with the command itself in
 * front if `command` is not NULL.  -1 when there is none. */
static int
respond(struct smtp_session *s, const char *command, const char *challenge,
    size_t n)
{
	struct buf response = BUF_WITH_MAX(COMMAND_MAX);
	struct buf line = BUF_WITH_MAX(COMMAND_MAX);
	struct buf shown = BUF_WITH_MAX(128);
	enum sasl_progress progress;
	size_t head;
	int r = -1;

	progress = s->mechanism->step(
	    s->params.credentials, s->auth_round, challenge, n, &response);
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
		s->auth_round++;
		s->auth_done = progress == SASL_DONE;
		mask_response(&s->mask, line.data + head, line.len - head);
		session_say_secret(s, VERB_AUTH, buf_string(&shown), &line);
	}
	secret_wipe(response.data, response.cap);
	secret_wipe(line.data, line.cap);
	buf_clear(&response);
	buf_clear(&line);
	buf_clear(&shown);
	return r;
}

static void
say_auth(struct smtp_session *s, bool initial)
{
	char command[64];

	s->auth_round = 0;
	s->auth_done = false;
	snprintf(command, sizeof(command), "AUTH %s", s->mechanism->name);
	s->auth_initial = initial && s->mechanism->client_first &&
	    respond(s, command, "", 0) == 0;
	if (!s->auth_initial)
		session_say(s, VERB_AUTH, NULL, "%s", command);
}

static void
no_mechanism(struct smtp_session *s)
{
	const struct smtp_params *p = &s->params;
	unsigned offered = s->capabilities.mechanisms;

	if (!smtp_capable(&s->capabilities, SMTP_AUTH))
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server does not offer authentication%s",
		    s->secure ? "" : " on this connection without TLS");
	else if (p->mechanism != NULL &&
	    sasl_mechanism_choose(offered, p->mechanism, true) == NULL)
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server does not offer the mechanism %s",
		    p->mechanism);
	else if (sasl_mechanism_choose(offered, p->mechanism, true) == NULL)
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the server offers no mechanism that smtpsend knows");
	else {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 0,
		    "AUTH: the password would travel in clear");
		error_hint(&s->error,
		    "use --tls=starttls or --tls=implicit, or allow it with "
		    "--auth-in-clear");
	}
}

static const struct sasl_mechanism *
usable_mechanism(const struct smtp_session *s)
{
	if (!smtp_capable(&s->capabilities, SMTP_AUTH))
		return NULL;
	return sasl_mechanism_choose(s->capabilities.mechanisms,
	    s->params.mechanism, s->secure || s->params.clear_ok);
}

static void
start_auth(struct smtp_session *s)
{
	s->mechanism = usable_mechanism(s);
	if (s->mechanism == NULL)
		no_mechanism(s);
	else
		say_auth(s, true);
}

/* The server does not know the mechanism.  The next one is tried if whoever
 * hears it learns no more than from this one. */
static bool
try_next_mechanism(struct smtp_session *s)
{
	const struct sasl_mechanism *next;

	s->mechanisms_gone |= sasl_mechanism_bit(s->mechanism);
	next = sasl_mechanism_choose(
	    s->capabilities.mechanisms & ~s->mechanisms_gone,
	    s->params.mechanism, s->mechanism->clear_text);
	if (next == NULL)
		return false;
	s->mechanism = next;
	say_auth(s, true);
	return true;
}

static void
on_challenge(struct smtp_session *s)
{
	if (s->auth_round >= AUTH_ROUNDS_MAX || s->challenge_bad ||
	    respond(s, NULL, buf_string(&s->challenge), s->challenge.len) == -1)
		cancel_auth(s);
}

static void
on_auth_refused(struct smtp_session *s)
{
	if (s->reply.code == 504 && !s->closing && try_next_mechanism(s))
		return;
	/* RFC 4954 4: a server may not take an initial response. */
	if (s->reply.code == 501 && !s->closing && s->auth_initial)
		say_auth(s, false);
	else
		session_refused(s, EX_NOPERM, SMTP_PHASE_AUTH);
}

void
setup_on_auth(struct smtp_session *s, const struct pending *p)
{
	(void)p;
	if (s->auth_cancelled) {
		/* After another 334 a QUIT would be taken for a response. */
		session_fail(s, s->reply.code != 334, EX_NOPERM,
		    SMTP_PHASE_AUTH, s->reply.code,
		    "AUTH: cancelled, the server's challenge makes no sense "
		    "for %s: %d %s",
		    s->mechanism->name, s->reply.code,
		    buf_string(&s->reply.text));
	} else if (s->reply.code == 334) {
		on_challenge(s);
	} else if (s->reply.code == 235 && s->auth_done) {
		be_ready(s);
	} else if (s->reply.code == 235) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_AUTH, 235,
		    "AUTH: the server says yes before %s has come to its end: "
		    "235 %s",
		    s->mechanism->name, buf_string(&s->reply.text));
	} else if (smtp_reply_class(&s->reply) == 4) {
		session_refused(s, EX_TEMPFAIL, SMTP_PHASE_AUTH);
	} else if (smtp_reply_class(&s->reply) == 5) {
		on_auth_refused(s);
	} else {
		session_broken(s, SMTP_PHASE_AUTH);
	}
}

/* --- EHLO, STARTTLS -------------------------------------------------------*/

static bool
takes_tls(const struct smtp_session *s)
{
	if (s->secure || s->tls_refused ||
	    !smtp_capable(&s->capabilities, SMTP_STARTTLS))
		return false;
	switch (s->params.starttls) {
	case SMTP_STARTTLS_NEVER:
		return false;
	case SMTP_STARTTLS_FOR_AUTH:
		return s->params.credentials != NULL &&
		    usable_mechanism(s) == NULL;
	default:
		return true;
	}
}

static void
after_hello(struct smtp_session *s)
{
	if (takes_tls(s))
		session_say(s, VERB_STARTTLS, NULL, "STARTTLS");
	else if (!s->secure && s->params.starttls == SMTP_STARTTLS_MUST)
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_STARTTLS, 0,
		    "STARTTLS: the server does not offer it");
	else if (s->params.credentials != NULL)
		start_auth(s);
	else
		be_ready(s);
}

/* A server that does not know EHLO: RFC 5321 3.2 falls back to HELO, which
 * has no extensions and so neither TLS nor AUTH. */
static void
hello_refused(struct smtp_session *s, const struct pending *p)
{
	bool demanded = s->params.credentials != NULL ||
	    (!s->secure && s->params.starttls == SMTP_STARTTLS_MUST);

	if (p->verb == VERB_EHLO && !s->params.lmtp && !demanded) {
		session_say(s, VERB_HELO, NULL, "HELO %s", s->params.ehlo_name);
		return;
	}
	session_refused(
	    s, demanded ? EX_NOPERM : EX_UNAVAILABLE, SMTP_PHASE_EHLO);
}

void
setup_on_ehlo(struct smtp_session *s, const struct pending *p)
{
	switch (smtp_reply_class(&s->reply)) {
	case 2:
		if (s->reply.code != 250) {
			session_broken(s, SMTP_PHASE_EHLO);
			break;
		}
		after_hello(s);
		break;
	case 4:
		session_refused(s, EX_TEMPFAIL, SMTP_PHASE_EHLO);
		break;
	case 5:
		hello_refused(s, p);
		break;
	default:
		session_broken(s, SMTP_PHASE_EHLO);
	}
}

void
setup_on_starttls(struct smtp_session *s, const struct pending *p)
{
	int class = smtp_reply_class(&s->reply);

	(void)p;
	if (s->reply.code == 220) {
		/* RFC 3207 6: whatever stands behind it was not sent by the
		 * server that TLS will prove. */
		if (s->in.len > s->in_used) {
			session_fail(s, false, EX_NOPERM, SMTP_PHASE_STARTTLS,
			    0,
			    "STARTTLS: the server sent bytes in clear behind "
			    "its 220; somebody may be injecting replies");
			return;
		}
		s->tls_wanted = true;
		session_raise(s, SMTP_START_TLS, NULL);
	} else if (s->params.starttls == SMTP_STARTTLS_MUST) {
		session_refused(s, EX_NOPERM, SMTP_PHASE_STARTTLS);
	} else if (class == 4 || class == 5) {
		s->tls_refused = true;
		after_hello(s);
	} else {
		session_broken(s, SMTP_PHASE_STARTTLS);
	}
}
