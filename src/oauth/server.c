/* server: what an authorisation server publishes about itself. */
#include "oauth/server.h"

#include <string.h>

#include "lib/jansson.h"

/* RFC 8414 3.1 puts the name between host and path, OpenID behind both. */
static char *
metadata_url(struct arena *a, const char *issuer, int form)
{
	const char *host = strstr(issuer, "://") + 3;
	size_t n = strcspn(host, "/?");
	const char *path = host + n;
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/')
		len--;
	n += (size_t)(host - issuer);
	if (form == 0)
		return arena_printf(a,
		    "%.*s/.well-known/oauth-authorization-server%.*s", (int)n,
		    issuer, (int)len, path);
	return arena_printf(a, "%.*s%.*s/.well-known/openid-configuration",
	    (int)n, issuer, (int)len, path);
}

static int
bad(const char *issuer, struct error *err, const char *what)
{
	return error_set(err, EX_CONFIG, "%s: %s", issuer, what);
}

/* An issuer is compared as it is (RFC 8414 3.3), but for a '/' at its end, which
 * some write and some do not. */
static bool
is_issuer(const char *said, const char *asked)
{
	size_t n = strlen(said), m = strlen(asked);

	n -= n > 0 && said[n - 1] == '/';
	m -= m > 0 && asked[m - 1] == '/';
	return n == m && memcmp(said, asked, n) == 0;
}

/* Of a list that is there. */
static bool
lacks(const struct jansson *j, const json_t *object, const char *list,
    const char *word)
{
	const json_t *all = j->object_get(object, list);
	const json_t *item;
	size_t i, n = json_is_array(all) ? j->array_size(all) : 0;

	for (i = 0; i < n; i++) {
		item = j->array_get(all, i);
		if (json_is_string(item) &&
		    strcmp(j->string_value(item), word) == 0)
			return false;
	}
	return json_is_array(all);
}

static int
note_endpoints(const struct jansson *j, const json_t *object,
    const char *issuer, struct arena *a, struct oauth_server *s,
    struct error *err)
{
	const struct {
		const char *name, **where;
	} endpoints[] = {
	    {"authorization_endpoint", &s->authorization_endpoint},
	    {"token_endpoint", &s->token_endpoint},
	    {"device_authorization_endpoint", &s->device_endpoint},
	    {"registration_endpoint", &s->registration_endpoint},
	    {"revocation_endpoint", &s->revocation_endpoint},
	};
	const char *url;
	size_t i;

	for (i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		url = jansson_string(j, object, endpoints[i].name);
		if (url == NULL || *endpoints[i].where != NULL)
			continue;
		if (!http_url_is_safe(url))
			return error_set(err, EX_CONFIG,
			    "%s: its %s is no URL of HTTPS", issuer,
			    endpoints[i].name);
		*endpoints[i].where = arena_strdup(a, url);
	}
	return 0;
}

static int
note_metadata(const struct jansson *j, const json_t *object, const char *issuer,
    struct arena *a, struct oauth_server *s, struct error *err)
{
	const char *said = jansson_string(j, object, "issuer");

	if (said == NULL || !is_issuer(said, issuer))
		return bad(
		    issuer, err, "its metadata are those of another issuer");
	if (lacks(j, object, "code_challenge_methods_supported", "S256"))
		return bad(issuer, err, "it knows no PKCE with S256");
	if (note_endpoints(j, object, issuer, a, s, err) == -1)
		return -1;
	if (s->token_endpoint == NULL)
		return bad(issuer, err, "it names no token endpoint");
	if (s->issuer == NULL)
		s->issuer = arena_strdup(a, said);
	s->says_issuer = json_is_true(j->object_get(
	    object, "authorization_response_iss_parameter_supported"));
	return 0;
}

int
oauth_discover(const struct http_params *http, const char *issuer,
    struct arena *a, struct oauth_server *server, struct error *err)
{
	struct http_request request = {.max = 256 << 10};
	struct jansson j = {0};
	struct http_answer answer;
	json_t *object = NULL;
	int i, r;

	if (!http_url_is_safe(issuer))
		return error_set(
		    err, EX_CONFIG, "%s: is no URL of HTTPS", issuer);
	if (jansson_open(&j, "OAuth", err) == -1)
		return -1;
	for (i = 0; i < 2 && object == NULL; i++) {
		request.url = metadata_url(a, issuer, i);
		if (http_fetch(http, &request, &answer, err) == -1)
			return -1;
		if (answer.code >= 500 || answer.code == 429) {
			error_set(err, EX_TEMPFAIL, "%s: HTTP status %d",
			    request.url, answer.code);
			http_answer_clear(&answer);
			return -1;
		}
		if (answer.code == 200)
			object =
			    jansson_read(&j, answer.body.data, answer.body.len);
		http_answer_clear(&answer);
	}
	if (object == NULL)
		return bad(issuer, err,
		    "it publishes no metadata of OAuth (RFC 8414) or OpenID "
		    "Connect there");
	r = note_metadata(&j, object, issuer, a, server, err);
	jansson_free(&j, object);
	return r;
}
