/* Which file a journal is, and which it is not. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_testutil.h"

static char
state_of(const struct journal_place *p, const char *text)
{
	struct journal_key key = journal_test_key(text);

	return journal_test_letter(journal_state(p->journal, &key));
}

static void
another_file_is_no_journal_and_stays_as_it_is(void **state)
{
	static const struct {
		const char *bytes;
		int status;
		const char *text;
	} rows[] = {
	    {"x", EX_DATAERR, "is not a journal"},
	    {"no newline", EX_DATAERR, "is not a journal"},
	    {"email,name\nbob@x.test,Bob\n", EX_DATAERR, "is not a journal"},
	    {"{\"journal\":1}\n", EX_DATAERR, "is not a journal"},
	    {"{\"journal\":1,\"list\"", EX_DATAERR, "is not a journal"},
	    {"{\"at\":\"2025-11-29T09:00:00Z\",\"record\":1,\"key\":\"k\","
	     "\"try\":1,\"recipients\":[\"a\"]}\n",
		EX_DATAERR, "is not a journal"},
	    {"{\"journal\":2,\"batch\":\"00112233445566778899aabbccddeeff\","
	     "\"list\":\"00112233445566778899aabbccddeeff"
	     "00112233445566778899aabbccddeeff\","
	     "\"template\":\"00112233445566778899aabbccddeeff"
	     "00112233445566778899aabbccddeeff\"}\n",
		EX_DATAERR,
		"its version is 2, and this smtpsend knows version 1"},
	};
	struct journal_place *p = *state;
	struct buf now = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		journal_test_write(
		    p->path, rows[i].bytes, strlen(rows[i].bytes));
		p->params.resume = true;
		journal_place_refuses(p, rows[i].status, rows[i].text);
		p->params.resume = false;
		journal_place_refuses(p, EX_CANTCREAT, "is there already");
		buf_reset(&now);
		journal_test_read(p->path, &now);
		assert_string_equal(buf_string(&now), rows[i].bytes);
	}
	buf_clear(&now);
}

static void
only_a_regular_file_is_written_and_a_link_is_followed(void **state)
{
	struct journal_place *p = *state;
	char link_path[80];
	struct stat st;

	assert_int_equal(mkdir(p->path, 0700), 0);
	journal_place_refuses(p, EX_NOINPUT, "directory");
	p->params.resume = false;
	journal_place_refuses(p, EX_CANTCREAT, "directory");
	assert_int_equal(rmdir(p->path), 0);
	assert_int_equal(mkfifo(p->path, 0600), 0);
	journal_place_refuses(p, EX_CANTCREAT, "is not a regular file");
	assert_int_equal(unlink(p->path), 0);
	p->params.path = "/dev/null";
	journal_place_refuses(p, EX_CANTCREAT, "is not a regular file");
	p->params.path = "/nowhere/at/all";
	journal_place_refuses(p, EX_CANTCREAT, "No such file");
	p->params.resume = true;
	journal_place_refuses(p, EX_NOINPUT, "No such file");
	strcpy(link_path, p->base);
	strcat(link_path, "/link");
	assert_int_equal(symlink("journal", link_path), 0);
	p->params.path = link_path;
	journal_place_open(p);
	assert_int_equal(lstat(p->path, &st), 0);
	assert_true(S_ISREG(st.st_mode) && st.st_size > 0);
}

static void
to_go_on_with_nothing_is_to_begin(void **state)
{
	struct journal_place *p = *state;

	/* No file, an empty one, one of zeros; and without --resume: */
	journal_place_open(p);
	journal_place_close(p);
	p->params.resume = false;
	journal_place_refuses(p, EX_CANTCREAT, "is there already");
	journal_test_write(p->path, "", 0);
	journal_place_open(p);
	journal_place_close(p);
	p->params.resume = true;
	journal_test_write(p->path, "", 0);
	journal_place_open(p);
	journal_place_close(p);
	journal_test_write(p->path, "\0\0\0\0", 4);
	journal_place_open(p);
	journal_test_say(p->journal, "k", "Ta");
	journal_place_close(p);
	journal_place_open(p);
	assert_int_equal(state_of(p, "k"), 'u');
}

static void
two_do_not_use_it_at_once(void **state)
{
	struct journal_place *p = *state;

	journal_place_open(p);
	journal_place_refuses(p, EX_TEMPFAIL, "another process is using it");
	p->params.resume = false;
	journal_place_refuses(p, EX_TEMPFAIL, "another process is using it");
	p->params.resume = true;
	journal_test_say(p->journal, "k", "Ta");
	journal_place_close(p);
	journal_place_open(p);
	assert_int_equal(state_of(p, "k"), 'u');
}

