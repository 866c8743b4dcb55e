#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

void
secret_wipe(void *bytes, size_t n)
{
	if (bytes != NULL)
		explicit_bzero(bytes, n);
}

void
secret_clear(struct secret *s)
{
	secret_wipe(s->bytes, s->len);
	free(s->bytes);
	s->bytes = NULL;
	s->len = 0;
}

void
secret_set(struct secret *s, const char *bytes, size_t n)
{
	char *copy = memory_alloc(n + 1);

	if (n > 0)
		memcpy(copy, bytes, n);
	secret_clear(s);
	s->bytes = copy;
	s->len = n;
}
