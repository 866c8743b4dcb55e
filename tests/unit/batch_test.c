/* batch: a supply in memory, and servers that take or refuse what comes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "batch/batch.h"
#include "journal_testutil.h"
#include "lib/memory.h"

enum { LANES_MAX = 8 };

/* --- the messages: each is to one recipient, named by its number */

struct item {
	struct supply_message message; /* the first member */
	struct smtp_recipient to;
	enum supply_fate fate;
	struct smtp_texts texts;
	struct arena arena;
	char name[24];
};

/* A server on a connection of its own. */
struct peer {
	struct server server;
	struct hop hop;
	struct route route;
	struct delivery *delivery; /* NULL: it is gone */
	int fd;
	const char *verdicts; /* on the messages to come: y, n, or g: it is gone
				 without one */
	char line[200];
	size_t len;
	bool in_message;
};

struct trial {
	struct supply supply; /* the first member */
	uint64_t count, taken;
	unsigned alive, most_alive; /* messages in memory */
	struct journal_place *place;
	struct schedule *schedule;
	const char *verdicts[LANES_MAX]; /* of connections, in turn */
	unsigned connected;
	struct peer peers[LANES_MAX];
	volatile int stop;
	uint64_t stop_at; /* the number that is told then; 0: never */
	struct buf told;  /* "1o 2u": who, and what becomes of him */
};

static struct supply_message *
make(struct trial *t, uint64_t number)
{
	struct item *i = memory_alloc(sizeof(*i));

	snprintf(i->name, sizeof(i->name), "%llu@x.test",
	    (unsigned long long)number);
	i->texts.arena = &i->arena;
	i->to.address = i->name;
	i->message =
	    (struct supply_message){.key = {i->name, strlen(i->name), number},
		.place = {number, number, number},
		.reverse_path = "me@x.test",
		.recipients = &i->to,
		.fates = &i->fate,
		.count = 1,
		.texts = &i->texts,
		.date = JOURNAL_TEST_START};
	if (++t->alive > t->most_alive)
		t->most_alive = t->alive;
	return &i->message;
}

static int
next(struct supply *s, struct supply_message **out, struct error *err)
{
	struct trial *t = (struct trial *)s;

	(void)err;
	if (t->taken == t->count)
		return SUPPLY_END;
	*out = make(t, ++t->taken);
	s->left = t->count - t->taken;
	return SUPPLY_MESSAGE;
}

static int
again(struct supply *s, const struct supply_place *place,
    struct supply_message **out, struct error *err)
{
	(void)err;
	*out = make((struct trial *)s, place->number);
	return SUPPLY_MESSAGE;
}

static int
open_message(struct supply *s, struct supply_message *m,
    const struct smtp_capabilities *c, struct error *err)
{
	(void)s;
	(void)c;
	(void)err;
	m->transaction.body = source_from_bytes("hi\r\n", 4);
	m->transaction.size = 4;
	return 0;
}

static void
told(struct supply *s, const struct supply_message *m)
{
	struct trial *t = (struct trial *)s;

	buf_printf(&t->told, "%s%llu%c", t->told.len > 0 ? " " : "",
	    (unsigned long long)m->key.record, "oulf"[m->fates[0]]);
	if (m->key.record == t->stop_at)
		t->stop = SIGINT;
}

static void
free_message(struct supply *s, struct supply_message *m)
{
	struct item *i = (struct item *)m;

	((struct trial *)s)->alive--;
	source_free(m->transaction.body);
	smtp_texts_clear(&i->texts);
	arena_clear(&i->arena);
	free(i);
}

static const struct supply_ops ops = {
    next, again, open_message, NULL, told, free_message};

/* --- the servers, which do their work before each wait */

