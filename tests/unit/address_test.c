/* Addresses as RFC 5322 3.4 has them: what is taken, what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/error.h"
#include "rfc5322/address.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

static const struct address_params plain = {.what = "--to"};
static const struct address_params with_domain = {
    .what = "--to",
    .domain = "host.test",
};
static const struct address_params one = {.what = "--from", .single = true};
static const struct address_params header = {
    .what = "To",
    .folded = true,
    .encoded_words = true,
};

/* "display|mailbox|group" of all, separated by newlines. */
static const char *
listed(struct arena *a, const struct address_list *list)
{
	const char *s = "";
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct address *x = &list->addresses[i];

		s = arena_printf(a, "%s%s%s|%s|%s", s, i > 0 ? "\n" : "",
		    x->display != NULL ? x->display : "", x->mailbox,
		    x->group != NULL ? x->group : "");
	}
	return s;
}

static void
assert_parses(
    const char *text, const struct address_params *params, const char *expected)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct error err = {0};

	if (address_parse(&a, text, params, &list, &err) == -1)
		fail_msg("%s", err.text);
	assert_string_equal(listed(&a, &list), expected);
	arena_clear(&a);
}

static void
assert_refuses(
    const char *text, const struct address_params *params, const char *message)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct error err = {0};

	if (address_parse(&a, text, params, &list, &err) == 0)
		fail_msg("'%s' was taken as %s", text, listed(&a, &list));
	assert_string_equal(err.text, message);
	assert_int_equal(err.status, params->folded ? EX_DATAERR : EX_USAGE);
	assert_int_equal(list.count, 0);
	assert_int_equal(list.group_count, 0);
	arena_clear(&a);
}

static void
plain_addresses_and_lists_are_taken(void **state)
{
	(void)state;
	assert_parses("bob@x.test", &plain, "|bob@x.test|");
	assert_parses("<bob@x.test>", &plain, "|bob@x.test|");
	assert_parses("Bob <bob@x.test>", &plain, "Bob|bob@x.test|");
	assert_parses("Bob<bob@x.test>", &plain, "Bob|bob@x.test|");
	assert_parses("a@x,b@y.test , c@z", &plain, "|a@x|\n|b@y.test|\n|c@z|");
	assert_parses(",,a@x,, b@y,", &plain, "|a@x|\n|b@y|");
	assert_parses("", &plain, "");
	assert_parses(" (nobody) ,", &header, "");
	assert_parses("bob@x_y.test", &plain, "|bob@x_y.test|");
	assert_parses(
	    "-x@x.test,|y@x.test", &plain, "|-x@x.test|\n||y@x.test|");
	assert_parses("!#$%&'*+-/=?^_`{|}~@x.test", &plain,
	    "|!#$%&'*+-/=?^_`{|}~@x.test|");
	assert_parses("Bob@X.Test", &plain, "|Bob@X.Test|");
}

static void
display_names_are_phrases_with_dots_tolerated(void **state)
{
	(void)state;
	assert_parses("John Q. Public <j@x>", &plain, "John Q. Public|j@x|");
	assert_parses("J.R.R.  Tolkien <j@x>", &plain, "J.R.R.  Tolkien|j@x|");
	assert_parses("J.R.R.  Tolkien <j@x>", &header, "J.R.R. Tolkien|j@x|");
	assert_parses("\"Doe, John\" <j@x>", &plain, "Doe, John|j@x|");
	assert_parses(
	    "\"a \\\"b\\\" \\\\c\" <j@x>", &plain, "a \"b\" \\c|j@x|");
	assert_parses(
	    "The \"big  one\" here <j@x>", &plain, "The big  one here|j@x|");
	assert_parses("\"\" <j@x>", &plain, "|j@x|");
	assert_parses("John (the (old\\)) man) Doe <j@x> (work)", &plain,
	    "John Doe|j@x|");
	assert_parses("Jörg Müller <j@x>", &plain, "Jörg Müller|j@x|");
	assert_parses("=?utf-8?q?J=C3=B6rg?= <j@x>", &plain,
	    "=?utf-8?q?J=C3=B6rg?=|j@x|");
}

static void
in_a_header_the_angle_bracket_counts(void **state)
{
	static const char *const names[] = {
	    "j@old.test",
	    "x@y@z",
	    "John [x] Doe",
	    "John Q. [x]: Doe",
	    "J\\\"o",
	    "@home",
	    "John (a, <b) \\ Doe",
	};
	char text[64], expected[64];
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(names); i++) {
		snprintf(
		    text, sizeof(text), "%s <j@x.test>, k@x.test", names[i]);
		snprintf(expected, sizeof(expected), "%s|j@x.test|\n|k@x.test|",
		    names[i]);
		assert_parses(text, &header, expected);
	}
	assert_parses("a@b\r\n  [c]\t<j@x.test>", &header, "a@b [c]|j@x.test|");
	assert_parses("=?utf-8?q?=C3=BC?= [c] <j@x.test>", &header,
	    "\xc3\xbc [c]|j@x.test|");
	assert_parses("G: a@b <j@x.test>;", &header, "a@b|j@x.test|G");
	/* Several words are no member of a list, so their comma is no end. */
	assert_parses("Acme Sales, Inc. <j@x.test>, k@x.test", &header,
	    "Acme Sales, Inc.|j@x.test|\n|k@x.test|");
	assert_parses("The \"a, b\" (c, d) One, Jr @ X <j@x.test>", &header,
	    "The \"a, b\" (c, d) One, Jr @ X|j@x.test|");
	assert_parses("=?utf-8?q?Doe,_J?= @ X <j@x.test>", &header,
	    "Doe, J @ X|j@x.test|");
	assert_refuses("Doe, J @ X <j@x.test>", &header,
	    "To: 'Doe, J @ X <j@x.test>': no '@' and domain at character 4");
	assert_refuses("Acme Sales, Inc., X <j@x.test>", &header,
	    "To: 'Acme Sales, Inc., X <j@x.test>': unexpected 'S' at character "
	    "6");
	assert_refuses("Acme Sales, j@x.test", &header,
	    "To: 'Acme Sales, j@x.test': unexpected 'S' at character 6");
	assert_refuses("Acme Sales, k@x.test, J <j@x.test>", &header,
	    "To: 'Acme Sales, k@x.test, J <j@x.test>': unexpected 'S' at "
	    "character 6");
	/* Nobody before a comma or a semicolon is lost. */
	assert_parses(
	    "a@b.test, c <j@x.test>", &header, "|a@b.test|\nc|j@x.test|");
	assert_refuses("a@b.test; c <j@x.test>", &header,
	    "To: 'a@b.test; c <j@x.test>': unexpected ';' at character 9");
	assert_refuses("a <j@x.test> b <k@x.test>", &header,
	    "To: 'a <j@x.test> b <k@x.test>': unexpected 'b' at character 14");
	assert_refuses("j@old.test <j@x.test>", &plain,
	    "--to: 'j@old.test <j@x.test>': unexpected '<' at character 12");
}

