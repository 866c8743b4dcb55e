/* Transfer encodings: what goes in comes out again, whatever the sizes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "content/encode.h"
#include "content/scan.h"
#include "lib/buf.h"
#include "message_testutil.h"
#include "mime/mime.h"

static int
hex(char c)
{
	return c >= 'A' ? c - 'A' + 10 : c - '0';
}

/* Strict, and it looks at each rule of RFC 2045 6.7. */
static void
decode_quoted_printable(const struct buf *in, struct buf *out)
{
	const char *p = buf_string(in), *end = p + in->len, *line = p;

	while (p < end) {
		assert_true(p - line <= 76);
		if (p[0] == '\r') {
			assert_true(end - p >= 2 && p[1] == '\n');
			assert_true(
			    p == line || (p[-1] != ' ' && p[-1] != '\t'));
			buf_puts(out, "\r\n");
			p += 2;
			line = p;
		} else if (p[0] == '=' && p[1] == '\r') {
			assert_true(end - p >= 3 && p[2] == '\n');
			assert_true(p + 1 - line <= 76);
			p += 3;
			line = p;
		} else if (p[0] == '=') {
			assert_true(end - p >= 3);
			buf_putc(out, (char)(hex(p[1]) << 4 | hex(p[2])));
			p += 3;
		} else {
			assert_true(p[0] == '\t' || (*p >= ' ' && *p <= '~'));
			buf_putc(out, *p++);
		}
	}
	assert_true(p == line); /* the last line is ended */
}

static void
decode_base64(const struct buf *in, struct buf *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
				       "mnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, have = 0;
	size_t i, column = 0;
	const char *digit;

	for (i = 0; i < in->len; i++) {
		char c = in->data[i];

		if (c == '\r') {
			assert_true(column > 0 && column <= 76);
			assert_true(column == 76 || i + 2 == in->len);
			assert_int_equal(in->data[++i], '\n');
			column = 0;
			continue;
		}
		column++;
		if (c == '=') {
			have = 0;
			continue;
		}
		digit = memchr(alphabet, c, 64);
		assert_non_null(digit);
		bits = bits << 6 | (unsigned)(digit - alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_putc(out, (char)(bits >> have));
		}
	}
	assert_int_equal(column, 0);
}

/* The plain way to canonical lines. */
static void
expect_lines(const char *in, size_t n, bool cr_ends, struct buf *out)
{
	bool ended = true;
	size_t i;

	for (i = 0; i < n; i++) {
		ended = in[i] == '\n';
		if (in[i] == '\n' && (i == 0 || in[i - 1] != '\r'))
			buf_putc(out, '\r');
		buf_putc(out, in[i]);
		if (cr_ends && in[i] == '\r') {
			ended = true;
			if (i + 1 == n || in[i + 1] != '\n')
				buf_putc(out, '\n');
		}
	}
	if (!ended)
		buf_puts(out, "\r\n");
}

static size_t
random_text(uint64_t *state, char *out, size_t max)
{
	static const char odd[] = "\r\n\n\n \t=.\x80\xff\0\x7f\x1b_?A";
	size_t i, n = testmail_random(state, max + 1);
	size_t plain = 1 + testmail_random(state, 90);

	for (i = 0; i < n; i++)
		out[i] = testmail_random(state, plain) == 0
		    ? odd[testmail_random(state, sizeof(odd) - 1)]
		    : (char)('a' + testmail_random(state, 26));
	for (i = 1; i < n; i++)
		if (out[i] == '\n' && testmail_random(state, 2) == 0)
			out[i - 1] = '\r';
	return n;
}

typedef struct source *encoder(struct source *);

static struct source *
plain_lines(struct source *s)
{
	return encode_lines(s, false, false);
}

static struct source *
lines_that_cr_ends(struct source *s)
{
	return encode_lines(s, true, false);
}

static struct source *
text_as_quoted_printable(struct source *s)
{
	return encode_quoted_printable(encode_lines(s, false, false), false);
}

static struct source *
bytes_as_quoted_printable(struct source *s)
{
	return encode_quoted_printable(s, true);
}

static void
encode_trickle(encoder *e, const char *in, size_t n, size_t most, size_t piece,
    struct buf *out)
{
	struct error err = {0};
	struct source *s = e(testmail_trickle(in, n, most));

	assert_int_equal(testmail_drain(s, piece, out, &err), 0);
	source_free(s);
}

