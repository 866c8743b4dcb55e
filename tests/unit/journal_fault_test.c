/* Journals that are torn or damaged, or on a disk that is full. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "journal_testutil.h"

/* What the calls below do, which take the place of the system's. */
static struct {
	bool on;
	size_t room;  /* octets that may still be written */
	size_t piece; /* at a time at most; 0: all */
	bool interrupted, no_sync, no_cut;
	unsigned syncs;
} disk;

ssize_t
write(int fd, const void *bytes, size_t n)
{
	if (!disk.on)
		return syscall(SYS_write, fd, bytes, n);
	disk.interrupted = !disk.interrupted;
	if (disk.interrupted) {
		errno = EINTR;
		return -1;
	}
	if (disk.room == 0) {
		errno = ENOSPC;
		return -1;
	}
	n = n < disk.room ? n : disk.room;
	if (disk.piece > 0 && n > disk.piece)
		n = disk.piece;
	disk.room -= n;
	return syscall(SYS_write, fd, bytes, n);
}

int
fdatasync(int fd)
{
	disk.syncs++;
	if (disk.on && disk.no_sync) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate(int fd, off_t length)
{
	struct stat st;

	if (disk.on && disk.no_cut) {
		errno = EIO;
		return -1;
	}
	if (disk.on && fstat(fd, &st) == 0)
		disk.room += (size_t)(st.st_size - length);
	return (int)syscall(SYS_ftruncate, fd, length);
}

static int
set_up(void **state)
{
	memset(&disk, 0, sizeof(disk));
	return journal_place_set_up(state);
}

static int
tear_down(void **state)
{
	disk.on = false;
	return journal_place_tear_down(state);
}

static char
state_of(const struct journal_place *p, const char *text)
{
	struct journal_key key = journal_test_key(text);

	return journal_test_letter(journal_state(p->journal, &key));
}

static void
sync_well(const struct journal_place *p)
{
	struct error err = {0};

	if (journal_sync(p->journal, &err) == -1)
		fail_msg("%s", err.text);
}

static void
sync_fails(const struct journal_place *p, const char *text)
{
	struct error err = {0};

	assert_int_equal(journal_sync(p->journal, &err), -1);
	assert_int_equal(err.status, EX_IOERR);
	assert_non_null(strstr(err.text, p->path));
	assert_non_null(strstr(err.text, text));
}

/* A head and five lines; `bytes` gets them. */
static void
make(struct journal_place *p, struct buf *bytes)
{
	journal_place_open(p);
	journal_test_say(p->journal, "k1", "Tab Aa Ab!");
	journal_test_say(p->journal, "k2", "Ta Da");
	journal_place_close(p);
	journal_test_read(p->path, bytes);
}

/* After so many lines: k1 and k2. */
static const char after[][3] = {"nn", "nn", "un", "un", "an", "au", "at"};

static void
assert_after(const struct journal_place *p, size_t lines)
{
	char got[3] = {state_of(p, "k1"), state_of(p, "k2")};

	if (strcmp(got, after[lines]) != 0)
		fail_msg("%zu lines: %s, not %s", lines, got, after[lines]);
}

static void
cut_at_any_octet_it_goes_on_behind_its_last_whole_line(void **state)
{
	struct journal_place *p = *state;
	struct buf bytes = {0}, now = {0};
	size_t n, lines, whole;

	make(p, &bytes);
	assert_int_equal(journal_test_lines(bytes.data, bytes.len), 6);
	for (n = 0; n <= bytes.len; n++) {
		journal_test_write(p->path, bytes.data, n);
		lines = journal_test_lines(bytes.data, n);
		for (whole = n; whole > 0 && bytes.data[whole - 1] != '\n';)
			whole--;
		journal_place_open(p);
		assert_after(p, lines);
		journal_test_say(p->journal, "k3", "Ta");
		sync_well(p);
		journal_place_close(p);
		buf_reset(&now);
		journal_test_read(p->path, &now);
		/* A new head, where it was torn. */
		assert_int_equal(journal_test_lines(now.data, now.len),
		    (lines > 0 ? lines : 1) + 1);
		assert_memory_equal(now.data, bytes.data, whole);
		journal_place_open(p);
		assert_after(p, lines);
		assert_int_equal(state_of(p, "k3"), 'u');
		journal_place_close(p);
	}
	buf_clear(&bytes);
	buf_clear(&now);
}

static void
a_last_line_of_rubbish_is_cut_and_one_in_the_middle_is_named(void **state)
{
	static const struct {
		const char *rubbish;
		size_t n;
		bool torn; /* at the end */
	} rows[] = {
	    {"bob@x.test \x1b[31m\n", 16, true},
	    {"\n", 1, true},
	    {"\0\0\0\0\n", 5, true},
	    {"{\"at\":\"2025-\n", 13, true},
	    {"{\"key\":\"bob@x.test\"}\n", 21, false},
	    {"{\"journal\":1}\n", 14, false},
	};
	struct journal_place *p = *state;
	struct buf bytes = {0}, text = {0}, now = {0};
	size_t i, middle;

	make(p, &bytes);
	middle = (size_t)(strchr(bytes.data, '\n') + 1 - bytes.data);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&text);
		buf_append(&text, bytes.data, bytes.len);
		buf_append(&text, rows[i].rubbish, rows[i].n);
		journal_test_write(p->path, text.data, text.len);
		if (rows[i].torn) {
			journal_place_open(p);
			assert_after(p, 6);
			journal_place_close(p);
			buf_reset(&now);
			journal_test_read(p->path, &now);
			assert_string_equal(now.data, bytes.data);
		} else {
			journal_place_refuses(
			    p, EX_DATAERR, ": line 7 is damaged");
		}
		buf_reset(&text);
		buf_append(&text, bytes.data, middle);
		buf_append(&text, rows[i].rubbish, rows[i].n);
		buf_append(&text, bytes.data + middle, bytes.len - middle);
		journal_test_write(p->path, text.data, text.len);
		journal_place_refuses(p, EX_DATAERR, ": line 2 is damaged");
		/* And left as it is. */
		buf_reset(&now);
		journal_test_read(p->path, &now);
		assert_int_equal(now.len, text.len);
		assert_memory_equal(now.data, text.data, now.len);
	}
	buf_clear(&bytes);
	buf_clear(&text);
	buf_clear(&now);
}

