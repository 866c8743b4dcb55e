#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/memory.h"

int
file_scratch(const char *directory)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	struct buf path = {0};

	if (fd != -1)
		return fd;
	/* Not every file system has files without a name. */
	buf_printf(&path, "%s/smtpsend.XXXXXX", directory);
	fd = mkostemp(path.data, O_CLOEXEC);
	if (fd != -1)
		unlink(path.data);
	buf_clear(&path);
	return fd;
}

/* The directory that the file is in; the caller frees it. */
static char *
directory_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (slash == NULL)
		return memory_strdup(".");
	return memory_strndup(name, slash == name ? 1 : (size_t)(slash - name));
}

/* By which a file without a name can be given one. */
static const char *
descriptor_name(int fd, char name[32])
{
	snprintf(name, 32, "/proc/self/fd/%d", fd);
	return name;
}

static int
open_nameless(const char *name)
{
	char *directory = directory_of(name), path[32];
	int fd = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	free(directory);
	if (fd != -1 && access(descriptor_name(fd, path), F_OK) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

int
file_create(struct file *f, const char *name, const char *temp)
{
	*f = (struct file){.fd = open_nameless(name)};
	if (f->fd == -1) {
		f->fd = open(temp,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (f->fd == -1)
			return -1;
		f->temp = memory_strdup(temp);
	}
	f->name = memory_strdup(name);
	return 0;
}

static void
forget_temp(struct file *f)
{
	free(f->temp);
	f->temp = NULL;
}

static int
name_file(struct file *f)
{
	char path[32];

	if (f->temp == NULL)
		return linkat(AT_FDCWD, descriptor_name(f->fd, path), AT_FDCWD,
		    f->name, AT_SYMLINK_FOLLOW);
	if (renameat2(AT_FDCWD, f->temp, AT_FDCWD, f->name, RENAME_NOREPLACE) ==
	    -1) {
		/* Not every file system can do that. */
		if (errno != EINVAL && errno != ENOSYS)
			return -1;
		if (link(f->temp, f->name) == -1)
			return -1;
		unlink(f->temp);
	}
	forget_temp(f);
	return 0;
}

void
file_sync_name(const char *name)
{
	char *directory = directory_of(name);
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(directory);
	if (fd == -1)
		return;
	(void)fsync(fd);
	close(fd);
}

int
file_publish(struct file *f)
{
	if (fsync(f->fd) == -1 || name_file(f) == -1)
		return -1;
	file_sync_name(f->name);
	return 0;
}

void
file_close(struct file *f)
{
	if (f->fd != -1)
		close(f->fd);
	if (f->temp != NULL)
		unlink(f->temp);
	forget_temp(f);
	free(f->name);
	*f = (struct file){.fd = -1};
}

int
file_read_all(int fd, struct buf *out)
{
	struct stat st;
	size_t room;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return -1;
	}
	room = (size_t)st.st_size + 1;
	do {
		if (buf_reserve(out, room) == -1) {
			errno = EFBIG;
			return -1;
		}
		n = TEMP_FAILURE_RETRY(read(fd, out->data + out->len, room));
		out->len += n > 0 ? (size_t)n : 0;
		room = 1; /* there is one if it has grown */
	} while (n > 0);
	out->data[out->len] = '\0';
	return n == 0 ? 0 : -1;
}

int
file_contents(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r, error;

	if (fd == -1)
		return -1;
	r = file_read_all(fd, out);
	error = errno;
	close(fd);
	errno = error;
	return r;
}

int
file_write(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	ssize_t r;

	while (n > 0) {
		r = write(fd, p, n);
		if (r == -1 && errno != EINTR)
			return -1;
		if (r > 0) {
			p += r;
			n -= (size_t)r;
		}
	}
	return 0;
}

void
file_name_for(struct buf *out, const char *text)
{
	const char *s;

	buf_puts(out, *text == '\0' ? "%" : "");
	for (s = text; *s != '\0'; s++)
		if (ascii_is_letter_or_digit(*s) ||
		    strchr("-_@+", *s) != NULL || (*s == '.' && s > text))
			buf_putc(out, *s);
		else
			buf_printf(out, "%%%02X", (unsigned char)*s);
}

/* Closes it in any case. */
static int
fill(int fd, const void *bytes, size_t n, bool sync)
{
	int r = file_write(fd, bytes, n), error;

	if (r == 0 && sync)
		r = fsync(fd);
	error = errno;
	if (close(fd) == -1 && r == 0)
		return -1;
	errno = error;
	return r;
}

int
file_replace(int dir, const char *name, const char *temp, const void *bytes,
    size_t n, bool sync)
{
	int fd, error;

	fd = openat(dir, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (fill(fd, bytes, n, sync) == 0 &&
	    renameat(dir, temp, dir, name) == 0) {
		/* Not every file system can do that. */
		if (sync)
			(void)fsync(dir);
		return 0;
	}
	error = errno;
	unlinkat(dir, temp, 0);
	errno = error;
	return -1;
}

int
file_lock(int fd)
{
	/* Not let go by whoever closes another descriptor of the file. */
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &whole);
}
