/* Values that mean the same in another directory. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options/elsewhere.h"

static void
test_what_is_relative_is_found_elsewhere(void **state)
{
	static const struct {
		const char *given, *kept;
	} commands[] = {
	    {"./x", "cd '/' || exit; ./x"},
	    {"bin/x -v", "cd '/' || exit; bin/x -v"},
	    {" ../x", "cd '/' || exit;  ../x"},
	    {"cat ./secret", "cd '/' || exit; cat ./secret"},
	    {"cat ../secret", "cd '/' || exit; cat ../secret"},
	    {"sh -c './x'", "cd '/' || exit; sh -c './x'"},
	    {"x --key=./k", "cd '/' || exit; x --key=./k"},
	    {"echo hi >./log", "cd '/' || exit; echo hi >./log"},
	    {"/bin/x", "/bin/x"},
	    {"~/bin/x", "~/bin/x"},
	    {"$HOME/bin/x", "$HOME/bin/x"},
	    {"pass mail/me", "pass mail/me"},
	    {"/opt/v1./x", "/opt/v1./x"},
	    {"\"$HOME\"/x", "\"$HOME\"/x"},
	    {"", ""},
	};
	struct arena a = {0};
	struct error err;
	const char *kept;
	size_t i;

	(void)state;
	assert_int_equal(chdir("/"), 0);
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		assert_int_equal(
		    elsewhere_command(&a, commands[i].given, &kept, &err), 0);
		assert_string_equal(kept, commands[i].kept);
	}
	assert_int_equal(elsewhere_server(&a, "exec:./x", &kept, &err), 0);
	assert_string_equal(kept, "exec:cd '/' || exit; ./x");
	assert_int_equal(elsewhere_server(&a, "lmtp+exec:./x", &kept, &err), 0);
	assert_string_equal(kept, "lmtp+exec:cd '/' || exit; ./x");
	assert_int_equal(elsewhere_server(&a, "x.test:25", &kept, &err), 0);
	assert_string_equal(kept, "x.test:25");
	arena_clear(&a);
}

static void
test_odd_directories_and_none(void **state)
{
	char base[] = "/tmp/elsewhere.XXXXXX";
	struct arena a = {0};
	struct error err;
	const char *kept;

	(void)state;
	assert_non_null(mkdtemp(base));
	assert_int_equal(chdir(base), 0);
	assert_int_equal(mkdir("it's", 0700), 0);
	assert_int_equal(chdir("it's"), 0);
	assert_int_equal(elsewhere_file(&a, "f", &kept, &err), 0);
	assert_string_equal(kept, arena_printf(&a, "%s/it's/f", base));
	assert_int_equal(elsewhere_command(&a, "./x", &kept, &err), 0);
	assert_string_equal(
	    kept, arena_printf(&a, "cd '%s/it'\\''s' || exit; ./x", base));
	assert_int_equal(rmdir("../it's"), 0);
	assert_int_equal(rmdir(base), 0);
	assert_int_equal(elsewhere_file(&a, "f", &kept, &err), -1);
	assert_int_equal(err.status, EX_OSERR);
	assert_int_equal(elsewhere_command(&a, "./x", &kept, &err), -1);
	assert_int_equal(elsewhere_file(&a, "/f", &kept, &err), 0);
	assert_string_equal(kept, "/f");
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_relative_is_found_elsewhere),
	    cmocka_unit_test(test_odd_directories_and_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
