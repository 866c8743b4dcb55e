/* argv: the command line, by getopt_long. */
#ifndef OPTIONS_ARGV_H
#define OPTIONS_ARGV_H

#include "lib/error.h"
#include "options/settings.h"

/*
 * Into fresh settings: values, operands and the action.  argv is not changed.
 * Options and operands may be mixed, "--" ends the options; long names may be
 * shortened as far as they stay unambiguous.  Errors are EX_USAGE.
 */
int argv_read(int argc, char **argv, struct settings *, struct error *);

#endif
