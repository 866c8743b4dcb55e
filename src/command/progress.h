/*
 * progress: a source that passes another one on and draws, on a terminal, how
 * much of it has gone.  The session reads no further ahead than it can send,
 * so what was read is what goes out.
 */
#ifndef COMMAND_PROGRESS_H
#define COMMAND_PROGRESS_H

#include <stdint.h>

#include "lib/outlet.h"
#include "lib/source.h"

/* Takes below over.  size is UINT64_MAX if it is not known.  Draws at
 * most ten times a second, and not at all for what is over in a moment. */
struct source *progress_new(
    struct source *below, uint64_t size, struct outlet *, const char *program);

#endif
