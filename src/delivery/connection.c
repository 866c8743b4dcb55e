#include "delivery/connection_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/memory.h"

enum {
	RECEIVE_MAX = 16 * 1024,
	ROUNDS_MAX = 32, /* sends and receives before clock and signals */
	LISTEN_FROM = 4 * 1024, /* octets sent at once: a piece of a message */
};

struct connection *
connection_new(const struct connection_params *params, struct transport *t)
{
	struct connection *c = memory_alloc(sizeof(*c));

	c->params = *params;
	c->remarks.wanted = params->smtp.trace;
	c->transport = t;
	c->progress_us = c->mark_us =
	    params->begun_us != 0 ? params->begun_us : clock_monotonic_us();
	return c;
}

void
connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	smtp_session_free(c->session);
	transport_free(c->transport);
	remarks_clear(&c->remarks);
	free(c);
}

/* What took the time since the last mark. */
static void
mark(struct connection *c, enum smtp_phase phase, int64_t now)
{
	c->figures.phase_us[phase] += now - c->mark_us;
	c->mark_us = now;
}

static void
progress_at(struct connection *c, enum smtp_phase phase, int64_t now)
{
	mark(c, phase, now);
	c->progress_us = now;
}

static void
progress(struct connection *c, enum smtp_phase phase)
{
	progress_at(c, phase, clock_monotonic_us());
}

static enum smtp_starttls
starttls_policy(const struct connection *c)
{
	const struct connection_params *p = &c->params;

	switch (p->tls) {
	case CONNECTION_TLS_STARTTLS:
		return SMTP_STARTTLS_MUST;
	case CONNECTION_TLS_AUTO:
		if (c->transport->peer.local)
			return p->look ? SMTP_STARTTLS_MAY
				       : SMTP_STARTTLS_FOR_AUTH;
		if (p->tls_demanded ||
		    (p->smtp.credentials != NULL && !p->auth_in_clear))
			return SMTP_STARTTLS_MUST;
		return SMTP_STARTTLS_MAY;
	default:
		return SMTP_STARTTLS_NEVER;
	}
}

/* NULL: nothing that is said can be bound to the channel. */
static const struct sasl_binding *
binding(struct connection *c)
{
	const struct transport_tls *tls = c->transport->tls;

	if (tls == NULL || tls->exporter_size == 0)
		return NULL;
	c->binding = (struct sasl_binding){.type = "tls-exporter",
	    .bytes = tls->exporter,
	    .len = tls->exporter_size};
	return &c->binding;
}

static void
begin_session(struct connection *c)
{
	struct smtp_params *p = &c->params.smtp;

	if (p->ehlo_name == NULL) {
		address_literal(c->literal, sizeof(c->literal),
		    c->transport->peer.local_address);
		p->ehlo_name = c->literal;
	}
	p->starttls = starttls_policy(c);
	p->secure = c->transport->tls != NULL;
	p->binding = binding(c);
	p->clear_ok = c->params.auth_in_clear || c->transport->peer.untapped;
	c->session = smtp_session_new(p);
	c->stage = TALKING;
	c->figures.round_trips = 1;
	c->said = false;
}

static void
start_tls(struct connection *c)
{
	char byte;
	struct error err;

	/* Bytes that came after the 220, before our first one: RFC 3207 6. */
	if (c->transport->ops->recv(c->transport, &byte, 1, &err) > 0) {
		smtp_session_receive(c->session, &byte, 1);
		return;
	}
	c->transport = tls_new(c->transport, &c->params.policy);
	c->stage = HANDSHAKE;
	c->progress_us = clock_monotonic_us();
}

static void
note_peer(struct connection *c)
{
	const struct transport_peer *peer = &c->transport->peer;
	struct buf header = {0};

	remarks_met(&c->remarks, peer);
	if (c->params.haproxy == NULL || !c->remarks.wanted)
		return;
	haproxy_text(c->params.haproxy, peer, &header);
	remarks_add(&c->remarks, "%s", buf_string(&header));
	buf_clear(&header);
}

/* Somebody is there; where TLS comes first, perhaps not yet with that. */
static void
meet(struct connection *c)
{
	c->met = true;
	note_peer(c);
	if (c->transport->below_us != 0)
		mark(c, SMTP_PHASE_CONNECT, c->transport->below_us);
}

