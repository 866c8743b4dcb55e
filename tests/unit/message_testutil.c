/* message_testutil: messages and sources for tests. */
#include "message_testutil.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/memory.h"
#include "rfc5322/header.h"

const struct mime_form testmail_plain = {.eight_bit = false};
const struct mime_form testmail_full = {.eight_bit = true, .utf8 = true};
const char *const testmail_bob[1] = {"bob@host.test"};

struct message_params
testmail_params(void)
{
	return (struct message_params){
	    .ident = {.now = 1763024400,
		.zone_minutes = 60,
		.random = "0123456789abcdef",
		.host = "host.test",
		.user = "ann",
		.name = "Ann O'Nym"},
	    .input_fd = -1,
	};
}

struct message_params
testmail_complete_params(const char *text)
{
	struct message_params p = testmail_params();

	p.complete = true;
	p.recipients_from_header = true;
	p.body_text = text;
	return p;
}

void
testmail_to_bob(struct message_params *p)
{
	p->to = testmail_bob;
	p->to_count = 1;
}

static void
write_all(int fd, const char *bytes, size_t n)
{
	ssize_t r;

	for (; n > 0; bytes += r, n -= (size_t)r) {
		r = write(fd, bytes, n);
		if (r <= 0)
			_exit(1);
	}
}

int
testmail_file(const void *bytes, size_t n)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);

	write_all(fd, bytes, n);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

int
testmail_pipe(const void *bytes, size_t n)
{
	int fds[2];

	if (pipe(fds) == -1)
		_exit(1);
	if (fork() == 0) {
		close(fds[0]);
		write_all(fds[1], bytes, n);
		_exit(0);
	}
	close(fds[1]);
	return fds[0];
}

size_t
testmail_random(uint64_t *state, size_t n)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407U;
	return (size_t)(*state >> 33) % n;
}

struct trickle {
	struct source source;
	const char *bytes;
	size_t len, at, most;
	uint64_t state;
};

static ssize_t
trickle_read(struct source *s, char *buf, size_t n, struct error *err)
{
	struct trickle *t = (struct trickle *)s;
	size_t len = 1 + testmail_random(&t->state, t->most);

	(void)err;
	if (testmail_random(&t->state, 8) == 0)
		return SOURCE_AGAIN;
	if (len > n)
		len = n;
	if (len > t->len - t->at)
		len = t->len - t->at;
	memcpy(buf, t->bytes + t->at, len);
	t->at += len;
	return (ssize_t)len;
}

static void
trickle_free(struct source *s)
{
	free(s);
}

struct source *
testmail_trickle(const void *bytes, size_t n, size_t most)
{
	static const struct source_ops ops = {trickle_read, trickle_free};
	struct trickle *t = memory_alloc(sizeof(*t));

	t->source = (struct source){&ops, -1};
	t->bytes = bytes;
	t->len = n;
	t->most = most;
	t->state = n * 31 + most;
	return &t->source;
}

int
testmail_drain(
    struct source *s, size_t piece, struct buf *out, struct error *err)
{
	struct pollfd p = {.events = POLLIN};
	char *bytes = memory_alloc(piece);
	ssize_t n;

	for (;;) {
		n = source_read(s, bytes, piece, err);
		if (n == SOURCE_AGAIN) {
			p.fd = s->fd;
			if (s->fd != -1)
				poll(&p, 1, -1);
			continue;
		}
		if (n <= 0)
			break;
		if ((size_t)n > piece)
			abort();
		buf_append(out, bytes, (size_t)n);
	}
	free(bytes);
	return n == 0 ? 0 : -1;
}

/* The message as bytes; its size is checked. */
void
testmail_send(const struct message_params *p, const struct mime_form *form,
    struct buf *out, struct message **message)
{
	struct error err = {0};
	struct mime_stream stream;
	struct message *m;

	buf_reset(out);
	if (message_new(p, &m, &err) == -1)
		fail_msg("%s", err.text);
	if (message_open(m, form, &stream, &err) == -1)
		fail_msg("%s", err.text);
	if (testmail_drain(stream.source, 65536, out, &err) == -1)
		fail_msg("%s", err.text);
	if (stream.size != MIME_SIZE_UNKNOWN)
		assert_int_equal(stream.size, out->len);
	source_free(stream.source);
	if (message != NULL)
		*message = m;
	else
		message_free(m);
}

void
testmail_refused(const struct message_params *p, int status, const char *words)
{
	struct message *m = NULL;
	struct error err = {0};

	if (message_new(p, &m, &err) == 0) {
		message_free(m);
		fail_msg("not refused: %s", words);
	}
	assert_null(m);
	if (strstr(err.text, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, err.text);
	assert_int_equal(err.status, status);
}

bool
testmail_has(const struct buf *out, const char *text)
{
	return memmem(buf_string(out), out->len, text, strlen(text)) != NULL;
}

size_t
testmail_count_fields(const struct buf *out)
{
	const char *p = buf_string(out), *end = p + out->len;
	struct header_field f;
	size_t n = 0;

	for (; header_parse(p, end, &f); p = f.next)
		n++;
	assert_memory_equal(p, "\r\n", 2);
	return n;
}

const char *
testmail_body(const struct buf *out)
{
	const char *p = memmem(buf_string(out), out->len, "\r\n\r\n", 4);

	assert_non_null(p);
	return p + 4;
}

/* Nothing illegal: lines of at most 998, every CR with its LF, no NUL. */
void
testmail_check_legal(const struct buf *out, bool eight_bit)
{
	size_t i, column = 0;

	for (i = 0; i < out->len; i++) {
		unsigned char c = (unsigned char)out->data[i];

		assert_true(c != 0);
		assert_true(eight_bit || c < 128);
		if (c == '\n')
			fail_msg("LF alone at %zu", i);
		if (c == '\r') {
			assert_int_equal(out->data[++i], '\n');
			column = 0;
			continue;
		}
		assert_true(++column <= 998);
	}
	assert_int_equal(column, 0);
}

/* What must come out of a body that needs no encoding. */
void
testmail_expect(const char *text, size_t n, struct buf *out)
{
	size_t i;

	buf_reset(out);
	for (i = 0; i < n; i++) {
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
			buf_putc(out, '\r');
		buf_putc(out, text[i]);
	}
	if (n > 0 && text[n - 1] != '\n')
		buf_puts(out, "\r\n");
}

void
testmail_fill(struct buf *text, size_t n, bool eight_bit)
{
	uint64_t random = n;
	size_t column = 0;

	buf_reserve(text, n + 10);
	while (text->len < n) {
		if (column > 900 || testmail_random(&random, 60) == 0) {
			buf_puts(
			    text, testmail_random(&random, 2) ? "\n" : "\r\n");
			column = 0;
		} else if (eight_bit && testmail_random(&random, 9) == 0) {
			buf_puts(text, "\xc3\xbc");
			column += 2;
		} else {
			buf_putc(
			    text, (char)('a' + testmail_random(&random, 26)));
			column++;
		}
	}
}
