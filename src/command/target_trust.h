/*
 * target_trust: whom the settings say to trust, and what TLS is to be.
 */
#ifndef COMMAND_TARGET_TRUST_H
#define COMMAND_TARGET_TRUST_H

#include "command/target.h"

/* Everything that can be known to be wrong without a server: files that cannot
 * be read, options that leave no TLS or would be ignored. */
int target_trust_check(const struct settings *, struct error *);
/* Whether an option says whom to trust, or what TLS is to be: --tls=off and it
 * cannot both be meant. */
bool target_trust_is_said(const struct settings *);
/* The hop's policy, but for its own name and hints, which stand there already.
 * Whoever says what TLS is to be demands it: on the command line from whatever
 * server it is, where it is configured from all that TLS is for. */
void target_trust(struct target *, const struct settings *, struct hop *);

#endif
