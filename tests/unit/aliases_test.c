/* aliases: who gets what is for a local name. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "rfc5322/address.h"
#include "rfc5322/aliases.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const local[] = {"localhost", "localhost.localdomain", NULL};

struct row {
	const char *text;	/* of the file */
	const char *recipients; /* as given, all of them bare or whole */
	const char *expected;	/* who gets it, with commas; or the error */
};

static void
parse(struct arena *a, const char *text, struct address_list *list)
{
	static const struct address_params params = {
	    .what = "recipient", .domain = "h.test"};
	struct error err = {0};

	if (address_parse(a, text, &params, list, &err) == -1)
		fail_msg("%s", err.text);
}

static void
put(struct buf *out, const struct address_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		buf_printf(
		    out, "%s%s", i > 0 ? ", " : "", list->addresses[i].mailbox);
}

/* The mailboxes, or the error's text. */
static void
expand(const char *text, const char *recipients, struct buf *out)
{
	struct aliases as = {.domain = "h.test", .local = local};
	struct address_list list = {0}, who = {0};
	struct arena a = {0};
	struct error err = {0};

	parse(&a, recipients, &list);
	if (aliases_read(&as, &a, "/etc/aliases", text, strlen(text), &err) ==
		-1 ||
	    aliases_expand(&as, &a, &list, &who, &err) == -1) {
		assert_int_equal(err.status, EX_CONFIG);
		assert_int_equal(who.count, 0);
		buf_puts(out, err.text);
	} else {
		put(out, &who);
	}
	arena_clear(&a);
}

static void
assert_expands(const struct row *rows, size_t n)
{
	struct buf out = {0};
	size_t i;

	for (i = 0; i < n; i++) {
		buf_reset(&out);
		expand(rows[i].text, rows[i].recipients, &out);
		if (strcmp(buf_string(&out), rows[i].expected) != 0)
			fail_msg("'%s' for %s: '%s', not '%s'", rows[i].text,
			    rows[i].recipients, buf_string(&out),
			    rows[i].expected);
	}
	buf_clear(&out);
}

static void
a_local_name_stands_for_whom_its_alias_names(void **state)
{
	static const struct row rows[] = {
	    {"", "root", "root@h.test"},
	    {"\n\n# nothing\n", "root", "root@h.test"},
	    {"root: ann@x.test", "root", "ann@x.test"},
	    {"root:ann@x.test\n", "root", "ann@x.test"},
	    {"root\t :\tann@x.test  \r\n", "root", "ann@x.test"},
	    {"\xef\xbb\xbfroot: ann@x.test\n", "root", "ann@x.test"},
	    {"Root: ann@x.test\n", "rOOT", "ann@x.test"},
	    {"root: ann\n", "root", "ann@h.test"},
	    {"root: ann@x.test, bob@x.test ,carl\n", "root",
		"ann@x.test, bob@x.test, carl@h.test"},
	    {"root: Ann Lee <ann@x.test>, \"Lee, Bob\" <bob@x.test>\n", "root",
		"ann@x.test, bob@x.test"},
	    {"root: ann@x.test (at home, mostly), bob\n", "root",
		"ann@x.test, bob@h.test"},
	    {"root: \"on call\"@x.test\n", "root", "\"on call\"@x.test"},
	    {"\"on call\": ann@x.test\n", "\"on call\"", "ann@x.test"},
	    {"\"a:b\\\"c\": ann@x.test\n", "\"a:b\\\"c\"", "ann@x.test"},
	    {"owner-l: ann@x.test\nl+x: bob\n", "l+x, owner-l",
		"bob@h.test, ann@x.test"},
	    {"j\xc3\xb6rg: ann@x.test\n", "j\xc3\xb6rg", "ann@x.test"},
	    {"root: a,,b,\n", "root", "a@h.test, b@h.test"},
	    /* What Debian has, with what its users add */
	    {"mailer-daemon: postmaster\npostmaster: root\nnobody: root\n"
	     "root: pi\npi: ann@x.test\n",
		"nobody, mailer-daemon, pi", "ann@x.test"},
	    /* Mail to others is none of our business. */
	    {"ann: bob@x.test\n", "ann@x.test", "ann@x.test"},
	    {"ann: bob@x.test\n", "ann@h.test", "ann@h.test"},
	    {"ann: bob@x.test\n", "ann@LOCALHOST, ann@localhost.localdomain",
		"bob@x.test"},
	    {"ann: bob@x.test\n", "carl@localhost", "carl@localhost"},
	    {"ann: bob@x.test\n", "<ann>, c@x.test", "bob@x.test, c@x.test"},
	    {"ann: bob@x.test\n", "ann (Ann Lee)", "bob@x.test"},
	};

	(void)state;
	assert_expands(rows, LENGTH(rows));
}

