/* A token that is good now: kept, renewed, or why there is none.  The
 * authorisation server is played here, in place of src/oauth/token.c. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "oauth/access.h"
#include "oauth/form.h"

enum { NOW = 1700000000, HOUR = 3600 };

/* What the server says to one request. */
struct answer {
	const char *access, *refresh; /* access NULL: no */
	const char *error;
	int status;
	int64_t retry_after_s;
	/* Another process's doing meanwhile. */
	const char *written;
};

struct place {
	char base[32];
	struct answer answers[4];
	int asked;
	char form[512];
	volatile int stop;
	struct wait_limits wait;
	struct http_params http;
	struct oauth_access access;
	struct oauth_got got;
	struct error err;
};

static struct place *now_at;

static const char *const hosts[] = {"smtp.example.org"};

static void
put_entry(struct place *p, const char *access, const char *refresh,
    int64_t obtained_s, int64_t lifetime_s)
{
	struct oauth_entry e = {
	    .oauth = "gmail",
	    .hosts = hosts,
	    .host_count = 1,
	    .server = {.token_endpoint = "http://127.0.0.1/token"},
	    .client = {.id = "client"},
	    .token = {.obtained_s = obtained_s, .lifetime_s = lifetime_s},
	};
	struct oauth_store s;

	if (access != NULL)
		secret_set(&e.token.access, access, strlen(access));
	if (refresh != NULL)
		secret_set(&e.token.refresh, refresh, strlen(refresh));
	/* Without the lock, which somebody may hold. */
	assert_int_equal(
	    oauth_store_open(&s, p->base, "me", false, NULL, &p->err), 0);
	if (oauth_store_write(&s, &e, &p->err) == -1)
		fail_msg("%s", p->err.text);
	oauth_store_close(&s);
	oauth_entry_clear(&e);
}

static struct oauth_entry
kept(struct place *p, struct oauth_store *s)
{
	struct oauth_entry e;

	assert_int_equal(
	    oauth_store_open(s, p->base, "me", false, NULL, &p->err), 0);
	assert_int_equal(oauth_store_read(s, &e, &p->err), 1);
	return e;
}

static void
assert_kept(
    struct place *p, const char *access, const char *refresh, bool signed_out)
{
	struct oauth_store s;
	struct oauth_entry e = kept(p, &s);

	assert_string_equal(e.token.access.bytes, access);
	if (refresh != NULL)
		assert_string_equal(e.token.refresh.bytes, refresh);
	else
		assert_null(e.token.refresh.bytes);
	assert_int_equal(e.signed_out, signed_out);
	oauth_entry_clear(&e);
	oauth_store_close(&s);
}

int
oauth_token_ask(const struct http_params *http,
    const struct oauth_server *server, const struct oauth_client *client,
    struct buf *form, struct oauth_token *token, struct oauth_refusal *refusal,
    struct error *err)
{
	struct place *p = now_at;
	const struct answer *a = &p->answers[p->asked++];

	assert_ptr_equal(http, &p->http);
	assert_string_equal(server->token_endpoint, "http://127.0.0.1/token");
	assert_string_equal(client->id, "client");
	assert_true(p->asked <= 4);
	snprintf(p->form, sizeof(p->form), "%s", buf_string(form));
	refusal->retry_after_s = a->retry_after_s;
	if (a->written != NULL)
		put_entry(p, a->written, a->written, NOW, HOUR);
	if (a->access == NULL) {
		snprintf(refusal->error, sizeof(refusal->error), "%s",
		    a->error != NULL ? a->error : "");
		return error_set(err, a->status, "issuer.example: no");
	}
	*token = (struct oauth_token){
	    .obtained_s = p->access.now_s, .lifetime_s = HOUR};
	secret_set(&token->access, a->access, strlen(a->access));
	if (a->refresh != NULL)
		secret_set(&token->refresh, a->refresh, strlen(a->refresh));
	return 0;
}

void
oauth_token_clear(struct oauth_token *t)
{
	secret_clear(&t->access);
	secret_clear(&t->refresh);
}

static int
get(struct place *p)
{
	oauth_got_clear(&p->got);
	p->err = (struct error){0};
	return oauth_access_get(&p->access, &p->got, &p->err);
}

static void
assert_got(struct place *p, const char *token, bool fresh, int asked)
{
	if (get(p) == -1)
		fail_msg("%s", p->err.text);
	assert_string_equal(p->got.token.bytes, token);
	assert_int_equal(p->got.fresh, fresh);
	assert_int_equal(p->asked, asked);
}

