/* secrets from files and pipes: see secret_source.h. */
#include "command/secret_draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int
read_file(int fd, const struct secret_wanted *wanted, struct secret *out,
    struct error *err)
{
	struct wait_limits limited = secret_limits(wanted->wait);
	enum wait_end end;
	struct buf d;
	int r;

	secret_draft_init(&d);
	end = wait_fill(&limited, fd, &d);
	r = end == WAIT_READY
	    ? secret_draft_finish(&d, wanted, out, err)
	    : secret_given_up(end, &limited, EX_IOERR, "", err);
	secret_draft_clear(&d);
	return r;
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
check_file(int fd, const struct secret_wanted *wanted, const char *path,
    bool named, struct error *err)
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
	if (fixed)
		return error_hint(
		    err, "--%s-command 'cat %s'", wanted->option, path);
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

int
secret_from_file(const struct secret_wanted *wanted, const char *path,
    bool named, struct secret *out, struct error *err)
{
	/* A device must not hold us up before it is refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	if (fd == -1) {
		r = error_set(err, EX_CONFIG, "%s", strerror(errno));
	} else {
		keep_from_children(path);
		r = check_file(fd, wanted, path, named, err);
		if (r == 0)
			r = read_file(fd, wanted, out, err);
		close(fd);
	}
	if (r == 0)
		return 0;
	return error_context(err, "%s file %s", wanted->noun, path);
}
