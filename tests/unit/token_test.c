/* What a token endpoint gives, and how its no is shown. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_testutil.h"
#include "lib/printable.h"
#include "oauth/form.h"
#include "oauth/token.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json"
#define BAD "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json"

static struct http_said *said;
static char endpoint[64];
static const struct wait_limits unlimited;
static const struct http_params http = {.wait = &unlimited};
static const struct oauth_server server = {
    .token_endpoint = endpoint, .revocation_endpoint = endpoint};

struct asked {
	struct oauth_token token;
	struct oauth_refusal refusal;
	struct error err;
};

/* With a refresh token that has signs of a form's own, and a secret. */
static int
ask(struct asked *a)
{
	static char hush[] = "h/u+s=h";
	const struct oauth_client client = {
	    .id = "an app", .secret = {hush, sizeof(hush) - 1}};
	struct buf form = BUF_WITH_MAX(0);
	int r;

	memset(a, 0, sizeof(*a));
	form_add(&form, "grant_type", "refresh_token");
	form_add(&form, "refresh_token", "r1/+x&y");
	form_add(&form, "code", "z9");
	r = oauth_token_ask(
	    &http, &server, &client, &form, &a->token, &a->refusal, &a->err);
	buf_clear(&form);
	return r;
}

static void
assert_refused(int status, const char *text)
{
	struct asked a;

	assert_int_equal(ask(&a), -1);
	assert_null(a.token.access.bytes);
	assert_null(a.token.refresh.bytes);
	if (a.err.status != status || strstr(a.err.text, text) == NULL)
		fail_msg("%d %s", a.err.status, a.err.text);
	assert_int_equal(strncmp(a.err.text, "127.0.0.1: ", 11), 0);
}

static void
a_token_comes_for_what_is_asked_with_client_and_secret(void **state)
{
	struct asked a;

	(void)state;
	http_says(said, OK,
	    "{\"access_token\":\"at\",\"token_type\":\"bEARER\",\"expires_in\":"
	    "3599,\"refresh_token\":\"rt\",\"scope\":\"a b\",\"other\":[{}]}");
	assert_int_equal(ask(&a), 0);
	assert_string_equal(a.token.access.bytes, "at");
	assert_string_equal(a.token.refresh.bytes, "rt");
	assert_int_equal(a.token.lifetime_s, 3599);
	assert_string_equal(a.token.scope, "a b");
	assert_true(a.token.obtained_s > 1700000000);
	assert_string_equal(a.refusal.error, "");
	assert_string_equal(strstr(said->heard[0], "\r\n\r\n") + 4,
	    "grant_type=refresh_token&refresh_token=r1%2F%2Bx%26y&code=z9"
	    "&client_id=an%20app&client_secret=h%2Fu%2Bs%3Dh");
	oauth_token_clear(&a.token);
	assert_null(a.token.access.bytes);
}

static void
how_long_it_is_good_is_understood_however_it_is_written(void **state)
{
	static const struct {
		const char *text;
		int64_t s;
	} rows[] = {
	    {"3600", 3600},
	    {"\"3600\"", 3600},
	    {"3599.9", 3599},
	    {"1", 1},
	    /* It has come and gone. */
	    {"0", 1},
	    {"\"0\"", 1},
	    {"-5", 1},
	    {"-1e300", 1},
	    /* Nobody will see the end. */
	    {"9223372036854775807", 315360000},
	    {"99999999999999999999999", 315360000},
	    {"1e300", 315360000},
	    {"\"99999999999999999999999\"", 315360000},
	    /* It does not say. */
	    {"null", 0},
	    {"\"\"", 0},
	    {"\"soon\"", 0},
	    {"\"-5\"", 0},
	    {"\"36OO\"", 0},
	    {"\"0x10\"", 0},
	    {"\"1e300\"", 0},
	    {"[3600]", 0},
	    {"true", 0},
	};
	char body[256];
	struct asked a;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++) {
		snprintf(body, sizeof(body),
		    "{\"access_token\":\"at\",\"token_type\":\"Bearer\","
		    "\"expires_in\":%s}",
		    rows[i].text);
		http_says(said, OK, body);
		if (ask(&a) != 0)
			fail_msg("%s: %s", rows[i].text, a.err.text);
		if (a.token.lifetime_s != rows[i].s)
			fail_msg("%s: %lld", rows[i].text,
			    (long long)a.token.lifetime_s);
		oauth_token_clear(&a.token);
	}
	http_says(
	    said, OK, "{\"access_token\":\"at\",\"token_type\":\"Bearer\"}");
	assert_int_equal(ask(&a), 0);
	assert_int_equal(a.token.lifetime_s, 0);
	assert_null(a.token.refresh.bytes);
	assert_string_equal(a.token.scope, "");
	oauth_token_clear(&a.token);
}

