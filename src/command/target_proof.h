/*
 * target_proof: what there is to prove with who we are: a password, a token, a
 * certificate, a ticket.
 */
#ifndef COMMAND_TARGET_PROOF_H
#define COMMAND_TARGET_PROOF_H

#include "command/target.h"

/* A set of enum sasl_secret: what the settings have a source for, a password by
 * being asked for it where there is no other; of a mechanism that they name, what
 * that one needs. */
unsigned target_proofs(const struct settings *);
/* Whether somebody signs in at server i: a user is named, or none is needed. */
bool target_signs_in(const struct target *, const struct settings *, size_t i);

/* Before a connection is opened: what is given to sign in with must be of use to
 * the mechanism that is named, and a token is for one user.  -1 with EX_USAGE or
 * EX_CONFIG. */
int target_proof_check(
    const struct target *, const struct settings *, struct error *);
/* Gets the token, or a ticket, for each server where somebody signs in; -1 as in
 * secret_source.h and ticket.h. */
int target_proof_get(struct target *, const struct settings *,
    const struct process *, struct error *);

#endif
