/* What --proxy names, taken apart, and the hosts that no_proxy lists. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/bypass.h"
#include "transport/proxy_url.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void
each_form_is_taken_apart(void **state)
{
	static const struct {
		const char *text;
		enum proxy_kind kind;
		const char *host;
		unsigned port;
		const char *user, *password, *shown;
	} rows[] = {
	    {"socks5h://p.test", PROXY_SOCKS5H, "p.test", 1080, NULL, NULL,
		"socks5h://p.test:1080"},
	    {"SOCKS5://p.test:9050/", PROXY_SOCKS5, "p.test", 9050, NULL, NULL,
		"socks5://p.test:9050"},
	    {"socks://p.test:1/", PROXY_SOCKS5H, "p.test", 1, NULL, NULL,
		"socks5h://p.test:1"},
	    {"socks4a://me@10.0.0.1", PROXY_SOCKS4A, "10.0.0.1", 1080, "me",
		NULL, "socks4a://10.0.0.1:1080"},
	    {"socks4://[2001:db8::1]:1", PROXY_SOCKS4, "2001:db8::1", 1, NULL,
		NULL, "socks4://[2001:db8::1]:1"},
	    {"http://p.test", PROXY_HTTP, "p.test", 80, NULL, NULL,
		"http://p.test:80"},
	    {"https://p.test", PROXY_HTTPS, "p.test", 443, NULL, NULL,
		"https://p.test:443"},
	    {"p.test:3128", PROXY_HTTP, "p.test", 3128, NULL, NULL,
		"http://p.test:3128"},
	    {"me:pw@p.test:3128", PROXY_HTTP, "p.test", 3128, "me", "pw",
		"http://p.test:3128"},
	    {"socks5://m%40x:p%3a%2F%25%c3%a4@p.test", PROXY_SOCKS5, "p.test",
		1080, "m@x", "p:/%\xc3\xa4", "socks5://p.test:1080"},
	    {"http://me:a:b@p.test", PROXY_HTTP, "p.test", 80, "me", "a:b",
		"http://p.test:80"},
	    {"http://me:@p.test", PROXY_HTTP, "p.test", 80, "me", "",
		"http://p.test:80"},
	    {"http://b\xc3\xbc"
	     "cher.test:8",
		PROXY_HTTP, "xn--bcher-kva.test", 8, NULL, NULL,
		"http://xn--bcher-kva.test:8"},
	};
	struct arena arena = {0};
	struct proxy p;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		if (proxy_url_parse(&arena, rows[i].text, &p, &err) == -1)
			fail_msg("%s", err.text);
		assert_int_equal(p.kind, rows[i].kind);
		assert_string_equal(p.host, rows[i].host);
		assert_int_equal(p.port, rows[i].port);
		assert_string_equal(p.text, rows[i].shown);
		assert_int_equal(p.user == NULL, rows[i].user == NULL);
		if (p.user != NULL)
			assert_string_equal(p.user, rows[i].user);
		assert_int_equal(
		    p.password.bytes == NULL, rows[i].password == NULL);
		if (p.password.bytes != NULL)
			assert_string_equal(p.password.bytes, rows[i].password);
		secret_clear(&p.password);
	}
	arena_clear(&arena);
}

static void
what_is_wrong_with_one_is_said_without_its_password(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
	    {"socks6://p.test", "unknown scheme"},
	    {"ftp://me:hunter2@p.test", "unknown scheme"},
	    {"smtp://p.test", "unknown scheme"},
	    {"http:///x", "path"},
	    {"http://", "no host"},
	    {"http://p.test/x", "path"},
	    {"http://me:hunter2/x@p.test", "path"},
	    {"http://p.test?x", "query"},
	    {"http://p.test#x", "fragment"},
	    {"http://p.test:", "port"},
	    {"http://p.test:0", "port"},
	    {"http://p.test:65536", "port"},
	    {"http://p.test:port", "port"},
	    {"http://p.test:hunter2", "port"},
	    {"http://[::1", "']'"},
	    {"http://[::1]x", "']'"},
	    {"http://[::zz]", "IPv6"},
	    {"http://p test", "' '"},
	    {"http://p_\x01.test", "\\x01"},
	    {"http://p.test\r\nX: y", "\\x0D"},
	    {"http://me%0d%0a:hunter2@p.test", "\\x0D"},
	    {"http://me:hunter2%00@p.test", "\\x00"},
	    {"http://me:hunter2%zz@p.test", "'%'"},
	    {"http://me:hunter2%4@p.test", "'%'"},
	    {"http://@p.test", "no user"},
	    {"http://:hunter2@p.test", "no user"},
	    {"http://me@x:hunter2@p.test", "more than one"},
	    {"http://m%3ae:hunter2@p.test", "':' in the user"},
	    {"socks4://me:hunter2@p.test", "no passwords"},
	    {"socks4a://me:hunter2@p.test", "no passwords"},
	    {"", "no host"},
	};
	struct arena arena = {0};
	struct proxy p;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		if (proxy_url_parse(&arena, rows[i].text, &p, &err) == 0)
			fail_msg("%s was taken", rows[i].text);
		assert_int_equal(err.status, EX_USAGE);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_null(strstr(err.text, "hunter2"));
		assert_null(strstr(err.hint, "hunter2"));
		assert_int_equal(strncmp(err.text, "proxy '", 7), 0);
		assert_null(p.password.bytes);
	}
	arena_clear(&arena);
}

static void
socks_has_room_for_255_octets_of_user_and_password(void **state)
{
	struct arena arena = {0};
	struct proxy p;
	struct error err;
	char text[600];
	int n, r;

	(void)state;
	for (n = 255; n <= 256; n++) {
		snprintf(text, sizeof(text), "socks5h://%0*d@p.test", n, 0);
		r = proxy_url_parse(&arena, text, &p, &err);
		assert_int_equal(r, n == 255 ? 0 : -1);
		snprintf(text, sizeof(text), "socks5h://me:%0*d@p.test", n, 0);
		r = proxy_url_parse(&arena, text, &p, &err);
		assert_int_equal(r, n == 255 ? 0 : -1);
		secret_clear(&p.password);
		snprintf(text, sizeof(text), "http://me:%0*d@p.test", n, 0);
		assert_int_equal(proxy_url_parse(&arena, text, &p, &err), 0);
		secret_clear(&p.password);
	}
	arena_clear(&arena);
}

static void
a_host_that_a_proxy_cannot_be_told_is_refused(void **state)
{
	static const struct {
		const char *proxy, *host;
		bool reached;
	} rows[] = {
	    {"socks4://p.test", "mail.test", true},
	    {"socks4://p.test", "192.0.2.1", true},
	    {"socks4://p.test", "2001:db8::1", false},
	    {"socks4a://p.test", "2001:db8::1", false},
	    {"socks5://p.test", "2001:db8::1", true},
	    {"http://p.test", "2001:db8::1", true},
	    {"socks5h://p.test", "fe80::1%eth0", false},
	};
	struct arena arena = {0};
	struct proxy p;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(
		    proxy_url_parse(&arena, rows[i].proxy, &p, &err), 0);
		assert_int_equal(proxy_reaches(&p, rows[i].host, &err),
		    rows[i].reached ? 0 : -1);
		if (!rows[i].reached)
			assert_int_equal(err.status, EX_USAGE);
	}
	arena_clear(&arena);
}

static void
a_list_of_hosts_has_names_addresses_and_networks(void **state)
{
	static const struct {
		const char *list, *host;
		bool listed;
	} rows[] = {
	    {"", "mail.test", false},
	    {"*", "mail.test", true},
	    {"*", "10.1.2.3", true},
	    {"mail.test", "mail.test", true},
	    {"MAIL.test", "mail.TEST", true},
	    {"mail.test.", "mail.test", true},
	    {"mail.test", "mail.test.", true},
	    {"test", "mail.test", true},
	    {".test", "mail.test", true},
	    {".test", "test", true},
	    {"il.test", "mail.test", false},
	    {"a.mail.test", "mail.test", false},
	    {"x.test, mail.test", "mail.test", true},
	    {"x.test mail.test", "mail.test", true},
	    {",, ,mail.test,", "mail.test", true},
	    {".", "mail.test", false},
	    {"10.0.0.1", "10.0.0.1", true},
	    {"10.0.0.1", "10.0.0.10", false},
	    {"0.0.1", "10.0.0.1", false},
	    {"10.0.0.0/8", "10.255.1.2", true},
	    {"10.0.0.0/8", "11.0.0.1", false},
	    {"10.0.0.0/9", "10.127.0.1", true},
	    {"10.0.0.0/9", "10.128.0.1", false},
	    {"10.0.0.0/0", "192.0.2.1", true},
	    {"10.0.0.1/32", "10.0.0.1", true},
	    {"10.0.0.1/33", "10.0.0.1", false},
	    {"10.0.0.1/", "10.0.0.1", false},
	    {"10.0.0.1/8x", "10.0.0.1", false},
	    {"10.0.0.1/-1", "10.0.0.1", false},
	    {"10.0.0.0/8", "mail.test", false},
	    {"2001:db8::1", "2001:db8:0::1", true},
	    {"[2001:db8::1]", "2001:db8::1", true},
	    {"2001:db8::/32", "2001:db8:1::1", true},
	    {"2001:db8::/32", "2001:db9::1", false},
	    {"::/0", "10.0.0.1", false},
	    {"::1/129", "::1", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++)
		if (bypass_lists(rows[i].list, rows[i].host) != rows[i].listed)
			fail_msg("'%s' and %s", rows[i].list, rows[i].host);
}

static void
an_entry_of_any_length_is_read(void **state)
{
	char list[2000];

	(void)state;
	memset(list, 'x', sizeof(list));
	strcpy(list + sizeof(list) - 20, ",mail.test");
	assert_true(bypass_lists(list, "mail.test"));
	assert_false(bypass_lists(list, "mail.example"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_form_is_taken_apart),
	    cmocka_unit_test(
		what_is_wrong_with_one_is_said_without_its_password),
	    cmocka_unit_test(
		socks_has_room_for_255_octets_of_user_and_password),
	    cmocka_unit_test(a_host_that_a_proxy_cannot_be_told_is_refused),
	    cmocka_unit_test(a_list_of_hosts_has_names_addresses_and_networks),
	    cmocka_unit_test(an_entry_of_any_length_is_read),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
