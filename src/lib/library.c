#include "lib/library.h"

#include <dlfcn.h>
#include <string.h>

/* The soname that was opened, in *soname. */
static void *
open_either(const struct library *l, const char **soname)
{
	/* Never unloaded: some libraries leave threads' keys and exit handlers
	 * behind. */
	const int flags = RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE;
	void *handle = dlopen(*soname = l->soname, flags);

	if (handle == NULL && l->other != NULL)
		handle = dlopen(*soname = l->other, flags);
	return handle;
}

int
library_open(const struct library *l, void *functions, struct error *err)
{
	const char *soname;
	void *handle = open_either(l, &soname), *symbol;
	size_t i;

	if (handle == NULL) {
		error_set(err, EX_OSERR, "the library %s%s%s is needed: %s",
		    l->soname, l->other != NULL ? " or " : "",
		    l->other != NULL ? l->other : "", dlerror());
		return error_hint(err, "install %s", l->package);
	}
	for (i = 0; i < l->row_count; i++) {
		symbol = dlsym(handle, l->rows[i].symbol);
		if (symbol == NULL) {
			error_set(err, EX_OSERR,
			    "the library %s is too old: it has no %s", soname,
			    l->rows[i].symbol);
			return error_hint(err, "install %s", l->package);
		}
		/* Object and function pointers are alike (POSIX, dlsym). */
		memcpy((char *)functions + l->rows[i].where, &symbol,
		    sizeof(symbol));
	}
	return 0;
}
