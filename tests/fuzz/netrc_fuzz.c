/* netrc: an entry lives in the text, and an error shows nothing of it. */
#include <stdlib.h>
#include <string.h>

#include "command/netrc.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	struct netrc_query query = {
	    .machine = "h", .port = 25, .user = "u", .wary = true};
	struct netrc_entry entry = {NULL, NULL};
	struct error err = {0};
	size_t len;
	char *text = fuzz_rest(&f, &len);
	int r = netrc_find(text, len, &query, &entry, &err);

	if (r == 1 && entry.password != NULL)
		MUST(entry.password > text && entry.password <= text + len &&
			strlen(entry.password) <= len,
		    "a password from elsewhere");
	if (r == 1 && entry.login != NULL)
		MUST(strcmp(entry.login, "u") == 0, "another's entry");
	if (r == -1)
		MUST(err.status == EX_CONFIG &&
			!fuzz_control(err.text, strlen(err.text), ""),
		    "status %d: %s", err.status, err.text);
	free(text);
	return 0;
}
