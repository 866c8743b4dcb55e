#include "lib/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/memory.h"
#include "lib/shell.h"

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

int
private_open(const char *path)
{
	/* A device must not hold us up before it is refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd != -1)
		keep_from_children(path);
	return fd;
}

/* Where containers find their secrets chmod is no help, and who may read is
 * the business of whoever mounts. */
static bool
is_mounted_read_only(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

static int
hint_at_cat(const char *option, const char *path, struct error *err)
{
	char file[SHELL_WORD_SIZE], command[SHELL_WORD_SIZE + 4];
	char word[SHELL_WORD_SIZE];

	snprintf(command, sizeof(command), "cat %s", shell_file(path, file));
	return error_hint(err, "--%s-command %s", option,
	    shell_word(command, "'cat FILE'", word));
}

int
private_check(
    int fd, const char *path, bool named, const char *option, struct error *err)
{
	bool fixed = is_mounted_read_only(fd);
	char word[SHELL_WORD_SIZE];
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
	if (!fixed)
		return error_hint(err, "chmod 600 %s", shell_file(path, word));
	return option != NULL ? hint_at_cat(option, path, err) : -1;
}

static int
check_directory(int fd, const char *path, struct error *err)
{
	char word[SHELL_WORD_SIZE];
	struct stat st;

	if (fstat(fd, &st) == -1)
		return error_set(
		    err, EX_IOERR, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return error_set(
		    err, EX_CONFIG, "%s: it belongs to another user", path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return 0;
	error_set(err, EX_CONFIG, "%s: others have access to it (mode %04o)",
	    path, (unsigned)st.st_mode & 07777U);
	return error_hint(err, "chmod 700 %s", shell_file(path, word));
}

static int
open_directory(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return error_set(err,
		    errno == ENOENT			     ? 0
			: errno == ELOOP || errno == ENOTDIR ? EX_CONFIG
							     : EX_IOERR,
		    "%s: %s", path, strerror(errno));
	if (check_directory(fd, path, err) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Those above it first, which may all be there.  0, or why it cannot be. */
static int
make_directory(const char *path, int depth)
{
	const char *slash = strrchr(path, '/');
	char *above;
	int why;

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT || depth <= 1 || slash == NULL || slash == path)
		return errno;
	above = memory_strndup(path, (size_t)(slash - path));
	why = make_directory(above, depth - 1);
	free(above);
	if (why == 0 && mkdir(path, 0700) == -1 && errno != EEXIST)
		why = errno;
	return why;
}

int
private_directory(const char *path, int make, struct error *err)
{
	int fd = open_directory(path, err), why;

	if (fd != -1 || err->status != 0 || make <= 0)
		return fd;
	why = make_directory(path, make);
	return why == 0 ? open_directory(path, err)
			: error_set(err, 0, "%s: %s", path, strerror(why));
}
