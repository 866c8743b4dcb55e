/* secrets: a file, a command or a prompt, each with its own distrust. */
#include "command/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <termios.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/charset.h"
#include "lib/child.h"
#include "lib/clock.h"
#include "lib/outlet.h"
#include "lib/printable.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum {
	SECRET_MAX = 64 * 1024,
	SOURCE_LIMIT_US = 60 * 1000 * 1000,
};

/* Bytes on their way to a secret: in one piece of memory that never moves, with
 * room for one too many. */
static void
draft_init(struct buf *d)
{
	*d = BUF_WITH_MAX(SECRET_MAX + 1);
	buf_reserve(d, SECRET_MAX + 1);
}

static void
draft_clear(struct buf *d)
{
	secret_wipe(d->data, d->cap);
	buf_clear(d);
}

/* The first line becomes the secret; password managers print more behind. */
static int
draft_finish(const struct buf *d, struct secret *out, struct error *err)
{
	/* To SASL a byte order mark is nothing in any case (RFC 4013 2.1). */
	const char *begin = d->data + charset_mark(d->data, d->len);
	const char *end = d->data + d->len;
	const char *newline = memchr(begin, '\n', (size_t)(end - begin));
	size_t n = (size_t)((newline != NULL ? newline : end) - begin);

	if (d->len > SECRET_MAX)
		return error_set(
		    err, EX_CONFIG, "more than 64 KiB are no password");
	if (n > 0 && newline != NULL && begin[n - 1] == '\r')
		n--;
	if (n == 0)
		return error_set(err, EX_CONFIG, "there is no password in it");
	if (memchr(begin, '\0', n) != NULL)
		return error_set(err, EX_CONFIG, "a NUL in the password");
	secret_set(out, begin, n);
	return 0;
}

static int
interrupted(const struct wait_limits *p, struct error *err)
{
	return error_set(err,
	    wait_stopped(p) ? EX_SIGNAL + *p->stop : EX_TEMPFAIL,
	    "interrupted by a signal");
}

/* `status` and `what` are for what failed by itself. */
static int
given_up(enum wait_end end, const struct wait_limits *p, int status,
    const char *what, struct error *err)
{
	if (end == WAIT_STOPPED)
		return interrupted(p, err);
	if (end == WAIT_LATE)
		return error_set(err, EX_TEMPFAIL, "it took too long");
	return error_set(err, status, "%s%s", what, strerror(errno));
}

static int
read_file(
    int fd, const struct wait_limits *p, struct secret *out, struct error *err)
{
	enum wait_end end;
	struct buf d;
	int r;

	draft_init(&d);
	end = wait_fill(p, fd, &d);
	r = end == WAIT_READY ? draft_finish(&d, out, err)
			      : given_up(end, p, EX_IOERR, "", err);
	draft_clear(&d);
	return r;
}

/* A command or a pipe must have given its secret some time. */
static struct wait_limits
source_limits(const struct wait_limits *p)
{
	int64_t limit_us = clock_monotonic_us() + SOURCE_LIMIT_US;
	struct wait_limits limited = *p;

	if (p->deadline_us == 0 || p->deadline_us > limit_us)
		limited.deadline_us = limit_us;
	return limited;
}

/* Where containers find their secrets chmod is no help, and who may read is
 * the business of whoever mounts. */
static bool
is_mounted_read_only(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

/* named: by the user, now, so that nobody else can have made it a habit. */
static int
check_file(int fd, const char *path, bool named, struct error *err)
{
	bool fixed = is_mounted_read_only(fd);
	struct stat st;

	if (fstat(fd, &st) == -1)
		return error_set(err, EX_IOERR, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return error_set(err, EX_CONFIG, "neither a file nor a pipe");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(err, EX_CONFIG, "it belongs to another user");
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0 ||
	    (named && fixed && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0))
		return 0;
	error_set(err, EX_CONFIG, "others have access to it (mode %04o)",
	    (unsigned)st.st_mode & 07777U);
	return error_hint(
	    err, fixed ? "--password-command 'cat %s'" : "chmod 600 %s", path);
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
from_file(const struct settings_auth *s, const struct wait_limits *p,
    struct secret *out, struct error *err)
{
	const char *path = s->password_file;
	struct wait_limits limited = source_limits(p);
	/* A device must not hold us up before it is refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	if (fd == -1)
		return error_set(err, EX_CONFIG, "%s", strerror(errno));
	keep_from_children(path);
	r = check_file(fd, path, s->file_on_argv, err);
	if (r == 0)
		r = read_file(fd, &limited, out, err);
	close(fd);
	return r;
}

static int
from_command(const char *command, const struct wait_limits *p,
    struct secret *out, struct error *err)
{
	int status = 0, r;
	struct wait_limits limited = source_limits(p);
	enum wait_end end;
	struct buf d;

	draft_init(&d);
	end = child_output(command, !child_may_ask(), &limited, &d, &status);
	/* One that printed too much was ended by us. */
	if (end != WAIT_READY)
		r = given_up(end, p, EX_OSERR, "/bin/sh: ", err);
	else
		r = d.len > SECRET_MAX ? 0
				       : child_check(status, EX_NOPERM, err);
	if (r == 0)
		r = draft_finish(&d, out, err);
	draft_clear(&d);
	return r;
}

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
	return given_up(end, &p, EX_IOERR, "/dev/tty: ", err);
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
ask(int terminal, int signals, const struct buf *prompt, struct buf *d,
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

/*
 * Asks until something is answered.  Signals are held back while the echo is
 * off and take effect, whatever that is, when it is on again.
 */
static int
prompt_for(int terminal, const struct buf *prompt, struct buf *d,
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
		answer = ask(terminal, signals, prompt, d, p->deadline_us, err);
		sigpending(&pending);
		stopped = sigismember(&pending, SIGTSTP) == 1 &&
		    sigismember(&before, SIGTSTP) == 0;
		sigprocmask(SIG_SETMASK, &before, NULL);
		close(signals);
	} while (answer == ANSWER_SIGNAL && stopped);
	return answer == ANSWER_SIGNAL ? interrupted(p, err) : (int)answer;
}

static int
from_prompt(const char *user, const char *host, const struct wait_limits *p,
    struct secret *out, struct error *err)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), r;
	struct buf prompt = BUF_WITH_MAX(0);
	struct buf d;

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
	r = prompt_for(terminal, &prompt, &d, p, err);
	if (r == 0 && (d.len == 0 || d.data[0] == '\n'))
		r = error_set(err, EX_NOPERM, "none was typed");
	if (r == 0)
		r = draft_finish(&d, out, err);
	draft_clear(&d);
	buf_clear(&prompt);
	close(terminal);
	return r;
}

int
secrets_password(const struct settings_auth *s, const char *user,
    const char *host, const struct wait_limits *p, struct secret *out,
    struct error *err)
{
	if (s->password.bytes != NULL) {
		if (s->password.len == 0)
			return error_set(err, EX_CONFIG, "empty password");
		secret_set(out, s->password.bytes, s->password.len);
		return 0;
	}
	if (s->password_file != NULL) {
		if (from_file(s, p, out, err) == 0)
			return 0;
		return error_context(err, "password file %s", s->password_file);
	}
	if (s->password_command != NULL) {
		/* Its text is not shown: there may be secrets in it. */
		if (from_command(s->password_command, p, out, err) == 0)
			return 0;
		return error_context(err, "password command");
	}
	if (from_prompt(user, host, p, out, err) == 0)
		return 0;
	return error_context(err, "password for %s at %s", user, host);
}
