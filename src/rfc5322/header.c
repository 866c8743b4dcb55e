/* header: names, unfolding and folding of fields. */
#include "rfc5322/header.h"

#include <string.h>

#include "lib/ascii.h"

bool
header_name_valid(const char *name, size_t n)
{
	size_t i;

	if (n == 0 || n > HEADER_NAME_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (name[i] < '!' || name[i] > '~' || name[i] == ':')
			return false;
	return true;
}

bool
header_line_is_empty(const char *line, size_t n)
{
	return (n > 0 && line[0] == '\n') ||
	    (n == 2 && line[0] == '\r' && line[1] == '\n');
}

bool
header_line_is_cut(const char *line, size_t n)
{
	if (n > 0 && line[n - 1] == '\n')
		n--;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	return n > 0 && memchr(line, '\r', n) != NULL;
}

void
header_put_line(struct buf *out, const char *line, size_t n, bool mend)
{
	size_t i;

	if (n > 0 && line[n - 1] == '\n')
		n--;
	if (n > 0 && line[n - 1] == '\r')
		n--;
	if (!mend)
		buf_append(out, line, n);
	for (i = 0; mend && i < n; i++)
		if (line[i] != '\0')
			buf_putc(out, line[i]);
	buf_puts(out, "\r\n");
}

bool
header_parse(const char *p, const char *end, struct header_field *f)
{
	const char *colon, *last;

	f->next = p + ascii_line(p, (size_t)(end - p));
	colon = p < end ? memchr(p, ':', (size_t)(f->next - p)) : NULL;
	if (colon == NULL)
		return false;
	f->name = p;
	f->name_len = (size_t)(colon - p);
	while (f->name_len > 0 && ascii_is_blank(p[f->name_len - 1]))
		f->name_len--;
	if (!header_name_valid(p, f->name_len))
		return false;
	while (f->next < end && ascii_is_blank(*f->next))
		f->next += ascii_line(f->next, (size_t)(end - f->next));
	f->value = colon + 1;
	last = f->next;
	if (last > f->value && last[-1] == '\n')
		last--;
	if (last > f->value && last[-1] == '\r')
		last--;
	f->value_len = (size_t)(last - f->value);
	return true;
}

int
header_unfold(const struct header_field *f, struct buf *out)
{
	const char *p = f->value, *end = p + f->value_len, *start;
	int r = 0;

	while (p < end && (ascii_is_blank(*p) || *p == '\r' || *p == '\n'))
		p++;
	while (end > p &&
	    (ascii_is_blank(end[-1]) || end[-1] == '\r' || end[-1] == '\n'))
		end--;
	while (p < end && r == 0) {
		for (start = p; p < end && *p != '\r' && *p != '\n';)
			p++;
		r = buf_append(out, start, (size_t)(p - start));
		while (p < end && (*p == '\r' || *p == '\n'))
			p++;
	}
	return r;
}

/*
 * The length of the next line of the n bytes at p, which begin in the given
 * column: the longest that fits into `most` columns and ends before white space
 * that has something behind it; failing that the shortest; or all.
 */
static size_t
line_length(
    const char *p, size_t n, size_t column, size_t most, enum header_break mode)
{
	const char mark = mode == HEADER_PARAMETERS ? ';' : ',';
	size_t i, best = 0, marked = 0;

	if (column + n <= most)
		return n;
	for (i = 1; i < n; i++) {
		if (!ascii_is_blank(p[i]) || ascii_is_blank(p[i - 1]))
			continue;
		if (column + i > HEADER_LINE && best > 0)
			break;
		/* White space at the end of the value starts no line: it
		 * would be a line of nothing else (RFC 5322 3.2.2). */
		if (i + strspn(p + i, " \t") >= n)
			break;
		best = i;
		if (p[i - 1] == mark && column + i <= most)
			marked = i;
	}
	if (mode != HEADER_TEXT && marked > 0)
		return marked;
	return best > 0 ? best : n;
}

/* The n octets of the value, behind the name on its line. */
static int
put_whole(struct buf *out, const char *name, const char *value, size_t n)
{
	size_t len = strlen(name);
	char *p;

	if (buf_reserve(out, len + n + 4) == -1)
		return -1;
	p = out->data + out->len;
	memcpy(p, name, len);
	memcpy(p + len, ": ", 2);
	memcpy(p + len + 2, value, n);
	memcpy(p + len + 2 + n, "\r\n", 3);
	out->len += len + n + 4;
	return 0;
}

static int
put_folded(struct buf *out, const char *name, const char *value, size_t n,
    enum header_break mode)
{
	size_t column = strlen(name) + 1, line, word;
	size_t most =
	    strstr(value, "=?") != NULL ? HEADER_LINE_WORDS : HEADER_LINE;

	if (buf_puts(out, name) == -1 || buf_putc(out, ':') == -1)
		return -1;
	/* A first word that fits on a line of its own, and only there. */
	word = strcspn(value, " \t");
	if (column + 1 + word > most && word + 1 <= most) {
		buf_puts(out, "\r\n");
		column = 0;
	}
	buf_putc(out, ' ');
	for (column++; n > 0; value += line, n -= line) {
		line = line_length(value, n, column, most, mode);
		if (column + line > HEADER_LINE_MAX ||
		    buf_append(out, value, line) == -1)
			return -1;
		if (line < n)
			buf_puts(out, "\r\n");
		column = 0;
	}
	return buf_puts(out, "\r\n");
}

int
header_put(struct buf *out, const char *name, const char *value,
    enum header_break mode, struct error *err)
{
	size_t start = out->len, n = strlen(value);
	int r = -1;

	/* Most fit on a line, whatever is in them. */
	if (memchr(value, '\r', n) == NULL && memchr(value, '\n', n) == NULL)
		r = strlen(name) + 2 + n <= HEADER_LINE_WORDS
		    ? put_whole(out, name, value, n)
		    : put_folded(out, name, value, n, mode);
	if (r == 0)
		return 0;
	out->len = start;
	if (out->data != NULL)
		out->data[start] = '\0';
	return error_set(
	    err, EX_USAGE, "%s: too long a word to be folded", name);
}
