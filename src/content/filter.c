/* filter: see filter.h. */
#include "content/filter.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

enum { ROOM = 65536 }; /* read from below at once */

/* Makes the lookahead available: 0, or what source_read returns below 0. */
static ssize_t
fill(struct filter *f, struct error *err)
{
	ssize_t n;

	if (f->room == NULL && !f->ended)
		f->in = f->room = memory_realloc(NULL, ROOM, 1);
	while (!f->ended && f->len - f->at < f->lookahead) {
		if (f->at > 0) {
			memmove(f->room, f->room + f->at, f->len - f->at);
			f->len -= f->at;
			f->at = 0;
		}
		n = source_read(f->below, f->room + f->len, ROOM - f->len, err);
		if (n < 0) {
			f->source.fd = f->below->fd;
			return n;
		}
		f->len += (size_t)n;
		f->ended = n == 0;
	}
	return 0;
}

static ssize_t
filter_read(struct source *s, char *buf, size_t n, struct error *err)
{
	struct filter *f = (struct filter *)s;
	size_t done = 0, len;
	ssize_t r;

	if (f->ended && f->in == NULL)
		return 0;
	while (done < n) {
		r = fill(f, err);
		if (r < 0)
			return done > 0 && r == SOURCE_AGAIN ? (ssize_t)done
							     : r;
		len = f->step(f, buf + done, n - done);
		done += len;
		if (len == 0 && f->ended && f->at == f->len) {
			free(f->room);
			f->room = NULL;
			f->in = NULL;
			f->at = f->len = 0;
			break;
		}
	}
	return (ssize_t)done;
}

static void
filter_free(struct source *s)
{
	struct filter *f = (struct filter *)s;

	source_free(f->below);
	free(f->room);
	free(f);
}

struct filter *
filter_new(
    size_t size, struct source *below, filter_step *step, size_t lookahead)
{
	static const struct source_ops ops = {filter_read, filter_free};
	struct filter *f = memory_alloc(size);

	f->source.ops = &ops;
	f->source.fd = below->fd;
	f->below = below;
	f->step = step;
	f->lookahead = lookahead;
	f->ended = source_in_memory(below, &f->in, &f->len);
	return f;
}
