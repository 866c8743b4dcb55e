#include "smtp/sasl.h"

#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"

/* RFC 4616: authorization identity (none), user, password. */
static enum sasl_progress
plain_step(const struct sasl_credentials *c, unsigned round,
    const char *challenge, size_t n, struct buf *response)
{
	(void)challenge;
	if (round != 0 || n != 0)
		return SASL_BAD;
	buf_reserve(response, strlen(c->user) + c->password.len + 2);
	buf_putc(response, '\0');
	buf_puts(response, c->user);
	buf_putc(response, '\0');
	if (buf_append(response, c->password.bytes, c->password.len) == -1)
		return SASL_BAD;
	return SASL_DONE;
}

/* draft-murchison-sasl-login: two prompts, whose wording means nothing. */
static enum sasl_progress
login_step(const struct sasl_credentials *c, unsigned round,
    const char *challenge, size_t n, struct buf *response)
{
	(void)challenge;
	(void)n;
	if (round == 0 && buf_puts(response, c->user) == 0)
		return SASL_MORE;
	if (round == 1 &&
	    buf_append(response, c->password.bytes, c->password.len) == 0)
		return SASL_DONE;
	return SASL_BAD;
}

/* LOGIN's initial response is the user name: servers take it, and it saves a
 * round trip, but some do not; it goes the way that all of them know. */
const struct sasl_mechanism sasl_mechanisms[] = {
    {"PLAIN", true, true, plain_step},
    {"LOGIN", true, false, login_step},
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

const struct sasl_mechanism *
sasl_mechanism_choose(unsigned offered, const char *name, bool clear_ok)
{
	const struct sasl_mechanism *m;
	size_t i;

	for (i = 0; i < sasl_mechanism_count; i++) {
		m = &sasl_mechanisms[i];
		if ((offered & sasl_mechanism_bit(m)) != 0 &&
		    (clear_ok || !m->clear_text) &&
		    (name == NULL || ascii_equal(name, m->name)))
			return m;
	}
	return NULL;
}
