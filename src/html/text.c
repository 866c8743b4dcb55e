#include "html/html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"

#include "html/lines.h"

enum { DEPTH_MAX = 256 }; /* elements inside one another */

/* The kinds of elements that matter here: bits, for sets of them. */
enum {
	INLINE = 1 << 0,
	BLOCK = 1 << 1,
	PARAGRAPH = 1 << 2,
	LIST = 1 << 3,
	ITEM = 1 << 4,
	TERM = 1 << 5,
	DETAIL = 1 << 6,
	QUOTE = 1 << 7,
	PRE = 1 << 8,
	TABLE = 1 << 9,
	SECTION = 1 << 10,
	ROW = 1 << 11,
	CELL = 1 << 12,
	LINK = 1 << 13,
	NEVER = 1 << 14, /* shown */
	/* Those without content. */
	LINE = 1 << 15,
	RULE = 1 << 16,
	IMAGE = 1 << 17,
	NOTHING = 1 << 18,

	WITHIN = INLINE | LINK,
	EMPTY = LINE | RULE | IMAGE | NOTHING,
	TABLE_PART = SECTION | ROW | CELL,
};

struct element {
	const char *name;
	unsigned kind;
	unsigned breaks; /* around it; 1: ends the line, 2: a blank line */
};

static int
element_compare(const void *key, const void *row)
{
	const struct html_span *name = key;
	const char *other = ((const struct element *)row)->name;
	size_t i;

	for (i = 0; i < name->n && other[i] != '\0'; i++) {
		int c = (int)html_lower((unsigned char)name->s[i]);

		if (c != other[i])
			return c - other[i];
	}
	return i < name->n ? 1 : other[i] == '\0' ? 0 : -1;
}

static const struct element *
element_find(struct html_span name)
{
	static const struct element other = {"", INLINE, 0};
	static const struct element elements[] = {{"a", LINK, 0},
	    {"address", BLOCK, 1}, {"area", NOTHING, 0}, {"article", BLOCK, 1},
	    {"aside", BLOCK, 1}, {"base", NOTHING, 0}, {"blockquote", QUOTE, 2},
	    {"body", NOTHING, 1}, {"br", LINE, 0}, {"caption", BLOCK, 1},
	    {"center", BLOCK, 1}, {"col", NOTHING, 0}, {"datalist", NEVER, 0},
	    {"dd", DETAIL, 1}, {"details", BLOCK, 1}, {"dialog", BLOCK, 1},
	    {"dir", LIST, 2}, {"div", BLOCK, 1}, {"dl", LIST, 2},
	    {"dt", TERM, 1}, {"embed", NOTHING, 0}, {"fieldset", BLOCK, 1},
	    {"figcaption", BLOCK, 1}, {"figure", BLOCK, 2},
	    {"footer", BLOCK, 1}, {"form", BLOCK, 1}, {"h1", BLOCK, 2},
	    {"h2", BLOCK, 2}, {"h3", BLOCK, 2}, {"h4", BLOCK, 2},
	    {"h5", BLOCK, 2}, {"h6", BLOCK, 2}, {"head", NOTHING, 0},
	    {"header", BLOCK, 1}, {"hgroup", BLOCK, 1}, {"hr", RULE, 1},
	    {"html", NOTHING, 0}, {"img", IMAGE, 0}, {"input", NOTHING, 0},
	    {"legend", BLOCK, 1}, {"li", ITEM, 1}, {"link", NOTHING, 0},
	    {"listing", PRE, 2}, {"main", BLOCK, 1}, {"menu", LIST, 2},
	    {"meta", NOTHING, 0}, {"nav", BLOCK, 1}, {"ol", LIST, 2},
	    {"optgroup", BLOCK, 1}, {"option", BLOCK, 1}, {"p", PARAGRAPH, 2},
	    {"param", NOTHING, 0}, {"pre", PRE, 2}, {"search", BLOCK, 1},
	    {"section", BLOCK, 1}, {"source", NOTHING, 0},
	    {"summary", BLOCK, 1}, {"table", TABLE, 1}, {"tbody", SECTION, 1},
	    {"td", CELL, 0}, {"template", NEVER, 0}, {"tfoot", SECTION, 1},
	    {"th", CELL, 0}, {"thead", SECTION, 1}, {"tr", ROW, 1},
	    {"track", NOTHING, 0}, {"ul", LIST, 2}, {"wbr", NOTHING, 0},
	    {"xmp", PRE, 2}};
	const struct element *e =
	    bsearch(&name, elements, sizeof(elements) / sizeof(*elements),
		sizeof(*elements), element_compare);

	return e != NULL ? e : &other;
}

/* Names are compared by it: a collision means one end tag too many. */
static uint32_t
name_hash(struct html_span name)
{
	uint32_t h = 2166136261U;
	size_t i;

	for (i = 0; i < name.n; i++)
		h = (h ^ html_lower((unsigned char)name.s[i])) * 16777619U;
	return h;
}

