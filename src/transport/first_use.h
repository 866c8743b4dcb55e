/*
 * first_use: a server that no authority vouches for is known by its key, from
 * the first connection on.
 */
#ifndef TRANSPORT_FIRST_USE_H
#define TRANSPORT_FIRST_USE_H

#include <stddef.h>

#include "lib/gnutls.h"
#include "lib/pin.h"
#include "transport/transport.h"

/* One that an earlier connection has found. */
struct tls_known_key {
	struct pin pin;
	const char *since; /* "2026-11-29" */
	const char *where; /* "line 3 of /home/ann/…", to be deleted there */
};

/* What is known of a server: alternatives; none: it was not met yet. */
struct tls_first_use {
	const struct tls_known_key *keys;
	size_t count;
};

/*
 * Whether a chain that was found wrong may be trusted all the same: only if all
 * that is wrong is that nobody who is trusted has issued it, or that it is for
 * another name; whoever was revoked or has expired, or shows what is no
 * certificate of a server, may not.  status: what GnuTLS has found; 0: something
 * else is wrong.
 */
bool first_use_may(const struct gnutls *, unsigned status,
    const gnutls_x509_crt_t *chain, unsigned n, time_t now);

/*
 * By its key: 0 and TRANSPORT_TRUST_KNOWN or _FIRST_USE; -1 if it has another
 * one, with both of them and what to do.  name: the server's.
 */
int first_use_judge(const struct tls_first_use *, const char *name,
    const struct pin *key, enum transport_trust *, struct error *);

#endif