static void
lines_go_on_behind_a_blank_and_comments_are_read_over(void **state)
{
	static const struct row rows[] = {
	    {"root: ann,\n bob,\n\tcarl\n", "root",
		"ann@h.test, bob@h.test, carl@h.test"},
	    {"root:\n  ann@x.test\n", "root", "ann@x.test"},
	    {"root: ann\n  , bob\n", "root", "ann@h.test, bob@h.test"},
	    {"root: ann,\n# not yet: bob\n\n  # nor carl\n  dan\n", "root",
		"ann@h.test, dan@h.test"},
	    {"root: ann # and bob, too\nbob: x\n", "root", "ann@h.test"},
	    {"root: ann, # \"unclosed\n  bob #\n", "root",
		"ann@h.test, bob@h.test"},
	    {"root: a#b@x.test\n", "root", "a#b@x.test"},
	    {"root: ann\n   \n  \nbob: x@x.test", "bob", "x@x.test"},
	    {"root: ann\n bob\n", "root",
		"/etc/aliases:2: a comma is missing before this line"},
	};

	(void)state;
	assert_expands(rows, LENGTH(rows));
}

static void
aliases_of_aliases_end_somewhere(void **state)
{
	static const struct row rows[] = {
	    {"a: b, c\nb: c, d@x.test\nc: e@x.test\n", "a",
		"e@x.test, d@x.test"},
	    {"a: b\nb: B@x.test\n", "a, b", "B@x.test"},
	    {"a: \\b\nb: c@x.test\n", "a", "b@h.test"},
	    {"a: \"\\b\"\nb: c@x.test\n", "a", "b@h.test"},
	    {"a: \\a, c@x.test\n", "a", "a@h.test, c@x.test"},
	    {"a: \\b@x.test\n", "a", "b@x.test"},
	    /* A mailbox of its own */
	    {"a: a, c@x.test\n", "A", "a@h.test, c@x.test"},
	    {"b: a\na: A, c@x.test\n", "b", "A@h.test, c@x.test"},
	    {"a: b@x.test, b@localhost\nb: c\n", "a", "b@x.test, c@h.test"},
	    {"a: b\nb: a\n", "a", "/etc/aliases:2: 'b' leads back to 'a'"},
	    {"a: x@x.test,\n  b\nb: c\nc: d,\n y,\n a\nd: e\n", "a",
		"/etc/aliases:6: 'c' leads back to 'a'"},
	    {"a: x\nb: c\nc: b\n", "a", "x@h.test"},
	    {"a: b\nb: c\nc: b\n", "x, a",
		"/etc/aliases:3: 'c' leads back to 'b'"},
	};

	(void)state;
	assert_expands(rows, LENGTH(rows));
}

static void
default_is_for_local_names_without_an_alias(void **state)
{
	static const struct row rows[] = {
	    {"root: ann@x.test\ndefault: bob@x.test\n", "root", "ann@x.test"},
	    {"root: ann@x.test\nDefault: bob@x.test\n", "news, carl",
		"bob@x.test"},
	    {"default: bob@x.test\n", "c@x.test, d@localhost",
		"c@x.test, bob@x.test"},
	    {"root: ann\ndefault: bob@x.test\n", "root", "bob@x.test"},
	    {"root: \\ann\ndefault: bob@x.test\n", "root", "ann@h.test"},
	    {"default: root\n", "news", "root@h.test"},
	    {"default: root\nroot: ann@x.test\n", "news", "ann@x.test"},
	    {"default: root, default\n", "default",
		"root@h.test, default@h.test"},
	    {"default: root\nroot: ann\n", "root",
		"/etc/aliases:1: 'default' leads back to 'root'"},
	    {"default: root\nroot: ann\n", "news",
		"/etc/aliases:2: 'root' leads back to 'default'"},
	};

	(void)state;
	assert_expands(rows, LENGTH(rows));
}

