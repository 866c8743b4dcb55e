/*
 * buf: bytes that grow up to a maximum.
 *
 * data[len] is always NUL once anything was appended, so that a buf without
 * NUL bytes can be read as a string; buf_string() gives "" for an empty one.
 * Appending beyond max appends nothing and returns -1; otherwise 0.  A caller
 * that chose the maximum so that it cannot be reached may ignore the result.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
	size_t max; /* len never exceeds it; 0: no limit */
};

#define BUF_WITH_MAX(m) ((struct buf){.max = (m)})

void buf_clear(struct buf *b); /* frees; keeps max, so it can be used again */
void buf_reset(struct buf *b); /* len = 0, memory is kept */

int buf_append(struct buf *b, const void *bytes, size_t n);
int buf_puts(struct buf *b, const char *s);
int buf_putc(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *fmt, va_list ap);
/* Makes room for n more bytes at data + len; the caller then adds to len. */
int buf_reserve(struct buf *b, size_t n);
void buf_consume(struct buf *b, size_t n); /* drops the first n bytes */
const char *buf_string(const struct buf *b);

#endif
