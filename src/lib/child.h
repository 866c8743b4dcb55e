/*
 * child: a program that is started, with nothing of ours in it, and its end.
 *
 * Its signals are as a program expects them: none blocked, and SIGPIPE, SIGXFSZ
 * and SIGCHLD with their default actions, whatever they are here; others that
 * are ignored stay so (nohup).  Descriptors of ours are all close-on-exec.
 *
 * SIGCHLD has its default action here, too, once a program was started: whoever
 * started us may have left it ignored, and the kernel would then throw away how
 * the program ended.
 */
#ifndef LIB_CHILD_H
#define LIB_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/error.h"
#include "lib/wait.h"

struct child_params {
	/* File, then arguments, NULL at the end; without a slash it is looked
	 * for in PATH. */
	const char *const *argv;
	int in, out; /* its standard input and output; in -1: /dev/null */
	int err;     /* its standard error; 0: ours */
	bool group;  /* it leads a process group */
	bool alone; /* descriptors 0 to 2, and none that we were started with */
	const char *const
	    *env; /* its environment, NULL at the end; NULL: ours */
};

/* 0, or an errno.  The caller waits for *pid. */
int child_spawn(const struct child_params *, pid_t *pid);
/* The same for `command`, run by /bin/sh; argv is not looked at.  A command may
 * begin with a hyphen. */
int
child_spawn_shell(const struct child_params *, const char *command, pid_t *pid);

/* Waits until it has ended: WAIT_READY, and *status is that of waitpid(2).
 * Otherwise it goes on. */
enum wait_end child_wait(pid_t, const struct wait_limits *, int *status);
/* The same in two steps.  Waits until it has ended, and no more. */
enum wait_end child_await(pid_t, const struct wait_limits *);
/* Whether it has ended by now: *status is that of waitpid(2), and with
 * `end_group` what is left of the group that it led is ended by force. */
bool child_has_ended(pid_t, bool end_group, int *status);
/* Ends it, and with `group` all that it has started, kindly first; when this
 * returns it is gone. */
void child_end(pid_t, bool group);
/* Whether programs that we start can ask somebody: they stay in our process
 * group then, since one that asks from another would be stopped as a background
 * job, and ^C is for both. */
bool child_may_ask(void);
/* What is wrong with how it ended: 0, or -1 with `failure` as the status and
 * the rest of a sentence about it. */
int child_check(int status, int failure, struct error *);

/*
 * Runs a command with /bin/sh, standard input from /dev/null, and takes what it
 * prints, up to the maximum of `out`.  When that is reached, or for any other
 * end than WAIT_READY, the command (with `group` all that it has started) is
 * ended, kindly first; when this returns it is gone.
 */
enum wait_end child_output(const char *command, bool group,
    const struct wait_limits *, struct buf *out, int *status);
/* The same for a program with its arguments (argv, in and group count), and what it
 * has said on standard error, as far as there is room in `said`, when it has
 * ended: more than a pipe holds makes it wait until its time is up.  WAIT_FAILED:
 * it could not be started, and errno says why. */
enum wait_end child_capture(const struct child_params *,
    const struct wait_limits *, struct buf *out, struct buf *said, int *status);

#endif
