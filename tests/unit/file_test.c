/* file_test: files that are whole or not there, where a file system has files
 * without a name and where it has none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"

/* The file system knows no files without a name. */
static bool old_file_system;

int open64(const char *path, int flags, ...);

int
open64(const char *path, int flags, ...)
{
	int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
	va_list ap;
	mode_t mode;

	if (old_file_system && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return next(path, flags, mode);
}

static char home[] = "/tmp/file_test.XXXXXX";

static int
make_directory(void **state)
{
	(void)state;
	old_file_system = false;
	strcpy(home + sizeof(home) - 7, "XXXXXX");
	return mkdtemp(home) == NULL || chdir(home) == -1 ? -1 : 0;
}

static int
make_old_directory(void **state)
{
	int r = make_directory(state);

	old_file_system = true;
	return r;
}

static int
remove_directory(void **state)
{
	(void)state;
	unlink("name");
	return chdir("/") == -1 ? -1 : rmdir(home);
}

/* The number of names in the directory. */
static unsigned
names(void)
{
	DIR *dir = opendir(".");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static void
assert_content(const char *name, const char *wanted)
{
	char bytes[64] = "";
	int fd = open(name, O_RDONLY);

	assert_true(fd != -1);
	assert_int_equal(read(fd, bytes, sizeof(bytes) - 1), strlen(wanted));
	assert_string_equal(bytes, wanted);
	close(fd);
}

static void
begin(struct file *f, const char *bytes)
{
	assert_int_equal(file_create(f, "name", "temp"), 0);
	assert_int_equal(file_write(f->fd, bytes, strlen(bytes)), 0);
	assert_int_not_equal(access("name", F_OK), 0);
}

static void
a_scratch_file_can_be_read_again_and_has_no_name(void **state)
{
	int fd = file_scratch(".");
	char c = 0;

	(void)state;
	assert_true(fd != -1);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(names(), 0);
	assert_int_equal(file_write(fd, "abc", 3), 0);
	assert_int_equal(pread(fd, &c, 1, 1), 1);
	assert_int_equal(c, 'b');
	close(fd);
	assert_int_equal(file_scratch("./nowhere"), -1);
	assert_int_equal(errno, ENOENT);
}

static void
a_file_is_there_when_it_is_published(void **state)
{
	struct file f;
	struct stat st;

	(void)state;
	begin(&f, "all of it");
	assert_int_equal(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(file_publish(&f), 0);
	file_close(&f);
	assert_int_equal(f.fd, -1);
	assert_content("name", "all of it");
	assert_int_equal(stat("name", &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(names(), 1);
}

static void
a_file_that_is_not_published_is_gone(void **state)
{
	struct file f;

	(void)state;
	begin(&f, "a part");
	file_close(&f);
	assert_int_equal(names(), 0);
	file_close(&f);
}

static void
nothing_is_replaced(void **state)
{
	struct file f;
	int fd;

	(void)state;
	begin(&f, "ours");
	fd = open("name", O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_equal(file_write(fd, "theirs", 6), 0);
	close(fd);
	assert_int_equal(file_publish(&f), -1);
	assert_int_equal(errno, EEXIST);
	file_close(&f);
	assert_content("name", "theirs");
	assert_int_equal(names(), 1);
}

static void
where_no_file_can_be_created_is_known_at_once(void **state)
{
	struct file f;

	(void)state;
	assert_int_equal(file_create(&f, "nowhere/name", "nowhere/temp"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(f.fd, -1);
	file_close(&f);
}

static void
a_temporary_name_that_is_in_use_is_left_alone(void **state)
{
	struct file f, other;

	(void)state;
	begin(&other, "theirs");
	assert_content("temp", "theirs");
	assert_int_equal(file_create(&f, "name", "temp"), -1);
	assert_int_equal(errno, EEXIST);
	file_close(&f);
	assert_content("temp", "theirs");
	file_close(&other);
}

static void
a_lock_keeps_others_away_until_its_descriptor_is_closed(void **state)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int one = open("name", O_RDWR | O_CREAT, 0600);
	int two = open("name", O_RDWR), status;

	(void)state;
	assert_int_equal(file_lock(one), 0);
	assert_int_equal(file_lock(two), -1);
	assert_true(errno == EAGAIN || errno == EACCES);
	/* and those of the other kind, which the process holds */
	if (fork() == 0)
		_exit(fcntl(two, F_SETLK, &whole) == -1 ? 3 : 0);
	assert_true(wait(&status) > 0);
	assert_int_equal(WEXITSTATUS(status), 3);
	close(open("name", O_RDWR));
	assert_int_equal(file_lock(two), -1);
	close(one);
	assert_int_equal(file_lock(two), 0);
	close(two);
}

static void
what_is_read_is_the_whole_of_a_regular_file(void **state)
{
	struct buf text = BUF_WITH_MAX(8000);
	char bytes[3000];
	int fd = open("name", O_RDWR | O_CREAT, 0600);

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(file_write(fd, bytes, sizeof(bytes)), 0);
	buf_reserve(&text, sizeof(bytes));
	memset(text.data, 'y', text.cap);
	text.len = 0;
	assert_int_equal(file_contents("name", &text), 0);
	assert_int_equal(text.len, sizeof(bytes));
	assert_memory_equal(text.data, bytes, sizeof(bytes));
	assert_int_equal(text.data[text.len], '\0');
	/* Behind what the buffer has, as long as there is room. */
	assert_int_equal(file_contents("name", &text), 0);
	assert_int_equal(text.len, 2 * sizeof(bytes));
	assert_int_equal(file_contents("name", &text), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(file_contents("none", &text), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_contents(".", &text), -1);
	assert_int_equal(errno, EISDIR);
	buf_clear(&text);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define EVERYWHERE(f)                                            \
	{#f, f, make_directory, remove_directory, NULL},         \
	    {#f "_on_an_old_file_system", f, make_old_directory, \
		remove_directory, NULL}
	    EVERYWHERE(a_scratch_file_can_be_read_again_and_has_no_name),
	    EVERYWHERE(a_file_is_there_when_it_is_published),
	    EVERYWHERE(a_file_that_is_not_published_is_gone),
	    EVERYWHERE(nothing_is_replaced),
	    EVERYWHERE(where_no_file_can_be_created_is_known_at_once),
#undef EVERYWHERE
	    cmocka_unit_test_setup_teardown(
		a_temporary_name_that_is_in_use_is_left_alone,
		make_old_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(
		a_lock_keeps_others_away_until_its_descriptor_is_closed,
		make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(
		what_is_read_is_the_whole_of_a_regular_file, make_directory,
		remove_directory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
