/* A program's standard input and output; a descriptor that is open. */
#include "transport/pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"
#include "lib/memory.h"
#include "transport/endpoint.h"
#include "transport/socket.h"

struct program {
	struct socket socket;
	char *command;
	pid_t pid;
	bool group; /* it leads one */
};

enum { MOMENT_US = 100 * 1000 };

struct descriptor {
	struct socket socket;
	int flags; /* to be put back, -1: unchanged */
	bool opened;
};

static int
program_open(struct transport *t, struct error *err)
{
	struct program *p = (struct program *)t;
	struct child_params child = {0};
	int pair[2], error;

	if (p->socket.fd >= 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(
		    err, EX_OSERR, "socketpair: %s", strerror(errno));
	child.in = child.out = pair[1];
	child.group = p->group = !child_may_ask();
	error = child_spawn_shell(&child, p->command, &p->pid);
	close(pair[1]);
	if (error != 0) {
		close(pair[0]);
		p->pid = -1;
		return error_set(err, EX_OSERR,
		    "the shell for it cannot be started: %s", strerror(error));
	}
	p->socket.fd = pair[0];
	t->peer.local = true;
	return 0;
}

static void
program_free(struct transport *t)
{
	struct program *p = (struct program *)t;
	const struct wait_limits moment = {
	    .deadline_us = clock_monotonic_us() + MOMENT_US};

	socket_close(&p->socket);
	if (p->pid > 0 && t->given_up) {
		/* It may have seen the end of its input. */
		(void)child_await(p->pid, &moment);
		child_end(p->pid, p->group);
	} else if (p->pid > 0) {
		waitpid(p->pid, NULL, WNOHANG);
	}
	free(p->command);
	free(p);
}

struct transport *
pipe_new(const char *command)
{
	static const struct transport_ops ops = {
	    .name = "pipe",
	    .open = program_open,
	    .send = socket_send,
	    .recv = socket_recv,
	    .wants = socket_wants,
	    .free = program_free,
	};
	struct program *p = memory_alloc(sizeof(*p));

	p->socket.base.ops = &ops;
	p->socket.fd = -1;
	p->pid = -1;
	p->command = memory_strdup(command);
	return &p->socket.base;
}

/* A TCP connection that somebody else made may well lead elsewhere. */
static void
fill_peer(struct descriptor *d)
{
	struct transport_peer *peer = &d->socket.base.peer;
	struct endpoint a = {.len = sizeof(a.v6)};

	peer->local = true;
	if (getpeername(d->socket.fd, &a.any, &a.len) < 0 ||
	    (a.any.sa_family != AF_INET && a.any.sa_family != AF_INET6))
		return;
	endpoint_text(&a, peer->address);
	peer->port = (uint16_t)endpoint_port(&a);
	peer->local = peer->untapped = endpoint_is_loopback(&a);
	a.len = sizeof(a.v6);
	if (getsockname(d->socket.fd, &a.any, &a.len) == 0)
		endpoint_text(&a, peer->local_address);
}

static int
descriptor_open(struct transport *t, struct error *err)
{
	struct descriptor *d = (struct descriptor *)t;
	struct stat st;
	int flags;

	if (d->opened)
		return 0;
	flags = fcntl(d->socket.fd, F_GETFL);
	if (flags < 0 || fstat(d->socket.fd, &st) < 0)
		return error_set(err, EX_OSERR, "descriptor %d: %s",
		    d->socket.fd, strerror(errno));
	if ((flags & O_ACCMODE) != O_RDWR)
		return error_set(err, EX_USAGE,
		    "descriptor %d: not open for reading and writing",
		    d->socket.fd);
	fcntl(d->socket.fd, F_SETFD, FD_CLOEXEC);
	d->socket.is_file = !S_ISSOCK(st.st_mode);
	if (d->socket.is_file && (flags & O_NONBLOCK) == 0) {
		if (fcntl(d->socket.fd, F_SETFL, flags | O_NONBLOCK) < 0)
			return error_set(err, EX_OSERR, "descriptor %d: %s",
			    d->socket.fd, strerror(errno));
		d->flags = flags;
	}
	d->opened = true;
	fill_peer(d);
	return 0;
}

static void
descriptor_free(struct transport *t)
{
	struct descriptor *d = (struct descriptor *)t;

	/* Whoever gave us the descriptor may share its flags. */
	if (d->flags >= 0)
		fcntl(d->socket.fd, F_SETFL, d->flags);
	socket_close(&d->socket);
	free(d);
}

struct transport *
descriptor_new(int fd)
{
	static const struct transport_ops ops = {
	    .name = "fd",
	    .open = descriptor_open,
	    .send = socket_send,
	    .recv = socket_recv,
	    .wants = socket_wants,
	    .free = descriptor_free,
	};
	struct descriptor *d = memory_alloc(sizeof(*d));

	d->socket.base.ops = &ops;
	d->socket.fd = fd;
	d->flags = -1;
	return &d->socket.base;
}
