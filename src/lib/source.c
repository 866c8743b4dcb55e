#include "lib/source.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

struct bytes {
	struct source source;
	const char *data;
	size_t len, at;
};

static ssize_t
bytes_read(struct source *s, char *buf, size_t n, struct error *err)
{
	struct bytes *b = (struct bytes *)s;

	(void)err;
	if (n > b->len - b->at)
		n = b->len - b->at;
	if (n > 0)
		memcpy(buf, b->data + b->at, n);
	b->at += n;
	return (ssize_t)n;
}

static void
bytes_free(struct source *s)
{
	free(s);
}

static const struct source_ops bytes_ops = {bytes_read, bytes_free};

struct source *
source_from_bytes(const void *data, size_t n)
{
	struct bytes *b = memory_alloc(sizeof(*b));

	b->source = (struct source){&bytes_ops, -1};
	b->data = n > 0 ? data : "";
	b->len = n;
	return &b->source;
}

bool
source_in_memory(const struct source *s, const char **bytes, size_t *n)
{
	const struct bytes *b = (const struct bytes *)s;

	if (s->ops != &bytes_ops)
		return false;
	*bytes = b->data + b->at;
	*n = b->len - b->at;
	return true;
}
