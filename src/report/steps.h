/*
 * steps: what to do after a reply, by what it answered.
 */
#ifndef REPORT_STEPS_H
#define REPORT_STEPS_H

#include "smtp/result.h"

/* Who signs in, and with what; PROOF: a certificate or a ticket. */
enum steps_user { STEPS_NOBODY, STEPS_PASSWORD, STEPS_TOKEN, STEPS_PROOF };

/* As a hint; NULL: nothing is known that helps.  What codes.h says of the reply
 * goes first, but for what a token alone can mean; the rest as for codes_step. */
const char *steps_after(enum smtp_phase, int reply, const char *enhanced,
    const char *text, const char *server, enum steps_user);

#endif
