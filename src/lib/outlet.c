#include "lib/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int
open_again(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

void
outlet_begin(struct outlet *o, int fd)
{
	struct stat st;

	*o = (struct outlet){.fd = fd, .again = -1};
	if (fstat(fd, &st) == -1)
		return;
	o->is_socket = S_ISSOCK(st.st_mode);
	o->may_block = S_ISFIFO(st.st_mode) || isatty(fd);
	if (o->may_block)
		o->again = open_again(fd);
}

void
outlet_end(struct outlet *o)
{
	if (o->again != -1)
		close(o->again);
	o->again = -1;
	buf_clear(&o->waiting);
	o->sent = 0;
}

/* The number of bytes written; -1 with EAGAIN when that would block. */
static ssize_t
write_some(const struct outlet *o, const char *bytes, size_t n)
{
	struct pollfd ready = {.fd = o->fd, .events = POLLOUT};

	if (o->is_socket)
		return send(o->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (o->again != -1)
		return write(o->again, bytes, n);
	if (!o->may_block)
		return write(o->fd, bytes, n);
	/* A pipe that is ready takes so much without a wait. */
	if (poll(&ready, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(o->fd, bytes, n < PIPE_BUF ? n : PIPE_BUF);
}

bool
outlet_is_behind(const struct outlet *o)
{
	return o->sent < o->waiting.len;
}

void
outlet_drop(struct outlet *o)
{
	buf_reset(&o->waiting);
	o->sent = 0;
}

/* As much as can be written without a wait. */
static int
flush(struct outlet *o)
{
	ssize_t n;

	while (o->error == 0 && outlet_is_behind(o)) {
		n = write_some(
		    o, o->waiting.data + o->sent, o->waiting.len - o->sent);
		if (n >= 0)
			o->sent += (size_t)n;
		else if (errno == EAGAIN)
			return 0;
		else if (errno != EINTR)
			o->error = errno;
	}
	outlet_drop(o);
	errno = o->error;
	return o->error == 0 ? 0 : -1;
}

int
outlet_put(struct outlet *o, const char *bytes, size_t n)
{
	/* What was written is not kept for ever beside what was not. */
	if (o->sent > o->waiting.len / 2) {
		buf_consume(&o->waiting, o->sent);
		o->sent = 0;
	}
	buf_append(&o->waiting, bytes, n);
	return flush(o);
}

/* Where something is missing it is said, as soon as there is room. */
static void
tell_dropped(struct outlet *o)
{
	if (o->dropped == 0)
		return;
	buf_printf(&o->waiting,
	    "smtpsend: %llu bytes are missing here, since nobody read them\n",
	    (unsigned long long)o->dropped);
	o->dropped = 0;
}

int
outlet_offer(struct outlet *o, const char *bytes, size_t n)
{
	if (flush(o) == -1)
		return -1;
	if (o->waiting.len - o->sent + n > OUTLET_WAITING_MAX) {
		o->dropped += n;
		return 0;
	}
	tell_dropped(o);
	return outlet_put(o, bytes, n);
}

int
outlet_finish(struct outlet *const *list, size_t count,
    const struct wait_limits *p, const char *name, struct error *err)
{
	struct pollfd fds[OUTLETS_MAX];
	nfds_t n;
	size_t i;

	for (;;) {
		for (i = n = 0; i < count; i++) {
			if (flush(list[i]) == -1)
				continue;
			tell_dropped(list[i]);
			if (outlet_is_behind(list[i]))
				fds[n++] = (struct pollfd){.events = POLLOUT,
				    .fd = list[i]->again != -1 ? list[i]->again
							       : list[i]->fd};
		}
		if (n == 0)
			return 0;
		if (wait_writable(p, fds, n, name, err) == -1)
			return -1;
	}
}
