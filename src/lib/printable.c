#include "lib/printable.h"

#include "lib/ascii.h"

size_t
printable_utf8(const char *s, size_t n, uint32_t *rune)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)s;
	size_t len, i;
	uint32_t r;

	if (n == 0)
		return 0;
	if (u[0] < 0x80) {
		*rune = u[0];
		return 1;
	}
	if (u[0] >= 0xc2 && u[0] < 0xe0) {
		len = 2;
		r = u[0] & 0x1fU;
	} else if (u[0] >= 0xe0 && u[0] < 0xf0) {
		len = 3;
		r = u[0] & 0x0fU;
	} else if (u[0] >= 0xf0 && u[0] < 0xf5) {
		len = 4;
		r = u[0] & 0x07U;
	} else {
		return 0;
	}
	if (n < len)
		return 0;
	for (i = 1; i < len; i++) {
		if ((u[i] & 0xc0U) != 0x80)
			return 0;
		r = r << 6 | (u[i] & 0x3fU);
	}
	if (r < least[len] || r > 0x10ffff || (r >= 0xd800 && r < 0xe000))
		return 0;
	*rune = r;
	return len;
}

static int
is_control(uint32_t r)
{
	return r < 0x20 || (r >= 0x7f && r < 0xa0) || r == 0x061c ||
	    r == 0x200e || r == 0x200f || (r >= 0x2060 && r <= 0x2064) ||
	    (r >= 0x2028 && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) ||
	    r == 0xfeff;
}

int
printable_append(struct buf *b, const char *bytes, size_t n)
{
	size_t i = 0, len, k;
	uint32_t rune;
	int r = 0;

	while (i < n && r == 0) {
		len = printable_utf8(bytes + i, n - i, &rune);
		if (len > 0 && !is_control(rune))
			r = buf_append(b, bytes + i, len);
		else if (bytes[i] == '\t' || bytes[i] == '\n')
			r = buf_puts(b, bytes[i] == '\t' ? "\\t" : "\\n");
		else
			for (k = 0; k < (len > 0 ? len : 1) && r == 0; k++)
				r = buf_printf(
				    b, "\\x%02X", (unsigned char)bytes[i + k]);
		i += len > 0 ? len : 1;
	}
	return r;
}

bool
printable_is_utf8(const char *s, size_t n)
{
	uint32_t rune;
	size_t i, len;

	for (i = 0; (i += ascii_run(s + i, n - i)) < n; i += len) {
		len = printable_utf8(s + i, n - i, &rune);
		if (len == 0)
			return false;
	}
	return true;
}
