/* SCRAM as a server speaks it (RFC 5802, RFC 7677), on GnuTLS's hashes. */
#include "testserver_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "testserver.h"

enum { DIGEST_MAX = 32, ITERATIONS_MAX = 1000000 };

struct scram {
	gnutls_mac_algorithm_t mac;
	gnutls_digest_algorithm_t hash;
	unsigned size; /* of a digest */
	char *header;  /* GS2's, as the client sent it */
	char *bare;    /* the client's first message without it */
	char *nonce;   /* both sides' */
	char *first;   /* our first message */
	char salt[64];
	size_t salt_n;
	long iterations;
	bool answered;
};

void
scram_free(struct scram *s)
{
	if (s == NULL)
		return;
	free(s->header);
	free(s->bare);
	free(s->nonce);
	free(s->first);
	free(s);
}

static bool
with_binding(const struct exchange *x)
{
	return strstr(x->mechanism->name, "-PLUS") != NULL;
}

static struct scram *
scram_new(const struct exchange *x)
{
	struct scram *s = must(calloc(1, sizeof(*s)));
	bool sha1 = strncmp(x->mechanism->name, "SCRAM-SHA-1", 11) == 0;

	s->mac = sha1 ? GNUTLS_MAC_SHA1 : GNUTLS_MAC_SHA256;
	s->hash = sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256;
	s->size = gnutls_hash_get_len(s->hash);
	return s;
}

/* "=2C" and "=3D" are the comma and the equals sign; in place. */
static bool
name_unescape(char *name)
{
	char *to = name;

	for (; *name != '\0'; name++) {
		if (*name != '=')
			*to++ = *name;
		else if (strncmp(name, "=2C", 3) == 0 ||
		    strncmp(name, "=3D", 3) == 0) {
			*to++ = name[1] == '2' ? ',' : '=';
			name += 2;
		} else
			return false;
	}
	*to = '\0';
	return true;
}

/* "n,," "y,," or "p=tls-exporter,," and perhaps who to act as; what follows it,
 * or NULL.  Where -PLUS is not used, "p=" is wrong, and the other way round. */
static const char *
header_end(const struct exchange *x, const char *message)
{
	static const char binding[] = "p=tls-exporter,";
	const char *at = message, *comma;

	if (with_binding(x)) {
		if (strncmp(at, binding, sizeof(binding) - 1) != 0)
			return NULL;
		at += sizeof(binding) - 1;
	} else {
		if ((*at != 'n' && *at != 'y') || at[1] != ',')
			return NULL;
		at += 2;
	}
	if (*at != ',' && strncmp(at, "a=", 2) != 0)
		return NULL;
	comma = strchr(at, ',');
	return comma == NULL ? NULL : comma + 1;
}

static void
random_text(char *text, size_t n)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
	unsigned char bytes[64];
	size_t i;

	if (n > sizeof(bytes) || gnutls_rnd(GNUTLS_RND_NONCE, bytes, n) < 0)
		abort();
	for (i = 0; i < n - 1; i++)
		text[i] = letters[bytes[i] % 32];
	text[n - 1] = '\0';
}

/* r=, s= and i= */
static void
first_write(struct exchange *x, struct scram *s, const char *client_nonce)
{
	const struct auth_params *p = x->params;
	const char *i = p->iterations != NULL ? p->iterations : "4096";
	char fresh[25], random_salt[17], *salt;
	bool alone = exchange_faulty(x, "nonce-alone");
	const char *own = p->nonce != NULL ? p->nonce : fresh;

	random_text(fresh, sizeof(fresh));
	random_text(random_salt, sizeof(random_salt));
	if (exchange_faulty(x, "nonce-unchanged"))
		own = "";
	if (asprintf(&s->nonce, "%s%s", alone ? "" : client_nonce, own) < 0)
		abort();
	salt = p->salt != NULL ? must(strdup(p->salt))
			       : base64_text(random_salt, 16);
	if (strlen(salt) < sizeof(s->salt))
		s->salt_n = (size_t)base64_bytes(salt, s->salt);
	s->iterations = strtol(i, NULL, 10);
	if (asprintf(&s->first, "%sr=%s,s=%s,i=%s",
		exchange_faulty(x, "extension") ? "m=new," : "", s->nonce, salt,
		i) < 0)
		abort();
	free(salt);
}

static enum auth_verdict
first_step(struct exchange *x, char *response)
{
	struct scram *s = x->scram = scram_new(x);
	const char *bare = header_end(x, response);
	char *fields, *at, *name, *nonce;
	bool good;

	if (bare == NULL)
		return AUTH_MALFORMED;
	/* With "y" the client says that it has seen no -PLUS: it was stripped,
	 * since it is offered wherever there is a channel to bind to. */
	if (*response == 'y' && x->peer->binding_n > 0)
		return AUTH_NO;
	s->header = must(strndup(response, (size_t)(bare - response)));
	s->bare = must(strdup(bare));
	at = fields = must(strdup(bare));
	name = strsep(&at, ",");
	nonce = strsep(&at, ",");
	good = strncmp(name, "n=", 2) == 0 && name_unescape(name + 2) &&
	    nonce != NULL && strncmp(nonce, "r=", 2) == 0 && nonce[2] != '\0';
	if (good) {
		x->name = must(strdup(name + 2));
		first_write(x, s, nonce + 2);
		exchange_challenge(x, "%s", s->first);
	}
	free(fields);
	return good ? AUTH_MORE : AUTH_MALFORMED;
}