struct open {
	uint32_t name;
	unsigned kind, breaks;
	unsigned indent; /* the one around it */
	bool numbered;	 /* a list: its items, from `next` on */
	int next;
};

struct tree {
	struct html_lines lines;
	struct open open[DEPTH_MAX];
	size_t depth, beyond; /* beyond: not kept in open */
};

/* The innermost open element of these kinds, from 1, before one of the kinds
 * `stop`; 0: none. */
static size_t
find(const struct tree *t, unsigned kinds, unsigned stop)
{
	size_t i;

	for (i = t->depth; i > 0; i--) {
		if ((t->open[i - 1].kind & kinds) != 0)
			return i;
		if ((t->open[i - 1].kind & stop) != 0)
			break;
	}
	return 0;
}

/* Closes open elements down to that number, which is from 1; 0: none. */
static void
close_to(struct tree *t, size_t number)
{
	while (number > 0 && t->depth >= number) {
		struct open *o = &t->open[t->depth - 1];

		if (o->kind == CELL)
			html_link_end(&t->lines);
		html_break_line(&t->lines, o->breaks);
		t->lines.pre -= o->kind == PRE;
		t->lines.indent = o->indent;
		if (t->lines.common > t->lines.indent)
			t->lines.common = t->lines.indent;
		if (t->lines.hidden == t->depth)
			t->lines.hidden = 0;
		t->depth--;
	}
}

/* What ends by itself where an element of this kind begins (13.2.6.4.7). */
static void
close_implied(struct tree *t, unsigned kind)
{
	unsigned ends = kind, stop = LIST | CELL | TABLE;
	size_t i;

	if ((kind & (WITHIN | NEVER | LINE | IMAGE | NOTHING)) != 0)
		return;
	if ((kind & TABLE_PART) == 0)
		close_to(t, find(t, PARAGRAPH, ~WITHIN));
	if ((kind & TABLE_PART) != 0) {
		ends = kind == CELL ? CELL
		    : kind == ROW   ? CELL | ROW
				    : TABLE_PART;
		stop = TABLE;
	} else if ((kind & (TERM | DETAIL)) != 0) {
		ends = TERM | DETAIL;
	} else if (kind != ITEM) {
		return;
	}
	while ((i = find(t, ends, stop)) != 0)
		close_to(t, i);
}

/* The value of an attribute, as far as it is a number that can be. */
static int
number(struct html_span body, const char *name, int otherwise)
{
	struct html_span value = {NULL, 0};
	int n = 0;
	size_t i, sign;

	if (!html_attribute_find(body, name, &value))
		return otherwise;
	value = html_trim(value);
	sign = value.n > 0 && value.s[0] == '-';
	for (i = sign; i < value.n && ascii_is_digit(value.s[i]); i++)
		if (n < 100000000)
			n = n * 10 + (value.s[i] - '0');
	return i == sign ? otherwise : sign ? -n : n;
}

static void
item(struct tree *t, struct html_span body)
{
	size_t list = find(t, LIST, CELL | TABLE);
	struct open *o;
	char marker[16], rest[] = "               ";
	int n;

	if (list == 0 || !t->open[list - 1].numbered) {
		html_indent(&t->lines, "* ", "  ");
		return;
	}
	o = &t->open[list - 1];
	n = number(body, "value", o->next);
	o->next = n < 999999999 ? n + 1 : n;
	rest[snprintf(marker, sizeof(marker), "%d. ", n)] = '\0';
	html_indent(&t->lines, marker, rest);
}

static void
begin(struct tree *t, struct open *o, const struct html_token *tag)
{
	switch (o->kind) {
	case LIST:
		o->numbered = html_span_is(tag->name, "ol");
		o->next = o->numbered ? number(tag->body, "start", 1) : 0;
		if (t->depth > 1 && t->open[t->depth - 2].kind == LIST)
			html_indent(&t->lines, "  ", "  ");
		break;
	case ITEM:
		if (t->lines.hidden == 0)
			item(t, tag->body);
		break;
	case DETAIL:
		html_indent(&t->lines, "    ", "    ");
		break;
	case QUOTE:
		html_indent(&t->lines, "> ", "> ");
		break;
	case PRE:
		t->lines.pre++;
		break;
	case CELL: /* Two blanks, should the line go on. */
		if (t->lines.hidden == 0 && t->lines.breaks == 0) {
			t->lines.blanks =
			    t->lines.blanks > 2 ? t->lines.blanks : 2;
			t->lines.breakable = true;
		}
		break;
	default:
		break;
	}
}

static void
show_empty(struct tree *t, unsigned kind, struct html_span body)
{
	switch (kind) {
	case LINE:
		html_break_line(&t->lines, t->lines.breaks == 0 ? 1 : 2);
		break;
	case RULE:
		do
			html_put(&t->lines, '-');
		while (t->lines.column < HTML_WIDTH);
		html_break_line(&t->lines, 1);
		break;
	case IMAGE:
		html_image(&t->lines, body);
		break;
	default:
		break;
	}
}