static void
what_is_no_address_is_told_when_mail_comes_that_way(void **state)
{
	static const struct row rows[] = {
	    {"l: ann, |/bin/x\n", "l",
		"/etc/aliases:1: 'l' stands for a program: '|/bin/x'"},
	    {"# mailman\nl:\t\"|/bin/x post, l\"\n", "l",
		"/etc/aliases:2: 'l' stands for a program: '\"|/bin/x post, "
		"l\"'"},
	    {"l: ann,\n /dev/null\n", "l",
		"/etc/aliases:2: 'l' stands for a file: '/dev/null'"},
	    {"l: \"/var/mail/a b\"\n", "l",
		"/etc/aliases:1: 'l' stands for a file: '\"/var/mail/a b\"'"},
	    {"l::include:/etc/mail/l.txt\n", "l",
		"/etc/aliases:1: 'l' stands for a list in a file: "
		"':include:/etc/mail/l.txt'"},
	    {"l: \":Include: /l\"\n", "l",
		"/etc/aliases:1: 'l' stands for a list in a file: "
		"'\":Include: /l\"'"},
	    {"l: :blackhole:\n", "l",
		"/etc/aliases:1: 'l' stands for what is no address: "
		"':blackhole:'"},
	    {"l: |a\x1b[31m\n", "l",
		"/etc/aliases:1: 'l' stands for a program: '|a\\x1B[31m'"},
	    {"a: ann\nl: bob@@x.test\n", "l",
		"/etc/aliases:2: 'bob@@x.test': unexpected '@' at character 5"},
	    {"l: ann bob\n", "l",
		"/etc/aliases:1: 'ann bob': unexpected 'b' at character 5"},
	    {"l:\nm: ann\n", "l", "/etc/aliases:1: 'l' stands for nobody"},
	    {"k: l\nl: # later\n", "k",
		"/etc/aliases:2: 'l' stands for nobody"},
	    /* The others are not kept from theirs. */
	    {"l: |/bin/x\nm: bob@@x\nn:\nroot: ann@x.test\n", "root",
		"ann@x.test"},
	};

	(void)state;
	assert_expands(rows, LENGTH(rows));
}

static void
a_line_that_is_no_alias_is_named(void **state)
{
#define NO_ALIAS "this is no alias, which is written NAME: ADDRESS, ADDRESS"
	static const struct row rows[] = {
	    {"root: ann\nbob\n", "x", "/etc/aliases:2: " NO_ALIAS},
	    {": ann\n", "x", "/etc/aliases:1: " NO_ALIAS},
	    {"\"\": ann\n", "x", "/etc/aliases:1: " NO_ALIAS},
	    {"a b: ann\n", "x", "/etc/aliases:1: " NO_ALIAS},
	    {"a, b: ann\n", "x", "/etc/aliases:1: " NO_ALIAS},
	    {"\"a\"b: ann\n", "x", "/etc/aliases:1: " NO_ALIAS},
	    {"\"a: ann\n", "x",
		"/etc/aliases:1: a quotation mark is not closed"},
	    {"a@x.test: ann\n", "x",
		"/etc/aliases:1: only local names have aliases, and this one "
		"has a domain"},
	    {"@x.test: ann\n", "x",
		"/etc/aliases:1: only local names have aliases, and this one "
		"has a domain"},
	    {"# a\n\n  ann\n", "x",
		"/etc/aliases:3: a line that begins with a blank goes on with "
		"an alias, and there is none"},
	};

	(void)state;
	assert_expands(rows, LENGTH(rows));
}

