/* wait_test: a wait ends by what is awaited, by the deadline or by a signal,
 * and no signal is missed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/wait.h"

static volatile sig_atomic_t caught;

static void
handle(int signal)
{
	caught = signal;
}

struct world {
	int pipe[2];
	struct sigaction action;
	sigset_t mask; /* for waits */
	struct pollfd readable;
	struct wait_limits forever, until; /* until: 20 ms from now */
};

/* SIGUSR1 is handled, and blocked but for the waits. */
static int
begin(void **state)
{
	static struct world w;
	struct sigaction action = {.sa_handler = handle};
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, &w.mask);
	sigaction(SIGUSR1, &action, &w.action);
	caught = 0;
	w.forever = (struct wait_limits){.stop = &caught, .mask = &w.mask};
	w.until = w.forever;
	w.until.deadline_us = clock_monotonic_us() + 20000;
	*state = &w;
	if (pipe(w.pipe) == -1)
		return -1;
	w.readable = (struct pollfd){.fd = w.pipe[0], .events = POLLIN};
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	close(w->pipe[0]);
	close(w->pipe[1]);
	sigprocmask(SIG_SETMASK, &w->mask, NULL);
	sigaction(SIGUSR1, &w->action, NULL);
	return 0;
}

static void
put(struct world *w, const char *bytes)
{
	assert_int_equal(
	    write(w->pipe[1], bytes, strlen(bytes)), strlen(bytes));
}

static void
what_is_awaited_ends_the_wait(void **state)
{
	struct world *w = *state;
	struct pollfd both[2] = {
	    w->readable, {.fd = w->pipe[1], .events = POLLOUT}};

	put(w, "x");
	assert_int_equal(wait_poll(&w->forever, &w->readable, 1), WAIT_READY);
	assert_int_equal(w->readable.revents, POLLIN);
	assert_int_equal(wait_poll(&w->forever, both, 2), WAIT_READY);
	assert_int_equal(both[1].revents, POLLOUT);
}

static void
the_deadline_ends_the_wait_and_not_before(void **state)
{
	struct world *w = *state;

	assert_int_equal(wait_poll(&w->until, &w->readable, 1), WAIT_LATE);
	assert_true(clock_monotonic_us() >= w->until.deadline_us);
	assert_int_equal(wait_poll(&w->until, NULL, 0), WAIT_LATE);
}

static void
a_signal_that_came_before_the_wait_is_not_missed(void **state)
{
	struct world *w = *state;

	raise(SIGUSR1);
	assert_int_equal(caught, 0);
	assert_int_equal(wait_poll(&w->forever, &w->readable, 1), WAIT_STOPPED);
	assert_int_equal(caught, SIGUSR1);
	/* nor is one that is not heeded the end of a wait */
	caught = 0;
	raise(SIGUSR1);
	w->until.stop = NULL;
	assert_int_equal(wait_poll(&w->until, &w->readable, 1), WAIT_LATE);
	assert_int_equal(caught, SIGUSR1);
}

static void
busy_descriptors_keep_no_signal_out(void **state)
{
	struct world *w = *state;
	struct error err;

	put(w, "x");
	assert_false(wait_stopped(&w->forever));
	raise(SIGUSR1);
	assert_int_equal(
	    wait_readable(&w->forever, w->pipe[0], "it", &err), -1);
	assert_int_equal(err.status, EX_SIGNAL + SIGUSR1);
	assert_true(wait_stopped(&w->forever));
}

static void
a_wait_that_fails_says_why(void **state)
{
	struct world *w = *state;
	struct pollfd none[8] = {{.fd = -1}};
	struct rlimit before, few;

	/* more than there may be */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 7;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(wait_poll(&w->forever, none, 8), WAIT_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void
memory_is_filled_to_its_maximum_and_stays_where_it_is(void **state)
{
	struct world *w = *state;
	struct buf b = BUF_WITH_MAX(5);
	const char *place;

	buf_reserve(&b, 5);
	place = b.data;
	put(w, "abcdefgh");
	assert_int_equal(wait_fill(&w->forever, w->pipe[0], &b), WAIT_READY);
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.data, "abcde", 5);
	assert_ptr_equal(b.data, place);

	buf_reset(&b);
	assert_int_equal(wait_fill(&w->until, w->pipe[0], &b), WAIT_LATE);
	assert_memory_equal(b.data, "fgh", 3);
	close(w->pipe[1]);
	assert_int_equal(wait_fill(&w->forever, w->pipe[0], &b), WAIT_READY);
	assert_int_equal(b.len, 3);
	w->pipe[1] = dup(w->pipe[0]);
	buf_clear(&b);
}

static void
the_next_bytes_have_their_time_each_time(void **state)
{
	struct world *w = *state;
	struct wait_limits p = w->forever;
	struct error err;
	char bytes[8];
	int64_t from;

	p.timeout_ms = 20;
	put(w, "abc");
	assert_int_equal(wait_read(&p, w->pipe[0], "it", bytes, 2, &err), 2);
	from = clock_monotonic_us();
	assert_int_equal(wait_read(&p, w->pipe[0], "it", bytes, 2, &err), 1);
	assert_int_equal(wait_read(&p, w->pipe[0], "it", bytes, 2, &err), -1);
	assert_true(clock_monotonic_us() >= from + 20000);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_string_equal(err.text, "it: nothing came within the time-out");
	/* a deadline that is sooner is the reason then */
	p.timeout_ms = 100000;
	p.deadline_us = clock_monotonic_us() + 1000;
	assert_int_equal(wait_read(&p, w->pipe[0], "it", bytes, 2, &err), -1);
	assert_string_equal(err.text, "it: nothing came within the deadline");
}

static void
people_at_a_terminal_are_not_hurried(void **state)
{
	struct world *w = *state;
	struct wait_limits p = w->until;
	int fd = posix_openpt(O_RDWR | O_NOCTTY), terminal;
	struct error err;

	if (fd == -1)
		skip();
	assert_int_equal(grantpt(fd), 0);
	assert_int_equal(unlockpt(fd), 0);
	terminal = open(ptsname(fd), O_RDWR | O_NOCTTY);
	assert_int_not_equal(terminal, -1);
	p.timeout_ms = 1;
	assert_false(wait_is_hurried(&p, terminal));
	assert_true(wait_is_hurried(&p, w->pipe[0]));
	assert_false(wait_is_hurried(&w->until, w->pipe[0]));
	assert_int_equal(wait_readable(&p, terminal, "it", &err), -1);
	assert_string_equal(err.text, "it: nothing came within the deadline");
	close(terminal);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	    TEST(what_is_awaited_ends_the_wait),
	    TEST(the_deadline_ends_the_wait_and_not_before),
	    TEST(a_signal_that_came_before_the_wait_is_not_missed),
	    TEST(busy_descriptors_keep_no_signal_out),
	    TEST(a_wait_that_fails_says_why),
	    TEST(memory_is_filled_to_its_maximum_and_stays_where_it_is),
	    TEST(the_next_bytes_have_their_time_each_time),
	    TEST(people_at_a_terminal_are_not_hurried),
#undef TEST
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
