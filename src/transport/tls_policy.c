#include "transport/tls_policy.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

static const char *
copy(const char *text)
{
	return text != NULL ? memory_strdup(text) : NULL;
}

static const struct pin *
copy_pins(const struct tls_policy *policy)
{
	struct pin *pins;

	if (policy->pin_count == 0)
		return NULL;
	pins = memory_alloc(policy->pin_count * sizeof(*pins));
	memcpy(pins, policy->pins, policy->pin_count * sizeof(*pins));
	return pins;
}

void
tls_policy_copy(struct tls_policy *policy, const struct tls_policy *from)
{
	size_t len = strlen(from->name);

	*policy = *from;
	if (len > 1 && from->name[len - 1] == '.')
		len--;
	policy->name = memory_strndup(from->name, len);
	policy->ca_file = copy(from->ca_file);
	policy->crl_file = copy(from->crl_file);
	policy->pins = copy_pins(from);
	policy->priority = copy(from->priority);
	policy->if_clear = copy(from->if_clear);
}

void
tls_policy_clear(struct tls_policy *policy)
{
	free((char *)policy->name);
	free((char *)policy->ca_file);
	free((char *)policy->crl_file);
	free((struct pin *)policy->pins);
	free((char *)policy->priority);
	free((char *)policy->if_clear);
}

void
tls_policy_hint(
    const struct tls_policy *policy, int r, int alert, struct error *err)
{
	bool version = r == GNUTLS_E_UNSUPPORTED_VERSION_PACKET ||
	    alert == GNUTLS_A_PROTOCOL_VERSION;

	if (policy->priority != NULL)
		error_hint(err, "--tls-priority limits what can be agreed on");
	else if (policy->least == PRIORITY_TLS_1_3 &&
	    (version || alert == GNUTLS_A_HANDSHAKE_FAILURE))
		error_hint(
		    err, "TLS 1.3 is the least, as --tls-min-version says");
	else if (version)
		error_hint(err, "TLS 1.2 is the least that is spoken here");
}
