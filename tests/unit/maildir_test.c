/* maildir: the messages of a Maildir, while other programs use it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content/maildir.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

/* Each test has one, at its working directory "box". */
static char top[64];

static int
begin_dir(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/maildir_test.XXXXXX");
	if (mkdtemp(top) == NULL || chdir(top) == -1)
		return -1;
	return mkdir("box", 0700) == -1 || mkdir("box/cur", 0700) == -1 ||
	    mkdir("box/new", 0700) == -1 || mkdir("box/tmp", 0700) == -1;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static int
end_dir(void **state)
{
	(void)state;
	return chdir("/") == -1 ||
	    nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS) == -1;
}

static void
put(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "box/%s", name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void
move(const char *old, const char *new)
{
	char a[512], b[512];

	snprintf(a, sizeof(a), "box/%s", old);
	snprintf(b, sizeof(b), "box/%s", new);
	assert_int_equal(rename(a, b), 0);
}

static void
begin(struct maildir *m)
{
	struct error err;

	assert_int_equal(maildir_begin(m, "box", &err), 0);
}

static void
assert_names(struct maildir *m, const char *const *names, size_t n)
{
	size_t i;

	assert_int_equal(m->names.count, n);
	for (i = 0; i < n; i++)
		assert_string_equal(maildir_name(m, i, NULL, NULL), names[i]);
}

static void
assert_text(struct maildir *m, size_t i, const char *text)
{
	struct error err;
	char bytes[64] = "";
	int fd = maildir_open(m, i, &err);

	if (fd == -1)
		fail_msg("%s", err.text);
	assert_true(read(fd, bytes, sizeof(bytes) - 1) >= 0);
	assert_string_equal(bytes, text);
	close(fd);
}

static void
assert_unreadable(struct maildir *m, size_t i, const char *text)
{
	struct error err = {0};

	assert_int_equal(maildir_open(m, i, &err), -1);
	assert_int_equal(err.status, EX_NOINPUT);
	assert_string_equal(err.text, text);
}

static void
a_maildir_has_cur_and_new(void **state)
{
	(void)state;
	assert_true(maildir_is("box"));
	assert_true(maildir_is("box/"));
	assert_int_equal(rmdir("box/tmp"), 0);
	assert_true(maildir_is("box"));
	assert_int_equal(rmdir("box/new"), 0);
	assert_false(maildir_is("box"));
	put("new", "a file");
	assert_false(maildir_is("box"));
	assert_false(maildir_is("box/new"));
	assert_false(maildir_is("nowhere"));
	assert_false(maildir_is(""));
}

static void
what_is_no_maildir_is_refused_by_name(void **state)
{
	struct maildir m;
	struct error err;

	(void)state;
	assert_int_equal(maildir_begin(&m, "nowhere", &err), -1);
	assert_int_equal(err.status, EX_NOINPUT);
	assert_non_null(strstr(err.text, "nowhere/new"));
	assert_int_equal(rmdir("box/cur"), 0);
	assert_int_equal(maildir_begin(&m, "box", &err), -1);
	assert_non_null(strstr(err.text, "box/cur"));
}

static void
messages_of_new_and_cur_are_in_the_order_of_their_unique_names(void **state)
{
	static const char *const names[] = {"new/10.a", "cur/10.a,x:2,",
	    "cur/100.a:2,S", "cur/2.a:2,FS", "new/3.a", "cur/3.a:x",
	    "cur/9.a:1,x"};
	struct maildir m;
	const char *unique;
	size_t i, n;

	(void)state;
	for (i = ELEMENTS(names); i-- > 0;)
		put(names[i], names[i]);
	put("tmp/1.a", "not yet");
	put("new/.hidden", "x");
	assert_int_equal(mkdir("box/cur/folder", 0700), 0);
	begin(&m);
	assert_names(&m, names, ELEMENTS(names));
	for (i = 0; i < ELEMENTS(names); i++)
		assert_text(&m, i, names[i]);
	assert_string_equal(maildir_name(&m, 2, &unique, &n), names[2]);
	assert_int_equal(n, 5);
	assert_memory_equal(unique, "100.a", 5);
	maildir_name(&m, 5, &unique, &n);
	assert_int_equal(n, 5);
	maildir_name(&m, 6, &unique, &n);
	assert_int_equal(n, 3);
	maildir_end(&m);
}

static void
the_order_stays_when_messages_are_read_meanwhile(void **state)
{
	static const char *const before[] = {"new/1", "new/10", "new/1a"};
	static const char *const after[] = {"cur/1:2,S", "new/10", "cur/1a:2,"};
	struct maildir m;

	(void)state;
	put("new/1", "x");
	put("new/1a", "x");
	put("new/10", "x");
	begin(&m);
	assert_names(&m, before, 3);
	maildir_end(&m);
	move("new/1", "cur/1:2,S");
	move("new/1a", "cur/1a:2,");
	begin(&m);
	assert_names(&m, after, 3);
	maildir_end(&m);
}

static void
an_empty_maildir_has_no_message(void **state)
{
	struct maildir m;

	(void)state;
	begin(&m);
	assert_int_equal(m.names.count, 0);
	maildir_end(&m);
}

static void
a_message_that_is_moved_or_flagged_is_found_again(void **state)
{
	static const char *const names[] = {
	    "cur/1.a:2,S", "cur/2.a:2,RS", "cur/3.a:2,", "new/4.a"};
	struct maildir m;
	struct error err;
	char byte;
	int fd;

	(void)state;
	put("new/1.a", "one");
	put("cur/2.a:2,", "two");
	put("new/3.a", "three");
	put("new/4.a", "four");
	begin(&m);
	move("new/1.a", "cur/1.a:2,S");
	move("cur/2.a:2,", "cur/2.a:2,RS");
	put("new/0.a", "came later");
	put("cur/2.b:2,", "came later");
	assert_text(&m, 0, "one");
	assert_text(&m, 1, "two");
	fd = maildir_open(&m, 2, &err);
	move("new/3.a", "cur/3.a:2,");
	assert_int_equal(read(fd, &byte, 1), 1);
	assert_int_equal(byte, 't');
	close(fd);
	assert_text(&m, 2, "three");
	assert_text(&m, 3, "four");
	assert_names(&m, names, 4);
	move("cur/1.a:2,S", "cur/1.a:2,RS");
	assert_text(&m, 0, "one");
	maildir_end(&m);
}

static void
a_message_that_is_gone_is_reported_by_name(void **state)
{
	struct maildir m;

	(void)state;
	put("new/1.a", "one");
	put("new/2.a", "two");
	put("cur/3.a:2,", "three");
	begin(&m);
	unlink("box/new/1.a");
	unlink("box/cur/3.a:2,");
	move("new/2.a", "cur/2.a:2,");
	assert_unreadable(
	    &m, 0, "cannot read box/new/1.a: the message is gone");
	assert_text(&m, 1, "two");
	assert_unreadable(
	    &m, 2, "cannot read box/cur/3.a:2,: the message is gone");
	put("cur/3.a:2,", "again");
	assert_text(&m, 2, "again");
	maildir_end(&m);
}

static void
only_regular_files_are_opened_and_nothing_is_waited_for(void **state)
{
	struct maildir m;

	(void)state;
	put("new/2.a", "two");
	assert_int_equal(mkfifo("box/new/1.fifo", 0600), 0);
	assert_int_equal(symlink("2.a", "box/new/3.link"), 0);
	assert_int_equal(symlink("nowhere", "box/new/4\n\033.link"), 0);
	begin(&m);
	assert_int_equal(m.names.count, 4);
	assert_unreadable(
	    &m, 0, "cannot read box/new/1.fifo: not a regular file");
	assert_text(&m, 1, "two");
	assert_unreadable(&m, 2, "cannot read box/new/3.link: a symbolic link");
	assert_unreadable(
	    &m, 3, "cannot read box/new/4\\n\\x1B.link: a symbolic link");
	unlink("box/new/2.a");
	assert_int_equal(mkdir("box/new/2.a", 0700), 0);
	assert_unreadable(&m, 1, "cannot read box/new/2.a: not a regular file");
	maildir_end(&m);
}

static void
what_was_listed_twice_while_it_moved_is_one_message(void **state)
{
	static const char *const names[] = {"cur/1:2,", "cur/2:2,", "new/2"};
	struct maildir m;

	(void)state;
	/* A move by link(2) and unlink(2), half done. */
	put("new/1", "one");
	assert_int_equal(link("box/new/1", "box/cur/1:2,"), 0);
	/* Two messages, against the rules: none gets lost. */
	put("new/2", "two");
	put("cur/2:2,", "other");
	begin(&m);
	assert_names(&m, names, 3);
	move("cur/2:2,", "cur/2:2,S");
	assert_text(&m, 1, "other");
	assert_text(&m, 2, "two");
	maildir_end(&m);
}

static void
a_message_takes_little_memory(void **state)
{
	enum { MESSAGES = 5000 };
	struct maildir m;
	char name[128];
	size_t i;

	(void)state;
	for (i = 0; i < MESSAGES; i++) {
		snprintf(name, sizeof(name), "new/%zu.M1P1Q%zu.host.example",
		    1795000000 + i * 7 % 5000, i);
		put(name, "");
	}
	begin(&m);
	assert_int_equal(m.names.count, MESSAGES);
	assert_true(m.names.packed.len + MESSAGES * sizeof(*m.names.at) <
	    MESSAGES * 64);
	for (i = 1; i < MESSAGES; i++) {
		snprintf(name, sizeof(name), "%s",
		    maildir_name(&m, i - 1, NULL, NULL));
		assert_true(strcmp(name, maildir_name(&m, i, NULL, NULL)) < 0);
	}
	maildir_end(&m);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_dir, end_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_maildir_has_cur_and_new),
	    TEST(what_is_no_maildir_is_refused_by_name),
	    TEST(
		messages_of_new_and_cur_are_in_the_order_of_their_unique_names),
	    TEST(the_order_stays_when_messages_are_read_meanwhile),
	    TEST(an_empty_maildir_has_no_message),
	    TEST(a_message_that_is_moved_or_flagged_is_found_again),
	    TEST(a_message_that_is_gone_is_reported_by_name),
	    TEST(only_regular_files_are_opened_and_nothing_is_waited_for),
	    TEST(what_was_listed_twice_while_it_moved_is_one_message),
	    TEST(a_message_takes_little_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
