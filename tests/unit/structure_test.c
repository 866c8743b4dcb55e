/* The parts of a message: where they are, and what they are called. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/printable.h"
#include "message_testutil.h"
#include "mime/mime_field.h"
#include "mime/structure.h"

static void
read_structure(struct structure *s, struct input *in, int fd, const char *text)
{
	struct input_params params = {.text = text, .fd = fd, .name = "x"};
	struct error err = {0};

	input_begin(in, &params);
	if (structure_read(s, in, &INPUT_ALL, NULL, 0, &err) == -1)
		fail_msg("%s", err.text);
}

static void
put_range(struct buf *out, const char *text, const struct input_range *r)
{
	assert_true(r->offset <= r->end);
	assert_true(r->end <= strlen(text));
	buf_puts(out, "[");
	printable_append(out, text + r->offset, (size_t)(r->end - r->offset));
	buf_puts(out, "]");
}

/* One line for each part: its type, and its content if it is a leaf. */
static void
outline(const char *text, struct buf *out)
{
	const struct structure_part *p;
	struct structure s;
	struct input in;
	size_t i;

	buf_reset(out);
	read_structure(&s, &in, -1, text);
	for (i = 0; i < s.count; i++) {
		p = &s.parts[i];
		buf_printf(out, "%*s%s", (int)p->depth, "", p->type);
		if (p->kind == STRUCTURE_MULTIPART) {
			put_range(out, text, &p->preamble);
			put_range(out, text, &p->epilogue);
		} else if (p->kind == STRUCTURE_LEAF) {
			put_range(out, text, &p->body);
			assert_int_equal(
			    p->scan.bytes, p->body.end - p->body.offset);
		}
		buf_puts(out, "\n");
	}
	structure_clear(&s);
	input_end(&in);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static void
parts_end_where_the_boundaries_say(void **state)
{
	static const char *const rows[][2] = {
	    {"", "text/plain[]\n"},
	    {"\n", "text/plain[]\n"},
	    {"A: b\n\ntext\n", "text/plain[text\\n]\n"},
	    {"A: b\r\n\r\ntext", "text/plain[text]\n"},
	    {"no header\ntext", "text/plain[no header\\ntext]\n"},
	    {MIXED "pre\n--b\n\none\n--b\nA: b\n\ntwo\n\n--b--\nepi\n",
		"multipart/mixed[pre\\n][epi\\n]\n text/plain[one]\n"
		" text/plain[two\\n]\n"},
	    {MIXED "--b\r\n\r\none\r\n--b--",
		"multipart/mixed[][]\n"
		" text/plain[one]\n"},
	    {MIXED "--b\n\none", "multipart/mixed[][]\n text/plain[one]\n"},
	    {MIXED "--b\n\n\n--b\n\n--b\n--b",
		"multipart/mixed[][]\n text/plain[]\n text/plain[]\n"
		" text/plain[]\n text/plain[]\n"},
	    {MIXED "--b \t \n\none\n--b--  \n",
		"multipart/mixed[][]\n"
		" text/plain[one]\n"},
	    {MIXED "--b\n\n--bb\n --b\n--b--b\n-\n--\n--b-\n",
		"multipart/mixed[][]\n"
		" text/plain[--bb\\n --b\\n--b--b\\n-\\n--\\n--b-\\n]\n"},
	    {MIXED "--b\r\rone\r--b\r\rtwo\r--b--\r",
		"multipart/mixed[][]\n text/plain[one]\n text/plain[two]\n"},
	    {MIXED "--b\nContent-Type: text/html\nno field\n--b--\n--b\nx",
		"multipart/mixed[][--b\\nx]\n text/html[no field]\n"},
	    {MIXED "--b\nContent-Type: image/png\n--b--",
		"multipart/mixed[][]\n image/png[]\n"},
	    {MIXED "nothing\n--a\n\nelse",
		"multipart/mixed[nothing\\n--a"
		"\\n\\nelse]\n"},
	    {"Content-Type: multipart/mixed\n\n--b\n\nx",
		"multipart/mixed[--b\\n\\nx]\n"},
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		outline(rows[i][0], &out);
		assert_string_equal(buf_string(&out), rows[i][1]);
	}
	buf_clear(&out);
}

static void
parts_have_parts(void **state)
{
	static const char *const rows[][2] = {
	    /* An outer boundary ends all that is in it. */
	    {MIXED "--b\nContent-Type: multipart/alternative; boundary=\"b b\""
		   "\n\n--b b\n\n1\n--b b\nContent-Type: text/html\n\n2\n"
		   "--b\n\n3\n--b b\n4\n--b--\n",
		"multipart/mixed[][]\n multipart/alternative[][]\n"
		"  text/plain[1]\n  text/html[2]\n"
		" text/plain[3\\n--b b\\n4]\n"},
	    {MIXED "--b\nContent-Type: multipart/x; boundary=b--\n\n"
		   "--b--\n\n1\n--b----\n--b--\n",
		"multipart/mixed[][]\n multipart/x[][]\n  text/plain[1]\n"},
	    {"Content-Type: message/rfc822\n\nSubject: x\n"
	     "Content-Type: text/html\n\nin",
		"message/rfc822\n text/html[in]\n"},
	    {MIXED "--b\nContent-Type: message/rfc822\n\n" MIXED
		   "--b\n\nx\n--b--\n",
		"multipart/mixed[][]\n message/rfc822\n  multipart/mixed[][]\n"
		"   text/plain[x]\n"},
	    {MIXED "--b\nContent-Type: message/rfc822\n--b--",
		"multipart/mixed[][]\n message/rfc822\n  text/plain[]\n"},
	    {"Content-Type: message/rfc822\n"
	     "Content-Transfer-Encoding: base64\n\nQQ==",
		"message/rfc822[QQ==]\n"},
	    {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\nx"
	     "\n--b\nContent-Type: text/plain\n\ny",
		"multipart/digest[][]\n message/rfc822\n  text/plain[x]\n"
		" text/plain[y]\n"},
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		outline(rows[i][0], &out);
		assert_string_equal(buf_string(&out), rows[i][1]);
	}
	buf_clear(&out);
}

static void
fields_of_a_part_are_read_as_readers_do(void **state)
{
	static const char text[] =
	    "Content-type:TEXT/Html (x);\n\tCharSet=\"ISO-8859-1\";"
	    " name=other\n"
	    "content-transfer-encoding: BASE64 \n"
	    "Content-Disposition: Attachment;\r\n"
	    " filename*1*=%20euro%20; filename*0*=utf-8''%e2%82%ac;\n"
	    " filename*1=\"%20x\"; filename=plain\n"
	    "Content-ID: < a@b >\n\nZm9v\n";
	const struct structure_part *p;
	struct structure s;
	struct input in;
	struct error err;
	struct buf out = {0};
	struct source *source;
	uint64_t size;

	(void)state;
	read_structure(&s, &in, -1, text);
	p = &s.parts[0];
	assert_string_equal(p->type, "text/html");
	assert_string_equal(p->charset, "ISO-8859-1");
	assert_string_equal(p->encoding, "base64");
	assert_int_equal(p->coded, MIME_BASE64);
	assert_string_equal(p->disposition, "attachment");
	assert_string_equal(p->filename, "\xe2\x82\xac%20x");
	assert_string_equal(p->cid, "a@b");
	assert_int_equal(p->body.line, 9);
	assert_false(structure_is_text(p));
	assert_int_equal(structure_size(&in, p, &size, &err), 0);
	assert_int_equal(size, 3);
	source = structure_open(&in, p);
	assert_int_equal(testmail_drain(source, 10, &out, &err), 0);
	assert_string_equal(buf_string(&out), "foo");
	source_free(source);
	buf_clear(&out);
	structure_clear(&s);
	input_end(&in);
}

static void
parameters_are_found_in_whatever_they_are_written(void **state)
{
	static const char *const rows[][3] = {
	    {"text/plain; a=b", "a", "b"},
	    {"text/plain; A = b c ; d=e", "a", "b c"},
	    {"text/plain; a=\"b \\\" ; c\"; d=e", "d", "e"},
	    {"text/plain; a=\"b \\\" ; c\"; d=e", "a", "b \" ; c"},
	    {"text/plain a=b", "a", NULL},
	    {"text/plain; ab=c", "a", NULL},
	    {"text/plain;;; a=b;a=c", "a", "b"},
	    {"text/plain; a", "a", ""},
	    {"text/plain; a=", "a", ""},
	    {"text/plain; a=\"open", "a", "open"},
	    {"text/plain; (a=c) a=b", "a", "b"},
	    {"x; a*=iso-8859-1'de'%FC", "a", "\xc3\xbc"},
	    {"x; a=no; a*=utf-8''y%C3%BCs", "a", "y\xc3\xbcs"},
	    {"x; a*0=one; a*1=\" two\"; a*3=no", "a", "one two"},
	    {"x; a*0*=utf-8''%C3; a*1*=%BC; a*2=\"%41\"", "a", "\xc3\xbc%41"},
	    {"x; a*=none%41", "a", "noneA"},
	    {"x; a*=nowhere''%41", "a", "A"},
	    {"x; a==?utf-8?q?=C3=BC?=", "a", "\xc3\xbc"},
	    {"x; a=\"=?utf-8?b?w7w=?= x\"", "a", "\xc3\xbc x"},
	    {"x; a*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D", "a", "=?utf-8?q?x?="},
	    {"x; a*0*=utf-8''=?utf-8?q; a*1*=?x?=", "a", "=?utf-8?q?x?="},
	    {"x; a*0=\"=?utf-8?q?\"; a*1=\"x?=\"", "a", "=?utf-8?q?x?="},
	    {"x; a*=iso-8859-1''%3D%3Fx%81%0D%00", "a",
		"=?x\xef\xbf\xbd \xef\xbf\xbd"},
	    {"x; a=\xfc", "a", "\xef\xbf\xbd"},
	    {"", "a", NULL},
	};
	struct arena arena = {0};
	const char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = mime_field_text(&arena, rows[i][0], rows[i][1]);
		if (rows[i][2] == NULL)
			assert_null(text);
		else
			assert_string_equal(text, rows[i][2]);
	}
	assert_string_equal(
	    mime_field_value(&arena, " Text/(x)Plain ; a"), "text/plain");
	assert_string_equal(mime_field_value(&arena, "(open"), "");
	arena_clear(&arena);
}

