/* terminal: see terminal.h. */
#include "command/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "command/secret_draft.h"
#include "lib/outlet.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* What came of asking once. */
enum answer { ANSWER_ERROR = -1, ANSWER_LINE, ANSWER_SIGNAL };

/* With all signals held back but through `signals`. */
static enum answer
read_line(int terminal, int signals, struct buf *d, int64_t deadline_us,
    struct error *err)
{
	const struct wait_limits p = {.deadline_us = deadline_us};
	struct pollfd fds[2] = {{.fd = terminal, .events = POLLIN},
	    {.fd = signals, .events = POLLIN}};
	enum wait_end end = wait_poll(&p, fds, LENGTH(fds));
	ssize_t n;

	if (end == WAIT_READY && fds[1].revents != 0)
		return ANSWER_SIGNAL;
	if (end == WAIT_READY) {
		n = TEMP_FAILURE_RETRY(read(terminal, d->data, d->max));
		if (n >= 0) {
			d->len = (size_t)n;
			return ANSWER_LINE;
		}
		end = WAIT_FAILED;
	}
	return secret_given_up(end, &p, EX_IOERR, "/dev/tty: ", err);
}

int
terminal_open(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

int
terminal_show(int terminal, const char *bytes, size_t n)
{
	struct outlet o;
	int r;

	outlet_begin(&o, terminal);
	r = outlet_put(&o, bytes, n);
	outlet_end(&o);
	return r;
}

static enum answer
ask(int terminal, int signals, const struct buf *prompt, bool echo,
    struct buf *d, int64_t deadline_us, struct error *err)
{
	struct termios before, now;
	enum answer answer;

	if (tcgetattr(terminal, &before) == -1)
		goto failed;
	now = before;
	now.c_iflag |= ICRNL;
	now.c_lflag |= ICANON | ISIG | (echo ? ECHO : ECHONL);
	if (!echo)
		now.c_lflag &= ~(tcflag_t)ECHO;
	/* What was typed ahead may be the answer to another question. */
	if (tcsetattr(terminal, TCSAFLUSH, &now) == -1)
		goto failed;
	if (terminal_show(terminal, prompt->data, prompt->len) == -1)
		answer =
		    error_set(err, EX_IOERR, "/dev/tty: %s", strerror(errno));
	else
		answer = read_line(terminal, signals, d, deadline_us, err);
	tcsetattr(terminal, TCSANOW, &before);
	if (answer != ANSWER_LINE && terminal_show(terminal, "\n", 1) == -1)
		errno = 0; /* the cursor's place is all that is lost */
	return answer;
failed:
	return error_set(err, EX_IOERR, "/dev/tty: %s", strerror(errno));
}

/* Those that would end or stop us with the terminal's echo off; what is
 * ignored stays so. */
static void
prompt_signals(sigset_t *set)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2,
	    SIGALRM, SIGTERM, SIGXCPU, SIGTSTP};
	struct sigaction now;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < LENGTH(signals); i++)
		if (sigaction(signals[i], NULL, &now) == 0 &&
		    now.sa_handler != SIG_IGN)
			sigaddset(set, signals[i]);
}

int
terminal_ask(int terminal, const struct buf *prompt, bool echo, struct buf *d,
    const struct wait_limits *p, struct error *err)
{
	sigset_t set, before, pending;
	enum answer answer;
	bool stopped;
	int signals;

	prompt_signals(&set);
	do {
		signals = signalfd(-1, &set, SFD_CLOEXEC);
		if (signals == -1)
			return error_set(
			    err, EX_OSERR, "signalfd: %s", strerror(errno));
		sigprocmask(SIG_BLOCK, &set, &before);
		answer = ask(
		    terminal, signals, prompt, echo, d, p->deadline_us, err);
		sigpending(&pending);
		stopped = sigismember(&pending, SIGTSTP) == 1 &&
		    sigismember(&before, SIGTSTP) == 0;
		sigprocmask(SIG_SETMASK, &before, NULL);
		close(signals);
	} while (answer == ANSWER_SIGNAL && stopped);
	return answer == ANSWER_SIGNAL
	    ? secret_given_up(WAIT_STOPPED, p, EX_OSERR, "", err)
	    : (int)answer;
}
