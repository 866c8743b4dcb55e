/*
 * The server's side of an authentication (RFC 4422), without base64 and without
 * SMTP.  Nothing of the program under test is in it: SCRAM stands on GnuTLS's
 * hashes alone.
 */
#ifndef TESTSERVER_AUTH_H
#define TESTSERVER_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What the server knows, and what it does wrong. */
struct auth_params {
	const char *user;  /* NAME:PASSWORD; NULL: nobody */
	const char *token; /* of that user; NULL: none */
	/* Parts of SCRAM's first message as they are to be written; NULL: as
	 * they should be. */
	const char *nonce;
	const char *salt;
	const char *iterations;
	bool (*faulty)(const void *, const char *fault);
	const void *faults; /* for that */
};

/* What the connection knows of the client. */
struct auth_peer {
	const char *certificate; /* whose it is; NULL: none, or none good */
	const unsigned char *binding; /* tls-exporter (RFC 9266) */
	size_t binding_n;	      /* 0: there is none */
};

enum auth_verdict { AUTH_MORE, AUTH_YES, AUTH_NO, AUTH_MALFORMED };

struct exchange {
	const struct auth_params *params;
	const struct auth_peer *peer;
	const struct auth_mechanism *mechanism;
	unsigned round;	 /* how many responses have come */
	char *challenge; /* after AUTH_MORE; terminated by a NUL */
	size_t challenge_n;
	char *name; /* who the client says that it is */
	bool refused;
	struct scram *scram;
};

struct auth_mechanism {
	const char *name;
	/* Takes a response, terminated by a NUL as well; NULL: the command came
	 * without an initial one. */
	enum auth_verdict (*step)(struct exchange *, char *, size_t);
};

/* NULL: the mechanism is not known.  What is given outlives it. */
struct exchange *exchange_new(const char *mechanism, const struct auth_params *,
    const struct auth_peer *);
enum auth_verdict exchange_step(struct exchange *, char *response, size_t n);
void exchange_free(struct exchange *);

/* For the mechanisms. */
void exchange_challenge(struct exchange *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool exchange_faulty(const struct exchange *, const char *fault);
/* The password of the user who is called so; NULL: it is not the one. */
const char *exchange_password(const struct exchange *, const char *name);
bool text_equal(const char *, const char *);
/* Both terminate with a NUL.  Decoding returns the length, -1 for what is not
 * base64; out has room for what text has. */
char *base64_text(const void *, size_t);
ssize_t base64_bytes(const char *text, char *out);

/* SCRAM-SHA-1, SCRAM-SHA-256, and both with -PLUS (RFC 5802, RFC 7677). */
enum auth_verdict scram_step(struct exchange *, char *, size_t);
void scram_free(struct scram *);

/* The names of all faults, up to NULL. */
extern const char *const auth_faults[];

#endif
