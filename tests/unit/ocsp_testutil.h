/*
 * ocsp_testutil: OCSP responses (RFC 6960), which GnuTLS reads but does not make.
 */
#ifndef OCSP_TESTUTIL_H
#define OCSP_TESTUTIL_H

#include <stdbool.h>
#include <time.h>

#include "lib/buf.h"
#include "tls_testutil.h"

/* Appends what the issuer, whose key is of P-256, says of one certificate: from
 * when until when it is good, or revoked. */
void ocsp_respond(struct buf *, gnutls_x509_crt_t of,
    const struct certificate *issuer, bool revoked, time_t from, time_t until);

#endif
