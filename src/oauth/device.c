/* device: a code that is typed in a browser anywhere (RFC 8628); see sign_in.h.
 */
#include "oauth/sign_in.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/secret.h"
#include "oauth/authorize.h"
#include "oauth/device_answer.h"
#include "oauth/form.h"

enum {
	SLOWER_S = 5,
	INTERVAL_MAX_S = 60, /* between two tries after failures */
	FORM_MAX = 64 * 1024,
};

static int
ask_for_code(const struct oauth_sign_in *s, struct oauth_device *device,
    struct oauth_refusal *refusal, struct error *err)
{
	struct buf form = BUF_WITH_MAX(FORM_MAX);
	int r;

	buf_reserve(&form, FORM_MAX);
	if (s->server->scope != NULL)
		form_add(&form, "scope", s->server->scope);
	r = oauth_device_ask(s, &form, device, refusal, err);
	secret_wipe(form.data, form.len);
	buf_clear(&form);
	return r;
}

/* What comes to nothing now, and may be tried again while the code lives. */
static bool
may_come(const struct oauth_refusal *refusal, const struct error *err)
{
	return strcmp(refusal->error, "authorization_pending") == 0 ||
	    strcmp(refusal->error, "slow_down") == 0 ||
	    err->status == EX_TEMPFAIL;
}

/* RFC 8628 3.5: 5 s more when the server says so; twice as long when there was
 * no answer. */
static int64_t
next_interval(int64_t interval_s, const struct oauth_refusal *refusal)
{
	if (strcmp(refusal->error, "authorization_pending") == 0)
		return interval_s;
	if (strcmp(refusal->error, "slow_down") == 0)
		return interval_s + SLOWER_S;
	if (refusal->retry_after_s > interval_s)
		return refusal->retry_after_s;
	if (interval_s * 2 > INTERVAL_MAX_S)
		return interval_s > INTERVAL_MAX_S ? interval_s
						   : INTERVAL_MAX_S;
	return interval_s * 2;
}

static int
poll_once(const struct oauth_sign_in *s, const struct oauth_device *device,
    struct oauth_token *token, struct oauth_refusal *refusal, struct error *err)
{
	struct buf form = BUF_WITH_MAX(FORM_MAX);
	int r;

	*refusal = (struct oauth_refusal){.retry_after_s = -1};
	buf_reserve(&form, FORM_MAX);
	form_add(&form, "grant_type",
	    "urn:ietf:params:oauth:grant-type:device_code");
	form_add(&form, "device_code", device->device_code.bytes);
	r = oauth_token_ask(
	    s->http, s->server, s->client, &form, token, refusal, err);
	secret_wipe(form.data, form.len);
	buf_clear(&form);
	return r;
}

/* 0: it is time to ask again; -1. */
static int
pause_for(const struct oauth_sign_in *s, int64_t interval_s, int64_t end_us,
    struct error *err)
{
	struct wait_limits wait = *s->http->wait;
	int64_t now = clock_monotonic_us();
	int64_t until = now + interval_s * 1000000;
	bool run_is_over = wait.deadline_us != 0 && wait.deadline_us < until &&
	    wait.deadline_us < end_us;
	bool is_last = !run_is_over && end_us < until;

	if (!run_is_over)
		wait.deadline_us = is_last ? end_us : until;
	if (wait_stopped(&wait) || wait_poll(&wait, NULL, 0) == WAIT_STOPPED)
		return error_set(err, EX_SIGNAL + *wait.stop,
		    "cancelled; nobody has signed in");
	if (run_is_over)
		return error_set(err, EX_TEMPFAIL,
		    "nobody has signed in within the deadline");
	if (is_last)
		return error_set(err, EX_NOPERM,
		    "nobody has typed the code while it was good");
	return 0;
}

static int
poll_until_done(const struct oauth_sign_in *s,
    const struct oauth_device *device, struct oauth_token *token,
    struct oauth_refusal *refusal, struct error *err)
{
	const int64_t end_us =
	    clock_monotonic_us() + device->lifetime_s * 1000000;
	int64_t interval_s = device->interval_s;
	bool noted = false;

	for (;;) {
		if (pause_for(s, interval_s, end_us, err) == -1)
			return -1;
		if (poll_once(s, device, token, refusal, err) == 0)
			return 0;
		if (!may_come(refusal, err))
			return -1;
		if (refusal->error[0] == '\0' && !noted) {
			s->person->note(s->person->arg, err->text);
			noted = true;
		}
		interval_s = next_interval(interval_s, refusal);
	}
}

int
oauth_by_device(const struct oauth_sign_in *s, struct oauth_token *token,
    struct oauth_refusal *refusal, struct error *err)
{
	struct oauth_device device = {0};
	int r;

	*refusal = (struct oauth_refusal){.retry_after_s = -1};
	if (s->server->device_endpoint == NULL) {
		error_set(err, EX_CONFIG,
		    "the server knows no sign-in by a code for devices");
		return error_hint(err, "use --login=browser, or --login=copy");
	}
	r = ask_for_code(s, &device, refusal, err);
	if (r == 0) {
		s->person->show_code(s->person->arg, device.url, device.code,
		    device.complete, device.lifetime_s);
		r = poll_until_done(s, &device, token, refusal, err);
	}
	oauth_device_clear(&device);
	return r;
}