static void
what_is_no_token_is_none(void **state)
{
	static const struct {
		const char *body, *text;
	} rows[] = {
	    {"", "no object of JSON"},
	    {"<!DOCTYPE html><title>Hello</title>", "no object of JSON"},
	    {"[\"access_token\"]", "no object of JSON"},
	    {"\"access_token\"", "no object of JSON"},
	    {"null", "no object of JSON"},
	    {"{\"access_token\":\"at\"", "no object of JSON"},
	    {"{\"access_token\":\"at\",\"access_token\":\"bt\","
	     "\"token_type\":\"Bearer\"}",
		"no object of JSON"},
	    {"{\"access_token\":\"a\xff\xc0\x80\",\"token_type\":\"Bearer\"}",
		"no object of JSON"},
	    {"{\"access_token\":\"a\\u0000b\",\"token_type\":\"Bearer\"}",
		"no object of JSON"},
	    {"{}", "no access token"},
	    {"{\"token_type\":\"Bearer\"}", "no access token"},
	    {"{\"access_token\":7,\"token_type\":\"Bearer\"}",
		"no access token"},
	    {"{\"access_token\":\"\",\"token_type\":\"Bearer\"}",
		"no access token"},
	    {"{\"access_token\":\"a b\",\"token_type\":\"Bearer\"}",
		"no access token"},
	    {"{\"access_token\":\"a\\u0001b\",\"token_type\":\"Bearer\"}",
		"no access token"},
	    {"{\"access_token\":\"a\\r\\nb\",\"token_type\":\"Bearer\"}",
		"no access token"},
	    {"{\"access_token\":\"\\u00e4\",\"token_type\":\"Bearer\"}",
		"no access token"},
	    {"{\"access_token\":\"at\"}", "type Bearer"},
	    {"{\"access_token\":\"at\",\"token_type\":\"mac\"}", "type Bearer"},
	    {"{\"access_token\":\"at\",\"token_type\":[\"Bearer\"]}",
		"type Bearer"},
	};
	static char large[5000000];
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++) {
		http_says(said, OK, rows[i].body);
		assert_refused(EX_PROTOCOL, rows[i].text);
	}
	memset(large, '[', 60000);
	http_says_bytes(said, OK, large, 60000);
	assert_refused(EX_PROTOCOL, "no object of JSON");
	memset(large, 'a', sizeof(large));
	memcpy(large, "{\"access_token\":\"", 17);
	http_says_bytes(said, OK, large, sizeof(large));
	assert_refused(EX_PROTOCOL, "longer");
	/* One that fits into the answer and into no command. */
	memcpy(large + 40000, "\",\"token_type\":\"Bearer\"}", 24);
	http_says_bytes(said, OK, large, 40024);
	assert_refused(EX_PROTOCOL, "no access token");
}

