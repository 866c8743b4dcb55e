#include "content/flowed_decode.h"

#include <string.h>

#include "lib/ascii.h"

struct line {
	size_t depth; /* of quoting */
	const char *text;
	size_t n;
	bool signature; /* the separator in front of one (RFC 3676 4.3) */
	bool flows;	/* into the next line */
};

static struct line
read_line(const char *p, size_t n)
{
	struct line l = {0};

	if (n > 0 && p[n - 1] == '\n')
		n--;
	if (n > 0 && p[n - 1] == '\r')
		n--;
	while (l.depth < n && p[l.depth] == '>')
		l.depth++;
	l.text = p + l.depth;
	l.n = n - l.depth;
	if (l.n > 0 && *l.text == ' ') {
		l.text++;
		l.n--;
	}
	l.signature = l.n == 3 && memcmp(l.text, "-- ", 3) == 0;
	l.flows = l.n > 0 && l.text[l.n - 1] == ' ' && !l.signature;
	return l;
}

static int
begin_paragraph(struct buf *out, const struct line *l)
{
	size_t i;
	int r = 0;

	for (i = 0; i < l->depth; i++)
		r |= buf_putc(out, '>');
	if (l->depth > 0 && l->n > 0)
		r |= buf_putc(out, ' ');
	return r;
}

int
flowed_decode(const char *text, size_t n, bool delsp, struct buf *out)
{
	const char *end = text + n;
	struct line l, before = {0};
	size_t len;
	int r = 0;

	for (; text < end && r == 0; text += len) {
		len = ascii_line(text, (size_t)(end - text));
		l = read_line(text, len);
		/* A change of depth ends a paragraph all the same (4.5). */
		if (before.flows && (l.depth != before.depth || l.signature)) {
			r |= buf_putc(out, '\n');
			before.flows = false;
		}
		if (!before.flows)
			r |= begin_paragraph(out, &l);
		r |= buf_append(out, l.text, l.n - (l.flows && delsp));
		if (!l.flows)
			r |= buf_putc(out, '\n');
		before = l;
	}
	if (before.flows)
		r |= buf_putc(out, '\n');
	return r;
}
