/* A delivery on its way to a hop; names are looked up in a table of ours. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "delivery/loop.h"
#include "lib/buf.h"
#include "lib/clock.h"

static sem_t slow; /* slow.test waits for it */

/* Takes the place of the C library's; numeric addresses are left to it. */
int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **list)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	struct addrinfo numeric = *hints;
	int r;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (hints->ai_flags & AI_NUMERICHOST)
		return real(host, service, hints, list);
	if (strcmp(host, "slow.test") == 0)
		sem_wait(&slow);
	if (strcmp(host, "two.test") != 0)
		return EAI_NONAME;
	numeric.ai_flags = AI_NUMERICHOST;
	r = real("127.0.0.2", service, &numeric, list);
	return r != 0 ? r
		      : real("127.0.0.1", service, &numeric, &(*list)->ai_next);
}

/* Listens; *port 0: any. */
static int
listener(const char *address, unsigned *port)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_port = htons((in_port_t)*port)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, address, &sin.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	getsockname(fd, (struct sockaddr *)&sin, &len);
	*port = ntohs(sin.sin_port);
	return fd;
}

/* A server at two addresses: what each says as its greeting. */
struct two {
	int listeners[2];
	const char *greetings[2];
};

static void *
serve(void *arg)
{
	const struct two *two = arg;
	char bytes[100];
	int i, fd;

	for (i = 0; i < 2; i++) {
		fd = accept4(two->listeners[i], NULL, NULL, SOCK_CLOEXEC);
		if (write(fd, two->greetings[i], strlen(two->greetings[i])) > 0)
			while (read(fd, bytes, sizeof(bytes)) > 0)
				if (write(fd, "250 x\r\n", 7) < 0)
					break;
		close(fd);
	}
	return NULL;
}

static const struct connection_params quiet = {.smtp = {.ehlo_name = "me"}};

/* `d` until READY; what it has noted, a line each. */
static void
until_ready(struct loop *loop, struct delivery *d, struct buf *notes)
{
	struct smtp_event event;

	do {
		assert_ptr_equal(loop_next(loop, &event), d);
		assert_int_not_equal(event.type, SMTP_CLOSED);
		if (event.type == SMTP_NOTE)
			buf_printf(notes, "%s\n", event.text);
	} while (event.type != SMTP_READY);
}

static void
next_address(bool trace)
{
	struct server server = {.kind = SERVER_TCP, .host = "two.test"};
	struct hop hop = {.server = &server, .tls = CONNECTION_TLS_OFF};
	struct route route = {.hops = &hop, .count = 1};
	struct two two = {.greetings = {"421 busy\r\n", "220 x\r\n"}};
	const struct wait_limits wait = {0};
	struct connection_params params = quiet;
	struct loop *loop = loop_new(&wait);
	struct buf notes = BUF_WITH_MAX(0), expected = BUF_WITH_MAX(0);
	struct delivery *d;
	pthread_t thread;
	const struct endpoint *met;
	unsigned count;

	params.smtp.trace = trace;
	/* A port of 127.0.0.2 may be somebody else's at 127.0.0.1. */
	two.listeners[1] = listener("127.0.0.1", &server.port);
	two.listeners[0] = listener("127.0.0.2", &server.port);
	pthread_create(&thread, NULL, serve, &two);
	d = delivery_new(&route, &params);
	loop_add(loop, d);
	until_ready(loop, d, &notes);
	if (params.smtp.trace)
		buf_printf(&expected,
		    "connecting to two.test port %u\n"
		    "connected to 127.0.0.2 port %u from 127.0.0.1\n"
		    "greeting: 421 busy\nanother address is tried\n"
		    "connected to 127.0.0.1 port %u from 127.0.0.1\n",
		    server.port, server.port, server.port);
	assert_string_equal(buf_string(&notes), buf_string(&expected));
	buf_clear(&notes);
	buf_clear(&expected);
	assert_string_equal(delivery_peer(d)->address, "127.0.0.1");
	met = delivery_endpoints(d, &count);
	assert_int_equal(count, 2);
	assert_string_equal(met[0].left, "greeting: 421 busy");
	assert_null(met[1].left);
	loop_free(loop);
	delivery_free(d);
	pthread_join(thread, NULL);
	close(two.listeners[0]);
	close(two.listeners[1]);
}

