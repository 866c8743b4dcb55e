#include "lib/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

enum { PIECE = 16 * 1024 };

static int
failed(const char *name, struct error *err)
{
	/* The reason must not be lost behind a name without end. */
	return error_set(err, EX_NOINPUT, "cannot read %.400s%s: %s", name,
	    strlen(name) > 400 ? "..." : "", strerror(errno));
}

bool
wait_stopped(const struct wait_limits *p)
{
	const struct timespec now = {0};

	if (p->stop == NULL)
		return false;
	/* poll looks for signals only when no descriptor is ready. */
	if (p->mask != NULL)
		(void)ppoll(NULL, 0, &now, p->mask);
	return *p->stop != p->heeded;
}

static int
cancelled(const struct wait_limits *p, const char *doing, const char *name,
    struct error *err)
{
	return error_set(err, EX_SIGNAL + *p->stop,
	    "cancelled while %s %s; nothing was sent", doing, name);
}

static bool
has_passed(const struct wait_limits *p)
{
	return p->deadline_us != 0 && clock_monotonic_us() >= p->deadline_us;
}

int
wait_interrupted(
    const struct wait_limits *p, const char *name, struct error *err)
{
	if (wait_stopped(p))
		return cancelled(p, "reading", name, err);
	if (!has_passed(p))
		return 0;
	return error_set(
	    err, EX_TEMPFAIL, "%s: not read within the deadline", name);
}

enum wait_end
wait_poll(const struct wait_limits *p, struct pollfd *fds, nfds_t n)
{
	struct timespec limit = {0};
	int64_t left;
	int r;

	do {
		if (p->stop != NULL && *p->stop != p->heeded)
			return WAIT_STOPPED;
		if (p->deadline_us != 0) {
			left = p->deadline_us - clock_monotonic_us();
			if (left <= 0)
				return WAIT_LATE;
			limit.tv_sec = left / 1000000;
			limit.tv_nsec = left % 1000000 * 1000;
		}
		r = ppoll(fds, n, p->deadline_us != 0 ? &limit : NULL, p->mask);
	} while (r == -1 && errno == EINTR);
	return r > 0 ? WAIT_READY : r == 0 ? WAIT_LATE : WAIT_FAILED;
}

/* Busy descriptors keep no signal out. */
static enum wait_end
wait_for(const struct wait_limits *p, struct pollfd *fds, nfds_t n)
{
	return wait_stopped(p) ? WAIT_STOPPED : wait_poll(p, fds, n);
}

int
wait_error(const struct wait_limits *p, enum wait_end end, const char *name,
    struct error *err)
{
	if (end == WAIT_STOPPED)
		return cancelled(p, "reading", name, err);
	if (end == WAIT_LATE)
		return error_set(err, EX_TEMPFAIL,
		    "%s: nothing came within the %s", name,
		    p->timeout_ms == 0 || has_passed(p) ? "deadline"
							: "time-out");
	return failed(name, err);
}

bool
wait_is_hurried(const struct wait_limits *p, int fd)
{
	return p->timeout_ms > 0 && !isatty(fd);
}

int
wait_readable(
    const struct wait_limits *p, int fd, const char *name, struct error *err)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	struct wait_limits step = *p;
	enum wait_end end;
	int64_t limit;

	if (wait_is_hurried(p, fd)) {
		limit = clock_monotonic_us() + p->timeout_ms * 1000;
		if (p->deadline_us == 0 || limit < p->deadline_us)
			step.deadline_us = limit;
	}
	end = wait_for(&step, &ready, 1);
	/* ^C throws away what a terminal had to read: a read would block, with
	 * the signal behind it. */
	if (end == WAIT_READY && p->stop != NULL && isatty(fd) &&
	    wait_stopped(p))
		end = WAIT_STOPPED;
	return end == WAIT_READY ? 0 : wait_error(p, end, name, err);
}

int
wait_writable(const struct wait_limits *p, struct pollfd *fds, nfds_t n,
    const char *name, struct error *err)
{
	switch (wait_for(p, fds, n)) {
	case WAIT_READY:
		return 0;
	case WAIT_LATE:
		return error_set(err, EX_TEMPFAIL,
		    "%s: nobody reads it within the deadline", name);
	case WAIT_STOPPED:
		return cancelled(p, "writing to", name, err);
	default:
		return error_set(err, EX_IOERR, "cannot write to %s: %s", name,
		    strerror(errno));
	}
}

ssize_t
wait_read(const struct wait_limits *p, int fd, const char *name, void *bytes,
    size_t n, struct error *err)
{
	ssize_t r;

	for (;;) {
		if (wait_readable(p, fd, name, err) == -1)
			return -1;
		r = read(fd, bytes, n);
		if (r >= 0)
			return r;
		if (errno != EINTR && errno != EAGAIN)
			return failed(name, err);
	}
}

enum wait_end
wait_fill(const struct wait_limits *p, int fd, struct buf *out)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	enum wait_end end;
	size_t want;
	ssize_t n;

	while ((want = out->max - out->len) > 0) {
		if (want > PIECE)
			want = PIECE;
		buf_reserve(out, want);
		end = wait_poll(p, &ready, 1);
		if (end != WAIT_READY)
			return end;
		n = read(fd, out->data + out->len, want);
		if (n == 0)
			break;
		if (n == -1 && errno != EINTR && errno != EAGAIN)
			return WAIT_FAILED;
		out->len += n > 0 ? (size_t)n : 0;
		out->data[out->len] = '\0';
	}
	return WAIT_READY;
}

int
wait_read_all(const struct wait_limits *p, int fd, const char *name,
    struct buf *out, struct error *err)
{
	char bytes[PIECE];
	ssize_t n;

	while ((n = wait_read(p, fd, name, bytes, sizeof(bytes), err)) > 0)
		if (buf_append(out, bytes, (size_t)n) == -1)
			return error_set(err, EX_NOINPUT,
			    "%s: more than %zu bytes", name, out->max);
	return (int)n;
}

int
wait_open(const char *name, struct error *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1)
		return error_set(err, EX_NOINPUT, "%.400s%s: %s", name,
		    strlen(name) > 400 ? "..." : "", strerror(errno));
	return fd;
}
