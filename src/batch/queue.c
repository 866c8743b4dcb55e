#include "batch/queue.h"

#include <stdlib.h>

#include "lib/memory.h"

static bool
is_before(const struct queue_entry *a, const struct queue_entry *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us
				      : a->order < b->order;
}

void
queue_put(struct queue *q, const struct queue_entry *entry)
{
	struct queue_entry new = *entry;
	size_t i = q->count, up;

	if (q->count == q->capacity) {
		q->capacity = q->capacity * 2 + 16;
		q->heap =
		    memory_realloc(q->heap, q->capacity, sizeof(*q->heap));
	}
	new.order = q->order++;
	q->count++;
	for (; i > 0 && is_before(&new, &q->heap[up = (i - 1) / 2]); i = up)
		q->heap[i] = q->heap[up];
	q->heap[i] = new;
}

bool
queue_take(struct queue *q, int64_t now_us, struct queue_entry *entry)
{
	const struct queue_entry *last;
	size_t i = 0, down;

	if (q->count == 0 || q->heap[0].due_us > now_us)
		return false;
	*entry = q->heap[0];
	last = &q->heap[--q->count];
	while ((down = 2 * i + 1) < q->count) {
		if (down + 1 < q->count &&
		    is_before(&q->heap[down + 1], &q->heap[down]))
			down++;
		if (!is_before(&q->heap[down], last))
			break;
		q->heap[i] = q->heap[down];
		i = down;
	}
	q->heap[i] = *last;
	return true;
}

int64_t
queue_due_us(const struct queue *q)
{
	return q->count > 0 ? q->heap[0].due_us : INT64_MAX;
}

void
queue_clear(struct queue *q)
{
	free(q->heap);
	*q = (struct queue){0};
}
