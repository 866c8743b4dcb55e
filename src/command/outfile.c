#include "command/outfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"

static int
number(const char *name)
{
	static const struct {
		const char *name;
		int fd;
	} names[] = {
	    {"-", STDOUT_FILENO},
	    {"/dev/stdin", STDIN_FILENO},
	    {"/dev/stdout", STDOUT_FILENO},
	    {"/dev/stderr", STDERR_FILENO},
	};
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	const char *digits;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i].name) == 0)
			return names[i].fd;
	for (i = 0; i < 2; i++) {
		if (strncmp(name, folders[i], strlen(folders[i])) != 0)
			continue;
		digits = name + strlen(folders[i]);
		if (*digits != '\0' && strlen(digits) < 8 &&
		    strspn(digits, "0123456789") == strlen(digits))
			return atoi(digits);
	}
	return -1;
}

bool
outfile_descriptor(const char *name, int *fd)
{
	int n = number(name), flags;

	*fd = -1;
	if (n == -1)
		return false;
	/* What we have opened ourselves is not what is meant; all of it is
	 * closed on exec, and nothing that we were started with is. */
	flags = fcntl(n, F_GETFD);
	if (flags != -1 && (flags & FD_CLOEXEC) == 0)
		flags = fcntl(n, F_GETFL);
	else
		flags = -1;
	if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY)
		errno = EBADF;
	else if (n == STDOUT_FILENO || n == STDERR_FILENO)
		*fd = n;
	else
		*fd = fcntl(n, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return true;
}

static bool
is_same(const struct stat *a, int fd)
{
	struct stat b;

	return fstat(fd, &b) == 0 && a->st_dev == b.st_dev &&
	    a->st_ino == b.st_ino;
}

bool
outfile_is(int fd, const char *path)
{
	struct stat st;

	return path != NULL && stat(path, &st) == 0 && is_same(&st, fd);
}

bool
outfile_is_open_elsewhere(int fd)
{
	DIR *list = opendir("/proc/self/fd");
	const struct dirent *entry;
	struct stat st;
	bool is = false;
	int other;

	if (list == NULL)
		return false;
	while (fstat(fd, &st) == 0 && !is && (entry = readdir(list)) != NULL) {
		other = atoi(entry->d_name);
		is = entry->d_name[0] != '.' && other != fd &&
		    is_same(&st, other);
	}
	closedir(list);
	return is;
}

int
outfile_lock(int fd)
{
	/* Not every file system has locks. */
	return file_lock(fd) == 0 || (errno != EAGAIN && errno != EACCES) ? 0
									  : -1;
}