/* The same parts, `shift` bytes later. */
static void
check_shifted(
    const struct structure *a, const struct structure *b, uint64_t shift)
{
	size_t i;

	assert_int_equal(a->count, b->count);
	for (i = 1; i < a->count; i++) {
		const struct structure_part *p = &a->parts[i];
		const struct structure_part *q = &b->parts[i];

		assert_int_equal(p->kind, q->kind);
		assert_int_equal(p->parent, q->parent);
		assert_string_equal(p->type, q->type);
		assert_int_equal(p->header.offset + shift, q->header.offset);
		assert_int_equal(p->body.offset + shift, q->body.offset);
		assert_int_equal(p->body.end + shift, q->body.end);
		assert_int_equal(p->after + shift, q->after);
		assert_int_equal(p->epilogue.end > 0 ? shift : 0,
		    q->epilogue.end - p->epilogue.end);
		assert_memory_equal(
		    p->scan.count, q->scan.count, sizeof(p->scan.count));
		assert_int_equal(p->scan.bytes, q->scan.bytes);
		assert_int_equal(p->scan.lines, q->scan.lines);
		assert_int_equal(p->scan.crlf, q->scan.crlf);
	}
}

static void
random_lines(struct buf *out, uint64_t *random, size_t count)
{
	static const char *const lines[] = {"--b", "--b", "--b--", "--c",
	    "--c--", "", "", "text", "--", "-", "--bb", "x--b",
	    "Content-Type: multipart/x; boundary=c",
	    "Content-Type: message/rfc822", "A: b", " folded", "\xc3\xbc"};
	static const char *const ends[] = {
	    "\n", "\r\n", "\r", "\r\r\n", "\n\r"};
	size_t i;

	for (i = 0; i < count; i++) {
		buf_puts(out,
		    lines[testmail_random(
			random, sizeof(lines) / sizeof(lines[0]))]);
		buf_puts(out,
		    ends[testmail_random(random, 2) == 0
			    ? testmail_random(random, 5)
			    : 1]);
	}
}

