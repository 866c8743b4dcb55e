/*
 * tls_testutil: certificates made for a test, and a server in this process that
 * shows them.  Whatever fails here fails the test.
 */
#ifndef TLS_TESTUTIL_H
#define TLS_TESTUTIL_H

#include <stdbool.h>
#include <stddef.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "transport/tls.h"

enum { DAY = 86400, STEPS = 10000 };

struct certificate {
	gnutls_x509_crt_t crt;
	gnutls_x509_privkey_t key;
};

/* What is to stand in a certificate; zero is the ordinary case. */
struct recipe {
	const char *cn, *dns, *dns2, *ip, *email, *uri, *purpose;
	const char *permitted, *excluded; /* domains, of an authority */
	const char *san;		  /* DER of the extension */
	size_t san_len;
	int other_names; /* as many before all others */
	int from, until; /* days from now; 0: -1 and 30 */
	int authority;	 /* path length + 1, -1: no limit */
	unsigned usage;	 /* of its key; 0: what it needs */
	int rsa_bits;	 /* 0: ECDSA P-256, or the curve's */
	gnutls_ecc_curve_t curve;
	gnutls_digest_algorithm_t digest;
	bool must_staple, no_basic_constraints, unknown_extension;
};

struct world {
	char dir[32], ca_file[64];
	struct certificate ca, other_ca;
};

/* What a server shows: its own certificate first. */
struct shown {
	gnutls_x509_crt_t chain[4];
	int count;
	gnutls_x509_privkey_t key;
	gnutls_datum_t staple;	/* an OCSP response; size 0: none */
	const char *priorities; /* NULL: NORMAL */
};

/* Client and server of one connection. */
struct link {
	struct transport *client;
	gnutls_session_t server;
	gnutls_certificate_credentials_t credentials;
	int fd; /* the server's end */
	struct error err;
};

/* Of a call of GnuTLS. */
void ok(int r);

/* Issued by itself if issuer is NULL; drop() it. */
struct certificate make(struct recipe, const struct certificate *issuer);
void drop(struct certificate *);
/* Appends it to the file. */
void write_pem(const char *path, gnutls_x509_crt_t);

/* For cmocka: *state is a struct world. */
int world_set_up(void **state);
int world_tear_down(void **state);
/* Trusts the world's authority. */
struct tls_policy policy_for(struct world *, const char *name);

/* leaf NULL: the server is silent; priorities NULL: NORMAL.  link_end it. */
void
link_start(struct link *, struct tls_policy, const struct certificate *leaf,
    const struct certificate *intermediate, const char *priorities);
/* The staple is the caller's. */
void link_show(struct link *, struct tls_policy, struct shown *);
void link_end(struct link *);
/* Both ends in turn; the client's result. */
int link_handshake(struct link *);

#endif
