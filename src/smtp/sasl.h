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

enum sasl_progress {
	SASL_BAD = -1, /* the challenge is none that the mechanism knows, or
			  the response is too long */
	SASL_MORE,     /* another challenge must follow the response */
	SASL_DONE,     /* the server may say now that all is well */
};

struct sasl_mechanism {
	const char *name;
	bool clear_text; /* gives the secret away to the server, and to who
			    reads the wire; safer are those that do not */
	bool client_first;
	/* Response number `round` (from 0) to the challenge. */
	enum sasl_progress (*step)(const struct sasl_credentials *,
	    unsigned round, const char *challenge, size_t n,
	    struct buf *response);
};

/* Strongest first. */
extern const struct sasl_mechanism sasl_mechanisms[];
extern const size_t sasl_mechanism_count;

/* The mechanism of that name, without regard to case; NULL: unknown. */
const struct sasl_mechanism *sasl_mechanism_find(const char *name);
/* Its bit in a set, as in capability.h. */
unsigned sasl_mechanism_bit(const struct sasl_mechanism *);
/* The strongest one of `offered` (such bits) whose name is
 * `name` (NULL: any) and that may be used: without clear text if !clear_ok. */
const struct sasl_mechanism *
sasl_mechanism_choose(unsigned offered, const char *name, bool clear_ok);

#endif
