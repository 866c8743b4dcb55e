#include "transport/tls_details.h"

#include <stdio.h>

#include "lib/buf.h"
#include "transport/tls_verify.h"

enum { NAMES_MAX = 100 }; /* of a certificate */

static const char *
name(struct arena *a, gnutls_x509_crt_t crt,
    int (*get)(gnutls_x509_crt_t, char *, size_t *))
{
	struct buf text = {0};
	const char *kept;
	size_t none = 0;

	/* One of no length is no name: who that is stands in the others. */
	if (get(crt, NULL, &none) == GNUTLS_E_SHORT_MEMORY_BUFFER)
		tls_put_name(&text, get, crt);
	kept = arena_strdup(a, buf_string(&text));
	buf_clear(&text);
	return kept;
}

static void
read_names(struct tls_details *d, const struct gnutls *g, gnutls_x509_crt_t crt,
    struct tls_certificate *c)
{
	const char **names = NULL;
	struct buf text = {0};
	unsigned type, i;
	char raw[512];
	size_t len;
	int r = 0;

	for (i = 0; r != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE && i < NAMES_MAX;
	     i++) {
		len = sizeof(raw);
		r = g->x509_crt_get_subject_alt_name2(
		    crt, i, raw, &len, &type, NULL);
		if (r < 0 || !tls_is_host(type, len))
			continue;
		if (names == NULL)
			names =
			    arena_alloc(&d->arena, NAMES_MAX * sizeof(*names));
		buf_reset(&text);
		tls_put_host(&text, type, raw, len);
		names[c->name_count++] =
		    arena_strdup(&d->arena, buf_string(&text));
	}
	c->names = names;
	buf_clear(&text);
}

static void
read_certificate(struct tls_details *d, const struct gnutls *g,
    const gnutls_datum_t *der, struct tls_certificate *c)
{
	gnutls_x509_crt_t crt;

	*c = (struct tls_certificate){
	    .subject = "", .issuer = "", .begins = -1, .expires = -1};
	if (g->x509_crt_init(&crt) < 0)
		return;
	if (g->x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) >= 0) {
		c->subject = name(&d->arena, crt, g->x509_crt_get_dn);
		c->issuer = name(&d->arena, crt, g->x509_crt_get_issuer_dn);
		c->begins = g->x509_crt_get_activation_time(crt);
		c->expires = g->x509_crt_get_expiration_time(crt);
		read_names(d, g, crt, c);
	}
	g->x509_crt_deinit(crt);
}

void
tls_details_read(
    struct tls_details *d, const struct gnutls *g, gnutls_session_t session)
{
	const char *kx = g->kx_get_name(g->kx_get(session));
	gnutls_group_t group = g->group_get(session);
	const char *curve =
	    group != GNUTLS_GROUP_INVALID ? g->group_get_name(group) : NULL;
	const gnutls_datum_t *der;
	unsigned n = 0;

	snprintf(d->key_exchange, sizeof(d->key_exchange), "%s%s%s",
	    kx != NULL ? kx : "", kx != NULL && curve != NULL ? ", " : "",
	    curve != NULL ? curve : "");
	der = g->certificate_get_peers(session, &n);
	if (der == NULL || g->certificate_type_get(session) != GNUTLS_CRT_X509)
		return;
	while (d->count < n && d->count < TLS_CERTIFICATES_MAX) {
		read_certificate(d, g, &der[d->count], &d->chain[d->count]);
		d->count++;
	}
}

time_t
tls_expires(const struct gnutls *g, gnutls_session_t session)
{
	gnutls_x509_crt_t crt;
	const gnutls_datum_t *der;
	unsigned n = 0;
	time_t at = -1;

	der = g->certificate_get_peers(session, &n);
	if (der == NULL || n == 0 ||
	    g->certificate_type_get(session) != GNUTLS_CRT_X509 ||
	    g->x509_crt_init(&crt) < 0)
		return -1;
	if (g->x509_crt_import(crt, &der[0], GNUTLS_X509_FMT_DER) >= 0)
		at = g->x509_crt_get_expiration_time(crt);
	g->x509_crt_deinit(crt);
	return at;
}
