/* known_hosts: what is read, what is added, and who may have a say in it. */
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
#include <unistd.h>

#include "command/known_hosts.h"
#include "lib/file.h"

#define PIN_A "sha256//AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PIN_B "sha256//AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct pin pin_a = {{1}}, pin_b = {{2}};
static const struct wait_limits no_limits;

struct place {
	char dir[40], path[80];
	struct arena arena;
	struct known_hosts k;
	struct error err;
};

static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	*state = p;
	strcpy(p->dir, "/tmp/known_test.XXXXXX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/state/known-hosts", p->dir);
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char command[80];

	snprintf(command, sizeof(command), "rm -r %s", p->dir);
	arena_clear(&p->arena);
	free(p);
	return system(command);
}

static void
put(struct place *p, const char *text)
{
	char dir[64];
	int fd;

	snprintf(dir, sizeof(dir), "%s/state", p->dir);
	mkdir(dir, 0700);
	fd = open(p->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void
holds(struct place *p, const char *text)
{
	char found[1024] = "";
	int fd = open(p->path, O_RDONLY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_true(read(fd, found, sizeof(found) - 1) >= 0);
	close(fd);
	assert_string_equal(found, text);
}

static int
read_it(struct place *p)
{
	return known_hosts_read(&p->k, p->path, &p->arena, &p->err);
}

/* On 2026-11-29. */
static int
add(struct place *p, const char *server, const struct pin *pin)
{
	return known_hosts_add(
	    p->path, server, pin, 1795953600, &no_limits, &p->err);
}

static void
a_file_that_is_not_there_is_empty_and_made_for_us_alone(void **state)
{
	struct place *p = *state;
	struct stat st;

	assert_int_equal(read_it(p), 0);
	assert_int_equal(p->k.count, 0);
	assert_int_equal(add(p, "a.test:25", &pin_a), 0);
	assert_int_equal(add(p, "[::1]:587", &pin_b), 0);
	holds(p,
	    "a.test:25 " PIN_A " 2026-11-29\n"
	    "[::1]:587 " PIN_B " 2026-11-29\n");
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	*strrchr(p->path, '/') = '\0';
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	strcat(p->path, "/known-hosts");
	assert_int_equal(read_it(p), 0);
	assert_int_equal(p->k.count, 2);
	assert_string_equal(p->k.items[1].server, "[::1]:587");
	assert_string_equal(p->k.items[1].since, "2026-11-29");
	assert_int_equal(p->k.items[1].line, 2);
	assert_int_equal(p->k.torn, 0);
	assert_memory_equal(&p->k.items[1].pin, &pin_b, sizeof(pin_b));
}

static void
what_people_write_is_read_and_what_is_torn_is_passed_over(void **state)
{
	static const char *const torn[] = {"a.test:25", "a.test:25 sha256//AQ",
	    "a.test:25 " PIN_A, "a.test:25 " PIN_A " 2026-1",
	    "a.test:25 " PIN_A " 2026-11-29 x", "\x01\xff"};
	struct place *p = *state;
	char text[400];

	for (size_t i = 0; i < sizeof(torn) / sizeof(torn[0]); i++) {
		snprintf(text, sizeof(text),
		    "# mine\n\n%s\n \tb.test:25\t" PIN_B "  2026-01-02\r\n%s",
		    torn[i], "  # the end");
		put(p, text);
		assert_int_equal(read_it(p), 0);
		assert_int_equal(p->k.count, 1);
		assert_string_equal(p->k.items[0].server, "b.test:25");
		assert_int_equal(p->k.items[0].line, 4);
		assert_int_equal(p->k.torn, 3);
	}
	/* The last line was cut off by a crash: the next one is its own. */
	put(p, "b.test:25 " PIN_B " 2026-01-02\na.test:25 sha2");
	assert_int_equal(add(p, "c.test:25", &pin_a), 0);
	holds(p,
	    "b.test:25 " PIN_B " 2026-01-02\na.test:25 sha2\n"
	    "c.test:25 " PIN_A " 2026-11-29\n");
}

static void
what_another_run_has_added_stays(void **state)
{
	static const char text[] = "a.test:25 " PIN_A " 2026-01-02\n";
	struct place *p = *state;

	put(p, text);
	assert_int_equal(add(p, "a.test:25", &pin_a), 0);
	assert_int_equal(add(p, "a.test:25", &pin_b), -1);
	assert_non_null(strstr(p->err.text, "has got another key"));
	holds(p, text);
}

static void
who_else_could_change_it_is_not_believed(void **state)
{
	static const char text[] = "a.test:25 " PIN_A " 2026-01-02\n";
	struct place *p = *state;
	char dir[64], other[64];

	snprintf(dir, sizeof(dir), "%s/state", p->dir);
	snprintf(other, sizeof(other), "%s/other", p->dir);
	put(p, text);
	assert_int_equal(chmod(p->path, 0644), 0);
	assert_int_equal(read_it(p), 0);
	assert_int_equal(chmod(p->path, 0664), 0);
	assert_int_equal(read_it(p), -1);
	assert_int_equal(p->err.status, EX_CONFIG);
	assert_int_equal(add(p, "b.test:25", &pin_b), -1);
	assert_int_equal(chmod(p->path, 0600), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(read_it(p), -1);
	assert_int_equal(p->err.status, EX_CONFIG);
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(rename(p->path, other), 0);
	assert_int_equal(symlink(other, p->path), 0);
	assert_int_equal(read_it(p), -1);
	assert_non_null(strstr(p->err.text, "a symbolic link"));
	assert_int_equal(add(p, "b.test:25", &pin_b), -1);
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(mkfifo(p->path, 0600), 0);
	assert_int_equal(read_it(p), -1);
	assert_non_null(strstr(p->err.text, "not a regular file"));
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(mkdir(p->path, 0700), 0);
	assert_int_equal(read_it(p), -1);
}

static void
it_is_not_written_to_while_another_program_does(void **state)
{
	struct place *p = *state;
	int fd;

	put(p, "");
	fd = open(p->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(file_lock(fd), 0);
	assert_int_equal(add(p, "a.test:25", &pin_a), -1);
	assert_int_equal(p->err.status, EX_TEMPFAIL);
	holds(p, "");
	close(fd);
	assert_int_equal(add(p, "a.test:25", &pin_a), 0);
}

static void
many_runs_at_once_lose_nothing(void **state)
{
	enum { RUNS = 8 };
	struct place *p = *state;
	char server[32];
	int i, status;

	put(p, "");
	for (i = 0; i < RUNS; i++) {
		if (fork() != 0)
			continue;
		snprintf(server, sizeof(server), "h%d.test:25", i);
		_exit(add(p, server, &pin_a) == 0 ? 0 : 1);
	}
	for (i = 0; i < RUNS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(read_it(p), 0);
	assert_int_equal(p->k.count, RUNS);
	assert_int_equal(p->k.torn, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_file_that_is_not_there_is_empty_and_made_for_us_alone),
	    CASE(what_people_write_is_read_and_what_is_torn_is_passed_over),
	    CASE(what_another_run_has_added_stays),
	    CASE(who_else_could_change_it_is_not_believed),
	    CASE(it_is_not_written_to_while_another_program_does),
	    CASE(many_runs_at_once_lose_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
