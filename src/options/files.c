/* files: see files.h. */
#include "options/files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "options/config_file.h"
#include "options/environment.h"
#include "options/nearest.h"
#include "options/option.h"

enum { SYSTEM, USER, FILES };

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

/* The part between the angle brackets, if there are any. */
static const char *
addr_spec(const char *text, size_t *len)
{
	const char *open = strrchr(text, '<');
	const char *close = open != NULL ? strchr(open, '>') : NULL;

	if (close != NULL) {
		*len = (size_t)(close - open) - 1;
		return open + 1;
	}
	text += strspn(text, " \t");
	*len = strcspn(text, " \t");
	return text;
}

/* The same local part, and the same domain but for case. */
static bool
same_address(const char *a, const char *b)
{
	size_t n, m, i;
	bool domain = false;

	a = addr_spec(a, &n);
	b = addr_spec(b, &m);
	if (n != m)
		return false;
	for (i = 0; i < n; i++) {
		if (a[i] != b[i] &&
		    (!domain || ascii_lower(a[i]) != ascii_lower(b[i])))
			return false;
		if (a[i] == '@' && memchr(a + i + 1, '@', n - i - 1) == NULL)
			domain = true;
	}
	return true;
}

static bool
has_account(const struct config_file *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->accounts.count; i++)
		if (strcmp(f->accounts.items[i], name) == 0)
			return true;
	return false;
}

/* The entry whose `from` is that address; the user's file goes first. */
static const struct config_entry *
entry_by_from(const struct config_file files[FILES], const char *from)
{
	const struct option_row *row = option_by_name("from");
	const struct config_entry *e;
	size_t i, k;

	for (i = FILES; i-- > 0;) {
		for (k = 0; k < files[i].count; k++) {
			e = &files[i].entries[k];
			if (e->row == row && e->account != NULL &&
			    same_address(e->value, from))
				return e;
		}
	}
	return NULL;
}

static int
unknown_account(const struct config_file files[FILES], const struct settings *s,
    struct error *err)
{
	const struct option_row *row = option_by_name("account");
	struct nearest near = {.word = s->account};
	struct buf names = BUF_WITH_MAX(300), paths = BUF_WITH_MAX(200);
	char quoted[OPTION_QUOTED_SIZE];
	struct stat st;
	bool names_file =
	    strchr(s->account, '/') != NULL || stat(s->account, &st) == 0;
	size_t i, k;

	for (i = 0; i < FILES; i++) {
		for (k = 0; k < files[i].accounts.count; k++) {
			nearest_offer(&near, files[i].accounts.items[k]);
			buf_printf(&names, "%s%s", names.len > 0 ? ", " : "",
			    files[i].accounts.items[k]);
		}
	}
	for (i = 0; i < s->files.count; i++)
		buf_printf(
		    &paths, "%s%s", i > 0 ? ", " : "", s->files.items[i]);
	option_error(err, row, option_origin(s, row), "there is no account %s",
	    option_quote(s->account, quoted));
	nearest_suggest(err, "", near.best);
	error_hint(err, "%sFiles: %s\nAccounts: %s",
	    names_file ? "-a FILE (--attach) attaches a file\n" : "",
	    paths.len > 0 ? buf_string(&paths) : "none",
	    names.len > 0 ? buf_string(&names) : "none");
	err->status = EX_CONFIG;
	buf_clear(&names);
	buf_clear(&paths);
	return -1;
}

/* Sets what stands under the account; NULL: above all accounts. */
static int
apply(const struct config_file *f, const char *account, enum option_layer layer,
    struct settings *s, struct error *err)
{
	struct option_origin origin = {.layer = layer};
	const struct config_entry *e = f->entries;

	for (; e < f->entries + f->count; e++) {
		if ((account == NULL) != (e->account == NULL) ||
		    (account != NULL && strcmp(account, e->account) != 0))
			continue;
		origin.text = e->place;
		if (option_set(s, e->row, e->value, &origin, err) == -1)
			return -1;
	}
	return 0;
}

static int
choose_account(const struct config_file files[FILES], struct settings *s,
    struct error *err)
{
	const struct option_row *row = option_by_name("account");
	const struct option_row *from = option_by_name("from");
	struct option_origin origin = {LAYER_DEFAULT, "default"};
	const struct config_entry *e;

	if (s->account != NULL)
		return has_account(&files[SYSTEM], s->account) ||
			has_account(&files[USER], s->account)
		    ? 0
		    : unknown_account(files, s, err);
	if (option_origin(s, from)->layer >= LAYER_ENVIRONMENT &&
	    (e = entry_by_from(files, s->message.from)) != NULL) {
		origin = (struct option_origin){LAYER_USER_FILE, e->place};
		return option_set(s, row, e->account, &origin, err);
	}
	if (has_account(&files[SYSTEM], "default") ||
	    has_account(&files[USER], "default"))
		return option_set(s, row, "default", &origin, err);
	return 0;
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
	    o->system_file, user_path(o, &s->arena, &why[USER])};
	size_t i, k;

	for (i = 0; i < FILES; i++) {
		if (paths[i] == NULL)
			continue;
		if (why[i] == NULL &&
		    config_file_read(&files[i], paths[i], &s->arena, err) == -1)
			return -1;
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
apply_all(const struct config_file files[FILES], struct settings *s,
    struct error *err)
{
	if (apply(&files[SYSTEM], NULL, LAYER_SYSTEM_FILE, s, err) == -1 ||
	    apply(&files[USER], NULL, LAYER_USER_FILE, s, err) == -1 ||
	    choose_account(files, s, err) == -1)
		return -1;
	if (s->account == NULL)
		return 0;
	if (apply(&files[SYSTEM], s->account, LAYER_SYSTEM_ACCOUNT, s, err) ==
	    -1)
		return -1;
	return apply(&files[USER], s->account, LAYER_USER_ACCOUNT, s, err);
}

int
files_read(
    const struct options_origin *o, struct settings *s, struct error *err)
{
	struct config_file files[FILES] = {{0}};
	int result;
	size_t i;

	result = read_all(o, files, s, err);
	if (result == 0)
		result = apply_all(files, s, err);
	for (i = 0; i < FILES; i++)
		config_file_clear(&files[i]);
	return result;
}
