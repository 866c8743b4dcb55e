/* child_test: programs that end, that do not, and that print too much. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_it_prints_and_how_it_ended_is_told),
	    cmocka_unit_test(
		one_that_does_not_end_is_ended_with_all_that_it_started),
	    cmocka_unit_test(one_that_prints_without_end_is_ended),
	    cmocka_unit_test(one_that_is_waited_for_in_vain_goes_on),
	    cmocka_unit_test(how_it_ended_is_known_though_nobody_cared_before),
	    cmocka_unit_test(a_program_that_is_not_there_cannot_be_started),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
