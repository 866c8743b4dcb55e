/* autoconfig: which documents are read, and what is taken out of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider/autoconfig.h"
#include "provider/xml.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Nothing here asks anybody. */
int
http_fetch(const struct http_params *params, const struct http_request *request,
    struct http_answer *answer, struct error *err)
{
	(void)params;
	(void)request;
	(void)answer;
	return error_set(err, EX_TEMPFAIL, "not here");
}

void
http_answer_clear(struct http_answer *answer)
{
	(void)answer;
}

/* "<a>" "|text" "</a>", and at the end "." or "!" and why not. */
static void
assert_events(const char *text, size_t n, const char *wanted)
{
	struct xml x;
	struct error err = {0};
	enum xml_event e = XML_BAD;
	char got[2000] = "", *end = got;
	char *copy = malloc(n > 0 ? n : 1);

	assert_non_null(copy);
	memcpy(copy, text, n);
	if (xml_begin(&x, copy, n, &err) == 0)
		while ((e = xml_next(&x, &err)) > XML_DONE) {
			const struct xml_name *open = &x.open[x.depth - 1];

			end += snprintf(end, 100,
			    e == XML_OPEN	 ? "<%.*s>"
				: e == XML_CLOSE ? "</%.*s>"
						 : "|%.*s",
			    e == XML_TEXT ? (int)x.text.len : (int)open->n,
			    e == XML_TEXT ? x.text.data : open->start);
			if (end - got > 1800)
				break;
		}
	snprintf(end, 150, "%s%.140s", e == XML_DONE ? "." : "!", err.text);
	if (e == XML_BAD)
		assert_int_equal(xml_next(&x, &err), XML_BAD);
	xml_clear(&x);
	free(copy);
	if (strncmp(got, wanted, strlen(wanted)) != 0)
		fail_msg("'%s': '%s', not '%s'", text, got, wanted);
}

static void
a_document_is_read_tag_by_tag(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"<a/>", "<a></a>."},
	    {"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- x --><a>b</a>\n<!-- -->\n",
		"<a>|b</a>."},
	    {"<a><b c='1' d = \"2\">x &amp; y</b><b/></a>",
		"<a><b>|x & y</b><b></b></a>."},
	    {"<a>&lt;&gt;&quot;&apos;&#65;&#x42;&#xe9;&#x20AC;&#x1F600;</a>",
		"<a>|<>\"'AB\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80</a>."},
	    {"<a>x<!-- <b> -->y<![CDATA[<&>]]><?z?></a >", "<a>|x|y|<&></a>."},
	    {"<a-b.c:d_e/>", "<a-b.c:d_e></a-b.c:d_e>."},
	    {"<a b='>'/>", "<a></a>."},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_events(
		    cases[i].text, strlen(cases[i].text), cases[i].wanted);
}

