/*
 * interface: where connections come from: one of our addresses, or an interface
 * of the network.
 */
#ifndef TRANSPORT_INTERFACE_H
#define TRANSPORT_INTERFACE_H

#include <net/if.h>

#include "lib/error.h"
#include "transport/endpoint.h"

struct interface {
	char name[IFNAMSIZ];	/* "": an address alone */
	struct endpoint v4, v6; /* len 0: it has none */
};

/* A numeric address (a link-local one with its zone), or the name of an
 * interface that is up and has an address.  EX_USAGE when there is none, without
 * the text; EX_OSERR. */
int interface_find(struct interface *, const char *text, struct error *);
/* Its name or its numeric address; out has 64 bytes. */
const char *interface_text(const struct interface *, char *out);
/* The one family in which it can connect, AF_UNSPEC: both. */
int interface_family(const struct interface *);
/*
 * Binds a socket of this family.  A named interface is the only one that it will
 * use (SO_BINDTODEVICE); where that is not permitted, its address is the source.
 * 0; EAFNOSUPPORT when it has no address of the family; -1 with EX_OSERR, which
 * names it.
 */
int
interface_bind(const struct interface *, int fd, int family, struct error *);

#endif
