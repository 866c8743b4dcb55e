/*
 * A transport that leads through a proxy, against proxies that follow a script;
 * names are looked up in a table of ours.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/proxy.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(s) (s), sizeof(s) - 1

enum { WAIT_MS = 20000, STEPS_MAX = 6 };

static atomic_int looked_up; /* names, by whoever does it */

/* Takes the place of the C library's: mail.test has two addresses. */
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
	atomic_fetch_add(&looked_up, 1);
	if (strcmp(host, "mail.test") != 0)
		return EAI_NONAME;
	numeric.ai_flags = AI_NUMERICHOST;
	r = real("192.0.2.1", service, &numeric, list);
	return r != 0 ? r
		      : real("192.0.2.2", service, &numeric, &(*list)->ai_next);
}

/* Bytes that are to come, all of them, or a request up to its empty line; and
 * the answer. */
struct step {
	const char *hears; /* NULL: a request */
	size_t hears_n;
	const char *says;
	size_t says_n;
	bool again; /* on a connection of its own */
};

struct script {
	struct step steps[STEPS_MAX]; /* of all connections */
	size_t count;
	bool closes;  /* after the last step, else it waits */
	bool endless; /* the last answer goes out again and again */
};

struct proxy_server {
	const struct script *script;
	int listener;
	pthread_t thread;
	char wrong[256];    /* what came instead, "" */
	char request[4096]; /* the last one */
};

static bool
take(int fd, void *bytes, size_t n)
{
	return n == 0 || recv(fd, bytes, n, MSG_WAITALL) == (ssize_t)n;
}

