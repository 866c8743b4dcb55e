/*
 * config_file: one configuration file, opened with care and taken apart.
 *
 * Lines are `name = value`, a flag's name alone, `[account NAME]`, or empty or
 * a comment (`#`).  A value is the rest of the line without blanks around it;
 * in double quotes blanks are kept, \" and \\ stand for " and \.
 *
 * What is opened must be a regular file of at most 1 MiB that belongs to the
 * user or to root and that not everybody can write to: commands are run from
 * it.  A symbolic link may lead there, since that says the same of its target.
 * With a secret in it, the file must be the user's own, not be reached by a
 * symbolic link, and give no rights to group and others.  All this is checked
 * on the open descriptor.
 */
#ifndef OPTIONS_CONFIG_FILE_H
#define OPTIONS_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "options/option_table.h"

struct config_entry {
	const struct option_row *row;
	const char *value;   /* NULL: a flag's name alone */
	const char *account; /* the section it is in; NULL: above all */
	const char *place;   /* "FILE:12", lives as long as the arena */
};

/* What is wrong with it, where that is not to end the reading. */
struct config_fault {
	const char *account; /* the section it is in; NULL: none */
	const char *text;
};
enum { CONFIG_FAULTS_MAX = 64 }; /* of a file, that are kept */

struct config_file {
	bool lenient; /* given: faults are kept, and the rest is read */
	const char *path;
	const char *unread; /* why it counts as empty; NULL: it was read */
	bool denied;	    /* … because we may not read it */
	struct config_entry *entries; /* in order; values point into text */
	size_t count;
	struct strings accounts; /* its sections, in order */
	struct config_fault *faults;
	size_t fault_count;
	struct buf text;
};

/* All of it but lenient is filled.  0, or -1 with *err (EX_CONFIG); if lenient
 * never.  A file that is not there, or that may not be
 * read, is an empty one.  config_file_clear in either case; it wipes. */
int config_file_read(
    struct config_file *, const char *path, struct arena *, struct error *);
void config_file_clear(struct config_file *);

#endif