static void
assert_none(struct place *p, int status, const char *text, const char *hint)
{
	assert_int_equal(get(p), -1);
	assert_null(p->got.token.bytes);
	if (p->err.status != status || strstr(p->err.text, text) == NULL ||
	    strstr(p->err.hint, hint) == NULL)
		fail_msg("%d: %s\n%s", p->err.status, p->err.text, p->err.hint);
}

static void
a_good_token_is_taken_without_asking(void **state)
{
	struct place *p = *state;

	put_entry(p, "kept", "r1", NOW - HOUR + 61, HOUR);
	assert_got(p, "kept", false, 0);
	/* A short life has a short margin. */
	put_entry(p, "kept", "r1", NOW - 89, 100);
	assert_got(p, "kept", false, 0);
	/* One that says nothing of its life. */
	put_entry(p, "kept", "r1", NOW - 30 * HOUR, 0);
	assert_got(p, "kept", false, 0);
	oauth_got_clear(&p->got);
	assert_int_equal(oauth_access_kept(&p->access, &p->got, &p->err), 1);
}

static void
what_is_near_its_end_or_from_the_future_is_renewed(void **state)
{
	static const struct {
		int64_t obtained_s, lifetime_s;
	} cases[] = {{NOW - HOUR + 60, HOUR}, {NOW - 90, 100}, {NOW + 60, HOUR},
	    {NOW + 10LL * 365 * 24 * HOUR, HOUR}, {NOW + 60, 0}, {0, HOUR}};
	struct place *p = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_entry(
		    p, "old", "r1", cases[i].obtained_s, cases[i].lifetime_s);
		p->asked = 0;
		p->answers[0] = (struct answer){.access = "new"};
		oauth_got_clear(&p->got);
		assert_int_equal(
		    oauth_access_kept(&p->access, &p->got, &p->err), 0);
		assert_got(p, "new", true, 1);
		assert_int_equal(p->got.warning.status, 0);
		assert_non_null(strstr(p->form, "grant_type=refresh_token&"));
		assert_non_null(strstr(p->form, "refresh_token=r1"));
		/* The old refresh token stays (RFC 6749 6). */
		assert_kept(p, "new", "r1", false);
	}
	p->asked = 0;
	assert_got(p, "new", false, 0);
}

static void
a_rotated_refresh_token_takes_the_place_of_the_old_one(void **state)
{
	struct place *p = *state;

	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[0] = (struct answer){.access = "new", .refresh = "r2"};
	assert_got(p, "new", true, 1);
	assert_kept(p, "new", "r2", false);
}

static void
a_refused_token_is_renewed_unless_another_is_there(void **state)
{
	struct secret refused = {0};
	struct place *p = *state;

	secret_set(&refused, "refused", 7);
	p->access.refused = &refused;
	put_entry(p, "refused", "r1", NOW, HOUR);
	p->answers[0] = (struct answer){.access = "new"};
	assert_got(p, "new", true, 1);
	assert_got(p, "new", false, 1);
	/* It is of no use, whatever its clock says. */
	put_entry(p, "refused", "r1", NOW, HOUR);
	p->answers[1] = (struct answer){.status = EX_TEMPFAIL};
	p->answers[1].retry_after_s = -1;
	assert_none(p, EX_TEMPFAIL, "no", "");
	put_entry(p, "refused", NULL, NOW, HOUR);
	assert_none(p, EX_NOPERM, "gave none to renew", "--login -A me");
	secret_clear(&refused);
}

static void
without_a_sign_in_there_is_a_hint(void **state)
{
	struct place *p = *state;

	p->access.account = "default";
	assert_none(p, EX_NOPERM, "not signed in", "smtpsend --login");
	assert_null(strstr(p->err.hint, "-A"));
	p->access.account = "me";
	assert_none(p, EX_NOPERM, "not signed in", "smtpsend --login -A me");
	put_entry(p, NULL, NULL, 0, 0); /* a client only, for no server yet */
	p->access.hosts = (const char *const[]){"elsewhere.test"};
	p->access.host_count = 1;
	assert_none(p, EX_NOPERM, "not signed in", "smtpsend --login -A me");
	p->access.host_count = 0;
	put_entry(p, "old", NULL, NOW - HOUR, HOUR);
	assert_none(p, EX_NOPERM, "expired", "smtpsend --login -A me");
	assert_int_equal(p->asked, 0);
}

