/* mailbox: which messages a mailbox has, in whatever pieces it comes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content/mailbox.h"
#include "content/mbox.h"
#include "lib/file.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
#define A "From a@x.test Thu Jan  1 00:00:00 1970\n"
#define B "From b@x.test Fri Jan  2 00:00:00 1970\n"
#define A_CRLF "From a@x.test Thu Jan  1 00:00:00 1970\r\n"
#define B_CRLF "From b@x.test Fri Jan  2 00:00:00 1970\r\n"
#define FIFTY "12345678901234567890123456789012345678901234567890"

enum { WINDOW = 262144 }; /* that the mailbox has */
enum { RD = 1, O = 2, CL = 4, CL2 = 8, EVERY = 15 };

/* What is read, message after message, with "|" behind each. */
struct case_of {
	int forms;
	const char *mailbox, *messages;
};

static const struct case_of cases[] = {
    {EVERY, "", ""},
    {EVERY, A, "|"},
    {EVERY, "From a@x.test Thu Jan  1 00:00:00 1970", "|"},
    {EVERY, A "\n", "|"},
    {EVERY, A "\n" B, "||"},
    {EVERY, A "\n" B "\n", "||"},
    /* Header only. */
    {EVERY, A "A: b\n", "A: b\n|"},
    {EVERY, A "A: b\n\n", "A: b\n|"},
    {EVERY, A "A: b\n\n\n", "A: b\n\n|"},
    {EVERY, A "A: b\n\n" B "C: d\n\n", "A: b\n|C: d\n|"},
    /* The last line and the last empty line. */
    {EVERY, A "A: b\n\nx", "A: b\n\nx|"},
    {EVERY, A "A: b\n\nx\n", "A: b\n\nx\n|"},
    {EVERY, A "A: b\n\nx\n\n", "A: b\n\nx\n|"},
    {EVERY, A "A: b\n\nx\n\n\n", "A: b\n\nx\n\n|"},
    {EVERY, A "A: b\n\nx\n\n" B "C: d\n\ny\n\n", "A: b\n\nx\n|C: d\n\ny\n|"},
    {EVERY, A "A: b\n\nx\n\n\n" B "C: d\n\ny", "A: b\n\nx\n\n|C: d\n\ny|"},
    {EVERY, A_CRLF "A: b\r\n\r\nx\r\n\r\n" B_CRLF "C: d\r\n\r\ny\r\n\r\n",
	"A: b\r\n\r\nx\r\n|C: d\r\n\r\ny\r\n|"},
    {EVERY, A_CRLF "A: b\r\n\r\nx\r\n\r\n\r\n", "A: b\r\n\r\nx\r\n\r\n|"},
    {EVERY, A "A: b\n\nx\n\r\n" B_CRLF "y\r", "A: b\n\nx\n|y\r|"},
    {EVERY, A "A: b\n\nx\r\n\r", "A: b\n\nx\r\n\r|"},
    /* What is no separator: no empty line, no date, another word. */
    {EVERY, A "A: b\n\nx\n" B "y\n", "A: b\n\nx\n" B "y\n|"},
    {EVERY, A "A: b\n\nx\n\nFrom me to you\ny\n",
	"A: b\n\nx\n\nFrom me to you\ny\n|"},
    {EVERY, A "\nFrom Mon to Fri 10:00 2026\n",
	"\nFrom Mon to Fri 10:00 2026\n|"},
    {EVERY, A "\n\nFrom:a Thu Jan  1 00:00:00 1970\n",
	"\n\nFrom:a Thu Jan  1 00:00:00 1970\n|"},
    {EVERY, A "\n From a Thu Jan  1 00:00:00 1970\n",
	"\n From a Thu Jan  1 00:00:00 1970\n|"},
    {EVERY, A "\n \n" B, "\n \n" B "|"},
    {EVERY, A "x\n\nFrom", "x\n\nFrom|"},
    {EVERY, A "x\n\nFrom ", "x\n\nFrom |"},
    /* Quoting. */
    {RD | CL, A "\n>From a\n>>From b\n> From c\n>>>From \n>>From",
	"\nFrom a\n>From b\n> From c\n>>From \n>>From|"},
    {O, A "\n>From a\n>>From b\n> From c\n>From ",
	"\nFrom a\n>>From b\n> From c\nFrom |"},
    {CL2, A "\n>From a\n>>From b\n", "\n>From a\n>>From b\n|"},
    {RD | CL | O, A "\n\n>" B "\n" B ">", "\n\n" B "|>|"},
    {EVERY, A "\n>>>>", "\n>>>>|"},
    {EVERY, A "\n>>>>\n>x\n>\n", "\n>>>>\n>x\n>\n|"},
    {RD | O | CL, A ">From a remote from b\nA: b\n\n",
	"From a remote from b\nA: b\n|"},
    /* Lengths are fields as others are. */
    {RD | O, A "Content-Length: 46\nStatus: RO\n\nx\n\n" B "y\n",
	"Content-Length: 46\nStatus: RO\n\nx\n|y\n|"},
    /* A separator within the length is none. */
    {CL | CL2, A "Content-Length: 42\nStatus: RO\n\nx\n\n" B "\n" B "y\n",
	"Status: RO\n\nx\n\n" B "|y\n|"},
    {CL | CL2, A "content-LENGTH \t:  42 \t\nA: b\n\nx\n\n" B,
	"A: b\n\nx\n\n" B "|"},
    {CL, A "Content-Length: 57\nA: b\n\n>From x\n>>From x\n>" B "\n" B,
	"A: b\n\nFrom x\n>From x\n" B "||"},
    {CL2, A "Content-Length: 46\nA: b\n\n" B ">From x\n\n" B,
	"A: b\n\n" B ">From x||"},
    {CL2, A "Content-Length: 47\nA: b\n\n" B ">From x\n\n" B,
	"A: b\n\n" B ">From x\n||"},
    {CL2, A "A: b\nContent-Length: 39\n\n" B "\n" B "y", "A: b\n\n" B "|y|"},
    {CL | CL2, A "A: b\nContent-Length: 0\n\n" B "y\n", "A: b\n\n|y\n|"},
    {CL | CL2, A "A: b\nContent-Length: 0\n\n\n" B "y\n", "A: b\n\n|y\n|"},
    {CL | CL2, A "A: b\nContent-Length: 0\n\n", "A: b\n\n|"},
    /* Without the last line end, and with the separator right behind. */
    {CL | CL2, A "Content-Length: 3\n\nx\ny\n\n" B, "\nx\ny||"},
    {CL | CL2, A "Content-Length: 3\n\nx\ny\n" B, "\nx\ny||"},
    {CL | CL2, A "Content-Length: 4\n\nx\ny\n" B, "\nx\ny\n||"},
    {CL | CL2, A "Content-Length: 5\n\nx\ny\n\n" B, "\nx\ny\n\n||"},
    {CL | CL2, A "Content-Length: 3\n\nx\ny", "\nx\ny|"},
    {CL | CL2, A_CRLF "Content-Length: 6\r\n\r\nx\r\ny\r\n\r\n" B_CRLF "z\r\n",
	"\r\nx\r\ny\r\n|z\r\n|"},
    {CL | CL2, A_CRLF "Content-Length: 4\r\n\r\nx\r\ny\r\n\r\n" B_CRLF,
	"\r\nx\r\ny||"},
    /* Lengths that lie, are none, or are two. */
    {CL | CL2, A "Content-Length: 2\n\nx\ny\n\n" B, "\nx\ny\n||"},
    {CL | CL2, A "Content-Length: 41\n\nx\n\n" B "y\n", "\nx\n|y\n|"},
    {CL | CL2, A "Content-Length: 3\n\nx\nx" B "\n" B, "\nx\nx" B "||"},
    {CL | CL2, A "Content-Length: 9999\n\nx\n\n" B, "\nx\n||"},
    {CL | CL2, A "Content-Length: 9223372036854775807\n\nx\n\n" B, "\nx\n||"},
    {CL | CL2, A "Content-Length: 18446744073709551615\n\nx\n\n" B, "\nx\n||"},
    {CL | CL2, A "Content-Length: 18446744073709551658\n\nx\n\n" B, "\nx\n||"},
    {CL | CL2, A "Content-Length: -1\n\nx\n\n" B, "\nx\n||"},
    {CL | CL2, A "Content-Length: 42x\n\nx\n\n" B, "\nx\n||"},
    {CL | CL2, A "Content-Length:\n 42\nA: b\n\nx\n\n" B, "A: b\n\nx\n||"},
    {CL | CL2, A "Content-Length: 42\nContent-Length: 1\n\nx\n\n" B, "\nx\n||"},
    {CL | CL2, A "Content-Lengthy: 42\n\nx\n\n" B,
	"Content-Lengthy: 42\n\nx\n||"},
    {CL | CL2, A "A: b\n\nContent-Length: 42\n\n" B,
	"A: b\n\nContent-Length: 42\n||"},
    {CL | CL2, A "Content-Length: 42\nA: b", "A: b|"},
    {CL | CL2, A "Content-Length: 42", "|"},
    {CL | CL2, A "Content-Length: 2\n\nx\n\n\n" B, "\nx\n\n||"},
    {CL | CL2, A "A: b\n c\nContent-Length: 2\n d\n e\nF: g\n h\n\nx\n",
	"A: b\n c\nF: g\n h\n\nx\n|"},
    /* A long sender. */
    {EVERY,
	A "x\n\nFrom " FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
	  " Thu Jan  1 00:00:00 1970\ny\n",
	"x\n|y\n|"},
};

