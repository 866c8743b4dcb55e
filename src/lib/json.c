#include "lib/json.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/secret.h"

/* A text that is read from one end to the other. */
struct reader {
	const char *at, *end;
};

static void
put_rune(struct buf *out, unsigned rune)
{
	if (rune == 0 || (rune >= 0xd800 && rune <= 0xdfff))
		rune = 0xfffd;
	if (rune >= 0x800) {
		buf_putc(out, (char)(0xe0 | rune >> 12));
		buf_putc(out, (char)(0x80 | (rune >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (rune & 0x3f)));
	} else if (rune >= 0x80) {
		buf_putc(out, (char)(0xc0 | rune >> 6));
		buf_putc(out, (char)(0x80 | (rune & 0x3f)));
	} else {
		buf_putc(out, (char)rune);
	}
}

/* The four digits behind \u. */
static void
read_rune(struct reader *r, struct buf *out)
{
	char digits[5] = "";
	unsigned rune;
	size_t n;

	for (n = 0; n < 4 && r->at < r->end; n++)
		digits[n] = *r->at++;
	if (n == 4 && sscanf(digits, "%4x", &rune) == 1)
		put_rune(out, rune);
}

/* What stands behind a backslash. */
static void
read_escape(struct reader *r, struct buf *out)
{
	static const char signs[] = "bfnrt", meant[] = "\b\f\n\r\t";
	char c = *r->at++;
	const char *sign = c != '\0' ? strchr(signs, c) : NULL;

	if (c == 'u')
		read_rune(r, out);
	else
		buf_putc(out, sign != NULL ? meant[sign - signs] : c);
}

/* From behind the opening quote to behind the closing one; false: there is
 * none. */
static bool
read_string(struct reader *r, struct buf *out)
{
	while (r->at < r->end && *r->at != '"') {
		if (*r->at == '\\' && r->at + 1 < r->end) {
			r->at++;
			read_escape(r, out);
		} else {
			buf_putc(out, *r->at != '\0' ? *r->at : '?');
			r->at++;
		}
	}
	if (r->at == r->end)
		return false;
	r->at++;
	return true;
}

static void
skip_blanks(struct reader *r)
{
	while (r->at < r->end && *r->at != '\0' &&
	    strchr(" \t\r\n", *r->at) != NULL)
		r->at++;
}

/* Behind the member's name. */
static bool
read_value(struct reader *r, struct buf *value)
{
	size_t before = value->len;

	skip_blanks(r);
	if (r->at < r->end && *r->at == '"') {
		r->at++;
		(void)read_string(r, value);
		return true;
	}
	while (r->at < r->end && *r->at != '\0' &&
	    strchr("0123456789+-.eE", *r->at) != NULL)
		buf_putc(value, *r->at++);
	return value->len > before;
}

bool
json_member(const char *text, size_t n, const char *name, struct buf *value)
{
	struct buf word = BUF_WITH_MAX(64);
	struct reader r = {text, text + n};
	bool found = false;
	int depth = 0;
	char c;

	while (!found && r.at < r.end) {
		c = *r.at++;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (c != '"')
			continue;
		buf_reset(&word);
		(void)read_string(&r, &word);
		skip_blanks(&r);
		/* A string that no colon follows is a value. */
		if (depth == 1 && r.at < r.end && *r.at == ':' &&
		    strcmp(buf_string(&word), name) == 0) {
			r.at++;
			found = read_value(&r, value);
		}
	}
	/* Whatever it may have repeated. */
	secret_wipe(word.data, word.cap);
	buf_clear(&word);
	return found;
}

struct walk {
	struct reader r;
	struct buf name, text; /* never moved: nothing is left unwiped */
	bool (*take)(void *, const struct json_value *);
	void *arg;
};

/* Whether this sign is next; it is passed then. */
static bool
comes(struct walk *w, char c)
{
	skip_blanks(&w->r);
	if (w->r.at == w->r.end || *w->r.at != c)
		return false;
	w->r.at++;
	return true;
}

static bool
is_word(const struct walk *w, const char *word)
{
	return strcmp(buf_string(&w->text), word) == 0;
}

/* RFC 8259 6, without fraction and exponent. */
static bool
is_integer(const char *s)
{
	size_t n;

	s += *s == '-';
	n = strspn(s, "0123456789");
	return n > 0 && n < 19 && s[n] == '\0' && (*s != '0' || n == 1);
}

static bool
walk_scalar(struct walk *w, bool item)
{
	struct json_value v = {
	    .name = buf_string(&w->name), .kind = JSON_A_TEXT, .item = item};

	buf_reset(&w->text);
	if (comes(w, '"')) {
		if (!read_string(&w->r, &w->text))
			return false;
	} else {
		while (w->r.at < w->r.end && *w->r.at != '\0' &&
		    strchr(" \t\r\n,]}", *w->r.at) == NULL)
			buf_putc(&w->text, *w->r.at++);
		if (is_word(w, "true") || is_word(w, "false"))
			v.kind = JSON_A_TRUTH;
		else if (is_word(w, "null"))
			v.kind = JSON_A_NULL;
		else if (is_integer(buf_string(&w->text)))
			v.kind = JSON_A_NUMBER;
		else
			return false;
	}
	v.text = buf_string(&w->text);
	v.len = w->text.len;
	return w->take(w->arg, &v);
}

static bool
walk_value(struct walk *w)
{
	if (!comes(w, '['))
		return walk_scalar(w, false);
	if (comes(w, ']'))
		return true;
	do
		if (!walk_scalar(w, true))
			return false;
	while (comes(w, ','));
	return comes(w, ']');
}

static bool
walk_object(struct walk *w)
{
	if (!comes(w, '{'))
		return false;
	if (comes(w, '}'))
		return true;
	do {
		buf_reset(&w->name);
		if (!comes(w, '"') || !read_string(&w->r, &w->name) ||
		    !comes(w, ':') || !walk_value(w))
			return false;
	} while (comes(w, ','));
	return comes(w, '}');
}

int
json_walk(const char *text, size_t n,
    bool (*take)(void *, const struct json_value *), void *arg)
{
	struct walk w = {.r = {text, text + n}, .take = take, .arg = arg};
	bool whole;

	/* A rune of two octets is six there. */
	buf_reserve(&w.name, n);
	buf_reserve(&w.text, n);
	whole = walk_object(&w);
	skip_blanks(&w.r);
	whole = whole && w.r.at == w.r.end;
	secret_wipe(w.name.data, w.name.cap);
	secret_wipe(w.text.data, w.text.cap);
	buf_clear(&w.name);
	buf_clear(&w.text);
	return whole ? 0 : -1;
}

void
json_quote(struct buf *out, const char *text, size_t n)
{
	size_t i;

	buf_putc(out, '"');
	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ')
			buf_printf(out, "\\u%04x", (unsigned)text[i]);
		else if (text[i] == '"' || text[i] == '\\')
			buf_printf(out, "\\%c", text[i]);
		else
			buf_putc(out, text[i]);
	buf_putc(out, '"');
}
