/*
 * tls_details: what TLS agreed on and whom the other end showed, for people who
 * want to look at it, whether it was verified or not.
 */
#ifndef TRANSPORT_TLS_DETAILS_H
#define TRANSPORT_TLS_DETAILS_H

#include <stddef.h>
#include <time.h>

#include "lib/arena.h"
#include "lib/error.h"
#include "lib/gnutls.h"

enum { TLS_CERTIFICATES_MAX = 16 }; /* of a chain; more are left out */

/* Names are printable; "" where there is none, or it cannot be read. */
struct tls_certificate {
	const char *subject, *issuer;
	const char *const *names; /* hosts and addresses that it is for */
	size_t name_count;
	time_t begins, expires; /* -1: unknown */
};

/* Cleared with its arena. */
struct tls_details {
	struct arena arena;
	char key_exchange[64]; /* "ECDHE-RSA, X25519" and the like */
	struct tls_certificate chain[TLS_CERTIFICATES_MAX]; /* the server's own
							       comes first */
	size_t count;
	struct error verdict; /* status 0: the server is who it should be */
};

/* After a handshake: all but the verdict. */
void
tls_details_read(struct tls_details *, const struct gnutls *, gnutls_session_t);
/* When the server's own certificate ends; -1: unknown. */
time_t tls_expires(const struct gnutls *, gnutls_session_t);

#endif
