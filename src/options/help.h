/* help: what the table says, for readers at a terminal. */
#ifndef OPTIONS_HELP_H
#define OPTIONS_HELP_H

#include <stdio.h>

#include "lib/error.h"

/* Whole texts for standard output; 0, or -1 on a write error. */
int help_usage(FILE *);
int help_version(FILE *);
/* name: "subject", "--subject" or "-s".  EX_USAGE: there is no such option;
 * EX_IOERR: a write error. */
int help_option(FILE *, const char *name, struct error *);

#endif
