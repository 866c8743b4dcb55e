/*
 * A mailbox of any octets has the messages that a look at all of it finds, one
 * line after the other, in whatever pieces it comes; and each can be read again
 * where it is.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "content/mailbox.h"
#include "content/mbox.h"
#include "fuzz/fuzz.h"
#include "lib/ascii.h"
#include "lib/file.h"

enum {
	WINDOW = 262144, /* of the mailbox, */
	VIEW = 516,	 /* and of its lines */
	SLOTS = 16,	 /* of a pipe */
	MANY = 5000,
};

static const char before[] = "From a Thu Jan  1 00:00:00 1970\n";
static const char length_field[] = "Content-Length";

/* What is expected. */
struct box {
	const char *bytes;
	size_t n;
	enum mailbox_form form;
};

struct entry {
	size_t separator, begin, end, next; /* offsets */
};

static size_t
eol_at(const struct box *b, size_t at)
{
	if (at < b->n && b->bytes[at] == '\n')
		return 1;
	return b->n - at > 1 && memcmp(b->bytes + at, "\r\n", 2) == 0 ? 2 : 0;
}

static bool
separator_at(const struct box *b, size_t at)
{
	size_t n = ascii_line(b->bytes + at, b->n - at);

	n -= n > 0 && b->bytes[at + n - 1] == '\n';
	n = n < MBOX_SEPARATOR ? n : MBOX_SEPARATOR;
	n -= n > 0 && b->bytes[at + n - 1] == '\r';
	return mbox_is_separator(b->bytes + at, n, NULL);
}

static bool
ends_at(const struct box *b, size_t at)
{
	return at == b->n || separator_at(b, at);
}

static size_t
next_line(const struct box *b, size_t at)
{
	return at + ascii_line(b->bytes + at, b->n - at);
}

/* The value of a Content-Length field, -1: it is none, -2: it has none. */
static int64_t
length_at(const struct box *b, size_t at)
{
	size_t n = b->n - at < VIEW ? b->n - at : VIEW, i;
	const char *p = b->bytes + at;
	int64_t length = -2;

	i = sizeof(length_field) - 1;
	if (n < i || !ascii_equal_bytes(p, length_field, i))
		return -1;
	while (i < n && ascii_is_blank(p[i]))
		i++;
	if (i == n || p[i] != ':')
		return -1;
	for (i++; i < n && ascii_is_blank(p[i]); i++)
		;
	for (; i < n && ascii_is_digit(p[i]); i++) {
		length = length < 0 ? 0 : length;
		length =
		    length > MANY * 100 ? length : length * 10 + (p[i] - '0');
	}
	while (i < n && ascii_is_blank(p[i]))
		i++;
	if (i == n ||
	    (p[i] != '\n' && (i + 1 == n || p[i] != '\r' || p[i + 1] != '\n')))
		return -2;
	return length;
}

/* Whether a header's length tells where the message ends. */
static bool
end_by_length(const struct box *b, struct entry *e)
{
	size_t at = e->begin, eol = 0;
	int64_t length = -1, l;
	int times = 0;

	for (; at < b->n && (eol = eol_at(b, at)) == 0; at = next_line(b, at)) {
		l = length_at(b, at);
		if (l != -1) {
			length = l;
			times++;
		}
	}
	if (times != 1 || length < 0 || at == b->n ||
	    (uint64_t)length > b->n - at - eol)
		return false;
	e->end = e->next = at + eol + (size_t)length;
	if (b->bytes[e->end - 1] != '\n') {
		if (e->end == b->n)
			return true;
		if (eol_at(b, e->end) == 0)
			return false;
		e->next += eol_at(b, e->end);
	}
	if (ends_at(b, e->next))
		return true;
	eol = eol_at(b, e->next);
	e->next += eol;
	return eol > 0 && ends_at(b, e->next);
}

static void
find_end(const struct box *b, struct entry *e)
{
	size_t eol;

	if (b->form >= MAILBOX_CL && end_by_length(b, e))
		return;
	for (e->end = e->begin; e->end < b->n; e->end = next_line(b, e->end)) {
		eol = eol_at(b, e->end);
		e->next = e->end + eol;
		if (eol > 0 && ends_at(b, e->next))
			return;
	}
	e->next = e->end;
}

static bool
is_quoted(const struct box *b, const char *p, size_t n)
{
	size_t angles = 0;

	while (angles < n && p[angles] == '>')
		angles++;
	if (angles == 0 || b->form == MAILBOX_CL2 ||
	    (b->form == MAILBOX_O && angles > 1))
		return false;
	return n - angles >= 5 && memcmp(p + angles, "From ", 5) == 0;
}

