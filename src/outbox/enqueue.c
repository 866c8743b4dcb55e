/* How a file gets into an outbox. */
#include "outbox/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "outbox/envelope.h"
#include "outbox/outbox_internal.h"

enum { IDS_AT_MOST = 8, EXPECTED_MIN = 1024 * 1024 };

int
outbox_new_id(char id[OUTBOX_ID_SIZE], struct error *err)
{
	struct timespec now;
	uint32_t chance;

	if (TEMP_FAILURE_RETRY(getrandom(&chance, sizeof(chance), 0)) !=
	    sizeof(chance))
		return error_set(
		    err, EX_OSERR, "getrandom: %s", strerror(errno));
	clock_gettime(CLOCK_REALTIME, &now);
	outbox_id_make(id,
	    (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
	    chance);
	return 0;
}

/* By which a file without a name can be given one. */
static const char *
descriptor_name(int fd, char name[32])
{
	snprintf(name, 32, "/proc/self/fd/%d", fd);
	return name;
}

static int
open_nameless(const struct outbox *o, enum outbox_place place)
{
	char path[32];
	int fd =
	    openat(o->dirs[place], ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd != -1 && access(descriptor_name(fd, path), F_OK) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What nobody writes any more, nobody has locked. */
static int
open_in_tmp(const struct outbox *o, const char *name)
{
	int fd = openat(o->dirs[OUTBOX_TMP], name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd != -1)
		(void)file_lock(fd);
	return fd;
}

static int
failed(struct outbox_new *new, int status, struct error *err)
{
	outbox_io_error(new->outbox, new->place, "", err);
	err->status = status;
	outbox_abandon(new);
	return -1;
}

static int
open_new(struct outbox_new *new, struct error *err)
{
	struct outbox *o = new->outbox;

	new->fd = open_nameless(o, new->place);
	if (new->fd != -1)
		return 0;
	new->fd = open_in_tmp(o, new->id);
	if (new->fd == -1)
		return failed(new, EX_CANTCREAT, err);
	memcpy(new->temp, new->id, sizeof(new->temp));
	return 0;
}

int
outbox_begin_in(struct outbox *o, enum outbox_place place,
    struct outbox_new *new, const struct outbox_envelope *e, struct error *err)
{
	struct buf line = {0};
	int r;

	*new = (struct outbox_new){.outbox = o, .place = place, .fd = -1};
	memcpy(new->id, e->id, sizeof(new->id));
	if (new->id[0] == '\0' && outbox_new_id(new->id, err) == -1)
		return -1;
	if (open_new(new, err) == -1)
		return -1;
	envelope_write(&line, e);
	new->begin = line.len;
	if (line.len > ENVELOPE_MAX)
		r = error_set(err, EX_DATAERR, "the envelope is too large");
	else
		r = file_write(new->fd, line.data, line.len) == -1
		    ? failed(new, EX_IOERR, err)
		    : 0;
	buf_clear(&line);
	if (r == -1)
		outbox_abandon(new);
	return r;
}

int
outbox_begin(struct outbox *o, struct outbox_new *new,
    const struct outbox_envelope *e, struct error *err)
{
	return outbox_begin_in(o, OUTBOX_QUEUE, new, e, err);
}

static int
cannot_hold(struct outbox_new *new, const char *size, uint64_t octets,
    struct error *err)
{
	const int why = errno;

	error_set(err, EX_IOERR, "%s/%s: a message of %s%llu octets: %s",
	    new->outbox->path, outbox_place_name(new->place), size,
	    (unsigned long long)octets, strerror(why));
	outbox_abandon(new);
	return -1;
}

int
outbox_expect(struct outbox_new *new, uint64_t size, struct error *err)
{
	if (size < EXPECTED_MIN || size > INT64_MAX - new->begin ||
	    fallocate(new->fd, FALLOC_FL_KEEP_SIZE, (off_t) new->begin,
		(off_t)size) == 0)
		return 0;
	/* A file system may know nothing of that, and signals come. */
	if (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
		return 0;
	return cannot_hold(new, "", size, err);
}

int
outbox_write(
    struct outbox_new *new, const void *bytes, size_t n, struct error *err)
{
	if (file_write(new->fd, bytes, n) == -1)
		return cannot_hold(new, "at least ", new->size + n, err);
	new->size += n;
	return 0;
}

int
outbox_say(
    struct outbox_new *new, int64_t now, const char *said, struct error *err)
{
	if (outbox_add_line(new->fd, now, said) == -1)
		return failed(new, EX_IOERR, err);
	return 0;
}

static int
seal(const struct outbox_new *new)
{
	size_t n =
	    new->size < ENVELOPE_TAIL ? (size_t) new->size : ENVELOPE_TAIL;
	char tail[ENVELOPE_TAIL], line[ENVELOPE_SEAL + 1];
	off_t at = (off_t)(new->begin + new->size - n);
	ssize_t r;

	if (n > 0) {
		r = TEMP_FAILURE_RETRY(pread(new->fd, tail, n, at));
		if (r != (ssize_t)n) {
			errno = r == -1 ? errno : EIO;
			return -1;
		}
	}
	envelope_seal(line, new->id, new->size, tail, n);
	r = TEMP_FAILURE_RETRY(pwrite(new->fd, line, ENVELOPE_SEAL, 0));
	if (r == ENVELOPE_SEAL)
		return 0;
	errno = r == -1 ? errno : EIO;
	return -1;
}

static int
name_it(struct outbox_new *new)
{
	const int *dirs = new->outbox->dirs;
	char path[32];

	if (new->temp[0] == '\0')
		return linkat(AT_FDCWD, descriptor_name(new->fd, path),
		    dirs[new->place], new->id, AT_SYMLINK_FOLLOW);
	return linkat(
	    dirs[OUTBOX_TMP], new->temp, dirs[new->place], new->id, 0);
}

/* A name that is taken is nobody's fault: the ID is within the seal. */
static int
seal_and_name(
    struct outbox_new *new, int64_t due, bool any_id, struct error *err)
{
	int i;

	for (i = 0; i < IDS_AT_MOST; i++) {
		if (seal(new) == -1 ||
		    outbox_set_due(new->fd, due, new->unreached) == -1 ||
		    TEMP_FAILURE_RETRY(fdatasync(new->fd)) == -1)
			return failed(new, EX_IOERR, err);
		if (name_it(new) == 0)
			return 0;
		if (errno != EEXIST || !any_id)
			break;
		if (outbox_new_id(new->id, err) == -1) {
			outbox_abandon(new);
			return -1;
		}
	}
	return failed(new, EX_CANTCREAT, err);
}

int
outbox_publish(
    struct outbox_new *new, int64_t due, bool any_id, struct error *err)
{
	struct outbox *o = new->outbox;

	if (seal_and_name(new, due, any_id, err) == -1)
		return -1;
	if (outbox_sync(o, new->place) == 0)
		return 0;
	outbox_io_error(o, new->place, "", err);
	unlinkat(o->dirs[new->place], new->id, 0);
	outbox_abandon(new);
	return -1;
}

int
outbox_finish(struct outbox_new *new, int64_t due, struct error *err)
{
	if (outbox_publish(new, due, true, err) == -1)
		return -1;
	outbox_abandon(new);
	/* What is missed by who watches waits for the next flush. */
	(void)futimens(new->outbox->base, NULL);
	return 0;
}

void
outbox_abandon(struct outbox_new *new)
{
	int error = errno;

	if (new->temp[0] != '\0')
		unlinkat(new->outbox->dirs[OUTBOX_TMP], new->temp, 0);
	new->temp[0] = '\0';
	if (new->fd != -1)
		close(new->fd);
	new->fd = -1;
	errno = error;
}
