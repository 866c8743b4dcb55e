/* What happened to each message, before and after the file is read again. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_testutil.h"

#define ZEROS "00000000000000000000000000000000"
#define ZERO ZEROS ZEROS

static void
a_new_file_has_its_head_and_is_for_its_owner_alone(void **state)
{
	struct journal_place *p = *state;
	struct buf bytes = {0};
	mode_t old = umask(0);
	struct stat st;

	p->params.resume = false;
	memset(p->subject.list, 0xab, sizeof(p->subject.list));
	p->subject.keys = "a\"b";
	p->subject.zone_minutes = -210;
	journal_place_open(p);
	umask(old);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	journal_test_read(p->path, &bytes);
	assert_string_equal(buf_string(&bytes),
	    "{\"journal\":1,\"batch\":\"30313233343536373839616263646500\","
	    "\"list\":\"abababababababababababababababab"
	    "abababababababababababababababab\","
	    "\"template\":\"" ZERO "\","
	    "\"keys\":\"a\\\"b\",\"zone\":\"-0330\","
	    "\"at\":\"2025-11-29T09:00:00Z\"}\n");
	assert_memory_equal(
	    journal_batch(p->journal), p->params.batch, JOURNAL_BATCH);
	buf_clear(&bytes);
}

/* The message's state and those of a, b and c; as it is, and read again. */
static void
assert_states(struct journal_place *p, const char *steps, const char *states)
{
	struct journal_key key = journal_test_key("key");
	struct journal_counts n;
	char got[5] = "";

	got[0] = journal_test_letter(journal_state(p->journal, &key));
	got[1] = journal_test_letter(journal_recipient(p->journal, &key, "a"));
	got[2] = journal_test_letter(journal_recipient(p->journal, &key, "b"));
	got[3] = journal_test_letter(journal_recipient(p->journal, &key, "c"));
	if (strcmp(got, states) != 0)
		fail_msg("%s: %s, not %s", steps, got, states);
	journal_count(p->journal, &n);
	assert_int_equal(n.todo, got[0] == 't');
	assert_int_equal(n.part, got[0] == 'p');
	assert_int_equal(n.unknown, got[0] == 'u');
	assert_int_equal(n.accepted, got[0] == 'a');
	assert_int_equal(n.partial, got[0] == 's');
	assert_int_equal(n.refused, got[0] == 'r');
}

