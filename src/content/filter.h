/*
 * filter: what transfer encodings and their decoders have in common: a source
 * that stands upon another one and has a window of its bytes before it.
 *
 * It owns the source below and frees it; it passes on its errors and its
 * SOURCE_AGAIN.
 */
#ifndef CONTENT_FILTER_H
#define CONTENT_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/source.h"

struct filter;

/* Writes at most n bytes (n is at least 1) and moves f->at.  It has `lookahead`
 * bytes before it, or all that is left.  0, when nothing is left: that is the
 * end. */
typedef size_t filter_step(struct filter *f, char *out, size_t n);

/* The first member of a struct of the user's. */
struct filter {
	struct source source;
	struct source *below;
	filter_step *step;
	size_t lookahead;

	const char *in; /* in[at..len) is the window: of `room`, or all of a
			   source in memory */
	size_t at, len;
	char *room; /* NULL when nothing is left, since a message may have many
		       filters */
	bool ended; /* nothing comes behind the window */
};

/* `size` is that of the user's struct, which is zeroed. */
struct filter *
filter_new(size_t size, struct source *below, filter_step *, size_t lookahead);

#endif
