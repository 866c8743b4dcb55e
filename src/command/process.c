/* process: its start, its end and its signals; see command.h. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "command/command.h"
#include "lib/clock.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* All that a handler may set: which signal came, and how many did. */
static volatile sig_atomic_t caught, came;

static void
on_signal(int number)
{
	caught = number;
	came++;
}

/* Those by which people, timers and limits end a program. */
static const int stops[] = {
    SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGXCPU};
/* The kernel's word on what the program did wrong, and on jobs. */
static const int left_alone[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS,
    SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU};

/*
 * Who died by a signal has sent nothing.  So none may end us by itself, now or
 * later: all are blocked for good, but for those that end the run in order.
 * They are let in by the waits alone, so that none comes between a look at the
 * flag and a wait; one that was ignored when we were started (nohup) stays so.
 */
static void
catch_signals(struct process *process)
{
	struct sigaction action = {.sa_handler = on_signal}, old;
	sigset_t all, before;
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	/* A file that may not grow is like a disk that is full. */
	signal(SIGXFSZ, SIG_IGN);
	sigfillset(&all);
	for (i = 0; i < LENGTH(left_alone); i++)
		sigdelset(&all, left_alone[i]);
	sigprocmask(SIG_BLOCK, &all, &before);
	sigorset(&process->wait_mask, &all, &before);
	sigemptyset(&action.sa_mask);
	sigemptyset(&process->stop_signals);
	for (i = 0; i < LENGTH(stops); i++) {
		sigaction(stops[i], &action, &old);
		if (old.sa_handler == SIG_IGN) {
			sigaction(stops[i], &old, NULL);
			continue;
		}
		sigaddset(&process->stop_signals, stops[i]);
		if (sigismember(&before, stops[i]) == 0)
			sigdelset(&process->wait_mask, stops[i]);
	}
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
	process->came = &came;
	fill_descriptors();
	catch_signals(process);
}

int
process_swap_signal(int number)
{
	int before = caught;

	caught = number;
	return before;
}

void
process_limit(struct process *process, const struct settings *s)
{
	process->timeout_ms = s->delivery.timeout_ms;
	if (s->delivery.deadline_ms > 0)
		process->deadline_us =
		    process->start_us + s->delivery.deadline_ms * 1000;
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
