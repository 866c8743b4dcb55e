/*
 * endpoint: an address and a port to connect to, and what came of it.
 */
#ifndef TRANSPORT_ENDPOINT_H
#define TRANSPORT_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

enum { ENDPOINTS_MAX = 64 }; /* of a host */

struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
	bool connected;	  /* there was a connection to it */
	int error;	  /* why there is none (errno); 0: nothing is known */
	const char *left; /* why another one was taken although there was; NULL:
			     none was.  Its owner is whoever connects. */
};

/* A numeric address, with port 0; 0 or -1. */
int endpoint_parse(struct endpoint *, const char *text);
/* The numeric form without scope and port; text has 64 bytes. */
void endpoint_text(const struct endpoint *, char *text);
unsigned endpoint_port(const struct endpoint *);
bool endpoint_is_loopback(const struct endpoint *);

#endif
