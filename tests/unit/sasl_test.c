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

static void
assert_step(const char *name, unsigned round, const char *challenge,
    enum sasl_progress progress, const char *expected, size_t n)
{
	struct sasl_credentials c = {.user = "alice"};
	struct buf response = BUF_WITH_MAX(1000);
	enum sasl_progress r;

	secret_set(&c.password, "wonder\0land", 11);
	r = sasl_mechanism_find(name)->step(
	    &c, round, challenge, strlen(challenge), &response);
	assert_int_equal(r, progress);
	if (expected != NULL) {
		assert_int_equal(response.len, n);
		assert_memory_equal(response.data, expected, n);
	}
	buf_clear(&response);
	secret_clear(&c.password);
}

static void
plain_says_all_at_once(void **state)
{
	(void)state;
	assert_step("PLAIN", 0, "", SASL_DONE, "\0alice\0wonder\0land", 18);
	assert_step("PLAIN", 0, "what?", SASL_BAD, NULL, 0);
	assert_step("PLAIN", 1, "", SASL_BAD, NULL, 0);
	assert_true(sasl_mechanism_find("PLAIN")->client_first);
}

static void
login_answers_two_prompts_and_no_more(void **state)
{
	(void)state;
	assert_step("LOGIN", 0, "Username:", SASL_MORE, "alice", 5);
	assert_step("LOGIN", 0, "", SASL_MORE, "alice", 5);
	assert_step("LOGIN", 1, "Password:", SASL_DONE, "wonder\0land", 11);
	assert_step("LOGIN", 1, "anything", SASL_DONE, "wonder\0land", 11);
	assert_step("LOGIN", 2, "Username:", SASL_BAD, NULL, 0);
	assert_step("LOGIN", 15, "", SASL_BAD, NULL, 0);
	assert_false(sasl_mechanism_find("LOGIN")->client_first);
}

static void
a_secret_too_long_for_the_line_is_an_error(void **state)
{
	struct sasl_credentials c = {.user = "alice"};
	struct buf response = BUF_WITH_MAX(64);
	static char password[100];
	size_t i;

	(void)state;
	memset(password, 'x', sizeof(password));
	secret_set(&c.password, password, sizeof(password));
	assert_int_equal(
	    sasl_mechanism_find("PLAIN")->step(&c, 0, "", 0, &response),
	    SASL_BAD);
	buf_reset(&response);
	for (i = 0; i < 2; i++)
		assert_int_equal(sasl_mechanism_find("LOGIN")->step(
				     &c, (unsigned)i, "", 0, &response),
		    i == 0 ? SASL_MORE : SASL_BAD);
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
	assert_ptr_equal(
	    sasl_mechanism_choose(ALL, NULL, true), &sasl_mechanisms[0]);
	assert_ptr_equal(sasl_mechanism_choose(bit("LOGIN"), NULL, true),
	    sasl_mechanism_find("LOGIN"));
	assert_ptr_equal(
	    sasl_mechanism_choose(bit("LOGIN") | bit("PLAIN"), NULL, true),
	    sasl_mechanism_find("PLAIN"));
	assert_null(sasl_mechanism_choose(0, NULL, true));
}

static void
the_mechanism_that_is_named_is_the_only_one(void **state)
{
	(void)state;
	assert_ptr_equal(sasl_mechanism_choose(ALL, "login", true),
	    sasl_mechanism_find("LOGIN"));
	assert_null(sasl_mechanism_choose(bit("PLAIN"), "LOGIN", true));
	assert_null(sasl_mechanism_choose(ALL, "NOSUCH", true));
}

static void
nothing_that_shows_the_secret_is_chosen_for_a_clear_link(void **state)
{
	const struct sasl_mechanism *m;
	unsigned offered;

	(void)state;
	for (offered = 0; offered < 1U << sasl_mechanism_count; offered++) {
		m = sasl_mechanism_choose(offered, NULL, false);
		assert_true(m == NULL || !m->clear_text);
	}
	assert_null(sasl_mechanism_choose(ALL, "PLAIN", false));
	assert_null(sasl_mechanism_choose(ALL, "LOGIN", false));
	assert_true(sasl_mechanism_find("PLAIN")->clear_text);
	assert_true(sasl_mechanism_find("LOGIN")->clear_text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_says_all_at_once),
	    cmocka_unit_test(login_answers_two_prompts_and_no_more),
	    cmocka_unit_test(a_secret_too_long_for_the_line_is_an_error),
	    cmocka_unit_test(names_are_found_in_any_case),
	    cmocka_unit_test(the_strongest_that_is_offered_is_chosen),
	    cmocka_unit_test(the_mechanism_that_is_named_is_the_only_one),
	    cmocka_unit_test(
		nothing_that_shows_the_secret_is_chosen_for_a_clear_link),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
