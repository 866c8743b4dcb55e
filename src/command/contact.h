/*
 * contact: who was at the other end of a delivery, how it was secured and how
 * long it took; kept for the report when the delivery is gone.
 */
#ifndef COMMAND_CONTACT_H
#define COMMAND_CONTACT_H

#include "command/target.h"
#include "report/report.h"

struct contact {
	struct transport_peer peer;
	struct transport_tls tls;
	bool secure;
	struct connection_figures figures; /* of all deliveries together */
};

/* Takes over what a delivery that has ended knows. */
void contact_add(struct contact *, struct delivery *);
/* Fills in program, server, TLS and figures; pointers into its arguments. */
void contact_report(const struct contact *, const struct target *,
    const struct process *, struct report *);

#endif
