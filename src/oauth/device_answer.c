#include "oauth/device_answer.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/json.h"
#include "lib/printable.h"
#include "oauth/authorize.h"
#include "oauth/form.h"

enum {
	TEXT_MAX = 4 * 1024,
	INTERVAL_S = 5, /* RFC 8628 3.2, where the server says none */
	INTERVAL_MAX_S = 300,
	LIFETIME_MAX_S = 24 * 60 * 60,
	TOO_MANY_REQUESTS = 429,
};

static bool
member(const struct http_answer *answer, const char *name, struct buf *value)
{
	buf_reset(value);
	return json_member(
	    buf_string(&answer->body), answer->body.len, name, value);
}

static int
refused(const struct http_answer *answer, struct oauth_refusal *refusal,
    struct error *err)
{
	struct buf text = BUF_WITH_MAX(TEXT_MAX);
	bool later = answer->code >= 500 || answer->code == TOO_MANY_REQUESTS;
	bool said = member(answer, "error", &text);

	refusal->retry_after_s = answer->retry_after_s;
	if (said)
		oauth_keep_line(refusal->error, sizeof(refusal->error), &text);
	if (said && member(answer, "error_description", &text))
		oauth_keep_line(
		    refusal->description, sizeof(refusal->description), &text);
	buf_clear(&text);
	if (said)
		return oauth_refused(refusal, later ? EX_TEMPFAIL : EX_NOPERM,
		    "the server gives no code for a device", err);
	return error_set(err, later ? EX_TEMPFAIL : EX_PROTOCOL,
	    "the server gives no code for a device: HTTP status %d",
	    answer->code);
}

/* A number of seconds, as far as it makes sense. */
static int64_t
seconds(const struct buf *value, int64_t otherwise, int64_t max)
{
	long long n = strtoll(buf_string(value), NULL, 10);

	return n <= 0 ? otherwise : n > max ? max : n;
}

static const char *
url(struct oauth_device *d, const struct http_answer *answer, const char *name,
    struct buf *text)
{
	return member(answer, name, text) && oauth_is_url(buf_string(text))
	    ? arena_strdup(&d->arena, buf_string(text))
	    : NULL;
}

static int
read_answer(
    struct oauth_device *d, const struct http_answer *answer, struct error *err)
{
	struct buf text = BUF_WITH_MAX(TEXT_MAX), shown = {0};
	int r = 0;

	d->interval_s = member(answer, "interval", &text)
	    ? seconds(&text, INTERVAL_S, INTERVAL_MAX_S)
	    : INTERVAL_S;
	d->lifetime_s = member(answer, "expires_in", &text)
	    ? seconds(&text, 0, LIFETIME_MAX_S)
	    : 0;
	d->url = url(d, answer, "verification_uri", &text);
	/* Google's name for it */
	if (d->url == NULL)
		d->url = url(d, answer, "verification_url", &text);
	d->complete = url(d, answer, "verification_uri_complete", &text);
	if (member(answer, "user_code", &text) && text.len > 0) {
		printable_append(&shown, text.data, text.len);
		d->code = arena_strdup(&d->arena, buf_string(&shown));
	}
	if (member(answer, "device_code", &text) && text.len > 0)
		secret_set(&d->device_code, text.data, text.len);
	if (d->url == NULL || d->code == NULL || d->device_code.bytes == NULL ||
	    d->lifetime_s == 0)
		r = error_set(err, EX_PROTOCOL,
		    "the server's answer has no code for a device (%s)",
		    d->url == NULL	     ? "verification_uri"
			: d->code == NULL    ? "user_code"
			: d->lifetime_s == 0 ? "expires_in"
					     : "device_code");
	secret_wipe(text.data, text.data != NULL ? text.cap : 0);
	buf_clear(&text);
	buf_clear(&shown);
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
		r = answer.code == 200 ? read_answer(d, &answer, err)
				       : refused(&answer, refusal, err);
	http_answer_clear(&answer);
	return r;
}

void
oauth_device_clear(struct oauth_device *d)
{
	secret_clear(&d->device_code);
	arena_clear(&d->arena);
}
