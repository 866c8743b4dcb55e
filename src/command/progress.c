#include "command/progress.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/memory.h"

enum {
	FIRST_US = 500 * 1000, /* shorter work shows nothing */
	EVERY_US = 100 * 1000,
	BAR = 24,
};

struct progress {
	struct source source;
	struct source *below;
	uint64_t size, done;
	struct outlet *outlet;
	const char *program;
	int64_t begun_us, drawn_us;
	bool drawn; /* there is a line to be wiped */
};

static void
put(struct progress *p, struct buf *line)
{
	outlet_put(p->outlet, buf_string(line), line->len);
	buf_clear(line);
}

static void
draw(struct progress *p, int64_t now)
{
	struct buf line = {0};
	double seconds = (double)(now - p->begun_us) / 1e6;
	int i, full;

	/* Nobody wants to see later how far it was. */
	if (outlet_is_behind(p->outlet))
		return;
	buf_printf(&line, "\r%s: ", p->program);
	if (p->size != UINT64_MAX && p->size > 0) {
		full = (int)(p->done * BAR / p->size);
		buf_putc(&line, '[');
		for (i = 0; i < BAR; i++)
			buf_putc(&line, i < full ? '#' : ' ');
		buf_printf(&line, "] %3d %%  ",
		    (int)((double)p->done * 100 / (double)p->size));
	}
	buf_printf(&line, "%.1f MB, %.1f MB/s\033[K", (double)p->done / 1e6,
	    (double)p->done / 1e6 / seconds);
	put(p, &line);
	p->drawn = true;
	p->drawn_us = now;
}

static void
wipe(struct progress *p)
{
	struct buf line = {0};

	if (!p->drawn)
		return;
	buf_puts(&line, "\r\033[K");
	put(p, &line);
	p->drawn = false;
}

static ssize_t
progress_read(struct source *s, char *buf, size_t n, struct error *err)
{
	struct progress *p = (struct progress *)s;
	ssize_t r = source_read(p->below, buf, n, err);
	int64_t now;

	s->fd = p->below->fd;
	if (r == 0 || r == SOURCE_ERROR)
		wipe(p);
	if (r <= 0)
		return r;
	p->done += (uint64_t)r;
	now = clock_monotonic_us();
	if (now - p->begun_us >= FIRST_US && now - p->drawn_us >= EVERY_US)
		draw(p, now);
	return r;
}

static void
progress_free(struct source *s)
{
	struct progress *p = (struct progress *)s;

	wipe(p);
	source_free(p->below);
	free(p);
}

struct source *
progress_new(struct source *below, uint64_t size, struct outlet *outlet,
    const char *program)
{
	static const struct source_ops ops = {progress_read, progress_free};
	struct progress *p = memory_alloc(sizeof(*p));

	p->source.ops = &ops;
	p->source.fd = below->fd;
	p->below = below;
	p->size = size;
	p->outlet = outlet;
	p->program = program;
	p->begun_us = clock_monotonic_us();
	return &p->source;
}
