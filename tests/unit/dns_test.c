/* dns: what is asked, which answers count, and what they say. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/dns.h"
#include "lib/dns_packet.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
/* Octets with NULs in them, and how many. */
#define BYTES(text) text, sizeof(text) - 1

#define ID "\x12\x34"
#define GOOD ID "\x81\x80\0\1"
#define NO_MORE "\0\0\0\0"
#define QUESTION "\7example\3org\0\0\xf\0\1"
#define SRV_QUESTION "\xc_submissions\4_tcp\7example\3org\0\0\x21\0\1"
/* A record of the name that was asked for. */
#define RR(type) "\xc0\xc\0" type "\0\1\0\0\0\5"

static struct dns_question
question(const char *name, enum dns_type type)
{
	struct dns_question q = {.id = 0x1234};
	struct error err;

	assert_int_equal(dns_question_set(&q, name, type, &err), 0);
	return q;
}

static void
a_question_has_its_name_in_labels_and_wants_recursion(void **state)
{
	static const char wanted[] = ID "\1\0\0\1\0\0\0\0\0\0" QUESTION;
	struct dns_question q = question("example.org.", DNS_MX);
	unsigned char packet[DNS_QUERY_MAX];

	(void)state;
	assert_int_equal(dns_query_write(&q, packet), sizeof(wanted) - 1);
	assert_memory_equal(packet, wanted, sizeof(wanted) - 1);
}

static void
what_is_no_name_is_not_asked_for(void **state)
{
	static const char *const names[] = {"", ".", "a..b", ".a", "a b", "a\n",
	    "a\xc3\xa4", "*.a",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    ".org"};
	char longest[260];
	struct dns_question q;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(names); i++)
		if (dns_question_set(&q, names[i], DNS_MX, &err) != -1 ||
		    err.status != EX_USAGE)
			fail_msg("'%s' can be asked for", names[i]);
	memset(longest, 'a', sizeof(longest));
	for (i = 50; i < sizeof(longest); i += 50)
		longest[i] = '.';
	longest[254] = '\0';
	assert_int_equal(dns_question_set(&q, longest, DNS_MX, &err), -1);
	longest[253] = '\0';
	assert_int_equal(dns_question_set(&q, longest, DNS_MX, &err), 0);
}

/* "10 a, 20 b"; "foreign", "cut", "failed: TEXT". */
static void
assert_reads(const struct dns_question *q, const char *packet, size_t n,
    const char *wanted)
{
	struct arena arena = {0};
	const struct dns_record *records = NULL;
	size_t count = 0, i;
	struct error err = {0};
	char got[2000] = "";
	/* Nothing is behind its end. */
	unsigned char *copy = malloc(n > 0 ? n : 1);

	assert_non_null(copy);
	memcpy(copy, packet, n);
	switch (dns_answer_read(q, copy, n, &arena, &records, &count, &err)) {
	case DNS_READ:
		for (i = 0; i < count; i++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got),
			    "%s%u %s", i > 0 ? ", " : "", records[i].priority,
			    records[i].host);
		break;
	case DNS_FOREIGN:
		snprintf(got, sizeof(got), "foreign");
		break;
	case DNS_CUT:
		snprintf(got, sizeof(got), "cut");
		break;
	case DNS_FAILED:
		snprintf(got, sizeof(got), "failed: %s", err.text);
		break;
	}
	if (strcmp(got, wanted) != 0)
		fail_msg("'%s', not '%s'", got, wanted);
	free(copy);
	arena_clear(&arena);
}

