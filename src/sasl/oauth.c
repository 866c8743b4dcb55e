/*
 * oauth: a token in the place of a password, in the form of RFC 7628 and in the
 * one that Google and Microsoft had before it.
 */
#include <string.h>

#include "lib/json.h"
#include "sasl/mechanisms.h"

/* RFC 6750 2.1 has fewer signs; but none is what divides the fields of a
 * response. */
static bool
is_token(const struct secret *token)
{
	size_t i;

	for (i = 0; i < token->len; i++)
		if (token->bytes[i] <= ' ' || token->bytes[i] > '~')
			return false;
	return token->len > 0;
}

struct sasl *
oauth_new(const struct sasl_mechanism *mechanism,
    const struct sasl_credentials *credentials,
    const struct sasl_binding *binding, struct error *err)
{
	if (!is_token(&credentials->token)) {
		error_set(err, EX_CONFIG,
		    "%s: the token has a sign in it that no token has",
		    mechanism->name);
		return NULL;
	}
	return plain_new(mechanism, credentials, binding, err);
}

/*
 * A server that says no says why, in JSON (RFC 7628 3.2.2), before it says so in
 * the protocol.  Of other texts the beginning is kept.
 */
static enum sasl_progress
refused(struct sasl *x, const char *challenge, size_t n)
{
	static const struct {
		const char *name, *shown;
	} members[] = {
	    {"status", "status"},
	    {"scope", "scope"},
	    {"schemes", "schemes"},
	    {"error", "error"},
	    {"error_description", "error"},
	};
	struct buf value = BUF_WITH_MAX(SASL_SAID_MAX / 4);
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		buf_reset(&value);
		if (!json_member(challenge, n, members[i].name, &value))
			continue;
		if (x->said.len > 0)
			buf_puts(&x->said, ", ");
		buf_printf(
		    &x->said, "%s %s", members[i].shown, buf_string(&value));
	}
	if (x->said.len == 0)
		buf_append(&x->said, challenge, n < value.max ? n : value.max);
	secret_wipe(value.data, value.cap);
	buf_clear(&value);
	return SASL_REFUSED;
}

/* RFC 5801 4: a name in the header, without what divides it. */
static void
put_name(struct buf *out, const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == ',')
			buf_puts(out, "=2C");
		else if (*name == '=')
			buf_puts(out, "=3D");
		else
			buf_putc(out, *name);
	}
}

/* All of it in one piece of memory, which is wiped; -1: it is too long. */
static int
make_room(struct buf *response, const struct sasl_credentials *c)
{
	return buf_reserve(response,
	    3 * strlen(c->user) + (c->host != NULL ? strlen(c->host) : 0) +
		c->token.len + 64);
}

static enum sasl_progress
put_token(struct buf *response, const struct secret *token)
{
	buf_puts(response, "\001auth=Bearer ");
	buf_append(response, token->bytes, token->len);
	buf_append(response, "\001\001", 2);
	return SASL_DONE;
}

/* RFC 7628 3.1 */
enum sasl_progress
oauthbearer_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	const struct sasl_credentials *c = x->credentials;

	if (x->progress == SASL_DONE) {
		buf_putc(response, '\001');
		return refused(x, challenge, n);
	}
	if (n != 0 || make_room(response, c) == -1)
		return SASL_BAD;
	buf_puts(response, "n,a=");
	put_name(response, c->user);
	buf_putc(response, ',');
	if (c->host != NULL)
		buf_printf(response, "\001host=%s", c->host);
	if (c->host != NULL && c->port != 0)
		buf_printf(response, "\001port=%u", c->port);
	return put_token(response, &c->token);
}

/* developers.google.com/gmail/imap/xoauth2-protocol */
enum sasl_progress
xoauth2_step(
    struct sasl *x, const char *challenge, size_t n, struct buf *response)
{
	const struct sasl_credentials *c = x->credentials;

	if (x->progress == SASL_DONE)
		return refused(x, challenge, n);
	if (n != 0 || make_room(response, c) == -1)
		return SASL_BAD;
	buf_printf(response, "user=%s", c->user);
	return put_token(response, &c->token);
}
