/* The places of an outbox, and how files get from one to the other. */
#include "outbox/outbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/printable.h"

const char *
outbox_place_name(enum outbox_place place)
{
	static const char *const names[OUTBOX_PLACES] = {
	    "tmp", "queue", "unknown", "failed"};

	return names[place];
}

int
outbox_io_error(const struct outbox *o, enum outbox_place place,
    const char *what, struct error *err)
{
	const char *why = strerror(errno);

	return error_set(err, EX_IOERR, "%s/%s%s%s: %s", o->path,
	    outbox_place_name(place), what[0] != '\0' ? "/" : "", what, why);
}

DIR *
outbox_names(const struct outbox *o, enum outbox_place place)
{
	DIR *dir;
	int fd;

	if (o->dirs[place] == -1) {
		errno = ENOENT;
		return NULL;
	}
	/* One that is read has a position of its own. */
	fd = openat(o->dirs[place], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	dir = fdopendir(fd);
	if (dir == NULL)
		close(fd);
	return dir;
}

const char *
outbox_next_name(DIR *dir)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry != NULL && entry->d_name[0] == '.');
	return entry != NULL ? entry->d_name : NULL;
}

bool
outbox_has(const struct outbox *o, enum outbox_place place, const char *name)
{
	return faccessat(o->dirs[place], name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
outbox_is_named(const struct outbox *o, enum outbox_place place,
    const char *name, const struct stat *st)
{
	struct stat named;

	return fstatat(o->dirs[place], name, &named, AT_SYMLINK_NOFOLLOW) ==
	    0 &&
	    named.st_dev == st->st_dev && named.st_ino == st->st_ino;
}

const char *
outbox_strange(const struct outbox *o, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_uid != o->owner)
		return "belongs to another user";
	return NULL;
}

int
outbox_sync(const struct outbox *o, enum outbox_place place)
{
	if (TEMP_FAILURE_RETRY(fsync(o->dirs[place])) == 0 || errno == EINVAL)
		return 0;
	return -1;
}

/* The way back; errno stays. */
static int
undo_link(struct outbox *o, enum outbox_place to, const char *id)
{
	int error = errno;

	unlinkat(o->dirs[to], id, 0);
	errno = error;
	return -1;
}

/* No rename: of that between two directories a power cut may leave either
 * half, and of none both. */
int
outbox_move(struct outbox *o, enum outbox_place from, enum outbox_place to,
    const char *id)
{
	const int *dirs = o->dirs;
	int error;

	if (linkat(dirs[from], id, dirs[to], id, 0) == -1)
		return -1;
	if (outbox_sync(o, to) == -1 || unlinkat(dirs[from], id, 0) == -1)
		return undo_link(o, to, id);
	if (outbox_sync(o, from) == 0)
		return 0;
	error = errno;
	if (linkat(dirs[to], id, dirs[from], id, 0) == 0 &&
	    outbox_sync(o, from) == 0)
		unlinkat(dirs[to], id, 0);
	errno = error;
	return -1;
}

int
outbox_remove(struct outbox *o, enum outbox_place place, const char *id)
{
	if (unlinkat(o->dirs[place], id, 0) == -1)
		return errno == ENOENT ? 0 : -1;
	return outbox_sync(o, place);
}

/* Where a name is taken, another one, not too many of which are tried. */
static bool
rename_aside(
    struct outbox *o, enum outbox_place place, const char *name, struct buf *to)
{
	int i;

	for (i = 0; i < 100; i++) {
		buf_reset(to);
		buf_puts(to, name);
		if (i > 0)
			buf_printf(to, "~%d", i);
		if (renameat2(o->dirs[place], name, o->dirs[OUTBOX_FAILED],
			to->data, RENAME_NOREPLACE) == 0)
			return true;
		if (errno != EEXIST)
			break;
	}
	return false;
}

void
outbox_set_aside(struct outbox *o, enum outbox_place place, const char *name,
    struct buf *text)
{
	struct buf to = {0};

	if (rename_aside(o, place, name, &to)) {
		buf_puts(text, "; it is now failed/");
		printable_append(text, to.data, to.len);
	} else {
		buf_printf(text, "; it cannot be moved to failed/: %s",
		    strerror(errno));
	}
	buf_clear(&to);
}

int
outbox_set_due(int fd, int64_t due, bool unreached)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
	    {.tv_sec = (time_t)due,
		.tv_nsec = unreached ? OUTBOX_UNREACHED_NS : 0}};

	return futimens(fd, times);
}

/* Whether a line begins at the end of the file, or the message. */
static bool
is_torn(int fd, off_t end)
{
	char last;

	return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

int
outbox_append(int fd, const struct buf *line)
{
	struct stat st;
	int r = -1;

	if (fstat(fd, &st) == -1)
		return -1;
	if (lseek(fd, st.st_size, SEEK_SET) != -1 &&
	    (!is_torn(fd, st.st_size) || file_write(fd, "\n", 1) == 0))
		r = file_write(fd, line->data, line->len);
	/* None by half. */
	if (r == -1 && ftruncate(fd, st.st_size) == -1)
		r = -1;
	return r;
}

int
outbox_add_line(int fd, int64_t now, const char *said)
{
	struct buf line = {0};
	int r;

	buf_printf(&line, "{\"time\":%lld,", (long long)now);
	if (said != NULL) {
		buf_puts(&line, "\"said\":");
		json_quote(&line, said, strnlen(said, OUTBOX_SAID_MAX));
	} else {
		buf_puts(&line, "\"retried\":1");
	}
	buf_puts(&line, "}\n");
	r = outbox_append(fd, &line);
	buf_clear(&line);
	return r;
}
