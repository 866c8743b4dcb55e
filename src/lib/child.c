#include "lib/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static int
set_files(posix_spawn_file_actions_t *files, const struct child_params *p)
{
	/* In this order, since out may be any number, even 0. */
	int r = posix_spawn_file_actions_adddup2(files, p->out, STDOUT_FILENO);

	if (r != 0)
		return r;
	if (p->in != -1)
		return posix_spawn_file_actions_adddup2(
		    files, p->in, STDIN_FILENO);
	return posix_spawn_file_actions_addopen(
	    files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
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
			    (char *const *)p->argv, environ);
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
