/* outbox: what a first line says is what is written for it again. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "outbox/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A line that is read says the same when it is written and read again. */
static void
check_again(const struct outbox_envelope *e, uint64_t size)
{
	char seal[ENVELOPE_SEAL + 1];
	struct outbox_envelope again;
	struct arena arena = {0};
	struct buf line = {0};
	uint64_t size_again;
	size_t i;

	envelope_write(&line, e);
	envelope_seal(seal, e->id, size, "", 0);
	MUST(strlen(seal) == ENVELOPE_SEAL, "a seal of %zu", strlen(seal));
	memcpy(line.data, seal, ENVELOPE_SEAL);
	MUST(memchr(line.data, '\n', line.len) == line.data + line.len - 1,
	    "more than a line");
	MUST(envelope_read(
		 line.data, line.len - 1, &arena, &again, &size_again) == 0,
	    "not read again: %s", line.data);
	MUST(size_again == size && again.time == e->time &&
		again.count == e->count && strcmp(again.id, e->id) == 0 &&
		strcmp(again.part_of, e->part_of) == 0 &&
		strcmp(again.reverse_path, e->reverse_path) == 0 &&
		(again.options == NULL) == (e->options == NULL) &&
		(e->options == NULL ||
		    strlen(again.options) == strlen(e->options)),
	    "another envelope: %s", line.data);
	for (i = 0; i < e->count; i++)
		MUST(strcmp(again.recipients[i].address,
			 e->recipients[i].address) == 0 &&
			strcmp(again.recipients[i].parameters,
			    e->recipients[i].parameters) == 0,
		    "another recipient: %s", line.data);
	buf_clear(&line);
	arena_clear(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char begin[] = "{\"smtpsend\":1,\"size\":";
	struct outbox_envelope e;
	struct arena arena = {0};
	struct buf line = {0};
	uint64_t size = 0;

	/* The rest is hard enough to find. */
	buf_append(&line, begin, sizeof(begin) - 1);
	buf_append(&line, bytes, n);
	if (envelope_read(line.data, line.len, &arena, &e, &size) == 0)
		check_again(&e, size);
	buf_clear(&line);
	arena_clear(&arena);
	return 0;
}
