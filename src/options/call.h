/*
 * call: what is asked for on the command line, and whether all that stands
 * there is of use to it.
 */
#ifndef OPTIONS_CALL_H
#define OPTIONS_CALL_H

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "options/settings.h"

/* What has been read from argv so far, and from nowhere else, has something
 * that is of no use to a question to a server. */
bool call_is_for_message(const struct settings *);
/* Appends the names of options on the command line that compose a message, and
 * that a complete one refuses; the body's aside. */
void call_composing(const struct settings *, struct buf *list);
/* 0, or -1 with EX_USAGE: an option or operand on the command line would be
 * ignored; the first one is named.  Usage, version, an option's help and the
 * settings are shown whatever stands beside them.  What a configuration says
 * is for all calls, and never refused. */
int call_check(const struct settings *, struct error *);
/* The same once it is seen whether --each sends complete messages or composed
 * ones. */
int call_check_form(const struct settings *, bool complete, struct error *);

#endif
