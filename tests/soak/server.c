/*
 * server: takes mail from any number of connections, and can be killed at any
 * instant without a lie about what it has taken.
 *
 *	server [--FAULT N]... PORT LOG
 *
 * on PORT of 127.0.0.1 (0: one from the kernel), which it prints when it is
 * ready.  LOG gets a line for each message, in one write(2), before its 250 is
 * handed to the socket:
 *
 *	message <tab> Message-ID <tab> hash of all its octets <tab> recipients
 *
 * There is no fsync: what write(2) has taken belongs to the kernel, and outlives
 * any end of this process, if not of the machine.  SIGKILL may cut a write
 * between two pages; such a last line had no 250, and is cut off at the start.
 * "closed <tab> why" tells of a connection that was closed as a fault.
 *
 * Faults; a SHARE is of a thousand, SEED says which ones:
 *
 *	--seed SEED
 *	--defer-message SHARE	451 after the message
 *	--defer-recipient SHARE	451 to RCPT
 *	--limit N		421 to the MAIL after N messages, and closes
 *	--vanish SHARE		of messages: closes without a word, before it is
 *				in the log or behind that
 *	--delay MS		replies wait for up to so long
 *	--chunking 0		is not offered
 *	--pipelining 0		is not offered
 *
 * A recipient whose address begins with "refused" is always refused (550).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

static void
flush(struct client *c)
{
	ssize_t n;

	if (c->state == OVER || c->out_n == 0 ||
	    (c->due_ms != 0 && server_now_ms() < c->due_ms))
		return;
	n = send(c->fd, c->out, c->out_n, MSG_NOSIGNAL);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		c->state = OVER;
	if (n > 0) {
		c->out_n -= (size_t)n;
		memmove(c->out, c->out + n, c->out_n);
	}
	if (c->out_n == 0)
		c->due_ms = 0;
}

/* Who closes while there is something to read takes back what he said: hence a
 * 221 or 421 is the last that is said, and the other side's end is awaited. */
static void
step(struct server *s, struct client *c, short revents)
{
	size_t before;
	ssize_t n;

	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
		n = recv(c->fd, c->in + c->in_n, sizeof(c->in) - c->in_n, 0);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
			c->state = OVER;
			return;
		}
		c->in_n += n > 0 ? (size_t)n : 0;
	}
	do {
		before = c->in_n;
		if (c->out_n == 0)
			server_take(s, c);
		flush(c);
	} while (c->out_n == 0 && c->in_n < before);
	if (c->state == DRAIN && c->out_n == 0)
		(void)shutdown(c->fd, SHUT_WR);
}

/* --- all of them --- */

static void
add(struct server *s, int fd)
{
	const int on = 1;
	struct client *c = malloc(sizeof(*c));

	if (s->n == s->max) {
		s->max = s->max * 2 + 64;
		s->clients = realloc(s->clients, s->max * sizeof(*s->clients));
		s->fds = realloc(s->fds, (s->max + 1) * sizeof(*s->fds));
	}
	if (c == NULL || s->clients == NULL || s->fds == NULL)
		server_fail("memory");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->fd = fd;
	c->state = COMMAND;
	c->in_n = c->out_n = c->messages = 0;
	c->due_ms = 0;
	server_reset(c);
	s->clients[s->n++] = c;
	server_say(s, c, "220 soak.test ESMTP\r\n");
	flush(c);
}

static void
remove_those_over(struct server *s)
{
	size_t i, kept = 0;

	for (i = 0; i < s->n; i++) {
		if (s->clients[i]->state != OVER) {
			s->clients[kept++] = s->clients[i];
			continue;
		}
		close(s->clients[i]->fd);
		free(s->clients[i]);
	}
	s->n = kept;
}

static int
wait_for_them(struct server *s)
{
	int64_t now = s->delay_ms > 0 ? server_now_ms() : 0, least = -1, left;
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct client *c = s->clients[i];
		bool held = c->due_ms > now;

		s->fds[i] = (struct pollfd){.fd = c->fd};
		if (c->out_n > 0 && !held)
			s->fds[i].events = POLLOUT;
		else if (!held)
			s->fds[i].events = POLLIN;
		left = c->due_ms - now;
		if (held && (least == -1 || left < least))
			least = left;
	}
	s->fds[s->n] = (struct pollfd){.fd = s->listener, .events = POLLIN};
	return poll(s->fds, s->n + 1, (int)least);
}

__attribute__((noreturn)) static void
serve(struct server *s)
{
	size_t i, n;
	int fd;

	for (;;) {
		n = s->n;
		if (wait_for_them(s) == -1 && errno != EINTR)
			server_fail("poll");
		for (i = 0; i < n; i++)
			step(s, s->clients[i], s->fds[i].revents);
		while ((fd = accept4(s->listener, NULL, NULL,
			    SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1)
			add(s, fd);
		remove_those_over(s);
	}
}

static void
listen_on(struct server *s, const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	    .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
	socklen_t len = sizeof(a);
	const int on = 1;

	s->listener =
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener == -1 ||
	    setsockopt(
		s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(s->listener, (struct sockaddr *)&a, len) == -1 ||
	    listen(s->listener, 1024) == -1 ||
	    getsockname(s->listener, (struct sockaddr *)&a, &len) == -1)
		server_fail(port);
	printf("%u\n", ntohs(a.sin_port));
	fflush(stdout);
}

static void
set_fault(struct server *s, const char *name, const char *value)
{
	unsigned long n = strtoul(value, NULL, 10);

	if (strcmp(name, "--seed") == 0)
		s->random ^= n * 0x9e3779b97f4a7c15;
	else if (strcmp(name, "--defer-message") == 0)
		s->defer_message = n;
	else if (strcmp(name, "--defer-recipient") == 0)
		s->defer_recipient = n;
	else if (strcmp(name, "--limit") == 0)
		s->limit = n;
	else if (strcmp(name, "--vanish") == 0)
		s->vanish = n;
	else if (strcmp(name, "--delay") == 0)
		s->delay_ms = n;
	else if (strcmp(name, "--chunking") == 0)
		s->no_chunking = n == 0;
	else if (strcmp(name, "--pipelining") == 0)
		s->no_pipelining = n == 0;
	else {
		fprintf(stderr, "server: %s: no such fault\n", name);
		exit(64);
	}
}

int
main(int argc, char **argv)
{
	struct server s = {.random = 0x2545f4914f6cdd1d};
	int i;

	for (i = 1; i + 2 < argc; i += 2)
		set_fault(&s, argv[i], argv[i + 1]);
	if (i + 2 != argc) {
		fputs("usage: server [--FAULT N]... PORT LOG\n", stderr);
		return 64;
	}
	s.fds = malloc(sizeof(*s.fds));
	if (s.fds == NULL)
		server_fail("memory");
	server_open_log(&s, argv[i + 1]);
	listen_on(&s, argv[i]);
	serve(&s);
}
