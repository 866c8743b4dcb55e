/* device_test: how often a server is asked whether the code was typed, and what
 * is made of its answers.  Time is played: a pause is over at once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "oauth/sign_in.h"
#include "oauth_testutil.h"

static struct {
	int64_t passed_ns;
	struct buf pauses; /* in seconds, each behind a blank */
	int stop_after;	   /* pauses, until a signal comes; 0: none does */
	volatile int stop;
} played;

/* Both take the place of the C library's. */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int (*real)(clockid_t, struct timespec *);
	int64_t ns;
	int r;

	*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	r = real(clock, now);
	ns = now->tv_nsec + played.passed_ns;
	now->tv_sec += ns / 1000000000;
	now->tv_nsec = ns % 1000000000;
	return r;
}

int
ppoll(struct pollfd *fds, nfds_t n, const struct timespec *limit,
    const sigset_t *mask)
{
	int (*real)(
	    struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
	long long ms;

	*(void **)&real = dlsym(RTLD_NEXT, "ppoll");
	ms = limit != NULL
	    ? (long long)limit->tv_sec * 1000 + limit->tv_nsec / 1000000
	    : 0;
	if (n > 0 || ms < 500)
		return real(fds, n, limit, mask);
	played.passed_ns += (ms + 1) * 1000000;
	buf_printf(&played.pauses, " %lld", (ms + 500) / 1000);
	if (played.stop_after > 0 && --played.stop_after == 0)
		played.stop = SIGINT;
	return 0;
}

struct told {
	struct buf shown, noted;
};

static void
show_code(void *arg, const char *url, const char *code, const char *complete,
    int64_t lifetime_s)
{
	struct told *t = arg;

	buf_printf(&t->shown, "%s %s %s %lld", url, code,
	    complete != NULL ? complete : "-", (long long)lifetime_s);
}

static void
note(void *arg, const char *text)
{
	struct told *t = arg;

	buf_printf(&t->noted, "[%s]", text);
}

/* What a sign-in came to. */
struct end {
	int r;
	struct error err;
	struct oauth_refusal refusal;
	struct told told;
	struct buf asked;
};

static struct end
sign_in(const char *const *answers, int64_t deadline_ms)
{
	struct end e = {.err = {0}};
	struct answering server;
	char url[2][96];
	struct oauth_server as = {.scope = "a scope"};
	const struct oauth_client client = {.id = "an id"};
	struct wait_limits wait = {.stop = &played.stop};
	const struct http_params http = {.wait = &wait, .timeout_ms = 5000};
	const struct oauth_person person = {
	    .arg = &e.told, .show_code = show_code, .note = note};
	const struct oauth_sign_in s = {
	    .http = &http, .server = &as, .client = &client, .person = &person};
	struct oauth_token token = {0};

	played.stop = 0;
	played.passed_ns = 0;
	buf_reset(&played.pauses);
	if (deadline_ms > 0)
		wait.deadline_us = clock_monotonic_us() + deadline_ms * 1000;
	answering_begin(&server, answers, NULL);
	snprintf(url[0], sizeof(url[0]), "%s/device", server.url);
	snprintf(url[1], sizeof(url[1]), "%s/token", server.url);
	as.device_endpoint = url[0];
	as.token_endpoint = url[1];
	e.r = oauth_by_device(&s, &token, &e.refusal, &e.err);
	if (e.r == 0)
		assert_string_equal(token.access.bytes, "at-1");
	oauth_token_clear(&token);
	e.asked = server.asked;
	server.asked = (struct buf){0};
	answering_end(&server);
	return e;
}

static void
end_clear(struct end *e)
{
	buf_clear(&e->told.shown);
	buf_clear(&e->told.noted);
	buf_clear(&e->asked);
	buf_clear(&played.pauses);
}

#define HEAD(status) \
	"HTTP/1.1 " status "\r\nContent-Type: application/json\r\n\r\n"
#define DEVICE(more)                                            \
	HEAD("200 OK")                                          \
	"{\"device_code\":\"d/1\",\"user_code\":\"WDJB-MJHT\"," \
	"\"verification_uri\":\"https://as.test/d\"" more "}"
#define ERROR(code) HEAD("400 Bad Request") "{\"error\":\"" code "\"}"
#define PENDING ERROR("authorization_pending")
#define TOKEN          \
	HEAD("200 OK") \
	"{\"access_token\":\"at-1\",\"token_type\":\"Bearer\"}"

static void
the_server_is_asked_as_often_as_it_allows(void **state)
{
	static const struct {
		const char *answers[8], *pauses;
	} rows[] = {
	    {{DEVICE(",\"expires_in\":900"), PENDING, PENDING, TOKEN},
		" 5 5 5"},
	    {{DEVICE(",\"expires_in\":900,\"interval\":2"), PENDING, TOKEN},
		" 2 2"},
	    {{DEVICE(",\"expires_in\":\"900\",\"interval\":\"3\""), TOKEN},
		" 3"},
	    {{DEVICE(",\"expires_in\":900,\"interval\":0"), TOKEN}, " 5"},
	    {{DEVICE(",\"expires_in\":9000,\"interval\":99999"), TOKEN},
		" 300"},
	    {{DEVICE(",\"expires_in\":900,\"interval\":1"), ERROR("slow_down"),
		 PENDING, ERROR("slow_down"), TOKEN},
		" 1 6 6 11"},
	    {{DEVICE(",\"expires_in\":900,\"interval\":20"), HEAD("503 Busy"),
		 HEAD("502 Bad"), HEAD("500 Bad"), TOKEN},
		" 20 40 60 60"},
	    {{DEVICE(",\"expires_in\":900,\"interval\":1"), "", "", PENDING,
		 TOKEN},
		" 1 2 4 4"},
	    {{DEVICE(",\"expires_in\":900,\"interval\":1"),
		 "HTTP/1.1 429 Slow\r\nRetry-After: 30\r\n\r\n", TOKEN},
		" 1 30"},
	};
	struct end e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		e = sign_in(rows[i].answers, 0);
		if (e.r != 0)
			fail_msg("%zu: %s", i, e.err.text);
		assert_string_equal(buf_string(&played.pauses), rows[i].pauses);
		end_clear(&e);
	}
}