static void
a_state_is_what_its_lines_add_up_to(void **state)
{
	static const struct {
		const char *steps, *states;
	} rows[] = {
	    {"", "nttt"},
	    {"Ta", "uutt"},
	    {"Ta Aa!", "aaaa"},
	    {"Ta Ra!", "rrrr"},
	    {"Ta Da", "tttt"},
	    {"Ta Da!", "rrrr"}, /* given up */
	    {"Ta Na", "tttt"},
	    {"Ta Ua", "uutt"},
	    /* One without a verdict is unknown, whatever the others got. */
	    {"Tabc Aa", "uauu"},
	    {"Tabc Aa Rb", "uaru"},
	    {"Tabc Aa Db", "uatu"},
	    {"Tabc Aa Db Rc", "patr"},
	    {"Tabc Aa Db Ac Tb", "uaua"},
	    {"Tabc Aa Db Ac Tb Ab!", "aaaa"},
	    {"Tab Aa Rb!", "ssss"},
	    {"Tab Ra Ab!", "ssss"},
	    {"Tab Da Db", "tttt"},
	    /* Who was put off is no recipient any more. */
	    {"Ta Da Tb Ab!", "aaaa"},
	    {"Ta Da Tb Rb!", "rrrr"},
	    {"Tab Aa Db Tc Ac!", "aaaa"},
	    /* Who is unknown stays it when others are tried again. */
	    {"Tab Da", "utut"},
	    {"Tab Da Ta Aa", "uaut"},
	    {"Tab Da Ta Aa!", "uaut"},
	    {"Tab Ua Db Tb Ab!", "uuat"},
	    /* A try of him, and its verdict, end that. */
	    {"Ta Ta", "uutt"},
	    {"Ta Ta Aa!", "aaaa"},
	    {"Ta Ua Ta Da", "tttt"},
	    /* But for what the earlier one may have done. */
	    {"Ta Ua Ta Ra!", "ssss"},
	    {"Ta Ta Ra!", "ssss"},
	    {"Ta Ua Ta Da Ta Ra!", "ssss"},
	    {"Tab Ua Ab Ta Aa!", "aaaa"},
	    /* Refused before there was anything to finish. */
	    {"Ra!", "rrrr"},
	    {"Da", "tttt"},
	    {"Ra", "prtt"},
	    {"Ra Tb Ab!", "ssss"},
	    /* Nobody gets anything back that he has. */
	    {"Tab Aa Ta", "uaut"},
	    {"Tab Aa Da Db", "patt"},
	    {"Ta Aa! Da", "ssss"},
	    {"Ta Ra! Aa", "rrrr"},
	    {"Ta Ra! Ta", "uutt"},
	    {"Ta Ra! Ta Aa!", "aaaa"},
	};
	struct journal_place *p = *state;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		journal_place_open(p);
		journal_test_say(p->journal, "key", rows[i].steps);
		assert_states(p, rows[i].steps, rows[i].states);
		assert_int_equal(journal_sync(p->journal, &err), 0);
		journal_place_close(p);
		journal_place_open(p);
		assert_states(p, rows[i].steps, rows[i].states);
		journal_place_close(p);
		assert_int_equal(unlink(p->path), 0);
		/* Without a file it is the same. */
		p->params.path = NULL;
		journal_place_open(p);
		journal_test_say(p->journal, "key", rows[i].steps);
		assert_states(p, rows[i].steps, rows[i].states);
		assert_false(journal_is_owed(p->journal));
		assert_int_equal(journal_sync(p->journal, &err), 0);
		journal_place_close(p);
		p->params.path = p->path;
	}
}

static size_t
size_of(const struct journal_place *p)
{
	struct stat st;

	assert_int_equal(stat(p->path, &st), 0);
	return (size_t)st.st_size;
}

static void
lines_are_written_by_a_sync_or_when_they_are_many(void **state)
{
	struct journal_place *p = *state;
	struct error err;
	size_t empty, before, i;

	journal_place_open(p);
	empty = size_of(p);
	assert_false(journal_is_owed(p->journal));
	journal_test_say(p->journal, "key", "Ta");
	assert_true(journal_is_owed(p->journal));
	assert_int_equal(size_of(p), empty);
	assert_int_equal(journal_flush(p->journal, &err), 0);
	before = size_of(p);
	assert_true(before > empty);
	assert_true(journal_is_owed(p->journal));
	assert_int_equal(journal_sync(p->journal, &err), 0);
	assert_false(journal_is_owed(p->journal));
	assert_int_equal(size_of(p), before);
	journal_test_say(p->journal, "key", "Aa!");
	assert_int_equal(size_of(p), before);
	assert_false(journal_is_owed(p->journal));
	for (i = 0; i < 1000; i++)
		journal_test_say(p->journal, "other", "Da");
	assert_true(size_of(p) > before + 65536);
	before = size_of(p);
	journal_place_close(p);
	assert_true(size_of(p) > before);
}