static bool
take_request(int fd, char *request, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && take(fd, request + n, 1)) {
		request[++n] = '\0';
		if (n >= 4 && strcmp(request + n - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

static bool
follow(struct proxy_server *s, int fd, const struct step *step)
{
	unsigned char bytes[1024];
	size_t i, n = 0;

	if (step->hears == NULL) {
		if (!take_request(fd, s->request, sizeof(s->request)))
			return false;
	} else {
		if (!take(fd, bytes, step->hears_n))
			return false;
		for (i = 0; i < step->hears_n; i++)
			if (bytes[i] != (unsigned char)step->hears[i])
				n += (size_t)snprintf(s->wrong + n,
				    n < 200 ? 40 : 0, "octet %zu is %u; ", i,
				    bytes[i]);
	}
	return send(fd, step->says, step->says_n, MSG_NOSIGNAL) ==
	    (ssize_t)step->says_n;
}

static void *
serve(void *arg)
{
	struct proxy_server *s = arg;
	const struct script *script = s->script;
	const struct step *step = script->steps;
	const struct step *end = step + script->count, *last;
	char byte;
	int fd;

	do {
		fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			break;
		do
			last = step;
		while (step < end && follow(s, fd, step++) && step < end &&
		    !step->again);
		while (script->endless &&
		    send(fd, last->says, last->says_n, MSG_NOSIGNAL) > 0)
			;
		if (!script->closes)
			while (recv(fd, &byte, 1, 0) > 0)
				;
		close(fd);
	} while (step < end && step->again);
	return NULL;
}

static unsigned
begin(struct proxy_server *s, const struct script *script)
{
	struct sockaddr_in sin = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);

	*s = (struct proxy_server){.script = script};
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(s->listener, 5), 0);
	getsockname(s->listener, (struct sockaddr *)&sin, &len);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
	return ntohs(sin.sin_port);
}

static void
end(struct proxy_server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
}

/* What a transport needs, for as long as it lives. */
struct way {
	struct arena arena;
	struct proxy proxy;
	struct endpoint endpoint;
	struct transport *transport;
};

/* `url` has a %u for the port. */
static void
way_init(struct way *w, const char *url, unsigned port, const char *host)
{
	struct proxy_params params = {.host = host, .port = 25};
	char text[256];
	struct error err;

	*w = (struct way){0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof(text), url, port);
#pragma GCC diagnostic pop
	if (proxy_url_parse(&w->arena, text, &w->proxy, &err) == -1)
		fail_msg("%s", err.text);
	assert_int_equal(endpoint_parse(&w->endpoint, "127.0.0.1"), 0);
	w->endpoint.v4.sin_port = htons((in_port_t)port);
	params.proxy = &w->proxy;
	params.tcp = (struct tcp_params){
	    .host = w->proxy.host, .endpoints = &w->endpoint, .count = 1};
	w->transport = proxy_new(&params);
}

static void
way_clear(struct way *w)
{
	transport_free(w->transport);
	secret_clear(&w->proxy.password);
	arena_clear(&w->arena);
}

/* 1: nothing happens in so long; else what open() said in the end. */
static int
open_within(struct transport *t, int ms, struct error *err)
{
	struct pollfd p;
	int r;

	while ((r = t->ops->open(t, err)) == TRANSPORT_AGAIN) {
		p.events = t->ops->wants(t, &p.fd);
		assert_true(p.fd >= 0);
		if (poll(&p, 1, ms) <= 0)
			return 1;
	}
	return r;
}

/* The server says its greeting through the proxy, and hears what we say. */
static void
talks(struct transport *t)
{
	static const char hello[] = "220 hello\r\n";
	struct iovec iov = {(void *)(uintptr_t) "EHLO me\r\n", 9};
	char bytes[64];
	struct error err;
	struct pollfd p;
	ssize_t r, n = 0;

	while (n < (ssize_t)sizeof(hello) - 1) {
		r = t->ops->recv(t, bytes + n, sizeof(bytes) - (size_t)n, &err);
		if (r == TRANSPORT_AGAIN) {
			p.events = t->ops->wants(t, &p.fd);
			if (poll(&p, 1, WAIT_MS) <= 0)
				fail_msg("%s: silence", t->peer.proxy);
			continue;
		}
		assert_true(r > 0);
		n += r;
	}
	assert_memory_equal(bytes, hello, sizeof(hello) - 1);
	assert_int_equal(t->ops->send(t, &iov, 1, &err), 9);
}

#define GREETING "220 hello\r\n"
#define EHLO BYTES("EHLO me\r\n")

static const struct row {
	const char *url, *host;
	int lookups;
	const char *address; /* of the peer */
	struct script script;
} rows[] = {
    {"socks5h://127.0.0.1:%u", "mail.test", 0, "",
	{{{BYTES("\5\1\0"), BYTES("\5\0")},
	     {BYTES("\5\1\0\3\11mail.test\0\31"),
		 BYTES("\5\0\0\1\0\0\0\0\0\0" GREETING)},
	     {EHLO, "", 0}},
	    3}},
    {"socks5h://me:pw@127.0.0.1:%u", "mail.test", 0, "",
	{{{BYTES("\5\2\0\2"), BYTES("\5\2")},
	     {BYTES("\1\2me\2pw"), BYTES("\1\0")},
	     {BYTES("\5\1\0\3\11mail.test\0\31"),
		 BYTES("\5\0\0\3\11mail.test\0\0" GREETING)},
	     {EHLO, "", 0}},
	    4}},
    {"socks5h://127.0.0.1:%u", "192.0.2.7", 0, "192.0.2.7",
	{{{BYTES("\5\1\0"), BYTES("\5\0")},
	     {BYTES("\5\1\0\1\300\0\2\7\0\31"),
		 BYTES("\5\0\0\1\0\0\0\0\0\0" GREETING)},
	     {EHLO, "", 0}},
	    3}},
    {"socks5h://127.0.0.1:%u", "2001:db8::7", 0, "2001:db8::7",
	{{{BYTES("\5\1\0"), BYTES("\5\0")},
	     {BYTES("\5\1\0\4\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\7\0\31"),
		 BYTES(
		     "\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" GREETING)},
	     {EHLO, "", 0}},
	    3}},
    {"socks5://127.0.0.1:%u", "mail.test", 1, "192.0.2.1",
	{{{BYTES("\5\1\0"), BYTES("\5\0")},
	     {BYTES("\5\1\0\1\300\0\2\1\0\31"),
		 BYTES("\5\0\0\1\0\0\0\0\0\0" GREETING)},
	     {EHLO, "", 0}},
	    3}},
    {"socks4a://me@127.0.0.1:%u", "mail.test", 0, "",
	{{{BYTES("\4\1\0\31\0\0\0\1me\0mail.test\0"),
	      BYTES("\0\132\0\0\0\0\0\0" GREETING)},
	     {EHLO, "", 0}},
	    2}},
    {"socks4a://127.0.0.1:%u", "192.0.2.7", 0, "192.0.2.7",
	{{{BYTES("\4\1\0\31\300\0\2\7\0"),
	      BYTES("\0\132\0\0\0\0\0\0" GREETING)},
	     {EHLO, "", 0}},
	    2}},
    {"socks4://127.0.0.1:%u", "mail.test", 1, "192.0.2.1",
	{{{BYTES("\4\1\0\31\300\0\2\1\0"),
	      BYTES("\0\132\0\0\0\0\0\0" GREETING)},
	     {EHLO, "", 0}},
	    2}},
    {"http://127.0.0.1:%u", "mail.test", 0, "",
	{{{NULL, 0, BYTES("HTTP/1.1 200 OK\r\nX: y\r\n\r\n" GREETING)},
	     {EHLO, "", 0}},
	    2}},
    {"127.0.0.1:%u", "2001:db8::7", 0, "2001:db8::7",
	{{{NULL, 0,
	      BYTES("HTTP/1.0 200 Connection established\r\n\r\n" GREETING)},
	     {EHLO, "", 0}},
	    2}},
};

static void
each_kind_of_proxy_leads_to_the_server(void **state)
{
	struct proxy_server s;
	struct error err;
	struct way w;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++) {
		atomic_store(&looked_up, 0);
		way_init(
		    &w, rows[i].url, begin(&s, &rows[i].script), rows[i].host);
		if (open_within(w.transport, WAIT_MS, &err) != 0)
			fail_msg("%zu: %s: %s", i, err.text, s.wrong);
		assert_int_equal(atomic_load(&looked_up), rows[i].lookups);
		assert_string_equal(w.transport->peer.address, rows[i].address);
		assert_int_equal(w.transport->peer.port, 25);
		talks(w.transport);
		way_clear(&w);
		end(&s);
		assert_string_equal(s.wrong, "");
	}
}

