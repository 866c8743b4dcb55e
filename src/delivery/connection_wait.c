#include "delivery/connection_internal.h"

#include "lib/wait.h"

enum {
	HANDSHAKE_TIMEOUT_MS = 60 * 1000,
	FAREWELL_MS = 2000, /* for what is said after a send that failed */
};

/* Of a body that has nothing to give. */
static int64_t
input_limit_ms(const struct connection *c)
{
	const struct wait_limits limits = {.timeout_ms = c->params.timeout_ms};
	int fd = smtp_session_awaits_input(c->session);

	return fd >= 0 && wait_is_hurried(&limits, fd) ? limits.timeout_ms : 0;
}

static int64_t
step_limit_ms(const struct connection *c)
{
	enum smtp_phase phase;
	int64_t limit;

	if (c->stage == OPENING)
		limit = CONNECTION_TIMEOUT_MS;
	else if (c->stage == HANDSHAKE)
		limit = HANDSHAKE_TIMEOUT_MS;
	else
		limit = smtp_session_timeout(c->session, &phase);
	if (limit == 0)
		return input_limit_ms(c);
	/* A shorter limit of the RFC's own (QUIT, a closing server) stays. */
	if (c->params.timeout_ms > 0 &&
	    (c->params.timeout_ms < limit || limit > 2000))
		limit = c->params.timeout_ms;
	return limit;
}

bool
connection_cannot_go_on(const struct connection *c)
{
	enum smtp_phase phase;

	if (!c->send_failed)
		return false;
	(void)smtp_session_timeout(c->session, &phase);
	return phase != SMTP_PHASE_MESSAGE;
}

nfds_t
connection_poll(const struct connection *c, struct pollfd *fds, int64_t *until)
{
	int64_t limit = step_limit_ms(c);
	int input = -1;
	nfds_t n = 0;

	*until = limit > 0 ? c->progress_us + limit * 1000 : INT64_MAX;
	if (connection_cannot_go_on(c) &&
	    c->failed_us + FAREWELL_MS * 1000 < *until)
		*until = c->failed_us + FAREWELL_MS * 1000;
	fds[0].revents = 0;
	fds[0].events = c->transport->ops->wants(c->transport, &fds[0].fd);
	if (fds[0].fd >= 0)
		n++;
	if (c->session != NULL)
		input = smtp_session_awaits_input(c->session);
	if (input >= 0)
		fds[n++] = (struct pollfd){.fd = input, .events = POLLIN};
	return n;
}

int64_t
connection_awaits(const struct connection *c, enum smtp_phase *phase)
{
	*phase = c->stage == HANDSHAKE || c->transport->below_us != 0
	    ? SMTP_PHASE_STARTTLS
	    : SMTP_PHASE_CONNECT;
	if (c->stage == OVER ||
	    (c->stage == TALKING &&
		(smtp_session_timeout(c->session, phase) == 0 ||
		    *phase == SMTP_PHASE_QUIT)))
		return INT64_MAX;
	return c->progress_us;
}

void
connection_let_fly(struct connection *c)
{
	c->held = c->committed = false;
}

void
connection_mute(struct connection *c)
{
	c->muted = true;
	c->held = false;
}

void
connection_abort(struct connection *c, const struct error *err)
{
	if (c->stage == OVER)
		return;
	/* Who only owes us the answer to QUIT may have work to do. */
	c->transport->given_up =
	    c->session == NULL || !smtp_session_finished(c->session);
	/* Time that runs out is not why there is no answer. */
	if (connection_cannot_go_on(c) && err->status < EX_SIGNAL)
		err = &c->send_error;
	c->handshake_failed |= c->stage == HANDSHAKE;
	if (c->session != NULL) {
		smtp_session_disconnected(c->session, err);
		c->stage = TALKING;
	} else {
		c->open_error = *err;
		c->stage = OVER;
	}
}
