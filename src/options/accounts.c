/* accounts: see accounts.h. */
#include "options/accounts.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/buf.h"
#include "options/author.h"
#include "options/nearest.h"
#include "options/option.h"

static const enum option_layer common_layers[FILES] = {
    [FILE_SYSTEM] = LAYER_SYSTEM_FILE,
    [FILE_USER] = LAYER_USER_FILE,
};
static const enum option_layer account_layers[FILES] = {
    [FILE_SYSTEM] = LAYER_SYSTEM_ACCOUNT,
    [FILE_USER] = LAYER_USER_ACCOUNT,
};

static bool
is_in(const struct strings *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

static bool
exists(const struct config_file files[FILES], const char *name)
{
	return is_in(&files[FILE_SYSTEM].accounts, name) ||
	    is_in(&files[FILE_USER].accounts, name);
}

static int
unknown_account(const struct config_file files[FILES], const struct settings *s,
    const struct option_row *row, const char *name, struct error *err)
{
	struct nearest near = {.word = name};
	struct buf names = BUF_WITH_MAX(300), paths = BUF_WITH_MAX(200);
	char quoted[OPTION_QUOTED_SIZE];
	struct stat st;
	bool names_file = strchr(name, '/') != NULL || stat(name, &st) == 0;
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
	    option_quote(name, quoted));
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

/* An account that is for an address, and one that is as much. */
struct choice {
	const struct config_entry *best, *rival;
	int fit;
};

static bool
is_default(const struct config_entry *e)
{
	return strcmp(e->account, "default") == 0;
}

static void
offer(struct choice *c, const struct config_entry *e, int fit)
{
	if (fit > c->fit)
		*c = (struct choice){.best = e, .fit = fit};
	else if (strcmp(e->account, c->best->account) == 0 || is_default(e))
		return;
	else if (is_default(c->best))
		c->best = e;
	else
		c->rival = e;
}

/* In one file; *c is what was found in another one, which goes before. */
static void
choose_by_author(
    const struct config_file *f, const char *from, struct choice *c)
{
	const struct option_row *row = option_by_name("from");
	const struct config_entry *e = f->entries;
	const int before = c->fit;
	int fit;

	for (; e < f->entries + f->count; e++) {
		if (e->row != row || e->account == NULL || e->value == NULL)
			continue;
		fit = author_fit(e->value, from);
		if (fit > before && fit >= c->fit)
			offer(c, e, fit);
	}
}

static int
tie(const struct choice *c, const char *from, struct error *err)
{
	char one[OPTION_QUOTED_SIZE], two[OPTION_QUOTED_SIZE],
	    address[OPTION_QUOTED_SIZE];

	option_quote(c->best->account, one);
	option_quote(c->rival->account, two);
	error_set(err, EX_CONFIG,
	    "%s: from: account %s is for the address %s, and so is account %s "
	    "(%s)",
	    c->best->place, one, option_quote(from, address), two,
	    c->rival->place);
	return error_hint(err, "-A %s or -A %s (--account) chooses one of them",
	    c->best->account, c->rival->account);
}

int
accounts_choose(const struct config_file files[FILES], struct settings *s,
    struct error *err)
{
	const struct option_row *row = option_by_name("account");
	const struct option_row *from = option_by_name("from");
	struct option_origin origin = {LAYER_DEFAULT, "default"};
	struct choice c = {0};
	size_t i;

	if (s->account != NULL)
		return exists(files, s->account)
		    ? 0
		    : unknown_account(files, s, row, s->account, err);
	if (option_origin(s, from)->layer >= LAYER_ENVIRONMENT)
		for (i = FILES; i-- > 0;)
			choose_by_author(&files[i], s->message.from, &c);
	if (c.rival != NULL)
		return tie(&c, s->message.from, err);
	if (c.best != NULL) {
		origin = (struct option_origin){LAYER_USER_FILE, c.best->place};
		return option_set(s, row, c.best->account, &origin, err);
	}
	return exists(files, "default")
	    ? option_set(s, row, "default", &origin, err)
	    : 0;
}

static bool
is_pattern(const struct config_entry *e)
{
	return e->value != NULL && strcmp(e->row->name, "from") == 0 &&
	    author_is_pattern(e->value);
}

/* Whether it stands in this account; NULL: above all. */
static bool
belongs(const struct config_entry *e, const char *account)
{
	return account == NULL
	    ? e->account == NULL
	    : e->account != NULL && strcmp(account, e->account) == 0;
}

static int
apply(const struct config_file *f, const char *account, enum option_layer layer,
    struct settings *s, struct error *err)
{
	struct option_origin origin = {.layer = layer};
	const struct config_entry *e = f->entries;

	for (; e < f->entries + f->count; e++) {
		if (!belongs(e, account) || is_pattern(e))
			continue;
		origin.text = e->place;
		if (option_set(s, e->row, e->value, &origin, err) == -1)
			return -1;
	}
	return 0;
}

/* A From address from below the account that fits none of its patterns is
 * none. */
static void
settle_author(const struct config_file files[FILES], struct settings *s)
{
	const struct option_row *row = option_by_name("from");
	const struct config_entry *e, *pattern = NULL;
	const enum option_layer layer = option_origin(s, row)->layer;
	size_t i;

	for (i = 0; i < FILES; i++) {
		for (e = files[i].entries;
		     e < files[i].entries + files[i].count; e++) {
			if (!belongs(e, s->account) || !is_pattern(e) ||
			    layer >= account_layers[i])
				continue;
			pattern = e;
			if (s->message.from != NULL &&
			    author_fit(e->value, s->message.from) > 0)
				return;
		}
	}
	if (pattern == NULL)
		return;
	s->message.from = NULL;
	s->origins[option_number(row)] = (struct option_origin){0};
	s->message.from_pattern =
	    arena_printf(&s->arena, "%s (%s)", pattern->value, pattern->place);
}

int
accounts_apply_common(const struct config_file files[FILES], struct settings *s,
    struct error *err)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		if (apply(&files[i], NULL, common_layers[i], s, err) == -1)
			return -1;
	return 0;
}

int
accounts_apply(const struct config_file files[FILES], struct settings *s,
    struct error *err)
{
	size_t i;

	if (s->account == NULL)
		return 0;
	for (i = 0; i < FILES; i++)
		if (apply(&files[i], s->account, account_layers[i], s, err) ==
		    -1)
			return -1;
	settle_author(files, s);
	return 0;
}
