/*
 * sasl: authentication mechanisms as steps: a challenge in, a response out
 * (RFC 4422), in the form that AUTH carries (RFC 4954), without base64.
 */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/secret.h"

struct sasl_credentials {
	const char *user;	/* authentication identity, UTF-8 */
	struct secret password; /* the owner clears it */
};

struct sasl_mechanism {
	const char *name;
	bool clear_text; /* gives the secret away to who reads the wire */
	bool client_first;
	/* Response number `round` (from 0) to the challenge; 0, or -1 when
	 * the challenge is none that the mechanism knows. */
	int (*step)(const struct sasl_credentials *, unsigned round,
	    const char *challenge, size_t n, struct buf *response);
};

/* Strongest first. */
extern const struct sasl_mechanism sasl_mechanisms[];
extern const size_t sasl_mechanism_count;

/* The mechanism of that name, without regard to case; NULL: unknown. */
const struct sasl_mechanism *sasl_mechanism_find(const char *name);
/* The strongest one of `offered` (bits as in capability.h) whose name is
 * `name` (NULL: any) and that may be used: without clear text if !clear_ok. */
const struct sasl_mechanism *
sasl_mechanism_choose(unsigned offered, const char *name, bool clear_ok);

/* base64 (RFC 4648 4) on one line.  decode: -1 for what is not base64. */
int sasl_base64_encode(struct buf *out, const void *bytes, size_t n);
int sasl_base64_decode(struct buf *out, const char *text, size_t n);

#endif
