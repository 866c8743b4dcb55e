/* words: what is told of replies and waits, in one printable line. */
#ifndef BATCH_WORDS_H
#define BATCH_WORDS_H

#include <stdint.h>

#include "batch/reply_kind.h"
#include "lib/buf.h"

/* The reply, its lines joined; 300 bytes of it are enough. */
void words_reply(struct buf *, const struct schedule_reply *);
/* "30 s", "5 min" */
void words_duration(struct buf *, int64_t us);

#endif
