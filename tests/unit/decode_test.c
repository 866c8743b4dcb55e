/* Transfer encodings undone: what readers of mail make of them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "content/decode.h"
#include "content/encode.h"
#include "lib/buf.h"
#include "message_testutil.h"

typedef struct source *filter(struct source *);

static void
run(filter *f, const char *in, size_t n, size_t piece, struct buf *out)
{
	struct error err = {0};
	struct source *s = f(testmail_trickle(in, n, piece * 2 + 1));

	buf_reset(out);
	assert_int_equal(testmail_drain(s, piece, out, &err), 0);
	source_free(s);
}

static void
assert_same(const struct buf *a, const struct buf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(buf_string(a), buf_string(b), a->len);
}

/* The same at every size of the pieces. */
static void
decode(filter *f, const char *in, size_t n, struct buf *out)
{
	struct buf again = {0};
	size_t piece;

	run(f, in, n, 100000, out);
	for (piece = 1; piece < 40; piece++) {
		run(f, in, n, piece, &again);
		assert_same(out, &again);
	}
	buf_clear(&again);
}

struct row {
	const char *in, *out;
};

static void
check_rows(filter *f, const struct row *rows, size_t count)
{
	struct buf out = {0};
	size_t i;

	for (i = 0; i < count; i++) {
		decode(f, rows[i].in, strlen(rows[i].in), &out);
		assert_string_equal(buf_string(&out), rows[i].out);
	}
	buf_clear(&out);
}

static size_t
random_bytes(uint64_t *state, char *out, size_t max, const char *odd, size_t n)
{
	size_t i, len = testmail_random(state, max + 1);
	size_t plain = 1 + testmail_random(state, 40);

	for (i = 0; i < len; i++)
		out[i] = testmail_random(state, plain) == 0
		    ? odd[testmail_random(state, n)]
		    : (char)('a' + testmail_random(state, 26));
	return len;
}

static void
base64_gives_the_bytes_back(void **state)
{
	struct buf encoded = {0}, out = {0};
	uint64_t random = 11;
	char in[3000];
	size_t round, n, i;

	(void)state;
	for (round = 0; round < 200; round++) {
		n = testmail_random(&random, sizeof(in));
		for (i = 0; i < n; i++)
			in[i] = (char)testmail_random(&random, 256);
		run(encode_base64, in, n, 4096, &encoded);
		decode(decode_base64, buf_string(&encoded), encoded.len, &out);
		assert_int_equal(out.len, n);
		assert_memory_equal(buf_string(&out), in, n);
	}
	buf_clear(&encoded);
	buf_clear(&out);
}

static void
base64_forgives_what_is_no_base64(void **state)
{
	static const struct row rows[] = {
	    {"", ""},
	    {"Zm9vYmFy", "foobar"},
	    {"Zm9vYg==\r\n", "foob"},
	    {"Zm9vYmE=", "fooba"},
	    {"Zm9vYg", "foob"},
	    {"Zm9vYmE", "fooba"},
	    {"Zm9vYmE\n", "fooba"},
	    {"Z m\n9\rv\tYmFy", "foobar"},
	    {"Zm9v!YmFy", "foobar"},
	    {"Zm9v-_.YmFy\x80\xff", "foobar"},
	    {"Zm8=Zm8=", "fofo"},
	    {"Zm8Zm8=", "fo\x19\x9b"},
	    {"Zg==Zm9v", "ffoo"},
	    {"=", ""},
	    {"====Zg", "f"},
	    {"Z", ""},
	    {"Z=m9v", "\x9b\xdb"},
	};
	struct buf out = {0};

	(void)state;
	check_rows(decode_base64, rows, sizeof(rows) / sizeof(rows[0]));
	decode(decode_base64,
	    "Zm\0"
	    "9v\0",
	    6, &out);
	assert_string_equal(buf_string(&out), "foo");
	buf_clear(&out);
}

static struct source *
as_quoted_printable(struct source *s)
{
	return encode_quoted_printable(encode_lines(s, false, false), false);
}

static struct source *
canonical_as_quoted_printable(struct source *s)
{
	return encode_quoted_printable(s, false);
}

static struct source *
as_lines(struct source *s)
{
	return encode_lines(s, false, false);
}

static void
quoted_printable_gives_the_text_back(void **state)
{
	static const char odd[] = "\r\n\n\n  \t=\x80\xff\0.";
	struct buf encoded = {0}, out = {0}, expected = {0};
	uint64_t random = 13;
	char in[3000];
	size_t round, n;

	(void)state;
	for (round = 0; round < 200; round++) {
		n = random_bytes(
		    &random, in, sizeof(in) - 1, odd, sizeof(odd) - 1);
		run(as_quoted_printable, in, n, 4096, &encoded);
		run(as_lines, in, n, 4096, &expected);
		decode(decode_quoted_printable, buf_string(&encoded),
		    encoded.len, &out);
		assert_same(&out, &expected);
	}
	buf_clear(&encoded);
	buf_clear(&out);
	buf_clear(&expected);
}

