/*
 * remarks: what a trace tells of a connection beside what is said over it, as
 * SMTP_NOTE events; nothing unless they are wanted.
 */
#ifndef DELIVERY_REMARKS_H
#define DELIVERY_REMARKS_H

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "smtp/event.h"
#include "transport/transport.h"

/* All zero: none are wanted. */
struct remarks {
	bool wanted;
	bool met;	 /* the other end, */
	bool gone;	 /* which was told to be so */
	struct buf next; /* lines to be told */
	struct buf told; /* those of the last event */
};

void remarks_clear(struct remarks *);
/* Another line. */
void remarks_add(struct remarks *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "connected to …"; TLS may still be to come. */
void remarks_met(struct remarks *, const struct transport_peer *);
/* What TLS agreed on, NULL: it is off. */
void remarks_tls(struct remarks *, const struct transport_tls *);
/* The server closed, or the connection was lost. */
void remarks_gone(struct remarks *, const struct error *why);
/* The same as remarks_event when all is over, where it was us who closed. */
bool remarks_end(struct remarks *, struct smtp_event *);
/* False when there is nothing to be told.  The event's text is good until the
 * next call. */
bool remarks_event(struct remarks *, struct smtp_event *);

#endif
