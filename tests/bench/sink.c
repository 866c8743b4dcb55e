/*
 * sink: a server that takes everything and keeps nothing, quick enough that
 * what is measured is who sends.
 *
 *	sink [CONNECTIONS]
 *
 * on a port of 127.0.0.1 that it prints; so many at a time (1), one after the
 * other, until it is killed.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IN_MAX = 1 << 18, OUT_MAX = 1 << 16, END = 5 };

struct sink {
	int fd;
	char in[IN_MAX], out[OUT_MAX];
	size_t n, out_n;
	size_t chunk; /* octets of a BDAT that are still to come */
	bool data, over;
	char end[END + 1]; /* of DATA: what came last */
};

static void
flush(struct sink *s)
{
	size_t at = 0;
	ssize_t n;

	while (at < s->out_n && !s->over) {
		n = send(s->fd, s->out + at, s->out_n - at, MSG_NOSIGNAL);
		if (n <= 0)
			s->over = true;
		else
			at += (size_t)n;
	}
	s->out_n = 0;
}

static void
say(struct sink *s, const char *text)
{
	size_t n = strlen(text);

	if (s->out_n + n > sizeof(s->out))
		flush(s);
	memcpy(s->out + s->out_n, text, n);
	s->out_n += n;
}

static void
command(struct sink *s, const char *line)
{
	if (strncasecmp(line, "BDAT ", 5) == 0) {
		s->chunk = strtoul(line + 5, NULL, 10);
		if (s->chunk == 0)
			say(s, "250 2.0.0 taken\r\n");
	} else if (strncasecmp(line, "DATA", 4) == 0) {
		s->data = true;
		memcpy(s->end, "...\r\n", END);
		say(s, "354 go ahead\r\n");
	} else if (strncasecmp(line, "EHLO", 4) == 0) {
		say(s,
		    "250-sink\r\n250-PIPELINING\r\n250-CHUNKING\r\n"
		    "250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE\r\n");
	} else if (strncasecmp(line, "QUIT", 4) == 0) {
		say(s, "221 2.0.0 bye\r\n");
		flush(s);
		s->over = true;
	} else {
		say(s, "250 2.0.0 fine\r\n");
	}
}

/* How many of the n octets at p belong to the message after DATA; its end may
 * come in parts. */
static size_t
take_data(struct sink *s, const char *p, size_t n)
{
	static const char dot[] = "\r\n.\r\n";
	const char *found;
	size_t i;

	for (i = 0; i < n && i < END; i++) {
		memmove(s->end, s->end + 1, END - 1);
		s->end[END - 1] = p[i];
		if (memcmp(s->end, dot, END) == 0) {
			s->data = false;
			return i + 1;
		}
	}
	found = memmem(p, n, dot, END);
	s->data = found == NULL;
	if (n > END)
		memcpy(s->end, p + n - END, END);
	return found != NULL ? (size_t)(found - p) + END : n;
}

static void
take(struct sink *s)
{
	size_t at = 0, k;
	char *lf;

	while (at < s->n && !s->over) {
		if (s->chunk > 0) {
			k = s->n - at < s->chunk ? s->n - at : s->chunk;
			s->chunk -= k;
			if (s->chunk == 0)
				say(s, "250 2.0.0 taken\r\n");
		} else if (s->data) {
			k = take_data(s, s->in + at, s->n - at);
			if (!s->data)
				say(s, "250 2.0.0 taken\r\n");
		} else {
			lf = memchr(s->in + at, '\n', s->n - at);
			if (lf == NULL)
				break;
			*lf = '\0';
			k = (size_t)(lf + 1 - (s->in + at));
			command(s, s->in + at);
		}
		at += k;
	}
	s->n -= at;
	memmove(s->in, s->in + at, s->n);
	flush(s);
}

static void
serve(struct sink *s, int fd)
{
	const int on = 1;
	ssize_t n;

	s->fd = fd;
	s->n = s->out_n = s->chunk = 0;
	s->data = s->over = false;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	say(s, "220 sink ESMTP\r\n");
	flush(s);
	while (!s->over && s->n < sizeof(s->in)) {
		n = recv(fd, s->in + s->n, sizeof(s->in) - s->n, 0);
		if (n <= 0)
			break;
		s->n += (size_t)n;
		take(s);
	}
	close(fd);
}

/* As many processes as there may be connections. */
static void
multiply(unsigned long connections)
{
	for (; connections > 1; connections--)
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			return;
		}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	static struct sink s;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), c;

	if (fd == -1 || bind(fd, (struct sockaddr *)&a, len) == -1 ||
	    listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) == -1) {
		perror("sink");
		return 1;
	}
	printf("%u\n", ntohs(a.sin_port));
	fflush(stdout);
	multiply(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
	while ((c = accept(fd, NULL, NULL)) != -1)
		serve(&s, c);
	perror("sink");
	return 1;
}