static void
text_of(const struct box *b, const struct entry *e, struct buf *out)
{
	bool header = b->form >= MAILBOX_CL, dropped = false;
	size_t at, n;

	buf_reset(out);
	for (at = e->begin; at < e->end; at += n) {
		n = ascii_line(b->bytes + at, e->end - at);
		header = header && eol_at(b, at) == 0;
		dropped = header &&
		    ((dropped && ascii_is_blank(b->bytes[at])) ||
			length_at(b, at) != -1);
		if (dropped)
			continue;
		if (is_quoted(b, b->bytes + at, n))
			buf_append(out, b->bytes + at + 1, n - 1);
		else
			buf_append(out, b->bytes + at, n);
	}
}

static void
compare(
    const struct box *b, const struct entry *e, const struct mailbox_message *m)
{
	struct buf text = {0};
	uint64_t line = 1;
	size_t at;

	for (at = 0; at < e->separator; at = next_line(b, at))
		line++;
	MUST(m->place.offset == e->separator, "it is at %zu and not at %llu",
	    e->separator, (unsigned long long)m->place.offset);
	MUST(m->place.line == line, "it is in line %llu and not in %llu",
	    (unsigned long long)line, (unsigned long long)m->place.line);
	MUST(m->bytes.fd == -1 && m->bytes.size == m->bytes.text.len,
	    "the size");
	text_of(b, e, &text);
	fuzz_same("a message", m->bytes.text.data, m->bytes.text.len, text.data,
	    text.len);
	buf_clear(&text);
}

static void
check(const struct box *b, int fd, bool lasting, size_t again)
{
	struct mailbox_message message = MAILBOX_MESSAGE;
	struct mailbox_place place = {0};
	struct input in;
	struct mailbox m;
	struct error err;
	struct entry e = {0}, other = {0};
	int r = 1;
	size_t i;

	input_begin(&in, &(struct input_params){.fd = fd, .name = "box"});
	mailbox_begin(
	    &m, &(struct mailbox_params){.input = &in, .form = b->form});
	for (i = 0; r == 1; i++, e.separator = e.next) {
		r = mailbox_next(&m, &message, &err);
		MUST(r == 1 || (r == 0) == (e.separator == b->n),
		    "the end is at %zu", e.separator);
		MUST((r == -1) ==
			(e.separator < b->n && !separator_at(b, e.separator)),
		    "a separator is at %zu", e.separator);
		MUST(r != -1 || err.status == EX_DATAERR, "%s", err.text);
		if (r != 1)
			break;
		e.begin = next_line(b, e.separator);
		find_end(b, &e);
		compare(b, &e, &message);
		if (i == again) {
			place = message.place;
			other = e;
		}
	}
	if (i > again && (lasting || b->form >= MAILBOX_CL)) {
		MUST(mailbox_seek(&m, &place, &err) == 0 &&
			mailbox_next(&m, &message, &err) == 1,
		    "it cannot be read again: %s", err.text);
		compare(b, &other, &message);
	}
	mailbox_message_clear(&message);
	mailbox_end(&m);
	input_end(&in);
}

/* A pipe that gives it in as many pieces as it can keep apart. */
static int
pipe_of(const struct box *b)
{
	size_t i, n, piece = b->n / SLOTS + 1;
	int fds[2];

	MUST(pipe2(fds, O_CLOEXEC | O_DIRECT | O_NONBLOCK) == 0, "no pipe");
	for (i = 0; i < b->n; i += n) {
		n = b->n - i < piece ? b->n - i : piece;
		MUST(write(fds[1], b->bytes + i, n) == (ssize_t)n,
		    "a pipe is full");
	}
	close(fds[1]);
	return fds[0];
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz f = {bytes, bytes + n};
	uint8_t how = fuzz_byte(&f);
	size_t short_of = fuzz_below(&f, 1024), again = fuzz_below(&f, 4);
	struct buf all = {0};
	struct box b = {.form = (enum mailbox_form)(how & 3)};
	bool pipe = (how & 4) != 0, far = !pipe && (how & 24) == 24;
	int fd;

	/* A message up to where the first window ends, or a bit less. */
	if (far) {
		buf_puts(&all, before);
		buf_reserve(&all, WINDOW);
		memset(all.data + all.len, 'x', WINDOW - short_of - all.len);
		all.len = WINDOW - short_of;
		buf_puts(&all, "\n\n");
	}
	buf_append(&all, f.at, (size_t)(f.end - f.at));
	/* What is read behind the end is seen. */
	b.n = all.len;
	b.bytes = memcpy(malloc(b.n + 1), buf_string(&all), b.n);
	fd = pipe && b.n < MANY ? pipe_of(&b) : fuzz_file(b.bytes, b.n);
	check(&b, fd, !pipe, again);
	close(fd);
	free((void *)(uintptr_t)b.bytes);
	buf_clear(&all);
	return 0;
}
