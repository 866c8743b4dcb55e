/* providers: a table is taken as a whole or named with line and column, and no
 * cell of it can break a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "provider/column.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	struct providers p = {0};
	struct arena arena = {0};
	struct error err = {0};
	unsigned line, place;
	size_t len, i;
	char *text = fuzz_rest(&f, &len);
	int r = providers_parse(&p, text, len, "t", &arena, &err);

	for (i = 0; r == 0 && i < p.count; i++) {
		const struct column *c = columns;
		const char *row = (const char *)&p.rows[i], *cell;

		MUST(provider_by_id(&p, p.rows[i].id) == &p.rows[i],
		    "'%s' is not found", p.rows[i].id);
		for (; c->name != NULL; c++) {
			memcpy(&cell, row + c->offset, sizeof(cell));
			MUST(cell == NULL ||
				(*cell != '\0' &&
				    !fuzz_control(cell, strlen(cell), "") &&
				    fuzz_utf8(cell, strlen(cell))),
			    "%s '%s'", c->name, cell);
		}
	}
	if (r == -1)
		MUST(err.status == EX_CONFIG &&
			!fuzz_control(err.text, strlen(err.text), "") &&
			sscanf(err.text, "t:%u:%u:", &line, &place) == 2,
		    "status %d: %s", err.status, err.text);
	arena_clear(&arena);
	free(text);
	return 0;
}
