/* chain: sources one after the other. */
#include "content/chain.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

struct chain {
	struct source source;
	size_t count, at;
	uint64_t size, done;
	const char *name;
	struct buf head;
	size_t head_at;
	struct source *links[];
};

static ssize_t
changed(const struct chain *c, struct error *err)
{
	return error_set(
	    err, EX_DATAERR, "%s changed while it was read", c->name);
}

static ssize_t
head_read(struct chain *c, char *buf, size_t n)
{
	if (n > c->head.len - c->head_at)
		n = c->head.len - c->head_at;
	if (n > 0)
		memcpy(buf, c->head.data + c->head_at, n);
	c->head_at += n;
	return (ssize_t)n;
}

static ssize_t
chain_read(struct source *s, char *buf, size_t n, struct error *err)
{
	struct chain *c = (struct chain *)s;
	ssize_t r = head_read(c, buf, n);

	while (r == 0 && c->at < c->count) {
		r = source_read(c->links[c->at], buf, n, err);
		if (r == 0)
			c->at++;
	}
	if (r == SOURCE_AGAIN)
		s->fd = c->links[c->at]->fd;
	if (r < 0)
		return r;
	if (c->size == UINT64_MAX)
		return r;
	c->done += (uint64_t)r;
	if (c->done > c->size || (r == 0 && c->done < c->size))
		return changed(c, err);
	return r;
}

static void
chain_free(struct source *s)
{
	struct chain *c = (struct chain *)s;
	size_t i;

	for (i = 0; i < c->count; i++)
		source_free(c->links[i]);
	buf_clear(&c->head);
	free(c);
}

struct source *
chain_new(struct buf *head, struct source *const *links, size_t count,
    uint64_t size, const char *name)
{
	static const struct source_ops ops = {chain_read, chain_free};
	struct chain *c =
	    memory_alloc(sizeof(*c) + count * sizeof(struct source *));
	size_t i;

	c->source.ops = &ops;
	c->source.fd = -1;
	c->count = count;
	c->size = size;
	c->name = name;
	if (head != NULL) {
		c->head = *head;
		*head = (struct buf){0};
	}
	for (i = 0; i < count; i++)
		c->links[i] = links[i];
	return &c->source;
}