static void
the_time_of_the_first_try_is_kept(void **state)
{
	static const char *const one[] = {"a"};
	struct journal_place *p = *state;
	struct journal_key key = journal_test_key("key");
	const int64_t start = JOURNAL_TEST_START;
	int64_t at = 0;

	journal_place_open(p);
	assert_false(journal_first_try(p->journal, &key, &at));
	journal_test_say(p->journal, "key", "Da");
	assert_false(journal_first_try(p->journal, &key, &at));
	journal_try(p->journal, &key, 1, one, 1, start + 7);
	journal_try(p->journal, &key, 2, one, 1, start + 70000);
	assert_true(journal_first_try(p->journal, &key, &at));
	assert_int_equal(at, start + 7);
	journal_place_close(p);
	journal_place_open(p);
	assert_true(journal_first_try(p->journal, &key, &at));
	assert_int_equal(at, start + 7);
	journal_test_say(p->journal, "key", "Aa!");
	assert_false(journal_first_try(p->journal, &key, &at));
}

static void
put_time(void *arg, int64_t at)
{
	buf_printf(arg, "%lld ", (long long)(at - JOURNAL_TEST_START));
}

static void
each_try_of_the_file_is_told_in_its_order(void **state)
{
	static const char *const two[] = {"a", "b"};
	struct journal_place *p = *state;
	struct journal_key one = journal_test_key("1"),
			   other = journal_test_key("2");
	struct buf told = {0};

	p->params.tried = put_time;
	p->params.arg = &told;
	journal_place_open(p);
	journal_try(p->journal, &one, 1, two, 2, JOURNAL_TEST_START + 5);
	journal_test_say(p->journal, "1", "Aa Db");
	journal_try(p->journal, &other, 1, two, 1, JOURNAL_TEST_START + 2);
	journal_try(
	    p->journal, &one, 2, two + 1, 1, JOURNAL_TEST_START + 86400);
	journal_place_close(p);
	assert_string_equal(buf_string(&told), "");
	journal_place_open(p);
	assert_string_equal(buf_string(&told), "5 2 86400 ");
	buf_clear(&told);
}

static void
put_unknown(void *arg, const struct journal_key *key, const char *recipient)
{
	buf_printf(arg, "%llu:%.*s:%s ", (unsigned long long)key->record,
	    (int)key->len, key->text, recipient);
}

static void
those_unknown_are_listed_in_the_order_of_the_file(void **state)
{
	static const char list[] = "1:k3:a 1:k1:b 1:k4:a 1:k4:c ";
	struct journal_place *p = *state;
	struct buf told = {0};

	journal_place_open(p);
	journal_test_say(p->journal, "k3", "Ta");
	journal_test_say(p->journal, "k1", "Tab");
	journal_test_say(p->journal, "k2", "Ta Aa!");
	journal_test_say(p->journal, "k4", "Tabc Ab Uc");
	journal_test_say(p->journal, "k1", "Aa");
	journal_unknown(p->journal, put_unknown, &told);
	assert_string_equal(buf_string(&told), list);
	journal_place_close(p);
	buf_reset(&told);
	journal_place_open(p);
	journal_unknown(p->journal, put_unknown, &told);
	assert_string_equal(buf_string(&told), list);
	buf_clear(&told);
}

static void
a_key_is_claimed_once_a_run(void **state)
{
	struct journal_place *p = *state;
	struct journal_key one = journal_test_key("1"),
			   two = journal_test_key("2");
	struct journal_counts n;

	journal_place_open(p);
	assert_true(journal_claim(p->journal, &one));
	assert_false(journal_claim(p->journal, &one));
	assert_int_equal(journal_state(p->journal, &one), JOURNAL_NEW);
	journal_test_say(p->journal, "1", "Ta Aa!");
	assert_false(journal_claim(p->journal, &one));
	assert_int_equal(journal_state(p->journal, &one), JOURNAL_ACCEPTED);
	journal_test_say(p->journal, "2", "Ta");
	assert_true(journal_claim(p->journal, &two));
	assert_int_equal(journal_state(p->journal, &two), JOURNAL_UNKNOWN);
	journal_count(p->journal, &n);
	assert_int_equal(n.accepted, 1);
	assert_int_equal(n.unknown, 1);
	assert_int_equal(n.todo + n.part + n.refused, 0);
	journal_place_close(p);
	journal_place_open(p);
	assert_true(journal_claim(p->journal, &one));
	assert_false(journal_claim(p->journal, &one));
}

