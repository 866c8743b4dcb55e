/*
 * tls_policy: a policy of one's own, and what it may have led to.
 */
#ifndef TRANSPORT_TLS_POLICY_H
#define TRANSPORT_TLS_POLICY_H

#include "transport/tls.h"

/* With copies of all that it points to, and without the dot that ends an
 * absolute name, which is in no certificate.  Clear it. */
void tls_policy_copy(struct tls_policy *, const struct tls_policy *from);
void tls_policy_clear(struct tls_policy *);
/* What was asked for may be why nothing was agreed on: r is GnuTLS's error, alert
 * the server's (-1: none).  Who does not know TLS 1.3 finds no cipher in an offer
 * of nothing else. */
void
tls_policy_hint(const struct tls_policy *, int r, int alert, struct error *);

#endif
