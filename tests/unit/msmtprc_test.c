/* msmtprc: a configuration of msmtp, as msmtp 1.8.23 takes it apart, as ours. */
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

#include "command/msmtprc_write.h"
#include "options/option.h"
#include "options/options.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

struct import {
	struct arena arena;
	char *text;
	struct buf out, notes;
	struct error err;
	bool has_password;
};

static int
import(struct import *i, const char *text)
{
	struct msmtprc rc;

	*i = (struct import){.text = strdup(text)};
	if (msmtprc_read(
		&rc, &i->arena, i->text, strlen(text), "rc", &i->err) == -1)
		return -1;
	msmtprc_write(&i->out, &i->notes, &rc, "rc", &i->has_password);
	return 0;
}

static void
import_clear(struct import *i)
{
	free(i->text);
	buf_clear(&i->out);
	buf_clear(&i->notes);
	arena_clear(&i->arena);
}

/* What our parser makes of it, for account a. */
static void
assert_read_back(const char *text, struct settings *s)
{
	char dir[] = "/tmp/msmtprc_test.XXXXXX", file[64];
	char *argv[] = {(char *)"smtpsend", (char *)"-A", (char *)"a", NULL};
	char *environment[] = {(char *)"HOME=/home/me", NULL};
	struct options_origin o = {
	    .argc = 3, .argv = argv, .environ = environment, .user_file = file};
	struct error err;
	FILE *f;
	int r;

	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/config", dir);
	f = fopen(file, "w");
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	r = options_read(&o, s, &err);
	unlink(file);
	rmdir(dir);
	if (r == -1)
		fail_msg("%s\n%s", err.text, text);
}

/* One account, called a, with a host. */
static void
each_command_has_the_setting_that_does_the_same(void **state)
{
	static const struct {
		const char *commands, *settings;
	} rows[] = {
	    {"", "server = h\n"},
	    {"port 2525", "server = h:2525\n"},
	    {"host ::1\nport 25", "server = [::1]:25\n"},
	    {"protocol lmtp\nport 24", "server = lmtp://h:24\n"},
	    {"socket /run/x", "server = unix:/run/x\n"},
	    {"socket /run/x\nprotocol lmtp", "server = lmtp+unix:/run/x\n"},
	    {"tls on", "server = h\ntls = starttls\n"},
	    {"tls", "server = h\ntls = starttls\n"},
	    {"tls on\ntls_starttls off", "server = h\ntls = implicit\n"},
	    {"tls off", "server = h\ntls = off\n"},
	    {"tls on\ntls_trust_file system", "server = h\ntls = starttls\n"},
	    {"tls on\ntls_trust_file ~/ca.pem",
		"server = h\ntls = starttls\ntls-ca = ~/ca.pem\n"},
	    {"auth on\nuser u\npasswordeval pass \"my mail\"",
		"server = h\nuser = u\npassword-command = pass \"my mail\"\n"},
	    {"auth\nuser u\npasswordeval \"pass \"a\"\"",
		"server = h\nuser = u\npassword-command = pass \"a\"\n"},
	    {"auth off\nuser u\npassword p", "server = h\n"},
	    {"user u\npassword p", "server = h\n"},
	    {"auth scram-sha-256\nuser u\npasswordeval p",
		"server = h\nuser = u\nauth = SCRAM-SHA-256\n"
		"password-command = p\n"},
	    {"auth gssapi\nuser u", "server = h\nuser = u\nauth = GSSAPI\n"},
	    {"auth on\nuser \" u \"\npassword \" p\\\"\"",
		"server = h\nuser = \" u \"\npassword = \" p\\\\\\\"\"\n"},
	    {"auth on\nuser u\npassword p # no comment",
		"server = h\nuser = u\npassword = p # no comment\n"},
	    {"from x@y.test", "server = h\nfrom = x@y.test\n"},
	    {"from *@y.test", "server = h\nfrom = *@y.test\n"},
	    {"from x@y.test\nfrom_full_name A. \"B\"",
		"server = h\n"
		"from = \"\\\"A. \\\\\\\"B\\\\\\\"\\\" <x@y.test>\"\n"},
	    {"from_full_name\nfrom *@y.test", "server = h\nfrom = *@y.test\n"},
	    {"proxy_host p", "server = h\nproxy = socks5h://p:1080\n"},
	    {"proxy_host ::1\nproxy_port 9050",
		"server = h\nproxy = socks5h://[::1]:9050\n"},
	    {"proxy_host", "server = h\n"},
	    {"timeout 30", "server = h\ntimeout = 30\n"},
	    {"timeout", "server = h\n"},
	    {"socket /run/x\ntls on\ntls_starttls off",
		"server = unix:/run/x\ntls = implicit\n"
		"tls-server-name = h\n"},
	    {"socket /run/x\ntls on\ntls_starttls off\ntls_host_override x",
		"server = unix:/run/x\ntls = implicit\n"
		"tls-server-name = x\n"},
	    {"domain me.test", "server = h\nehlo-name = me.test\n"},
	    {"dsn_notify failure,delay",
		"server = h\ndsn-notify = failure,delay\n"},
	    {"dsn_notify off\ndsn_return off", "server = h\n"},
	    {"dsn_return headers", "server = h\ndsn-return = hdrs\n"},
	    {"dsn_return full", "server = h\ndsn-return = full\n"},
	    {"remove_bcc_headers off", "server = h\nkeep-bcc = yes\n"},
	    {"source_ip ::1", "server = h\nsource-address = ::1\n"},
	    {"source_ip", "server = h\n"},
	    {"port 1\nport 2", "server = h:2\n"},
	    /* As it is without them. */
	    {"tls_certcheck\nset_from_header auto\nsyslog off\nauto_from off\n"
	     "allow_from_override on\nundisclosed_recipients off\nlogfile",
		"server = h\n"},
	};
	struct settings s;
	struct import im;
	char *text, *expected;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		assert_true(asprintf(&text, "account a\nhost h\n%s\n",
				rows[i].commands) > 0);
		assert_true(asprintf(&expected, "\n[account a]\n%s",
				rows[i].settings) > 0);
		if (import(&im, text) == -1)
			fail_msg("%s", im.err.text);
		assert_string_equal(buf_string(&im.out), expected);
		assert_string_equal(buf_string(&im.notes), "");
		assert_read_back(buf_string(&im.out), &s);
		settings_clear(&s);
		import_clear(&im);
		free(text);
		free(expected);
	}
}

