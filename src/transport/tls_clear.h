/*
 * tls_clear: what a server says that was to answer with TLS, and does not.
 */
#ifndef TRANSPORT_TLS_CLEAR_H
#define TRANSPORT_TLS_CLEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "transport/tls.h"

/* Bytes came, and they begin no TLS record (RFC 8446 5.1). */
bool tls_is_clear(const char *bytes, size_t n);
/* -1 with EX_NOPERM and the first line of them; the way on is hinted at where
 * it is a reply of SMTP. */
int tls_clear_error(
    const struct tls_policy *, const char *bytes, size_t n, struct error *);

#endif
