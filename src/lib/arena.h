/*
 * arena: many small allocations that live and die together.
 *
 * `struct arena a = {0}` is an empty arena; arena_clear frees all.  One arena
 * for the settings and one for each message; nothing in it is freed alone.
 */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *newest;
};

void *arena_alloc(struct arena *a, size_t size); /* zeroed, aligned for all */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
/* n bytes and a NUL behind them; the bytes may hold NULs. */
char *arena_memdup(struct arena *a, const void *bytes, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* An array that has room for so many elements more, or for one, growing by more
 * each time: `old` itself, or a copy. */
void *arena_roomy(struct arena *a, void *old, size_t count, size_t more,
    size_t *capacity, size_t element_size);
void *arena_grown(struct arena *a, void *old, size_t count, size_t *capacity,
    size_t element_size);
void arena_clear(struct arena *a);
/* The same, but memory is kept for what comes next. */
void arena_reset(struct arena *a);

#endif
