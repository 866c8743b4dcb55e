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

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/gnutls.h"
#include "transport/tls.h"

enum {
	TLS_FINGERPRINT = 45, /* base64 of 32 bytes and the NUL */
	TLS_ADDRESS = 16,     /* bytes of the longest address */
};

/* The bytes of a numeric address and their number; 0: a name. */
unsigned tls_address(const char *name, unsigned char raw[TLS_ADDRESS]);

/* After a handshake.  Credentials are the session's own; they take over the
 * authorities.  The fingerprint is filled whenever a certificate came; *trust
 * when it is the server's. */
int tls_verify(const struct gnutls *, gnutls_session_t,
    gnutls_certificate_credentials_t, const struct tls_policy *,
    char fingerprint[TLS_FINGERPRINT], enum transport_trust *, struct error *);

/* The name of the certificate's owner or issuer, made printable. */
void tls_put_name(struct buf *, int (*get)(gnutls_x509_crt_t, char *, size_t *),
    gnutls_x509_crt_t);
/* Whether an alternative name of this type is a host or an address, and what
 * it is then, made printable. */
bool tls_is_host(unsigned type, size_t len);
void tls_put_host(struct buf *, unsigned type, const char *name, size_t len);

#endif
