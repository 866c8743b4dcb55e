/*
 * tls_keys: who we are to a server: our certificate, what leads from it to its
 * authority, and the key that proves that it is ours.
 *
 * Each is in a file (PEM with PKCS#8 or the older forms of keys, encrypted or
 * not; PKCS#12; DER) or in a token, which has a URL (`pkcs11:`, RFC 7512).
 */
#ifndef TRANSPORT_TLS_KEYS_H
#define TRANSPORT_TLS_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/gnutls.h"
#include "lib/secret.h"
#include "lib/wait.h"
#include "transport/transport.h"

struct tls_keys_source {
	const char *certificate;
	const char *key; /* NULL: it is where the certificate is */
	bool named;	 /* by the user, now: see lib/private.h */
	int64_t now;	 /* seconds since 1970 */
	const struct wait_limits *wait; /* for files that are pipes */
	/* What opens the key, asked for once if at all: `of` says what it is
	 * for.  0, or -1 with *err. */
	int (*password)(
	    void *arg, const char *of, struct secret *, struct error *);
	void *arg;
};

struct tls_keys;

/*
 * Reads all of it.  A file that has the key must be as private as one that has
 * a password.  A PIN that a token does not take is never tried again, since a
 * few of those lock it; nor is one given to a token that has but one try left.
 *
 * 0, or -1 with what is wrong with which file: EX_NOINPUT (it cannot be read),
 * EX_CONFIG (it is not what it should be: others can read it, the key is of
 * another certificate, that has expired …), EX_NOPERM (password, PIN, token),
 * and whatever the function that gives the password says.
 */
int tls_keys_new(
    const struct tls_keys_source *, struct tls_keys **, struct error *);
void tls_keys_free(struct tls_keys *);
/* Our certificate, DER. */
const gnutls_datum_t *tls_keys_certificate(const struct tls_keys *);
/* For a handshake; they stay what they are and whose they are. */
void tls_keys_give(const struct tls_keys *, gnutls_pcert_st **chain,
    unsigned *count, gnutls_privkey_t *);

#endif