static void
hmac(const struct scram *s, const void *key, const char *text, void *digest)
{
	if (gnutls_hmac_fast(s->mac, key, s->size, text, strlen(text), digest) <
	    0)
		abort();
}

/* RFC 5802 3: whether the proof is good, and what we prove in turn. */
static bool
proof_is_good(const struct scram *s, const char *password, const char *message,
    const unsigned char *proof, unsigned char *verifier)
{
	unsigned char salted[DIGEST_MAX], client_key[DIGEST_MAX];
	unsigned char stored[DIGEST_MAX], signature[DIGEST_MAX];
	unsigned char server_key[DIGEST_MAX], hashed[DIGEST_MAX];
	gnutls_datum_t key = {(void *)password, (unsigned)strlen(password)};
	gnutls_datum_t salt = {(void *)s->salt, (unsigned)s->salt_n};
	unsigned i;

	if (gnutls_pbkdf2(s->mac, &key, &salt, (unsigned)s->iterations, salted,
		s->size) < 0)
		abort();
	hmac(s, salted, "Client Key", client_key);
	if (gnutls_hash_fast(s->hash, client_key, s->size, stored) < 0)
		abort();
	hmac(s, stored, message, signature);
	hmac(s, salted, "Server Key", server_key);
	hmac(s, server_key, message, verifier);
	for (i = 0; i < s->size; i++)
		signature[i] ^= proof[i];
	if (gnutls_hash_fast(s->hash, signature, s->size, hashed) < 0)
		abort();
	return memcmp(hashed, stored, s->size) == 0;
}

/* What "c=" must say: the header, and what the channel is bound to. */
static char *
binding_text(const struct exchange *x)
{
	const struct scram *s = x->scram;
	size_t n = strlen(s->header);
	unsigned char bytes[512];

	if (n + x->peer->binding_n > sizeof(bytes))
		abort();
	memcpy(bytes, s->header, n);
	if (with_binding(x)) {
		memcpy(bytes + n, x->peer->binding, x->peer->binding_n);
		n += x->peer->binding_n;
		if (exchange_faulty(x, "binding-not-known"))
			bytes[n - 1] ^= 1;
	}
	return base64_text(bytes, n);
}

static enum auth_verdict
last_write(struct exchange *x, const unsigned char *verifier)
{
	unsigned char written[DIGEST_MAX];
	char *text;

	if (exchange_faulty(x, "no-verifier"))
		return AUTH_YES;
	memcpy(written, verifier, x->scram->size);
	if (exchange_faulty(x, "wrong-verifier"))
		written[0] ^= 1;
	text = base64_text(written, x->scram->size);
	if (exchange_faulty(x, "error")) {
		x->refused = true;
		exchange_challenge(x, "e=other-error");
	} else if (exchange_faulty(x, "missing-verifier"))
		exchange_challenge(x, "x=%s", text);
	else
		exchange_challenge(x, "v=%s",
		    exchange_faulty(x, "empty-verifier") ? "" : text);
	free(text);
	return AUTH_MORE;
}

static enum auth_verdict
final_step(struct exchange *x, char *response)
{
	struct scram *s = x->scram;
	char *message, *binding, *rest = response, *proof_at, *channel, *nonce;
	const char *password = exchange_password(x, x->name);
	unsigned char verifier[DIGEST_MAX];
	char proof[512];
	ssize_t proof_n = -1;
	bool good;

	proof_at = strstr(response, ",p=");
	if (proof_at == NULL)
		return AUTH_MALFORMED;
	*proof_at = '\0';
	if (asprintf(&message, "%s,%s,%s", s->bare, s->first, response) < 0)
		abort();
	if (strlen(proof_at + 3) < sizeof(proof))
		proof_n = base64_bytes(proof_at + 3, proof);
	channel = strsep(&rest, ",");
	nonce = strsep(&rest, ",");
	binding = binding_text(x);
	good = password != NULL && proof_n == (ssize_t)s->size &&
	    strncmp(channel, "c=", 2) == 0 &&
	    strcmp(channel + 2, binding) == 0 && nonce != NULL &&
	    strncmp(nonce, "r=", 2) == 0 && strcmp(nonce + 2, s->nonce) == 0 &&
	    s->iterations > 0 && s->iterations <= ITERATIONS_MAX &&
	    proof_is_good(
		s, password, message, (const unsigned char *)proof, verifier);
	free(binding);
	free(message);
	return good ? last_write(x, verifier) : AUTH_NO;
}

enum auth_verdict
scram_step(struct exchange *x, char *response, size_t n)
{
	if (response == NULL) {
		exchange_challenge(x, "%s", "");
		return AUTH_MORE;
	}
	if (strlen(response) != n)
		return AUTH_MALFORMED;
	if (x->scram == NULL)
		return first_step(x, response);
	if (!x->scram->answered) {
		x->scram->answered = true;
		return final_step(x, response);
	}
	/* RFC 4954 4: 235 carries no data, so v= was a challenge. */
	if (n > 0)
		return AUTH_MALFORMED;
	return x->refused ? AUTH_NO : AUTH_YES;
}
