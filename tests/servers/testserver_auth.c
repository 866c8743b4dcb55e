#include "testserver_auth.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "testserver.h"

/*
 * In the words of a user of --fault.  The first ones are of every mechanism and
 * made by who speaks SMTP.
 */
const char *const auth_faults[] = {"early-yes", /* 235 to the first response */
    "yes-to-cancel",				/* 235 to "*" */
    "endless",					/* 334 to whatever comes */
    "more-at-end",	 /* 334 where the verdict belongs */
    "large",		 /* a challenge of nearly 64 KiB */
    "not-base64",	 /* a challenge that is no base64 */
    "repeat-plain",	 /* every reply from AUTH on has the secret, */
    "repeat-base64",	 /* in base64, */
    "repeat-response",	 /* as the last response had it, */
    "repeat-cut",	 /* that one cut over two lines, */
    "repeat-capitals",	 /* the secret in capitals */
    "other-status",	 /* OAuth: the other form of a status */
    "nonce-alone",	 /* SCRAM: the client's nonce is not in ours */
    "nonce-unchanged",	 /* SCRAM: nothing was added to it */
    "extension",	 /* SCRAM: m= */
    "error",		 /* SCRAM: e= where v= belongs */
    "no-verifier",	 /* SCRAM: 235 where v= belongs */
    "wrong-verifier",	 /* SCRAM: another v= */
    "empty-verifier",	 /* SCRAM: v= and nothing */
    "missing-verifier",	 /* SCRAM: a last message without v= */
    "binding-not-known", /* SCRAM: as if the channel were another */
    NULL};

void
exchange_challenge(struct exchange *x, const char *format, ...)
{
	va_list args;
	int n;

	free(x->challenge);
	va_start(args, format);
	n = vasprintf(&x->challenge, format, args);
	va_end(args);
	if (n < 0)
		abort();
	x->challenge_n = (size_t)n;
}

bool
exchange_faulty(const struct exchange *x, const char *fault)
{
	return x->params->faulty(x->params->faults, fault);
}