/* Tries and verdicts that do not fit: k1 was tried before and is answered, k2
 * is tried. */
static void
on_a_full_disk_nothing_goes_out_and_what_is_known_is_kept(void **state)
{
	struct journal_place *p = *state;
	struct buf bytes = {0};
	size_t room, verdicts = 0, n;

	for (room = 0; room < 1000; room++) {
		disk.on = false;
		journal_place_open(p);
		journal_test_say(p->journal, "k1", "Tab");
		sync_well(p);
		disk.on = true;
		disk.room = room;
		disk.piece = room % 7;
		journal_test_say(p->journal, "k2", "Ta");
		journal_test_say(p->journal, "k1", "Aa Ab!");
		journal_test_say(p->journal, "k3", "Ta");
		if (room >= 600) {
			sync_well(p);
			break;
		}
		sync_fails(p, "No space left on device");
		assert_true(journal_is_owed(p->journal));
		sync_fails(p, "No space left on device");
		journal_place_close(p);
		disk.on = false;
		buf_reset(&bytes);
		journal_test_read(p->path, &bytes);
		assert_int_equal(bytes.data[bytes.len - 1], '\n');
		n = journal_test_lines(bytes.data, bytes.len);
		/* Head and try, and a verdict or two where there was room. */
		assert_in_range(n, 2 + verdicts, 4);
		verdicts = n - 2;
		journal_place_open(p);
		assert_int_equal(state_of(p, "k1"), verdicts == 2 ? 'a' : 'u');
		assert_int_equal(state_of(p, "k2"), 'n');
		assert_int_equal(state_of(p, "k3"), 'n');
		journal_place_close(p);
		assert_int_equal(unlink(p->path), 0);
		if (verdicts == 2 && room > 300)
			room = 599;
	}
	assert_int_equal(verdicts, 2);
	buf_clear(&bytes);
}

