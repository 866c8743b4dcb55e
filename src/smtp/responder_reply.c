/* How a reply is written (RFC 5321 4.2). */
#include <string.h>

#include "lib/ascii.h"
#include "lib/enhanced.h"
#include "lib/printable.h"
#include "smtp/responder_internal.h"

enum { TEXT_MAX = 480 }; /* of a line of 512 (4.5.3.1.5) */

/* ASCII, but for who asked for more (RFC 6531 3.7.4.2). */
static void
put_text(struct buf *out, const char *text, size_t n, bool utf8)
{
	static const char digits[] = "0123456789ABCDEF";
	struct buf line = {0};
	size_t i, len;

	printable_append(&line, text, n);
	if (utf8) {
		len = line.len < TEXT_MAX ? line.len : TEXT_MAX;
		while (len < line.len && (line.data[len] & 0xC0) == 0x80)
			len--;
		buf_append(out, line.data, len);
	}
	for (i = 0, len = 0; !utf8 && i < line.len && len < TEXT_MAX; i++) {
		unsigned char c = (unsigned char)line.data[i];

		if (c < 0x80) {
			buf_putc(out, (char)c);
			len++;
			continue;
		}
		buf_puts(out, "\\x");
		buf_putc(out, digits[c >> 4]);
		buf_putc(out, digits[c & 15]);
		len += 4;
	}
	buf_clear(&line);
}

/* The code that a line begins with, if it is of the class; *n: its octets. */
static const char *
own_code(const char *line, size_t len, char class, size_t *n)
{
	*n = enhanced_length(line, len, class);
	return *n > 0 ? line : NULL;
}

static void
put_line(struct responder *r, int code, char mark, const char *enhanced,
    const char *line, size_t len)
{
	size_t n;

	buf_printf(&r->out, "%03d%c", code, mark);
	if (enhanced != NULL) {
		if (own_code(line, len, (char)('0' + code / 100), &n) != NULL) {
			line += n;
			len -= n;
			if (len > 0)
				line++, len--;
		}
		buf_printf(&r->out, "%s ", enhanced);
	}
	put_text(&r->out, line, len, r->utf8);
	buf_puts(&r->out, "\r\n");
}

void
responder_reply(
    struct responder *r, int code, const char *enhanced, const char *text)
{
	char own[16];
	size_t n;

	if (enhanced != NULL && enhanced[0] == '\0') {
		own_code(
		    text, strcspn(text, "\n"), (char)('0' + code / 100), &n);
		if (n == 0) {
			memcpy(own, "x.0.0", 6);
			own[0] = (char)('0' + code / 100);
		} else {
			memcpy(own, text, n);
			own[n] = '\0';
		}
		enhanced = own;
	}
	for (;;) {
		n = strcspn(text, "\n");
		put_line(
		    r, code, text[n] == '\n' ? '-' : ' ', enhanced, text, n);
		if (text[n] == '\0')
			break;
		text += n + 1;
	}
}
