/* Messages of either kind as sources: sizes, inputs, faults of inputs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "message/message.h"
#include "message_testutil.h"

static void
check_shape(const char *text, size_t n)
{
	struct message_params p = testmail_params();
	struct buf file = {0}, pipe = {0}, expected = {0};
	int way;

	testmail_to_bob(&p);
	for (way = 0; way < 2; way++) { /* composed, complete */
		p.input_fd = testmail_file(text, n);
		testmail_send(&p, &testmail_full, &file, NULL);
		testmail_check_legal(&file, true);
		close(p.input_fd);
		p.input_fd = testmail_pipe(text, n);
		testmail_send(&p, &testmail_full, &pipe, NULL);
		close(p.input_fd);
		assert_int_equal(file.len, pipe.len);
		assert_memory_equal(file.data, pipe.data, file.len);
		if (p.complete || testmail_has(&file, "Encoding: 7bit\r\n")) {
			testmail_expect(text, n, &expected);
			assert_true(file.len > expected.len);
			assert_memory_equal(file.data + file.len - expected.len,
			    buf_string(&expected), expected.len);
		}
		if (n == 0 || text[0] != '\n')
			break;
		p.complete = true;
	}
	buf_clear(&file);
	buf_clear(&pipe);
	buf_clear(&expected);
}

static void
size_is_the_number_of_bytes_for_every_shape(void **state)
{
	static const char *const shapes[] = {
	    "",
	    "\n",
	    "a",
	    "a\n",
	    "\r\n",
	    "a\r\n",
	    "\n\n\n",
	    ".",
	    ".\n",
	    "\n.\n",
	    "..\n.a",
	    "\r\n.\r\n",
	    "\na\r\nb\nc",
	    "\n\r\n\n\r\n",
	    "x\r\n.\n.\r\n",
	    "\n.\r\n\n.",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		check_shape(shapes[i], strlen(shapes[i]));
}

static void
size_is_right_around_the_sizes_of_buffers(void **state)
{
	static const struct {
		size_t size, distance;
	} around[] = {{16384, 1}, {65536, 5}, {131072, 1}, {1 << 20, 1}};
	char *text = malloc((1 << 20) + 100);
	uint64_t random = 23;
	size_t i, n, k;

	(void)state;
	text[0] = '\n';
	for (k = 1; k < (1 << 20) + 100; k++)
		text[k] = testmail_random(&random, 40) == 0 ? '\n' : 'x';
	for (i = 0; i < 4; i++)
		for (n = around[i].size - around[i].distance;
		     n <= around[i].size + around[i].distance; n++) {
			/* something at each edge in turn */
			memcpy(text + n - 2, n % 2 ? "\r\n" : "\n.", 2);
			check_shape(text, n);
			memcpy(text + n - 2, "xx", 2);
		}
	free(text);
}

static void
long_lines_are_encoded_when_composed_and_refused_when_complete(void **state)
{
	static const size_t lengths[] = {997, 998, 999, 1000, 1000000};
	struct message_params p;
	struct buf text = {0}, out = {0};
	size_t i, n;

	(void)state;
	for (i = 0; i < 5; i++) {
		buf_reset(&text);
		buf_puts(&text, "\nfirst\n");
		for (n = 0; n < lengths[i]; n++)
			buf_putc(&text, 'x');
		buf_puts(&text, i % 2 ? "\r\nlast\n" : "");
		p = testmail_params();
		testmail_to_bob(&p);
		p.body_text = buf_string(&text);
		testmail_send(&p, &testmail_full, &out, NULL);
		testmail_check_legal(&out, false);
		assert_true(testmail_has(
		    &out, lengths[i] > 998 ? "quoted-printable" : "7bit"));
		p.complete = true;
		if (lengths[i] > 998)
			testmail_refused(
			    &p, EX_DATAERR, "line 3 is longer than 998");
		else
			testmail_send(&p, &testmail_plain, &out, NULL);
	}
	buf_clear(&text);
	buf_clear(&out);
}

static void
smuggling_sequences_come_to_one_legal_form(void **state)
{
	static const char *const ends[] = {
	    "\n.\n",
	    "\r.\r",
	    "\r\n.\r",
	    "\r.\n",
	    "\n.\r\n",
	    "\r.\r\n",
	    "\r\n.\n",
	    "\n\n.\r\r",
	    "\r\r.\r\r",
	    "\n.\r",
	    "\r\r\n.\r\r\n",
	    "\n\r.\n\r",
	    "\r\n.\r\r\n",
	};
	struct message_params p = testmail_params();
	struct buf text = {0}, out = {0};
	struct error err;
	struct message *m;
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		buf_reset(&text);
		buf_printf(&text, "\na%sMAIL FROM:<x@y>\n", ends[i]);
		p.body_text = buf_string(&text);
		p.complete = false;
		testmail_send(&p, &testmail_full, &out, NULL);
		testmail_check_legal(&out, false);
		p.complete = true;
		if (message_new(&p, &m, &err) == -1) {
			assert_int_equal(err.status, EX_DATAERR);
			continue;
		}
		message_free(m);
		testmail_send(&p, &testmail_full, &out, NULL);
		testmail_check_legal(&out, false);
	}
	buf_clear(&text);
	buf_clear(&out);
}

