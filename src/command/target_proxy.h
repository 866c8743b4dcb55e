/*
 * target_proxy: whether a proxy is between us and the target's servers, and
 * which.
 *
 * One that is named on the command line is used for any host, unless the
 * command line lists the host, too.  One that is configured, or that a variable
 * names, is not used for loopback, for what is no host, and for hosts that any
 * list has.
 */
#ifndef COMMAND_TARGET_PROXY_H
#define COMMAND_TARGET_PROXY_H

#include "command/target.h"

/* Part of target_init, when the servers are known. */
int target_proxy_init(struct target *, const struct settings *, struct error *);
/* What of it a hop has, whose server is filled in. */
void target_proxy(const struct target *, const struct settings *, struct hop *);
/* Part of target_ready: gets the proxy's password, if it has a user. */
int target_proxy_ready(struct target *, const struct settings *,
    const struct process *, struct error *);

#endif
