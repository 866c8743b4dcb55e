/* Dots: what is stuffed here comes back from an independent unstuffing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "servers/dialogue.h"
#include "smtp/payload.h"

#define ELEMENTS(a) (sizeof(a) / sizeof(*(a)))

static void
stuff_piece(
    struct payload_dots *dots, struct buf *out, const char *bytes, size_t n)
{
	buf_reserve(out, 2 * n);
	buf_append(out, bytes, n);
	payload_stuff(dots, out, n);
}

static void
stuff(struct buf *out, const char *bytes, size_t n, size_t piece)
{
	struct payload_dots dots = PAYLOAD_DOTS_START;
	size_t at, k;

	for (at = 0; at < n; at += k) {
		k = n - at < piece ? n - at : piece;
		stuff_piece(&dots, out, bytes + at, k);
	}
	payload_end(&dots, out);
}

/* The bytes arrive, with CRLF behind them if they end without, and nothing
 * stands behind the lone dot. */
static void
assert_arrives(const char *bytes, size_t n, size_t piece)
{
	struct buf wire = {0};
	struct undot undot_state = {0};
	bool done = false, open;
	size_t got, taken;
	char *out;

	stuff(&wire, bytes, n, piece);
	out = memory_alloc(wire.len + 1);
	taken = undot(&undot_state, wire.data, wire.len, out, &got, &done);
	assert_true(done);
	assert_int_equal(taken, wire.len);
	open = n == 1 || (n > 1 && memcmp(bytes + n - 2, "\r\n", 2) != 0);
	assert_int_equal(got, n + (open ? 2 : 0));
	assert_memory_equal(out, bytes, n);
	if (open)
		assert_memory_equal(out + n, "\r\n", 2);
	free(out);
	buf_clear(&wire);
}

static void
dots_are_doubled_at_the_beginning_of_lines_only(void **state)
{
	static const struct {
		const char *in, *out;
	} pairs[] = {
	    {"", ".\r\n"},
	    {".", "..\r\n.\r\n"},
	    {".\r\n", "..\r\n.\r\n"},
	    {"..\r\n", "...\r\n.\r\n"},
	    {"a.b.\r\n", "a.b.\r\n.\r\n"},
	    {"a\r\n.b\r\n", "a\r\n..b\r\n.\r\n"},
	    {"\r\n.\r\n.\r\n", "\r\n..\r\n..\r\n.\r\n"},
	    {"a", "a\r\n.\r\n"},
	    {"a\r\n", "a\r\n.\r\n"},
	    {"a\r\n.", "a\r\n..\r\n.\r\n"},
	};
	size_t i, piece;

	(void)state;
	for (i = 0; i < ELEMENTS(pairs); i++) {
		for (piece = 1; piece <= strlen(pairs[i].in) + 1; piece++) {
			struct buf out = {0};

			stuff(&out, pairs[i].in, strlen(pairs[i].in), piece);
			assert_string_equal(out.data, pairs[i].out);
			buf_clear(&out);
		}
	}
}

static void
a_message_begins_afresh_after_the_end(void **state)
{
	struct payload_dots dots = PAYLOAD_DOTS_START;
	struct buf out = {0};

	(void)state;
	stuff_piece(&dots, &out, "a", 1);
	payload_end(&dots, &out);
	stuff_piece(&dots, &out, ".", 1);
	payload_end(&dots, &out);
	assert_string_equal(out.data, "a\r\n.\r\n..\r\n.\r\n");
	buf_clear(&out);
}

static void
dots_at_each_edge_of_the_pieces_arrive(void **state)
{
	static const char text[] = "a\r\n.b\r\n..\r\n.\r\n\r\n.\r\nend.\r\n.";
	char bytes[64];
	size_t shift, piece, n;

	(void)state;
	for (shift = 0; shift < 8; shift++) {
		memset(bytes, 'x', shift);
		memcpy(bytes + shift, text, sizeof(text) - 1);
		n = shift + sizeof(text) - 1;
		for (piece = 1; piece <= n; piece++)
			assert_arrives(bytes, n, piece);
	}
}

/* All sequences of up to 7 of these, at each split. */
static void
every_short_message_arrives(void **state)
{
	static const char *const tokens[] = {".", "\r\n", "a", "\r\n."};
	char bytes[32];
	size_t n, piece, count, k;
	unsigned number, of;

	(void)state;
	for (count = 0; count <= 7; count++) {
		for (number = 0; number < 1U << (2 * count); number++) {
			n = 0;
			for (k = 0, of = number; k < count; k++, of /= 4) {
				size_t len = strlen(tokens[of % 4]);

				memcpy(bytes + n, tokens[of % 4], len);
				n += len;
			}
			for (piece = 1; piece <= (n < 4 ? n : 4); piece++)
				assert_arrives(bytes, n, piece);
		}
	}
}

static void
generated_messages_arrive_at_every_split(void **state)
{
	static const char alphabet[] = "...\n\n\nab\r";
	unsigned seed, random;
	char bytes[300];
	size_t n, piece;

	(void)state;
	for (seed = 1; seed <= 60; seed++) {
		random = seed * 2654435761U;
		for (n = 0; n < sizeof(bytes) - 1; n++) {
			random = random * 1103515245U + 12345U;
			bytes[n] = alphabet[(random >> 16) % 9];
			/* Lines end with CRLF, as the contract says. */
			if (bytes[n] == '\n' || bytes[n] == '\r') {
				bytes[n++] = '\r';
				bytes[n] = '\n';
			}
		}
		for (piece = 1; piece <= n; piece += piece < 20 ? 1 : 17)
			assert_arrives(bytes, n, piece);
	}
}

static void
no_byte_of_a_message_ends_it_early(void **state)
{
	static const char bytes[] = "\r\n.\r\nMAIL FROM:<x>\r\n.\r\n\0\r\n.\r";
	size_t piece;

	(void)state;
	for (piece = 1; piece < sizeof(bytes); piece++)
		assert_arrives(bytes, sizeof(bytes) - 1, piece);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dots_are_doubled_at_the_beginning_of_lines_only),
	    cmocka_unit_test(a_message_begins_afresh_after_the_end),
	    cmocka_unit_test(dots_at_each_edge_of_the_pieces_arrive),
	    cmocka_unit_test(every_short_message_arrives),
	    cmocka_unit_test(generated_messages_arrive_at_every_split),
	    cmocka_unit_test(no_byte_of_a_message_ends_it_early),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
