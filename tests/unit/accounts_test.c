/* accounts: which one a call uses, and what holds in another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options/option.h"
#include "options/options.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct house {
	char dir[64], system_file[96], user_file[96];
	struct settings settings;
	struct error err;
};

static int
set_up(void **state)
{
	struct house *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return -1;
	strcpy(h->dir, "/tmp/accounts_test.XXXXXX");
	if (mkdtemp(h->dir) == NULL) {
		free(h);
		return -1;
	}
	snprintf(h->system_file, sizeof(h->system_file), "%s/system", h->dir);
	snprintf(h->user_file, sizeof(h->user_file), "%s/user", h->dir);
	*state = h;
	return 0;
}

static int
tear_down(void **state)
{
	struct house *h = *state;

	settings_clear(&h->settings);
	unlink(h->system_file);
	unlink(h->user_file);
	rmdir(h->dir);
	free(h);
	return 0;
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_not_equal(fputs(text, f), EOF);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* The words of the call are parted by one blank. */
static int
call(struct house *h, const char *system, const char *user, const char *words)
{
	char *argv[24] = {(char *)"smtpsend"}, *rest, *text;
	struct options_origin o = {
	    .argc = 1,
	    .argv = argv,
	    .system_file = h->system_file,
	    .user_file = h->user_file,
	};
	int r;

	write_file(h->system_file, system);
	write_file(h->user_file, user);
	settings_clear(&h->settings);
	rest = text = strdup(words);
	while (*words != '\0' && (argv[o.argc] = strsep(&rest, " ")) != NULL)
		o.argc++;
	r = options_read(&o, &h->settings, &h->err);
	free(text);
	return r;
}

static void
assert_called(
    struct house *h, const char *system, const char *user, const char *words)
{
	if (call(h, system, user, words) == -1)
		fail_msg("%s: %s", words, h->err.text);
}

static void
assert_fails(struct house *h, const char *user, const char *words, int status,
    const char *text)
{
	if (call(h, "", user, words) != -1)
		fail_msg("should fail: %s", text);
	if (h->err.status != status || strstr(h->err.text, text) == NULL)
		fail_msg("%d '%s' instead of %d '%s'", h->err.status,
		    h->err.text, status, text);
}

static void
the_account_that_names_most_of_an_address_is_its_own(void **state)
{
	static const char user[] = "[account default]\n"
				   "from = me@x.test\n"
				   "[account x]\n"
				   "from = *@x.test\n"
				   "[account lists]\n"
				   "from = Lists <list-*@x.test>\n"
				   "from = old@y.test\n"
				   "[account me]\n"
				   "from = me@x.test\n"
				   "[account below]\n"
				   "from = *@*.x.test\n";
	static const struct {
		const char *words, *account;
	} rows[] = {
	    {"", "default"},
	    {"-f ann@x.test", "x"},
	    {"-f Ann<ann@X.TEST>", "x"},
	    {"-f list-1@x.test", "lists"},
	    {"-f old@y.test", "lists"},
	    {"-f me@x.test", "me"},
	    {"-f ann@a.x.test", "below"},
	    {"-f ann@y.test", "default"},
	    {"-f ann@x.test -A me", "me"},
	};
	struct house *h = *state;
	size_t i;

	for (i = 0; i < LENGTH(rows); i++) {
		assert_called(h, "", user, rows[i].words);
		assert_string_equal(h->settings.account, rows[i].account);
	}
}

static void
the_users_file_goes_before_the_systems_and_an_address_before_a_pattern(
    void **state)
{
	struct house *h = *state;

	assert_called(h, "[account s]\nfrom = *@x.test\n",
	    "[account u]\nfrom = *@x.test\n", "-f ann@x.test");
	assert_string_equal(h->settings.account, "u");
	assert_called(h, "[account s]\nfrom = ann@x.test\n",
	    "[account u]\nfrom = *@x.test\n", "-f ann@x.test");
	assert_string_equal(h->settings.account, "s");
	assert_called(h, "[account s]\nfrom = *n@x.test\n",
	    "[account u]\nfrom = *@x.test\n", "-f ann@x.test");
	assert_string_equal(h->settings.account, "s");
}

