/*
 * config_write: an account put into the text of a configuration file.
 *
 * Every octet that is not about it stays: comments, order, other sections, line
 * ends.  No I/O.
 */
#ifndef OPTIONS_CONFIG_WRITE_H
#define OPTIONS_CONFIG_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

struct config_setting {
	const char *name;
	const char *value; /* NULL: there is to be none */
};

/* Whether a text has a section for this account. */
bool config_has_account(const char *text, size_t n, const char *account);
/*
 * Appends the text with the settings in the account's section.  If there is one,
 * a setting that stands in it is replaced in its place, or taken away; what is
 * new follows the last one there.  Otherwise a section is added at the end.
 * 0, or -1 with EX_CONFIG: a name or a value cannot be written so that it would
 * be read as the same.
 */
int
config_write(struct buf *out, const char *text, size_t n, const char *account,
    const struct config_setting *, size_t count, struct error *);

#endif
