#include "lib/curl.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "lib/library.h"
#include "lib/secret_heap.h"

/* Both flavours export the same interface; the first is everywhere, the
 * second is what Debian's GnuTLS build is called. */
#define SONAME "libcurl.so.4"
#define SONAME_GNUTLS "libcurl-gnutls.so.4"

LIBRARY_NOTE("url", "user names and escapes in URLs, proxies", "recommended",
    LIBRARY_EITHER(SONAME, SONAME_GNUTLS));

int
curl_open(struct curl_library *curl, struct error *err)
{
#define ROW(name) {"curl_" #name, offsetof(struct curl_library, name)},
	static const struct library_row rows[] = {CURL_FUNCTIONS(ROW)};
#undef ROW
	const struct library library = {
	    .soname = SONAME,
	    .other = SONAME_GNUTLS,
	    .package = "libcurl (Debian: libcurl4)",
	    .rows = rows,
	    .row_count = sizeof(rows) / sizeof(rows[0]),
	};

	return library_open(&library, curl, err);
}

/* The one of libc may move what it holds and leave it behind. */
static void *
wipe_realloc(void *old, size_t n)
{
	size_t had = old != NULL ? malloc_usable_size(old) : 0;
	void *new;

	if (had >= n && n > 0)
		return old;
	new = malloc(n);
	if (new == NULL)
		return NULL;
	if (had > 0)
		memcpy(new, old, had < n ? had : n);
	secret_heap_free(old);
	return new;
}

void
curl_wipe_freed(const struct curl_library *curl)
{
	/* Of no effect but the first time; what it had before is its own. */
	(void)curl->global_init_mem(CURL_GLOBAL_DEFAULT, malloc,
	    secret_heap_free, wipe_realloc, strdup, calloc);
}
