#include "oauth/authorize.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/gnutls.h"
#include "lib/printable.h"
#include "lib/secret.h"
#include "oauth/form.h"

enum { PARAMETER_MAX = 1024 };

/* RFC 4648 5, without padding; out has room for it and the NUL. */
static void
base64_url(const unsigned char *bytes, size_t n, char *out, size_t size)
{
	struct buf b = BUF_WITH_MAX(size + 2);
	size_t i, len;

	base64_encode(&b, bytes, n);
	len = strcspn(buf_string(&b), "=");
	for (i = 0; i < len; i++)
		out[i] = (char)(b.data[i] == '+' ? '-'
			: b.data[i] == '/'	 ? '_'
						 : b.data[i]);
	out[len] = '\0';
	secret_wipe(b.data, b.len);
	buf_clear(&b);
}

void
oauth_redirect_make(enum oauth_redirect redirect, const char *authority,
    char out[OAUTH_REDIRECT_SIZE])
{
	snprintf(out, OAUTH_REDIRECT_SIZE, "http://%.40s%s", authority,
	    redirect == OAUTH_REDIRECT_IP ? "/" : "");
}

/* RFC 7636 4.2 */
static int
challenge_of(const char *verifier, char out[44], struct error *err)
{
	unsigned char digest[32];
	struct gnutls g;
	int r;

	if (gnutls_open(&g, err) == -1)
		return error_context(err, "signing in");
	r = g.hash_fast(GNUTLS_DIG_SHA256, verifier, strlen(verifier), digest);
	if (r < 0)
		return error_set(err, EX_OSERR, "SHA-256: %s", g.strerror(r));
	base64_url(digest, sizeof(digest), out, 44);
	return 0;
}

/* Whether it is one of the words between blanks. */
static bool
has_word(const char *words, const char *word)
{
	size_t n;

	for (; *words != '\0'; words += n) {
		words += strspn(words, " ");
		n = strcspn(words, " ");
		if (n == strlen(word) && strncmp(words, word, n) == 0)
			return true;
	}
	return false;
}

static void
put_scope(struct buf *url, const char *scope)
{
	form_add(url, "scope", scope);
	/* OpenID Connect Core 11: there is no offline access without it.
	 * Elsewhere it would ask an administrator again who has agreed. */
	if (has_word(scope, "openid") && has_word(scope, "offline_access"))
		form_add(url, "prompt", "consent");
}

bool
oauth_is_url(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (!ascii_is_letter_or_digit(text[i]) &&
		    strchr("-._~:/?#[]@!$&'()*+,;=%", text[i]) == NULL)
			return false;
	return ascii_begins(text, "https://") || ascii_begins(text, "http://");
}

int
oauth_authorization_init(struct oauth_authorization *a,
    const struct oauth_sign_in *sign_in, const char *redirect,
    const unsigned char random[OAUTH_RANDOM_OCTETS], struct error *err)
{
	const struct oauth_server *server = sign_in->server;
	char challenge[44];

	*a = (struct oauth_authorization){.server = server};
	if (server->authorization_endpoint == NULL)
		return error_set(err, EX_CONFIG,
		    "the server says nowhere where a browser signs in");
	if (!oauth_is_url(server->authorization_endpoint))
		return error_set(err, EX_PROTOCOL,
		    "the address where a browser signs in is none");
	if (sign_in->client->id == NULL)
		return error_set(
		    err, EX_CONFIG, "there is no client id for that server");
	strncpy(a->redirect, redirect, sizeof(a->redirect) - 1);
	base64_url(random, OAUTH_STATE_OCTETS, a->state, sizeof(a->state));
	base64_url(random + OAUTH_STATE_OCTETS, OAUTH_VERIFIER_OCTETS,
	    a->verifier, sizeof(a->verifier));
	if (challenge_of(a->verifier, challenge, err) == -1)
		return -1;
	buf_puts(&a->url, server->authorization_endpoint);
	if (strchr(server->authorization_endpoint, '?') == NULL)
		buf_putc(&a->url, '?');
	form_add(&a->url, "response_type", "code");
	form_add(&a->url, "client_id", sign_in->client->id);
	form_add(&a->url, "redirect_uri", a->redirect);
	if (server->scope != NULL)
		put_scope(&a->url, server->scope);
	form_add(&a->url, "state", a->state);
	form_add(&a->url, "code_challenge", challenge);
	form_add(&a->url, "code_challenge_method", "S256");
	if (sign_in->login_hint != NULL)
		form_add(&a->url, "login_hint", sign_in->login_hint);
	return 0;
}