/* OPENING and HANDSHAKE: true when the stage has changed. */
static bool
open_step(struct connection *c)
{
	struct error err = {0};
	int r = c->transport->ops->open(c->transport, &err);

	if (!c->met && (r == 0 || c->transport->below_us != 0))
		meet(c);
	if (r == TRANSPORT_AGAIN)
		return false;
	progress(c,
	    c->transport->below_us != 0 ? SMTP_PHASE_STARTTLS
					: SMTP_PHASE_CONNECT);
	if (c->stage == HANDSHAKE) {
		c->stage = TALKING;
		/* RFC 3207 6: bytes behind the 220, whenever they come, are no
		 * reason to go on without TLS. */
		c->handshake_failed =
		    r != 0 && err.status != EX_OSERR && !c->transport->in_clear;
		if (r == 0)
			smtp_session_secured(c->session, binding(c));
		else
			smtp_session_disconnected(c->session, &err);
		remarks_tls(&c->remarks, c->transport->tls);
		return true;
	}
	if (r == 0) {
		remarks_tls(&c->remarks, c->transport->tls);
		begin_session(c);
	} else {
		c->open_error = err;
		c->stage = OVER;
	}
	return true;
}

/* The time that the message takes to go out is not that of its verdict. */
static void
await_verdict(struct connection *c)
{
	enum smtp_phase phase;

	(void)smtp_session_timeout(c->session, &phase);
	if (phase == SMTP_PHASE_MESSAGE && !c->message_out)
		mark(c, SMTP_PHASE_DATA, clock_monotonic_us());
	c->message_out = phase == SMTP_PHASE_MESSAGE;
}

/* True when bytes went out. */
static bool
send_step(struct connection *c, const char *bytes, size_t n)
{
	struct iovec iov = {(void *)(uintptr_t)bytes, n};
	ssize_t r;

	if (n == 0 || c->send_failed || c->muted)
		return false;
	r = c->transport->ops->send(c->transport, &iov, 1, &c->send_error);
	if (r > 0) {
		smtp_session_sent(c->session, (size_t)r);
		await_verdict(c);
		c->progress_us = clock_monotonic_us();
		c->said = true;
		return true;
	}
	/* After a failure the server may still have said why it closed, or be
	 * about to. */
	c->send_failed = r == TRANSPORT_ERROR;
	c->failed_us = clock_monotonic_us();
	return false;
}

/* True when something was received, or the end of the stream was. */
static bool
receive_step(struct connection *c)
{
	char bytes[RECEIVE_MAX];
	size_t room = smtp_session_room(c->session);
	struct error err = {0};
	ssize_t r;

	if (room == 0)
		return false;
	r = c->transport->ops->recv(c->transport, bytes,
	    room < sizeof(bytes) ? room : sizeof(bytes), &err);
	if (r > 0) {
		c->heard_us = clock_monotonic_us();
		if (c->said)
			c->figures.round_trips++;
		c->said = false;
		smtp_session_receive(c->session, bytes, (size_t)r);
		/* A server may repeat what it was told. */
		if (c->params.smtp.credentials != NULL || c->params.look)
			secret_wipe(bytes, (size_t)r);
		return true;
	}
	if (r == TRANSPORT_AGAIN)
		return false;
	if (c->send_failed)
		err = c->send_error;
	remarks_gone(
	    &c->remarks, r == TRANSPORT_ERROR || c->send_failed ? &err : NULL);
	smtp_session_disconnected(
	    c->session, r == TRANSPORT_ERROR || c->send_failed ? &err : NULL);
	return true;
}

static bool
session_event(struct connection *c, struct smtp_event *event)
{
	if (remarks_event(&c->remarks, event))
		return true;
	while (smtp_session_event(c->session, event)) {
		switch (event->type) {
		case SMTP_START_TLS:
			start_tls(c);
			continue;
		case SMTP_REPLY:
			/* All that came was heard before more was said. */
			progress_at(c, event->phase, c->heard_us);
			if (!c->params.no_replies)
				break;
			c->answered = true;
			continue;
		case SMTP_CLOSED:
			/* What was waited for in vain took its time, too. */
			if (event->error != NULL)
				progress(c, event->result->phase);
			c->stage = OVER;
			break;
		case SMTP_COMMIT:
			c->committed = true;
			break;
		default:
			break;
		}
		return true;
	}
	return false;
}

/* Whoever has to write down what goes out does so now, once for all of it. */
static bool
flight_event(struct connection *c, size_t n, struct smtp_event *event)
{
	if (!c->params.flights || !c->committed || n == 0 || c->send_failed ||
	    c->muted || c->held)
		return false;
	c->committed = false;
	c->held = true;
	*event = (struct smtp_event){.type = SMTP_FLIGHT};
	return true;
}

