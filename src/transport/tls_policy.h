/*
 * tls_policy: a policy of one's own.
 */
#ifndef TRANSPORT_TLS_POLICY_H
#define TRANSPORT_TLS_POLICY_H

#include "transport/tls.h"

/* With copies of all that it points to, and without the dot that ends an
 * absolute name, which is in no certificate.  Clear it. */
void tls_policy_copy(struct tls_policy *, const struct tls_policy *from);
void tls_policy_clear(struct tls_policy *);

#endif
