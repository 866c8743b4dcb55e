/* What options and recipients ask for, as MAIL and RCPT say it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/parameters.h"
#include "lib/xtext.h"
#include "options/options.h"
#include "options/value_envelope.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

enum { WORDS = 8 };
typedef const char *words[WORDS];

/* From the command line to the parameters of MAIL and of each operand. */
struct asked {
	struct settings settings;
	struct parameters parameters;
	struct arena arena;
	struct buf text; /* a line each */
};

/* "KEYWORD=value …"; behind it in parentheses the extension that has no bit, ()
 * where there is none; a question mark: not demanded. */
static void
put(struct buf *out, const struct smtp_parameters *list)
{
	const struct smtp_parameter *p = list->items;
	size_t i;

	for (i = 0; i < list->count; i++, p++) {
		buf_printf(out, "%s%s%s%s%s", i > 0 ? " " : "",
		    p->demanded ? "" : "?", p->keyword,
		    p->value != NULL ? "=" : "",
		    p->value != NULL ? p->value : "");
		if (p->offer != NULL)
			buf_printf(out, "(%s)", p->offer);
		else if (p->extension == 0)
			buf_puts(out, "()");
	}
	buf_putc(out, '\n');
}

static int
recipients(struct asked *a, const char *text, struct error *err)
{
	const struct address_params params = {
	    .what = "--to", .parameters = true};
	struct address_list list = {0};
	struct smtp_parameters of;
	size_t i;

	if (address_parse(&a->arena, text, &params, &list, err) == -1)
		return -1;
	for (i = 0; i < list.count; i++) {
		if (parameters_of(&a->parameters, &list.addresses[i], &a->arena,
			&of, err) == -1)
			return -1;
		put(&a->text, &of);
	}
	return 0;
}

static int
ask(struct asked *a, const char *const *args, struct error *err)
{
	char *argv[WORDS + 2] = {(char *)"smtpsend"}, *none[] = {NULL};
	struct options_origin origin = {
	    .argv = argv, .environ = none, .user_file = "/nonexistent"};
	int argc = 1;
	size_t i;

	*a = (struct asked){0};
	*err = (struct error){0};
	for (; *args != NULL; args++)
		argv[argc++] = (char *)*args;
	origin.argc = argc;
	if (options_read(&origin, &a->settings, err) == -1 ||
	    parameters_read(&a->parameters, &a->settings, &a->arena, err) == -1)
		return -1;
	put(&a->text, &a->parameters.mail);
	for (i = 0; i < a->settings.message.operands.count; i++)
		if (recipients(a, a->settings.message.operands.items[i], err) ==
		    -1)
			return -1;
	return 0;
}

static void
forget(struct asked *a)
{
	buf_clear(&a->text);
	arena_clear(&a->arena);
	settings_clear(&a->settings);
}

static void
what_is_asked_for_goes_out_in_the_words_of_its_rfc(void **state)
{
	static const struct {
		words args;
		const char *mail;
	} cases[] = {
	    {{"--dsn-return=full"}, "RET=FULL"},
	    {{"--dsn-return=hdrs", "--envelope-id=a b+c=d"},
		"RET=HDRS ENVID=a+20b+2Bc+3Dd"},
	    {{"--require-tls"}, "REQUIRETLS"},
	    {{"--require-tls=no"}, ""},
	    {{"--deliver-by=90"}, "BY=90;N"},
	    {{"--deliver-by=2h,return"}, "BY=7200;R"},
	    {{"--deliver-by=1m,TRACE,Notify"}, "BY=60;NT"},
	    {{"--deliver-by=1m,trace"}, "BY=60;NT"},
	    {{"--deliver-by=999999999,return,trace"}, "BY=999999999;RT"},
	    {{"--priority=-9"}, "MT-PRIORITY=-9"},
	    {{"--priority=0"}, "MT-PRIORITY=0"},
	    {{"--hold-for=90m"}, "HOLDFOR=5400"},
	    {{"--hold-for=0"}, ""},
	    {{"--hold-until=2031-03-14T08:00:00+02:00"},
		"HOLDUNTIL=2031-03-14T06:00:00Z"},
	    {{"--hold-until=Fri, 14 Mar 2031 08:00:00 -0130"},
		"HOLDUNTIL=2031-03-14T09:30:00Z"},
	    {{"--mail-auth=<>"}, "AUTH=<>"},
	    {{"--mail-auth=e+f=g@y.test"}, "AUTH=e+2Bf+3Dg@y.test"},
	    {{"--mail-auth=\"a b\"@y.test"}, "AUTH=\"a+20b\"@y.test"},
	    {{"--mail-param=xverp"}, "XVERP(XVERP)"},
	    {{"--mail-param=XVERP=+-"}, "XVERP=+-(XVERP)"},
	    {{"--mail-param=Y:ret=full"}, "RET=full(Y)"},
	    {{"--mail-param=?solicit=org.x:ADV"},
		"?SOLICIT=org.x:ADV(NO-SOLICITING)"},
	    {{"--mail-param=X-EXT:A-B=1", "--mail-param=?:C",
		 "--mail-param=:D=2"},
		"A-B=1(X-EXT) ?C() D=2()"},
	    {{"--mail-param=dsn:x=1"}, "X=1"},
	    {{"--mail-param=RET=FULL"}, "RET=FULL"},
	};
	char wanted[200];
	struct asked a;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		if (ask(&a, cases[i].args, &err) == -1)
			fail_msg("%s: %s", cases[i].args[0], err.text);
		snprintf(wanted, sizeof(wanted), "%s\n", cases[i].mail);
		assert_string_equal(buf_string(&a.text), wanted);
		forget(&a);
	}
}

