#include "command/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

#include "command/outfile.h"

enum {
	LOCK_WAIT_US = 30000000, /* for a mailbox that another program holds */
	LOCK_EVERY_US = 20000,
};

static int
failed(struct error *err)
{
	return error_set(err, EX_CANTCREAT, "%s", strerror(errno));
}

const char *
mailbox_unique_name(struct arena *a)
{
	struct utsname u;
	struct timespec now;
	struct buf host = BUF_WITH_MAX(4 * sizeof(u.nodename));
	const char *p, *name;

	if (uname(&u) == -1)
		u.nodename[0] = '\0';
	for (p = u.nodename; *p != '\0'; p++)
		if (*p == '/' || *p == ':')
			buf_printf(&host, "\\%03o", (unsigned)*p);
		else
			buf_putc(&host, *p);
	clock_gettime(CLOCK_REALTIME, &now);
	name = arena_printf(a, "%lld.M%06ldP%ld.%s", (long long)now.tv_sec,
	    now.tv_nsec / 1000, (long)getpid(),
	    host.len > 0 ? buf_string(&host) : "localhost");
	buf_clear(&host);
	return name;
}

/* Whether a directory holds something that a Maildir does not begin with:
 * the home, written "~/", must not become one. */
static bool
holds_other_things(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool other = false;

	if (dir == NULL)
		return false;
	while (!other && (entry = readdir(dir)) != NULL)
		other = entry->d_name[0] != '.' &&
		    strcmp(entry->d_name, "cur") != 0 &&
		    strcmp(entry->d_name, "new") != 0 &&
		    strcmp(entry->d_name, "tmp") != 0;
	closedir(dir);
	return other;
}

static bool
is_maildir(struct arena *a, const char *path)
{
	static const char *const names[] = {"cur", "new", "tmp"};
	struct stat st;
	size_t i;

	for (i = 0; i < 3; i++)
		if (stat(arena_printf(a, "%s/%s", path, names[i]), &st) == -1 ||
		    !S_ISDIR(st.st_mode))
			return false;
	return true;
}

static int
create_maildir(struct arena *a, const char *path, struct error *err)
{
	static const char *const names[] = {"", "/tmp", "/new", "/cur"};
	size_t i;

	for (i = 0; i < 4; i++)
		if (mkdir(arena_printf(a, "%s%s", path, names[i]), 0700) ==
			-1 &&
		    errno != EEXIST)
			return failed(err);
	return 0;
}

int
mailbox_begin_maildir(struct file *f, struct arena *a, const char *path,
    bool create, struct error *err)
{
	const char *name = mailbox_unique_name(a);

	errno = 0;
	if (!is_maildir(a, path)) {
		if (errno == EACCES)
			return failed(err);
		if (!create || holds_other_things(path)) {
			error_set(err, EX_CANTCREAT,
			    "a directory, and not a Maildir");
			return error_hint(err,
			    "name a file in it, or a new directory with '/' "
			    "behind its name");
		}
		if (create_maildir(a, path, err) == -1)
			return -1;
	}
	if (file_create(f, arena_printf(a, "%s/cur/%s:2,S", path, name),
		arena_printf(a, "%s/tmp/%s", path, name)) == -1)
		return failed(err);
	return 0;
}

static int
check_mailbox(int fd, struct error *err)
{
	struct stat st;
	char begin[5];
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return failed(err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EX_CANTCREAT, "not a regular file");
	if (outfile_is_open_elsewhere(fd)) {
		error_set(
		    err, EX_CANTCREAT, "is read or written in this call, too");
		return error_hint(err, "name another file");
	}
	n = TEMP_FAILURE_RETRY(pread(fd, begin, sizeof(begin), 0));
	if (n == -1)
		return failed(err);
	if (n == 0 || (n == 5 && memcmp(begin, "From ", 5) == 0))
		return 0;
	error_set(err, EX_CANTCREAT, "exists, and is not a mailbox file");
	return error_hint(err,
	    "a name that ends with '.eml' is that of a new file, with "
	    "the message alone");
}

int
mailbox_open(const char *path, bool *missing, struct error *err)
{
	int fd =
	    open(path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	*missing = fd == -1 && errno == ENOENT && lstat(path, &st) == -1;
	if (fd == -1)
		return failed(err);
	if (check_mailbox(fd, err) == 0)
		return fd;
	close(fd);
	return -1;
}

/* It is waited for, but not for ever. */
static int
lock(int fd, const struct wait_limits *p, struct error *err)
{
	int64_t now = clock_monotonic_us(), limit = now + LOCK_WAIT_US;
	struct wait_limits step = *p;

	if (p->deadline_us != 0 && p->deadline_us < limit)
		limit = p->deadline_us;
	while (file_lock(fd) == -1) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return failed(err);
		step.deadline_us = now + LOCK_EVERY_US;
		if (now >= limit || wait_poll(&step, NULL, 0) == WAIT_STOPPED)
			return error_set(err, EX_CANTCREAT,
			    "another program keeps it locked");
		now = clock_monotonic_us();
	}
	return 0;
}

/* Ends the last entry with an empty line, if it has none. */
static int
complete_last(int fd, off_t size)
{
	char end[2] = "\n\n";
	off_t n = size < 2 ? size : 2;

	if (TEMP_FAILURE_RETRY(pread(fd, end + 2 - n, (size_t)n, size - n)) !=
	    n)
		return -1;
	if (end[1] != '\n')
		return file_write(fd, "\n\n", 2);
	return end[0] != '\n' ? file_write(fd, "\n", 1) : 0;
}

int
mailbox_begin_entry(const char *path, int *fd, const struct wait_limits *p,
    off_t *size, struct error *err)
{
	struct stat st;

	*size = -1;
	if (*fd == -1)
		*fd = open(path,
		    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	if (*fd == -1)
		return failed(err);
	/* What others have written while we waited counts, too. */
	if (lock(*fd, p, err) == -1)
		return -1;
	if (fstat(*fd, &st) == -1)
		return failed(err);
	*size = st.st_size;
	return complete_last(*fd, st.st_size) == -1 ? failed(err) : 0;
}
