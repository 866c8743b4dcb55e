#include "lib/xtext.h"

#include <string.h>

#include "lib/printable.h"

static bool
stays(char c)
{
	return c > ' ' && c <= '~' && c != '+' && c != '=';
}

int
xtext_encode(struct buf *out, const char *text)
{
	int r = 0;

	for (; r == 0 && *text != '\0'; text++)
		r = stays(*text)
		    ? buf_putc(out, *text)
		    : buf_printf(out, "+%02X", (unsigned char)*text);
	return r;
}

int
xtext_encode_utf8(struct buf *out, const char *text)
{
	size_t n = strlen(text), len;
	uint32_t rune;
	int r = 0;

	for (; r == 0 && n > 0; text += len, n -= len) {
		len = printable_utf8(text, n, &rune);
		if (len == 0)
			return -1;
		r = stays(*text) && *text != '\\'
		    ? buf_putc(out, *text)
		    : buf_printf(out, "\\x{%02X}", (unsigned)rune);
	}
	return r;
}
