/* show_settings: every setting, its value and where that comes from. */
#ifndef OPTIONS_SHOW_SETTINGS_H
#define OPTIONS_SHOW_SETTINGS_H

#include <stdio.h>

#include "options/settings.h"

/* "name = value  # origin", one line for each value; secrets are masked.  0, or
 * -1 on a write error. */
int show_settings(FILE *, const struct settings *);

#endif
