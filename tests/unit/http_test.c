/* Questions by HTTP: whom is asked, what is taken, and what ends the wait. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "http_testutil.h"
#include "lib/clock.h"
#include "lib/http.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json"

static struct http_said *server;
static char base[64];
static const struct wait_limits unlimited;

static int
fetch(const char *path, const struct wait_limits *wait, int64_t timeout_ms,
    const struct http_request *with, struct http_answer *a, struct error *err)
{
	const struct http_params params = {
	    .wait = wait, .timeout_ms = timeout_ms};
	struct http_request q = *with;
	char url[256];

	snprintf(url, sizeof(url), "%s%s", base, path);
	q.url = url;
	return http_fetch(&params, &q, a, err);
}

static void
assert_fails(const struct http_request *q, int status, const char *text)
{
	struct http_answer a;
	struct error err;

	assert_int_equal(
	    fetch("/p?secret=s3", &unlimited, 5000, q, &a, &err), -1);
	assert_null(a.body.data);
	if (err.status != status || strstr(err.text, text) == NULL)
		fail_msg("%d %s", err.status, err.text);
	assert_int_equal(strncmp(err.text, "127.0.0.1: ", 11), 0);
	assert_null(strstr(err.text, "s3"));
}

static void
urls_of_https_and_of_loopback_are_asked_and_no_others(void **state)
{
	static const struct {
		const char *url;
		bool safe;
	} rows[] = {
	    {"https://id.example", true},
	    {"HTTPS://id.example/a/b?c=d&e=%20", true},
	    {"https://id.example:8443/", true},
	    {"https://[2001:db8::1]/", true},
	    {"http://127.0.0.1/", true},
	    {"http://127.9.9.9:80/", true},
	    {"http://[::1]:4711/", true},
	    {"http://localhost/x", true},
	    {"http://LOCALHOST", true},
	    {"http://id.example/", false},
	    {"http://128.0.0.1/", false},
	    {"http://127.0.0.1.example/", false},
	    {"http://127.1/", false},
	    {"http://localhost.example/", false},
	    {"http://localhost@id.example/", false},
	    {"http://localhost:80@id.example/", false},
	    {"https://user@id.example/", false},
	    {"https://user:pw@id.example/", false},
	    {"https://id.example\\@other.example/", false},
	    {"https://id.example/#fragment", false},
	    {"https://id.example/a b", false},
	    {"https://id.example/\r\nHost: x", false},
	    {"https://id.example/\xc3\xa4", false},
	    {"https://id.example:0/", false},
	    {"https://id.example:65536/", false},
	    {"https://id.example:/", false},
	    {"https://id.example:80x/", false},
	    {"https:///x", false},
	    {"https://", false},
	    {"https://.example/", false},
	    {"https://[::1/", false},
	    {"https:id.example", false},
	    {"file:///etc/passwd", false},
	    {"ftp://localhost/", false},
	    {"", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++)
		if (http_url_is_safe(rows[i].url) != rows[i].safe)
			fail_msg("%s", rows[i].url);
}

static void
what_is_asked_and_what_is_answered_come_over(void **state)
{
	struct buf body = BUF_WITH_MAX(0);
	struct http_answer a;
	struct error err;

	(void)state;
	http_says(server,
	    "HTTP/1.1 418 No\r\nContent-Type: Text/JSON; charset=x", "{}");
	assert_int_equal(fetch("/path?q=1", &unlimited, 0,
			     &(struct http_request){0}, &a, &err),
	    0);
	assert_int_equal(a.code, 418);
	assert_string_equal(a.type, "text/json");
	assert_string_equal(buf_string(&a.body), "{}");
	assert_int_equal(a.retry_after_s, -1);
	assert_non_null(strstr(server->heard[0], "GET /path?q=1 HTTP/1.1\r\n"));
	assert_non_null(
	    strstr(server->heard[0], "\r\nAccept: application/json\r\n"));
	assert_null(strcasestr(server->heard[0], "cookie"));
	http_answer_clear(&a);

	http_says(server, OK, "");
	buf_puts(&body, "a=b");
	assert_int_equal(fetch("/", &unlimited, 0,
			     &(struct http_request){.body = &body}, &a, &err),
	    0);
	assert_int_equal(a.body.len, 0);
	assert_non_null(strstr(server->heard[0], "POST / HTTP/1.1\r\n"));
	assert_non_null(strstr(server->heard[0],
	    "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
	assert_null(strstr(server->heard[0], "Expect:"));
	assert_string_equal(
	    strstr(server->heard[0], "\r\n\r\n"), "\r\n\r\na=b");
	http_answer_clear(&a);
	buf_clear(&body);
}

static void
when_to_come_again_is_said_in_seconds_or_as_a_date(void **state)
{
	static const struct {
		const char *field;
		int64_t least, most;
	} rows[] = {
	    {"Retry-After: 120", 120, 120},
	    {"Retry-After: Fri, 31 Dec 1999 23:59:59 GMT", -1, -1},
	    {"Retry-After: soon", -1, -1},
	    {"Retry-After: -5", -1, -1},
	    {"Retry-After: 99999999999999999999", -1, INT64_MAX},
	    {"X: y", -1, -1},
	};
	char head[256];
	struct http_answer a;
	struct error err;
	time_t then = time(NULL) + 300;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++) {
		snprintf(head, sizeof(head), "HTTP/1.1 503 Busy\r\n%s",
		    rows[i].field);
		http_says(server, head, "");
		assert_int_equal(fetch("/", &unlimited, 0,
				     &(struct http_request){0}, &a, &err),
		    0);
		if (a.retry_after_s < rows[i].least ||
		    a.retry_after_s > rows[i].most || a.retry_after_s == 0)
			fail_msg("%s: %lld", rows[i].field,
			    (long long)a.retry_after_s);
		http_answer_clear(&a);
	}
	strftime(head, sizeof(head),
	    "HTTP/1.1 429 Busy\r\nRetry-After: %a, %d %b %Y %T GMT",
	    gmtime(&then));
	http_says(server, head, "");
	assert_int_equal(
	    fetch("/", &unlimited, 0, &(struct http_request){0}, &a, &err), 0);
	assert_true(a.retry_after_s > 280 && a.retry_after_s <= 300);
	http_answer_clear(&a);
}

static void
an_answer_that_is_too_long_cut_or_none_is_an_error(void **state)
{
	static char long_one[5000000];
	const struct http_request small = {.max = 10}, usual = {0};
	struct http_answer a;
	struct error err;

	(void)state;
	memset(long_one, 'x', sizeof(long_one));
	http_says_bytes(server, OK, long_one, sizeof(long_one));
	assert_fails(&usual, EX_PROTOCOL, "longer");
	http_says(server, OK, "0123456789");
	assert_int_equal(fetch("/", &unlimited, 0, &small, &a, &err), 0);
	assert_int_equal(a.body.len, 10);
	http_answer_clear(&a);
	http_says(server, OK, "0123456789a");
	assert_fails(&small, EX_PROTOCOL, "longer");
	http_says(server, OK, "0123456789");
	server->len[0] -= 5;
	assert_fails(&usual, EX_PROTOCOL, "");
	http_says(server, "220 mail.example ESMTP", "");
	assert_fails(&usual, EX_PROTOCOL, "HTTP");
	http_says(server, OK, "");
	server->len[0] = 0;
	assert_fails(&usual, EX_TEMPFAIL, "");
}

/* One line of it without end, many of them, and many answers before the one. */
static void
a_head_that_does_not_end_is_an_error(void **state)
{
	static const char *const lines[] = {
	    "x", "X: y\r\n", "\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>"};
	const struct http_request usual = {0};
	struct buf head = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		buf_reset(&head);
		buf_puts(&head,
		    i < 2 ? OK "\r\n" : "HTTP/1.1 103 Early Hints\r\nX: y");
		while (head.len < 1000000)
			buf_puts(&head, lines[i]);
		http_says(server, buf_string(&head), "");
		assert_fails(&usual, EX_PROTOCOL, "");
	}
	buf_clear(&head);
}