static void
add_message(struct buf *out, const struct mailbox_message *m)
{
	struct buf text = {0};

	if (m->bytes.fd != -1) {
		assert_int_equal(file_read_all(m->bytes.fd, &text), 0);
		assert_int_equal(m->bytes.text.len, 0);
	} else {
		buf_append(
		    &text, buf_string(&m->bytes.text), m->bytes.text.len);
	}
	assert_int_equal(text.len, m->bytes.size);
	buf_append(out, buf_string(&text), text.len);
	buf_putc(out, '|');
	buf_clear(&text);
}

/* All messages of what a descriptor gives; -1 is an error. */
static int
read_all(int fd, enum mailbox_form form, struct buf *out, struct error *err)
{
	struct mailbox_message message = MAILBOX_MESSAGE;
	struct input in;
	struct mailbox m;
	uint64_t number = 0;
	int r;

	buf_reset(out);
	input_begin(&in, &(struct input_params){.fd = fd, .name = "box"});
	mailbox_begin(&m, &(struct mailbox_params){.input = &in, .form = form});
	while ((r = mailbox_next(&m, &message, err)) == 1) {
		assert_int_equal(message.place.number, ++number);
		add_message(out, &message);
	}
	mailbox_message_clear(&message);
	mailbox_end(&m);
	input_end(&in);
	return r;
}

