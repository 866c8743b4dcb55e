/*
 * ascii: letters, digits, lines and comparisons of protocol text, which is
 * ASCII whatever the locale is.
 */
#ifndef LIB_ASCII_H
#define LIB_ASCII_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
ascii_lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static inline char
ascii_upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

static inline bool
ascii_is_letter(char c)
{
	c = ascii_lower(c);
	return c >= 'a' && c <= 'z';
}

static inline bool
ascii_is_letter_or_digit(char c)
{
	return ascii_is_letter(c) || ascii_is_digit(c);
}

/* A space or a tab: WSP in ABNF (RFC 5234). */
static inline bool
ascii_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Without regard to capitals: n bytes of each; two strings; the n bytes at a
 * and a string; the beginning of a string and all of another. */
bool ascii_equal_bytes(const char *a, const char *b, size_t n);
bool ascii_equal(const char *a, const char *b);
bool ascii_equal_n(const char *a, size_t n, const char *b);
bool ascii_begins(const char *text, const char *prefix);

/* The last n decimal digits of the value, and no NUL; returns what is behind
 * them. */
char *ascii_put_decimal(char *out, unsigned value, size_t n);
/* All of its digits, likewise: 20 at most. */
char *ascii_put_number(char *out, uint64_t value);
/* The last n hexadecimal ones. */
char *ascii_put_hex(char *out, uint64_t value, size_t n);
/* The value of a hexadecimal digit, -1 if it is none. */
int ascii_hex_digit(char c);
/* The octet that two hexadecimal digits at s stand for, -1 if there are none. */
int ascii_hex(const char *s, size_t n);
/* The length of the line at p, of at most n bytes, with its LF if it has one. */
size_t ascii_line(const char *p, size_t n);

/* How many bytes from p on are ASCII; n: all. */
static inline size_t
ascii_run(const char *p, size_t n)
{
	const uint64_t tops = UINT64_C(0x8080808080808080);
	uint64_t word;
	size_t i = 0;

	for (; n - i >= 8; i += 8) {
		memcpy(&word, p + i, sizeof(word));
		word = le64toh(word) & tops;
		if (word != 0)
			return i + (size_t)__builtin_ctzll(word) / 8;
	}
	while (i < n && (unsigned char)p[i] < 0x80)
		i++;
	return i;
}

static inline bool
ascii_has_eight_bit(const char *p, size_t n)
{
	return ascii_run(p, n) < n;
}

#endif
