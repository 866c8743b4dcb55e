#include "transport/tls_show.h"

/* The library's callbacks have no argument but the session, which knows. */
static struct tls_showing *
showing_of(gnutls_session_t session)
{
	struct gnutls_keys g;
	struct error ignored;

	return gnutls_keys_open(&g, &ignored) == 0 ? g.session_get_ptr(session)
						   : NULL;
}

static int
on_server(gnutls_session_t session)
{
	struct tls_showing *s = showing_of(session);
	bool given = *s->own == TRANSPORT_OWN_SHOWN;

	s->judged = true;
	s->trusted = s->judge(s->arg);
	if (s->trusted)
		return 0;
	if (given)
		*s->own = TRANSPORT_OWN_WITHHELD;
	return s->go_on && !given ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static int
on_request(gnutls_session_t session, const gnutls_datum_t *authorities, int n,
    const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
    gnutls_pcert_st **chain, unsigned *chain_count, gnutls_privkey_t *key)
{
	struct tls_showing *s = showing_of(session);
	bool give = s->trusted || !s->judged;

	(void)authorities;
	(void)n;
	(void)algorithms;
	(void)algorithm_count;
	*s->own = give ? TRANSPORT_OWN_SHOWN : TRANSPORT_OWN_WITHHELD;
	*chain = NULL;
	*chain_count = 0;
	*key = NULL;
	if (give)
		tls_keys_give(s->keys, chain, chain_count, key);
	return 0;
}

int
tls_show_begin(struct tls_showing *s, gnutls_session_t session,
    gnutls_certificate_credentials_t credentials, struct error *err)
{
	struct gnutls_keys g;

	if (gnutls_keys_open(&g, err) == -1)
		return -1;
	*s->own = TRANSPORT_OWN_UNASKED;
	g.session_set_ptr(session, s);
	g.certificate_set_verify_function(credentials, on_server);
	g.certificate_set_retrieve_function2(credentials, on_request);
	return 0;
}

/* RFC 8446 6.2: those that speak of a certificate. */
static bool
is_about_certificate(gnutls_alert_description_t alert)
{
	return (alert >= GNUTLS_A_BAD_CERTIFICATE &&
		   alert <= GNUTLS_A_CERTIFICATE_UNKNOWN) ||
	    alert == GNUTLS_A_UNKNOWN_CA || alert == GNUTLS_A_ACCESS_DENIED ||
	    alert == GNUTLS_A_CERTIFICATE_REQUIRED;
}

int
tls_show_alerted(const struct tls_showing *s, const struct gnutls *g,
    gnutls_session_t session, struct error *err)
{
	gnutls_alert_description_t alert = g->alert_get(session);
	const char *name = g->alert_get_name(alert);

	error_set(err, EX_NOPERM,
	    *s->own == TRANSPORT_OWN_SHOWN && is_about_certificate(alert)
		? "the server does not accept our certificate (alert \"%s\")"
		: "the server ended TLS with the alert \"%s\"",
	    name != NULL ? name : "unknown");
	if (alert == GNUTLS_A_CERTIFICATE_REQUIRED && s->keys == NULL)
		error_hint(err, "--tls-cert FILE shows it a certificate");
	return -1;
}
