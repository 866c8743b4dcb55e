#include "oauth/device_answer.h"

#include <string.h>

#include "lib/jansson.h"
#include "lib/printable.h"
#include "oauth/answer.h"
#include "oauth/authorize.h"
#include "oauth/form.h"

enum {
	TEXT_MAX = 4 * 1024,
	CODE_MAX = 256,
	INTERVAL_S = 5, /* RFC 8628 3.2, where the server says none */
	INTERVAL_MAX_S = 300,
	LIFETIME_MAX_S = 24 * 60 * 60,
	TOO_MANY_REQUESTS = 429,
};

static const char what[] = "the server gives no code for a device";

static int
refused(const struct http_answer *answer, const struct oauth_refusal *refusal,
    struct error *err)
{
	bool later = answer->code >= 500 || answer->code == TOO_MANY_REQUESTS;

	if (refusal->error[0] != '\0')
		return oauth_refused(
		    refusal, later ? EX_TEMPFAIL : EX_NOPERM, what, err);
	return error_set(err, later ? EX_TEMPFAIL : EX_PROTOCOL,
	    "%s: HTTP status %d", what, answer->code);
}

static const char *
url(struct oauth_device *d, const struct jansson *j, const json_t *object,
    const char *name)
{
	const char *s = jansson_string(j, object, name);

	return s != NULL && strlen(s) < TEXT_MAX && oauth_is_url(s)
	    ? arena_strdup(&d->arena, s)
	    : NULL;
}

static void
note_code(struct oauth_device *d, const struct jansson *j, const json_t *object)
{
	const char *code = jansson_string(j, object, "user_code");
	const char *secret = jansson_string(j, object, "device_code");
	struct buf shown = BUF_WITH_MAX(4 * CODE_MAX);

	if (code != NULL && *code != '\0' && strlen(code) <= CODE_MAX) {
		printable_append(&shown, code, strlen(code));
		d->code = arena_strdup(&d->arena, buf_string(&shown));
	}
	if (secret != NULL && *secret != '\0' &&
	    strlen(secret) <= OAUTH_SECRET_MAX)
		secret_set(&d->device_code, secret, strlen(secret));
	buf_clear(&shown);
}

static int
note_answer(struct oauth_device *d, const struct jansson *j,
    const json_t *object, struct error *err)
{
	int64_t interval_s =
	    oauth_answer_seconds(j, object, "interval", INTERVAL_MAX_S);

	d->interval_s = interval_s > 0 ? interval_s : INTERVAL_S;
	d->lifetime_s =
	    oauth_answer_seconds(j, object, "expires_in", LIFETIME_MAX_S);
	d->url = url(d, j, object, "verification_uri");
	/* Google's name for it */
	if (d->url == NULL)
		d->url = url(d, j, object, "verification_url");
	d->complete = url(d, j, object, "verification_uri_complete");
	note_code(d, j, object);
	if (d->url != NULL && d->code != NULL && d->lifetime_s > 0 &&
	    d->device_code.bytes != NULL)
		return 0;
	return error_set(err, EX_PROTOCOL,
	    "the server's answer has no code for a device (%s)",
	    d->url == NULL	     ? "verification_uri"
		: d->code == NULL    ? "user_code"
		: d->lifetime_s <= 0 ? "expires_in"
				     : "device_code");
}

static int
read_answer(struct oauth_device *d, const struct http_answer *answer,
    const struct buf *form, struct oauth_refusal *refusal, struct error *err)
{
	struct jansson j = {0};
	json_t *object;
	int r;

	if (jansson_open(&j, "OAuth", err) == -1)
		return -1;
	object = jansson_read(&j, answer->body.data, answer->body.len);
	refusal->retry_after_s = answer->retry_after_s;
	if (object != NULL)
		oauth_answer_refusal(&j, object, form, refusal);
	if (answer->code != 200 || refusal->error[0] != '\0')
		r = refused(answer, refusal, err);
	else if (object == NULL)
		r = error_set(err, EX_PROTOCOL,
		    "%s: its answer is no object of JSON", what);
	else
		r = note_answer(d, &j, object, err);
	jansson_free(&j, object);
	return r;
}

int
oauth_device_ask(const struct oauth_sign_in *s, struct buf *form,
    struct oauth_device *d, struct oauth_refusal *refusal, struct error *err)
{
	const struct http_request request = {
	    .url = s->server->device_endpoint, .body = form};
	struct http_answer answer = {0};
	int r;

	*d = (struct oauth_device){0};
	form_add(form, "client_id", s->client->id);
	if (s->client->secret.bytes != NULL)
		form_add(form, "client_secret", s->client->secret.bytes);
	r = http_fetch(s->http, &request, &answer, err);
	if (r == 0)
		r = read_answer(d, &answer, form, refusal, err);
	http_answer_clear(&answer);
	return r;
}

void
oauth_device_clear(struct oauth_device *d)
{
	secret_clear(&d->device_code);
	arena_clear(&d->arena);
}
