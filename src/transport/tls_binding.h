/* tls_binding: what TLS says of a channel to those that bind to it (RFC 5056). */
#ifndef TRANSPORT_TLS_BINDING_H
#define TRANSPORT_TLS_BINDING_H

#include "lib/gnutls.h"
#include "transport/transport.h"

/* After the handshake.  There is none in TLS 1.2 without the extended master
 * secret (RFC 9266 4.2): whoever stands in between can give two channels the
 * same one. */
void tls_binding_read(
    struct transport_tls *, const struct gnutls *, gnutls_session_t);

#endif
