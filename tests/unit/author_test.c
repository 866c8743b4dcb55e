/* author: which addresses an account is for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "options/author.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void
an_address_is_itself_whatever_stands_around_it(void **state)
{
	static const struct {
		const char *setting, *address;
		int fit;
	} rows[] = {
	    {"ann@x.test", "ann@x.test", AUTHOR_EXACT},
	    {"Ann <ann@x.test>", "ann@x.test", AUTHOR_EXACT},
	    {"ann@x.test", "\"Ann, at home\" <ann@X.Test>", AUTHOR_EXACT},
	    {" ann@x.test ", "ann@x.test (Ann)", AUTHOR_EXACT},
	    {"ann@x.test", "Ann@x.test", AUTHOR_SAME},
	    {"Ann@X.Test", "ANN@x.test", AUTHOR_SAME},
	    {"\xc3\xa4nn@x.test", "\xc3\x84nn@x.test", 0},
	    {"ann@x.test", "ann@x.test.example", 0},
	    {"ann@x.test", "ann@y.test", 0},
	    {"ann@b\xc3\xbc"
	     "cher.test",
		"ann@xn--bcher-kva.test", AUTHOR_EXACT},
	    {"ann@XN--bcher-KVA.test",
		"ann@B\xc3\x9c"
		"CHER.test",
		AUTHOR_EXACT},
	    {"ann", "ann", AUTHOR_EXACT},
	    {"ann", "bob", 0},
	    {"\"*\"@x.test", "\"*\"@x.test", AUTHOR_EXACT},
	    {"\"*\"@x.test", "ann@x.test", 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++)
		assert_int_equal(
		    author_fit(rows[i].setting, rows[i].address), rows[i].fit);
}

static void
a_pattern_fits_the_better_the_more_it_names(void **state)
{
	static const struct {
		const char *setting, *address;
		int fit;
	} rows[] = {
	    {"*", "ann@x.test", 1},
	    {"*@x.test", "ann@x.test", 8},
	    {"Ann <*@x.test>", "ann@x.test", 8},
	    {"*@X.TEST", "Ann <ann@x.Test>", 8},
	    {"*@x.test", "ann@y.x.test", 0},
	    {"*@*.x.test", "ann@y.x.test", 9},
	    {"*@*.x.test", "ann@x.test", 0},
	    {"*@*x.test", "ann@x.test", 8},
	    {"ann-*@x.test", "ann-lists@x.test", 12},
	    {"ann-*@x.test", "ann-@x.test", 12},
	    {"ann-*@x.test", "Ann-lists@x.test", 12},
	    {"Ann-*@x.test", "ann-lists@x.test", 12},
	    {"a*n*@x.test", "ann@x.test", 10},
	    {"a*nn*@x.test", "an@x.test", 0},
	    {"*@b\xc3\xbc"
	     "cher.test",
		"ann@xn--bcher-kva.test", 20},
	    {"*@*.b\xc3\xbc"
	     "cher.test",
		"ann@a.XN--BCHER-kva.test", 21},
	    {"*@xn--bcher-kva.test",
		"ann@b\xc3\xbc"
		"cher.test",
		20},
	    {"ann@*", "ann@x.test", 5},
	    {"*@x.test*", "ann@x.test", 8},
	    {"**@x.test", "ann@x.test", 8},
	    {"\"*\"*@x.test", "\"*\"y@x.test", 11},
	    {"\"*\"*@x.test", "ann@x.test", 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++)
		assert_int_equal(
		    author_fit(rows[i].setting, rows[i].address), rows[i].fit);
}

static void
only_a_star_outside_of_quotation_marks_makes_a_pattern(void **state)
{
	(void)state;
	assert_true(author_is_pattern("*@x.test"));
	assert_true(author_is_pattern("Ann <*@x.test>"));
	assert_true(author_is_pattern("\"a\\\"\"*@x.test"));
	assert_false(author_is_pattern("ann@x.test"));
	assert_false(author_is_pattern("* Ann * <ann@x.test>"));
	assert_false(author_is_pattern("\"*\"@x.test"));
	assert_false(author_is_pattern("\"a\\\"*\"@x.test"));
	assert_false(author_is_pattern(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_itself_whatever_stands_around_it),
	    cmocka_unit_test(a_pattern_fits_the_better_the_more_it_names),
	    cmocka_unit_test(
		only_a_star_outside_of_quotation_marks_makes_a_pattern),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
