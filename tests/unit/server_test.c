/* server: what -S takes, what it refuses, and that no text shows a password. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

#include "lib/curl.h"
#include "transport/server.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define LABEL_63 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* The prefix of the libraries that cannot be opened; NULL: all are there. */
static const char *missing_library;
static unsigned libraries_opened;

void *
dlopen(const char *name, int flags)
{
	void *(*next)(const char *, int) = dlsym(RTLD_NEXT, "dlopen");

	libraries_opened++;
	if (missing_library != NULL && name != NULL &&
	    strncmp(name, missing_library, strlen(missing_library)) == 0)
		return NULL;
	return next(name, flags);
}

static int
all_libraries(void **state)
{
	(void)state;
	missing_library = NULL;
	libraries_opened = 0;
	return 0;
}

static void
assert_same(
    const char *text, const char *what, const char *got, const char *wanted)
{
	if (got == NULL && wanted == NULL)
		return;
	if (got == NULL || wanted == NULL || strcmp(got, wanted) != 0)
		fail_msg("%s: %s is %s, not %s", text, what,
		    got != NULL ? got : "(none)",
		    wanted != NULL ? wanted : "(none)");
}

/* Parses what must be right; the caller clears both. */
static struct server
parsed(struct arena *arena, const char *text)
{
	struct server s;
	struct error err;

	if (server_parse(arena, text, "25", &s, &err) == -1)
		fail_msg("%s", err.text);
	return s;
}

struct tcp_case {
	const char *text, *host;
	unsigned port;
	const char *report; /* NULL: "host:port" */
};

static void
check_tcp(const struct tcp_case *c)
{
	struct arena arena = {0};
	struct server s = parsed(&arena, c->text);

	assert_int_equal(s.kind, SERVER_TCP);
	assert_same(c->text, "host", s.host, c->host);
	if (s.port != c->port)
		fail_msg("%s: port %u", c->text, s.port);
	assert_same(c->text, "report", s.text,
	    c->report != NULL
		? c->report
		: arena_printf(&arena, "%s:%u", c->host, c->port));
	assert_int_equal(s.fd, -1);
	secret_clear(&s.password);
	arena_clear(&arena);
}