static void
what_is_no_plain_document_is_none(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {"", "!line 1: it ends too soon"},
	    {"\n ", "!"},
	    {"text", "!line 1: text outside"},
	    {"<a", "!line 1: a tag that does not end"},
	    {"<a b", "!"},
	    {"<a b=", "!"},
	    {"<a b=1>", "!"},
	    {"<a b='1>", "!"},
	    {"<a b='<'>", "!"},
	    {"<a b='1'c='2'/>", "!"},
	    {"<a/", "!"},
	    {"<a/ >", "!"},
	    {"< a/>", "!line 1: a '<' that begins no tag"},
	    {"<1/>", "!"},
	    {"<a>", "<a>!line 1: it ends too soon"},
	    {"<a>x", "<a>|x!"},
	    {"<a></b>", "<a>!line 1: a tag that closes"},
	    {"<a></ab>", "<a>!"},
	    {"<ab></a>", "<ab>!"},
	    {"<a></a", "<a>!"},
	    {"</a>", "!line 1: a tag that closes"},
	    {"<a/><b/>", "<a></a>!line 1: more behind"},
	    {"<a/>x", "<a></a>!"},
	    {"<a/></a>", "<a></a>!"},
	    {"<!DOCTYPE a><a/>", "!line 1: a document type"},
	    {"<?xml?>\n<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
		"!line 2: a document type"},
	    {"<a><!ENTITY b 'c'></a>", "<a>!"},
	    {"<a>&b;</a>", "<a>!line 1: an entity"},
	    {"<a>&</a>", "<a>!"},
	    {"<a>&;</a>", "<a>!"},
	    {"<a>&amp</a>", "<a>!"},
	    {"<a>&AMP;</a>", "<a>!"},
	    {"<a>&#0;</a>", "<a>!"},
	    {"<a>&#x1;</a>", "<a>!"},
	    {"<a>&#xd800;</a>", "<a>!"},
	    {"<a>&#x110000;</a>", "<a>!"},
	    {"<a>&#99999999999999999999;</a>", "<a>!"},
	    {"<a>&#x;</a>", "<a>!"},
	    {"<a>&#;</a>", "<a>!"},
	    {"<!-- <a/>", "!line 1: a comment without an end"},
	    {"<a><![CDATA[x</a>", "<a>!"},
	    {"<a>\x01</a>", "!line 1: a control"},
	    {"<a>\xff</a>", "!line 1: no UTF-8"},
	    {"\xff\xfe<\0", "!"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_events(
		    cases[i].text, strlen(cases[i].text), cases[i].wanted);
	assert_events("<a>\0</a>", 8, "!line 1: a control");
}

static void
elements_are_not_nested_without_end(void **state)
{
	char text[3 * 40 + 1] = "";
	struct error err;
	struct xml x;
	size_t i;

	(void)state;
	for (i = 0; i < 40; i++)
		strcat(text, "<a>");
	assert_int_equal(xml_begin(&x, text, strlen(text), &err), 0);
	for (i = 0; i < XML_DEPTH_MAX; i++)
		assert_int_equal(xml_next(&x, &err), XML_OPEN);
	assert_int_equal(xml_next(&x, &err), XML_BAD);
	assert_non_null(strstr(err.text, "without end"));
	xml_clear(&x);
}

#define CONFIG(servers)                                      \
	"<clientConfig version='1.1'><emailProvider id='x'>" \
	"<domain>example.org</domain>" servers               \
	"</emailProvider></clientConfig>"
#define SERVER(host, port, socket, rest)                                       \
	"<outgoingServer type='smtp'><hostname>" host "</hostname><port>" port \
	"</port><socketType>" socket "</socketType>" rest "</outgoingServer>"

/* "host:port implicit, … as USER by AUTH"; "none"; "bad". */
static void
assert_found(const char *text, const char *wanted)
{
	struct arena arena = {0};
	struct provider_found found = {0};
	struct error err = {0};
	char got[2000] = "";
	size_t i;
	int r = autoconfig_read(
	    text, strlen(text), "bob@example.org", &arena, &found, &err);

	for (i = 0; r == 1 && i < found.server_count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%s:%u %s, ", found.servers[i].host, found.servers[i].port,
		    found.servers[i].implicit ? "implicit" : "starttls");
	if (r == 1)
		snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%s by %s", found.user,
		    found.auth != NULL ? found.auth : "any");
	else
		snprintf(got, sizeof(got), r == 0 ? "none" : "bad");
	if (strcmp(got, wanted) != 0)
		fail_msg(
		    "'%s', not '%s' of '%s': %s", got, wanted, text, err.text);
	arena_clear(&arena);
}

