/* TCP connections over loopback. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transport/tcp.h"

enum { WAIT_MS = 20000, PENDING_MAX = 64 };

/* How often TCP_QUICKACK was set: takes the place of the C library's. */
static unsigned acknowledged;

int
setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
	if (level == IPPROTO_TCP && name == TCP_QUICKACK)
		acknowledged++;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, n);
}

/* Binds address:port (0: any) and listens unless backlog is negative. */
static int
server(const char *address, int port, int backlog, char *service)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	int is_v6 = strchr(address, ':') != NULL;
	struct sockaddr *sa =
	    is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
	socklen_t len = is_v6 ? sizeof(v6) : sizeof(v4);
	const int one = 1;
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	inet_pton(sa->sa_family, address,
	    is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, sa, len) < 0 ||
	    (backlog >= 0 && listen(fd, backlog) < 0) ||
	    getsockname(fd, sa, &len) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	sprintf(service, "%u", ntohs(is_v6 ? v6.sin6_port : v4.sin_port));
	return fd;
}

/* Opens to the end, waiting only for what the transport asks for. */
static int
open_all(struct transport *t, struct error *err)
{
	int r;

	while ((r = t->ops->open(t, err)) == TRANSPORT_AGAIN) {
		struct pollfd p;

		p.events = t->ops->wants(t, &p.fd);
		assert_true(p.fd >= 0);
		if (poll(&p, 1, WAIT_MS) <= 0)
			fail_msg("nothing happens");
	}
	return r;
}

/* Where a transport goes to; the addresses are parted by spaces. */
struct place {
	struct endpoint endpoints[8];
	unsigned count;
};

static struct transport *
tcp_from(struct place *p, const char *host, const char *addresses,
    const char *service, const struct interface *from)
{
	in_port_t port = htons((in_port_t)atoi(service));
	char text[256], *rest = text, *address;

	*p = (struct place){0};
	snprintf(text, sizeof(text), "%s", addresses);
	while ((address = strsep(&rest, " ")) != NULL) {
		struct endpoint *e = &p->endpoints[p->count++];

		assert_int_equal(endpoint_parse(e, address), 0);
		if (e->any.sa_family == AF_INET6)
			e->v6.sin6_port = port;
		else
			e->v4.sin_port = port;
	}
	return tcp_new(&(struct tcp_params){.host = host,
	    .endpoints = p->endpoints,
	    .count = p->count,
	    .from = from});
}

static struct transport *
tcp_to(struct place *p, const char *addresses, const char *service)
{
	return tcp_from(p,
	    strchr(addresses, ' ') != NULL ? "x.test" : addresses, addresses,
	    service, NULL);
}

/* The same host once more. */
static struct transport *
tcp_again(struct place *p)
{
	return tcp_new(&(struct tcp_params){
	    .host = "x.test", .endpoints = p->endpoints, .count = p->count});
}

