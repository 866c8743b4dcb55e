/*
 * browser: opens an address in the person's browser, and waits for nothing.
 *
 * As xdg-open does it: the commands of $BROWSER, with colons between, are tried
 * in turn, each split at blanks, with the address in place of its %s, else
 * behind its words; without that variable, xdg-open itself.  The address is one
 * argument, and no shell reads it.
 */
#ifndef COMMAND_BROWSER_H
#define COMMAND_BROWSER_H

#include <stdbool.h>

/* Whether there is one that the person could see: a display of this machine, or
 * $BROWSER, no connection by SSH, and a program that opens it. */
bool browser_is_here(void);
/* Whether some program was started.  `url` is http or https, else none is. */
bool browser_open(const char *url);

#endif