/* As Postfix, Exim and Sendmail agree, or two of them, where nobody else can
 * be meant. */
static void
in_a_header_addresses_are_read_as_mtas_read_them(void **state)
{
	static const char *const cases[][2] = {
	    {"<@a.test:j@x.test>", "|j@x.test|"},
	    {"J <@a.test,\r\n @b.test : j@x.test>", "J|j@x.test|"},
	    {"j.@x.test", "|\"j.\"@x.test|"},
	    {"<.j@x.test>", "|\".j\"@x.test|"},
	    {"J <j..k@x.test>", "J|\"j..k\"@x.test|"},
	    {"Re: [x] <j@x.test>", "[x]|j@x.test|Re"},
	    {"A: J <j@x.test>, k@x.test", "J|j@x.test|A\n|k@x.test|A"},
	    {"mailto:j@x.test", "|j@x.test|mailto"},
	    {"undisclosed recipients:", ""},
	    {"j@x.test; k@x.test;", "|j@x.test|\n|k@x.test|"},
	    {"J <j@x.test>; K <k@x.test>", "J|j@x.test|\nK|k@x.test|"},
	    {"A: j@x.test; k@x.test", "|j@x.test|A\n|k@x.test|"},
	    {"J ;-) <j@x.test>, K <k@x.test>", "J ;-)|j@x.test|\nK|k@x.test|"},
	    {"J ;) <j@x.test>; K ;-( <k@x.test>",
		"J ;)|j@x.test|\nK ;-(|k@x.test|"},
	    {"J :-( <j@x.test>", "-(|j@x.test|J"},
	    {"R&amp;D <j@x.test>", "R&amp;D|j@x.test|"},
	    {"J &#252; M <j@x.test>", "J &#252; M|j@x.test|"},
	    {"J R; the man <j@x.test>", "J R; the man|j@x.test|"},
	    {"J ( <j@x.test>", "J (|j@x.test|"},
	    {"J (x <j@x.test>, K <k@x.test> (k)",
		"J (x|j@x.test|\nK|k@x.test|"},
	    {"J (x <j@x.test>, \"K, K\" (x\r\n y <k@x.test>",
		"J (x|j@x.test|\n\"K, K\" (x y|k@x.test|"},
	    {"J \"x <j@x.test>", "J \"x|j@x.test|"},
	    {"\"J <j@x.test>, k@x.test", "\"J|j@x.test|\n|k@x.test|"},
	    {"\"k@y.test\" <k@x.test>, \"J <j@x.test>",
		"k@y.test|k@x.test|\n\"J|j@x.test|"},
	    {"K (k <k@x.test>, (J) (x <j@x.test>",
		"K (k|k@x.test|\n(J) (x|j@x.test|"},
	    {"J R; K (x; the man <j@x.test>", "J R; K (x; the man|j@x.test|"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++)
		assert_parses(cases[i][0], &header, cases[i][1]);
}

static void
in_a_header_what_may_mean_somebody_else_is_refused(void **state)
{
	static const char *const cases[][2] = {
	    {"J; the man <j@x.test>", "no '@' and domain at character 2"},
	    {"k@x.test; J <j@x.test>", "unexpected ';' at character 9"},
	    {"J <j@x.test> K", "unexpected 'K' at character 14"},
	    {"j@x.test k@x.test", "unexpected 'k' at character 10"},
	    {"(J", "unclosed '(' at character 1"},
	    {"(J <j@x.test>, K) k@x.test, (", "unclosed '(' at character 29"},
	    {"J (x", "unclosed '(' at character 3"},
	    {"J \"x j@x.test", "unclosed '\"' at character 3"},
	    {"\"k@x.test, J <j@x.test>", "unclosed '\"' at character 1"},
	    {"\"K <k@x.test>, \"J\" <j@x.test>",
		"unclosed '\"' at character 18"},
	    {"(K <k@x.test>, L) (J <j@x.test>", "unclosed '(' at character 19"},
	    {"k@x.test (home, J <j@x.test>", "unclosed '(' at character 10"},
	    {"k@x.test (home <j@x.test>", "unclosed '(' at character 10"},
	    {"J <j@x.test> (home, k@x.test", "unclosed '(' at character 14"},
	    {"J R; K; S <j@x.test>", "unexpected 'R' at character 3"},
	    {"J; K R <j@x.test>", "no '@' and domain at character 2"},
	    {"J R, k@x.test; K <j@x.test>", "unexpected 'R' at character 3"},
	    {"A: J R; K <j@x.test>", "unexpected 'R' at character 6"},
	    {"J <j@x.test", "unclosed '<' at character 3"},
	    {"<<j@x.test>>", "unexpected '<' at character 2"},
	    {"<j@x.test>>", "unexpected '>' at character 11"},
	    {"J <>", "empty address at character 3"},
	    {"'j@x.test'", "unexpected ''' in the domain at character 10"},
	    {"\"j@x.test\"", "no '@' and domain at character 11"},
	    {"<j@k@x.test>", "unexpected '@' at character 5"},
	    {"<mailto:j@x.test>", "unexpected ':' at character 8"},
	    {"<@a.test j@x.test>",
		"a source route (<@host:...>) is obsolete and cannot be sent "
		"at character 2"},
	    {"[k@x.test, x] <j@x.test>", "unexpected '[' at character 1"},
	    {"A: B: j@x.test;", "':' of a group inside a group at character 5"},
	};
	char expected[200];
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		snprintf(expected, sizeof(expected), "To: '%s': %s",
		    cases[i][0], cases[i][1]);
		assert_refuses(cases[i][0], &header, expected);
	}
}

static void
the_obsolete_forms_are_taken(void **state)
{
	(void)state;
	assert_parses(" john . doe @ x . test ", &plain, "|john.doe@x.test|");
	assert_parses(
	    "john(a).(b)doe(c)@(d)x(e).(f)test", &plain, "|john.doe@x.test|");
	assert_parses("\"john\".doe@x", &plain, "|john.doe@x|");
	assert_parses("\"john x\".doe@x", &plain, "|\"john x.doe\"@x|");
	assert_parses(
	    "bob@x.test (Bob Smith)", &plain, "Bob Smith|bob@x.test|");
	assert_parses("(one) bob@x.test ( two (2) ) (three)", &plain,
	    "two (2)|bob@x.test|");
	assert_parses("< (c) bob@x.test (d) >", &plain, "|bob@x.test|");
}