static void
the_first_of_two_aliases_counts_over_files(void **state)
{
	static const char *const files[] = {"a: one@x.test\n",
	    "A: two@x.test\nb: two@x.test\n",
	    "b: three@x.test\nc: three@x.test\nc: four@x.test\nbad\n",
	    "c: five@x.test\n"};
	struct aliases as = {.domain = "h.test"};
	struct address_list list = {0}, who = {0};
	struct arena a = {0};
	struct error err = {0};
	struct buf out = {0};
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < LENGTH(files); i++) {
		r = aliases_read(
		    &as, &a, "f", files[i], strlen(files[i]), &err);
		/* A file with a mistake is left out. */
		assert_int_equal(r, i == 2 ? -1 : 0);
	}
	assert_string_equal(err.text, "f:4: " NO_ALIAS);
	parse(&a, "a, b, c", &list);
	assert_int_equal(aliases_expand(&as, &a, &list, &who, &err), 0);
	put(&out, &who);
	assert_string_equal(
	    buf_string(&out), "one@x.test, two@x.test, five@x.test");
	buf_clear(&out);
	arena_clear(&a);
}

static void
a_nul_or_utf16_is_refused(void **state)
{
	struct aliases as = {.domain = "h.test"};
	struct arena a = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(aliases_read(&as, &a, "f", "a: b\0c\n", 7, &err), -1);
	assert_string_equal(err.text, "f: there is a NUL byte in it");
	assert_int_equal(aliases_read(&as, &a, "f",
			     "\xff\xfe"
			     "a\0:\0b\0",
			     8, &err),
	    -1);
	assert_string_equal(err.text, "f: it is UTF-16, and UTF-8 is read");
	assert_int_equal(as.count, 0);
	arena_clear(&a);
}

/* a0 is a1, and so on; the last one is x@x.test, or leads back. */
static void
chain(unsigned n, const char *end, const char *recipient, struct buf *out)
{
	struct buf text = {0};
	unsigned i;

	for (i = 0; i + 1 < n; i++)
		buf_printf(&text, "a%u: a%u, a%u\n", i, i + 1, i + 1);
	buf_printf(&text, "a%u: %s\n", i, end);
	buf_reset(out);
	expand(buf_string(&text), recipient, out);
	buf_clear(&text);
}

static void
long_chains_and_doubling_ones_are_bounded(void **state)
{
	struct buf out = {0};

	(void)state;
	/* Each names the next one twice: 2^99 ways. */
	chain(ALIASES_DEPTH_MAX, "x@x.test", "a0", &out);
	assert_string_equal(buf_string(&out), "x@x.test");
	chain(ALIASES_DEPTH_MAX, "a0", "a0", &out);
	assert_string_equal(
	    buf_string(&out), "/etc/aliases:100: 'a99' leads back to 'a0'");
	chain(ALIASES_DEPTH_MAX + 1, "x@x.test", "a0", &out);
	assert_string_equal(buf_string(&out),
	    "/etc/aliases:100: 'a99' is an alias of an alias of too many "
	    "others, up to 'a0'");
	chain(1000, "x@x.test", "a0", &out);
	assert_string_equal(buf_string(&out),
	    "/etc/aliases:100: 'a99' is an alias of an alias of too many "
	    "others, up to 'a0'");
	chain(1000, "x@x.test", "a900", &out);
	assert_string_equal(buf_string(&out), "x@x.test");
	buf_clear(&out);
}

static void
many_aliases_are_read_and_found_at_once(void **state)
{
	struct buf text = {0}, out = {0};
	unsigned i;

	(void)state;
	buf_puts(&text, "all: u0");
	for (i = 1; i < 20000; i++)
		buf_printf(&text, ",\n u%u", i);
	for (i = 0; i < 20000; i++)
		buf_printf(&text, "\nu%u: ann@x.test", i);
	expand(buf_string(&text), "u19999", &out);
	assert_string_equal(buf_string(&out), "ann@x.test");
	buf_reset(&out);
	expand(buf_string(&text), "all", &out);
	assert_int_equal(out.len, 20000 * strlen("ann@x.test, ") - 2);
	buf_clear(&text);
	buf_clear(&out);
}

