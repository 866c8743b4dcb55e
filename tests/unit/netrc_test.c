/* netrc: which entry is meant, and how its words are read. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/netrc.h"
#include "lib/memory.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* "LOGIN PASSWORD", with "-" for what is not there; "": no entry. */
static void
assert_finds(
    const char *text, const struct netrc_query *query, const char *wanted)
{
	char *copy = memory_strdup(text), got[256] = "";
	struct netrc_entry entry;
	struct error err = {0};
	int r = netrc_find(copy, strlen(text), query, &entry, &err);

	if (r == 1)
		snprintf(got, sizeof(got), "%s %s",
		    entry.login != NULL ? entry.login : "-",
		    entry.password != NULL ? entry.password : "-");
	if (r == -1 || strcmp(got, wanted) != 0)
		fail_msg(
		    "'%s' of '%s', not '%s' %s", got, text, wanted, err.text);
	free(copy);
}

static void
an_ipv6_address_may_stand_in_brackets(void **state)
{
	struct netrc_query query = {.machine = "::1", .port = 25};

	(void)state;
	assert_finds("machine [::1] login me password pw", &query, "me pw");
	assert_finds("machine ::1 login me password pw", &query, "me pw");
	assert_finds("machine [::2] login me password pw", &query, "");
	assert_finds("machine [::1 login me password pw", &query, "");
	query.machine = "h";
	assert_finds("machine [h] login me password pw", &query, "");
}

static void
an_entry_of_another_port_is_told(void **state)
{
	static const struct {
		const char *text;
		unsigned other;
	} cases[] = {
	    {"machine h port 465 login me password pw", 465},
	    {"machine h port submission login me password pw", 587},
	    {"machine h port 465 login you password pw", 0},
	    {"machine h port 465 login me", 0},
	    {"machine x port 465 login me password pw", 0},
	    {"default port 465 login me password pw", 0},
	    {"machine h port nonsense login me password pw", 0},
	};
	unsigned other;
	struct netrc_query query = {.machine = "h",
	    .port = 25,
	    .user = "me",
	    .password = true,
	    .other_port = &other};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		other = 0;
		assert_finds(cases[i].text, &query, "");
		assert_int_equal(other, cases[i].other);
	}
}

static void
words_stand_on_any_lines_in_any_order(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"machine h login me password pw", "me pw"},
	    {"machine h\n\tpassword pw\n\tlogin me\n", "me pw"},
	    {"machine\nh\nlogin\nme\npassword\npw\n", "me pw"},
	    {"machine h\r\nlogin me\r\npassword pw\r\n", "me pw"},
	    {"\xef\xbb\xbfmachine h login me password pw", "me pw"},
	    {"machine H login me account a password pw", "me pw"},
	    {"machine h user me passwd pw", "me pw"},
	    {"machine h protocol smtp login me password pw", "me pw"},
	    {"# machine h login no\nmachine h login me # me password no\n"
	     "password pw",
		"me pw"},
	    {"machine h login me password #pw", "me #pw"},
	    {"machine h login me password p#w", "me p#w"},
	    {"machine h login me password \"p w\"", "me p w"},
	    {"machine h login me password \"p\\\"w\\\\\"", "me p\"w\\"},
	    {"machine h login me password p\\ w\\\"", "me p w\""},
	    {"machine h login me password p\"w", "me p\"w"},
	    {"machine \"h\" login \"\" password \"\"", " "},
	    {"machine h login me password", "me -"},
	    {"machine h login", ""},
	    {"machine h", ""},
	    {"machine", ""},
	    {"", ""},
	    {"login me password pw", ""},
	    {"macdef init\nmachine h login no password no\n\n"
	     "machine h login me password pw",
		"me pw"},
	    {"machine x login no\nmacdef init\ncd /\r\n\r\n"
	     "machine h login me password pw",
		"me pw"},
	    {"macdef init\nmachine h login no password no", ""},
	};
	struct netrc_query query = {.machine = "h", .port = 25};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_finds(cases[i].text, &query, cases[i].wanted);
}

