/* show_settings: what was set, with -v every setting, its value and where that
 * comes from. */
#ifndef OPTIONS_SHOW_SETTINGS_H
#define OPTIONS_SHOW_SETTINGS_H

#include "lib/buf.h"
#include "options/settings.h"

/* "name = value  # origin", one line for each value; secrets are masked. */
void show_settings(struct buf *, const struct settings *);
/* "5m", as value_duration reads it. */
void show_duration(struct buf *, int64_t ms);

#endif
