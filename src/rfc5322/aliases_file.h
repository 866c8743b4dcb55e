/* aliases_file: the lines of a file of aliases. */
#ifndef RFC5322_ALIASES_FILE_H
#define RFC5322_ALIASES_FILE_H

#include "rfc5322/aliases.h"

enum alias_kind {
	ALIAS_ADDRESS,
	ALIAS_INCLUDE,
	ALIAS_PROGRAM,
	ALIAS_FILE,
	ALIAS_SPECIAL, /* :blackhole: */
	ALIAS_BAD,     /* it is no address */
};

struct alias_target {
	enum alias_kind kind;
	unsigned line;
	bool last;	     /* \name: that is no alias */
	const char *text;    /* as it stands */
	struct error *wrong; /* of a bad one: "FILE:LINE: …" */
	struct address address;
};

struct alias {
	const char *name; /* in small letters, without quotes */
	const char *file;
	unsigned line;
	size_t number; /* as they were read */
	struct alias_target *targets;
	size_t count, capacity;
};

/* A name as somebody wrote it, and one of an alias: <0, 0, >0. */
int aliases_file_compare(const char *written, const char *name);
/* Appends to as->sorted, which is not sorted then. */
int aliases_file_read(struct aliases *as, struct arena *, const char *file,
    const char *text, size_t n, struct error *);

#endif
