/* store: whatever stands in the file of a sign-in, a token that is taken from it
 * is one, and what is written of it is read as the same. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/secret.h"
#include "oauth/store_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_token(const struct secret *s)
{
	size_t i;

	MUST(s->bytes == NULL || s->len > 0, "a token of nothing");
	for (i = 0; i < s->len; i++)
		MUST(s->bytes[i] > ' ' && s->bytes[i] <= '~',
		    "a token with a sign that none has");
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oauth_entry e, again;
	struct buf said = {0}, first = {0}, second = {0};
	struct arena arena = {0};
	struct error err = {0};

	buf_append(&said, bytes, n);
	if (store_file_read(&said, &arena, &e, &err) == 0) {
		check_token(&e.token.access);
		check_token(&e.token.refresh);
		store_file_write(&first, &e);
		MUST(store_file_read(&first, &arena, &again, &err) == 0,
		    "what was written is not read: %s", err.text);
		store_file_write(&second, &again);
		MUST(first.len == second.len &&
			memcmp(first.data, second.data, first.len) == 0,
		    "it is read as another");
		oauth_entry_clear(&e);
		oauth_entry_clear(&again);
	} else {
		MUST(err.text[0] != '\0', "an error without words");
	}
	buf_clear(&said);
	buf_clear(&first);
	buf_clear(&second);
	arena_clear(&arena);
	return 0;
}
