/*
 * addresses: those of a hop over TCP, or of its proxy, and what came of each.
 */
#ifndef DELIVERY_ADDRESSES_H
#define DELIVERY_ADDRESSES_H

#include "delivery/route.h"
#include "transport/endpoint.h"

/* {0}: nothing is known yet. */
struct addresses {
	struct resolve *look_up;    /* NULL: not begun, or over */
	struct endpoint *endpoints; /* in the order of the look-up */
	unsigned count;		    /* 0: not known */
	struct arena arena;	    /* of texts about them */
};

/* Waits for the look-up, which it begins: 0, TRANSPORT_AGAIN, or -1. */
int addresses_find(struct addresses *, const struct hop *, struct error *);
/* The descriptor to wait for until then. */
int addresses_fd(const struct addresses *);
/* RFC 5321 5.1: whether there is one that was not tried, or enough is enough. */
bool addresses_go_on(const struct addresses *);
/* The numeric address was left for another one because of that. */
void addresses_leave(
    struct addresses *, const char *address, const struct error *why);
/* It is connected to once more; all are if it is none of them. */
void addresses_retry(struct addresses *, const char *address);
/* Back to {0}, but for the texts. */
void addresses_forget(struct addresses *);
void addresses_clear(struct addresses *);

#endif
