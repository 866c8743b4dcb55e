/* child_test: programs that end, that do not, and that print too much. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"

static const struct wait_limits forever;

static struct wait_limits
soon(void)
{
	return (struct wait_limits){
	    .deadline_us = clock_monotonic_us() + 50000};
}

static void
what_it_prints_and_how_it_ended_is_told(void **state)
{
	struct buf out = BUF_WITH_MAX(100);
	int status = -1;

	(void)state;
	/* standard input is at its end */
	assert_int_equal(child_output("cat; printf 'a\nb'; exit 3", false,
			     &forever, &out, &status),
	    WAIT_READY);
	assert_string_equal(buf_string(&out), "a\nb");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	buf_clear(&out);
}

static void
what_it_says_on_standard_error_is_told_apart(void **state)
{
	/* One that it leaves behind holds the pipe open. */
	const char *const argv[] = {"/bin/sh", "-c",
	    "printf out; echo error >&2; sleep 3 >/dev/null & exit 3", NULL};
	const char *const nothing[] = {"/nonexistent/program", NULL};
	struct child_params params = {.argv = argv, .group = true};
	struct buf out = BUF_WITH_MAX(100), said = BUF_WITH_MAX(4);
	int status = -1;

	(void)state;
	assert_int_equal(
	    child_capture(&params, &forever, &out, &said, &status), WAIT_READY);
	assert_string_equal(buf_string(&out), "out");
	assert_string_equal(buf_string(&said), "erro");
	assert_int_equal(WEXITSTATUS(status), 3);
	buf_clear(&said);
	params.argv = nothing;
	assert_int_equal(child_capture(&params, &forever, &out, &said, &status),
	    WAIT_FAILED);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(said.len, 0);
	buf_clear(&out);
	buf_clear(&said);
}

/* It holds the other end of the pipe as long as anything of it runs. */
static void
run_beside_a_pipe(const char *command, const struct wait_limits *p,
    enum wait_end wanted, size_t wanted_len)
{
	struct buf out = BUF_WITH_MAX(1000);
	int fds[2], status;
	char c;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(child_output(command, true, p, &out, &status), wanted);
	assert_int_equal(out.len, wanted_len);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	buf_clear(&out);
}

static void
one_that_does_not_end_is_ended_with_all_that_it_started(void **state)
{
	static const char *const commands[] = {
	    "printf x; sleep 1000 & wait",
	    "printf x; exec >&-; sleep 1000",
	    "trap '' TERM; printf x; sleep 1000 & wait; sleep 1000",
	};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct wait_limits limit = soon();

		limit.deadline_us += 200000;
		run_beside_a_pipe(commands[i], &limit, WAIT_LATE, 1);
	}
}

static void
one_that_prints_without_end_is_ended(void **state)
{
	(void)state;
	run_beside_a_pipe("cat /dev/zero", &forever, WAIT_READY, 1000);
	run_beside_a_pipe("trap '' TERM; cat /dev/zero & cat /dev/zero",
	    &forever, WAIT_READY, 1000);
}