static void
a_server_behind_a_proxy_on_loopback_is_not_local(void **state)
{
	static const char *const hosts[] = {
	    "mail.test", "127.0.0.1", "localhost"};
	static const struct script script = {
	    {{NULL, 0, BYTES("HTTP/1.1 200 OK\r\n\r\n")}}, 1};
	const struct transport_peer *peer;
	struct proxy_server s;
	struct error err;
	struct way w;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(hosts); i++) {
		way_init(
		    &w, "http://127.0.0.1:%u", begin(&s, &script), hosts[i]);
		assert_int_equal(open_within(w.transport, WAIT_MS, &err), 0);
		peer = &w.transport->peer;
		assert_false(peer->local);
		assert_false(peer->untapped);
		assert_string_equal(peer->proxy, w.proxy.text);
		assert_string_equal(peer->local_address, "127.0.0.1");
		way_clear(&w);
		end(&s);
	}
}

static void
an_http_proxy_is_told_the_server_and_who_we_are_and_no_more(void **state)
{
	static const struct script script = {
	    {{NULL, 0, BYTES("HTTP/1.1 200 OK\r\n\r\n")}}, 1};
	struct proxy_server s;
	struct error err;
	struct way w;

	(void)state;
	way_init(&w, "http://me:p%%40ss@127.0.0.1:%u", begin(&s, &script),
	    "mail.test");
	assert_int_equal(open_within(w.transport, WAIT_MS, &err), 0);
	way_clear(&w);
	end(&s);
	assert_string_equal(s.request,
	    "CONNECT mail.test:25 HTTP/1.1\r\nHost: mail.test:25\r\n"
	    "Proxy-Authorization: Basic bWU6cEBzcw==\r\n"
	    "Proxy-Connection: Keep-Alive\r\n\r\n");
}

static void
a_proxy_that_knows_digest_only_is_signed_in_to_by_it(void **state)
{
#define CHALLENGE                                  \
	"HTTP/1.1 407 No\r\nContent-Length: 0\r\n" \
	"Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n\r\n"
	static const struct script script = {
	    {{NULL, 0, BYTES(CHALLENGE)},
		{NULL, 0, BYTES(CHALLENGE), .again = true},
		{NULL, 0, BYTES("HTTP/1.1 200 OK\r\n\r\n" GREETING)}},
	    3};
	struct proxy_server s;
	struct error err;
	struct way w;

	(void)state;
	way_init(
	    &w, "http://me:pw@127.0.0.1:%u", begin(&s, &script), "mail.test");
	if (open_within(w.transport, WAIT_MS, &err) != 0)
		fail_msg("%s", err.text);
	talks(w.transport);
	way_clear(&w);
	end(&s);
	assert_non_null(strstr(
	    s.request, "\r\nProxy-Authorization: Digest username=\"me\""));
}