static void
notes_say_which_addresses_could_not_be_reached(void **state)
{
	struct server server = {.kind = SERVER_TCP, .host = "two.test"};
	struct hop hop = {.server = &server, .tls = CONNECTION_TLS_OFF};
	struct route route = {.hops = &hop, .count = 1};
	const struct wait_limits wait = {0};
	struct connection_params params = quiet;
	struct loop *loop = loop_new(&wait);
	int fd = listener("127.0.0.1", &server.port);
	struct smtp_event event;
	struct delivery *d;
	char expected[160];

	(void)state;
	params.smtp.trace = true;
	d = delivery_new(&route, &params);
	loop_add(loop, d);
	assert_ptr_equal(loop_next(loop, &event), d);
	assert_ptr_equal(loop_next(loop, &event), d);
	assert_int_equal(event.type, SMTP_NOTE);
	snprintf(expected, sizeof(expected),
	    "127.0.0.2 port %u: Connection refused\n"
	    "connected to 127.0.0.1 port %u from 127.0.0.1",
	    server.port, server.port);
	assert_string_equal(event.text, expected);
	loop_free(loop);
	delivery_free(d);
	close(fd);
}

static void
an_address_whose_server_is_busy_is_followed_by_the_next(void **state)
{
	(void)state;
	next_address(false);
}

static void
notes_say_which_addresses_were_met(void **state)
{
	(void)state;
	next_address(true);
}

/* The one event is the end, with this reason. */
static void
ends(const char *host, const char *from, int64_t timeout_ms,
    int64_t deadline_us, int status, const char *why)
{
	const struct server server = {
	    .kind = SERVER_TCP, .host = host, .port = 25};
	struct interface interface;
	struct hop hop = {.server = &server};
	struct route route = {.hops = &hop, .count = 1};
	const struct wait_limits wait = {.deadline_us = deadline_us};
	struct connection_params params = quiet;
	struct loop *loop = loop_new(&wait);
	struct smtp_event event;
	struct delivery *d;
	struct error err;

	if (from != NULL) {
		assert_int_equal(interface_find(&interface, from, &err), 0);
		hop.from = &interface;
	}
	params.timeout_ms = timeout_ms;
	d = delivery_new(&route, &params);
	loop_add(loop, d);
	assert_ptr_equal(loop_next(loop, &event), d);
	assert_int_equal(event.type, SMTP_CLOSED);
	assert_string_equal(event.error->text, why);
	assert_int_equal(event.error->status, status);
	assert_int_equal(event.result->status, status);
	assert_int_equal(event.result->phase, SMTP_PHASE_CONNECT);
	assert_null(loop_next(loop, &event));
	assert_string_equal(delivery_peer(d)->address, "");
	assert_null(delivery_tls(d));
	loop_free(loop);
	delivery_free(d);
}

static void
a_hop_without_addresses_is_an_end_with_a_reason(void **state)
{
	(void)state;
	ends("none.test", NULL, 0, 0, EX_NOHOST, "none.test: no such host");
	ends("127.0.0.1", "::1", 0, 0, EX_USAGE,
	    "127.0.0.1: not an IPv6 address");
}

/* Connections in their order, and what is said on each: line by line, each but
 * the first after something came. */
struct talk {
	int listener;
	const char *says[4];
};

enum { TALKS = 3 };

/* A record of TLS of 257 octets, with a handshake that makes no sense. */
static const char bad_hello[] =
    "\x16\x03\x03\x01\x01"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    ".";

