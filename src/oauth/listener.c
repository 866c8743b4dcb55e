#include "oauth/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/secret.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum {
	BACKLOG = 64,
	VISITORS = 32, /* at a time: the oldest makes room */
	PORTS = 16,    /* that are tried for one free on both addresses */
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* A socket that listens there, or -1 with errno.  *port 0: the kernel's choice,
 * which is told. */
static int
listen_on(int family, in_port_t *port)
{
	union address a = {.any.sa_family = (sa_family_t)family};
	socklen_t len = sizeof(a);
	const int yes = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
	    error;

	if (fd == -1)
		return -1;
	if (family == AF_INET) {
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		a.v4.sin_port = *port;
		len = sizeof(a.v4);
	} else {
		a.v6.sin6_addr = in6addr_loopback;
		a.v6.sin6_port = *port;
		len = sizeof(a.v6);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	}
	if (bind(fd, &a.any, len) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, &a.any, &len) == 0) {
		*port = family == AF_INET ? a.v4.sin_port : a.v6.sin6_port;
		return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Both addresses of localhost on one port; where one of them does not exist, on
 * the other.  A browser tries either first: a port that somebody else has on one
 * of them will not do. */
static int
listen_on_both(int fds[OAUTH_LISTENER_FDS], in_port_t *port)
{
	int tries;

	for (tries = 0; tries < PORTS; tries++) {
		*port = 0;
		fds[0] = listen_on(AF_INET, port);
		fds[1] = listen_on(AF_INET6, port);
		if (fds[1] != -1)
			return 0;
		if (errno != EADDRINUSE)
			return fds[0] != -1 ? 0 : -1;
		if (fds[0] != -1)
			close(fds[0]);
		fds[0] = -1;
	}
	return -1;
}

int
oauth_listener_open(
    struct oauth_listener *l, enum oauth_redirect redirect, struct error *err)
{
	const char *host = "localhost";
	in_port_t port = 0;
	int r = 0;

	*l = (struct oauth_listener){.fds = {-1, -1}};
	if (redirect == OAUTH_REDIRECT_NAME) {
		r = listen_on_both(l->fds, &port);
	} else {
		host = "127.0.0.1";
		l->fds[0] = listen_on(AF_INET, &port);
		if (l->fds[0] == -1) {
			host = "[::1]";
			l->fds[0] = listen_on(AF_INET6, &port);
		}
		r = l->fds[0] != -1 ? 0 : -1;
	}
	if (r == -1) {
		error_set(err, EX_OSERR, "cannot listen on loopback: %s",
		    strerror(errno));
		return error_hint(err, "--login=copy needs no listener");
	}
	snprintf(
	    l->authority, sizeof(l->authority), "%s:%u", host, ntohs(port));
	oauth_redirect_make(redirect, l->authority, l->redirect);
	return 0;
}

void
oauth_listener_close(struct oauth_listener *l)
{
	size_t i;

	for (i = 0; i < LENGTH(l->fds); i++) {
		if (l->fds[i] != -1)
			close(l->fds[i]);
		l->fds[i] = -1;
	}
}

/* Who is connected.  After the answer what he still says is thrown away until he
 * closes: a socket closed with something unread takes the answer with it. */
struct visitor {
	int fd;
	bool answered;
	struct buf said;
};

struct hearing {
	struct oauth_listener *listener;
	oauth_listener_judge *judge;
	void *arg;
	struct visitor visitors[VISITORS]; /* the oldest first */
	size_t count;
	bool done;
};

/* The code may be in it. */
static void
forget(struct visitor *v)
{
	if (v->said.data != NULL)
		secret_wipe(v->said.data, v->said.len);
	buf_clear(&v->said);
}

static void
dismiss(struct visitor *v)
{
	close(v->fd);
	forget(v);
	v->fd = -1;
}

/* Those who are dismissed leave. */
static void
sweep(struct hearing *h)
{
	size_t i, n = 0;

	for (i = 0; i < h->count; i++)
		if (h->visitors[i].fd != -1)
			h->visitors[n++] = h->visitors[i];
	h->count = n;
}

static void
respond(struct visitor *v, enum oauth_request request)
{
	struct buf page = {0};

	oauth_request_respond(&page, request);
	/* It fits into the empty buffer of a new socket; who cannot be told
	 * does not matter. */
	(void)!send(v->fd, page.data, page.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(v->fd, SHUT_WR);
	v->answered = true;
	buf_clear(&page);
}

static void
judge(struct hearing *h, struct visitor *v)
{
	const char *query = NULL;
	size_t n = 0;
	enum oauth_request request = oauth_request_read(
	    v->said.data, v->said.len, h->listener->authority, &query, &n);

	if (request == OAUTH_REQUEST_MORE)
		return;
	if (request == OAUTH_REQUEST_ANSWER) {
		request = h->judge(h->arg, query, n);
		h->done = request != OAUTH_REQUEST_STRANGE;
	}
	forget(v);
	respond(v, request);
}

/* Whether he is still there. */
static bool
hear(struct hearing *h, struct visitor *v)
{
	char rest[4096];
	ssize_t n;

	if (v->answered) {
		n = recv(v->fd, rest, sizeof(rest), MSG_DONTWAIT);
	} else {
		buf_reserve(&v->said, OAUTH_REQUEST_MAX - v->said.len);
		n = recv(v->fd, v->said.data + v->said.len,
		    OAUTH_REQUEST_MAX - v->said.len, MSG_DONTWAIT);
	}
	if (n == -1)
		return errno == EAGAIN || errno == EINTR;
	if (n > 0 && !v->answered) {
		v->said.len += (size_t)n;
		v->said.data[v->said.len] = '\0';
		judge(h, v);
	}
	return n > 0;
}

/* One who came.  Only now, since where there is no descriptor the kernel says so
 * even if nobody came. */
static int
welcome(struct hearing *h, int listener, struct error *err)
{
	struct visitor new = {0};

	if (h->count == VISITORS) {
		dismiss(&h->visitors[0]);
		sweep(h);
	}
	new.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (new.fd != -1) {
		h->visitors[h->count++] = new;
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
	    errno == ENOBUFS) {
		if (h->count == 0)
			return error_set(err, EX_OSERR,
			    "cannot take a connection: %s", strerror(errno));
		dismiss(&h->visitors[0]);
		sweep(h);
	}
	return 0;
}

/* Waits for the next thing that happens, and hears it. */
static enum wait_end
hear_next(struct hearing *h, const struct wait_limits *wait, struct error *err)
{
	struct pollfd fds[OAUTH_LISTENER_FDS + VISITORS];
	struct pollfd *visits = fds + OAUTH_LISTENER_FDS;
	enum wait_end end;
	size_t i;

	for (i = 0; i < OAUTH_LISTENER_FDS; i++)
		fds[i] = (struct pollfd){
		    .fd = h->listener->fds[i], .events = POLLIN};
	for (i = 0; i < h->count; i++)
		visits[i] =
		    (struct pollfd){.fd = h->visitors[i].fd, .events = POLLIN};
	end = wait_stopped(wait)
	    ? WAIT_STOPPED
	    : wait_poll(wait, fds, OAUTH_LISTENER_FDS + h->count);
	if (end == WAIT_FAILED)
		error_set(err, EX_OSERR, "poll: %s", strerror(errno));
	if (end != WAIT_READY)
		return end;
	for (i = 0; !h->done && i < h->count; i++)
		if (visits[i].revents != 0 && !hear(h, &h->visitors[i]))
			dismiss(&h->visitors[i]);
	sweep(h);
	for (i = 0; !h->done && i < OAUTH_LISTENER_FDS; i++)
		if (fds[i].revents != 0 &&
		    welcome(h, h->listener->fds[i], err) == -1)
			return WAIT_FAILED;
	return WAIT_READY;
}

static int
nobody_came(enum wait_end end, const struct wait_limits *given,
    bool run_is_over, struct error *err)
{
	if (end == WAIT_FAILED)
		return -1;
	if (end == WAIT_STOPPED)
		return error_set(err, EX_SIGNAL + *given->stop,
		    "cancelled; nobody has signed in");
	if (run_is_over)
		return error_set(err, EX_TEMPFAIL,
		    "nobody has signed in within the deadline");
	error_set(err, EX_NOPERM, "nobody has signed in within %d minutes",
	    OAUTH_LISTENER_MINUTES);
	return error_hint(err,
	    "where the browser is on another machine, --login=copy carries the "
	    "answer");
}

int
oauth_listener_hear(struct oauth_listener *l, const struct wait_limits *given,
    oauth_listener_judge *judge_query, void *arg, struct error *err)
{
	struct hearing h = {.listener = l, .judge = judge_query, .arg = arg};
	struct wait_limits wait = *given;
	enum wait_end end = WAIT_READY;
	int64_t limit = clock_monotonic_us() +
	    (int64_t)OAUTH_LISTENER_MINUTES * 60 * 1000000;
	bool run_is_over = wait.deadline_us != 0 && wait.deadline_us < limit;
	size_t i;

	if (!run_is_over)
		wait.deadline_us = limit;
	while (!h.done && end == WAIT_READY)
		end = hear_next(&h, &wait, err);
	for (i = 0; i < h.count; i++)
		dismiss(&h.visitors[i]);
	return h.done ? 0 : nobody_came(end, given, run_is_over, err);
}