static void
a_mailbox_is_quoted_only_where_it_must_be(void **state)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct error err;

	(void)state;
	assert_parses("\"john doe\"@x", &plain, "|\"john doe\"@x|");
	assert_parses("\"john.doe\"@x", &plain, "|john.doe@x|");
	assert_parses("\"a..b\"@x", &plain, "|\"a..b\"@x|");
	assert_parses("\".a\"@x,\"a.\"@x,\"\"@x", &plain,
	    "|\".a\"@x|\n|\"a.\"@x|\n|\"\"@x|");
	assert_parses("\"a@b\"@x", &plain, "|\"a@b\"@x|");
	assert_parses("\"a\\\\\\\"\\b\"@x", &plain, "|\"a\\\\\\\"b\"@x|");
	assert_int_equal(
	    address_parse(&a, "\"a\\ \\\"b\"@X.test", &one, &list, &err), 0);
	assert_string_equal(list.addresses[0].local, "a \"b");
	assert_string_equal(list.addresses[0].domain, "X.test");
	assert_string_equal(list.addresses[0].mailbox, "\"a \\\"b\"@X.test");
	arena_clear(&a);
}

static void
groups_are_taken_and_their_names_kept(void **state)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct error err;

	(void)state;
	assert_parses("Team: a@x, Bob <b@y>;, c@z", &plain,
	    "|a@x|Team\nBob|b@y|Team\n|c@z|");
	assert_parses("\"The A, Team\":a@x;", &plain, "|a@x|The A, Team");
	assert_parses("A:,a@x,,;,B:;", &plain, "|a@x|A");
	assert_int_equal(address_parse(&a, "undisclosed-recipients:;, B: x@y;",
			     &plain, &list, &err),
	    0);
	assert_int_equal(list.group_count, 2);
	assert_string_equal(list.groups[0], "undisclosed-recipients");
	assert_string_equal(list.groups[1], "B");
	assert_ptr_equal(list.addresses[0].group, list.groups[1]);
	arena_clear(&a);
}

static void
address_literals_are_checked(void **state)
{
	(void)state;
	assert_parses("a@[127.0.0.1]", &plain, "|a@[127.0.0.1]|");
	assert_parses("a@[IPv6:::1] (x)", &plain, "x|a@[IPv6:::1]|");
	assert_refuses("a@[127.0.0]", &plain,
	    "--to: 'a@[127.0.0]': not an address literal such as "
	    "[192.0.2.1] or [IPv6:2001:db8::1] at character 4");
	assert_refuses("a@[::1]", &plain,
	    "--to: 'a@[::1]': not an address literal such as "
	    "[192.0.2.1] or [IPv6:2001:db8::1] at character 4");
	assert_refuses("a@[127.0.0.1", &plain,
	    "--to: 'a@[127.0.0.1': unclosed '[' at character 3");
	assert_refuses("a@[1.2.3.4]x", &plain,
	    "--to: 'a@[1.2.3.4]x': unexpected 'x' at character 12");
}

static void
whether_a_name_was_bare_is_told(void **state)
{
	static const struct {
		const char *text;
		bool bare;
	} cases[] = {
	    {"root", true},
	    {"root (Cron Daemon)", true},
	    {"Root <root>", true},
	    {"\"on call\"", true},
	    {"a: root;", true},
	    {"root@host.test", false},
	    {"Root <root@host.test>", false},
	    {"root@host.test (Cron Daemon)", false},
	    {"\"root@host.test\"@host.test", false},
	    {"\"root@host.test\"", true},
	};
	struct address_list list = {0};
	struct arena a = {0};
	struct error err = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		if (address_parse(
			&a, cases[i].text, &with_domain, &list, &err) == -1)
			fail_msg("%s", err.text);
		if (list.addresses[i].bare != cases[i].bare)
			fail_msg("%s", cases[i].text);
		assert_string_equal(list.addresses[i].domain, "host.test");
	}
	arena_clear(&a);
}

static void
a_bare_name_gets_the_default_domain(void **state)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct error err;
	struct address_params bad = {.what = "--to", .domain = "a..b"};

	(void)state;
	assert_parses("root", &with_domain, "|root@host.test|");
	assert_parses(
	    "root (Cron Daemon)", &with_domain, "Cron Daemon|root@host.test|");
	assert_parses("Root <root>, a, b@x, G: c (C), d;", &with_domain,
	    "Root|root@host.test|\n|a@host.test|\n|b@x|\n"
	    "C|c@host.test|G\n|d@host.test|G");
	assert_parses("\"a b\"", &with_domain, "|\"a b\"@host.test|");
	assert_refuses("John Doe", &with_domain,
	    "--to: 'John Doe': unexpected 'D' at character 6");
	assert_int_equal(address_parse(&a, "root", &bad, &list, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_string_equal(err.text,
	    "the default domain: 'a..b': empty label "
	    "in the domain");
	arena_clear(&a);
}

static void
international_addresses_are_mapped_and_marked(void **state)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct error err;

	(void)state;
	assert_parses("bob@bücher.test", &plain, "|bob@xn--bcher-kva.test|");
	assert_parses("bob@BÜCHER.Test", &plain, "|bob@xn--bcher-kva.test|");
	assert_parses("bob@faß.test", &plain, "|bob@xn--fa-hia.test|");
	assert_parses("bob@u\xcc\x88.test", &plain, "|bob@xn--tda.test|");
	assert_parses(
	    "bob@mail.A\xcc\x81.test", &plain, "|bob@mail.xn--1ca.test|");
	assert_parses(
	    "bob@例え。テスト", &plain, "|bob@xn--r8jz45g.xn--zckzah|");
	assert_parses("jörg@x.test", &plain, "|jörg@x.test|");
	assert_parses("\"jörg m\"@x.test", &plain, "|\"jörg m\"@x.test|");
	assert_int_equal(
	    address_parse(&a, "jörg@x, bob@ü.test", &plain, &list, &err), 0);
	assert_true(list.addresses[0].utf8);
	assert_false(list.addresses[1].utf8);
	arena_clear(&a);
}

/* The library leaves such characters out without a word. */
static void
no_international_domain_is_changed_silently(void **state)
{
	static const char *const domains[] = {
	    "ü_x.test",
	    "a\xe2\x81\x84"
	    "b.test",
	    "☃.test",
	    "-ü.test",
	    "ü..test",
	    "ü.test.",
	    ".ü.test",
	    "ü\xe2\x80\x8b.test",
	    "ü\xc2\xad.test",
	    "\xef\xbc\x88ü.test",
	    "ü\xe2\x89\xa0.test",
	    "\xe2\x91\xb4.test",
	    "xn--zz.ü",
	    "ü\xef\xb8\x8f.test",
	    "\xc2\xad.ü.test",
	    "ü\xef\xbc\xa0x.test",
	    "faß☃.test",
	    "üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü",
	};
	struct arena a = {0};
	struct error err;
	const char *out;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(domains); i++) {
		if (address_domain_to_ascii(&a, domains[i], &out, &err) == 0)
			fail_msg("'%s' became '%s'", domains[i], out);
		assert_int_equal(err.status, EX_USAGE);
	}
	arena_clear(&a);
}