static int
file_of(const void *bytes, size_t n)
{
	int fd = memfd_create("mailbox", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(file_write(fd, bytes, n), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
assert_messages(
    const struct buf *is, const char *should, const struct case_of *c, int form)
{
	size_t n = strlen(should), tail = n < 300 ? 0 : n - 300;

	if (is->len != n || memcmp(buf_string(is), should, n) != 0)
		fail_msg("form %d of\n%s\nhas\n%s\nand not\n%s", form,
		    c->mailbox, buf_string(is) + (is->len > n ? tail : 0),
		    should + tail);
}

static void
each_form_has_its_messages(void **state)
{
	struct buf out = {0};
	struct error err;
	size_t i;
	int form, fd;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++)
		for (form = 0; form < 4; form++) {
			if ((cases[i].forms & 1 << form) == 0)
				continue;
			fd =
			    file_of(cases[i].mailbox, strlen(cases[i].mailbox));
			assert_int_equal(
			    read_all(fd, (enum mailbox_form)form, &out, &err),
			    0);
			assert_messages(
			    &out, cases[i].messages, &cases[i], form);
			close(fd);
		}
	buf_clear(&out);
}

/* Writes to a pipe that keeps pieces apart. */
struct writer {
	int fd;
	const char *bytes;
	size_t n, piece;
};

static void *
write_pieces(void *arg)
{
	const struct writer *w = arg;
	size_t i, n;

	for (i = 0; i < w->n; i += n) {
		n = w->n - i < w->piece ? w->n - i : w->piece;
		if (write(w->fd, w->bytes + i, n) != (ssize_t)n)
			break;
	}
	close(w->fd);
	return NULL;
}

static int
read_pieces(const struct buf *bytes, size_t piece, int form, struct buf *out)
{
	struct writer w = {
	    .bytes = buf_string(bytes), .n = bytes->len, .piece = piece};
	struct error err;
	pthread_t thread;
	int fds[2], r;

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_DIRECT), 0);
	w.fd = fds[1];
	assert_int_equal(pthread_create(&thread, NULL, write_pieces, &w), 0);
	r = read_all(fds[0], (enum mailbox_form)form, out, &err);
	pthread_join(thread, NULL);
	close(fds[0]);
	return r;
}

