/*
 * outbox_cut_test: what a power cut, a kill and a failing call can leave.
 *
 * The calls that change anything are the ones below.  They do it, and note it:
 * names come and go in a directory, and are on the disk when that was synced;
 * what a file holds is there when that was.  Behind each of them the power may
 * go, and then any of what was not synced may be on the disk, the rest not: each
 * such state is made in another directory, opened as after a crash, and looked
 * at.  In addition each call fails once, or is the last one before the process
 * is killed; another one then sends what it finds in queue/, with the power
 * going at any time.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/siphash.h"
#include "outbox/outbox_internal.h"
#include "outbox_testutil.h"

enum { RECIPIENTS = 4, NOTES_MAX = 256, FILES_MAX = 64, SEEN_MAX = 1 << 16 };

/* What is true of a recipient, as the one who sends knows it. */
enum truth {
	NOT_SAID, /* to be queued */
	WAITS,	  /* "queued" was said */
	MARKING,  /* before the last octet, or the mark failed */
	AWAY,	  /* the last octet went out */
	ACCEPTING,
	DELAYING,
	WONDERING,
	REFUSING,
	REFUSING_EARLY, /* without a mark */
	ACCEPTED,	/* and so it was settled, */
	FORGOTTEN,	/* and the directory was synced */
	DELAYED,
	WONDERED,
	REFUSED,
	TRUTHS
};

/* As soon as it is on the disk what is to become of each, that becomes of him,
 * whatever ends when (parts.c). */
static enum truth
once_planned(enum truth truth)
{
	switch (truth) {
	case ACCEPTING:
		return FORGOTTEN;
	case DELAYING:
		return DELAYED;
	case WONDERING:
		return WONDERED;
	case REFUSING:
	case REFUSING_EARLY:
		return REFUSED;
	default:
		return truth;
	}
}

static const char *const truths[] = {"not said", "waits", "marking", "away",
    "accepting", "delaying", "wondering", "refusing", "refusing early",
    "accepted", "forgotten", "delayed", "wondered", "refused"};

enum what { NAME_ADDED, NAME_GONE, DIRECTORY_SYNCED, FILE_SYNCED, TRUTH };

struct note {
	enum what what;
	enum outbox_place place;
	char name[OUTBOX_ID_SIZE];
	size_t file; /* FILE_SYNCED: and `bytes` is what it held */
	struct buf bytes;
	size_t who;
	enum truth truth;
};

static struct {
	bool on, old_file_system;
	bool said[RECIPIENTS]; /* that his message is queued */
	const struct outbox *o;
	struct note notes[NOTES_MAX];
	size_t count;
	ino_t files[FILES_MAX];
	size_t file_count;
	unsigned calls, bad; /* the one of them, from 1, that fails */
	bool dies;	     /* and so do all behind it */
	bool no_sync;	     /* where nobody looks */
} disk;

/* --- the calls ----------------------------------------------------------- */

static bool
fails(void)
{
	if (!disk.on)
		return false;
	disk.calls++;
	if (disk.bad == 0 || disk.calls < disk.bad ||
	    (disk.calls > disk.bad && !disk.dies))
		return false;
	errno = EIO;
	return true;
}

static struct note *
note(enum what what)
{
	assert_true(disk.count < NOTES_MAX);
	disk.notes[disk.count] = (struct note){.what = what};
	return &disk.notes[disk.count++];
}

static size_t
file_of(ino_t ino)
{
	size_t i;

	for (i = 0; i < disk.file_count; i++)
		if (disk.files[i] == ino)
			return i;
	assert_true(disk.file_count < FILES_MAX);
	disk.files[disk.file_count++] = ino;
	return i;
}

/* Which directory of the outbox it is; OUTBOX_PLACES: none that counts. */
static enum outbox_place
place_of(int fd)
{
	struct stat st, dir;
	int i;

	if (fstat(fd, &st) == -1)
		return OUTBOX_PLACES;
	for (i = OUTBOX_QUEUE; i < OUTBOX_PLACES; i++)
		if (fstat(disk.o->dirs[i], &dir) == 0 &&
		    dir.st_ino == st.st_ino)
			return (enum outbox_place)i;
	return OUTBOX_PLACES;
}

