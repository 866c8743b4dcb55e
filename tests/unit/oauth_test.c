/* oauth: forms, URLs that are asked, and what servers answer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/http.h"
#include "oauth/form.h"
#include "oauth/server.h"
#include "oauth/token.h"
#include "oauth_testutil.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
#define BAD "HTTP/1.1 400 Bad Request\r\n\r\n"
#define TOKEN "\"access_token\":\"at\",\"token_type\":\"Bearer\""

static const struct wait_limits no_limits;
static const struct http_params http = {
    .wait = &no_limits, .timeout_ms = 20000};

static void
a_form_has_names_and_values(void **state)
{
	static const struct {
		const char *value, *encoded;
	} cases[] = {
	    {"", "a="},
	    {"abcXYZ019-._", "a=abcXYZ019-._"},
	    {"a b&c=d+e/f?", "a=a%20b%26c%3Dd%2Be%2Ff%3F"},
	    {"\xC3\xA9%", "a=%C3%A9%25"},
	    {"\r\n", "a=%0D%0A"},
	};
	struct buf form = {0}, value = BUF_WITH_MAX(100);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&form);
		buf_reset(&value);
		form_add(&form, "a", cases[i].value);
		assert_string_equal(buf_string(&form), cases[i].encoded);
		form_add(&form, "b", "x");
		assert_true(form_find(form.data, form.len, "a", &value));
		assert_string_equal(buf_string(&value), cases[i].value);
	}
	buf_reset(&form);
	buf_puts(&form, "https://x.test/?");
	form_add(&form, "a", "1");
	form_add(&form, "b", "2");
	assert_string_equal(buf_string(&form), "https://x.test/?a=1&b=2");
	buf_clear(&form);
	buf_clear(&value);
}

static void
a_query_has_a_name_once_or_not(void **state)
{
	static const struct {
		const char *query, *value; /* NULL: none */
	} cases[] = {
	    {"", NULL},
	    {"code", NULL},
	    {"code=", ""},
	    {"code=x", "x"},
	    {"a=1&code=x&b=2", "x"},
	    {"xcode=1&code=a+b%20c%2b", "a b c+"},
	    {"code=1&code=1", NULL},
	    {"code=1&&code=2", NULL},
	    {"code=%", NULL},
	    {"code=%4", NULL},
	    {"code=%zz", NULL},
	    {"code=a%00b", NULL},
	    {"code=12345678901", NULL},
	    {"&&code=x&", "x"},
	    {"code=x%26code%3Dy", "x&code=y"},
	};
	struct buf value = BUF_WITH_MAX(10);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&value);
		assert_int_equal(form_find(cases[i].query,
				     strlen(cases[i].query), "code", &value),
		    cases[i].value != NULL);
		if (cases[i].value != NULL)
			assert_string_equal(buf_string(&value), cases[i].value);
	}
	buf_clear(&value);
}

