#include "http_testutil.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct serving {
	struct http_said said;
	pid_t pid;
};

/* With its body, as far as there is one. */
static void
hear(int fd, char *out, size_t size)
{
	size_t n = 0, whole = 0;
	const char *end, *field;
	ssize_t r;

	while ((whole == 0 || n < whole) && n + 1 < size &&
	    (r = read(fd, out + n, size - 1 - n)) > 0) {
		n += (size_t)r;
		out[n] = '\0';
		end = strstr(out, "\r\n\r\n");
		if (end == NULL || whole != 0)
			continue;
		field = strcasestr(out, "\r\ncontent-length:");
		whole = (size_t)(end + 4 - out) +
		    (field != NULL && field < end
			    ? strtoul(field + 17, NULL, 10)
			    : 0);
	}
}

static void
dribble(int fd)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	while (write(fd, "x", 1) == 1)
		nanosleep(&pause, NULL);
}

static void
answer(int fd, struct http_said *s)
{
	size_t i = s->asked < HTTP_ANSWERS ? s->asked : HTTP_ANSWERS - 1;
	size_t k = s->asked < s->count ? s->asked : s->count - 1, at = 0;
	ssize_t r;
	char c;

	hear(fd, s->heard[i], sizeof(s->heard[i]));
	s->asked++;
	while (at < s->len[k] &&
	    (r = write(fd, s->says[k] + at, s->len[k] - at)) > 0)
		at += (size_t)r;
	if (s->manner == HTTP_DRIBBLES)
		dribble(fd);
	if (s->manner == HTTP_HANGS)
		while (read(fd, &c, 1) > 0)
			;
}

struct http_said *
http_serve(int *port)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	struct serving *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	pid_t pid;

	assert_ptr_not_equal(s, MAP_FAILED);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	*port = ntohs(in.sin_port);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		while ((peer = accept(fd, NULL, NULL)) != -1) {
			answer(peer, &s->said);
			close(peer);
		}
		_exit(1);
	}
	close(fd);
	s->pid = pid;
	return &s->said;
}

static void
say(struct http_said *s, const char *head, const char *body, size_t n)
{
	char *out = s->says[s->count];
	int k = snprintf(out, HTTP_SAYS_MAX,
	    "%s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", head, n);

	assert_true(k > 0 && (size_t)k + n <= HTTP_SAYS_MAX);
	memcpy(out + k, body, n);
	s->len[s->count++] = (size_t)k + n;
}

void
http_says_bytes(
    struct http_said *s, const char *head, const char *body, size_t n)
{
	s->count = 0;
	s->asked = 0;
	s->manner = HTTP_ANSWERS_AT_ONCE;
	memset(s->heard, 0, sizeof(s->heard));
	say(s, head, body, n);
}

void
http_says(struct http_said *s, const char *head, const char *body)
{
	http_says_bytes(s, head, body, strlen(body));
}

void
http_says_next(struct http_said *s, const char *head, const char *body)
{
	assert_true(s->count < HTTP_ANSWERS);
	say(s, head, body, strlen(body));
}

void
http_stop(struct http_said *said)
{
	struct serving *s = (struct serving *)said;

	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	munmap(s, sizeof(*s));
}
