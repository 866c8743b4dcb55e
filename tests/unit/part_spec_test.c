/* part_spec: what --attach and --inline take. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "command/part_spec.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int
read_spec(struct message_part *part, struct arena *a, const char *text,
    struct error *err)
{
	memset(part, 0xff, sizeof(*part));
	memset(err, 0, sizeof(*err));
	return part_spec_read(part, a, text, err);
}

static void
assert_text(
    const char *spec, const char *what, const char *got, const char *expected)
{
	if (got == NULL ? expected != NULL
			: expected == NULL || strcmp(got, expected) != 0)
		fail_msg("%s: %s is %s instead of %s", spec, what,
		    got != NULL ? got : "none",
		    expected != NULL ? expected : "none");
}

static void
a_file_is_followed_by_what_is_said_of_it(void **state)
{
	static const struct {
		const char *text, *name, *type, *filename, *cid, *encoding;
		bool is_inline;
	} cases[] = {
	    {"a.pdf", "a.pdf"},
	    {"-", "-"},
	    {"-,name=x", "-", .filename = "x"},
	    {"dir/a b.pdf", "dir/a b.pdf"},
	    {"a,type=text/plain", "a", "text/plain"},
	    {"a,type=text/plain; charset=utf-8", "a",
		"text/plain; charset=utf-8"},
	    {"a,name=b.txt,type=text/plain,cid=c@d,encoding=8bit,inline", "a",
		"text/plain", "b.txt", "c@d", "8bit", true},
	    {"a,inline,encoding=base64,cid=c,type=text/plain,name=b", "a",
		"text/plain", "b", "c", "base64", true},
	    {"a,encoding=Quoted-Printable", "a",
		.encoding = "quoted-printable"},
	    {"a,inline", "a", .is_inline = true},
	    {"a,name=M\xc3\xbcll.txt", "a", .filename = "M\xc3\xbcll.txt"},
	    {"a,name==", "a", .filename = "="},
	};
	struct arena a = {0};
	struct message_part p;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		if (read_spec(&p, &a, cases[i].text, &err) == -1)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_text(cases[i].text, "file", p.name, cases[i].name);
		assert_text(cases[i].text, "type", p.type, cases[i].type);
		assert_text(
		    cases[i].text, "name", p.filename, cases[i].filename);
		assert_text(cases[i].text, "cid", p.cid, cases[i].cid);
		assert_text(
		    cases[i].text, "encoding", p.encoding, cases[i].encoding);
		assert_int_equal(p.is_inline, cases[i].is_inline);
		assert_null(p.text);
		assert_int_equal(p.fd, -1);
	}
	arena_clear(&a);
}

static void
a_comma_that_no_known_word_follows_belongs_to_what_is_before_it(void **state)
{
	static const struct {
		const char *text, *name, *filename;
		bool is_inline;
	} cases[] = {
	    {"a,b.txt", "a,b.txt"},
	    {"a,", "a,"},
	    {",", ","},
	    {",a", ",a"},
	    {"a,,name=b", "a,", "b"},
	    {"a, name=b", "a, name=b"},
	    {"a,Name=b", "a,Name=b"},
	    {"a,name", "a,name"},
	    {"a,nam=b", "a,nam=b"},
	    {"a,filename=b", "a,filename=b"},
	    {"a,name=b,c.txt", "a", "b,c.txt"},
	    {"a,name=b,", "a", "b,"},
	    {"a,name=b,c,inline", "a", "b,c", true},
	    {"a,inlined", "a,inlined"},
	    {"a,inline=yes", "a,inline=yes"},
	    {"a,inline,b", "a,inline,b"},
	    {"a,inline,inlined", "a,inline,inlined"},
	    {"a,inline,b,inline", "a,inline,b", NULL, true},
	    {"a,name=b,inline,c", "a", "b,inline,c"},
	    {"inline", "inline"},
	    {"type=text/plain", "type=text/plain"},
	};
	struct arena a = {0};
	struct message_part p;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		if (read_spec(&p, &a, cases[i].text, &err) == -1)
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_text(cases[i].text, "file", p.name, cases[i].name);
		assert_text(
		    cases[i].text, "name", p.filename, cases[i].filename);
		assert_int_equal(p.is_inline, cases[i].is_inline);
	}
	arena_clear(&a);
}

static void
what_cannot_be_meant_is_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"", "names no file"},
	    {",type=text/plain", "names no file"},
	    {",inline", "names no file"},
	    {"a,type=", "type= is empty"},
	    {"a,name=,inline", "name= is empty"},
	    {"a,cid=", "cid= is empty"},
	    {"a,encoding=", "encoding= is empty"},
	    {"a,name=b,name=c", "name= is given twice"},
	    {"a,name=b,type=text/plain,name=b", "name= is given twice"},
	    {"a,inline,inline", "inline is given twice"},
	    {"a,inline,name=b,inline", "inline is given twice"},
	    {"a,type=text", "Content-Type: "},
	    {"a,type=text/", "Content-Type: "},
	    {"a,type=text/plain,", "Content-Type: "},
	    {"a,type=text/plain;", "Content-Type: "},
	    {"a,type=text/pl\xc3\xa4in", "Content-Type: "},
	    {"a,type=text/plain; charset=\"x", "Content-Type: "},
	    {"a,type=multipart/mixed", "Content-Type: "},
	    {"a,encoding=uuencode", "encoding='uuencode' is none of base64"},
	    {"a,encoding=base64 ", "encoding="},
	    {"a,name=b\tc", "name='b\\tc' has control characters"},
	    {"a,name=b\x7f", "name="},
	    {"a,name=b\x1b[2J", "name='b\\x1B[2J' has control characters"},
	    {"a,cid=<b@c>", "cid='<b@c>' is not of the form"},
	    {"a,cid=b c", "cid="},
	    {"a,cid=@c", "cid="},
	    {"a,cid=b@", "cid="},
	    {"a,cid=b@c@d", "cid="},
	    {"a,cid=b\"c", "cid="},
	    {"a,cid=b\x01", "cid="},
	    {"a,cid=\xc3\xa4", "cid="},
	};
	struct arena a = {0};
	struct message_part p;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		if (read_spec(&p, &a, cases[i].text, &err) == 0)
			fail_msg("%s: is taken", cases[i].text);
		if (err.status != EX_USAGE ||
		    strncmp(err.text, cases[i].error, strlen(cases[i].error)) !=
			0)
			fail_msg(
			    "%s: %d %s", cases[i].text, err.status, err.text);
	}
	arena_clear(&a);
}

/* Put together again, what was read says the same: nothing is lost, and
 * nothing is made up, whatever the words were joined to. */
