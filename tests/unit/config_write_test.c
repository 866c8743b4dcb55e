/* config_write: an account in a file, and all that must stay as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options/config_file.h"
#include "options/config_write.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct config_setting usual[] = {
    {"server", "submissions://mail.x.test"},
    {"user", "me@x.test"},
    {"password-from", "pass"},
    {"password-command", NULL},
    {"password", NULL},
};

static void
assert_written(const char *text, const char *account,
    const struct config_setting *settings, size_t count, const char *expected)
{
	struct buf out = {0};
	struct error err;

	if (config_write(
		&out, text, strlen(text), account, settings, count, &err) == -1)
		fail_msg("%s", err.text);
	assert_string_equal(buf_string(&out), expected);
	buf_clear(&out);
}

#define NEW                                                                   \
	"[account x]\nserver = submissions://mail.x.test\nuser = me@x.test\n" \
	"password-from = pass\n"
#define NEW_CRLF                                                \
	"[account x]\r\nserver = submissions://mail.x.test\r\n" \
	"user = me@x.test\r\npassword-from = pass\r\n"

static void
an_account_is_added_at_the_end(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
	    {"", NEW},
	    {"\xef\xbb\xbf", "\xef\xbb\xbf" NEW},
	    {"# mine\n", "# mine\n\n" NEW},
	    {"# mine", "# mine\n\n" NEW},
	    {"# mine\r\n", "# mine\r\n\r\n" NEW_CRLF},
	    {"# a\r\nbcc = a@x.test", "# a\r\nbcc = a@x.test\r\n\r\n" NEW_CRLF},
	    {"# [account x]\nuser = y\n[account xx]\nuser = z\n\n# end\n",
		"# [account x]\nuser = y\n[account xx]\nuser = z\n\n# end\n\n" NEW},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++)
		assert_written(
		    rows[i].text, "x", usual, LENGTH(usual), rows[i].expected);
}

static void
an_account_that_is_there_is_changed_in_its_place(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
	    {"[account x]\n", NEW},
	    {"[account x]", NEW},
	    {"  [ account\tx ]  \nuser = old\n# to y\n\n[account y]\nuser = y\n",
		"  [ account\tx ]  \nuser = me@x.test\n"
		"server = submissions://mail.x.test\npassword-from = pass\n"
		"# to y\n\n[account y]\nuser = y\n"},
	    {"[account x]\n# the old one\n server=old\n server = older\n"
	     "password = \"secret \"\nbcc = me@x.test\n",
		"[account x]\n# the old one\n"
		"server = submissions://mail.x.test\nbcc = me@x.test\n"
		"user = me@x.test\npassword-from = pass\n"},
	    {"user = top\r\n[account x]\r\nuser = old",
		"user = top\r\n[account x]\r\nuser = me@x.test\r\n"
		"server = submissions://mail.x.test\r\n"
		"password-from = pass\r\n"},
	    {"[account x]\npassword-command = \n"
	     "user = me\nserver = a\npassword-from = secret-tool",
		"[account x]\nuser = me@x.test\n"
		"server = submissions://mail.x.test\npassword-from = pass\n"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++)
		assert_written(
		    rows[i].text, "x", usual, LENGTH(usual), rows[i].expected);
}

static void
a_list_has_a_line_for_each_of_its_values(void **state)
{
	static const struct config_setting pins[] = {
	    {"tls-pin", "one"}, {"user", "me"}, {"tls-pin", "two"}};

	(void)state;
	assert_written("[account x]\ntls-pin = a\n# b\ntls-pin = b\n", "x",
	    pins, LENGTH(pins),
	    "[account x]\ntls-pin = one\ntls-pin = two\n# b\nuser = me\n");
}

static void
what_is_written_twice_is_the_same(void **state)
{
	struct buf once = {0}, twice = {0};
	struct error err;

	(void)state;
	assert_int_equal(
	    config_write(&once, "# a\n", 4, "x", usual, LENGTH(usual), &err),
	    0);
	assert_int_equal(config_write(&twice, once.data, once.len, "x", usual,
			     LENGTH(usual), &err),
	    0);
	assert_string_equal(buf_string(&twice), buf_string(&once));
	assert_true(config_has_account(once.data, once.len, "x"));
	assert_false(config_has_account(once.data, once.len, "xx"));
	buf_clear(&once);
	buf_clear(&twice);
}

static void
what_could_not_be_read_back_is_refused(void **state)
{
	static const char *const names[] = {
	    "", " ", "x ", " x", "x\ny", "x\ty", "x\x1b[1m", "\xff"};
	static const struct config_setting bad = {"user", "me\nserver = y"};
	struct buf out = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(names); i++) {
		assert_int_equal(
		    config_write(&out, "", 0, names[i], usual, 1, &err), -1);
		assert_int_equal(err.status, EX_CONFIG);
	}
	assert_int_equal(config_write(&out, "", 0, "x", &bad, 1, &err), -1);
	assert_int_equal(err.status, EX_CONFIG);
	assert_int_equal(out.len, 0);
}

/* As the parser finds it. */
static void
read_back(struct config_file *f, struct arena *a, const struct buf *text)
{
	char path[] = "/tmp/config_write_test.XXXXXX";
	struct error err;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text->data, text->len), text->len);
	*f = (struct config_file){0};
	if (config_file_read(f, path, a, &err) == -1)
		fail_msg("%s\n%s", err.text, buf_string(text));
	close(fd);
	unlink(path);
}

