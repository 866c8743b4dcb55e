/* mbox: the separator, and the quoting of lines that look like one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "content/mbox.h"

static void
entry_of(const char *text, size_t step, struct buf *out)
{
	size_t n = strlen(text), i;
	struct mbox m = {0};

	buf_reset(out);
	for (i = 0; i < n; i += step)
		mbox_update(&m, text + i, n - i < step ? n - i : step, out);
	mbox_end(&m, out);
}

static void
lines_that_begin_like_a_separator_are_quoted_whatever_the_pieces(void **state)
{
	static const struct {
		const char *text, *entry;
	} cases[] = {
	    {"", "\n"},
	    {"a", "a\n\n"},
	    {"a\n", "a\n\n"},
	    {"a\n\n", "a\n\n\n"},
	    {"From ", ">From \n\n"},
	    {"From", "From\n\n"},
	    {"F", "F\n\n"},
	    {">", ">\n\n"},
	    {">>>", ">>>\n\n"},
	    {">\n", ">\n\n"},
	    {"From\nFrom x\n", "From\n>From x\n\n"},
	    {">From x\n>>From y\n", ">>From x\n>>>From y\n\n"},
	    {"> From x\n From x\n", "> From x\n From x\n\n"},
	    {"Fro From x\nfrom x\nFrom: x\n",
		"Fro From x\nfrom x\nFrom: x\n\n"},
	    {">Fro\n>F>From x\n", ">Fro\n>F>From x\n\n"},
	    {"FFrom x\n>From\n\nFrom \n", "FFrom x\n>From\n\n>From \n\n"},
	    {"From From x\n", ">From From x\n\n"},
	};
	struct buf out = {0};
	size_t i, step;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (step = 1; step < 20; step++) {
			entry_of(cases[i].text, step, &out);
			assert_string_equal(buf_string(&out), cases[i].entry);
		}
	buf_clear(&out);
}

/* What a reader does: one ">" goes from each line of that kind. */
static void
unquote(const char *entry, struct buf *out)
{
	size_t n = strlen(entry) - 1, i, len, angles; /* the empty line */

	buf_reset(out);
	for (i = 0; i < n; i += len) {
		len = strcspn(entry + i, "\n") + 1;
		angles = strspn(entry + i, ">");
		if (angles > 0 &&
		    strncmp(entry + i + angles, "From ", 5) == 0) {
			i++;
			len--;
		}
		buf_append(out, entry + i, len);
	}
}

static void
the_quoting_can_be_undone(void **state)
{
	static const char *const pieces[] = {
	    "From ", "From", ">", "\n", " ", "x", "F", "\n\n"};
	struct buf text = {0}, entry = {0}, back = {0};
	unsigned random = 1, i, k;

	(void)state;
	for (i = 0; i < 5000; i++) {
		buf_reset(&text);
		for (k = 0; k < 12; k++) {
			random = random * 1103515245 + 12345;
			buf_puts(&text, pieces[random >> 16 & 7]);
		}
		buf_putc(&text, '\n');
		entry_of(buf_string(&text), 1 + i % 7, &entry);
		unquote(buf_string(&entry), &back);
		assert_string_equal(buf_string(&back), buf_string(&text));
	}
	buf_clear(&text);
	buf_clear(&entry);
	buf_clear(&back);
}

static void
the_separator_has_the_sender_and_the_time_in_utc(void **state)
{
	static const struct {
		const char *sender;
		int64_t now;
		const char *line;
	} cases[] = {
	    {"a@b.test", 0, "From a@b.test Thu Jan  1 00:00:00 1970\n"},
	    {"", 1795000000, "From MAILER-DAEMON Wed Nov 18 11:06:40 2026\n"},
	    {"\"a b\"@c.test", 951782400,
		"From \"a-b\"@c.test Tue Feb 29 00:00:00 2000\n"},
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	setenv("TZ", "Asia/Tokyo", 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out);
		mbox_separator(&out, cases[i].sender, cases[i].now);
		assert_string_equal(buf_string(&out), cases[i].line);
	}
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		lines_that_begin_like_a_separator_are_quoted_whatever_the_pieces),
	    cmocka_unit_test(the_quoting_can_be_undone),
	    cmocka_unit_test(the_separator_has_the_sender_and_the_time_in_utc),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
