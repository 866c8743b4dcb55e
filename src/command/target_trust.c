#include "command/target_trust.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "options/missing.h"
#include "options/option.h"
#include "options/value.h"
#include "transport/crl.h"

/* Each one says whom to trust, or what TLS is to be. */
static const char *const demands[] = {"tls-ca", "tls-crl", "tls-pin",
    "tls-server-name", "tls-min-version", "tls-priority",
    "tls-trust-on-first-use"};
enum { DEMANDS = sizeof(demands) / sizeof(demands[0]) };

static enum option_layer
layer_of(const struct settings *s, const char *option)
{
	return option_origin(s, option_by_name(option))->layer;
}

static bool
is_switched_off(const struct settings *s, const char *option)
{
	return !s->server.tls.trust_on_first_use &&
	    strcmp(option, "tls-trust-on-first-use") == 0;
}

/* The first of them that is given so; NULL: none. */
static const char *
demanded(const struct settings *s, enum option_layer from)
{
	size_t i;

	for (i = 0; i < DEMANDS; i++)
		if (layer_of(s, demands[i]) >= from &&
		    !is_switched_off(s, demands[i]))
			return demands[i];
	return NULL;
}

/* A default is none. */
static enum priority_least
least(const struct settings *s)
{
	if (s->server.tls.least == TLS_LEAST_1_3)
		return PRIORITY_TLS_1_3;
	return layer_of(s, "tls-min-version") > LAYER_DEFAULT ? PRIORITY_TLS_1_2
							      : PRIORITY_USUAL;
}

static int
check_files(const struct settings_tls *tls, struct error *err)
{
	if (tls->ca != NULL && access(tls->ca, R_OK) == -1) {
		error_set(err, EX_NOINPUT, "--tls-ca: %s: %s", tls->ca,
		    strerror(errno));
		return missing_hint(tls->ca, err);
	}
	if (tls->crl == NULL || crl_check(tls->crl, err) == 0)
		return 0;
	error_context(err, "--tls-crl");
	return access(tls->crl, F_OK) == 0 ? -1 : missing_hint(tls->crl, err);
}

/* The string alone was judged; with the least version nothing may be left. */
static int
check_priority(const struct settings *s, struct error *err)
{
	const struct option_row *row = option_by_name("tls-priority");
	char quoted[OPTION_QUOTED_SIZE];
	struct buf text = {0};
	struct error why;
	int r;

	if (s->server.tls.priority == NULL)
		return 0;
	r = priority_check(
	    priority_text(s->server.tls.priority, least(s), &text), &why);
	buf_clear(&text);
	if (r == 0 || why.status != EX_USAGE) {
		if (r == -1)
			*err = why;
		return r;
	}
	option_error(err, row, option_origin(s, row),
	    "%s leaves no version of TLS that is enough",
	    option_quote(s->server.tls.priority, quoted));
	if (least(s) != PRIORITY_USUAL)
		error_hint(err,
		    "TLS %s is the least, as --tls-min-version says",
		    least(s) == PRIORITY_TLS_1_3 ? "1.3" : "1.2");
	return -1;
}

bool
target_trust_is_said(const struct settings *s)
{
	return demanded(s, LAYER_FALLBACK) != NULL;
}

int
target_trust_check(const struct settings *s, struct error *err)
{
	const char *option = demanded(s, LAYER_ARGV);

	if (option == NULL && option_on_argv(s, "tls-expiry-warning"))
		option = "tls-expiry-warning";
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
	return check_files(&s->server.tls, err) == -1 ? -1
						      : check_priority(s, err);
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
	struct error ignored;

	policy->ca_file = tls->ca;
	policy->crl_file = tls->crl;
	policy->pins = read_pins(&t->arena, &tls->pins);
	policy->pin_count = tls->pins.count;
	policy->least = least(s);
	policy->priority = tls->priority;
	policy->note_expiry = tls->expiry_warning_ms > 0 || s->report.json;
	/* Judged, too. */
	if (tls->server_name != NULL)
		(void)value_host_form(
		    &t->arena, tls->server_name, &policy->name, &ignored);
	if (hop->tls != CONNECTION_TLS_AUTO)
		return;
	if (demanded(s, LAYER_ARGV) != NULL)
		hop->tls = CONNECTION_TLS_STARTTLS;
	else if (demanded(s, LAYER_FALLBACK) != NULL)
		hop->tls_demanded = true;
}
