/*
 * script_body: what DATA or BDAT of a script sends: lines of the script, or a
 * file.
 */
#ifndef COMMAND_SCRIPT_BODY_H
#define COMMAND_SCRIPT_BODY_H

#include <stdbool.h>

#include "content/input.h"

struct script_body {
	struct input *input; /* the script's, or `own` */
	struct input own;
	int fd; /* of own; -1: none */
	struct input_range range;
	struct scan scan;
	bool scanned;
	bool stuffed; /* lines as they go out: their dots are doubled */
};

/* Without bytes yet. */
struct script_body *script_body_new(void);
void script_body_free(struct script_body *);
/* The bytes of a file, "-" of standard input; `path` outlives it.  text: lines,
 * and what cannot stand in a message is found now if the file can be read
 * twice.  0, or -1 with EX_NOINPUT or EX_DATAERR. */
int script_body_file(struct script_body *, const char *path, bool text,
    const struct wait_limits *, struct error *);
/* Its scan shows nothing that cannot stand in a message. */
int
script_body_check(const struct script_body *, const char *name, struct error *);
/* Once: the bytes as they go out, but for stuffing; `text` as above. */
struct source *script_body_source(struct script_body *, bool text);

#endif
