#include "transport/tls_verify.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/buf.h"
#include "lib/printable.h"
#include "transport/anchors.h"
#include "transport/crl.h"
#include "transport/first_use.h"

enum {
	CHAIN_MAX = 16,
	NAME_SIZE = 254,
	NAMES_MAX = 5,	   /* of a certificate, in an error's text … */
	NAMES_BYTES = 600, /* … and the room that they get there */
};

struct chain {
	const struct gnutls *g;
	const struct tls_policy *policy;
	const char *fingerprint;
	gnutls_x509_crt_t crt[CHAIN_MAX];
	unsigned n;
	struct error doubt; /* see crl_add; status 0: none */
};

unsigned
tls_address(const char *name, unsigned char raw[TLS_ADDRESS])
{
	char v6[INET6_ADDRSTRLEN];
	size_t len = strcspn(name, "%"); /* a scope is not certified */

	if (inet_pton(AF_INET, name, raw) == 1)
		return 4;
	if (len >= sizeof(v6))
		return 0;
	memcpy(v6, name, len);
	v6[len] = '\0';
	return inet_pton(AF_INET6, v6, raw) == 1 ? 16 : 0;
}

static int verdict(const struct chain *c, struct error *err, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

static int
verdict(const struct chain *c, struct error *err, const char *fmt, ...)
{
	struct buf text = {0}; /* error_set cuts it */
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	error_set(err, EX_NOPERM, "%s: the server's certificate %s",
	    c->policy->name, buf_string(&text));
	buf_clear(&text);
	return error_hint(err,
	    "--tls-pin sha256//%s accepts this key and no other",
	    c->fingerprint);
}

void
tls_put_name(struct buf *out, int (*get)(gnutls_x509_crt_t, char *, size_t *),
    gnutls_x509_crt_t crt)
{
	char dn[512];
	size_t len = sizeof(dn);

	if (get(crt, dn, &len) < 0)
		buf_puts(out, "(unreadable name)");
	else
		printable_append(out, dn, strlen(dn));
}

/* RFC 9525 6.3: a wildcard stands for the whole left-most label, and two
 * labels at least must follow it. */
static bool
host_matches(const char *pattern, size_t len, const char *host)
{
	const char *dot = strchr(host, '.');

	if (memchr(pattern, '\0', len) != NULL)
		return false;
	if (len > 2 && pattern[0] == '*' && pattern[1] == '.') {
		pattern++, len--;
		if (dot == NULL || dot == host ||
		    memchr(pattern + 1, '.', len - 1) == NULL)
			return false;
		host = dot;
	}
	return ascii_equal_n(pattern, len, host);
}

bool
tls_is_host(unsigned type, size_t len)
{
	return type == GNUTLS_SAN_DNSNAME ||
	    (type == GNUTLS_SAN_IPADDRESS && (len == 4 || len == 16));
}

void
tls_put_host(struct buf *out, unsigned type, const char *name, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	if (type == GNUTLS_SAN_DNSNAME)
		printable_append(out, name, len);
	else
		buf_puts(out,
		    inet_ntop(len == 4 ? AF_INET : AF_INET6, name, text,
			sizeof(text)));
}

/* Lists the certificate's host names and addresses; true if ours is there. */
static bool
read_names(const struct chain *c, struct buf *out)
{
	const char *host = c->policy->name;
	unsigned char raw[TLS_ADDRESS];
	unsigned raw_len = tls_address(host, raw), type, count = 0;
	bool found = false;
	char name[512];

	for (unsigned i = 0;; i++) {
		size_t len = sizeof(name);
		int r = c->g->x509_crt_get_subject_alt_name2(
		    c->crt[0], i, name, &len, &type, NULL);

		if (r < 0 && r != GNUTLS_E_SHORT_MEMORY_BUFFER)
			break;
		if (r < 0 || !tls_is_host(type, len))
			continue;
		if (type == GNUTLS_SAN_DNSNAME
			? raw_len == 0 && host_matches(name, len, host)
			: raw_len == len && memcmp(raw, name, len) == 0)
			found = true;
		if (count++ >= NAMES_MAX)
			continue;
		buf_puts(out, out->len > 0 ? ", " : "");
		tls_put_host(out, type, name, len);
	}
	if (count > NAMES_MAX)
		buf_printf(out, " and %u more", count - NAMES_MAX);
	return found;
}

/* One that can be given as it is; "NAME" if the first cannot, as with an
 * asterisk. */
static const char *
first_name(const struct buf *names, char name[NAME_SIZE])
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-.:";
	const char *text = buf_string(names);
	size_t n = strspn(text, plain);

	if (n == 0 || n >= NAME_SIZE || *text == '-' ||
	    (text[n] != '\0' && text[n] != ',' && text[n] != ' '))
		return "NAME";
	memcpy(name, text, n);
	name[n] = '\0';
	return name;
}

