/* outbox_test: messages that wait on disk, and what becomes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "outbox/outbox_internal.h"
#include "outbox/retry.h"
#include "outbox_testutil.h"

static const char text[] = "Subject: x\r\n\r\nhi\r\n";

/* --- without a disk ------------------------------------------------------ */

static void
test_ids_sort_by_time(void **state)
{
	static const uint64_t times[] = {0, 1, 31, 32, 999999, 1795000000000000,
	    1795000000000001, 4102444800000000};
	char before[OUTBOX_ID_SIZE] = "", id[OUTBOX_ID_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(times) / sizeof(*times); i++) {
		/* Whatever chance says. */
		outbox_id_make(id, times[i], i % 2 == 0 ? UINT32_MAX : 0);
		assert_true(outbox_id_is(id));
		assert_true(strcmp(before, id) < 0);
		memcpy(before, id, sizeof(id));
	}
}

static void
test_an_id_is_given_by_either_end(void **state)
{
	static const struct {
		const char *given;
		bool matches;
	} cases[] = {{"1k2m3n4p5q6r7s8t", true}, {"1", true}, {"1K2", true},
	    {"7s8t", true}, {"S8T", true}, {"t", true}, {"", false},
	    {"k2m", false}, {"1k3", false}, {"1k2m3n4p5q6r7s8tx", false},
	    {"x1k2m3n4p5q6r7s8t", false}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (outbox_id_matches("1k2m3n4p5q6r7s8t", cases[i].given) !=
		    cases[i].matches)
			fail_msg("'%s'", cases[i].given);
}

static void
test_names_of_other_files_are_no_ids(void **state)
{
	static const char *const names[] = {"", "lock", "1k2m3n4p5q6r7s8",
	    "1k2m3n4p5q6r7s8t~1", "1K2m3n4p5q6r7s8t", "1i2m3n4p5q6r7s8t",
	    "../m3n4p5q6r7s8t"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_false(outbox_id_is(names[i]));
}

static void
test_waits_grow_to_four_hours(void **state)
{
	static const int64_t minutes[] = {1, 5, 15, 30, 60, 120, 240, 240, 240};
	uint64_t random = 1;
	int64_t s, least, most, exactly;
	unsigned i, n;

	(void)state;
	for (i = 0; i < sizeof(minutes) / sizeof(*minutes); i++) {
		exactly = minutes[i] * 60;
		least = INT64_MAX;
		most = 0;
		for (n = 0; n < 1000; n++) {
			s = retry_after_s(i, &random);
			least = s < least ? s : least;
			most = s > most ? s : most;
		}
		assert_in_range(
		    least, exactly - exactly / 10, exactly - exactly / 12);
		assert_in_range(
		    most, exactly + exactly / 12, exactly + exactly / 10);
		assert_true(most <= RETRY_LONGEST_S);
	}
	assert_in_range(retry_after_s(UINT32_MAX, &random), 1, RETRY_LONGEST_S);
}

static void
test_five_days_are_enough(void **state)
{
	(void)state;
	assert_false(retry_is_over(100, 100, RETRY_LIFETIME_S));
	assert_false(
	    retry_is_over(100, 99 + RETRY_LIFETIME_S, RETRY_LIFETIME_S));
	assert_true(
	    retry_is_over(100, 100 + RETRY_LIFETIME_S, RETRY_LIFETIME_S));
	/* The clock went back. */
	assert_false(retry_is_over(INT64_MAX, 0, 0));
	assert_false(retry_is_over(100, 50, 10));
}

static void
test_what_is_due(void **state)
{
	static const struct {
		struct outbox_entry entry;
		bool due;
	} cases[] = {{{.place = OUTBOX_QUEUE, .due = 1000}, true},
	    {{.place = OUTBOX_QUEUE, .due = 1001}, false},
	    {{.place = OUTBOX_QUEUE, .due = 0}, true},
	    {{.place = OUTBOX_QUEUE, .due = 1000 + RETRY_LONGEST_S}, false},
	    /* Queued while the clock was years ahead. */
	    {{.place = OUTBOX_QUEUE, .due = 1001 + RETRY_LONGEST_S}, true},
	    {{.place = OUTBOX_QUEUE, .due = 0, .held = true}, false},
	    {{.place = OUTBOX_UNKNOWN, .due = 0}, false},
	    {{.place = OUTBOX_FAILED, .due = 0}, false}};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(
		    outbox_is_due(&cases[i].entry, 1000), cases[i].due);
}

/* --- opening ------------------------------------------------------------- */

static void
test_a_look_makes_nothing(void **state)
{
	struct outbox_place_of_test *p = *state;
	struct outbox_list list;
	struct error err = {0};
	struct outbox o;
	char path[64];

	snprintf(path, sizeof(path), "%s/none/outbox", p->base);
	assert_int_equal(outbox_open(&o, path, geteuid(), false, &err), 0);
	assert_int_equal(outbox_list(&o, &list, &err), 0);
	assert_int_equal(list.count, 0);
	outbox_list_free(&list);
	outbox_close(&o);
	snprintf(path, sizeof(path), "%s/none", p->base);
	assert_int_equal(access(path, F_OK), -1);
}

static void
test_where_none_can_be_made_is_named(void **state)
{
	struct error err = {0};
	struct outbox o;

	(void)state;
	assert_int_equal(
	    outbox_open(&o, "/proc/none/outbox", geteuid(), true, &err), -1);
	outbox_close(&o);
	assert_int_equal(err.status, EX_CANTCREAT);
	assert_non_null(strstr(err.text, "/proc/none/outbox: "));
}

static void
opens_not(const char *path, uid_t owner, bool make, const char *why)
{
	struct error err = {0};
	struct outbox o;

	assert_int_equal(outbox_open(&o, path, owner, make, &err), -1);
	outbox_close(&o);
	assert_int_equal(err.status, EX_CONFIG);
	if (strstr(err.text, why) == NULL || strstr(err.text, path) == NULL)
		fail_msg("'%s' does not say '%s'", err.text, why);
}

static void
test_what_is_not_ours_is_refused(void **state)
{
	struct outbox_place_of_test *p = *state;
	char path[64], inner[80];

	opens_not(p->path, geteuid() + 1, false, "another user");
	opens_not(p->path, geteuid() + 1, true, "another user");
	snprintf(path, sizeof(path), "%s/link", p->base);
	assert_int_equal(symlink("outbox", path), 0);
	opens_not(path, geteuid(), true, "not a directory");
	opens_not(path, geteuid(), false, "not a directory");
	snprintf(inner, sizeof(inner), "%s/queue", p->path);
	assert_int_equal(chmod(inner, 0750), 0);
	opens_not(p->path, geteuid(), true, "mode 0750");
	assert_int_equal(rmdir(inner), 0);
	assert_int_equal(symlink("/tmp", inner), 0);
	opens_not(p->path, geteuid(), true, "queue: is not a directory");
	assert_int_equal(chmod(p->path, 0701), 0);
	opens_not(p->path, geteuid(), true, "mode 0701");
}

static void
test_one_flushes_at_a_time(void **state)
{
	struct outbox_place_of_test *p = *state;
	struct error err = {0};
	struct outbox other;
	char id[OUTBOX_ID_SIZE];

	assert_int_equal(
	    outbox_open(&other, p->path, geteuid(), true, &err), 0);
	assert_int_equal(outbox_lock(&p->o, &err), 0);
	assert_int_equal(outbox_lock(&other, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	outbox_test_queue(&other, 1, text, id);
	outbox_unlock(&p->o);
	assert_int_equal(outbox_lock(&other, &err), 0);
	outbox_close(&other);
}

/* --- queueing ------------------------------------------------------------ */

static void
test_what_is_queued_is_read(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE], bytes[64];
	struct outbox_message m;

	outbox_test_queue(&p->o, 3, text, id);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_string_equal(m.envelope.id, id);
	assert_string_equal(m.envelope.part_of, "");
	assert_string_equal(m.envelope.reverse_path, "me@x");
	assert_int_equal(m.envelope.count, 3);
	assert_string_equal(m.envelope.recipients[1].address, "b@x");
	assert_string_equal(
	    m.envelope.recipients[1].parameters, "NOTIFY=NEVER");
	assert_string_equal(m.envelope.recipients[2].parameters, "");
	assert_string_equal(
	    m.envelope.options, "{\"server\": [1,{\"a\":\"},{\"}]}");
	assert_int_equal(m.envelope.time, OUTBOX_TEST_NOW);
	assert_int_equal(m.since, OUTBOX_TEST_NOW);
	assert_int_equal(m.size, strlen(text));
	assert_int_equal(read(m.fd, bytes, sizeof(bytes)), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
	outbox_put(&m);
}

static void
test_odd_addresses_stay_as_they_are(void **state)
{
	static const struct outbox_recipient recipients[] = {
	    {"\"a\\\"b,\\\"options\\\":{\"@x", ""},
	    {"j\xc3\xb6rg@b\xc3\xbc"
	     "cher.example",
		"ORCPT=utf-8;j\\x{F6}rg"}};
	struct outbox_place_of_test *p = *state;
	struct outbox_envelope e = {
	    .reverse_path = "", .recipients = recipients, .count = 2};
	struct outbox_message m;
	struct outbox_new new;
	struct error err = {0};

	assert_int_equal(outbox_begin(&p->o, &new, &e, &err), 0);
	assert_int_equal(outbox_finish(&new, 0, &err), 0);
	outbox_test_take(&p->o, OUTBOX_QUEUE, new.id, &m);
	assert_string_equal(m.envelope.reverse_path, "");
	assert_string_equal(
	    m.envelope.recipients[0].address, recipients[0].address);
	assert_string_equal(
	    m.envelope.recipients[1].address, recipients[1].address);
	assert_string_equal(
	    m.envelope.recipients[1].parameters, recipients[1].parameters);
	assert_null(m.envelope.options);
	assert_int_equal(m.size, 0);
	outbox_put(&m);
}

static void
test_thousands_of_recipients_fit(void **state)
{
	enum { MANY = 20000 };
	struct outbox_place_of_test *p = *state;
	struct outbox_recipient *recipients = calloc(MANY, sizeof(*recipients));
	struct outbox_envelope e = {
	    .reverse_path = "me@x", .recipients = recipients, .count = MANY};
	struct outbox_message m;
	struct outbox_new new;
	struct error err = {0};
	size_t i;

	assert_non_null(recipients);
	for (i = 0; i < MANY; i++)
		recipients[i].address = i % 2 ? "somebody@example.org" : "a@x";
	assert_int_equal(outbox_begin(&p->o, &new, &e, &err), 0);
	assert_int_equal(outbox_write(&new, text, strlen(text), &err), 0);
	assert_int_equal(outbox_finish(&new, 0, &err), 0);
	outbox_test_take(&p->o, OUTBOX_QUEUE, new.id, &m);
	assert_int_equal(m.envelope.count, MANY);
	assert_string_equal(
	    m.envelope.recipients[MANY - 1].address, "somebody@example.org");
	outbox_put(&m);
	free(recipients);
}

static void
test_what_is_abandoned_leaves_nothing(void **state)
{
	struct outbox_recipient r = {"a@x", ""};
	struct outbox_place_of_test *p = *state;
	struct outbox_envelope e = {
	    .reverse_path = "", .recipients = &r, .count = 1};
	struct buf holds = {0};
	struct outbox_new new;
	struct error err = {0};

	assert_int_equal(outbox_begin(&p->o, &new, &e, &err), 0);
	assert_int_equal(outbox_write(&new, text, strlen(text), &err), 0);
	outbox_abandon(&new);
	outbox_abandon(&new);
	assert_string_equal(outbox_test_holds(&p->o, &holds), "");
	buf_clear(&holds);
}

/* --- listing ------------------------------------------------------------- */

static void
set_due(struct outbox *o, const char *id, int64_t due)
{
	struct outbox_message m;

	outbox_test_take(o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(outbox_set_due(m.fd, due, false), 0);
	outbox_put(&m);
}

static void
test_the_list_knows_for_whom_there_was_no_connection(void **state)
{
	struct outbox_place_of_test *p = *state;
	const enum outbox_fate later = OUTBOX_LATER;
	struct outbox_verdict v = {
	    .fates = &later, .now = 1000, .due = 2000, .unreached = true};
	struct outbox_message m;
	struct outbox_list list;
	struct error err = {0};
	char id[OUTBOX_ID_SIZE];
	int i;

	assert_false(outbox_has_any(&p->o, OUTBOX_QUEUE));
	outbox_test_queue(&p->o, 1, text, id);
	assert_true(outbox_has_any(&p->o, OUTBOX_QUEUE));
	assert_false(outbox_has_any(&p->o, OUTBOX_FAILED));
	for (i = 0; i < 4; i++) {
		outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
		assert_int_equal(m.tries, i == 0 ? 0 : i == 3 ? 2 : 1);
		if (i == 1)
			assert_int_equal(outbox_put_off(&m, 3000, &err), 0);
		else if (i == 3)
			assert_int_equal(outbox_retry(&m, 4000, &err), 0);
		else
			assert_int_equal(outbox_settle(&m, &v, &err), 0);
		outbox_put(&m);
		assert_int_equal(outbox_list(&p->o, &list, &err), 0);
		assert_int_equal(list.entries[0].due,
		    i == 3	 ? 4000
			: i == 1 ? 3000
				 : 2000);
		assert_int_equal(list.entries[0].unreached, i < 2);
		outbox_list_free(&list);
		v.unreached = false;
	}
}

static void
test_what_was_tried_before_it_was_queued_has_had_a_try(void **state)
{
	struct outbox_place_of_test *p = *state;
	const struct outbox_recipient to = {"a@y.test", ""};
	const struct outbox_envelope e = {.time = 1000,
	    .reverse_path = "me@x.test",
	    .recipients = &to,
	    .count = 1};
	struct outbox_message m;
	struct outbox_list list;
	struct outbox_new new;
	struct error err = {0};

	assert_int_equal(outbox_begin(&p->o, &new, &e, &err), 0);
	assert_int_equal(outbox_write(&new, "x\r\n", 3, &err), 0);
	assert_int_equal(outbox_say(&new, 1000, "refused", &err), 0);
	new.unreached = true;
	assert_int_equal(outbox_finish(&new, 1060, &err), 0);
	assert_int_equal(outbox_list(&p->o, &list, &err), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.entries[0].due, 1060);
	assert_true(list.entries[0].unreached);
	outbox_list_free(&list);
	outbox_test_take(&p->o, OUTBOX_QUEUE, new.id, &m);
	assert_int_equal(m.tries, 1);
	assert_int_equal(m.size, 3);
	assert_int_equal(m.since, 1000);
	outbox_put(&m);
}

/* Files that change in the same tick of the kernel's clock have one time. */
static void
wait_for_a_tick(void)
{
	struct timespec before, now;

	clock_gettime(CLOCK_REALTIME_COARSE, &before);
	do
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
	while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

static void
settle_as(struct outbox_message *m, enum outbox_fate fate)
{
	const struct outbox_verdict v = {.fates = &fate, .said = "no"};
	struct error err = {0};

	wait_for_a_tick();
	assert_int_equal(outbox_settle(m, &v, &err), 0);
	outbox_put(m);
}

static void
test_what_came_to_nothing_is_news_once(void **state)
{
	struct outbox_place_of_test *p = *state;
	char ids[3][OUTBOX_ID_SIZE];
	struct outbox_message m, other;
	struct outbox_news n;
	struct error err = {0};
	size_t i;

	assert_false(outbox_has_news(&p->o, &n));
	for (i = 0; i < 3; i++)
		outbox_test_queue(&p->o, 1, text, ids[i]);
	assert_false(outbox_has_news(&p->o, &n));
	outbox_test_take(&p->o, OUTBOX_QUEUE, ids[0], &m);
	settle_as(&m, OUTBOX_REFUSED);
	assert_true(outbox_has_news(&p->o, &n));
	assert_int_equal(n.failed, 1);
	assert_int_equal(n.unknown, 0);
	assert_false(outbox_has_news(&p->o, &n));
	/* While one is on its way, nothing is told. */
	outbox_test_take(&p->o, OUTBOX_QUEUE, ids[1], &m);
	wait_for_a_tick();
	assert_int_equal(outbox_mark(&m, &err), 0);
	assert_false(outbox_has_news(&p->o, &n));
	outbox_test_take(&p->o, OUTBOX_QUEUE, ids[2], &other);
	settle_as(&other, OUTBOX_UNSURE);
	assert_false(outbox_has_news(&p->o, &n));
	/* Whoever was at it is no more. */
	outbox_put(&m);
	assert_true(outbox_has_news(&p->o, &n));
	assert_int_equal(n.failed, 1);
	assert_int_equal(n.unknown, 2);
	assert_false(outbox_has_news(&p->o, &n));
	outbox_test_take(&p->o, OUTBOX_FAILED, ids[0], &m);
	assert_int_equal(outbox_cancel(&m, &err), 0);
	outbox_put(&m);
	assert_false(outbox_has_news(&p->o, &n));
}

static void
test_the_list_goes_by_due_time(void **state)
{
	struct outbox_place_of_test *p = *state;
	char ids[4][OUTBOX_ID_SIZE];
	struct outbox_list list;
	struct error err = {0};
	size_t i;

	for (i = 0; i < 4; i++)
		outbox_test_queue(&p->o, 1, text, ids[i]);
	set_due(&p->o, ids[0], 300);
	set_due(&p->o, ids[1], 200);
	set_due(&p->o, ids[2], 100);
	set_due(&p->o, ids[3], 200);
	assert_int_equal(outbox_list(&p->o, &list, &err), 0);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.entries[0].id, ids[2]);
	assert_int_equal(list.entries[0].due, 100);
	assert_string_equal(list.entries[1].id, ids[1]);
	assert_string_equal(list.entries[2].id, ids[3]);
	assert_string_equal(list.entries[3].id, ids[0]);
	outbox_list_free(&list);
}

static void
put_file(struct outbox *o, const char *name, const char *bytes, size_t n)
{
	int fd = openat(
	    o->dirs[OUTBOX_QUEUE], name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void
remarks_are(struct outbox *o, const char *expected)
{
	struct outbox_list list;
	struct error err = {0};

	assert_int_equal(outbox_list(o, &list, &err), 0);
	assert_string_equal(buf_string(&list.remarks), expected);
	outbox_list_free(&list);
}

static void
remark_is_made(struct outbox *o, const char *expected)
{
	struct outbox_list list;
	struct error err = {0};

	assert_int_equal(outbox_list(o, &list, &err), 0);
	assert_non_null(strstr(buf_string(&list.remarks), expected));
	outbox_list_free(&list);
}

static void
test_what_is_no_message_is_set_aside_and_named(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE];
	struct buf holds = {0};
	struct error err = {0};

	outbox_test_queue(&p->o, 1, text, id);
	put_file(&p->o, "a\nb", "x", 1);
	/* Who only looks leaves it there. */
	remarks_are(&p->o, "queue/a\\nb: is no name of a message\n");
	assert_int_equal(outbox_lock(&p->o, &err), 0);
	remarks_are(&p->o,
	    "queue/a\\nb: is no name of a message; it is now failed/a\\nb\n");
	put_file(&p->o, "a\nb", "x", 1);
	remark_is_made(&p->o,
	    "queue/a\\nb: is no name of a message; it is now failed/a\\nb~1\n");
	assert_string_equal(outbox_test_holds(&p->o, &holds), "queue:a@x ");
	buf_clear(&holds);
}

static void
test_links_and_directories_are_set_aside(void **state)
{
	static const char link_id[] = "1k2m3n4p5q6r7s8t";
	static const char dir_id[] = "1k2m3n4p5q6r7s8v";
	struct outbox_place_of_test *p = *state;
	struct outbox_message m;
	struct error err = {0};
	int queue = p->o.dirs[OUTBOX_QUEUE];

	assert_int_equal(symlinkat("/etc/passwd", queue, link_id), 0);
	assert_int_equal(mkdirat(queue, dir_id, 0700), 0);
	assert_int_equal(
	    outbox_take(&p->o, OUTBOX_QUEUE, link_id, &m, &err), OUTBOX_ERROR);
	assert_int_equal(err.status, EX_DATAERR);
	assert_non_null(strstr(err.text, "is not a regular file; it is now"));
	assert_int_equal(outbox_lock(&p->o, &err), 0);
	remark_is_made(&p->o,
	    "queue/1k2m3n4p5q6r7s8v: is not a regular file; it is now "
	    "failed/1k2m3n4p5q6r7s8v\n");
	outbox_unlock(&p->o);
	remark_is_made(
	    &p->o, "failed/1k2m3n4p5q6r7s8t: is not a regular file\n");
}

/* What a file is made of it. */
static void
spoil(struct outbox *o, const char *id, int how)
{
	int fd = openat(o->dirs[OUTBOX_QUEUE], id, O_RDWR);
	static const char zeros[8192];
	struct stat st;

	assert_int_not_equal(fd, -1);
	assert_int_equal(fstat(fd, &st), 0);
	switch (how) {
	case 0: /* empty */
		assert_int_equal(ftruncate(fd, 0), 0);
		break;
	case 1: /* torn in the first line */
		assert_int_equal(ftruncate(fd, 120), 0);
		break;
	case 2: /* torn in the message */
		assert_int_equal(ftruncate(fd, st.st_size - 1), 0);
		break;
	case 3: /* zeros */
		assert_int_equal(
		    pwrite(fd, zeros, (size_t)st.st_size, 0), st.st_size);
		break;
	case 4: /* zeros at its end */
		assert_int_equal(pwrite(fd, zeros, 4, st.st_size - 4), 4);
		break;
	case 5: /* another version's */
		assert_int_equal(pwrite(fd, "{\"smtpsend\":2", 13, 0), 13);
		break;
	default: /* another one's ID */
		assert_int_equal(pwrite(fd, "zzzz", 4, 80), 4);
		break;
	}
	close(fd);
}

static void
test_a_torn_message_is_set_aside_and_can_be_cancelled(void **state)
{
	struct outbox_place_of_test *p = *state;
	char good[OUTBOX_ID_SIZE], id[OUTBOX_ID_SIZE];
	struct buf holds = {0};
	struct outbox_message m;
	struct error err = {0};
	int how;

	outbox_test_queue(&p->o, 1, text, good);
	for (how = 0; how < 7; how++) {
		outbox_test_queue(&p->o, 2, text, id);
		spoil(&p->o, id, how);
		assert_int_equal(outbox_take(&p->o, OUTBOX_QUEUE, id, &m, &err),
		    OUTBOX_ERROR);
		assert_int_equal(err.status, EX_DATAERR);
		assert_non_null(strstr(err.text, id));
		assert_non_null(strstr(err.text, "it is now failed/"));
		assert_string_equal(outbox_test_holds(&p->o, &holds),
		    "queue:a@x failed:damaged ");
		outbox_test_take(&p->o, OUTBOX_FAILED, id, &m);
		assert_true(m.damaged);
		assert_int_equal(outbox_retry(&m, OUTBOX_TEST_NOW, &err), -1);
		assert_int_equal(err.status, EX_DATAERR);
		assert_int_equal(outbox_cancel(&m, &err), 0);
		outbox_put(&m);
		assert_string_equal(
		    outbox_test_holds(&p->o, &holds), "queue:a@x ");
	}
	buf_clear(&holds);
}

/* --- verdicts ------------------------------------------------------------ */

static const struct {
	const char *fates; /* over, later, unsure, refused */
	bool marked;
	const char *holds;
} verdicts[] = {
    {"o", true, ""},
    {"oooo", true, ""},
    {"ll", true, "queue:a@x,b@x "},
    {"ll", false, "queue:a@x,b@x "},
    {"uu", true, "unknown:a@x,b@x "},
    {"uu", false, "unknown:a@x,b@x "},
    {"rr", true, "failed:a@x,b@x "},
    {"rr", false, "failed:a@x,b@x "},
    {"olo", true, "queue:b@x "},
    {"oro", true, "failed:b@x "},
    {"ouo", true, "unknown:b@x "},
    {"rl", false, "queue:b@x failed:a@x "},
    {"lolr", true, "queue:a@x,c@x failed:d@x "},
    {"olur", true, "queue:b@x unknown:c@x failed:d@x "},
};

static void
settle(struct outbox_message *m, const char *letters, const char *said)
{
	static const char known[] = "olur";
	enum outbox_fate fates[8];
	struct outbox_verdict v = {.fates = fates,
	    .now = OUTBOX_TEST_NOW + 5,
	    .due = OUTBOX_TEST_NOW + 60,
	    .said = said};
	struct error err = {0};
	size_t i;

	for (i = 0; letters[i] != '\0'; i++)
		fates[i] =
		    (enum outbox_fate)(strchr(known, letters[i]) - known);
	if (outbox_settle(m, &v, &err) == -1)
		fail_msg("%s: %s", letters, err.text);
}

static void
empty(struct outbox *o)
{
	struct outbox_list list;
	struct error err = {0};
	size_t i;

	assert_int_equal(outbox_list(o, &list, &err), 0);
	for (i = 0; i < list.count; i++)
		assert_int_equal(unlinkat(o->dirs[list.entries[i].place],
				     list.entries[i].id, 0),
		    0);
	outbox_list_free(&list);
}

static void
test_each_recipient_goes_where_his_verdict_says(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE];
	struct buf holds = {0};
	struct outbox_message m;
	struct error err = {0};
	size_t i;

	for (i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		outbox_test_queue(&p->o, strlen(verdicts[i].fates), text, id);
		outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
		if (verdicts[i].marked) {
			assert_int_equal(outbox_mark(&m, &err), 0);
			assert_int_equal(outbox_mark(&m, &err), 0);
		}
		settle(&m, verdicts[i].fates, "no");
		outbox_put(&m);
		assert_string_equal(
		    outbox_test_holds(&p->o, &holds), verdicts[i].holds);
		empty(&p->o);
	}
	buf_clear(&holds);
}

static void
test_parts_keep_message_parameters_and_words(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE], bytes[64] = "";
	struct buf said = {0};
	struct outbox_list list;
	struct outbox_message m;
	struct error err = {0};

	/* No newline at its end. */
	outbox_test_queue(&p->o, 3, "x", id);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	settle(&m, "lll", "451 first\n\"try\"");
	settle(&m, "orl", "451 second");
	outbox_put(&m);
	assert_int_equal(outbox_list(&p->o, &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.entries[0].id, id);
	assert_string_not_equal(list.entries[1].id, id);
	assert_int_equal(list.entries[0].due, OUTBOX_TEST_NOW + 60);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(m.tries, 2);
	outbox_put(&m);
	outbox_test_take(&p->o, OUTBOX_FAILED, list.entries[1].id, &m);
	outbox_list_free(&list);
	assert_string_equal(m.envelope.part_of, id);
	assert_string_equal(
	    m.envelope.recipients[0].parameters, "NOTIFY=NEVER");
	assert_string_equal(
	    m.envelope.options, "{\"server\": [1,{\"a\":\"},{\"}]}");
	assert_int_equal(m.size, 1);
	assert_int_equal(pread(m.fd, bytes, 1, (off_t)m.begin), 1);
	assert_string_equal(bytes, "x");
	assert_int_equal(outbox_said(&m, &said, &err), 0);
	assert_string_equal(buf_string(&said),
	    "\n{\"time\":1795000005,\"said\":\"451 first\\u000a\\\"try\\\"\"}\n"
	    "{\"time\":1795000005,\"said\":\"451 second\"}\n");
	buf_clear(&said);
	outbox_put(&m);
}

static void
test_who_retries_begins_anew(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE];
	struct buf holds = {0};
	struct outbox_message m;
	struct error err = {0};
	int i;

	outbox_test_queue(&p->o, 1, text, id);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	for (i = 0; i < 3; i++)
		settle(&m, "l", "451 no");
	outbox_put(&m);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(m.tries, 3);
	settle(&m, "r", "too old");
	outbox_put(&m);
	outbox_test_take(&p->o, OUTBOX_FAILED, id, &m);
	assert_int_equal(outbox_retry(&m, OUTBOX_TEST_NOW + 900, &err), 0);
	outbox_put(&m);
	assert_string_equal(outbox_test_holds(&p->o, &holds), "queue:a@x ");
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(m.tries, 0);
	assert_int_equal(m.since, OUTBOX_TEST_NOW + 900);
	settle(&m, "u", NULL);
	assert_int_equal(outbox_retry(&m, OUTBOX_TEST_NOW + 901, &err), 0);
	outbox_put(&m);
	assert_string_equal(outbox_test_holds(&p->o, &holds), "queue:a@x ");
	buf_clear(&holds);
}

/* --- two at a time ------------------------------------------------------- */

static void
test_what_is_being_sent_nobody_changes(void **state)
{
	struct outbox_place_of_test *p = *state;
	struct outbox_message m, other;
	char id[OUTBOX_ID_SIZE];
	struct error err = {0};

	outbox_test_queue(&p->o, 2, text, id);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(
	    outbox_take(&p->o, OUTBOX_QUEUE, id, &other, &err), OUTBOX_BUSY);
	assert_int_equal(
	    outbox_look(&p->o, OUTBOX_QUEUE, id, &other, &err), OUTBOX_TAKEN);
	outbox_put(&other);
	assert_int_equal(outbox_mark(&m, &err), 0);
	assert_int_equal(
	    outbox_take(&p->o, OUTBOX_QUEUE, id, &other, &err), OUTBOX_GONE);
	assert_int_equal(
	    outbox_take(&p->o, OUTBOX_UNKNOWN, id, &other, &err), OUTBOX_BUSY);
	/* Not by the one who flushes next either. */
	assert_int_equal(outbox_lock(&p->o, &err), 0);
	settle(&m, "ol", NULL);
	outbox_put(&m);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	outbox_put(&m);
}

static void
test_hold_is_seen_by_who_listed_before(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE];
	struct buf holds = {0};
	struct outbox_message m;
	struct error err = {0};

	outbox_test_queue(&p->o, 1, text, id);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_false(m.held);
	assert_int_equal(outbox_hold(&m, &err), 0);
	outbox_put(&m);
	assert_string_equal(
	    outbox_test_holds(&p->o, &holds), "held queue:a@x ");
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_true(m.held);
	assert_int_equal(outbox_release(&m, &err), 0);
	outbox_put(&m);
	assert_string_equal(outbox_test_holds(&p->o, &holds), "queue:a@x ");
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	settle(&m, "r", "550 no");
	assert_int_equal(outbox_hold(&m, &err), -1);
	assert_int_equal(err.status, EX_USAGE);
	assert_int_equal(outbox_cancel(&m, &err), 0);
	outbox_put(&m);
	assert_string_equal(outbox_test_holds(&p->o, &holds), "");
	assert_int_equal(
	    outbox_take(&p->o, OUTBOX_FAILED, id, &m, &err), OUTBOX_GONE);
	buf_clear(&holds);
}

static void
test_what_lies_in_tmp_goes_when_it_is_old(void **state)
{
	struct outbox_place_of_test *p = *state;
	static const char *const names[] = {"old", "young", "written"};
	const struct timespec past[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct flock whole = {.l_type = F_WRLCK};
	struct error err = {0};
	int tmp = p->o.dirs[OUTBOX_TMP], fds[3], i;

	for (i = 0; i < 3; i++) {
		fds[i] = openat(tmp, names[i], O_RDWR | O_CREAT, 0600);
		assert_int_not_equal(fds[i], -1);
		if (i != 1)
			assert_int_equal(futimens(fds[i], past), 0);
	}
	assert_int_equal(fcntl(fds[2], F_OFD_SETLK, &whole), 0);
	assert_int_equal(outbox_lock(&p->o, &err), 0);
	assert_false(outbox_has(&p->o, OUTBOX_TMP, "old"));
	assert_true(outbox_has(&p->o, OUTBOX_TMP, "young"));
	assert_true(outbox_has(&p->o, OUTBOX_TMP, "written"));
	for (i = 0; i < 3; i++)
		close(fds[i]);
}

/* As a path unit of systemd watches the directory that all outboxes are in. */
static void
test_who_watches_the_directory_above_sees_what_is_queued(void **state)
{
	struct outbox_place_of_test *p = *state;
	union {
		struct inotify_event event;
		char octets[4096];
	} u;
	char id[OUTBOX_ID_SIZE];
	struct outbox_message m;
	struct error err = {0};
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	assert_int_not_equal(fd, -1);
	assert_int_not_equal(
	    inotify_add_watch(fd, p->base, IN_ATTRIB | IN_CREATE), -1);
	outbox_test_queue(&p->o, 1, text, id);
	assert_in_range(read(fd, &u, sizeof(u)), sizeof(u.event), sizeof(u));
	assert_int_equal(u.event.mask & IN_ATTRIB, IN_ATTRIB);
	assert_string_equal(u.event.name, strrchr(p->path, '/') + 1);

	/* What a flush does starts no other. */
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(outbox_mark(&m, &err), 0);
	outbox_put(&m);
	assert_int_equal(read(fd, &u, sizeof(u)), -1);
	close(fd);
}

#define ON_DISK(test)                    \
	cmocka_unit_test_setup_teardown( \
	    test, outbox_test_set_up, outbox_test_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ids_sort_by_time),
	    cmocka_unit_test(test_an_id_is_given_by_either_end),
	    cmocka_unit_test(test_names_of_other_files_are_no_ids),
	    cmocka_unit_test(test_waits_grow_to_four_hours),
	    cmocka_unit_test(test_five_days_are_enough),
	    cmocka_unit_test(test_what_is_due),
	    ON_DISK(test_a_look_makes_nothing),
	    cmocka_unit_test(test_where_none_can_be_made_is_named),
	    ON_DISK(test_what_is_not_ours_is_refused),
	    ON_DISK(test_one_flushes_at_a_time),
	    ON_DISK(test_what_is_queued_is_read),
	    ON_DISK(test_odd_addresses_stay_as_they_are),
	    ON_DISK(test_thousands_of_recipients_fit),
	    ON_DISK(test_what_is_abandoned_leaves_nothing),
	    ON_DISK(test_what_came_to_nothing_is_news_once),
	    ON_DISK(test_the_list_goes_by_due_time),
	    ON_DISK(test_the_list_knows_for_whom_there_was_no_connection),
	    ON_DISK(test_what_was_tried_before_it_was_queued_has_had_a_try),
	    ON_DISK(test_what_is_no_message_is_set_aside_and_named),
	    ON_DISK(test_links_and_directories_are_set_aside),
	    ON_DISK(test_a_torn_message_is_set_aside_and_can_be_cancelled),
	    ON_DISK(test_each_recipient_goes_where_his_verdict_says),
	    ON_DISK(test_parts_keep_message_parameters_and_words),
	    ON_DISK(test_who_retries_begins_anew),
	    ON_DISK(test_what_is_being_sent_nobody_changes),
	    ON_DISK(test_hold_is_seen_by_who_listed_before),
	    ON_DISK(test_what_lies_in_tmp_goes_when_it_is_old),
	    ON_DISK(test_who_watches_the_directory_above_sees_what_is_queued),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
