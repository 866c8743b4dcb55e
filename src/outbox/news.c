/* What has come to nothing since somebody was told of it. */
#include "outbox/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "outbox/outbox_internal.h"

/*
 * What was told is kept with the file `seen`: its mtime is when the newest
 * message came that was told of, its atime is when the directories had changed
 * then, so that where nothing has there is no need to look.
 */
struct seen {
	int fd;
	struct timespec changed, told;
};

static bool
is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec ||
	    (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

static void
raise_to(struct timespec *a, const struct timespec *b)
{
	if (is_later(b, a))
		*a = *b;
}

static const enum outbox_place places[] = {OUTBOX_UNKNOWN, OUTBOX_FAILED};
enum { PLACES = sizeof(places) / sizeof(places[0]) };

static struct timespec
changed(const struct outbox *o)
{
	struct timespec latest = {0};
	struct stat st;
	size_t i;

	for (i = 0; i < PLACES; i++)
		if (fstat(o->dirs[places[i]], &st) == 0)
			raise_to(&latest, &st.st_mtim);
	return latest;
}

static bool
open_seen(const struct outbox *o, struct seen *seen)
{
	struct stat st;
	bool made;

	seen->fd = openat(o->base, "seen",
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	made = seen->fd == -1 && errno == ENOENT;
	if (made)
		seen->fd = openat(o->base, "seen",
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (seen->fd == -1)
		return false;
	seen->changed = seen->told = (struct timespec){0};
	if (made || fstat(seen->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return true;
	seen->changed = st.st_atim;
	seen->told = st.st_mtim;
	return true;
}

/* Whether it is on its way: the next word on it comes from there. */
static bool
is_busy(struct outbox *o, const char *name)
{
	struct outbox_message m;
	struct error ignored;
	enum outbox_taken taken =
	    outbox_take(o, OUTBOX_UNKNOWN, name, &m, &ignored);

	if (taken == OUTBOX_TAKEN)
		outbox_put(&m);
	return taken == OUTBOX_BUSY || taken == OUTBOX_GONE;
}

/* Those of one place are counted, and *latest is when the last of them came;
 * false: one of them is not there to stay. */
static bool
look_at(struct outbox *o, enum outbox_place place, const struct seen *seen,
    size_t *count, struct timespec *latest)
{
	DIR *dir = outbox_names(o, place);
	const char *name;
	struct stat st;
	bool whole = true;

	if (dir == NULL)
		return true;
	while ((name = outbox_next_name(dir)) != NULL) {
		if (fstatat(o->dirs[place], name, &st, AT_SYMLINK_NOFOLLOW) ==
		    -1)
			continue;
		if (place == OUTBOX_UNKNOWN &&
		    is_later(&st.st_ctim, &seen->told) && is_busy(o, name)) {
			whole = false;
			continue;
		}
		++*count;
		raise_to(latest, &st.st_ctim);
	}
	closedir(dir);
	return whole;
}

bool
outbox_has_news(struct outbox *o, struct outbox_news *n)
{
	struct timespec times[2], latest = {0};
	struct seen seen;
	bool whole, has;

	*n = (struct outbox_news){0};
	if (o->base == -1 || o->dirs[OUTBOX_UNKNOWN] == -1 ||
	    o->dirs[OUTBOX_FAILED] == -1)
		return false;
	times[0] = changed(o);
	if (!outbox_has_any(o, OUTBOX_UNKNOWN) &&
	    !outbox_has_any(o, OUTBOX_FAILED))
		return false;
	if (!open_seen(o, &seen))
		return false;
	if (!is_later(&times[0], &seen.changed)) {
		close(seen.fd);
		return false;
	}
	whole = look_at(o, OUTBOX_UNKNOWN, &seen, &n->unknown, &latest) &
	    look_at(o, OUTBOX_FAILED, &seen, &n->failed, &latest);
	has = whole && is_later(&latest, &seen.told);
	times[1] = seen.told;
	raise_to(&times[1], &latest);
	/* All of it is told when that one has its place, too. */
	if (whole)
		(void)futimens(seen.fd, times);
	close(seen.fd);
	return has;
}
