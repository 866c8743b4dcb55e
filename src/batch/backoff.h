/*
 * backoff: how long to wait after the failure before which there were so many
 * others: 1 s doubled each time, 5 min at most, and a quarter of it more or
 * less by chance, so that those who fail together do not come back together.
 */
#ifndef BATCH_BACKOFF_H
#define BATCH_BACKOFF_H

#include <stdint.h>

/* *random: a seed first, and changed each time. */
int64_t backoff_us(unsigned before, uint64_t *random);

#endif
