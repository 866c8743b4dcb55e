#include "transport/tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/memory.h"
#include "transport/socket.h"

enum {
	ATTEMPT_DELAY_MS = 250, /* RFC 8305 5 */
	NAMED_FAILURES = 4,	/* attempts that an error names one by one */
};

/* One endpoint on the list of those to be tried. */
struct candidate {
	struct endpoint *to;
	int fd; /* connecting, else -1 */
};

struct tcp {
	struct socket socket; /* connected when its fd is >= 0 */
	char *host;
	const struct interface *from; /* NULL: any */
	struct candidate *candidates;
	unsigned count, next; /* next: the first not begun */
	unsigned connecting;
	int epoll, timer; /* -1 until there is something to wait for */
	bool heard;	  /* something, and nothing was sent since */
};

/* RFC 8305 4: families take turns, beginning with that of the first. */
static void
interleave(struct tcp *t, struct endpoint *const *in, unsigned n)
{
	unsigned same = 0, other = 0;

	for (t->count = 0; t->count < n; t->count++) {
		bool turn = t->count % 2 == 0;
		unsigned *at = turn ? &same : &other;

		for (int tries = 0; tries < 2; tries++) {
			while (*at < n &&
			    (in[*at]->any.sa_family == in[0]->any.sa_family) !=
				turn)
				(*at)++;
			if (*at < n)
				break;
			turn = !turn;
			at = turn ? &same : &other;
		}
		t->candidates[t->count] = (struct candidate){in[(*at)++], -1};
	}
}

static void
candidate_name(const struct candidate *c, struct buf *out)
{
	char text[64];

	endpoint_text(c->to, text);
	buf_printf(out, strchr(text, ':') != NULL ? "[%s]:%u" : "%s:%u", text,
	    endpoint_port(c->to));
}

/* Every attempt has failed: says where and why. */
static int
all_failed(const struct tcp *t, struct error *err)
{
	struct buf text = BUF_WITH_MAX(sizeof(err->text));
	char numeric[64];

	endpoint_text(t->candidates[0].to, numeric);
	if (t->count == 1) {
		candidate_name(&t->candidates[0], &text);
		if (strcmp(numeric, t->host) == 0)
			error_set(err, EX_TEMPFAIL, "%s: %s", buf_string(&text),
			    strerror(t->candidates[0].to->error));
		else
			error_set(err, EX_TEMPFAIL, "%s (%s): %s", t->host,
			    buf_string(&text),
			    strerror(t->candidates[0].to->error));
		buf_clear(&text);
		return -1;
	}
	for (unsigned i = 0; i < t->count && i < NAMED_FAILURES; i++) {
		buf_puts(&text, i == 0 ? "" : ", ");
		candidate_name(&t->candidates[i], &text);
		buf_printf(&text, ": %s", strerror(t->candidates[i].to->error));
	}
	if (t->count > NAMED_FAILURES)
		buf_printf(&text, ", and %u more", t->count - NAMED_FAILURES);
	error_set(err, EX_TEMPFAIL, "%s: %s", t->host, buf_string(&text));
	buf_clear(&text);
	return -1;
}

static void
candidate_close(struct tcp *t, struct candidate *c)
{
	if (c->fd < 0)
		return;
	close(c->fd);
	c->fd = -1;
	t->connecting--;
}

/* Losers and what was waited on. */
static void
end_race(struct tcp *t)
{
	for (unsigned i = 0; i < t->count; i++)
		candidate_close(t, &t->candidates[i]);
	if (t->timer >= 0)
		close(t->timer);
	if (t->epoll >= 0)
		close(t->epoll);
	t->timer = t->epoll = -1;
}

static int
system_error(struct tcp *t, const char *what, struct error *err)
{
	return error_set(
	    err, EX_OSERR, "%s: %s: %s", t->host, what, strerror(errno));
}

