/*
 * auth: one authentication of a session (RFC 4954): which mechanism, and how
 * far its exchange has come.
 */
#ifndef SMTP_AUTH_H
#define SMTP_AUTH_H

#include <stdbool.h>

#include "lib/buf.h"
#include "sasl/sasl.h"

/* What the first two point to outlives it. */
struct auth {
	const struct sasl_credentials *credentials;
	const char *wanted; /* the mechanism; NULL: the best one */

	const struct sasl_mechanism *mechanism;
	struct sasl *exchange;
	unsigned gone;	 /* mechanisms that the server does not know, or that
			    this machine has no library for */
	unsigned rounds; /* responses of this exchange */
	bool initial;	 /* with an initial response (RFC 4954 4), where the
			 mechanism has one */
	bool cancelled;
	struct buf challenge; /* of the last 334, decoded, */
	bool challenge_bad;   /* unless it could not be */
};

void auth_free(struct auth *);
/* Keeps what a 334 says, word for word. */
void auth_take_challenge(struct auth *, const struct buf *text);

#endif