static void
verdicts_are_written_when_there_is_room_again(void **state)
{
	struct journal_place *p = *state;

	journal_place_open(p);
	journal_test_say(p->journal, "k1", "Ta");
	journal_test_say(p->journal, "k2", "Ta");
	sync_well(p);
	disk.on = true;
	journal_test_say(p->journal, "k3", "Ta");
	sync_fails(p, "No space");
	journal_test_say(p->journal, "k1", "Aa!");
	sync_fails(p, "No space");
	disk.room = 100000;
	journal_test_say(p->journal, "k2", "Ra!");
	/* Even so it is over. */
	sync_fails(p, "No space");
	journal_place_close(p);
	disk.on = false;
	journal_place_open(p);
	assert_int_equal(state_of(p, "k1"), 'a');
	assert_int_equal(state_of(p, "k2"), 'r');
	assert_int_equal(state_of(p, "k3"), 'n');
}

static void
an_end_that_cannot_be_cut_off_is_the_last_that_is_written(void **state)
{
	struct journal_place *p = *state;
	struct buf bytes = {0};

	journal_place_open(p);
	journal_test_say(p->journal, "k1", "Ta");
	sync_well(p);
	disk.on = true;
	disk.no_cut = true;
	disk.room = 20;
	journal_test_say(p->journal, "k1", "Aa!");
	sync_fails(p, "No space");
	disk.room = 100000;
	journal_test_say(p->journal, "k1", "Aa!");
	sync_fails(p, "No space");
	journal_place_close(p);
	disk.on = false;
	journal_test_read(p->path, &bytes);
	assert_int_not_equal(bytes.data[bytes.len - 1], '\n');
	journal_place_open(p);
	assert_int_equal(state_of(p, "k1"), 'u');
	buf_clear(&bytes);
}

static void
a_sync_that_fails_is_the_last(void **state)
{
	struct journal_place *p = *state;

	journal_place_open(p);
	disk.on = true;
	disk.room = 100000;
	disk.no_sync = true;
	journal_test_say(p->journal, "k1", "Ta");
	sync_fails(p, "Input/output error");
	disk.no_sync = false;
	sync_fails(p, "Input/output error");
	assert_true(journal_is_owed(p->journal));
}

static void
one_sync_does_for_many_tries_and_none_for_verdicts(void **state)
{
	struct journal_place *p = *state;
	unsigned before;

	journal_place_open(p);
	before = disk.syncs;
	journal_test_say(p->journal, "k1", "Ta");
	journal_test_say(p->journal, "k2", "Ta");
	sync_well(p);
	assert_int_equal(disk.syncs, before + 1);
	journal_test_say(p->journal, "k1", "Aa!");
	sync_well(p);
	assert_int_equal(disk.syncs, before + 1);
}

/* As the system has it: a short write first, and then EFBIG. */
static void
a_file_that_must_not_grow_ends_with_a_whole_line(void **state)
{
	struct journal_place *p = *state;
	struct rlimit was, less;
	struct buf bytes = {0};
	struct stat st;

	journal_place_open(p);
	journal_test_say(p->journal, "k1", "Ta");
	sync_well(p);
	assert_int_equal(stat(p->path, &st), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	less = was;
	less.rlim_cur = (rlim_t)st.st_size + 50;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
	journal_test_say(p->journal, "k2", "Ta");
	sync_fails(p, "File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	signal(SIGXFSZ, SIG_DFL);
	journal_test_say(p->journal, "k1", "Aa!");
	journal_place_close(p);
	journal_test_read(p->path, &bytes);
	assert_int_equal(journal_test_lines(bytes.data, bytes.len), 3);
	assert_int_equal(bytes.data[bytes.len - 1], '\n');
	journal_place_open(p);
	assert_int_equal(state_of(p, "k1"), 'a');
	assert_int_equal(state_of(p, "k2"), 'n');
	buf_clear(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(cut_at_any_octet_it_goes_on_behind_its_last_whole_line),
	    TEST(a_last_line_of_rubbish_is_cut_and_one_in_the_middle_is_named),
	    TEST(on_a_full_disk_nothing_goes_out_and_what_is_known_is_kept),
	    TEST(verdicts_are_written_when_there_is_room_again),
	    TEST(an_end_that_cannot_be_cut_off_is_the_last_that_is_written),
	    TEST(a_sync_that_fails_is_the_last),
	    TEST(one_sync_does_for_many_tries_and_none_for_verdicts),
	    TEST(a_file_that_must_not_grow_ends_with_a_whole_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