static void
variables_for_other_programs_are_none_of_libcurls_business(void **state)
{
	static const struct script script = {
	    {{NULL, 0, BYTES("HTTP/1.1 200 OK\r\n\r\n" GREETING)},
		{EHLO, "", 0}},
	    2};
	static const char *const variables[] = {
	    "no_proxy", "NO_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"};
	struct proxy_server s;
	struct error err;
	struct way w;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(variables); i++)
		setenv(variables[i], i < 2 ? "*" : "http://127.0.0.1:1", 1);
	way_init(&w, "http://127.0.0.1:%u", begin(&s, &script), "mail.test");
	assert_int_equal(open_within(w.transport, WAIT_MS, &err), 0);
	talks(w.transport);
	for (i = 0; i < LENGTH(variables); i++)
		unsetenv(variables[i]);
	way_clear(&w);
	end(&s);
}

/* One step, and what it is to the caller. */
static const struct failure {
	const char *url;
	struct script script;
	int status;
	const char *says, *hint;
} failures[] = {
    {"socks5h://127.0.0.1:%u", {{{BYTES("\5\1\0"), "", 0}}, 1, .closes = true},
	EX_TEMPFAIL, "it closed", ""},
    {"socks5h://127.0.0.1:%u",
	{{{BYTES("\5\1\0"), BYTES("\5")}}, 1, .closes = true}, EX_TEMPFAIL,
	"it closed", ""},
    {"socks5h://127.0.0.1:%u", {{{BYTES("\5\1\0"), BYTES("SSH-2.0-x\r\n")}}, 1},
	EX_PROTOCOL, "not SOCKS", ""},
    {"socks5h://127.0.0.1:%u", {{{BYTES("\5\1\0"), BYTES("\4\0")}}, 1},
	EX_PROTOCOL, "not SOCKS", ""},
    {"socks5h://127.0.0.1:%u", {{{BYTES("\5\1\0"), BYTES("\5\7")}}, 1},
	EX_PROTOCOL, "not offered", ""},
    {"socks5h://127.0.0.1:%u", {{{BYTES("\5\1\0"), BYTES("\5\377")}}, 1},
	EX_NOPERM, "wants a user and a password", "--proxy-password-file"},
    {"socks5h://me:hunter2@127.0.0.1:%u",
	{{{BYTES("\5\2\0\2"), BYTES("\5\377")}}, 1}, EX_NOPERM,
	"refuses the user me", ""},
    {"socks5h://me:hunter2@127.0.0.1:%u",
	{{{BYTES("\5\2\0\2"), BYTES("\5\2")},
	     {BYTES("\1\2me\7hunter2"), BYTES("\1\1")}},
	    2},
	EX_NOPERM, "refuses the user me", ""},
    {"socks5h://me:hunter2@127.0.0.1:%u",
	{{{BYTES("\5\2\0\2"), BYTES("\5\2")},
	     {BYTES("\1\2me\7hunter2"), "", 0}},
	    2, .closes = true},
	EX_TEMPFAIL, "it closed", ""},
#define SOCKS5_ANSWER(answer)                                             \
	{                                                                 \
		{{BYTES("\5\1\0"), BYTES("\5\0")},                        \
		    {BYTES("\5\1\0\3\11mail.test\0\31"), BYTES(answer)}}, \
		    2, .closes = true                                     \
	}
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER(""), EX_TEMPFAIL, "it closed", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\1\0\1\0\0\0\0\0\0"),
	EX_TEMPFAIL, "general failure", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\2\0\1\0\0\0\0\0\0"),
	EX_UNAVAILABLE, "its rules", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\3\0\1\0\0\0\0\0\0"),
	EX_TEMPFAIL, "network unreachable", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\4\0\1\0\0\0\0\0\0"),
	EX_TEMPFAIL, "host unreachable", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\5\0\1\0\0\0\0\0\0"),
	EX_TEMPFAIL, "connection refused", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\6\0\1\0\0\0\0\0\0"),
	EX_TEMPFAIL, "TTL expired", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\7\0\1\0\0\0\0\0\0"),
	EX_UNAVAILABLE, "makes no connections", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\10\0\1\0\0\0\0\0\0"),
	EX_UNAVAILABLE, "type of address", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\100\0\1\0\0\0\0\0\0"),
	EX_PROTOCOL, "none that SOCKS5 knows", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\4\0\0\1\0\0\0\0\0\0"),
	EX_PROTOCOL, "not SOCKS", ""},
    {"socks5h://127.0.0.1:%u", SOCKS5_ANSWER("\5\0\0\11\0\0\0\0\0\0"),
	EX_PROTOCOL, "type", ""},