static void
assert_error(const struct error *err, int status, const char *part)
{
	if (strstr(err->text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, err->text);
	assert_int_equal(err->status, status);
}

static void
fails(const char *host, const char *addresses, const char *service,
    const char *part)
{
	struct place place;
	struct transport *t = tcp_from(&place, host, addresses, service, NULL);
	struct error err;

	assert_int_equal(open_all(t, &err), -1);
	assert_error(&err, EX_TEMPFAIL, part);
	for (unsigned i = 0; i < place.count; i++) {
		assert_int_not_equal(place.endpoints[i].error, 0);
		assert_false(place.endpoints[i].connected);
	}
	transport_free(t);
}

static void
a_connection_knows_its_ends(void **state)
{
	char service[8];
	int listener = server("127.0.0.1", 0, 5, service), fd, one = 0;
	struct place place;
	struct transport *t = tcp_to(&place, "127.0.0.1", service);
	socklen_t len = sizeof(one);
	struct error err;

	(void)state;
	assert_int_equal(open_all(t, &err), 0);
	assert_string_equal(t->peer.address, "127.0.0.1");
	assert_string_equal(t->peer.local_address, "127.0.0.1");
	assert_int_equal(t->peer.port, atoi(service));
	assert_true(t->peer.local);
	assert_null(t->tls);
	assert_int_equal(t->ops->wants(t, &fd), POLLIN);
	getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, &len);
	assert_int_not_equal(one, 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_true(place.endpoints[0].connected);
	assert_int_equal(place.endpoints[0].error, 0);
	transport_free(t);
	close(listener);
}

static void
a_refusal_names_the_address(void **state)
{
	char service[8], text[64];
	int bound = server("127.0.0.1", 0, -1, service);

	(void)state;
	sprintf(text, "127.0.0.1:%s: Connection refused", service);
	fails("127.0.0.1", "127.0.0.1", service, text);
	sprintf(text, "one.test (127.0.0.1:%s): Connection refused", service);
	fails("one.test", "127.0.0.1", service, text);
	close(bound);
}

static void
families_take_turns_and_each_refusal_is_told(void **state)
{
	static const char mixed[] = "127.0.0.2 127.0.0.3 ::1 127.0.0.4";
	char service[8], text[256];
	int bound = server("127.0.0.2", 0, -1, service);

	(void)state;
	sprintf(text,
	    "mixed.test: 127.0.0.2:%s: Connection refused, [::1]:%s: ", service,
	    service);
	fails("mixed.test", mixed, service, text);
	sprintf(text,
	    ", 127.0.0.3:%s: Connection refused, 127.0.0.4:%s: "
	    "Connection refused",
	    service, service);
	fails("mixed.test", mixed, service, text);
	fails("six.test",
	    "127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.6 127.0.0.7",
	    service, "refused, and 2 more");
	close(bound);
}

static void
an_endpoint_that_was_connected_to_is_passed_over(void **state)
{
	char service[8], same[8];
	int first = server("127.0.0.1", 0, 5, service);
	int second = server("127.0.0.2", atoi(service), 5, same);
	struct place place;
	struct transport *t = tcp_to(&place, "127.0.0.2 127.0.0.1", service);
	struct error err;

	(void)state;
	assert_int_equal(open_all(t, &err), 0);
	assert_string_equal(t->peer.address, "127.0.0.2");
	assert_true(place.endpoints[0].connected);
	assert_false(place.endpoints[1].connected);
	assert_int_equal(place.endpoints[1].error, 0);
	transport_free(t);
	t = tcp_again(&place);
	assert_int_equal(open_all(t, &err), 0);
	assert_string_equal(t->peer.address, "127.0.0.1");
	assert_true(place.endpoints[1].connected);
	transport_free(t);
	close(first);
	close(second);
}

/* Fills the queue of a listener until a connection is not answered. */
static int
silence(const char *address, const char *service, struct place *places,
    struct transport **pending)
{
	struct error err;
	int n = 0;

	for (;;) {
		struct pollfd p;

		assert_in_range(n, 0, PENDING_MAX - 1);
		pending[n] = tcp_to(&places[n], address, service);
		if (pending[n]->ops->open(pending[n], &err) == 0) {
			n++;
			continue;
		}
		p.events = pending[n]->ops->wants(pending[n], &p.fd);
		n++;
		if (poll(&p, 1, 0) == 0)
			return n;
	}
}

static void
a_silent_address_is_overtaken_by_the_next_one(void **state)
{
	char service[8], same[8];
	int listener = server("127.0.0.1", 0, 5, service);
	int silent = server("127.0.0.2", atoi(service), 0, same);
	struct transport *pending[PENDING_MAX], *t;
	struct place places[PENDING_MAX], place;
	int n = silence("127.0.0.2", service, places, pending);
	struct error err;

	(void)state;
	t = tcp_to(&place, "127.0.0.2 127.0.0.1", service);
	assert_int_equal(open_all(t, &err), 0);
	assert_string_equal(t->peer.address, "127.0.0.1");
	/* The silent one was not found dead. */
	assert_int_equal(place.endpoints[0].error, 0);
	assert_false(place.endpoints[0].connected);
	transport_free(t);
	while (n > 0)
		transport_free(pending[--n]);
	close(listener);
	close(silent);
}

static void
a_dead_address_is_followed_by_the_next_one_at_once(void **state)
{
	char service[8];
	int listener = server("127.0.0.1", 0, 5, service);
	struct place place;
	struct transport *t = tcp_to(&place, "127.0.0.2 127.0.0.1", service);
	struct error err;

	(void)state;
	assert_int_equal(open_all(t, &err), 0);
	assert_string_equal(t->peer.address, "127.0.0.1");
	assert_int_equal(place.endpoints[0].error, ECONNREFUSED);
	transport_free(t);
	close(listener);
}

static void
a_transport_that_was_never_opened_can_be_freed(void **state)
{
	struct place place;

	(void)state;
	transport_free(tcp_to(&place, "127.0.0.1 ::1", "25"));
	transport_free(NULL);
}

static void
the_own_address_can_be_chosen(void **state)
{
	char service[8];
	int listener = server("127.0.0.1", 0, 5, service);
	struct interface from;
	struct place place;
	struct transport *t;
	struct error err;

	(void)state;
	assert_int_equal(interface_find(&from, "127.0.0.3", &err), 0);
	t = tcp_from(&place, "x", "::1 127.0.0.1", service, &from);
	assert_int_equal(open_all(t, &err), 0);
	assert_string_equal(t->peer.local_address, "127.0.0.3");
	assert_int_equal(place.endpoints[0].error, EAFNOSUPPORT);
	transport_free(t);
	assert_int_equal(interface_find(&from, "192.0.2.77", &err), 0);
	t = tcp_from(&place, "x", "127.0.0.1", service, &from);
	assert_int_equal(open_all(t, &err), -1);
	assert_error(&err, EX_OSERR, "192.0.2.77");
	transport_free(t);
	close(listener);
}

static void
having_no_descriptors_left_is_no_fault_of_the_server(void **state)
{
	struct place place;
	struct transport *t = tcp_to(&place, "127.0.0.1", "25");
	struct rlimit old, none;
	struct error err;
	int r;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NOFILE, &none);
	r = t->ops->open(t, &err);
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(r, -1);
	assert_error(&err, EX_OSERR, "Too many open files");
	transport_free(t);
}

