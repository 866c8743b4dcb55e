/*
 * flush_as: a child that becomes the owner of an outbox, and sends what waits
 * there.
 *
 * It has nothing of root's: no group, no descriptor but the three that it is
 * given, no terminal, no environment, and no secret unless it is to use it.
 * Its memory cannot be looked into by that user (PR_SET_DUMPABLE).
 */
#ifndef COMMAND_FLUSH_AS_H
#define COMMAND_FLUSH_AS_H

#include "command/flush.h"
#include "command/owners.h"

/* What a child says last, and at once. */
struct flush_said {
	struct flush_counts counts;
	uint64_t marked;
	int status; /* of what stood in the way first; 0: nothing did */
	bool somebody, failed;
};

enum { FLUSH_OUT, FLUSH_ERR, FLUSH_TOLD, FLUSH_PIPES };

/*
 * In the child.  `system`: what was read of it for others is wiped, and what is
 * not marked is sent with the user's own configuration, as if he had called
 * --flush; or, with `marked`, only that is sent, with these settings.
 * Root's own messages are sent with root's settings, by nobody else.
 * Descriptors are those it writes to, all above 2.
 */
_Noreturn void flush_as(const struct settings *, const struct process *,
    const char *spool, const struct owner *, const struct outbox_select *,
    struct flush_system *, bool marked, const int pipes[FLUSH_PIPES]);

#endif