static void
a_redirect_is_the_answer(void **state)
{
	char head[128];
	struct http_answer a;
	struct error err;
	const struct http_request follow = {.follow = true}, usual = {0};

	(void)state;
	snprintf(
	    head, sizeof(head), "HTTP/1.1 307 Go\r\nLocation: %s/new", base);
	http_says(server, head, "");
	http_says_next(server, OK, "{}");
	assert_int_equal(fetch("/", &unlimited, 0, &usual, &a, &err), 0);
	assert_int_equal(a.code, 307);
	assert_int_equal(server->asked, 1);
	http_answer_clear(&a);
	/* Where they are followed, then by HTTPS. */
	http_says(server, head, "");
	assert_fails(&follow, EX_PROTOCOL, "");
	assert_int_equal(server->asked, 1);
}

static void
time_ends_the_wait(void **state)
{
	static const enum http_manner manners[] = {HTTP_HANGS, HTTP_DRIBBLES};
	struct wait_limits late;
	struct http_answer a;
	struct error err;
	int64_t before;
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(manners); i++)
		for (k = 0; k < 2; k++) {
			/* It never has a whole head. */
			http_says(server, OK, "");
			server->len[0] = 20;
			server->manner = manners[i];
			before = clock_monotonic_us();
			late = (struct wait_limits){
			    .deadline_us = before + 200000};
			assert_int_equal(
			    fetch("/", k == 0 ? &late : &unlimited,
				k == 0 ? 60000 : 200, &(struct http_request){0},
				&a, &err),
			    -1);
			assert_int_equal(err.status, EX_TEMPFAIL);
			assert_non_null(strstr(err.text, "in time"));
			assert_true(clock_monotonic_us() - before >= 200000);
			assert_true(clock_monotonic_us() - before < 5000000);
		}
}