static int
wrong_name(const struct chain *c, const struct buf *names, struct error *err)
{
	char name[NAME_SIZE];

	if (names->len == 0)
		return verdict(c, err,
		    "names no host: it has no subjectAltName, and a common "
		    "name does not count (RFC 9525)");
	verdict(c, err, "is for %s", buf_string(names));
	/* An address that stands there as a name. */
	if (strcmp(first_name(names, name), c->policy->name) == 0)
		return -1;
	return error_hint(err,
	    "if that is the server that is meant, --tls-server-name %s says "
	    "so;\n--tls-pin sha256//%s accepts this key and no other",
	    first_name(names, name), c->fingerprint);
}

/* When GnuTLS has matched the name, it may have been the common name. */
static int
check_name(const struct chain *c, bool matched, struct error *err)
{
	struct buf names = BUF_WITH_MAX(NAMES_BYTES);
	int result = 0;

	if (!read_names(c, &names) || !matched)
		result = wrong_name(c, &names, err);
	buf_clear(&names);
	return result;
}

static int
unknown_issuer(const struct chain *c, struct error *err)
{
	const struct gnutls *g = c->g;
	struct buf name = BUF_WITH_MAX(NAMES_BYTES);

	if (g->x509_crt_check_issuer(c->crt[0], c->crt[0]) == 1) {
		verdict(c, err, "is self-signed");
	} else {
		tls_put_name(
		    &name, g->x509_crt_get_issuer_dn, c->crt[c->n - 1]);
		verdict(c, err, "is issued by an unknown authority: %s",
		    buf_string(&name));
		buf_clear(&name);
	}
	return error_hint(err,
	    "--tls-ca FILE names the authorities to trust\n"
	    "--tls-pin sha256//%s accepts this key and no other",
	    c->fingerprint);
}