static void
one_that_is_waited_for_in_vain_goes_on(void **state)
{
	const char *const argv[] = {"sleep", "1000", NULL};
	const struct child_params params = {
	    .argv = argv, .in = -1, .out = STDERR_FILENO};
	struct wait_limits limit = soon();
	int status = -1;
	pid_t pid;

	(void)state;
	assert_int_equal(child_spawn(&params, &pid), 0);
	assert_int_equal(child_wait(pid, &limit, &status), WAIT_LATE);
	assert_int_equal(status, -1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(child_wait(pid, &forever, &status), WAIT_READY);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void
how_it_ended_is_known_though_nobody_cared_before(void **state)
{
	struct buf out = BUF_WITH_MAX(10);
	int status = 0;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(
	    child_output("exit 5", false, &forever, &out, &status), WAIT_READY);
	assert_int_equal(WEXITSTATUS(status), 5);
	buf_clear(&out);
}

static void
a_program_that_is_not_there_cannot_be_started(void **state)
{
	const char *const argv[] = {"/nonexistent/program", NULL};
	const struct child_params params = {
	    .argv = argv, .in = -1, .out = STDERR_FILENO};
	pid_t pid;

	(void)state;
	assert_int_equal(child_spawn(&params, &pid), ENOENT);
}

/* The number of a process that a line from the descriptor is. */
static pid_t
number_from(int fd)
{
	char line[32] = "";
	size_t n = 0;

	while (n < sizeof(line) - 1 && read(fd, line + n, 1) == 1 &&
	    line[n] != '\n')
		n++;
	return (pid_t)atoi(line);
}

static void
it_is_asked_how_it_ended_and_takes_its_group_with_it(void **state)
{
	struct child_params params = {.in = -1, .group = true};
	struct wait_limits limit = soon();
	int fds[2], status = -1;
	pid_t pid, other;
	char c;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	params.out = fds[1];
	assert_int_equal(child_spawn_shell(&params,
			     "sleep 1000 & echo $!; exec sleep 1000", &pid),
	    0);
	close(fds[1]);
	other = number_from(fds[0]);
	assert_int_equal(getpgid(other), pid);
	assert_int_equal(child_await(pid, &limit), WAIT_LATE);
	assert_false(child_has_ended(pid, true, &status));
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(child_await(pid, &forever), WAIT_READY);
	/* the pipe is held by the other one as long as it runs */
	assert_true(child_has_ended(pid, true, &status));
	assert_true(WIFSIGNALED(status));
	assert_int_equal(read(fds[0], &c, 1), 0);
	assert_false(child_has_ended(pid, true, &status));
	close(fds[0]);
}

static void
how_it_ended_is_told(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(child_check(0, 7, &err), 0);
	assert_int_equal(child_check(3 << 8, 7, &err), -1);
	assert_int_equal(err.status, 7);
	assert_string_equal(err.text, "it failed with status 3");
	assert_int_equal(child_check(SIGKILL, 7, &err), -1);
	assert_string_equal(err.text, "ended by signal 9 (Killed)");
}

/* Standard output and error of a command, which gets what a caller of ours has
 * left open, or does not. */
static void
assert_says(
    const struct child_params *given, const char *command, const char *expected)
{
	struct child_params params = *given;
	char text[100] = "";
	int fds[2], status;
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	params.in = -1;
	params.out = fds[1];
	assert_int_equal(child_spawn_shell(&params, command, &pid), 0);
	close(fds[1]);
	while ((r = read(fds[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	assert_string_equal(text, expected);
	close(fds[0]);
	assert_int_equal(child_wait(pid, &forever, &status), WAIT_READY);
}

static void
descriptors_and_environment_can_be_kept_from_it(void **state)
{
	static const char *const env[] = {"A=b", NULL};
	static const char command[] =
	    "(: >&9) 2>/dev/null && echo open || echo closed; echo $A";
	int fd = dup2(STDERR_FILENO, 9);

	(void)state;
	assert_int_equal(fd, 9);
	assert_int_equal(setenv("A", "ours", 1), 0);
	assert_says(&(struct child_params){0}, command, "open\nours\n");
	assert_says(
	    &(struct child_params){.alone = true}, command, "closed\nours\n");
	assert_says(&(struct child_params){.env = env}, command, "open\nb\n");
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_it_prints_and_how_it_ended_is_told),
	    cmocka_unit_test(what_it_says_on_standard_error_is_told_apart),
	    cmocka_unit_test(
		one_that_does_not_end_is_ended_with_all_that_it_started),
	    cmocka_unit_test(one_that_prints_without_end_is_ended),
	    cmocka_unit_test(one_that_is_waited_for_in_vain_goes_on),
	    cmocka_unit_test(how_it_ended_is_known_though_nobody_cared_before),
	    cmocka_unit_test(a_program_that_is_not_there_cannot_be_started),
	    cmocka_unit_test(
		it_is_asked_how_it_ended_and_takes_its_group_with_it),
	    cmocka_unit_test(how_it_ended_is_told),
	    cmocka_unit_test(descriptors_and_environment_can_be_kept_from_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
