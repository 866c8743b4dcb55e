/* xml: see xml.h. */
#include "provider/xml.h"

#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

enum { ENTITY_MAX = 10 };

static enum xml_event
bad(struct xml *x, const char *what, struct error *err)
{
	size_t line = 1;
	const char *p;

	for (p = x->start; p < x->p && p < x->end; p++)
		line += *p == '\n';
	error_set(err, EX_PROTOCOL, "line %zu: %s", line, what);
	x->end = x->p = x->start;
	x->depth = 0;
	x->rooted = x->empty = x->closed = false;
	return XML_BAD;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Letters of other scripts are as good as ours. */
static size_t
name_length(const char *p, const char *end)
{
	const char *start = p;

	while (p < end &&
	    (ascii_is_letter_or_digit(*p) || (*p & 0x80) != 0 || *p == '_' ||
		*p == ':' || (p > start && (*p == '-' || *p == '.'))))
		p++;
	return p > start && !ascii_is_digit(*start) ? (size_t)(p - start) : 0;
}

static const char *
find(const struct xml *x, const char *what)
{
	return memmem(x->p, (size_t)(x->end - x->p), what, strlen(what));
}

static bool
begins(const struct xml *x, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(x->end - x->p) >= n && memcmp(x->p, what, n) == 0;
}

static bool
is_character(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' ||
	    (c >= 0x20 && c < 0xd800) || (c > 0xdfff && c < 0xfffe) ||
	    (c > 0xffff && c <= 0x10ffff);
}

int
xml_begin(struct xml *x, const char *text, size_t n, struct error *err)
{
	size_t i;

	memset(x, 0, sizeof(*x));
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3, n -= 3;
	x->start = x->p = text;
	x->end = text + n;
	if (!printable_is_utf8(text, n)) {
		bad(x, "no UTF-8", err);
		return -1;
	}
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 && !is_blank(text[i])) {
			x->p = text + i;
			bad(x, "a control character", err);
			return -1;
		}
	return 0;
}

void
xml_clear(struct xml *x)
{
	buf_clear(&x->text);
}