#define SOCKS4_ANSWER(answer)                                                  \
	{                                                                      \
		{{BYTES("\4\1\0\31\0\0\0\1\0mail.test\0"), BYTES(answer)}}, 1, \
		    .closes = true                                             \
	}
    {"socks4a://127.0.0.1:%u", SOCKS4_ANSWER(""), EX_TEMPFAIL, "it closed", ""},
    {"socks4a://127.0.0.1:%u", SOCKS4_ANSWER("\0\133\0\0\0\0\0\0"), EX_TEMPFAIL,
	"it refuses the connection, or cannot make it", ""},
    {"socks4a://127.0.0.1:%u", SOCKS4_ANSWER("\0\134\0\0\0\0\0\0"), EX_NOPERM,
	"no identd", ""},
    {"socks4a://127.0.0.1:%u", SOCKS4_ANSWER("\0\135\0\0\0\0\0\0"), EX_NOPERM,
	"another user", ""},
    {"socks4a://127.0.0.1:%u", SOCKS4_ANSWER("\0\100\0\0\0\0\0\0"), EX_PROTOCOL,
	"none that SOCKS knows", ""},
    {"socks4a://127.0.0.1:%u", SOCKS4_ANSWER("220 hello\r\n"), EX_PROTOCOL,
	"not SOCKS", ""},
#define HTTP_ANSWER(answer)                                   \
	{                                                     \
		{{NULL, 0, BYTES(answer)}}, 1, .closes = true \
	}
    {"http://127.0.0.1:%u", HTTP_ANSWER(""), EX_TEMPFAIL, "it closed", ""},
    {"http://127.0.0.1:%u", HTTP_ANSWER("HTTP/1.1 20"), EX_TEMPFAIL,
	"it closed", ""},
    {"http://127.0.0.1:%u",
	HTTP_ANSWER("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic "
		    "realm=\"x\"\r\nContent-Length: 3\r\n\r\nno\n"),
	EX_NOPERM, "wants a user and a password", "--proxy-password-file"},
    {"http://me:hunter2@127.0.0.1:%u",
	HTTP_ANSWER("HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic "
		    "realm=\"x\"\r\nContent-Length: 0\r\n\r\n"),
	EX_NOPERM, "refuses the user me", ""},
    {"http://127.0.0.1:%u", HTTP_ANSWER("HTTP/1.1 403 Filtered\r\n\r\n"),
	EX_UNAVAILABLE, "it answers 403 Filtered", "port 25"},
    {"http://127.0.0.1:%u", HTTP_ANSWER("HTTP/1.1 405 No\r\n\r\n"),
	EX_UNAVAILABLE, "it answers 405 No", "port 25"},
    {"http://127.0.0.1:%u", HTTP_ANSWER("HTTP/1.1 404 x\r\n\r\n"),
	EX_UNAVAILABLE, "it answers 404 x", ""},
    {"http://127.0.0.1:%u", HTTP_ANSWER("HTTP/1.1 302 x\r\n\r\n"),
	EX_UNAVAILABLE, "it answers 302 x", ""},
    {"http://127.0.0.1:%u", HTTP_ANSWER("HTTP/1.1 429 x\r\n\r\n"), EX_TEMPFAIL,
	"it answers 429 x", ""},
    {"http://127.0.0.1:%u", HTTP_ANSWER("HTTP/1.1 502 Bad Gateway\r\n\r\n"),
	EX_TEMPFAIL, "it answers 502 Bad Gateway", ""},
    {"http://127.0.0.1:%u", HTTP_ANSWER("HTTP/1.1 503\r\n\r\n"), EX_TEMPFAIL,
	"it answers 503", ""},
    {"http://127.0.0.1:%u", HTTP_ANSWER("220 hello\r\n\r\n"), EX_PROTOCOL,
	"not HTTP", ""},
    {"http://127.0.0.1:%u", HTTP_ANSWER("SSH-2.0-x\r\n\r\n"), EX_PROTOCOL,
	"not HTTP", ""},
};

