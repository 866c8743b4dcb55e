/*
 * steps: what to do after a reply, by what it answered.
 */
#ifndef REPORT_STEPS_H
#define REPORT_STEPS_H

#include <stdbool.h>

#include "smtp/result.h"

/* As a hint; NULL: nothing is known that helps.  What codes.h says of the reply
 * goes first; the rest as for codes_step. */
const char *steps_after(enum smtp_phase, int reply, const char *enhanced,
    const char *text, const char *server, bool has_user);

#endif