int
oauth_authorization_begin(struct oauth_authorization *a,
    const struct oauth_sign_in *sign_in, const char *redirect,
    struct error *err)
{
	unsigned char random[OAUTH_RANDOM_OCTETS];
	int r;

	*a = (struct oauth_authorization){.server = sign_in->server};
	if (TEMP_FAILURE_RETRY(getrandom(random, sizeof(random), 0)) !=
	    sizeof(random))
		return error_set(
		    err, EX_OSERR, "getrandom: %s", strerror(errno));
	r = oauth_authorization_init(a, sign_in, redirect, random, err);
	secret_wipe(random, sizeof(random));
	return r;
}

void
oauth_authorization_clear(struct oauth_authorization *a)
{
	buf_clear(&a->url);
	secret_wipe(a, sizeof(*a));
}

/* Whether a parameter of that name is there at all, even one that form_find
 * does not take. */
static bool
is_named(const char *query, size_t n, const char *name)
{
	size_t len = strlen(name);
	const char *end = query + n, *p = query;

	while (p != NULL) {
		if ((size_t)(end - p) >= len && memcmp(p, name, len) == 0 &&
		    ((size_t)(end - p) == len || p[len] == '=' ||
			p[len] == '&'))
			return true;
		p = memchr(p, '&', (size_t)(end - p));
		p = p != NULL ? p + 1 : NULL;
	}
	return false;
}

/* How long it takes says nothing of the state. */
static bool
is_our_state(const struct oauth_authorization *a, const struct buf *state)
{
	size_t len = strlen(a->state), i;
	unsigned char difference = 0;

	if (state->len != len)
		return false;
	for (i = 0; i < len; i++)
		difference |= (unsigned char)((unsigned char)state->data[i] ^
		    (unsigned char)a->state[i]);
	return difference == 0;
}

static int
check_state(const struct oauth_authorization *a, const char *query, size_t n,
    struct error *err)
{
	struct buf state = BUF_WITH_MAX(PARAMETER_MAX);
	bool found = form_find(query, n, "state", &state);
	bool ours = found && is_our_state(a, &state);

	buf_clear(&state);
	if (ours)
		return 0;
	error_set(err, EX_NOPERM, "%s",
	    found ? "the answer is to another sign-in (its state is not ours)"
		  : "that is no answer to a sign-in (it has no state)");
	return 1;
}

void
oauth_keep_line(char *out, size_t size, const struct buf *said)
{
	struct buf shown = {0};
	size_t n = strcspn(buf_string(said), "\r\n");

	printable_append(&shown, buf_string(said), n);
	n = shown.len < size ? shown.len : size - 1;
	/* No half of a character. */
	while (n > 0 && n < shown.len && (shown.data[n] & 0xc0) == 0x80)
		n--;
	memcpy(out, buf_string(&shown), n);
	out[n] = '\0';
	buf_clear(&shown);
}

/* RFC 9207 2.4 */
static int
check_issuer(const struct oauth_authorization *a, const char *query, size_t n,
    bool is_demanded, struct error *err)
{
	struct buf iss = BUF_WITH_MAX(PARAMETER_MAX);
	char shown[201];
	const char *issuer = a->server->issuer;
	bool found = form_find(query, n, "iss", &iss);
	int r = 0;

	if (issuer != NULL && found) {
		if (strcmp(buf_string(&iss), issuer) != 0) {
			oauth_keep_line(shown, sizeof(shown), &iss);
			r = error_set(err, EX_NOPERM,
			    "the answer is of another server, %s, not of "
			    "%.200s",
			    shown, issuer);
		}
	} else if (is_named(query, n, "iss") ? issuer != NULL : is_demanded) {
		r = error_set(err, EX_NOPERM,
		    "the answer does not say which server it is of, as %.200s "
		    "promises",
		    issuer != NULL ? issuer : "it");
	}
	buf_clear(&iss);
	return r;
}