static void
a_domain_is_a_host_name(void **state)
{
	struct arena a = {0};
	struct error err;
	struct buf name = {0};
	const char *out;
	int i;

	(void)state;
	for (i = 0; i < 63; i++)
		buf_putc(&name, 'a');
	buf_puts(&name, ".test");
	assert_int_equal(address_domain_to_ascii(&a, name.data, &out, &err), 0);
	assert_string_equal(out, name.data);
	assert_int_equal(address_domain_to_ascii(&a, "[::1]", &out, &err), -1);
	assert_int_equal(
	    address_domain_to_ascii(&a, "[IPv6:::1]", &out, &err), 0);
	buf_clear(&name);
	for (i = 0; i < 128; i++)
		buf_puts(&name, "a.");
	name.data[255] = '\0';
	assert_int_equal(address_domain_to_ascii(&a, name.data, &out, &err), 0);
	name.data[255] = '.';
	buf_puts(&name, "b");
	assert_int_equal(
	    address_domain_to_ascii(&a, name.data, &out, &err), -1);
	buf_clear(&name);
	arena_clear(&a);
	assert_refuses(
	    "a@x..y", &plain, "--to: 'a@x..y': unexpected '.' at character 5");
	assert_refuses("a@x.test.", &plain,
	    "--to: 'a@x.test.': '.' ends the domain at character 9");
	assert_refuses("a@-x", &plain,
	    "--to: 'a@-x': label that begins or "
	    "ends with '-' at character 3");
	assert_refuses("a@x.y-.z", &plain,
	    "--to: 'a@x.y-.z': label that begins or ends with '-' "
	    "at character 5");
	assert_refuses("a@x!y", &plain,
	    "--to: 'a@x!y': unexpected '!' in the "
	    "domain at character 4");
	assert_refuses("ü@x!y", &plain,
	    "--to: 'ü@x!y': unexpected '!' in the "
	    "domain at character 4");
	assert_refuses(
	    "a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    &plain,
	    "--to: "
	    "'a@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "...': label of more than 63 octets at character 3");
}

static void
errors_point_at_the_character(void **state)
{
	static const char *const pairs[][2] = {
	    {"bob@@x.test", "'bob@@x.test': unexpected '@' at character 5"},
	    {"üü@@x", "'üü@@x': unexpected '@' at character 4"},
	    {"bob", "'bob': no '@' and domain at character 4"},
	    {"<bob>", "'<bob>': no '@' and domain at character 5"},
	    {"bob@", "'bob@': no domain after the '@' at character 5"},
	    {"@x.test",
		"'@x.test': no local part before the '@' at character "
		"1"},
	    {"a..b@x", "'a..b@x': unexpected '.' at character 3"},
	    {".a@x", "'.a@x': unexpected '.' at character 1"},
	    {"a.@x", "'a.@x': unexpected '@' at character 3"},
	    {"a b@x", "'a b@x': unexpected 'b' at character 3"},
	    {"a@x b", "'a@x b': unexpected 'b' at character 5"},
	    {"a@x; b@y", "'a@x; b@y': unexpected ';' at character 4"},
	    {"a@x b@y", "'a@x b@y': unexpected 'b' at character 5"},
	    {"<>", "'<>': empty address at character 1"},
	    {"Bob <a@x", "'Bob <a@x': unclosed '<' at character 5"},
	    {"a@x>", "'a@x>': unexpected '>' at character 4"},
	    {"<a@x>>", "'<a@x>>': unexpected '>' at character 6"},
	    {"<<a@x>>", "'<<a@x>>': unexpected '<' at character 2"},
	    {"<a@x> b", "'<a@x> b': unexpected 'b' at character 7"},
	    {"a (b", "'a (b': unclosed '(' at character 3"},
	    {"a (b\\", "'a (b\\': unexpected end at character 6"},
	    {"a) b", "'a) b': unexpected ')' at character 2"},
	    {"\"a@x", "'\"a@x': unclosed '\"' at character 1"},
	    {"bob@x.test <bob@x.test>",
		"'bob@x.test <bob@x.test>': unexpected "
		"'<' at character 12"},
	    {"<@a,@b:c@d>",
		"'<@a,@b:c@d>': a source route (<@host:...>) is "
		"obsolete and cannot be sent at character 2"},
	    {"A: B: a@x;;",
		"'A: B: a@x;;': ':' of a group inside a group at "
		"character 5"},
	    {"a@x, Team: b@y",
		"'a@x, Team: b@y': no ';' ends the group at "
		"character 6"},
	    {": a@x;", "': a@x;': unexpected ':' at character 1"},
	    {"a\rb@x", "'a\\x0Db@x': unexpected '\\x0D' at character 2"},
	    {"a@x\xff", "'a@x\\xFF': ill-formed UTF-8 at character 4"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		char message[256];

		snprintf(message, sizeof(message), "--to: %s", pairs[i][1]);
		assert_refuses(pairs[i][0], &plain, message);
	}
	assert_refuses(
	    "aaaaaaaaaaaaaaaaaaaa@x.test, bbbbbbbbbbbbbbbbbbbbbb@x.test, "
	    "oops@@x.test, cccccccccccccccccccccccccccccccc@x.test",
	    &plain,
	    "--to: '...bbbbbbbbbbbbbbbbbbbbbb@x.test, oops@@x.test, "
	    "ccccccccccccccccccc...': unexpected '@' at character 66");
}

/* "mailbox;KEYWORD=value;…" of all, separated by newlines. */
static void
assert_parameters(
    const char *text, const struct address_params *params, const char *expected)
{
	const struct address_parameter *p;
	struct address_list list = {0};
	struct arena a = {0};
	struct error err = {0};
	struct buf all = {0};
	size_t i;

	if (address_parse(&a, text, params, &list, &err) == -1)
		fail_msg("%s", err.text);
	for (i = 0; i < list.count; i++) {
		buf_printf(
		    &all, "%s%s", i > 0 ? "\n" : "", list.addresses[i].mailbox);
		p = list.addresses[i].parameters;
		for (; p != NULL && p->keyword != NULL; p++)
			buf_printf(&all, ";%s%s%s", p->keyword,
			    p->value != NULL ? "=" : "",
			    p->value != NULL ? p->value : "");
	}
	assert_string_equal(buf_string(&all), expected);
	buf_clear(&all);
	arena_clear(&a);
}

static const struct address_params recipients = {
    .what = "--to", .parameters = true};

static void
parameters_stand_behind_an_address(void **state)
{
	static const char *const pairs[][2] = {
	    {"a@x", "a@x"},
	    {"a@x;notify=never", "a@x;notify=never"},
	    {"<a@x>;NOTIFY=never", "a@x;NOTIFY=never"},
	    {"A B <a@x> ; notify=never", "a@x;notify=never"},
	    {"\"B; notify=never\" <a@x>;x=y", "a@x;x=y"},
	    {"\"a;b=c\"@x;d=e", "\"a;b=c\"@x;d=e"},
	    {"a@[IPv6:::1];n=1", "a@[IPv6:::1];n=1"},
	    {"a@x (a; comment);n=1", "a@x;n=1"},
	    {"a@x;n=1 (a; comment)", "a@x;n=1"},
	    {"a@x;x-verp", "a@x;x-verp"},
	    {"a@x;n=1;m;o=2", "a@x;n=1;m;o=2"},
	    {"a@x;n=1,b@y", "a@x;n=1\nb@y"},
	    {"a@x;n=1 , b@y;m=2", "a@x;n=1\nb@y;m=2"},
	    {"a@x, b@y;m=2", "a@x\nb@y;m=2"},
	    {"a@x;n=one,two", "a@x;n=one,two"},
	    {"a@x;n=one,two,b@y", "a@x;n=one,two\nb@y"},
	    {"a@x;n=one,two,three;m=1,B <b@y>", "a@x;n=one,two,three;m=1\nb@y"},
	    {"a@x;o=\"rfc822;b@y, z=1\"", "a@x;o=rfc822;b@y, z=1"},
	    {"a@x;o=\"a\\\"b\",c@z", "a@x;o=a\"b\nc@z"},
	    {"a@x;r=2031-01-01T00:00:00Z", "a@x;r=2031-01-01T00:00:00Z"},
	    {"Team: a@x, b@y;, c@z;n=1", "a@x\nb@y\nc@z;n=1"},
	    {"c@z;n=1, Team: a@x;", "c@z;n=1\na@x"},
	    {"Team:;", ""},
	};
	static const struct address_params local = {
	    .what = "--to", .parameters = true, .domain = "h"};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++)
		assert_parameters(pairs[i][0], &recipients, pairs[i][1]);
	assert_parameters("bob;n=1", &local, "bob@h;n=1");
}

static void
what_is_no_parameter_points_at_the_character(void **state)
{
	static const char *const pairs[][2] = {
	    {"a@x;", "'a@x;': unexpected end at character 5"},
	    {"a@x; b@y", "'a@x; b@y': unexpected '@' at character 7"},
	    {"a@x;b=c@y", "'a@x;b=c@y': unexpected '@' at character 8"},
	    {"a@x;b=", "'a@x;b=': no value after the '=' at character 7"},
	    {"a@x;b=,c@y",
		"'a@x;b=,c@y': no value after the '=' at character 7"},
	    {"a@x;b=\"\"",
		"'a@x;b=\"\"': no value after the '=' at character 9"},
	    {"a@x;b=\"c", "'a@x;b=\"c': unclosed '\"' at character 7"},
	    {"a@x;b=c d", "'a@x;b=c d': unexpected 'd' at character 9"},
	    {"a@x;b=c=d", "'a@x;b=c=d': unexpected '=' at character 8"},
	    {"a@x;b=\xc3\xbc",
		"'a@x;b=\xc3\xbc': no value after the '=' at "
		"character 7"},
	    {"a@x;-b", "'a@x;-b': unexpected '-' at character 5"},
	    {"a@x;;b", "'a@x;;b': unexpected ';' at character 5"},
	    {"a@x;b> NOTIFY=NEVER",
		"'a@x;b> NOTIFY=NEVER': unexpected '>' at character 6"},
	    {"<a@x;b=c>", "'<a@x;b=c>': unexpected ';' at character 5"},
	    {"T: a@x;b=c",
		"'T: a@x;b=c': the ';' before it has ended the "
		"group at character 8"},
	    {"T: a@x;b=c, d@y;",
		"'T: a@x;b=c, d@y;': the ';' before it has ended the group at "
		"character 8"},
	    {"T: a@x;;b=c",
		"'T: a@x;;b=c': the ';' before it has ended the "
		"group at character 8"},
	    {"a@x;b=c\rd",
		"'a@x;b=c\\x0Dd': unexpected '\\x0D' at character 8"},
	};
	char message[256];
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		snprintf(message, sizeof(message), "--to: %s", pairs[i][1]);
		assert_refuses(pairs[i][0], &recipients, message);
	}
}

