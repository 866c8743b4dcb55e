/* process: its start, its end and its signals; see command.h. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command/command.h"
#include "lib/clock.h"

/* The one flag that a handler may set: which signal came. */
static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
	caught = number;
}

/*
 * INT, TERM and HUP end the run in order; one that was ignored when we were
 * started (nohup) stays so.  They are blocked but for the waits, so that none
 * comes between a look at the flag and a wait.
 */
static void
catch_signals(struct process *process)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal}, old;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow is like a disk that is full. */
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&action.sa_mask);
	sigemptyset(&process->stop_signals);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], &action, &old);
		if (old.sa_handler == SIG_IGN)
			sigaction(numbers[i], &old, NULL);
		else
			sigaddset(&process->stop_signals, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &process->stop_signals, &process->wait_mask);
}

/* A descriptor of the first three that is closed would be the next socket:
 * it gets one that fails for what it is for. */
static void
fill_descriptors(void)
{
	struct pollfd fds[3] = {{.fd = 0}, {.fd = 1}, {.fd = 2}};
	int fd;

	(void)poll(fds, 3, 0);
	for (fd = 0; fd < 3; fd++)
		if ((fds[fd].revents & POLLNVAL) != 0 &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) == -1)
			_exit(EX_OSERR);
}

void
process_begin(struct process *process)
{
	process->start_us = clock_monotonic_us();
	process->signal = &caught;
	fill_descriptors();
	catch_signals(process);
}

int
process_swap_signal(int number)
{
	int came = caught;

	caught = number;
	return came;
}

void
process_hide(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

int
process_end(const struct process *process, int status)
{
	if (status > EX_SIGNAL) {
		signal(status - EX_SIGNAL, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, &process->stop_signals, NULL);
		raise(status - EX_SIGNAL);
	}
	return status;
}