static int
watch(struct tcp *t, int fd, uint32_t events, struct error *err)
{
	struct epoll_event ev = {.events = events, .data.fd = fd};

	if (t->epoll < 0)
		t->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (t->epoll < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &ev) < 0)
		return system_error(t, "epoll", err);
	return 0;
}

/* Has epoll wake up when it is time for the next attempt. */
static int
set_timer(struct tcp *t, struct error *err)
{
	const struct itimerspec delay = {
	    .it_value.tv_nsec = ATTEMPT_DELAY_MS * 1000000L};

	if (t->timer < 0) {
		t->timer =
		    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
		if (t->timer < 0)
			return system_error(t, "timer", err);
		if (watch(t, t->timer, EPOLLIN, err) < 0)
			return -1;
	}
	/* Setting it also makes it unreadable again. */
	if (timerfd_settime(t->timer, 0, &delay, NULL) < 0)
		return system_error(t, "timer", err);
	return 0;
}

static void
connected(struct tcp *t, struct candidate *c)
{
	struct transport_peer *peer = &t->socket.base.peer;
	struct endpoint own = {.len = sizeof(own.v6)};
	const int one = 1;

	t->socket.fd = c->fd;
	c->fd = -1;
	t->connecting--;
	/* One write per flight; Nagle would hold the second one back. */
	setsockopt(t->socket.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->to->connected = true;
	endpoint_text(c->to, peer->address);
	peer->port = (uint16_t)endpoint_port(c->to);
	peer->local = peer->untapped = endpoint_is_loopback(c->to);
	if (getsockname(t->socket.fd, &own.any, &own.len) == 0) {
		endpoint_text(&own, peer->local_address);
		peer->local_port = (uint16_t)endpoint_port(&own);
	}
	end_race(t);
}

/* One endpoint needs no epoll. */
static bool
is_sole(const struct tcp *t)
{
	return t->count == 1;
}

/* 1: connected, 0: on its way or failed (to->error), -1: our own trouble. */
static int
attempt(struct tcp *t, struct candidate *c, struct error *err)
{
	int family = c->to->any.sa_family, r;

	c->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0) {
		c->to->error = errno;
		return socket_status(errno) == EX_OSERR
		    ? system_error(t, "socket", err)
		    : 0;
	}
	t->connecting++;
	r = t->from != NULL ? interface_bind(t->from, c->fd, family, err) : 0;
	if (r < 0)
		return -1;
	if (r > 0) {
		c->to->error = r;
	} else if (connect(c->fd, &c->to->any, c->to->len) == 0) {
		connected(t, c);
		return 1;
	} else if (errno == EINPROGRESS || errno == EINTR) {
		return is_sole(t) ? 0 : watch(t, c->fd, EPOLLOUT, err);
	} else {
		c->to->error = errno;
	}
	candidate_close(t, c);
	return 0;
}

/* Starts attempts until one is on its way; results as attempt(). */
static int
next_attempt(struct tcp *t, struct error *err)
{
	while (t->next < t->count) {
		struct candidate *c = &t->candidates[t->next++];
		int r = attempt(t, c, err);

		if (r != 0)
			return r;
		if (c->fd >= 0)
			return t->next < t->count ? set_timer(t, err) : 0;
	}
	return 0;
}

/* What became of one attempt; results as attempt(). */
static int
outcome(struct tcp *t, struct candidate *c, struct error *err)
{
	int *error = &c->to->error;
	socklen_t len = sizeof(*error);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, error, &len) < 0)
		*error = errno;
	if (*error == 0) {
		connected(t, c);
		return 1;
	}
	candidate_close(t, c);
	return next_attempt(t, err);
}

static int
event(struct tcp *t, int fd, struct error *err)
{
	uint64_t expired;

	if (fd == t->timer) {
		if (read(fd, &expired, sizeof(expired)) < 0)
			return 0;
		return next_attempt(t, err);
	}
	for (unsigned i = 0; i < t->count; i++)
		if (t->candidates[i].fd == fd)
			return outcome(t, &t->candidates[i], err);
	return 0;
}