static void
keys_of_any_bytes_are_found_again(void **state)
{
	static const char *const keys[] = {"", " ", "\"", "\\", "a\tb\nc",
	    "\x1b[31m",
	    "\xe2\x80\xae"
	    "x",
	    "caf\xc3\xa9", "\xff\xfe", "a\xc3", "\\u0041", "A"};
	enum { KEYS = sizeof(keys) / sizeof(keys[0]) };
	struct journal_place *p = *state;
	struct journal_key key;
	size_t i;

	journal_place_open(p);
	for (i = 0; i < KEYS; i++) {
		key = journal_test_key(keys[i]);
		assert_int_equal(journal_state(p->journal, &key), JOURNAL_NEW);
		journal_try(p->journal, &key, 1, &keys[i], 1, 0);
		assert_int_equal(
		    journal_state(p->journal, &key), JOURNAL_UNKNOWN);
	}
	journal_place_close(p);
	journal_place_open(p);
	for (i = 0; i < KEYS; i++) {
		key = journal_test_key(keys[i]);
		assert_int_equal(journal_recipient(p->journal, &key, keys[i]),
		    JOURNAL_UNKNOWN);
		journal_verdict(p->journal, &key,
		    &(struct journal_verdict){.recipient = keys[i],
			.verdict = SMTP_ACCEPTED,
			.over = true},
		    0);
		assert_int_equal(
		    journal_state(p->journal, &key), JOURNAL_ACCEPTED);
	}
}

static void
a_message_may_have_many_recipients_and_messages_be_many(void **state)
{
	enum { MANY = 20000 };
	static char names[MANY][8];
	static const char *recipients[MANY];
	struct journal_place *p = *state;
	struct journal_key key = journal_test_key("key");
	struct journal_counts n;
	size_t i;

	journal_place_open(p);
	for (i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "%zu", i);
		recipients[i] = names[i];
		journal_test_say(p->journal, names[i], i % 3 ? "Ta Da" : "Ta");
	}
	journal_try(p->journal, &key, 1, recipients, MANY, 0);
	for (i = MANY - 1; i > 0; i--)
		journal_verdict(p->journal, &key,
		    &(struct journal_verdict){
			.recipient = names[i], .verdict = SMTP_ACCEPTED},
		    0);
	journal_place_close(p);
	journal_place_open(p);
	journal_count(p->journal, &n);
	assert_int_equal(n.unknown, MANY / 3 + 2);
	assert_int_equal(n.todo, MANY - MANY / 3 - 1);
	assert_int_equal(
	    journal_recipient(p->journal, &key, names[0]), JOURNAL_UNKNOWN);
	assert_int_equal(journal_recipient(p->journal, &key, names[MANY - 1]),
	    JOURNAL_ACCEPTED);
	journal_verdict(p->journal, &key,
	    &(struct journal_verdict){
		.recipient = names[0], .verdict = SMTP_ACCEPTED, .over = true},
	    0);
	assert_int_equal(journal_state(p->journal, &key), JOURNAL_ACCEPTED);
}

#define TEST(name)                       \
	cmocka_unit_test_setup_teardown( \
	    name, journal_place_set_up, journal_place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_new_file_has_its_head_and_is_for_its_owner_alone),
	    TEST(a_state_is_what_its_lines_add_up_to),
	    TEST(lines_are_written_by_a_sync_or_when_they_are_many),
	    TEST(the_time_of_the_first_try_is_kept),
	    TEST(each_try_of_the_file_is_told_in_its_order),
	    TEST(those_unknown_are_listed_in_the_order_of_the_file),
	    TEST(a_key_is_claimed_once_a_run),
	    TEST(keys_of_any_bytes_are_found_again),
	    TEST(a_message_may_have_many_recipients_and_messages_be_many),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
