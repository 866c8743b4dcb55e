/*
 * patience: how long to wait for what comes from outside, and what ends the
 * wait: a deadline, or a signal whose handler sets *stop.
 */
#ifndef LIB_PATIENCE_H
#define LIB_PATIENCE_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/error.h"

struct patience {
	const volatile int *stop; /* NULL: signals are not heeded */
	int64_t deadline_us;	  /* monotonic; 0: none */
	const sigset_t *mask;	  /* signals blocked during a wait, so that none
				 comes between a look at *stop and the wait;
				 NULL: as they are */
};

enum patience_end {
	PATIENCE_FAILED = -1, /* errno says why */
	PATIENCE_READY,
	PATIENCE_LATE,	  /* the deadline has passed */
	PATIENCE_STOPPED, /* *stop is set */
};

/* The one wait of all: until one of n descriptors, if any, is as its events ask,
 * the deadline has passed or a signal has come. */
enum patience_end
patience_poll(const struct patience *, struct pollfd *, nfds_t n);
/* Lets signals in that wait, without waiting itself: whether *stop is set.
 * patience_poll lets them in only when no descriptor is ready. */
bool patience_stopped(const struct patience *);
/* All there is, appended to out up to its maximum (it has one): PATIENCE_READY
 * at the end, or when out is full.  Memory that is reserved is not moved. */
enum patience_end patience_fill(const struct patience *, int fd, struct buf *);

/* Why `name`, which was to be read, gave nothing.  Returns -1 with EX_TEMPFAIL,
 * EX_SIGNAL plus the number, or EX_NOINPUT. */
int patience_error(const struct patience *, enum patience_end, const char *name,
    struct error *);

/* Between two pieces of long work.  Lets signals in that wait: 0, or -1 with
 * EX_SIGNAL plus the number when *stop is set, or EX_TEMPFAIL when the deadline
 * has passed.  `name` is what is being read, for the error. */
int
patience_interrupted(const struct patience *, const char *name, struct error *);
/* Waits until a read of fd would not block: 0, or -1 as patience_error. */
int patience_wait(
    const struct patience *, int fd, const char *name, struct error *);
/* Up to n bytes, waiting for them: their number, 0 at the end, -1. */
ssize_t patience_read(const struct patience *, int fd, const char *name,
    void *bytes, size_t n, struct error *);
/* All there is, appended to out; EX_NOINPUT when that is more than its
 * maximum.  0 or -1. */
int patience_read_all(const struct patience *, int fd, const char *name,
    struct buf *out, struct error *);
/* Waits until a write to one of n (events: POLLOUT) would not block: 0, or -1
 * with EX_TEMPFAIL, EX_SIGNAL plus the number, or EX_IOERR. */
int patience_wait_writable(const struct patience *, struct pollfd *, nfds_t n,
    const char *name, struct error *);
/* Opens a file to be read so that a FIFO without a writer does not block (the
 * wait is patience_wait's); -1 with EX_NOINPUT. */
int patience_open(const char *name, struct error *);

#endif
