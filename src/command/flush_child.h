/*
 * flush_child: a child that sends what waits in the outbox of one user, seen
 * from root's flush, which passes on what it says.
 *
 * It has five minutes, or until the deadline, and is then told to end, which it
 * does in order; if it does not, or was stopped by its user, it is ended by
 * force.
 */
#ifndef COMMAND_FLUSH_CHILD_H
#define COMMAND_FLUSH_CHILD_H

#include "command/flush_as.h"

struct flush_child {
	pid_t pid; /* 0: there is none */
	const struct settings *settings;
	const struct process *process; /* ours */
	bool marked;
	struct owner owner;
	int fds[FLUSH_PIPES]; /* that we read; -1: closed */
	struct buf lines[FLUSH_TOLD];
	size_t said;
	struct flush_said told;
	size_t got; /* octets of it */
	int64_t until_us;
	bool late, killed; /* it was told to end; by force */
	struct arena arena;
};

/* See flush_as.h.  -1: EX_OSERR. */
int flush_child_start(struct flush_child *, const struct settings *,
    const struct process *, const char *spool, const struct owned *,
    const struct outbox_select *, bool marked, struct flush_system *,
    struct error *);
/* Passes on what it has said by now, and ends it when its time is up.  True: it
 * has ended, what it did is added to the sum, and it is to be cleared. */
bool flush_child_has_ended(struct flush_child *, struct flush_sum *);
/* Tells it to end, as a signal would: a second one is heeded, too. */
void flush_child_stop(struct flush_child *);
void flush_child_clear(struct flush_child *);

#endif