static void
one_address_means_one(void **state)
{
	assert_parses("Bob <bob@x>,", &one, "Bob|bob@x|");
	assert_refuses("a@x, b@x", &one,
	    "--from: 'a@x, b@x': a second address "
	    "where one is allowed at character 6");
	assert_refuses("G: a@x;", &one,
	    "--from: 'G: a@x;': ':' of a group "
	    "where one address is allowed at "
	    "character 2");
	assert_refuses("", &one, "--from: '': no address at character 1");
	(void)state;
}

static void
what_does_not_belong_in_a_command_is_refused(void **state)
{
	static const char *const bad[] = {
	    "\r",
	    "\n",
	    "\r\n",
	    "\x7f",
	    "\u2028",
	    "\u2029",
	    "\xc2\x85",
	    "<",
	    ">",
	    " ",
	    "> NOTIFY=NEVER",
	    "\x01",
	    "\x1b[2J",
	    "\r\nRCPT TO:<e@x>",
	    "\n.\n",
	    "\xc0\x80",
	    "\xed\xa0\x80",
	    "\u202e",
	    "\u200b",
	    "\u00a0",
	    "\ufeff",
	    "\\",
	};
	static const char *const shapes[] = {
	    "a%sb@x.test",
	    "a@x%sb.test",
	    "<a%sb@x.test>",
	    "<a@x%sb.test>",
	    "\"a\"%sb@x",
	    "a@[127.0.0%s.1]",
	};
	char text[128];
	struct address_list list = {0};
	struct arena a = {0};
	struct error err;
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(bad); i++)
		for (k = 0; k < ELEMENTS(shapes); k++) {
			const char *percent = strchr(shapes[k], '%');

			snprintf(text, sizeof(text), "%.*s%s%s",
			    (int)(percent - shapes[k]), shapes[k], bad[i],
			    percent + 2);
			if (address_parse(&a, text, &plain, &list, &err) == 0)
				fail_msg("'%s' was taken as '%s'", text,
				    list.addresses[0].mailbox);
			assert_int_equal(err.status, EX_USAGE);
		}
	arena_clear(&a);
}

