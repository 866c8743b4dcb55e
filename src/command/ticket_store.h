/*
 * ticket_store: TLS sessions that are kept between runs, in files of
 * $XDG_CACHE_HOME/smtpsend/tls (else ~/.cache/smtpsend/tls), one for each key
 * (transport/tls_ticket.h).
 */
#ifndef COMMAND_TICKET_STORE_H
#define COMMAND_TICKET_STORE_H

#include "command/command.h"
#include "transport/tls_ticket.h"

struct ticket_store {
	struct tls_tickets tickets; /* for tls_policy */
	struct arena *arena;
	const char *home;
	bool sought;
	const char *directory; /* once it was sought; NULL: there is none */
	struct error problem;  /* what went wrong first; status 0: nothing */
};

/* Must not move from then on.  Who has no home that is his own keeps nothing. */
void ticket_store_init(
    struct ticket_store *, struct arena *, const struct settings *);

#endif
