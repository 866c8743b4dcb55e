/*
 * target_known: servers that are known by their keys from the first connection
 * on (--tls-trust-on-first-use).
 */
#ifndef COMMAND_TARGET_KNOWN_H
#define COMMAND_TARGET_KNOWN_H

#include "command/target.h"

/* What the settings say of it must be of use. */
int target_known_check(
    const struct target *, const struct settings *, struct error *);
/* Reads what is known of the servers; warns of lines that are none.  -1 as
 * known_hosts_read. */
int target_known_ready(struct target *, const struct settings *,
    const struct process *, struct error *);
/* After a connection: keeps the key of a server that was met for the first
 * time, and warns if that cannot be done. */
void target_known_keep(struct target *, const struct settings *,
    const struct process *, struct delivery *);

#endif
