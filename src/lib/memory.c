#include "lib/memory.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { SMALL = 1024 };

/* Process-wide by nature: there is one heap, and one report to save. */
static int (*exhausted)(void *);
static void *exhausted_arg;

void
memory_on_exhaustion(int (*hook)(void *), void *arg)
{
	exhausted = hook;
	exhausted_arg = arg;
}

static _Noreturn void
give_up(void)
{
	static const char text[] = "smtpsend: out of memory\n";
	int (*hook)(void *) = exhausted;
	struct pollfd ready = {.fd = 2, .events = POLLOUT};
	int status = EX_TEMPFAIL;

	exhausted = NULL;
	/* Nobody may be reading it. */
	if (poll(&ready, 1, 0) == 1)
		(void)!write(ready.fd, text, sizeof(text) - 1);
	if (hook != NULL)
		status = hook(exhausted_arg);
	_exit(status);
}

void *
memory_realloc(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		give_up();
	return p;
}

void *
memory_alloc(size_t size)
{
	void *p;

	/* calloc passes by the small pieces that malloc has at hand. */
	if (size <= SMALL)
		return memset(memory_realloc(NULL, size, 1), 0, size);
	p = calloc(1, size);
	if (p == NULL)
		give_up();
	return p;
}

char *
memory_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = memory_alloc(len + 1);

	memcpy(p, s, len);
	return p;
}

char *
memory_strdup(const char *s)
{
	return memory_strndup(s, strlen(s));
}
