#include "lib/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/private.h"
#include "lib/secret.h"

enum { TEMP_MAX = 96, DIRECTORIES = 3 };

static int
failed(const char *path, struct error *err)
{
	return error_set(err, EX_IOERR, "%s: %s", path, strerror(errno));
}

static bool
is_ours_alone(const struct stat *st)
{
	return st->st_uid == geteuid() && (st->st_mode & 077) == 0;
}

/* Whatever is not so counts as nothing, and the status tells why. */
static int
open_directory(const char *path, int make, struct error *err)
{
	int fd = private_directory(path, make, err);

	if (fd == -1 && err->status != 0)
		err->status = EX_IOERR;
	return fd;
}

/* A name that no other process makes. */
static int
temporary(const char *name, char temp[TEMP_MAX])
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(random))
		return -1;
	snprintf(
	    temp, TEMP_MAX, "%.64s.%016llx", name, (unsigned long long)random);
	return 0;
}

static int
read_whole(int fd, struct buf *out)
{
	struct stat st;
	size_t size, begin = out->len;
	ssize_t r = 0;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode) || !is_ours_alone(&st)) {
		errno = EPERM;
		return -1;
	}
	size = (size_t)st.st_size;
	if (buf_reserve(out, size) == -1) {
		errno = EFBIG;
		return -1;
	}
	while (out->len - begin < size &&
	    (r = TEMP_FAILURE_RETRY(read(
		 fd, out->data + out->len, size - (out->len - begin)))) > 0)
		out->len += (size_t)r;
	if (r == -1) {
		secret_wipe(out->data + begin, out->len - begin);
		out->len = begin;
	}
	out->data[out->len] = '\0';
	return r == -1 ? -1 : 0;
}

/* Moved away first: of several that try, one succeeds. */
static int
take(int dir, const char *name, struct buf *out)
{
	char temp[TEMP_MAX];
	int fd, error, r = -1;

	if (temporary(name, temp) == -1 || renameat(dir, name, dir, temp) == -1)
		return -1;
	fd = openat(dir, temp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd != -1)
		r = read_whole(fd, out);
	error = errno;
	if (fd != -1)
		close(fd);
	unlinkat(dir, temp, 0);
	errno = error;
	return r;
}

int
cache_take(
    const char *directory, const char *name, struct buf *out, struct error *err)
{
	int dir = open_directory(directory, 0, err), r;

	if (dir == -1)
		return -1;
	r = take(dir, name, out);
	if (r == -1) {
		failed(directory, err);
		if (errno == ENOENT)
			err->status = 0;
	}
	close(dir);
	return r;
}

static int
keep(int dir, const char *name, const void *bytes, size_t n)
{
	char temp[TEMP_MAX];

	if (temporary(name, temp) == -1)
		return -1;
	return file_replace(dir, name, temp, bytes, n, false);
}

static void
remove_old(int dir, int max_age)
{
	time_t now = time(NULL);
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *d = fd != -1 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	struct stat st;

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && now - st.st_mtime > max_age)
			unlinkat(dir, e->d_name, 0);
	closedir(d);
}

int
cache_keep(const char *directory, const char *name, const void *bytes, size_t n,
    int max_age, struct error *err)
{
	int dir = open_directory(directory, DIRECTORIES, err), r;

	if (dir == -1) {
		if (err->status == 0)
			err->status = EX_IOERR;
		return -1;
	}
	r = keep(dir, name, bytes, n);
	if (r == -1)
		failed(directory, err);
	remove_old(dir, max_age);
	close(dir);
	return r;
}
