#include "transport/first_use.h"

#include <string.h>

#include "lib/base64.h"

bool
first_use_may(const struct gnutls *g, unsigned status,
    const gnutls_x509_crt_t *chain, unsigned n, time_t now)
{
	const unsigned forgiven = GNUTLS_CERT_INVALID |
	    GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_UNEXPECTED_OWNER;
	unsigned i;

	if (status == 0 || (status & ~forgiven) != 0)
		return false;
	/* Where the issuer is missing, the library may not have looked. */
	for (i = 0; i < n; i++)
		if (g->x509_crt_get_expiration_time(chain[i]) < now ||
		    g->x509_crt_get_activation_time(chain[i]) > now)
			return false;
	return true;
}

static void
put_pin(struct buf *out, const struct pin *pin)
{
	buf_puts(out, "sha256//");
	base64_encode(out, pin->digest, PIN_DIGEST);
}

static int
another_key(const struct tls_first_use *f, const char *name,
    const struct pin *key, struct error *err)
{
	const struct tls_known_key *known = &f->keys[f->count - 1];
	struct buf now = {0}, before = {0};

	put_pin(&now, key);
	put_pin(&before, &known->pin);
	error_set(err, EX_NOPERM,
	    "%s: the server's key has changed: it was %s on %s, and is %s now",
	    name, buf_string(&before), known->since, buf_string(&now));
	error_hint(err,
	    "somebody may be in between; ask whoever runs the server\n"
	    "if the new key is right, delete %s",
	    known->where);
	buf_clear(&now);
	buf_clear(&before);
	return -1;
}

int
first_use_judge(const struct tls_first_use *f, const char *name,
    const struct pin *key, enum transport_trust *trust, struct error *err)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		if (memcmp(&f->keys[i].pin, key, sizeof(*key)) != 0)
			continue;
		*trust = TRANSPORT_TRUST_KNOWN;
		return 0;
	}
	if (f->count > 0)
		return another_key(f, name, key, err);
	*trust = TRANSPORT_TRUST_FIRST_USE;
	return 0;
}
