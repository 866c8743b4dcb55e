/* copy: a code by a browser anywhere, whose last address a person brings; see
 * sign_in.h.  Nothing listens at the redirect: the browser shows an error there,
 * and the code in its address line. */
#include "oauth/sign_in.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "lib/secret.h"
#include "oauth/authorize.h"

enum {
	TRIES = 3,
	PASTE_MAX = 32 * 1024,
	/* Those that no service is given (RFC 6335 6). */
	PORT_FIRST = 49152,
};

/* A port that nothing of the browser's machine is likely to have. */
static int
make_redirect(enum oauth_redirect redirect, char out[OAUTH_REDIRECT_SIZE],
    struct error *err)
{
	char authority[32];
	uint16_t random;

	if (TEMP_FAILURE_RETRY(getrandom(&random, sizeof(random), 0)) !=
	    sizeof(random))
		return error_set(
		    err, EX_OSERR, "getrandom: %s", strerror(errno));
	snprintf(authority, sizeof(authority), "%s:%d",
	    redirect == OAUTH_REDIRECT_NAME ? "localhost" : "127.0.0.1",
	    PORT_FIRST + random % (65536 - PORT_FIRST));
	oauth_redirect_make(redirect, authority, out);
	return 0;
}

/* What was pasted once: as oauth_authorization_judge. */
static int
take(const struct oauth_authorization *a, const struct buf *pasted,
    struct buf *code, struct oauth_refusal *refusal, struct error *err)
{
	struct buf query = BUF_WITH_MAX(PASTE_MAX);
	int r = 1;

	buf_reserve(&query, PASTE_MAX);
	if (oauth_authorization_pasted(buf_string(pasted), pasted->len, &query))
		r = oauth_authorization_judge(
		    a, buf_string(&query), query.len, code, refusal, err);
	else
		error_set(err, EX_NOPERM, "%s",
		    pasted->len > 0
			? "that is no address with an answer in it: the whole "
			  "of it is needed, from the browser's address line"
			: "nothing was pasted");
	secret_wipe(query.data, query.len);
	buf_clear(&query);
	return r;
}

static int
ask(const struct oauth_sign_in *s, const struct oauth_authorization *a,
    struct buf *code, struct oauth_refusal *refusal, struct error *err)
{
	struct buf pasted = BUF_WITH_MAX(PASTE_MAX);
	int tries, r = 1;

	buf_reserve(&pasted, PASTE_MAX);
	for (tries = 0; r == 1 && tries < TRIES; tries++) {
		if (tries > 0)
			s->person->note(s->person->arg, err->text);
		buf_reset(&pasted);
		r = s->person->paste(s->person->arg, &pasted, err);
		if (r == 0)
			r = take(a, &pasted, code, refusal, err);
	}
	secret_wipe(pasted.data, PASTE_MAX);
	buf_clear(&pasted);
	return r == 0 ? 0 : -1;
}

int
oauth_by_copy(const struct oauth_sign_in *s, struct oauth_token *token,
    struct oauth_refusal *refusal, struct error *err)
{
	struct oauth_authorization a = {0};
	struct buf code = BUF_WITH_MAX(OAUTH_CODE_MAX);
	char redirect[OAUTH_REDIRECT_SIZE];
	int r;

	*refusal = (struct oauth_refusal){.retry_after_s = -1};
	buf_reserve(&code, code.max);
	r = make_redirect(s->server->redirect, redirect, err);
	if (r == 0)
		r = oauth_authorization_begin(&a, s, redirect, err);
	if (r == 0) {
		s->person->show(s->person->arg, buf_string(&a.url), false);
		r = ask(s, &a, &code, refusal, err);
	}
	if (r == 0)
		r = oauth_authorization_redeem(
		    &a, s, &code, token, refusal, err);
	secret_wipe(code.data, code.len);
	buf_clear(&code);
	oauth_authorization_clear(&a);
	return r;
}
