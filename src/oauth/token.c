#include "oauth/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/ascii.h"
#include "lib/jansson.h"
#include "lib/printable.h"
#include "oauth/answer.h"
#include "oauth/form.h"

enum {
	LIFETIME_MAX_S = 10 * 365 * 86400,
};

/* --- when the server says no -------------------------------------------------- */

/* RFC 6749 5.2, 4.1.2.1; RFC 9110 15.5, 15.6 */
static int
refused(const struct http_answer *a, const struct oauth_refusal *refusal,
    const char *who, struct error *err)
{
	bool later = a->code >= 500 || a->code == 429 || a->code == 408 ||
	    strcmp(refusal->error, "temporarily_unavailable") == 0 ||
	    strcmp(refusal->error, "server_error") == 0;

	if (refusal->error[0] != '\0')
		return oauth_refused(
		    refusal, later ? EX_TEMPFAIL : EX_NOPERM, who, err);
	if (a->code >= 300 && a->code < 400)
		return error_set(err, EX_PROTOCOL,
		    "%s: HTTP status %d: it sends us elsewhere, which a token "
		    "endpoint must not",
		    who, a->code);
	return error_set(err, later ? EX_TEMPFAIL : EX_PROTOCOL,
	    "%s: HTTP status %d, and no error of OAuth", who, a->code);
}

/* --- and when it says yes ----------------------------------------------------- */

static const char *
find_token(const struct jansson *j, const json_t *object, const char *name)
{
	const char *s = jansson_string(j, object, name);
	size_t i;

	for (i = 0; s != NULL && s[i] != '\0'; i++)
		if (s[i] <= ' ' || s[i] > '~' || i == OAUTH_SECRET_MAX)
			return NULL;
	return i > 0 ? s : NULL;
}

static int
note_token(const struct jansson *j, const json_t *object,
    struct oauth_token *token, const char *who, struct error *err)
{
	const char *type = jansson_string(j, object, "token_type");
	const char *access = find_token(j, object, "access_token");
	const char *refresh = find_token(j, object, "refresh_token");
	const char *scope = jansson_string(j, object, "scope");
	int64_t seconds;

	if (access == NULL)
		return error_set(err, EX_PROTOCOL,
		    "%s: there is no access token in its answer", who);
	if (type == NULL || !ascii_equal(type, "bearer"))
		return error_set(err, EX_PROTOCOL,
		    "%s: its token is not of the type Bearer", who);
	secret_set(&token->access, access, strlen(access));
	if (refresh != NULL)
		secret_set(&token->refresh, refresh, strlen(refresh));
	seconds = oauth_answer_seconds(j, object, "expires_in", LIFETIME_MAX_S);
	token->lifetime_s = seconds == 0 ? 1 : seconds == -1 ? 0 : seconds;
	if (scope != NULL && printable_is_utf8(scope, strlen(scope)) &&
	    strlen(scope) < sizeof(token->scope))
		strcpy(token->scope, scope);
	return 0;
}

/* --- the exchange -------------------------------------------------------------- */

static void
add_client(struct buf *form, const struct oauth_client *client)
{
	/* In one piece of memory, which is wiped. */
	buf_reserve(form, 3 * strlen(client->id) + 3 * client->secret.len + 64);
	form_add(form, "client_id", client->id);
	if (client->secret.bytes != NULL)
		form_add(form, "client_secret", client->secret.bytes);
}

/* "id.example.net", for errors. */
static void
name_host(const char *url, char *out, size_t size)
{
	struct http_host host;

	if (http_url_parse(url, &host))
		snprintf(out, size, "%.*s", (int)host.len, host.name);
	else
		snprintf(out, size, "the authorisation server");
}

int
oauth_token_ask(const struct http_params *http,
    const struct oauth_server *server, const struct oauth_client *client,
    struct buf *form, struct oauth_token *token, struct oauth_refusal *refusal,
    struct error *err)
{
	struct http_request request = {
	    .url = server->token_endpoint,
	    .body = form,
	};
	struct jansson j = {0};
	struct http_answer answer;
	json_t *object;
	char who[256];
	int r;

	*token = (struct oauth_token){.obtained_s = time(NULL)};
	*refusal = (struct oauth_refusal){.retry_after_s = -1};
	if (server->token_endpoint == NULL)
		return error_set(
		    err, EX_CONFIG, "the server has no token endpoint");
	if (jansson_open(&j, "OAuth", err) == -1)
		return -1;
	name_host(server->token_endpoint, who, sizeof(who));
	add_client(form, client);
	if (http_fetch(http, &request, &answer, err) == -1)
		return -1;
	refusal->retry_after_s = answer.retry_after_s;
	object = jansson_read(&j, answer.body.data, answer.body.len);
	if (answer.code == 200 && object == NULL) {
		r = error_set(err, EX_PROTOCOL,
		    "%s: its answer is no object of JSON", who);
	} else {
		if (object != NULL)
			oauth_answer_refusal(&j, object, form, refusal);
		r = answer.code == 200 && refusal->error[0] == '\0'
		    ? note_token(&j, object, token, who, err)
		    : refused(&answer, refusal, who, err);
	}
	jansson_free(&j, object);
	http_answer_clear(&answer);
	if (r == -1)
		oauth_token_clear(token);
	return r;
}

void
oauth_token_clear(struct oauth_token *token)
{
	secret_clear(&token->access);
	secret_clear(&token->refresh);
}

int
oauth_revoke(const struct http_params *http, const struct oauth_server *server,
    const struct oauth_client *client, const struct oauth_token *token,
    struct error *err)
{
	bool refresh = token->refresh.bytes != NULL;
	const struct secret *t = refresh ? &token->refresh : &token->access;
	struct buf form = BUF_WITH_MAX(0);
	struct http_request request = {
	    .url = server->revocation_endpoint,
	    .body = &form,
	};
	struct http_answer answer;
	char who[256];
	int r;

	if (request.url == NULL)
		return error_set(
		    err, EX_CONFIG, "the server revokes no tokens");
	name_host(request.url, who, sizeof(who));
	buf_reserve(&form,
	    3 * (t->len + client->secret.len + strlen(client->id)) + 128);
	form_add(&form, "token", t->bytes);
	form_add(&form, "token_type_hint",
	    refresh ? "refresh_token" : "access_token");
	add_client(&form, client);
	r = http_fetch(http, &request, &answer, err);
	secret_wipe(form.data, form.cap);
	buf_clear(&form);
	if (r == -1)
		return -1;
	if (answer.code != 200)
		r = error_set(err, answer.code >= 500 ? EX_TEMPFAIL : EX_NOPERM,
		    "%s: HTTP status %d", who, answer.code);
	http_answer_clear(&answer);
	return r;
}
