#include "transport/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/gnutls.h"
#include "lib/memory.h"
#include "transport/tls_binding.h"
#include "transport/tls_clear.h"
#include "transport/tls_details.h"
#include "transport/tls_policy.h"
#include "transport/tls_show.h"
#include "transport/tls_verify.h"

enum {
	RECORD_MAX = 16384,
	/* Records in a row that carry no data: tickets, key updates, warnings.
	 * More of them are an attack on the caller's time-outs. */
	IDLE_RECORDS_MAX = 64,
};

struct tls {
	struct transport base;
	struct transport *below;
	struct transport_tls info;
	struct tls_details *details; /* NULL: nobody wants to know */
	struct tls_policy policy;    /* its strings are ours */
	struct gnutls gnutls;
	gnutls_session_t session; /* NULL until open() */
	gnutls_certificate_credentials_t credentials;
	struct tls_ticket ticket;
	struct tls_showing showing; /* of our certificate, if there is one */
	struct error verdict;	    /* on the server, if it is not right */
	bool below_open, established;
	bool blocked;	   /* below would have blocked in this very call */
	bool record_begun; /* GnuTLS still has a record to send */
	bool ended;	   /* end of stream below */
	bool failed;	   /* below_error is set */
	bool heard;	   /* the other end says something over TLS … */
	bool broken;	   /* … until the session was no good any more */
	struct error below_error;
	char seen[64]; /* the first bytes of the handshake */
	size_t seen_len;
};

static ssize_t
below_result(struct tls *t, ssize_t r)
{
	if (r >= 0)
		return r;
	if (r == TRANSPORT_AGAIN)
		t->blocked = true;
	else
		t->failed = true;
	t->gnutls.transport_set_errno(
	    t->session, r == TRANSPORT_AGAIN ? EAGAIN : EIO);
	return -1;
}

static ssize_t
push(gnutls_transport_ptr_t arg, const giovec_t *iov, int n)
{
	struct tls *t = arg;

	return below_result(
	    t, t->below->ops->send(t->below, iov, n, &t->below_error));
}

static ssize_t
pull(gnutls_transport_ptr_t arg, void *buf, size_t n)
{
	struct tls *t = arg;
	ssize_t r = t->below->ops->recv(t->below, buf, n, &t->below_error);
	size_t room = sizeof(t->seen) - t->seen_len;

	if (r == 0)
		t->ended = true;
	if (r > 0 && !t->established) {
		if (room > (size_t)r)
			room = (size_t)r;
		memcpy(t->seen + t->seen_len, buf, room);
		t->seen_len += room;
	}
	return below_result(t, r);
}

/* GnuTLS asks before it reads; the read itself tells whether it can. */
static int
pull_ready(gnutls_transport_ptr_t arg, unsigned ms)
{
	(void)arg;
	(void)ms;
	return 1;
}

static int
library_failed(struct tls *t, const char *what, int r, struct error *err)
{
	return error_set(
	    err, EX_OSERR, "TLS: %s: %s", what, t->gnutls.strerror(r));
}

static int
set_server_name(struct tls *t)
{
	unsigned char raw[TLS_ADDRESS];

	/* RFC 6066 3: only names, no addresses. */
	if (tls_address(t->policy.name, raw) > 0)
		return 0;
	return t->gnutls.server_name_set(t->session, GNUTLS_NAME_DNS,
	    t->policy.name, strlen(t->policy.name));
}

/* Is the server who it should be?  Within the handshake, if anything of ours
 * is to be shown to it, else behind it. */
static bool
judge(void *arg)
{
	struct tls *t = arg;

	return tls_verify(&t->gnutls, t->session, t->credentials, &t->policy,
		   t->info.fingerprint, &t->info.trust, &t->verdict) == 0;
}

static int
set_priorities(struct tls *t)
{
	struct buf text = {0};
	int r = t->gnutls.priority_set_direct(t->session,
	    priority_text(t->policy.priority, t->policy.least, &text), NULL);

	buf_clear(&text);
	return r;
}

static int
start_session(struct tls *t, struct error *err)
{
	const struct gnutls *g = &t->gnutls;
	int r;

	r = g->init(&t->session,
	    GNUTLS_CLIENT | GNUTLS_NONBLOCK |
		tls_ticket_take(&t->ticket, g, &t->policy, time(NULL)));
	if (r < 0) {
		t->session = NULL;
		return library_failed(t, "init", r, err);
	}
	r = g->certificate_allocate_credentials(&t->credentials);
	if (r < 0) {
		t->credentials = NULL;
		return library_failed(t, "credentials", r, err);
	}
	r = set_priorities(t);
	if (r < 0)
		return library_failed(t, "priorities", r, err);
	r = g->credentials_set(
	    t->session, GNUTLS_CRD_CERTIFICATE, t->credentials);
	if (r < 0)
		return library_failed(t, "credentials", r, err);
	r = set_server_name(t);
	if (r < 0)
		return library_failed(t, t->policy.name, r, err);
	g->transport_set_ptr(t->session, t);
	g->transport_set_vec_push_function(t->session, push);
	g->transport_set_pull_function(t->session, pull);
	g->transport_set_pull_timeout_function(t->session, pull_ready);
	t->base.resuming = tls_ticket_offer(&t->ticket, g, t->session);
	return t->policy.keys == NULL
	    ? 0
	    : tls_show_begin(&t->showing, t->session, t->credentials, err);
}

