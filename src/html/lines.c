#include "html/lines.h"

#include <string.h>

#include "lib/printable.h"

enum { TAB = 8 };

static void
add(struct html_lines *t, const char *s, size_t n)
{
	if (buf_append(t->out, s, n) == -1)
		t->full = true;
}

static void
begin_line(struct html_lines *t)
{
	unsigned n = t->common;

	if (t->out->len > t->base) {
		add(t, "\n", 1);
		while (n > 0 && t->rest[n - 1] == ' ')
			n--;
		if (t->breaks > 1) {
			add(t, t->rest, n);
			add(t, "\n", 1);
		}
	}
	add(t, t->first, t->indent);
	memcpy(t->first, t->rest, t->indent);
	t->column = t->common = t->indent;
	t->gap.n = t->glue.n = 0;
	t->breaks = 0;
}

/* Breaks the last line, which has become too long, if it can be broken. */
static void
wrap(struct html_lines *t)
{
	bool hard = t->gap.n == 0;
	struct html_gap gap = hard ? t->glue : t->gap;
	size_t tail = gap.at + gap.n, new = gap.at + 1 + t->indent, moved;

	if (gap.n == 0)
		return;
	moved = t->out->len - tail;
	if (new > tail)
		for (size_t i = tail; i < new; i++)
			add(t, " ", 1);
	if (t->full)
		return;
	memmove(t->out->data + new, t->out->data + tail, moved);
	t->out->data[gap.at] = '\n';
	memcpy(t->out->data + gap.at + 1, t->rest, t->indent);
	t->out->len = new + moved;
	t->out->data[t->out->len] = '\0';

	t->column = t->indent + t->column - gap.column - gap.n;
	if (t->link.begun && t->link.start >= tail) {
		t->link.start = t->link.start - tail + new;
		t->link.column =
		    t->indent + t->link.column - gap.column - gap.n;
	}
	if (hard || t->glue.at < tail) {
		t->glue.n = 0;
	} else {
		t->glue.at = t->glue.at - tail + new;
		t->glue.column =
		    t->indent + t->glue.column - gap.column - gap.n;
	}
	t->gap.n = 0;
}

static void
put_blanks(struct html_lines *t)
{
	struct html_gap gap = {t->out->len, t->blanks, t->column};

	if (t->pre == 0)
		*(t->breakable ? &t->gap : &t->glue) = gap;
	for (; t->blanks > 0 && !t->full; t->blanks--)
		add(t, " ", 1);
	t->column += gap.n;
	t->blanks = 0;
	t->breakable = false;
}

/* Appends a character that can be seen. */
void
html_put(struct html_lines *t, uint32_t r)
{
	char utf8[4];

	if (t->hidden > 0)
		return;
	if (t->joiner != 0 && t->breaks == 0 && t->blanks == 0 &&
	    t->last >= 0x300 && r >= 0x300) {
		add(t, utf8, html_utf8_encode(t->joiner, utf8));
		t->column++;
	}
	if (t->breaks > 0)
		begin_line(t);
	if (t->blanks > 0)
		put_blanks(t);
	if (t->link.href.s != NULL && !t->link.begun) {
		t->link.begun = true;
		t->link.start = t->out->len;
		t->link.column = t->column;
	}
	add(t, utf8, html_utf8_encode(r, utf8));
	t->column++;
	t->last = r;
	t->joiner = 0;
	if (t->column > HTML_WIDTH && t->pre == 0)
		wrap(t);
}

void
html_break_line(struct html_lines *t, unsigned breaks)
{
	if (t->hidden > 0 || breaks == 0)
		return;
	if (t->breaks < breaks)
		t->breaks = breaks;
	t->blanks = 0;
	t->breakable = false;
}

/* White space: collapses, but for that in <pre>. */
static void
blank(struct html_lines *t, uint32_t r)
{
	size_t column;

	if (t->hidden > 0)
		return;
	column = (t->breaks > 0 ? 0 : t->column - t->indent) + t->blanks;
	if (t->pre > 0 && r == '\n') {
		html_break_line(t, t->breaks == 0 ? 1 : 2);
	} else if (t->pre > 0) {
		t->blanks += r == '\t' ? TAB - column % TAB : 1;
	} else if (t->breaks == 0 && html_look(r) == HTML_GLUE) {
		if (t->blanks < HTML_WIDTH)
			t->blanks++;
	} else if (t->breaks == 0 && !t->breakable) {
		t->blanks++;
		t->breakable = true;
	}
}

void
html_put_text(struct html_lines *t, struct html_span text, bool attribute)
{
	struct html_reader in = {text.s, text.s + text.n, attribute};
	uint32_t r;

	while (!t->full && (r = html_reader_next(&in)) != HTML_NONE)
		switch (html_look(r)) {
		case HTML_SEEN:
			html_put(t, r);
			break;
		case HTML_BLANK:
		case HTML_GLUE:
			blank(t, r);
			break;
		case HTML_JOINER:
			t->joiner = r;
			break;
		case HTML_UNSEEN:
			break;
		}
}

void
html_indent(struct html_lines *t, const char *first, const char *rest)
{
	size_t n = strlen(first);

	if (t->indent + n > HTML_INDENT_MAX)
		return;
	memcpy(t->first + t->indent, first, n);
	memcpy(t->rest + t->indent, rest, n);
	t->indent += (unsigned)n;
}