static void
newaliases_says_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *error; /* NULL: nothing */
	} cases[] = {
	    {"", NULL},
	    {"a: b\nb: b, c@x.test\ndefault: root\n", NULL},
	    {"z: z\na: b\nA: c\n", "f:3: 'a' has an alias already"},
	    {"z: |x\na: /y\n", "f:1: 'z' stands for a program: '|x'"},
	    {"z: z\na:\n", "f:2: 'a' stands for nobody"},
	    {"z: x,\n b@\n",
		"f:2: 'b@': no domain after the '@' at character 3"},
	    {"z: y\nb: c\nc: b\na: a\n", "f:3: 'c' leads back to 'b'"},
	};
	struct aliases as;
	struct arena a = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		err = (struct error){0};
		as = (struct aliases){.domain = "h.test"};
		assert_int_equal(aliases_read(&as, &a, "f", cases[i].text,
				     strlen(cases[i].text), &err),
		    0);
		if (aliases_check(&as, &err) !=
		    (cases[i].error != NULL ? -1 : 0))
			fail_msg("'%s': %s", cases[i].text, err.text);
		assert_string_equal(
		    err.text, cases[i].error != NULL ? cases[i].error : "");
	}
	arena_clear(&a);
}

/* a0 is a1, and so on, from the last one up, so that each is known by the time
 * that it is come to. */
static void
newaliases_counts_those_in_a_row_whichever_way_it_came(void **state)
{
	static const struct {
		unsigned n;
		const char *first, *error;
	} cases[] = {
	    {ALIASES_DEPTH_MAX, "", ""},
	    {ALIASES_DEPTH_MAX - 1, "z: a0, a50\n", ""},
	    {ALIASES_DEPTH_MAX + 1, "",
		"f:101: 'a0' leads over too many other aliases, by way of 'a1'"},
	    {ALIASES_DEPTH_MAX, "y: a50, a0\n",
		"f:1: 'y' leads over too many other aliases, by way of 'a50'"},
	    {ALIASES_DEPTH_MAX, "y: a60\nx: y, a0\n",
		"f:2: 'x' leads over too many other aliases, by way of 'a60'"},
	    {10000, "",
		"f:101: 'a9899' leads over too many other aliases, by way of "
		"'a9900'"},
	};
	struct aliases as;
	struct arena a = {0};
	struct buf text = {0};
	struct error err;
	unsigned k;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		err = (struct error){0};
		as = (struct aliases){.domain = "h.test"};
		buf_reset(&text);
		buf_puts(&text, cases[i].first);
		for (k = cases[i].n; k-- > 0;)
			buf_printf(&text,
			    k + 1 < cases[i].n ? "a%u: a%u\n"
					       : "a%u: x@x.test\n",
			    k, k + 1);
		assert_int_equal(aliases_read(&as, &a, "f", buf_string(&text),
				     text.len, &err),
		    0);
		(void)aliases_check(&as, &err);
		assert_string_equal(err.text, cases[i].error);
	}
	buf_clear(&text);
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_local_name_stands_for_whom_its_alias_names),
	    cmocka_unit_test(
		lines_go_on_behind_a_blank_and_comments_are_read_over),
	    cmocka_unit_test(aliases_of_aliases_end_somewhere),
	    cmocka_unit_test(default_is_for_local_names_without_an_alias),
	    cmocka_unit_test(
		what_is_no_address_is_told_when_mail_comes_that_way),
	    cmocka_unit_test(a_line_that_is_no_alias_is_named),
	    cmocka_unit_test(the_first_of_two_aliases_counts_over_files),
	    cmocka_unit_test(a_nul_or_utf16_is_refused),
	    cmocka_unit_test(long_chains_and_doubling_ones_are_bounded),
	    cmocka_unit_test(many_aliases_are_read_and_found_at_once),
	    cmocka_unit_test(newaliases_says_what_is_wrong),
	    cmocka_unit_test(
		newaliases_counts_those_in_a_row_whichever_way_it_came),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
