#include "lib/gnutls.h"

#include "lib/library.h"

#define SONAME "libgnutls.so.30"

LIBRARY_NOTE("tls", "TLS (smtps, STARTTLS)", "required", SONAME);

int
gnutls_open(struct gnutls *g, struct error *err)
{
#define ROW(name) {"gnutls_" #name, offsetof(struct gnutls, name)},
	static const struct library_row rows[] = {GNUTLS_FUNCTIONS(ROW)};
#undef ROW
	const struct library library = {
	    .soname = SONAME,
	    .package = "GnuTLS (Debian: libgnutls30)",
	    .rows = rows,
	    .row_count = sizeof(rows) / sizeof(rows[0]),
	};

	return library_open(&library, g, err);
}
