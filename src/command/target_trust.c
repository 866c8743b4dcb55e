#include "command/target_trust.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "options/option.h"
#include "transport/crl.h"

/* Each one says whom to trust, or what TLS is to be. */
static const char *const demands[] = {"tls-ca", "tls-crl", "tls-pin"};
enum { DEMANDS = sizeof(demands) / sizeof(demands[0]) };

static enum option_layer
layer_of(const struct settings *s, const char *option)
{
	return option_origin(s, option_by_name(option))->layer;
}

/* The first of them that is given so; NULL: none. */
static const char *
demanded(const struct settings *s, enum option_layer from)
{
	size_t i;

	for (i = 0; i < DEMANDS; i++)
		if (layer_of(s, demands[i]) >= from)
			return demands[i];
	return NULL;
}

static int
check_files(const struct settings_tls *tls, struct error *err)
{
	if (tls->ca != NULL && access(tls->ca, R_OK) == -1)
		return error_set(err, EX_NOINPUT, "--tls-ca: %s: %s", tls->ca,
		    strerror(errno));
	if (tls->crl != NULL && crl_check(tls->crl, err) == -1)
		return error_context(err, "--tls-crl");
	return 0;
}

int
target_trust_check(const struct settings *s, struct error *err)
{
	const char *option = demanded(s, LAYER_ARGV);

	if (s->server.tls.mode == TLS_OFF && option != NULL) {
		error_set(err, EX_USAGE,
		    "--%s: of no use, since --tls=off asks for no certificate",
		    option);
		return error_hint(err, "--tls=starttls demands TLS");
	}
	if (option_on_argv(s, "tls-crl") && s->server.tls.pins.count > 0)
		return error_set(err, EX_USAGE,
		    "--tls-crl: of no use, since --tls-pin accepts its key "
		    "whatever became of the certificate");
	return check_files(&s->server.tls, err);
}

/* The options have judged the texts. */
static const struct pin *
read_pins(struct arena *a, const struct strings *texts)
{
	struct pin *pins = arena_alloc(a, texts->count * sizeof(*pins));
	size_t i;

	for (i = 0; i < texts->count; i++)
		(void)pin_parse(&pins[i], texts->items[i]);
	return pins;
}

void
target_trust(struct target *t, const struct settings *s, struct hop *hop)
{
	const struct settings_tls *tls = &s->server.tls;
	struct tls_policy *policy = &hop->policy;

	policy->ca_file = tls->ca;
	policy->crl_file = tls->crl;
	policy->pins = read_pins(&t->arena, &tls->pins);
	policy->pin_count = tls->pins.count;
	if (hop->tls != CONNECTION_TLS_AUTO)
		return;
	if (demanded(s, LAYER_ARGV) != NULL)
		hop->tls = CONNECTION_TLS_STARTTLS;
	else if (demanded(s, LAYER_FALLBACK) != NULL)
		hop->tls_demanded = true;
}