static void
a_no_is_shown_as_the_server_says_it(void **state)
{
	static const struct {
		const char *head, *body;
		int status;
		const char *error, *description, *text;
	} rows[] = {
	    {BAD,
		"{\"error\":\"invalid_grant\",\"error_description\":\"It was "
		"revoked.\\r\\nTrace ID: 1\"}",
		EX_NOPERM, "invalid_grant", "It was revoked.",
		"invalid_grant (It was revoked.)"},
	    {BAD, "{\"error\":\"invalid_client\"}", EX_NOPERM, "invalid_client",
		"", "invalid_client"},
	    /* Slack and others say so with 200. */
	    {OK, "{\"error\":\"invalid_grant\",\"access_token\":\"at\"}",
		EX_NOPERM, "invalid_grant", "", "invalid_grant"},
	    {BAD, "{\"error\":\"temporarily_unavailable\"}", EX_TEMPFAIL,
		"temporarily_unavailable", "", "temporarily_unavailable"},
	    {BAD, "{\"error\":\"server_error\"}", EX_TEMPFAIL, "server_error",
		"", "server_error"},
	    {"HTTP/1.1 503 Busy\r\nRetry-After: 7", "<html>", EX_TEMPFAIL, "",
		"", "HTTP status 503"},
	    {"HTTP/1.1 429 Busy", "", EX_TEMPFAIL, "", "", "HTTP status 429"},
	    {"HTTP/1.1 404 No", "<html>", EX_PROTOCOL, "", "",
		"HTTP status 404"},
	    {"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1/", "", EX_PROTOCOL,
		"", "", "elsewhere"},
	    /* What a terminal would heed. */
	    {BAD,
		"{\"error\":\"a\\u001b[31mb\",\"error_description\":\"\\u0007"
		"\\u009b2J\"}",
		EX_NOPERM, NULL, NULL, ""},
	    {BAD, "{\"error\":[\"invalid_grant\"]}", EX_PROTOCOL, "", "",
		"HTTP status 400"},
	};
	struct asked a;
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++) {
		http_says(said, rows[i].head, rows[i].body);
		assert_refused(rows[i].status, rows[i].text);
		assert_int_equal(ask(&a), -1);
		if (rows[i].error != NULL) {
			assert_string_equal(a.refusal.error, rows[i].error);
			assert_string_equal(
			    a.refusal.description, rows[i].description);
		}
		for (k = 0; a.err.text[k] != '\0'; k++)
			assert_true(a.err.text[k] >= ' ' &&
			    a.err.text[k] != 127 &&
			    (unsigned char)a.err.text[k] != 0x9b);
		assert_int_equal(a.refusal.retry_after_s, i == 5 ? 7 : -1);
		assert_int_equal(said->asked, 2);
	}
}

/* A no is cut between characters where there is no room. */
static void
a_long_no_is_cut(void **state)
{
	struct buf body = BUF_WITH_MAX(0);
	struct asked a;
	size_t i;

	(void)state;
	buf_puts(
	    &body, "{\"error\":\"invalid_grant\",\"error_description\":\"");
	for (i = 0; i < 5000; i++)
		buf_puts(&body, "\xe2\x82\xac");
	buf_puts(&body, "\"}");
	http_says(said, BAD, buf_string(&body));
	assert_int_equal(ask(&a), -1);
	assert_true(strlen(a.refusal.description) > 500);
	assert_true(printable_is_utf8(
	    a.refusal.description, strlen(a.refusal.description)));
	buf_clear(&body);
}

/* As they are, as they are in the form, and in any other form. */
static void
what_was_sent_of_secrets_is_not_shown_again(void **state)
{
	static const char *const secrets[] = {"r1/+x&y", "r1%2F%2Bx%26y",
	    "h/u+s=h", "h%2Fu%2Bs%3Dh", "r1%2f%2bx%26y", "R1/+X&Y",
	    "%72%31%2f%2b%78%26%79", "cjEvK3gmeQ", "72312f2b782679", "r1/ +x&y",
	    "aC91K3M9aA"};
	char body[512];
	struct asked a;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(secrets); i++) {
		snprintf(body, sizeof(body),
		    "{\"error\":\"%s\",\"error_description\":\"no '%s' "
		    "and no '%s'\"}",
		    secrets[i], secrets[i], secrets[i]);
		http_says(said, BAD, body);
		assert_int_equal(ask(&a), -1);
		if (strstr(a.err.text, secrets[i]) != NULL ||
		    strstr(a.refusal.error, secrets[i]) != NULL ||
		    strstr(a.refusal.description, secrets[i]) != NULL)
			fail_msg("%s", a.err.text);
		assert_non_null(strstr(a.refusal.description, "*"));
		assert_non_null(strstr(a.refusal.description, " and no "));
	}
}

/* Nor is what the first line has of one that goes on in the next; and one of two
 * letters where it stands by itself. */
static void
half_a_secret_is_not_shown_again(void **state)
{
	struct asked a;

	(void)state;
	http_says(said, BAD,
	    "{\"error\":\"x\",\"error_description\":\"no r1/+x\\r\\n&y\"}");
	assert_int_equal(ask(&a), -1);
	assert_string_equal(a.refusal.description, "no ***");
	http_says(said, BAD,
	    "{\"error\":\"x\",\"error_description\":\"no z9 and no z99\"}");
	assert_int_equal(ask(&a), -1);
	assert_string_equal(a.refusal.description, "no ** and no z99");
}

