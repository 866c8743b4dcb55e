/* Mechanisms, and their choice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "sasl/sasl.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

static const unsigned ALL = ~0U;

static unsigned
bit(const char *name)
{
	return sasl_mechanism_bit(sasl_mechanism_find(name));
}

static const struct sasl_credentials *
alice(struct sasl_credentials *c)
{
	*c = (struct sasl_credentials){.user = "alice"};
	secret_set(&c->password, "wonder\0land", 11);
	return c;
}

static struct sasl *
begin(const struct sasl_mechanism *m, const struct sasl_credentials *c)
{
	struct error err;
	struct sasl *x = sasl_new(m, c, NULL, &err);

	assert_non_null(x);
	return x;
}

/* The mechanism for somebody with these secrets, on a link that TLS protects. */
static const struct sasl_mechanism *
choose(unsigned offered, unsigned held, const char *name)
{
	return sasl_mechanism_choose(&(struct sasl_choice){.offered = offered,
	    .held = held,
	    .name = name,
	    .secure = true,
	    .clear_ok = true,
	    .bound = true});
}

static void
assert_step(struct sasl *x, const char *challenge, enum sasl_progress progress,
    const char *expected, size_t n)
{
	struct buf response = BUF_WITH_MAX(1000);

	assert_int_equal(
	    sasl_step(x, challenge, strlen(challenge), &response), progress);
	assert_int_equal(sasl_is_done(x), progress == SASL_DONE);
	if (expected != NULL) {
		assert_int_equal(response.len, n);
		assert_memory_equal(response.data, expected, n);
	}
	buf_clear(&response);
}

static void
plain_says_all_at_once(void **state)
{
	const struct sasl_mechanism *m = sasl_mechanism_find("PLAIN");
	struct sasl_credentials c;
	struct sasl *x = begin(m, alice(&c));

	(void)state;
	assert_false(sasl_is_done(x));
	assert_step(x, "", SASL_DONE, "\0alice\0wonder\0land", 18);
	/* A challenge after the end undoes it. */
	assert_step(x, "", SASL_BAD, NULL, 0);
	sasl_free(x);
	x = begin(m, &c);
	assert_step(x, "what?", SASL_BAD, NULL, 0);
	assert_step(x, "", SASL_BAD, NULL, 0);
	sasl_free(x);
	assert_true(m->client_first);
	secret_clear(&c.password);
}

static void
login_answers_two_prompts_and_no_more(void **state)
{
	const struct sasl_mechanism *m = sasl_mechanism_find("LOGIN");
	struct sasl_credentials c;
	struct sasl *x = begin(m, alice(&c));

	(void)state;
	assert_step(x, "Username:", SASL_MORE, "alice", 5);
	assert_step(x, "Password:", SASL_DONE, "wonder\0land", 11);
	assert_step(x, "Username:", SASL_BAD, NULL, 0);
	assert_step(x, "", SASL_BAD, NULL, 0);
	sasl_free(x);
	x = begin(m, &c);
	assert_step(x, "", SASL_MORE, "alice", 5);
	assert_step(x, "anything", SASL_DONE, "wonder\0land", 11);
	sasl_free(x);
	assert_false(m->client_first);
	secret_clear(&c.password);
}

static void
exchanges_know_nothing_of_each_other(void **state)
{
	const struct sasl_mechanism *m = sasl_mechanism_find("LOGIN");
	struct sasl_credentials c;
	struct sasl *one = begin(m, alice(&c));
	struct sasl *two = begin(m, &c);

	(void)state;
	assert_step(one, "", SASL_MORE, "alice", 5);
	assert_step(two, "", SASL_MORE, "alice", 5);
	assert_step(one, "", SASL_DONE, "wonder\0land", 11);
	assert_false(sasl_is_done(two));
	sasl_free(one);
	assert_step(two, "", SASL_DONE, "wonder\0land", 11);
	sasl_free(two);
	secret_clear(&c.password);
}

