/* files: see files.h. */
#include "options/files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options/accounts.h"
#include "options/environment.h"

/* XDG Base Directory Specification: a relative path is to be ignored.  Daemons
 * pass on HOME=/root to programs that they run as someone else: a directory
 * that is not ours does not count, and *why says so. */
static const char *
user_path(const struct options_origin *o, struct arena *arena, const char **why)
{
	const char *xdg = environment_get(o->environ, "XDG_CONFIG_HOME");
	const char *home = environment_get(o->environ, "HOME");
	const char *name = "HOME", *base = home;
	struct stat st;

	if (o->no_user_file)
		return NULL;
	if (o->user_file != NULL)
		return o->user_file;
	if (xdg != NULL && xdg[0] == '/') {
		name = "XDG_CONFIG_HOME";
		base = xdg;
	}
	if (base == NULL || base[0] != '/')
		return NULL;
	if (stat(base, &st) == -1)
		*why = arena_printf(arena, "%s: %s", name, strerror(errno));
	else if (st.st_uid != geteuid())
		*why = arena_printf(arena, "%s belongs to another user", name);
	return arena_printf(arena, "%s%s/smtpsend/config", base,
	    base == home ? "/.config" : "");
}

void
files_find(const struct options_origin *o, struct settings *s)
{
	const char *why = NULL;
	const char *path = user_path(o, &s->arena, &why);

	s->user_file = why == NULL ? path : NULL;
}

/* Once, though both files may have it. */
static void
add_account(struct settings *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->accounts.count; i++)
		if (strcmp(s->accounts.items[i], name) == 0)
			return;
	strings_append(&s->accounts, &s->arena, arena_strdup(&s->arena, name));
}

static int
read_all(const struct options_origin *o, struct config_file files[FILES],
    struct settings *s, struct error *err)
{
	const char *why[FILES] = {NULL}, *line;
	const char *paths[FILES] = {
	    o->system_file, user_path(o, &s->arena, &why[FILE_USER])};
	size_t i, k;

	for (i = 0; i < FILES; i++) {
		if (paths[i] == NULL)
			continue;
		if (why[i] == NULL &&
		    config_file_read(&files[i], paths[i], &s->arena, err) == -1)
			return -1;
		if (i == FILE_USER && why[i] == NULL)
			s->user_file = paths[i];
		if (i == FILE_SYSTEM)
			s->system_denied = files[i].denied;
		if (why[i] == NULL)
			why[i] = files[i].unread;
		line = paths[i];
		if (why[i] != NULL)
			line = arena_printf(
			    &s->arena, "%s (%s)", paths[i], why[i]);
		strings_append(&s->files, &s->arena, line);
		for (k = 0; k < files[i].accounts.count; k++)
			add_account(s, files[i].accounts.items[k]);
	}
	return 0;
}

static int
apply_all(const struct options_origin *o, const struct config_file files[FILES],
    struct settings *s, struct error *err)
{
	const char *sender =
	    o->sender_chooses ? s->message.envelope_from : NULL;

	if (accounts_apply_common(files, s, err) == -1 ||
	    accounts_choose(files, sender, s, err) == -1 ||
	    accounts_apply(files, s, err) == -1)
		return -1;
	return accounts_failover(files, s, err);
}

/* What is wrong with an account is told of it, that none can be chosen of what
 * stands above them all; they are listed in any case. */
static void
list_all(const struct config_file files[FILES], struct settings *s)
{
	struct error err;
	bool torn = accounts_apply_common(files, s, &err) == 0 &&
	    accounts_choose(files, NULL, s, &err) == -1;

	accounts_list(files, s);
	if (torn)
		strings_append(&s->others[0].faults, &s->arena, err.text);
}

/* An account that is not there yet is not to be chosen.  What is there must be
 * sound: it is written to. */
static int
list_for_new(const struct config_file files[FILES], struct settings *s,
    struct error *err)
{
	size_t i;

	if (accounts_apply_common(files, s, err) == -1)
		return -1;
	accounts_list(files, s);
	for (i = 0; i < s->other_count; i++)
		if (s->others[i].faults.count > 0)
			return error_set(
			    err, EX_CONFIG, "%s", s->others[i].faults.items[0]);
	return 0;
}

int
files_read(
    const struct options_origin *o, struct settings *s, struct error *err)
{
	struct config_file files[FILES] = {{0}};
	int result;
	size_t i;

	for (i = 0; i < FILES; i++)
		files[i].lenient = s->action == ACTION_ACCOUNTS;
	result = read_all(o, files, s, err);
	if (result == 0 && s->action == ACTION_ACCOUNTS)
		list_all(files, s);
	else if (result == 0 && s->action == ACTION_CONFIGURE)
		result = list_for_new(files, s, err);
	else if (result == 0)
		result = apply_all(o, files, s, err);
	for (i = 0; i < FILES; i++)
		config_file_clear(&files[i]);
	return result;
}
