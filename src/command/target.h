/*
 * target: the server that settings name, with all that a delivery to it
 * takes: hop, security, credentials, names.
 */
#ifndef COMMAND_TARGET_H
#define COMMAND_TARGET_H

#include "command/command.h"
#include "delivery/delivery.h"

struct target {
	struct arena arena;
	struct server server;
	struct hop hop;
	struct sasl_credentials credentials; /* user NULL: none */
	struct connection_params connection;
};

/* Everything that can be known to be wrong before a connection is opened; no
 * password is asked for yet.  target_clear in either case. */
int target_init(struct target *, const struct settings *, struct error *);
/* For a message that may pass over verified TLS only (RFC 8689): demands it of
 * the server, wherever that is.  EX_USAGE or EX_CONFIG: TLS is switched off. */
int
target_require_tls(struct target *, const struct settings *, struct error *);
/* The last thing before a delivery: gets the password, if a user is named.  The
 * one of the settings or of the server's URL is wiped there. */
int target_ready(struct target *, const struct settings *,
    const struct process *, struct error *);
/* After the last connection that is needed is ready: wipes the password. */
void target_forget(struct target *);
void target_clear(struct target *);
/* Puts the server in front of the error of a connection that failed, and adds
 * the ways on. */
void
target_explain(const struct target *, const struct settings *, struct error *);

#endif
