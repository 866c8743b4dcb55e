#include "command/owners.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/command.h"
#include "command/spool.h"

enum {
	PASSED_OVER_MAX = 20, /* that are named */
	NOBODY = 65534,
};

void
owner_find(struct owner *o, const struct owned *owned, struct arena *a)
{
	const uid_t uid = owned->uid;
	const struct passwd *pw = getpwuid(uid);

	*o = (struct owner){.uid = uid,
	    .owned = owned,
	    .gid = NOBODY,
	    .shell = "/bin/sh",
	    .shown = arena_printf(a, "uid %lu", (unsigned long)uid)};
	if (pw == NULL)
		return;
	o->gid = pw->pw_gid;
	o->name = o->shown = arena_strdup(a, pw->pw_name);
	o->home = arena_strdup(a, pw->pw_dir);
	if (pw->pw_shell[0] == '/')
		o->shell = arena_strdup(a, pw->pw_shell);
}

/* --- for the file system --------------------------------------------------*/

/* What cannot be a number of a user changes nothing, and tells. */
static uid_t
fs_user(void)
{
	return (uid_t)setfsuid((uid_t)-1);
}

int
owner_enter(const struct owner *o, struct error *err)
{
	if (setgroups(0, NULL) == 0) {
		(void)setfsgid(o->gid);
		(void)setfsuid(o->uid);
	}
	if (fs_user() == o->uid)
		return 0;
	return error_set(
	    err, EX_OSERR, "%s: root cannot open files as this user", o->shown);
}

void
owner_leave(void)
{
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
	if (fs_user() != geteuid())
		_exit(EX_OSERR);
}

/* --- all of them ----------------------------------------------------------*/

struct search {
	struct owners *owners;
	const struct settings *settings;
	const struct process *process;
	const char *spool;
	bool quietly;
	struct arena *arena;
	const char **aside; /* names of places beside their owner's */
	size_t count, capacity;
};

static void
pass_over(struct search *s, const char *name, const char *why)
{
	if (++s->owners->passed_over <= PASSED_OVER_MAX && !s->quietly)
		output_warning(s->settings, s->process,
		    "%s/%s: %s, and is passed over", s->spool, name, why);
}

/* A user's number as we would write it. */
static bool
is_uid(const char *name, uid_t *uid)
{
	char again[32];
	unsigned long n = strtoul(name, NULL, 10);

	snprintf(again, sizeof(again), "%lu", n);
	*uid = (uid_t)n;
	return strcmp(again, name) == 0 && n < (uid_t)-1;
}

static struct owned *
add(struct search *s, uid_t uid)
{
	struct owners *o = s->owners;
	struct owned *owned;

	o->items = arena_grown(
	    s->arena, o->items, o->count, &o->capacity, sizeof(*o->items));
	owned = &o->items[o->count++];
	*owned = (struct owned){.uid = uid};
	return owned;
}

static void
take_away(struct search *s, const char *name, const char *why)
{
	char to[SPOOL_NAME_SIZE];

	if (spool_set_aside(s->spool, name, to) == -1)
		pass_over(s, name, why);
	else
		pass_over(
		    s, name, arena_printf(s->arena, "%s, is now %s", why, to));
}

/* Whoever has made it can have no status of root's spoilt: it is named, and no
 * more. */
static void
look_at(struct search *s, int spool, const char *name)
{
	struct stat st;
	uid_t uid;
	bool aside;

	if (name[0] == '.' ||
	    fstatat(spool, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	aside = spool_is_aside(name, &uid);
	if (!aside && !is_uid(name, &uid)) {
		if (st.st_uid != 0)
			pass_over(s, name, "is no user's number");
	} else if (st.st_uid != uid && !aside) {
		take_away(s, name, "belongs to another user");
	} else if (st.st_uid != uid) {
		pass_over(s, name, "belongs to another user");
	} else if (!S_ISDIR(st.st_mode)) {
		pass_over(s, name, "is not a directory of its own");
	} else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		pass_over(s, name, "is open to others");
	} else if (aside) {
		s->aside = arena_grown(s->arena, (void *)s->aside, s->count,
		    &s->capacity, sizeof(*s->aside));
		s->aside[s->count++] = arena_strdup(s->arena, name);
	} else if (uid != 0) {
		(void)add(s, uid);
	}
}

static int
compare(const void *left, const void *right)
{
	const struct owned *a = left, *b = right;

	return a->uid < b->uid ? -1 : a->uid > b->uid;
}

static void
sort(struct owners *o)
{
	if (o->count > 1)
		qsort(o->items, o->count, sizeof(*o->items), compare);
}

static void
add_more(struct search *s, struct owned *owned, const char *name)
{
	owned->more = arena_grown(s->arena, (void *)owned->more, owned->count,
	    &owned->capacity, sizeof(*owned->more));
	owned->more[owned->count++] = name;
}

/* In its owner's place, if that is free now; else beside it. */
static void
look_at_aside(struct search *s, const char *name)
{
	struct owned *owned, key = {0};

	if (!spool_is_aside(name, &key.uid) || key.uid == 0)
		return;
	owned = s->owners->count == 0
	    ? NULL
	    : bsearch(&key, s->owners->items, s->owners->count,
		  sizeof(*s->owners->items), compare);
	if (owned == NULL && spool_put_back(s->spool, name) == 0) {
		(void)add(s, key.uid);
		sort(s->owners);
		return;
	}
	if (owned == NULL) {
		owned = add(s, key.uid);
		add_more(s, owned, name);
		sort(s->owners);
	} else if (owned->count < OWNED_MORE) {
		add_more(s, owned, name);
	}
}

static int
search(struct search *s, struct error *err)
{
	int fd =
	    open(s->spool, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	struct stat st;
	DIR *dir;

	if (fd == -1)
		return error_set(
		    err, EX_IOERR, "%s: %s", s->spool, strerror(errno));
	dir = fstat(fd, &st) == 0 && st.st_uid == 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		close(fd);
		return error_set(err, EX_IOERR, "%s: cannot be read", s->spool);
	}
	while ((entry = readdir(dir)) != NULL)
		look_at(s, dirfd(dir), entry->d_name);
	closedir(dir);
	return 0;
}

int
owners_find(struct owners *o, const struct settings *settings,
    const struct process *process, const char *spool, bool quietly,
    struct arena *a, struct error *err)
{
	struct search s = {.owners = o,
	    .settings = settings,
	    .process = process,
	    .spool = spool,
	    .quietly = quietly,
	    .arena = a};
	uint32_t chance = 0;
	size_t i;

	*o = (struct owners){0};
	if (search(&s, err) == -1)
		return -1;
	if (o->passed_over > PASSED_OVER_MAX && !quietly)
		output_warning(settings, process,
		    "%s: and %zu more are passed over", spool,
		    o->passed_over - PASSED_OVER_MAX);
	sort(o);
	/* Others come first each time, if there are too many. */
	(void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
	for (i = 0; i < s.count; i++)
		look_at_aside(&s, s.aside[(i + chance) % s.count]);
	return 0;
}
