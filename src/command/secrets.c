/* secrets: a file, a command or a prompt, each with its own distrust. */
#include "command/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/outlet.h"
#include "lib/printable.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum {
	SECRET_MAX = 64 * 1024,
	SOURCE_LIMIT_US = 60 * 1000 * 1000,
	GRACE_US = 200 * 1000, /* between SIGTERM and SIGKILL */
};

/* Bytes on their way to a secret: one piece of memory, never moved. */
struct draft {
	char *bytes; /* SECRET_MAX + 1 */
	size_t len;
};

static void
draft_init(struct draft *d)
{
	d->bytes = memory_alloc(SECRET_MAX + 1);
	d->len = 0;
}

static void
draft_clear(struct draft *d)
{
	secret_wipe(d->bytes, SECRET_MAX + 1);
	free(d->bytes);
}

/* The first line becomes the secret; password managers print more behind. */
static int
draft_finish(const struct draft *d, struct secret *out, struct error *err)
{
	const char *newline = memchr(d->bytes, '\n', d->len);
	size_t n = newline != NULL ? (size_t)(newline - d->bytes) : d->len;

	if (d->len > SECRET_MAX)
		return error_set(
		    err, EX_CONFIG, "more than 64 KiB are no password");
	if (n > 0 && newline != NULL && d->bytes[n - 1] == '\r')
		n--;
	if (n == 0)
		return error_set(err, EX_CONFIG, "there is no password in it");
	if (memchr(d->bytes, '\0', n) != NULL)
		return error_set(err, EX_CONFIG, "a NUL in the password");
	secret_set(out, d->bytes, n);
	return 0;
}

/* What is there to be read, up to one byte too many; the count as read(2). */
static ssize_t
draft_read(struct draft *d, int fd)
{
	ssize_t n = TEMP_FAILURE_RETRY(
	    read(fd, d->bytes + d->len, SECRET_MAX + 1 - d->len));

	if (n > 0)
		d->len += (size_t)n;
	return n;
}

static bool
draft_full(const struct draft *d)
{
	return d->len > SECRET_MAX;
}

/* Milliseconds for poll(2): -1 for no deadline, 0 when it has passed. */
static int
remaining_ms(int64_t deadline_us)
{
	int64_t left;

	if (deadline_us == 0)
		return -1;
	left = deadline_us - clock_monotonic_us();
	if (left <= 0)
		return 0;
	left = (left + 999) / 1000;
	return left > INT_MAX ? INT_MAX : (int)left;
}

/* Waits until fd is readable.  A signal with a handler ends the wait: the
 * handler's owner wants to know. */
static int
wait_readable(int fd, int64_t deadline_us, struct error *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int r = poll(&p, 1, remaining_ms(deadline_us));

	if (r > 0)
		return 0;
	if (r == 0)
		return error_set(err, EX_TEMPFAIL, "it took too long");
	if (errno == EINTR)
		return error_set(err, EX_TEMPFAIL, "interrupted by a signal");
	return error_set(err, EX_OSERR, "poll: %s", strerror(errno));
}

/* Reads to the end; 0, also when there was more than a secret may have. */
static int
read_all(int fd, struct draft *d, int64_t deadline_us, struct error *err)
{
	ssize_t n = 1;

	while (n > 0 && !draft_full(d)) {
		if (wait_readable(fd, deadline_us, err) == -1)
			return -1;
		n = draft_read(d, fd);
	}
	if (n == -1)
		return error_set(err, EX_IOERR, "%s", strerror(errno));
	return 0;
}

static int
read_file(int fd, int64_t deadline_us, struct secret *out, struct error *err)
{
	struct draft d;
	int r;

	draft_init(&d);
	r = read_all(fd, &d, deadline_us, err);
	if (r == 0)
		r = draft_finish(&d, out, err);
	draft_clear(&d);
	return r;
}

/* The time by which a command or a pipe must have given its secret. */
static int64_t
source_deadline(int64_t deadline_us)
{
	int64_t limit_us = clock_monotonic_us() + SOURCE_LIMIT_US;

	return deadline_us == 0 || deadline_us > limit_us ? limit_us
							  : deadline_us;
}