static void
note_name(enum what what, int fd, const char *name, size_t file)
{
	enum outbox_place place = place_of(fd);
	struct note *n;

	if (!disk.on || place == OUTBOX_PLACES)
		return;
	n = note(what);
	n->place = place;
	n->file = file;
	snprintf(n->name, sizeof(n->name), "%s", name);
}

int
linkat(int from, const char *old, int to, const char *new, int flags)
{
	struct stat st;

	if (fails() || syscall(SYS_linkat, from, old, to, new, flags) == -1)
		return -1;
	if (fstatat(to, new, &st, AT_SYMLINK_NOFOLLOW) == 0 && disk.on)
		note_name(NAME_ADDED, to, new, file_of(st.st_ino));
	return 0;
}

int
unlinkat(int fd, const char *name, int flags)
{
	if (fails() || syscall(SYS_unlinkat, fd, name, flags) == -1)
		return -1;
	note_name(NAME_GONE, fd, name, 0);
	return 0;
}

static void
note_file(int fd)
{
	struct stat st;
	struct note *n;

	assert_int_equal(fstat(fd, &st), 0);
	n = note(FILE_SYNCED);
	n->file = file_of(st.st_ino);
	assert_int_equal(buf_reserve(&n->bytes, (size_t)st.st_size), 0);
	n->bytes.len = (size_t)syscall(
	    SYS_pread64, fd, n->bytes.data, (size_t)st.st_size, 0);
}

int
fsync(int fd)
{
	enum outbox_place place;

	if (fails())
		return -1;
	place = disk.on ? place_of(fd) : OUTBOX_PLACES;
	if (place != OUTBOX_PLACES)
		note(DIRECTORY_SYNCED)->place = place;
	return 0;
}

int
fdatasync(int fd)
{
	if (fails())
		return -1;
	if (disk.on)
		note_file(fd);
	return 0;
}

int
openat(int at, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	if (fails())
		return -1;
	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	if (disk.old_file_system && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, at, path, flags, mode);
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
	return fails() ? -1 : syscall(SYS_write, fd, bytes, n);
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	return fails() ? -1 : syscall(SYS_pwrite64, fd, bytes, n, at);
}

ssize_t
pread(int fd, void *bytes, size_t n, off_t at)
{
	return fails() ? -1 : syscall(SYS_pread64, fd, bytes, n, at);
}

int
futimens(int fd, const struct timespec times[2])
{
	return fails() ? -1 : (int)syscall(SYS_utimensat, fd, NULL, times, 0);
}

int
ftruncate(int fd, off_t length)
{
	return fails() ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

/* --- what is on the disk ------------------------------------------------- */

/* What a power cut has left. */
struct state {
	struct {
		enum outbox_place place;
		char name[OUTBOX_ID_SIZE];
		size_t file;
	} names[16];
	size_t count;
	const struct buf *bytes[FILES_MAX]; /* NULL: nothing was synced */
	enum truth truth[RECIPIENTS];
	bool planned;
};

static void
apply(struct state *s, const struct note *n)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->names[i].place == n->place &&
		    strcmp(s->names[i].name, n->name) == 0)
			break;
	if (n->what == NAME_GONE) {
		if (i < s->count)
			s->names[i] = s->names[--s->count];
		return;
	}
	assert_true(i < 16);
	s->names[i].place = n->place;
	s->names[i].file = n->file;
	memcpy(s->names[i].name, n->name, sizeof(n->name));
	if (i == s->count)
		s->count++;
}

