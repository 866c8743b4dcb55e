/* state: where what is kept between runs has its place. */
#ifndef COMMAND_STATE_H
#define COMMAND_STATE_H

#include "lib/arena.h"
#include "lib/error.h"

/* $XDG_STATE_HOME/smtpsend/NAME, else in .local/state of $HOME, or of the home
 * that the list of users has if $HOME is not ours; -1 with EX_CONFIG: none is
 * a directory of ours, so that there is no place for `what`. */
int state_path(struct arena *, const char *name, const char *what,
    const char **path, struct error *);

#endif
