/*
 * spill: bytes that come one after another and are kept in memory while they
 * are few, else in a file without a name.
 */
#ifndef CONTENT_SPILL_H
#define CONTENT_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#define SPILL_KEPT ((size_t)1 << 20) /* that are kept in memory */

/* `struct spill s = SPILL_NONE` is an empty one. */
struct spill {
	struct buf text; /* all of it while fd is -1 */
	int fd;		 /* -1, or a file with all of it, once it is complete:
			    open for reading, and at its beginning */
	uint64_t size;
};
#define SPILL_NONE ((struct spill){.text = BUF_WITH_MAX(SPILL_KEPT), .fd = -1})

/* `dir` is where a file is created; NULL or "": /tmp.  -1: EX_CANTCREAT or
 * EX_IOERR.  `name` is what the bytes are of, for the error. */
int spill_append(struct spill *, const char *bytes, size_t n, const char *dir,
    const char *name, struct error *);
/* All of it is there. */
int spill_complete(struct spill *, const char *name, struct error *);
/* Empties it, and keeps memory for what comes next. */
void spill_reset(struct spill *);
void spill_clear(struct spill *);

#endif
