/*
 * transport: a byte stream to a server, without knowledge of mail.
 *
 * Everything is non-blocking.  A transport is made by tcp_new, proxy_new,
 * unix_new, pipe_new or descriptor_new, and haproxy_new and tls_new stack on any
 * of them; the upper one owns the one below.  Life: made, open() until it returns
 * 0, then send()
 * and recv(), free() at any time.  Time-outs belong to the caller's loop.
 *
 * Results: 0 or a count on success, TRANSPORT_AGAIN when the lowest layer
 * would have blocked in this very call (only then is it right to poll),
 * TRANSPORT_ERROR with *err set when the stream is unusable.  After a send()
 * that failed, recv() may still be called for what the server said before it
 * closed.
 *
 * Statuses in *err: EX_TEMPFAIL connection refused, lost, reset, timed out;
 * EX_NOPERM (77) a TLS failure; EX_OSERR our side; from open() also EX_USAGE (a
 * path that cannot be), EX_NOINPUT (trusted certificates) and EX_OSERR (a
 * library is missing), and of a proxy those that proxy.h lists.
 */
#ifndef TRANSPORT_TRANSPORT_H
#define TRANSPORT_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

#include "lib/error.h"

enum {
	TRANSPORT_ERROR = -1,
	TRANSPORT_AGAIN = -2,
};

struct transport;

struct transport_ops {
	const char
	    *name; /* "tcp", "proxy", "unix", "pipe", "fd", "haproxy", "tls" */
	int (*open)(struct transport *, struct error *);
	/* Sends some of the bytes; the count, AGAIN or ERROR.  After AGAIN the
	 * caller comes back with the same bytes first (TLS needs that).  No
	 * SIGPIPE is ever raised. */
	ssize_t (*send)(
	    struct transport *, const struct iovec *, int n, struct error *);
	/* Up to n bytes; 0 at the end of the stream, AGAIN or ERROR.  For TLS
	 * a close without close_notify is an ERROR. */
	ssize_t (*recv)(
	    struct transport *, void *buf, size_t n, struct error *);
	/* What to poll for after AGAIN: *fd and POLLIN or POLLOUT.  While the
	 * stream is opening, what open() waits for; afterwards POLLIN, with
	 * POLLOUT too if the last send() returned AGAIN. */
	short (*wants)(const struct transport *, int *fd);
	/* Closes at once, without waiting for anybody but a program that is
	 * to end with it. */
	void (*free)(struct transport *);
};

/* Who is at the other end; filled when open() has returned 0. */
struct transport_peer {
	const char *proxy; /* through which, as its URL; NULL: none */
	char address[64];  /* numeric address, socket path (cut), or "" */
	uint16_t port;	   /* 0 if there is none */
	bool local;    /* loopback, Unix socket, program: TLS is not needed */
	bool untapped; /* loopback, Unix socket: what goes in clear stays on
			     this machine (a program may lead anywhere) */
	char local_address[64]; /* our own numeric address, or "" */
	uint16_t local_port;	/* 0 if there is none */
};

struct tls_details; /* tls_details.h */

/* What a verified server is known by. */
enum transport_trust {
	TRANSPORT_TRUST_NONE, /* it is not verified */
	TRANSPORT_TRUST_CHAIN,
	TRANSPORT_TRUST_PIN,
	TRANSPORT_TRUST_KNOWN,	   /* its key, from an earlier connection */
	TRANSPORT_TRUST_FIRST_USE, /* nothing: its key is to be kept */
};

/* What became of our own certificate. */
enum transport_own {
	TRANSPORT_OWN_NONE,    /* there is none */
	TRANSPORT_OWN_UNASKED, /* the server wants to see none */
	TRANSPORT_OWN_SHOWN,
	TRANSPORT_OWN_WITHHELD, /* the server is not verified */
};

/* What TLS agreed on; tls_new's transports point tls at it. */
struct transport_tls {
	char version[16];     /* "TLS1.3" */
	char cipher[64];      /* "AES-256-GCM" and the like */
	char fingerprint[72]; /* SHA-256 of the server's public key, base64 */
	bool resumed; /* a session that was kept, whose peer was verified */
	char unverified[1024]; /* why its certificate was not verified; "": it
				 was */
	/* What binds what is said in it to this channel: tls-exporter (RFC
	 * 9266); size 0: it has none. */
	unsigned char exporter[32];
	size_t exporter_size;
	time_t expires; /* when that certificate ends; -1: unknown, or nobody
			   wants to know */
	enum transport_trust trust;
	enum transport_own own;
	const struct tls_details *details; /* NULL: nobody wants to know */
};

struct transport {
	const struct transport_ops *ops;
	struct transport_peer peer;
	const struct transport_tls *tls; /* NULL: clear */
	int64_t below_us; /* TLS: when what is below it was open (monotonic),
			     and the peer known; 0: it is not, or no TLS */
	bool resuming;	  /* TLS: a session that was kept was offered, and the
			  handshake is not over */
	bool in_clear; /* TLS: what came was none, and may have been injected */
	bool given_up; /* set by its owner: whoever is at the other end has
			  had his time, and free() is the end of a program */
};

static inline void
transport_free(struct transport *t)
{
	if (t != NULL)
		t->ops->free(t);
}

#endif
