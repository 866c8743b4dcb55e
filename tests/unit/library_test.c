/* library_test: a library that is opened at run time, or is not there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/library.h"

struct functions {
	__typeof__(&abs) abs;
	__typeof__(&strlen) strlen;
};

static const struct library_row rows[] = {
    {"strlen", offsetof(struct functions, strlen)},
    {"abs", offsetof(struct functions, abs)},
};

static struct library
libc(void)
{
	return (struct library){
	    .soname = "libc.so.6",
	    .package = "libc (Debian: libc6)",
	    .rows = rows,
	    .row_count = 2,
	};
}

static void
each_row_fills_its_place(void **state)
{
	const struct library library = libc();
	struct functions f = {0};
	struct error err;

	(void)state;
	assert_int_equal(library_open(&library, &f, &err), 0);
	assert_int_equal(f.abs(-3), 3);
	assert_int_equal(f.strlen("four"), 4);
}

static void
the_other_soname_will_do(void **state)
{
	struct library library = libc();
	struct functions f = {0};
	struct error err;

	(void)state;
	library.other = library.soname;
	library.soname = "libnothing.so.1";
	assert_int_equal(library_open(&library, &f, &err), 0);
	assert_int_equal(f.abs(-3), 3);
}

static void
a_library_that_is_not_there_is_named(void **state)
{
	struct library library = libc();
	struct functions f = {0};
	struct error err;

	(void)state;
	library.soname = "libnothing.so.1";
	assert_int_equal(library_open(&library, &f, &err), -1);
	assert_int_equal(err.status, EX_OSERR);
	assert_string_equal(err.text,
	    "the library libnothing.so.1 is needed: libnothing.so.1: cannot "
	    "open shared object file: No such file or directory");
	assert_string_equal(err.hint, "install libc (Debian: libc6)");

	library.other = "libnothing.so.2";
	assert_int_equal(library_open(&library, &f, &err), -1);
	assert_non_null(strstr(err.text,
	    "the library libnothing.so.1 or libnothing.so.2 is needed: "));
}

static void
a_function_that_is_not_there_is_named(void **state)
{
	const struct library_row missing[] = {
	    {"no_such_function", offsetof(struct functions, abs)}};
	struct library library = libc();
	struct functions f = {0};
	struct error err;

	(void)state;
	library.soname = "libnothing.so.1";
	library.other = "libc.so.6";
	library.rows = missing;
	library.row_count = 1;
	assert_int_equal(library_open(&library, &f, &err), -1);
	assert_int_equal(err.status, EX_OSERR);
	assert_string_equal(err.text,
	    "the library libc.so.6 is too old: it has no no_such_function");
	assert_string_equal(err.hint, "install libc (Debian: libc6)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_row_fills_its_place),
	    cmocka_unit_test(the_other_soname_will_do),
	    cmocka_unit_test(a_library_that_is_not_there_is_named),
	    cmocka_unit_test(a_function_that_is_not_there_is_named),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
