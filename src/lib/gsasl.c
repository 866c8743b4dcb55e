#include "lib/gsasl.h"

#include "lib/library.h"

#define SONAME "libgsasl.so.18"

LIBRARY_NOTE("sasl", "SCRAM and Kerberos (AUTH)", "recommended", SONAME);

int
gsasl_open(struct gsasl *g, struct error *err)
{
#define ROW(name)                                            \
	{                                                    \
		"gsasl_" #name, offsetof(struct gsasl, name) \
	}
	static const struct library_row rows[] = {
	    ROW(init),
	    ROW(done),
	    ROW(callback_set),
	    ROW(client_start),
	    ROW(finish),
	    ROW(session_hook_set),
	    ROW(session_hook_get),
	    ROW(property_set),
	    ROW(property_fast),
	    ROW(step),
	    ROW(strerror),
	    ROW(free),
	};
#undef ROW
	const struct library library = {
	    .soname = SONAME,
	    .package = "GNU SASL (Debian: libgsasl18)",
	    .rows = rows,
	    .row_count = sizeof(rows) / sizeof(rows[0]),
	};

	return library_open(&library, g, err);
}
