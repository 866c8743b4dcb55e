/*
 * peak FILE COMMAND...: runs it, writes the KiB of memory it had at most to
 * FILE, and ends as it does.  (Of a process that a large one starts the kernel
 * counts what the large one had.)
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct rusage usage;
	int status;
	FILE *out;
	pid_t pid;

	if (argc < 3 || (out = fopen(argv[1], "we")) == NULL)
		return 125;
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(argv[2], argv + 2);
		_exit(126);
	}
	if (pid == -1 || wait4(pid, &status, 0, &usage) == -1)
		return 125;
	if (fprintf(out, "%ld\n", usage.ru_maxrss) < 0 || fclose(out) == EOF)
		return 125;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}