static void
what_another_server_would_get_stays_here(void **state)
{
	static const char *const capitals[] = {"SMTP.Example.ORG"};
	static const char *const others[] = {
	    "smtp.example.org", "smtp.example.org.evil.example"};
	struct place *p = *state;

	put_entry(p, "kept", "r1", NOW, HOUR);
	p->access.hosts = capitals;
	assert_got(p, "kept", false, 0);
	p->access.hosts = others;
	p->access.host_count = 2;
	assert_none(p, EX_NOPERM,
	    "smtp.example.org.evil.example: the sign-in of account me is for "
	    "smtp.example.org only",
	    "no other");
	p->access.host_count = 1;
	p->access.oauth = "outlook";
	assert_none(p, EX_NOPERM, "oauth = gmail, not outlook", "--login");
	p->access.oauth = "gmail";
	p->access.client_id = "another";
	assert_none(p, EX_NOPERM, "oauth-client-id", "--login");
	p->access.client_id = "client";
	assert_got(p, "kept", false, 0);
}

static void
invalid_grant_ends_the_sign_in_and_throws_nothing_away(void **state)
{
	struct place *p = *state;

	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[0] =
	    (struct answer){.status = EX_NOPERM, .error = "invalid_grant"};
	assert_none(p, EX_NOPERM, "no", "smtpsend --login -A me");
	assert_string_equal(p->got.refusal.error, "invalid_grant");
	assert_kept(p, "old", "r1", true);
	assert_int_equal(p->asked, 1);
	/* It is not asked again. */
	assert_none(p, EX_NOPERM, "signed out", "smtpsend --login -A me");
	assert_int_equal(p->asked, 1);
}

static void
invalid_grant_because_of_another_process_is_none(void **state)
{
	struct place *p = *state;

	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[0] = (struct answer){
	    .status = EX_NOPERM, .error = "invalid_grant", .written = "theirs"};
	assert_got(p, "theirs", true, 1);
	assert_kept(p, "theirs", "theirs", false);
}

static void
a_server_that_cannot_now_leaves_what_is_kept(void **state)
{
	struct place *p = *state;

	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[0] =
	    (struct answer){.status = EX_TEMPFAIL, .retry_after_s = -1};
	assert_none(p, EX_TEMPFAIL, "no", "");
	assert_int_equal(p->asked, 1);
	assert_kept(p, "old", "r1", false);
	/* Later than the deadline, and than anybody waits without one. */
	p->answers[1] = (struct answer){.status = EX_TEMPFAIL,
	    .error = "temporarily_unavailable",
	    .retry_after_s = 31};
	assert_none(p, EX_TEMPFAIL, "no", "");
	assert_int_equal(p->asked, 2);
	p->wait.deadline_us = clock_monotonic_us() + 900000;
	p->answers[2] = p->answers[1];
	p->answers[2].retry_after_s = 1;
	assert_none(p, EX_TEMPFAIL, "no", "");
	assert_int_equal(p->asked, 3);
}

static void
a_retry_after_is_waited_for(void **state)
{
	struct place *p = *state;

	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[0] = (struct answer){
	    .status = EX_TEMPFAIL, .error = "slow", .retry_after_s = 0};
	p->answers[1] = (struct answer){.access = "new"};
	assert_got(p, "new", true, 2);
	/* Nor is a server asked for ever. */
	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->asked = 0;
	p->answers[1] = p->answers[2] = p->answers[0];
	assert_none(p, EX_TEMPFAIL, "no", "");
	assert_int_equal(p->asked, 3);
}

static void
a_signal_ends_that_wait(void **state)
{
	struct place *p = *state;

	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[0] = (struct answer){
	    .status = EX_TEMPFAIL, .error = "slow", .retry_after_s = 20};
	p->stop = SIGTERM;
	assert_none(p, EX_SIGNAL + SIGTERM, "cancelled", "");
	assert_kept(p, "old", "r1", false);
}

static void
a_token_does_until_its_real_end(void **state)
{
	struct place *p = *state;

	put_entry(p, "old", "r1", NOW - HOUR + 30, HOUR);
	p->answers[0] =
	    (struct answer){.status = EX_TEMPFAIL, .retry_after_s = 20};
	p->stop = SIGTERM; /* there is no need to wait */
	p->answers[0].retry_after_s = -1;
	assert_got(p, "old", false, 1);
	assert_int_equal(p->got.warning.status, EX_TEMPFAIL);
	assert_non_null(strstr(p->got.warning.text, "not be renewed yet"));
	assert_kept(p, "old", "r1", false);
	/* But after the server has ended all, it is the server's word. */
	p->answers[1] =
	    (struct answer){.status = EX_NOPERM, .error = "invalid_grant"};
	assert_none(p, EX_NOPERM, "no", "--login");
}

