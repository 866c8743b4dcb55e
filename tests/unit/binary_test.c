/* Messages with parts that go as they are (RFC 3030, BINARYMIME). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "message/message.h"
#include "message_testutil.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))
/* As the tests of parts have it. */
#define STEM "=_LCJGEdsSDdQItrkoAA8NsLshCV"

static const struct mime_form binary = {
    .eight_bit = true, .binary = true, .utf8 = true};

static struct message_params
wanted(const struct message_part *part)
{
	struct message_params p = testmail_params();

	testmail_to_bob(&p);
	p.binary = true;
	p.body_text = "Hi\n";
	p.parts = part;
	p.part_count = part != NULL;
	return p;
}

/* What stands in the last part of a multipart, to before the line end of the
 * boundary behind it. */
static void
last_part(const struct buf *out, const char **at, size_t *n)
{
	static const char head[] = "filename=a.bin\r\n"
				   "Content-Transfer-Encoding: binary\r\n\r\n";
	static const char tail[] = "\r\n--" STEM "a--\r\n";
	const char *found =
	    memmem(buf_string(out), out->len, head, strlen(head));

	assert_non_null(found);
	*at = found + strlen(head);
	*n = (size_t)(out->data + out->len - *at);
	assert_in_range(*n, strlen(tail), out->len);
	*n -= strlen(tail);
	assert_memory_equal(*at + *n, tail, strlen(tail));
}

static void
check_bytes(const void *bytes, size_t n)
{
	struct message_part part = {.fd = testmail_file(bytes, n),
	    .name = "a.bin",
	    .type = "application/octet-stream"};
	struct message_params p = wanted(&part);
	struct buf out = {0};
	const char *at;
	size_t len;

	testmail_send(&p, &binary, &out, NULL);
	/* That of the whole comes first, behind the fields of the message. */
	assert_true(testmail_has(&out,
	    "boundary=\"" STEM "a\"\r\nContent-Transfer-Encoding: binary\r\n"
	    "\r\n--" STEM "a\r\n"));
	last_part(&out, &at, &len);
	assert_int_equal(len, n);
	assert_memory_equal(at, bytes, n);
	close(part.fd);
	buf_clear(&out);
}

static void
bytes_go_as_they_are(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {{"", 0}, {"\0", 1}, {"\r", 1}, {"\n", 1}, {"\r\n", 2},
	    {".", 1}, {"\r\n.\r\n", 5}, {"\n.\n", 3}, {"\r.\r", 3},
	    {"a\r\nb\nc\rd\0e\xff\x80\r", 13},
	    {"--\r\n--"
	     "=_\r\n",
		10}};
	struct buf all = {0};
	size_t i, k;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++)
		check_bytes(rows[i].bytes, rows[i].n);
	for (i = 0; i < 256; i++)
		for (k = 0; k < 256; k++) {
			buf_putc(&all, (char)i);
			buf_putc(&all, (char)k);
		}
	check_bytes(all.data, all.len);
	buf_clear(&all);
}

/* Encoded as if nobody had spoken of it. */
static void
where_it_is_not_offered_or_not_wanted_bytes_are_encoded(void **state)
{
	struct message_part part = {
	    .fd = -1, .name = "a.bin", .text = "\x01\r"};
	struct message_params p = wanted(&part), unwanted = p;
	struct buf usual = {0}, out = {0};

	(void)state;
	unwanted.binary = false;
	testmail_send(&unwanted, &testmail_full, &usual, NULL);
	assert_true(testmail_has(&usual, "Encoding: base64\r\n\r\nAQ0="));
	testmail_send(&p, &testmail_full, &out, NULL);
	assert_string_equal(buf_string(&out), buf_string(&usual));
	testmail_send(&unwanted, &binary, &out, NULL);
	assert_string_equal(buf_string(&out), buf_string(&usual));
	buf_clear(&usual);
	buf_clear(&out);
}

