/*
 * wait: for what comes from outside, and what ends that: a deadline, or a signal
 * whose handler sets *stop.
 */
#ifndef LIB_WAIT_H
#define LIB_WAIT_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/error.h"

struct wait_limits {
	const volatile int *stop; /* NULL: signals are not heeded */
	int64_t deadline_us;	  /* monotonic; 0: none */
	const sigset_t *mask;	  /* signals blocked during a wait, so that none
				 comes between a look at *stop and the wait;
				 NULL: as they are */
	int64_t timeout_ms;	  /* for input, each time something is awaited
				 of it; 0: none.  People at a terminal have as
				 long as they like. */
	const volatile int *came; /* how many signals came, for who waits on
				     after one; NULL: that is not known */
	int heeded;		  /* the value of *stop that ends nothing */
	bool unattended;	  /* nobody is to be asked anything meanwhile */
};

enum wait_end {
	WAIT_FAILED = -1, /* errno says why */
	WAIT_READY,
	WAIT_LATE,    /* the deadline has passed */
	WAIT_STOPPED, /* *stop is not what was heeded */
};

/* The one wait of all: until one of n descriptors, if any, is as its events ask,
 * the deadline has passed or a signal has come. */
enum wait_end wait_poll(const struct wait_limits *, struct pollfd *, nfds_t n);
/* Lets signals in that wait, without waiting itself: whether *stop is set to
 * what is not heeded yet.
 * wait_poll lets them in only when no descriptor is ready. */
bool wait_stopped(const struct wait_limits *);
/* All there is, appended to out up to its maximum (it has one): WAIT_READY
 * at the end, or when out is full.  Memory that is reserved is not moved. */
enum wait_end wait_fill(const struct wait_limits *, int fd, struct buf *);

/* Whether input from this descriptor has no more time than timeout_ms. */
bool wait_is_hurried(const struct wait_limits *, int fd);

/* Why `name`, which was to be read, gave nothing.  Returns -1 with EX_TEMPFAIL,
 * EX_SIGNAL plus the number, or EX_NOINPUT. */
int wait_error(const struct wait_limits *, enum wait_end, const char *name,
    struct error *);

/* Between two pieces of long work.  Lets signals in that wait: 0, or -1 with
 * EX_SIGNAL plus the number when *stop is set, or EX_TEMPFAIL when the deadline
 * has passed.  `name` is what is being read, for the error. */
int
wait_interrupted(const struct wait_limits *, const char *name, struct error *);
/* Waits until a read of fd would not block: 0, or -1 as wait_error. */
int wait_readable(
    const struct wait_limits *, int fd, const char *name, struct error *);
/* Up to n bytes, waiting for them: their number, 0 at the end, -1. */
ssize_t wait_read(const struct wait_limits *, int fd, const char *name,
    void *bytes, size_t n, struct error *);
/* All there is, appended to out; EX_NOINPUT when that is more than its
 * maximum.  0 or -1. */
int wait_read_all(const struct wait_limits *, int fd, const char *name,
    struct buf *out, struct error *);
/* Waits until a write to one of n (events: POLLOUT) would not block: 0, or -1
 * with EX_TEMPFAIL, EX_SIGNAL plus the number, or EX_IOERR. */
int wait_writable(const struct wait_limits *, struct pollfd *, nfds_t n,
    const char *name, struct error *);
/* Opens a file to be read so that a FIFO without a writer does not block (the
 * wait is wait_readable's); -1 with EX_NOINPUT. */
int wait_open(const char *name, struct error *);

#endif