static void
what_smtpsend_has_nothing_for_is_named_with_its_line(void **state)
{
	static const struct {
		const char *command, *why;
	} rows[] = {
	    {"tls_fingerprint 00:11", "a fingerprint is of a certificate"},
	    {"tls_certcheck off", "certificates are verified"},
	    {"tls_min_dh_prime_bits 512", "size of primes"},
	    {"auto_from on", "write from = ADDRESS"},
	    {"auto_from", "write from = ADDRESS"},
	    {"maildomain x.test", "write from = ADDRESS"},
	    {"from %U@x.test", "write it out"},
	    {"from x?@x.test", "asterisks only"},
	    {"domain %C", "the name of this host is used anyway"},
	    {"logfile ~/log", "no log is kept"},
	    {"syslog LOG_MAIL", "no log is kept"},
	    {"syslog", "no log is kept"},
	    {"aliases /etc/aliases", "local names are not looked up"},
	    {"set_from_header on", "never replaced"},
	    {"undisclosed_recipients on", "--bcc"},
	    {"eval echo host evil", "it was not run"},
	    {"include other", "msmtp 1.8 has no such command"},
	    {"auth digest-md5", "does not know this mechanism"},
	    {"auth plain", "auth-in-clear = yes allows it"},
	    {"source_ip example.org", "is not a numeric IPv4 or IPv6 address"},
	    {"timeout soon", "is not a duration"},
	    {"timeout off", "each step has the limit of RFC 5321"},
	    {"connect_timeout off", "each step has the limit of RFC 5321"},
	    {"from_full_name A\nfrom *@y.test", "write from = NAME <ADDRESS>"},
	    {"from_full_name A", "write from = NAME <ADDRESS>"},
	    {"from_full_name A\nfrom %U@y.test", "write from = NAME <ADDRESS>"},
	    {"proxy_host p\nsocket /run/x",
		"a socket is not reached by a proxy"},
	    {"proxy_port 9050", "no proxy_host"},
	    {"host \"a # b\"", "no query or fragment: not taken over"},
	    {"host a:1:x", "not an IPv6 address"},
	    {"port abc", "is neither a port"},
	    {"port 70000", "is neither a port"},
	    {"proxy_host \"a b\"", "' ' cannot be in a host name"},
	    {"socket run/x", "must begin with one '/'"},
	    {"tls_trust_file\ntls on", "the system's authorities are trusted"},
	};
	struct settings s;
	struct import im;
	char *text, *begin;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		assert_true(asprintf(&text, "account a\nhost h\n%s\n",
				rows[i].command) > 0);
		assert_true(asprintf(&begin, "rc:3: %.*s: ",
				(int)strcspn(rows[i].command, " \n"),
				rows[i].command) > 0);
		assert_int_equal(import(&im, text), 0);
		if (strncmp(buf_string(&im.notes), begin, strlen(begin)) != 0 ||
		    strstr(buf_string(&im.notes), rows[i].why) == NULL)
			fail_msg(
			    "%s: %s", rows[i].command, buf_string(&im.notes));
		assert_non_null(strstr(buf_string(&im.out), begin));
		if (strstr(buf_string(&im.out), "account a is left") == NULL) {
			assert_read_back(buf_string(&im.out), &s);
			settings_clear(&s);
		} else {
			assert_null(strstr(buf_string(&im.out), "[account a"));
		}
		import_clear(&im);
		free(text);
		free(begin);
	}
}