static void
two_accounts_for_the_same_address_are_an_error_that_names_both(void **state)
{
	struct house *h = *state;

	assert_fails(h,
	    "[account a]\nfrom = *@x.test\n[account b]\n"
	    "from = Bob <*@X.test>\n",
	    "-f ann@x.test", EX_CONFIG,
	    ":2: from: account 'a' is for the address 'ann@x.test', and so is "
	    "account 'b' (");
	assert_string_equal(
	    h->err.hint, "-A a or -A b (--account) chooses one of them");
	assert_fails(h,
	    "[account a]\nfrom = ann@x.test\n[account b]\n"
	    "from = ann@x.test\n",
	    "-f ann@x.test", EX_CONFIG, "account 'b' (");
	/* As long as nobody has to choose between them. */
	assert_called(h, "",
	    "[account a]\nfrom = ann@x.test\n[account b]\n"
	    "from = ann@x.test\n",
	    "-f ann@x.test -A b");
	assert_called(h, "",
	    "[account a]\nfrom = *@x.test\n[account b]\n"
	    "from = *@x.test\n[account c]\nfrom = ann@x.test\n",
	    "-f ann@x.test");
	assert_string_equal(h->settings.account, "c");
}

static void
no_from_is_made_of_a_pattern(void **state)
{
	struct house *h = *state;
	char *expected;

	assert_called(h, "", "[account a]\nfrom = *@x.test\n", "-A a");
	assert_null(h->settings.message.from);
	assert_true(asprintf(&expected, "*@x.test (%s:2)", h->user_file) > 0);
	assert_string_equal(h->settings.message.from_pattern, expected);
	free(expected);
	assert_called(
	    h, "", "[account a]\nfrom = *@x.test\nfrom = a@y.test\n", "-A a");
	assert_string_equal(h->settings.message.from, "a@y.test");
	assert_null(h->settings.message.from_pattern);
	assert_called(
	    h, "", "[account a]\nfrom = *@x.test\n", "-A a -f a@y.test");
	assert_string_equal(h->settings.message.from, "a@y.test");
}

static void
a_from_from_further_below_counts_where_it_fits_the_pattern(void **state)
{
	struct house *h = *state;

	assert_called(
	    h, "", "from = a@x.test\n[account a]\nfrom = *@x.test\n", "-A a");
	assert_string_equal(h->settings.message.from, "a@x.test");
	assert_called(
	    h, "", "from = a@y.test\n[account a]\nfrom = *@x.test\n", "-A a");
	assert_null(h->settings.message.from);
	assert_non_null(h->settings.message.from_pattern);
	/* The user's own word goes before the system's account. */
	assert_called(
	    h, "[account a]\nfrom = *@x.test\n", "from = a@y.test\n", "-A a");
	assert_string_equal(h->settings.message.from, "a@y.test");
}

static void
a_pattern_belongs_into_an_account(void **state)
{
	struct house *h = *state;

	assert_fails(h, "from = *@x.test\n", "", EX_CONFIG,
	    ":1: from: a pattern chooses an account, and belongs into one");
	assert_called(h, "", "from = \"\\\"*\\\"@x.test\"\n", "");
	assert_string_equal(h->settings.message.from, "\"*\"@x.test");
	assert_called(h, "", "", "-f *@x.test");
	assert_string_equal(h->settings.message.from, "*@x.test");
}

static const char three[] = "tls-pin = "
			    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
			    "[account a]\n"
			    "server = a.test\n"
			    "user = ann\n"
			    "password-command = a\n"
			    "failover = b, c\n"
			    "[account b]\n"
			    "server = b.test\n"
			    "server = b2.test\n"
			    "user = bob\n"
			    "password-file = /b\n"
			    "ehlo-name = b.example\n"
			    "[account c]\n"
			    "server = c.test\n"
			    "tls = off\n"
			    "[account d]\n"
			    "user = dora\n";

