/*
 * tls_verify: is the certificate that came the server's?
 *
 * Chain, validity, algorithms, key purpose, stapled OCSP and must-staple are
 * GnuTLS's own checks, fed with the authorities that the chain asks for; on
 * top of them the host name must stand in subjectAltName (RFC 9525 2), where
 * GnuTLS would also take a common name.
 */
#ifndef TRANSPORT_TLS_VERIFY_H
#define TRANSPORT_TLS_VERIFY_H

#include "lib/gnutls.h"
#include "transport/tls.h"

enum {
	TLS_FINGERPRINT = 45, /* base64 of 32 bytes and the NUL */
	TLS_ADDRESS = 16,     /* bytes of the longest address */
};

/* The bytes of a numeric address and their number; 0: a name. */
unsigned tls_address(const char *name, unsigned char raw[TLS_ADDRESS]);

/* After a handshake.  Credentials are the session's own; they take over the
 * authorities.  The fingerprint is filled whenever a certificate came. */
int tls_verify(const struct gnutls *, gnutls_session_t,
    gnutls_certificate_credentials_t, const struct tls_policy *,
    char fingerprint[TLS_FINGERPRINT], struct error *);

#endif
