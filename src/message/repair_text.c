/* repair_text: 8-bit text of a header as encoded words (RFC 2047), where these
 * may stand. */
#include "message/repair.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "rfc5322/words.h"

enum {
	WORD = 60, /* octets of an encoded word: it fits behind a name */
	UNFOLDED_MAX = 900, /* of a word that may stay as it is */
};

/* Where text stands decides what its words are made of: RFC 2047 5. */
enum place {
	TEXT,
	PHRASE, /* or a comment */
};

static bool
is_q_safe(char c, enum place place)
{
	if (ascii_is_letter_or_digit(c))
		return true;
	if (place == PHRASE)
		return c != '\0' && strchr("!*+-/", c) != NULL;
	return c > ' ' && c <= '~' && strchr("=?_", c) == NULL;
}

/* Encoded words of text in nobody knows what charset (RFC 1428 3). */
static void
put_unknown(struct buf *out, const char *p, size_t n, enum place place)
{
	static const char begin[] = "=?unknown-8bit?Q?";
	size_t column = 0, i;
	char c;

	for (i = 0; i < n; i++) {
		if (column == 0)
			buf_puts(out, begin);
		column = column == 0 ? sizeof(begin) - 1 : column;
		c = p[i];
		if (c == ' ')
			buf_putc(out, '_');
		else if (is_q_safe(c, place))
			buf_putc(out, c);
		else
			buf_printf(out, "=%02X", (unsigned char)c);
		column += c == ' ' || is_q_safe(c, place) ? 1 : 3;
		if (column < WORD && i + 1 < n)
			continue;
		buf_puts(out, i + 1 < n ? "?= " : "?=");
		column = 0;
	}
}

static void
put_words(struct buf *out, const char *p, size_t n, bool utf8, enum place place)
{
	if (utf8)
		words_encode(out, p, n, place == PHRASE);
	else
		put_unknown(out, p, n, place);
}

/* The word at p, with the blanks before it: its length. */
static size_t
word_length(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && ascii_is_blank(p[i]))
		i++;
	while (i < n && !ascii_is_blank(p[i]))
		i++;
	return i;
}

static bool
is_encoded_word(const char *p, size_t n)
{
	while (n > 0 && ascii_is_blank(*p)) {
		p++;
		n--;
	}
	return n > 6 && memcmp(p, "=?", 2) == 0 &&
	    memcmp(p + n - 2, "?=", 2) == 0;
}

static bool
has_control(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((p[i] >= '\0' && p[i] < ' ' && p[i] != '\t') ||
		    p[i] == 0x7f)
			return true;
	return false;
}

/* In a phrase nothing but an encoded word stays: it may be made of what was in
 * quotes. */
static bool
is_to_be_encoded(const char *p, size_t n, enum place place)
{
	if (place == PHRASE)
		return !is_encoded_word(p, n);
	return ascii_has_eight_bit(p, n) || has_control(p, n) ||
	    n > UNFOLDED_MAX;
}

/* As much of the text as has to be encoded, or must not be, in one go. */
static size_t
run_length(const char *p, size_t n, enum place place, bool *encode)
{
	size_t len, total = 0;
	bool this;

	for (; total < n; total += len) {
		len = word_length(p + total, n - total);
		this = is_to_be_encoded(p + total, len, place);
		if (total == 0)
			*encode = this;
		if (this != *encode)
			break;
	}
	return total;
}

/*
 * What is encoded already, and what needs no encoding, stays; the blanks
 * between two encoded words are not shown (RFC 2047 6.2), so where one stands
 * beside ours they go into ours.
 */
static void
encode(struct buf *out, const char *p, size_t len, bool utf8, enum place place)
{
	const char *end = p + len;
	bool encoded = false, after_word = false;
	size_t n, blanks, tail;

	for (; p < end; p += n) {
		n = run_length(p, (size_t)(end - p), place, &encoded);
		if (!encoded) {
			buf_append(out, p, n);
			for (tail = n;
			     tail > 0 && !ascii_is_blank(p[tail - 1]);)
				tail--;
			after_word = is_encoded_word(p + tail, n - tail);
			continue;
		}
		blanks = strspn(p, " \t");
		if (after_word)
			buf_putc(out, ' ');
		else
			buf_append(out, p, blanks);
		if (!after_word) {
			p += blanks;
			n -= blanks;
		}
		tail = is_encoded_word(
			   p + n, word_length(p + n, (size_t)(end - p) - n))
		    ? strspn(p + n, " \t")
		    : 0;
		put_words(out, p, n + tail, utf8, place);
	}
}

