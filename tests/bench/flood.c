/*
 * flood: the least that one can do to send many messages that are all the same:
 * what a sender of many is measured by.
 *
 *	flood PORT FROM RECIPIENT COUNT <MESSAGE
 *
 * over one connection, WINDOW of them without an answer, by BDAT.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WINDOW = 128, MESSAGE_MAX = 4096, REPLIES = 3 };

static void
check(int good)
{
	if (good)
		return;
	perror("flood");
	exit(1);
}

static int
connect_to(const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((unsigned short)atoi(port)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	check(fd != -1 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void
put(int fd, const char *bytes, size_t n)
{
	ssize_t sent;

	for (; n > 0; bytes += sent, n -= (size_t)sent) {
		sent = send(fd, bytes, n, MSG_NOSIGNAL);
		check(sent > 0);
	}
}

/* So many lines that end a reply. */
static void
hear(int fd, size_t replies)
{
	static char in[1 << 16];
	static size_t n, at;
	char *line, *end;
	ssize_t got;

	while (replies > 0) {
		line = in + at;
		end = memchr(line, '\n', n - at);
		if (end != NULL) {
			check(line[0] == '2');
			replies -= line[3] == ' ';
			at = (size_t)(end + 1 - in);
			continue;
		}
		n -= at;
		memmove(in, line, n);
		at = 0;
		got = recv(fd, in + n, sizeof(in) - n, 0);
		check(got > 0);
		n += (size_t)got;
	}
}

int
main(int argc, char **argv)
{
	static char message[MESSAGE_MAX], one[MESSAGE_MAX + 1000],
	    all[WINDOW * sizeof(one)];
	size_t n, size, left, some, i;
	int fd;

	check(argc == 5);
	left = strtoul(argv[4], NULL, 10);
	n = fread(message, 1, sizeof(message), stdin);
	size = (size_t)snprintf(one, sizeof(one),
	    "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nBDAT %zu LAST\r\n", argv[2],
	    argv[3], n);
	memcpy(one + size, message, n);
	size += n;
	for (i = 0; i < WINDOW; i++)
		memcpy(all + i * size, one, size);
	fd = connect_to(argv[1]);
	hear(fd, 1);
	put(fd, "EHLO flood\r\n", 12);
	hear(fd, 1);
	for (; left > 0; left -= some) {
		some = left < WINDOW ? left : WINDOW;
		put(fd, all, some * size);
		hear(fd, some * REPLIES);
	}
	put(fd, "QUIT\r\n", 6);
	hear(fd, 1);
	return 0;
}