static void
both_requests_say_what_the_server_needs(void **state)
{
	const char *const answers[] = {
	    DEVICE(",\"expires_in\":900,\"verification_uri_complete\":"
		   "\"https://as.test/d?c=1\""),
	    TOKEN, NULL};
	struct end e;

	(void)state;
	e = sign_in(answers, 0);
	assert_int_equal(e.r, 0);
	assert_string_equal(buf_string(&e.told.shown),
	    "https://as.test/d WDJB-MJHT https://as.test/d?c=1 900");
	assert_non_null(
	    strstr(buf_string(&e.asked), "scope=a%20scope&client_id=an%20id"));
	assert_non_null(strstr(buf_string(&e.asked),
	    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A"
	    "device_code&device_code=d%2F1&client_id=an%20id"));
	end_clear(&e);
}

static void
answers_that_come_to_nothing_end_it(void **state)
{
#define GOOD DEVICE(",\"expires_in\":900")
	static const struct {
		const char *answers[4];
		int status;
		const char *says;
	} rows[] = {
	    {{GOOD, ERROR("access_denied")}, EX_NOPERM, "access_denied"},
	    {{GOOD, ERROR("expired_token")}, EX_NOPERM, "expired_token"},
	    {{GOOD, ERROR("invalid_grant")}, EX_NOPERM, "invalid_grant"},
	    {{GOOD, HEAD("200 OK") "<html>"}, EX_PROTOCOL, "JSON"},
	    {{DEVICE(",\"expires_in\":12"), PENDING, PENDING}, EX_NOPERM,
		"nobody has typed the code"},
	    {{ERROR("invalid_scope")}, EX_NOPERM, "invalid_scope"},
	    {{HEAD("400 Bad") "{\"error\":\"invalid_client\","
			      "\"error_description\":\"AADSTS7000218: no\\r\\n"
			      "Trace: 1\"}"},
		EX_NOPERM, "invalid_client (AADSTS7000218: no)"},
	    {{HEAD("503 Busy") "busy"}, EX_TEMPFAIL, "503"},
	    {{HEAD("404 Not Found") "<html>"}, EX_PROTOCOL, "404"},
	    {{HEAD("200 OK") "{}"}, EX_PROTOCOL, "verification_uri"},
	    {{HEAD("200 OK") "nonsense"}, EX_PROTOCOL, "no object of JSON"},
	    {{DEVICE("")}, EX_PROTOCOL, "expires_in"},
	    {{DEVICE(",\"expires_in\":-1")}, EX_PROTOCOL, "expires_in"},
	    {{HEAD("200 OK") "{\"device_code\":\"d\",\"user_code\":\"u\","
			     "\"expires_in\":9,\"verification_uri\":"
			     "\"javascript:alert(1)\"}"},
		EX_PROTOCOL, "verification_uri"},
	    {{HEAD("200 OK") "{\"user_code\":\"u\",\"expires_in\":9,"
			     "\"verification_uri\":\"https://as.test\"}"},
		EX_PROTOCOL, "device_code"},
	};
	struct end e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		e = sign_in(rows[i].answers, 0);
		if (e.r != -1 || e.err.status != rows[i].status ||
		    strstr(e.err.text, rows[i].says) == NULL)
			fail_msg("%zu: %d, %d '%s'", i, e.r, e.err.status,
			    e.err.text);
		end_clear(&e);
	}
}

