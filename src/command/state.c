#include "command/state.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_ours(const char *directory)
{
	struct stat st;

	return directory != NULL && directory[0] == '/' &&
	    stat(directory, &st) == 0 && st.st_uid == geteuid();
}

/* What a daemon passes on may be somebody else's: at's HOME is root's. */
static const char *
find_home(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (is_ours(home))
		return home;
	pw = getpwuid(geteuid());
	return pw != NULL && is_ours(pw->pw_dir) ? pw->pw_dir : NULL;
}

int
state_path(struct arena *a, const char *name, const char *what,
    const char **path, struct error *err)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home;

	if (xdg != NULL && xdg[0] == '/') {
		*path = arena_printf(a, "%s/smtpsend/%s", xdg, name);
		return 0;
	}
	home = find_home();
	if (home == NULL) {
		error_set(err, EX_CONFIG,
		    "there is no place to keep %s: neither HOME nor the list "
		    "of users names a directory of yours",
		    what);
		return error_hint(err, "set HOME or XDG_STATE_HOME");
	}
	*path = arena_printf(a, "%s/.local/state/smtpsend/%s", home, name);
	return 0;
}
