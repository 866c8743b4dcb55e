/* column: what the cells of a table of providers may be. */
#ifndef PROVIDER_COLUMN_H
#define PROVIDER_COLUMN_H

#include "provider/provider.h"

struct column {
	const char *name;
	size_t offset; /* in struct provider */
	int (*read)(const char *cell, struct arena *, const char **value,
	    struct error *);
};

enum { COLUMNS_MAX = 32 };

extern const struct column columns[]; /* NULL name at the end */

/* NULL: there is none of that name. */
const struct column *column_find(const char *name, size_t n);
/* The cell, judged, and in the arena; -1 with EX_CONFIG, which names column and
 * cell. */
int column_read(const struct column *, const char *cell, size_t n,
    struct arena *, const char **value, struct error *);

#endif