static int
check_file(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return error_set(err, EX_IOERR, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return error_set(err, EX_CONFIG, "neither a file nor a pipe");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(err, EX_CONFIG, "it belongs to another user");
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return 0;
	error_set(err, EX_CONFIG, "others have access to it (mode %04o)",
	    (unsigned)st.st_mode & 07777U);
	return error_hint(err, "chmod 600 %s", path);
}

/* A descriptor that the file is, too, is no business of programs that we
 * start. */
static void
keep_from_children(const char *path)
{
	char rest;
	int fd;

	if (sscanf(path, "/dev/fd/%d%c", &fd, &rest) == 1 ||
	    sscanf(path, "/proc/self/fd/%d%c", &fd, &rest) == 1)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int
from_file(const char *path, int64_t deadline_us, struct secret *out,
    struct error *err)
{
	/* A device must not hold us up before it is refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	if (fd == -1)
		return error_set(err, EX_CONFIG, "%s", strerror(errno));
	keep_from_children(path);
	r = check_file(fd, path, err);
	if (r == 0)
		r = read_file(fd, source_deadline(deadline_us), out, err);
	close(fd);
	return r;
}

/* A command that is running. */
struct child {
	pid_t pid;
	bool group; /* it leads a process group */
	int out;    /* its standard output */
	int pidfd;  /* readable when it has ended; -1: an old kernel */
};

static int
open_terminal(int flags)
{
	return open("/dev/tty", flags | O_CLOEXEC | O_NOCTTY);
}

static int
child_start(struct child *c, const char *command, struct error *err)
{
	int fds[2], r, terminal = open_terminal(O_RDONLY);
	struct child_params params = {.in = -1};

	/* On a terminal the command stays in our process group: one that asks
	 * there would be stopped as a background job, and ^C is for both. */
	c->group = terminal == -1;
	if (terminal != -1)
		close(terminal);
	if (pipe2(fds, O_CLOEXEC) == -1)
		return error_set(err, EX_OSERR, "%s", strerror(errno));
	params.out = fds[1];
	params.group = c->group;
	r = child_spawn_shell(&params, command, &c->pid);
	close(fds[1]);
	if (r != 0) {
		close(fds[0]);
		return error_set(err, EX_OSERR, "/bin/sh: %s", strerror(r));
	}
	c->out = fds[0];
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return 0;
}

static int
child_read(const struct child *c, struct draft *d, int64_t deadline_us,
    struct error *err)
{
	if (read_all(c->out, d, deadline_us, err) == -1)
		return -1;
	if (draft_full(d) || c->pidfd == -1)
		return 0;
	return wait_readable(c->pidfd, deadline_us, err);
}

/* Ends it, kindly first, if it has not ended.  Returns its wait status. */
static int
child_end(const struct child *c, bool force)
{
	pid_t target = c->group ? -c->pid : c->pid;
	int status = 0;
	struct error late;

	close(c->out);
	if (force) {
		kill(target, SIGTERM);
		if (c->pidfd != -1)
			wait_readable(
			    c->pidfd, clock_monotonic_us() + GRACE_US, &late);
		kill(target, SIGKILL);
	}
	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (c->pidfd != -1)
		close(c->pidfd);
	return status;
}

static int
run_command(const char *command, struct draft *d, int64_t deadline_us,
    struct error *err)
{
	struct child c;
	int r, status;

	deadline_us = source_deadline(deadline_us);
	if (child_start(&c, command, err) == -1)
		return -1;
	r = child_read(&c, d, deadline_us, err);
	status = child_end(&c, r == -1 || draft_full(d));
	if (r == -1 || draft_full(d))
		return r;
	if (WIFSIGNALED(status))
		return error_set(err, EX_NOPERM, "ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return error_set(err, EX_NOPERM, "it failed with status %d",
		    WEXITSTATUS(status));
	return 0;
}

static int
from_command(const char *command, int64_t deadline_us, struct secret *out,
    struct error *err)
{
	struct draft d;
	int r;

	draft_init(&d);
	r = run_command(command, &d, deadline_us, err);
	if (r == 0)
		r = draft_finish(&d, out, err);
	draft_clear(&d);
	return r;
}

/* What came of asking once. */
enum answer { ANSWER_ERROR = -1, ANSWER_LINE, ANSWER_SIGNAL };

static enum answer
read_line(int terminal, int signals, struct draft *d, int64_t deadline_us,
    struct error *err)
{
	struct pollfd p[2] = {{.fd = terminal, .events = POLLIN},
	    {.fd = signals, .events = POLLIN}};
	int r = poll(p, LENGTH(p), remaining_ms(deadline_us));

	if ((r == -1 && errno == EINTR) || (r > 0 && p[1].revents != 0))
		return ANSWER_SIGNAL;
	if (r == 0)
		error_set(err, EX_TEMPFAIL, "it took too long");
	else if (r == -1 || draft_read(d, terminal) == -1)
		error_set(err, EX_IOERR, "/dev/tty: %s", strerror(errno));
	else
		return ANSWER_LINE;
	return ANSWER_ERROR;
}

/* A terminal that was stopped holds nothing up. */
static int
show(int terminal, const char *bytes, size_t n)
{
	struct outlet o;
	int r;

	outlet_begin(&o, terminal);
	r = outlet_put(&o, bytes, n);
	outlet_end(&o);
	return r;
}

static enum answer
ask(int terminal, int signals, const struct buf *prompt, struct draft *d,
    int64_t deadline_us, struct error *err)
{
	struct termios before, silent;
	enum answer answer;

	if (tcgetattr(terminal, &before) == -1)
		goto failed;
	silent = before;
	silent.c_iflag |= ICRNL;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ICANON | ISIG | ECHONL;
	if (tcsetattr(terminal, TCSAFLUSH, &silent) == -1)
		goto failed;
	if (show(terminal, prompt->data, prompt->len) == -1)
		answer =
		    error_set(err, EX_IOERR, "/dev/tty: %s", strerror(errno));
	else
		answer = read_line(terminal, signals, d, deadline_us, err);
	tcsetattr(terminal, TCSANOW, &before);
	if (answer != ANSWER_LINE && show(terminal, "\n", 1) == -1)
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
	static const int signals[] = {
	    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
	struct sigaction now;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < LENGTH(signals); i++)
		if (sigaction(signals[i], NULL, &now) == 0 &&
		    now.sa_handler != SIG_IGN)
			sigaddset(set, signals[i]);
}

/*
 * Asks until something is answered.  Signals are held back while the echo is
 * off and take effect, whatever that is, when it is on again: no handler and
 * no state of the process are needed.
 */
static int
prompt_for(int terminal, const struct buf *prompt, struct draft *d,
    int64_t deadline_us, struct error *err)
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
		answer = ask(terminal, signals, prompt, d, deadline_us, err);
		sigpending(&pending);
		stopped = sigismember(&pending, SIGTSTP) == 1 &&
		    sigismember(&before, SIGTSTP) == 0;
		sigprocmask(SIG_SETMASK, &before, NULL);
		close(signals);
	} while (answer == ANSWER_SIGNAL && stopped);
	if (answer == ANSWER_SIGNAL)
		return error_set(err, EX_TEMPFAIL, "interrupted by a signal");
	return answer;
}

static int
from_prompt(const char *user, const char *host, int64_t deadline_us,
    struct secret *out, struct error *err)
{
	int terminal = open_terminal(O_RDWR), r;
	struct buf prompt = BUF_WITH_MAX(0);
	struct draft d;

	if (terminal == -1) {
		error_set(err, EX_CONFIG,
		    "none is configured, and there is no terminal to ask on");
		return error_hint(err,
		    "use --password-file=FILE or --password-command=COMMAND,\n"
		    "or write password = ... into the configuration file");
	}
	buf_puts(&prompt, "Password for ");
	printable_append(&prompt, user, strlen(user));
	buf_puts(&prompt, " at ");
	printable_append(&prompt, host, strlen(host));
	buf_puts(&prompt, ": ");
	draft_init(&d);
	r = prompt_for(terminal, &prompt, &d, deadline_us, err);
	if (r == 0 && (d.len == 0 || d.bytes[0] == '\n'))
		r = error_set(err, EX_NOPERM, "none was typed");
	if (r == 0)
		r = draft_finish(&d, out, err);
	draft_clear(&d);
	buf_clear(&prompt);
	close(terminal);
	return r;
}

int
secrets_password(const struct settings *s, const char *user, const char *host,
    int64_t deadline_us, struct secret *out, struct error *err)
{
	if (s->password.bytes != NULL) {
		if (s->password.len == 0)
			return error_set(err, EX_CONFIG, "empty password");
		secret_set(out, s->password.bytes, s->password.len);
		return 0;
	}
	if (s->password_file != NULL) {
		if (from_file(s->password_file, deadline_us, out, err) == 0)
			return 0;
		return error_context(err, "password file %s", s->password_file);
	}
	if (s->password_command != NULL) {
		/* Its text is not shown: there may be secrets in it. */
		if (from_command(s->password_command, deadline_us, out, err) ==
		    0)
			return 0;
		return error_context(err, "password command");
	}
	if (from_prompt(user, host, deadline_us, out, err) == 0)
		return 0;
	return error_context(err, "password for %s at %s", user, host);
}