static void
line_breaks_fold_in_headers_only(void **state)
{
	(void)state;
	assert_parses(
	    "a@x,\r\n b@x,\n\tc (d\r\n e) @x", &header, "|a@x|\n|b@x|\n|c@x|");
	assert_parses("\"John\r\n Doe\" <a\r\n @x>", &header, "John Doe|a@x|");
	assert_parses("a@x (John\r\n Doe\r\n )", &header, "John Doe|a@x|");
	assert_refuses("a@x,\r\n b@x", &plain,
	    "--to: 'a@x,\\x0D\\n b@x': unexpected '\\x0D' at "
	    "character 5");
	assert_refuses("a@x,\r\nb@x", &header,
	    "To: 'a@x,\\x0D\\nb@x': unexpected '\\x0D' at "
	    "character 5");
	assert_refuses("a@x,\r b@x", &header,
	    "To: 'a@x,\\x0D b@x': unexpected '\\x0D' at "
	    "character 5");
	assert_refuses(
	    "a@x\n", &header, "To: 'a@x\\n': unexpected '\\n' at character 4");
	assert_refuses("\"a\\\r\n b\"@x", &header,
	    "To: '\"a\\\\x0D\\n b\"@x': unexpected '\\x0D' at "
	    "character 4");
}

static void
encoded_words_in_headers_are_decoded(void **state)
{
	(void)state;
	assert_parses("=?utf-8?q?J=C3=B6rg?= =?utf-8?b?TQ==?= X. <j@x>",
	    &header, "JörgM X.|j@x|");
	assert_parses("j@x (=?utf-8?q?J=C3=B6rg?= M)", &header, "Jörg M|j@x|");
	assert_parses("\"=?utf-8?q?J?=\" =?utf-8?q?K?= \"L\" <j@x>", &header,
	    "=?utf-8?q?J?= K L|j@x|");
	assert_parses("=?utf-8?q?a@b,(c)?= <j@x>", &header, "a@b,(c)|j@x|");
	assert_parses("=?utf-8?q?Team=3A?=: a@x;", &header, "|a@x|Team:");
	assert_parses(
	    "=?utf-8?q?a=0D=0ABcc:_e@x?= <j@x>", &header, "a  Bcc: e@x|j@x|");
	assert_parses("=?x?q?a?=@x.test", &header, "|=?x?q?a?=@x.test|");
	assert_parses("\"J\xf6rg\" <j@x>", &header, "J\xef\xbf\xbdrg|j@x|");
	assert_refuses("=?utf-8?q?a@b?=", &header,
	    "To: '=?utf-8?q?a@b?=': unexpected '?' in the domain "
	    "at character 14");
	assert_refuses("j\xf6rg@x", &header,
	    "To: 'j\\xF6rg@x': ill-formed "
	    "UTF-8 in the local part at "
	    "character 1");
}

/* n characters of 'a' and the rest. */
static const char *
long_one(struct arena *a, size_t n, const char *rest)
{
	char *s = arena_alloc(a, n + strlen(rest) + 1);

	memset(s, 'a', n);
	memcpy(s + n, rest, strlen(rest));
	return s;
}

static bool
is_taken(struct arena *a, const char *text)
{
	struct address_list list = {0};
	struct error err;

	return address_parse(a, text, &plain, &list, &err) == 0;
}

static void
lengths_are_limited(void **state)
{
	struct arena a = {0};
	const char *sixty = arena_printf(&a, ".%s", long_one(&a, 60, ""));
	const char *domain = arena_printf(&a, "@x%s%s%s", sixty, sixty, sixty);

	(void)state;
	assert_true(is_taken(&a, long_one(&a, 64, "@x.test")));
	assert_false(is_taken(&a, long_one(&a, 65, "@x.test")));
	assert_false(is_taken(&a, long_one(&a, 320, "@x.test")));
	assert_true(
	    is_taken(&a, arena_printf(&a, "\"%s \"@x", long_one(&a, 61, ""))));
	assert_false(
	    is_taken(&a, arena_printf(&a, "\"%s \"@x", long_one(&a, 62, ""))));
	assert_int_equal(strlen(domain), 185);
	assert_true(is_taken(
	    &a, arena_printf(&a, "%s.aaaa", long_one(&a, 64, domain))));
	assert_false(is_taken(
	    &a, arena_printf(&a, "%s.aaaaa", long_one(&a, 64, domain))));
	arena_clear(&a);
}

static void
a_failure_leaves_the_list_as_it_was(void **state)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct error err;

	(void)state;
	assert_int_equal(address_parse(&a, "G: a@x;", &plain, &list, &err), 0);
	assert_int_equal(
	    address_parse(&a, "H: b@x; c@@x", &plain, &list, &err), -1);
	assert_int_equal(address_parse(&a, "c@x", &one, &list, &err), 0);
	assert_string_equal(listed(&a, &list), "|a@x|G\n|c@x|");
	assert_int_equal(list.group_count, 1);
	arena_clear(&a);
}

static void
formatting_quotes_or_encodes_the_name(void **state)
{
	static const char *const pairs[][2] = {
	    {"bob@x", "bob@x"},
	    {"<bob@x>", "bob@x"},
	    {"Bob B <bob@x>", "Bob B <bob@x>"},
	    {"bob@x (Bob B.)", "\"Bob B.\" <bob@x>"},
	    {"\"B, \\\"B\" <b@x>", "\"B, \\\"B\" <b@x>"},
	    {"J\xc3\xb6rg <j@\xc3\xbc.test>",
		"=?UTF-8?B?SsO2cmc=?= <j@xn--tda.test>"},
	    {"\"=?x\" <\"a b\"@x>", "=?UTF-8?B?PT94?= <\"a b\"@x>"},
	    {"Big  Bob <b@x>", "\"Big  Bob\" <b@x>"},
	    {"Bill (no reply) <b@x>", "Bill (no reply) <b@x>"},
	    {"(a) Bill (b) B (c) <b@x> (d)", "Bill B (a) (b) (c) <b@x> (d)"},
	    {"Bill < (a) b (b) @ (c) x (d) > (e)",
		"Bill <b@x> (a) (b) (c) (d) (e)"},
	    {"(a) b@x (b) (c (d) \\) )", "b (a) (c (d) \\) ) <b@x>"},
	    {"b(a).(b)c@(c)x(d).y", "(a) (b) (c) (d) <b.c@x.y>"},
	    {"(a) b@x", "(a) <b@x>"},
	    {"b@x () (a)", "() (a) <b@x>"},
	    {"b@[127.0.0.1] (a)", "a <b@[127.0.0.1]>"},
	    {"B (B\xc3\xbcro (x)) <b@x>", "B (=?UTF-8?B?QsO8cm8gKHgp?=) <b@x>"},
	    {"B (=?x) <b@x>", "B (=?UTF-8?B?PT94?=) <b@x>"},
	};
	struct address_list list = {0};
	struct buf out = {0};
	struct arena a = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		list.count = 0;
		assert_int_equal(
		    address_parse(&a, pairs[i][0], &plain, &list, &err), 0);
		assert_int_equal(address_format(&list.addresses[0], &out), 0);
		assert_string_equal(buf_string(&out), pairs[i][1]);
		buf_reset(&out);
	}
	buf_clear(&out);
	arena_clear(&a);
}