static void
a_secret_too_long_for_the_response_is_an_error(void **state)
{
	struct sasl_credentials c = {.user = "alice", .certificate = true};
	struct buf response = BUF_WITH_MAX(64);
	static char secret[100];
	struct sasl *x;
	size_t i, k;

	(void)state;
	memset(secret, 'x', sizeof(secret));
	secret_set(&c.password, secret, sizeof(secret));
	secret_set(&c.token, secret, sizeof(secret));
	for (i = 0; i < sasl_mechanism_count; i++) {
		if (!sasl_mechanisms[i].clear_text)
			continue;
		x = begin(&sasl_mechanisms[i], &c);
		for (k = 0; k < 2 && x->progress == SASL_MORE; k++) {
			buf_reset(&response);
			(void)sasl_step(x, "", 0, &response);
		}
		assert_int_equal(x->progress, SASL_BAD);
		assert_false(sasl_is_done(x));
		sasl_free(x);
	}
	buf_clear(&response);
	secret_clear(&c.password);
	secret_clear(&c.token);
}

static void
names_are_found_in_any_case(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sasl_mechanism_count; i++)
		assert_ptr_equal(sasl_mechanism_find(sasl_mechanisms[i].name),
		    &sasl_mechanisms[i]);
	assert_ptr_equal(
	    sasl_mechanism_find("plain"), sasl_mechanism_find("PLAIN"));
	assert_null(sasl_mechanism_find("PLAI"));
	assert_null(sasl_mechanism_find("XOAUTH"));
	assert_null(sasl_mechanism_find(""));
}

static void
the_strongest_that_is_offered_is_chosen(void **state)
{
	static const struct {
		const char *offered[4];
		unsigned held;
		const char *chosen;
	} cases[] = {
	    {{"LOGIN"}, SASL_PASSWORD, "LOGIN"},
	    {{"LOGIN", "PLAIN"}, SASL_PASSWORD, "PLAIN"},
	    {{"PLAIN", "SCRAM-SHA-1"}, SASL_PASSWORD, "SCRAM-SHA-1"},
	    {{"SCRAM-SHA-1", "SCRAM-SHA-256"}, SASL_PASSWORD, "SCRAM-SHA-256"},
	    {{"SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"}, SASL_PASSWORD,
		"SCRAM-SHA-1-PLUS"},
	    {{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"}, SASL_PASSWORD,
		"SCRAM-SHA-256-PLUS"},
	    {{"SCRAM-SHA-256-PLUS", "XOAUTH2"}, SASL_PASSWORD | SASL_TOKEN,
		"XOAUTH2"},
	    {{"PLAIN", "XOAUTH2"}, SASL_PASSWORD, "PLAIN"},
	    {{"PLAIN", "XOAUTH2"}, SASL_TOKEN | SASL_PASSWORD, "XOAUTH2"},
	    {{"XOAUTH2", "OAUTHBEARER"}, SASL_TOKEN, "OAUTHBEARER"},
	    {{"PLAIN", "LOGIN"}, SASL_TOKEN | SASL_PASSWORD, "PLAIN"},
	    {{"PLAIN", "XOAUTH2", "EXTERNAL"},
		SASL_TOKEN | SASL_CERTIFICATE | SASL_PASSWORD, "EXTERNAL"},
	    {{"PLAIN", "EXTERNAL"}, SASL_PASSWORD, "PLAIN"},
	    {{"PLAIN", "LOGIN"}, SASL_TOKEN, NULL},
	    {{"XOAUTH2", "OAUTHBEARER"}, SASL_PASSWORD, NULL},
	    {{NULL}, SASL_PASSWORD, NULL},
	    /* These want to be named. */
	    {{"CRAM-MD5"}, SASL_PASSWORD, NULL},
	    {{"CRAM-MD5", "LOGIN"}, SASL_PASSWORD, "LOGIN"},
	    {{"GSSAPI"}, SASL_TICKET, NULL},
	};
	const struct sasl_mechanism *expected;
	unsigned offered;
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		offered = 0;
		for (k = 0; k < 4 && cases[i].offered[k] != NULL; k++)
			offered |= bit(cases[i].offered[k]);
		expected = cases[i].chosen != NULL
		    ? sasl_mechanism_find(cases[i].chosen)
		    : NULL;
		assert_ptr_equal(
		    choose(offered, cases[i].held, NULL), expected);
	}
}

