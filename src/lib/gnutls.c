#include "lib/gnutls.h"

#include "lib/library.h"

#define SONAME "libgnutls.so.30"

LIBRARY_NOTE("tls", "TLS (smtps, STARTTLS)", "required", SONAME);

static int
open_rows(const struct library_row *rows, size_t n, void *functions,
    struct error *err)
{
	const struct library library = {
	    .soname = SONAME,
	    .package = "GnuTLS (Debian: libgnutls30)",
	    .rows = rows,
	    .row_count = n,
	};

	return library_open(&library, functions, err);
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

int
gnutls_open(struct gnutls *g, struct error *err)
{
#define ROW(name) {"gnutls_" #name, offsetof(struct gnutls, name)},
	static const struct library_row rows[] = {GNUTLS_FUNCTIONS(ROW)};
#undef ROW

	return open_rows(rows, LENGTH(rows), g, err);
}

int
gnutls_keys_open(struct gnutls_keys *g, struct error *err)
{
#define ROW(name) {"gnutls_" #name, offsetof(struct gnutls_keys, name)},
	static const struct library_row rows[] = {GNUTLS_KEYS_FUNCTIONS(ROW)};
#undef ROW

	return open_rows(rows, LENGTH(rows), g, err);
}
