#include "lib/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"

enum { GRACE_US = 200 * 1000 }; /* between SIGTERM and SIGKILL */

static int
set_files(posix_spawn_file_actions_t *files, const struct child_params *p)
{
	/* In this order, since out may be any number, even 0. */
	int r = posix_spawn_file_actions_adddup2(files, p->out, STDOUT_FILENO);

	if (r == 0 && p->err > 0)
		r = posix_spawn_file_actions_adddup2(
		    files, p->err, STDERR_FILENO);
	if (r == 0 && p->in != -1)
		r = posix_spawn_file_actions_adddup2(
		    files, p->in, STDIN_FILENO);
	else if (r == 0)
		r = posix_spawn_file_actions_addopen(
		    files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0 && p->alone)
		r = posix_spawn_file_actions_addclosefrom_np(
		    files, STDERR_FILENO + 1);
	return r;
}

static void
set_signals(posix_spawnattr_t *attributes, bool group)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t set;

	sigemptyset(&set);
	posix_spawnattr_setsigmask(attributes, &set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGXFSZ);
	sigaddset(&set, SIGCHLD);
	posix_spawnattr_setsigdefault(attributes, &set);
	if (group)
		flags |= POSIX_SPAWN_SETPGROUP;
	posix_spawnattr_setflags(attributes, flags);
}

int
child_spawn(const struct child_params *p, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&files);

	signal(SIGCHLD, SIG_DFL);
	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attributes);
	if (r == 0) {
		set_signals(&attributes, p->group);
		r = set_files(&files, p);
		if (r == 0)
			r = posix_spawnp(pid, p->argv[0], &files, &attributes,
			    (char *const *)p->argv,
			    p->env != NULL ? (char *const *)p->env : environ);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&files);
	return r;
}

int
child_spawn_shell(const struct child_params *p, const char *command, pid_t *pid)
{
	const char *const argv[] = {"/bin/sh", "-c", "--", command, NULL};
	struct child_params shell = *p;

	shell.argv = argv;
	return child_spawn(&shell, pid);
}

/* Until it has ended; its number stays its own until it is reaped. */
enum wait_end
child_await(pid_t pid, const struct wait_limits *p)
{
	struct pollfd ended = {.events = POLLIN};
	enum wait_end end;
	siginfo_t info;

	ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (ended.fd == -1) {
		/* an old kernel: without limit */
		while (
		    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == -1 &&
		    errno == EINTR)
			continue;
		return WAIT_READY;
	}
	end = wait_poll(p, &ended, 1);
	close(ended.fd);
	return end;
}

static int
reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

enum wait_end
child_wait(pid_t pid, const struct wait_limits *p, int *status)
{
	enum wait_end end = child_await(pid, p);

	if (end == WAIT_READY)
		*status = reap(pid);
	return end;
}

bool
child_has_ended(pid_t pid, bool end_group, int *status)
{
	siginfo_t info = {0};

	/* As long as it is not reaped its group's number is nobody else's. */
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		-1 ||
	    info.si_pid != pid)
		return false;
	if (end_group)
		kill(-pid, SIGKILL);
	*status = reap(pid);
	return true;
}

int
child_check(int status, int failure, struct error *err)
{
	if (WIFSIGNALED(status))
		return error_set(err, failure, "ended by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) != 0)
		return error_set(err, failure, "it failed with status %d",
		    WEXITSTATUS(status));
	return 0;
}

bool
child_may_ask(void)
{
	int terminal = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (terminal != -1)
		close(terminal);
	return terminal != -1;
}

void
child_end(pid_t pid, bool group)
{
	const struct wait_limits grace = {
	    .deadline_us = clock_monotonic_us() + GRACE_US};
	pid_t target = group ? -pid : pid;

	kill(target, SIGTERM);
	(void)child_await(pid, &grace);
	kill(target, SIGKILL);
	reap(pid);
}

/* What is there now of what it has said; others may hold the pipe open. */
static void
take_rest(int fd, struct buf *said)
{
	ssize_t n;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	buf_reserve(said, said->max);
	while (said->len < said->max &&
	    (n = read(fd, said->data + said->len, said->max - said->len)) > 0)
		said->len += (size_t)n;
	said->data[said->len] = '\0';
}

/* All that pid prints into fd, and its end. */
static enum wait_end
take_output(pid_t pid, int fd, bool group, const struct wait_limits *p,
    struct buf *out, int *status)
{
	enum wait_end end = wait_fill(p, fd, out);
	bool full = out->len == out->max;
	int error;

	if (end == WAIT_READY && !full)
		end = child_wait(pid, p, status);
	error = errno;
	if (end != WAIT_READY || full)
		child_end(pid, group);
	errno = error;
	return end;
}

/* By the shell if command is not NULL. */
static enum wait_end
run(struct child_params *params, const char *command,
    const struct wait_limits *p, struct buf *out, int *status)
{
	enum wait_end end = WAIT_FAILED;
	int fds[2], error;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return WAIT_FAILED;
	params->out = fds[1];
	error = command != NULL ? child_spawn_shell(params, command, &pid)
				: child_spawn(params, &pid);
	close(fds[1]);
	if (error == 0) {
		end = take_output(pid, fds[0], params->group, p, out, status);
		error = errno;
	}
	close(fds[0]);
	errno = error;
	return end;
}

enum wait_end
child_output(const char *command, bool group, const struct wait_limits *p,
    struct buf *out, int *status)
{
	struct child_params params = {.group = group, .in = -1};

	return run(&params, command, p, out, status);
}

enum wait_end
child_capture(const struct child_params *p, const struct wait_limits *wait,
    struct buf *out, struct buf *said, int *status)
{
	struct child_params params = *p;
	enum wait_end end;
	int fds[2], error;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return WAIT_FAILED;
	params.err = fds[1];
	end = run(&params, NULL, wait, out, status);
	error = errno;
	close(fds[1]);
	take_rest(fds[0], said);
	close(fds[0]);
	errno = error;
	return end;
}
