/* register: making us known to a server that lets anybody do so (RFC 7591). */
#include <string.h>

#include "lib/jansson.h"
#include "oauth/answer.h"
#include "oauth/server.h"

static json_t *
list_of(struct jansson *j, const char *const *texts)
{
	json_t *list = j->array();

	for (; *texts != NULL; texts++)
		jansson_append(j, list, j->string(*texts));
	return list;
}

/* What we are: an app on somebody's machine, which can keep no secret. */
static void
put_request(struct jansson *j, const char *scope, struct buf *out)
{
	static const char *const redirects[] = {
	    "http://127.0.0.1/", "http://[::1]/", "http://localhost/", NULL};
	static const char *const grants[] = {"authorization_code",
	    "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
	    NULL};
	static const char *const responses[] = {"code", NULL};
	json_t *o = j->object();

	jansson_set(j, o, "client_name", j->string("smtpsend"));
	jansson_set(j, o, "application_type", j->string("native"));
	jansson_set(j, o, "token_endpoint_auth_method", j->string("none"));
	jansson_set(j, o, "redirect_uris", list_of(j, redirects));
	jansson_set(j, o, "grant_types", list_of(j, grants));
	jansson_set(j, o, "response_types", list_of(j, responses));
	if (scope != NULL)
		jansson_set(j, o, "scope", j->string(scope));
	jansson_put(j, out, o);
}

/* RFC 6749 A.1 */
static bool
is_id(const char *id)
{
	size_t n = 0;

	while (id[n] >= ' ' && id[n] <= '~')
		n++;
	return n > 0 && id[n] == '\0';
}

/* RFC 7591 3.2.2 */
static int
refused(const struct http_answer *answer, const struct oauth_refusal *refusal,
    const char *url, struct error *err)
{
	int status = answer->code >= 500 || answer->code == 429 ? EX_TEMPFAIL
								: EX_CONFIG;

	if (refusal->error[0] != '\0')
		oauth_refused(refusal, status, url, err);
	else if (answer->code == 200 || answer->code == 201)
		error_set(err, status,
		    "%s: there is no client id in its answer", url);
	else
		error_set(err, status, "%s: HTTP status %d", url, answer->code);
	return error_context(err, "the server does not register us");
}

static int
note_client(const struct jansson *j, const struct http_answer *answer,
    const char *url, struct arena *a, struct oauth_client *client,
    struct error *err)
{
	json_t *object = jansson_read(j, answer->body.data, answer->body.len);
	struct oauth_refusal refusal = {.retry_after_s = -1};
	const char *id = NULL, *secret = NULL;
	int r = 0;

	if (object != NULL) {
		id = jansson_string(j, object, "client_id");
		secret = jansson_string(j, object, "client_secret");
		oauth_answer_refusal(j, object, NULL, &refusal);
	}
	if ((answer->code == 201 || answer->code == 200) && id != NULL &&
	    is_id(id)) {
		client->id = arena_strdup(a, id);
		if (secret != NULL)
			secret_set(&client->secret, secret, strlen(secret));
	} else {
		r = refused(answer, &refusal, url, err);
	}
	jansson_free(j, object);
	return r;
}

int
oauth_register(const struct http_params *http,
    const struct oauth_server *server, struct arena *a,
    struct oauth_client *client, struct error *err)
{
	struct buf body = {0};
	const struct http_request request = {
	    .url = server->registration_endpoint,
	    .content_type = "application/json",
	    .body = &body,
	};
	struct jansson j = {0};
	struct http_answer answer;
	int r;

	if (request.url == NULL)
		return error_set(
		    err, EX_CONFIG, "the server registers no apps");
	if (jansson_open(&j, "OAuth", err) == -1)
		return -1;
	put_request(&j, server->scope, &body);
	r = http_fetch(http, &request, &answer, err);
	buf_clear(&body);
	if (r == -1)
		return -1;
	r = note_client(&j, &answer, request.url, a, client, err);
	http_answer_clear(&answer);
	return r;
}
