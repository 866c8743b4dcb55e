#include "smtp/sasl.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/memory.h"

/* For those that hold nothing else. */
static void
just_free(struct sasl *x)
{
	free(x);
}

static struct sasl *
plain_new(const struct sasl_binding *binding)
{
	(void)binding;
	return memory_alloc(sizeof(struct sasl));
}

/* RFC 4616: authorization identity (none), user, password. */
static enum sasl_progress
plain_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	const struct sasl_credentials *c = x->credentials;

	(void)challenge;
	if (n != 0)
		return SASL_BAD;
	buf_reserve(response, strlen(c->user) + c->password.len + 2);
	buf_putc(response, '\0');
	buf_puts(response, c->user);
	buf_putc(response, '\0');
	if (buf_append(response, c->password.bytes, c->password.len) == -1)
		return SASL_BAD;
	return SASL_DONE;
}

struct login {
	struct sasl sasl;
	bool user_said;
};

static struct sasl *
login_new(const struct sasl_binding *binding)
{
	struct login *l = memory_alloc(sizeof(*l));

	(void)binding;
	return &l->sasl;
}

/* draft-murchison-sasl-login: two prompts, whose wording means nothing. */
static enum sasl_progress
login_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	struct login *l = (struct login *)x;
	const struct secret *password = &x->credentials->password;

	(void)challenge;
	(void)n;
	if (l->user_said)
		return buf_append(response, password->bytes, password->len) == 0
		    ? SASL_DONE
		    : SASL_BAD;
	l->user_said = true;
	return buf_puts(response, x->credentials->user) == 0 ? SASL_MORE
							     : SASL_BAD;
}

/* LOGIN's initial response is the user name: servers take it, and it saves a
 * round trip, but some do not; it goes the way that all of them know. */
const struct sasl_mechanism sasl_mechanisms[] = {
    {"PLAIN", SASL_PASSWORD, true, true, plain_new, plain_step, just_free},
    {"LOGIN", SASL_PASSWORD, true, false, login_new, login_step, just_free},
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
sasl_mechanism_choose(
    unsigned offered, enum sasl_secret kind, const char *name, bool clear_ok)
{
	const struct sasl_mechanism *m;
	size_t i;

	for (i = 0; i < sasl_mechanism_count; i++) {
		m = &sasl_mechanisms[i];
		if ((offered & sasl_mechanism_bit(m)) != 0 &&
		    m->secret == kind && (clear_ok || !m->clear_text) &&
		    (name == NULL || ascii_equal(name, m->name)))
			return m;
	}
	return NULL;
}

struct sasl *
sasl_new(const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials,
    const struct sasl_binding *binding)
{
	struct sasl *x = mechanism->new (binding);

	x->mechanism = mechanism;
	x->credentials = credentials;
	return x;
}

enum sasl_progress
sasl_step(struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	x->progress = x->progress == SASL_MORE
	    ? x->mechanism->step(x, challenge, n, response)
	    : SASL_BAD;
	return x->progress;
}

bool
sasl_is_done(const struct sasl *x)
{
	return x->progress == SASL_DONE;
}

void
sasl_free(struct sasl *x)
{
	if (x != NULL)
		x->mechanism->free(x);
}
