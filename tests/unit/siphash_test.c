/* The hash of tables, beside the figures that its authors give. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "lib/siphash.h"

enum { MAX = 64 };

static void
it_gives_what_its_authors_print(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} rows[] = {
	    {0, UINT64_C(0x726fdb47dd0e0e31)},
	    {1, UINT64_C(0x74f839c593dc67fd)},
	    {7, UINT64_C(0xab0200f58b01d137)},
	    {8, UINT64_C(0x93f5f5799a932462)},
	    {15, UINT64_C(0xa129ca6149be45e5)},
	};
	unsigned char secret[SIPHASH_SECRET], bytes[MAX];
	size_t i;

	(void)state;
	for (i = 0; i < MAX; i++)
		bytes[i] = (unsigned char)i;
	for (i = 0; i < SIPHASH_SECRET; i++)
		secret[i] = (unsigned char)i;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
		    siphash(secret, bytes, rows[i].n), rows[i].hash);
}

static void
each_octet_of_secret_and_text_counts(void **state)
{
	unsigned char secret[SIPHASH_SECRET] = {0}, bytes[MAX] = {0};
	uint64_t hash = siphash(secret, bytes, MAX - 1);
	size_t i;

	(void)state;
	for (i = 0; i < SIPHASH_SECRET; i++) {
		secret[i] ^= 0x80;
		assert_int_not_equal(siphash(secret, bytes, MAX - 1), hash);
		secret[i] ^= 0x80;
	}
	for (i = 0; i < MAX - 1; i++) {
		bytes[i] ^= 0x80;
		assert_int_not_equal(siphash(secret, bytes, MAX - 1), hash);
		bytes[i] ^= 0x80;
	}
	assert_int_not_equal(siphash(secret, bytes, MAX), hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_gives_what_its_authors_print),
	    cmocka_unit_test(each_octet_of_secret_and_text_counts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
