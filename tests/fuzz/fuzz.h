/*
 * fuzz: what the targets have in common: reading decisions from the input,
 * and saying what does not hold.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/source.h"

/* The input, read from the front.  Where it is over all decisions are 0, which
 * everywhere stands for what happens on a good day. */
struct fuzz {
	const uint8_t *at, *end;
};

uint8_t fuzz_byte(struct fuzz *);
/* A number below n. */
size_t fuzz_below(struct fuzz *, size_t n);
/* All that is left, as a string in memory of its own (to be freed), so that a
 * byte read behind it is seen. */
char *fuzz_rest(struct fuzz *, size_t *n);

/* Says what does not hold, and aborts.  Bytes are shown with escapes. */
_Noreturn void
fuzz_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fuzz_show(const char *what, const void *bytes, size_t n);

#define MUST(holds, ...)                        \
	do {                                    \
		if (!(holds))                   \
			fuzz_fail(__VA_ARGS__); \
	} while (0)

/* Whether the n bytes are well-formed UTF-8 (RFC 3629). */
bool fuzz_utf8(const void *bytes, size_t n);
/* Whether a byte below 32 other than those of `but`, or DEL, is among them. */
bool fuzz_control(const void *bytes, size_t n, const char *but);
/* The bytes differ: shows both. */
void fuzz_same(
    const char *what, const void *a, size_t a_len, const void *b, size_t b_len);

/* A file without a name that holds the bytes, at its beginning. */
int fuzz_file(const void *bytes, size_t n);

/* A source that gives the bytes in pieces of 1 to `most` (0: as asked), with
 * SOURCE_AGAIN between; it fails after `good` bytes. */
struct source *
fuzz_source(const void *bytes, size_t n, size_t most, size_t good);
/* Reads all of it in pieces; -1: it failed.  Frees it. */
int
fuzz_drain(struct source *, size_t piece, struct buf *out, struct error *err);

#endif
