/* each_options: values of options that hold for one message of many. */
#ifndef COMMAND_EACH_OPTIONS_H
#define COMMAND_EACH_OPTIONS_H

#include "batch/value.h"
#include "options/option.h"

/* Puts a value in the place of the one at this index (of the operands, if row is
 * NULL), or takes that away (text NULL).  `all` are the settings that `one` is a
 * copy of; lists become the arena's.  Of one row, indexes come in order. */
void each_options_put(struct settings *one, const struct settings *all,
    const struct option_row *row, size_t index, const char *text,
    struct arena *);
/* Values that a record gave. */
extern const struct option_origin each_options_origin;
/* What the member "options" of a record says of its message: long names of
 * message options, each with its value, or with a list of them, in the place of
 * what the call says.  All lives in one->arena.  -1: EX_DATAERR, naming the
 * option. */
int each_options_take(struct settings *one, const struct settings *all,
    const struct value *record, const char *directory, struct error *);
/* The value of an option that names a file, which is read for each message: in
 * the directory (a real path; NULL: none is given) and below.  NULL with
 * EX_DATAERR: it leads out of it, or it is standard input or a pipe. */
const char *each_options_file(const char *directory, const struct option_row *,
    const char *text, struct arena *, struct error *);

/* Whether the file of an option of the call is there, and can be read more than
 * once: EX_USAGE, EX_NOINPUT. */
int
each_options_check(const struct option_row *, const char *text, struct error *);

#endif
