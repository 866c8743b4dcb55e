#include "command/secret_draft.h"

#include <errno.h>
#include <string.h>

#include "lib/charset.h"
#include "lib/clock.h"

enum { SOURCE_LIMIT_US = 60 * 1000 * 1000 };

void
secret_draft_init(struct buf *d)
{
	*d = BUF_WITH_MAX(SECRET_MAX + 1);
	buf_reserve(d, SECRET_MAX + 1);
}

void
secret_draft_clear(struct buf *d)
{
	secret_wipe(d->data, d->cap);
	buf_clear(d);
}

int
secret_draft_finish(const struct buf *d, const struct secret_wanted *wanted,
    struct secret *out, struct error *err)
{
	/* To SASL a byte order mark is nothing in any case (RFC 4013 2.1). */
	const char *begin = d->data + charset_mark(d->data, d->len);
	const char *end = d->data + d->len;
	const char *newline = memchr(begin, '\n', (size_t)(end - begin));
	size_t n = (size_t)((newline != NULL ? newline : end) - begin);

	if (d->len > SECRET_MAX)
		return error_set(
		    err, EX_CONFIG, "more than 64 KiB are no %s", wanted->noun);
	if (n > 0 && newline != NULL && begin[n - 1] == '\r')
		n--;
	if (n == 0)
		return error_set(
		    err, EX_CONFIG, "there is no %s in it", wanted->noun);
	if (memchr(begin, '\0', n) != NULL)
		return error_set(
		    err, EX_CONFIG, "a NUL in the %s", wanted->noun);
	secret_set(out, begin, n);
	return 0;
}

int
secret_given_up(enum wait_end end, const struct wait_limits *p, int status,
    const char *what, struct error *err)
{
	if (end == WAIT_STOPPED)
		return error_set(err,
		    wait_stopped(p) ? EX_SIGNAL + *p->stop : EX_TEMPFAIL,
		    "cancelled, nothing was sent");
	if (end == WAIT_LATE)
		return error_set(err, EX_TEMPFAIL, "it took too long");
	return error_set(err, status, "%s%s", what, strerror(errno));
}

struct wait_limits
secret_limits(const struct wait_limits *p)
{
	int64_t limit_us = clock_monotonic_us() + SOURCE_LIMIT_US;
	struct wait_limits limited = *p;

	if (p->deadline_us == 0 || p->deadline_us > limit_us)
		limited.deadline_us = limit_us;
	return limited;
}
