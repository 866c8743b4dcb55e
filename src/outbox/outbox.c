#include "outbox/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/memory.h"
#include "lib/private.h"
#include "lib/shell.h"
#include "outbox/outbox_internal.h"

enum {
	MADE_AT_MOST = 4, /* ~/.local/state/smtpsend/outbox */
	ABANDONED_S = 3600
};

static int
failed(const struct outbox *o, int status, const char *name, struct error *err)
{
	return error_set(err, status, "%s%s%s: %s", o->path,
	    name[0] != '\0' ? "/" : "", name, strerror(errno));
}

static int
check(const struct outbox *o, int fd, const char *name, struct error *err)
{
	const char *slash = name[0] != '\0' ? "/" : "";
	char word[SHELL_WORD_SIZE];
	struct stat st;

	if (fstat(fd, &st) == -1)
		return failed(o, EX_IOERR, name, err);
	if (st.st_uid != o->owner)
		return error_set(err, EX_CONFIG,
		    "%s%s%s: it belongs to another user (uid %lu)", o->path,
		    slash, name, (unsigned long)st.st_uid);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return 0;
	error_set(err, EX_CONFIG,
	    "%s%s%s: others have access to it (mode %04o)", o->path, slash,
	    name, (unsigned)st.st_mode & 07777U);
	if (name[0] != '\0')
		return -1;
	return error_hint(err, "chmod 700 %s", shell_file(o->path, word));
}

/* 0 with -1 for a descriptor: it is not there. */
static int
open_directory(const struct outbox *o, int at, const char *path,
    const char *name, int *fd, struct error *err)
{
	*fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd != -1)
		return check(o, *fd, name, err);
	if (errno == ENOENT)
		return 0;
	if (errno != ELOOP && errno != ENOTDIR)
		return failed(o, EX_IOERR, name, err);
	return error_set(err, EX_CONFIG,
	    "%s%s%s: is not a directory of its own", o->path,
	    name[0] != '\0' ? "/" : "", name);
}

static int
make_base(struct outbox *o, struct error *err)
{
	o->base = private_directory(o->path, MADE_AT_MOST, err);
	if (o->base == -1 && err->status == 0)
		err->status = EX_CANTCREAT;
	return o->base == -1 ? -1 : check(o, o->base, "", err);
}

static int
open_place(
    struct outbox *o, enum outbox_place place, bool make, struct error *err)
{
	const char *name = outbox_place_name(place);
	int *fd = &o->dirs[place];

	if (open_directory(o, o->base, name, name, fd, err) == -1)
		return -1;
	if (*fd != -1 || !make)
		return 0;
	if (mkdirat(o->base, name, 0700) == -1 && errno != EEXIST)
		return failed(o, EX_CANTCREAT, name, err);
	if (open_directory(o, o->base, name, name, fd, err) == -1)
		return -1;
	return *fd != -1 ? 0 : failed(o, EX_CANTCREAT, name, err);
}

/* The directories above may be new, too; one that may be written in but not
 * read (mode 1733) can only be synced with all else. */
static void
sync_above(const struct outbox *o)
{
	char *path = memory_strdup(o->path), *slash = strrchr(path, '/');
	int i, fd;

	for (i = 0; i < MADE_AT_MOST && slash != NULL && slash > path; i++) {
		*slash = '\0';
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1) {
			(void)syncfs(o->base);
			break;
		}
		(void)fsync(fd);
		close(fd);
		slash = strrchr(path, '/');
	}
	free(path);
}

/* The file of the lock is made last: where it is, all else is on the disk. */
static int
make_lock(struct outbox *o, struct error *err)
{
	int fd;

	if (faccessat(o->base, "lock", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (fsync(o->base) == -1 && errno != EINVAL)
		return failed(o, EX_IOERR, "", err);
	sync_above(o);
	fd = openat(o->base, "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd == -1)
		return failed(o, EX_CANTCREAT, "lock", err);
	close(fd);
	return 0;
}

static int
open_all(struct outbox *o, bool make, struct error *err)
{
	int place;

	if (open_directory(o, AT_FDCWD, o->path, "", &o->base, err) == -1 ||
	    (o->base == -1 && make && make_base(o, err) == -1))
		return -1;
	if (o->base == -1)
		return 0;
	for (place = 0; place < OUTBOX_PLACES; place++)
		if (open_place(o, (enum outbox_place)place, make, err) == -1)
			return -1;
	return make ? make_lock(o, err) : 0;
}

int
outbox_open(struct outbox *o, const char *path, uid_t owner, bool make,
    struct error *err)
{
	*o = OUTBOX_NONE;
	o->owner = owner;
	o->path = memory_strdup(path);
	return open_all(o, make, err);
}

void
outbox_close(struct outbox *o)
{
	int i;

	outbox_unlock(o);
	for (i = 0; i < OUTBOX_PLACES; i++)
		if (o->dirs[i] != -1)
			close(o->dirs[i]);
	if (o->base != -1)
		close(o->base);
	free(o->path);
	*o = OUTBOX_NONE;
}

void
outbox_unlock(struct outbox *o)
{
	if (o->unsynced && outbox_sync(o, OUTBOX_UNKNOWN) == 0)
		o->unsynced = false;
	if (o->lock != -1)
		close(o->lock);
	o->lock = -1;
}

/* Taking a message drops what it supersedes; one that another process is at is
 * its business.  What cannot be finished now can be another time. */
static void
tidy(struct outbox *o, const char *id)
{
	bool waits = outbox_has(o, OUTBOX_QUEUE, id);
	struct outbox_message m;
	struct error ignored;

	if (outbox_take(o, waits ? OUTBOX_QUEUE : OUTBOX_UNKNOWN, id, &m,
		&ignored) != OUTBOX_TAKEN)
		return;
	if (!waits)
		(void)outbox_resume(&m, &ignored);
	outbox_put(&m);
}

static void
tidy_unknown(struct outbox *o)
{
	DIR *dir = outbox_names(o, OUTBOX_UNKNOWN);
	const char *name;

	if (dir == NULL)
		return;
	while ((name = outbox_next_name(dir)) != NULL)
		if (outbox_id_is(name))
			tidy(o, name);
	closedir(dir);
}

/* Whether who wrote it is no more. */
static bool
is_abandoned(struct outbox *o, const char *name)
{
	int fd = openat(o->dirs[OUTBOX_TMP], name,
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	bool is;

	if (fd == -1)
		return false;
	is = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    time(NULL) - st.st_mtime > ABANDONED_S && file_lock(fd) == 0;
	close(fd);
	return is;
}

static void
clear_tmp(struct outbox *o)
{
	DIR *dir = outbox_names(o, OUTBOX_TMP);
	const char *name;

	if (dir == NULL)
		return;
	while ((name = outbox_next_name(dir)) != NULL)
		if (is_abandoned(o, name))
			unlinkat(o->dirs[OUTBOX_TMP], name, 0);
	closedir(dir);
}

int
outbox_lock(struct outbox *o, struct error *err)
{
	o->lock = openat(o->base, "lock",
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (o->lock == -1)
		return failed(o, EX_IOERR, "lock", err);
	if (file_lock(o->lock) == -1) {
		if (errno == EAGAIN || errno == EACCES)
			error_set(err, EX_TEMPFAIL,
			    "%s: another process is sending from it", o->path);
		else
			failed(o, EX_IOERR, "lock", err);
		outbox_unlock(o);
		return -1;
	}
	tidy_unknown(o);
	clear_tmp(o);
	return 0;
}