/* A connection and the server's end of it. */
static struct transport *
connected(struct place *place, int *peer)
{
	char service[8];
	int listener = server("127.0.0.1", 0, 5, service);
	struct transport *t;
	struct error err;

	t = tcp_to(place, "127.0.0.1", service);
	assert_int_equal(open_all(t, &err), 0);
	*peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(*peer >= 0);
	close(listener);
	return t;
}

static void
await(struct transport *t)
{
	struct pollfd p;

	p.events = t->ops->wants(t, &p.fd);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

static void
bytes_go_both_ways_until_the_end(void **state)
{
	struct iovec iov[2] = {{(char *)"EH", 2}, {(char *)"LO\r\n", 4}};
	char buf[16];
	struct error err;
	int peer;
	struct place place;
	struct transport *t = connected(&place, &peer);

	(void)state;
	assert_int_equal(
	    t->ops->recv(t, buf, sizeof(buf), &err), TRANSPORT_AGAIN);
	assert_int_equal(t->ops->send(t, iov, 2, &err), 6);
	assert_int_equal(recv(peer, buf, sizeof(buf), 0), 6);
	assert_memory_equal(buf, "EHLO\r\n", 6);
	assert_int_equal(write(peer, "220\r\n", 5), 5);
	shutdown(peer, SHUT_WR);
	await(t);
	assert_int_equal(t->ops->recv(t, buf, sizeof(buf), &err), 5);
	await(t);
	assert_int_equal(t->ops->recv(t, buf, sizeof(buf), &err), 0);
	close(peer);
	transport_free(t);
}

/* RFC 9293 3.8.6.3; with Nagle (RFC 1122 4.2.3.4) at the other end. */
static void
what_came_is_acknowledged_at_once_where_more_is_awaited(void **state)
{
	struct iovec iov = {(char *)"NOOP\r\n", 6};
	char buf[16];
	struct error err;
	int peer;
	struct place place;
	struct transport *t = connected(&place, &peer);

	(void)state;
	acknowledged = 0;
	assert_int_equal(t->ops->send(t, &iov, 1, &err), 6);
	assert_int_equal(
	    t->ops->recv(t, buf, sizeof(buf), &err), TRANSPORT_AGAIN);
	assert_int_equal(acknowledged, 0);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(write(peer, "250\r\n", 5), 5);
		await(t);
		assert_int_equal(t->ops->recv(t, buf, sizeof(buf), &err), 5);
		assert_int_equal(acknowledged, i - 1);
		assert_int_equal(
		    t->ops->recv(t, buf, sizeof(buf), &err), TRANSPORT_AGAIN);
		assert_int_equal(
		    t->ops->recv(t, buf, sizeof(buf), &err), TRANSPORT_AGAIN);
		assert_int_equal(acknowledged, i);
	}
	/* An answer of ours takes the acknowledgement with it. */
	assert_int_equal(write(peer, "250\r\n", 5), 5);
	await(t);
	assert_int_equal(t->ops->recv(t, buf, sizeof(buf), &err), 5);
	assert_int_equal(t->ops->send(t, &iov, 1, &err), 6);
	assert_int_equal(
	    t->ops->recv(t, buf, sizeof(buf), &err), TRANSPORT_AGAIN);
	assert_int_equal(acknowledged, 3);
	close(peer);
	transport_free(t);
}