static void
a_recipient_has_its_own_and_those_of_all(void **state)
{
	static const struct {
		words args;
		const char *rcpt;
	} cases[] = {
	    {{"a@x"}, ""},
	    {{"a@x", "--dsn-notify=never"}, "NOTIFY=NEVER ORCPT=rfc822;a@x"},
	    {{"a@x,b@y", "--dsn-notify=failure,delay"},
		"NOTIFY=FAILURE,DELAY ORCPT=rfc822;a@x\n"
		"NOTIFY=FAILURE,DELAY ORCPT=rfc822;b@y"},
	    {{"a@x;notify=never,b@y", "--dsn-notify=success"},
		"NOTIFY=NEVER ORCPT=rfc822;a@x\n"
		"NOTIFY=SUCCESS ORCPT=rfc822;b@y"},
	    {{"a@x;NOTIFY=delay,success,b@y"},
		"NOTIFY=DELAY,SUCCESS ORCPT=rfc822;a@x\n"},
	    {{"a+b=c@x;notify=never"}, "NOTIFY=NEVER ORCPT=rfc822;a+2Bb+3Dc@x"},
	    {{"\"a;b c\"@x;notify=never"},
		"NOTIFY=NEVER ORCPT=rfc822;\"a;b+20c\"@x"},
	    {{"j\xc3\xbcrg+a@x;notify=never"},
		"NOTIFY=NEVER ORCPT=utf-8;j\\x{FC}rg\\x{2B}a@x"},
	    {{"\xf0\x9f\x98\x80@x;notify=never"},
		"NOTIFY=NEVER ORCPT=utf-8;\\x{1F600}@x"},
	    {{"a@x;orcpt=\"old@z\""}, "ORCPT=rfc822;old@z"},
	    {{"a@x;orcpt=\"x400;/G=a+b/\";notify=never"},
		"ORCPT=x400;/G+3Da+2Bb/ NOTIFY=NEVER"},
	    {{"a@x;orcpt=\"\xc3\xbc@z\""}, "ORCPT=utf-8;\\x{FC}@z"},
	    {{"a@x;orcpt=\"UTF-8;a\\\\b@z\""}, "ORCPT=UTF-8;a\\x{5C}b@z"},
	    {{"a@x;rrvs=2020-02-03T00:00:00+01:00"},
		"RRVS=2020-02-02T23:00:00Z"},
	    {{"a@x;rrvs=\"2020-02-03T00:00:00Z;c\""},
		"RRVS=2020-02-03T00:00:00Z;C"},
	    {{"a@x", "--valid-since=@0;R"}, "RRVS=1970-01-01T00:00:00Z;R"},
	    {{"a@x;x-own=1;Y", "--rcpt-param=x-own=2", "--rcpt-param=?z"},
		"X-OWN=1(X-OWN) Y(Y) ?Z(Z)"},
	    {{"a@x", "--rcpt-param=?notify=NEVER"},
		"?NOTIFY=NEVER ?ORCPT=rfc822;a@x"},
	    {{"a@x", "--rcpt-param=:notify=NEVER"},
		"NOTIFY=NEVER() ORCPT=rfc822;a@x()"},
	    {{"T: a@x, b@y;", "--dsn-notify=never"},
		"NOTIFY=NEVER ORCPT=rfc822;a@x\nNOTIFY=NEVER ORCPT=rfc822;b@y"},
	};
	char wanted[200];
	struct asked a;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		if (ask(&a, cases[i].args, &err) == -1)
			fail_msg("%s: %s", cases[i].args[0], err.text);
		snprintf(wanted, sizeof(wanted), "\n%s\n", cases[i].rcpt);
		assert_string_equal(buf_string(&a.text), wanted);
		forget(&a);
	}
}

