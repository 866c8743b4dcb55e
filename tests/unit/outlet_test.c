/* outlet_test: what becomes of output whose reader is slow, or gone. */
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
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/outlet.h"

enum { PIECE = 3000 };

enum kind { PIPE, SOCKETS, TERMINAL };

/* ends[0] is read from. */
static void
open_ends(enum kind kind, int *ends)
{
	if (kind == PIPE) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	} else if (kind == SOCKETS) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	} else {
		ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
		assert_int_equal(grantpt(ends[0]), 0);
		assert_int_equal(unlockpt(ends[0]), 0);
		ends[1] = open(ptsname(ends[0]), O_RDWR | O_NOCTTY);
	}
	assert_true(ends[0] >= 0 && ends[1] >= 0);
}

static void
close_ends(const int *ends)
{
	close(ends[0]);
	close(ends[1]);
}

/* What was put beyond what there is room for comes in order, whatever the
 * descriptor's own flags are. */
static void
nothing_is_lost_and_nothing_waits(void **state)
{
	enum { PIECES = 200 };
	char piece[PIECE], got[PIECE];
	enum kind kind;

	(void)state;
	for (kind = PIPE; kind <= TERMINAL; kind++) {
		struct outlet o;
		size_t n = 0, want = (size_t)PIECE * PIECES;
		int ends[2];
		ssize_t r;

		open_ends(kind, ends);
		outlet_begin(&o, ends[1]);
		for (int i = 0; i < PIECES; i++) {
			memset(piece, 'a' + i % 26, PIECE);
			assert_int_equal(outlet_put(&o, piece, PIECE), 0);
		}
		assert_true(outlet_is_behind(&o));
		assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
		while (n < want) {
			r = read(ends[0], got, PIECE - n % PIECE);
			assert_true(r > 0);
			for (ssize_t k = 0; k < r; k++, n++)
				assert_int_equal(
				    got[k], 'a' + (int)(n / PIECE) % 26);
			assert_int_equal(outlet_put(&o, "", 0), 0);
		}
		assert_false(outlet_is_behind(&o));
		outlet_end(&o);
		close_ends(ends);
	}
}

static void
what_is_offered_beyond_the_bound_is_dropped_and_that_is_told(void **state)
{
	char piece[PIECE] = {0}, got[PIECE];
	struct outlet o;
	unsigned taken = 0;
	size_t n = 0, told = 0;
	int ends[2];
	ssize_t r;

	(void)state;
	open_ends(PIPE, ends);
	outlet_begin(&o, ends[1]);
	while (o.dropped == 0) {
		assert_int_equal(outlet_offer(&o, piece, PIECE), 0);
		taken++;
	}
	taken--;
	assert_in_range(o.waiting.len - o.sent, OUTLET_WAITING_MAX - PIECE,
	    OUTLET_WAITING_MAX);
	for (n = 0; n < PIECE; n += (size_t)r)
		assert_true((r = read(ends[0], got, sizeof(got))) > 0);
	while (outlet_is_behind(&o) || told == 0) {
		if (!outlet_is_behind(&o)) {
			assert_int_equal(outlet_offer(&o, "end", 3), 0);
			told = 1;
			continue;
		}
		assert_true((r = read(ends[0], got, sizeof(got))) > 0);
		n += (size_t)r;
		assert_int_equal(outlet_put(&o, "", 0), 0);
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	told = 0;
	while ((r = read(ends[0], got, sizeof(got))) > 0) {
		n += (size_t)r;
		told |= memmem(got, (size_t)r, "3000 bytes are missing", 22) !=
		    NULL;
	}
	assert_true(told);
	assert_in_range(
	    n, (size_t)taken * PIECE + 3, (size_t)taken * PIECE + 100);
	outlet_end(&o);
	close_ends(ends);
}

static void
the_wait_ends_with_the_deadline_a_signal_or_the_reader(void **state)
{
	const volatile int no = 0, stop = SIGTERM;
	struct wait_limits late = {.stop = &no}, stopped = {.stop = &stop};
	struct outlet o, other, *list[] = {&o, &other};
	char piece[PIECE] = {0};
	struct error err;
	int ends[2], others[2];

	(void)state;
	open_ends(PIPE, ends);
	open_ends(SOCKETS, others);
	outlet_begin(&o, ends[1]);
	outlet_begin(&other, others[1]);
	while (!outlet_is_behind(&o))
		outlet_put(&o, piece, PIECE);
	assert_int_equal(outlet_put(&other, "x", 1), 0);
	late.deadline_us = clock_monotonic_us() + 1000;
	assert_int_equal(outlet_finish(list, 2, &late, "it", &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_int_equal(outlet_finish(list, 2, &stopped, "it", &err), -1);
	assert_int_equal(err.status, EX_SIGNAL + SIGTERM);
	close(ends[0]);
	late.deadline_us = 0;
	assert_int_equal(outlet_finish(list, 2, &late, "it", &err), 0);
	assert_int_equal(o.error, EPIPE);
	assert_int_equal(other.error, 0);
	assert_int_equal(outlet_put(&o, "x", 1), -1);
	outlet_end(&o);
	outlet_end(&other);
	close(ends[1]);
	close_ends(others);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_lost_and_nothing_waits),
	    cmocka_unit_test(
		what_is_offered_beyond_the_bound_is_dropped_and_that_is_told),
	    cmocka_unit_test(
		the_wait_ends_with_the_deadline_a_signal_or_the_reader),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
