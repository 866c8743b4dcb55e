/* help: what the table says, for readers at a terminal. */
#ifndef OPTIONS_HELP_H
#define OPTIONS_HELP_H

#include "lib/buf.h"
#include "lib/error.h"

/* Whole texts for standard output. */
void help_usage(struct buf *);
void help_version(struct buf *);
/* name: "subject", "--subject" or "-s", or a topic: that of a section, "exit" or
 * "all".  EX_USAGE: there is no such option. */
int help_option(struct buf *, const char *name, struct error *);

#endif
