/* A stream socket in the file system. */
#include "transport/pipe.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/memory.h"
#include "transport/socket.h"

enum { RETRY_MS = 20 };

struct local {
	struct socket socket;
	char *path;
	bool connected;
	int timer; /* runs while the server's queue is full, else -1 */
};

/* A full queue is EAGAIN, and nothing can be polled for its end. */
static int
wait_for_room(struct local *l, struct error *err)
{
	const struct itimerspec delay = {
	    .it_value.tv_nsec = RETRY_MS * 1000000L};

	if (l->timer < 0)
		l->timer =
		    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (l->timer < 0 || timerfd_settime(l->timer, 0, &delay, NULL) < 0)
		return error_set(
		    err, EX_OSERR, "%s: timer: %s", l->path, strerror(errno));
	return TRANSPORT_AGAIN;
}

static int
unix_open(struct transport *t, struct error *err)
{
	struct local *l = (struct local *)t;
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = strlen(l->path);
	int r;

	if (l->connected)
		return 0;
	if (len >= sizeof(sun.sun_path))
		return error_set(err, EX_USAGE,
		    "%s: a socket's path has at most %zu bytes", l->path,
		    sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, l->path, len);
	if (l->socket.fd < 0)
		l->socket.fd = socket(
		    AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->socket.fd < 0)
		return error_set(err, EX_OSERR, "socket: %s", strerror(errno));
	do
		r = connect(l->socket.fd, (struct sockaddr *)&sun, sizeof(sun));
	while (r < 0 && errno == EINTR);
	if (r < 0 && errno == EAGAIN)
		return wait_for_room(l, err);
	if (r < 0)
		return error_set(err, socket_status(errno), "%s: %s", l->path,
		    strerror(errno));
	l->connected = true;
	t->peer.local = t->peer.untapped = true;
	snprintf(t->peer.address, sizeof(t->peer.address), "%.*s",
	    (int)sizeof(t->peer.address) - 1, l->path);
	return 0;
}

static short
unix_wants(const struct transport *t, int *fd)
{
	const struct local *l = (const struct local *)t;

	if (l->connected)
		return socket_wants(t, fd);
	*fd = l->timer;
	return POLLIN;
}

static void
unix_free(struct transport *t)
{
	struct local *l = (struct local *)t;

	socket_close(&l->socket);
	if (l->timer >= 0)
		close(l->timer);
	free(l->path);
	free(l);
}

struct transport *
unix_new(const char *path)
{
	static const struct transport_ops ops = {
	    .name = "unix",
	    .open = unix_open,
	    .send = socket_send,
	    .recv = socket_recv,
	    .wants = unix_wants,
	    .free = unix_free,
	};
	struct local *l = memory_alloc(sizeof(*l));

	l->socket.base.ops = &ops;
	l->socket.fd = l->timer = -1;
	l->path = memory_strdup(path);
	return &l->socket.base;
}
