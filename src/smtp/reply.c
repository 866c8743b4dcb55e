#include "smtp/reply.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/enhanced.h"

void
smtp_reply_init(struct smtp_reply *r)
{
	*r = (struct smtp_reply){.text = BUF_WITH_MAX(SMTP_REPLY_MAX)};
}

void
smtp_reply_clear(struct smtp_reply *r)
{
	buf_clear(&r->text);
	smtp_reply_init(r);
}

void
smtp_reply_reset(struct smtp_reply *r)
{
	struct buf text = r->text;

	buf_reset(&text);
	*r = (struct smtp_reply){.text = text};
}

static int
fault(struct smtp_reply *r, const char *why)
{
	r->fault = why;
	return -1;
}

/* A NUL has no place in a string: it is written as it will be shown. */
static int
append(struct buf *b, const char *text, size_t n)
{
	const char *nul;

	while ((nul = memchr(text, '\0', n)) != NULL) {
		if (buf_append(b, text, (size_t)(nul - text)) == -1 ||
		    buf_puts(b, "\\x00") == -1)
			return -1;
		n -= (size_t)(nul + 1 - text);
		text = nul + 1;
	}
	return buf_append(b, text, n);
}

static int
keep(struct smtp_reply *r, const char *text, size_t n)
{
	if ((r->lines == 0 || buf_putc(&r->text, '\n') == 0) &&
	    append(&r->text, text, n) == 0)
		return 0;
	return r->abridge ? 0 : fault(r, "a reply longer than 64 KiB");
}

/* One line without its line end. */
static int
take_line(struct smtp_reply *r, const char *line, size_t n)
{
	size_t len;
	int code;

	if (n < 3 || !ascii_is_digit(line[0]) || !ascii_is_digit(line[1]) ||
	    !ascii_is_digit(line[2]))
		return fault(r, "no reply code at the beginning of a line");
	if (n > 3 && line[3] != ' ' && line[3] != '-')
		return fault(r, "no blank or hyphen after the reply code");
	code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	if (code < 200 || code > 599)
		return fault(r, "a reply code that does not exist");
	if (r->lines > 0 && code != r->code)
		return fault(r, "a reply whose lines have different codes");
	r->code = code;
	if (keep(r, n > 4 ? line + 4 : "", n > 4 ? n - 4 : 0) == -1)
		return -1;
	if (r->lines == 0 && n > 4) {
		len = enhanced_length(line + 4, n - 4, line[0]);
		memcpy(r->enhanced, line + 4, len);
		r->enhanced[len] = '\0';
	}
	r->lines++;
	r->complete = n == 3 || line[3] == ' ';
	return 0;
}

int
smtp_reply_parse(
    struct smtp_reply *r, const char *bytes, size_t n, size_t *used)
{
	const char *lf;
	size_t len;

	*used = 0;
	while (!r->complete) {
		lf = memchr(bytes + *used, '\n', n - *used);
		if (lf == NULL) {
			if (n - *used > SMTP_REPLY_MAX)
				return fault(r, "a reply longer than 64 KiB");
			return 0;
		}
		len = (size_t)(lf - (bytes + *used));
		if (len > 0 && lf[-1] == '\r')
			len--;
		if (take_line(r, bytes + *used, len) == -1)
			return -1;
		*used = (size_t)(lf + 1 - bytes);
	}
	return 1;
}