static volatile int stop;

static void
on_signal(int number)
{
	stop = number;
}

static void
a_signal_ends_the_wait(void **state)
{
	const struct itimerspec soon = {.it_value.tv_nsec = 100000000};
	struct sigevent event = {
	    .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
	struct wait_limits limits = {.stop = &stop};
	sigset_t blocked, before;
	struct http_answer a;
	struct error err;
	timer_t timer;

	(void)state;
	signal(SIGTERM, on_signal);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	limits.mask = &before;
	http_says(server, OK, "");
	server->len[0] = 0;
	server->manner = HTTP_HANGS;
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
	assert_int_equal(
	    fetch("/", &limits, 60000, &(struct http_request){0}, &a, &err),
	    -1);
	assert_int_equal(err.status, EX_SIGNAL + SIGTERM);
	timer_delete(timer);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGTERM, SIG_DFL);
}

static void
who_does_not_listen_or_is_no_url_is_told(void **state)
{
	const struct http_params params = {.wait = &unlimited};
	struct http_answer a;
	struct error err;
	char before[sizeof(base)];

	(void)state;
	strcpy(before, base);
	strcpy(base, "http://127.0.0.1:1");
	assert_fails(&(struct http_request){0}, EX_TEMPFAIL, "connect");
	strcpy(base, before);
	assert_int_equal(
	    http_fetch(&params,
		&(struct http_request){.url = "http://id.example/?secret=s3"},
		&a, &err),
	    -1);
	assert_int_equal(err.status, EX_NOPERM);
	assert_null(strstr(err.text, "s3"));
}

static int
begin(void **state)
{
	int port;

	(void)state;
	server = http_serve(&port);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", port);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	http_stop(server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		urls_of_https_and_of_loopback_are_asked_and_no_others),
	    cmocka_unit_test(what_is_asked_and_what_is_answered_come_over),
	    cmocka_unit_test(
		when_to_come_again_is_said_in_seconds_or_as_a_date),
	    cmocka_unit_test(
		an_answer_that_is_too_long_cut_or_none_is_an_error),
	    cmocka_unit_test(a_head_that_does_not_end_is_an_error),
	    cmocka_unit_test(a_redirect_is_the_answer),
	    cmocka_unit_test(time_ends_the_wait),
	    cmocka_unit_test(a_signal_ends_the_wait),
	    cmocka_unit_test(who_does_not_listen_or_is_no_url_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
