/*
 * queue: messages that were put off, by the time at which they are due.
 *
 * `struct queue q = {0}` is empty.
 */
#ifndef BATCH_QUEUE_H
#define BATCH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "batch/supply.h"

struct queue_entry {
	int64_t due_us; /* monotonic */
	struct supply_place place;
	int64_t first_us; /* the first try of this run */
	unsigned tries;	  /* in this run so far */
	uint64_t order;	  /* of those that are due at once the oldest first;
			     queue_put sets it */
};

struct queue {
	struct queue_entry *heap;
	size_t count, capacity;
	uint64_t order;
};

void queue_put(struct queue *, const struct queue_entry *);
/* The first one that is due by then; false: there is none. */
bool queue_take(struct queue *, int64_t now_us, struct queue_entry *);
/* When the next one is due; INT64_MAX: there is none. */
int64_t queue_due_us(const struct queue *);
void queue_clear(struct queue *);

#endif
