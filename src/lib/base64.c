/* base64: see base64.h. */
#include "lib/base64.h"

#include <stdint.h>

static const char alphabet[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* clang-format off */
const unsigned char base64_values[256] = {
	['A'] = 64 + 0, ['B'] = 64 + 1, ['C'] = 64 + 2, ['D'] = 64 + 3,
	['E'] = 64 + 4, ['F'] = 64 + 5, ['G'] = 64 + 6, ['H'] = 64 + 7,
	['I'] = 64 + 8, ['J'] = 64 + 9, ['K'] = 64 + 10, ['L'] = 64 + 11,
	['M'] = 64 + 12, ['N'] = 64 + 13, ['O'] = 64 + 14, ['P'] = 64 + 15,
	['Q'] = 64 + 16, ['R'] = 64 + 17, ['S'] = 64 + 18, ['T'] = 64 + 19,
	['U'] = 64 + 20, ['V'] = 64 + 21, ['W'] = 64 + 22, ['X'] = 64 + 23,
	['Y'] = 64 + 24, ['Z'] = 64 + 25, ['a'] = 64 + 26, ['b'] = 64 + 27,
	['c'] = 64 + 28, ['d'] = 64 + 29, ['e'] = 64 + 30, ['f'] = 64 + 31,
	['g'] = 64 + 32, ['h'] = 64 + 33, ['i'] = 64 + 34, ['j'] = 64 + 35,
	['k'] = 64 + 36, ['l'] = 64 + 37, ['m'] = 64 + 38, ['n'] = 64 + 39,
	['o'] = 64 + 40, ['p'] = 64 + 41, ['q'] = 64 + 42, ['r'] = 64 + 43,
	['s'] = 64 + 44, ['t'] = 64 + 45, ['u'] = 64 + 46, ['v'] = 64 + 47,
	['w'] = 64 + 48, ['x'] = 64 + 49, ['y'] = 64 + 50, ['z'] = 64 + 51,
	['0'] = 64 + 52, ['1'] = 64 + 53, ['2'] = 64 + 54, ['3'] = 64 + 55,
	['4'] = 64 + 56, ['5'] = 64 + 57, ['6'] = 64 + 58, ['7'] = 64 + 59,
	['8'] = 64 + 60, ['9'] = 64 + 61, ['+'] = 64 + 62, ['/'] = 64 + 63,
};
/* clang-format on */

int
base64_encode(struct buf *out, const void *bytes, size_t n)
{
	const unsigned char *u = bytes;
	char four[4];
	size_t i, k;
	uint32_t v;

	/* At once: a buf that moves as it grows leaves its bytes behind. */
	if (buf_reserve(out, (n + 2) / 3 * 4) == -1)
		return -1;
	for (i = 0; i < n; i += 3) {
		v = (uint32_t)u[i] << 16;
		if (i + 1 < n)
			v |= (uint32_t)u[i + 1] << 8;
		if (i + 2 < n)
			v |= u[i + 2];
		for (k = 0; k < 4; k++)
			four[k] =
			    i + k > n ? '=' : alphabet[v >> (18 - 6 * k) & 63];
		buf_append(out, four, sizeof(four));
	}
	return 0;
}

int
base64_decode(struct buf *out, const char *text, size_t n)
{
	uint32_t v = 0;
	size_t i, pad = 0;

	if (n % 4 != 0 || buf_reserve(out, n / 4 * 3) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		unsigned char value = base64_values[(unsigned char)text[i]];

		if (text[i] == '=' && i + 2 >= n &&
		    (i + 1 == n || text[i + 1] == '='))
			pad++;
		else if (value == 0)
			return -1;
		v = v << 6 | (value & 63U);
		if (i % 4 == 3) {
			char three[3] = {
			    (char)(v >> 16), (char)(v >> 8), (char)v};

			buf_append(out, three, 3 - pad);
		}
	}
	return 0;
}
