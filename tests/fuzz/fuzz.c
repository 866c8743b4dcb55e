#include "fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/memory.h"

/* --- decisions ------------------------------------------------------------*/

uint8_t
fuzz_byte(struct fuzz *f)
{
	return f->at < f->end ? *f->at++ : 0;
}

size_t
fuzz_below(struct fuzz *f, size_t n)
{
	size_t r = fuzz_byte(f);

	if (n > 256)
		r = r << 8 | fuzz_byte(f);
	return r % n;
}

char *
fuzz_rest(struct fuzz *f, size_t *n)
{
	char *bytes;

	*n = (size_t)(f->end - f->at);
	bytes = memory_alloc(*n + 1);
	memcpy(bytes, f->at, *n);
	f->at = f->end;
	return bytes;
}

/* --- what does not hold ---------------------------------------------------*/

void
fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	fputs("does not hold: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

void
fuzz_show(const char *what, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;
	size_t i;

	fprintf(stderr, "%s, %zu octets: ", what, n);
	for (i = 0; i < n && i < 2000; i++)
		if (b[i] < ' ' || b[i] > '~' || b[i] == '\\')
			fprintf(stderr, "\\x%02x", b[i]);
		else
			fputc(b[i], stderr);
	fputc('\n', stderr);
}

/* Octets of the sequence that begins with c; 0: none does. */
static size_t
sequence_of(unsigned char c)
{
	if (c < 0x80)
		return 1;
	if (c < 0xC2 || c > 0xF4)
		return 0;
	return c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

bool
fuzz_utf8(const void *bytes, size_t n)
{
	const unsigned char *b = bytes;
	size_t i, k, len;

	for (i = 0; i < n; i += len) {
		len = sequence_of(b[i]);
		if (len == 0 || len > n - i)
			return false;
		for (k = 1; k < len; k++)
			if ((b[i + k] & 0xC0) != 0x80)
				return false;
		if ((b[i] == 0xE0 && b[i + 1] < 0xA0) ||
		    (b[i] == 0xED && b[i + 1] > 0x9F) ||
		    (b[i] == 0xF0 && b[i + 1] < 0x90) ||
		    (b[i] == 0xF4 && b[i + 1] > 0x8F))
			return false;
	}
	return true;
}

bool
fuzz_control(const void *bytes, size_t n, const char *but)
{
	const unsigned char *b = bytes;
	size_t i;

	for (i = 0; i < n; i++)
		if (b[i] == 0x7F || b[i] == '\0' ||
		    (b[i] < ' ' && strchr(but, b[i]) == NULL))
			return true;
	return false;
}

void
fuzz_same(
    const char *what, const void *a, size_t a_len, const void *b, size_t b_len)
{
	if (a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0))
		return;
	fuzz_show("one", a, a_len);
	fuzz_show("the other", b, b_len);
	fuzz_fail("%s: not the same", what);
}

int
fuzz_file(const void *bytes, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd == -1 || write(fd, bytes, n) != (ssize_t)n ||
	    lseek(fd, 0, SEEK_SET) == -1)
		fuzz_fail("no file could be made");
	return fd;
}

/* --- sources --------------------------------------------------------------*/

struct pieces {
	struct source source;
	const char *bytes;
	size_t n, at, most, good;
	uint32_t turn;
};

static ssize_t
pieces_read(struct source *source, char *buf, size_t n, struct error *err)
{
	struct pieces *p = (struct pieces *)source;

	p->turn = p->turn * 1103515245 + 12345;
	if (p->most > 0 && (p->turn >> 16 & 3) == 0)
		return SOURCE_AGAIN;
	if (p->at >= p->good) {
		error_set(err, EX_IOERR, "the disk is broken");
		return SOURCE_ERROR;
	}
	if (p->most > 0 && n > 1 + (p->turn >> 18) % p->most)
		n = 1 + (p->turn >> 18) % p->most;
	if (n > p->n - p->at)
		n = p->n - p->at;
	if (n > 0)
		memcpy(buf, p->bytes + p->at, n);
	p->at += n;
	return (ssize_t)n;
}

static void
pieces_free(struct source *source)
{
	free(source);
}

struct source *
fuzz_source(const void *bytes, size_t n, size_t most, size_t good)
{
	static const struct source_ops ops = {pieces_read, pieces_free};
	struct pieces *p = memory_alloc(sizeof(*p));

	*p = (struct pieces){.source = {.ops = &ops, .fd = 7},
	    .bytes = bytes,
	    .n = n,
	    .most = most,
	    .good = good,
	    .turn = (uint32_t)(n * 77 + most)};
	return &p->source;
}

int
fuzz_drain(
    struct source *source, size_t piece, struct buf *out, struct error *err)
{
	enum { AGAIN_MAX = 1000, OUT_MAX = 64 << 20 };
	char bytes[8192];
	ssize_t r = 1;
	int again = 0;

	if (piece > sizeof(bytes))
		piece = sizeof(bytes);
	while (r > 0 || r == SOURCE_AGAIN) {
		r = source_read(source, bytes, piece, err);
		again = r == SOURCE_AGAIN ? again + 1 : 0;
		MUST(again < AGAIN_MAX, "a source that never has anything");
		if (r <= 0)
			continue;
		MUST((size_t)r <= piece, "a source gave more than asked for");
		buf_append(out, bytes, (size_t)r);
		MUST(out->len < OUT_MAX, "a source without end");
	}
	source_free(source);
	return r == 0 ? 0 : -1;
}
