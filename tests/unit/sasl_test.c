/* Mechanisms, their choice, and base64. */
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

/* RFC 4648 10, and bytes beyond ASCII. */
static const struct {
	const char *bytes, *base64;
} pairs[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
    {"\xff\xfe\xfd", "//79"}, {"\xfb\xef\xbe", "++++"},
    {"Username:", "VXNlcm5hbWU6"}};

static void
base64_is_that_of_rfc_4648(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		struct buf b = {0};

		assert_int_equal(sasl_base64_encode(&b, pairs[i].bytes,
				     strlen(pairs[i].bytes)),
		    0);
		assert_string_equal(buf_string(&b), pairs[i].base64);
		buf_reset(&b);
		assert_int_equal(sasl_base64_decode(&b, pairs[i].base64,
				     strlen(pairs[i].base64)),
		    0);
		assert_string_equal(buf_string(&b), pairs[i].bytes);
		buf_clear(&b);
	}
}

static void
any_bytes_come_back_from_base64(void **state)
{
	unsigned char bytes[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 + 11);
	for (n = 0; n <= sizeof(bytes); n++) {
		struct buf text = {0}, back = {0};

		assert_int_equal(sasl_base64_encode(&text, bytes, n), 0);
		assert_int_equal(text.len, (n + 2) / 3 * 4);
		assert_int_equal(
		    sasl_base64_decode(&back, buf_string(&text), text.len), 0);
		assert_int_equal(back.len, n);
		assert_memory_equal(buf_string(&back), bytes, n);
		buf_clear(&text);
		buf_clear(&back);
	}
}

static void
what_is_not_base64_is_refused(void **state)
{
	static const char *const texts[] = {"A", "AB", "ABC", "ABCDE",
	    "====", "A===", "=AAA", "AA=A", "AAA=AAAA", "Zg==Zg==", "Zm 9v",
	    "Zm9v\n", "Zm9\xff", "Zm-_", "Zm9v Zm9", "*",
	    "Zg=", "\x80\x80\x80\x80"};
	struct buf b = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(texts); i++)
		assert_int_equal(
		    sasl_base64_decode(&b, texts[i], strlen(texts[i])), -1);
	assert_int_equal(sasl_base64_decode(&b, "AA\0A", 4), -1);
	buf_clear(&b);
}

static void
base64_goes_no_further_than_the_maximum(void **state)
{
	struct buf b = BUF_WITH_MAX(7);

	(void)state;
	assert_int_equal(sasl_base64_encode(&b, "abcd", 4), -1);
	assert_int_equal(b.len, 0);
	assert_int_equal(sasl_base64_encode(&b, "abc", 3), 0);
	buf_reset(&b);
	assert_int_equal(sasl_base64_decode(&b, "AAAAAAAAAAAA", 12), -1);
	buf_clear(&b);
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
	    cmocka_unit_test(base64_is_that_of_rfc_4648),
	    cmocka_unit_test(any_bytes_come_back_from_base64),
	    cmocka_unit_test(what_is_not_base64_is_refused),
	    cmocka_unit_test(base64_goes_no_further_than_the_maximum),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
