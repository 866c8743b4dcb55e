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

/* From behind the opening quote to behind the closing one. */
static void
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
	if (r->at < r->end)
		r->at++;
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
		read_string(r, value);
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
		read_string(&r, &word);
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