static void
what_cannot_be_asked_for_is_named(void **state)
{
	static const struct {
		words args;
		const char *said;
	} cases[] = {
	    {{"--dsn-notify=never,delay"}, "--dsn-notify: 'never,delay' is"},
	    {{"--dsn-notify=delay,delay"}, "--dsn-notify: 'delay,delay' is"},
	    {{"--dsn-notify=delay,"}, "--dsn-notify: 'delay,' is"},
	    {{"--dsn-notify="}, "--dsn-notify: '' is empty"},
	    {{"--dsn-return=head"}, "--dsn-return: 'head' is none of"},
	    {{"--envelope-id=a\nb"}, "--envelope-id: "},
	    {{"--envelope-id=\xc3\xbc"}, "printable ASCII"},
	    {{"--priority=10"}, "-9 to 9"},
	    {{"--priority=-0"}, "-9 to 9"},
	    {{"--priority=+1"}, "-9 to 9"},
	    {{"--priority="}, "-9 to 9"},
	    {{"--deliver-by=0"}, "--deliver-by: '0' is not in whole seconds"},
	    {{"--deliver-by=500ms,notify"}, "whole seconds"},
	    {{"--deliver-by=1000000000"}, "whole seconds"},
	    {{"--deliver-by=-5"}, "is not a time"},
	    {{"--deliver-by=5,"}, "is not a time"},
	    {{"--deliver-by=5,return,notify"}, "is not a time"},
	    {{"--deliver-by=5,trace,trace"}, "is not a time"},
	    {{"--deliver-by=5;R"}, "is not a time"},
	    {{"--hold-for=1500ms"}, "--hold-for: not in whole seconds"},
	    {{"--hold-for=1000000000"}, "--hold-for: not in whole seconds"},
	    {{"--hold-until=2001-01-01T00:00:00Z"},
		"--hold-until: 2001-01-01T00:00:00Z is over"},
	    {{"--hold-until=tomorrow"}, "--hold-until: 'tomorrow': no date"},
	    {{"--hold-until=2031-01-01T00:00:00"}, "no time zone"},
	    {{"--hold-for=5", "--hold-until=@5"}, "cannot be combined with"},
	    {{"--require-tls", "--tls-required=no"}, "cannot be combined with"},
	    {{"--valid-since=@0;X"}, "--valid-since: only ;C or ;R"},
	    {{"--mail-auth=me"}, "--mail-auth: 'me': no '@'"},
	    {{"--mail-auth=\xc3\xbc@x"}, "--mail-auth: the local part"},
	    {{"--mail-auth=a@x, b@x"}, "--mail-auth: "},
	    {{"--mail-param=size=1"}, "--mail-param: SIZE: smtpsend says it"},
	    {{"--mail-param=:BODY=7BIT"}, "--mail-param: BODY: smtpsend says"},
	    {{"--mail-param=SMTPUTF8"}, "--mail-param: SMTPUTF8: smtpsend"},
	    {{"--mail-param=?prdr"}, "--mail-param: PRDR: smtpsend says it"},
	    {{"--mail-param=RequireTLS"}, "REQUIRETLS: --require-tls asks"},
	    {{"--mail-param=NOTIFY=NEVER"}, "(--rcpt-param)"},
	    {{"--rcpt-param=ENVID=1"}, "(--mail-param)"},
	    {{"--rcpt-param=SIZE=1"}, "(--mail-param)"},
	    {{"--mail-param=ENVID=1", "--envelope-id=2"},
		"--mail-param: ENVID: it is given already"},
	    {{"--mail-param=X", "--mail-param=?Y:x=2"},
		"--mail-param: X: it is given already"},
	    {{"--mail-param="}, "is empty"},
	    {{"--mail-param==1"}, "is not KEYWORD"},
	    {{"--mail-param=A="}, "has a value that is empty"},
	    {{"--mail-param=A=b=c"}, "has a value"},
	    {{"--mail-param=A=b c"}, "has a value"},
	    {{"--mail-param=A b"}, "is not KEYWORD"},
	    {{"--mail-param=-A"}, "is not KEYWORD"},
	    {{"--mail-param=A:B:C"}, "is not KEYWORD"},
	    {{"--mail-param=A\r\nRSET"}, "--mail-param: "},
	    {{"--mail-param=A=\xc3\xbc"}, "has a value"},
	    {{"--mail-param=A> NOTIFY=NEVER"}, "is not KEYWORD"},
	    {{"a@x;notify=nver"}, "recipient a@x: notify: 'nver' is neither"},
	    {{"a@x;notify"}, "recipient a@x: notify: needs a value"},
	    {{"a@x;notify=never;NOTIFY=delay"},
		"recipient a@x: NOTIFY: it is given already"},
	    {{"a@x;ret=full"}, "recipient a@x: ret: it belongs to MAIL"},
	    {{"a@x;rrvs=2020"}, "recipient a@x: rrvs: '2020': no date"},
	    {{"a@x;x=\"b c\""}, "recipient a@x: x: 'b c' has a character"},
	    {{"a@x;x=\"\xc3\xbc\""}, "recipient a@x: x: "},
	};
	struct asked a;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		if (ask(&a, cases[i].args, &err) != -1)
			fail_msg("%s is taken", cases[i].args[0]);
		assert_int_equal(err.status, EX_USAGE);
		if (strstr(err.text, cases[i].said) == NULL)
			fail_msg("%s: %s", cases[i].args[0], err.text);
		forget(&a);
	}
}

