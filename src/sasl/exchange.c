#include "sasl/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

static int
start(struct exchange *e, const char *mechanism, Gsasl_callback *callback,
    struct error *err)
{
	int r;

	if (gsasl_open(&e->gsasl, err) == -1)
		return error_context(err, "%s", mechanism);
	r = e->gsasl.init(&e->context);
	if (r != GSASL_OK) {
		e->context = NULL;
		return error_set(err, EX_OSERR, "%s: libgsasl: %s", mechanism,
		    e->gsasl.strerror(r));
	}
	if (callback != NULL)
		e->gsasl.callback_set(e->context, callback);
	r = e->gsasl.client_start(e->context, mechanism, &e->session);
	if (r != GSASL_OK) {
		e->session = NULL;
		return error_set(err, EX_OSERR, "%s: libgsasl: %s", mechanism,
		    e->gsasl.strerror(r));
	}
	e->gsasl.session_hook_set(e->session, e);
	return 0;
}

struct exchange *
exchange_new(size_t size, const struct sasl_mechanism *mechanism,
    Gsasl_callback *callback, struct error *err)
{
	struct exchange *e = memory_alloc(size);

	if (start(e, mechanism->name, callback, err) == 0)
		return e;
	exchange_free(&e->sasl);
	return NULL;
}

/* Where the library had keys on its stack. */
static void __attribute__((noinline)) wipe_stack(void)
{
	char stack[8 * 1024];

	secret_wipe(stack, sizeof(stack));
}

enum sasl_progress
exchange_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	struct exchange *e = (struct exchange *)x;
	char *output = NULL;
	size_t len = 0;
	int r = e->gsasl.step(e->session, challenge, n, &output, &len);
	bool fits = true;

	wipe_stack();
	if (output != NULL) {
		fits = buf_append(response, output, len) == 0;
		secret_wipe(output, len);
		e->gsasl.free(output);
	}
	if ((r == GSASL_OK || r == GSASL_NEEDS_MORE) && fits)
		return r == GSASL_OK ? SASL_DONE : SASL_MORE;
	if (x->said.len == 0 && fits)
		buf_puts(&x->said, e->gsasl.strerror(r));
	return SASL_BAD;
}

/* Of what the library was told and has computed, what it does not wipe. */
static void
wipe_properties(struct exchange *e)
{
	static const int secrets[] = {GSASL_SCRAM_SALTED_PASSWORD,
	    GSASL_SCRAM_SERVERKEY, GSASL_SCRAM_STOREDKEY,
	    GSASL_CB_TLS_EXPORTER};
	char *value;
	size_t i;

	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		value = (char *)e->gsasl.property_fast(e->session, secrets[i]);
		if (value != NULL)
			secret_wipe(value, strlen(value));
	}
}

void
exchange_free(struct sasl *x)
{
	struct exchange *e = (struct exchange *)x;

	if (e->session != NULL) {
		wipe_properties(e);
		e->gsasl.finish(e->session);
	}
	if (e->context != NULL)
		e->gsasl.done(e->context);
	free(e);
}
