/* own: mechanisms that are no more than strings. */
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "sasl/mechanisms.h"

void
plain_free(struct sasl *x)
{
	free(x);
}

struct sasl *
plain_new(const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials,
    const struct sasl_binding *binding, struct error *err)
{
	(void)mechanism;
	(void)credentials;
	(void)binding;
	(void)err;
	return memory_alloc(sizeof(struct sasl));
}

/* RFC 4616: authorization identity (none), user, password. */
enum sasl_progress
plain_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	const struct sasl_credentials *c = x->credentials;

	(void)challenge;
	/* In one piece of memory, which is wiped. */
	if (n != 0 ||
	    buf_reserve(response, strlen(c->user) + c->password.len + 2) == -1)
		return SASL_BAD;
	buf_putc(response, '\0');
	buf_puts(response, c->user);
	buf_putc(response, '\0');
	buf_append(response, c->password.bytes, c->password.len);
	return SASL_DONE;
}

struct login {
	struct sasl sasl;
	bool user_said;
};

struct sasl *
login_new(const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials,
    const struct sasl_binding *binding, struct error *err)
{
	struct login *l = memory_alloc(sizeof(*l));

	(void)mechanism;
	(void)credentials;
	(void)binding;
	(void)err;
	return &l->sasl;
}

/* draft-murchison-sasl-login: two prompts, whose wording means nothing. */
enum sasl_progress
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

/* RFC 4422 A: the identity to act as; none: the one of the certificate. */
enum sasl_progress
external_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	const char *user = x->credentials->user;

	(void)challenge;
	if (n != 0 || buf_puts(response, user != NULL ? user : "") == -1)
		return SASL_BAD;
	return SASL_DONE;
}
