/*
 * failmalloc: to be preloaded; the FAIL_AT-th allocation of the program fails
 * (from 1), with FAIL_ON set also each one after it.  With FAIL_COUNT the
 * number of allocations goes into the file of that name at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static atomic_long count;
static long at; /* 0: none fails */
static bool on;

/* What the loader allocates before is not counted. */
__attribute__((constructor)) static void
begin(void)
{
	const char *text = getenv("FAIL_AT");

	on = getenv("FAIL_ON") != NULL;
	count = 0;
	at = text != NULL ? atol(text) : 0;
}

__attribute__((destructor)) static void
end(void)
{
	const char *path = getenv("FAIL_COUNT");
	char text[32];
	int fd, n;

	at = 0;
	if (path == NULL)
		return;
	n = snprintf(text, sizeof(text), "%ld\n", (long)count);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, text, (size_t)n) != n)
		_exit(99);
	close(fd);
}

static bool
fails(void)
{
	long n = atomic_fetch_add(&count, 1) + 1;

	if (at == 0 || (on ? n < at : n != at))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

void *
reallocarray(void *old, size_t n, size_t size)
{
	if (size > 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return fails() ? NULL : __libc_realloc(old, n * size);
}
