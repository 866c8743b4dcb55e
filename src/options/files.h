/* files: the system's and the user's configuration, and the account. */
#ifndef OPTIONS_FILES_H
#define OPTIONS_FILES_H

#include "lib/error.h"
#include "options/options.h"

/*
 * After argv and the environment, whose account and From address count.
 * Which account: the one that is named, else the one whose `from` is the From
 * address given, else `default` if there is one.  Fills settings.files,
 * settings.system_denied and settings.user_file.
 * Errors are EX_CONFIG.
 */
int
files_read(const struct options_origin *, struct settings *, struct error *);

/* For a call that does not read them: settings.user_file alone. */
void files_find(const struct options_origin *, struct settings *);

#endif
