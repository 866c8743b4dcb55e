#include "transport/curl.h"

#include "lib/library.h"

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
