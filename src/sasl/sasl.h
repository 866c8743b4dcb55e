/*
 * sasl: authentication mechanisms (RFC 4422) as exchanges of challenges and
 * responses, without the form in which a protocol carries them.
 *
 * A mechanism is a row of sasl_mechanisms; what an exchange remembers is its
 * own.  Another mechanism is another row, and changes nothing elsewhere.
 *
 *	own.c		PLAIN, LOGIN, EXTERNAL
 *	oauth.c		OAUTHBEARER, XOAUTH2
 *	scram.c		SCRAM-SHA-256, SCRAM-SHA-1, and both with -PLUS
 *	kerberos.c	GSSAPI
 *	cram.c		CRAM-MD5
 */
#ifndef SASL_SASL_H
#define SASL_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/secret.h"

/* What proves who one is; several are a set. */
enum sasl_secret {
	SASL_PASSWORD = 1,
	SASL_TOKEN = 2,	      /* OAuth's (RFC 6750) */
	SASL_CERTIFICATE = 4, /* TLS has shown it (RFC 4422 A) */
	SASL_TICKET = 8,      /* Kerberos' (RFC 4752) */
};

/* What we hold. */
struct sasl_credentials {
	/* Authentication identity, UTF-8; NULL: whom the certificate or the
	 * ticket names. */
	const char *user;
	/* The owner clears them; without bytes there is none. */
	struct secret password, token;
	bool certificate; /* shown when TLS is set up */
	/* The server, as the user names it; NULL: it has no name. */
	const char *host;
	unsigned port; /* 0: none */
};

/* What TLS says of the channel, for mechanisms that bind to it (RFC 5056). */
struct sasl_binding {
	const char *type; /* "tls-exporter" (RFC 9266) */
	const unsigned char *bytes;
	size_t len;
};

enum sasl_progress {
	SASL_MORE, /* another challenge must follow the response */
	SASL_DONE, /* the server may say now that all is well */
	/* The challenge said that it is not; the response is there for the
	 * sake of form, and sasl_said knows why. */
	SASL_REFUSED,
	SASL_BAD = -1, /* the challenge is none that the mechanism knows, or
			  there can be no response: it must be cancelled;
			  sasl_said may know why */
};

struct sasl;

struct sasl_mechanism {
	const char *name;
	enum sasl_secret secret; /* that it needs */
	bool clear_text; /* gives the secret away to the server, and to who
			    reads the wire; safer are those that do not */
	bool bound;	 /* to the channel: nobody can be in between */
	bool named_only; /* is used where somebody asks for it by name */
	bool client_first;
	bool explains; /* a challenge behind the last response says why not */
	/* See sasl_new, sasl_step, sasl_free. */
	struct sasl *(*new)(const struct sasl_mechanism *,
	    const struct sasl_credentials *, const struct sasl_binding *,
	    struct error *);
	enum sasl_progress (*step)(struct sasl *, const char *challenge,
	    size_t n, struct buf *response);
	void (*free)(struct sasl *);
};

/* Strongest first. */
extern const struct sasl_mechanism sasl_mechanisms[];
extern const size_t sasl_mechanism_count;

/* The mechanism of that name, without regard to case; NULL: unknown. */
const struct sasl_mechanism *sasl_mechanism_find(const char *name);
/* Its bit in a set. */
unsigned sasl_mechanism_bit(const struct sasl_mechanism *);

/* What a choice depends on. */
struct sasl_choice {
	unsigned offered; /* such bits */
	unsigned held;	  /* see sasl_held */
	const char *name; /* the one that is asked for; NULL: any */
	bool secure;	  /* TLS has shown a certificate if there is one */
	bool clear_ok;	  /* a secret may be given away */
	bool bound;	  /* the channel has a binding */
};

/* What there is of secrets; for who asks for a mechanism by its name, also what
 * it may find by itself: a ticket, or a certificate's place. */
unsigned sasl_held(const struct sasl_credentials *, const char *name);
/* The strongest one that fits; NULL: there is none. */
const struct sasl_mechanism *sasl_mechanism_choose(const struct sasl_choice *);
/* Whoever hears the one learns no more than from the other, and can stand in
 * between no better. */
bool sasl_mechanism_is_as_safe(
    const struct sasl_mechanism *, const struct sasl_mechanism *as);

/* An exchange; what a mechanism remembers stands behind it. */
struct sasl {
	const struct sasl_mechanism *mechanism;
	const struct sasl_credentials *credentials;
	enum sasl_progress progress;
	struct buf said; /* see sasl_said */
};

/* Begins one.  Credentials and binding (NULL: the channel has none) are the
 * caller's and outlive it.  NULL, and an error: it cannot be done on this
 * machine (EX_OSERR, a library is missing), or not with these (EX_CONFIG). */
struct sasl *
sasl_new(const struct sasl_mechanism *, const struct sasl_credentials *,
    const struct sasl_binding *, struct error *);
/* Appends the response to a challenge, the empty one for an initial response.
 * After SASL_BAD and SASL_REFUSED no challenge makes sense, after SASL_DONE one
 * that says why not. */
enum sasl_progress
sasl_step(struct sasl *, const char *challenge, size_t n, struct buf *response);
/* The mechanism has come to its end: only now a server's yes is one. */
bool sasl_is_done(const struct sasl *);
/* What is wrong with the challenge, or why the server refuses, in words of which
 * some may be the server's: as they came, at most 1 KiB.  "": it is not known. */
const char *sasl_said(const struct sasl *);
void sasl_free(struct sasl *);

#endif
