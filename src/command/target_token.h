/*
 * target_token: the token of a sign-in (--login), for the servers of a target.
 */
#ifndef COMMAND_TARGET_TOKEN_H
#define COMMAND_TARGET_TOKEN_H

#include "command/target.h"
#include "oauth/access.h"

/* What the settings' own sign-in is called in the store. */
const char *token_account(const struct settings *);

/*
 * The token that settings.auth.oauth means, renewed if it has to be; nothing is
 * asked of anybody while it is good.  It is for those of the target's servers
 * where somebody signs in, or else for all, and if one of them is not among
 * those that it was made for, there is none.  -1 as oauth_access_get.
 */
int target_token_get(struct target *, const struct settings *,
    const struct process *, struct secret *out, struct error *);
/* For all of its servers where somebody signs in; copied. */
void target_token_give(struct target *, const struct secret *token);
/* What is kept of it, without a connection: 1, and the entry, which lives as long
 * as the store (both are the caller's to clear and to close); 0: nothing.
 * -1: why it cannot be used. */
int target_token_look(struct target *, const struct settings *,
    struct oauth_store *, struct oauth_entry *, struct error *);
/* The route gets another token where one was refused that had been kept: once. */
void target_token_ready(struct target *);

#endif
