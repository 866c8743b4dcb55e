/*
 * scram: SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, 7677), with a channel binding
 * or without one.
 *
 * libgsasl does the exchange; but it takes any number of iterations, and is slow
 * at them.  So it never has the password: where it asks for the salted one, what
 * the server wants is judged first, and GnuTLS computes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/gnutls.h"
#include "sasl/exchange.h"
#include "sasl/password.h"

enum {
	ITERATIONS_MIN = 4096, /* RFC 7677 4 */
	ITERATIONS_MAX = 1000000,
	SALT_MAX = 1024,
	KEY_MAX = 32, /* octets that SHA-256 makes */
};

struct scram {
	struct exchange exchange;
	struct buf nonce; /* ours; empty: nothing was said yet */
	bool proved;	  /* we have said our proof */
};

static bool
is_sha256(const struct scram *c)
{
	return strstr(c->exchange.sasl.mechanism->name, "SHA-256") != NULL;
}

/* 0: there is none within the bounds; why not is said. */
static unsigned
read_iterations(struct sasl *x, const char *text)
{
	unsigned long n = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == strlen(text) && digits > 0 && digits < 10)
		n = strtoul(text, NULL, 10);
	if (n >= ITERATIONS_MIN && n <= ITERATIONS_MAX)
		return (unsigned)n;
	buf_printf(&x->said,
	    "the server asks for %s iterations, and %u to %u are taken", text,
	    ITERATIONS_MIN, ITERATIONS_MAX);
	return 0;
}

static int
read_salt(struct sasl *x, const char *text, struct buf *salt)
{
	*salt = BUF_WITH_MAX(SALT_MAX);
	if (base64_decode(salt, text, strlen(text)) == 0 && salt->len > 0)
		return 0;
	buf_puts(&x->said, "the server's salt is none");
	return -1;
}