static void
an_answer_counts_if_it_is_one_to_the_question(void **state)
{
	static const struct {
		const char *packet;
		size_t n;
		const char *wanted;
	} cases[] = {
	    {BYTES(GOOD
		 "\0\2" NO_MORE QUESTION RR("\xf") "\0\7\0\x14\2Mx\xc0\xc" RR(
		     "\xf") "\0\6\0\xa\1a\xc0\xc"),
		"10 a.example.org, 20 mx.example.org"},
	    {BYTES(GOOD "\0\0" NO_MORE QUESTION), ""},
	    {BYTES(ID "\x81\x83\0\1\0\0" NO_MORE QUESTION), ""},
	    {BYTES(GOOD "\0\0" NO_MORE "\7EXAMPLE\3Org\0\0\xf\0\1"), ""},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\3\0\0\0"), "0 "},
	    /* of another name, type or class */
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION
			"\4evil\0\0\xf\0\1\0\0\0\5\0\3\0\0\0"),
		""},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\1") "\0\4\1\2\3\4"), ""},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION
			"\xc0\xc\0\xf\0\3\0\0\0\5\0\3\0\0\0"),
		""},
	    /* a host that nobody could name */
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\7\0\1\3a\nb\0"),
		""},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\7\0\1\3a.b\0"),
		""},
	    /* an alias, and what it is one of */
	    {BYTES(GOOD "\0\2" NO_MORE QUESTION RR("\5") "\0\4\1b\xc0\xc"
							 "\1b\xc0\xc\0\xf\0\1"
							 "\0\0\0\5\0\3\0\1\0"),
		"1 "},
	    /* a circle of them */
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\5") "\0\2\xc0\xc"),
		"failed: that is no answer"},
	    /* not to this question */
	    {BYTES("\x12\x35\x81\x80\0\1\0\0" NO_MORE QUESTION), "foreign"},
	    {BYTES(ID "\1\0\0\1\0\0" NO_MORE QUESTION), "foreign"},
	    {BYTES(ID "\xa9\x80\0\1\0\0" NO_MORE QUESTION), "foreign"},
	    {BYTES(ID "\x81\x80\0\0\0\0" NO_MORE), "foreign"},
	    {BYTES(GOOD "\0\0" NO_MORE "\7example\3com\0\0\xf\0\1"), "foreign"},
	    {BYTES(GOOD "\0\0" NO_MORE "\7example\3org\0\0\1\0\1"), "foreign"},
	    {BYTES(GOOD "\0\0" NO_MORE "\7example\3org\0\0\xf\0\3"), "foreign"},
	    {BYTES(GOOD "\0\0" NO_MORE "\7example\3org\0\0\xf\0"), "foreign"},
	    {BYTES(""), "foreign"},
	    {BYTES(ID), "foreign"},
	    {BYTES("HTTP/1.1 400 Bad Request"), "foreign"},
	    /* the server's state */
	    {BYTES(ID "\x83\x80\0\1\0\0" NO_MORE QUESTION), "cut"},
	    {BYTES(ID "\x81\x82\0\1\0\0" NO_MORE QUESTION),
		"failed: it cannot tell now (code 2)"},
	    {BYTES(ID "\x81\x85\0\1\0\0" NO_MORE QUESTION),
		"failed: it tells us nothing (code 5)"},
	    /* records that end too soon, or not where they say */
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION), "failed: that is no answer"},
	    {BYTES(GOOD "\xff\xff" NO_MORE QUESTION),
		"failed: that is no answer"},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\4\0\1\0"),
		"failed: that is no answer"},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\4\0\1\0x"),
		"failed: that is no answer"},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\1\0"),
		"failed: that is no answer"},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\4\0\1\xc0\x2b"),
		"failed: that is no answer"},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\4\0\1\xc0\xff"),
		"failed: that is no answer"},
	    {BYTES(
		 GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\6\0\1\1a\xc0\x2b"),
		"failed: that is no answer"},
	    {BYTES(GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\5\0\1\x40"
							  "a\0"),
		"failed: that is no answer"},
	};
	struct dns_question q = question("example.org", DNS_MX);
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++)
		assert_reads(&q, cases[i].packet, cases[i].n, cases[i].wanted);
}

static void
every_answer_that_is_cut_anywhere_is_none(void **state)
{
	static const char packet[] =
	    GOOD "\0\1" NO_MORE QUESTION RR("\xf") "\0\7\0\x14\2mx\xc0\xc";
	struct dns_question q = question("example.org", DNS_MX);
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(packet) - 1; n++)
		assert_reads(&q, packet, n,
		    n < 12 + sizeof(QUESTION) - 1
			? "foreign"
			: "failed: that is no answer");
}

