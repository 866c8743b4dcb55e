/* nearest: see nearest.h. */
#include "options/nearest.h"

#include <string.h>

enum { LONGEST = 63 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Characters added, dropped, changed, or swapped with the next one. */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;
	size_t m = strlen(a), n = strlen(b), i, j, d;

	if (m > LONGEST || n > LONGEST)
		return (size_t)-1;
	memset(rows, 0, sizeof(rows));
	for (j = 0; j <= n; j++)
		above[j] = j;
	for (i = 1; i <= m; i++) {
		row[0] = i;
		for (j = 1; j <= n; j++) {
			d = above[j - 1] + (a[i - 1] != b[j - 1]);
			d = least(d, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				d = least(d, before[j - 2] + 1);
			row[j] = d;
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[n];
}

void
nearest_offer(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->word);
	size_t d = distance(n->word, candidate);

	/* An abbreviation is as near as a slip of the finger. */
	if (len >= 3 && strncmp(n->word, candidate, len) == 0)
		d = least(d, 1);
	/* More than a third of the word wrong: not meant. */
	if (d > len / 3 + 1 || d >= strlen(candidate))
		return;
	if (n->best == NULL || d < n->distance) {
		n->best = candidate;
		n->distance = d;
	}
}

int
nearest_suggest(struct error *err, const char *prefix, const char *name)
{
	if (name != NULL)
		error_set(err, err->status, "%s; did you mean '%s%s'?",
		    err->text, prefix, name);
	return -1;
}
