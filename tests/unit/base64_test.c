/* base64_test: bytes to base64 and back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "lib/base64.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* RFC 4648 10, and bytes beyond ASCII. */
static const struct {
	const char *bytes, *base64;
} pairs[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
    {"\xff\xfe\xfd", "//79"}, {"\xfb\xef\xbe", "++++"},
    {"Username:", "VXNlcm5hbWU6"}};

static void
it_is_that_of_rfc_4648(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		struct buf b = {0};

		assert_int_equal(
		    base64_encode(&b, pairs[i].bytes, strlen(pairs[i].bytes)),
		    0);
		assert_string_equal(buf_string(&b), pairs[i].base64);
		buf_reset(&b);
		assert_int_equal(
		    base64_decode(&b, pairs[i].base64, strlen(pairs[i].base64)),
		    0);
		assert_string_equal(buf_string(&b), pairs[i].bytes);
		buf_clear(&b);
	}
}

static void
any_bytes_come_back(void **state)
{
	unsigned char bytes[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 + 11);
	for (n = 0; n <= sizeof(bytes); n++) {
		struct buf text = {0}, back = {0};

		assert_int_equal(base64_encode(&text, bytes, n), 0);
		assert_int_equal(text.len, (n + 2) / 3 * 4);
		assert_int_equal(
		    base64_decode(&back, buf_string(&text), text.len), 0);
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
		    base64_decode(&b, texts[i], strlen(texts[i])), -1);
	assert_int_equal(base64_decode(&b, "AA\0A", 4), -1);
	buf_clear(&b);
}

static void
it_goes_no_further_than_the_maximum(void **state)
{
	struct buf b = BUF_WITH_MAX(7);

	(void)state;
	assert_int_equal(base64_encode(&b, "abcd", 4), -1);
	assert_int_equal(b.len, 0);
	assert_int_equal(base64_encode(&b, "abc", 3), 0);
	buf_reset(&b);
	assert_int_equal(base64_decode(&b, "AAAAAAAAAAAA", 12), -1);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_is_that_of_rfc_4648),
	    cmocka_unit_test(any_bytes_come_back),
	    cmocka_unit_test(what_is_not_base64_is_refused),
	    cmocka_unit_test(it_goes_no_further_than_the_maximum),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
