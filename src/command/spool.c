#include "command/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/state.h"
#include "lib/shell.h"
#include "options/option.h"

const char spool_standard[] = SPOOLDIR;

static int
refuse(const char *path, const char *why, struct error *err)
{
	char word[SHELL_WORD_SIZE];

	error_set(err, EX_CONFIG, "%s: the spool %s", path, why);
	return error_hint(err,
	    "root can mend it: install -d -o root -m 1733 %s\n"
	    "or --spool-dir=none leaves it alone",
	    shell_file(path, word));
}

/* 1, 0: it is not there, -1.  Nobody but root can put another one in its place
 * once it is root's. */
static int
check(const char *path, struct error *err)
{
	const mode_t all = S_ISVTX | S_IWOTH | S_IXOTH;
	struct stat st;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0;
		return refuse(path, strerror(errno), err);
	}
	if (!S_ISDIR(st.st_mode))
		return refuse(path, "is not a directory of its own", err);
	if (st.st_uid != 0)
		return refuse(path, "does not belong to root", err);
	if ((st.st_mode & all) != all)
		return refuse(path, "has not mode 1733", err);
	return 1;
}

/* The spool that is in use, in the arena; NULL: none is.  -1 with EX_CONFIG: one
 * is there that is not to be trusted, or one that was named is not there. */
static int
find_spool(const struct settings *s, struct arena *a, const char **path,
    struct error *err)
{
	const char *named = s->outbox.spool;
	const struct option_row *row = option_by_name("spool-dir");
	int r;

	*path = NULL;
	if (named != NULL && strcmp(named, "none") == 0)
		return 0;
	r = check(named != NULL ? named : spool_standard, err);
	if (r == 0 && named != NULL)
		r = refuse(named, "is not there", err);
	if (r == -1 && named != NULL) {
		const struct error why = *err;

		option_error(err, row, option_origin(s, row), "%s", why.text);
		err->status = why.status;
		return error_hint(err, "%s", why.hint);
	}
	if (r == 1)
		*path = arena_strdup(a, named != NULL ? named : spool_standard);
	return r == -1 ? -1 : 0;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

int
spool_places(const struct settings *s, struct arena *a, struct spool_places *p,
    struct error *err)
{
	const char *spool = NULL, *home;
	struct error none;

	*p = (struct spool_places){0};
	if (s->outbox.directory != NULL) {
		p->paths[p->count++] = s->outbox.directory;
		return 0;
	}
	if (find_spool(s, a, &spool, err) == -1)
		return -1;
	p->in_spool = spool != NULL;
	p->spool = spool;
	if (spool != NULL)
		p->paths[p->count++] =
		    arena_printf(a, "%s/%lu", spool, (unsigned long)geteuid());
	if (state_path(a, "outbox", "messages that wait", &home, &none) == -1) {
		if (spool == NULL)
			*err = none;
		return spool == NULL ? -1 : 0;
	}
	if (spool == NULL || is_there(home))
		p->paths[p->count++] = home;
	return 0;
}

/* --- a place that somebody else has taken ---------------------------------*/

bool
spool_is_aside(const char *name, uid_t *uid)
{
	const char *dot = strchr(name, '.');
	char again[SPOOL_NAME_SIZE];
	unsigned long n = strtoul(name, NULL, 10);

	if (dot == NULL || n >= (uid_t)-1 || !outbox_id_is(dot + 1))
		return false;
	*uid = (uid_t)n;
	snprintf(again, sizeof(again), "%lu%s", n, dot);
	return strcmp(again, name) == 0;
}

static int
rename_in(const char *spool, const char *name, const char *to)
{
	int fd = open(spool, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = fd == -1 ? -1 : renameat2(fd, name, fd, to, RENAME_NOREPLACE);

	if (fd != -1)
		close(fd);
	return r;
}

int
spool_set_aside(const char *spool, const char *name, char to[SPOOL_NAME_SIZE])
{
	char id[OUTBOX_ID_SIZE];
	struct error ignored;

	if (outbox_new_id(id, &ignored) == -1)
		return -1;
	snprintf(to, SPOOL_NAME_SIZE, "%.11s.%s", name, id);
	return rename_in(spool, name, to);
}

int
spool_put_back(const char *spool, const char *name)
{
	char to[SPOOL_NAME_SIZE];

	snprintf(to, sizeof(to), "%.*s", (int)strcspn(name, "."), name);
	return rename_in(spool, name, to);
}

/* Somebody else's may not even let itself be opened. */
static bool
is_taken(const char *path, uid_t *by)
{
	struct stat st;

	if (lstat(path, &st) == -1 || st.st_uid == geteuid())
		return false;
	*by = st.st_uid;
	return true;
}

static int
open_beside(struct outbox *o, const struct spool_places *p, struct error *err)
{
	char id[OUTBOX_ID_SIZE];
	struct buf path = {0};
	int r = outbox_new_id(id, err);

	buf_printf(&path, "%s.%s", p->paths[0], id);
	if (r == 0)
		r = outbox_open(o, buf_string(&path), geteuid(), true, err);
	buf_clear(&path);
	return r;
}

static int
open_in_spool(struct outbox *o, const struct spool_places *p, bool make,
    struct error *err)
{
	const char *path = p->paths[0];
	char to[SPOOL_NAME_SIZE];
	uid_t by;

	if (is_taken(path, &by) && geteuid() == 0)
		(void)spool_set_aside(p->spool, "0", to);
	if (!is_taken(path, &by)) {
		if (outbox_open(o, path, geteuid(), make, err) == 0)
			return 0;
		/* Just now. */
		if (!make || !is_taken(path, &by))
			return -1;
		outbox_close(o);
	}
	if (make)
		return open_beside(o, p, err);
	return error_set(err, EX_CONFIG,
	    "%s: it belongs to another user (uid %lu)", path,
	    (unsigned long)by);
}

int
spool_open(struct outbox *o, const struct spool_places *p, size_t number,
    bool make, struct error *err)
{
	const bool in_spool = number == 0 && p->in_spool;
	char word[SHELL_WORD_SIZE];
	int r;

	*o = OUTBOX_NONE;
	if (number >= p->count)
		return 0;
	r = in_spool ? open_in_spool(o, p, make, err)
		     : outbox_open(o, p->paths[number], geteuid(),
			   make && number == 0, err);
	/* In a sticky directory nobody else can take it away. */
	if (r == -1 && in_spool && err->status == EX_CONFIG &&
	    err->hint[0] == '\0')
		error_hint(err,
		    "root, or whoever it belongs to, can remove it: rm -r %s",
		    shell_file(p->paths[0], word));
	return r;
}