static void
what_is_found_does_not_depend_on_where_the_window_ends(void **state)
{
	struct buf plain = {0}, padded = {0};
	struct structure a, b;
	struct input in_a, in_b;
	uint64_t random = 29;
	size_t round, shift;
	int fd;

	(void)state;
	for (round = 0; round < 1500; round++) {
		buf_reset(&plain);
		buf_puts(&plain, MIXED);
		buf_reset(&padded);
		buf_puts(&padded, MIXED);
		shift = 129000 + testmail_random(&random, 2300);
		while (padded.len < plain.len + shift - 1)
			buf_putc(&padded, 'x');
		buf_putc(&padded, '\n');
		random_lines(&plain, &random, 300);
		buf_append(&padded, plain.data + strlen(MIXED),
		    plain.len - strlen(MIXED));
		read_structure(&a, &in_a, -1, plain.data);
		fd = testmail_file(padded.data, padded.len);
		read_structure(&b, &in_b, fd, NULL);
		check_shifted(&a, &b, shift);
		structure_clear(&a);
		structure_clear(&b);
		input_end(&in_a);
		input_end(&in_b);
		close(fd);
	}
	buf_clear(&plain);
	buf_clear(&padded);
}

static void
header_lines_may_be_longer_than_the_window(void **state)
{
	struct structure s;
	struct input in;
	struct buf text = {0};
	size_t n;

	(void)state;
	for (n = 131000; n < 131100; n++) {
		buf_reset(&text);
		buf_puts(&text, "X: ");
		while (text.len < n)
			buf_putc(&text, 'x');
		buf_puts(&text, "\r\nContent-Type: text/x\r\n\r\nbody");
		read_structure(&s, &in, -1, text.data);
		assert_int_equal(s.count, 1);
		assert_string_equal(s.parts[0].type, "text/x");
		assert_int_equal(
		    s.parts[0].body.end - s.parts[0].body.offset, 4);
		structure_clear(&s);
		input_end(&in);
	}
	buf_clear(&text);
}

