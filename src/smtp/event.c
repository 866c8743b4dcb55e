#include "smtp/event.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

static void
make_room(struct smtp_events *q)
{
	if (q->head + q->count < q->cap)
		return;
	if (q->head > 0) {
		memmove(
		    q->queue, q->queue + q->head, q->count * sizeof(*q->queue));
		q->head = 0;
	} else {
		q->cap = q->cap > 0 ? q->cap * 2 : 8;
		q->queue = memory_realloc(q->queue, q->cap, sizeof(*q->queue));
	}
}

void
smtp_events_push(struct smtp_events *q, const struct smtp_event *e)
{
	make_room(q);
	q->queue[q->head + q->count++] = *e;
}

bool
smtp_events_pull(struct smtp_events *q, struct smtp_event *e)
{
	free(q->text);
	q->text = NULL;
	if (q->count == 0)
		return false;
	*e = q->queue[q->head];
	q->text = (char *)e->text;
	q->head = --q->count == 0 ? 0 : q->head + 1;
	return true;
}

void
smtp_events_clear(struct smtp_events *q)
{
	size_t i;

	for (i = 0; i < q->count; i++)
		free((char *)q->queue[q->head + i].text);
	free(q->queue);
	free(q->text);
	*q = (struct smtp_events){0};
}
