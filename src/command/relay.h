/*
 * relay: the server that all mail of one run goes to as it comes, over one
 * connection that is kept as long as it lasts.
 *
 * A connection that could not be had is not tried for again at once, so that
 * nobody waits for a dead server with each of many messages.
 */
#ifndef COMMAND_RELAY_H
#define COMMAND_RELAY_H

#include "command/hooks.h"
#include "command/log.h"
#include "command/mail.h"
#include "command/peer.h"
#include "command/rounds.h"
#include "command/target.h"
#include "command/trace.h"
#include "delivery/loop.h"

struct relay {
	const struct settings *settings;
	const struct process *process;
	struct target target;
	struct trace trace;
	struct wait_limits wait;
	bool prepared;		   /* there are the passwords that it takes, */
	bool unusable;		   /* or they cannot be had */
	struct delivery *delivery; /* NULL: there is no connection */
	struct loop *loop;
	unsigned questions;	    /* that were asked on this connection */
	int64_t again_us;	    /* not before (monotonic) */
	struct error error;	    /* why there is no connection */
	struct smtp_result failure; /* the same, as a result: text or NULL */
	struct arena arena;
	struct peer peer;    /* who was asked last, */
	struct log *log;     /* which is told of it; NULL: there is none */
	bool reached;	     /* there was a connection, */
	bool met;	     /* and for the mail that was sent last */
	struct hooks *hooks; /* of what is sent; NULL: there are none */
	int signal;	     /* that ended a delivery, 0: none did */
};

/* For who will ask nobody, but ends it. */
void
relay_init(struct relay *, const struct settings *, const struct process *);
/* The same, and everything that can be known to be wrong before a connection is
 * opened; nobody is asked for a password before there is to be one.  relay_end
 * in either case. */
int relay_begin(struct relay *, const struct settings *, const struct process *,
    struct error *);
void relay_end(struct relay *);
/* Whether there is a connection, ready for work; -1: relay->error. */
int relay_connect(struct relay *);
/* What the server there says that it can do, NULL: there is no connection. */
const struct smtp_capabilities *relay_capabilities(const struct relay *);
/*
 * Sends the mail to its recipients, who have their results then; probe: asks for
 * them and sends nothing.  What could not be had is like what was put off, but
 * for what does not fit the server.
 */
void relay_send(struct relay *, struct mail *, bool probe);

#endif
