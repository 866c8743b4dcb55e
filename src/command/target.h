/*
 * target: the servers that settings name, with all that a delivery to one of
 * them takes: the route, security, credentials, names.
 */
#ifndef COMMAND_TARGET_H
#define COMMAND_TARGET_H

#include "command/command.h"
#include "command/ticket_store.h"
#include "delivery/delivery.h"

struct tls_keys; /* transport/tls_keys.h */

struct target {
	struct arena arena;
	struct server *servers; /* in the order in which they are tried */
	struct sasl_credentials *credentials; /* for each; user NULL: none */
	size_t count;
	struct interface interface;
	struct haproxy haproxy;
	struct route route;
	struct ticket_store tickets;
	bool has_secret;  /* a password is in memory */
	bool token_fresh; /* the token is one that was got just now */
	struct proxy proxy;
	bool proxied;		 /* some server is reached by way of it */
	struct tls_keys *keys;	 /* our own certificate; NULL: none */
	const char *known_hosts; /* NULL: no server is known by its key */
	struct connection_params connection;

	/* Of the accounts of --failover, whose hops are behind ours. */
	struct target *others;
	size_t other_count;
	const struct settings *settings;
	const struct process *process; /* NULL until target_ready */
};

/* Everything that can be known to be wrong before a connection is opened; no
 * password is asked for yet.  target_clear in either case. */
int target_init(struct target *, const struct settings *, struct error *);
/* The server in use, in the end the one that took it or was the last one. */
const struct server *target_server(const struct target *);
/* The last thing before a delivery: gets the passwords, where a user is named.
 * Those of the settings and of the servers' URLs are wiped there.  For the
 * servers of another account that is done when the first of them is tried. */
int target_ready(struct target *, const struct settings *,
    const struct process *, struct error *);
/* The same for another process, which may read nothing of ours and get nothing
 * anew: what the accounts of --failover need is got now, too. */
int target_ready_wholly(struct target *, const struct settings *,
    const struct process *, struct error *);
/* Such a target for a message that may say in its envelope that it passes over
 * TLS only; its hops are in the arena, and all else stays the other's, so that
 * it is not cleared.  -1 as target_init. */
int target_share(struct target *, const struct target *ready,
    const struct settings *, struct arena *, struct error *);
/* target_ready for who signs in nowhere, and gets no passwords but the proxy's.  With
 * secured, TLS may be taken: what it needs is got, too. */
int target_ready_unsigned(struct target *, const struct settings *,
    const struct process *, bool secured, struct error *);
/* After the last connection that is needed is ready: wipes the passwords. */
void target_forget(struct target *);
void target_clear(struct target *);
/* Puts the server in use in front of the error of a connection that failed, and
 * adds the ways on. */
void
target_explain(const struct target *, const struct settings *, struct error *);

#endif
