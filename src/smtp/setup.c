/* setup: from the greeting to the moment when mail can be sent. */
#include "smtp/session_internal.h"

static void
keep(struct buf *kept, const struct buf *text)
{
	buf_reset(kept);
	buf_append(kept, text->data, text->len);
}

static void
read_capabilities(struct smtp_session *s)
{
	smtp_capability_read(&s->capabilities, &s->reply, s->params.without,
	    s->params.without_count);
	/* RFC 8689 3: said in clear it proves nothing. */
	if (!s->secure)
		s->capabilities.set &= ~(unsigned)SMTP_REQUIRETLS;
}

void
setup_take_reply(struct smtp_session *s, const struct pending *front)
{
	enum verb verb = front != NULL ? front->verb : VERB_COMMAND;
	struct smtp_reply *reply = &s->reply;

	if (front != NULL && as_said_is_hello(front) && reply->code == 250)
		read_capabilities(s);
	else if (verb == VERB_AUTH && reply->code == 334)
		auth_take_challenge(front->work->auth, &reply->text);
	if (mask_hide(&s->mask, &reply->text)) {
		/* Nor does it stay where it came in. */
		secret_wipe(s->in.data, s->in_used);
		if (s->in.cap > s->in.len)
			secret_wipe(
			    s->in.data + s->in.len, s->in.cap - s->in.len);
	}
	if (verb == VERB_GREETING)
		keep(&s->greeting, &reply->text);
	else if (reply->code == 250 &&
	    (verb == VERB_HELO || (front != NULL && as_said_is_hello(front))))
		keep(&s->hello[s->secure], &reply->text);
	if (front != NULL && as_said_is_hello(front) && reply->code == 250)
		s->capabilities.text = buf_string(&s->hello[s->secure]);
}

void
setup_on_greeting(struct smtp_session *s, const struct pending *p)
{
	switch (smtp_reply_class(&s->reply)) {
	case 2:
		/* 220, or what begins like it (RFC 5321 4.2.1); but 221 and
		 * 250 are replies to commands that were not sent. */
		if (s->reply.code == 221 || s->reply.code == 250)
			session_broken(s, SMTP_PHASE_GREETING);
		else
			work_remove(&s->work, p->work);
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

/* What is still to be done cannot be done without extensions. */
static bool
needs_extensions(const struct smtp_session *s)
{
	const struct work *w;

	if (s->params.extensions)
		return true;
	for (w = s->work.first; w != NULL; w = w->next)
		if (w->kind == WORK_AUTH ||
		    (w->kind == WORK_STARTTLS && !s->secure &&
			w->starttls == SMTP_STARTTLS_MUST))
			return true;
	return false;
}

/* A server that does not know EHLO: RFC 5321 3.2 falls back to HELO, which
 * has no extensions and so neither TLS nor AUTH. */
static void
hello_refused(struct smtp_session *s, const struct pending *p)
{
	bool demanded = needs_extensions(s);

	if (p->verb == VERB_EHLO && !s->params.lmtp && !demanded) {
		session_say(
		    s, VERB_HELO, p->work, "HELO %s", s->params.ehlo_name);
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
		if (s->reply.code != 250)
			session_broken(s, SMTP_PHASE_EHLO);
		else
			work_remove(&s->work, p->work);
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

/* A clear connection does not do for an AUTH that is still to come. */
static bool
auth_needs_tls(const struct smtp_session *s)
{
	const struct work *w;

	for (w = s->work.first; w != NULL; w = w->next)
		if (w->kind == WORK_AUTH && !auth_is_usable(s, w->auth))
			return true;
	return false;
}

void
smtp_session_starttls(struct smtp_session *s, enum smtp_starttls policy)
{
	if (policy != SMTP_STARTTLS_NEVER)
		work_add(&s->work, WORK_STARTTLS)->starttls = policy;
}

/* True when there is nothing to do. */
static bool
begin_starttls(struct smtp_session *s, struct work *w)
{
	bool offered =
	    s->params.as_said || smtp_capable(&s->capabilities, SMTP_STARTTLS);

	if (!s->secure && !offered && w->starttls == SMTP_STARTTLS_MUST) {
		session_fail(s, true, EX_NOPERM, SMTP_PHASE_STARTTLS, 0,
		    "STARTTLS: the server does not offer it");
		return false;
	}
	if ((s->secure && !s->params.as_said) || !offered ||
	    (w->starttls == SMTP_STARTTLS_FOR_AUTH && !auth_needs_tls(s)))
		return true;
	session_say(s, VERB_STARTTLS, w, "STARTTLS");
	return false;
}

void
setup_on_starttls(struct smtp_session *s, const struct pending *p)
{
	int class = smtp_reply_class(&s->reply);

	if (s->reply.code == 220 && !s->secure) {
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
	} else if (p->work->starttls == SMTP_STARTTLS_MUST &&
	    !s->params.as_said) {
		session_refused(s, EX_NOPERM, SMTP_PHASE_STARTTLS);
	} else if (class == 4 || class == 5) {
		work_remove(&s->work, p->work);
	} else {
		session_broken(s, SMTP_PHASE_STARTTLS);
	}
}

void
setup_secured(struct smtp_session *s)
{
	work_remove(&s->work, s->work.first);
	if (s->params.as_said)
		return; /* nor does it say that by itself */
	work_add_first(&s->work, WORK_HELLO);
	setup_go_on(s);
}

bool
setup_step(struct smtp_session *s, struct work *w)
{
	bool over = false;

	if (s->pipeline.count > 0 || s->tls_wanted)
		return false;
	switch (w->kind) {
	case WORK_GREETING:
		session_wait_for(s, VERB_GREETING, w, 0);
		break;
	case WORK_HELLO:
		session_say(s, VERB_EHLO, w, "%s %s",
		    s->params.lmtp ? "LHLO" : "EHLO", s->params.ehlo_name);
		break;
	case WORK_STARTTLS:
		over = begin_starttls(s, w);
		break;
	case WORK_AUTH:
		auth_begin(s, w);
		break;
	default:
		session_raise(s, SMTP_READY, NULL);
		over = true;
	}
	if (over)
		work_remove(&s->work, w);
	return over;
}

void
setup_go_on(struct smtp_session *s)
{
	while (!s->closing && !s->closed && s->work.cursor != NULL &&
	    work_is_setup(s->work.cursor) && setup_step(s, s->work.cursor))
		;
}

void
setup_queue(struct smtp_session *s)
{
	const struct smtp_params *p = &s->params;

	work_add(&s->work, WORK_GREETING);
	if (!p->as_said) {
		work_add(&s->work, WORK_HELLO);
		smtp_session_starttls(s, p->starttls);
	}
	if (!p->as_said && p->credentials != NULL)
		smtp_session_auth(s, p->credentials, p->mechanism);
	work_add(&s->work, WORK_READY);
	setup_go_on(s);
}