static void
a_token_is_revoked_or_the_reason_told(void **state)
{
	static char rt[] = "r t", at[] = "a";
	const struct oauth_server other = {.token_endpoint = endpoint};
	const struct oauth_client client = {.id = "app"};
	const struct oauth_token both = {.access = {at, 1}, .refresh = {rt, 3}},
				 one = {.access = {at, 1}};
	struct error err;

	(void)state;
	http_says(said, OK, "");
	assert_int_equal(oauth_revoke(&http, &server, &client, &both, &err), 0);
	assert_string_equal(strstr(said->heard[0], "\r\n\r\n") + 4,
	    "token=r%20t&token_type_hint=refresh_token&client_id=app");
	assert_int_equal(oauth_revoke(&http, &server, &client, &one, &err), 0);
	assert_string_equal(strstr(said->heard[1], "\r\n\r\n") + 4,
	    "token=a&token_type_hint=access_token&client_id=app");
	http_says(said, "HTTP/1.1 503 Busy", "");
	assert_int_equal(
	    oauth_revoke(&http, &server, &client, &both, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	http_says(said, BAD, "");
	assert_int_equal(
	    oauth_revoke(&http, &server, &client, &both, &err), -1);
	assert_int_equal(err.status, EX_NOPERM);
	assert_int_equal(oauth_revoke(&http, &other, &client, &both, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
}

static void
values_of_a_form_are_found_as_they_were_put(void **state)
{
	static const struct {
		const char *query, *value; /* NULL: there is none */
	} rows[] = {
	    {"code=x", "x"}, {"a=b&code=x&c=d", "x"}, {"code=", ""},
	    {"code=a+b%20c%2Bd", "a b c+d"}, {"code=%c3%A4", "\xc3\xa4"},
	    {"acode=x", NULL}, {"codes=x", NULL}, {"code", NULL}, {"", NULL},
	    {"&&", NULL}, {"code=x&code=x", NULL}, {"code=x&b=c&code=", NULL},
	    {"code=%", NULL}, {"code=%4", NULL}, {"code=%4&b", NULL},
	    {"code=%zz", NULL}, {"code=a%00b", NULL},
	    {"code=123456789", NULL}, /* longer than there is room */
	};
	struct buf b = BUF_WITH_MAX(0), v = BUF_WITH_MAX(8);
	char all[256];
	int c;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++) {
		bool found;

		buf_reset(&v);
		found =
		    form_find(rows[i].query, strlen(rows[i].query), "code", &v);
		if (found != (rows[i].value != NULL) ||
		    (found && strcmp(buf_string(&v), rows[i].value) != 0))
			fail_msg("%s", rows[i].query);
	}
	buf_clear(&v);
	for (c = 1; c < 256; c++)
		all[c - 1] = (char)c;
	all[255] = '\0';
	v = BUF_WITH_MAX(1024);
	buf_puts(&b, "https://id.example/?");
	form_add(&b, "a&=", all);
	form_add(&b, "b", "");
	assert_int_equal(strspn(b.data,
			     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			     "WXYZ0123456789-._*~%&=:/?"),
	    b.len);
	assert_true(form_find(b.data + 20, b.len - 20, "a%26%3D", &v));
	assert_string_equal(buf_string(&v), all);
	buf_clear(&b);
	buf_clear(&v);
}

static int
begin(void **state)
{
	int port;

	(void)state;
	said = http_serve(&port);
	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d/token", port);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	http_stop(said);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_token_comes_for_what_is_asked_with_client_and_secret),
	    cmocka_unit_test(
		how_long_it_is_good_is_understood_however_it_is_written),
	    cmocka_unit_test(what_is_no_token_is_none),
	    cmocka_unit_test(a_no_is_shown_as_the_server_says_it),
	    cmocka_unit_test(a_long_no_is_cut),
	    cmocka_unit_test(what_was_sent_of_secrets_is_not_shown_again),
	    cmocka_unit_test(half_a_secret_is_not_shown_again),
	    cmocka_unit_test(a_token_is_revoked_or_the_reason_told),
	    cmocka_unit_test(values_of_a_form_are_found_as_they_were_put),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
