/* shell_test: what is pasted into a shell is the word that was meant. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "lib/shell.h"

static void
a_word_has_quotes_where_it_needs_them(void **state)
{
	static const struct {
		const char *text, *word;
	} cases[] = {
	    {"/etc/mail/pass", "/etc/mail/pass"},
	    {"~/pass", "'~/pass'"},
	    {"my pass", "'my pass'"},
	    {"it's", "'it'\\''s'"},
	    {"$HOME;`x`", "'$HOME;`x`'"},
	    {"a\\b", "'a\\b'"},
	    {"é", "'é'"},
	    {"", "''"},
	};
	char out[SHELL_WORD_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
		    shell_word(cases[i].text, "TEXT", out), cases[i].word);
}

static void
a_file_is_no_option(void **state)
{
	char out[SHELL_WORD_SIZE];

	(void)state;
	assert_string_equal(shell_file("-rf", out), "./-rf");
	assert_string_equal(shell_file("-r f", out), "./'-r f'");
	assert_string_equal(shell_file("-", out), "-");
	assert_string_equal(shell_file("a-b", out), "a-b");
}

static void
what_would_become_another_word_is_not_shown(void **state)
{
	char text[SHELL_WORD_SIZE + 1], out[SHELL_WORD_SIZE];

	(void)state;
	assert_string_equal(shell_file("a\nb", out), "FILE");
	assert_string_equal(shell_file("a\xff", out), "FILE");
	memset(text, 'x', sizeof(text));
	text[SHELL_WORD_SIZE] = '\0';
	assert_string_equal(shell_word(text, "TEXT", out), "TEXT");
	text[SHELL_WORD_SIZE - 1] = '\0';
	assert_string_equal(shell_word(text, "TEXT", out), text);
	memset(text, '\'', SHELL_WORD_SIZE - 1);
	assert_string_equal(shell_word(text, "TEXT", out), "TEXT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_word_has_quotes_where_it_needs_them),
	    cmocka_unit_test(a_file_is_no_option),
	    cmocka_unit_test(what_would_become_another_word_is_not_shown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