/* They would be encoded once more, and nobody could read them. */
static void
encoded_words_that_cannot_be_decoded_stay(void **state)
{
	static const char *const pairs[][2] = {
	    {"=?no-such?q?x?= <b@x>", "=?no-such?q?x?= <b@x>"},
	    {"Re =?utf-8?Q?=C3?= <b@x>", "Re =?utf-8?Q?=C3?= <b@x>"},
	    {"=?ks_c_5601-1987?B?jEE=?= <b@x>", "=?UTF-8?B?65iA?= <b@x>"},
	    {"\"=?no-such?q?x?=\" <b@x>",
		"=?UTF-8?B?PT9uby1zdWNoP3E/eD89?= <b@x>"},
	};
	struct address_list list = {0};
	struct buf out = {0};
	struct arena a = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		list.count = 0;
		assert_int_equal(
		    address_parse(&a, pairs[i][0], &header, &list, &err), 0);
		assert_int_equal(address_format(&list.addresses[0], &out), 0);
		assert_string_equal(buf_string(&out), pairs[i][1]);
		buf_reset(&out);
	}
	buf_clear(&out);
	arena_clear(&a);
}

static void
a_comment_that_belongs_to_no_address_is_refused(void **state)
{
	static const char *const texts[] = {"(nobody) ,", "a@x, (b)",
	    "a@x,(b),c@x", "G (b): a@x;", "(b) G: a@x;", "G: a@x; (b)",
	    "G: (b);", "G: a@x, (b);"};
	struct address_list list = {0};
	struct arena a = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(texts); i++) {
		assert_int_equal(
		    address_parse(&a, texts[i], &plain, &list, &err), -1);
		assert_non_null(
		    strstr(err.text, "a comment that belongs to no address"));
		assert_false(list.incomplete);
		assert_int_equal(
		    address_parse(&a, texts[i], &header, &list, &err), 0);
		assert_true(list.incomplete);
		list = (struct address_list){0};
	}
	assert_int_equal(
	    address_parse(&a, "G: a (b) <a@x> (c);", &header, &list, &err), 0);
	assert_false(list.incomplete);
	arena_clear(&a);
}

static void
addresses_are_equal_by_local_part_and_domain(void **state)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct error err;
	const struct address *x;

	(void)state;
	assert_int_equal(
	    address_parse(&a, "A <b@x.test>, \"b\"@X.Test, B@x.test, b@x.tes",
		&plain, &list, &err),
	    0);
	x = list.addresses;
	assert_true(address_equal(&x[0], &x[1]));
	assert_false(address_equal(&x[0], &x[2]));
	assert_false(address_equal(&x[0], &x[3]));
	assert_false(address_equal(&x[3], &x[0]));
	arena_clear(&a);
}

static double
seconds_for(size_t n, const char *piece)
{
	struct address_list list = {0};
	struct arena a = {0};
	struct buf text = {0};
	struct error err;
	clock_t begin;
	size_t i;

	for (i = 0; i < n; i++)
		buf_puts(&text, piece);
	begin = clock();
	address_parse(&a, text.data, &header, &list, &err);
	begin = clock() - begin;
	buf_clear(&text);
	arena_clear(&a);
	return (double)begin / CLOCKS_PER_SEC;
}

/* Quadratic time would be minutes here. */
static void
assert_same_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

/* A blank before it leaves no text to be read in one look. */
static void
assert_read_alike(const char *text, const struct address_params *params)
{
	struct address_list list = {0}, slow = {0};
	struct error err = {0}, slow_err = {0};
	struct arena a = {0};
	const char *blank = arena_printf(&a, " %s", text);
	int r = address_parse(&a, text, params, &list, &err);
	size_t i;

	assert_int_equal(r, address_parse(&a, blank, params, &slow, &slow_err));
	assert_int_equal(list.count, slow.count);
	assert_int_equal(list.group_count, slow.group_count);
	if (r == -1)
		assert_int_equal(err.status, slow_err.status);
	for (i = 0; i < list.count; i++) {
		const struct address *x = &list.addresses[i],
				     *y = &slow.addresses[i];

		assert_same_text(x->display, y->display);
		assert_same_text(x->comments, y->comments);
		assert_same_text(x->comments_behind, y->comments_behind);
		assert_same_text(x->encoded, y->encoded);
		assert_same_text(x->local, y->local);
		assert_same_text(x->domain, y->domain);
		assert_same_text(x->mailbox, y->mailbox);
		assert_same_text(x->group, y->group);
		assert_int_equal(x->utf8, y->utf8);
		assert_true(x->parameters == NULL);
	}
	arena_clear(&a);
}

static void
assert_read_alike_by_all(const char *text)
{
	static const struct address_params parameters = {
	    .what = "--to", .parameters = true, .domain = "host.test"};

	assert_read_alike(text, &plain);
	assert_read_alike(text, &with_domain);
	assert_read_alike(text, &one);
	assert_read_alike(text, &header);
	assert_read_alike(text, &parameters);
}

static void
a_plain_address_is_what_the_grammar_makes_of_it(void **state)
{
	static const char characters[] = "ab0.@-_Z.a1@+=?";
	char text[400];
	uint32_t seed = 1;
	size_t round, n, i, local, label;

	(void)state;
	for (round = 0; round < 20000; round++) {
		n = round % 12;
		for (i = 0; i < n; i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] =
			    characters[(seed >> 16) % (sizeof(characters) - 1)];
		}
		text[n] = '\0';
		assert_read_alike_by_all(text);
	}
	for (local = 62; local < 67; local++)
		for (label = 60; label < 66; label++)
			for (n = 1; n < 5; n++) {
				memset(text, 'a', sizeof(text));
				text[local] = '@';
				for (i = 1; i < n; i++)
					text[local + i * (label + 1)] = '.';
				text[local + n * (label + 1)] = '\0';
				assert_read_alike_by_all(text);
			}
	for (n = 245; n < 260; n++) {
		snprintf(text, sizeof(text), "a@%0*d.%060d.%060d.%060d",
		    (int)n - 185, 0, 0, 0, 0);
		assert_read_alike_by_all(text);
	}
}

static void
a_long_list_takes_linear_time(void **state)
{
	static const char *const pieces[] = {
	    "Some Body <user.name@mail.example.org>, ",
	    "G: a@x;,",
	    "a@x (c),",
	    "=?a?q?,",
	    "(",
	    "a ",
	    "\"a\" ",
	    "=?utf-8?q?a?= ",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(pieces); i++)
		assert_true(seconds_for(100000, pieces[i]) < 5);
}

static uint32_t
next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 12;
}

