/* Unix sockets, programs and descriptors as transports. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/pipe.h"

enum { WAIT_MS = 20000, QUEUE_MAX = 64 };

struct place {
	char dir[32], path[64];
};

static void
assert_error(const struct error *err, int status, const char *part)
{
	if (strstr(err->text, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, err->text);
	assert_int_equal(err->status, status);
}

static void
await(struct transport *t)
{
	struct pollfd p;

	p.events = t->ops->wants(t, &p.fd);
	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
}

/* Everything up to the end, as a string. */
static const char *
read_all(struct transport *t, char *buf, size_t size)
{
	struct error err;
	size_t len = 0;

	for (;;) {
		ssize_t r = t->ops->recv(t, buf + len, size - 1 - len, &err);

		if (r == 0)
			break;
		if (r == TRANSPORT_ERROR)
			fail_msg("%s", err.text);
		if (r == TRANSPORT_AGAIN)
			await(t);
		else
			len += (size_t)r;
	}
	buf[len] = '\0';
	return buf;
}

static ssize_t
say(struct transport *t, const char *text, struct error *err)
{
	struct iovec iov = {(char *)text, strlen(text)};

	return t->ops->send(t, &iov, 1, err);
}

static int
listen_at(const char *path, int backlog)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(sun.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static void
a_socket_in_the_file_system_is_local(void **state)
{
	struct place *p = *state;
	int listener = listen_at(p->path, 5), peer;
	struct transport *t = unix_new(p->path);
	struct error err;
	char buf[32];

	assert_int_equal(t->ops->open(t, &err), 0);
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_true(t->peer.local);
	assert_string_equal(t->peer.address, p->path);
	peer = accept(listener, NULL, NULL);
	assert_int_equal(write(peer, "220 hello\r\n", 11), 11);
	close(peer);
	assert_string_equal(read_all(t, buf, sizeof(buf)), "220 hello\r\n");
	transport_free(t);
	close(listener);
	unlink(p->path);
}

static void
what_was_said_before_the_close_outlives_a_failed_send(void **state)
{
	struct place *p = *state;
	int listener = listen_at(p->path, 5), peer;
	struct transport *t = unix_new(p->path);
	struct error err;
	char buf[32];

	assert_int_equal(t->ops->open(t, &err), 0);
	peer = accept(listener, NULL, NULL);
	assert_int_equal(write(peer, "421 bye\r\n", 9), 9);
	close(peer);
	assert_int_equal(say(t, "NOOP\r\n", &err), TRANSPORT_ERROR);
	assert_error(&err, EX_TEMPFAIL, "Broken pipe");
	assert_string_equal(read_all(t, buf, sizeof(buf)), "421 bye\r\n");
	transport_free(t);
	close(listener);
	unlink(p->path);
}

static void
a_socket_that_is_not_there_is_named(void **state)
{
	struct place *p = *state;
	struct transport *t = unix_new(p->path);
	struct error err;

	assert_int_equal(t->ops->open(t, &err), TRANSPORT_ERROR);
	assert_error(&err, EX_TEMPFAIL, p->path);
	assert_error(&err, EX_TEMPFAIL, "No such file");
	transport_free(t);
}

static void
a_path_that_is_too_long_is_refused(void **state)
{
	char path[109];
	struct transport *t;
	struct error err;

	(void)state;
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[108] = '\0';
	t = unix_new(path);
	assert_int_equal(t->ops->open(t, &err), TRANSPORT_ERROR);
	assert_error(&err, EX_USAGE, "107 bytes");
	transport_free(t);
	path[107] = '\0';
	t = unix_new(path);
	assert_int_equal(t->ops->open(t, &err), TRANSPORT_ERROR);
	assert_error(&err, EX_TEMPFAIL, "No such file");
	transport_free(t);
}

static void
a_full_queue_is_waited_for(void **state)
{
	struct place *p = *state;
	int listener = listen_at(p->path, 0), n = 0, r = 0;
	struct transport *t[QUEUE_MAX];
	struct error err;

	while (n < QUEUE_MAX && r == 0) {
		t[n] = unix_new(p->path);
		r = t[n]->ops->open(t[n], &err);
		n++;
	}
	assert_int_equal(r, TRANSPORT_AGAIN);
	await(t[n - 1]);
	assert_int_equal(t[n - 1]->ops->open(t[n - 1], &err), TRANSPORT_AGAIN);
	close(accept(listener, NULL, NULL));
	while ((r = t[n - 1]->ops->open(t[n - 1], &err)) == TRANSPORT_AGAIN)
		await(t[n - 1]);
	assert_int_equal(r, 0);
	while (n > 0)
		transport_free(t[--n]);
	close(listener);
	unlink(p->path);
}

static void
a_program_is_spoken_to_through_its_standard_input_and_output(void **state)
{
	struct transport *t =
	    pipe_new("read -r line && printf '250 %s\\n' \"$line\"");
	struct error err;
	char buf[64];

	(void)state;
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_true(t->peer.local);
	assert_int_equal(say(t, "EHLO x\n", &err), 7);
	assert_string_equal(read_all(t, buf, sizeof(buf)), "250 EHLO x\n");
	transport_free(t);
}

static void
a_program_that_ends_ends_the_stream(void **state)
{
	struct transport *t = pipe_new("exit 3");
	struct error err;
	char buf[64];

	(void)state;
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_string_equal(read_all(t, buf, sizeof(buf)), "");
	assert_int_equal(say(t, "EHLO x\n", &err), TRANSPORT_ERROR);
	assert_int_equal(err.status, EX_TEMPFAIL);
	transport_free(t);
}

static void
a_program_does_not_hold_another_ones_connection(void **state)
{
	/* Closing the first connection ends its program, though the second
	 * one was started after it. */
	struct transport *first = pipe_new("cat; echo over >&2"), *second;
	struct error err;
	char buf[256];
	int fds[2], saved = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	dup2(fds[1], STDERR_FILENO);
	assert_int_equal(first->ops->open(first, &err), 0);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	second = pipe_new("read -r x; echo \"$x\"");
	assert_int_equal(second->ops->open(second, &err), 0);
	transport_free(first);
	assert_int_equal(read(fds[0], buf, sizeof(buf)), 5);
	assert_int_equal(say(second, "x\n", &err), 2);
	assert_string_equal(read_all(second, buf, sizeof(buf)), "x\n");
	transport_free(second);
	close(fds[0]);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void
a_program_gets_signals_as_usual(void **state)
{
	struct transport *t =
	    pipe_new("sh -c 'kill -PIPE $$; echo ignored'; echo done");
	struct error err;
	char buf[64];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_string_equal(read_all(t, buf, sizeof(buf)), "done\n");
	signal(SIGPIPE, SIG_DFL);
	transport_free(t);
}

static void
an_open_socket_is_used_and_closed(void **state)
{
	struct transport *t;
	struct error err;
	char buf[16];
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	t = descriptor_new(pair[0]);
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_true(t->peer.local);
	assert_int_equal(fcntl(pair[0], F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(
	    t->ops->recv(t, buf, sizeof(buf), &err), TRANSPORT_AGAIN);
	assert_int_equal(say(t, "NOOP", &err), 4);
	assert_int_equal(read(pair[1], buf, sizeof(buf)), 4);
	transport_free(t);
	assert_int_equal(read(pair[1], buf, sizeof(buf)), 0);
	close(pair[1]);
}

static void
a_descriptor_that_is_no_socket_gets_its_flags_back(void **state)
{
	struct place *p = *state;
	struct transport *t;
	struct error err;
	char buf[16];
	int fd, other;

	assert_int_equal(mkfifo(p->path, 0600), 0);
	fd = open(p->path, O_RDWR);
	other = dup(fd);
	t = descriptor_new(fd);
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_int_equal(
	    t->ops->recv(t, buf, sizeof(buf), &err), TRANSPORT_AGAIN);
	assert_int_equal(say(t, "NOOP", &err), 4);
	assert_int_equal(t->ops->recv(t, buf, sizeof(buf), &err), 4);
	transport_free(t);
	assert_int_equal(fcntl(other, F_GETFL) & O_NONBLOCK, 0);
	close(other);
	unlink(p->path);
}

static void
a_descriptor_must_be_open_both_ways(void **state)
{
	struct transport *t;
	struct error err;
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	t = descriptor_new(fd);
	assert_int_equal(t->ops->open(t, &err), TRANSPORT_ERROR);
	assert_error(&err, EX_USAGE, "reading and writing");
	transport_free(t);
	t = descriptor_new(fd);
	assert_int_equal(t->ops->open(t, &err), TRANSPORT_ERROR);
	assert_error(&err, EX_OSERR, "Bad file descriptor");
	transport_free(t);
}

static void
a_descriptor_of_tcp_tells_where_it_leads(void **state)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	socklen_t len = sizeof(sin);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct transport *t;
	struct error err;

	(void)state;
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(listener, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&sin, &len);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, len), 0);
	t = descriptor_new(fd);
	assert_int_equal(t->ops->open(t, &err), 0);
	assert_string_equal(t->peer.address, "127.0.0.1");
	assert_int_equal(t->peer.port, ntohs(sin.sin_port));
	assert_true(t->peer.local);
	transport_free(t);
	close(listener);
}

static int
set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	*state = p;
	strcpy(p->dir, "/tmp/pipe_test.XXXXXX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	snprintf(p->path, sizeof(p->path), "%s/socket", p->dir);
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;

	rmdir(p->dir);
	free(p);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_socket_in_the_file_system_is_local),
	    cmocka_unit_test(
		what_was_said_before_the_close_outlives_a_failed_send),
	    cmocka_unit_test(a_socket_that_is_not_there_is_named),
	    cmocka_unit_test(a_path_that_is_too_long_is_refused),
	    cmocka_unit_test(a_full_queue_is_waited_for),
	    cmocka_unit_test(
		a_program_is_spoken_to_through_its_standard_input_and_output),
	    cmocka_unit_test(a_program_that_ends_ends_the_stream),
	    cmocka_unit_test(a_program_does_not_hold_another_ones_connection),
	    cmocka_unit_test(a_program_gets_signals_as_usual),
	    cmocka_unit_test(an_open_socket_is_used_and_closed),
	    cmocka_unit_test(
		a_descriptor_that_is_no_socket_gets_its_flags_back),
	    cmocka_unit_test(a_descriptor_must_be_open_both_ways),
	    cmocka_unit_test(a_descriptor_of_tcp_tells_where_it_leads),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
