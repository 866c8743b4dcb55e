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

/* What is large stands alone and comes zeroed from the heap, which often need not
 * touch it for that; it goes behind the block that has room left. */
static void *
take_block(struct arena *a, size_t size)
{
	struct arena_block *b = memory_alloc(sizeof(*b) + size);

	b->used = b->size = size;
	if (a->newest == NULL) {
		a->newest = b;
	} else {
		b->older = a->newest->older;
		a->newest->older = b;
	}
	return b->bytes;
}

/* Not zeroed, unless it is more than BLOCK. */
static void *
take(struct arena *a, size_t size)
{
	const size_t unit = alignof(max_align_t);
	struct arena_block *b = a->newest;

	if (size > SIZE_MAX / 2)
		size = SIZE_MAX / 2; /* fails in memory_alloc, as it must */
	if (size > BLOCK)
		return take_block(a, size);
	size = (size + unit - 1) / unit * unit;
	if (b == NULL || b->size - b->used < size) {
		b = memory_realloc(NULL, 1, sizeof(*b) + BLOCK);
		*b = (struct arena_block){.older = a->newest, .size = BLOCK};
		a->newest = b;
	}
	b->used += size;
	return b->bytes + b->used - size;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	void *p = take(a, size);

	return size > BLOCK ? p : memset(p, 0, size);
}

char *
arena_memdup(struct arena *a, const void *bytes, size_t n)
{
	char *p = take(a, n + 1);

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
	char text[256], *p; /* most are shorter */
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < (int)sizeof(text))
		return arena_memdup(a, text, n > 0 ? (size_t)n : 0);
	p = take(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
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

/* The newest block is one of many small allocations, unless it is the only one. */
void
arena_reset(struct arena *a)
{
	struct arena_block *kept = a->newest;
	struct arena older;

	if (kept == NULL)
		return;
	older.newest = kept->older;
	arena_clear(&older);
	kept->older = NULL;
	kept->used = 0;
	if (kept->size > BLOCK)
		arena_clear(a);
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
