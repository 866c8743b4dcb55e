#include "smtp/work.h"

#include <stdlib.h>

#include "lib/memory.h"

struct work *
work_add(struct work_queue *q, enum work_kind kind)
{
	struct work *w = memory_alloc(sizeof(*w));

	w->kind = kind;
	if (q->last != NULL)
		q->last->next = w;
	else
		q->first = w;
	q->last = w;
	q->want_told = false;
	if (q->cursor == NULL)
		q->cursor = w;
	return w;
}

void
work_add_first(struct work_queue *q, enum work_kind kind)
{
	struct work *w = memory_alloc(sizeof(*w));

	w->kind = kind;
	w->next = q->first;
	q->first = q->cursor = w;
	if (q->last == NULL)
		q->last = w;
}

void
work_made(struct work_queue *q, struct work *w)
{
	w->made = true;
	if (q->cursor == w)
		q->cursor = w->next;
}

void
work_remove(struct work_queue *q, struct work *gone)
{
	struct work **at, *before = NULL;

	if (q->cursor == gone)
		q->cursor = gone->next;
	for (at = &q->first; *at != gone; at = &(*at)->next)
		before = *at;
	*at = gone->next;
	if (q->last == gone)
		q->last = before;
	free(gone->line);
	free(gone->shown);
	buf_clear(&gone->bytes);
	auth_free(gone->auth);
	free(gone);
}
