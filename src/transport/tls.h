/*
 * tls: TLS over any transport (GnuTLS, opened when first needed).
 *
 * The server's certificate is verified: chain, validity, host name
 * (subjectAltName only, RFC 9525), key purpose serverAuth; TLS 1.2 at least.
 * With pins, a certificate whose public key (SHA-256 of the DER
 * SubjectPublicKeyInfo) is among them is accepted whatever else is wrong with
 * it, and no other one is.  Nobody looks at lists of revoked certificates then.
 *
 * A failure has status EX_NOPERM, says which check failed, and has a hint
 * (the issuer, the pin that would accept it, --tls-ca …).  A peer that closes
 * or stalls before the handshake is over is a failure like any other:
 * EX_TEMPFAIL when the connection was lost, EX_NOPERM when TLS itself failed.
 */
#ifndef TRANSPORT_TLS_H
#define TRANSPORT_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/pin.h"
#include "lib/priority.h"
#include "transport/tls_ticket.h"
#include "transport/transport.h"

struct tls_keys;      /* tls_keys.h */
struct tls_first_use; /* first_use.h */

struct tls_policy {
	const char *name;    /* host name or numeric address to be certified */
	const char *ca_file; /* PEM file or directory; NULL: the system's */
	const char
	    *crl_file; /* of revoked certificates, see crl.h; NULL: none */
	const struct pin *pins; /* alternatives */
	size_t pin_count;
	enum priority_least least;
	const char *priority; /* see priority_text; NULL: ours */
	/* Of a server that no authority vouches for, or for another name; pins
	 * go before it.  NULL: none; the caller's, and outlives the transport. */
	const struct tls_first_use *first_use;
	/* Who we are, to a verified server that asks for it; NULL: nobody.  The
	 * caller's, and outlives the transport. */
	const struct tls_keys *keys;
	bool note_expiry; /* transport_tls is to know the end */
	bool optional; /* better than none (RFC 7435): a certificate that cannot
			  be verified is no failure, see transport_tls */
	/* To look at the server: a certificate that fails does not end the
	 * handshake, and nothing confidential may follow it.  The details of
	 * transport_tls have the verdict. */
	bool look;
	/* Where sessions are kept between connections, which outlives this one;
	 * NULL: nowhere.  They are for the name and this port. */
	const struct tls_tickets *tickets;
	uint16_t port;
	const char *if_clear; /* the way on where the port speaks SMTP in clear,
				 as a hint; NULL: none is known */
};

/* Takes over below (opened already, or not).  The policy is copied. */
struct transport *tls_new(struct transport *below, const struct tls_policy *);

#endif