static void
the_mechanism_that_is_named_is_the_only_one(void **state)
{
	(void)state;
	assert_ptr_equal(
	    choose(ALL, SASL_PASSWORD, "login"), sasl_mechanism_find("LOGIN"));
	assert_null(choose(bit("PLAIN"), SASL_PASSWORD, "LOGIN"));
	assert_null(choose(ALL, SASL_PASSWORD, "NOSUCH"));
}

static void
nothing_that_shows_the_secret_is_chosen_for_a_clear_link(void **state)
{
	struct sasl_choice c = {.held = ALL};
	const struct sasl_mechanism *m;

	(void)state;
	for (c.offered = 0; c.offered < 1U << sasl_mechanism_count;
	     c.offered++) {
		m = sasl_mechanism_choose(&c);
		assert_true(m == NULL || !m->clear_text);
	}
	c.offered = ALL;
	c.name = "PLAIN";
	assert_null(sasl_mechanism_choose(&c));
	c.name = "XOAUTH2";
	assert_null(sasl_mechanism_choose(&c));
	/* Nor is a certificate of use that TLS has not shown. */
	c = (struct sasl_choice){
	    .offered = ALL, .held = SASL_CERTIFICATE, .clear_ok = true};
	assert_null(sasl_mechanism_choose(&c));
}

static void
what_binds_is_chosen_for_a_channel_that_can_be_bound_to(void **state)
{
	struct sasl_choice c = {.offered = bit("SCRAM-SHA-256-PLUS"),
	    .held = SASL_PASSWORD,
	    .secure = true,
	    .clear_ok = true};

	(void)state;
	assert_null(sasl_mechanism_choose(&c));
	c.name = "SCRAM-SHA-256-PLUS";
	assert_null(sasl_mechanism_choose(&c));
	c.bound = true;
	assert_non_null(sasl_mechanism_choose(&c));
}

static void
a_mechanism_is_chosen_for_the_secret_that_is_there(void **state)
{
	const struct sasl_mechanism *m;
	size_t i;

	(void)state;
	for (i = 0; i < sasl_mechanism_count; i++) {
		m = &sasl_mechanisms[i];
		assert_ptr_equal(choose(ALL, m->secret, m->name), m);
		assert_null(choose(ALL, ALL & ~m->secret, m->name));
	}
}

static void
what_is_held_is_seen_from_the_credentials(void **state)
{
	struct sasl_credentials c = {.user = "alice"};

	(void)state;
	assert_int_equal(sasl_held(&c, NULL), 0);
	assert_int_equal(sasl_held(&c, "EXTERNAL"), SASL_CERTIFICATE);
	assert_int_equal(sasl_held(&c, "PLAIN"), 0);
	assert_int_equal(sasl_held(&c, "GSSAPI"), SASL_TICKET);
	c.certificate = true;
	secret_set(&c.token, "t", 1);
	assert_int_equal(sasl_held(&c, NULL), SASL_CERTIFICATE | SASL_TOKEN);
	secret_set(&c.password, "p", 1);
	assert_int_equal(sasl_held(&c, "PLAIN"),
	    SASL_CERTIFICATE | SASL_TOKEN | SASL_PASSWORD);
	secret_clear(&c.token);
	secret_clear(&c.password);
}