static void *
talk(void *arg)
{
	const struct talk *t = arg;
	char bytes[1000];
	int i, k, fd;

	for (i = 0; i < TALKS; i++, t++) {
		fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC);
		for (k = 0; k < 4 && t->says[k] != NULL; k++)
			if ((k > 0 && read(fd, bytes, sizeof(bytes)) <= 0) ||
			    write(fd, t->says[k], strlen(t->says[k])) < 0)
				break;
		while (t->says[3] == NULL && read(fd, bytes, sizeof(bytes)) > 0)
			;
		close(fd);
	}
	return NULL;
}

/* 0.0.0.0 leads to this host, and is no loopback address. */
static void
a_route_is_followed_to_the_first_server_that_has_time(void **state)
{
	struct server servers[] = {
	    {.kind = SERVER_TCP, .host = "none.test", .port = 25},
	    {.kind = SERVER_TCP, .host = "0.0.0.0"},
	    {.kind = SERVER_TCP, .host = "127.0.0.1"},
	};
	struct talk talks[TALKS] = {
	    {.says = {"220 x\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n",
		 bad_hello}},
	    {.says = {"220 x\r\n", "421 busy\r\n"}},
	    {.says = {"220 x\r\n", "250 x\r\n"}},
	};
	struct hop hops[6], hop;
	struct route route = {.hops = hops};
	const struct wait_limits wait = {0};
	struct loop *loop = loop_new(&wait);
	struct smtp_event event;
	struct error err;
	struct delivery *d;
	pthread_t thread;
	size_t i;

	(void)state;
	talks[0].listener = talks[1].listener =
	    listener("0.0.0.0", &servers[1].port);
	talks[2].listener = listener("127.0.0.1", &servers[2].port);
	for (i = 0; i < 3; i++) {
		servers[i].text = servers[i].host;
		assert_int_equal(
		    route_hop(&servers[i], CONNECTION_TLS_AUTO, &hop, &err), 0);
		route_add(&route, &hop);
	}
	pthread_create(&thread, NULL, talk, talks);
	d = delivery_new(&route, &quiet);
	loop_add(loop, d);
	do {
		assert_ptr_equal(loop_next(loop, &event), d);
		assert_int_not_equal(event.type, SMTP_CLOSED);
	} while (event.type != SMTP_READY);
	assert_true(route.settled);
	assert_int_equal(route.at, 4);
	assert_string_equal(hops[0].failure.text, "none.test: no such host");
	assert_int_equal(hops[2].failure.status, EX_TEMPFAIL);
	assert_string_equal(hops[2].address, "0.0.0.0");
	assert_true(route_fell_back(&route, 2));
	assert_string_equal(hops[3].failure.text, "0.0.0.0: EHLO: 421 busy");
	assert_int_equal(hops[4].failure.status, 0);
	loop_free(loop);
	delivery_free(d);
	pthread_join(thread, NULL);
	close(talks[0].listener);
	close(talks[2].listener);
}

static void
a_look_up_has_the_time_of_a_step_and_of_the_run(void **state)
{
	(void)state;
	ends("slow.test", NULL, 10, 0, EX_TEMPFAIL, "no connection in time");
	ends("slow.test", NULL, 0, clock_monotonic_us() + 10000, EX_TEMPFAIL,
	    "the deadline has passed");
	sem_post(&slow);
	sem_post(&slow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		an_address_whose_server_is_busy_is_followed_by_the_next),
	    cmocka_unit_test(notes_say_which_addresses_were_met),
	    cmocka_unit_test(notes_say_which_addresses_could_not_be_reached),
	    cmocka_unit_test(a_hop_without_addresses_is_an_end_with_a_reason),
	    cmocka_unit_test(
		a_route_is_followed_to_the_first_server_that_has_time),
	    cmocka_unit_test(a_look_up_has_the_time_of_a_step_and_of_the_run),
	};

	sem_init(&slow, 0, 0);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