static int
answered_in_clear(struct tls *t, struct error *err)
{
	struct error ignored;
	ssize_t r;

	/* GnuTLS has stopped after the length of a record. */
	r = t->failed || t->ended
	    ? 0
	    : t->below->ops->recv(t->below, t->seen + t->seen_len,
		  sizeof(t->seen) - t->seen_len, &ignored);
	if (r > 0)
		t->seen_len += (size_t)r;
	t->base.in_clear = true;
	return tls_clear_error(&t->policy, t->seen, t->seen_len, err);
}

/* What a failing call of the library means to the caller. */
static int
broken(struct tls *t, int r, struct error *err)
{
	if (t->failed) {
		*err = t->below_error;
		return -1;
	}
	t->broken = !t->ended || r == GNUTLS_E_FATAL_ALERT_RECEIVED;
	if (r == GNUTLS_E_FATAL_ALERT_RECEIVED)
		return tls_show_alerted(
		    &t->showing, &t->gnutls, t->session, err);
	if (t->ended || r == GNUTLS_E_SESSION_EOF ||
	    r == GNUTLS_E_PREMATURE_TERMINATION)
		return error_set(err, EX_TEMPFAIL,
		    "the connection was closed%s",
		    t->established ? " without close_notify" : "");
	return error_set(err, EX_NOPERM, "TLS: %s", t->gnutls.strerror(r));
}

/* What was agreed on. */
static void
describe(struct tls *t)
{
	const struct gnutls *g = &t->gnutls;
	const char *version, *cipher;

	version = g->protocol_get_name(g->protocol_get_version(t->session));
	cipher = g->cipher_get_name(g->cipher_get(t->session));
	snprintf(t->info.version, sizeof(t->info.version), "%s",
	    version != NULL ? version : "");
	snprintf(t->info.cipher, sizeof(t->info.cipher), "%s",
	    cipher != NULL ? cipher : "");
}

/* Whatever the verdict was. */
static void
read_details(struct tls *t, int verdict, const struct error *why)
{
	t->details = memory_alloc(sizeof(*t->details));
	tls_details_read(t->details, &t->gnutls, t->session);
	if (verdict < 0)
		t->details->verdict = *why;
	t->info.details = t->details;
}

/* The server was judged within the handshake, and may see nothing of ours. */
static int
found_wrong(struct tls *t, struct error *err)
{
	*err = t->verdict;
	if (t->policy.look) {
		describe(t);
		read_details(t, -1, err);
		t->base.tls = &t->info;
	}
	return -1;
}

static int
handshake_failed(struct tls *t, int r, struct error *err)
{
	if (tls_is_clear(t->seen, t->seen_len))
		return answered_in_clear(t, err);
	if (!t->failed && !t->ended)
		t->gnutls.alert_send_appropriate(t->session, r);
	if (t->showing.judged && !t->showing.trusted)
		return found_wrong(t, err);
	broken(t, r, err);
	tls_policy_hint(&t->policy, r,
	    r == GNUTLS_E_FATAL_ALERT_RECEIVED
		? (int)t->gnutls.alert_get(t->session)
		: -1,
	    err);
	return error_context(err, "TLS handshake with %s", t->policy.name);
}

/* Whether a call that returned r is to be made again at once: GnuTLS says
 * AGAIN after a session ticket too, when there may be more to read. */
static bool
call_again(const struct tls *t, ssize_t r, int *rounds)
{
	return r < 0 && !t->blocked && ++*rounds < IDLE_RECORDS_MAX &&
	    !t->gnutls.error_is_fatal((int)r);
}

static int
handshake(struct tls *t, struct error *err)
{
	int r, rounds = 0;

	t->blocked = false;
	do
		r = t->gnutls.handshake(t->session);
	while (call_again(t, r, &rounds));
	if (r < 0 && t->blocked && !t->gnutls.error_is_fatal(r))
		return TRANSPORT_AGAIN;
	return r < 0 ? handshake_failed(t, r, err) : 0;
}

