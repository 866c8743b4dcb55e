/* each_shape: what a record may fill in, and what it may not add. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "command/each_shape.h"

struct shape_case {
	const char *text, *plain, *added; /* NULL: nothing */
};

static void
check(enum each_shape shape, const struct shape_case *cases, size_t n)
{
	const char *added;
	size_t i;

	for (i = 0; i < n; i++) {
		added = each_shape_added(shape, cases[i].text, cases[i].plain);
		if ((added == NULL) != (cases[i].added == NULL) ||
		    (added != NULL && strcmp(added, cases[i].added) != 0))
			fail_msg("%s: %s", cases[i].text,
			    added != NULL ? added : "nothing");
	}
}

#define CHECK(shape, cases) \
	check(shape, cases, sizeof(cases) / sizeof((cases)[0]))

static void
a_record_adds_no_address(void **state)
{
	static const struct shape_case cases[] = {
	    {"bob@y.test", "x", NULL},
	    {"Bob <bob@y.test>", "x", NULL},
	    {"Bob <bob@y.test>", "x <x>", NULL},
	    {"\"Smith, Bob\" <bob@y.test>", "x <x>", NULL},
	    {"\"a\\\", b\" <bob@y.test>", "x <x>", NULL},
	    {"bob@y.test (Bob, of: y; <z>)", "x", NULL},
	    {"bob@y.test (Bob (a, b))", "x", NULL},
	    {"boss@x.test, bob@y.test", "boss@x.test, x", NULL},
	    {"", "x", NULL},
	    {"bob@y.test,eve@z.test", "x", "another address"},
	    {"bob@y.test eve@z.test, x", "x", "another address"},
	    {"boss@x.test, bob@y.test, eve@z.test", "boss@x.test, x",
		"another address"},
	    {"(a) bob@y.test, eve@z.test", "x", "another address"},
	    {"\"a\" b@y.test, eve@z.test", "x", "another address"},
	    {"Bob <bob@y.test> <eve@z.test>", "x", "another address"},
	    {"Bob <eve@z.test> <bob@y.test>", "x <x>", "another address"},
	    {"all: bob@y.test", "x", "a group"},
	    {"bob@y.test; NOTIFY=NEVER", "x", "a parameter of an address"},
	    {"Bob; <bob@y.test>", "x <x>", "a parameter of an address"},
	    /* What the call says itself may be there. */
	    {"bob@y.test; NOTIFY=NEVER", "x; NOTIFY=NEVER", NULL},
	    {"all: bob@y.test, eve@z.test;", "all: x, x;", NULL},
	    /* A quote that is open hides what the template has behind it. */
	    {"\"Bob <bob@y.test>, boss@x.test", "x <x>, boss@x.test",
		"another address"},
	    {"Bob ( <bob@y.test>, boss@x.test", "x <x>, boss@x.test",
		"another address"},
	};

	(void)state;
	CHECK(SHAPE_ADDRESSES, cases);
}

static void
a_record_makes_no_other_field(void **state)
{
	static const struct shape_case cases[] = {
	    {"X-Id: 12", "X-Id: x", NULL},
	    {"X-Id: a, b: c; <d>", "X-Id: x", NULL},
	    {"Subject: a, b", "Subject: x", NULL},
	    {"To: bob@y.test", "To: x", NULL},
	    {"To: bob@y.test, eve@z.test", "To: x", "another address"},
	    {"reply-to: bob@y.test, eve@z.test", "reply-to: x",
		"another address"},
	    {"Resent-Bcc: all: bob@y.test;", "Resent-Bcc: x", "a group"},
	    {"Bcc: eve@z.test", "x: x", "the name of a header field"},
	    {"Bcc: eve@z.test: 1", "x: 1", "the name of a header field"},
	    {"X-Bob: 1", "X-x: 1", "the name of a header field"},
	    {"List-Unsubscribe: <https://x.test/7;a:b>",
		"List-Unsubscribe: <https://x.test/x>", NULL},
	    {"List-Help: <mailto:a@x>, <mailto:b@x>", "List-Help: <x>, <x>",
		NULL},
	    {"list-unsubscribe: <https://x.test/7>, <mailto:eve@z.test>",
		"list-unsubscribe: <https://x.test/x>", "another URI"},
	    {"List-Post: <mailto:a@x>", "List-Post: x", NULL},
	    {"List-Post: <mailto:a@x>, <mailto:b@x>", "List-Post: x",
		"another URI"},
	    {"Bcc: eve@z.test", "x", "the name of a header field"},
	};

	(void)state;
	CHECK(SHAPE_FIELD, cases);
}

static void
a_record_adds_no_attribute_to_a_part(void **state)
{
	static const char added[] = "an attribute behind a comma";
	static const struct shape_case cases[] = {
	    {"cert/7.pdf", "cert/x.pdf", NULL},
	    {"a, b.pdf", "x", NULL},
	    {"7.pdf,name=Bob.pdf", "x.pdf,name=x.pdf", NULL},
	    {"7.pdf,type=text/html", "x", added},
	    {"7.pdf,name=x.exe", "x", added},
	    {"7.pdf,name=x.exe", "x.pdf,type=text/plain", added},
	    {"7.pdf,cid=1@x", "x", added},
	    {"7.pdf,inline", "x", added},
	    {"7.pdf,type=text/html,name=x.exe", "7.pdf,type=x", added},
	    {"7.pdf,encoding=base64,inline", "7.pdf,encoding=x", added},
	    {"7.pdf,cid=1@x,name=x.exe", "7.pdf,cid=@x", added},
	    {"7.pdf,type=text/html", "7.pdf,type=x", NULL},
	};

	(void)state;
	CHECK(SHAPE_PART, cases);
}

static void
in_a_text_everything_may_stand(void **state)
{
	static const struct shape_case cases[] = {
	    {"a, b: c; <d> \" (", "x", NULL},
	    {"", "x", NULL},
	};

	(void)state;
	CHECK(SHAPE_ANY, cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_record_adds_no_address),
	    cmocka_unit_test(a_record_makes_no_other_field),
	    cmocka_unit_test(a_record_adds_no_attribute_to_a_part),
	    cmocka_unit_test(in_a_text_everything_may_stand),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
