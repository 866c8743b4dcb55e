/*
 * target_failover: the servers of other accounts behind those of a target, each
 * account being a target of its own.
 */
#ifndef COMMAND_TARGET_FAILOVER_H
#define COMMAND_TARGET_FAILOVER_H

#include "command/target.h"

/* Adds the hops of the accounts in settings.others, if there are any; -1 as
 * target_init, the account being named. */
int
target_failover_init(struct target *, const struct settings *, struct error *);
/* As target_ready, but for that each account's secrets are got when the first of
 * its servers is tried. */
void target_failover_ready(struct target *);
void target_failover_forget(struct target *);

#endif
