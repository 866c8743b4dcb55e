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

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
sasl_base64_encode(struct buf *out, const void *bytes, size_t n)
{
	const unsigned char *u = bytes;
	char four[4];
	size_t i, k;
	uint32_t v;

	/* At once: a buf that moves as it grows leaves its bytes behind. */
	if (buf_reserve(out, (n + 2) / 3 * 4) == -1)
		return -1;
	for (i = 0; i < n; i += 3) {
		v = (uint32_t)u[i] << 16;
		if (i + 1 < n)
			v |= (uint32_t)u[i + 1] << 8;
		if (i + 2 < n)
			v |= u[i + 2];
		for (k = 0; k < 4; k++)
			four[k] =
			    i + k > n ? '=' : alphabet[v >> (18 - 6 * k) & 63];
		buf_append(out, four, sizeof(four));
	}
	return 0;
}

int
sasl_base64_decode(struct buf *out, const char *text, size_t n)
{
	uint32_t v = 0;
	size_t i, pad = 0;
	const char *p;

	if (n % 4 != 0)
		return -1;
	for (i = 0; i < n; i++) {
		if (text[i] == '=' && i + 2 >= n &&
		    (i + 1 == n || text[i + 1] == '=')) {
			pad++;
			v <<= 6;
		} else {
			p = memchr(alphabet, text[i], sizeof(alphabet) - 1);
			if (p == NULL)
				return -1;
			v = v << 6 | (uint32_t)(p - alphabet);
		}
		if (i % 4 == 3) {
			char three[3] = {
			    (char)(v >> 16), (char)(v >> 8), (char)v};

			if (buf_append(out, three, 3 - pad) == -1)
				return -1;
			v = 0;
		}
	}
	return 0;
}