static void
servers_with_tls_are_taken_in_their_order(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
	    {CONFIG(SERVER("smtp.example.org", "465", "SSL",
		 "<username>%EMAILADDRESS%</username>"
		 "<authentication>password-cleartext</authentication>")
		     SERVER("smtp.example.org", "587", "STARTTLS",
			 "<username>%EMAILADDRESS%</username>")),
		"smtp.example.org:465 implicit, smtp.example.org:587 "
		"starttls, bob@example.org by PLAIN,LOGIN"},
	    {CONFIG(SERVER("smtp.%EMAILDOMAIN%", "\n 465 ", "SSL",
		 "<username>x-%EMAILLOCALPART%</username>"
		 "<authentication>OAuth2</authentication>"
		 "<authentication>password-cleartext</authentication>")),
		"smtp.example.org:465 implicit, x-bob by "
		"OAUTHBEARER,XOAUTH2,PLAIN,LOGIN"},
	    {CONFIG(SERVER("a.example", "465", "SSL",
		 "<authentication>none</authentication>")),
		"a.example:465 implicit, bob@example.org by any"},
	    /* clear text */
	    {CONFIG(SERVER("a.example", "25", "plain", "")
		     SERVER("b.example", "587", "STARTTLS", "")),
		"b.example:587 starttls, bob@example.org by any"},
	    {CONFIG(SERVER("a.example", "25", "plain", "")), "none"},
	    {CONFIG(SERVER("a.example", "25", "", "")), "none"},
	    {CONFIG(SERVER("a.example", "25", "ssl", "")), "none"},
	    /* another user would need another secret */
	    {CONFIG(SERVER("a.example", "465", "SSL",
		 "<username>one</username>") SERVER("b.example", "465", "SSL",
		 "<username>two</username>")),
		"a.example:465 implicit, one by any"},
	    /* what no server is */
	    {CONFIG(SERVER("a b", "465", "SSL", "")), "none"},
	    {CONFIG(SERVER("a.example", "0", "SSL", "")), "none"},
	    {CONFIG(SERVER("a.example", "465x", "SSL", "")), "none"},
	    {CONFIG(SERVER("a.example", "", "SSL", "")), "none"},
	    {CONFIG(SERVER("", "465", "SSL", "")), "none"},
	    {CONFIG(SERVER("a.example&#10;b", "465", "SSL", "")), "none"},
	    {CONFIG(SERVER(
		 "a.example", "465", "SSL", "<username>bob&#10;x</username>")),
		"none"},
	    {CONFIG("<incomingServer type='imap'><hostname>a.example</hostname>"
		    "<port>993</port><socketType>SSL</socketType>"
		    "</incomingServer>"),
		"none"},
	    {CONFIG("<outgoingServer type='other'>"
		    "<hostname>a.example</hostname><port>465</port>"
		    "<socketType>SSL</socketType></outgoingServer>"),
		"none"},
	    {"<clientConfig>" SERVER(
		 "a.example", "465", "SSL", "") "</clientConfig>",
		"none"},
	    {"<html><body>Not found</body></html>", "bad"},
	    {"<!DOCTYPE html><html></html>", "bad"},
	    {"{\"error\": 1}", "bad"},
	    {"", "bad"},
	    {"<clientConfig/>", "none"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_found(cases[i].text, cases[i].wanted);
}

static void
a_document_that_is_cut_anywhere_gives_nothing(void **state)
{
	static const char text[] =
	    CONFIG(SERVER("smtp.example.org", "465", "SSL", ""));
	struct provider_found found = {0};
	struct arena arena = {0};
	struct error err;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(text) - 1; n++) {
		if (autoconfig_read(
			text, n, "bob@example.org", &arena, &found, &err) != -1)
			fail_msg("%zu octets are enough", n);
		assert_int_equal(found.server_count, 0);
	}
	arena_clear(&arena);
}

static void
the_domain_is_asked_at_two_places_and_the_address_told_at_one(void **state)
{
	struct provider_search search = {0};
	struct arena a = {0};

	(void)state;
	assert_string_equal(autoconfig_url(&search, "a+b&c@example.org", 0, &a),
	    "https://autoconfig.example.org/mail/config-v1.1.xml"
	    "?emailaddress=a%2Bb%26c%40example.org");
	assert_string_equal(autoconfig_url(&search, "a+b&c@example.org", 1, &a),
	    "https://example.org/.well-known/autoconfig/mail/config-v1.1.xml");
	assert_null(autoconfig_url(&search, "a@example.org", 2, &a));
	search.autoconfig_url = "http://127.0.0.1:1/x";
	assert_string_equal(autoconfig_url(&search, "a@example.org", 0, &a),
	    "http://127.0.0.1:1/x?emailaddress=a%40example.org");
	search.autoconfig_url = "http://127.0.0.1:1/x?y";
	assert_string_equal(autoconfig_url(&search, "a@example.org", 0, &a),
	    "http://127.0.0.1:1/x?y");
	assert_null(autoconfig_url(&search, "a@example.org", 1, &a));
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_document_is_read_tag_by_tag),
	    cmocka_unit_test(what_is_no_plain_document_is_none),
	    cmocka_unit_test(elements_are_not_nested_without_end),
	    cmocka_unit_test(servers_with_tls_are_taken_in_their_order),
	    cmocka_unit_test(a_document_that_is_cut_anywhere_gives_nothing),
	    cmocka_unit_test(
		the_domain_is_asked_at_two_places_and_the_address_told_at_one),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