static void
srv_has_weights_and_ports(void **state)
{
	static const char packet[] = GOOD "\0\1" NO_MORE SRV_QUESTION RR(
	    "\x21") "\0\xd\0\1\0\2\1\xd1\4mail\xc0"
		    "\x1e";
	struct dns_question q =
	    question("_submissions._tcp.example.org", DNS_SRV);
	const struct dns_record *records;
	struct arena arena = {0};
	struct error err;
	size_t count;

	(void)state;
	assert_int_equal(
	    dns_answer_read(&q, (const unsigned char *)packet,
		sizeof(packet) - 1, &arena, &records, &count, &err),
	    DNS_READ);
	assert_int_equal(count, 1);
	assert_int_equal(records[0].priority, 1);
	assert_int_equal(records[0].weight, 2);
	assert_int_equal(records[0].port, 465);
	assert_string_equal(records[0].host, "mail.example.org");
	arena_clear(&arena);
}

static void
a_name_server_is_an_address_with_or_without_a_port(void **state)
{
	static const char *const good[] = {
	    "127.0.0.1", "127.0.0.1:5353", "::1", "[::1]", "[::1]:5353"};
	static const char *const bad[] = {"", "example.org",
	    "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
	    "[::1", "[::1]x", "[::1]:", "127.0.0.1:-1", "127.0.0.1:53 ", ":53",
	    "127.0.0.256"};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(good); i++)
		if (dns_server_check(good[i], &err) == -1)
			fail_msg("%s", err.text);
	for (i = 0; i < LENGTH(bad); i++)
		if (dns_server_check(bad[i], &err) != -1 ||
		    err.status != EX_USAGE)
			fail_msg("'%s' is taken", bad[i]);
}

/* A server that has one port for both. */
struct played {
	int udp, tcp;
	unsigned port;
	char name[40];
	enum { HONEST, FORGED, CUT, CUT_GARBAGE, SILENT } how;
	pthread_t thread;
};

static void
answer(unsigned char *packet, size_t *n, unsigned char flags)
{
	static const char record[] = RR("\xf") "\0\6\0\xa\1a\xc0\xc";

	packet[2] |= flags;
	packet[7] = 1;
	memcpy(packet + *n, record, sizeof(record) - 1);
	*n += sizeof(record) - 1;
}

static void *
play(void *arg)
{
	struct played *p = arg;
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	unsigned char packet[1024];
	ssize_t r = recvfrom(p->udp, packet, sizeof(packet) - 64, 0,
	    (struct sockaddr *)&from, &size);
	size_t n = r > 0 ? (size_t)r : 0;
	int fd;

	if (p->how == SILENT || r <= 0)
		return NULL;
	if (p->how == FORGED) {
		packet[0] ^= 1;
		answer(packet, &n, 0x80);
		sendto(p->udp, packet, n, 0, (struct sockaddr *)&from, size);
		packet[0] ^= 1;
		n = (size_t)r;
	}
	if (p->how == CUT || p->how == CUT_GARBAGE) {
		packet[2] |= 0x82;
		sendto(p->udp, packet, n, 0, (struct sockaddr *)&from, size);
		fd = accept(p->tcp, NULL, NULL);
		n = (size_t)recv(fd, packet, sizeof(packet) - 64, 0);
		n -= 2;
		answer(packet + 2, &n, 0x80);
		packet[1] = (unsigned char)n;
		packet[2] ^= p->how == CUT_GARBAGE;
		/* In two pieces. */
		send(fd, packet, 1, MSG_NOSIGNAL);
		send(fd, packet + 1, n + 1, MSG_NOSIGNAL);
		close(fd);
		return NULL;
	}
	answer(packet, &n, 0x80);
	sendto(p->udp, packet, n, 0, (struct sockaddr *)&from, size);
	return NULL;
}

