/*
 * script_directive: the lines of a script that begin with '!'; for script_text.c
 * alone.
 */
#ifndef COMMAND_SCRIPT_DIRECTIVE_H
#define COMMAND_SCRIPT_DIRECTIVE_H

#include "command/script_text.h"

/* The step of the line that is step->text: 1, 0 when it is none by itself, or
 * -1. */
int script_directive(struct script *, struct script_step *, struct error *);

const char *script_without_response(struct arena *, const char *line);
/* Puts "NAME:LINE: " before what is wrong with the line that was taken last, or
 * says what is (EX_DATAERR).  -1. */
int script_wrong(const struct script *, struct error *);
int script_is_wrong(const struct script *, struct error *, const char *what);

#endif
