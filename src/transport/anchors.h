/*
 * anchors: the trusted authorities, of which only those that a chain asks for
 * are imported: all 150 of the system cost twenty times as much as the rest of
 * a handshake.
 */
#ifndef TRANSPORT_ANCHORS_H
#define TRANSPORT_ANCHORS_H

#include <stddef.h>

#include "lib/gnutls.h"

/*
 * Adds to the list every certificate at path whose subject is one of the n
 * wanted names (DER): the issuers of the chain's members, and the members
 * themselves, for a server whose own certificate is trusted.
 *
 * path is a PEM file or a directory of them (*.pem, *.crt, and the hash names
 * of c_rehash); NULL: the system's store.  Fails when it cannot be read
 * (EX_NOINPUT) or holds no certificate at all; EX_NOPERM when the system has
 * no store.
 */
int anchors_add(const struct gnutls *, gnutls_x509_trust_list_t,
    const char *path, const gnutls_datum_t *wanted, size_t n, struct error *);

/* The file of the system's store; NULL: there is none. */
const char *anchors_system(void);

#endif
