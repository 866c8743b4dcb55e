/*
 * sasl: authentication mechanisms (RFC 4422) as exchanges of challenges and
 * responses, in the form that AUTH carries (RFC 4954), without base64.
 *
 * A mechanism is a row of sasl_mechanisms; what an exchange remembers is its
 * own.  Another mechanism is another row, and changes nothing elsewhere.
 */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/secret.h"

/* What proves who one is. */
enum sasl_secret {
	SASL_PASSWORD,
	SASL_TOKEN,	  /* OAuth's (RFC 7628) */
	SASL_CERTIFICATE, /* TLS has shown it (RFC 4422 A) */
	SASL_TICKET,	  /* Kerberos' (RFC 4752) */
};

struct sasl_credentials {
	const char *user;	/* authentication identity, UTF-8 */
	enum sasl_secret kind;	/* what `password` is */
	struct secret password; /* the owner clears it */
};

/* What TLS says of the channel, for mechanisms that bind to it (RFC 5056). */
struct sasl_binding {
	const char *type; /* "tls-exporter" (RFC 9266) */
	const char *bytes;
	size_t len;
};

enum sasl_progress {
	SASL_MORE,     /* another challenge must follow the response */
	SASL_DONE,     /* the server may say now that all is well */
	SASL_BAD = -1, /* the challenge is none that the mechanism knows, or
			  the response is too long: it must be cancelled */
};

struct sasl;

struct sasl_mechanism {
	const char *name;
	enum sasl_secret secret; /* that it needs */
	bool clear_text; /* gives the secret away to the server, and to who
			    reads the wire; safer are those that do not */
	bool client_first;
	/* See sasl_new, sasl_step, sasl_free. */
	struct sasl *(*new)(const struct sasl_binding *);
	enum sasl_progress (*step)(struct sasl *, const char *challenge,
	    size_t n, struct buf *response);
	void (*free)(struct sasl *);
};

/* Strongest first. */
extern const struct sasl_mechanism sasl_mechanisms[];
extern const size_t sasl_mechanism_count;

/* The mechanism of that name, without regard to case; NULL: unknown. */
const struct sasl_mechanism *sasl_mechanism_find(const char *name);
/* Its bit in a set, as in capability.h. */
unsigned sasl_mechanism_bit(const struct sasl_mechanism *);
/* The strongest one of `offered` (such bits) that needs this kind of secret,
 * whose name is `name` (NULL: any) and that may be used: without clear text if
 * !clear_ok. */
const struct sasl_mechanism *sasl_mechanism_choose(
    unsigned offered, enum sasl_secret, const char *name, bool clear_ok);

/* An exchange; what a mechanism remembers stands behind it. */
struct sasl {
	const struct sasl_mechanism *mechanism;
	const struct sasl_credentials *credentials;
	enum sasl_progress progress;
};

/* Begins one.  Credentials and binding (NULL: the channel has none) are the
 * caller's and outlive it. */
struct sasl *sasl_new(const struct sasl_mechanism *,
    const struct sasl_credentials *, const struct sasl_binding *);
/* Appends the response to a challenge, the empty one for an initial response.
 * After SASL_DONE and SASL_BAD no challenge makes sense. */
enum sasl_progress
sasl_step(struct sasl *, const char *challenge, size_t n, struct buf *response);
/* The mechanism has come to its end: only now a server's yes is one. */
bool sasl_is_done(const struct sasl *);
void sasl_free(struct sasl *);

#endif
