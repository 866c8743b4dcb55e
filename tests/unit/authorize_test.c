/* authorize_test: the address that a browser is sent to, and what it brings. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "oauth/authorize.h"

#define STATE "AAECAwQFBgcICQoLDA0ODw"

/* The state is 0 to 15, the verifier that of RFC 7636 B. */
static const unsigned char octets[OAUTH_RANDOM_OCTETS] = {0, 1, 2, 3, 4, 5, 6,
    7, 8, 9, 10, 11, 12, 13, 14, 15, 116, 24, 223, 180, 151, 153, 224, 37, 79,
    250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191, 240, 91,
    88, 5, 88, 83, 132, 141, 121};

static const struct oauth_server server = {
    .issuer = "https://as.test",
    .authorization_endpoint = "https://as.test/auth",
    .token_endpoint = "https://as.test/token",
    .scope = "smtp offline_access",
};
static const struct oauth_client client = {.id = "an id"};

static void
begin(struct oauth_authorization *a, const struct oauth_server *with,
    const char *login_hint)
{
	const struct oauth_sign_in sign_in = {
	    .server = with, .client = &client, .login_hint = login_hint};
	struct error err;

	assert_int_equal(oauth_authorization_init(a, &sign_in,
			     "http://127.0.0.1:4711/", octets, &err),
	    0);
}

