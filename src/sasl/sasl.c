#include "sasl/sasl.h"

#include "lib/ascii.h"
#include "sasl/exchange.h"

#define SCRAM(name, ...)                                                \
	{                                                               \
		"SCRAM-" name, SASL_PASSWORD,                           \
		    .client_first = true, .new = scram_new,             \
		    .step = scram_step, .free = scram_free, __VA_ARGS__ \
	}

/*
 * LOGIN's initial response is the user name: servers take it, and it saves a
 * round trip, but some do not; it goes the way that all of them know.
 */
const struct sasl_mechanism sasl_mechanisms[] = {
    {"EXTERNAL", SASL_CERTIFICATE, .client_first = true, .new = plain_new,
	.step = external_step, .free = plain_free},
    {"OAUTHBEARER", SASL_TOKEN, .clear_text = true, .client_first = true,
	.explains = true, .new = oauth_new, .step = oauthbearer_step,
	.free = plain_free},
    {"XOAUTH2", SASL_TOKEN, .clear_text = true, .client_first = true,
	.explains = true, .new = oauth_new, .step = xoauth2_step,
	.free = plain_free},
    SCRAM("SHA-256-PLUS", .bound = true),
    SCRAM("SHA-1-PLUS", .bound = true),
    SCRAM("SHA-256", .bound = false),
    SCRAM("SHA-1", .bound = false),
    {"GSSAPI", SASL_TICKET, .named_only = true, .client_first = true,
	.new = kerberos_new, .step = kerberos_step, .free = exchange_free},
    {"CRAM-MD5", SASL_PASSWORD, .named_only = true, .new = plain_new,
	.step = cram_step, .free = plain_free},
    {"PLAIN", SASL_PASSWORD, .clear_text = true, .client_first = true,
	.new = plain_new, .step = plain_step, .free = plain_free},
    {"LOGIN", SASL_PASSWORD, .clear_text = true, .new = login_new,
	.step = login_step, .free = plain_free},
};
const size_t sasl_mechanism_count =
    sizeof(sasl_mechanisms) / sizeof(sasl_mechanisms[0]);

const struct sasl_mechanism *
sasl_mechanism_find(const char *name)
{
	size_t i;

	for (i = 0; i < sasl_mechanism_count; i++)
		if (ascii_equal(sasl_mechanisms[i].name, name))
			return &sasl_mechanisms[i];
	return NULL;
}

unsigned
sasl_mechanism_bit(const struct sasl_mechanism *m)
{
	return 1U << (m - sasl_mechanisms);
}

unsigned
sasl_held(const struct sasl_credentials *c, const char *name)
{
	const struct sasl_mechanism *m =
	    name != NULL ? sasl_mechanism_find(name) : NULL;
	unsigned held = 0;

	if (c->password.bytes != NULL)
		held |= SASL_PASSWORD;
	if (c->token.bytes != NULL)
		held |= SASL_TOKEN;
	if (c->certificate)
		held |= SASL_CERTIFICATE;
	if (m != NULL)
		held |= m->secret & (SASL_CERTIFICATE | SASL_TICKET);
	return held;
}

static bool
fits(const struct sasl_mechanism *m, const struct sasl_choice *c)
{
	if ((c->offered & sasl_mechanism_bit(m)) == 0 ||
	    (c->held & m->secret) == 0 || (m->clear_text && !c->clear_ok) ||
	    (m->bound && !c->bound))
		return false;
	if (c->name != NULL)
		return ascii_equal(c->name, m->name);
	return !m->named_only && (m->secret != SASL_CERTIFICATE || c->secure);
}

const struct sasl_mechanism *
sasl_mechanism_choose(const struct sasl_choice *c)
{
	size_t i;

	for (i = 0; i < sasl_mechanism_count; i++)
		if (fits(&sasl_mechanisms[i], c))
			return &sasl_mechanisms[i];
	return NULL;
}

bool
sasl_mechanism_is_as_safe(
    const struct sasl_mechanism *m, const struct sasl_mechanism *as)
{
	if (m->clear_text)
		return as->clear_text && m->secret == as->secret;
	return m->bound || !as->bound;
}

struct sasl *
sasl_new(const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials,
    const struct sasl_binding *binding, struct error *err)
{
	struct sasl *x = mechanism->new (mechanism, credentials, binding, err);

	if (x == NULL)
		return NULL;
	x->mechanism = mechanism;
	x->credentials = credentials;
	x->said = BUF_WITH_MAX(SASL_SAID_MAX);
	return x;
}

enum sasl_progress
sasl_step(struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	bool expected = x->progress == SASL_MORE ||
	    (x->progress == SASL_DONE && x->mechanism->explains);

	x->progress =
	    expected ? x->mechanism->step(x, challenge, n, response) : SASL_BAD;
	return x->progress;
}

bool
sasl_is_done(const struct sasl *x)
{
	return x->progress == SASL_DONE;
}

const char *
sasl_said(const struct sasl *x)
{
	return buf_string(&x->said);
}

void
sasl_free(struct sasl *x)
{
	if (x == NULL)
		return;
	secret_wipe(x->said.data, x->said.cap);
	buf_clear(&x->said);
	x->mechanism->free(x);
}