static void
encode(encoder *e, const char *in, size_t n, size_t piece, struct buf *out)
{
	encode_trickle(e, in, n, piece * 2 + 1, piece, out);
}

static void
check_identity(
    encoder *e, void (*decode)(const struct buf *, struct buf *), bool lines)
{
	struct buf whole = {0}, out = {0}, back = {0}, expected = {0};
	uint64_t state = 7;
	size_t n, piece, round;
	char in[700];

	for (round = 0; round < 40; round++) {
		n = random_text(&state, in, sizeof(in));
		buf_reset(&expected);
		if (lines)
			expect_lines(in, n, e == lines_that_cr_ends, &expected);
		else
			buf_append(&expected, in, n);
		buf_reset(&whole);
		encode(e, in, n, 100000, &whole);
		buf_reset(&back);
		decode(&whole, &back);
		assert_int_equal(back.len, expected.len);
		assert_memory_equal(
		    buf_string(&back), buf_string(&expected), back.len);
		for (piece = 1; piece <= 100; piece++) {
			buf_reset(&out);
			encode(e, in, n, piece, &out);
			assert_int_equal(out.len, whole.len);
			assert_memory_equal(
			    buf_string(&out), buf_string(&whole), out.len);
			buf_reset(&out);
			encode_trickle(e, in, n, piece, 1000, &out);
			assert_int_equal(out.len, whole.len);
			assert_memory_equal(
			    buf_string(&out), buf_string(&whole), out.len);
		}
	}
	buf_clear(&whole);
	buf_clear(&out);
	buf_clear(&back);
	buf_clear(&expected);
}

static void
copy(const struct buf *in, struct buf *out)
{
	buf_append(out, buf_string(in), in->len);
}

static void
lines_are_canonical_at_every_buffer_size(void **state)
{
	(void)state;
	check_identity(plain_lines, copy, true);
	check_identity(lines_that_cr_ends, copy, true);
}

static void
quoted_printable_decodes_to_what_it_was_at_every_buffer_size(void **state)
{
	(void)state;
	check_identity(text_as_quoted_printable, decode_quoted_printable, true);
	check_identity(
	    bytes_as_quoted_printable, decode_quoted_printable, false);
}

static void
base64_decodes_to_the_bytes_at_every_buffer_size(void **state)
{
	(void)state;
	check_identity(encode_base64, decode_base64, false);
}

static void
base64_of_the_rfc_is_right(void **state)
{
	/* RFC 4648 section 10 */
	static const char *const rows[][2] = {
	    {"", ""},
	    {"f", "Zg==\r\n"},
	    {"fo", "Zm8=\r\n"},
	    {"foo", "Zm9v\r\n"},
	    {"foob", "Zm9vYg==\r\n"},
	    {"fooba", "Zm9vYmE=\r\n"},
	    {"foobar", "Zm9vYmFy\r\n"},
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&out);
		encode(
		    encode_base64, rows[i][0], strlen(rows[i][0]), 100, &out);
		assert_string_equal(buf_string(&out), rows[i][1]);
	}
	buf_clear(&out);
}

static void
quoted_printable_keeps_line_ends_and_hides_the_rest(void **state)
{
	static const char *const rows[][2] = {
	    {"", ""},
	    {"a\n", "a\r\n"},
	    {"a", "a\r\n"},
	    {"a \n", "a=20\r\n"},
	    {"a\t", "a=09\r\n"},
	    {"a b\n", "a b\r\n"},
	    {"a=b\n", "a=3Db\r\n"},
	    {"a\rb\n", "a=0Db\r\n"},
	    {"a\r\r\n", "a=0D\r\n"},
	    {"a\r", "a=0D\r\n"},
	    {"\xc3\xbc\n", "=C3=BC\r\n"},
	    {".\n", ".\r\n"},
	};
	struct buf out = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&out);
		encode(text_as_quoted_printable, rows[i][0], strlen(rows[i][0]),
		    100, &out);
		assert_string_equal(buf_string(&out), rows[i][1]);
	}
	buf_clear(&out);
}

static void
a_quoted_printable_line_of_76_characters_is_not_broken(void **state)
{
	struct buf out = {0};
	char in[80];

	(void)state;
	memset(in, 'x', sizeof(in));
	in[76] = '\n';
	encode(text_as_quoted_printable, in, 77, 100, &out);
	assert_int_equal(out.len, 78);
	buf_reset(&out);
	in[76] = 'x';
	in[77] = '\n';
	encode(text_as_quoted_printable, in, 78, 100, &out);
	assert_int_equal(out.len, 78 + 4);
	buf_clear(&out);
}

