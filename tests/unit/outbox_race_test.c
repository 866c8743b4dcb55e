/* outbox_race_test: many processes send from one outbox, and one takes away
 * from it. */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outbox_testutil.h"

enum { MESSAGES = 200, SENDERS = 4, RECIPIENTS = 4 };

/* Nothing is to last. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

int
fdatasync(int fd)
{
	return fsync(fd);
}

/* Who wants the message whenever a name goes. */
static struct {
	struct outbox *o;
	const char *id;
	unsigned asked;
} meanwhile;

int
unlinkat(int fd, const char *name, int flags)
{
	struct outbox_message m;
	struct error err;

	if (meanwhile.o != NULL) {
		meanwhile.asked++;
		assert_int_equal(outbox_take(meanwhile.o, OUTBOX_QUEUE,
				     meanwhile.id, &m, &err),
		    OUTBOX_BUSY);
	}
	return (int)syscall(SYS_unlinkat, fd, name, flags);
}

/* A line for each recipient that is done with. */
static void
tell(int log, const char *id, const char *address)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%s %s\n", id, address);

	if (write(log, line, (size_t)n) != n)
		_exit(1);
}

static void
send_one(struct outbox_message *m, int log, unsigned *random)
{
	enum outbox_fate fates[RECIPIENTS];
	struct outbox_verdict v = {.fates = fates, .said = "451 later"};
	struct error err;
	size_t i;

	if (outbox_mark(m, &err) == -1)
		_exit(2);
	for (i = 0; i < m->envelope.count; i++) {
		*random = *random * 1103515245 + 12345;
		fates[i] = *random >> 16 & 1 ? OUTBOX_LATER : OUTBOX_OVER;
		if (fates[i] == OUTBOX_OVER)
			tell(log, m->envelope.id,
			    m->envelope.recipients[i].address);
	}
	if (outbox_settle(m, &v, &err) == -1)
		_exit(3);
}

static void
cancel_one(struct outbox_message *m, int log)
{
	struct error err;
	size_t i;

	if (outbox_cancel(m, &err) == -1)
		_exit(4);
	for (i = 0; i < m->envelope.count; i++)
		tell(log, m->envelope.id, m->envelope.recipients[i].address);
}

/* False: there is none any more. */
static bool
go_round(struct outbox *o, int log, unsigned *random, bool cancels)
{
	struct outbox_list list;
	struct outbox_message m;
	struct error err;
	bool any;
	size_t i;

	if (outbox_list(o, &list, &err) == -1)
		_exit(5);
	any = list.count > 0;
	for (i = 0; i < list.count; i += cancels ? 7 : 1) {
		if (outbox_take(o, list.entries[i].place, list.entries[i].id,
			&m, &err) != OUTBOX_TAKEN)
			continue;
		if (cancels)
			cancel_one(&m, log);
		else if (m.place == OUTBOX_QUEUE)
			send_one(&m, log, random);
		outbox_put(&m);
	}
	outbox_list_free(&list);
	return any;
}

static void
work(const char *path, int log, unsigned number)
{
	unsigned random = number;
	struct outbox o;
	struct error err;

	if (outbox_open(&o, path, geteuid(), true, &err) == -1)
		_exit(6);
	while (go_round(&o, log, &random, number == 0))
		continue;
	outbox_close(&o);
	_exit(0);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each line of the log once, and all of them. */
static void
check_log(int log)
{
	enum { LINES = MESSAGES * RECIPIENTS, LINE = OUTBOX_ID_SIZE + 4 };
	static char text[LINES * LINE + 1], *lines[LINES];
	size_t i;

	assert_int_equal(pread(log, text, sizeof(text), 0), LINES * LINE);
	for (i = 0; i < LINES; i++) {
		lines[i] = text + i * LINE;
		lines[i][LINE - 1] = '\0';
	}
	qsort(lines, LINES, sizeof(*lines), compare);
	for (i = 1; i < LINES; i++)
		if (strcmp(lines[i - 1], lines[i]) == 0)
			fail_msg("twice: %s", lines[i]);
}

static void
test_each_is_sent_once_however_many_send(void **state)
{
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE], path[64];
	struct buf holds = {0};
	int log, status, i;

	snprintf(path, sizeof(path), "%s/log", p->base);
	log = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);
	assert_int_not_equal(log, -1);
	for (i = 0; i < MESSAGES; i++)
		outbox_test_queue(&p->o, RECIPIENTS, "hi\r\n", id);
	for (i = 0; i <= SENDERS; i++)
		if (fork() == 0)
			work(p->path, log, (unsigned)i);
	for (i = 0; i <= SENDERS; i++) {
		assert_int_not_equal(wait(&status), -1);
		assert_int_equal(status, 0);
	}
	assert_string_equal(outbox_test_holds(&p->o, &holds), "");
	check_log(log);
	buf_clear(&holds);
	close(log);
}

static void
test_a_rest_is_nobodys_until_the_old_one_is_gone(void **state)
{
	static const enum outbox_fate fates[] = {OUTBOX_OVER, OUTBOX_LATER};
	const struct outbox_verdict v = {.fates = fates};
	struct outbox_place_of_test *p = *state;
	char id[OUTBOX_ID_SIZE];
	struct outbox_message m;
	struct error err = {0};

	outbox_test_queue(&p->o, 2, "hi\r\n", id);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	assert_int_equal(outbox_mark(&m, &err), 0);
	meanwhile.o = &p->o;
	meanwhile.id = id;
	assert_int_equal(outbox_settle(&m, &v, &err), 0);
	meanwhile.o = NULL;
	assert_int_equal(meanwhile.asked, 1);
	outbox_put(&m);
	outbox_test_take(&p->o, OUTBOX_QUEUE, id, &m);
	outbox_put(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_a_rest_is_nobodys_until_the_old_one_is_gone,
		outbox_test_set_up, outbox_test_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_each_is_sent_once_however_many_send, outbox_test_set_up,
		outbox_test_tear_down),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