static void
write_file(int dir, const char *name, const struct buf *bytes)
{
	int fd = (int)syscall(
	    SYS_openat, dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_int_not_equal(fd, -1);
	if (bytes != NULL)
		assert_int_equal(
		    syscall(SYS_write, fd, bytes->data, bytes->len),
		    bytes->len);
	close(fd);
}

static void
make_state(const struct state *s, const struct outbox *o)
{
	size_t i, k;

	for (i = 0; i < s->count; i++) {
		for (k = 0; k < i; k++)
			if (s->names[k].file == s->names[i].file)
				break;
		if (k < i)
			assert_int_equal(
			    linkat(o->dirs[s->names[k].place], s->names[k].name,
				o->dirs[s->names[i].place], s->names[i].name,
				0),
			    0);
		else
			write_file(o->dirs[s->names[i].place], s->names[i].name,
			    s->bytes[s->names[i].file]);
	}
}

/* How often each recipient is in each place. */
struct copies {
	int of[RECIPIENTS][OUTBOX_PLACES];
	int damaged;
};

static void
count_one(
    struct outbox *o, const struct outbox_entry *entry, struct copies *copies)
{
	struct outbox_message m;
	struct error err = {0};
	size_t i;

	if (outbox_look(o, entry->place, entry->id, &m, &err) != OUTBOX_TAKEN) {
		copies->damaged++;
		return;
	}
	for (i = 0; i < m.envelope.count; i++)
		copies->of[m.envelope.recipients[i].address[0] - 'a']
			  [entry->place]++;
	outbox_put(&m);
}

/* Empties it, too. */
static void
count_copies(struct outbox *o, struct copies *copies)
{
	struct outbox_list list;
	struct error err = {0};
	size_t i;

	*copies = (struct copies){0};
	assert_int_equal(outbox_lock(o, &err), 0);
	assert_int_equal(outbox_list(o, &list, &err), 0);
	for (i = 0; i < list.count; i++)
		count_one(o, &list.entries[i], copies);
	for (i = 0; i < list.count; i++)
		unlinkat(o->dirs[list.entries[i].place], list.entries[i].id, 0);
	outbox_list_free(&list);
	outbox_unlock(o);
}

static bool
is_well(enum truth truth, int waiting, int unknown, int failed)
{
	int all = waiting + unknown + failed;

	switch (truth) {
	case NOT_SAID:
		return all <= 1 && failed == 0;
	case WAITS:
		return waiting == 1 && all == 1;
	case MARKING:
		return waiting + unknown == 1 && failed == 0;
	case AWAY:
	case WONDERING:
		return waiting == 0 && unknown >= 1;
	case ACCEPTING:
	case ACCEPTED:
		return waiting == 0 && failed == 0;
	case DELAYING:
		return waiting + unknown == 1 && failed == 0;
	case REFUSING:
		return waiting == 0 && unknown + failed >= 1;
	case REFUSING_EARLY:
		return waiting <= 1 && all >= 1;
	case FORGOTTEN:
		return all == 0;
	case DELAYED:
		return waiting == 1 && all == 1;
	case WONDERED:
		return unknown == 1 && all == 1;
	case REFUSED:
		return failed == 1 && all == 1;
	default:
		return false;
	}
}

static void
tell_notes(size_t cut)
{
	static const char *const verbs[] = {
	    "add", "remove", "sync directory", "sync file", "know"};
	size_t i;

	for (i = 0; i < cut; i++)
		print_error("  %s %s/%s file %zu, %c %s\n",
		    verbs[disk.notes[i].what],
		    outbox_place_name(disk.notes[i].place), disk.notes[i].name,
		    disk.notes[i].file, (char)('a' + disk.notes[i].who),
		    truths[disk.notes[i].truth]);
}

/* --- every state --------------------------------------------------------- */

/* States that were looked at; their files differ in nothing but their bytes. */
static struct {
	uint64_t hashes[SEEN_MAX];
	size_t count;
	unsigned met[TRUTHS], planned;
} seen;

static bool
is_new(const struct state *s)
{
	static const unsigned char key[SIPHASH_SECRET] = "states";
	struct buf all = {0};
	uint64_t hash;
	size_t i, at;

	buf_append(&all, s->names, s->count * sizeof(*s->names));
	buf_append(&all, s->truth, sizeof(s->truth));
	for (i = 0; i < s->count; i++)
		if (s->bytes[s->names[i].file] != NULL)
			buf_append(&all, s->bytes[s->names[i].file]->data,
			    s->bytes[s->names[i].file]->len);
	hash = siphash(key, all.data, all.len) | 1;
	buf_clear(&all);
	at = hash % SEEN_MAX;
	while (seen.hashes[at] != 0) {
		if (seen.hashes[at] == hash)
			return false;
		at = (at + 1) % SEEN_MAX;
	}
	assert_true(++seen.count < SEEN_MAX / 2);
	seen.hashes[at] = hash;
	return true;
}

static void
look_at(const struct state *s, struct outbox *after, size_t cut)
{
	struct copies copies;
	enum truth truth;
	size_t i;

	if (!is_new(s))
		return;
	make_state(s, after);
	count_copies(after, &copies);
	for (i = 0; i < RECIPIENTS; i++) {
		seen.met[s->truth[i]]++;
		truth = s->planned ? once_planned(s->truth[i]) : s->truth[i];
		seen.planned += truth != s->truth[i];
		if (copies.damaged == 0 &&
		    is_well(truth, copies.of[i][OUTBOX_QUEUE],
			copies.of[i][OUTBOX_UNKNOWN],
			copies.of[i][OUTBOX_FAILED]))
			continue;
		tell_notes(cut);
		fail_msg("call %u %s: %c %s, but waits %d, unknown %d, failed "
			 "%d; damaged %d",
		    disk.bad, disk.dies ? "kills" : "fails", (char)('a' + i),
		    truths[truth], copies.of[i][OUTBOX_QUEUE],
		    copies.of[i][OUTBOX_UNKNOWN], copies.of[i][OUTBOX_FAILED],
		    copies.damaged);
	}
}

/* Which notes before the cut need not be on the disk. */
static size_t
find_loose(size_t cut, size_t *loose)
{
	bool synced[OUTBOX_PLACES] = {false};
	size_t n = 0, i;

	for (i = cut; i-- > 0;)
		if (disk.notes[i].what == DIRECTORY_SYNCED)
			synced[disk.notes[i].place] = true;
		else if (disk.notes[i].what <= NAME_GONE &&
		    !synced[disk.notes[i].place])
			loose[n++] = i;
	return n;
}

static void
sync_file(struct state *s, const struct note *n)
{
	static const char fates[] = "\"fates\"";

	s->bytes[n->file] = &n->bytes;
	if (n->bytes.len > 0 &&
	    memmem(n->bytes.data, n->bytes.len, fates, sizeof(fates) - 1) !=
		NULL)
		s->planned = true;
}

static void
cut_power(size_t cut, struct outbox *after)
{
	size_t loose[NOTES_MAX], n = find_loose(cut, loose), i, k;
	struct state s;
	unsigned lost;
	bool is_lost;

	assert_true(n < 16);
	for (lost = 0; lost < 1U << n; lost++) {
		s = (struct state){0};
		for (i = 0; i < cut; i++) {
			is_lost = false;
			for (k = 0; k < n; k++)
				is_lost |= loose[k] == i && (lost >> k & 1);
			if (disk.notes[i].what <= NAME_GONE && !is_lost)
				apply(&s, &disk.notes[i]);
			else if (disk.notes[i].what == FILE_SYNCED)
				sync_file(&s, &disk.notes[i]);
			else if (disk.notes[i].what == TRUTH)
				s.truth[disk.notes[i].who] =
				    disk.notes[i].truth;
		}
		look_at(&s, after, cut);
	}
}

/* --- what is done -------------------------------------------------------- */

struct course {
	bool marked;
	const char *fates; /* of four: over, later, unsure, refused */
	size_t each;	   /* recipients of a message */
};

static void
know(size_t who, enum truth truth)
{
	struct note *n = note(TRUTH);

	n->who = who;
	n->truth = truth;
}

static size_t
who_is(const struct outbox_message *m, size_t i)
{
	return (size_t)(m->envelope.recipients[i].address[0] - 'a');
}

static void
know_of(const struct outbox_message *m, enum truth truth)
{
	size_t i;

	for (i = 0; i < m->envelope.count; i++)
		know(who_is(m, i), truth);
}

static void
settle(struct outbox_message *m, const struct course *course)
{
	static const enum truth begun[] = {
	    ACCEPTING, DELAYING, WONDERING, REFUSING};
	static const enum truth done[] = {
	    FORGOTTEN, DELAYED, WONDERED, REFUSED};
	static const char known[] = "olur";
	enum outbox_fate fates[RECIPIENTS];
	struct outbox_verdict v = {.fates = fates, .said = "451 no"};
	struct error err;
	size_t i;

	m->outbox->unsynced = false;
	for (i = 0; i < m->envelope.count; i++) {
		fates[i] = (enum outbox_fate)(
		    strchr(known, course->fates[who_is(m, i)]) - known);
		know(who_is(m, i),
		    fates[i] == OUTBOX_REFUSED && !course->marked
			? REFUSING_EARLY
			: begun[fates[i]]);
	}
	if (outbox_settle(m, &v, &err) == -1)
		return;
	for (i = 0; i < m->envelope.count; i++)
		know(who_is(m, i),
		    m->outbox->unsynced ? ACCEPTED : done[fates[i]]);
}

struct sent {
	struct outbox_message all[RECIPIENTS], *marked[RECIPIENTS];
	size_t count;
};

static void
take_all(
    struct outbox *o, struct sent *sent, char ids[][OUTBOX_ID_SIZE], size_t n)
{
	struct error err;
	size_t i;

	for (i = 0; i < n; i++) {
		struct outbox_message *m = &sent->all[sent->count];

		if (outbox_take(o, OUTBOX_QUEUE, ids[i], m, &err) ==
		    OUTBOX_TAKEN)
			sent->marked[sent->count++] = m;
	}
}

/* All that was accepted is so for certain, if the disk says so. */
static void
forget_accepted(
    struct outbox *o, const struct sent *sent, const struct course *course)
{
	size_t i, k;

	o->unsynced = true;
	outbox_unlock(o);
	for (i = 0; !o->unsynced && i < sent->count; i++)
		for (k = 0; k < course->each; k++)
			if (course->fates[i * course->each + k] == 'o')
				know(i * course->each + k, FORGOTTEN);
}

static void
send_all(
    struct outbox *o, char ids[][OUTBOX_ID_SIZE], const struct course *course)
{
	const size_t n = RECIPIENTS / course->each;
	struct sent sent = {.count = 0};
	struct error err;
	bool away;
	size_t i;

	take_all(o, &sent, ids, n);
	for (i = 0; course->marked && i < sent.count; i++)
		know_of(&sent.all[i], MARKING);
	away = course->marked &&
	    outbox_mark_all(sent.marked, sent.count, &err) == 0;
	for (i = 0; away && i < sent.count; i++)
		know_of(&sent.all[i], AWAY);
	for (i = 0; (away || !course->marked) && i < sent.count; i++)
		settle(&sent.all[i], course);
	for (i = 0; i < sent.count; i++)
		outbox_put(&sent.all[i]);
	if (away && disk.bad == 0)
		forget_accepted(o, &sent, course);
}

static bool
is_empty(struct outbox *o)
{
	struct outbox_list list;
	struct error err;
	bool empty;

	assert_int_equal(outbox_list(o, &list, &err), 0);
	empty = list.count == 0;
	outbox_list_free(&list);
	return empty && !outbox_has(o, OUTBOX_TMP, "*");
}

/* -1: it is not queued, and nothing is left of it. */
static int
queue(struct outbox *o, size_t first, size_t n, char id[OUTBOX_ID_SIZE])
{
	struct error err;
	size_t i;

	if (outbox_test_try_queue(
		o, first, n, "Subject: x\r\n\r\nhi\r\n", id, &err) == 0) {
		for (i = first; i < first + n; i++) {
			disk.said[i] = true;
			know(i, WAITS);
		}
		return 0;
	}
	if (!disk.dies && first == 0) {
		disk.on = false;
		if (!is_empty(o))
			fail_msg(
			    "call %u failed, and something is left", disk.bad);
		disk.on = true;
	}
	return -1;
}

/* Queues all messages and sends them. */
static void
go(struct outbox *o, const struct course *course)
{
	char ids[RECIPIENTS][OUTBOX_ID_SIZE];
	size_t i;

	for (i = 0; i < RECIPIENTS / course->each; i++)
		if (queue(o, i * course->each, course->each, ids[i]) == -1)
			return;
	send_all(o, ids, course);
}

/* Who comes next, and sends all that waits. */
static void
send_rest(struct outbox *o)
{
	struct outbox_message m;
	struct outbox_list list;
	struct error err;
	size_t i;

	assert_int_equal(outbox_lock(o, &err), 0);
	assert_int_equal(outbox_list(o, &list, &err), 0);
	for (i = 0; i < list.count; i++) {
		if (list.entries[i].place != OUTBOX_QUEUE)
			continue;
		outbox_test_take(o, OUTBOX_QUEUE, list.entries[i].id, &m);
		if (disk.said[who_is(&m, 0)])
			know_of(&m, MARKING);
		assert_int_equal(outbox_mark(&m, &err), 0);
		know_of(&m, AWAY);
		outbox_put(&m);
	}
	outbox_list_free(&list);
	outbox_unlock(o);
}

static void
forget(struct outbox *o)
{
	struct outbox_list list;
	struct error err;
	size_t i;
	int place;

	disk.on = false;
	for (i = 0; i < disk.count; i++)
		buf_clear(&disk.notes[i].bytes);
	disk.count = disk.file_count = 0;
	assert_int_equal(outbox_list(o, &list, &err), 0);
	for (i = 0; i < list.count; i++)
		for (place = OUTBOX_QUEUE; place < OUTBOX_PLACES; place++)
			unlinkat(o->dirs[place], list.entries[i].id, 0);
	outbox_list_free(&list);
}

/* One course, with that call failing; how many there were. */
static unsigned
run(struct outbox_place_of_test *p, struct outbox *after,
    const struct course *course, unsigned bad, bool dies)
{
	unsigned calls;
	size_t cut;

	disk.o = &p->o;
	disk.calls = 0;
	disk.bad = bad;
	disk.dies = dies;
	memset(disk.said, 0, sizeof(disk.said));
	disk.on = true;
	go(&p->o, course);
	calls = disk.calls;
	disk.bad = 0;
	if (dies)
		send_rest(&p->o);
	disk.on = false;
	disk.bad = bad;
	for (cut = 0; cut <= disk.count; cut++)
		cut_power(cut, after);
	forget(&p->o);
	return calls;
}

static void
run_all(struct outbox_place_of_test *p, const struct course *course)
{
	char path[64];
	struct outbox after;
	struct error err = {0};
	unsigned calls, i;

	snprintf(path, sizeof(path), "%s/after", p->base);
	assert_int_equal(outbox_open(&after, path, geteuid(), true, &err), 0);
	calls = run(p, &after, course, 0, false);
	for (i = 1; i <= calls; i++) {
		run(p, &after, course, i, false);
		run(p, &after, course, i, true);
	}
	outbox_close(&after);
}

static void
run_courses(struct outbox_place_of_test *p)
{
	static const struct course courses[] = {{true, "oooo", 4},
	    {true, "llll", 4}, {true, "uuuu", 4}, {true, "rrrr", 4},
	    {false, "llll", 4}, {false, "rrrr", 4}, {false, "rllr", 4},
	    {true, "olol", 4}, {true, "oroo", 4}, {true, "ouoo", 4},
	    {true, "olur", 4}, {true, "oooo", 2}, {true, "ooll", 2},
	    {true, "uurr", 2}, {true, "ouor", 1}};
	size_t i;

	for (i = 0; i < sizeof(courses) / sizeof(*courses); i++)
		run_all(p, &courses[i]);
}

static int
set_up(void **state)
{
	memset(&seen, 0, sizeof(seen));
	memset(&disk, 0, sizeof(disk));
	return outbox_test_set_up(state);
}

static void
test_nothing_is_lost_or_sent_twice(void **state)
{
	int truth;

	run_courses(*state);
	print_message("%zu different states\n", seen.count);
	for (truth = 0; truth < TRUTHS; truth++)
		if (seen.met[truth] == 0)
			fail_msg("nobody was ever '%s'", truths[truth]);
	assert_int_not_equal(seen.planned, 0);
}

static void
test_nor_where_each_file_has_a_name(void **state)
{
	disk.old_file_system = true;
	run_courses(*state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_nothing_is_lost_or_sent_twice,
		set_up, outbox_test_tear_down),
	    cmocka_unit_test_setup_teardown(test_nor_where_each_file_has_a_name,
		set_up, outbox_test_tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
