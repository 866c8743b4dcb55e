/* Small secrets kept in files: whole, ours alone, and for one use. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/cache.h"

enum { DAY = 86400, MAX = 4096 };

struct place {
	char base[32], directory[64], file[96];
};

static int
keep(struct place *p, const char *bytes, struct error *err)
{
	*err = (struct error){0};
	return cache_keep(p->directory, "name", bytes, strlen(bytes), DAY, err);
}

static int
take(struct place *p, struct buf *out, struct error *err)
{
	*out = (struct buf)BUF_WITH_MAX(MAX);
	*err = (struct error){0};
	return cache_take(p->directory, "name", out, err);
}

static void
assert_kept(struct place *p, const char *bytes)
{
	struct error err;

	if (keep(p, bytes, &err) == -1)
		fail_msg("%s", err.text);
}

static void
assert_taken(struct place *p, const char *bytes)
{
	struct buf out;
	struct error err;

	if (take(p, &out, &err) == -1)
		fail_msg("%s", err.text);
	assert_string_equal(buf_string(&out), bytes);
	buf_clear(&out);
}

/* status 0: there is simply nothing. */
static void
assert_nothing(struct place *p, int status)
{
	struct buf out;
	struct error err;

	assert_int_equal(take(p, &out, &err), -1);
	assert_int_equal(err.status, status);
	assert_int_equal(out.len, 0);
	assert_non_null(strstr(err.text, p->directory));
	buf_clear(&out);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static unsigned
count_files(const char *directory)
{
	char command[128];
	unsigned n;
	FILE *f;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", directory);
	f = popen(command, "re");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

static void
what_was_kept_is_taken_once(void **state)
{
	struct place *p = *state;

	assert_nothing(p, 0);
	assert_kept(p, "one");
	assert_kept(p, "two");
	assert_taken(p, "two");
	assert_nothing(p, 0);
	assert_int_equal(count_files(p->directory), 0);
}

static void
files_and_directories_are_for_their_owner_alone(void **state)
{
	struct place *p = *state;
	char above[64];
	mode_t old = umask(0);

	assert_kept(p, "secret");
	umask(old);
	assert_int_equal(mode_of(p->file), 0600);
	assert_int_equal(mode_of(p->directory), 0700);
	snprintf(above, sizeof(above), "%s/a/b", p->base);
	assert_int_equal(mode_of(above), 0700);
	assert_int_equal(count_files(p->directory), 1);
}

static void
of_many_that_ask_at_once_one_gets_it(void **state)
{
	enum { RIVALS = 8, ROUNDS = 20 };
	struct place *p = *state;

	for (int round = 0; round < ROUNDS; round++) {
		int start[2], got = 0;
		char byte;

		assert_kept(p, "ticket");
		assert_int_equal(pipe(start), 0);
		for (int i = 0; i < RIVALS; i++) {
			pid_t pid = fork();

			if (pid == 0) {
				struct buf out;
				struct error err;

				close(start[1]);
				(void)read(start[0], &byte, 1);
				_exit(take(p, &out, &err) == 0);
			}
			assert_true(pid > 0);
		}
		close(start[0]);
		close(start[1]); /* they all see the end at once */
		for (int i = 0; i < RIVALS; i++) {
			int status;

			assert_true(wait(&status) > 0);
			assert_true(WIFEXITED(status));
			got += WEXITSTATUS(status);
		}
		assert_int_equal(got, 1);
		assert_int_equal(count_files(p->directory), 0);
	}
}

static void
a_directory_that_others_can_enter_is_not_used(void **state)
{
	struct place *p = *state;
	struct error err;

	assert_kept(p, "one");
	assert_int_equal(chmod(p->directory, 0755), 0);
	assert_nothing(p, EX_IOERR);
	assert_int_equal(keep(p, "two", &err), -1);
	assert_int_equal(err.status, EX_IOERR);
	assert_int_equal(chmod(p->directory, 0700), 0);
	assert_taken(p, "one");
}

static void
links_and_files_of_others_hold_nothing(void **state)
{
	struct place *p = *state;
	char elsewhere[64];
	int fd;

	/* A file that others may read, */
	assert_kept(p, "one");
	assert_int_equal(chmod(p->file, 0640), 0);
	assert_nothing(p, EX_IOERR);
	/* a link, */
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", p->base);
	fd = open(elsewhere, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "bait", 4), 4);
	close(fd);
	assert_int_equal(symlink(elsewhere, p->file), 0);
	assert_nothing(p, EX_IOERR);
	/* a link in the place of which we write, */
	assert_int_equal(symlink(elsewhere, p->file), 0);
	assert_kept(p, "ours");
	assert_taken(p, "ours");
	fd = open(elsewhere, O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 0, SEEK_END), 4);
	close(fd);
	/* a FIFO, which nobody waits for, */
	assert_int_equal(mkfifo(p->file, 0600), 0);
	assert_nothing(p, EX_IOERR);
	/* and a directory that is a link. */
	assert_int_equal(rmdir(p->directory), 0);
	assert_int_equal(symlink(p->base, p->directory), 0);
	assert_nothing(p, EX_IOERR);
	assert_int_equal(unlink(p->directory), 0);
}

