/*
 * target_link: how the servers of a target are connected to: where from, in which
 * family, and what goes before everything else.
 */
#ifndef COMMAND_TARGET_LINK_H
#define COMMAND_TARGET_LINK_H

#include "command/target.h"

/* Once the servers are known: fills in interface and haproxy, and refuses what
 * is given now and would be of no use to any of them. */
int target_link_init(struct target *, const struct settings *, struct error *);
/* What of it a hop has. */
void target_link(const struct target *, const struct settings *, struct hop *);

#endif