static void
put_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_putc(out, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_putc(out, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_putc(out, (char)(0xe0 | c >> 12));
		} else {
			buf_putc(out, (char)(0xf0 | c >> 18));
			buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_putc(out, (char)(0x80 | (c & 0x3f)));
}

/* "#38" or "#x26"; 0: no character has it. */
static uint32_t
number_of(const char *p, size_t n)
{
	bool hex = n > 1 && p[1] == 'x';
	uint32_t c = 0;
	size_t i;
	int digit;

	for (i = hex ? 2 : 1; i < n; i++) {
		digit = hex		   ? ascii_hex_digit(p[i])
		    : ascii_is_digit(p[i]) ? p[i] - '0'
					   : -1;
		if (digit == -1 || c > 0x10ffff)
			return 0;
		c = c * (hex ? 16 : 10) + (uint32_t)digit;
	}
	return is_character(c) ? c : 0;
}

/* At an '&': what it stands for.  False: nothing that we know. */
static bool
take_entity(struct xml *x, struct buf *out)
{
	static const struct {
		const char *name;
		char stands_for;
	} five[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'},
	    {"apos", '\''}};
	const char *semicolon = find(x, ";");
	uint32_t c = 0;
	size_t n, i;

	n = semicolon != NULL ? (size_t)(semicolon - x->p) - 1 : 0;
	if (n == 0 || n > ENTITY_MAX)
		return false;
	if (x->p[1] == '#')
		c = number_of(x->p + 1, n);
	for (i = 0; i < sizeof(five) / sizeof(*five); i++)
		if (strlen(five[i].name) == n &&
		    memcmp(five[i].name, x->p + 1, n) == 0)
			c = (unsigned char)five[i].stands_for;
	if (c == 0)
		return false;
	put_utf8(out, c);
	x->p = semicolon + 1;
	return true;
}

static enum xml_event
take_text(struct xml *x, struct error *err)
{
	size_t n;

	buf_reset(&x->text);
	while (x->p < x->end && *x->p != '<') {
		if (*x->p == '&') {
			if (!take_entity(x, &x->text))
				return bad(x,
				    "an entity that is none of the "
				    "five of XML",
				    err);
			continue;
		}
		for (n = 0;
		     x->p + n < x->end && x->p[n] != '<' && x->p[n] != '&'; n++)
			;
		buf_append(&x->text, x->p, n);
		x->p += n;
	}
	return XML_TEXT;
}

static enum xml_event
take_cdata(struct xml *x, struct error *err)
{
	const char *end;

	x->p += strlen("<![CDATA[");
	end = find(x, "]]>");
	if (end == NULL)
		return bad(x, "a section without an end", err);
	buf_reset(&x->text);
	buf_append(&x->text, x->p, (size_t)(end - x->p));
	x->p = end + 3;
	return XML_TEXT;
}

static void
skip_blanks(struct xml *x)
{
	while (x->p < x->end && is_blank(*x->p))
		x->p++;
}

/* NAME="VALUE" at p; NULL: it is none. */
static const char *
attribute(const char *p, const char *end, struct xml_name *name,
    struct xml_name *value)
{
	char quote;

	*name = (struct xml_name){p, name_length(p, end)};
	p += name->n;
	while (p < end && is_blank(*p))
		p++;
	if (name->n == 0 || p == end || *p++ != '=')
		return NULL;
	while (p < end && is_blank(*p))
		p++;
	if (p == end || (*p != '"' && *p != '\''))
		return NULL;
	quote = *p++;
	value->start = p;
	while (p < end && *p != quote && *p != '<')
		p++;
	if (p == end || *p == '<')
		return NULL;
	value->n = (size_t)(p - value->start);
	return p + 1;
}

/* Up to the end of the tag, blanks before each. */
static bool
take_attributes(struct xml *x)
{
	struct xml_name name, value;
	const char *p;

	x->attributes.start = x->p;
	for (;;) {
		p = x->p;
		while (p < x->end && is_blank(*p))
			p++;
		if (p < x->end && (*p == '>' || *p == '/')) {
			x->attributes.n = (size_t)(x->p - x->attributes.start);
			x->p = p;
			return true;
		}
		if (p == x->p)
			return false;
		x->p = p;
		p = attribute(p, x->end, &name, &value);
		if (p == NULL)
			return false;
		x->p = p;
	}
}

static enum xml_event
take_open(struct xml *x, struct error *err)
{
	struct xml_name name;

	x->p++;
	name = (struct xml_name){x->p, name_length(x->p, x->end)};
	if (name.n == 0)
		return bad(x, "a '<' that begins no tag", err);
	if (x->depth == 0 && x->rooted)
		return bad(x, "more behind the document's end", err);
	if (x->depth == XML_DEPTH_MAX)
		return bad(x, "elements in elements without end", err);
	x->p += name.n;
	if (!take_attributes(x))
		return bad(x, "a tag that does not end", err);
	x->empty = *x->p == '/';
	if (x->empty && (++x->p == x->end || *x->p != '>'))
		return bad(x, "a tag that does not end", err);
	x->p++;
	x->open[x->depth++] = name;
	x->rooted = true;
	return XML_OPEN;
}

static enum xml_event
take_close(struct xml *x, struct error *err)
{
	const struct xml_name *open;

	x->p += 2;
	if (x->depth == 0)
		return bad(x, "a tag that closes what is not open", err);
	open = &x->open[x->depth - 1];
	if ((size_t)(x->end - x->p) < open->n ||
	    memcmp(x->p, open->start, open->n) != 0)
		return bad(x, "a tag that closes what is not open", err);
	x->p += open->n;
	skip_blanks(x);
	if (x->p == x->end || *x->p != '>')
		return bad(x, "a tag that closes what is not open", err);
	x->p++;
	x->closed = true;
	return XML_CLOSE;
}

/* Comments and instructions; false: they have no end. */
static bool
skip(struct xml *x)
{
	const char *last;

	while (begins(x, "<!--") || begins(x, "<?")) {
		last = begins(x, "<?") ? "?>" : "-->";
		x->p += begins(x, "<?") ? 2 : 4;
		x->p = find(x, last);
		if (x->p == NULL) {
			x->p = x->end;
			return false;
		}
		x->p += strlen(last);
	}
	return true;
}

/* Outside of the root there may be blanks, comments and instructions alone. */
static bool
skip_outside(struct xml *x)
{
	const char *before;

	do {
		before = x->p;
		if (x->depth == 0)
			skip_blanks(x);
		if (!skip(x))
			return false;
	} while (x->p != before);
	return true;
}

enum xml_event
xml_next(struct xml *x, struct error *err)
{
	if (x->closed)
		x->depth--;
	x->closed = x->empty;
	x->empty = false;
	if (x->closed)
		return XML_CLOSE;
	if (!skip_outside(x))
		return bad(x, "a comment without an end", err);
	if (x->p == x->end && x->depth == 0 && x->rooted)
		return XML_DONE;
	if (x->p == x->end)
		return bad(x, "it ends too soon", err);
	if (begins(x, "<![CDATA[") && x->depth > 0)
		return take_cdata(x, err);
	if (begins(x, "<!"))
		return bad(x, "a document type, which is not read", err);
	if (begins(x, "</"))
		return take_close(x, err);
	if (*x->p == '<')
		return take_open(x, err);
	if (x->depth == 0)
		return bad(x, "text outside of the document", err);
	return take_text(x, err);
}

bool
xml_is(const struct xml *x, size_t depth, const char *name)
{
	const struct xml_name *open;

	if (depth == 0 || depth > x->depth)
		return false;
	open = &x->open[depth - 1];
	return strlen(name) == open->n &&
	    memcmp(name, open->start, open->n) == 0;
}

bool
xml_attribute_is(const struct xml *x, const char *name, const char *value)
{
	const char *p = x->attributes.start, *end = p + x->attributes.n;
	struct xml_name n, v;

	while (p != NULL && p < end) {
		while (p < end && is_blank(*p))
			p++;
		p = attribute(p, end, &n, &v);
		if (p != NULL && n.n == strlen(name) &&
		    memcmp(n.start, name, n.n) == 0)
			return v.n == strlen(value) &&
			    memcmp(v.start, value, v.n) == 0;
	}
	return false;
}
