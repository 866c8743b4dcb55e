/*
 * account_new: an account that is to be made, as settings for config_write, and
 * what would hold in it.
 */
#ifndef OPTIONS_ACCOUNT_NEW_H
#define OPTIONS_ACCOUNT_NEW_H

#include "options/config_write.h"
#include "options/option.h"
#include "options/settings.h"

enum { ACCOUNT_NEW_MAX = 128 };

struct account_new {
	struct arena *arena;
	const char *name; /* its own; NULL: not known yet */
	struct config_setting settings[ACCOUNT_NEW_MAX];
	size_t count;
};

/* The value is copied. */
void account_new_add(struct account_new *, const char *name, const char *value);
/* The first one of that name, or NULL. */
const char *account_new_value(const struct account_new *, const char *name);
/*
 * What the command line, or whatever has at least this layer, says of proxy,
 * signing in and the server, but not which server it is; files by names that
 * hold wherever we are called.  EX_USAGE: a value that cannot be written.
 */
int account_new_take_given(struct account_new *, const struct settings *,
    enum option_layer least, struct error *);
/* The same of one option. */
int account_new_take(struct account_new *, const struct settings *,
    const struct option_row *, struct error *);
/* What one looks for first stands first: server, user, from. */
void account_new_sort(struct account_new *);
/* All others of these sections are to be in it no more. */
void account_new_complete(struct account_new *);
/*
 * What would hold in it: settings_clear is the caller's.  base: what holds for
 * an account that says nothing (settings.others), which outlives it.
 */
int account_new_settings(const struct account_new *,
    const struct settings *base, struct settings *, struct error *);

#endif
