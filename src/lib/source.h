/*
 * source: bytes that are read in pieces, such as a message on its way out.
 *
 * Whoever makes a source defines a struct whose first member is `struct
 * source` and sets the operations.  A source is read once.
 */
#ifndef LIB_SOURCE_H
#define LIB_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/error.h"

enum {
	SOURCE_ERROR = -1, /* *err is set; the source must not be read again */
	SOURCE_AGAIN = -2, /* nothing there yet: wait until fd is readable */
};

struct source;

struct source_ops {
	/* Up to n bytes into buf: their number, 0 at the end, or one of the
	 * above.  n is at least 1. */
	ssize_t (*read)(struct source *, char *buf, size_t n, struct error *);
	void (*free)(struct source *);
};

struct source {
	const struct source_ops *ops;
	int fd; /* what to wait for after SOURCE_AGAIN, -1 if never */
};

static inline ssize_t
source_read(struct source *s, char *buf, size_t n, struct error *err)
{
	return s->ops->read(s, buf, n, err);
}

static inline void
source_free(struct source *s)
{
	if (s != NULL)
		s->ops->free(s);
}

/* The n bytes at data, which the caller keeps until the source is freed. */
struct source *source_from_bytes(const void *data, size_t n);
/* Whether it is such a source: then *bytes and *n are what is left of it, and
 * need not be read. */
bool source_in_memory(const struct source *, const char **bytes, size_t *n);

#endif