bool
text_equal(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

const char *
exchange_password(const struct exchange *x, const char *name)
{
	const char *user = x->params->user;
	size_t n = strlen(name);

	if (user == NULL || strncmp(user, name, n) != 0 || user[n] != ':')
		return NULL;
	return user + n + 1;
}

char *
base64_text(const void *bytes, size_t n)
{
	gnutls_datum_t in = {(void *)bytes, (unsigned)n}, out;
	char *text;

	if (n == 0)
		return must(strdup(""));
	if (gnutls_base64_encode2(&in, &out) < 0)
		abort();
	text = must(strndup((const char *)out.data, out.size));
	gnutls_free(out.data);
	return text;
}

ssize_t
base64_bytes(const char *text, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = strlen(text), i, pad = 0;
	const char *digit;
	unsigned bits = 0;
	ssize_t length = 0;

	if (n % 4 != 0)
		return -1;
	while (pad < 2 && pad < n && text[n - 1 - pad] == '=')
		pad++;
	for (i = 0; i < n; i++) {
		digit = i < n - pad ? strchr(digits, text[i]) : digits;
		if (digit == NULL)
			return -1;
		bits = bits << 6 | (unsigned)(digit - digits);
		if (i % 4 == 3) {
			out[length++] = (char)(bits >> 16);
			out[length++] = (char)(bits >> 8);
			out[length++] = (char)bits;
		}
	}
	length -= (ssize_t)pad;
	out[length] = '\0';
	return length;
}

static void
name_set(struct exchange *x, const char *name)
{
	free(x->name);
	x->name = must(strdup(name));
}

static enum auth_verdict
password_verdict(struct exchange *x, const char *password)
{
	return text_equal(exchange_password(x, x->name), password) ? AUTH_YES
								   : AUTH_NO;
}

/* RFC 4616 */
static enum auth_verdict
plain_step(struct exchange *x, char *response, size_t n)
{
	const char *end;
	char *name, *password;

	if (response == NULL) {
		exchange_challenge(x, "%s", "");
		return AUTH_MORE;
	}
	end = response + n;
	name = memchr(response, '\0', n);
	password = name == NULL
	    ? NULL
	    : memchr(name + 1, '\0', (size_t)(end - (name + 1)));
	if (password == NULL ||
	    strlen(password + 1) != (size_t)(end - password - 1))
		return AUTH_MALFORMED;
	name_set(x, name + 1);
	return password_verdict(x, password + 1);
}

/* draft-murchison-sasl-login */
static enum auth_verdict
login_step(struct exchange *x, char *response, size_t n)
{
	(void)n;
	if (response == NULL)
		exchange_challenge(x, "Username:");
	else if (x->round == 1) {
		name_set(x, response);
		exchange_challenge(x, "Password:");
	} else
		return password_verdict(x, response);
	return AUTH_MORE;
}

/* RFC 2195 */
static enum auth_verdict
cram_md5_step(struct exchange *x, char *response, size_t n)
{
	unsigned char digest[16];
	char hex[sizeof(digest) * 2 + 1], *blank;
	const char *password;
	size_t i;

	(void)n;
	if (response == NULL) {
		exchange_challenge(
		    x, "<1896.697170952@postoffice.reston.mci.net>");
		return AUTH_MORE;
	}
	blank = strrchr(response, ' ');
	if (blank == NULL || x->challenge == NULL)
		return AUTH_MALFORMED;
	*blank = '\0';
	name_set(x, response);
	password = exchange_password(x, response);
	if (password == NULL)
		return AUTH_NO;
	if (gnutls_hmac_fast(GNUTLS_MAC_MD5, password, strlen(password),
		x->challenge, x->challenge_n, digest) < 0)
		abort();
	for (i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return strcmp(hex, blank + 1) == 0 ? AUTH_YES : AUTH_NO;
}

/* RFC 4422 appendix A: who one is, TLS has shown. */
static enum auth_verdict
external_step(struct exchange *x, char *response, size_t n)
{
	const char *certificate = x->peer->certificate;

	(void)n;
	if (response == NULL) {
		exchange_challenge(x, "%s", "");
		return AUTH_MORE;
	}
	name_set(x, certificate != NULL ? certificate : "");
	if (certificate == NULL ||
	    (*response != '\0' && !text_equal(response, certificate)))
		return AUTH_NO;
	return AUTH_YES;
}

/* Google's first form has an HTTP status, RFC 7628's is a word. */
static enum auth_verdict
token_refused(struct exchange *x, bool word)
{
	if (exchange_faulty(x, "other-status"))
		word = !word;
	x->refused = true;
	if (word)
		exchange_challenge(x,
		    "{\"status\":\"invalid_token\",\"scope\":\"mail.send\","
		    "\"openid-configuration\":\"https://id.test/\"}");
	else
		exchange_challenge(x,
		    "{\"status\":\"401\",\"schemes\":\"bearer\","
		    "\"scope\":\"https://mail.test/\"}");
	return AUTH_MORE;
}

/* The value of "key=", which the text must begin with, up to a ^A. */
static char *
token_field(char **text, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(*text, key, n) != 0 || strchr(*text, '\1') == NULL)
		return NULL;
	return strsep(text, "\1") + n;
}

static bool
token_is_good(const struct exchange *x, const char *name, const char *token)
{
	return exchange_password(x, name) != NULL &&
	    text_equal(x->params->token, token);
}

/* https://developers.google.com/workspace/gmail/imap/xoauth2-protocol */
static enum auth_verdict
xoauth2_step(struct exchange *x, char *response, size_t n)
{
	char *name, *token;

	if (response == NULL) {
		exchange_challenge(x, "%s", "");
		return AUTH_MORE;
	}
	if (x->refused)
		return n == 0 ? AUTH_NO : AUTH_MALFORMED;
	name = token_field(&response, "user=");
	token = name == NULL ? NULL : token_field(&response, "auth=Bearer ");
	if (token == NULL || !text_equal(response, "\1"))
		return AUTH_MALFORMED;
	name_set(x, name);
	return token_is_good(x, name, token) ? AUTH_YES
					     : token_refused(x, false);
}

/* RFC 7628 */
static enum auth_verdict
oauthbearer_step(struct exchange *x, char *response, size_t n)
{
	char *name, *token = NULL, *field;

	if (response == NULL) {
		exchange_challenge(x, "%s", "");
		return AUTH_MORE;
	}
	if (x->refused)
		return n == 1 && *response == '\1' ? AUTH_NO : AUTH_MALFORMED;
	if (strncmp(response, "n,a=", 4) != 0)
		return AUTH_MALFORMED;
	response += 4;
	name = strsep(&response, ",");
	if (response == NULL || *response++ != '\1')
		return AUTH_MALFORMED;
	while ((field = strsep(&response, "\1")) != NULL && *field != '\0') {
		if (strncmp(field, "auth=Bearer ", 12) == 0)
			token = field + 12;
		else if (strncmp(field, "host=", 5) != 0 &&
		    strncmp(field, "port=", 5) != 0)
			return AUTH_MALFORMED;
	}
	if (token == NULL || field == NULL || !text_equal(response, ""))
		return AUTH_MALFORMED;
	name_set(x, name);
	return token_is_good(x, name, token) ? AUTH_YES
					     : token_refused(x, true);
}

static const struct auth_mechanism mechanisms[] = {
    {"PLAIN", plain_step},
    {"LOGIN", login_step},
    {"CRAM-MD5", cram_md5_step},
    {"EXTERNAL", external_step},
    {"XOAUTH2", xoauth2_step},
    {"OAUTHBEARER", oauthbearer_step},
    {"SCRAM-SHA-1", scram_step},
    {"SCRAM-SHA-1-PLUS", scram_step},
    {"SCRAM-SHA-256", scram_step},
    {"SCRAM-SHA-256-PLUS", scram_step},
};

struct exchange *
exchange_new(const char *mechanism, const struct auth_params *params,
    const struct auth_peer *peer)
{
	struct exchange *x;
	size_t i;

	for (i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		if (strcasecmp(mechanism, mechanisms[i].name) != 0)
			continue;
		x = must(calloc(1, sizeof(*x)));
		x->params = params;
		x->peer = peer;
		x->mechanism = &mechanisms[i];
		return x;
	}
	return NULL;
}

enum auth_verdict
exchange_step(struct exchange *x, char *response, size_t n)
{
	if (response != NULL)
		x->round++;
	return x->mechanism->step(x, response, n);
}

void
exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	scram_free(x->scram);
	free(x->challenge);
	free(x->name);
	free(x);
}
