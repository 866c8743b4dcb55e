/* environment: SMTPSEND_* variables, and those that other programs share. */
#ifndef OPTIONS_ENVIRONMENT_H
#define OPTIONS_ENVIRONMENT_H

#include "lib/error.h"
#include "options/settings.h"

/* NULL: it is not set, or empty, which counts as the same. */
char *environment_get(char **environ, const char *name);
/* A password in a URL is starred in the environment when it has been read:
 * programs that we start, and who looks at ours, do not get it; but variables
 * by which all programs know their proxy stay as they are.
 * Errors are EX_CONFIG; a variable SMTPSEND_… without an option is one. */
int environment_read(char **environ, struct settings *, struct error *);

#endif
