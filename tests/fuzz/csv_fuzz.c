/* csv: what is read does not hang on the pieces, and is what was written. */
#include <stdlib.h>
#include <string.h>

#include "content/csv.h"
#include "fuzz/fuzz.h"
#include "lib/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Writes the record in quotes, so that it can be read again. */
static void
put_record(struct buf *out, const struct csv_record *r, char delimiter)
{
	size_t i, k;

	for (i = 0; i < r->count; i++) {
		MUST(strlen(r->fields[i].text) == r->fields[i].len,
		    "a NUL in a field, or none behind it");
		if (i > 0)
			buf_putc(out, delimiter);
		buf_putc(out, '"');
		for (k = 0; k < r->fields[i].len; k++) {
			buf_putc(out, r->fields[i].text[k]);
			if (r->fields[i].text[k] == '"')
				buf_putc(out, '"');
		}
		buf_putc(out, '"');
	}
	buf_putc(out, '\n');
}

/* Reads all, in memory that has nothing behind what was given but a NUL;
 * whether all of it is good. */
static bool
read_all(const char *text, size_t n, size_t step, char delimiter,
    struct buf *records, struct buf *places)
{
	struct csv c;
	struct csv_record record;
	struct error err = {0};
	enum csv_result r = CSV_MORE;
	size_t at = 0, given = 0, used;
	bool good = true;
	char *held;

	csv_init(&c, delimiter);
	while (r != CSV_END && r != CSV_BAD) {
		if (r == CSV_MORE)
			given += n - given < step ? n - given : step;
		held = memory_alloc(given - at + 1);
		memcpy(held, text + at, given - at);
		r = csv_read(
		    &c, held, given - at, given == n, &used, &record, &err);
		MUST(used <= given - at, "used what was not there");
		MUST(r != CSV_MORE || given < n, "more than there is");
		if (r == CSV_RECORD) {
			put_record(records, &record, delimiter);
			buf_printf(
			    places, "%llu ", (unsigned long long)record.line);
		}
		if (r == CSV_BAD || r == CSV_BAD_RECORD) {
			MUST(err.status == EX_DATAERR, "status %d", err.status);
			buf_printf(places, "%s\n", err.text);
			good = false;
		}
		at += used;
		free(held);
	}
	csv_clear(&c);
	return good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char delimiters[] = {',', ';', '\t', '|'};
	struct fuzz f = {bytes, bytes + n};
	char delimiter = delimiters[fuzz_below(&f, sizeof(delimiters))];
	size_t step = fuzz_byte(&f) + 1, len;
	struct buf whole = {0}, pieces = {0}, again = {0};
	struct buf whole_places = {0}, places = {0};
	char *text = fuzz_rest(&f, &len);

	read_all(text, len, len + 1, delimiter, &whole, &whole_places);
	read_all(text, len, step, delimiter, &pieces, &places);
	fuzz_same("records", whole.data, whole.len, pieces.data, pieces.len);
	fuzz_same("places", whole_places.data, whole_places.len, places.data,
	    places.len);
	MUST(read_all(buf_string(&whole), whole.len, step, delimiter, &again,
		 &places),
	    "what was written in quotes cannot be read");
	fuzz_same("read again", whole.data, whole.len, again.data, again.len);
	buf_clear(&whole);
	buf_clear(&pieces);
	buf_clear(&again);
	buf_clear(&whole_places);
	buf_clear(&places);
	free(text);
	return 0;
}
