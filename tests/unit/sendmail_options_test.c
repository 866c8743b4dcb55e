/* sendmail_options: what stands in the place of smtpsend's options. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "command/sendmail_options.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void
an_option_becomes_what_helps_there(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
	    /* letters */
	    {"--envelope-from ADDRESS says where failures are reported",
		"-f ADDRESS says where failures are reported"},
	    {"--envelope-from 'a b' says it", "-f 'a b' says it"},
	    {"name them as operands or with --to",
		"name them as operands or with -t"},
	    {"use --transcript=FILE, --dsn-notify=never",
		"use -X FILE, -N never"},
	    {"--aliases FILE names it", "-O AliasFile=FILE names it"},
	    /* the configuration */
	    {"--charset NAME says which charset the text is in",
		"'charset = NAME' in /c says which charset the text is in"},
	    {"--repair makes encoded words of it",
		"'repair' in /c makes encoded words of it"},
	    {"--repair --charset NAME makes it",
		"'repair' in /c 'charset = NAME' makes it"},
	    {"give the user with --user", "give the user with 'user' in /c"},
	    {"this port speaks SMTP in clear first: --tls=starttls",
		"this port speaks SMTP in clear first: 'tls = starttls' in /c"},
	    {"--tls-pin sha256//ab= accepts this key and no other",
		"'tls-pin = sha256//ab=' in /c accepts this key and no other"},
	    {"--tls-server-name a.test says so;",
		"'tls-server-name = a.test' in /c says so;"},
	    {"--tls-priority limits what can be agreed on",
		"'tls-priority' in /c limits what can be agreed on"},
	    {"-S HOST (--server) names another one",
		"'server = HOST' in /c names another one"},
	    {"the usual ones: -S smtps://h:1, -S smtp://h",
		"the usual ones: 'server = smtps://h:1' in /c, 'server = "
		"smtp://h'"},
	    {"-S names another one", "'server' in /c names another one"},
	    {"-A NAME (--account) chooses one",
		"'account = NAME' in /c chooses one"},
	    {"or name another one with -S (--server)",
		"or name another one with 'server' in /c"},
	    {"give it as (--user NAME)", "give it as ('user = NAME' in /c)"},
	    /* calls of smtpsend */
	    {"--server-info lists what one offers",
		"smtpsend --server-info lists what one offers"},
	    {"smtpsend --login -A x --user y",
		"smtpsend --login -A x --user y"},
	    {"`smtpsend --explain x`; --user NAME",
		"`smtpsend --explain x`; 'user = NAME' in /c"},
	    /* no options */
	    {"-f says so; --no-such-thing; a--user; - -- --",
		"-f says so; --no-such-thing; a--user; - -- --"},
	    {"chmod -R o-w /etc", "chmod -R o-w /etc"},
	    {"", ""},
	};
	struct buf text = {0}, want = {0}, out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		buf_reset(&text);
		buf_reset(&want);
		buf_reset(&out);
		buf_printf(&text, "mailq: hint: %s\n", cases[i].text);
		buf_printf(&want, "mailq: hint: %s\n", cases[i].told);
		sendmail_options_put(&out, buf_string(&text), text.len, "/c");
		assert_string_equal(buf_string(&out), buf_string(&want));
	}
	buf_clear(&text);
	buf_clear(&want);
	buf_clear(&out);
}

static void
what_others_say_stays(void **state)
{
	static const struct {
		const char *text, *told;
	} cases[] = {
	    {"sendmail: --envelope-from: 'x': no\n", "sendmail: -f: 'x': no\n"},
	    {"sendmail: --transcript: /x: no\n", "sendmail: -X: /x: no\n"},
	    {"sendmail: --charset: no --user\n",
		"sendmail: charset: no --user\n"},
	    {"sendmail: --nothing: no\n", "sendmail: --nothing: no\n"},
	    {"sendmail: h:25: 550 --user: hint: --user\n",
		"sendmail: h:25: 550 --user: hint: --user\n"},
	    {"C: RCPT TO:<--user@x>\n--user\nno end",
		"C: RCPT TO:<--user@x>\n--user\nno end"},
	    {"sendmail: hint: --user\nsendmail: hint: --user\n",
		"sendmail: hint: 'user' in /c\nsendmail: hint: 'user' in /c\n"},
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		buf_reset(&out);
		sendmail_options_put(
		    &out, cases[i].text, strlen(cases[i].text), "/c");
		assert_string_equal(buf_string(&out), cases[i].told);
	}
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_option_becomes_what_helps_there),
	    cmocka_unit_test(what_others_say_stays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
