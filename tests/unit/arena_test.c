/* arena_test: small pieces and large ones, zeroed, beside one another. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

static const size_t sizes[] = {1, 16, 100, 4000, 4096, 4097, 5000, 100000};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* What the heap gives next was in use before. */
static void
soil_heap(void)
{
	unsigned char *pieces[SIZES];
	size_t i;

	for (i = 0; i < SIZES; i++) {
		pieces[i] = malloc(sizes[i] + 32);
		assert_non_null(pieces[i]);
		memset(pieces[i], 0xa5, sizes[i] + 32);
	}
	for (i = 0; i < SIZES; i++)
		free(pieces[i]);
}

static void
what_is_taken_is_zeroed_and_stays(void **state)
{
	struct arena a = {0};
	unsigned char *pieces[3][SIZES];
	size_t round, i, k;

	(void)state;
	soil_heap();
	for (round = 0; round < 3; round++)
		for (i = 0; i < SIZES; i++) {
			pieces[round][i] = arena_alloc(&a, sizes[i]);
			for (k = 0; k < sizes[i]; k++)
				assert_int_equal(pieces[round][i][k], 0);
			memset(pieces[round][i], (int)(10 * round + i + 1),
			    sizes[i]);
		}
	for (round = 0; round < 3; round++)
		for (i = 0; i < SIZES; i++)
			for (k = 0; k < sizes[i]; k++)
				assert_int_equal(
				    pieces[round][i][k], 10 * round + i + 1);
	arena_clear(&a);
	assert_null(a.newest);
}

static void
a_large_piece_leaves_the_room_that_there_is(void **state)
{
	struct arena a = {0};
	char *first, *next;

	(void)state;
	first = arena_alloc(&a, 16);
	arena_alloc(&a, 1 << 20);
	next = arena_alloc(&a, 16);
	assert_ptr_equal(next, first + 16);
	arena_clear(&a);
}

static void
pieces_are_aligned_for_all_types(void **state)
{
	struct arena a = {0};
	size_t i;

	(void)state;
	for (i = 0; i < SIZES; i++)
		assert_int_equal((uintptr_t)arena_alloc(&a, sizes[i]) %
			_Alignof(max_align_t),
		    0);
	arena_clear(&a);
}

static void
a_text_of_any_length_is_printed(void **state)
{
	struct arena a = {0};
	const int lengths[] = {0, 1, 254, 255, 256, 257, 5000};
	size_t i;
	char *text;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		soil_heap();
		text = arena_printf(&a, "%*s", lengths[i], "");
		assert_int_equal(strlen(text), lengths[i]);
		assert_int_equal(strspn(text, " "), lengths[i]);
	}
	arena_clear(&a);
}

static void
a_copy_of_bytes_ends_with_nul(void **state)
{
	struct arena a = {0};

	(void)state;
	soil_heap();
	assert_memory_equal(arena_memdup(&a, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_strndup(&a, "abc", 2), "ab");
	assert_string_equal(arena_memdup(&a, NULL, 0), "");
	arena_clear(&a);
}

static void
what_was_reset_is_taken_again(void **state)
{
	struct arena a = {0};
	char *first, *again;
	int i;

	(void)state;
	arena_reset(&a);
	first = arena_strdup(&a, "text");
	arena_reset(&a);
	again = arena_alloc(&a, 5);
	assert_ptr_equal(again, first);
	assert_memory_equal(again, "\0\0\0\0", 5);
	for (i = 0; i < 1000; i++)
		(void)arena_alloc(&a, 100);
	(void)arena_alloc(&a, 100000);
	arena_reset(&a);
	(void)arena_alloc(&a, 100000);
	arena_reset(&a);
	arena_clear(&a);
	(void)arena_alloc(&a, 100000);
	arena_reset(&a);
	assert_null(a.newest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_taken_is_zeroed_and_stays),
	    cmocka_unit_test(a_large_piece_leaves_the_room_that_there_is),
	    cmocka_unit_test(pieces_are_aligned_for_all_types),
	    cmocka_unit_test(a_text_of_any_length_is_printed),
	    cmocka_unit_test(a_copy_of_bytes_ends_with_nul),
	    cmocka_unit_test(what_was_reset_is_taken_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
