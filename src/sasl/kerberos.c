/* kerberos: GSSAPI (RFC 4752), by a ticket that is there already. */
#include <string.h>

#include "sasl/exchange.h"

static int
set_properties(struct exchange *e, const struct sasl_credentials *c)
{
	int r = e->gsasl.property_set(e->session, GSASL_SERVICE, "smtp");

	if (r == GSASL_OK)
		r = e->gsasl.property_set(e->session, GSASL_HOSTNAME, c->host);
	if (r == GSASL_OK && c->user != NULL)
		r = e->gsasl.property_set(e->session, GSASL_AUTHZID, c->user);
	return r;
}

struct sasl *
kerberos_new(const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials,
    const struct sasl_binding *binding, struct error *err)
{
	struct exchange *e;
	int r;

	(void)binding;
	if (credentials->host == NULL) {
		error_set(err, EX_CONFIG,
		    "%s: a ticket is for a server with a name, and this one "
		    "has none",
		    mechanism->name);
		return NULL;
	}
	e = exchange_new(sizeof(*e), mechanism, NULL, err);
	if (e == NULL)
		return NULL;
	r = set_properties(e, credentials);
	if (r == GSASL_OK)
		return &e->sasl;
	error_set(err, EX_OSERR, "%s: libgsasl: %s", mechanism->name,
	    e->gsasl.strerror(r));
	exchange_free(&e->sasl);
	return NULL;
}

/* Of the first step the library's words are for those who build servers. */
enum sasl_progress
kerberos_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	enum sasl_progress progress = exchange_step(x, challenge, n, response);

	if (progress == SASL_BAD && n == 0) {
		buf_reset(&x->said);
		buf_printf(&x->said,
		    "no ticket for smtp/%s can be had: there is none of the "
		    "user's, or the realm does not know this server",
		    x->credentials->host);
	}
	return progress;
}
