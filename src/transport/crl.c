#include "transport/crl.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/file.h"
#include "lib/printable.h"
#include "transport/tls_verify.h"

enum {
	FILE_MAX = 64 << 20,
	CHAIN_MAX = 16, /* of tls_verify */
	DER_SEQUENCE = 0x30,
	NAME_BYTES = 200, /* of an issuer, in an error's text */
};

static const char begin[] = "-----BEGIN X509 CRL-----";

/* What is known of the lists of one certificate's issuer. */
struct issuer {
	gnutls_datum_t name;
	bool counts;	     /* one of its lists does */
	struct error reason; /* why one does not; status 0: there is none */
};

struct reader {
	const struct gnutls *g;
	gnutls_x509_trust_list_t list;
	const char *path;
	const gnutls_x509_crt_t *chain;
	unsigned n;
	struct issuer issuers[CHAIN_MAX];
	unsigned number; /* of lists read */
	bool revoked;	 /* some certificate, by a list that counts */
};

static int
unreadable(const char *path, const char *why, struct error *err)
{
	return error_set(err, EX_NOINPUT,
	    "%s: the list of revoked certificates cannot be read: %s", path,
	    why);
}

static int
read_file(const char *path, struct buf *text, struct error *err)
{
	if (file_contents(path, text) == -1)
		return unreadable(path, strerror(errno), err);
	if (text->len > 0 &&
	    (text->data[0] == DER_SEQUENCE ||
		memmem(text->data, text->len, begin, strlen(begin)) != NULL))
		return 0;
	return unreadable(path, "it is neither PEM (X509 CRL) nor DER", err);
}

int
crl_check(const char *path, struct error *err)
{
	struct buf text = BUF_WITH_MAX(FILE_MAX);
	int r = read_file(path, &text, err);

	buf_clear(&text);
	return r;
}