static void
large_bodies_are_the_same_from_file_and_pipe_as_often_as_asked(void **state)
{
	struct message_params p = testmail_params();
	struct buf text = {0}, first = {0}, next = {0};
	struct mime_stream stream;
	struct error err;
	struct message *m;
	int way, round;

	(void)state;
	testmail_fill(&text, 3 << 20, true);
	testmail_to_bob(&p);
	for (way = 0; way < 2; way++) {
		p.input_fd = way ? testmail_pipe(text.data, text.len)
				 : testmail_file(text.data, text.len);
		assert_int_equal(message_new(&p, &m, &err), 0);
		assert_true(message_facts(m)->lasting);
		for (round = 0; round < 4; round++) {
			assert_int_equal(
			    message_open(m,
				round % 2 ? &testmail_full : &testmail_plain,
				&stream, &err),
			    0);
			buf_reset(&next);
			assert_int_equal(
			    testmail_drain(stream.source, 50000, &next, &err),
			    0);
			assert_int_equal(stream.size, next.len);
			testmail_check_legal(&next, round % 2);
			source_free(stream.source);
			if (way == 0 && round == 0)
				buf_append(&first, next.data, next.len);
			if (round % 2)
				continue;
			assert_int_equal(first.len, next.len);
			assert_memory_equal(first.data, next.data, next.len);
		}
		message_free(m);
		close(p.input_fd);
	}
	buf_clear(&text);
	buf_clear(&first);
	buf_clear(&next);
}

