/* flowed_decode: paragraphs are joined as RFC 3676 section 4 says. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "content/flowed.h"
#include "content/flowed_decode.h"

static void
decodes(const char *text, bool delsp, const char *expected)
{
	struct buf out = {0};

	assert_int_equal(flowed_decode(text, strlen(text), delsp, &out), 0);
	assert_string_equal(buf_string(&out), expected);
	buf_clear(&out);
}

static void
soft_line_ends_join_lines_of_one_depth(void **state)
{
	(void)state;
	decodes("", false, "");
	decodes("a \r\nb\r\nc\r\n", false, "a b\nc\n");
	decodes("a \nb \nc", false, "a b c\n");
	decodes("a \n", false, "a \n");
	decodes("a \n\nb\n", false, "a \nb\n");
	decodes(
	    "> a \n> b\n>> c \n> d \ne\n", false, "> a b\n>> c \n> d \ne\n");
	decodes(">\n>> \n", false, ">\n>>\n");
	decodes("a \nb\n", true, "ab\n");
}

static void
stuffed_spaces_go_and_signatures_stay(void **state)
{
	(void)state;
	decodes(" From me\n >a\n  b\n", false, "From me\n>a\n b\n");
	decodes("a \n-- \nme \nyou\n", false, "a \n-- \nme you\n");
	decodes("> -- \n> x\n", false, "> -- \n> x\n");
}

static void
what_flowed_encode_makes_of_a_text_is_that_text_again(void **state)
{
	static const char text[] =
	    "A paragraph that is longer than a line may be, and so it is "
	    "broken behind spaces, more than once if it goes on for so long as "
	    "this one does.\n\nshort\n From me\nFrom you\n> quoted, and it is "
	    "longer than one line as well, so that it has to be broken into "
	    "two\n>> deeper\n-- \nme\n";
	struct buf flowed = {0}, out = {0};

	(void)state;
	assert_int_equal(flowed_encode(text, strlen(text), &flowed), 0);
	assert_string_not_equal(buf_string(&flowed), text);
	assert_int_equal(
	    flowed_decode(buf_string(&flowed), flowed.len, false, &out), 0);
	assert_string_equal(buf_string(&out), text);
	buf_clear(&flowed);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(soft_line_ends_join_lines_of_one_depth),
	    cmocka_unit_test(stuffed_spaces_go_and_signatures_stay),
	    cmocka_unit_test(
		what_flowed_encode_makes_of_a_text_is_that_text_again),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