static void
accounts_inherit_as_in_msmtp(void **state)
{
	static const char text[] = "defaults\n"
				   "port 77\n"
				   "logfile x\n"
				   "\t # a comment\n"
				   "account b\r\n"
				   "host \"b\"\r\n"
				   "tls on\n"
				   "user u\n"
				   "auth on\n"
				   "passwordeval p\n"
				   "account c\n"
				   "host c\n"
				   "port 5\n"
				   "defaults\n"
				   "port 88\n"
				   "account a : b , c\n"
				   "user\n"
				   "account base\n"
				   "user z\n"
				   "account d:b\n";
	struct import im;

	(void)state;
	assert_int_equal(import(&im, text), 0);
	assert_string_equal(buf_string(&im.out),
	    "# rc:3: logfile: no log is kept; transcript, on-success and "
	    "on-failure tell more\n"
	    "\n[account b]\nserver = b:77\ntls = starttls\nuser = u\n"
	    "password-command = p\n"
	    "\n[account c]\nserver = c:5\n"
	    "\n[account a]\nserver = c:5\ntls = starttls\n"
	    "password-command = p\n"
	    "\n# account base names no host\n"
	    "\n[account d]\nserver = b:88\ntls = starttls\nuser = u\n"
	    "password-command = p\n");
	import_clear(&im);
	assert_int_equal(import(&im, "host h\nport 1\n"), 0);
	assert_string_equal(
	    buf_string(&im.out), "\n[account default]\nserver = h:1\n");
	import_clear(&im);
}

static void
a_note_stands_once_whoever_inherits_its_line(void **state)
{
	struct import im;
	const char *first;

	(void)state;
	assert_int_equal(import(&im,
			     "defaults\nauth ntlm\naccount a\nhost a\n"
			     "account b : a\n"),
	    0);
	first = strstr(buf_string(&im.notes), "rc:2: auth: ");
	assert_non_null(first);
	assert_null(strstr(first + 1, "rc:2:"));
	import_clear(&im);
}

static void
what_msmtp_would_refuse_is_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
	    {"account\n", "rc:1: the account's name is empty"},
	    {"account a :\nhost h\n", "rc:1: there is no account above it"},
	    {"account a : b\nhost h\naccount b\nhost h\n",
		"rc:1: there is no account above it called b"},
	    {"account a : a\n", "rc:1: there is no account above it called a"},
	    {"account a\nhost h\naccount a\n",
		"rc:3: there is an account above it called a"},
	    {"account a\x01\n", "rc:1: the account's name has control"},
	};
	struct import im;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(import(&im, rows[i].text), -1);
		assert_int_equal(im.err.status, EX_CONFIG);
		assert_non_null(strstr(im.err.text, rows[i].error));
		import_clear(&im);
	}
	assert_int_equal(import(&im, ""), 0);
	assert_string_equal(buf_string(&im.out), "");
	import_clear(&im);
}

static void
a_password_comes_through_whatever_it_has(void **state)
{
	static const char *const passwords[] = {"p", "\"", "\"p", "p\"", "p\\",
	    "\\\"", "p\" \"p", "\xff\xfe", "#p", "=p", "[p]"};
	struct settings s;
	struct import im;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(passwords); i++) {
		assert_true(asprintf(&text,
				"account a\nhost h\nauth on\npassword "
				"\"%s\"\nuser u\n",
				passwords[i]) > 0);
		assert_int_equal(import(&im, text), 0);
		assert_true(im.has_password);
		assert_read_back(buf_string(&im.out), &s);
		assert_int_equal(s.auth.password.len, strlen(passwords[i]));
		assert_memory_equal(
		    s.auth.password.bytes, passwords[i], s.auth.password.len);
		settings_clear(&s);
		import_clear(&im);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_command_has_the_setting_that_does_the_same),
	    cmocka_unit_test(
		what_smtpsend_has_nothing_for_is_named_with_its_line),
	    cmocka_unit_test(accounts_inherit_as_in_msmtp),
	    cmocka_unit_test(a_note_stands_once_whoever_inherits_its_line),
	    cmocka_unit_test(what_msmtp_would_refuse_is_refused),
	    cmocka_unit_test(a_password_comes_through_whatever_it_has),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