/* The date that the chain fails by: its first end, or its last beginning. */
static int
wrong_time(const struct chain *c, bool expired, struct error *err)
{
	unsigned which = 0;
	time_t date = 0;
	struct buf name = BUF_WITH_MAX(NAMES_BYTES);
	char text[32] = "an unknown date";
	struct tm tm;

	for (unsigned i = 0; i < c->n; i++) {
		time_t at = expired
		    ? c->g->x509_crt_get_expiration_time(c->crt[i])
		    : c->g->x509_crt_get_activation_time(c->crt[i]);

		if (i == 0 || (expired ? at < date : at > date)) {
			date = at;
			which = i;
		}
	}
	if (gmtime_r(&date, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	if (which > 0) {
		buf_puts(&name, " (its issuer ");
		tls_put_name(&name, c->g->x509_crt_get_dn, c->crt[which]);
		buf_puts(&name, ")");
	}
	verdict(c, err, "%s %s%s",
	    expired ? "expired on" : "is not valid before", text,
	    buf_string(&name));
	buf_clear(&name);
	return -1;
}

/* The first thing in order of weight that is wrong with the chain. */
static int
explain(const struct chain *c, unsigned status, struct error *err)
{
	static const struct {
		unsigned bits;
		const char *text;
	} rows[] = {
	    {GNUTLS_CERT_INSECURE_ALGORITHM,
		"or an issuer's relies on an insecure algorithm or too short a "
		"key (SHA-1, RSA under 2048 bits)"},
	    {GNUTLS_CERT_SIGNATURE_FAILURE, "has a wrong signature"},
	    {GNUTLS_CERT_SIGNER_NOT_CA,
		"is signed by a certificate that is no authority"},
	    {GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE,
		"breaks the constraints of an authority above it (names or "
		"path length)"},
	    {GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS,
		"has an unknown critical extension"},
	    {GNUTLS_CERT_PURPOSE_MISMATCH,
		"is not for servers (key purpose serverAuth)"},
	    {GNUTLS_CERT_MISSING_OCSP_STATUS,
		"asks for a stapled OCSP status, and none came"},
	    {GNUTLS_CERT_INVALID_OCSP_STATUS |
		    GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED |
		    GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE,
		"came with an OCSP status that is invalid or out of date"},
	};

	if (status & GNUTLS_CERT_REVOKED) {
		verdict(c, err, "was revoked");
		return error_hint(err, "%s", ""); /* no way to be advised */
	}
	if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		return wrong_time(c, (status & GNUTLS_CERT_EXPIRED) != 0, err);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (status & rows[i].bits)
			return verdict(c, err, "%s", rows[i].text);
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		return unknown_issuer(c, err);
	if (status & GNUTLS_CERT_UNEXPECTED_OWNER)
		return check_name(c, false, err);
	return verdict(c, err, "is not valid (GnuTLS status 0x%x)", status);
}

static int
check_pins(const struct chain *c, const struct pin *key, struct error *err)
{
	for (size_t i = 0; i < c->policy->pin_count; i++)
		if (memcmp(&c->policy->pins[i], key, sizeof(*key)) == 0)
			return 0;
	return verdict(c, err, "has none of the pinned keys");
}

/* Gives the credentials the authorities that could complete the chain. */
static int
add_anchors(struct chain *c, gnutls_certificate_credentials_t credentials,
    struct error *err)
{
	gnutls_datum_t wanted[2 * CHAIN_MAX];
	gnutls_x509_trust_list_t list;
	unsigned n = 0;
	int result = -1;

	if (c->g->x509_trust_list_init(&list, 0) < 0)
		return error_set(err, EX_OSERR, "GnuTLS: no trust list");
	for (unsigned i = 0; i < c->n; i++) {
		if (c->g->x509_crt_get_raw_issuer_dn(c->crt[i], &wanted[n]) ==
		    0)
			n++;
		if (c->g->x509_crt_get_raw_dn(c->crt[i], &wanted[n]) == 0)
			n++;
	}
	result = anchors_add(c->g, list, c->policy->ca_file, wanted, n, err);
	while (n > 0)
		(*c->g->free)(wanted[--n].data);
	if (result == 0 && c->policy->crl_file != NULL)
		result = crl_add(c->g, list, c->policy->crl_file, c->crt, c->n,
		    &c->doubt, err);
	if (result == 0)
		c->g->certificate_set_trust_list(credentials, list, 0);
	else
		c->g->x509_trust_list_deinit(list, 1);
	return result;
}

static int
in_doubt(const struct chain *c, struct error *err)
{
	verdict(c, err, "%s", c->doubt.text);
	return error_hint(err, "%s", c->doubt.hint);
}

/* *status: what the library has found. */
static int
check_chain(const struct chain *c, gnutls_session_t session, unsigned *status,
    struct error *err)
{
	unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
	unsigned char raw[TLS_ADDRESS];
	gnutls_typed_vdata_st data[] = {
	    {GNUTLS_DT_KEY_PURPOSE_OID, purpose, 0},
	    {GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)c->policy->name, 0},
	};
	int r;

	data[1].size = tls_address(c->policy->name, raw);
	if (data[1].size > 0) {
		data[1].type = GNUTLS_DT_IP_ADDRESS;
		data[1].data = raw;
	}
	r = c->g->certificate_verify_peers(session, data, 2, status);
	if (r < 0) {
		*status = ~0U;
		return verdict(
		    c, err, "cannot be verified: %s", c->g->strerror(r));
	}
	if (*status != 0)
		return explain(c, *status, err);
	if (check_name(c, true, err) == -1) {
		*status = GNUTLS_CERT_UNEXPECTED_OWNER;
		return -1;
	}
	return c->doubt.status != 0 ? in_doubt(c, err) : 0;
}

/* By an authority, else by what is known of the server. */
static int
check_trust(const struct chain *c, gnutls_session_t session,
    const struct pin *key, enum transport_trust *trust, struct error *err)
{
	const struct tls_policy *p = c->policy;
	unsigned status = 0;

	if (check_chain(c, session, &status, err) == 0) {
		*trust = TRANSPORT_TRUST_CHAIN;
		return 0;
	}
	if (p->first_use == NULL ||
	    !first_use_may(c->g, status, c->crt, c->n, time(NULL)))
		return -1;
	/* It may have been revoked. */
	if (c->doubt.status != 0)
		return in_doubt(c, err);
	return first_use_judge(p->first_use, p->name, key, trust, err);
}

static int
check(struct chain *c, gnutls_session_t session,
    gnutls_certificate_credentials_t credentials, char *fingerprint,
    enum transport_trust *trust, struct error *err)
{
	struct pin key;
	struct buf text = {0};
	size_t len = sizeof(key.digest);
	int r;

	r = c->g->x509_crt_get_key_id(
	    c->crt[0], GNUTLS_KEYID_USE_SHA256, key.digest, &len);
	if (r < 0 || len != PIN_DIGEST)
		return error_set(err, EX_NOPERM,
		    "%s: the server's key cannot be read: %s", c->policy->name,
		    c->g->strerror(r));
	base64_encode(&text, key.digest, len);
	memcpy(fingerprint, text.data, TLS_FINGERPRINT);
	buf_clear(&text);
	if (c->policy->pin_count > 0) {
		*trust = TRANSPORT_TRUST_PIN;
		return check_pins(c, &key, err);
	}
	if (add_anchors(c, credentials, err) < 0)
		return -1;
	return check_trust(c, session, &key, trust, err);
}

int
tls_verify(const struct gnutls *g, gnutls_session_t session,
    gnutls_certificate_credentials_t credentials,
    const struct tls_policy *policy, char fingerprint[TLS_FINGERPRINT],
    enum transport_trust *trust, struct error *err)
{
	struct chain c = {.g = g, .policy = policy, .fingerprint = fingerprint};
	const gnutls_datum_t *der;
	unsigned n = 0;
	int r = 0;

	der = g->certificate_get_peers(session, &n);
	if (g->certificate_type_get(session) != GNUTLS_CRT_X509 ||
	    der == NULL || n == 0)
		return error_set(err, EX_NOPERM,
		    "%s: the server sent no certificate", policy->name);
	while (r == 0 && c.n < n && c.n < CHAIN_MAX) {
		r = g->x509_crt_init(&c.crt[c.n]);
		if (r == 0) {
			r = g->x509_crt_import(
			    c.crt[c.n], &der[c.n], GNUTLS_X509_FMT_DER);
			c.n++;
		}
	}
	if (r < 0)
		error_set(err, EX_NOPERM,
		    "%s: the server's certificate cannot be read: %s",
		    policy->name, g->strerror(r));
	else
		r = check(&c, session, credentials, fingerprint, trust, err);
	if (r < 0)
		*trust = TRANSPORT_TRUST_NONE;
	while (c.n > 0)
		g->x509_crt_deinit(c.crt[--c.n]);
	return r < 0 ? -1 : 0;
}