static void
a_reset_is_an_error_and_raises_no_signal(void **state)
{
	const struct linger at_once = {.l_onoff = 1};
	struct iovec iov = {(char *)"NOOP\r\n", 6};
	char buf[16];
	struct error err;
	int peer;
	struct place place;
	struct transport *t = connected(&place, &peer);

	(void)state;
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(peer);
	await(t);
	assert_int_equal(t->ops->recv(t, buf, sizeof(buf), &err), -1);
	assert_error(&err, EX_TEMPFAIL, "Connection reset");
	assert_int_equal(t->ops->send(t, &iov, 1, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	transport_free(t);
}

static void
a_full_connection_asks_for_room(void **state)
{
	char *big = calloc(1, 1 << 20);
	struct iovec iov = {big, 1 << 20};
	struct error err;
	ssize_t r;
	int peer, fd;
	struct place place;
	struct transport *t = connected(&place, &peer);

	(void)state;
	while ((r = t->ops->send(t, &iov, 1, &err)) > 0)
		;
	assert_int_equal(r, TRANSPORT_AGAIN);
	assert_int_equal(t->ops->wants(t, &fd), POLLIN | POLLOUT);
	while (recv(peer, big, 1 << 20, MSG_DONTWAIT) > 0)
		;
	await(t);
	assert_true(t->ops->send(t, &iov, 1, &err) > 0);
	assert_int_equal(t->ops->wants(t, &fd), POLLIN);
	free(big);
	close(peer);
	transport_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_connection_knows_its_ends),
	    cmocka_unit_test(a_refusal_names_the_address),
	    cmocka_unit_test(families_take_turns_and_each_refusal_is_told),
	    cmocka_unit_test(an_endpoint_that_was_connected_to_is_passed_over),
	    cmocka_unit_test(a_silent_address_is_overtaken_by_the_next_one),
	    cmocka_unit_test(
		a_dead_address_is_followed_by_the_next_one_at_once),
	    cmocka_unit_test(a_transport_that_was_never_opened_can_be_freed),
	    cmocka_unit_test(the_own_address_can_be_chosen),
	    cmocka_unit_test(
		having_no_descriptors_left_is_no_fault_of_the_server),
	    cmocka_unit_test(bytes_go_both_ways_until_the_end),
	    cmocka_unit_test(
		what_came_is_acknowledged_at_once_where_more_is_awaited),
	    cmocka_unit_test(a_reset_is_an_error_and_raises_no_signal),
	    cmocka_unit_test(a_full_connection_asks_for_room),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
