/*
 * outlet: what goes out on a descriptor that somebody else reads, or does not.
 *
 * What is put is written at once as far as that does not block, and the rest
 * waits its turn in order; only outlet_finish waits for readers, within limits.
 * The flags of a descriptor that is shared with other programs are not changed:
 * a pipe or a terminal is opened once more, in a way that does not block.
 */
#ifndef LIB_OUTLET_H
#define LIB_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/wait.h"

/* What outlet_offer lets wait at most, in octets. */
#define OUTLET_WAITING_MAX ((size_t)1 << 20)

struct outlet {
	int fd;	   /* the caller's */
	int again; /* the same opened once more, or -1 */
	bool is_socket, may_block;
	int error;	    /* errno of the write that failed, 0: none did */
	struct buf waiting; /* from `sent` on */
	size_t sent;
	uint64_t dropped; /* octets that were offered and not taken */
};

void outlet_begin(struct outlet *, int fd);
/* What waits is dropped. */
void outlet_end(struct outlet *);

/* Takes all n bytes; 0, or -1 when writing has failed, now or before. */
int outlet_put(struct outlet *, const char *bytes, size_t n);
/* The same, but takes nothing while too much waits already. */
int outlet_offer(struct outlet *, const char *bytes, size_t n);
/* What waits will not be written. */
void outlet_drop(struct outlet *);
/* Whether something waits. */
bool outlet_is_behind(const struct outlet *);
/* Waits until all is written on those that can be written to, whichever can
 * first: 0, or -1 with EX_TEMPFAIL (the deadline) or EX_SIGNAL plus n.  `name`
 * is for the error.  An outlet that failed says so itself. */
int outlet_finish(struct outlet *const *, size_t count,
    const struct wait_limits *, const char *name, struct error *);

enum { OUTLETS_MAX = 4 }; /* for outlet_finish */

#endif
