#include "oauth/form.h"

#include <string.h>

#include "lib/ascii.h"

void
form_add(struct buf *b, const char *name, const char *value)
{
	const char *parts[2] = {name, value};
	int i;

	if (b->len > 0 && b->data[b->len - 1] != '?')
		buf_putc(b, '&');
	for (i = 0; i < 2; i++) {
		const char *p;
		for (p = parts[i]; *p != '\0'; p++) {
			if (ascii_is_letter_or_digit(*p) ||
			    strchr("-._*", *p) != NULL)
				buf_putc(b, *p);
			else
				buf_printf(b, "%%%02X", (unsigned char)*p);
		}
		if (i == 0)
			buf_putc(b, '=');
	}
}

static bool
decode(const char *p, size_t n, struct buf *value)
{
	size_t i;
	int c;

	for (i = 0; i < n; i++) {
		c = (unsigned char)p[i];
		if (c == '+')
			c = ' ';
		if (c == '%') {
			c = ascii_hex(p + i + 1, n - i - 1);
			if (c <= 0)
				return false;
			i += 2;
		}
		if (c == 0 || buf_putc(value, (char)c) == -1)
			return false;
	}
	return true;
}

bool
form_find(const char *query, size_t n, const char *name, struct buf *value)
{
	const char *p = query, *end = query + n, *amp;
	size_t len = strlen(name);
	int found = 0;

	for (; p <= end && p != NULL; p = amp + 1) {
		amp = memchr(p, '&', (size_t)(end - p));
		if (amp == NULL)
			amp = end;
		if ((size_t)(amp - p) > len && memcmp(p, name, len) == 0 &&
		    p[len] == '=') {
			if (found++ ||
			    !decode(p + len + 1, (size_t)(amp - p) - len - 1,
				value))
				return false;
		}
		if (amp == end)
			break;
	}
	return found == 1;
}
