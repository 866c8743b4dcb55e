/*
 * nearest: the name that was probably meant.
 *
 *	struct nearest n = {.word = "subjet"};
 *	nearest_offer(&n, …) for each name; then n.best, NULL if none is near
 */
#ifndef OPTIONS_NEAREST_H
#define OPTIONS_NEAREST_H

#include <stddef.h>

#include "lib/error.h"

struct nearest {
	const char *word;
	const char *best;
	size_t distance;
};

/* The candidate must live as long as best is looked at. */
void nearest_offer(struct nearest *, const char *candidate);
/* Adds "; did you mean 'PREFIXNAME'?" to the text, nothing when name is NULL;
 * a hint is to be set afterwards.  -1. */
int nearest_suggest(struct error *, const char *prefix, const char *name);

#endif