static void
check_declared(const struct message_params *p, const struct mime_form *form,
    bool eight_bit, bool is_binary)
{
	struct mime_stream stream;
	struct error err = {0};
	struct message *m;

	assert_int_equal(message_new(p, &m, &err), 0);
	assert_int_equal(message_open(m, form, &stream, &err), 0);
	assert_int_equal(stream.eight_bit, eight_bit);
	assert_int_equal(stream.binary, is_binary);
	source_free(stream.source);
	message_free(m);
}

static void
what_is_declared_is_what_is_needed(void **state)
{
	static const struct mime_form without_8bit = {.binary = true};
	struct message_part part = {.fd = -1, .name = "a.bin", .text = "\x01"};
	struct message_part text = {
	    .fd = -1, .name = "a.txt", .text = "\xc3\xbc\r\n"};
	struct message_params p = wanted(&part), q = wanted(&text),
			      plain = wanted(NULL);

	(void)state;
	check_declared(&p, &binary, false, true);
	check_declared(&p, &testmail_full, false, false);
	check_declared(&q, &binary, true, false);
	check_declared(&plain, &binary, false, false);
	/* BINARYMIME says all that 8BITMIME does. */
	check_declared(&q, &without_8bit, false, true);
	/* The same for a header in UTF-8. */
	p.subject = "\xc3\xbc";
	check_declared(&p, &binary, false, true);
	p.binary = false;
	check_declared(&p, &binary, false, false);
}

static void
check_body(const char *body, const char *encoding, const char *content)
{
	struct message_params p = wanted(NULL);
	struct buf out = {0}, expected = {0};

	p.body_text = body;
	testmail_send(&p, &binary, &out, NULL);
	buf_printf(&expected, "Content-Transfer-Encoding: %s\r\n\r\n%s",
	    encoding, content);
	assert_true(testmail_has(&out, buf_string(&expected)));
	buf_clear(&out);
	buf_clear(&expected);
}

static void
a_text_is_binary_only_for_its_long_lines(void **state)
{
	struct buf line = {0}, wire = {0};

	(void)state;
	check_body("a\n", "7bit", "a\r\n");
	check_body("\xc3\xbc\n", "8bit", "\xc3\xbc\r\n");
	/* Few readers know what a CR alone is in a text. */
	check_body("a\rb\n", "quoted-printable", "a=0Db\r\n");
	while (line.len < 5000)
		buf_puts(&line, "word ");
	buf_puts(&line, "\xc3\xbc\nnext\n");
	buf_append(&wire, line.data, 5002);
	buf_puts(&wire, "\r\nnext\r\n");
	check_body(line.data, "binary", wire.data);
	buf_clear(&line);
	buf_clear(&wire);
}

static void
an_encoding_that_is_asked_for_stays(void **state)
{
	static const char *const rows[][2] = {
	    {"base64", "Content-Transfer-Encoding: base64\r\n\r\nAQ0A"},
	    {"quoted-printable",
		"Content-Transfer-Encoding: quoted-printable\r\n\r\n=01=0D=00"},
	};
	struct message_part part = {.name = "a.png"};
	struct message_params p = wanted(&part);
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++) {
		part.fd = testmail_file("\x01\r\0", 3);
		part.encoding = rows[i][0];
		part.type = "image/png";
		testmail_send(&p, &binary, &out, NULL);
		assert_true(testmail_has(&out, rows[i][1]));
		assert_false(testmail_has(&out, "binary"));
		close(part.fd);
	}
	part.encoding = "binary";
	part.fd = -1;
	part.text = "x";
	testmail_refused(&p, EX_USAGE, "'binary' is no transfer encoding");
	buf_clear(&out);
}

static void
a_boundary_that_occurs_in_the_bytes_is_not_used(void **state)
{
	struct message_part part = {
	    .fd = -1, .name = "a.png", .text = "\x89PNG\r" STEM "a"};
	struct message_params p = wanted(&part);
	struct buf out = {0};

	(void)state;
	testmail_send(&p, &binary, &out, NULL);
	assert_false(testmail_has(&out, "boundary=\"" STEM));
	assert_true(testmail_has(&out, "\r\n\r\n\x89PNG\r" STEM "a\r\n--=_"));
	buf_clear(&out);
}

