#include "lib/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"

static int
failed(const char *name, struct error *err)
{
	return error_set(
	    err, EX_NOINPUT, "cannot read %s: %s", name, strerror(errno));
}

int
patience_interrupted(
    const struct patience *p, const char *name, struct error *err)
{
	if (p->stop == NULL || *p->stop == 0)
		return 0;
	return error_set(
	    err, EX_TEMPFAIL, "interrupted while reading %s", name);
}

/* How long poll may wait, in ms; -2: the deadline is past. */
static int
limit_ms(const struct patience *p)
{
	int64_t left;

	if (p->deadline_us == 0)
		return -1;
	left = (p->deadline_us - clock_monotonic_us() + 999) / 1000;
	if (left <= 0)
		return -2;
	return left < INT_MAX ? (int)left : INT_MAX;
}

int
patience_wait(
    const struct patience *p, int fd, const char *name, struct error *err)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	int ms, r;

	do {
		if (patience_interrupted(p, name, err) == -1)
			return -1;
		ms = limit_ms(p);
		r = ms == -2 ? 0 : poll(&ready, 1, ms);
	} while (r == -1 && errno == EINTR);
	if (r == -1)
		return failed(name, err);
	if (r == 0)
		return error_set(err, EX_TEMPFAIL,
		    "%s: nothing came within the deadline", name);
	return 0;
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
		return error_set(
		    err, EX_NOINPUT, "%s: %s", name, strerror(errno));
	return fd;
}
