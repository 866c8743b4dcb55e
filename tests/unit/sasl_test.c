/* Mechanisms, and their choice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "smtp/sasl.h"

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
	struct sasl *x = sasl_new(m, alice(&c), NULL);

	(void)state;
	assert_false(sasl_is_done(x));
	assert_step(x, "", SASL_DONE, "\0alice\0wonder\0land", 18);
	/* A challenge after the end undoes it. */
	assert_step(x, "", SASL_BAD, NULL, 0);
	sasl_free(x);
	x = sasl_new(m, &c, NULL);
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
	struct sasl *x = sasl_new(m, alice(&c), NULL);

	(void)state;
	assert_step(x, "Username:", SASL_MORE, "alice", 5);
	assert_step(x, "Password:", SASL_DONE, "wonder\0land", 11);
	assert_step(x, "Username:", SASL_BAD, NULL, 0);
	assert_step(x, "", SASL_BAD, NULL, 0);
	sasl_free(x);
	x = sasl_new(m, &c, NULL);
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
	struct sasl *one = sasl_new(m, alice(&c), NULL);
	struct sasl *two = sasl_new(m, &c, NULL);

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
a_secret_too_long_for_the_line_is_an_error(void **state)
{
	struct sasl_credentials c = {.user = "alice"};
	struct buf response = BUF_WITH_MAX(64);
	static char password[100];
	struct sasl *x;
	size_t i, k;

	(void)state;
	memset(password, 'x', sizeof(password));
	secret_set(&c.password, password, sizeof(password));
	for (i = 0; i < sasl_mechanism_count; i++) {
		x = sasl_new(&sasl_mechanisms[i], &c, NULL);
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
	(void)state;
	assert_ptr_equal(sasl_mechanism_choose(ALL, SASL_PASSWORD, NULL, true),
	    &sasl_mechanisms[0]);
	assert_ptr_equal(
	    sasl_mechanism_choose(bit("LOGIN"), SASL_PASSWORD, NULL, true),
	    sasl_mechanism_find("LOGIN"));
	assert_ptr_equal(sasl_mechanism_choose(bit("LOGIN") | bit("PLAIN"),
			     SASL_PASSWORD, NULL, true),
	    sasl_mechanism_find("PLAIN"));
	assert_null(sasl_mechanism_choose(0, SASL_PASSWORD, NULL, true));
}

static void
the_mechanism_that_is_named_is_the_only_one(void **state)
{
	(void)state;
	assert_ptr_equal(
	    sasl_mechanism_choose(ALL, SASL_PASSWORD, "login", true),
	    sasl_mechanism_find("LOGIN"));
	assert_null(
	    sasl_mechanism_choose(bit("PLAIN"), SASL_PASSWORD, "LOGIN", true));
	assert_null(sasl_mechanism_choose(ALL, SASL_PASSWORD, "NOSUCH", true));
}

static void
nothing_that_shows_the_secret_is_chosen_for_a_clear_link(void **state)
{
	const struct sasl_mechanism *m;
	unsigned offered;

	(void)state;
	for (offered = 0; offered < 1U << sasl_mechanism_count; offered++) {
		m = sasl_mechanism_choose(offered, SASL_PASSWORD, NULL, false);
		assert_true(m == NULL || !m->clear_text);
	}
	assert_null(sasl_mechanism_choose(ALL, SASL_PASSWORD, "PLAIN", false));
	assert_null(sasl_mechanism_choose(ALL, SASL_PASSWORD, "LOGIN", false));
	assert_true(sasl_mechanism_find("PLAIN")->clear_text);
	assert_true(sasl_mechanism_find("LOGIN")->clear_text);
}

static void
a_mechanism_is_chosen_for_the_secret_that_is_there(void **state)
{
	static const enum sasl_secret others[] = {
	    SASL_TOKEN, SASL_CERTIFICATE, SASL_TICKET};
	size_t i;

	(void)state;
	for (i = 0; i < sasl_mechanism_count; i++)
		assert_ptr_equal(
		    sasl_mechanism_choose(ALL, sasl_mechanisms[i].secret,
			sasl_mechanisms[i].name, true),
		    &sasl_mechanisms[i]);
	for (i = 0; i < ELEMENTS(others); i++)
		assert_null(
		    sasl_mechanism_choose(ALL, others[i], "PLAIN", true));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_says_all_at_once),
	    cmocka_unit_test(login_answers_two_prompts_and_no_more),
	    cmocka_unit_test(exchanges_know_nothing_of_each_other),
	    cmocka_unit_test(a_secret_too_long_for_the_line_is_an_error),
	    cmocka_unit_test(names_are_found_in_any_case),
	    cmocka_unit_test(the_strongest_that_is_offered_is_chosen),
	    cmocka_unit_test(the_mechanism_that_is_named_is_the_only_one),
	    cmocka_unit_test(
		nothing_that_shows_the_secret_is_chosen_for_a_clear_link),
	    cmocka_unit_test(
		a_mechanism_is_chosen_for_the_secret_that_is_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