#define HEAD "From: a@x.test\r\nTo: b@y.test\r\n"
#define ENCODING "Content-Transfer-Encoding: "

/* Only what says that it is binary goes so, and only where it can be had. */
static void
a_complete_message_that_says_it_is_binary_goes_byte_for_byte(void **state)
{
	static const char *const encodings[] = {
	    "binary", "BINARY", " Binary (so)", "binary ; x"};
	static const char body[] = "\r\n--\n\0\ra\r\n.\r\n\xff\n.\n\r";
	struct message_params p;
	struct mime_stream stream;
	struct message *m;
	struct error err;
	struct buf text = {0}, out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(encodings); i++) {
		buf_reset(&text);
		buf_printf(&text, HEAD ENCODING "%s\r\n", encodings[i]);
		buf_append(&text, body, sizeof(body) - 1);
		p = testmail_complete_params(NULL);
		p.binary = true;
		p.input_fd = testmail_file(text.data, text.len);
		testmail_send(&p, &binary, &out, &m);
		assert_true(message_facts(m)->binary);
		assert_true(message_facts(m)->as_written);
		assert_in_range(out.len, sizeof(body), 4096);
		assert_memory_equal(out.data + out.len - (sizeof(body) - 1),
		    body, sizeof(body) - 1);
		assert_int_equal(
		    message_open(m, &testmail_full, &stream, &err), -1);
		assert_int_equal(err.status, EX_DATAERR);
		assert_non_null(strstr(err.text, "NUL byte"));
		message_free(m);
		close(p.input_fd);
	}
	buf_clear(&text);
	buf_clear(&out);
}

/* The others: their lines are those of a text. */
static void
any_other_complete_message_is_text(void **state)
{
	static const char *const rows[] = {
	    HEAD "\r\na\nb\r\n",
	    HEAD ENCODING "8bit\r\n\r\na\nb\r\n",
	    /* This is in nobody's form yet. */
	    "From: a@x.test\nTo: b@y.test\n" ENCODING "binary\n\na\nb\n",
	    HEAD ENCODING "binary\r\nX: y\n\r\na\nb\r\n",
	};
	static const char said[] = HEAD ENCODING "binary\r\n\r\na\nb\r\n";
	struct message_params p;
	struct buf out = {0};
	struct message *m;
	size_t i;

	(void)state;
	for (i = 0; i < ELEMENTS(rows); i++) {
		p = testmail_complete_params(rows[i]);
		p.binary = true;
		testmail_send(&p, &binary, &out, &m);
		assert_true(testmail_has(&out, "\r\n\r\na\r\nb\r\n"));
		assert_false(message_facts(m)->binary);
		message_free(m);
		check_declared(&p, &binary, false, false);
	}
	p = testmail_complete_params(said);
	testmail_send(&p, &binary, &out, NULL);
	assert_true(testmail_has(&out, "\r\n\r\na\r\nb\r\n"));
	p.binary = true;
	testmail_send(&p, &testmail_plain, &out, NULL);
	assert_true(testmail_has(&out, "\r\n\r\na\r\nb\r\n"));
	testmail_send(&p, &binary, &out, NULL);
	assert_true(testmail_has(&out, "\r\n\r\na\nb\r\n"));
	check_declared(&p, &binary, false, true);
	p.repair = true;
	testmail_send(&p, &binary, &out, NULL);
	assert_false(testmail_has(&out, "a\nb"));
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bytes_go_as_they_are),
	    cmocka_unit_test(
		where_it_is_not_offered_or_not_wanted_bytes_are_encoded),
	    cmocka_unit_test(what_is_declared_is_what_is_needed),
	    cmocka_unit_test(a_text_is_binary_only_for_its_long_lines),
	    cmocka_unit_test(an_encoding_that_is_asked_for_stays),
	    cmocka_unit_test(a_boundary_that_occurs_in_the_bytes_is_not_used),
	    cmocka_unit_test(
		a_complete_message_that_says_it_is_binary_goes_byte_for_byte),
	    cmocka_unit_test(any_other_complete_message_is_text),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