/* Hi() of RFC 5802 2.2, in hexadecimal. */
static int
salt_password(struct sasl *x, bool sha256, const struct buf *salt,
    unsigned iterations, char hex[2 * KEY_MAX + 1])
{
	const gnutls_datum_t octets = {
	    (unsigned char *)salt->data, (unsigned)salt->len};
	size_t i, size = sha256 ? 32 : 20;
	unsigned char key[KEY_MAX];
	struct password p;
	int r;

	if (password_init(&p, x) == -1)
		return -1;
	r = p.gnutls.pbkdf2(sha256 ? GNUTLS_MAC_SHA256 : GNUTLS_MAC_SHA1,
	    &p.prepared, &octets, iterations, key, size);
	for (i = 0; r == 0 && i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", key[i]);
	if (r != 0)
		buf_printf(&x->said, "PBKDF2: %s", p.gnutls.strerror(r));
	secret_wipe(key, sizeof(key));
	password_clear(&p);
	return r == 0 ? 0 : -1;
}

/* libgsasl wants to know something. */
static int
answer(Gsasl *context, Gsasl_session *session, int property)
{
	char hex[2 * KEY_MAX + 1];
	unsigned iterations;
	struct exchange *e;
	struct gsasl gsasl;
	struct error err;
	struct buf salt;
	int r = GSASL_AUTHENTICATION_ERROR;

	(void)context;
	if (property != GSASL_SCRAM_SALTED_PASSWORD ||
	    gsasl_open(&gsasl, &err) == -1)
		return GSASL_NO_CALLBACK;
	e = gsasl.session_hook_get(session);
	iterations = read_iterations(
	    &e->sasl, gsasl.property_fast(session, GSASL_SCRAM_ITER));
	if (iterations == 0)
		return r;
	if (read_salt(&e->sasl, gsasl.property_fast(session, GSASL_SCRAM_SALT),
		&salt) == 0 &&
	    salt_password(&e->sasl, is_sha256((struct scram *)e), &salt,
		iterations, hex) == 0)
		r = gsasl.property_set(
		    session, GSASL_SCRAM_SALTED_PASSWORD, hex);
	secret_wipe(hex, sizeof(hex));
	buf_clear(&salt);
	return r;
}

static int
set_properties(struct exchange *e, const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials,
    const struct sasl_binding *binding)
{
	struct buf text = BUF_WITH_MAX(0);
	int r =
	    e->gsasl.property_set(e->session, GSASL_AUTHID, credentials->user);

	/* Where it is known, libgsasl demands of a server without -PLUS what
	 * only one with it can do. */
	if (r == GSASL_OK && mechanism->bound) {
		base64_encode(
		    &text, (const char *)binding->bytes, binding->len);
		r = e->gsasl.property_set(
		    e->session, GSASL_CB_TLS_EXPORTER, buf_string(&text));
		secret_wipe(text.data, text.cap);
		buf_clear(&text);
	}
	return r;
}

struct sasl *
scram_new(const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials,
    const struct sasl_binding *binding, struct error *err)
{
	struct exchange *e =
	    exchange_new(sizeof(struct scram), mechanism, answer, err);
	int r;

	if (e == NULL)
		return NULL;
	r = set_properties(e, mechanism, credentials, binding);
	if (r == GSASL_OK)
		return &e->sasl;
	error_set(err, EX_OSERR, "%s: libgsasl: %s", mechanism->name,
	    e->gsasl.strerror(r));
	scram_free(&e->sasl);
	return NULL;
}

/* The first message: what stands behind its last "r=". */
static enum sasl_progress
say_first(struct scram *c, struct buf *response)
{
	enum sasl_progress progress =
	    exchange_step(&c->exchange.sasl, NULL, 0, response);
	const char *text = buf_string(response), *at;

	while ((at = strstr(text, ",r=")) != NULL)
		text = at + strlen(",r=");
	if (progress == SASL_MORE)
		buf_puts(&c->nonce, text);
	return progress;
}

/* The server's first: our nonce with more behind it, salt and iterations. */
static enum sasl_progress
say_proof(
    struct scram *c, const char *challenge, size_t n, struct buf *response)
{
	struct sasl *x = &c->exchange.sasl;
	const char *nonce = challenge + strlen("r=");
	size_t len = c->nonce.len;

	if (n >= 2 && memcmp(challenge, "m=", 2) == 0)
		buf_puts(&x->said, "the server demands an extension");
	else if (n < len + 3 || memcmp(challenge, "r=", 2) != 0 ||
	    memcmp(nonce, c->nonce.data, len) != 0 || nonce[len] == ',')
		buf_puts(&x->said,
		    "the server's nonce does not go on from the client's");
	if (x->said.len > 0)
		return SASL_BAD;
	c->proved = true;
	return exchange_step(x, challenge, n, response);
}

/* The server's last: its signature, or an error. */
static enum sasl_progress
hear_last(
    struct scram *c, const char *challenge, size_t n, struct buf *response)
{
	struct sasl *x = &c->exchange.sasl;
	enum sasl_progress progress;

	if (n > 2 && memcmp(challenge, "e=", 2) == 0) {
		buf_printf(&x->said, "%.*s", (int)(n - 2), challenge + 2);
		return SASL_REFUSED;
	}
	progress = exchange_step(x, challenge, n, response);
	if (progress == SASL_DONE)
		return SASL_DONE;
	buf_reset(&x->said);
	buf_puts(&x->said,
	    "the server does not prove that it knows the "
	    "password");
	return SASL_BAD;
}

enum sasl_progress
scram_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	struct scram *c = (struct scram *)x;

	if (c->proved)
		return hear_last(c, challenge, n, response);
	if (c->nonce.len > 0)
		return say_proof(c, challenge, n, response);
	return n == 0 ? say_first(c, response) : SASL_BAD;
}

void
scram_free(struct sasl *x)
{
	buf_clear(&((struct scram *)x)->nonce);
	exchange_free(x);
}