static const char *
value_of(const struct config_file *f, const char *account, const char *name)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		if (f->entries[i].account != NULL &&
		    strcmp(f->entries[i].account, account) == 0 &&
		    strcmp(f->entries[i].row->name, name) == 0)
			return f->entries[i].value;
	return NULL;
}

static void
every_value_is_read_as_it_was_written(void **state)
{
	static const char *const values[] = {"a", "\"", "\"a\"", "a\"", " a",
	    "a ", "\ta", "a\t", "\fa", "a\v", "\\", "a\\", " \\", "\\\" ", "#a",
	    "[a]", "a = b", "=", "\"\\\"\" ", "\xc3\xa4 "};
	struct config_setting setting = {"password-command", NULL};
	struct config_file f;
	struct buf out = {0};
	struct arena a = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(values); i++) {
		setting.value = values[i];
		buf_reset(&out);
		assert_int_equal(config_write(&out, "# a\r\n", i % 2 ? 5 : 0,
				     "x y]", &setting, 1, &err),
		    0);
		read_back(&f, &a, &out);
		assert_string_equal(
		    value_of(&f, "x y]", "password-command"), values[i]);
		config_file_clear(&f);
	}
	buf_clear(&out);
	arena_clear(&a);
}

static uint32_t
next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* Files of lines that come in any order; what stands in other sections is read
 * afterwards as it was before. */
static void
other_accounts_are_left_alone(void **state)
{
	static const char *const lines[] = {"", "# note", "  # [account x]",
	    "user = a", " user=b ", "server = h", "netrc", "keep-bcc",
	    "bcc = c@x.test", "password-from = pass"};
	static const char *const ends[] = {"\n", "\r\n"};
	struct config_file before, after;
	struct buf text = {0}, out = {0};
	struct arena a = {0};
	struct error err;
	uint32_t seed = 7, round;
	size_t i, k, n;

	(void)state;
	for (round = 0; round < 500; round++) {
		buf_reset(&text);
		buf_reset(&out);
		for (i = 0; i < 4; i++) {
			if (i > 0)
				buf_printf(&text, "[account %c]%s",
				    "wxyz"[i - 1 + next(&seed) % 2 * (i == 3)],
				    ends[round % 2]);
			for (n = next(&seed) % 5; n > 0; n--) {
				k = next(&seed) % LENGTH(lines);
				/* one of a group in a section */
				if (k != 6 && (k != 9 || n == 1))
					buf_printf(&text, "%s%s", lines[k],
					    ends[round % 2]);
			}
		}
		if (next(&seed) % 3 == 0 && text.len > 2)
			text.len -= 1 + round % 2;
		read_back(&before, &a, &text);
		assert_int_equal(config_write(&out, text.data, text.len, "x",
				     usual, LENGTH(usual), &err),
		    0);
		read_back(&after, &a, &out);
		assert_string_equal(value_of(&after, "x", "user"), "me@x.test");
		for (i = k = 0; i < before.count; i++) {
			if (before.entries[i].account != NULL &&
			    strcmp(before.entries[i].account, "x") == 0)
				continue;
			while (after.entries[k].account != NULL &&
			    strcmp(after.entries[k].account, "x") == 0)
				k++;
			assert_true(k < after.count);
			assert_ptr_equal(
			    after.entries[k].row, before.entries[i].row);
			if (before.entries[i].value != NULL)
				assert_string_equal(after.entries[k].value,
				    before.entries[i].value);
			k++;
		}
		config_file_clear(&before);
		config_file_clear(&after);
	}
	buf_clear(&text);
	buf_clear(&out);
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_account_is_added_at_the_end),
	    cmocka_unit_test(an_account_that_is_there_is_changed_in_its_place),
	    cmocka_unit_test(a_list_has_a_line_for_each_of_its_values),
	    cmocka_unit_test(what_is_written_twice_is_the_same),
	    cmocka_unit_test(what_could_not_be_read_back_is_refused),
	    cmocka_unit_test(every_value_is_read_as_it_was_written),
	    cmocka_unit_test(other_accounts_are_left_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
