/* Several deliveries in one loop, over socket pairs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "delivery/loop.h"
#include "lib/clock.h"

static int64_t skipped_us;

/* In place of that of the library: time can be skipped. */
int64_t
clock_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 + skipped_us;
}

/* The one end of a delivery, and what is said there, reply by reply. */
struct end {
	struct server server;
	struct hop hop;
	struct route route;
	struct delivery *delivery;
	struct smtp_texts texts;
	struct arena arena;
	struct smtp_recipient to;
	struct smtp_transaction tx;
	struct smtp_transaction again; /* body NULL: there is none */
	int peer;
	const char *const *says; /* next, NULL: nothing for now */
};

static const char *const all[] = {"220 x\r\n", "250 x\r\n", "250 ok\r\n",
    "250 ok\r\n", "354 go\r\n", "250 done\r\n", "221 bye\r\n", NULL};

enum { UP_TO_EHLO = 1 }; /* a place in it */

/* Each reply waits in the socket when its command is sent. */
static void
say(struct end *e)
{
	const char *line = *e->says;

	if (line == NULL)
		return;
	e->says++;
	assert_int_equal(
	    write(e->peer, line, strlen(line)), (ssize_t)strlen(line));
}

static void
begin(struct end *e, struct loop *loop, const char *const *says)
{
	const struct connection_params params = {
	    .smtp = {.ehlo_name = "me"}, .await_quit = true};
	int pair[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*e = (struct end){.peer = pair[1],
	    .says = says,
	    .server = {.kind = SERVER_FD, .fd = pair[0]},
	    .hop = {.server = &e->server, .tls = CONNECTION_TLS_OFF},
	    .route = {.hops = &e->hop, .count = 1},
	    .to = {.address = "bob@y.test"}};
	e->texts.arena = &e->arena;
	e->tx = (struct smtp_transaction){.reverse_path = "me@x.test",
	    .recipients = &e->to,
	    .recipient_count = 1,
	    .body = source_from_bytes("hi\r\n", 4),
	    .size = 4,
	    .texts = &e->texts};
	e->delivery = delivery_new(&e->route, &params);
	loop_add(loop, e->delivery);
	say(e);
}

static void
clear(struct end *e)
{
	delivery_free(e->delivery);
	source_free(e->tx.body);
	smtp_texts_clear(&e->texts);
	arena_clear(&e->arena);
	close(e->peer);
}

/* The next event that is no reply, whose it is; replies are followed by the
 * next line of that end, READY by the message. */
static struct end *
next(struct loop *loop, struct end *ends, size_t n, struct smtp_event *event)
{
	struct delivery *d;
	struct end *e = ends;

	while ((d = loop_next(loop, event)) != NULL) {
		for (e = ends; e->delivery != d; e++)
			assert_in_range(e - ends, 0, n - 1);
		if (event->type == SMTP_READY) {
			smtp_session_send(delivery_session(d), &e->tx);
			if (e->again.body == NULL)
				smtp_session_quit(delivery_session(d));
		}
		if (event->type == SMTP_REPLY)
			say(e);
		else if (event->type != SMTP_WANT_WORK)
			return e;
	}
	return NULL;
}

static void
await(struct loop *loop, struct end *ends, size_t n, struct end *whose,
    enum smtp_event_type type)
{
	struct smtp_event event;
	struct end *e = next(loop, ends, n, &event);

	assert_ptr_equal(e, whose);
	assert_int_equal(event.type, type);
}

static void
a_server_that_is_silent_holds_no_other_delivery_up(void **state)
{
	static const char *const first[] = {"220 x\r\n", NULL};
	const struct wait_limits wait = {0};
	struct loop *loop = loop_new(&wait);
	struct smtp_event event;
	struct end ends[2];

	(void)state;
	begin(&ends[0], loop, first);
	begin(&ends[1], loop, all);
	await(loop, ends, 2, &ends[1], SMTP_READY);
	await(loop, ends, 2, &ends[1], SMTP_COMMIT);
	await(loop, ends, 2, &ends[1], SMTP_DONE);
	assert_int_equal(ends[1].to.result.verdict, SMTP_ACCEPTED);
	await(loop, ends, 2, &ends[1], SMTP_CLOSED);
	ends[0].says = all + UP_TO_EHLO;
	say(&ends[0]);
	await(loop, ends, 2, &ends[0], SMTP_READY);
	await(loop, ends, 2, &ends[0], SMTP_COMMIT);
	await(loop, ends, 2, &ends[0], SMTP_DONE);
	assert_int_equal(ends[0].to.result.verdict, SMTP_ACCEPTED);
	await(loop, ends, 2, &ends[0], SMTP_CLOSED);
	assert_null(next(loop, ends, 2, &event));
	assert_int_equal(loop_signal(loop), 0);
	loop_free(loop);
	clear(&ends[0]);
	clear(&ends[1]);
}

static void
a_signal_ends_all_but_a_message_whose_verdict_is_awaited(void **state)
{
	static const char *const silent[] = {NULL};
	volatile int stop = 0;
	const struct wait_limits wait = {.stop = &stop};
	struct loop *loop = loop_new(&wait);
	struct smtp_event event;
	struct end ends[2];

	(void)state;
	begin(&ends[0], loop, all);
	begin(&ends[1], loop, silent);
	await(loop, ends, 2, &ends[0], SMTP_READY);
	await(loop, ends, 2, &ends[0], SMTP_COMMIT);
	/* The verdict stands in the socket, so nothing is to be waited for. */
	stop = SIGINT;
	await(loop, ends, 2, &ends[0], SMTP_DONE);
	assert_int_equal(ends[0].to.result.verdict, SMTP_ACCEPTED);
	assert_int_equal(loop_signal(loop), 0);
	await(loop, ends, 2, &ends[0], SMTP_CLOSED);
	assert_ptr_equal(next(loop, ends, 2, &event), &ends[1]);
	assert_int_equal(event.type, SMTP_CLOSED);
	assert_int_equal(event.error->status, EX_SIGNAL + SIGINT);
	assert_int_equal(loop_signal(loop), SIGINT);
	assert_null(next(loop, ends, 2, &event));
	loop_free(loop);
	clear(&ends[0]);
	clear(&ends[1]);
}

/* What somebody does who looks on: a call is made before each wait. */
struct onlooker {
	struct loop *loop;
	volatile int stop, came;
	unsigned calls, lingered;
	const int *skip_ms; /* before each signal; 0 ends it */
	struct end *end;    /* says the verdict when there are no more */
};

static int64_t
signal_again(void *arg)
{
	struct onlooker *o = arg;

	o->calls++;
	o->lingered += loop_lingers(o->loop);
	if (*o->skip_ms == 0) {
		say(o->end);
		return INT64_MAX;
	}
	skipped_us += *o->skip_ms++ * INT64_C(1000);
	o->stop = SIGINT;
	o->came++;
	return INT64_MAX;
}

/* The verdict of a message after whose commit point signals come so. */
static enum smtp_verdict
verdict_after(const int *skip_ms, int *signal)
{
	struct onlooker o = {.skip_ms = skip_ms};
	const struct wait_limits wait = {.stop = &o.stop, .came = &o.came};
	struct loop *loop = loop_new(&wait);
	struct smtp_event event;
	enum smtp_verdict verdict;
	const char *replies[8];
	struct end end;

	memcpy(replies, all, sizeof(replies));
	replies[5] = NULL; /* no verdict yet */
	o.loop = loop;
	o.end = &end;
	begin(&end, loop, replies);
	await(loop, &end, 1, &end, SMTP_READY);
	await(loop, &end, 1, &end, SMTP_COMMIT);
	end.says = all + 5;
	loop_watch(loop, signal_again, &o);
	await(loop, &end, 1, &end, SMTP_DONE);
	assert_true(o.lingered > 0);
	verdict = end.to.result.verdict;
	while (next(loop, &end, 1, &event) != NULL)
		;
	*signal = loop_signal(loop);
	loop_free(loop);
	clear(&end);
	return verdict;
}

static void
another_signal_two_seconds_later_ends_the_wait_for_a_verdict(void **state)
{
	static const int later[] = {1, 2000, 0}, soon[] = {1, 900, 900, 0},
			 at_last[] = {1, 900, 900, 900, 0}, one[] = {60000, 0};
	int signal;

	(void)state;
	assert_int_equal(verdict_after(later, &signal), SMTP_UNKNOWN);
	assert_int_equal(signal, SIGINT);
	assert_int_equal(verdict_after(at_last, &signal), SMTP_UNKNOWN);
	assert_int_equal(verdict_after(soon, &signal), SMTP_ACCEPTED);
	assert_int_equal(verdict_after(one, &signal), SMTP_ACCEPTED);
}

static void
a_signal_that_comes_before_the_last_octets_cancels(void **state)
{
	volatile int stop = 0;
	const struct wait_limits wait = {.stop = &stop};
	struct loop *loop = loop_new(&wait);
	struct smtp_event event;
	struct end end;

	(void)state;
	begin(&end, loop, all);
	await(loop, &end, 1, &end, SMTP_READY);
	stop = SIGTERM;
	while (next(loop, &end, 1, &event) != NULL)
		assert_int_not_equal(event.type, SMTP_COMMIT);
	assert_int_equal(end.to.result.verdict, SMTP_NOT_SENT);
	assert_int_equal(loop_signal(loop), SIGTERM);
	loop_free(loop);
	clear(&end);
}

/* Of two in one flight. */
static void
a_signal_while_a_verdict_is_awaited_keeps_the_next_message_back(void **state)
{
	static const char *const flight[] = {
	    "220 x\r\n", "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n", NULL};
	static const char verdict[] = "250 ok\r\n250 ok\r\n250 done\r\n";
	volatile int stop = 0;
	const struct wait_limits wait = {.stop = &stop};
	struct loop *loop = loop_new(&wait);
	struct smtp_recipient other = {.address = "eve@y.test"};
	struct smtp_event event;
	char sent[4096] = "";
	struct end end;

	(void)state;
	begin(&end, loop, flight);
	end.again = end.tx;
	end.again.recipients = &other;
	end.again.body = source_from_bytes("second\r\n", 8);
	await(loop, &end, 1, &end, SMTP_READY);
	await(loop, &end, 1, &end, SMTP_COMMIT);
	smtp_session_send(delivery_session(end.delivery), &end.again);
	smtp_session_quit(delivery_session(end.delivery));
	stop = SIGINT;
	assert_int_equal(write(end.peer, verdict, sizeof(verdict) - 1),
	    (ssize_t)(sizeof(verdict) - 1));
	await(loop, &end, 1, &end, SMTP_DONE);
	assert_int_equal(end.to.result.verdict, SMTP_ACCEPTED);
	await(loop, &end, 1, &end, SMTP_DONE);
	assert_int_equal(other.result.verdict, SMTP_NOT_SENT);
	await(loop, &end, 1, &end, SMTP_CLOSED);
	assert_int_equal(loop_signal(loop), SIGINT);
	assert_null(next(loop, &end, 1, &event));
	assert_true(read(end.peer, sent, sizeof(sent) - 1) > 0);
	assert_null(strstr(sent, "second"));
	source_free(end.again.body);
	loop_free(loop);
	clear(&end);
}

static void
the_deadline_ends_all(void **state)
{
	static const char *const silent[] = {NULL};
	const struct wait_limits wait = {.deadline_us = 1};
	struct loop *loop = loop_new(&wait);
	struct smtp_event event;
	struct end ends[2];
	size_t i;

	(void)state;
	begin(&ends[0], loop, silent);
	begin(&ends[1], loop, silent);
	for (i = 0; i < 2; i++) {
		assert_ptr_equal(next(loop, ends, 2, &event), &ends[i]);
		assert_int_equal(event.type, SMTP_CLOSED);
		assert_string_equal(
		    event.error->text, "greeting: the deadline has passed");
	}
	assert_null(next(loop, ends, 2, &event));
	loop_free(loop);
	clear(&ends[0]);
	clear(&ends[1]);
}

static void
a_message_can_be_added_when_another_one_is_done(void **state)
{
	static const char *const twice[] = {"220 x\r\n", "250 x\r\n",
	    "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 done\r\n",
	    "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 done\r\n",
	    "221 bye\r\n", NULL};
	const struct wait_limits wait = {0};
	struct loop *loop = loop_new(&wait);
	struct smtp_recipient other = {.address = "eve@y.test"};
	struct smtp_event event;
	struct end end;

	(void)state;
	begin(&end, loop, twice);
	end.again = end.tx;
	end.again.recipients = &other;
	end.again.body = source_from_bytes("ho\r\n", 4);
	await(loop, &end, 1, &end, SMTP_READY);
	await(loop, &end, 1, &end, SMTP_COMMIT);
	await(loop, &end, 1, &end, SMTP_DONE);
	assert_true(smtp_session_takes_work(delivery_session(end.delivery)));
	smtp_session_send(delivery_session(end.delivery), &end.again);
	smtp_session_quit(delivery_session(end.delivery));
	await(loop, &end, 1, &end, SMTP_COMMIT);
	await(loop, &end, 1, &end, SMTP_DONE);
	assert_int_equal(end.to.result.verdict, SMTP_ACCEPTED);
	assert_int_equal(other.result.verdict, SMTP_ACCEPTED);
	await(loop, &end, 1, &end, SMTP_CLOSED);
	assert_null(next(loop, &end, 1, &event));
	source_free(end.again.body);
	loop_free(loop);
	clear(&end);
}

struct alarm {
	int64_t at_us; /* when it is to go off */
	int calls;
	int peer;
};

/* Goes off once, and has the server speak then. */
static int64_t
look(void *arg)
{
	struct alarm *a = arg;

	a->calls++;
	if (a->at_us == INT64_MAX || clock_monotonic_us() < a->at_us)
		return a->at_us;
	a->at_us = INT64_MAX;
	assert_int_equal(
	    write(a->peer, all[0], strlen(all[0])), (ssize_t)strlen(all[0]));
	return a->at_us;
}

static void
what_is_to_be_looked_after_is_while_a_server_is_silent(void **state)
{
	static const char *const silent[] = {NULL};
	const struct wait_limits wait = {0};
	struct loop *loop = loop_new(&wait);
	struct alarm alarm = {.at_us = clock_monotonic_us() + 20000};
	struct end end;

	(void)state;
	begin(&end, loop, silent);
	alarm.peer = end.peer;
	end.says = all + UP_TO_EHLO;
	loop_watch(loop, look, &alarm);
	await(loop, &end, 1, &end, SMTP_READY);
	assert_true(alarm.at_us == INT64_MAX);
	assert_in_range(alarm.calls, 2, 20);
	loop_free(loop);
	clear(&end);
}

/* Somebody who brings deliveries, one after the other. */
struct bringer {
	struct loop *loop;
	struct end *ends;
	size_t count, brought;
	int64_t at_us; /* not before then */
	int fd;	       /* not before it is readable; -1 */
	int peer;      /* makes it so, as soon as it is waited for */
	unsigned calls;
};

static bool
bring(void *arg, int64_t *until, int *fd)
{
	struct bringer *b = arg;
	char c;

	b->calls++;
	if (b->brought == b->count ||
	    (b->brought > 0 && !loop_is_over(b->loop, b->ends->delivery)))
		return false;
	if (b->at_us > clock_monotonic_us()) {
		*until = b->at_us;
		return false;
	}
	if (b->fd >= 0 && read(b->fd, &c, 1) != 1) {
		*fd = b->fd;
		assert_int_equal(write(b->peer, "x", 1), 1);
		return false;
	}
	begin(&b->ends[b->brought++], b->loop, all);
	return true;
}

static struct loop *
begin_fed(const struct wait_limits *wait, struct bringer *b)
{
	b->loop = loop_new(wait);
	loop_feed(b->loop, bring, b);
	return b->loop;
}

static void
await_delivery(struct loop *loop, struct end *ends, size_t n, struct end *whose)
{
	await(loop, ends, n, whose, SMTP_READY);
	await(loop, ends, n, whose, SMTP_COMMIT);
	await(loop, ends, n, whose, SMTP_DONE);
	assert_int_equal(whose->to.result.verdict, SMTP_ACCEPTED);
	await(loop, ends, n, whose, SMTP_CLOSED);
}

static void
deliveries_are_brought_until_there_are_no_more(void **state)
{
	const struct wait_limits wait = {0};
	struct end ends[2];
	struct bringer b = {.ends = ends, .count = 2, .fd = -1};
	struct loop *loop = begin_fed(&wait, &b);
	struct smtp_event event;

	(void)state;
	await_delivery(loop, ends, 2, &ends[0]);
	await_delivery(loop, ends, 2, &ends[1]);
	assert_null(next(loop, ends, 2, &event));
	assert_true(loop_is_over(loop, ends[0].delivery));
	loop_free(loop);
	clear(&ends[0]);
	clear(&ends[1]);
}

static void
who_names_a_time_is_asked_again_then(void **state)
{
	const struct wait_limits wait = {0};
	struct end end;
	struct bringer b = {.ends = &end,
	    .count = 1,
	    .at_us = clock_monotonic_us() + 20000,
	    .fd = -1};
	struct loop *loop = begin_fed(&wait, &b);
	struct smtp_event event;

	(void)state;
	await_delivery(loop, &end, 1, &end);
	assert_true(clock_monotonic_us() >= b.at_us);
	/* Not over and over before. */
	assert_in_range(b.calls, 2, 20);
	assert_null(next(loop, &end, 1, &event));
	loop_free(loop);
	clear(&end);
}

static void
who_names_a_descriptor_is_asked_again_when_it_is_readable(void **state)
{
	const struct wait_limits wait = {
	    .deadline_us = clock_monotonic_us() + INT64_C(10000000)};
	int pair[2];
	struct end end;
	struct bringer b = {.ends = &end, .count = 1};
	struct loop *loop = begin_fed(&wait, &b);
	struct smtp_event event;

	(void)state;
	assert_int_equal(
	    socketpair(
		AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
	    0);
	b.fd = pair[0];
	b.peer = pair[1];
	await_delivery(loop, &end, 1, &end);
	assert_null(next(loop, &end, 1, &event));
	assert_in_range(b.calls, 2, 30);
	loop_free(loop);
	clear(&end);
	close(pair[0]);
	close(pair[1]);
}

static void
nobody_is_waited_for_after_a_signal_or_the_deadline(void **state)
{
	volatile int stop = SIGINT;
	const struct wait_limits stopped = {.stop = &stop};
	const struct wait_limits late = {.deadline_us = 1};
	const struct wait_limits *cases[] = {&stopped, &late};
	struct smtp_event event;
	struct end end = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct bringer b = {.ends = &end,
		    .count = 1,
		    .at_us = clock_monotonic_us() + INT64_C(3600000000),
		    .fd = -1};
		struct loop *loop = begin_fed(cases[i], &b);

		assert_true(loop_is_ending(loop));
		assert_null(next(loop, &end, 1, &event));
		assert_int_equal(b.brought, 0);
		loop_free(loop);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_server_that_is_silent_holds_no_other_delivery_up),
	    cmocka_unit_test(
		a_signal_ends_all_but_a_message_whose_verdict_is_awaited),
	    cmocka_unit_test(
		another_signal_two_seconds_later_ends_the_wait_for_a_verdict),
	    cmocka_unit_test(
		a_signal_that_comes_before_the_last_octets_cancels),
	    cmocka_unit_test(
		a_signal_while_a_verdict_is_awaited_keeps_the_next_message_back),
	    cmocka_unit_test(the_deadline_ends_all),
	    cmocka_unit_test(a_message_can_be_added_when_another_one_is_done),
	    cmocka_unit_test(
		what_is_to_be_looked_after_is_while_a_server_is_silent),
	    cmocka_unit_test(deliveries_are_brought_until_there_are_no_more),
	    cmocka_unit_test(who_names_a_time_is_asked_again_then),
	    cmocka_unit_test(
		who_names_a_descriptor_is_asked_again_when_it_is_readable),
	    cmocka_unit_test(
		nobody_is_waited_for_after_a_signal_or_the_deadline),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
