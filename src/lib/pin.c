#include "lib/pin.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"

static int
parse_hex(struct pin *pin, const char *text)
{
	size_t i;

	if (strspn(text, "0123456789abcdefABCDEF") < 2 * PIN_DIGEST)
		return -1;
	for (i = 0; i < PIN_DIGEST; i++)
		pin->digest[i] = (unsigned char)ascii_hex(text + 2 * i, 2);
	return 0;
}

static int
parse_base64(struct pin *pin, const char *text, size_t n)
{
	struct buf bytes = {0};
	int r = base64_decode(&bytes, text, n);

	/* 32 bytes leave two bits of the last character unused: they are 0. */
	if (r == 0 &&
	    (bytes.len != PIN_DIGEST ||
		(base64_values[(unsigned char)text[n - 2]] & 3) != 0))
		r = -1;
	if (r == 0)
		memcpy(pin->digest, bytes.data, PIN_DIGEST);
	buf_clear(&bytes);
	return r;
}

int
pin_parse(struct pin *pin, const char *text)
{
	size_t n;

	*pin = (struct pin){0};
	if (ascii_begins(text, "sha256//"))
		text += 8;
	else if (ascii_begins(text, "sha256:"))
		text += 7;
	n = strlen(text);
	if (n == 2 * PIN_DIGEST)
		return parse_hex(pin, text);
	return n == 44 ? parse_base64(pin, text, n) : -1;
}
