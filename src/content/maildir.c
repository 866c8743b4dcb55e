#include "content/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/memory.h"
#include "lib/printable.h"

enum { NEW, CUR };
static const char *const subdirs[] = {[NEW] = "new", [CUR] = "cur"};

/* Where a message is: the letter in front of its name.  One that is in both is
 * the one in cur.  As a capital it was there once and was not found again. */
enum { IN_CUR = 'c', IN_NEW = 'n' };

static int
open_subdir(const char *path, int which)
{
	struct buf name = {0};
	int fd;

	buf_printf(&name, "%s/%s", path, subdirs[which]);
	fd = open(name.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_clear(&name);
	return fd;
}

bool
maildir_is(const char *path)
{
	struct buf name = {0};
	struct stat st;
	bool is = true;
	int i;

	for (i = NEW; i <= CUR && is; i++) {
		buf_reset(&name);
		buf_printf(&name, "%s/%s", path, subdirs[i]);
		is = stat(name.data, &st) == 0 && S_ISDIR(st.st_mode);
	}
	buf_clear(&name);
	return is;
}

static void
names_clear(struct maildir_names *n)
{
	buf_clear(&n->packed);
	free(n->at);
	*n = (struct maildir_names){0};
}

static int
names_add(struct maildir_names *n, char where, const char *name)
{
	size_t len = strlen(name) + 1;

	/* An offset has 32 bits. */
	n->packed.max = UINT32_MAX;
	if (buf_reserve(&n->packed, len + 1) == -1)
		return -1;
	if (n->count == n->capacity) {
		n->capacity += n->capacity / 2 + 64;
		n->at = memory_realloc(n->at, n->capacity, sizeof(*n->at));
	}
	n->at[n->count++] = (uint32_t)n->packed.len;
	buf_putc(&n->packed, where);
	return buf_append(&n->packed, name, len);
}

static char *
entry(const struct maildir_names *n, size_t i)
{
	return n->packed.data + n->at[i];
}

/* The length of the part that stays; what follows is the info. */
static size_t
unique_length(const char *name)
{
	const char *info = strstr(name, ":2,");

	if (info == NULL)
		info = strstr(name, ":1,");
	return info != NULL ? (size_t)(info - name) : strlen(name);
}

static int
compare_unique(const char *a, const char *b)
{
	size_t n = unique_length(a), k = unique_length(b);
	int r = memcmp(a, b, n < k ? n : k);

	return r != 0 ? r : (n > k) - (n < k);
}

static int
compare(const void *a, const void *b, void *packed)
{
	const char *p = (const char *)packed + *(const uint32_t *)a;
	const char *q = (const char *)packed + *(const uint32_t *)b;
	int r = compare_unique(p + 1, q + 1);

	return r != 0 ? r : strcmp(p, q);
}

static int
place_of(const char *e)
{
	return ascii_lower(*e) == IN_CUR ? CUR : NEW;
}

static int
dir_of(const struct maildir *m, const char *e)
{
	return m->dirs[place_of(e)];
}

/* Whether two entries are one message that was moved while it was listed. */
static bool
is_same(const struct maildir *m, const char *a, const char *b)
{
	struct stat st, other;

	if (compare_unique(a + 1, b + 1) != 0)
		return false;
	return fstatat(dir_of(m, a), a + 1, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    fstatat(dir_of(m, b), b + 1, &other, AT_SYMLINK_NOFOLLOW) == -1 ||
	    (st.st_dev == other.st_dev && st.st_ino == other.st_ino);
}

static bool
is_directory(int dir, const struct dirent *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	return fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

static int
list_dir(const struct maildir *m, int which, struct maildir_names *names,
    struct error *err)
{
	int fd =
	    openat(m->dirs[which], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd != -1 ? fdopendir(fd) : NULL;
	struct dirent *d;
	int r = 0;

	while (dir != NULL && r == 0 && (errno = 0, d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.' && !is_directory(fd, d))
			r = names_add(
			    names, which == CUR ? IN_CUR : IN_NEW, d->d_name);
	if (r == -1)
		error_set(err, EX_NOINPUT, "%s/%s: more files than can be read",
		    m->path, subdirs[which]);
	else if (dir == NULL || errno != 0)
		r = error_set(err, EX_NOINPUT, "cannot read %s/%s: %s", m->path,
		    subdirs[which], strerror(errno));
	if (dir != NULL)
		closedir(dir);
	else if (fd != -1)
		close(fd);
	return r;
}

/* Messages move from new to cur, so that what is not in the first any more is
 * in the second. */
static int
list(const struct maildir *m, struct maildir_names *names, struct error *err)
{
	size_t i, n = 0;

	*names = (struct maildir_names){0};
	if (list_dir(m, NEW, names, err) == -1 ||
	    list_dir(m, CUR, names, err) == -1) {
		names_clear(names);
		return -1;
	}
	if (names->count == 0)
		return 0;
	qsort_r(names->at, names->count, sizeof(*names->at), compare,
	    names->packed.data);
	for (i = 1; i < names->count; i++)
		if (!is_same(m, entry(names, n), entry(names, i)))
			names->at[++n] = names->at[i];
	names->count = n + 1;
	return 0;
}

int
maildir_begin(struct maildir *m, const char *path, struct error *err)
{
	int i;

	*m = (struct maildir){.path = memory_strdup(path), .dirs = {-1, -1}};
	for (i = NEW; i <= CUR; i++) {
		m->dirs[i] = open_subdir(path, i);
		if (m->dirs[i] != -1)
			continue;
		error_set(err, EX_NOINPUT, "cannot read %s/%s: %s", path,
		    subdirs[i], strerror(errno));
		maildir_end(m);
		return -1;
	}
	if (list(m, &m->names, err) == 0)
		return 0;
	maildir_end(m);
	return -1;
}

void
maildir_end(struct maildir *m)
{
	int i;

	for (i = NEW; i <= CUR; i++)
		if (m->dirs[i] != -1)
			close(m->dirs[i]);
	names_clear(&m->names);
	buf_clear(&m->shown);
	free(m->path);
	*m = (struct maildir){.dirs = {-1, -1}};
}

const char *
maildir_name(struct maildir *m, size_t i, const char **unique, size_t *n)
{
	const char *e = entry(&m->names, i);

	buf_reset(&m->shown);
	buf_printf(&m->shown, "%s/%s", subdirs[place_of(e)], e + 1);
	if (unique != NULL) {
		*unique = m->shown.data + strlen(subdirs[place_of(e)]) + 1;
		*n = unique_length(*unique);
	}
	return m->shown.data;
}

/* All names as they are now, those that are not found as they were: when many
 * have moved, the directories are read once. */
static int
find_again(struct maildir *m, struct error *err)
{
	struct maildir_names now, names = {0};
	size_t i, k = 0;
	const char *e;
	int r = 0, order;

	if (list(m, &now, err) == -1)
		return -1;
	for (i = 0; i < m->names.count && r == 0; i++) {
		e = entry(&m->names, i);
		order = -1;
		while (k < now.count && order < 0) {
			order = compare_unique(entry(&now, k) + 1, e + 1);
			k += order <= 0;
		}
		r = order == 0 ? names_add(&names, *entry(&now, k - 1),
				     entry(&now, k - 1) + 1)
			       : names_add(&names, ascii_upper(*e), e + 1);
	}
	names_clear(&now);
	if (r == -1) {
		names_clear(&names);
		return error_set(err, EX_NOINPUT,
		    "%s: more files than can be read", m->path);
	}
	names_clear(&m->names);
	m->names = names;
	return 0;
}

static int
not_read(
    const struct maildir *m, const char *e, const char *why, struct error *err)
{
	struct buf name = {0};

	printable_append(&name, e + 1, strlen(e + 1));
	error_set(err, EX_NOINPUT, "cannot read %s/%s/%s: %s", m->path,
	    subdirs[place_of(e)], buf_string(&name), why);
	buf_clear(&name);
	return -1;
}

/* errno is ENOENT if nothing has that name. */
static int
open_entry(const struct maildir *m, const char *e)
{
	return openat(dir_of(m, e), e + 1,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int
maildir_open(struct maildir *m, size_t i, struct error *err)
{
	int fd = open_entry(m, entry(&m->names, i)), times;
	const char *e;
	struct stat st;

	/* It may be moved again before it is opened. */
	for (times = 0; times < 3 && fd == -1 && errno == ENOENT &&
	     ascii_lower(*entry(&m->names, i)) == *entry(&m->names, i);
	     times++) {
		if (find_again(m, err) == -1)
			return -1;
		fd = open_entry(m, entry(&m->names, i));
	}
	e = entry(&m->names, i);
	if (fd == -1 && errno == ENOENT)
		return not_read(m, e, "the message is gone", err);
	if (fd == -1 && errno == ELOOP)
		return not_read(m, e, "a symbolic link", err);
	if (fd == -1 && (errno == ENXIO || errno == ENODEV))
		return not_read(m, e, "not a regular file", err);
	if (fd == -1)
		return not_read(m, e, strerror(errno), err);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return not_read(m, e, "not a regular file", err);
}
