#include "lib/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

static int
failed(const char *name, struct error *err)
{
	/* The reason must not be lost behind a name without end. */
	return error_set(err, EX_NOINPUT, "cannot read %.400s%s: %s", name,
	    strlen(name) > 400 ? "..." : "", strerror(errno));
}

/* Lets signals in that wait. */
static bool
interrupted(const struct patience *p)
{
	const struct timespec now = {0};

	if (p->stop == NULL)
		return false;
	/* poll looks for signals only when no descriptor is ready. */
	if (p->mask != NULL)
		(void)ppoll(NULL, 0, &now, p->mask);
	return *p->stop != 0;
}

static int
cancelled(const struct patience *p, const char *doing, const char *name,
    struct error *err)
{
	return error_set(err, EX_SIGNAL + *p->stop,
	    "cancelled while %s %s; nothing was sent", doing, name);
}

int
patience_interrupted(
    const struct patience *p, const char *name, struct error *err)
{
	if (interrupted(p))
		return cancelled(p, "reading", name, err);
	if (p->deadline_us == 0 || clock_monotonic_us() < p->deadline_us)
		return 0;
	return error_set(
	    err, EX_TEMPFAIL, "%s: not read within the deadline", name);
}

enum { READY = 1, LATE = 0, FAILED = -1, STOPPED = -2 };

static int
wait_for(const struct patience *p, struct pollfd *fds, nfds_t n)
{
	struct timespec limit = {0};
	int64_t left;
	int r;

	do {
		if (interrupted(p))
			return STOPPED;
		left = p->deadline_us - clock_monotonic_us();
		if (left > 0) {
			limit.tv_sec = left / 1000000;
			limit.tv_nsec = left % 1000000 * 1000;
		}
		r = p->deadline_us != 0 && left <= 0
		    ? 0
		    : ppoll(
			  fds, n, p->deadline_us != 0 ? &limit : NULL, p->mask);
	} while (r == -1 && errno == EINTR);
	return r > 0 ? READY : r;
}

int
patience_wait(
    const struct patience *p, int fd, const char *name, struct error *err)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	switch (wait_for(p, &ready, 1)) {
	case READY:
		return 0;
	case LATE:
		return error_set(err, EX_TEMPFAIL,
		    "%s: nothing came within the deadline", name);
	case STOPPED:
		return cancelled(p, "reading", name, err);
	default:
		return failed(name, err);
	}
}

int
patience_wait_writable(const struct patience *p, struct pollfd *fds, nfds_t n,
    const char *name, struct error *err)
{
	switch (wait_for(p, fds, n)) {
	case READY:
		return 0;
	case LATE:
		return error_set(err, EX_TEMPFAIL,
		    "%s: nobody reads it within the deadline", name);
	case STOPPED:
		return cancelled(p, "writing to", name, err);
	default:
		return error_set(err, EX_IOERR, "cannot write to %s: %s", name,
		    strerror(errno));
	}
}

ssize_t
patience_read(const struct patience *p, int fd, const char *name, void *bytes,
    size_t n, struct error *err)
{
	ssize_t r;

	for (;;) {
		if (patience_wait(p, fd, name, err) == -1)
			return -1;
		r = read(fd, bytes, n);
		if (r >= 0)
			return r;
		if (errno != EINTR && errno != EAGAIN)
			return failed(name, err);
	}
}

int
patience_read_all(const struct patience *p, int fd, const char *name,
    struct buf *out, struct error *err)
{
	char bytes[16 * 1024];
	ssize_t n;

	while ((n = patience_read(p, fd, name, bytes, sizeof(bytes), err)) > 0)
		if (buf_append(out, bytes, (size_t)n) == -1)
			return error_set(err, EX_NOINPUT,
			    "%s: more than %zu bytes", name, out->max);
	return (int)n;
}

int
patience_open(const char *name, struct error *err)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1)
		return error_set(err, EX_NOINPUT, "%.400s%s: %s", name,
		    strlen(name) > 400 ? "..." : "", strerror(errno));
	return fd;
}