/* RFC 3461: 100 octets of ENVID, as they go out. */
static void
lengths_are_those_of_what_goes_out(void **state)
{
	char text[VALUE_PARAMETER_MAX + 4];
	struct error err;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[100] = '\0';
	assert_int_equal(value_envelope_id(text, &err), 0);
	text[99] = '+';
	assert_int_equal(value_envelope_id(text, &err), -1);
	text[98] = '\0';
	assert_int_equal(value_envelope_id(text, &err), 0);
	memset(text, 'a', sizeof(text));
	text[VALUE_PARAMETER_MAX] = '\0';
	assert_int_equal(value_esmtp(text, &err), 0);
	text[VALUE_PARAMETER_MAX] = 'a';
	text[VALUE_PARAMETER_MAX + 1] = '\0';
	assert_int_equal(value_esmtp(text, &err), -1);
}

static void
every_octet_is_xtext_or_encoded_as_such(void **state)
{
	struct buf out = {0};
	char text[2] = "", wanted[8];
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		text[0] = (char)c;
		buf_reset(&out);
		assert_int_equal(xtext_encode(&out, text), 0);
		if (c >= 33 && c <= 126 && c != '+' && c != '=')
			snprintf(wanted, sizeof(wanted), "%c", c);
		else
			snprintf(wanted, sizeof(wanted), "+%02X", (unsigned)c);
		assert_string_equal(out.data, wanted);
		buf_reset(&out);
		if (c >= 0x80) {
			assert_int_equal(xtext_encode_utf8(&out, text), -1);
			continue;
		}
		assert_int_equal(xtext_encode_utf8(&out, text), 0);
		if (c <= 32 || c == 127 || strchr("+=\\", c) != NULL)
			snprintf(
			    wanted, sizeof(wanted), "\\x{%02X}", (unsigned)c);
		assert_string_equal(out.data, wanted);
	}
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		what_is_asked_for_goes_out_in_the_words_of_its_rfc),
	    cmocka_unit_test(a_recipient_has_its_own_and_those_of_all),
	    cmocka_unit_test(what_cannot_be_asked_for_is_named),
	    cmocka_unit_test(lengths_are_those_of_what_goes_out),
	    cmocka_unit_test(every_octet_is_xtext_or_encoded_as_such),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
