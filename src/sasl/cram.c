/*
 * cram: CRAM-MD5 (RFC 2195).
 *
 * Not libgsasl's, which leaves a copy of the password in memory; HMAC-MD5 is
 * GnuTLS's.
 */
#include <stdio.h>
#include <string.h>

#include "sasl/mechanisms.h"
#include "sasl/password.h"

enum { DIGEST_SIZE = 16 };

/* The challenge under the password, in hexadecimal. */
static int
digest(struct sasl *x, const char *challenge, size_t n,
    char hex[2 * DIGEST_SIZE + 1])
{
	unsigned char bytes[DIGEST_SIZE];
	struct password p;
	size_t i;
	int r;

	if (password_init(&p, x) == -1)
		return -1;
	r = p.gnutls.hmac_fast(GNUTLS_MAC_MD5, p.prepared.data, p.prepared.size,
	    challenge, n, bytes);
	for (i = 0; r == 0 && i < sizeof(bytes); i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	if (r != 0)
		buf_printf(&x->said, "HMAC-MD5: %s", p.gnutls.strerror(r));
	secret_wipe(bytes, sizeof(bytes));
	password_clear(&p);
	return r == 0 ? 0 : -1;
}

enum sasl_progress
cram_step(struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	char hex[2 * DIGEST_SIZE + 1];

	if (n == 0 || digest(x, challenge, n, hex) == -1)
		return SASL_BAD;
	buf_printf(response, "%s %s", x->credentials->user, hex);
	secret_wipe(hex, sizeof(hex));
	return SASL_DONE;
}