/* The case behind a message that has so many octets, so that the window ends
 * anywhere in the case. */
static void
behind(const struct case_of *c, size_t before, struct buf *bytes,
    struct buf *messages)
{
	buf_reset(bytes);
	buf_reset(messages);
	buf_puts(bytes, A);
	if (bytes->len < before) {
		assert_int_equal(buf_reserve(bytes, before), 0);
		memset(bytes->data + bytes->len, 'x', before - bytes->len);
		bytes->len = before;
	}
	buf_append(
	    messages, buf_string(bytes) + strlen(A), bytes->len - strlen(A));
	if (bytes->len > strlen(A)) {
		buf_putc(bytes, '\n');
		buf_putc(messages, '\n');
	}
	buf_puts(bytes, "\n");
	buf_puts(bytes, c->mailbox);
	buf_puts(messages, "|");
	buf_puts(messages, c->messages);
}

static void
the_pieces_that_a_pipe_gives_are_of_no_matter(void **state)
{
	static const size_t pieces[] = {1, 2, 3, 7, 61, 512, 517, 4096};
	struct buf bytes = {0}, messages = {0}, out = {0};
	size_t i, k;
	int form;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++)
		for (form = 0; form < 4; form++) {
			if ((cases[i].forms & 1 << form) == 0)
				continue;
			behind(&cases[i], 520, &bytes, &messages);
			for (k = 0; k < ELEMENTS(pieces); k++) {
				assert_int_equal(
				    read_pieces(&bytes, pieces[k], form, &out),
				    0);
				assert_messages(&out, buf_string(&messages),
				    &cases[i], form);
			}
		}
	buf_clear(&bytes);
	buf_clear(&messages);
	buf_clear(&out);
}

static void
where_the_window_ends_is_of_no_matter(void **state)
{
	struct buf bytes = {0}, messages = {0}, out = {0};
	struct error err;
	size_t i, before;
	int form, fd;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++)
		for (form = 0; form < 4; form++) {
			if ((cases[i].forms & 1 << form) == 0)
				continue;
			before = WINDOW - 1 - strlen(cases[i].mailbox);
			for (; before < WINDOW; before += 11) {
				behind(&cases[i], before, &bytes, &messages);
				fd = file_of(bytes.data, bytes.len);
				assert_int_equal(
				    read_all(fd, (enum mailbox_form)form, &out,
					&err),
				    0);
				assert_messages(&out, buf_string(&messages),
				    &cases[i], form);
				close(fd);
			}
		}
	buf_clear(&bytes);
	buf_clear(&messages);
	buf_clear(&out);
}

