/* flowed: line by line; what a line begins with (quote marks and stuffing)
 * counts for its columns, and so do the spaces at its end. */
#include "content/flowed.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

/* A line of the text without its line end and the spaces before that. */
struct line {
	const char *marks; /* quote marks */
	size_t depth;	   /* their number */
	bool stuffed;	   /* a space stands behind them */
	const char *text;  /* what follows */
	size_t len;
	bool utf8;
};

static bool
is_signature(const char *s, size_t n)
{
	return n == 3 && memcmp(s, "-- ", 3) == 0;
}

/* RFC 3676 4.1: quote marks come first, then the space of stuffing. */
static struct line
read_line(const char *s, size_t n)
{
	struct line l = {.marks = s};

	while (l.depth < n && s[l.depth] == '>')
		l.depth++;
	l.stuffed = l.depth > 0 && l.depth < n && s[l.depth] == ' ';
	l.text = s + l.depth + l.stuffed;
	l.len = n - l.depth - l.stuffed;
	if (!is_signature(l.text, l.len))
		while (l.len > 0 && l.text[l.len - 1] == ' ')
			l.len--;
	/* "> " is stuffing of nothing, and looks like a flowed line. */
	l.stuffed = l.stuffed && l.len > 0;
	l.utf8 = printable_is_utf8(l.text, l.len);
	return l;
}

static bool
begins_with(const char *s, size_t n, const char *word)
{
	return n >= strlen(word) && memcmp(s, word, strlen(word)) == 0;
}

/* RFC 3676 4.4: whether text that begins a line would be taken for something
 * else. */
static bool
needs_stuffing(const char *s, size_t n, size_t depth)
{
	return n > 0 &&
	    (*s == ' ' || *s == '>' ||
		(depth == 0 && begins_with(s, n, "From ")));
}

/*
 * How much of the text goes into the next line, which begins in the given
 * column: all, if it fits, else as much as fits and ends with a space, or the
 * first word.  Better is a place behind which nothing needs stuffing (4.2).
 */
static size_t
line_length(const struct line *l, size_t column)
{
	const char *s = l->text;
	size_t i, n = l->len, best = 0, good = 0;

	for (i = 0; i < n; i++) {
		if (i > 0 && s[i - 1] == ' ' && !is_signature(s, i)) {
			if (column > FLOWED_COLUMNS && best > 0)
				break;
			best = i;
			if (!needs_stuffing(s + i, n - i, 0))
				good = i;
			if (column > FLOWED_COLUMNS)
				break;
		}
		if (!l->utf8 || ((unsigned char)s[i] & 0xc0) != 0x80)
			column++;
	}
	if (i == n && column <= FLOWED_COLUMNS)
		return n;
	if (good > 0)
		return good;
	return best > 0 ? best : n;
}

static int
put_line(struct line l, struct buf *out)
{
	size_t len, stuffing;

	do {
		stuffing = l.stuffed || needs_stuffing(l.text, l.len, l.depth);
		len = l.len;
		if (l.depth <= FLOWED_DEPTH && !is_signature(l.text, l.len))
			len = line_length(&l, l.depth + stuffing);
		if (buf_append(out, l.marks, l.depth) == -1 ||
		    buf_append(out, " ", stuffing) == -1 ||
		    buf_append(out, l.text, len) == -1)
			return -1;
		l.text += len;
		l.len -= len;
	} while (l.len > 0 && buf_putc(out, '\n') == 0);
	return l.len > 0 ? -1 : 0;
}

int
flowed_encode(const char *text, size_t n, struct buf *out)
{
	size_t len, end;

	for (; n > 0; text += len, n -= len) {
		len = ascii_line(text, n);
		end = len;
		if (text[end - 1] == '\n')
			end--;
		if (end < len && end > 0 && text[end - 1] == '\r')
			end--;
		if (put_line(read_line(text, end), out) == -1 ||
		    (end < len && buf_putc(out, '\n') == -1))
			return -1;
	}
	return 0;
}