static void
the_address_has_all_that_the_server_needs(void **state)
{
	struct oauth_authorization a;

	(void)state;
	begin(&a, &server, "ann+x@y.test");
	assert_string_equal(
	    a.verifier, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
	assert_string_equal(a.state, STATE);
	assert_string_equal(buf_string(&a.url),
	    "https://as.test/auth?response_type=code&client_id=an%20id"
	    "&redirect_uri=http%3A%2F%2F127.0.0.1%3A4711%2F"
	    "&scope=smtp%20offline_access&state=" STATE
	    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	    "&code_challenge_method=S256&login_hint=ann%2Bx%40y.test");
	oauth_authorization_clear(&a);
}

static void
a_query_of_the_endpoint_is_kept(void **state)
{
	struct oauth_server with = server;
	struct oauth_authorization a;

	(void)state;
	with.authorization_endpoint = "https://as.test/auth?tenant=7";
	with.scope = NULL;
	begin(&a, &with, NULL);
	assert_non_null(
	    strstr(buf_string(&a.url), "/auth?tenant=7&response_type=code&"));
	assert_null(strstr(buf_string(&a.url), "scope="));
	assert_null(strstr(buf_string(&a.url), "login_hint="));
	oauth_authorization_clear(&a);
}

static void
openid_is_asked_for_consent_where_offline_access_needs_it(void **state)
{
	struct oauth_server with = server;
	struct oauth_authorization a;

	(void)state;
	with.scope = "openid offline_access smtp";
	begin(&a, &with, NULL);
	assert_non_null(strstr(buf_string(&a.url), "&prompt=consent&"));
	oauth_authorization_clear(&a);
	with.scope = "openidx offline_access smtp";
	begin(&a, &with, NULL);
	assert_null(strstr(buf_string(&a.url), "prompt="));
	oauth_authorization_clear(&a);
}

static void
without_an_endpoint_or_a_client_nothing_begins(void **state)
{
	struct oauth_server without = server;
	struct oauth_client nobody = {0};
	struct oauth_sign_in sign_in = {.server = &without, .client = &nobody};
	struct oauth_authorization a;
	struct error err;

	(void)state;
	assert_int_equal(
	    oauth_authorization_begin(&a, &sign_in, "http://x/", &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_non_null(strstr(err.text, "client id"));
	oauth_authorization_clear(&a);
	without.authorization_endpoint = NULL;
	assert_int_equal(
	    oauth_authorization_begin(&a, &sign_in, "http://x/", &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_non_null(strstr(err.text, "browser"));
	oauth_authorization_clear(&a);
}

static void
a_browser_is_given_nothing_but_urls(void **state)
{
	struct oauth_server with = server;
	const struct oauth_sign_in sign_in = {
	    .server = &with, .client = &client};
	struct oauth_authorization a;
	struct error err;

	(void)state;
	assert_true(
	    oauth_is_url("https://as.test:8443/a;b/c?d=(e)&f='%20$!#g"));
	assert_true(oauth_is_url("HTTP://[::1]:8080/~x"));
	assert_false(oauth_is_url("file:///etc/passwd"));
	assert_false(oauth_is_url("javascript:alert(1)"));
	assert_false(oauth_is_url("--help"));
	assert_false(oauth_is_url("https://as.test/a b"));
	assert_false(oauth_is_url("https://as.test/a\nb"));
	assert_false(oauth_is_url("https://as.test/\x1b[31m"));
	assert_false(oauth_is_url("https://as.test/`id`"));
	assert_false(oauth_is_url("https://as.test/\xc3\xa4"));
	assert_false(oauth_is_url(""));
	with.authorization_endpoint = "https://as.test/\"x";
	assert_int_equal(
	    oauth_authorization_begin(&a, &sign_in, "http://x/", &err), -1);
	assert_int_equal(err.status, EX_PROTOCOL);
	oauth_authorization_clear(&a);
}

static void
two_sign_ins_share_nothing(void **state)
{
	const struct oauth_sign_in sign_in = {
	    .server = &server, .client = &client};
	struct oauth_authorization a, b;
	struct error err;

	(void)state;
	assert_int_equal(
	    oauth_authorization_begin(&a, &sign_in, "http://x/", &err), 0);
	assert_int_equal(
	    oauth_authorization_begin(&b, &sign_in, "http://x/", &err), 0);
	assert_int_equal(strlen(a.state), 22);
	assert_int_equal(strlen(a.verifier), 43);
	assert_string_not_equal(a.state, b.state);
	assert_string_not_equal(a.verifier, b.verifier);
	oauth_authorization_clear(&a);
	oauth_authorization_clear(&b);
}

/* What a server promises of `iss`, and whether its own is known. */
enum promise { NONE, PROMISED, UNKNOWN };

struct row {
	const char *query;
	enum promise promise;
	int r, status;
	const char *says; /* the code, or what is in the error */
};

static void
judge(const struct row *row)
{
	struct oauth_server with = server;
	struct oauth_authorization a;
	struct oauth_refusal refusal;
	struct buf code = BUF_WITH_MAX(OAUTH_CODE_MAX);
	struct error err = {0};
	int r;

	with.says_issuer = row->promise == PROMISED;
	if (row->promise == UNKNOWN)
		with.issuer = NULL;
	begin(&a, &with, NULL);
	r = oauth_authorization_judge(
	    &a, row->query, strlen(row->query), &code, &refusal, &err);
	if (r != row->r || (r == -1 && err.status != row->status) ||
	    strstr(r == 0 ? buf_string(&code) : err.text, row->says) == NULL)
		fail_msg("%s: %d, %d '%s'", row->query, r, err.status,
		    r == 0 ? buf_string(&code) : err.text);
	buf_clear(&code);
	oauth_authorization_clear(&a);
}

static void
what_comes_back_is_judged(void **state)
{
	static const struct row rows[] = {
	    {"code=c1&state=" STATE, NONE, 0, 0, "c1"},
	    {"state=" STATE "&session_state=7&code=a%2Fb+c&x", NONE, 0, 0,
		"a/b c"},
	    {"code=c1&state=" STATE "&iss=https%3A%2F%2Fas.test", NONE, 0, 0,
		"c1"},
	    {"code=c1&state=" STATE "&iss=https://as.test", PROMISED, 0, 0,
		"c1"},
	    {"code=c1&state=" STATE "&iss=https://as.test", UNKNOWN, 0, 0,
		"c1"},
	    /* of somebody else */
	    {"", NONE, 1, 0, "no state"},
	    {"code=c1", NONE, 1, 0, "no state"},
	    {"code=c1&state=", NONE, 1, 0, "state"},
	    {"code=c1&state=AAECAwQFBgcICQoLDA0ODx", NONE, 1, 0, "not ours"},
	    {"code=c1&state=AAECAwQFBgcICQoLDA0OD", NONE, 1, 0, "not ours"},
	    {"code=c1&state=" STATE "A", NONE, 1, 0, "not ours"},
	    {"code=c1&state=" STATE "%00", NONE, 1, 0, "no state"},
	    {"code=c1&state=" STATE "&state=" STATE, NONE, 1, 0, "no state"},
	    {"error=access_denied", NONE, 1, 0, "no state"},
	    {"error=access_denied&state=x", NONE, 1, 0, "not ours"},
	    {"client_id=x&state=" STATE, NONE, 1, 0, "neither a code"},
	    /* another server's */
	    {"code=c1&state=" STATE, PROMISED, -1, EX_NOPERM, "promises"},
	    {"code=c1&state=" STATE "&iss=", PROMISED, -1, EX_NOPERM,
		"another server"},
	    {"code=c1&state=" STATE "&iss=https://as.test/", NONE, -1,
		EX_NOPERM, "another server, https://as.test/, not"},
	    {"code=c1&state=" STATE "&iss=https://evil.test%1b%0ax", PROMISED,
		-1, EX_NOPERM, "https://evil.test\\x1B, not"},
	    {"code=c1&state=" STATE
	     "&iss=https://as.test&iss=https://evil.test",
		NONE, -1, EX_NOPERM, "which server"},
	    {"code=c1&state=" STATE "&iss=%zz", NONE, -1, EX_NOPERM,
		"which server"},
	    /* no code */
	    {"code=&state=" STATE, NONE, -1, EX_PROTOCOL, "code"},
	    {"code=a%0ab&state=" STATE, NONE, -1, EX_PROTOCOL, "code"},
	    {"code=a%c3%a4&state=" STATE, NONE, -1, EX_PROTOCOL, "code"},
	    {"code=c1&code=c2&state=" STATE, NONE, -1, EX_PROTOCOL, "code"},
	    /* the server's no */
	    {"error=access_denied&error_description=The+user+said+no&state=" STATE,
		NONE, -1, EX_NOPERM, "access_denied (The user said no)"},
	    {"error=access_denied&state=" STATE, PROMISED, -1, EX_NOPERM,
		"access_denied"},
	    {"error=access_denied&state=" STATE "&iss=https://evil.test",
		PROMISED, -1, EX_NOPERM, "another server"},
	    {"error=consent_required&error_description=AADSTS65001:+The+admin"
	     "%0d%0aTrace+ID:+1&state=" STATE,
		NONE, -1, EX_NOPERM,
		"consent_required (AADSTS65001: The admin)"},
	    {"error=a%1b%5b31m&state=" STATE, NONE, -1, EX_NOPERM,
		"a\\x1B[31m"},
	    {"code=c1&error=server_error&state=" STATE, NONE, -1, EX_TEMPFAIL,
		"server_error"},
	    {"error=temporarily_unavailable&state=" STATE, NONE, -1,
		EX_TEMPFAIL, "temporarily_unavailable"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge(&rows[i]);
}

static void
a_long_description_ends_with_a_whole_character(void **state)
{
	struct oauth_authorization a;
	struct oauth_refusal refusal;
	struct buf query = {0}, code = BUF_WITH_MAX(OAUTH_CODE_MAX);
	struct error err;
	size_t i;

	(void)state;
	begin(&a, &server, NULL);
	buf_puts(
	    &query, "state=" STATE "&error=access_denied&error_description=");
	for (i = 0; i < 300; i++)
		buf_puts(&query, "%E2%82%AC");
	assert_int_equal(oauth_authorization_judge(
			     &a, query.data, query.len, &code, &refusal, &err),
	    -1);
	assert_int_equal(strlen(refusal.description), 510);
	buf_clear(&query);
	oauth_authorization_clear(&a);
}

static void
a_code_that_is_too_long_is_none(void **state)
{
	struct oauth_authorization a;
	struct oauth_refusal refusal;
	struct buf query = {0}, code = BUF_WITH_MAX(OAUTH_CODE_MAX);
	struct error err;
	size_t i;

	(void)state;
	begin(&a, &server, NULL);
	buf_puts(&query, "state=" STATE "&code=");
	for (i = 0; i < OAUTH_CODE_MAX + 1; i++)
		buf_putc(&query, 'c');
	assert_int_equal(oauth_authorization_judge(&a, query.data,
			     query.len - 1, &code, &refusal, &err),
	    0);
	assert_int_equal(code.len, OAUTH_CODE_MAX);
	buf_reset(&code);
	assert_int_equal(oauth_authorization_judge(
			     &a, query.data, query.len, &code, &refusal, &err),
	    -1);
	assert_int_equal(err.status, EX_PROTOCOL);
	buf_clear(&query);
	buf_clear(&code);
	oauth_authorization_clear(&a);
}

static void
what_is_pasted_may_be_wrapped_and_quoted(void **state)
{
	static const struct {
		const char *text, *query; /* NULL: there is none */
	} rows[] = {
	    {"http://127.0.0.1:1/?code=a&state=b", "code=a&state=b"},
	    {"  'http://127.0.0.1:1/?code=a&state=b'\r\n", "code=a&state=b"},
	    {"<http://127.0.0.1:1/?code=a&st\n  ate=b>\n", "code=a&state=b"},
	    {"\"127.0.0.1:1/?code=a&state=b#\"", "code=a&state=b"},
	    {"http://localhost:1/?code=a?b&state=b#x=y", "code=a?b&state=b"},
	    {"code=a&state=b", "code=a&state=b"},
	    {"?code=a&state=b", "code=a&state=b"},
	    {"", NULL},
	    {" \n", NULL},
	    {"4/0AVMBsJh", NULL},
	    {"http://127.0.0.1:1/", NULL},
	    {"http://127.0.0.1:1/?", NULL},
	    {"#code=a&state=b", NULL},
	};
	struct buf query = BUF_WITH_MAX(64);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&query);
		if (oauth_authorization_pasted(rows[i].text,
			strlen(rows[i].text),
			&query) != (rows[i].query != NULL) ||
		    (rows[i].query != NULL &&
			strcmp(buf_string(&query), rows[i].query) != 0))
			fail_msg("%s: %s", rows[i].text, buf_string(&query));
	}
	buf_reset(&query);
	assert_false(oauth_authorization_pasted(
	    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff=ghijk",
	    66, &query));
	buf_clear(&query);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_address_has_all_that_the_server_needs),
	    cmocka_unit_test(a_query_of_the_endpoint_is_kept),
	    cmocka_unit_test(
		openid_is_asked_for_consent_where_offline_access_needs_it),
	    cmocka_unit_test(without_an_endpoint_or_a_client_nothing_begins),
	    cmocka_unit_test(a_browser_is_given_nothing_but_urls),
	    cmocka_unit_test(two_sign_ins_share_nothing),
	    cmocka_unit_test(what_comes_back_is_judged),
	    cmocka_unit_test(a_long_description_ends_with_a_whole_character),
	    cmocka_unit_test(a_code_that_is_too_long_is_none),
	    cmocka_unit_test(what_is_pasted_may_be_wrapped_and_quoted),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