static void
plain_hosts_and_ports_are_split_without_any_library(void **state)
{
	static const struct tcp_case cases[] = {
	    {"mail.example.org", "mail.example.org", 25, NULL},
	    {"mail.example.org.", "mail.example.org.", 25, NULL},
	    {"MAIL", "MAIL", 25, NULL},
	    {"_smtp.a-b.example", "_smtp.a-b.example", 25, NULL},
	    {"3com.example", "3com.example", 25, NULL},
	    {"0xbeef.example", "0xbeef.example", 25, NULL},
	    {LABEL_63 ".example", LABEL_63 ".example", 25, NULL},
	    {"host:1", "host", 1, NULL},
	    {"host:0587", "host", 587, NULL},
	    {"host:65535", "host", 65535, NULL},
	    {"host:smtp", "host", 25, NULL},
	    {"host:submission", "host", 587, NULL},
	    {"host:SUBMISSIONS", "host", 465, NULL},
	    {"host:smtps", "host", 465, NULL},
	    {"host:ssmtp", "host", 465, NULL},
	    {"host:lmtp", "host", 24, NULL},
	    {"smtp:25", "smtp", 25, NULL},
	    {"192.0.2.1", "192.0.2.1", 25, NULL},
	    {"192.0.2.1:587", "192.0.2.1", 587, NULL},
	    {"[2001:db8::1]", "2001:db8::1", 25, "[2001:db8::1]:25"},
	    {"[2001:db8::1]:587", "2001:db8::1", 587, "[2001:db8::1]:587"},
	    {"[::ffff:192.0.2.1]:lmtp", "::ffff:192.0.2.1", 24,
		"[::ffff:192.0.2.1]:24"},
	    {"::1", "::1", 25, "[::1]:25"},
	    {"2001:db8::25", "2001:db8::25", 25, "[2001:db8::25]:25"},
	    {"[fe80::1%eth0]:26", "fe80::1%eth0", 26, "[fe80::1%eth0]:26"},
	    {"[fe80::1%25]", "fe80::1%25", 25, "[fe80::1%25]:25"},
	    {"fe80::1%br-0.7", "fe80::1%br-0.7", 25, "[fe80::1%br-0.7]:25"},
	    {"smtp://host", "host", 25, NULL},
	    {"SMTP://host/", "host", 25, NULL},
	    {"smtp://host:2525/", "host", 2525, NULL},
	    {"smtp://host:submission", "host", 587, NULL},
	    {"smtp://[::1]:2525", "::1", 2525, "[::1]:2525"},
	    {"smtp://[fe80::1%25eth0]", "fe80::1%eth0", 25,
		"[fe80::1%eth0]:25"},
	    {"smtp://[fe80::1%eth0]", "fe80::1%eth0", 25, "[fe80::1%eth0]:25"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		check_tcp(&cases[i]);
	assert_int_equal(libraries_opened, 0);
}

static void
a_scheme_gives_port_security_and_protocol(void **state)
{
	static const struct {
		const char *text;
		unsigned port;
		enum server_security security;
		bool lmtp;
	} cases[] = {
	    {"host", 25, SERVER_SECURITY_OPEN, false},
	    {"host:587", 587, SERVER_SECURITY_OPEN, false},
	    {"smtp://host", 25, SERVER_SECURITY_OPEN, false},
	    {"submission://host", 587, SERVER_SECURITY_STARTTLS, false},
	    {"SubMission://host:26", 26, SERVER_SECURITY_STARTTLS, false},
	    {"smtps://host", 465, SERVER_SECURITY_IMPLICIT, false},
	    {"submissions://host", 465, SERVER_SECURITY_IMPLICIT, false},
	    {"lmtp://host", 24, SERVER_SECURITY_OPEN, true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		struct arena arena = {0};
		struct server s = parsed(&arena, cases[i].text);

		assert_int_equal(s.port, cases[i].port);
		assert_int_equal(s.security, cases[i].security);
		assert_int_equal(s.lmtp, cases[i].lmtp);
		arena_clear(&arena);
	}
}

static void
the_default_service_is_for_hosts_without_port_and_scheme(void **state)
{
	struct arena arena = {0};
	struct error err;
	struct server s;

	(void)state;
	assert_int_equal(server_parse(&arena, "host", "465", &s, &err), 0);
	assert_int_equal(s.port, 465);
	assert_int_equal(
	    server_parse(&arena, "::1", "submission", &s, &err), 0);
	assert_int_equal(s.port, 587);
	assert_int_equal(server_parse(&arena, "host:25", "465", &s, &err), 0);
	assert_int_equal(s.port, 25);
	assert_int_equal(
	    server_parse(&arena, "smtp://host", "465", &s, &err), 0);
	assert_int_equal(s.port, 25);
	arena_clear(&arena);
}

static void
sockets_programs_and_descriptors_are_taken_as_they_are(void **state)
{
	static const struct {
		const char *text;
		enum server_kind kind;
		bool lmtp;
		const char *path, *command;
		int fd;
		const char *report;
	} cases[] = {
	    {"unix:/run/lmtp", SERVER_UNIX, false, "/run/lmtp", NULL, -1,
		"unix:/run/lmtp"},
	    {"UNIX:///run/a b@c:d", SERVER_UNIX, false, "/run/a b@c:d", NULL,
		-1, "unix:/run/a b@c:d"},
	    {"lmtp+unix:/run/%41", SERVER_UNIX, true, "/run/%41", NULL, -1,
		"lmtp+unix:/run/%41"},
	    {"exec:sendmail -bs", SERVER_EXEC, false, NULL, "sendmail -bs", -1,
		"exec:sendmail ..."},
	    {"exec:printf '220 %00d%0d'", SERVER_EXEC, false, NULL,
		"printf '220 %00d%0d'", -1, "exec:printf ..."},
	    {"exec:ssh u:p@host --long-option=\xc3\xa4\xc3\xb6 and more",
		SERVER_EXEC, false, NULL,
		"ssh u:p@host --long-option=\xc3\xa4\xc3\xb6 and more", -1,
		"exec:ssh ..."},
	    {"exec:exec  ssh -W h:25", SERVER_EXEC, false, NULL,
		"exec  ssh -W h:25", -1, "exec:ssh ..."},
	    {"exec:TOKEN=swordfish run", SERVER_EXEC, false, NULL,
		"TOKEN=swordfish run", -1, "exec:..."},
	    {"exec:$(cat f)", SERVER_EXEC, false, NULL, "$(cat f)", -1,
		"exec:..."},
	    {"exec:run;more", SERVER_EXEC, false, NULL, "run;more", -1,
		"exec:run ..."},
	    {"exec:/bin/a\\ b", SERVER_EXEC, false, NULL, "/bin/a\\ b", -1,
		"exec:..."},
	    {"exec:0123456789012345678901234567890123456\xc3\xa4\xc3\xb6xyz",
		SERVER_EXEC, false, NULL,
		"0123456789012345678901234567890123456\xc3\xa4\xc3\xb6xyz", -1,
		"exec:0123456789012345678901234567890123456\xc3\xa4\xc3\xb6x"
		"..."},
	    {"lmtp+exec:/usr/lib/lmtp", SERVER_EXEC, true, NULL,
		"/usr/lib/lmtp", -1, "lmtp+exec:/usr/lib/lmtp"},
	    {"fd:0", SERVER_FD, false, NULL, NULL, 0, "fd:0"},
	    {"FD:2147483647", SERVER_FD, false, NULL, NULL, INT32_MAX,
		"fd:2147483647"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		struct arena arena = {0};
		struct server s = parsed(&arena, cases[i].text);

		assert_int_equal(s.kind, cases[i].kind);
		assert_int_equal(s.lmtp, cases[i].lmtp);
		assert_int_equal(s.fd, cases[i].fd);
		assert_same(cases[i].text, "path", s.path, cases[i].path);
		assert_same(
		    cases[i].text, "command", s.command, cases[i].command);
		assert_same(cases[i].text, "report", s.text, cases[i].report);
		assert_null(s.host);
		arena_clear(&arena);
	}
	assert_int_equal(libraries_opened, 0);
}

static void
user_and_password_come_decoded_out_of_a_url(void **state)
{
	static const struct {
		const char *text, *user, *password, *report;
	} cases[] = {
	    {"smtp://bob@host", "bob", NULL, "host:25"},
	    {"bob@host:587", "bob", NULL, "host:587"},
	    {"smtp://bob%40example.org@host", "bob@example.org", NULL,
		"host:25"},
	    {"smtps://bob:se%3Acr%2Fet%25@host/", "bob", "se:cr/et%",
		"host:465"},
	    {"smtp://b:a:c@host", "b", "a:c", "host:25"},
	    {"smtp://b;c:d;e@host", "b;c", "d;e", "host:25"},
	    {"smtp://b\xc3\xb6"
	     "b:%C3%A4@host",
		"b\xc3\xb6"
		"b",
		"\xc3\xa4", "host:25"},
	    {"smtp://bob@[::1]:26", "bob", NULL, "[::1]:26"},
	    {"bob@::1", "bob", NULL, "[::1]:25"},
	    {"submission://bob@host:lmtp", "bob", NULL, "host:24"},
	    {"smtp://m%61il.example%3a@host", "mail.example:", NULL, "host:25"},
	    {"smtp://m%61il.example", NULL, NULL, "mail.example:25"},
	    {"m%61il.example:26", NULL, NULL, "mail.example:26"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		bool escaped = strchr(cases[i].text, '%') != NULL ||
		    cases[i].password != NULL;
		struct arena arena = {0};
		struct server s;

		libraries_opened = 0;
		s = parsed(&arena, cases[i].text);
		assert_int_equal(libraries_opened > 0, escaped);
		assert_same(cases[i].text, "user", s.user, cases[i].user);
		assert_same(cases[i].text, "password", s.password.bytes,
		    cases[i].password);
		assert_same(cases[i].text, "report", s.text, cases[i].report);
		secret_clear(&s.password);
		arena_clear(&arena);
	}
}

static void
international_names_become_a_labels(void **state)
{
	static const struct tcp_case cases[] = {
	    {"m\xc3\xbcnchen.example", "xn--mnchen-3ya.example", 25, NULL},
	    {"smtp://M\xc3\x9cNCHEN.example:26", "xn--mnchen-3ya.example", 26,
		NULL},
	    {"m%C3%BCnchen.example", "xn--mnchen-3ya.example", 25, NULL},
	    {"xn--mnchen-3ya.m\xc3\xbc", "xn--mnchen-3ya.xn--m-eha", 25, NULL},
	    {"m\xc3\xbc\xe3\x80\x82\xef\xbc\xa1", "xn--m-eha.a", 25, NULL},
	    {"bob@m\xc3\xbcnchen.example", "xn--mnchen-3ya.example", 25, NULL},
	    /* Decomposed, as macOS writes file names and pastes text. */
	    {"mail.A\xcc\x81.test", "mail.xn--1ca.test", 25, NULL},
	    {"m\xc3\xbcnchen.example.", "xn--mnchen-3ya.example.", 25, NULL},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		check_tcp(&cases[i]);
}

/* text must be refused with a text and a hint that hold these. */
struct bad_case {
	const char *text, *why, *hint;
};

static void
check_refused(const struct bad_case *c, int status)
{
	struct arena arena = {0};
	struct error err = {0};
	struct server s;

	if (server_parse(&arena, c->text, "25", &s, &err) != -1)
		fail_msg("%s was taken", c->text);
	if (strstr(err.text, c->why) == NULL)
		fail_msg("%s: %s", c->text, err.text);
	if (c->hint != NULL && strstr(err.hint, c->hint) == NULL)
		fail_msg("%s: %s (%s)", c->text, err.text, err.hint);
	if (strncmp(err.text, "server '", 8) != 0)
		fail_msg("%s is not named: %s", c->text, err.text);
	assert_int_equal(err.status, status);
	assert_null(s.password.bytes);
	arena_clear(&arena);
}

static void
check_all_refused(const struct bad_case *cases, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		check_refused(&cases[i], EX_USAGE);
}

static void
bad_hosts_are_refused(void **state)
{
	static const struct bad_case cases[] = {
	    {"", "no host", NULL},
	    {":25", "no host", NULL},
	    {"[]:25", "no host", NULL},
	    {"smtp://", "no host", NULL},
	    {"smtp:///", "no host", NULL},
	    {"bob@", "no host", NULL},
	    {".", "empty label", NULL},
	    {"a..b", "empty label", NULL},
	    {".a", "empty label", NULL},
	    {"a.b..", "empty label", NULL},
	    {"-v", "'-' at the start", NULL},
	    {"a.b-", "'-' at the end", NULL},
	    {"a b", "' ' cannot be", NULL},
	    {" host", "' ' cannot be", NULL},
	    {"<host>", "'<' cannot be", NULL},
	    {"host,host", "several servers", NULL},
	    {"a%2Fb.example", "ost", NULL},
	    {"a%20b.example", "ost", NULL},
	    {"a\xff", "'\\xFF' cannot be", NULL},
	    {"a\xe2\x80\xae.example", "host name", NULL},
	    {"a\xef\xbc\x8f.example", "cannot be in a host name", NULL},
	    {"a\xe2\x81\x84"
	     "b.example",
		"cannot be in a host name", NULL},
	    {"a\xc2\xad"
	     "b.example",
		"cannot be in a host name", NULL},
	    {"a_b.t\xc3\xa9st", "'_' cannot be in a host name", NULL},
	    {"\xc3\xbc x.example", "cannot be in a host name", NULL},
	    {"\xc3\xbc..example", "empty label", NULL},
	    {"xn--mnchen-3ya.\xe2\x89\xa0\xc3\xbc", "cannot be in a host",
		NULL},
	    {LABEL_63 "a.example", "at most 63", NULL},
	    {LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, "at most 253",
		NULL},
	    {"587", "neither a host name nor", "HOST:587"},
	    {"127.1", "nor an IPv4", NULL},
	    {"192.0.2.256", "nor an IPv4", NULL},
	    {"192.0.2.01", "nor an IPv4", NULL},
	    {"0x7f000001", "nor an IPv4", NULL},
	    {"bob@127.1", "nor an IPv4", NULL},
	    {"a.0x", "nor an IPv4", NULL},
	    {"[::1", "'[::1': '[' without ']'", NULL},
	    {"[::1:25", "'[::1:25': '[' without ']'", NULL},
	    {"[x:secret", "'[x:***': '[' without ']'", NULL},
	    {"[::1]25", "only a port", NULL},
	    {"[::1]x:25", "only a port", NULL},
	    {"[host]:25", "not an IPv6 address", NULL},
	    {"[192.0.2.1]", "not an IPv6 address", NULL},
	    {"a:b:c", "not an IPv6 address", NULL},
	    {"a.test,b.test", "several servers", "-S a.test -S b.test"},
	    {"a:1,b:2", "'a:1,b:2': several servers", "-S a:1 -S b:2"},
	    {"bob@a:1,b:2", "'bob@a:1,b:2': several servers", "-S b:2"},
	    {"smtp://a:1,smtp://b:2", "several servers",
		"-S smtp://a:1 -S smtp://b:2"},
	    {"bob:1,secret", "'bob:***'", NULL},
	    {"bob:pw,a.test:1", "'bob:***'", NULL},
	    {"host:25:26", "not an IPv6 address", NULL},
	    {"1:2:3:4:5:6:7:8:9", "not an IPv6 address", NULL},
	    {"[fe80::1%]", "bad zone", NULL},
	    {"[fe80::1%a/b]", "no path", NULL},
	    {"[fe80::1%a b]", "bad zone", NULL},
	};

	(void)state;
	check_all_refused(cases, LENGTH(cases));
}

static void
bad_ports_are_refused(void **state)
{
	static const struct bad_case cases[] = {
	    {"host:", "no port", NULL},
	    {"[::1]:", "no port", NULL},
	    {"smtp://host:/", "no port", NULL},
	    {"host:0", "'0' is neither", NULL},
	    {"host:65536", "'65536' is neither", NULL},
	    {"host:4294967321", "is neither", NULL},
	    {"host:+25", "is neither", NULL},
	    {"host:-1", "is neither", NULL},
	    {"host:25x", "is neither", NULL},
	    {"host: 25", "is neither", NULL},
	    {"host:%32%35", "is neither", NULL},
	    {"host:no-such-service", "'***' is neither", NULL},
	    {"smtp:mail.example", "is neither", "smtp://HOST"},
	    {"SUBMISSIONS:mail.example", "is neither", "submissions://HOST"},
	};

	(void)state;
	check_all_refused(cases, LENGTH(cases));
}

static void
bad_urls_are_refused(void **state)
{
	static const struct bad_case cases[] = {
	    {"https://host", "unknown scheme", "submission://"},
	    {"smtp+tls://host", "unknown scheme", "unix:/path"},
	    {"://host", "unknown scheme", NULL},
	    {"smtp://host/path", "no path", NULL},
	    {"smtp://host//", "no path", NULL},
	    {"smtp://host?a=b", "no query", NULL},
	    {"smtp://host#top", "fragment", NULL},
	    {"lmtp:///run/lmtp", "no path", "lmtp+unix:/path"},
	    {"/run/lmtp", "no path", "unix:/path"},
	    {"host/", "no path", NULL},
	    {"smtp://bob@dom@host", "more than one '@'", "%40"},
	    {"bob@dom@host", "more than one '@'", "--user"},
	    {"smtp://@host", "no user", NULL},
	    {"smtp://:secret@host", "no user", NULL},
	    {"smtp://bob:@host", "empty password", NULL},
	    {"smtp://bob;AUTH=PLAIN@host", "mechanism", "--auth"},
	    {"smtp://bob:se/cret@host", "no path", "%2F"},
	    {"smtp://bob:se#cret@host", "fragment", "%23"},
	    {"smtp://bo%b@host", "hexadecimal", "%25"},
	    {"smtp://bob:100%@host", "hexadecimal", "%25"},
	    {"smtp://bo b@host", "user", NULL},
	    {"ma%il.example", "hexadecimal", NULL},
	    {"mail%4", "hexadecimal", NULL},
	    {"unix:", "must begin", NULL},
	    {"unix:run/x", "must begin", NULL},
	    {"unix://host/x", "must begin", NULL},
	    {"unix:/" LABEL_63 LABEL_63, "at most 107", NULL},
	    {"exec:", "no command", NULL},
	    {"lmtp+exec:  ", "no command", NULL},
	    {"fd:", "descriptor", NULL},
	    {"fd:-1", "descriptor", NULL},
	    {"fd:3x", "descriptor", NULL},
	    {"fd:2147483648", "descriptor", NULL},
	    {"fd:99999999999999999999", "descriptor", NULL},
	};

	(void)state;
	check_all_refused(cases, LENGTH(cases));
}

static void
controls_are_refused_raw_and_escaped(void **state)
{
	static const struct bad_case cases[] = {
	    {"host\r\n", "control character \\x0D", NULL},
	    {"ho\nst:25", "control character \\x0A", NULL},
	    {"host:25\t", "control character \\x09", NULL},
	    {"smtp://bob\x7f@host", "control character \\x7F", NULL},
	    {"unix:/a\nb", "control character \\x0A", NULL},
	    {"exec:a\nb", "control character \\x0A", NULL},
	    {"fd:3\n", "control character \\x0A", NULL},
	    {"smtp://bob%0d%0aRSET@host", "control character %0d", NULL},
	    {"smtp://bob:a%0Ab@host", "control character %0A", NULL},
	    {"smtp://bob%00@host", "control character %00", NULL},
	    {"smtp://ho%7fst", "control character %7f", NULL},
	    {"unix:/a%0ab", "control character %0a", NULL},
	    {"[fe80::1%00]", "control character %00", NULL},
	};

	(void)state;
	check_all_refused(cases, LENGTH(cases));
}

static void
no_error_shows_a_password(void **state)
{
	static const char *const texts[] = {
	    "smtp://bob:hunter2@host/path",
	    "smtp://bob:hun/hunter2@host",
	    "smtp://bob:hunter2@a@host",
	    "smtp://bob:hunter2%@host",
	    "smtp://bob:hunter2@host:0",
	    "smtp://bob:hunter2@ho st",
	    "smtp://bob:hunter2%0a@host",
	    "smtp://:hunter2@host",
	    "bob:hunter2@host:0",
	    "bob:x://hunter2@host",
	    "https://bob:hunter2@host",
	    "bob://hunter2@host",
	    "smtp://bob:hunter2",
	    "smtp://bob:hunter2/",
	    "smtp://bob:hunter2?x",
	    "smtp://bob:hunter2%40host",
	    "smtp://bob%3Ahunter2@host:0",
	    "smtp://bob:a@b:hunter2",
	    "smtp://bob:a:hunter2",
	    "smtps://bob:hunter2:x@host:y",
	    "SMTP://bob:hunter2",
	    "bob:hunter2",
	    "bob:25hunter2",
	    "bob:x:hunter2",
	    "https://bob:hunter2",
	    "[bob:hunter2]",
	    "smtp://[bob:hunter2",
	    "unix://bob:hunter2@/x",
	    "unix:bob:hunter2@/x",
	    "unix://bob:hunter2/x",
	    "lmtp+unix://bob:hunter2@/x",
	    "exec://bob:hunter2@host",
	    "lmtp+exec://bob:hunter2@host/x",
	    "fd://bob:hunter2@host",
	    "fd:hunter2",
	    "lmtp://bob:hunter2\n@host",
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(texts); i++) {
		struct arena arena = {0};
		struct error err = {0};
		struct server s;

		if (server_parse(&arena, texts[i], "25", &s, &err) == 0)
			fail_msg("%s was taken", texts[i]);
		if (strstr(err.text, "hunter2") != NULL ||
		    strstr(err.hint, "hunter2") != NULL)
			fail_msg("%s (%s)", err.text, err.hint);
		arena_clear(&arena);
	}
}

static void
a_long_text_is_cut_in_errors(void **state)
{
	char text[4096];
	struct arena arena = {0};
	struct error err = {0};
	struct server s;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(server_parse(&arena, text, "25", &s, &err), -1);
	assert_non_null(strstr(err.text, "aaa...': a host name has at most"));
	arena_clear(&arena);
}

static void
a_missing_libcurl_is_named_with_the_way_round_it(void **state)
{
	static const struct bad_case cases[] = {
	    {"smtp://bo%62@host", "libcurl.so.4", "--user"},
	    {"m%61il.example", "libcurl-gnutls.so.4", "install libcurl"},
	};
	struct curl_library curl;
	struct arena arena = {0};
	struct server s;
	struct error err;

	(void)state;
	missing_library = "libcurl";
	check_refused(&cases[0], EX_OSERR);
	check_refused(&cases[1], EX_OSERR);
	s = parsed(&arena, "smtp://a-Z_0.9~@host");
	assert_string_equal(s.user, "a-Z_0.9~");
	arena_clear(&arena);
	assert_int_equal(curl_open(&curl, &err), -1);
	assert_int_equal(err.status, EX_OSERR);
	missing_library = "libcurl.so";
	if (curl_open(&curl, &err) == -1)
		assert_non_null(strstr(err.text, "libcurl-gnutls"));
	missing_library = NULL;
	assert_int_equal(curl_open(&curl, &err), 0);
	assert_non_null(curl.url_set);
}

static void
a_missing_gnutls_is_named_with_the_way_round_it(void **state)
{
	static const struct bad_case c = {
	    "m\xc3\xbcnchen.example", "libgnutls.so.30", "xn--"};

	(void)state;
	missing_library = "libgnutls";
	check_refused(&c, EX_OSERR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup(f, all_libraries)
	    TEST(plain_hosts_and_ports_are_split_without_any_library),
	    TEST(a_scheme_gives_port_security_and_protocol),
	    TEST(the_default_service_is_for_hosts_without_port_and_scheme),
	    TEST(sockets_programs_and_descriptors_are_taken_as_they_are),
	    TEST(user_and_password_come_decoded_out_of_a_url),
	    TEST(international_names_become_a_labels),
	    TEST(bad_hosts_are_refused),
	    TEST(bad_ports_are_refused),
	    TEST(bad_urls_are_refused),
	    TEST(controls_are_refused_raw_and_escaped),
	    TEST(no_error_shows_a_password),
	    TEST(a_long_text_is_cut_in_errors),
	    TEST(a_missing_libcurl_is_named_with_the_way_round_it),
	    TEST(a_missing_gnutls_is_named_with_the_way_round_it),
#undef TEST
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
