/* template: text, a NUL and records in JSON; what is rendered hangs on nothing
 * but them, and stays within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "batch/jsonl.h"
#include "batch/template.h"
#include "fuzz/fuzz.h"
#include "lib/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { OUT_MAX = 4096, RENDERINGS_MAX = 8 };

static const char some_record[] =
    "{\"a\":\"<&\",\"b\":{\"c\":1.50,\"d\":[1,[2,\"'\"],{\"e\":null}]},"
    "\"e\":true,\"f\":false,\"g\":\"\",\"a b\":[{\"a\":1},{\"a\":2}]}";

static void
check_error(const struct error *err)
{
	MUST(err->status == EX_DATAERR && strncmp(err->text, "t: ", 3) == 0 &&
		!fuzz_control(err->text, strlen(err->text), ""),
	    "status %d: %s", err->status, err->text);
}

static void
check_names(const struct template *t, const char *text, size_t n)
{
	size_t count, i;
	const struct template_name *names = template_names(t, &count);

	for (i = 0; i < count; i++) {
		MUST(names[i].name >= text &&
			names[i].name + names[i].len <= text + n &&
			names[i].len > 0,
		    "a name from elsewhere");
		MUST(names[i].line > 0 && names[i].column > 0 &&
			names[i].line + names[i].column <= n + 2,
		    "a place beyond the text");
	}
}

static void
check_record(
    struct template *t, const struct value *record, const char *text, size_t n)
{
	struct buf once = BUF_WITH_MAX(OUT_MAX), twice = BUF_WITH_MAX(OUT_MAX);
	struct error err = {0};
	int r = template_render(t, record, TEMPLATE_HTML, &once, &err);

	if (r == -1)
		check_error(&err);
	MUST(template_render(t, record, TEMPLATE_HTML, &twice, &err) == r,
	    "another result the second time");
	fuzz_same("twice", once.data, once.len, twice.data, twice.len);
	if (r == 0 && template_is_plain(t))
		fuzz_same("plain", once.data, once.len, text, n);
	buf_reset(&twice);
	if (r == 0 &&
	    template_render(t, record, TEMPLATE_TEXT, &twice, &err) == 0)
		MUST(twice.len <= once.len, "escaped, and shorter");
	buf_clear(&once);
	buf_clear(&twice);
}

static void
check_records(struct template *t, const char *records, size_t records_len,
    const char *text, size_t n)
{
	struct jsonl l;
	struct value record;
	struct error err = {0};
	enum jsonl_result r = JSONL_RECORD;
	size_t used, count = 0;

	MUST(jsonl_init(&l, &err) == 0, "%s", err.text);
	while (r != JSONL_END && count++ < RENDERINGS_MAX) {
		r = jsonl_read(
		    &l, records, records_len, true, &used, &record, &err);
		MUST(r != JSONL_MORE && r != JSONL_BAD, "a result of %d", r);
		if (r == JSONL_RECORD)
			check_record(t, &record, text, n);
		if (r == JSONL_BAD_RECORD)
			MUST(err.status == EX_DATAERR &&
				!fuzz_control(err.text, strlen(err.text), ""),
			    "status %d: %s", err.status, err.text);
		records += used;
		records_len -= used;
	}
	jsonl_clear(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(bytes, '\0', size) : NULL;
	size_t n = nul != NULL ? (size_t)(nul - bytes) : size;
	char *text = memory_alloc(n > 0 ? n : 1); /* nothing behind it */
	struct template *t;
	struct error err = {0};

	memcpy(text, bytes, n);
	if (template_new(text, n, "t", &t, &err) == 0) {
		check_names(t, text, n);
		check_records(t, some_record, sizeof(some_record) - 1, text, n);
		if (nul != NULL)
			check_records(
			    t, (const char *)nul + 1, size - n - 1, text, n);
		template_free(t);
	} else {
		check_error(&err);
	}
	free(text);
	return 0;
}