static void
say(struct peer *p, const char *text)
{
	assert_int_equal(
	    write(p->fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void
say_verdict(struct peer *p)
{
	switch (*p->verdicts++) {
	case 'y':
		say(p, "250 ok\r\n");
		break;
	case 'n':
		say(p, "554 5.6.0 no\r\n");
		break;
	default:
		assert_int_equal(p->verdicts[-1], 'g');
		shutdown(p->fd, SHUT_RDWR);
	}
}

static void
take_line(struct peer *p)
{
	if (p->in_message) {
		p->in_message = strcmp(p->line, ".\r") != 0;
		if (!p->in_message)
			say_verdict(p);
	} else if (strncmp(p->line, "DATA", 4) == 0) {
		p->in_message = true;
		say(p, "354 go\r\n");
	} else {
		say(p,
		    strncmp(p->line, "QUIT", 4) == 0 ? "221 bye\r\n"
						     : "250 ok\r\n");
	}
}

static int64_t
look(void *arg)
{
	struct trial *t = arg;
	struct peer *p;
	char c;

	for (p = t->peers; p < t->peers + t->connected; p++)
		while (p->delivery != NULL &&
		    recv(p->fd, &c, 1, MSG_DONTWAIT) == 1) {
			assert_in_range(p->len, 0, sizeof(p->line) - 2);
			p->line[p->len++] = c;
			if (c != '\n')
				continue;
			p->line[p->len - 1] = '\0';
			p->len = 0;
			take_line(p);
		}
	return INT64_MAX;
}

static struct delivery *
connect_peer(void *arg, unsigned lane)
{
	const struct connection_params params = {
	    .smtp = {.ehlo_name = "me"}, .flights = true};
	struct trial *t = arg;
	struct peer *p = &t->peers[t->connected];
	int pair[2];

	(void)lane;
	assert_in_range(t->connected, 0, LANES_MAX - 1);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*p = (struct peer){.fd = pair[1],
	    .verdicts = t->verdicts[t->connected++],
	    .server = {.kind = SERVER_FD, .fd = pair[0]},
	    .hop = {.server = &p->server, .tls = CONNECTION_TLS_OFF},
	    .route = {.hops = &p->hop, .count = 1}};
	p->delivery = delivery_new(&p->route, &params);
	if (*p->verdicts == 'g')
		shutdown(p->fd, SHUT_RDWR);
	else
		say(p, "220 x\r\n");
	return p->delivery;
}

static struct peer *
peer_of(struct trial *t, const struct delivery *d)
{
	struct peer *p = t->peers;

	while (p->delivery != d)
		p++;
	return p;
}

static void
closed(void *arg, unsigned lane, struct delivery *d)
{
	struct peer *p = peer_of(arg, d);

	(void)lane;
	close(p->fd);
	p->delivery = NULL;
}

/* --- trials */

static int
set_up(void **state)
{
	struct trial *t = calloc(1, sizeof(*t));
	void *place;

	if (t == NULL || journal_place_set_up(&place) == -1)
		return -1;
	t->place = place;
	t->supply.ops = &ops;
	t->supply.fd = -1;
	*state = t;
	return 0;
}

static int
tear_down(void **state)
{
	struct trial *t = *state;
	void *place = t->place;

	schedule_free(t->schedule);
	buf_clear(&t->told);
	free(t);
	return journal_place_tear_down(&place);
}

static struct schedule_params
limits(unsigned connections)
{
	return (struct schedule_params){.connections = connections,
	    .window = 16,
	    .retry_for_us = 900 * INT64_C(1000000),
	    .tries = 10,
	    .stop_after = 3};
}

static void
run(struct trial *t, uint64_t count, const struct schedule_params *p,
    struct batch_end *end)
{
	struct batch_params params = {.supply = &t->supply,
	    .connections = p->connections,
	    .wait = {.stop = &t->stop},
	    .connect = connect_peer,
	    .closed = closed,
	    .look = look,
	    .arg = t};

	t->count = t->supply.left = count;
	t->schedule = schedule_new(p, 0);
	journal_place_open(t->place);
	params.journal = t->place->journal;
	params.schedule = t->schedule;
	batch_run(&params, end);
	/* Nothing is left in memory, nor open. */
	assert_int_equal(t->alive, 0);
	for (count = 0; count < t->connected; count++)
		assert_null(t->peers[count].delivery);
}

static void
assert_states(const struct trial *t, const char *expected)
{
	struct buf states = {0};
	char name[24];
	uint64_t i;

	for (i = 1; i <= t->count; i++) {
		struct journal_key key = {name, 0, i};

		key.len = (size_t)snprintf(
		    name, sizeof(name), "%llu@x.test", (unsigned long long)i);
		buf_putc(&states,
		    journal_test_letter(
			journal_state(t->place->journal, &key)));
	}
	assert_string_equal(buf_string(&states), expected);
	buf_clear(&states);
}

static void
all_go_over_one_connection_one_after_the_other(void **state)
{
	const struct schedule_params p = limits(1);
	struct trial *t = *state;
	struct batch_end end;

	t->verdicts[0] = "yyy";
	run(t, 3, &p, &end);
	assert_true(end.finished);
	assert_int_equal(end.error.status, 0);
	assert_string_equal(buf_string(&t->told), "1o 2o 3o");
	assert_states(t, "aaa");
}

static void
a_refusal_harms_no_other(void **state)
{
	const struct schedule_params p = limits(1);
	struct trial *t = *state;
	struct batch_end end;

	t->verdicts[0] = "yny";
	run(t, 3, &p, &end);
	assert_true(end.finished);
	/* It is held back until the next one has been accepted. */
	assert_string_equal(buf_string(&t->told), "1o 2o 3o");
	assert_states(t, "ara");
}

static void
refusals_that_nothing_follows_stand(void **state)
{
	const struct schedule_params p = limits(1);
	struct trial *t = *state;
	struct batch_end end;

	t->verdicts[0] = "nn";
	run(t, 2, &p, &end);
	assert_true(end.finished);
	assert_null(end.stopped);
	assert_states(t, "rr");
}

static void
the_same_refusal_in_a_row_stops_and_is_nobodys_fault(void **state)
{
	const struct schedule_params p = limits(1);
	struct trial *t = *state;
	struct batch_end end;

	t->verdicts[0] = "ynnn";
	run(t, 6, &p, &end);
	assert_false(end.finished);
	assert_non_null(end.stopped);
	assert_string_equal(buf_string(&t->told), "1o 2f 3f 4f");
	assert_states(t, "atttnn");
}

static void
a_lost_connection_leaves_one_unknown_and_the_others_go_on(void **state)
{
	const struct schedule_params p = limits(1);
	struct trial *t = *state;
	struct batch_end end;

	t->verdicts[0] = "yg";
	t->verdicts[1] = "y";
	run(t, 3, &p, &end);
	assert_true(end.finished);
	assert_string_equal(buf_string(&t->told), "1o 2u 3o");
	assert_states(t, "aua");
}

static void
a_signal_ends_it_and_what_was_not_given_stays(void **state)
{
	const struct schedule_params p = limits(1);
	struct trial *t = *state;
	struct batch_end end;

	t->verdicts[0] = "yyyy";
	t->stop_at = 2;
	run(t, 4, &p, &end);
	assert_int_equal(end.signal, SIGINT);
	assert_false(end.finished);
	assert_states(t, "aann");
}

/* However many there are. */
static void
only_messages_on_their_way_are_in_memory(void **state)
{
	enum { COUNT = 200 };
	const struct schedule_params p = limits(1);
	struct trial *t = *state;
	struct batch_end end;
	char verdicts[COUNT + 1] = "";

	memset(verdicts, 'y', COUNT);
	t->verdicts[0] = verdicts;
	run(t, COUNT, &p, &end);
	assert_true(end.finished);
	assert_in_range(t->most_alive, 1, 20);
}

static void
no_more_connections_are_made_than_there_are_messages(void **state)
{
	const struct schedule_params p = limits(4);
	struct trial *t = *state;
	struct batch_end end;
	size_t i;

	for (i = 0; i < LANES_MAX; i++)
		t->verdicts[i] = "yy";
	run(t, 2, &p, &end);
	assert_true(end.finished);
	assert_in_range(t->connected, 1, 2);
	assert_states(t, "aa");
}

static void
nobody_there_is_told_at_once(void **state)
{
	const struct schedule_params p = limits(1);
	struct trial *t = *state;
	struct batch_end end;

	t->verdicts[0] = "g";
	run(t, 2, &p, &end);
	assert_false(end.finished);
	assert_int_equal(end.error.status, EX_TEMPFAIL);
	assert_int_equal(t->connected, 1);
	assert_states(t, "nn");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(all_go_over_one_connection_one_after_the_other),
	    TEST(a_refusal_harms_no_other),
	    TEST(refusals_that_nothing_follows_stand),
	    TEST(the_same_refusal_in_a_row_stops_and_is_nobodys_fault),
	    TEST(a_lost_connection_leaves_one_unknown_and_the_others_go_on),
	    TEST(a_signal_ends_it_and_what_was_not_given_stays),
	    TEST(only_messages_on_their_way_are_in_memory),
	    TEST(no_more_connections_are_made_than_there_are_messages),
	    TEST(nobody_there_is_told_at_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
