/* What issuers publish, and whom they register. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "lib/http.h"
#include "oauth/server.h"
#include "oauth_testutil.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

static const struct wait_limits no_limits;
static const struct http_params http = {
    .wait = &no_limits, .timeout_ms = 20000};

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

/* What we say of ourselves, and what comes of it. */
static void
a_registered_app_has_an_id(void **state)
{
	static const struct {
		const char *answer;
		int status;
		const char *id, *secret, *text; /* behind the URL */
	} cases[] = {
	    {"HTTP/1.1 201 Created\r\n\r\n{\"client_id\":\"a b\"}", 0, "a b",
		NULL, NULL},
	    {OK "{\"client_id\":\"a\",\"client_secret\":\"s\"}", 0, "a", "s",
		NULL},
	    {OK "{\"client_id\":\"\"}", EX_CONFIG, NULL, NULL,
		": there is no client id in its answer"},
	    {OK "{\"client_id\":\"a\\r\\nb\"}", EX_CONFIG, NULL, NULL,
		": there is no client id in its answer"},
	    {OK "{\"client_id\":7}", EX_CONFIG, NULL, NULL,
		": there is no client id in its answer"},
	    {OK "<html>", EX_CONFIG, NULL, NULL,
		": there is no client id in its answer"},
	    {"HTTP/1.1 403 No\r\n\r\n{\"error\":\"access_denied\","
	     "\"error_description\":\"\\u001b[2J\\nx\"}",
		EX_CONFIG, NULL, NULL, ": access_denied (\\x1B[2J)"},
	    {"HTTP/1.1 503 Later\r\n\r\n", EX_TEMPFAIL, NULL, NULL,
		": HTTP status 503"},
	};
	static const char prefix[] = "the server does not register us: ";
	const char *answers[] = {NULL, NULL}, *text;
	struct oauth_server server = {.scope = "mail offline"};
	struct oauth_client client;
	struct arena arena = {0};
	struct answering a;
	struct error err;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		answers[0] = cases[i].answer;
		answering_begin(&a, answers, NULL);
		server.registration_endpoint = a.url;
		client = (struct oauth_client){0};
		r = oauth_register(&http, &server, &arena, &client, &err);
		assert_int_equal(r == 0 ? 0 : err.status, cases[i].status);
		if (r == 0) {
			assert_string_equal(client.id, cases[i].id);
			assert_int_equal(client.secret.bytes != NULL,
			    cases[i].secret != NULL);
		} else {
			assert_memory_equal(
			    err.text, prefix, sizeof(prefix) - 1);
			text = err.text + sizeof(prefix) - 1;
			assert_memory_equal(text, a.url, strlen(a.url));
			assert_string_equal(
			    text + strlen(a.url), cases[i].text);
		}
		assert_non_null(strstr(buf_string(&a.asked),
		    "\"token_endpoint_auth_method\":\"none\""));
		assert_non_null(
		    strstr(buf_string(&a.asked), "\"scope\":\"mail offline\""));
		secret_clear(&client.secret);
		answering_end(&a);
	}
	arena_clear(&arena);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(metadata_are_those_of_the_issuer),
	    cmocka_unit_test(metadata_are_looked_for_in_both_places),
	    cmocka_unit_test(a_registered_app_has_an_id),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
