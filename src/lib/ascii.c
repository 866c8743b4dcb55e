/* ascii: see ascii.h. */
#include "lib/ascii.h"

#include <string.h>

bool
ascii_equal_bytes(const char *a, const char *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

bool
ascii_equal(const char *a, const char *b)
{
	size_t n = strlen(a);

	return strlen(b) == n && ascii_equal_bytes(a, b, n);
}

bool
ascii_equal_n(const char *a, size_t n, const char *b)
{
	return strlen(b) == n && ascii_equal_bytes(a, b, n);
}

bool
ascii_begins(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strnlen(text, n) == n && ascii_equal_bytes(text, prefix, n);
}

size_t
ascii_line(const char *p, size_t n)
{
	const char *lf = n > 0 ? memchr(p, '\n', n) : NULL;

	return lf != NULL ? (size_t)(lf - p) + 1 : n;
}

char *
ascii_put_decimal(char *out, unsigned value, size_t n)
{
	size_t i;

	for (i = n; i > 0; value /= 10)
		out[--i] = (char)('0' + value % 10);
	return out + n;
}

char *
ascii_put_number(char *out, uint64_t value)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	memcpy(out, digits + i, sizeof(digits) - i);
	return out + sizeof(digits) - i;
}

char *
ascii_put_hex(char *out, uint64_t value, size_t n)
{
	size_t i;

	for (i = n; i > 0; value >>= 4)
		out[--i] = "0123456789abcdef"[value & 15];
	return out + n;
}

int
ascii_hex_digit(char c)
{
	c = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
ascii_hex(const char *s, size_t n)
{
	if (n < 2 || ascii_hex_digit(s[0]) == -1 || ascii_hex_digit(s[1]) == -1)
		return -1;
	return ascii_hex_digit(s[0]) << 4 | ascii_hex_digit(s[1]);
}
