#include "ocsp_testutil.h"

#include <stdio.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

enum {
	BIT_STRING = 0x03,
	OCTET_STRING = 0x04,
	SEQUENCE = 0x30,
	TIME = 0x18,
	SHA1 = 20,
	P256 = 32,
};

#define LITERAL(out, bytes) buf_append(out, bytes, sizeof(bytes) - 1)

/* Puts tag and length before what has been appended from there on. */
static void
wrap(struct buf *out, size_t from, int tag)
{
	size_t n = out->len - from;
	char head[4] = {(char)tag};
	size_t len = 2;

	if (n < 128) {
		head[1] = (char)n;
	} else {
		head[1] = (char)0x82;
		head[2] = (char)(n >> 8);
		head[3] = (char)n;
		len = 4;
	}
	buf_append(out, head, len);
	memmove(out->data + from + len, out->data + from, n);
	memcpy(out->data + from, head, len);
}

static void
put(struct buf *out, int tag, const void *bytes, size_t n)
{
	size_t from = out->len;

	buf_append(out, bytes, n);
	wrap(out, from, tag);
}

static void
put_time(struct buf *out, time_t at)
{
	char text[32];
	struct tm tm;

	gmtime_r(&at, &tm);
	put(out, TIME, text,
	    strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm));
}

static void
put_digest(struct buf *out, const void *bytes, size_t n)
{
	unsigned char digest[SHA1];

	ok(gnutls_hash_fast(GNUTLS_DIG_SHA1, bytes, n, digest));
	put(out, OCTET_STRING, digest, sizeof(digest));
}

/* Of the bits of its public key. */
static void
put_key_digest(struct buf *out, gnutls_x509_crt_t issuer)
{
	gnutls_datum_t part[2];
	unsigned char point[1 + 2 * P256] = {4};
	gnutls_ecc_curve_t curve;

	ok(gnutls_x509_crt_get_pk_ecc_raw(issuer, &curve, &part[0], &part[1]));
	for (int i = 0; i < 2; i++) {
		size_t n = part[i].size < P256 ? part[i].size : P256;

		memcpy(point + 1 + (i + 1) * P256 - n,
		    part[i].data + part[i].size - n, n);
		gnutls_free(part[i].data);
	}
	put_digest(out, point, sizeof(point));
}

/* CertID */
static void
put_subject(
    struct buf *out, gnutls_x509_crt_t of, const struct certificate *issuer)
{
	size_t from = out->len;
	unsigned char serial[20];
	size_t len = sizeof(serial);
	gnutls_datum_t name;

	LITERAL(out, "\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\0");
	ok(gnutls_x509_crt_get_raw_dn(issuer->crt, &name));
	put_digest(out, name.data, name.size);
	gnutls_free(name.data);
	put_key_digest(out, issuer->crt);
	ok(gnutls_x509_crt_get_serial(of, serial, &len));
	put(out, 2, serial, len);
	wrap(out, from, SEQUENCE);
}

/* ResponseData */
static void
put_data(struct buf *out, gnutls_x509_crt_t of,
    const struct certificate *issuer, bool revoked, time_t from, time_t until)
{
	size_t all = out->len, single, part;
	gnutls_datum_t name;

	ok(gnutls_x509_crt_get_raw_dn(issuer->crt, &name));
	put(out, 0xa1, name.data, name.size);
	gnutls_free(name.data);
	put_time(out, from);
	single = out->len;
	put_subject(out, of, issuer);
	part = out->len;
	if (revoked)
		put_time(out, from);
	wrap(out, part, revoked ? 0xa1 : 0x80);
	put_time(out, from);
	part = out->len;
	put_time(out, until);
	wrap(out, part, 0xa0);
	wrap(out, single, SEQUENCE);
	wrap(out, single, SEQUENCE);
	wrap(out, all, SEQUENCE);
}

static void
put_signature(
    struct buf *out, const gnutls_datum_t *data, gnutls_x509_privkey_t key)
{
	gnutls_datum_t signature;
	gnutls_privkey_t signer;
	size_t from;

	ok(gnutls_privkey_init(&signer));
	ok(gnutls_privkey_import_x509(signer, key, 0));
	ok(gnutls_privkey_sign_data(
	    signer, GNUTLS_DIG_SHA256, 0, data, &signature));
	LITERAL(out, "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
	from = out->len;
	buf_putc(out, '\0');
	buf_append(out, signature.data, signature.size);
	wrap(out, from, BIT_STRING);
	gnutls_free(signature.data);
	gnutls_privkey_deinit(signer);
}

void
ocsp_respond(struct buf *out, gnutls_x509_crt_t of,
    const struct certificate *issuer, bool revoked, time_t from, time_t until)
{
	size_t all = out->len, bytes, basic;
	struct buf signature = {0};
	gnutls_datum_t data;

	LITERAL(out, "\x0a\x01\0"); /* successful */
	bytes = out->len;
	LITERAL(out, "\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01");
	basic = out->len;
	put_data(out, of, issuer, revoked, from, until);
	data.data = (unsigned char *)out->data + basic;
	data.size = (unsigned)(out->len - basic);
	put_signature(&signature, &data, issuer->key);
	buf_append(out, signature.data, signature.len);
	buf_clear(&signature);
	wrap(out, basic, SEQUENCE);
	wrap(out, basic, OCTET_STRING);
	wrap(out, bytes, SEQUENCE);
	wrap(out, bytes, 0xa0);
	wrap(out, all, SEQUENCE);
}