static void
each_failure_has_its_status_and_names_the_proxy(void **state)
{
	const struct failure *f;
	struct proxy_server s;
	struct error err;
	struct way w;
	int fd;

	(void)state;
	for (f = failures; f < failures + LENGTH(failures); f++) {
		way_init(&w, f->url, begin(&s, &f->script), "mail.test");
		err.hint[0] = '\0';
		assert_int_equal(open_within(w.transport, WAIT_MS, &err), -1);
		if (err.status != f->status ||
		    strstr(err.text, f->says) == NULL ||
		    strstr(err.hint, f->hint) == NULL)
			fail_msg("%zu (%s): %d %s (%s) %s",
			    (size_t)(f - failures), f->says, err.status,
			    err.text, err.hint, s.wrong);
		assert_non_null(strstr(err.text, w.proxy.text));
		assert_null(strstr(err.text, "hunter2"));
		w.transport->ops->wants(w.transport, &fd);
		assert_int_equal(fd, -1);
		way_clear(&w);
		end(&s);
		assert_string_equal(s.wrong, "");
	}
}

static void
an_answer_without_end_is_not_listened_to_for_ever(void **state)
{
	static const struct script scripts[] = {
	    {{{NULL, 0,
		 BYTES("HTTP/1.1 200 OK\r\nX: yyyyyyyyyyyyyyyyyyyy\r\n")}},
		1, .endless = true},
	    {{{NULL, 0, BYTES("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")}}, 1,
		.endless = true},
	    {{{NULL, 0, BYTES("HTTP/1.1 407 x\r\n\r\nxxxxxxxxxxxxxxxxxxx")}}, 1,
		.endless = true},
	};
	struct proxy_server s;
	struct error err;
	struct way w;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(scripts); i++) {
		way_init(&w, "http://127.0.0.1:%u", begin(&s, &scripts[i]),
		    "mail.test");
		assert_int_equal(open_within(w.transport, WAIT_MS, &err), -1);
		way_clear(&w);
		end(&s);
	}
}

static void
a_proxy_that_stalls_is_waited_for_without_turning(void **state)
{
	static const struct {
		const char *url;
		struct script script;
	} stalls[] = {
	    {"socks5h://127.0.0.1:%u", {{{BYTES(""), "", 0}}, 1}},
	    {"socks5h://127.0.0.1:%u", {{{BYTES("\5\1\0"), BYTES("\5")}}, 1}},
	    {"socks5h://127.0.0.1:%u", {{{BYTES("\5\1\0"), BYTES("\5\0")}}, 1}},
	    {"socks4a://127.0.0.1:%u", {{{BYTES("\4\1"), "", 0}}, 1}},
	    {"http://127.0.0.1:%u", {{{NULL, 0, "", 0}}, 1}},
	    {"http://127.0.0.1:%u", {{{NULL, 0, BYTES("HTTP/1.1 ")}}, 1}},
	    {"https://127.0.0.1:%u", {{{BYTES("\26"), "", 0}}, 1}},
	};
	struct proxy_server s;
	struct error err;
	struct way w;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(stalls); i++) {
		way_init(&w, stalls[i].url, begin(&s, &stalls[i].script),
		    "mail.test");
		/* No event in so long: it would be polled for nothing. */
		assert_int_equal(open_within(w.transport, 300, &err), 1);
		way_clear(&w);
		end(&s);
	}
}