static void
begin(struct played *p, int how)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t size = sizeof(a);
	int tries;

	p->how = how;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* A port that is free for both. */
	for (tries = 0; tries < 100; tries++) {
		a.sin_port = 0;
		p->tcp = socket(AF_INET, SOCK_STREAM, 0);
		p->udp = socket(AF_INET, SOCK_DGRAM, 0);
		assert_int_equal(
		    bind(p->tcp, (struct sockaddr *)&a, sizeof(a)), 0);
		assert_int_equal(
		    getsockname(p->tcp, (struct sockaddr *)&a, &size), 0);
		if (bind(p->udp, (struct sockaddr *)&a, sizeof(a)) == 0)
			break;
		close(p->tcp);
		close(p->udp);
	}
	assert_int_equal(listen(p->tcp, 1), 0);
	p->port = ntohs(a.sin_port);
	snprintf(p->name, sizeof(p->name), "127.0.0.1:%u", p->port);
	assert_int_equal(pthread_create(&p->thread, NULL, play, p), 0);
}

static void
end(struct played *p)
{
	assert_int_equal(pthread_join(p->thread, NULL), 0);
	close(p->udp);
	close(p->tcp);
}

static void
the_right_answer_is_waited_for_and_fetched_by_tcp_where_it_was_cut(void **state)
{
	static const int ways[] = {HONEST, FORGED, CUT};
	const struct dns_record *records;
	struct arena arena = {0};
	struct error err;
	size_t i, count;

	(void)state;
	for (i = 0; i < LENGTH(ways); i++) {
		struct played p;
		struct dns_params params = {.server = p.name};

		begin(&p, ways[i]);
		if (dns_mx(&params, "example.org", &arena, &records, &count,
			&err) == -1)
			fail_msg("%s", err.text);
		end(&p);
		assert_int_equal(count, 1);
		assert_string_equal(records[0].host, "a.example.org");
	}
	arena_clear(&arena);
}

static void
an_answer_by_tcp_to_something_else_is_none(void **state)
{
	const struct dns_record *records;
	struct arena arena = {0};
	struct played p;
	struct dns_params params = {.server = p.name, .timeout_ms = 1000};
	struct error err;
	size_t count;

	(void)state;
	begin(&p, CUT_GARBAGE);
	assert_int_equal(
	    dns_mx(&params, "example.org", &arena, &records, &count, &err), -1);
	end(&p);
	arena_clear(&arena);
}

static void
silence_ends_with_the_time_for_it(void **state)
{
	const struct dns_record *records;
	struct arena arena = {0};
	struct played p;
	struct dns_params params = {.server = p.name, .timeout_ms = 100};
	int64_t start;
	struct error err;
	size_t count;

	(void)state;
	begin(&p, SILENT);
	start = clock_monotonic_us();
	assert_int_equal(
	    dns_mx(&params, "example.org", &arena, &records, &count, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_non_null(strstr(err.text, "no answer in time"));
	assert_true(clock_monotonic_us() - start < 5000000);
	assert_null(records);
	end(&p);
	arena_clear(&arena);
}

static void
a_signal_ends_the_wait(void **state)
{
	static const volatile int stop = 15;
	const struct wait_limits wait = {.stop = &stop};
	const struct dns_record *records;
	struct arena arena = {0};
	struct played p;
	struct dns_params params = {.server = p.name, .wait = &wait};
	struct error err;
	size_t count;

	(void)state;
	begin(&p, SILENT);
	assert_int_equal(
	    dns_mx(&params, "example.org", &arena, &records, &count, &err), -1);
	assert_int_equal(err.status, EX_SIGNAL + 15);
	shutdown(p.udp, SHUT_RDWR);
	end(&p);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_question_has_its_name_in_labels_and_wants_recursion),
	    cmocka_unit_test(what_is_no_name_is_not_asked_for),
	    cmocka_unit_test(an_answer_counts_if_it_is_one_to_the_question),
	    cmocka_unit_test(every_answer_that_is_cut_anywhere_is_none),
	    cmocka_unit_test(srv_has_weights_and_ports),
	    cmocka_unit_test(
		a_name_server_is_an_address_with_or_without_a_port),
	    cmocka_unit_test(
		the_right_answer_is_waited_for_and_fetched_by_tcp_where_it_was_cut),
	    cmocka_unit_test(an_answer_by_tcp_to_something_else_is_none),
	    cmocka_unit_test(silence_ends_with_the_time_for_it),
	    cmocka_unit_test(a_signal_ends_the_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