void
repair_text(struct buf *out, const char *text, size_t n)
{
	encode(out, text, n, printable_is_utf8(text, n), TEXT);
}

/* Behind a quoted-string or a comment, which begins at p. */
static const char *
skip_enclosed(const char *p, const char *end)
{
	char open = *p, close = open == '(' ? ')' : open;
	unsigned depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == close && (depth == 1 || open == '"') &&
		    depth > 0)
			return p + 1;
		else if (*p == open)
			depth++;
		else if (*p == close)
			depth--;
	}
	return end;
}

/* Behind what stands before the next comment, angle bracket or separator;
 * *address: it is no name. */
static const char *
skip_words(const char *p, const char *end, bool *address)
{
	*address = false;
	while (p < end && strchr("(<,;:", *p) == NULL) {
		*address |= *p == '@';
		p = *p == '"' ? skip_enclosed(p, end) : p + 1;
	}
	return p;
}

/* Whether, comments aside, a domain follows. */
static bool
is_before_at(const char *p, const char *end)
{
	while (p < end && (ascii_is_blank(*p) || *p == '('))
		p = *p == '(' ? skip_enclosed(p, end) : p + 1;
	return p < end && *p == '@';
}

static void
unquote(struct buf *out, const char *p, const char *end)
{
	bool quoted = false;

	for (; p < end; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p + 1 < end)
			buf_putc(out, *++p);
		else
			buf_putc(out, *p);
	}
}

/* A name; blanks around it are none of it. */
static void
put_name(struct buf *out, const char *p, const char *end)
{
	const char *from = p, *to = end;
	struct buf text = {0};

	while (from < to && ascii_is_blank(*from))
		from++;
	while (to > from && ascii_is_blank(to[-1]))
		to--;
	buf_append(out, p, (size_t)(from - p));
	unquote(&text, from, to);
	encode(out, buf_string(&text), text.len,
	    printable_is_utf8(buf_string(&text), text.len), PHRASE);
	/* An encoded word ends before white space only (RFC 2047 5). */
	if (to == end)
		buf_putc(out, ' ');
	buf_append(out, to, (size_t)(end - to));
	buf_clear(&text);
}

/* A comment: what stands between its parentheses. */
static void
put_comment(struct buf *out, const char *p, const char *end)
{
	const char *to, *last;

	for (; p < end; p = to) {
		if (*p == '(' || *p == ')') {
			buf_putc(out, *p);
			to = p + 1;
			continue;
		}
		for (to = p; to < end && *to != '(' && *to != ')'; to++)
			if (*to == '\\' && to + 1 < end)
				to++;
		for (last = to; last > p && ascii_is_blank(last[-1]); last--)
			;
		if (ascii_has_eight_bit(p, (size_t)(to - p))) {
			for (; ascii_is_blank(*p); p++)
				buf_putc(out, *p);
			encode(out, p, (size_t)(last - p),
			    printable_is_utf8(p, (size_t)(last - p)), PHRASE);
			p = last;
		}
		buf_append(out, p, (size_t)(to - p));
	}
}

void
repair_comments(struct buf *out, const char *value, size_t n)
{
	const char *p = value, *end = p + n, *to;

	for (; p < end; p = to) {
		to = *p == '(' || *p == '"' ? skip_enclosed(p, end) : p + 1;
		if (*p == '(')
			put_comment(out, p, to);
		else
			buf_append(out, p, (size_t)(to - p));
	}
}

void
repair_names(struct buf *out, const char *value, size_t n)
{
	const char *p = value, *end = p + n, *to;
	bool address;

	for (; p < end; p = to) {
		if (*p == '<') {
			to = memchr(p, '>', (size_t)(end - p));
			to = to != NULL ? to + 1 : end;
		} else if (*p == '(') {
			to = skip_enclosed(p, end);
			put_comment(out, p, to);
			continue;
		} else if (strchr(",;:", *p) != NULL) {
			to = p + 1;
		} else {
			to = skip_words(p, end, &address);
			if (!address && !is_before_at(to, end) &&
			    ascii_has_eight_bit(p, (size_t)(to - p))) {
				put_name(out, p, to);
				continue;
			}
		}
		buf_append(out, p, (size_t)(to - p));
	}
}
