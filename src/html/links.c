#include "html/lines.h"

#include <stdio.h>
#include <string.h>

#include "lib/printable.h"

/* Reads a URL, for showing: in one piece, visible, free of '<' and '>'. */
struct url {
	struct html_reader in;
	struct html_reader rest; /* behind the scheme, and "//" */
	bool address; /* of mailto: and the like: only this is shown */
	char pending[16];
	size_t next, n; /* of it */
};

static uint32_t
url_next(struct url *u)
{
	char utf8[4];
	size_t i, n;
	uint32_t r;

	if (u->next < u->n)
		return (unsigned char)u->pending[u->next++];
	do {
		const char *at = u->in.at;
		int c = u->address ? html_percent(at, u->in.end) : -1;

		r = html_reader_next(&u->in);
		if (c > ' ' && c < 0x7f && c != '<' && c != '>') {
			u->in.at = at + 3;
			return (uint32_t)c;
		}
		if (r == HTML_NONE || (u->address && r == '?')) {
			u->in.at = u->in.end;
			return HTML_NONE;
		}
	} while (r < ' ' || (r >= 0x7f && r < 0xa0));
	if (html_look(r) == HTML_SEEN && r != '<' && r != '>' && r != '"')
		return r;
	n = html_utf8_encode(r, utf8);
	u->next = 1;
	u->n = 0;
	for (i = 0; i < n; i++)
		u->n += (size_t)snprintf(u->pending + u->n,
		    sizeof(u->pending) - u->n, "%%%02X",
		    (unsigned char)utf8[i]);
	return '%';
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* Whether there is something to show. */
static bool
url_open(struct url *u, struct html_span href)
{
	static const char *const addresses[] = {"mailto", "tel", "sms", NULL};
	static const char *const silent[] = {
	    "javascript", "vbscript", "data", "cid", "about", NULL};
	char scheme[16] = "";
	size_t n = 0;
	struct url ahead;
	uint32_t r;

	href = html_trim(href);
	*u = (struct url){.in = {href.s, href.s + href.n, true}};
	ahead = *u;
	while ((r = html_lower(url_next(&ahead))) != HTML_NONE &&
	    n < sizeof(scheme) - 1 &&
	    ((r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') || r == '+' ||
		r == '-' || r == '.'))
		scheme[n++] = (char)r;
	if (n == 0 && (r == '#' || r == HTML_NONE))
		return false;
	u->rest = u->in;
	if (r != ':')
		return true;
	u->rest = ahead.in;
	if (html_begins(u->rest.at, u->rest.end, "//"))
		u->rest.at += 2;
	if (is_one_of(scheme, addresses)) {
		u->address = true;
		u->in = u->rest;
	}
	ahead = *u;
	return !is_one_of(scheme, silent) && url_next(&ahead) != HTML_NONE;
}

/* Whether the text is the URL; a slash at the end does not count. */
static bool
url_is(struct url u, const char *s, const char *end)
{
	uint32_t r, c = HTML_NONE;

	while ((r = url_next(&u)) != HTML_NONE) {
		if (s == end)
			return r == '/' && url_next(&u) == HTML_NONE;
		s += printable_utf8(s, (size_t)(end - s), &c);
		if (html_lower(r) != html_lower(c))
			return false;
	}
	return s == end || (end - s == 1 && *s == '/');
}

void
html_link_begin(struct html_lines *t, struct html_span body)
{
	if (t->hidden > 0 || !html_attribute_find(body, "href", &t->link.href))
		t->link.href.s = NULL;
}

void
html_link_end(struct html_lines *t)
{
	struct html_link l = t->link;
	size_t blanks = t->blanks, hidden = t->hidden;
	unsigned breaks = t->breaks;
	bool breakable = t->breakable, same = false;
	struct url u, rest;
	uint32_t r;

	t->link = (struct html_link){0};
	if (l.href.s == NULL || !(l.begun || l.image) ||
	    !url_open(&u, l.href) || t->full)
		return;
	t->hidden = 0;
	if (l.begun) { /* The URL stands right behind the text. */
		const char *text = t->out->data + l.start;
		const char *end = t->out->data + t->out->len;

		rest = u;
		rest.in = u.rest;
		same = url_is(u, text, end) || url_is(rest, text, end);
		t->breaks = 0;
		t->blanks = !same;
		t->breakable = true;
	}
	if (same) {
		t->out->len = l.start;
		t->column = l.column;
	} else {
		html_put(t, '<');
	}
	while (!t->full && (r = url_next(&u)) != HTML_NONE)
		html_put(t, r);
	if (!same)
		html_put(t, '>');
	if (l.begun) {
		t->breaks = breaks;
		t->blanks = blanks;
		t->breakable = breakable;
	}
	t->hidden = hidden;
}

void
html_image(struct html_lines *t, struct html_span body)
{
	struct html_span alt = {NULL, 0};
	struct html_reader in;
	uint32_t r;

	t->link.image = true;
	if (!html_attribute_find(body, "alt", &alt))
		return;
	alt = html_trim(alt);
	in = (struct html_reader){alt.s, alt.s + alt.n, true};
	while ((r = html_reader_next(&in)) != HTML_NONE &&
	    html_look(r) != HTML_SEEN)
		continue;
	if (r == HTML_NONE)
		return;
	html_put(t, '[');
	html_put_text(t, alt, true);
	html_put(t, ']');
}