/* Whether what is still to be sent after SMTP_CLOSED (a QUIT) has gone, or
 * cannot go at once: nobody waits for it. */
static void
last_words(struct connection *c)
{
	const char *bytes;
	size_t n;

	smtp_session_output(c->session, &bytes, &n);
	(void)send_step(c, bytes, n);
}

/* The time that the body took to give something is not the server's: what it
 * is asked from now on begins now. */
static void
note_input(struct connection *c, size_t n)
{
	if (n > 0 && c->awaited_input)
		c->progress_us = clock_monotonic_us();
	c->awaited_input = n == 0 && smtp_session_awaits_input(c->session) >= 0;
}

/* Nothing but a QUIT is to be sent or answered, and that has gone out or never
 * will. */
static bool
nothing_left(const struct connection *c)
{
	enum smtp_phase phase;

	if (smtp_session_finished(c->session))
		return true;
	(void)smtp_session_timeout(c->session, &phase);
	return c->send_failed && phase == SMTP_PHASE_QUIT;
}

static enum connection_result
talk(struct connection *c, struct smtp_event *event)
{
	const char *bytes;
	size_t n;
	int round;

	for (round = 0; round < ROUNDS_MAX; round++) {
		/* Making output may raise SMTP_COMMIT, which comes first. */
		smtp_session_output(c->session, &bytes, &n);
		if (session_event(c, event)) {
			if (c->stage == OVER)
				last_words(c);
			return CONNECTION_EVENT;
		}
		if (c->stage != TALKING)
			return CONNECTION_WAIT;
		/* What nobody was told of may have something to be said. */
		if (c->answered) {
			c->answered = false;
			continue;
		}
		note_input(c, n);
		if (flight_event(c, n, event))
			return CONNECTION_EVENT;
		if (c->held)
			return CONNECTION_WAIT;
		if (send_step(c, bytes, n)) {
			/* Whoever answers before the end has been sent is
			 * heard before more of it goes. */
			if (n >= LISTEN_FROM)
				(void)receive_step(c);
			continue;
		}
		if (!c->params.await_quit && nothing_left(c))
			return CONNECTION_OVER;
		if (!receive_step(c))
			return CONNECTION_WAIT;
	}
	return CONNECTION_BUSY;
}

void
connection_closed(struct smtp_event *event, struct smtp_result *result,
    const struct error *why)
{
	*result = (struct smtp_result){.phase = SMTP_PHASE_CONNECT,
	    .status = why->status,
	    .text = why->text};
	*event = (struct smtp_event){.type = SMTP_CLOSED,
	    .phase = SMTP_PHASE_CONNECT,
	    .error = why,
	    .result = result};
}

static bool
open_failed(struct connection *c, struct smtp_event *event)
{
	if (c->session != NULL || c->open_error_told)
		return false;
	c->open_error_told = true;
	connection_closed(event, &c->open_result, &c->open_error);
	return true;
}

static enum connection_result
step(struct connection *c, struct smtp_event *event)
{
	enum connection_result r;

	for (;;) {
		switch (c->stage) {
		case OPENING:
		case HANDSHAKE:
			if (!open_step(c))
				return remarks_event(&c->remarks, event)
				    ? CONNECTION_EVENT
				    : CONNECTION_WAIT;
			break;
		case TALKING:
			r = talk(c, event);
			if (r != CONNECTION_WAIT || c->stage == TALKING)
				return r;
			break;
		case OVER:
			if (remarks_event(&c->remarks, event))
				return CONNECTION_EVENT;
			if (c->session != NULL
				? smtp_session_event(c->session, event)
				: open_failed(c, event))
				return CONNECTION_EVENT;
			return CONNECTION_OVER;
		}
	}
}

enum connection_result
connection_step(struct connection *c, struct smtp_event *event)
{
	enum connection_result r = step(c, event);

	return r == CONNECTION_OVER && remarks_end(&c->remarks, event)
	    ? CONNECTION_EVENT
	    : r;
}

bool
connection_handshake_failed(const struct connection *c)
{
	return c->handshake_failed;
}

bool
connection_resumption_failed(const struct connection *c)
{
	return c->transport->resuming;
}

struct smtp_session *
connection_session(struct connection *c)
{
	return c->session;
}

const struct transport_peer *
connection_peer(const struct connection *c)
{
	return &c->transport->peer;
}

const struct transport_tls *
connection_tls(const struct connection *c)
{
	return c->transport->tls;
}

const struct connection_figures *
connection_figures(const struct connection *c)
{
	return &c->figures;
}
