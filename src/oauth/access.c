#include "oauth/access.h"

#include <string.h>

#include "lib/clock.h"

#include "oauth/form.h"

enum {
	MARGIN_S = 60,
	TRIES_MAX = 3,
	LONGEST_S = 24 * 60 * 60,
	PATIENCE_S = 30, /* for a Retry-After, where there is no deadline */
};

/* How long a token that says nothing of it is good, RFC 6749 5.1 leaves to the
 * server: until it is refused. */
static bool
lives(const struct oauth_token *t, int64_t now_s, int64_t margin_s)
{
	return t->access.bytes != NULL && t->obtained_s <= now_s &&
	    (t->lifetime_s == 0 ||
		now_s - t->obtained_s < t->lifetime_s - margin_s);
}

static int64_t
margin(const struct oauth_token *t)
{
	return t->lifetime_s / 10 < MARGIN_S ? t->lifetime_s / 10 : MARGIN_S;
}

static bool
same(const struct secret *a, const struct secret *b)
{
	return a != NULL && b != NULL && a->bytes != NULL && b->bytes != NULL &&
	    a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

enum oauth_state
oauth_entry_state(const struct oauth_entry *e, int64_t now_s)
{
	if (e->signed_out)
		return OAUTH_SIGNED_OUT;
	if (e->token.access.bytes == NULL && e->token.refresh.bytes == NULL)
		return OAUTH_NOT_SIGNED_IN;
	return e->token.refresh.bytes != NULL || lives(&e->token, now_s, 0)
	    ? OAUTH_SIGNED_IN
	    : OAUTH_EXPIRED;
}

static int
sign_in_anew(const struct oauth_access *a, struct error *err)
{
	return oauth_login_hint(a->account, err);
}

/* It must be what the account is now, before anything is sent anywhere. */
static int
check_entry(const struct oauth_access *a, const struct oauth_entry *e,
    struct error *err)
{
	size_t i;

	if (strcmp(e->oauth, a->oauth) != 0) {
		error_set(err, EX_NOPERM,
		    "the sign-in of account %s is for oauth = %s, not %s",
		    a->account, e->oauth, a->oauth);
		return sign_in_anew(a, err);
	}
	if (a->client_id != NULL &&
	    (e->client.id == NULL || strcmp(e->client.id, a->client_id) != 0)) {
		error_set(err, EX_NOPERM,
		    "the sign-in of account %s was made for another "
		    "oauth-client-id",
		    a->account);
		return sign_in_anew(a, err);
	}
	for (i = 0; i < a->host_count; i++)
		if (!oauth_entry_is_for(e, a->hosts[i])) {
			error_set(err, EX_NOPERM,
			    "%s: the sign-in of account %s is for %s only",
			    a->hosts[i], a->account,
			    e->host_count > 0 ? e->hosts[0] : "no server");
			return error_hint(err,
			    "a token goes to the account's own server and no "
			    "other; sign in for this one with an account of "
			    "its own");
		}
	return 0;
}

static int
no_sign_in(
    const struct oauth_access *a, enum oauth_state state, struct error *err)
{
	error_set(err, EX_NOPERM, "account %s is %s", a->account,
	    state == OAUTH_SIGNED_OUT
		? "signed out: the server has ended the sign-in"
		: state == OAUTH_EXPIRED
		? "signed in no more: the token has expired, and the server "
		  "gave none to renew it with"
		: "not signed in");
	return sign_in_anew(a, err);
}

static void
take(struct oauth_got *got, const struct oauth_token *t, bool fresh)
{
	secret_set(&got->token, t->access.bytes, t->access.len);
	got->fresh = fresh;
}

/* 1: a good token was taken, 0: there is none yet. */
static int
take_kept(const struct oauth_access *a, struct oauth_store *store,
    struct oauth_entry *e, struct oauth_got *got, struct error *err)
{
	int found = oauth_store_read(store, e, err);
	enum oauth_state state = OAUTH_NOT_SIGNED_IN;

	if (found == -1)
		return -1;
	if (found == 1)
		state = oauth_entry_state(e, a->now_s);
	if (state != OAUTH_SIGNED_IN)
		return no_sign_in(a, state, err);
	if (check_entry(a, e, err) == -1)
		return -1;
	if (!lives(&e->token, a->now_s, margin(&e->token)) ||
	    same(&e->token.access, a->refused))
		return 0;
	take(got, &e->token, false);
	return 1;
}

int
oauth_access_kept(
    const struct oauth_access *a, struct oauth_got *got, struct error *err)
{
	struct oauth_store store;
	struct oauth_entry e = {0};
	int r;

	*got = (struct oauth_got){0};
	r = oauth_store_open(
	    &store, a->directory, a->account, false, NULL, err);
	if (r == 0)
		r = take_kept(a, &store, &e, got, err);
	oauth_entry_clear(&e);
	oauth_store_close(&store);
	return r;
}

/* One request. */
static int
ask(const struct oauth_access *a, const struct oauth_entry *e,
    struct oauth_token *fresh, struct oauth_refusal *refusal, struct error *err)
{
	const struct oauth_client client = {
	    .id = a->client_id != NULL ? a->client_id : e->client.id,
	    .secret = a->client_secret != NULL && a->client_secret->bytes
		? *a->client_secret
		: e->client.secret,
	};
	struct buf form = BUF_WITH_MAX(0);
	int r;

	/* With the client's id and secret it must not be moved either. */
	buf_reserve(&form,
	    3 *
		    (e->token.refresh.len + client.secret.len +
			(client.id != NULL ? strlen(client.id) : 0)) +
		256);
	form_add(&form, "grant_type", "refresh_token");
	form_add(&form, "refresh_token", e->token.refresh.bytes);
	*refusal = (struct oauth_refusal){.retry_after_s = -1};
	r = oauth_token_ask(
	    a->http, &e->server, &client, &form, fresh, refusal, err);
	secret_wipe(form.data, form.cap);
	buf_clear(&form);
	return r;
}

/* -1: there is not that much time, or a signal has come, which is the error
 * then. */
static int
wait_for_it(const struct oauth_access *a, int64_t seconds, struct error *err)
{
	struct wait_limits wait = {0};
	int64_t now = clock_monotonic_us(), until = now + seconds * 1000000;

	if (seconds < 0 || seconds > LONGEST_S)
		return -1;
	if (a->http->wait != NULL)
		wait = *a->http->wait;
	if (wait.deadline_us != 0 ? until >= wait.deadline_us
				  : seconds > PATIENCE_S)
		return -1;
	wait.deadline_us = until;
	if (wait_stopped(&wait) || wait_poll(&wait, NULL, 0) == WAIT_STOPPED)
		return error_set(err, EX_SIGNAL + *wait.stop,
		    "cancelled while waiting for the authorisation server");
	return 0;
}

static int
ask_patiently(const struct oauth_access *a, const struct oauth_entry *e,
    struct oauth_token *fresh, struct oauth_refusal *refusal, struct error *err)
{
	int tries;

	for (tries = 1; ask(a, e, fresh, refusal, err) == -1; tries++) {
		oauth_token_clear(fresh);
		if (err->status != EX_TEMPFAIL || tries == TRIES_MAX ||
		    wait_for_it(a, refusal->retry_after_s, err) == -1)
			return -1;
	}
	return 0;
}

/* RFC 6749 6: without a new refresh token the old one stays. */
static void
merge(struct oauth_entry *e, struct oauth_token *fresh)
{
	secret_clear(&e->token.access);
	e->token.access = fresh->access;
	if (fresh->refresh.bytes != NULL) {
		secret_clear(&e->token.refresh);
		e->token.refresh = fresh->refresh;
	}
	e->token.obtained_s = fresh->obtained_s;
	e->token.lifetime_s = fresh->lifetime_s;
	if (fresh->scope[0] != '\0')
		memcpy(e->token.scope, fresh->scope, sizeof(fresh->scope));
	e->unanswered = e->signed_out = false;
	*fresh = (struct oauth_token){0};
}

/* The mail can go out all the same; but if the server has given another refresh
 * token, it is lost with this process. */
static void
keep(const struct oauth_access *a, struct oauth_store *store,
    const struct oauth_entry *e, bool rotated, struct oauth_got *got)
{
	struct error *warning = &got->warning;

	if (oauth_store_write(store, e, warning) == 0) {
		warning->status = 0;
		return;
	}
	error_context(warning, "the new token is not kept");
	if (rotated)
		(void)sign_in_anew(a, warning);
}

/* Somebody may have written in spite of the lock, as from another machine: 1
 * when there is another refresh token now. */
static int
read_again(struct oauth_store *store, struct oauth_entry *e)
{
	struct oauth_entry now;
	struct error ignored;
	bool other;

	if (oauth_store_read(store, &now, &ignored) != 1)
		return 0;
	other = !now.signed_out && now.token.refresh.bytes != NULL &&
	    !same(&now.token.refresh, &e->token.refresh);
	if (other) {
		oauth_entry_clear(e);
		*e = now;
	} else {
		oauth_entry_clear(&now);
	}
	return other;
}

/* There is no sign-in any more; nothing of it is thrown away. */
static int
ended(const struct oauth_access *a, struct oauth_store *store,
    struct oauth_entry *e, struct error *err)
{
	bool unanswered = e->unanswered;
	struct error ignored;

	e->signed_out = true;
	(void)oauth_store_write(store, e, &ignored);
	err->status = EX_NOPERM;
	if (unanswered)
		error_context(err,
		    "an earlier request to renew the token was not answered, "
		    "or its answer was lost, and with it what was good from "
		    "then on");
	return err->hint[0] == '\0' ? sign_in_anew(a, err) : -1;
}

/* The server may have given what never came here. */
static void
note_lost_answer(struct oauth_store *store, struct oauth_entry *e,
    const struct oauth_refusal *refusal, const struct error *err)
{
	struct error ignored;

	if (refusal->error[0] != '\0' || e->unanswered ||
	    (err->status != EX_PROTOCOL && err->status != EX_TEMPFAIL &&
		err->status < EX_SIGNAL))
		return;
	e->unanswered = true;
	(void)oauth_store_write(store, e, &ignored);
}

static int
refresh(const struct oauth_access *a, struct oauth_store *store,
    struct oauth_entry *e, struct oauth_got *got, struct error *err)
{
	struct oauth_token fresh = {0};
	bool rotated;
	int r = ask_patiently(a, e, &fresh, &got->refusal, err);

	if (r == -1 && strcmp(got->refusal.error, "invalid_grant") == 0) {
		if (!read_again(store, e))
			return ended(a, store, e, err);
		if (lives(&e->token, a->now_s, margin(&e->token)) &&
		    !same(&e->token.access, a->refused)) {
			take(got, &e->token, true);
			return 0;
		}
		r = ask_patiently(a, e, &fresh, &got->refusal, err);
		if (r == -1 && strcmp(got->refusal.error, "invalid_grant") == 0)
			return ended(a, store, e, err);
	}
	if (r == -1) {
		note_lost_answer(store, e, &got->refusal, err);
		oauth_token_clear(&fresh);
		return -1;
	}
	rotated = fresh.refresh.bytes != NULL &&
	    !same(&fresh.refresh, &e->token.refresh);
	merge(e, &fresh);
	take(got, &e->token, true);
	keep(a, store, e, rotated, got);
	return 0;
}

/* A token that is near its end is better than none. */
static int
use_the_rest(const struct oauth_access *a, const struct oauth_entry *e,
    struct oauth_got *got, struct error *err)
{
	if (err->status > EX_SIGNAL || e->signed_out ||
	    !lives(&e->token, a->now_s, 0) ||
	    same(&e->token.access, a->refused))
		return err->status == EX_NOPERM && err->hint[0] == '\0'
		    ? sign_in_anew(a, err)
		    : -1;
	take(got, &e->token, false);
	got->warning = *err;
	error_context(&got->warning, "the token could not be renewed yet");
	return 0;
}

/* By whoever holds the lock. */
static int
get_locked(const struct oauth_access *a, struct oauth_store *store,
    struct oauth_entry *e, struct oauth_got *got, struct error *err)
{
	int r = take_kept(a, store, e, got, err);

	if (r != 0)
		return r;
	if (e->token.refresh.bytes != NULL)
		r = refresh(a, store, e, got, err);
	else
		r = no_sign_in(a, OAUTH_EXPIRED, err);
	return r == -1 ? use_the_rest(a, e, got, err) : 0;
}

int
oauth_access_get(
    const struct oauth_access *a, struct oauth_got *got, struct error *err)
{
	int64_t begun_us = clock_monotonic_us();
	struct oauth_access now = *a;
	struct oauth_store store;
	struct oauth_entry e = {0};
	int r = oauth_access_kept(a, got, err);

	if (r != 0)
		return r == 1 ? 0 : -1;
	r = oauth_store_open(
	    &store, a->directory, a->account, true, a->http->wait, err);
	/* What another process got while we waited comes from no future. */
	now.now_s += (clock_monotonic_us() - begun_us) / 1000000 + 1;
	if (r == 0)
		r = get_locked(&now, &store, &e, got, err);
	oauth_entry_clear(&e);
	oauth_store_close(&store);
	return r == -1 ? -1 : 0;
}

void
oauth_got_clear(struct oauth_got *got)
{
	secret_clear(&got->token);
}