static void
other_accounts_have_what_the_configuration_says_of_them(void **state)
{
	struct house *h = *state;
	const struct settings *b;

	assert_called(h, "", three, "-A a");
	assert_int_equal(h->settings.other_count, 2);
	assert_string_equal(h->settings.others[0].name, "b");
	b = h->settings.others[0].settings;
	assert_int_equal(b->server.names.count, 2);
	assert_string_equal(b->server.names.items[0], "b.test");
	assert_string_equal(b->auth.user, "bob");
	assert_null(b->auth.password_command);
	assert_string_equal(b->auth.password_file, "/b");
	assert_string_equal(b->server.ehlo_name, "b.example");
	assert_int_equal(b->server.tls.pins.count, 1);
	assert_null(h->settings.others[1].settings->auth.user);
	assert_int_equal(
	    h->settings.others[1].settings->server.tls.mode, TLS_OFF);
}

static void
what_the_call_says_of_a_server_is_for_none_of_another_account(void **state)
{
	struct house *h = *state;
	const struct settings *b;

	assert_called(h, "", three,
	    "-A a -S z.test --failover b -u zoe --password-file /z "
	    "--auth-in-clear --tls-ca /z --ehlo-name z.example -4 --proxy socks5://p");
	b = h->settings.others[0].settings;
	assert_string_equal(h->settings.server.names.items[0], "z.test");
	assert_string_equal(b->server.names.items[0], "b.test");
	assert_string_equal(b->auth.user, "bob");
	assert_string_equal(b->auth.password_file, "/b");
	assert_false(b->auth.in_clear);
	assert_null(b->server.tls.ca);
	/* But how we get out and who we are is for all. */
	assert_string_equal(b->server.ehlo_name, "z.example");
	assert_true(b->server.ipv4);
	assert_string_equal(b->server.proxy.url, "socks5://p");
	assert_false(b->server.tls.demanded);
	assert_called(h, "", three, "-A a --tls=starttls");
	assert_true(h->settings.others[0].settings->server.tls.demanded);
	assert_int_equal(
	    h->settings.others[0].settings->server.tls.mode, TLS_AUTO);
}

static void
accounts_to_fail_over_to_exist_and_name_a_server(void **state)
{
	struct house *h = *state;

	assert_fails(h, three, "-A a --failover b,x", EX_CONFIG,
	    "--failover: there is no account 'x'");
	assert_fails(h, three, "-A a --failover d", EX_CONFIG,
	    "--failover: account d names no server");
	assert_fails(h, three, "-A b --failover b", EX_USAGE,
	    "--failover: b is the account that is used first");
	assert_called(h, "", three, "-A a --failover=");
	assert_int_equal(h->settings.other_count, 0);
	assert_called(h, "", three, "-A a --failover c,b,c,,");
	assert_int_equal(h->settings.other_count, 2);
	assert_string_equal(h->settings.others[0].name, "c");
	/* One list above all accounts may have each of them. */
	assert_called(h, "",
	    "failover = a,b\n[account a]\nserver = a\n[account b]\nserver = "
	    "b\n",
	    "-A b");
	assert_int_equal(h->settings.other_count, 1);
	assert_string_equal(h->settings.others[0].name, "a");
}

static void
all_accounts_are_listed_each_with_what_is_wrong(void **state)
{
	struct house *h = *state;
	const struct settings_account *a;

	assert_called(h, "[account s]\nserver = s.test\n",
	    "timeout = 3 lightyears\n"
	    "[account a]\n"
	    "server = a.test\n"
	    "srever = b.test\n"
	    "from = Ann <ann@x.test>\n"
	    "from = *@x.test\n"
	    "password-file = /a\n"
	    "password-command = a\n"
	    "[acount b]\n"
	    "server = b.test\n"
	    "[account s]\n"
	    "user = sam\n",
	    "--accounts -f bob@x.test");
	assert_int_equal(h->settings.other_count, 4);
	a = h->settings.others;
	assert_null(a[0].name);
	assert_int_equal(a[0].faults.count, 1);
	assert_non_null(strstr(a[0].faults.items[0], ":1: timeout: "));
	assert_string_equal(a[1].name, "s");
	assert_int_equal(a[1].faults.count, 0);
	assert_string_equal(a[1].settings->auth.user, "sam");
	assert_string_equal(a[2].name, "a");
	assert_true(a[2].used);
	assert_int_equal(a[2].from.count, 2);
	assert_int_equal(a[2].faults.count, 2);
	assert_non_null(
	    strstr(a[2].faults.items[0], ":4: unknown setting 'srever'"));
	assert_non_null(strstr(a[2].faults.items[1],
	    ":8: password-command: cannot be combined with password-file"));
	assert_non_null(strstr(a[3].name, ":9"));
	assert_non_null(strstr(a[3].faults.items[0], "a section is written"));
}