static void
naive_line(struct scan *s, uint64_t length, uint64_t line)
{
	if (length > s->longest)
		s->longest = length;
	if (length > 998 && s->count[SCAN_LONG_LINE]++ == 0)
		s->first[SCAN_LONG_LINE] = line;
}

static void
naive_odd(struct scan *s, enum scan_oddity what, bool is, uint64_t line)
{
	if (is && s->count[what]++ == 0)
		s->first[what] = line;
}

/* A scan by looking at one byte after the other. */
static void
naive_scan(struct scan *s, const char *in, size_t n, bool cr_ends)
{
	uint64_t line = 1;
	size_t i, start = 0;
	bool crlf, bare;

	scan_begin(s, 1);
	s->cr_ends = cr_ends;
	s->bytes = n;
	for (i = 0; i < n; i++) {
		crlf = in[i] == '\n' && i > 0 && in[i - 1] == '\r';
		bare = in[i] == '\r' && (i + 1 == n || in[i + 1] != '\n');
		naive_odd(s, SCAN_NUL, in[i] == '\0', line);
		naive_odd(s, SCAN_BARE_CR, bare, line);
		naive_odd(s, SCAN_EIGHT_BIT, (in[i] & 0x80) != 0, line);
		if (in[i] == '\n' || (bare && cr_ends)) {
			naive_line(s, i - start - crlf, line);
			start = i + 1;
		}
		s->lines += in[i] == '\n';
		line += in[i] == '\n';
		s->crlf += crlf;
	}
	naive_line(s, n - start, line);
}

static void
check_scan(const char *in, size_t n, bool cr_ends, uint64_t *random)
{
	size_t at, len, most = 1 + testmail_random(random, 400);
	struct scan whole, pieces;
	struct buf canonical = {0};

	naive_scan(&whole, in, n, cr_ends);
	scan_begin(&pieces, 1);
	pieces.cr_ends = cr_ends;
	for (at = 0; at < n; at += len) {
		len = 1 + testmail_random(random, most);
		len = len < n - at ? len : n - at;
		scan_update(&pieces, in + at, len);
		whole.ill_formed = pieces.ill_formed;
		assert_true(scan_within(&pieces, &whole));
	}
	scan_end(&pieces);
	whole.ill_formed = pieces.ill_formed;
	assert_true(scan_equal(&pieces, &whole));
	assert_memory_equal(pieces.count, whole.count, sizeof(whole.count));
	assert_memory_equal(pieces.first, whole.first, sizeof(whole.first));
	expect_lines(in, n, cr_ends, &canonical);
	assert_int_equal(scan_canonical_size(&pieces), canonical.len);
	buf_clear(&canonical);
}

static void
a_scan_does_not_depend_on_the_pieces(void **state)
{
	struct scan whole, pieces;
	uint64_t random = 5;
	size_t round, n, at;
	char in[3000];

	(void)state;
	for (round = 0; round < 1500; round++) {
		n = random_text(&random, in, sizeof(in));
		/* Now and then a few long lines. */
		for (at = 0; round % 3 == 0 && at < n; at++)
			if (in[at] == '\n' && testmail_random(&random, 40) > 0)
				in[at] = 'n';
		check_scan(in, n, false, &random);
		check_scan(in, n, true, &random);
		scan_begin(&whole, 1);
		scan_update(&whole, in, n);
		scan_end(&whole);
		scan_begin(&pieces, 1);
		for (at = 0; at < n; at++)
			scan_update(&pieces, in + at, 1);
		scan_end(&pieces);
		assert_int_equal(pieces.ill_formed, whole.ill_formed);
	}
}

static void
scan_text(struct scan *s, const char *text)
{
	scan_begin(s, 1);
	scan_update(s, text, strlen(text));
	scan_end(s);
}