/* Whether a declaration "display: none" stands in the style and lasts. */
static bool
style_hides(struct html_span style)
{
	const char *s = style.s, *end = s + style.n;
	bool hides = false;

	while (s < end) {
		const char *stop = memchr(s, ';', (size_t)(end - s));

		if (stop == NULL)
			stop = end;
		while (s < stop && html_is_space(*s))
			s++;
		if (html_begins(s, stop, "display")) {
			s += strlen("display");
			while (s < stop && html_is_space(*s))
				s++;
			if (s < stop && *s == ':') {
				do
					s++;
				while (s < stop && html_is_space(*s));
				hides = html_begins(s, stop, "none");
			}
		}
		s = stop < end ? stop + 1 : end;
	}
	return hides;
}

static bool
is_hidden(struct html_span body)
{
	const char *at = body.s;
	struct html_attribute a;

	while (html_attribute_next(&at, body.s + body.n, &a))
		if (html_span_is(a.name, "hidden") ||
		    (html_span_is(a.name, "style") && style_hides(a.value)))
			return true;
	return false;
}

static void
open_tag(struct tree *t, const struct html_token *tag)
{
	const struct element *e = element_find(tag->name);
	bool hidden = e->kind == NEVER || is_hidden(tag->body);
	unsigned breaks = e->breaks;

	if (html_is_raw(tag->name))
		return;
	close_implied(t, e->kind);
	if (e->kind == LINK) /* They do not nest. */
		html_link_end(&t->lines);
	if (e->kind == LIST && find(t, LIST, CELL | TABLE | QUOTE) > 0)
		breaks = 1;
	if (!hidden)
		html_break_line(&t->lines, breaks);
	if ((e->kind & EMPTY) != 0) {
		if (!hidden && t->lines.hidden == 0)
			show_empty(t, e->kind, tag->body);
		return;
	}
	if (t->depth == DEPTH_MAX) {
		t->beyond++;
	} else {
		struct open *o = &t->open[t->depth++];

		*o = (struct open){.name = name_hash(tag->name),
		    .kind = e->kind,
		    .breaks = breaks,
		    .indent = t->lines.indent};
		if (hidden && t->lines.hidden == 0)
			t->lines.hidden = t->depth;
		begin(t, o, tag);
	}
	if (e->kind == LINK)
		html_link_begin(&t->lines, tag->body);
}

static void
close_tag(struct tree *t, const struct html_token *tag)
{
	const struct element *e = element_find(tag->name);
	uint32_t name = name_hash(tag->name);
	unsigned stop = CELL | TABLE;
	size_t i;

	if ((e->kind & WITHIN) != 0)
		stop = ~WITHIN;
	else if ((e->kind & TABLE_PART) != 0)
		stop = TABLE;
	else if ((e->kind & (ITEM | TERM | DETAIL)) != 0)
		stop = LIST | CELL | TABLE;
	else if ((e->kind & (TABLE | NEVER)) != 0)
		stop = 0;
	if (t->beyond > 0 && (e->kind & EMPTY) == 0) {
		t->beyond--;
		html_break_line(&t->lines, e->breaks);
	} else {
		for (i = t->depth; i > 0; i--) {
			if (t->open[i - 1].name == name) {
				close_to(t, i);
				break;
			}
			if ((t->open[i - 1].kind & stop) != 0)
				break;
		}
	}
	if (e->kind == LINK)
		html_link_end(&t->lines);
	else if (e->kind == LINE)
		show_empty(t, LINE, tag->body);
	else if (e->kind == PARAGRAPH || e->kind == NOTHING)
		html_break_line(&t->lines, e->breaks);
}

int
html_to_text(const char *html, size_t n, struct buf *out)
{
	struct html_tokens tokens = {html, html + n, {NULL, 0}};
	struct tree t = {.lines = {.out = out, .base = out->len, .breaks = 1}};
	struct html_token token;

	while (!t.lines.full && html_token_next(&tokens, &token)) {
		if (token.type == HTML_OPEN)
			open_tag(&t, &token);
		else if (token.type == HTML_CLOSE)
			close_tag(&t, &token);
		else if (token.type == HTML_TEXT ||
		    (token.type == HTML_RAW_TEXT &&
			html_span_is(token.name, "textarea")))
			html_put_text(&t.lines, token.body, false);
	}
	html_link_end(&t.lines);
	if (out->len > t.lines.base)
		t.lines.full = t.lines.full || buf_putc(out, '\n') == -1;
	if (!t.lines.full)
		return 0;
	out->len = t.lines.base;
	if (out->data != NULL)
		out->data[out->len] = '\0';
	return -1;
}