static void
a_lost_answer_is_remembered_when_the_server_has_counted_it(void **state)
{
	struct place *p = *state;

	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[0] =
	    (struct answer){.status = EX_PROTOCOL, .retry_after_s = -1};
	assert_none(p, EX_PROTOCOL, "no", "");
	assert_kept(p, "old", "r1", false);
	p->answers[1] =
	    (struct answer){.status = EX_NOPERM, .error = "invalid_grant"};
	assert_none(p, EX_NOPERM, "its answer was lost", "--login -A me");
	/* When it had not been counted, all is forgotten. */
	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->asked = 0;
	assert_none(p, EX_PROTOCOL, "no", "");
	p->answers[1] = (struct answer){.access = "new"};
	assert_got(p, "new", true, 2);
	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[2] =
	    (struct answer){.status = EX_NOPERM, .error = "invalid_grant"};
	assert_none(p, EX_NOPERM, "no", "--login -A me");
	assert_null(strstr(p->err.text, "lost"));
}

/* What came while we waited is not from the future. */
static void
who_had_to_wait_takes_what_came_meanwhile(void **state)
{
	struct place *p = *state;
	struct oauth_store lock;
	int ready[2], status;
	char byte;
	pid_t pid;

	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (oauth_store_open(
			&lock, p->base, "me", true, NULL, &p->err) == -1)
			_exit(1);
		(void)write(ready[1], "", 1);
		usleep(200000);
		put_entry(p, "theirs", "r2", NOW + 1, HOUR);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_got(p, "theirs", false, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(ready[0]);
	close(ready[1]);
}

static void
a_token_that_cannot_be_kept_is_used_and_said(void **state)
{
	struct place *p = *state;
	char *big = malloc(70000);

	assert_non_null(big);
	memset(big, 'x', 69999);
	big[69999] = '\0';
	put_entry(p, "old", "r1", NOW - HOUR, HOUR);
	p->answers[0] = (struct answer){.access = big, .refresh = "r2"};
	assert_got(p, big, true, 1);
	assert_int_not_equal(p->got.warning.status, 0);
	assert_non_null(strstr(p->got.warning.text, "is not kept"));
	assert_non_null(strstr(p->got.warning.hint, "--login -A me"));
	assert_kept(p, "old", "r1", false);
	free(big);
}

static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -1;
	strcpy(p->base, "/tmp/access.XXXXXX");
	if (mkdtemp(p->base) == NULL) {
		free(p);
		return -1;
	}
	p->wait = (struct wait_limits){.stop = &p->stop};
	p->http = (struct http_params){.wait = &p->wait};
	p->access = (struct oauth_access){
	    .directory = p->base,
	    .account = "me",
	    .oauth = "gmail",
	    .hosts = hosts,
	    .host_count = 1,
	    .now_s = NOW,
	    .http = &p->http,
	};
	*state = now_at = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char command[64];
	int r;

	snprintf(command, sizeof(command), "rm -rf -- %s", p->base);
	r = system(command);
	oauth_got_clear(&p->got);
	free(p);
	return r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_good_token_is_taken_without_asking),
	    TEST(what_is_near_its_end_or_from_the_future_is_renewed),
	    TEST(a_rotated_refresh_token_takes_the_place_of_the_old_one),
	    TEST(a_refused_token_is_renewed_unless_another_is_there),
	    TEST(without_a_sign_in_there_is_a_hint),
	    TEST(what_another_server_would_get_stays_here),
	    TEST(invalid_grant_ends_the_sign_in_and_throws_nothing_away),
	    TEST(invalid_grant_because_of_another_process_is_none),
	    TEST(a_server_that_cannot_now_leaves_what_is_kept),
	    TEST(a_retry_after_is_waited_for),
	    TEST(a_signal_ends_that_wait),
	    TEST(a_token_does_until_its_real_end),
	    TEST(a_lost_answer_is_remembered_when_the_server_has_counted_it),
	    TEST(who_had_to_wait_takes_what_came_meanwhile),
	    TEST(a_token_that_cannot_be_kept_is_used_and_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