static void
only_HTTPS_and_loopback_are_asked(void **state)
{
	static const struct {
		const char *url;
		bool safe;
	} cases[] = {
	    {"https://x.test", true},
	    {"https://x.test/", true},
	    {"https://x.test:8443/a/b?c=d&e=%20", true},
	    {"https://x.test?c", true},
	    {"HTTPS://X.test/", true},
	    {"https://[2001:db8::1]:443/", true},
	    {"https://192.0.2.1/", true},
	    {"http://127.0.0.1:1234/", true},
	    {"http://127.9.8.7/", true},
	    {"http://[::1]:1/x", true},
	    {"http://localhost/", true},
	    {"http://LOCALHOST:80", true},
	    {"", false},
	    {"x.test", false},
	    {"https:/x.test", false},
	    {"https://", false},
	    {"https:///x", false},
	    {"http://x.test/", false},
	    {"http://localhost.x.test/", false},
	    {"http://127.0.0.1.x.test/", false},
	    {"http://127.0.0.256/", false},
	    {"http://1270.0.0.1/", false},
	    {"http://[::2]/", false},
	    {"http://10.0.0.1/", false},
	    {"ftp://x.test/", false},
	    {"file:///etc/passwd", false},
	    {"https://user@x.test/", false},
	    {"https://user:pw@x.test/", false},
	    {"http://localhost@x.test/", false},
	    {"http://localhost:80@x.test/", false},
	    {"https://x.test/#a", false},
	    {"https://x.test/a b", false},
	    {"https://x.test/\r\nHost: y", false},
	    {"https://x.test\\@y.test/", false},
	    {"https://x_y.test/", false},
	    {"https://-x.test/", false},
	    {"https://.test/", false},
	    {"https://\xC3\xA9.test/", false},
	    {"https://x.test:/", false},
	    {"https://x.test:0/", false},
	    {"https://x.test:65536/", false},
	    {"https://x.test:123456/", false},
	    {"https://x.test:80a/", false},
	    {"https://[::1/", false},
	    {"https://[]/", false},
	};
	struct http_answer answer;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(http_url_is_safe(cases[i].url), cases[i].safe);
		if (cases[i].safe)
			continue;
		assert_int_equal(
		    http_fetch(&http,
			&(struct http_request){.url = cases[i].url}, &answer,
			&err),
		    -1);
		assert_int_equal(err.status, EX_NOPERM);
	}
}

static void
an_answer_is_what_came_with_its_code(void **state)
{
	static const char *const answers[] = {
	    "HTTP/1.1 503 Later\r\nRetry-After: 7\r\nContent-Type: "
	    "Text/HTML; charset=x\r\n\r\n<p>",
	    "HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
	    "HTTP/1.1 302 There\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n\r\n0123456789abcdef",
	    "HTTP/1.1 200 OK\r\n\r\n0123456789abcdefg",
	    "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf",
	    "220 mail.x.test ESMTP\r\n",
	    "",
	    NULL,
	};
	static const struct {
		int code, status;
		bool follow;
	} want[] = {{503, 0, false}, {302, 0, false}, {0, EX_PROTOCOL, true},
	    {200, 0, false}, {0, EX_PROTOCOL, false}, {0, EX_PROTOCOL, false},
	    {0, EX_PROTOCOL, false}, {0, EX_TEMPFAIL, false}};
	struct answering a;
	struct http_request request = {.max = 16};
	struct http_answer answer;
	struct error err;
	size_t i;
	int r;

	(void)state;
	answering_begin(&a, answers, NULL);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		request.url = a.url;
		request.follow = want[i].follow;
		r = http_fetch(&http, &request, &answer, &err);
		assert_int_equal(r, want[i].status == 0 ? 0 : -1);
		if (r == -1) {
			assert_int_equal(err.status, want[i].status);
			assert_memory_equal(err.text, "127.0.0.1: ", 11);
			continue;
		}
		assert_int_equal(answer.code, want[i].code);
		assert_int_equal(answer.retry_after_s, i == 0 ? 7 : -1);
		assert_string_equal(answer.type, i == 0 ? "text/html" : "");
		http_answer_clear(&answer);
	}
	assert_non_null(
	    strstr(buf_string(&a.asked), "Accept: application/json"));
	answering_end(&a);
}

