/* register: making us known to a server that lets anybody do so (RFC 7591). */
#include <string.h>

#include "lib/jansson.h"
#include "oauth/server.h"
#include "oauth/token.h"

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

static int
note_client(const struct jansson *j, const struct http_answer *answer,
    const char *url, struct arena *a, struct oauth_client *client,
    struct error *err)
{
	json_t *object = jansson_read(j, answer->body.data, answer->body.len);
	const char *id =
	    object != NULL ? jansson_string(j, object, "client_id") : NULL;
	const char *secret =
	    object != NULL ? jansson_string(j, object, "client_secret") : NULL;
	const char *why =
	    object != NULL ? jansson_string(j, object, "error") : NULL;
	int r = 0;

	if ((answer->code == 201 || answer->code == 200) && id != NULL &&
	    is_id(id)) {
		client->id = arena_strdup(a, id);
		if (secret != NULL)
			secret_set(&client->secret, secret, strlen(secret));
	} else {
		r = error_set(err,
		    answer->code >= 500 || answer->code == 429 ? EX_TEMPFAIL
							       : EX_CONFIG,
		    "%s: it does not register us: HTTP status %d%s%.100s", url,
		    answer->code, why != NULL ? ", " : "",
		    why != NULL ? why : "");
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
