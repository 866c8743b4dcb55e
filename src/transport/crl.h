/*
 * crl: lists of revoked certificates (RFC 5280 5) from a file.
 */
#ifndef TRANSPORT_CRL_H
#define TRANSPORT_CRL_H

#include <stdbool.h>

#include "lib/gnutls.h"

/* Whether the file can be read and looks like what crl_add takes: EX_NOINPUT.
 * Needs no library. */
int crl_check(const char *path, struct error *);

/*
 * Adds to the trust list what the file (one list in DER, or any number in PEM)
 * has of the issuers of these n certificates, the server's own one first.  Lists
 * of others are no concern of theirs.
 *
 * A list counts if its issuer has signed it and it is of today (thisUpdate,
 * nextUpdate).  If there are lists of an issuer and none of them counts, nobody
 * can tell what that issuer has revoked: *doubt (status 0 on entry) is filled
 * then with EX_NOPERM and the rest of a sentence about the server's certificate,
 * and 0 is returned.  So it is if a list that counts has revoked one of them, which
 * GnuTLS finds only where it knows the authority.  -1 with EX_NOINPUT: the file
 * cannot be read.
 */
int crl_add(const struct gnutls *, gnutls_x509_trust_list_t, const char *path,
    const gnutls_x509_crt_t *chain, unsigned n, struct error *doubt,
    struct error *);

#endif