static void
another_list_or_template_is_taken_when_it_is_said(void **state)
{
	static const struct {
		unsigned char list, templ; /* octets of the hashes */
		const char *text;	   /* NULL: nothing is said */
	} rows[] = {
	    {1, 1, NULL},
	    {0, 0, NULL}, /* not known */
	    {1, 0, NULL},
	    {2, 1, "the list has changed"},
	    {2, 0, "the list has changed"},
	    {1, 2, "the message has changed"},
	    {2, 2, "the list and the message have changed"},
	};
	struct journal_place *p = *state;
	struct buf before = {0}, now = {0};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(p->subject.list, 1, JOURNAL_HASH);
		memset(p->subject.templ, 1, JOURNAL_HASH);
		journal_place_open(p);
		journal_test_say(p->journal, "k", "Ta Aa!");
		journal_place_close(p);
		buf_reset(&before);
		journal_test_read(p->path, &before);
		memset(p->subject.list, rows[i].list, JOURNAL_HASH);
		memset(p->subject.templ, rows[i].templ, JOURNAL_HASH);
		if (rows[i].text != NULL)
			journal_place_refuses(p, EX_DATAERR, rows[i].text);
		else
			journal_place_open(p);
		journal_place_close(p);
		/* Another id is for another journal. */
		p->subject.changed = true;
		p->params.batch[0] ^= 1;
		journal_place_open(p);
		assert_int_equal(state_of(p, "k"), 'a');
		p->params.batch[0] ^= 1;
		assert_memory_equal(
		    journal_batch(p->journal), p->params.batch, JOURNAL_BATCH);
		journal_test_say(p->journal, "k2", "Ta");
		journal_place_close(p);
		buf_reset(&now);
		journal_test_read(p->path, &now);
		assert_memory_equal(now.data, before.data, before.len);
		assert_int_equal(journal_test_lines(now.data, now.len),
		    journal_test_lines(before.data, before.len) +
			(rows[i].text != NULL) + 1);
		/* The newest head counts; what is not known stays. */
		p->subject.changed = false;
		journal_place_open(p);
		assert_int_equal(state_of(p, "k"), 'a');
		assert_int_equal(state_of(p, "k2"), 'u');
		journal_place_close(p);
		memset(p->subject.list, 3, JOURNAL_HASH);
		journal_place_refuses(p, EX_DATAERR, "changed");
		assert_int_equal(unlink(p->path), 0);
	}
	buf_clear(&before);
	buf_clear(&now);
}

static void
other_keys_are_refused_whatever_is_said(void **state)
{
	struct journal_place *p = *state;

	p->subject.keys = "id";
	journal_place_open(p);
	journal_place_close(p);
	p->subject.changed = true;
	p->subject.keys = "email";
	journal_place_refuses(p, EX_DATAERR, "it was begun with --key id");
	p->subject.keys = "";
	journal_place_refuses(p, EX_DATAERR, "it was begun with --key id");
	p->subject.keys = "id";
	memset(p->subject.list, 1, JOURNAL_HASH);
	journal_place_open(p);
	journal_place_close(p);
	assert_int_equal(unlink(p->path), 0);
	p->subject.keys = "";
	journal_place_open(p);
	journal_place_close(p);
	p->subject.keys = "id";
	journal_place_refuses(p, EX_DATAERR, "it was begun without --key");
}

static void
the_zone_is_that_of_the_first_head(void **state)
{
	struct journal_place *p = *state;
	static const int zones[] = {0, 60, -210, 845, -720};
	size_t i;
	int zone;

	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		p->subject.zone_minutes = zones[i];
		memset(p->subject.list, 1, JOURNAL_HASH);
		journal_place_open(p);
		journal_place_close(p);
		p->subject.changed = true;
		p->subject.zone_minutes = 1;
		memset(p->subject.list, 2, JOURNAL_HASH);
		journal_place_open(p);
		journal_place_close(p);
		journal_place_open(p);
		assert_true(journal_zone(p->journal, &zone));
		assert_int_equal(zone, zones[i]);
		journal_place_close(p);
		assert_int_equal(unlink(p->path), 0);
	}
}

#define TEST(name)                       \
	cmocka_unit_test_setup_teardown( \
	    name, journal_place_set_up, journal_place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(another_file_is_no_journal_and_stays_as_it_is),
	    TEST(only_a_regular_file_is_written_and_a_link_is_followed),
	    TEST(to_go_on_with_nothing_is_to_begin),
	    TEST(two_do_not_use_it_at_once),
	    TEST(another_list_or_template_is_taken_when_it_is_said),
	    TEST(other_keys_are_refused_whatever_is_said),
	    TEST(the_zone_is_that_of_the_first_head),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
