/* listener_test: requests to our redirect, judged, and who keeps whom out. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "oauth/listener.h"

/* What this host is to lack: played in place of the kernel. */
static struct {
	bool no_v4, no_v6;
	int taken; /* so often somebody else has the port of ::1 */
} played;

int
bind(int fd, const struct sockaddr *address, socklen_t len)
{
	int (*real)(int, const struct sockaddr *, socklen_t);

	*(void **)&real = dlsym(RTLD_NEXT, "bind");
	errno = EADDRNOTAVAIL;
	if ((address->sa_family == AF_INET && played.no_v4) ||
	    (address->sa_family == AF_INET6 && played.no_v6))
		return -1;
	if (address->sa_family == AF_INET6 && played.taken > 0) {
		played.taken--;
		errno = EADDRINUSE;
		return -1;
	}
	return real(fd, address, len);
}

static void
requests_are_judged(void **state)
{
	static const struct {
		const char *bytes;
		enum oauth_request request;
		const char *query;
	} rows[] = {
	    {"GET /?code=1&state=2 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_ANSWER, "code=1&state=2"},
	    {"GET /?a HTTP/1.0\r\nAccept: x\r\nhOST:\t127.0.0.1:80 \r\nX:\r\n"
	     "\r\n",
		OAUTH_REQUEST_ANSWER, "a"},
	    {"GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_ANSWER, ""},
	    {"GET /? HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\nbehind",
		OAUTH_REQUEST_ANSWER, ""},
	    {"", OAUTH_REQUEST_MORE, NULL},
	    {"GET /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n", OAUTH_REQUEST_MORE,
		NULL},
	    {"GET /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r", OAUTH_REQUEST_MORE,
		NULL},
	    {"GET /favicon.ico HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_ELSEWHERE, NULL},
	    {"GET //?code=1 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_ELSEWHERE, NULL},
	    {"HEAD /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_METHOD, NULL},
	    {"POST /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_METHOD, NULL},
	    {"get /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_METHOD, NULL},
	    {"GET /?a HTTP/1.1\r\nHost: evil.test\r\n\r\n",
		OAUTH_REQUEST_FOREIGN, NULL},
	    {"GET /?a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		OAUTH_REQUEST_FOREIGN, NULL},
	    {"GET /?a HTTP/1.1\r\nHost: localhost:80\r\n\r\n",
		OAUTH_REQUEST_FOREIGN, NULL},
	    {"GET /?a HTTP/1.1\r\nHost: 127.0.0.1:800\r\n\r\n",
		OAUTH_REQUEST_FOREIGN, NULL},
	    {"GET /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\nHost: evil\r\n\r\n",
		OAUTH_REQUEST_FOREIGN, NULL},
	    {"GET /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\nHost: 127.0.0.1:80\r\n"
	     "\r\n",
		OAUTH_REQUEST_BAD, NULL},
	    {"GET /?a HTTP/1.1\r\n\r\n", OAUTH_REQUEST_BAD, NULL},
	    {"GET /?a HTTP/1.1\r\nHost : 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_BAD, NULL},
	    {"GET /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n folded\r\n\r\n",
		OAUTH_REQUEST_BAD, NULL},
	    {"GET /?a HTTP/1.1\r\nnonsense\r\n\r\n", OAUTH_REQUEST_BAD, NULL},
	    {"GET /?a HTTP/2.0\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_BAD, NULL},
	    {"GET /?a\r\nHost: 127.0.0.1:80\r\n\r\n", OAUTH_REQUEST_BAD, NULL},
	    {"GET /?a b HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_BAD, NULL},
	    {"GET  /?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_BAD, NULL},
	    {"GET /?a\nX HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n",
		OAUTH_REQUEST_BAD, NULL},
	    {"GET http://127.0.0.1:80/?a HTTP/1.1\r\nHost: 127.0.0.1:80\r\n"
	     "\r\n",
		OAUTH_REQUEST_BAD, NULL},
	    {" / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n", OAUTH_REQUEST_BAD,
		NULL},
	    {"\r\n\r\n", OAUTH_REQUEST_BAD, NULL},
	    {"\x16\x03\x01\x02\r\n\r\n", OAUTH_REQUEST_BAD, NULL},
	};
	const char *query;
	size_t i, n;
	enum oauth_request request;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request = oauth_request_read(rows[i].bytes,
		    strlen(rows[i].bytes), "127.0.0.1:80", &query, &n);
		if (request != rows[i].request ||
		    (rows[i].query != NULL &&
			(n != strlen(rows[i].query) ||
			    memcmp(query, rows[i].query, n) != 0)))
			fail_msg("%s: %d", rows[i].bytes, request);
	}
}

static void
eight_kilobytes_are_enough(void **state)
{
	static char bytes[OAUTH_REQUEST_MAX + 1];
	const char *query;
	size_t n;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	assert_int_equal(
	    oauth_request_read(bytes, OAUTH_REQUEST_MAX - 1, "h", &query, &n),
	    OAUTH_REQUEST_MORE);
	assert_int_equal(
	    oauth_request_read(bytes, OAUTH_REQUEST_MAX, "h", &query, &n),
	    OAUTH_REQUEST_LARGE);
}

static void
pages_are_kept_nowhere_and_load_nothing(void **state)
{
	static const char *const fields[] = {"Connection: close\r\n",
	    "Cache-Control: no-store\r\n",
	    "Content-Security-Policy: default-src 'none'; ",
	    "X-Content-Type-Options: nosniff\r\n",
	    "Content-Type: text/html; charset=utf-8\r\n"};
	struct buf out = {0};
	int request;
	size_t i, length;
	const char *page;

	(void)state;
	for (request = OAUTH_REQUEST_ANSWER; request <= OAUTH_REQUEST_REFUSED;
	     request++) {
		buf_reset(&out);
		oauth_request_respond(&out, (enum oauth_request)request);
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			assert_non_null(strstr(buf_string(&out), fields[i]));
		page = strstr(buf_string(&out), "\r\n\r\n") + 4;
		assert_int_equal(
		    sscanf(strstr(buf_string(&out), "Content-Length"),
			"Content-Length: %zu", &length),
		    1);
		assert_int_equal(length, strlen(page));
		assert_null(strcasestr(page, "http"));
		assert_null(strcasestr(page, "<script"));
	}
	buf_clear(&out);
}

/* --- the wait --------------------------------------------------------------- */

struct wanted {
	const char *query;  /* that is the answer */
	unsigned strangers; /* how many were none */
};

static enum oauth_request
judge(void *arg, const char *query, size_t n)
{
	struct wanted *w = arg;

	if (n == strlen(w->query) && memcmp(query, w->query, n) == 0)
		return OAUTH_REQUEST_ANSWER;
	w->strangers++;
	return OAUTH_REQUEST_STRANGE;
}

static int
port_of(const struct oauth_listener *l)
{
	return atoi(strrchr(l->authority, ':') + 1);
}

static int
try_connect(int family, int port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
	    .sin6_port = htons((uint16_t)port),
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = family == AF_INET
	    ? connect(fd, (struct sockaddr *)&v4, sizeof(v4))
	    : connect(fd, (struct sockaddr *)&v6, sizeof(v6));

	if (r == 0)
		return fd;
	close(fd);
	return -1;
}

static int
visit(const struct oauth_listener *l, const char *target)
{
	int fd = try_connect(AF_INET, port_of(l));
	char request[256];
	int n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, l->authority);

	assert_true(fd >= 0);
	assert_int_equal(send(fd, request, (size_t)n, MSG_NOSIGNAL), n);
	return fd;
}

/* The first line of the response. */
static void
assert_answered(int fd, const char *status)
{
	char line[1024] = "";
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(line) - 1 &&
	    (n = recv(fd, line + len, sizeof(line) - 1 - len, 0)) > 0)
		len += (size_t)n;
	line[strcspn(line, "\r")] = '\0';
	assert_string_equal(line, status);
	close(fd);
}

static struct wait_limits
soon(int ms)
{
	return (struct wait_limits){
	    .deadline_us = clock_monotonic_us() + ms * INT64_C(1000)};
}

static void
hear_the_one(struct oauth_listener *l, struct wanted *w)
{
	const struct wait_limits wait = soon(10000);
	struct error err = {0};

	if (oauth_listener_hear(l, &wait, judge, w, &err) == -1)
		fail_msg("%s", err.text);
}

static void
others_are_answered_and_the_wait_goes_on(void **state)
{
	struct wanted w = {"code=1", 0};
	struct oauth_listener l;
	struct error err;
	int icon, stranger, one;

	(void)state;
	assert_int_equal(oauth_listener_open(&l, OAUTH_REDIRECT_IP, &err), 0);
	icon = visit(&l, "/favicon.ico");
	stranger = visit(&l, "/?code=2");
	one = visit(&l, "/?code=1");
	hear_the_one(&l, &w);
	assert_answered(icon, "HTTP/1.1 404 Not Found");
	assert_answered(stranger, "HTTP/1.1 400 Bad Request");
	assert_answered(one, "HTTP/1.1 200 OK");
	assert_int_equal(w.strangers, 1);
	oauth_listener_close(&l);
	assert_int_equal(try_connect(AF_INET, port_of(&l)), -1);
}

static void
silent_and_half_said_ones_keep_nobody_out(void **state)
{
	enum { MANY = 60 };
	struct wanted w = {"code=1", 0};
	struct oauth_listener l;
	struct error err;
	int fds[MANY], one, i;

	(void)state;
	assert_int_equal(oauth_listener_open(&l, OAUTH_REDIRECT_IP, &err), 0);
	for (i = 0; i < MANY; i++) {
		fds[i] = try_connect(AF_INET, port_of(&l));
		assert_true(fds[i] >= 0);
		if (i % 2 == 1)
			assert_int_equal(send(fds[i], "GET /", 5, 0), 5);
	}
	one = visit(&l, "/?code=1");
	hear_the_one(&l, &w);
	assert_answered(one, "HTTP/1.1 200 OK");
	for (i = 0; i < MANY; i++)
		close(fds[i]);
	oauth_listener_close(&l);
}

/* Says a megabyte without an end, then looks at the answer, then the one comes.
 */
static void *
say_too_much(void *arg)
{
	const struct oauth_listener *l = arg;
	static char bytes[1 << 20];
	int fd = try_connect(AF_INET, port_of(l));
	size_t sent = 0;
	ssize_t n;

	memset(bytes, 'a', sizeof(bytes));
	while (sent < sizeof(bytes) &&
	    (n = send(fd, bytes + sent, sizeof(bytes) - sent, MSG_NOSIGNAL)) >
		0)
		sent += (size_t)n;
	assert_int_equal(sent, sizeof(bytes));
	assert_answered(fd, "HTTP/1.1 431 Request Header Fields Too Large");
	assert_answered(visit(l, "/?code=1"), "HTTP/1.1 200 OK");
	return NULL;
}

static void
who_says_a_megabyte_is_told_and_keeps_nobody_out(void **state)
{
	struct wanted w = {"code=1", 0};
	struct oauth_listener l;
	struct error err;
	pthread_t thread;

	(void)state;
	assert_int_equal(oauth_listener_open(&l, OAUTH_REDIRECT_IP, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, say_too_much, &l), 0);
	hear_the_one(&l, &w);
	pthread_join(thread, NULL);
	oauth_listener_close(&l);
}

static void
without_descriptors_the_oldest_makes_room(void **state)
{
	struct wanted w = {"code=1", 0};
	struct rlimit before, few;
	struct oauth_listener l;
	struct error err;
	int silent, one;

	(void)state;
	assert_int_equal(oauth_listener_open(&l, OAUTH_REDIRECT_IP, &err), 0);
	silent = try_connect(AF_INET, port_of(&l));
	one = visit(&l, "/?code=1");
	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	/* one more than there are */
	few.rlim_cur = (rlim_t)one + 2;
	setrlimit(RLIMIT_NOFILE, &few);
	hear_the_one(&l, &w);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_answered(one, "HTTP/1.1 200 OK");
	close(silent);
	oauth_listener_close(&l);
}

static void
nobody_comes_until_the_deadline_or_a_signal(void **state)
{
	struct wanted w = {"code=1", 0};
	struct wait_limits wait = soon(30);
	volatile int stop = 0;
	struct oauth_listener l;
	struct error err;

	(void)state;
	assert_int_equal(oauth_listener_open(&l, OAUTH_REDIRECT_IP, &err), 0);
	assert_int_equal(oauth_listener_hear(&l, &wait, judge, &w, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	stop = SIGINT;
	wait = (struct wait_limits){.stop = &stop};
	assert_int_equal(oauth_listener_hear(&l, &wait, judge, &w, &err), -1);
	assert_int_equal(err.status, EX_SIGNAL + SIGINT);
	oauth_listener_close(&l);
}

/* --- the addresses ---------------------------------------------------------- */

static void
open_and_check(enum oauth_redirect redirect, const char *host, const char *path,
    bool v4, bool v6)
{
	struct oauth_listener l;
	struct error err = {0};
	char expected[64];
	int four, six;

	if (oauth_listener_open(&l, redirect, &err) == -1)
		fail_msg("%s", err.text);
	snprintf(expected, sizeof(expected), "http://%s:%d%s", host,
	    port_of(&l), path);
	assert_string_equal(l.redirect, expected);
	four = try_connect(AF_INET, port_of(&l));
	six = try_connect(AF_INET6, port_of(&l));
	assert_int_equal(four != -1, v4);
	assert_int_equal(six != -1, v6);
	close(four);
	close(six);
	oauth_listener_close(&l);
}

static bool
has_v6(void)
{
	in_port_t port = 0;
	struct sockaddr_in6 a = {.sin6_family = AF_INET6,
	    .sin6_port = port,
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd != -1 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	close(fd);
	return has;
}

static void
it_listens_where_its_redirect_says_and_nowhere_else(void **state)
{
	bool v6 = has_v6();

	(void)state;
	open_and_check(OAUTH_REDIRECT_IP, "127.0.0.1", "/", true, false);
	open_and_check(OAUTH_REDIRECT_NAME, "localhost", "", true, v6);
	played.no_v6 = true;
	open_and_check(OAUTH_REDIRECT_NAME, "localhost", "", true, false);
	open_and_check(OAUTH_REDIRECT_IP, "127.0.0.1", "/", true, false);
	played.no_v6 = false;
	if (!v6)
		return;
	played.no_v4 = true;
	open_and_check(OAUTH_REDIRECT_IP, "[::1]", "/", false, true);
	open_and_check(OAUTH_REDIRECT_NAME, "localhost", "", false, true);
	played.no_v4 = false;
}

static void
a_port_that_is_half_taken_is_not_used(void **state)
{
	struct oauth_listener l;
	struct error err;

	(void)state;
	if (!has_v6())
		skip();
	played.taken = 3;
	open_and_check(OAUTH_REDIRECT_NAME, "localhost", "", true, true);
	played.taken = 1000;
	assert_int_equal(
	    oauth_listener_open(&l, OAUTH_REDIRECT_NAME, &err), -1);
	assert_int_equal(err.status, EX_OSERR);
	assert_non_null(strstr(err.hint, "--login=copy"));
	oauth_listener_close(&l);
	played.taken = 0;
}

static void
without_loopback_there_is_another_way(void **state)
{
	struct oauth_listener l;
	struct error err;

	(void)state;
	played.no_v4 = played.no_v6 = true;
	assert_int_equal(oauth_listener_open(&l, OAUTH_REDIRECT_IP, &err), -1);
	oauth_listener_close(&l);
	assert_int_equal(
	    oauth_listener_open(&l, OAUTH_REDIRECT_NAME, &err), -1);
	assert_int_equal(err.status, EX_OSERR);
	assert_non_null(strstr(err.text, "loopback"));
	oauth_listener_close(&l);
	played.no_v4 = played.no_v6 = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(requests_are_judged),
	    cmocka_unit_test(eight_kilobytes_are_enough),
	    cmocka_unit_test(pages_are_kept_nowhere_and_load_nothing),
	    cmocka_unit_test(others_are_answered_and_the_wait_goes_on),
	    cmocka_unit_test(silent_and_half_said_ones_keep_nobody_out),
	    cmocka_unit_test(who_says_a_megabyte_is_told_and_keeps_nobody_out),
	    cmocka_unit_test(without_descriptors_the_oldest_makes_room),
	    cmocka_unit_test(nobody_comes_until_the_deadline_or_a_signal),
	    cmocka_unit_test(
		it_listens_where_its_redirect_says_and_nowhere_else),
	    cmocka_unit_test(a_port_that_is_half_taken_is_not_used),
	    cmocka_unit_test(without_loopback_there_is_another_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
