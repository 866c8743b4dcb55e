/* config_line: a line of a configuration file, taken apart and written; no I/O. */
#ifndef OPTIONS_CONFIG_LINE_H
#define OPTIONS_CONFIG_LINE_H

#include "lib/buf.h"

/* What may stand around names and values. */
extern const char config_blanks[];

/* Without the blanks around it, in place. */
char *config_trim(char *);
/* The NAME of "[account NAME]", in place; NULL: it is no such line, or no name. */
char *config_account(char *line);
/* Takes the quotation marks off a trimmed value, in place.  NULL: they are not
 * closed at its end. */
char *config_unquote(char *);
/* Appends a value of one line as config_trim and config_unquote read it, in
 * quotation marks where it needs them. */
void config_quote(struct buf *, const char *value);

#endif