static int
refused(const char *query, size_t n, const struct buf *error,
    struct oauth_refusal *refusal, struct error *err)
{
	struct buf description = BUF_WITH_MAX(4 * PARAMETER_MAX);
	int status = EX_NOPERM;

	form_find(query, n, "error_description", &description);
	oauth_keep_line(refusal->error, sizeof(refusal->error), error);
	oauth_keep_line(
	    refusal->description, sizeof(refusal->description), &description);
	buf_clear(&description);
	if (strcmp(refusal->error, "temporarily_unavailable") == 0 ||
	    strcmp(refusal->error, "server_error") == 0)
		status = EX_TEMPFAIL;
	return oauth_refused(refusal, status, "the server", err);
}

/* RFC 6749 A.11 */
static bool
is_code(const struct buf *code)
{
	size_t i;

	for (i = 0; i < code->len; i++)
		if (code->data[i] < 0x20 || code->data[i] > 0x7e)
			return false;
	return code->len > 0;
}

int
oauth_authorization_judge(const struct oauth_authorization *a,
    const char *query, size_t n, struct buf *code,
    struct oauth_refusal *refusal, struct error *err)
{
	struct buf error = BUF_WITH_MAX(PARAMETER_MAX);
	bool says_error;
	int r;

	*refusal = (struct oauth_refusal){.retry_after_s = -1};
	r = check_state(a, query, n, err);
	if (r != 0)
		return r;
	says_error = form_find(query, n, "error", &error) && error.len > 0;
	/* An error is told even if it does not say whose it is. */
	r = check_issuer(
	    a, query, n, a->server->says_issuer && !says_error, err);
	if (r == 0 && says_error)
		r = refused(query, n, &error, refusal, err);
	buf_clear(&error);
	if (r != 0)
		return r;
	if (!is_named(query, n, "code")) {
		error_set(err, EX_PROTOCOL,
		    "there is neither a code nor an error in it");
		return 1;
	}
	if (form_find(query, n, "code", code) && is_code(code))
		return 0;
	return error_set(
	    err, EX_PROTOCOL, "the code in the server's answer is none");
}

static bool
is_dropped(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || c == '"' || c == '\'' ||
	    c == '<' || c == '>' || c == '`';
}

bool
oauth_authorization_pasted(const char *text, size_t n, struct buf *query)
{
	const char *mark;
	size_t i;

	for (i = 0; i < n && text[i] != '#'; i++)
		if (!is_dropped(text[i]) && buf_putc(query, text[i]) == -1)
			return false;
	if (query->len == 0)
		return false;
	mark = memchr(query->data, '?', query->len);
	if (mark != NULL)
		buf_consume(query, (size_t)(mark - query->data) + 1);
	return memchr(buf_string(query), '=', query->len) != NULL;
}

int
oauth_authorization_redeem(const struct oauth_authorization *a,
    const struct oauth_sign_in *sign_in, const struct buf *code,
    struct oauth_token *token, struct oauth_refusal *refusal, struct error *err)
{
	struct buf form = BUF_WITH_MAX(OAUTH_FORM_MAX);
	int r;

	buf_reserve(&form, OAUTH_FORM_MAX);
	form_add(&form, "grant_type", "authorization_code");
	form_add(&form, "code", buf_string(code));
	form_add(&form, "redirect_uri", a->redirect);
	form_add(&form, "code_verifier", a->verifier);
	r = oauth_token_ask(sign_in->http, sign_in->server, sign_in->client,
	    &form, token, refusal, err);
	secret_wipe(form.data, form.len);
	buf_clear(&form);
	return r;
}
