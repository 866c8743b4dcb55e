/* What was to become of recipients who part, when whoever began it is no more. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "outbox_testutil.h"

static const char text[] = "Subject: x\r\n\r\nhi\r\n";

/* A message of unknown/ to four, with this behind it. */
static void
leave(struct outbox *o, const char *lines, char id[OUTBOX_ID_SIZE])
{
	struct outbox_message m;
	struct error err;

	outbox_test_queue(o, 4, text, id);
	outbox_test_take(o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(outbox_mark(&m, &err), 0);
	assert_int_not_equal(lseek(m.fd, 0, SEEK_END), -1);
	assert_int_equal(write(m.fd, lines, strlen(lines)), strlen(lines));
	outbox_put(&m);
}

static void
leaves(struct outbox *o, const char *expected)
{
	struct buf holds = {0};

	assert_string_equal(outbox_test_holds(o, &holds), expected);
	buf_clear(&holds);
}

static void
cancel_all(struct outbox *o)
{
	struct outbox_list list;
	struct error err;
	size_t i;

	assert_int_equal(outbox_list(o, &list, &err), 0);
	for (i = 0; i < list.count; i++)
		unlinkat(o->dirs[list.entries[i].place], list.entries[i].id, 0);
	outbox_list_free(&list);
}

#define PLAN(fates)                                                    \
	"{\"time\":1795000000,\"due\":1795000060,\"said\":\"451 no\"," \
	"\"fates\":\"" fates "\",\"refused\":\"1k2m3n4p5q6r7s8t\","    \
	"\"unsure\":\"1k2m3n4p5q6r7s8v\"}\n"

static void
test_who_flushes_goes_on_with_it(void **state)
{
	static const struct {
		const char *lines, *then;
	} cases[] = {
	    {PLAN("olur"), "queue:b@x unknown:c@x failed:d@x "},
	    {PLAN("oool"), "queue:d@x "},
	    {PLAN("rrro"), "failed:a@x,b@x,c@x "},
	    {PLAN("oooo"), ""},
	    /* Said before, torn, of others, no plan, or undone since. */
	    {"{\"time\":1,\"said\":\"x\"}\n" PLAN("ollo"), "queue:b@x,c@x "},
	    {"\n" PLAN("ollo"), "queue:b@x,c@x "},
	    {"{\"time\":1795000000,\"due\":1795000060,\"fates\":\"ol",
		"unknown:a@x,b@x,c@x,d@x "},
	    {PLAN("oll"), "unknown:a@x,b@x,c@x,d@x "},
	    {PLAN("ollx"), "unknown:a@x,b@x,c@x,d@x "},
	    {"{\"time\":1,\"said\":\"\\\"fates\\\":\\\"oooo\\\"\"}\n",
		"unknown:a@x,b@x,c@x,d@x "},
	    {PLAN("oooo") "{\"time\":1,\"retried\":1}\n",
		"unknown:a@x,b@x,c@x,d@x "},
	};
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE];
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		leave(&p->o, cases[i].lines, id);
		assert_int_equal(outbox_lock(&p->o, &err), 0);
		leaves(&p->o, cases[i].then);
		/* Once. */
		outbox_unlock(&p->o);
		assert_int_equal(outbox_lock(&p->o, &err), 0);
		leaves(&p->o, cases[i].then);
		outbox_unlock(&p->o);
		cancel_all(&p->o);
	}
}

static void
test_parts_know_when_they_are_due_and_why(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE];
	struct outbox_message m;
	struct outbox_list list;
	struct buf said = {0};
	struct error err;

	leave(&p->o, PLAN("olur"), id);
	assert_int_equal(outbox_lock(&p->o, &err), 0);
	assert_int_equal(outbox_list(&p->o, &list, &err), 0);
	assert_int_equal(list.entries[0].due, 1795000060);
	outbox_list_free(&list);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(m.tries, 1);
	assert_int_equal(m.size, sizeof(text) - 1);
	assert_int_equal(outbox_said(&m, &said, &err), 0);
	assert_string_equal(
	    buf_string(&said), "{\"time\":1795000000,\"said\":\"451 no\"}\n");
	outbox_put(&m);
	outbox_test_take(&p->o, OUTBOX_FAILED, "1k2m3n4p5q6r7s8t", &m);
	assert_string_equal(m.envelope.part_of, id);
	outbox_put(&m);
	buf_clear(&said);
	outbox_unlock(&p->o);
}

static void
test_who_tries_again_does_not_undo_what_is_known(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE];
	struct outbox_message m;
	struct error err;

	leave(&p->o, PLAN("ollo"), id);
	outbox_test_take(&p->o, OUTBOX_UNKNOWN, id, &m);
	assert_int_equal(outbox_retry(&m, OUTBOX_TEST_NOW, &err), 0);
	outbox_put(&m);
	leaves(&p->o, "queue:b@x,c@x ");
}

int
main(void)
{
#define ON_DISK(test)                    \
	cmocka_unit_test_setup_teardown( \
	    test, outbox_test_set_up, outbox_test_tear_down)
	const struct CMUnitTest tests[] = {
	    ON_DISK(test_who_flushes_goes_on_with_it),
	    ON_DISK(test_parts_know_when_they_are_due_and_why),
	    ON_DISK(test_who_tries_again_does_not_undo_what_is_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