static void
put_date(struct buf *out, time_t date)
{
	char text[32] = "an unknown date";
	struct tm tm;

	if (gmtime_r(&date, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	buf_puts(out, text);
}

/* Why a list does not count, as GnuTLS sees it: the rest of a sentence that
 * begins with the list. */
static void
put_reason(struct buf *out, const struct gnutls *g, gnutls_x509_crl_t crl,
    unsigned status)
{
	if (status & GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED) {
		buf_puts(out, "ended on ");
		put_date(out, g->x509_crl_get_next_update(crl));
	} else if (status & GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE) {
		buf_puts(out, "begins on ");
		put_date(out, g->x509_crl_get_this_update(crl));
	} else if (status & GNUTLS_CERT_INSECURE_ALGORITHM) {
		buf_puts(out, "is signed by an insecure algorithm");
	} else {
		buf_puts(out, "was not signed by that authority");
	}
}

static void
refuse(const struct reader *r, struct issuer *issuer, gnutls_x509_crl_t crl,
    unsigned status)
{
	struct buf text = {0};
	char name[NAME_BYTES] = "";
	size_t len = sizeof(name);

	buf_puts(&text, "may be revoked: the list of ");
	if (r->g->x509_crl_get_issuer_dn(crl, name, &len) < 0)
		buf_puts(&text, "its issuer");
	else
		printable_append(&text, name, strlen(name));
	buf_printf(&text, " in %s ", r->path);
	put_reason(&text, r->g, crl, status);
	error_set(&issuer->reason, EX_NOPERM, "%s", buf_string(&text));
	buf_clear(&text);
}

static bool
names_equal(const gnutls_datum_t *a, const gnutls_datum_t *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

/* By a member of the chain, or an authority that was looked up for it. */
static unsigned
verify(
    const struct reader *r, gnutls_x509_crl_t crl, const gnutls_datum_t *name)
{
	gnutls_x509_crt_t issuer;
	unsigned status = GNUTLS_CERT_INVALID | GNUTLS_CERT_SIGNER_NOT_FOUND;

	if (r->g->x509_crl_verify(crl, r->chain, r->n, 0, &status) < 0)
		status = GNUTLS_CERT_INVALID;
	if (!(status &
		(GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNATURE_FAILURE)))
		return status;
	if (r->g->x509_trust_list_get_issuer_by_dn(r->list, name, &issuer, 0) <
	    0)
		return status;
	if (r->g->x509_crl_verify(crl, &issuer, 1, 0, &status) < 0)
		status = GNUTLS_CERT_INVALID;
	r->g->x509_crt_deinit(issuer);
	return status;
}

/* Takes the list over. */
static void
add(struct reader *r, gnutls_x509_crl_t crl)
{
	gnutls_datum_t name;
	bool wanted = false, counts = false;
	unsigned status = 0, i;

	if (r->g->x509_crl_get_raw_issuer_dn(crl, &name) < 0)
		name = (gnutls_datum_t){0};
	for (i = 0; i < r->n; i++) {
		struct issuer *issuer = &r->issuers[i];

		if (!names_equal(&issuer->name, &name))
			continue;
		if (!wanted)
			status = verify(r, crl, &name);
		wanted = true;
		counts = status == 0;
		issuer->counts |= counts;
		if (!counts)
			refuse(r, issuer, crl, status);
		else if (r->g->x509_crt_check_revocation(
			     r->chain[i], &crl, 1) != 0)
			r->revoked = true;
	}
	(*r->g->free)(name.data);
	if (!counts ||
	    r->g->x509_trust_list_add_crls(r->list, &crl, 1, 0, 0) < 1)
		r->g->x509_crl_deinit(crl);
}

static int
import(struct reader *r, const char *bytes, size_t len,
    gnutls_x509_crt_fmt_t format, struct error *err)
{
	const gnutls_datum_t datum = {
	    (unsigned char *)(uintptr_t)bytes, (unsigned)len};
	gnutls_x509_crl_t crl;
	int result;

	r->number++;
	result = r->g->x509_crl_init(&crl);
	if (result >= 0) {
		result = r->g->x509_crl_import(crl, &datum, format);
		if (result >= 0)
			add(r, crl);
		else
			r->g->x509_crl_deinit(crl);
	}
	if (result >= 0)
		return 0;
	unreadable(r->path, r->g->strerror(result), err);
	return r->number > 1 ? error_context(err, "list %u", r->number) : -1;
}

static int
import_all(struct reader *r, const struct buf *text, struct error *err)
{
	const char *at = text->data, *end = text->data + text->len, *next;

	if (*at == DER_SEQUENCE)
		return import(r, at, text->len, GNUTLS_X509_FMT_DER, err);
	at = memmem(at, text->len, begin, strlen(begin));
	for (; at != NULL; at = next) {
		const char *rest = at + strlen(begin);

		next = memmem(rest, (size_t)(end - rest), begin, strlen(begin));
		if (import(r, at, (size_t)((next != NULL ? next : end) - at),
			GNUTLS_X509_FMT_PEM, err) == -1)
			return -1;
	}
	return 0;
}

/* Where the certificate itself says that a list is to be had. */
static void
hint_at_source(const struct reader *r, unsigned i, struct error *doubt)
{
	char url[256];
	size_t len = sizeof(url) - 1;
	struct buf text = {0};

	if (r->g->x509_crt_get_crl_dist_points(
		r->chain[i], 0, url, &len, NULL, NULL) < 0 ||
	    len >= sizeof(url))
		return;
	printable_append(&text, url, len);
	error_hint(doubt, "its issuer publishes one at %s", buf_string(&text));
	buf_clear(&text);
}

int
crl_add(const struct gnutls *g, gnutls_x509_trust_list_t list, const char *path,
    const gnutls_x509_crt_t *chain, unsigned n, struct error *doubt,
    struct error *err)
{
	struct buf text = BUF_WITH_MAX(FILE_MAX);
	struct reader r = {.g = g, .list = list, .path = path, .chain = chain};
	int result = -1;
	unsigned i;

	for (; r.n < n && r.n < CHAIN_MAX; r.n++)
		if (g->x509_crt_get_raw_issuer_dn(
			chain[r.n], &r.issuers[r.n].name) < 0)
			break;
	if (read_file(path, &text, err) == 0)
		result = import_all(&r, &text, err);
	buf_clear(&text);
	if (r.revoked)
		error_set(doubt, EX_NOPERM, "was revoked");
	for (i = 0; i < r.n; i++) {
		if (doubt->status == 0 && !r.issuers[i].counts &&
		    r.issuers[i].reason.status != 0) {
			*doubt = r.issuers[i].reason;
			hint_at_source(&r, i, doubt);
		}
		(*g->free)(r.issuers[i].name.data);
	}
	return result;
}
