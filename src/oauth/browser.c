/* browser: a code by a browser of this machine; see sign_in.h. */
#include "oauth/sign_in.h"

#include "lib/secret.h"
#include "oauth/authorize.h"
#include "oauth/listener.h"

struct heard {
	const struct oauth_authorization *authorization;
	const struct oauth_person *person;
	struct buf *code;
	struct oauth_refusal *refusal;
	struct error *err;
	bool refused, noted;
};

static enum oauth_request
judge(void *arg, const char *query, size_t n)
{
	struct heard *h = arg;
	struct error why;

	switch (oauth_authorization_judge(
	    h->authorization, query, n, h->code, h->refusal, &why)) {
	case 0:
		return OAUTH_REQUEST_ANSWER;
	case 1:
		/* Once: whatever runs here can send any number of them. */
		if (!h->noted)
			h->person->note(h->person->arg, why.text);
		h->noted = true;
		return OAUTH_REQUEST_STRANGE;
	default:
		h->refused = true;
		*h->err = why;
		return OAUTH_REQUEST_REFUSED;
	}
}

/* Until the browser has brought a code; then nobody else is heard. */
static int
wait_for_code(const struct oauth_sign_in *s, struct oauth_listener *listener,
    struct oauth_authorization *a, struct heard *heard, struct error *err)
{
	if (oauth_authorization_begin(a, s, listener->redirect, err) == -1)
		return -1;
	s->person->show(s->person->arg, buf_string(&a->url), true);
	if (oauth_listener_hear(listener, s->http->wait, judge, heard, err) ==
	    -1)
		return -1;
	return heard->refused ? -1 : 0;
}

int
oauth_by_browser(const struct oauth_sign_in *s, struct oauth_token *token,
    struct oauth_refusal *refusal, struct error *err)
{
	struct oauth_authorization a = {0};
	struct buf code = BUF_WITH_MAX(OAUTH_CODE_MAX);
	struct heard heard = {.authorization = &a,
	    .person = s->person,
	    .code = &code,
	    .refusal = refusal,
	    .err = err};
	struct oauth_listener listener;
	int r;

	*refusal = (struct oauth_refusal){.retry_after_s = -1};
	if (oauth_listener_open(&listener, s->server->redirect, err) == -1)
		return -1;
	buf_reserve(&code, code.max);
	r = wait_for_code(s, &listener, &a, &heard, err);
	oauth_listener_close(&listener);
	if (r == 0)
		r = oauth_authorization_redeem(
		    &a, s, &code, token, refusal, err);
	secret_wipe(code.data, code.len);
	buf_clear(&code);
	oauth_authorization_clear(&a);
	return r;
}