static void
a_scan_finds_the_line_of_what_is_odd(void **state)
{
	struct scan s;

	(void)state;
	scan_text(&s, "a\r\nb\n\nc\rd\n\xc3\xbc\n");
	assert_int_equal(s.first[SCAN_BARE_CR], 4);
	assert_int_equal(s.first[SCAN_EIGHT_BIT], 5);
	assert_int_equal(s.count[SCAN_EIGHT_BIT], 2);
	assert_int_equal(s.crlf, 1);
	assert_int_equal(s.lines, 5);
	assert_int_equal(s.ill_formed, 0);
	scan_text(&s, "end\r");
	assert_int_equal(s.count[SCAN_BARE_CR], 1);
	scan_text(&s, "\r\r\n");
	assert_int_equal(s.count[SCAN_BARE_CR], 1);
	assert_int_equal(s.crlf, 1);
}

static void
a_cr_that_ends_a_line_is_counted_but_no_reason_to_refuse(void **state)
{
	struct error err = {0};
	struct scan s;

	(void)state;
	scan_begin(&s, 1);
	s.cr_ends = true;
	scan_update(&s, "one\rtwo\r\nthree\r", 15);
	scan_end(&s);
	assert_int_equal(s.count[SCAN_BARE_CR], 2);
	assert_int_equal(s.first[SCAN_BARE_CR], 1);
	assert_int_equal(s.longest, 5);
	assert_int_equal(scan_canonical_size(&s), 17);
	assert_int_equal(scan_check(&s, "x", false, &err), 0);
	s.cr_ends = false;
	assert_int_equal(scan_check(&s, "x", false, &err), -1);
	assert_int_equal(err.status, EX_DATAERR);
}

static void
a_scan_knows_well_formed_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t offset; /* plus 1 */
	} rows[] = {
	    {"abc", 0},
	    {"\xc3\xbc", 0},
	    {"\xe2\x82\xac", 0},
	    {"\xf0\x9f\x98\x80", 0},
	    {"12345678\xc3\xbc", 0},
	    {"x\xc3", 2},
	    {"x\xbc", 2},
	    {"\xc0\x80", 1},
	    {"\xe0\x80\x80", 1},
	    {"\xed\xa0\x80", 1},
	    {"\xf4\x90\x80\x80", 1},
	    {"\xf5\x80\x80\x80", 1},
	    {"ab\xe2\x82x", 3},
	    {"123456789\xff", 10},
	};
	struct scan s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		scan_text(&s, rows[i].text);
		assert_int_equal(s.ill_formed, rows[i].offset);
	}
}

static void
the_encoding_is_the_one_that_is_needed(void **state)
{
	char *longest = malloc(1001);
	struct scan s;

	(void)state;
	scan_text(&s, "plain\n");
	assert_int_equal(mime_choose(&s, false), MIME_7BIT);
	scan_text(&s, "one \xc3\xbc in a line of others that are ASCII\n");
	assert_int_equal(mime_choose(&s, true), MIME_8BIT);
	assert_int_equal(mime_choose(&s, false), MIME_QUOTED_PRINTABLE);
	scan_text(&s, "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82\n");
	assert_int_equal(mime_choose(&s, true), MIME_8BIT);
	assert_int_equal(mime_choose(&s, false), MIME_BASE64);
	scan_text(&s, "a\rb\n");
	assert_int_equal(mime_choose(&s, true), MIME_QUOTED_PRINTABLE);
	memset(longest, 'x', 1000);
	longest[998] = '\0';
	scan_text(&s, longest);
	assert_int_equal(mime_choose(&s, true), MIME_7BIT);
	longest[998] = 'x';
	longest[999] = '\0';
	scan_text(&s, longest);
	assert_int_equal(mime_choose(&s, true), MIME_QUOTED_PRINTABLE);
	free(longest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_canonical_at_every_buffer_size),
	    cmocka_unit_test(
		quoted_printable_decodes_to_what_it_was_at_every_buffer_size),
	    cmocka_unit_test(base64_decodes_to_the_bytes_at_every_buffer_size),
	    cmocka_unit_test(base64_of_the_rfc_is_right),
	    cmocka_unit_test(
		quoted_printable_keeps_line_ends_and_hides_the_rest),
	    cmocka_unit_test(
		a_quoted_printable_line_of_76_characters_is_not_broken),
	    cmocka_unit_test(a_scan_does_not_depend_on_the_pieces),
	    cmocka_unit_test(a_scan_finds_the_line_of_what_is_odd),
	    cmocka_unit_test(
		a_cr_that_ends_a_line_is_counted_but_no_reason_to_refuse),
	    cmocka_unit_test(a_scan_knows_well_formed_utf8),
	    cmocka_unit_test(the_encoding_is_the_one_that_is_needed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