static void
what_is_too_long_is_nothing(void **state)
{
	struct place *p = *state;
	char bytes[MAX + 2];

	memset(bytes, 'x', MAX + 1);
	bytes[MAX + 1] = '\0';
	assert_kept(p, bytes);
	assert_nothing(p, EX_IOERR);
	bytes[MAX] = '\0';
	assert_kept(p, bytes);
	assert_taken(p, bytes);
}

static void
old_files_are_removed_and_young_ones_stay(void **state)
{
	struct place *p = *state;
	const struct timespec times[2] = {{.tv_sec = time(NULL) - DAY - 60},
	    {.tv_sec = time(NULL) - DAY - 60}};
	struct error err;

	assert_int_equal(cache_keep(p->directory, "old", "x", 1, DAY, &err), 0);
	assert_int_equal(
	    cache_keep(p->directory, "young", "x", 1, DAY, &err), 0);
	assert_int_equal(count_files(p->directory), 2);
	assert_int_equal(chdir(p->directory), 0);
	assert_int_equal(utimensat(AT_FDCWD, "old", times, 0), 0);
	assert_kept(p, "new");
	assert_int_equal(access("old", F_OK), -1);
	assert_int_equal(access("young", F_OK), 0);
	assert_int_equal(access("name", F_OK), 0);
	assert_int_equal(chdir("/"), 0);
}

static void
where_nothing_can_be_made_nothing_is_kept(void **state)
{
	struct place *p = *state;
	struct error err;
	int fd;

	strcpy(p->directory, "/proc/nowhere/smtpsend/tls");
	assert_int_equal(keep(p, "x", &err), -1);
	assert_int_equal(err.status, EX_IOERR);
	assert_nothing(p, 0);
	/* Too far from what is there, and a file in the way. */
	snprintf(p->directory, sizeof(p->directory), "%s/a/b/c/d", p->base);
	assert_int_equal(keep(p, "x", &err), -1);
	snprintf(p->directory, sizeof(p->directory), "%s/file", p->base);
	fd = open(p->directory, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	close(fd);
	assert_int_equal(keep(p, "x", &err), -1);
	assert_int_equal(err.status, EX_IOERR);
	assert_nothing(p, EX_IOERR);
}

static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -1;
	strcpy(p->base, "/tmp/cache.XXXXXX");
	if (mkdtemp(p->base) == NULL) {
		free(p);
		return -1;
	}
	snprintf(p->directory, sizeof(p->directory), "%s/a/b/c", p->base);
	snprintf(p->file, sizeof(p->file), "%s/name", p->directory);
	*state = p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char command[64];
	int r;

	snprintf(command, sizeof(command), "rm -rf -- %s", p->base);
	r = system(command);
	free(p);
	return r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_was_kept_is_taken_once),
	    TEST(files_and_directories_are_for_their_owner_alone),
	    TEST(of_many_that_ask_at_once_one_gets_it),
	    TEST(a_directory_that_others_can_enter_is_not_used),
	    TEST(links_and_files_of_others_hold_nothing),
	    TEST(what_is_too_long_is_nothing),
	    TEST(old_files_are_removed_and_young_ones_stay),
	    TEST(where_nothing_can_be_made_nothing_is_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
