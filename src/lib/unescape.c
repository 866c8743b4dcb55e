#include "lib/unescape.h"

#include <stdbool.h>
#include <string.h>

#include "lib/ascii.h"

const char unescape_signs[] = "%=+\\&";

/* A number of up to `most` digits; how many there were. */
static size_t
number(const char *s, size_t n, unsigned radix, size_t most, unsigned *value)
{
	static const char digits[] = "0123456789abcdef";
	const char *d;
	size_t i;

	*value = 0;
	for (i = 0; i < n && i < most; i++) {
		d = memchr(digits, ascii_lower(s[i]), radix);
		if (d == NULL)
			break;
		*value = *value * radix + (unsigned)(d - digits);
	}
	return i;
}

static size_t
decode_entity(const char *s, size_t n, unsigned char *c)
{
	static const struct {
		const char *name;
		char c;
	} named[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'},
	    {"&quot;", '"'}, {"&apos;", '\''}};
	bool hex = n > 2 && ascii_lower(s[2]) == 'x';
	size_t i, at = hex ? 3 : 2, len;
	unsigned value;

	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		len = strlen(named[i].name);
		if (n >= len && memcmp(s, named[i].name, len) == 0) {
			*c = (unsigned char)named[i].c;
			return len;
		}
	}
	if (n <= at || s[1] != '#')
		return 0;
	len = number(s + at, n - at, hex ? 16 : 10, 7, &value);
	if (len == 0 || at + len >= n || s[at + len] != ';' || value > 0xff)
		return 0;
	*c = (unsigned char)value;
	return at + len + 1;
}

static size_t
decode_backslash(const char *s, size_t n, unsigned char *c)
{
	unsigned value;

	if (n < 2 || (unsigned char)s[1] <= ' ' || s[1] == 0x7f)
		return 0;
	*c = (unsigned char)s[1];
	if (s[1] == 'x' && number(s + 2, n - 2, 16, 2, &value) == 2) {
		*c = (unsigned char)value;
		return 4;
	}
	if (s[1] == 'u' && number(s + 2, n - 2, 16, 4, &value) == 4 &&
	    value <= 0xff) {
		*c = (unsigned char)value;
		return 6;
	}
	if (number(s + 1, n - 1, 8, 3, &value) == 3 && value <= 0xff) {
		*c = (unsigned char)value;
		return 4;
	}
	return 2;
}

size_t
unescape(const char *s, size_t n, unsigned char *c)
{
	unsigned value;

	switch (*s) {
	case '%':
	case '=':
	case '+':
		if (number(s + 1, n - 1, 16, 2, &value) != 2)
			return 0;
		*c = (unsigned char)value;
		return 3;
	case '\\':
		return decode_backslash(s, n, c);
	case '&':
		return decode_entity(s, n, c);
	default:
		return 0;
	}
}