static void
the_next_address_is_tried_when_the_proxy_cannot_reach_one(void **state)
{
	static const struct script script = {
	    {{BYTES("\4\1\0\31\300\0\2\1\0"), BYTES("\0\133\0\0\0\0\0\0")},
		{BYTES("\4\1\0\31\300\0\2\2\0"),
		    BYTES("\0\132\0\0\0\0\0\0" GREETING), .again = true}},
	    2};
	struct proxy_server s;
	struct error err;
	struct way w;

	(void)state;
	way_init(&w, "socks4://127.0.0.1:%u", begin(&s, &script), "mail.test");
	if (open_within(w.transport, WAIT_MS, &err) != 0)
		fail_msg("%s %s", err.text, s.wrong);
	assert_string_equal(w.transport->peer.address, "192.0.2.2");
	talks(w.transport);
	way_clear(&w);
	end(&s);
	assert_string_equal(s.wrong, "");
}

static void
a_name_that_is_looked_up_here_and_is_none_is_no_such_host(void **state)
{
	struct error err;
	struct way w;

	(void)state;
	way_init(&w, "socks5://127.0.0.1:%u", 1, "nowhere.test");
	assert_int_equal(open_within(w.transport, WAIT_MS, &err), -1);
	assert_int_equal(err.status, EX_NOHOST);
	assert_non_null(strstr(err.text, "nowhere.test: no such host"));
	assert_non_null(strstr(err.hint, "socks5h://"));
	way_clear(&w);
}

static void
a_proxy_that_is_not_there_is_named(void **state)
{
	struct proxy_server s;
	const struct script script = {.count = 0};
	unsigned port = begin(&s, &script);
	struct error err;
	struct way w;

	(void)state;
	end(&s);
	way_init(&w, "socks5h://127.0.0.1:%u", port, "mail.test");
	assert_int_equal(open_within(w.transport, WAIT_MS, &err), -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	assert_int_equal(
	    strncmp(err.text, "proxy socks5h://127.0.0.1:", 26), 0);
	assert_non_null(strstr(err.text, "Connection refused"));
	way_clear(&w);
}

/* Descriptors that are open, and those of them that children would get. */
static int
descriptors(bool inherited)
{
	int fd, flags, n = 0;

	for (fd = 0; fd < 256; fd++) {
		flags = fcntl(fd, F_GETFD);
		n += flags != -1 && (!inherited || (flags & FD_CLOEXEC) == 0);
	}
	return n;
}

static void
no_descriptor_is_left_or_passed_on(void **state)
{
	struct proxy_server s;
	struct error err;
	struct way w;
	int before, inherited;

	(void)state;
	/* What libraries open once they keep. */
	way_init(&w, rows[0].url, begin(&s, &rows[0].script), rows[0].host);
	assert_int_equal(open_within(w.transport, WAIT_MS, &err), 0);
	way_clear(&w);
	end(&s);
	before = descriptors(false);
	inherited = descriptors(true);
	way_init(&w, rows[0].url, begin(&s, &rows[0].script), rows[0].host);
	assert_int_equal(open_within(w.transport, WAIT_MS, &err), 0);
	assert_int_equal(descriptors(true), inherited);
	way_clear(&w);
	end(&s);
	assert_int_equal(descriptors(false), before);
	way_init(&w, failures[3].url, begin(&s, &failures[3].script), "x.test");
	assert_int_equal(open_within(w.transport, WAIT_MS, &err), -1);
	way_clear(&w);
	end(&s);
	assert_int_equal(descriptors(false), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind_of_proxy_leads_to_the_server),
	    cmocka_unit_test(a_server_behind_a_proxy_on_loopback_is_not_local),
	    cmocka_unit_test(
		an_http_proxy_is_told_the_server_and_who_we_are_and_no_more),
	    cmocka_unit_test(
		a_proxy_that_knows_digest_only_is_signed_in_to_by_it),
	    cmocka_unit_test(
		variables_for_other_programs_are_none_of_libcurls_business),
	    cmocka_unit_test(each_failure_has_its_status_and_names_the_proxy),
	    cmocka_unit_test(an_answer_without_end_is_not_listened_to_for_ever),
	    cmocka_unit_test(a_proxy_that_stalls_is_waited_for_without_turning),
	    cmocka_unit_test(
		the_next_address_is_tried_when_the_proxy_cannot_reach_one),
	    cmocka_unit_test(
		a_name_that_is_looked_up_here_and_is_none_is_no_such_host),
	    cmocka_unit_test(a_proxy_that_is_not_there_is_named),
	    cmocka_unit_test(no_descriptor_is_left_or_passed_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
