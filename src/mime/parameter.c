/* parameter: the simplest form that every reader understands; segments are
 * made so that a fold before each of them is all that lines need. */
#include "mime/parameter.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "rfc5322/header.h"

enum {
	/* A segment stands behind a space and before a semicolon. */
	SEGMENT_MAX = HEADER_LINE - 2,
};

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* RFC 2231 7: attribute-char */
static bool
is_plain_char(char c)
{
	return ascii_is_letter_or_digit(c) ||
	    (c > ' ' && c <= '~' && strchr("()<>@,;:\\\"/[]?=*'%", c) == NULL);
}

/* A token may hold *, ' and %, but without quotes some readers take these for
 * RFC 2231's. */
static bool
is_token(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_plain_char(s[i]))
			return false;
	return n > 0;
}

/* Whether a quoted-string brings it to every reader as it is. */
static bool
is_quotable(const struct buf *value)
{
	const char *s = buf_string(value);
	size_t i;

	for (i = 0; i < value->len; i++) {
		if (s[i] < ' ' || s[i] > '~')
			return false;
		if (s[i] == ' ' &&
		    (i == 0 || i + 1 == value->len || s[i - 1] == ' '))
			return false;
	}
	return strstr(s, "=?") == NULL && strstr(s, "; ") == NULL;
}

static void
append_clean(struct buf *out, const char *utf8)
{
	size_t i, len, n = strlen(utf8);
	uint32_t r;

	for (i = 0; i < n; i += len) {
		len = printable_utf8(utf8 + i, n - i, &r);
		if (len == 0 || (r < ' ' && r != '\t') ||
		    (r >= 0x7f && r < 0xa0)) {
			buf_puts(out, REPLACEMENT);
			len = len == 0 ? 1 : len;
		} else {
			buf_append(out, utf8 + i, len);
		}
	}
}

/* Appends the character at s in one of the two forms; returns its octets. */
static size_t
append_char(struct buf *out, const char *s, size_t n, bool extended)
{
	uint32_t rune;
	size_t i, len = printable_utf8(s, n, &rune);

	if (!extended) {
		if (*s == '"' || *s == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *s);
		return 1;
	}
	for (i = 0; i < len; i++)
		if (is_plain_char(s[i]))
			buf_putc(out, s[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)s[i]);
	return len;
}

/* Appends to *segment what fits of the n octets at s; returns how many. */
static size_t
fill(struct buf *segment, const char *s, size_t n, bool extended)
{
	const size_t most = SEGMENT_MAX - (extended ? 0 : 1); /* the quote */
	size_t i = 0, before, len;

	while (i < n) {
		before = segment->len;
		len = append_char(segment, s + i, n - i, extended);
		if (segment->len > most) {
			segment->len = before;
			segment->data[before] = '\0';
			break;
		}
		i += len;
	}
	if (!extended)
		buf_putc(segment, '"');
	return i;
}

/* One segment, all of the value if number is -1: "name*0*=utf-8''...". */
static size_t
put_segment(struct buf *out, const char *name, int number, const char *s,
    size_t n, bool extended)
{
	struct buf segment = {0};
	size_t used;

	buf_puts(&segment, name);
	if (number >= 0)
		buf_printf(&segment, "*%d", number);
	buf_puts(&segment, extended ? "*=" : "=\"");
	if (extended && number <= 0)
		buf_puts(&segment, "utf-8''");
	used = fill(&segment, s, n, extended);
	if (number >= 0 || used == n) {
		buf_puts(out, "; ");
		buf_append(out, segment.data, segment.len);
	}
	buf_clear(&segment);
	return used;
}

static void
put_value(struct buf *out, const char *name, const struct buf *value)
{
	const char *s = buf_string(value);
	bool extended = !is_quotable(value);
	size_t at;
	int number;

	if (put_segment(out, name, -1, s, value->len, extended) == value->len)
		return;
	for (at = 0, number = 0; at < value->len; number++)
		at += put_segment(
		    out, name, number, s + at, value->len - at, extended);
}

int
parameter_put(struct buf *field_value, const char *name, const char *utf8)
{
	struct buf clean = {0}, out = {0};
	size_t name_len = strlen(name), n = strlen(utf8);
	int r;

	if (name_len > PARAMETER_NAME_MAX)
		return -1;
	if (name_len + 1 + n <= SEGMENT_MAX && is_token(utf8, n)) {
		if (buf_reserve(field_value, name_len + n + 3) == -1)
			return -1;
		buf_puts(field_value, "; ");
		buf_append(field_value, name, name_len);
		buf_putc(field_value, '=');
		return buf_append(field_value, utf8, n);
	}
	append_clean(&clean, utf8);
	put_value(&out, name, &clean);
	r = buf_append(field_value, buf_string(&out), out.len);
	buf_clear(&clean);
	buf_clear(&out);
	return r;
}

/* What would not be seen, or would change how the rest is seen. */
static bool
is_hidden(uint32_t r)
{
	return r < ' ' || (r >= 0x7f && r < 0xa0) || r == 0x61c ||
	    r == 0x200e || r == 0x200f || (r >= 0x2028 && r <= 0x202e) ||
	    (r >= 0x2066 && r <= 0x2069) || r == 0xfeff;
}

const char *
parameter_filename_fault(const char *utf8)
{
	size_t i, len, n = strlen(utf8);
	uint32_t r;

	if (strpbrk(utf8, "/\\") != NULL)
		return "a file name with a directory in it";
	if (strspn(utf8, ".") == n)
		return "no file name";
	for (i = 0; i<n; i += len> 0 ? len : 1) {
		len = printable_utf8(utf8 + i, n - i, &r);
		if (len == 0 || is_hidden(r))
			return "a file name with invisible characters";
	}
	return NULL;
}