/* Changes a file between the two readings; the stream must not end well. */
static void
check_change(off_t at, const char *bytes, off_t size, bool eight_bit)
{
	struct message_params p = testmail_params();
	struct buf text = {0}, out = {0};
	struct mime_stream stream;
	struct error err = {0};
	struct message *m;

	testmail_fill(&text, 2 << 20, eight_bit);
	testmail_to_bob(&p);
	p.input_fd = testmail_file(text.data, text.len);
	assert_int_equal(message_new(&p, &m, &err), 0);
	assert_int_equal(message_open(m, &testmail_full, &stream, &err), 0);
	assert_true(pwrite(p.input_fd, bytes, strlen(bytes), at) ==
	    (ssize_t)strlen(bytes));
	if (size != 0)
		assert_int_equal(ftruncate(p.input_fd, size), 0);
	assert_int_equal(testmail_drain(stream.source, 65536, &out, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	assert_true(strstr(err.text, "changed while it was read") != NULL);
	assert_true(out.len < stream.size);
	source_free(stream.source);
	message_free(m);
	close(p.input_fd);
	buf_clear(&text);
	buf_clear(&out);
}

static void
a_file_that_changes_while_it_is_read_is_never_sent(void **state)
{
	(void)state;
	check_change(2000000, "", 1500000, false);
	check_change(2000000, "\xc3\xbc", 0, false);
	check_change(2000000, "\n\n\n\n\n\n\n\n", 0, false);
	check_change(2000000, "\rx", 0, true);
	check_change(2000000, "\xff\xff", 0, true);
}

/* A log that is being written: what stood in it when it was first seen. */
static void
a_file_that_grows_is_sent_as_it_was(void **state)
{
	struct message_params p = testmail_params();
	struct buf text = {0}, out = {0}, expected = {0};
	struct mime_stream stream;
	struct error err = {0};
	struct message *m;

	(void)state;
	testmail_fill(&text, 2 << 20, false);
	testmail_expect(text.data, text.len, &expected);
	testmail_to_bob(&p);
	p.input_fd = testmail_file(text.data, text.len);
	assert_int_equal(message_new(&p, &m, &err), 0);
	assert_int_equal(message_open(m, &testmail_full, &stream, &err), 0);
	assert_int_equal(
	    pwrite(p.input_fd, "more\n.\n", 7, (off_t)text.len), 7);
	assert_int_equal(testmail_drain(stream.source, 65536, &out, &err), 0);
	assert_int_equal(out.len, stream.size);
	assert_string_equal(testmail_body(&out), buf_string(&expected));
	source_free(stream.source);
	message_free(m);
	close(p.input_fd);
	buf_clear(&text);
	buf_clear(&out);
	buf_clear(&expected);
}

/* What is behind the first MiB is read at offsets, or as a pipe gives it. */
static void
a_byte_order_mark_moves_no_other_byte(void **state)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct message_params p = testmail_params();
	struct buf text = {0}, marked = {0}, with = {0}, without = {0};
	size_t i;

	(void)state;
	testmail_to_bob(&p);
	testmail_fill(&text, (3 << 20) + 17, false);
	buf_puts(&marked, mark);
	buf_append(&marked, text.data, text.len);
	p.input_fd = testmail_file(text.data, text.len);
	testmail_send(&p, &testmail_plain, &without, NULL);
	close(p.input_fd);
	for (i = 0; i < 2; i++) {
		p.input_fd = i == 0 ? testmail_file(marked.data, marked.len)
				    : testmail_pipe(marked.data, marked.len);
		buf_reset(&with);
		testmail_send(&p, &testmail_plain, &with, NULL);
		close(p.input_fd);
		assert_int_equal(with.len, without.len);
		assert_memory_equal(with.data, without.data, with.len);
	}
	buf_clear(&text);
	buf_clear(&marked);
	buf_clear(&with);
	buf_clear(&without);
}

static void
input_begins_where_the_descriptor_stands(void **state)
{
	struct message_params p = testmail_params();
	struct buf out = {0};

	(void)state;
	testmail_to_bob(&p);
	p.input_fd = testmail_file("skipped\nread\n", 13);
	lseek(p.input_fd, 8, SEEK_SET);
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_string_equal(testmail_body(&out), "read\r\n");
	close(p.input_fd);
	buf_clear(&out);
}

static void
unreadable_input_is_named(void **state)
{
	struct message_params p = testmail_params();

	(void)state;
	testmail_to_bob(&p);
	p.input_name = "here";
	p.input_fd = open("/", O_RDONLY | O_DIRECTORY);
	testmail_refused(&p, EX_NOINPUT, "here: Is a directory");
	p.complete = true;
	testmail_refused(&p, EX_NOINPUT, "here: Is a directory");
	close(p.input_fd);
	testmail_refused(&p, EX_NOINPUT, "here: Bad file descriptor");
	p.input_fd = open("/proc/self/mem", O_RDONLY); /* nothing at 0 */
	testmail_refused(&p, EX_NOINPUT, "here: Input/output error");
	close(p.input_fd);
}

static void
a_signal_stops_the_reading(void **state)
{
	struct message_params p = testmail_params();
	const volatile int stop = SIGINT;
	struct message *m;
	struct error err;
	int fds[2];

	(void)state;
	testmail_to_bob(&p);
	assert_int_equal(pipe(fds), 0);
	p.input_fd = fds[0];
	p.wait.stop = &stop;
	assert_int_equal(message_new(&p, &m, &err), -1);
	assert_int_equal(err.status, EX_SIGNAL + SIGINT);
	close(fds[0]);
	close(fds[1]);
}

static void
a_pipe_that_stalls_ends_at_the_deadline(void **state)
{
	struct message_params p = testmail_params();
	int fds[2];

	(void)state;
	testmail_to_bob(&p);
	assert_int_equal(pipe(fds), 0);
	p.input_fd = fds[0];
	p.wait.deadline_us = clock_monotonic_us() + 20000;
	testmail_refused(&p, EX_TEMPFAIL, "nothing came within the deadline");
	assert_int_equal(write(fds[1], "From: a@b.test\n", 15), 15);
	p.complete = true;
	p.wait.deadline_us = clock_monotonic_us() + 20000;
	testmail_refused(&p, EX_TEMPFAIL, "nothing came within the deadline");
	close(fds[0]);
	close(fds[1]);
}

static void
a_spool_that_cannot_be_made_is_an_error(void **state)
{
	struct message_params p = testmail_params();
	struct buf text = {0};

	(void)state;
	testmail_fill(&text, 2 << 20, false);
	testmail_to_bob(&p);
	p.temp_dir = "/nonexistent";
	p.input_fd = testmail_pipe(text.data, text.len);
	testmail_refused(&p, EX_CANTCREAT, "/nonexistent");
	close(p.input_fd);
	buf_clear(&text);
}

static void
eight_bit_text_in_a_complete_message_needs_8bitmime(void **state)
{
	struct message_params p =
	    testmail_complete_params("To: x@h.test\n\n\xc3\xbc");
	struct mime_stream stream;
	struct error err;
	struct message *m;

	(void)state;
	assert_int_equal(message_new(&p, &m, &err), 0);
	assert_int_equal(message_open(m, &testmail_plain, &stream, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	assert_non_null(strstr(err.text, "line 3"));
	assert_int_equal(message_open(m, &testmail_full, &stream, &err), 0);
	assert_true(stream.eight_bit);
	source_free(stream.source);
	message_free(m);
}

static void
utf8_headers_and_addresses_need_smtputf8(void **state)
{
	static const char *const to[] = {"J\xc3\xb6rg <j\xc3\xb6rg@h.test>"};
	static const struct mime_form eight_bit = {.eight_bit = true};
	struct message_params p = testmail_params();
	struct mime_stream stream;
	struct buf out = {0};
	struct error err;
	struct message *m;

	(void)state;
	p.to = to;
	p.to_count = 1;
	assert_int_equal(message_new(&p, &m, &err), 0);
	assert_true(message_facts(m)->utf8_envelope);
	assert_true(message_facts(m)->utf8_header);
	assert_int_equal(message_open(m, &eight_bit, &stream, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
	message_free(m);
	testmail_send(&p, &testmail_full, &out, NULL);
	assert_true(testmail_has(&out, "<j\xc3\xb6rg@h.test>\r\n"));
	p.to_count = 0;
	p.bcc = to;
	p.bcc_count = 1;
	testmail_send(&p, &testmail_full, &out, &m);
	assert_true(message_facts(m)->utf8_envelope);
	assert_false(message_facts(m)->utf8_header);
	message_free(m);
	p = testmail_complete_params("To: x@h.test\nSubject: \xc3\xbc\n\n");
	testmail_send(&p, &testmail_full, &out, &m);
	assert_true(message_facts(m)->utf8_header);
	assert_false(message_facts(m)->utf8_envelope);
	message_free(m);
	buf_clear(&out);
}

/* A complete message through a pipe, too long to be kept. */
static struct message *
streamed(struct buf *text, const char *end, size_t n, int *fd)
{
	struct message_params p = testmail_complete_params(NULL);
	struct error err;
	struct message *m;

	buf_reset(text);
	buf_puts(text,
	    "To: x@h.test\nFrom: a@h.test\nDate: x\n"
	    "Message-ID: <a@b>\n\n");
	testmail_fill(text, 3 << 20, false);
	buf_puts(text, "\n");
	buf_append(text, end, n);
	p.input_fd = *fd = testmail_pipe(text->data, text->len);
	if (message_new(&p, &m, &err) == -1)
		fail_msg("%s", err.text);
	assert_false(message_facts(m)->lasting);
	return m;
}

static void
a_large_complete_message_is_streamed_from_a_pipe(void **state)
{
	struct buf text = {0}, out = {0}, expected = {0};
	struct mime_stream stream;
	struct error err;
	struct message *m;
	int fd;

	(void)state;
	m = streamed(&text, "\xc3\xbc", 2, &fd);
	assert_int_equal(message_open(m, &testmail_full, &stream, &err), 0);
	assert_true(stream.eight_bit);
	assert_true(stream.size == MIME_SIZE_UNKNOWN);
	assert_int_equal(testmail_drain(stream.source, 4000, &out, &err), 0);
	testmail_expect(text.data, text.len, &expected);
	assert_int_equal(out.len, expected.len);
	assert_memory_equal(out.data, expected.data, out.len);
	source_free(stream.source);
	assert_int_equal(message_open(m, &testmail_full, &stream, &err), -1);
	message_free(m);
	close(fd);
	buf_clear(&text);
	buf_clear(&out);
	buf_clear(&expected);
}

static void
what_cannot_be_sent_ends_a_streamed_message(void **state)
{
	static const struct {
		const char *end;
		size_t n;
		const char *words;
	} rows[] = {
	    {"a\0b", 3, "NUL"},
	    {"\xc3\xbc", 2, "8BITMIME"},
	    {NULL, 1000, "longer than 998"},
	};
	struct buf text = {0}, out = {0};
	struct mime_stream stream;
	struct error err;
	struct message *m;
	char line[1000];
	size_t i;
	int fd;

	(void)state;
	memset(line, 'x', sizeof(line));
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		m = streamed(
		    &text, rows[i].end ? rows[i].end : line, rows[i].n, &fd);
		assert_int_equal(
		    message_open(m, &testmail_plain, &stream, &err), 0);
		assert_false(stream.eight_bit);
		assert_int_equal(
		    testmail_drain(stream.source, 65536, &out, &err), -1);
		assert_int_equal(err.status, EX_DATAERR);
		assert_non_null(strstr(err.text, rows[i].words));
		source_free(stream.source);
		message_free(m);
		close(fd);
	}
	buf_clear(&text);
	buf_clear(&out);
}

static void
a_streamed_message_does_not_block(void **state)
{
	struct message_params p = testmail_complete_params(NULL);
	struct buf text = {0}, out = {0};
	struct mime_stream stream;
	struct error err;
	struct message *m;
	char piece[100];
	ssize_t n;
	int fds[2];

	(void)state;
	buf_puts(&text, "To: x@h.test\n\n");
	testmail_fill(&text, (1 << 20) + 40000, false);
	assert_int_equal(pipe(fds), 0);
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	if (fork() == 0) { /* writes, and keeps its end open */
		size_t at = 0;

		close(fds[0]);
		while (at < text.len) {
			n = write(fds[1], text.data + at, text.len - at);
			if (n <= 0)
				_exit(1);
			at += (size_t)n;
		}
		_exit(0);
	}
	p.input_fd = fds[0];
	assert_int_equal(message_new(&p, &m, &err), 0);
	assert_int_equal(message_open(m, &testmail_plain, &stream, &err), 0);
	while ((n = source_read(stream.source, piece, sizeof(piece), &err)) > 0)
		buf_append(&out, piece, (size_t)n);
	assert_int_equal(n, SOURCE_AGAIN);
	assert_int_equal(stream.source->fd, fds[0]);
	close(fds[1]);
	assert_int_equal(testmail_drain(stream.source, 1000, &out, &err), 0);
	assert_true(out.len > text.len);
	source_free(stream.source);
	message_free(m);
	close(fds[0]);
	buf_clear(&text);
	buf_clear(&out);
}

/* The file is cut short behind our back: what is read from now on would not be
 * what was there. */
static void
opening_a_message_reads_nothing_of_it(void **state)
{
	struct message_params p = testmail_params();
	struct mime_stream plain, full;
	struct message *m;
	struct buf text = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		buf_puts(&text, "A line of words, \xc3\xa4 and =\n");
	p.input_fd = testmail_file(buf_string(&text), text.len);
	p.input_name = "body";
	p.to = testmail_bob;
	p.to_count = 1;
	assert_int_equal(message_new(&p, &m, &err), 0);
	assert_int_equal(ftruncate(p.input_fd, 10), 0);
	assert_int_equal(message_open(m, &testmail_full, &full, &err), 0);
	assert_int_equal(message_open(m, &testmail_plain, &plain, &err), 0);
	/* A CR; and two more for each of two octets and of one "=". */
	assert_in_range(full.size, text.len + i, text.len + i + 1000);
	assert_in_range(plain.size, text.len + 7 * i, text.len + 7 * i + 1000);
	source_free(full.source);
	source_free(plain.source);
	message_free(m);
	close(p.input_fd);
	buf_clear(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(size_is_the_number_of_bytes_for_every_shape),
	    cmocka_unit_test(size_is_right_around_the_sizes_of_buffers),
	    cmocka_unit_test(
		long_lines_are_encoded_when_composed_and_refused_when_complete),
	    cmocka_unit_test(smuggling_sequences_come_to_one_legal_form),
	    cmocka_unit_test(
		large_bodies_are_the_same_from_file_and_pipe_as_often_as_asked),
	    cmocka_unit_test(
		a_file_that_changes_while_it_is_read_is_never_sent),
	    cmocka_unit_test(a_file_that_grows_is_sent_as_it_was),
	    cmocka_unit_test(a_byte_order_mark_moves_no_other_byte),
	    cmocka_unit_test(input_begins_where_the_descriptor_stands),
	    cmocka_unit_test(unreadable_input_is_named),
	    cmocka_unit_test(a_signal_stops_the_reading),
	    cmocka_unit_test(a_pipe_that_stalls_ends_at_the_deadline),
	    cmocka_unit_test(a_spool_that_cannot_be_made_is_an_error),
	    cmocka_unit_test(
		eight_bit_text_in_a_complete_message_needs_8bitmime),
	    cmocka_unit_test(utf8_headers_and_addresses_need_smtputf8),
	    cmocka_unit_test(a_large_complete_message_is_streamed_from_a_pipe),
	    cmocka_unit_test(what_cannot_be_sent_ends_a_streamed_message),
	    cmocka_unit_test(a_streamed_message_does_not_block),
	    cmocka_unit_test(opening_a_message_reads_nothing_of_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