static void
what_does_not_begin_like_a_mailbox_is_refused_with_the_line(void **state)
{
	static const char *const bad[] = {"x", "\n" A, "From", "From ",
	    "From me\nA: b\n\nx\n", "from a Thu Jan  1 00:00:00 1970\n", ">" A,
	    " " A, "\0" A};
	struct buf out = {0};
	struct error err;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < ELEMENTS(bad); i++) {
		fd = file_of(bad[i], strlen(bad[i]) + (*bad[i] == '\0'));
		assert_int_equal(read_all(fd, MAILBOX_RD, &out, &err), -1);
		assert_int_equal(err.status, EX_DATAERR);
		assert_non_null(strstr(err.text, "box: line 1: "));
		close(fd);
	}
	buf_clear(&out);
}

static void
a_file_that_becomes_shorter_is_told(void **state)
{
	static const char text[] = A "x\n\n" B "y\n";
	struct mailbox_message message = MAILBOX_MESSAGE;
	struct mailbox m;
	struct input in;
	struct error err;
	int fd = file_of(text, strlen(text));

	(void)state;
	input_begin(&in, &(struct input_params){.fd = fd, .name = "box"});
	mailbox_begin(&m, &(struct mailbox_params){.input = &in});
	assert_int_equal(ftruncate(fd, (off_t)strlen(text) - 1), 0);
	assert_int_equal(mailbox_next(&m, &message, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	assert_string_equal(err.text, "box changed while it was read");
	mailbox_message_clear(&message);
	mailbox_end(&m);
	input_end(&in);
	close(fd);
}

static void
each_octet_reaches_the_caller(void **state)
{
	struct buf bytes = {0}, out = {0};
	struct error err;
	int i, fd;

	(void)state;
	buf_puts(&bytes, A);
	for (i = 0; i < 256; i++)
		buf_putc(&bytes, (char)i);
	fd = file_of(bytes.data, bytes.len);
	assert_int_equal(read_all(fd, MAILBOX_RD, &out, &err), 0);
	assert_int_equal(out.len, 257);
	assert_memory_equal(out.data, bytes.data + strlen(A), 256);
	close(fd);
	buf_clear(&bytes);
	buf_clear(&out);
}

static void
a_line_of_any_number_of_angles_loses_one(void **state)
{
	static const size_t numbers[] = {
	    505, 511, 512, 515, 516, 517, 1000, WINDOW - 40, WINDOW, 700000};
	static const struct {
		const char *end, *left;
		int fewer;
	} ends[] = {
	    {"", "", 0},
	    {"\n", "\n", 0},
	    {"From", "From", 0},
	    {"From ", "From ", 1},
	    {"From x\ny\n\n" B, "From x\ny\n|", 1},
	    {"x\n\n" B, "x\n|", 0},
	};
	struct buf bytes = {0}, should = {0}, out = {0};
	struct error err;
	size_t i, k, n;
	int fd;

	(void)state;
	for (i = 0; i < ELEMENTS(numbers); i++)
		for (k = 0; k < ELEMENTS(ends); k++) {
			buf_reset(&bytes);
			buf_reset(&should);
			buf_puts(&bytes, A);
			for (n = 0; n < numbers[i]; n++)
				buf_putc(&bytes, '>');
			buf_append(&should, bytes.data + strlen(A),
			    n - (size_t)ends[k].fewer);
			buf_puts(&bytes, ends[k].end);
			buf_puts(&should, ends[k].left);
			buf_putc(&should, '|');
			fd = file_of(bytes.data, bytes.len);
			assert_int_equal(
			    read_all(fd, MAILBOX_RD, &out, &err), 0);
			assert_int_equal(out.len, should.len);
			assert_memory_equal(out.data, should.data, out.len);
			close(fd);
		}
	buf_clear(&bytes);
	buf_clear(&should);
	buf_clear(&out);
}

static void
a_message_can_be_read_again_where_it_was(void **state)
{
	static const char text[] = A "1\n\n" B "2\n>From \n3\n\nFrom a b  "
				     "Sat, 3 Jan 2026 10:00 +0100\n4\n";
	static const struct {
		uint64_t offset, line;
		const char *sender, *message;
	} places[] = {
	    {0, 1, "a@x.test", "1\n|"},
	    {42, 4, "b@x.test", "2\nFrom \n3\n|"},
	    {93, 9, "a b", "4\n|"},
	};
	struct mailbox_message message = MAILBOX_MESSAGE;
	struct mailbox_place seen[3];
	struct buf out = {0};
	struct mailbox m;
	struct input in;
	struct error err;
	int i, fd = file_of(text, strlen(text));

	(void)state;
	input_begin(&in, &(struct input_params){.fd = fd, .name = "box"});
	mailbox_begin(&m, &(struct mailbox_params){.input = &in});
	for (i = 0; i < 3; i++) {
		assert_int_equal(mailbox_next(&m, &message, &err), 1);
		assert_int_equal(message.place.offset, places[i].offset);
		assert_int_equal(message.place.line, places[i].line);
		assert_string_equal(message.sender, places[i].sender);
		seen[i] = message.place;
	}
	assert_int_equal(mailbox_next(&m, &message, &err), 0);
	while (i-- > 0) {
		assert_int_equal(mailbox_seek(&m, &seen[i], &err), 0);
		assert_int_equal(mailbox_next(&m, &message, &err), 1);
		assert_memory_equal(
		    &message.place, &seen[i], sizeof(message.place));
		buf_reset(&out);
		add_message(&out, &message);
		assert_string_equal(buf_string(&out), places[i].message);
	}
	seen[1].offset++;
	assert_int_equal(mailbox_seek(&m, &seen[1], &err), 0);
	assert_int_equal(mailbox_next(&m, &message, &err), -1);
	assert_non_null(strstr(err.text, "line 4"));
	mailbox_message_clear(&message);
	mailbox_end(&m);
	input_end(&in);
	close(fd);
	buf_clear(&out);
}

static void
a_pipe_cannot_be_read_again(void **state)
{
	static const struct mailbox_place place = {0, 1, 1};
	struct mailbox m;
	struct input in;
	struct error err;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	input_begin(&in, &(struct input_params){.fd = fds[0]});
	mailbox_begin(&m, &(struct mailbox_params){.input = &in});
	assert_int_equal(mailbox_seek(&m, &place, &err), -1);
	assert_int_equal(err.status, EX_NOINPUT);
	mailbox_end(&m);
	input_end(&in);
	close(fds[0]);
	close(fds[1]);
}

static void
separators_of_many_writers_are_known(void **state)
{
	static const struct {
		const char *line;
		const char *sender; /* NULL: it is none */
	} lines[] = {
	    {"From a@x.test Thu Jan  1 00:00:00 1970", "a@x.test"},
	    {"From a@x.test  Thu Jan 1 00:00:00 1970", "a@x.test"},
	    {"From - Wed Nov 18 11:06:40 2026", "-"},
	    {"From a Thu Jan  1 00:00 1970", "a"},
	    {"From a Thu Jan  1 9:05 1970", "a"},
	    {"From a Thu Jan  1 00:00:00 1970 +0100", "a"},
	    {"From a Thu Jan  1 00:00:00 +0000 1970", "a"},
	    {"From a Thu Jan  1 00:00:00 MET DST 1970", "a"},
	    {"From a Thu Jan  1 00:00:00 1970 remote from b", "a"},
	    {"From a Thu, 01 Jan 1970 00:00:00 +0000", "a"},
	    {"From a thu jan 01 00:00:00 1970", "a"},
	    {"From a\tThu\tJan\t1\t00:00:00\t1970", "a"},
	    {"From ???@??? Thu Jan 01 00:00:00 1970", "???@???"},
	    {"From ann at x.test  Thu Jan  1 00:00:00 1970", "ann at x.test"},
	    {"From Mon Tue Thu Jan  1 00:00:00 1970", "Mon Tue"},
	    {"From  Thu Jan  1 00:00:00 1970", ""},
	    {"From Thu Jan  1 00:00:00 1970", ""},
	    {"From ", NULL},
	    {"From a", NULL},
	    {"From a@x.test 1970", NULL},
	    {"From a Thu", NULL},
	    {"From a Thu Jan  1", NULL},
	    {"From a Thu Jan  1 00:00:00", NULL},
	    {"From a Thu Jan  1 1970", NULL},
	    {"From a Thu Jan Jan 00:00:00 1970", NULL},
	    {"From a Thu 1 1 00:00:00 1970", NULL},
	    {"From a Thursday Jan  1 00:00:00 1970", NULL},
	    {"From a Jan  1 00:00:00 1970", NULL},
	    {"From a Thu Jan  1 00-00-00 1970", NULL},
	    {"From a Thu Jan  1 00:00:00 19701", NULL},
	    {"From a,Thu Jan  1 00:00:00 1970", NULL},
	    {"From Mon to Fri we are open 10:00 to 18:00 in 2026", NULL},
	    {"From: a Thu Jan  1 00:00:00 1970", NULL},
	    {"from a Thu Jan  1 00:00:00 1970", NULL},
	};
	size_t i, n, sender;
	bool is;

	(void)state;
	for (i = 0; i < ELEMENTS(lines); i++) {
		n = strlen(lines[i].line);
		is = mbox_is_separator(lines[i].line, n, &sender);
		if (is != (lines[i].sender != NULL))
			fail_msg(
			    "%s is %s", lines[i].line, is ? "one" : "none");
		if (!is)
			continue;
		assert_int_equal(sender, strlen(lines[i].sender));
		assert_memory_equal(lines[i].line + 5, lines[i].sender, sender);
	}
}

/* What mbox_search finds is where the second message begins. */
static void
a_search_finds_what_the_mailbox_has(void **state)
{
	struct mailbox_message message = MAILBOX_MESSAGE;
	struct mailbox m;
	struct input in;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(cases); i++) {
		struct mbox_search s = {0};
		uint64_t second = 0;

		if ((cases[i].forms & RD) == 0 || *cases[i].mailbox == '\0')
			continue;
		mbox_search_update(
		    &s, cases[i].mailbox, strlen(cases[i].mailbox));
		input_begin(&in,
		    &(struct input_params){.text = cases[i].mailbox, .fd = -1});
		mailbox_begin(&m, &(struct mailbox_params){.input = &in});
		assert_int_equal(mailbox_next(&m, &message, &err), 1);
		if (mailbox_next(&m, &message, &err) == 1)
			second = message.place.line;
		if (strchr(cases[i].mailbox, '\0')[-1] == '\n')
			assert_int_equal(second, s.found);
		mailbox_end(&m);
		input_end(&in);
	}
	mailbox_message_clear(&message);
}

static void
what_is_written_is_read_as_it_was(void **state)
{
	static const char *const pieces[] = {"From ", "From", ">", "\n", " ",
	    "x", B, "\n\n", ("\n" B), "Content-Length: 3\n", ">From ", "\r\n"};
	struct buf text = {0}, box = {0}, should = {0}, out = {0};
	unsigned random = 1, i, k, number;
	struct error err;
	int fd;

	(void)state;
	for (i = 0; i < 3000; i++) {
		buf_reset(&box);
		buf_reset(&should);
		for (number = 0; number < 3; number++) {
			struct mbox m = {0};

			buf_reset(&text);
			for (k = 0; k < 10; k++) {
				random = random * 1103515245 + 12345;
				buf_puts(&text,
				    pieces[(random >> 16) % ELEMENTS(pieces)]);
			}
			buf_putc(&text, '\n');
			mbox_separator(&box, "a@x.test", i);
			mbox_update(&m, text.data, text.len, &box);
			mbox_end(&m, &box);
			buf_append(&should, text.data, text.len);
			buf_putc(&should, '|');
		}
		fd = file_of(box.data, box.len);
		assert_int_equal(read_all(fd, MAILBOX_RD, &out, &err), 0);
		assert_string_equal(buf_string(&out), buf_string(&should));
		close(fd);
	}
	buf_clear(&text);
	buf_clear(&box);
	buf_clear(&should);
	buf_clear(&out);
}

static long
peak_kib(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

static void
a_big_message_goes_into_a_file_and_takes_no_memory(void **state)
{
	enum { SIZE = 100 << 20, LINE = 64 };
	static const char line[LINE + 1] =
	    "a line of mail that has as many octets as lines have, or so....\n";
	struct mailbox_message message = MAILBOX_MESSAGE;
	int fd = memfd_create("big", MFD_CLOEXEC), i;
	struct buf piece = {0};
	struct mailbox m;
	struct input in;
	struct error err;
	struct stat st;
	char first[8];
	long before;

	(void)state;
	assert_int_equal(file_write(fd, A, strlen(A)), 0);
	for (i = 0; i < (1 << 20) / LINE; i++)
		buf_append(&piece, line, LINE);
	for (i = 0; i < SIZE / (1 << 20); i++)
		assert_int_equal(file_write(fd, piece.data, piece.len), 0);
	assert_int_equal(file_write(fd, "\n" B "x", 1 + strlen(B) + 1), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	before = peak_kib();
	input_begin(&in, &(struct input_params){.fd = fd});
	mailbox_begin(&m, &(struct mailbox_params){.input = &in});
	assert_int_equal(mailbox_next(&m, &message, &err), 1);
	assert_true(message.bytes.fd != -1);
	assert_int_equal(message.bytes.size, SIZE);
	assert_int_equal(fstat(message.bytes.fd, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	assert_int_equal(read(message.bytes.fd, first, 6), 6);
	assert_memory_equal(first, "a line", 6);
	assert_int_equal(mailbox_next(&m, &message, &err), 1);
	assert_int_equal(message.bytes.fd, -1);
	assert_int_equal(message.place.line, SIZE / LINE + 3);
	assert_true(peak_kib() - before < 16 * 1024);
	mailbox_message_clear(&message);
	mailbox_end(&m);
	input_end(&in);
	buf_clear(&piece);
	close(fd);
}

static void
a_directory_that_takes_no_file_is_told(void **state)
{
	struct mailbox_message message = MAILBOX_MESSAGE;
	struct buf bytes = {0};
	struct mailbox m;
	struct input in;
	struct error err;
	size_t i;

	(void)state;
	buf_puts(&bytes, A);
	for (i = 0; i <= SPILL_KEPT; i++)
		buf_putc(&bytes, 'x');
	input_begin(&in,
	    &(struct input_params){
		.text = buf_string(&bytes), .fd = -1, .name = "box"});
	mailbox_begin(&m,
	    &(struct mailbox_params){
		.input = &in, .temp_dir = "/nowhere/at/all"});
	assert_int_equal(mailbox_next(&m, &message, &err), -1);
	assert_int_equal(err.status, EX_CANTCREAT);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	mailbox_message_clear(&message);
	mailbox_end(&m);
	input_end(&in);
	buf_clear(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_form_has_its_messages),
	    cmocka_unit_test(the_pieces_that_a_pipe_gives_are_of_no_matter),
	    cmocka_unit_test(where_the_window_ends_is_of_no_matter),
	    cmocka_unit_test(
		what_does_not_begin_like_a_mailbox_is_refused_with_the_line),
	    cmocka_unit_test(a_file_that_becomes_shorter_is_told),
	    cmocka_unit_test(each_octet_reaches_the_caller),
	    cmocka_unit_test(a_line_of_any_number_of_angles_loses_one),
	    cmocka_unit_test(a_message_can_be_read_again_where_it_was),
	    cmocka_unit_test(a_pipe_cannot_be_read_again),
	    cmocka_unit_test(separators_of_many_writers_are_known),
	    cmocka_unit_test(a_search_finds_what_the_mailbox_has),
	    cmocka_unit_test(what_is_written_is_read_as_it_was),
	    cmocka_unit_test(
		a_big_message_goes_into_a_file_and_takes_no_memory),
	    cmocka_unit_test(a_directory_that_takes_no_file_is_told),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
