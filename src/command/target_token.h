/*
 * target_token: the token of a sign-in (--login), for the servers of a target.
 */
#ifndef COMMAND_TARGET_TOKEN_H
#define COMMAND_TARGET_TOKEN_H

#include "command/target.h"
#include "oauth/access.h"

/* Where the sign-ins are kept, and what the settings' own is called there:
 * $XDG_STATE_HOME/smtpsend/tokens; NULL: there is no place for them. */
const char *token_directory(struct arena *, const struct settings *);
const char *token_account(const struct settings *);

/*
 * The token that settings.auth.oauth means, renewed if it has to be; nothing is
 * asked of anybody while it is good.  It is for those of the target's servers
 * where somebody signs in, or else for all, and if one of them is not among
 * those that it was made for, there is none.  -1 as oauth_access_get.
 */
int target_token_get(struct target *, const struct settings *,
    const struct process *, struct secret *out, struct error *);
/* The route gets another token where one was refused that had been kept: once. */
void target_token_ready(struct target *);

#endif