static void
nobody_waits_longer_than_he_may(void **state)
{
	static const char *const answers[] = {NULL};
	volatile sig_atomic_t stop = 0;
	struct wait_limits limits = {0};
	struct http_params params = {.wait = &limits};
	struct answering a;
	struct http_request request = {0};
	struct http_answer answer;
	struct error err;
	int64_t begin;

	(void)state;
	/* It listens, and says nothing. */
	answering_begin(&a, answers, NULL);
	request.url = a.url;
	begin = clock_monotonic_us();
	limits.deadline_us = begin + 50000;
	assert_int_equal(http_fetch(&params, &request, &answer, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_true(clock_monotonic_us() - begin >= 50000);

	limits.deadline_us = 0;
	params.timeout_ms = 50;
	assert_int_equal(http_fetch(&params, &request, &answer, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_string_equal(err.text, "127.0.0.1: no answer in time");

	params.timeout_ms = 0;
	stop = SIGTERM;
	limits.stop = &stop;
	assert_int_equal(http_fetch(&params, &request, &answer, &err), -1);
	assert_int_equal(err.status, EX_SIGNAL + SIGTERM);
	answering_end(&a);
}

/* What the token endpoint said becomes a token, or an error. */
static void
tokens_are_Bearer_tokens_or_errors(void **state)
{
	static const struct {
		const char *answer;
		int status;
		const char *text; /* behind "127.0.0.1: " */
		int64_t lifetime_s;
	} cases[] = {
	    {OK "{" TOKEN ",\"expires_in\":3600}", 0, NULL, 3600},
	    {OK "{" TOKEN "}", 0, NULL, 0},
	    {OK "{" TOKEN ",\"expires_in\":\"3599\"}", 0, NULL, 3599},
	    {OK "{" TOKEN ",\"expires_in\":3599.9}", 0, NULL, 3599},
	    {OK "{" TOKEN ",\"expires_in\":0}", 0, NULL, 1},
	    {OK "{" TOKEN ",\"expires_in\":-5}", 0, NULL, 1},
	    {OK "{" TOKEN ",\"expires_in\":null}", 0, NULL, 0},
	    {OK "{" TOKEN ",\"expires_in\":\"soon\"}", 0, NULL, 0},
	    {OK "{" TOKEN ",\"expires_in\":[]}", 0, NULL, 0},
	    {OK "{" TOKEN ",\"expires_in\":9223372036854775807}", 0, NULL,
		315360000},
	    {OK "{" TOKEN ",\"expires_in\":1e300}", 0, NULL, 315360000},
	    {OK "{\"access_token\":\"at\",\"token_type\":\"bearer\",\"x\":{}}",
		0, NULL, 0},
	    {OK "{\"access_token\":\"at\",\"token_type\":\"mac\"}", EX_PROTOCOL,
		"its token is not of the type Bearer", 0},
	    {OK "{\"access_token\":\"at\"}", EX_PROTOCOL,
		"its token is not of the type Bearer", 0},
	    {OK "{\"token_type\":\"Bearer\"}", EX_PROTOCOL,
		"there is no access token in its answer", 0},
	    {OK "{\"access_token\":\"\",\"token_type\":\"Bearer\"}",
		EX_PROTOCOL, "there is no access token in its answer", 0},
	    {OK "{\"access_token\":\"a b\",\"token_type\":\"Bearer\"}",
		EX_PROTOCOL, "there is no access token in its answer", 0},
	    {OK "{\"access_token\":\"a\\u0001\",\"token_type\":\"Bearer\"}",
		EX_PROTOCOL, "there is no access token in its answer", 0},
	    {OK "{\"access_token\":\"a\\u0000b\",\"token_type\":\"Bearer\"}",
		EX_PROTOCOL, "its answer is no object of JSON", 0},
	    {OK "{\"access_token\":7,\"token_type\":\"Bearer\"}", EX_PROTOCOL,
		"there is no access token in its answer", 0},
	    {OK "{" TOKEN "," TOKEN "}", EX_PROTOCOL,
		"its answer is no object of JSON", 0},
	    {OK "[]", EX_PROTOCOL, "its answer is no object of JSON", 0},
	    {OK "", EX_PROTOCOL, "its answer is no object of JSON", 0},
	    {OK "<html>", EX_PROTOCOL, "its answer is no object of JSON", 0},
	    {OK "{" TOKEN ",\"s\":\"\xFF\"}", EX_PROTOCOL,
		"its answer is no object of JSON", 0},
	    {OK "{" TOKEN "} x", EX_PROTOCOL, "its answer is no object of JSON",
		0},
	    {OK "{\"error\":\"invalid_grant\"}", EX_NOPERM, "invalid_grant", 0},
	    {BAD "{\"error\":\"invalid_grant\",\"error_description\":"
		 "\"gone\\r\\nand more\"}",
		EX_NOPERM, "invalid_grant (gone)", 0},
	    {BAD "{\"error\":\"invalid_grant\",\"error_description\":"
		 "\"\\u001b[2Jrt-secret-1 was used, rt-secret-1\"}",
		EX_NOPERM, "invalid_grant (\\x1B[2J*** was used, ***)", 0},
	    {BAD "{\"error\":\"server_error\"}", EX_TEMPFAIL, "server_error",
		0},
	    {BAD "{\"error\":\"temporarily_unavailable\"}", EX_TEMPFAIL,
		"temporarily_unavailable", 0},
	    {BAD "{" TOKEN "}", EX_PROTOCOL,
		"HTTP status 400, and no error of OAuth", 0},
	    {"HTTP/1.1 503 Later\r\nRetry-After: 9\r\n\r\n<html>", EX_TEMPFAIL,
		"HTTP status 503, and no error of OAuth", 0},
	    {"HTTP/1.1 429 Later\r\n\r\n{\"error\":\"slow\"}", EX_TEMPFAIL,
		"slow", 0},
	    {"HTTP/1.1 500 Oh\r\n\r\n{\"error\":\"oh\"}", EX_TEMPFAIL, "oh", 0},
	    {"HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
		EX_PROTOCOL,
		"HTTP status 307: it sends us elsewhere, which a token "
		"endpoint must not",
		0},
	};
	const char *answers[] = {NULL, NULL};
	const struct oauth_client client = {
	    .id = "app", .secret = {(char *)"hush hush", 9}};
	struct oauth_server server = {0};
	struct oauth_refusal refusal;
	struct oauth_token token;
	struct answering a;
	struct error err;
	struct buf form;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answers[0] = cases[i].answer;
		answering_begin(&a, answers, NULL);
		server.token_endpoint = a.url;
		form = (struct buf){0};
		form_add(&form, "grant_type", "refresh_token");
		form_add(&form, "refresh_token", "rt-secret-1");
		r = oauth_token_ask(
		    &http, &server, &client, &form, &token, &refusal, &err);
		assert_int_equal(r == 0 ? 0 : err.status, cases[i].status);
		if (r == 0) {
			assert_string_equal(token.access.bytes, "at");
			assert_int_equal(token.lifetime_s, cases[i].lifetime_s);
			assert_true(
			    labs((long)(token.obtained_s - time(NULL))) < 20);
			oauth_token_clear(&token);
		} else {
			assert_memory_equal(err.text, "127.0.0.1: ", 11);
			assert_string_equal(err.text + 11, cases[i].text);
			assert_null(token.access.bytes);
		}
		assert_int_equal(refusal.retry_after_s,
		    strstr(cases[i].answer, "Retry-After") != NULL ? 9 : -1);
		assert_non_null(strstr(buf_string(&a.asked),
		    "\r\n\r\ngrant_type=refresh_token&refresh_token="
		    "rt-secret-1&client_id=app&client_secret=hush%20hush"));
		buf_clear(&form);
		answering_end(&a);
	}
}

static void
metadata_are_those_of_the_issuer(void **state)
{
	static const struct {
		const char *head, *body; /* "%" in it: the URL */
		int status;
		const char *text; /* behind the URL */
	} cases[] = {
	    {OK, "{\"issuer\":\"%\",\"token_endpoint\":\"%/t\"}", 0, NULL},
	    {OK, "{\"issuer\":\"%/\",\"token_endpoint\":\"%/t\"}", 0, NULL},
	    {OK, "{\"token_endpoint\":\"%/t\"}", EX_CONFIG,
		": its metadata are those of another issuer"},
	    {OK,
		"{\"issuer\":\"https://evil.test\",\"token_endpoint\":\"%/t\"}",
		EX_CONFIG, ": its metadata are those of another issuer"},
	    {OK, "{\"issuer\":\"%/x\",\"token_endpoint\":\"%/t\"}", EX_CONFIG,
		": its metadata are those of another issuer"},
	    {OK, "{\"issuer\":\"%\"}", EX_CONFIG,
		": it names no token endpoint"},
	    {OK, "{\"issuer\":\"%\",\"token_endpoint\":\"http://x.test/t\"}",
		EX_CONFIG, ": its token_endpoint is no URL of HTTPS"},
	    {OK,
		"{\"issuer\":\"%\",\"token_endpoint\":\"%/t\","
		"\"revocation_endpoint\":\"javascript:1\"}",
		EX_CONFIG, ": its revocation_endpoint is no URL of HTTPS"},
	    {OK,
		"{\"issuer\":\"%\",\"token_endpoint\":\"%/t\","
		"\"code_challenge_methods_supported\":[\"plain\"]}",
		EX_CONFIG, ": it knows no PKCE with S256"},
	    {OK,
		"{\"issuer\":\"%\",\"token_endpoint\":\"%/t\","
		"\"code_challenge_methods_supported\":[\"plain\",\"S256\"]}",
		0, NULL},
	    {"HTTP/1.1 503 Later\r\n\r\n", "", EX_TEMPFAIL,
		"/.well-known/oauth-authorization-server: HTTP status 503"},
	};
	const char *answers[] = {NULL, NULL};
	struct buf text = {0};
	struct arena arena = {0};
	struct oauth_server server;
	struct answering a;
	struct error err;
	const char *s;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&text);
		/* Its thread waits for a connection before it looks. */
		answers[0] = "";
		answering_begin(&a, answers, NULL);
		buf_puts(&text, cases[i].head);
		for (s = cases[i].body; *s != '\0'; s++)
			if (*s == '%')
				buf_puts(&text, a.url);
			else
				buf_putc(&text, *s);
		answers[0] = buf_string(&text);
		server = (struct oauth_server){0};
		r = oauth_discover(&http, a.url, &arena, &server, &err);
		assert_int_equal(r == 0 ? 0 : err.status, cases[i].status);
		if (r == 0) {
			assert_memory_equal(
			    server.token_endpoint, a.url, strlen(a.url));
			assert_memory_equal(
			    server.issuer, a.url, strlen(a.url));
		} else {
			assert_memory_equal(err.text, a.url, strlen(a.url));
			assert_string_equal(
			    err.text + strlen(a.url), cases[i].text);
		}
		answering_end(&a);
	}
	arena_clear(&arena);
	buf_clear(&text);
}

static void
metadata_are_looked_for_in_both_places(void **state)
{
	static const char *const answers[] = {
	    "HTTP/1.1 404 No\r\n\r\n", "HTTP/1.1 404 No\r\n\r\n", NULL};
	struct arena arena = {0};
	struct oauth_server server = {0};
	struct answering a;
	struct error err;
	char issuer[100];

	(void)state;
	answering_begin(&a, answers, NULL);
	snprintf(issuer, sizeof(issuer), "%s/realm/a/", a.url);
	assert_int_equal(
	    oauth_discover(&http, issuer, &arena, &server, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_non_null(strstr(buf_string(&a.asked),
	    "GET /.well-known/oauth-authorization-server/realm/a HTTP"));
	assert_non_null(strstr(buf_string(&a.asked),
	    "GET /realm/a/.well-known/openid-configuration HTTP"));
	answering_end(&a);
	arena_clear(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_form_has_names_and_values),
	    cmocka_unit_test(a_query_has_a_name_once_or_not),
	    cmocka_unit_test(only_HTTPS_and_loopback_are_asked),
	    cmocka_unit_test(an_answer_is_what_came_with_its_code),
	    cmocka_unit_test(nobody_waits_longer_than_he_may),
	    cmocka_unit_test(tokens_are_Bearer_tokens_or_errors),
	    cmocka_unit_test(metadata_are_those_of_the_issuer),
	    cmocka_unit_test(metadata_are_looked_for_in_both_places),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