static void
what_is_shown_is_fit_for_a_terminal(void **state)
{
	const char *const answers[] = {
	    HEAD(
		"200 OK") "{\"device_code\":\"d\",\"user_code\":\"A\\u001b[2J\","
			  "\"verification_url\":\"https://as.test/d\","
			  "\"verification_uri_complete\":\"x\\u001b\","
			  "\"expires_in\":9}",
	    TOKEN, NULL};
	struct end e;

	(void)state;
	e = sign_in(answers, 0);
	assert_int_equal(e.r, 0);
	assert_string_equal(
	    buf_string(&e.told.shown), "https://as.test/d A\\x1B[2J - 9");
	end_clear(&e);
}

static void
an_answer_that_is_lost_is_told_once(void **state)
{
	const char *const answers[] = {GOOD, "", "", TOKEN, NULL};
	struct end e;

	(void)state;
	e = sign_in(answers, 0);
	assert_int_equal(e.r, 0);
	assert_true(e.told.noted.len > 0);
	assert_null(strchr(strchr(buf_string(&e.told.noted), ']'), '['));
	end_clear(&e);
}

static void
the_deadline_and_a_signal_end_it(void **state)
{
	const char *const answers[] = {GOOD, PENDING, NULL};
	const char *const late[] = {GOOD, NULL};
	struct end e;

	(void)state;
	e = sign_in(late, 3000);
	assert_int_equal(e.err.status, EX_TEMPFAIL);
	assert_non_null(strstr(e.err.text, "deadline"));
	end_clear(&e);
	played.stop_after = 2;
	e = sign_in(answers, 0);
	assert_int_equal(e.err.status, EX_SIGNAL + SIGINT);
	end_clear(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_server_is_asked_as_often_as_it_allows),
	    cmocka_unit_test(both_requests_say_what_the_server_needs),
	    cmocka_unit_test(answers_that_come_to_nothing_end_it),
	    cmocka_unit_test(what_is_shown_is_fit_for_a_terminal),
	    cmocka_unit_test(an_answer_that_is_lost_is_told_once),
	    cmocka_unit_test(the_deadline_and_a_signal_end_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