/* A few bytes of the text replaced, left out, put in or doubled. */
static void
mutate(struct buf *b, uint32_t *x)
{
	static const char bytes[] = "@<>,;:()[]\"\\. \t\r\n=?ab\xc3\xbc\xe2_-1";
	size_t at, n, times = 1 + next_random(x) % 4;
	char c;

	while (times-- > 0 && b->len > 0) {
		at = next_random(x) % b->len;
		c = bytes[next_random(x) % (sizeof(bytes) - 1)];
		switch (next_random(x) % 4) {
		case 0:
			b->data[at] = c;
			break;
		case 1:
			memmove(b->data + at, b->data + at + 1, b->len - at);
			b->len--;
			break;
		case 2:
			buf_putc(b, '\0');
			memmove(
			    b->data + at + 1, b->data + at, b->len - at - 1);
			b->data[at] = c;
			break;
		default:
			n = 1 + next_random(x) % 8;
			n = n < b->len - at ? n : b->len - at;
			buf_reserve(b, n);
			buf_append(b, b->data + at, n);
		}
	}
}

static void
assert_survives(struct arena *a, const struct address *before)
{
	const struct address_params again = {
	    .what = "again",
	    .encoded_words = true,
	    .single = true,
	};
	struct address_list list = {0};
	struct buf text = {0};
	struct error err;
	const struct address *after;

	assert_int_equal(address_format(before, &text), 0);
	if (address_parse(a, text.data, &again, &list, &err) == -1)
		fail_msg("%s", err.text);
	after = list.addresses;
	assert_true(address_equal(before, after));
	assert_string_equal(before->mailbox, after->mailbox);
	assert_int_equal(before->utf8, after->utf8);
	assert_int_equal(before->display == NULL, after->display == NULL);
	if (before->display != NULL)
		assert_string_equal(before->display, after->display);
	buf_clear(&text);
}

static void
mutated_addresses_never_crash_and_survive_formatting(void **state)
{
	static const char *const seeds[] = {
	    "bob@x.test",
	    "\"john doe\"@x.test, John Q. Public <j.q@x.test>",
	    "Team: a@x, \"B, C\" <b@[127.0.0.1]>;, c@[IPv6:::1]",
	    "=?utf-8?q?J=C3=B6rg?= =?utf-8?b?TQ==?= <jörg@bücher.test>",
	    "a . b @ c . d (comment (nested) \\) here), root (Cron Daemon)",
	    "a@x,\r\n \"\\\"q\\\\\" <\"a\\\"b\"@x-y.test>",
	};
	const struct address_params params[] = {header, plain, with_domain};
	size_t i, k, taken = 0;
	uint32_t x = 20260101;

	(void)state;
	for (i = 0; i < 60000; i++) {
		struct address_list list = {0};
		struct arena a = {0};
		struct buf text = {0};
		struct error err = {0};

		buf_puts(&text, seeds[i % ELEMENTS(seeds)]);
		mutate(&text, &x);
		if (address_parse(&a, buf_string(&text),
			&params[i % ELEMENTS(params)], &list, &err) == 0)
			taken++;
		else
			assert_non_null(strstr(err.text, " at character "));
		for (k = 0; k < list.count; k++)
			assert_survives(&a, &list.addresses[k]);
		buf_clear(&text);
		arena_clear(&a);
	}
	assert_in_range(taken, 1000, 59000);
}

static void
a_slip_of_one_character_is_guessed_at(void **state)
{
	static const struct {
		const char *text, *hint;
	} cases[] = {
	    {"bob@@y.test", "did you mean 'bob@y.test'?"},
	    {"bob@y..test", "did you mean 'bob@y.test'?"},
	    {"bob@y.test.", "did you mean 'bob@y.test'?"},
	    {".bob@y.test", "did you mean 'bob@y.test'?"},
	    {"bob.@y.test", "did you mean 'bob@y.test'?"},
	    {"<bob@y.test", "did you mean 'bob@y.test'?"},
	    {"ann@y.test, bob@y.test'",
		"did you mean 'ann@y.test, bob@y.test'?"},
	    {"mailto:bob@y.test", "did you mean 'bob@y.test'?"},
	    {"a@b@c.test",
		"addresses are separated by commas; a name with @ : ; < > ( ) "
		"[ ] needs double quotes"},
	    {"@y.test",
		"an address is written user@example.org, or Name "
		"<user@example.org>"},
	    /* what is known already stays */
	    {"Doe, John <john@y.test>",
		"a name with a comma needs double quotes: \"Doe, John\" "
		"<john@example.org>"},
	};
	const struct address_params params = {0};
	struct address_list list = {0};
	struct arena arena = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    address_parse(&arena, cases[i].text, &params, &list, &err),
		    -1);
		assert_string_equal(err.hint, cases[i].hint);
	}
	assert_int_equal(list.count, 0);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_addresses_and_lists_are_taken),
	    cmocka_unit_test(display_names_are_phrases_with_dots_tolerated),
	    cmocka_unit_test(in_a_header_the_angle_bracket_counts),
	    cmocka_unit_test(in_a_header_addresses_are_read_as_mtas_read_them),
	    cmocka_unit_test(
		in_a_header_what_may_mean_somebody_else_is_refused),
	    cmocka_unit_test(the_obsolete_forms_are_taken),
	    cmocka_unit_test(a_mailbox_is_quoted_only_where_it_must_be),
	    cmocka_unit_test(groups_are_taken_and_their_names_kept),
	    cmocka_unit_test(address_literals_are_checked),
	    cmocka_unit_test(a_bare_name_gets_the_default_domain),
	    cmocka_unit_test(whether_a_name_was_bare_is_told),
	    cmocka_unit_test(international_addresses_are_mapped_and_marked),
	    cmocka_unit_test(no_international_domain_is_changed_silently),
	    cmocka_unit_test(a_domain_is_a_host_name),
	    cmocka_unit_test(errors_point_at_the_character),
	    cmocka_unit_test(parameters_stand_behind_an_address),
	    cmocka_unit_test(what_is_no_parameter_points_at_the_character),
	    cmocka_unit_test(one_address_means_one),
	    cmocka_unit_test(what_does_not_belong_in_a_command_is_refused),
	    cmocka_unit_test(line_breaks_fold_in_headers_only),
	    cmocka_unit_test(encoded_words_in_headers_are_decoded),
	    cmocka_unit_test(lengths_are_limited),
	    cmocka_unit_test(a_failure_leaves_the_list_as_it_was),
	    cmocka_unit_test(formatting_quotes_or_encodes_the_name),
	    cmocka_unit_test(a_comment_that_belongs_to_no_address_is_refused),
	    cmocka_unit_test(encoded_words_that_cannot_be_decoded_stay),
	    cmocka_unit_test(addresses_are_equal_by_local_part_and_domain),
	    cmocka_unit_test(a_plain_address_is_what_the_grammar_makes_of_it),
	    cmocka_unit_test(a_long_list_takes_linear_time),
	    cmocka_unit_test(
		mutated_addresses_never_crash_and_survive_formatting),
	    cmocka_unit_test(a_slip_of_one_character_is_guessed_at),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
