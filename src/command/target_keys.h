/*
 * target_keys: our own certificate and its key, for the servers that ask for
 * them under TLS.
 */
#ifndef COMMAND_TARGET_KEYS_H
#define COMMAND_TARGET_KEYS_H

#include "command/target.h"

/* Everything that can be known to be wrong before anything is read: options
 * that lack another one, files that are not there. */
int target_keys_check(const struct settings *, struct error *);
/* What the hop, of which all else stands there already, is to show; on the
 * command line a certificate demands TLS. */
void target_keys(const struct settings *, struct hop *);
/* Reads certificate and key, if TLS is likely to need them; their password is
 * asked for.  -1 as tls_keys_new. */
int target_keys_ready(struct target *, const struct settings *,
    const struct process *, struct error *);

#endif