static int
verify(struct tls *t, struct error *err)
{
	const struct gnutls *g = &t->gnutls;
	bool right;
	int r;

	t->base.resuming = false;
	t->info.resumed =
	    tls_ticket_resumed(&t->ticket, g, t->session, &t->info);
	right = t->showing.judged ? t->showing.trusted
				  : t->info.resumed || judge(t);
	r = right ? 0 : -1;
	if (!right)
		*err = t->verdict;
	describe(t);
	tls_binding_read(&t->info, g, t->session);
	if (t->policy.look)
		read_details(t, r, err);
	else if (r < 0 && !t->policy.optional) {
		g->alert_send(
		    t->session, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
		return -1;
	}
	t->info.expires =
	    t->policy.note_expiry ? tls_expires(g, t->session) : -1;
	if (r < 0)
		snprintf(t->info.unverified, sizeof(t->info.unverified), "%s",
		    err->text);
	t->base.tls = &t->info;
	t->established = true;
	return 0;
}

static int
tls_open(struct transport *base, struct error *err)
{
	struct tls *t = (struct tls *)base;
	int r = 0;

	if (t->established)
		return 0;
	if (!t->below_open) {
		r = t->below->ops->open(t->below, err);
		if (r == TRANSPORT_ERROR)
			return r;
		t->below_open = r == 0;
		t->base.peer = t->below->peer;
		if (r == 0)
			t->base.below_us = clock_monotonic_us();
	}
	/* The library is opened while the connection is on its way. */
	if (t->gnutls.init == NULL && gnutls_open(&t->gnutls, err) < 0)
		return TRANSPORT_ERROR;
	if (r == 0 && t->session == NULL && start_session(t, err) < 0)
		return TRANSPORT_ERROR;
	if (r == 0)
		r = handshake(t, err);
	return r == 0 ? verify(t, err) : r;
}

static ssize_t
tls_send(
    struct transport *base, const struct iovec *iov, int n, struct error *err)
{
	struct tls *t = (struct tls *)base;
	const void *data = NULL;
	size_t len = 0;
	ssize_t r;
	int rounds = 0;

	/* A record that was begun holds the first of these bytes already;
	 * GnuTLS is told to go on with it by being given none. */
	if (!t->record_begun) {
		while (n > 0 && iov->iov_len == 0)
			iov++, n--;
		if (n == 0)
			return 0;
		data = iov->iov_base;
		len = iov->iov_len < RECORD_MAX ? iov->iov_len : RECORD_MAX;
	}
	t->blocked = false;
	do {
		r = t->gnutls.record_send(t->session, data, len);
		data = NULL;
		len = 0;
	} while (call_again(t, r, &rounds));
	t->record_begun =
	    r < 0 && t->blocked && !t->gnutls.error_is_fatal((int)r);
	if (t->record_begun)
		return TRANSPORT_AGAIN;
	return r < 0 ? broken(t, (int)r, err) : r;
}

static ssize_t
tls_recv(struct transport *base, void *buf, size_t n, struct error *err)
{
	struct tls *t = (struct tls *)base;
	ssize_t r;
	int rounds = 0;

	t->blocked = false;
	/* A request to renegotiate (TLS 1.2) is passed over, as RFC 5246
	 * 7.4.1.1 allows. */
	do
		r = t->gnutls.record_recv(t->session, buf, n);
	while (call_again(t, r, &rounds));
	t->heard |= r > 0;
	if (r < 0 && t->blocked && !t->gnutls.error_is_fatal((int)r))
		return TRANSPORT_AGAIN;
	return r < 0 ? broken(t, (int)r, err) : r;
}

static short
tls_wants(const struct transport *base, int *fd)
{
	const struct tls *t = (const struct tls *)base;

	return t->below->ops->wants(t->below, fd);
}

static void
tls_free(struct transport *base)
{
	struct tls *t = (struct tls *)base;

	if (t->session != NULL) {
		if (t->heard && !t->broken)
			tls_ticket_keep(&t->ticket, &t->gnutls, t->session,
			    t->policy.tickets, &t->info, time(NULL));
		/* One attempt at close_notify; nobody waits for an answer. */
		if (t->established && !t->failed && !t->ended)
			t->gnutls.bye(t->session, GNUTLS_SHUT_WR);
		t->gnutls.deinit(t->session);
	}
	tls_ticket_clear(&t->ticket);
	if (t->credentials != NULL)
		t->gnutls.certificate_free_credentials(t->credentials);
	t->below->given_up = base->given_up;
	if (t->details != NULL)
		arena_clear(&t->details->arena);
	free(t->details);
	transport_free(t->below);
	tls_policy_clear(&t->policy);
	free(t);
}

struct transport *
tls_new(struct transport *below, const struct tls_policy *policy)
{
	static const struct transport_ops ops = {
	    .name = "tls",
	    .open = tls_open,
	    .send = tls_send,
	    .recv = tls_recv,
	    .wants = tls_wants,
	    .free = tls_free,
	};
	struct tls *t = memory_alloc(sizeof(*t));

	t->base.ops = &ops;
	t->base.peer = below->peer;
	t->below = below;
	tls_policy_copy(&t->policy, policy);
	if (policy->look)
		t->policy.tickets = NULL;
	t->showing = (struct tls_showing){
	    .keys = policy->keys,
	    .judge = judge,
	    .arg = t,
	    .go_on = policy->optional || policy->look,
	    .own = &t->info.own,
	};
	return &t->base;
}