static void
the_first_entry_for_machine_port_and_user_is_meant(void **state)
{
	static const char text[] =
	    "machine other login me password no\n"
	    "machine h port 2525 login me password other-port\n"
	    "machine h port submission login me password named-port\n"
	    "machine h login you password yours\n"
	    "machine h login me password first\n"
	    "machine h login me password second\n"
	    "machine any password anybodys\n"
	    "machine less login me\n"
	    "machine less login me password later\n"
	    "default login me password rest\n";
	static const struct {
		struct netrc_query query;
		const char *wanted;
	} cases[] = {
	    {{"h", 25, "me", false, false}, "me first"},
	    {{"h", 2525, "me", false, false}, "me other-port"},
	    {{"h", 587, "me", false, false}, "me named-port"},
	    {{"h", 25, "you", false, false}, "you yours"},
	    {{"h", 25, NULL, false, false}, "you yours"},
	    {{"h", 25, "Me", false, false}, ""},
	    {{"h.", 25, "me", true, true}, "me rest"},
	    {{"any", 25, "zoe", true, true}, "- anybodys"},
	    {{"any", 25, NULL, false, false}, "me rest"},
	    {{"less", 25, "me", true, false}, "me -"},
	    {{"less", 25, "me", true, true}, "me later"},
	    {{"new", 25, NULL, false, false}, "me rest"},
	    {{"new", 25, "zoe", false, true}, ""},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_finds(text, &cases[i].query, cases[i].wanted);
}

static void
a_default_without_a_login_is_for_nobody_by_itself(void **state)
{
	static const char text[] = "default password pw";
	struct netrc_query query = {.machine = "h", .user = "me"};

	(void)state;
	assert_finds(text, &query, "- pw");
	query.wary = true;
	assert_finds(text, &query, "");
}

static void
what_cannot_be_read_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	    {"machine h\nlogin \"me\npassword pw\"", "line 2: "},
	    {"\n\nmachine \"h", "line 3: "},
	    {"macdef x\na\nb\n\nmachine h\npassword \"", "line 6: "},
	    {"# a\n# b\nmachine h password \"a\\\"", "line 3: "},
	};
	struct netrc_query query = {.machine = "h"};
	struct netrc_entry entry;
	struct error err;
	char *copy;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		copy = memory_strdup(cases[i].text);
		assert_int_equal(
		    netrc_find(copy, strlen(copy), &query, &entry, &err), -1);
		assert_int_equal(err.status, EX_CONFIG);
		if (strncmp(err.text, cases[i].why, strlen(cases[i].why)) != 0)
			fail_msg("%s, not %s", err.text, cases[i].why);
		/* It may hold a secret. */
		assert_null(strstr(err.text, "pw"));
		free(copy);
	}
	copy = memory_strdup("machine h login me password pw");
	copy[10] = '\0';
	assert_int_equal(netrc_find(copy, 30, &query, &entry, &err), -1);
	assert_string_equal(err.text, "there is a NUL byte in it");
	free(copy);
}

/* Every beginning of a text, and every byte of it as another. */
static void
any_bytes_do_no_harm(void **state)
{
	static const char text[] = "machine h login \"m\\\"e\" port 25 # x\n"
				   "macdef m\nx\n\ndefault password p\\ w\n";
	static const char bytes[] = "\"\\#\n\r \xff";
	struct netrc_query query = {.machine = "no"};
	struct netrc_entry entry;
	struct error err;
	size_t i, k;
	char *copy;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		for (k = 0; k < sizeof(bytes); k++) {
			copy = memory_alloc(i + 1);
			memcpy(copy, text, i);
			if (i > 0 && bytes[k] != '\0')
				copy[i / 2] = bytes[k];
			assert_in_range(
			    netrc_find(copy, i, &query, &entry, &err) + 1, 0,
			    2);
			free(copy);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_ipv6_address_may_stand_in_brackets),
	    cmocka_unit_test(an_entry_of_another_port_is_told),
	    cmocka_unit_test(words_stand_on_any_lines_in_any_order),
	    cmocka_unit_test(
		the_first_entry_for_machine_port_and_user_is_meant),
	    cmocka_unit_test(a_default_without_a_login_is_for_nobody_by_itself),
	    cmocka_unit_test(what_cannot_be_read_is_named_with_its_line),
	    cmocka_unit_test(any_bytes_do_no_harm),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
