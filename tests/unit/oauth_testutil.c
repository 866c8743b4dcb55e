#include "oauth_testutil.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The head, and a body as long as it says. */
static bool
has_all(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\nContent-Length:");

	if (end == NULL)
		return false;
	return length == NULL ||
	    strlen(end + 4) >= strtoul(length + 17, NULL, 10);
}

static void
give(struct answering *a, int fd, size_t i)
{
	const char *answer = a->answers[i];
	size_t n = a->lengths != NULL ? a->lengths[i] : strlen(answer);
	size_t begin = a->asked.len;
	char bytes[4096];
	ssize_t r;

	while (!has_all(buf_string(&a->asked) + begin)) {
		r = read(fd, bytes, sizeof(bytes));
		if (r <= 0)
			break;
		buf_append(&a->asked, bytes, (size_t)r);
	}
	while (n > 0) {
		r = send(fd, answer, n, MSG_NOSIGNAL);
		if (r <= 0)
			break;
		answer += r;
		n -= (size_t)r;
	}
	shutdown(fd, SHUT_WR);
	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

static void *
serve(void *arg)
{
	struct answering *a = arg;
	size_t i;
	int fd;

	for (i = 0; a->answers[i] != NULL; i++) {
		fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd == -1)
			break;
		give(a, fd, i);
	}
	return NULL;
}

void
answering_begin(
    struct answering *a, const char *const *answers, const size_t *lengths)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	*a = (struct answering){.answers = answers, .lengths = lengths};
	a->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(a->listener, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(a->listener, 8), 0);
	assert_int_equal(
	    getsockname(a->listener, (struct sockaddr *)&at, &len), 0);
	snprintf(
	    a->url, sizeof(a->url), "http://127.0.0.1:%u", ntohs(at.sin_port));
	assert_int_equal(pthread_create(&a->thread, NULL, serve, a), 0);
}

void
answering_end(struct answering *a)
{
	/* Who waits for somebody that does not come waits no more. */
	shutdown(a->listener, SHUT_RDWR);
	pthread_join(a->thread, NULL);
	close(a->listener);
	buf_clear(&a->asked);
}
