/* password: one as hashes take it, and who computes them. */
#ifndef SASL_PASSWORD_H
#define SASL_PASSWORD_H

#include "lib/gnutls.h"
#include "sasl/sasl.h"

struct password {
	struct gnutls gnutls;
	gnutls_datum_t prepared; /* RFC 4013, beyond ASCII */
	bool own;		 /* it is a copy */
};

/* The exchange's, which outlives it.  -1: it cannot be prepared, and the
 * exchange says why. */
int password_init(struct password *, struct sasl *);
void password_clear(struct password *);

#endif
