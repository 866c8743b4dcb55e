#include "smtp/pipeline.h"

#include <stdlib.h>

#include "lib/memory.h"

static struct pending *
at(const struct smtp_pipeline *p, size_t i)
{
	return &p->ring[(p->head + i) % p->cap];
}

struct pending *
smtp_pipeline_last(const struct smtp_pipeline *p)
{
	return at(p, p->count - 1);
}

bool
smtp_pipeline_open(const struct smtp_pipeline *p, bool pipelining)
{
	return p->count == 0 || (!p->ended && pipelining);
}

static void
grow(struct smtp_pipeline *p)
{
	size_t cap = (p->cap + 8) * 2, i;
	struct pending *ring = memory_alloc(cap * sizeof(*ring));

	for (i = 0; i < p->count; i++)
		ring[i] = *at(p, i);
	free(p->ring);
	p->ring = ring;
	p->head = 0;
	p->cap = cap;
}

static bool
joins(const struct smtp_pipeline *p, const struct pending *new)
{
	const struct pending *last;

	if (new->verb != VERB_RCPT || p->count == 0)
		return false;
	last = smtp_pipeline_last(p);
	return last->verb == VERB_RCPT && last->work == new->work &&
	    last->first + last->count == new->first;
}

void
smtp_pipeline_push(
    struct smtp_pipeline *p, const struct pending *new, bool ends_group)
{
	p->ended |= ends_group;
	if (joins(p, new)) {
		smtp_pipeline_last(p)->count++;
		return;
	}
	if (p->count == p->cap)
		grow(p);
	*at(p, p->count++) = *new;
}

void
smtp_pipeline_pop(struct smtp_pipeline *p)
{
	p->head = (p->head + 1) % p->cap;
	if (--p->count == 0)
		p->ended = false;
}

void
smtp_pipeline_unpop(struct smtp_pipeline *p, const struct pending *again)
{
	/* Its place in the ring is still free. */
	p->head = (p->head + p->cap - 1) % p->cap;
	p->count++;
	*at(p, 0) = *again;
}

void
smtp_pipeline_drop(struct smtp_pipeline *p)
{
	p->count = 0;
	p->ended = false;
}

void
smtp_pipeline_clear(struct smtp_pipeline *p)
{
	free(p->ring);
	*p = (struct smtp_pipeline){0};
}
