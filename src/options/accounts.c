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
	bool names_file = strchr(name, '/') != NULL || stat(name, &st) == 0 ||
	    (strchr(name, '.') != NULL && strchr(name, '@') == NULL);
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
accounts_choose(const struct config_file files[FILES], const char *sender,
    struct settings *s, struct error *err)
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
		sender = s->message.from;
	if (sender != NULL)
		for (i = FILES; i-- > 0;)
			choose_by_author(&files[i], sender, &c);
	if (c.rival != NULL)
		return tie(&c, sender, err);
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

/* What the call says of all servers, as if a variable did: it is not for this
 * one alone, and need not be of use there. */
static void
take_over(struct settings *own, const struct settings *s)
{
	const struct option_row *row = NULL;
	struct option_origin *origin;
	enum option_layer layer;

	while ((row = option_next(row)) != NULL) {
		layer = option_origin(s, row)->layer;
		if (!row->for_all ||
		    (layer < LAYER_ENVIRONMENT && layer != LAYER_FALLBACK))
			continue;
		option_copy(own, s, row);
		origin = &own->origins[option_number(row)];
		if (layer == LAYER_ARGV)
			origin->layer = LAYER_ENVIRONMENT;
	}
	layer = option_origin(s, option_by_name("tls"))->layer;
	own->server.tls.demanded = layer >= LAYER_ENVIRONMENT &&
	    (s->server.tls.mode == TLS_STARTTLS ||
		s->server.tls.mode == TLS_IMPLICIT);
}

/* What holds where this account is used, by configuration alone. */
static int
settings_of(const struct config_file files[FILES], const struct settings *s,
    const char *name, struct settings *own, struct error *err)
{
	const struct option_origin *server;

	own->home = s->home;
	own->user_file = s->user_file;
	own->action = s->action;
	own->origins =
	    arena_alloc(&own->arena, option_count() * sizeof(*own->origins));
	take_over(own, s);
	if (option_set_defaults(own, err) == -1 ||
	    accounts_apply_common(files, own, err) == -1)
		return -1;
	own->account = name;
	if (accounts_apply(files, own, err) == -1)
		return -1;
	server = option_origin(own, option_by_name("server"));
	if (server->layer > LAYER_DEFAULT)
		own->server.origin = server->text;
	return 0;
}

static struct settings_account *
add_account(struct settings *s, const char *name)
{
	struct settings_account *account = &s->others[s->other_count++];

	account->name = name;
	account->settings = arena_alloc(&s->arena, sizeof(*account->settings));
	return account;
}

static int
add_failover(const struct config_file files[FILES], struct settings *s,
    const char *name, struct error *err)
{
	const struct option_row *row = option_by_name("failover");
	struct settings_account *account;
	size_t i;

	if (!exists(files, name))
		return unknown_account(files, s, row, name, err);
	for (i = 0; i < s->other_count; i++)
		if (strcmp(s->others[i].name, name) == 0)
			return 0;
	if (s->account != NULL && strcmp(s->account, name) == 0) {
		if (!option_on_argv(s, "failover"))
			return 0;
		return option_error(err, row, option_origin(s, row),
		    "%s is the account that is used first", name);
	}
	account = add_account(s, name);
	if (settings_of(files, s, name, account->settings, err) == -1)
		return -1;
	if (account->settings->server.origin != NULL)
		return 0;
	option_error(err, row, option_origin(s, row),
	    "account %s names no server", name);
	err->status = EX_CONFIG;
	return error_hint(
	    err, "write 'server = HOST' below [account %s]", name);
}

/* The names in a text, which is cut for that. */
static char *
next_name(char **rest)
{
	char *name = strsep(rest, ","), *end;

	if (name == NULL)
		return NULL;
	name += strspn(name, " \t");
	for (end = name + strlen(name);
	     end > name && (end[-1] == ' ' || end[-1] == '\t'); end--)
		end[-1] = '\0';
	return name;
}

/* A server that the call names is the one that is meant, unless the call says
 * more. */
static bool
is_overruled(const struct settings *s)
{
	enum option_layer server, failover;

	server = option_origin(s, option_by_name("server"))->layer;
	failover = option_origin(s, option_by_name("failover"))->layer;
	return server >= LAYER_ENVIRONMENT && failover < server;
}

int
accounts_failover(const struct config_file files[FILES], struct settings *s,
    struct error *err)
{
	const struct strings *lists = &s->delivery.failover;
	size_t i, n = 0;
	const char *c;
	char *rest, *name;

	for (i = 0; i < lists->count; i++, n++)
		for (c = lists->items[i]; *c != '\0'; c++)
			n += *c == ',';
	if (n == 0 || is_overruled(s))
		return 0;
	s->others = arena_alloc(&s->arena, n * sizeof(*s->others));
	for (i = 0; i < lists->count; i++) {
		rest = arena_strdup(&s->arena, lists->items[i]);
		while ((name = next_name(&rest)) != NULL)
			if (*name != '\0' &&
			    add_failover(files, s, name, err) == -1)
				return -1;
	}
	return 0;
}

/* What is wrong in both files with this account, and whom it is for. */
static void
look_at(const struct config_file files[FILES], struct settings *s,
    struct settings_account *account)
{
	const struct option_row *row = option_by_name("from");
	const struct config_fault *fault;
	const struct config_entry *e;
	size_t i, k;

	for (i = FILES; i-- > 0;) {
		for (k = 0; k < files[i].fault_count; k++) {
			fault = &files[i].faults[k];
			if (account->name == NULL ? fault->account == NULL
						  : fault->account != NULL &&
				    strcmp(fault->account, account->name) == 0)
				strings_append(
				    &account->faults, &s->arena, fault->text);
		}
		for (e = files[i].entries;
		     e < files[i].entries + files[i].count; e++)
			if (e->row == row && e->value != NULL &&
			    belongs(e, account->name))
				strings_append(
				    &account->from, &s->arena, e->value);
	}
}

void
accounts_list(const struct config_file files[FILES], struct settings *s)
{
	struct settings_account *account;
	struct error err;
	size_t i;

	s->others = arena_alloc(
	    &s->arena, (s->accounts.count + 1) * sizeof(*s->others));
	for (i = 0; i <= s->accounts.count; i++) {
		account =
		    add_account(s, i > 0 ? s->accounts.items[i - 1] : NULL);
		look_at(files, s, account);
		account->used = s->account == NULL
		    ? i == 0
		    : i > 0 && strcmp(s->account, account->name) == 0;
		if (settings_of(
			files, s, account->name, account->settings, &err) == -1)
			strings_append(&account->faults, &s->arena, err.text);
	}
}
