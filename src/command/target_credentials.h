/*
 * target_credentials: who we are to each server of a target.
 */
#ifndef COMMAND_TARGET_CREDENTIALS_H
#define COMMAND_TARGET_CREDENTIALS_H

#include "command/target.h"

/* The users that only a netrc names, and whether a descriptor can be read: -1 as
 * below. */
int target_credentials_init(
    struct target *, const struct settings *, struct error *);
/* Before a connection is opened: what is given for signing in must be of use,
 * and one password must be for one user.  -1 with EX_USAGE or EX_CONFIG. */
int target_credentials_check(
    struct target *, const struct settings *, struct error *);
/* Gets the password of each server's user; -1 as in secrets.h. */
int target_credentials_get(struct target *, const struct settings *,
    const struct process *, struct error *);

#endif
