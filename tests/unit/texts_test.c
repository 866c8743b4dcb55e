#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/texts.h"

/* n octets: a number and then dots, with the character somewhere in them. */
static char *
made(unsigned number, size_t n, size_t at, const char *character)
{
	char *text = malloc(n + 1), head[32];

	assert_non_null(text);
	memset(text, '.', n);
	snprintf(head, sizeof(head), "%u ", number);
	memcpy(text, head, strlen(head));
	memcpy(text + at, character, strlen(character));
	text[n] = '\0';
	return text;
}

static size_t
arena_octets(const struct smtp_texts *t)
{
	size_t i, sum = 0;

	for (i = 0; i < t->cap; i++)
		if (t->table[i] != NULL)
			sum += strlen(t->table[i]);
	return sum;
}

static void
equal_texts_are_kept_once(void **state)
{
	struct arena arena = {0};
	struct smtp_texts t = {.arena = &arena};
	const char *first = smtp_texts_keep(&t, "No such user");
	char other[] = "No such user";

	(void)state;
	assert_string_equal(first, "No such user");
	assert_ptr_not_equal(first, other);
	assert_ptr_equal(smtp_texts_keep(&t, other), first);
	assert_string_equal(smtp_texts_keep(&t, ""), "");
	assert_string_equal(smtp_texts_keep(&t, "No such use"), "No such use");
	assert_int_equal(t.count, 3);
	smtp_texts_clear(&t);
	arena_clear(&arena);
}

static void
a_long_text_is_cut_between_characters_and_says_so(void **state)
{
	struct arena arena = {0};
	struct smtp_texts t = {.arena = &arena};
	char *text = made(1, 65536, SMTP_TEXT_MAX - 2, "\xe2\x82\xac");
	char *bytes = made(2, 65536, 8, ".");
	const char *kept = smtp_texts_keep(&t, text);

	(void)state;
	assert_memory_equal(kept, text, SMTP_TEXT_MAX - 2);
	assert_string_equal(
	    kept + SMTP_TEXT_MAX - 2, "\n[61442 octets left out]");
	/* What is no UTF-8 is cut where it has to be. */
	memset(bytes + 2, 0x80, 65534);
	kept = smtp_texts_keep(&t, bytes);
	assert_memory_equal(kept, bytes, SMTP_TEXT_MAX);
	assert_string_equal(kept + SMTP_TEXT_MAX, "\n[61440 octets left out]");
	free(text);
	free(bytes);
	smtp_texts_clear(&t);
	arena_clear(&arena);
}

static void
a_long_text_is_kept_whole_only_once(void **state)
{
	struct arena arena = {0};
	struct smtp_texts t = {.arena = &arena};
	char *text = made(1, 3000, 8, ".");
	const char *first = smtp_texts_keep(&t, text), *again;

	(void)state;
	assert_string_equal(first, text);
	again = smtp_texts_keep(&t, text);
	assert_memory_equal(again, text, SMTP_TEXT_SHORT);
	assert_string_equal(
	    again + SMTP_TEXT_SHORT, "\n[2744 octets left out]");
	assert_ptr_equal(smtp_texts_keep(&t, text), again);
	free(text);
	smtp_texts_clear(&t);
	arena_clear(&arena);
}

static void
ten_thousand_fat_texts_need_little_more_than_the_maximum(void **state)
{
	struct arena arena = {0};
	struct smtp_texts t = {.arena = &arena};
	const char *kept;
	char *text;
	unsigned i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		text = made(i, 65000, 100, ".");
		kept = smtp_texts_keep(&t, text);
		assert_memory_equal(kept, text, SMTP_TEXT_SHORT);
		assert_non_null(strstr(kept, " octets left out]"));
		free(text);
	}
	assert_in_range(arena_octets(&t), SMTP_TEXTS_MAX,
	    SMTP_TEXTS_MAX + 10000 * (SMTP_TEXT_SHORT + 32));
	/* A short one is told all the same. */
	assert_string_equal(smtp_texts_keep(&t, "No"), "No");
	smtp_texts_clear(&t);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_texts_are_kept_once),
	    cmocka_unit_test(a_long_text_is_cut_between_characters_and_says_so),
	    cmocka_unit_test(a_long_text_is_kept_whole_only_once),
	    cmocka_unit_test(
		ten_thousand_fat_texts_need_little_more_than_the_maximum),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