static void
quoted_printable_that_is_encoded_again_stays_what_it_is(void **state)
{
	static const char odd[] = "\r\n\n=\x80\x01 ";
	struct buf encoded = {0}, out = {0}, again = {0};
	uint64_t random = 17;
	char in[1000];
	size_t round, n;

	(void)state;
	for (round = 0; round < 200; round++) {
		n = random_bytes(
		    &random, in, sizeof(in) - 1, odd, sizeof(odd) - 1);
		decode(decode_quoted_printable, in, n, &out);
		run(canonical_as_quoted_printable, buf_string(&out), out.len,
		    4096, &encoded);
		decode(decode_quoted_printable, buf_string(&encoded),
		    encoded.len, &again);
		assert_same(&out, &again);
	}
	buf_clear(&encoded);
	buf_clear(&out);
	buf_clear(&again);
}

static void
quoted_printable_forgives_what_is_none(void **state)
{
	static const struct row rows[] = {
	    {"", ""},
	    {"a b\r\n", "a b\r\n"},
	    {"a\nb\rc\r\n", "a\r\nb\r\nc\r\n"},
	    {"a=3Db=3db", "a=b=b"},
	    {"=c3=BC", "\xc3\xbc"},
	    {"soft=\r\nbreak=\nof=\rlines", "softbreakoflines"},
	    {"soft= \t\r\nbreak", "softbreak"},
	    {"the end=", "the end"},
	    {"the end= ", "the end"},
	    {"x=zz=4", "x=zz=4"},
	    {"= x =", "= x "},
	    {"==", "="},
	    {"==41", "=A"},
	    {"=\r\n=\r\n=\r\n", ""},
	    {"blanks \t \r\nat the end \n \n\t",
		"blanks\r\nat the end\r\n\r\n"},
	    {"kept=20\r\n", "kept \r\n"},
	    {" two  blanks", " two  blanks"},
	    {"\xc3\xbc raw", "\xc3\xbc raw"},
	    {"=0D=0A=0d", "\r\n\r"},
	};
	struct buf out = {0};

	(void)state;
	check_rows(
	    decode_quoted_printable, rows, sizeof(rows) / sizeof(rows[0]));
	decode(decode_quoted_printable, "a\0b=00", 6, &out);
	assert_int_equal(out.len, 4);
	assert_memory_equal(out.data, "a\0b\0", 4);
	buf_clear(&out);
}

static void
blanks_without_end_cost_no_memory_and_no_byte(void **state)
{
	struct buf in = {0}, out = {0};
	size_t n;

	(void)state;
	for (n = 900; n < 1100; n += 7) {
		buf_reset(&in);
		buf_puts(&in, "x=");
		while (in.len < n)
			buf_putc(&in, (char)(in.len % 3 == 0 ? '\t' : ' '));
		buf_puts(&in, "\r\nx");
		decode(decode_quoted_printable, in.data, in.len, &out);
		if (n < 1000)
			assert_string_equal(out.data, "xx");
	}
	buf_reset(&in);
	while (in.len < 8 << 20)
		buf_putc(&in, ' ');
	buf_putc(&in, 'x');
	run(decode_quoted_printable, in.data, in.len, 65536, &out);
	assert_same(&in, &out);
	buf_clear(&in);
	buf_clear(&out);
}

static void
garbage_decodes_to_the_same_at_every_size(void **state)
{
	static const char odd[] = "====  \t\t\r\n\r\nAf09+/\0\xff";
	struct buf out = {0};
	uint64_t random = 19;
	char in[2000];
	size_t round, n;

	(void)state;
	for (round = 0; round < 200; round++) {
		n = random_bytes(
		    &random, in, sizeof(in) - 1, odd, sizeof(odd) - 1);
		decode(decode_base64, in, n, &out);
		decode(decode_quoted_printable, in, n, &out);
	}
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64_gives_the_bytes_back),
	    cmocka_unit_test(base64_forgives_what_is_no_base64),
	    cmocka_unit_test(quoted_printable_gives_the_text_back),
	    cmocka_unit_test(
		quoted_printable_that_is_encoded_again_stays_what_it_is),
	    cmocka_unit_test(quoted_printable_forgives_what_is_none),
	    cmocka_unit_test(blanks_without_end_cost_no_memory_and_no_byte),
	    cmocka_unit_test(garbage_decodes_to_the_same_at_every_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