static void
who_gives_away_a_token_does_not_give_away_the_password_instead(void **state)
{
	static const struct {
		const char *mechanism, *as;
		bool safe;
	} cases[] = {
	    {"LOGIN", "PLAIN", true},
	    {"PLAIN", "XOAUTH2", false},
	    {"XOAUTH2", "OAUTHBEARER", true},
	    {"XOAUTH2", "EXTERNAL", false},
	    {"EXTERNAL", "PLAIN", true},
	    {"SCRAM-SHA-256", "PLAIN", true},
	    {"PLAIN", "SCRAM-SHA-256", false},
	    {"SCRAM-SHA-1", "SCRAM-SHA-256", true},
	    {"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", true},
	    {"SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++)
		assert_int_equal(sasl_mechanism_is_as_safe(
				     sasl_mechanism_find(cases[i].mechanism),
				     sasl_mechanism_find(cases[i].as)),
		    cases[i].safe);
}

static void
external_names_whom_to_act_as_or_nobody(void **state)
{
	const struct sasl_mechanism *m = sasl_mechanism_find("EXTERNAL");
	struct sasl_credentials c = {.certificate = true};
	struct sasl *x = begin(m, &c);

	(void)state;
	assert_step(x, "", SASL_DONE, "", 0);
	assert_step(x, "", SASL_BAD, NULL, 0);
	sasl_free(x);
	c.user = "alice";
	x = begin(m, &c);
	assert_step(x, "", SASL_DONE, "alice", 5);
	sasl_free(x);
}

/* RFC 2195 2 */
static void
cram_md5_answers_as_its_rfc_does(void **state)
{
	static const char challenge[] =
	    "<1896.697170952@postoffice.reston.mci.net>";
	static const char expected[] = "tim b913a602c7eda7a495b4e6e7334d3890";
	const struct sasl_mechanism *m = sasl_mechanism_find("CRAM-MD5");
	struct sasl_credentials c = {.user = "tim"};
	struct sasl *x;

	(void)state;
	secret_set(&c.password, "tanstaaftanstaaf", 16);
	x = begin(m, &c);
	assert_step(x, challenge, SASL_DONE, expected, sizeof(expected) - 1);
	assert_step(x, challenge, SASL_BAD, NULL, 0);
	sasl_free(x);
	x = begin(m, &c);
	assert_step(x, "", SASL_BAD, NULL, 0);
	sasl_free(x);
	assert_false(m->client_first);
	secret_clear(&c.password);
}

static void
a_ticket_is_for_a_server_with_a_name(void **state)
{
	struct sasl_credentials c = {.user = "alice"};
	struct error err;

	(void)state;
	assert_null(sasl_new(sasl_mechanism_find("GSSAPI"), &c, NULL, &err));
	assert_int_equal(err.status, EX_CONFIG);
}

/* RFC 7628 4.1 */
static void
oauthbearer_says_what_its_rfc_says(void **state)
{
	static const char expected[] =
	    "n,a=user@example.com,\001host=server.example.com\001port=143\001"
	    "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\001\001";
	static const char odd[] = "n,a==2Cx=3D,\001auth=Bearer t\001\001";
	const struct sasl_mechanism *m = sasl_mechanism_find("OAUTHBEARER");
	struct sasl_credentials c = {.user = "user@example.com",
	    .host = "server.example.com",
	    .port = 143};
	struct sasl *x;

	(void)state;
	secret_set(&c.token, "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
	    strlen("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="));
	x = begin(m, &c);
	assert_step(x, "", SASL_DONE, expected, sizeof(expected) - 1);
	sasl_free(x);
	c.user = ",x=";
	c.host = NULL;
	secret_set(&c.token, "t", 1);
	x = begin(m, &c);
	assert_step(x, "", SASL_DONE, odd, sizeof(odd) - 1);
	sasl_free(x);
	secret_clear(&c.token);
}

static void
xoauth2_says_user_and_token(void **state)
{
	static const char expected[] =
	    "user=someuser@example.com\001auth=Bearer ya29.vF9dft4qmTc2\001\001";
	struct sasl_credentials c = {.user = "someuser@example.com"};
	struct sasl *x;

	(void)state;
	secret_set(&c.token, "ya29.vF9dft4qmTc2", 17);
	x = begin(sasl_mechanism_find("XOAUTH2"), &c);
	assert_step(x, "", SASL_DONE, expected, sizeof(expected) - 1);
	sasl_free(x);
	secret_clear(&c.token);
}

static void
an_oauth_server_says_why_not(void **state)
{
	static const struct {
		const char *challenge, *said;
	} cases[] = {
	    /* RFC 7628 4.2 */
	    {"{\"status\":\"invalid_token\",\"scope\":\"example_scope\","
	     "\"openid-configuration\":\"https://example.com/x\"}",
		"status invalid_token, scope example_scope"},
	    {"{\"status\":\"401\",\"schemes\":\"bearer mac\","
	     "\"scope\":\"https://mail.google.com/\"}",
		"status 401, scope https://mail.google.com/, "
		"schemes bearer mac"},
	    {" { \"status\" : 400 } ", "status 400"},
	    {"{\"a\":{\"status\":\"no\"},\"status\":\"y\\u00e9\\\"s\\n\"}",
		"status y\xc3\xa9\"s\n"},
	    {"{\"scope\":\"status\",\"status\":\"401",
		"status 401, scope status"},
	    {"go away", "go away"},
	    {"", ""},
	};
	static const char *const names[] = {"OAUTHBEARER", "XOAUTH2"};
	struct sasl_credentials c = {.user = "u"};
	struct sasl *x;
	size_t i, k;

	(void)state;
	secret_set(&c.token, "t", 1);
	for (k = 0; k < ELEMENTS(names); k++)
		for (i = 0; i < ELEMENTS(cases); i++) {
			x = begin(sasl_mechanism_find(names[k]), &c);
			assert_step(x, "", SASL_DONE, NULL, 0);
			assert_step(x, cases[i].challenge, SASL_REFUSED,
			    k == 0 ? "\001" : "", k == 0);
			assert_string_equal(sasl_said(x), cases[i].said);
			assert_step(x, "", SASL_BAD, NULL, 0);
			sasl_free(x);
		}
	secret_clear(&c.token);
}

static void
what_no_token_has_in_it_is_not_sent(void **state)
{
	static const char *const bad[] = {
	    "a b", "a\001b", "\001auth=Bearer x", "t\xc3\xa9", "a\x7f", "\t"};
	struct sasl_credentials c = {.user = "u"};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(bad); i++) {
		secret_set(&c.token, bad[i], strlen(bad[i]));
		assert_null(
		    sasl_new(sasl_mechanism_find("XOAUTH2"), &c, NULL, &err));
		assert_int_equal(err.status, EX_CONFIG);
		assert_null(strstr(err.text, bad[i]));
		assert_null(sasl_new(
		    sasl_mechanism_find("OAUTHBEARER"), &c, NULL, &err));
	}
	secret_clear(&c.token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_says_all_at_once),
	    cmocka_unit_test(login_answers_two_prompts_and_no_more),
	    cmocka_unit_test(exchanges_know_nothing_of_each_other),
	    cmocka_unit_test(a_secret_too_long_for_the_response_is_an_error),
	    cmocka_unit_test(names_are_found_in_any_case),
	    cmocka_unit_test(the_strongest_that_is_offered_is_chosen),
	    cmocka_unit_test(the_mechanism_that_is_named_is_the_only_one),
	    cmocka_unit_test(
		nothing_that_shows_the_secret_is_chosen_for_a_clear_link),
	    cmocka_unit_test(
		what_binds_is_chosen_for_a_channel_that_can_be_bound_to),
	    cmocka_unit_test(
		a_mechanism_is_chosen_for_the_secret_that_is_there),
	    cmocka_unit_test(what_is_held_is_seen_from_the_credentials),
	    cmocka_unit_test(
		who_gives_away_a_token_does_not_give_away_the_password_instead),
	    cmocka_unit_test(external_names_whom_to_act_as_or_nobody),
	    cmocka_unit_test(cram_md5_answers_as_its_rfc_does),
	    cmocka_unit_test(a_ticket_is_for_a_server_with_a_name),
	    cmocka_unit_test(oauthbearer_says_what_its_rfc_says),
	    cmocka_unit_test(xoauth2_says_user_and_token),
	    cmocka_unit_test(an_oauth_server_says_why_not),
	    cmocka_unit_test(what_no_token_has_in_it_is_not_sent),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
