/*
 * memory: allocation that does not fail.
 *
 * When memory runs out the hook is called, once; it may report what is known
 * so far (mail that was already accepted must not be reported as lost) and
 * returns the exit status.  The process ends with that status, EX_TEMPFAIL
 * without a hook.
 */
#ifndef LIB_MEMORY_H
#define LIB_MEMORY_H

#include <stddef.h>

void *memory_alloc(size_t size);			/* zeroed */
void *memory_realloc(void *old, size_t n, size_t size); /* n * size, checked */
char *memory_strdup(const char *s);
char *memory_strndup(const char *s, size_t n);

/* The one hook of the process; NULL removes it. */
void memory_on_exhaustion(int (*hook)(void *), void *arg);

#endif
