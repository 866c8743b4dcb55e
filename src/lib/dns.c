/* dns: who is asked, and how; see dns.h. */
#include "lib/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/dns_packet.h"
#include "lib/file.h"

enum {
	SERVERS_MAX = 3, /* as for everybody: resolv.conf(5) */
	TRIES = 2,
	TIMEOUT_MS = 10000,
	TCP_MAX = 65535,
	UDP_MAX = 4096, /* more than the 512 that we may get */
	NAMES_FILE_MAX = 64 * 1024,
};

struct name_server {
	struct sockaddr_storage address;
	socklen_t size;
	char name[80];
};

/* One question on its way. */
struct query {
	const struct dns_params *params;
	struct name_server servers[SERVERS_MAX];
	size_t server_count;
	struct dns_question question;
	unsigned char packet[2 + DNS_QUERY_MAX]; /* behind its length, which TCP
						    alone has */
	size_t len;
	struct wait_limits wait; /* of the try at hand */
	struct arena *arena;
	const struct dns_record **records;
	size_t *count;
};

static bool
numeric(struct name_server *out, const char *host, const char *port)
{
	const struct addrinfo hints = {
	    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	    .ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *found;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		return false;
	memcpy(&out->address, found->ai_addr, found->ai_addrlen);
	out->size = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

static bool
is_port(const char *text)
{
	size_t n = strspn(text, "0123456789");
	long port = strtol(text, NULL, 10);

	return n > 0 && n <= 5 && text[n] == '\0' && port > 0 &&
	    port <= UINT16_MAX;
}

/* "a", "a:53", "[v6]", "[v6]:53", "v6". */
static bool
read_server(struct name_server *out, const char *text)
{
	char host[sizeof(out->name)];
	const char *start = text, *port = "53", *end = text + strlen(text);

	if (*text == '[') {
		start++;
		end = strchr(text, ']');
		if (end == NULL)
			return false;
		if (end[1] == ':')
			port = end + 2;
		else if (end[1] != '\0')
			return false;
	} else if (strchr(text, ':') == strrchr(text, ':')) {
		end = text + strcspn(text, ":");
		if (*end == ':')
			port = end + 1;
	}
	if ((size_t)(end - start) >= sizeof(host) || !is_port(port))
		return false;
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	snprintf(out->name, sizeof(out->name), "%s", text);
	return numeric(out, host, port);
}

int
dns_server_check(const char *server, struct error *err)
{
	struct name_server one;

	if (read_server(&one, server))
		return 0;
	return error_set(err, EX_USAGE,
	    "'%.80s' is no name server: ADDRESS, ADDRESS:PORT or [V6]:PORT",
	    server);
}

/* What there is of them in resolv.conf(5), else the one here. */
static void
system_servers(struct query *q)
{
	struct buf text = BUF_WITH_MAX(NAMES_FILE_MAX);
	char *line, *rest, *word, *words;

	if (file_contents("/etc/resolv.conf", &text) == 0 && text.len > 0)
		for (line = strtok_r(text.data, "\n", &rest);
		     line != NULL && q->server_count < SERVERS_MAX;
		     line = strtok_r(NULL, "\n", &rest)) {
			word = strtok_r(line, " \t", &words);
			if (word == NULL || strcmp(word, "nameserver") != 0)
				continue;
			word = strtok_r(NULL, " \t", &words);
			if (word != NULL && strlen(word) < 80 &&
			    numeric(&q->servers[q->server_count], word, "53"))
				snprintf(q->servers[q->server_count++].name, 80,
				    "%s", word);
		}
	buf_clear(&text);
	if (q->server_count == 0 && read_server(&q->servers[0], "127.0.0.1"))
		q->server_count = 1;
}

/* READY, or as wait_poll: no error of a socket is one of ours, as the next server
 * may answer. */
static enum wait_end
await(struct query *q, int fd, short events)
{
	struct pollfd ready = {.fd = fd, .events = events};

	if (wait_stopped(&q->wait))
		return WAIT_STOPPED;
	return wait_poll(&q->wait, &ready, 1);
}

static int
connect_to(const struct name_server *server, int type)
{
	int fd = socket(
	    server->address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd != -1 &&
	    connect(fd, (const struct sockaddr *)&server->address,
		server->size) == -1 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

/* All n bytes, in either direction. */
static enum wait_end
transfer(struct query *q, int fd, unsigned char *bytes, size_t n, bool out)
{
	enum wait_end end;
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		end = await(q, fd, out ? POLLOUT : POLLIN);
		if (end != WAIT_READY)
			return end;
		r = out ? send(fd, bytes + done, n - done, MSG_NOSIGNAL)
			: recv(fd, bytes + done, n - done, 0);
		if (r > 0)
			done += (size_t)r;
		else if (r == 0 || (errno != EAGAIN && errno != EINTR))
			return WAIT_FAILED;
	}
	return WAIT_READY;
}

static enum dns_reading
read_answer(
    struct query *q, const unsigned char *bytes, size_t n, struct error *err)
{
	return dns_answer_read(
	    &q->question, bytes, n, q->arena, q->records, q->count, err);
}

static int
no_answer(struct query *q, const struct name_server *server, enum wait_end end,
    struct error *err)
{
	if (end == WAIT_STOPPED)
		return error_set(err, EX_SIGNAL + *q->wait.stop,
		    "cancelled while %.80s was asked; nothing was sent",
		    server->name);
	return error_set(err, EX_TEMPFAIL, "name server %.80s: %s",
	    server->name,
	    end == WAIT_LATE ? "no answer in time" : "no connection");
}

static int
ask_by_tcp(struct query *q, const struct name_server *server, struct error *err)
{
	unsigned char length[2], *answer;
	enum dns_reading reading;
	enum wait_end end;
	size_t n = 0;
	int fd = connect_to(server, SOCK_STREAM);

	if (fd == -1)
		return no_answer(q, server, WAIT_FAILED, err);
	answer = arena_alloc(q->arena, TCP_MAX);
	q->packet[0] = (unsigned char)(q->len >> 8);
	q->packet[1] = (unsigned char)q->len;
	end = transfer(q, fd, q->packet, q->len + 2, true);
	if (end == WAIT_READY)
		end = transfer(q, fd, length, 2, false);
	if (end == WAIT_READY) {
		n = (size_t)length[0] << 8 | length[1];
		end = transfer(q, fd, answer, n, false);
	}
	close(fd);
	if (end != WAIT_READY)
		return no_answer(q, server, end, err);
	reading = read_answer(q, answer, n, err);
	if (reading == DNS_READ)
		return 0;
	if (reading != DNS_FAILED)
		error_set(err, EX_PROTOCOL, "that is no answer");
	return error_context(err, "name server %.80s", server->name);
}

/* What answers another question, or none, may be anybody's: the right answer is
 * waited for as long as there is time. */
static int
ask_by_udp(struct query *q, const struct name_server *server, struct error *err)
{
	enum dns_reading reading = DNS_FOREIGN;
	unsigned char answer[UDP_MAX];
	int fd = connect_to(server, SOCK_DGRAM);
	enum wait_end end;
	ssize_t n;

	if (fd == -1)
		return no_answer(q, server, WAIT_FAILED, err);
	end = transfer(q, fd, q->packet + 2, q->len, true);
	while (end == WAIT_READY && reading == DNS_FOREIGN) {
		end = await(q, fd, POLLIN);
		if (end != WAIT_READY)
			break;
		n = recv(fd, answer, sizeof(answer), 0);
		if (n >= 0)
			reading = read_answer(q, answer, (size_t)n, err);
		else if (errno != EAGAIN && errno != EINTR)
			end = WAIT_FAILED;
	}
	close(fd);
	if (end != WAIT_READY)
		return no_answer(q, server, end, err);
	if (reading == DNS_CUT)
		return ask_by_tcp(q, server, err);
	if (reading == DNS_READ)
		return 0;
	return error_context(err, "name server %.80s", server->name);
}

/* The servers in turn, and all of them once more, each with its share of the
 * time. */
static int
ask_all(struct query *q, struct error *err)
{
	const struct wait_limits *limits = q->params->wait;
	int64_t total_ms =
	    q->params->timeout_ms > 0 ? q->params->timeout_ms : TIMEOUT_MS;
	size_t i, tries = TRIES * q->server_count;
	int64_t end_us, now_us;

	for (i = 0; i < tries; i++) {
		now_us = clock_monotonic_us();
		end_us = now_us + total_ms * 1000 / (int64_t)tries;
		if (limits != NULL)
			q->wait = *limits;
		if (q->wait.deadline_us == 0 || end_us < q->wait.deadline_us)
			q->wait.deadline_us = end_us;
		if (ask_by_udp(q, &q->servers[i % q->server_count], err) == 0)
			return 0;
		if (err->status > EX_SIGNAL ||
		    (limits != NULL && limits->deadline_us != 0 &&
			clock_monotonic_us() >= limits->deadline_us))
			return -1;
	}
	return -1;
}

static int
ask(const struct dns_params *params, const char *name, enum dns_type type,
    struct arena *arena, const struct dns_record **records, size_t *count,
    struct error *err)
{
	struct query q = {
	    .params = params,
	    .arena = arena,
	    .records = records,
	    .count = count,
	};

	*records = NULL;
	*count = 0;
	if (dns_question_set(&q.question, name, type, err) == -1)
		return -1;
	if (params->server == NULL)
		system_servers(&q);
	else if (dns_server_check(params->server, err) == -1)
		return -1;
	else if (read_server(&q.servers[0], params->server))
		q.server_count = 1;
	if (getrandom(&q.question.id, sizeof(q.question.id), 0) !=
	    sizeof(q.question.id))
		return error_set(
		    err, EX_OSERR, "no random number: %s", strerror(errno));
	q.len = dns_query_write(&q.question, q.packet + 2);
	return ask_all(&q, err);
}

int
dns_mx(const struct dns_params *params, const char *domain, struct arena *arena,
    const struct dns_record **records, size_t *count, struct error *err)
{
	return ask(params, domain, DNS_MX, arena, records, count, err);
}

int
dns_srv(const struct dns_params *params, const char *name, struct arena *arena,
    const struct dns_record **records, size_t *count, struct error *err)
{
	return ask(params, name, DNS_SRV, arena, records, count, err);
}