static void
depth_and_number_of_parts_are_bounded(void **state)
{
	struct structure s;
	struct input in;
	struct buf text = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 5000; i++)
		buf_puts(&text, "Content-Type: message/rfc822\n\n");
	read_structure(&s, &in, -1, text.data);
	assert_int_equal(s.count, STRUCTURE_DEPTH + 1);
	assert_true(s.limited);
	structure_clear(&s);
	input_end(&in);
	buf_reset(&text);
	buf_puts(&text, MIXED);
	for (i = 0; i < STRUCTURE_PARTS + 5; i++)
		buf_puts(&text, "--b\n\nx\n");
	buf_puts(&text, "--b--\nend");
	read_structure(&s, &in, -1, text.data);
	assert_int_equal(s.count, STRUCTURE_PARTS);
	assert_true(s.limited);
	assert_true(s.parts[0].closed);
	structure_clear(&s);
	input_end(&in);
	buf_clear(&text);
}

static void
a_body_can_be_read_with_a_header_from_elsewhere(void **state)
{
	static const char fields[] = MIXED;
	struct input_params params = {
	    .text = "garbage\n--b\n\nx\n--b--\n", .fd = -1};
	struct input_range range = {8, UINT64_MAX, 2};
	struct error err = {0};
	struct structure s;
	struct input in;

	(void)state;
	input_begin(&in, &params);
	assert_int_equal(
	    structure_read(&s, &in, &range, fields, sizeof(fields) - 1, &err),
	    0);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.parts[1].body.offset, 13);
	assert_int_equal(s.parts[1].body.end, 14);
	assert_int_equal(s.parts[1].body.line, 4);
	structure_clear(&s);
	input_end(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parts_end_where_the_boundaries_say),
	    cmocka_unit_test(parts_have_parts),
	    cmocka_unit_test(fields_of_a_part_are_read_as_readers_do),
	    cmocka_unit_test(parameters_are_found_in_whatever_they_are_written),
	    cmocka_unit_test(
		what_is_found_does_not_depend_on_where_the_window_ends),
	    cmocka_unit_test(header_lines_may_be_longer_than_the_window),
	    cmocka_unit_test(depth_and_number_of_parts_are_bounded),
	    cmocka_unit_test(a_body_can_be_read_with_a_header_from_elsewhere),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
