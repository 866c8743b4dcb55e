#include "command/ticket.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/child.h"

/* Begins the exchange, as for a server; writes what is wrong. */
static void __attribute__((noreturn))
ask(const struct sasl_credentials *c, int out)
{
	struct buf response = BUF_WITH_MAX(64 * 1024);
	struct error err = {0};
	struct sasl *x;
	sigset_t none;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	x = sasl_new(sasl_mechanism_find("GSSAPI"), c, NULL, &err);
	if (x != NULL && sasl_step(x, "", 0, &response) == SASL_BAD) {
		error_set(&err, EX_NOPERM, "GSSAPI: %s", sasl_said(x));
		error_hint(&err,
		    "klist shows what tickets there are, kinit "
		    "gets one");
	}
	if (err.status != 0 && write(out, &err, sizeof(err)) == -1)
		_exit(1);
	_exit(0);
}

static int
given_up(enum wait_end end, const struct wait_limits *wait, struct error *err)
{
	if (end == WAIT_STOPPED && wait_stopped(wait))
		return error_set(
		    err, EX_SIGNAL + *wait->stop, "interrupted by a signal");
	if (end == WAIT_FAILED)
		return error_set(err, EX_OSERR, "%s", strerror(errno));
	error_set(
	    err, EX_TEMPFAIL, "GSSAPI: the realm has given no ticket in time");
	return -1;
}

static int
hear(int in, pid_t pid, const struct wait_limits *wait, struct error *err)
{
	struct buf heard = BUF_WITH_MAX(sizeof(*err));
	enum wait_end end = wait_fill(wait, in, &heard);
	int status, r = 0;

	if (end == WAIT_READY)
		end = child_wait(pid, wait, &status);
	if (end != WAIT_READY) {
		r = given_up(end, wait, err);
		child_end(pid, false);
	} else if (heard.len == sizeof(*err)) {
		memcpy(err, heard.data, sizeof(*err));
		r = -1;
	}
	buf_clear(&heard);
	return r;
}

int
ticket_get(const struct sasl_credentials *c, const struct wait_limits *wait,
    struct error *err)
{
	int pipes[2], r;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) == -1)
		return error_set(err, EX_OSERR, "%s", strerror(errno));
	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0)
		ask(c, pipes[1]);
	r = pid == -1 ? error_set(err, EX_OSERR, "%s", strerror(errno)) : 0;
	close(pipes[1]);
	if (r == 0)
		r = hear(pipes[0], pid, wait, err);
	close(pipes[0]);
	return r;
}
