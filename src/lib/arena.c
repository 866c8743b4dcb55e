#include "lib/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

enum { BLOCK = 4096, LEAST_CAPACITY = 8 };

struct arena_block {
	struct arena_block *older;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t unit = alignof(max_align_t);
	struct arena_block *b = a->newest;
	void *p;

	if (size > SIZE_MAX / 2)
		size = SIZE_MAX / 2; /* fails in memory_alloc, as it must */
	size = (size + unit - 1) / unit * unit;
	if (b == NULL || b->size - b->used < size) {
		size_t room = size > BLOCK ? size : BLOCK;

		b = memory_alloc(sizeof(*b) + room);
		b->size = room;
		b->older = a->newest;
		a->newest = b;
	}
	p = b->bytes + b->used;
	b->used += size;
	return p;
}

char *
arena_memdup(struct arena *a, const void *bytes, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(p, bytes, n);
	p[n] = '\0';
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
	return arena_memdup(a, s, strnlen(s, n));
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = arena_alloc(a, (n > 0 ? (size_t)n : 0) + 1);
	va_start(ap, fmt);
	vsnprintf(p, (n > 0 ? (size_t)n : 0) + 1, fmt, ap);
	va_end(ap);
	return p;
}

void *
arena_roomy(struct arena *a, void *old, size_t count, size_t more,
    size_t *capacity, size_t element_size)
{
	void *new;

	if (*capacity - count >= more)
		return old;
	*capacity = count + more;
	new = arena_alloc(a, *capacity * element_size);
	if (count > 0)
		memcpy(new, old, count * element_size);
	return new;
}

void *
arena_grown(struct arena *a, void *old, size_t count, size_t *capacity,
    size_t element_size)
{
	if (count < *capacity)
		return old;
	return arena_roomy(a, old, count,
	    count < LEAST_CAPACITY ? LEAST_CAPACITY : count, capacity,
	    element_size);
}

void
arena_clear(struct arena *a)
{
	struct arena_block *b, *older;

	for (b = a->newest; b != NULL; b = older) {
		older = b->older;
		free(b);
	}
	a->newest = NULL;
}
