/* configure_file: see configure_file.h. */
#include "command/configure_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/secret.h"

enum { SIZE_LIMIT = 1 << 20 };

/* The directory of a file, and those above it. */
static int
make_directories(const char *path, struct error *err)
{
	char *copy = strdup(path), *slash;
	int r = 0;

	if (copy == NULL)
		return error_set(err, EX_OSERR, "%s", strerror(errno));
	for (slash = strchr(copy + 1, '/'); slash != NULL && r == 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) == -1 && errno != EEXIST)
			r = error_set(
			    err, EX_CANTCREAT, "%s: %s", copy, strerror(errno));
		*slash = '/';
	}
	free(copy);
	return r;
}

/* Behind links there must be a file: what one leads to that is not there, is
 * somebody's mistake or not mounted. */
static int
follow(struct configure_file *f, const char *path, struct arena *a,
    struct error *err)
{
	char real[PATH_MAX];
	struct stat st;

	f->path = path;
	if (lstat(path, &st) == -1)
		return errno == ENOENT || errno == ENOTDIR
		    ? 0
		    : error_set(
			  err, EX_CONFIG, "%s: %s", path, strerror(errno));
	f->linked = S_ISLNK(st.st_mode);
	if (!f->linked)
		return 0;
	if (realpath(path, real) == NULL)
		return error_set(err, EX_CONFIG,
		    "%s: a symbolic link that leads nowhere: %s", path,
		    strerror(errno));
	f->path = arena_strdup(a, real);
	return 0;
}

/* Whether a file can be made beside it; of a directory that is not there yet
 * that is seen when it is made. */
static int
check_place(const struct configure_file *f, struct error *err)
{
	const char *slash = strrchr(f->path, '/');
	char *directory = strndup(f->path, (size_t)(slash - f->path));
	struct stat st;
	int r = 0;

	if (directory == NULL)
		return error_set(err, EX_OSERR, "%s", strerror(errno));
	if (stat(f->path, &st) == 0 && st.st_uid != geteuid())
		r = error_set(err, EX_CONFIG,
		    "%s: it belongs to another user, and is not changed",
		    f->path);
	else if (access(directory, W_OK | X_OK) == -1 && errno != ENOENT)
		r = error_set(
		    err, EX_CONFIG, "%s: %s", directory, strerror(errno));
	free(directory);
	return r;
}

static int
read_text(const char *path, struct buf *text, struct error *err)
{
	*text = BUF_WITH_MAX(SIZE_LIMIT);
	buf_reserve(text, SIZE_LIMIT - 1);
	if (file_contents(path, text) == 0 || errno == ENOENT ||
	    errno == ENOTDIR)
		return 0;
	return error_set(err, EX_CONFIG, "%s: %s", path, strerror(errno));
}

int
configure_file_read(struct configure_file *f, const char *path, struct arena *a,
    struct error *err)
{
	*f = (struct configure_file){0};
	if (follow(f, path, a, err) == -1 || check_place(f, err) == -1)
		return -1;
	return read_text(f->path, &f->text, err);
}

static void
clear(struct buf *text)
{
	secret_wipe(text->data, text->cap);
	buf_clear(text);
}

void
configure_file_clear(struct configure_file *f)
{
	clear(&f->text);
}

/* In a directory that is there.  -1 with errno. */
static int
replace(const char *path, const char *bytes, size_t n)
{
	const char *name = strrchr(path, '/') + 1;
	char *directory = strndup(path, (size_t)(name - path));
	struct buf temp = {0};
	int dir, r, error;

	if (directory == NULL)
		return -1;
	dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(directory);
	if (dir == -1)
		return -1;
	buf_printf(&temp, "%s.%ld.new", name, (long)getpid());
	r = file_replace(dir, name, buf_string(&temp), bytes, n, true);
	error = errno;
	buf_clear(&temp);
	close(dir);
	errno = error;
	return r;
}

int
configure_file_put(
    const char *path, const char *bytes, size_t n, struct error *err)
{
	if (make_directories(path, err) == -1)
		return -1;
	if (replace(path, bytes, n) == 0)
		return 0;
	return error_set(err, EX_CANTCREAT, "%s: %s", path, strerror(errno));
}

int
configure_file_write(
    const struct configure_file *f, const struct buf *text, struct error *err)
{
	struct buf now;
	int r = read_text(f->path, &now, err);

	if (r == 0 &&
	    (now.len != f->text.len ||
		(now.len > 0 && memcmp(now.data, f->text.data, now.len) != 0)))
		r = error_set(err, EX_CONFIG,
		    "%s was changed meanwhile, and is left as it is", f->path);
	clear(&now);
	return r == 0 ? configure_file_put(f->path, text->data, text->len, err)
		      : -1;
}
