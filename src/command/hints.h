/*
 * hints: the next step after a connection that came to nothing, which the call
 * at hand can take: no option that it refuses, or has.
 */
#ifndef COMMAND_HINTS_H
#define COMMAND_HINTS_H

#include "command/target.h"

/* Where a port that was to speak TLS first does not. */
const char *hints_if_clear(struct target *, const struct server *);
/* Where no greeting came; none if TLS is not what may be awaited. */
void hints_no_greeting(
    const struct target *, const struct settings *, struct error *);
/* After any other failure, as far as there is one; connected: to a server. */
void hints_give(const struct target *, const struct settings *, bool connected,
    struct error *);

#endif
