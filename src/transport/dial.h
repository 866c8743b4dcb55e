/*
 * dial: libcurl asks a proxy, over a connection to it, to connect to a server.
 *
 * Non-blocking, with one descriptor to wait for.  Nothing is looked up, nothing
 * is connected and no variable is heeded by libcurl: it gets the descriptor and
 * says what is to be said on it.
 */
#ifndef TRANSPORT_DIAL_H
#define TRANSPORT_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/curl.h"
#include "lib/error.h"
#include "transport/proxy_url.h"

struct dial;

struct dial_params {
	const struct curl_library *curl; /* these two outlive the dial */
	const struct proxy *proxy;
	const char *ca_file; /* for an HTTPS proxy; NULL: the system's */
	int fd;		     /* connected to the proxy; stays open */
	const char *address; /* to which; numeric */
	const char *host;    /* the server, without brackets */
	unsigned port;
	bool digest; /* sign in to an HTTP proxy by Digest, not by Basic */
};

/* NULL and *err (EX_OSERR) on failure. */
struct dial *dial_new(const struct dial_params *, struct error *);
/* 0: what comes on the descriptor now is the server's; TRANSPORT_AGAIN; or
 * TRANSPORT_ERROR with the statuses of proxy.h, the proxy not named. */
int dial_step(struct dial *, struct error *);
/* What is to be readable before the next step. */
int dial_fd(const struct dial *);
/* After a failure: whether the proxy knows Digest, and no Basic. */
bool dial_wants_digest(const struct dial *);

/* Over TLS to an HTTPS proxy, after dial_step has returned 0; results are those
 * of transport_ops. */
ssize_t dial_send(struct dial *, const void *, size_t n, struct error *);
ssize_t dial_recv(struct dial *, void *, size_t n, struct error *);

/* The descriptor stays open. */
void dial_free(struct dial *);

#endif