static void
that_none_can_be_chosen_is_told_once_in_the_list(void **state)
{
	static const char user[] = "[account a]\nfrom = *@x.test\n"
				   "[account b]\nfrom = *@x.test\n";
	struct house *h = *state;

	assert_called(h, "", user, "--accounts -f ann@x.test");
	assert_int_equal(h->settings.other_count, 3);
	assert_int_equal(h->settings.others[0].faults.count, 1);
	assert_non_null(
	    strstr(h->settings.others[0].faults.items[0], "account 'b'"));
	assert_int_equal(h->settings.others[1].faults.count, 0);
	assert_called(
	    h, "", "password-file = a\npassword-command = b\n", "--accounts");
	assert_int_equal(h->settings.others[0].faults.count, 1);
}

/* Beside it is the user's table of providers. */
static void
another_account_knows_where_the_files_of_the_user_are(void **state)
{
	struct house *h = *state;

	assert_called(h, "",
	    "[account a]\nserver = a.test\n[account b]\nserver = b.test\n",
	    "-A a --failover b");
	assert_int_equal(h->settings.other_count, 1);
	assert_non_null(h->settings.others[0].settings->user_file);
	assert_string_equal(
	    h->settings.others[0].settings->user_file, h->user_file);
}

static void
a_new_account_has_what_stands_above_and_not_what_is_called_for(void **state)
{
	struct house *h = *state;
	const struct settings *base;

	assert_called(h, "tls-ca = /system\n",
	    "timeout = 9s\nuser = zoe\n[account a]\nuser = ann\n",
	    "--configure me@x.test -S y.test -u bob -A new");
	assert_string_equal(h->settings.account, "new");
	assert_string_equal(h->settings.user_file, h->user_file);
	assert_int_equal(h->settings.other_count, 2);
	base = h->settings.others[0].settings;
	assert_null(h->settings.others[0].name);
	assert_string_equal(base->auth.user, "zoe");
	assert_string_equal(base->server.tls.ca, "/system");
	assert_null(base->server.origin);
	assert_string_equal(h->settings.others[1].name, "a");
	assert_fails(h,
	    "[account a]\npassword-file = /a\npassword-command = b\n",
	    "--configure me@x.test", EX_CONFIG, ":3: password-command: ");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(the_account_that_names_most_of_an_address_is_its_own),
	    TEST(
		the_users_file_goes_before_the_systems_and_an_address_before_a_pattern),
	    TEST(
		two_accounts_for_the_same_address_are_an_error_that_names_both),
	    TEST(no_from_is_made_of_a_pattern),
	    TEST(a_from_from_further_below_counts_where_it_fits_the_pattern),
	    TEST(a_pattern_belongs_into_an_account),
	    TEST(other_accounts_have_what_the_configuration_says_of_them),
	    TEST(what_the_call_says_of_a_server_is_for_none_of_another_account),
	    TEST(accounts_to_fail_over_to_exist_and_name_a_server),
	    TEST(all_accounts_are_listed_each_with_what_is_wrong),
	    TEST(that_none_can_be_chosen_is_told_once_in_the_list),
	    TEST(another_account_knows_where_the_files_of_the_user_are),
	    TEST(
		a_new_account_has_what_stands_above_and_not_what_is_called_for),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