static int
race(struct tcp *t, struct error *err)
{
	struct pollfd sole = {.fd = t->candidates[0].fd, .events = POLLOUT};
	struct epoll_event ev[ENDPOINTS_MAX + 1];
	int n;

	if (is_sole(t))
		return poll(&sole, 1, 0) > 0
		    ? outcome(t, &t->candidates[0], err)
		    : 0;
	n = epoll_wait(t->epoll, ev, ENDPOINTS_MAX + 1, 0);
	if (n < 0 && errno != EINTR)
		return system_error(t, "epoll", err);
	for (int i = 0; i < n; i++) {
		int r = event(t, ev[i].data.fd, err);

		if (r != 0)
			return r;
	}
	return 0;
}

static int
tcp_open(struct transport *base, struct error *err)
{
	struct tcp *t = (struct tcp *)base;
	int r;

	if (t->socket.fd >= 0)
		return 0;
	r = t->next == 0 ? next_attempt(t, err) : race(t, err);
	if (r > 0)
		return 0;
	if (r == 0 && t->connecting > 0)
		return TRANSPORT_AGAIN;
	if (r == 0)
		all_failed(t, err);
	end_race(t);
	return TRANSPORT_ERROR;
}

static ssize_t
tcp_send(
    struct transport *base, const struct iovec *iov, int n, struct error *err)
{
	struct tcp *t = (struct tcp *)base;
	ssize_t r = socket_send(base, iov, n, err);

	/* What goes out acknowledges what came. */
	if (r > 0)
		t->heard = false;
	return r;
}

/* A server that writes reply by reply has its second write kept back by its
 * Nagle until we acknowledge the first, which a kernel left to itself does
 * 40 ms later.  It is told when more is waited for. */
static ssize_t
tcp_recv(struct transport *base, void *buf, size_t n, struct error *err)
{
	struct tcp *t = (struct tcp *)base;
	ssize_t r = socket_recv(base, buf, n, err);
	const int one = 1;

	if (r > 0) {
		t->heard = true;
	} else if (r == TRANSPORT_AGAIN && t->heard) {
		setsockopt(
		    t->socket.fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
		t->heard = false;
	}
	return r;
}

static short
tcp_wants(const struct transport *base, int *fd)
{
	const struct tcp *t = (const struct tcp *)base;

	if (t->socket.fd >= 0)
		return socket_wants(base, fd);
	if (is_sole(t)) {
		*fd = t->candidates[0].fd;
		return POLLOUT;
	}
	*fd = t->epoll;
	return POLLIN;
}

static void
tcp_free(struct transport *base)
{
	struct tcp *t = (struct tcp *)base;

	end_race(t);
	socket_close(&t->socket);
	free(t->candidates);
	free(t->host);
	free(t);
}

static const struct transport_ops tcp_ops = {
    .name = "tcp",
    .open = tcp_open,
    .send = tcp_send,
    .recv = tcp_recv,
    .wants = tcp_wants,
    .free = tcp_free,
};

struct transport *
tcp_new(const struct tcp_params *p)
{
	struct tcp *t = memory_alloc(sizeof(*t));
	struct endpoint *untried[ENDPOINTS_MAX];
	unsigned n = 0;

	t->socket.base.ops = &tcp_ops;
	t->socket.fd = t->epoll = t->timer = -1;
	t->host = memory_strdup(p->host);
	t->from = p->from;
	for (unsigned i = 0; i < p->count; i++)
		if (!p->endpoints[i].connected) {
			p->endpoints[i].error = 0;
			untried[n++] = &p->endpoints[i];
		}
	t->candidates = memory_alloc(n * sizeof(*t->candidates));
	interleave(t, untried, n);
	return &t->socket.base;
}
