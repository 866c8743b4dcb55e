/*
 * floor: the least that one can do to send a message: no options, no checks, no
 * report.  What else a sender costs is for what else it does.
 *
 *	floor PORT FROM RECIPIENT... <MESSAGE
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 1 << 18 };

static char out[2 * PIECE + (1 << 16)], in[1 << 16];
static size_t out_n, in_n, in_at;
static int fd;

static void
check(int good)
{
	if (good)
		return;
	perror("floor");
	exit(1);
}

static void
flush(void)
{
	size_t at;
	ssize_t n;

	for (at = 0; at < out_n; at += (size_t)n) {
		n = send(fd, out + at, out_n - at, MSG_NOSIGNAL);
		check(n > 0);
	}
	out_n = 0;
}

static void
put(const char *before, const char *text, const char *behind)
{
	if (out_n + 1024 > sizeof(out))
		flush();
	out_n += (size_t)snprintf(out + out_n, sizeof(out) - out_n,
	    "%s%s%s\r\n", before, text, behind);
}

/* So many replies, each a yes. */
static void
hear(size_t replies)
{
	const char *line, *lf;
	ssize_t n;

	while (replies > 0) {
		lf = memchr(in + in_at, '\n', in_n - in_at);
		if (lf == NULL) {
			memmove(in, in + in_at, in_n -= in_at);
			in_at = 0;
			n = recv(fd, in + in_n, sizeof(in) - in_n, 0);
			check(n > 0);
			in_n += (size_t)n;
			continue;
		}
		line = in + in_at;
		check(line[0] == '2');
		replies -= line[3] == ' ';
		in_at = (size_t)(lf + 1 - in);
	}
}

static size_t
to_lines(const char *from, size_t n, char *to, char *last)
{
	const char *end = from + n, *lf;
	char *begin = to;
	size_t len;

	for (; from < end; from = lf != NULL ? lf + 1 : end) {
		lf = memchr(from, '\n', (size_t)(end - from));
		len = (size_t)((lf != NULL ? lf : end) - from);
		memcpy(to, from, len);
		to += len;
		*last = len > 0 ? to[-1] : *last;
		if (lf == NULL)
			break;
		if (*last != '\r')
			*to++ = '\r';
		*to++ = *last = '\n';
	}
	return (size_t)(to - begin);
}

/* All of the input; how many chunks it was. */
static size_t
send_body(void)
{
	char *piece = malloc(PIECE), last = '\n', head[40];
	char *lines = malloc(2 * PIECE + 2);
	size_t chunks = 0, have, len;
	ssize_t n;

	check(piece != NULL && lines != NULL);
	do {
		if (chunks > 0 || out_n > 1 << 15)
			flush();
		n = 1;
		for (have = 0; have < PIECE && n > 0; have += (size_t)n) {
			n = read(0, piece + have, PIECE - have);
			check(n >= 0);
		}
		len = to_lines(piece, have, lines, &last);
		if (n == 0 && last != '\n') {
			memcpy(lines + len, "\r\n", 2);
			len += 2;
		}
		snprintf(head, sizeof(head), "%zu", len);
		put("BDAT ", head, n == 0 ? " LAST" : "");
		memcpy(out + out_n, lines, len);
		out_n += len;
		chunks++;
	} while (n > 0);
	free(piece);
	free(lines);
	return chunks;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	size_t replies = 1;
	const int on = 1;
	int i;

	if (argc < 4)
		return 2;
	a.sin_port = htons((uint16_t)atoi(argv[1]));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(fd != -1);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	check(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	hear(1);
	put("EHLO floor", "", "");
	flush();
	hear(1);
	put("MAIL FROM:<", argv[2], ">");
	for (i = 3; i < argc; i++, replies++)
		put("RCPT TO:<", argv[i], ">");
	replies += send_body();
	put("QUIT", "", "");
	flush();
	hear(replies);
	return 0;
}
