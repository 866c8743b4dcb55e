#include "command/state.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
state_path(struct arena *a, const char *name, const char *what,
    const char **path, struct error *err)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	struct stat st;

	if (xdg != NULL && xdg[0] == '/') {
		*path = arena_printf(a, "%s/smtpsend/%s", xdg, name);
		return 0;
	}
	/* What a daemon passes on may be somebody else's. */
	if (home == NULL || home[0] != '/' || stat(home, &st) == -1 ||
	    st.st_uid != geteuid()) {
		error_set(err, EX_CONFIG,
		    "there is no place to keep %s: HOME names no directory of "
		    "yours",
		    what);
		return error_hint(err, "set HOME or XDG_STATE_HOME");
	}
	*path = arena_printf(a, "%s/.local/state/smtpsend/%s", home, name);
	return 0;
}
