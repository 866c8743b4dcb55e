/*
 * tls_ticket: TLS sessions that outlast their connection, so that the next one
 * to the same server begins where they ended (RFC 8446 2.2, RFC 5077): without
 * a certificate, and without most of what a handshake costs.
 *
 * What is kept is bound to the verdict on the server's certificate: only a
 * session whose peer was verified is kept, under a key that is made of all that
 * the verdict hangs on, and none is offered later than a day after that, nor
 * when a certificate of the chain has ended meanwhile.  Sessions that came of
 * one another count from the first.  No early data is ever sent (RFC 8446 E.5).
 */
#ifndef TRANSPORT_TLS_TICKET_H
#define TRANSPORT_TLS_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/gnutls.h"
#include "transport/transport.h"

struct tls_policy;

enum {
	TLS_TICKET_KEY = 65, /* 64 hexadecimal digits and the NUL */
	TLS_TICKET_MAX = 64 * 1024,
	TLS_TICKET_AGE = 24 * 60 * 60, /* seconds */
};

/* Where sessions are kept.  The bytes are secrets: who has them can go on with
 * the session. */
struct tls_tickets {
	/* 1: what was kept under the key is appended, at most TLS_TICKET_MAX
	 * bytes, and nobody else gets it from then on.  0: there is nothing;
	 * -1: nor can there ever be. */
	int (*take)(void *arg, const char *key, struct buf *bytes);
	/* In place of what is under the key.  That it fails is of no matter. */
	void (*keep)(void *arg, const char *key, const void *bytes, size_t n);
	void *arg;
};

/* What becomes of them in one session. */
struct tls_ticket {
	char key[TLS_TICKET_KEY]; /* "": nothing is kept, or offered */
	bool offered;
	struct buf record; /* what was kept, until it is offered */
	size_t begin, len; /* the session in it; len 0: there is none */
	/* When the peer was verified, until when its certificates are good
	 * (seconds since the Epoch), and by which group keys were agreed on. */
	int64_t since, until;
	unsigned group;
	char fingerprint[45];	/* of the peer's key, as in transport_tls */
	enum transport_own own; /* and this */
	enum transport_trust trust;
};

/*
 * The key of a policy: a digest of each of its fields, of the files that they
 * name as they are now (so that changed authorities are asked anew), and of our
 * version and that of GnuTLS.  False if there can be none: it has no place for
 * tickets, is there to look, its authorities are no file, or it has a list of
 * revoked certificates, which speaks of today only.
 */
bool tls_ticket_key(
    const struct gnutls *, const struct tls_policy *, char key[TLS_TICKET_KEY]);

/* For a session that is to begin: takes the ticket, if there is one, and returns
 * flags for gnutls_init. */
unsigned tls_ticket_take(struct tls_ticket *, const struct gnutls *,
    const struct tls_policy *, time_t now);
/* Before the handshake; whether there is something to offer. */
bool
tls_ticket_offer(struct tls_ticket *, const struct gnutls *, gnutls_session_t);
void tls_ticket_clear(struct tls_ticket *);
/* After the handshake: true if the server went on with the session that was
 * offered, and is the one that was verified then; the fingerprint is filled. */
bool tls_ticket_resumed(const struct tls_ticket *, const struct gnutls *,
    gnutls_session_t, struct transport_tls *);
/* At the end of a session whose peer was verified, then or now, and which was
 * good: keeps the ticket that the server gave, if it did.  Not of a first use: who
 * takes that back deletes a line, and would go on with the session all the same. */
void tls_ticket_keep(const struct tls_ticket *, const struct gnutls *,
    gnutls_session_t, const struct tls_tickets *, const struct transport_tls *,
    time_t now);

#endif
