/*
 * peer: who was at the other end of a delivery, how it was secured and how
 * long it took; kept for the report when the delivery is gone.
 */
#ifndef COMMAND_PEER_H
#define COMMAND_PEER_H

#include "command/target.h"
#include "report/report.h"

struct peer {
	struct transport_peer peer;
	struct transport_tls tls;
	bool secure;
	struct connection_figures figures; /* of all deliveries together */
};

/* Takes over what a delivery that has ended knows. */
void peer_add(struct peer *, struct delivery *);
/* Fills in program, server, what was tried before it, TLS and figures; pointers
 * into its arguments. */
void peer_report(const struct peer *, struct target *, const struct process *,
    struct report *);
/* Of a certificate that ends within the time that the settings say. */
void peer_warn(
    const struct report *, const struct settings *, const struct process *);

#endif
