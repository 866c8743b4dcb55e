/* aliases_file: the lines of a file of aliases. */
#ifndef RFC5322_ALIASES_FILE_H
#define RFC5322_ALIASES_FILE_H

#include "rfc5322/aliases.h"

/* What stands between commas; whether it is an address is seen by whoever needs
 * it, which for most of a large file is nobody. */
struct alias_target {
	const struct alias_target *next; /* of the same alias; NULL: none */
	const char *text;		 /* as it stands, not empty */
	unsigned line;
};

struct alias {
	const char *name; /* in small letters, without quotes */
	const char *file;
	unsigned line;
	unsigned hash; /* of the name; whoever looks for it has it */
	size_t number; /* of all, as they were read */
	const struct alias_target *targets; /* NULL: it stands for nobody */
};

/* Appends to as->all, and does no more. */
int aliases_file_read(struct aliases *as, struct arena *, const char *file,
    const char *text, size_t n, struct error *err);

#endif
