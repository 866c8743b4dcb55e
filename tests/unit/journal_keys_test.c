/* Millions of keys in 8 bytes each, and little more. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "batch/journal_keys.h"

enum { MANY = 1000000 };

/* The finalizer of MurmurHash3: no two numbers give the same. */
static uint64_t
hash_of(uint64_t n)
{
	n = (n ^ n >> 33) * UINT64_C(0xff51afd7ed558ccd);
	n = (n ^ n >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return n ^ n >> 33;
}

static unsigned
bits_of(uint64_t n)
{
	return 1 + n % 15;
}

static void
a_million_keys_are_found_with_their_bits(void **state)
{
	struct journal_keys keys = {0};
	unsigned wrong = 0;
	uint64_t n;

	(void)state;
	for (n = 0; n < MANY; n++)
		wrong +=
		    journal_keys_change(&keys, hash_of(n), 15, bits_of(n)) != 0;
	for (n = 0; n < MANY; n++)
		wrong += journal_keys_get(&keys, hash_of(n)) != bits_of(n);
	for (n = MANY; n < 2 * MANY; n++)
		wrong += journal_keys_get(&keys, hash_of(n)) != 0;
	assert_int_equal(wrong, 0);
	journal_keys_clear(&keys);
}

static void
a_key_takes_twelve_bytes_at_most_however_many_there_are(void **state)
{
	struct journal_keys keys = {0};
	uint64_t n;

	(void)state;
	for (n = 0; n < MANY; n++) {
		journal_keys_change(&keys, hash_of(n), 0, 1);
		/* A few are no matter. */
		if (n > 100000 && n % 1000 == 0)
			assert_in_range(
			    journal_keys_bytes(&keys), 8 * n, 125 * n / 10);
	}
	assert_in_range(journal_keys_bytes(&keys), 8 * MANY, 12 * MANY);
	journal_keys_clear(&keys);
}

static void
bits_are_taken_away_and_added(void **state)
{
	struct journal_keys keys = {0};

	(void)state;
	assert_int_equal(journal_keys_get(&keys, 0), 0);
	assert_int_equal(journal_keys_change(&keys, 0, 0, 4), 0);
	assert_int_equal(journal_keys_change(&keys, 0, 3, 2), 4);
	assert_int_equal(journal_keys_change(&keys, 0, 3, 1), 6);
	assert_int_equal(journal_keys_get(&keys, 0), 5);
	/* The key is without its last four bits. */
	assert_int_equal(journal_keys_get(&keys, 15), 5);
	assert_int_equal(journal_keys_get(&keys, 16), 0);
	journal_keys_clear(&keys);
}

static void
keys_that_all_want_one_place_are_found(void **state)
{
	struct journal_keys keys = {0};
	uint64_t n;

	(void)state;
	/* The last of a part, so that they go on at its beginning. */
	for (n = 0; n < 1000; n++)
		journal_keys_change(&keys,
		    UINT64_C(0xffffffffff000000) | n << 4, 0, bits_of(n));
	for (n = 0; n < 1000; n++)
		assert_int_equal(journal_keys_get(&keys,
				     UINT64_C(0xffffffffff000000) | n << 4),
		    bits_of(n));
	journal_keys_clear(&keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_million_keys_are_found_with_their_bits),
	    cmocka_unit_test(
		a_key_takes_twelve_bytes_at_most_however_many_there_are),
	    cmocka_unit_test(bits_are_taken_away_and_added),
	    cmocka_unit_test(keys_that_all_want_one_place_are_found),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