static void
any_row_of_words_is_read_as_a_whole_or_refused(void **state)
{
	static const char *const words[] = {"a", ",", "b.txt", ",", "inline",
	    ",inline", ",name=", ",type=text/plain", ",cid=c", "=",
	    ",encoding=", "7bit", "\xc3\xa4", " "};
	struct arena a = {0};
	struct message_part p;
	struct error err;
	char text[200];
	uint32_t n = 1;
	size_t k, sum, taken = 0;
	int round;

	(void)state;
	for (round = 0; round < 20000; round++) {
		text[0] = '\0';
		for (k = 0; k < 2 + (n >> 28) % 8; k++) {
			n = n * 1664525 + 1013904223;
			strcat(text, words[(n >> 16) % LENGTH(words)]);
		}
		if (read_spec(&p, &a, text, &err) == -1) {
			assert_int_equal(err.status, EX_USAGE);
			assert_true(err.text[0] != '\0');
			continue;
		}
		taken++;
		assert_int_equal(strncmp(text, p.name, strlen(p.name)), 0);
		sum = strlen(p.name);
		sum += p.type != NULL ? strlen(p.type) + 6 : 0;
		sum += p.filename != NULL ? strlen(p.filename) + 6 : 0;
		sum += p.cid != NULL ? strlen(p.cid) + 5 : 0;
		sum += p.encoding != NULL ? strlen(p.encoding) + 10 : 0;
		sum += p.is_inline ? 7 : 0;
		if (sum != strlen(text))
			fail_msg("%s", text);
	}
	assert_in_range(taken, 2000, 18000);
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_followed_by_what_is_said_of_it),
	    cmocka_unit_test(
		a_comma_that_no_known_word_follows_belongs_to_what_is_before_it),
	    cmocka_unit_test(what_cannot_be_meant_is_refused),
	    cmocka_unit_test(any_row_of_words_is_read_as_a_whole_or_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
