#include "lib/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

void
buf_clear(struct buf *b)
{
	free(b->data);
	*b = BUF_WITH_MAX(b->max);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

int
buf_reserve(struct buf *b, size_t n)
{
	size_t need, cap;

	/* Never more than max and its NUL. */
	if (n < b->cap - b->len)
		return 0;
	if (n >= (size_t)-1 - b->len)
		return -1;
	need = b->len + n;
	if (b->max != 0 && need > b->max)
		return -1;
	cap = b->cap * 2;
	if (cap < need + 1)
		cap = need + 1;
	if (cap < 64)
		cap = 64;
	if (b->max != 0 && cap > b->max + 1)
		cap = b->max + 1;
	b->data = memory_realloc(b->data, cap, 1);
	b->cap = cap;
	return 0;
}

int
buf_append(struct buf *b, const void *bytes, size_t n)
{
	if (buf_reserve(b, n) == -1)
		return -1;
	if (n > 0)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_puts(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int
buf_putc(struct buf *b, char c)
{
	return buf_append(b, &c, 1);
}

int
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	size_t room = b->data != NULL ? b->cap - b->len : 0;
	va_list again;
	int n;

	/* Most of what is printed fits where there is room already. */
	va_copy(again, ap);
	n = vsnprintf(room > 0 ? b->data + b->len : NULL, room, fmt, again);
	va_end(again);
	if (n < 0 || buf_reserve(b, (size_t)n) == -1) {
		if (room > 0)
			b->data[b->len] = '\0';
		return -1;
	}
	if ((size_t)n >= room)
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
	return 0;
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = buf_vprintf(b, fmt, ap);
	va_end(ap);
	return r;
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		buf_reset(b);
		return;
	}
	b->len -= n;
	memmove(b->data, b->data + n, b->len);
	b->data[b->len] = '\0';
}

const char *
buf_string(const struct buf *b)
{
	return b->len > 0 ? b->data : "";
}
