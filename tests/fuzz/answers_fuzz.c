/* answers: whatever an authorisation server says in JSON, a token is one, an
 * endpoint is asked by HTTPS, and an error can be shown and holds no secret. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "lib/secret.h"
#include "oauth/authorize.h"
#include "oauth/device_answer.h"
#include "oauth/form.h"
#include "oauth/server.h"
#include "oauth/token.h"

#define SECRET "rt-8f1c"
#define ISSUER "https://a"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct fuzz input;
static int code;
static bool was_sent; /* the secret */

/* In the place of the one that asks a server. */
int
http_fetch(const struct http_params *params, const struct http_request *request,
    struct http_answer *answer, struct error *err)
{
	(void)params;
	(void)request;
	(void)err;
	*answer = (struct http_answer){.code = code, .retry_after_s = -1};
	buf_append(&answer->body, input.at, (size_t)(input.end - input.at));
	return 0;
}

void
http_answer_clear(struct http_answer *answer)
{
	buf_clear(&answer->body);
}

static void
check_shown(const char *text)
{
	MUST(!fuzz_control(text, strlen(text), "") &&
		fuzz_utf8(text, strlen(text)),
	    "what cannot be shown: %s", text);
	MUST(!was_sent || strstr(text, SECRET) == NULL, "a secret is shown: %s",
	    text);
}

static void
check_error(const struct error *err, const struct oauth_refusal *refusal)
{
	MUST(err->text[0] != '\0', "an error without words");
	check_shown(err->text);
	if (refusal == NULL)
		return;
	check_shown(refusal->error);
	check_shown(refusal->description);
}

static void
check_secret(const struct secret *s)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		MUST(s->bytes[i] > ' ' && s->bytes[i] <= '~',
		    "a token with a sign that none has");
}

static void
ask_for_token(
    const struct oauth_server *server, const struct oauth_client *client)
{
	struct buf form = {0};
	struct oauth_refusal refusal;
	struct oauth_token token;
	struct error err = {0};

	form_add(&form, "refresh_token", SECRET);
	if (oauth_token_ask(
		NULL, server, client, &form, &token, &refusal, &err) == 0) {
		MUST(code == 200 && token.access.len > 0, "no token");
		check_secret(&token.access);
		check_secret(&token.refresh);
		MUST(token.lifetime_s >= 0 && token.lifetime_s <= 315360000,
		    "a life of %lld s", (long long)token.lifetime_s);
		MUST(fuzz_utf8(token.scope, strlen(token.scope)), "a scope");
		oauth_token_clear(&token);
	} else {
		check_error(&err, &refusal);
	}
	buf_clear(&form);
}

static void
discover(void)
{
	struct oauth_server s = {0};
	struct arena arena = {0};
	struct error err = {0};
	const char *const *at[] = {&s.token_endpoint, &s.authorization_endpoint,
	    &s.device_endpoint, &s.registration_endpoint,
	    &s.revocation_endpoint};
	size_t i;

	if (oauth_discover(NULL, ISSUER, &arena, &s, &err) == 0) {
		MUST(s.token_endpoint != NULL, "no token endpoint");
		MUST(strncmp(s.issuer, ISSUER, strlen(ISSUER)) == 0,
		    "another issuer");
		for (i = 0; i < sizeof(at) / sizeof(at[0]); i++)
			MUST(*at[i] == NULL || http_url_is_safe(*at[i]),
			    "an endpoint that is not asked by HTTPS");
	} else {
		check_error(&err, NULL);
	}
	arena_clear(&arena);
}

static void
ask_to_register(const struct oauth_server *server)
{
	struct oauth_client client = {0};
	struct arena arena = {0};
	struct error err = {0};

	if (oauth_register(NULL, server, &arena, &client, &err) == 0)
		MUST(client.id[0] != '\0' &&
			!fuzz_control(client.id, strlen(client.id), ""),
		    "an id that is none");
	else
		check_error(&err, NULL);
	secret_clear(&client.secret);
	arena_clear(&arena);
}

static void
ask_for_device(
    const struct oauth_server *server, const struct oauth_client *client)
{
	const struct oauth_sign_in s = {.server = server, .client = client};
	struct oauth_refusal refusal = {.retry_after_s = -1};
	struct oauth_device d = {0};
	struct buf form = {0};
	struct error err = {0};

	form_add(&form, "client_secret", SECRET);
	if (oauth_device_ask(&s, &form, &d, &refusal, &err) == 0) {
		MUST(oauth_is_url(d.url) &&
			(d.complete == NULL || oauth_is_url(d.complete)),
		    "an address that is none");
		check_shown(d.url);
		MUST(d.code[0] != '\0' &&
			!fuzz_control(d.code, strlen(d.code), "") &&
			fuzz_utf8(d.code, strlen(d.code)),
		    "a code that cannot be shown");
		MUST(d.interval_s >= 1 && d.lifetime_s >= 1, "a time");
	} else {
		check_error(&err, &refusal);
	}
	oauth_device_clear(&d);
	buf_clear(&form);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int codes[] = {200, 201, 400, 401, 403, 429, 503, 302};
	const struct oauth_server server = {.token_endpoint = ISSUER,
	    .registration_endpoint = ISSUER,
	    .device_endpoint = ISSUER};
	const struct oauth_client client = {.id = "app"};
	size_t what;

	input = (struct fuzz){data, data + size};
	what = fuzz_below(&input, 4);
	code = codes[fuzz_below(&input, sizeof(codes) / sizeof(codes[0]))];
	was_sent = what == 0 || what == 3;
	if (what == 0)
		ask_for_token(&server, &client);
	else if (what == 1)
		discover();
	else if (what == 2)
		ask_to_register(&server);
	else
		ask_for_device(&server, &client);
	return 0;
}
