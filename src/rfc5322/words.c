#include "rfc5322/words.h"

#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/charset.h"
#include "lib/printable.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

int
words_append_utf8(struct buf *out, const char *bytes, size_t n)
{
	uint32_t rune;
	size_t i, len;
	int r = 0;

	for (i = 0; i < n && r == 0; i += len) {
		len = ascii_run(bytes + i, n - i);
		if (len == 0)
			len = printable_utf8(bytes + i, n - i, &rune);
		if (len > 0) {
			r = buf_append(out, bytes + i, len);
		} else {
			r = buf_puts(out, REPLACEMENT);
			len = 1;
		}
	}
	return r;
}

static bool
is_line_break(uint32_t rune)
{
	return rune == '\r' || rune == '\n' || rune == 0x85 || rune == 0x2028 ||
	    rune == 0x2029;
}

struct word {
	const char *charset, *text, *end;
	size_t charset_len, text_len;
	char encoding; /* Q or B */
};

/* The bytes of encoded words of one charset that follow one another: some
 * programs split characters between them. */
struct run {
	const char *from, *to; /* where they stand, NULL: no word yet */
	const char *charset;   /* the label of the first one */
	size_t charset_len;
	struct buf bytes;
};

/* What is being decoded. */
struct decoding {
	struct buf *out;
	struct run run;
	bool whole; /* all so far says what was meant */
};

/* Well-formed, and without controls. */
static int
append_clean(struct decoding *d, const char *s, size_t n)
{
	struct buf *out = d->out;
	uint32_t rune = 0;
	size_t i, len;
	int r = 0;

	for (i = 0; i < n && r == 0; i += len > 0 ? len : 1) {
		len = printable_utf8(s + i, n - i, &rune);
		if (len > 0 && is_line_break(rune))
			r = buf_putc(out, ' ');
		else if (len == 0 || (rune < 0x20 && rune != '\t') ||
		    (rune >= 0x7f && rune < 0xa0)) {
			r = buf_puts(out, REPLACEMENT);
			d->whole = false;
		} else
			r = buf_append(out, s + i, len);
	}
	return r;
}

int
words_append_clean(struct buf *out, const char *bytes, size_t n)
{
	struct decoding d = {.out = out};

	return append_clean(&d, bytes, n);
}

/* Text between encoded words: unfolded (RFC 5322 2.2.3).  What looks like one
 * in it, and is none, would not be after it was encoded. */
static int
append_text(struct decoding *d, const char *s, size_t n)
{
	size_t i, from = 0, len;

	d->whole &= memmem(s, n, "=?", 2) == NULL;
	for (i = 0; i < n; i++) {
		len = s[i] == '\r' ? 2 : 1;
		if (i + len >= n || s[i + len - 1] != '\n' ||
		    !is_wsp(s[i + len]))
			continue;
		if (append_clean(d, s + from, i - from) == -1)
			return -1;
		from = i + len;
		i = from;
	}
	return append_clean(d, s + from, n - from);
}

static bool
is_same_charset(const struct run *run, const struct word *w)
{
	const struct charset_meaning *m =
	    charset_meaning(w->charset, w->charset_len);

	if (m != NULL)
		return m == charset_meaning(run->charset, run->charset_len);
	return w->charset_len == run->charset_len &&
	    ascii_equal_bytes(w->charset, run->charset, w->charset_len);
}

static int
run_end(struct decoding *d)
{
	struct run *run = &d->run;
	struct buf utf8 = {0};
	enum charset_result result;
	int r;

	if (run->from == NULL)
		return 0;
	result = charset_decode(run->charset, run->charset_len,
	    buf_string(&run->bytes), run->bytes.len, &utf8);
	if (result == CHARSET_UNKNOWN)
		r = append_text(d, run->from, (size_t)(run->to - run->from));
	else
		r = append_clean(d, buf_string(&utf8), utf8.len);
	d->whole &= result == CHARSET_WHOLE;
	buf_clear(&utf8);
	buf_reset(&run->bytes);
	run->from = NULL;
	return r;
}

static bool
is_charset(char c)
{
	return ascii_is_letter_or_digit(c) ||
	    (c != '\0' && strchr("-_.:+", c) != NULL);
}

static bool
is_base64(char c)
{
	return base64_values[(unsigned char)c] != 0 ||
	    (c != '\0' && strchr("= \t\r\n", c) != NULL);
}

/* Where the "?=" stands that ends the encoded text, NULL: nowhere. */
static const char *
text_end(const char *text, const char *end, char encoding)
{
	const char *p = text;

	if (encoding == 'Q')
		return memmem(text, (size_t)(end - text), "?=", 2);
	if (encoding != 'B')
		return NULL;
	while (p < end && is_base64(*p))
		p++;
	return end - p >= 2 && p[0] == '?' && p[1] == '=' ? p : NULL;
}

/* The encoded word at s, which begins with "=?". */
static bool
word_parse(struct word *w, const char *s, const char *end)
{
	const char *p = s + 2;

	w->charset = p;
	while (p < end && is_charset(*p))
		p++;
	w->charset_len = (size_t)(p - w->charset);
	if (w->charset_len == 0 || w->charset_len > CHARSET_LABEL_MAX)
		return false;
	if (p < end && *p == '*') /* a language: RFC 2231 5 */
		while (p < end && (*p == '*' || is_charset(*p)))
			p++;
	if (end - p < 5 || p[0] != '?' || p[2] != '?')
		return false;
	w->encoding = (char)(p[1] & ~0x20);
	w->text = p + 3;
	p = text_end(w->text, end, w->encoding);
	if (p == NULL)
		return false;
	w->text_len = (size_t)(p - w->text);
	w->end = p + 2;
	return true;
}

static void
decode_q(struct buf *out, const char *s, size_t n)
{
	int octet;
	size_t i;

	for (i = 0; i < n; i++) {
		octet = s[i] == '=' ? ascii_hex(s + i + 1, n - i - 1) : -1;
		if (octet != -1) {
			buf_putc(out, (char)octet);
			i += 2;
		} else {
			buf_putc(out, (char)(s[i] == '_' ? ' ' : s[i]));
		}
	}
}

/* A "=" in the middle begins anew: two encoded texts put together. */
static void
decode_b(struct buf *out, const char *s, size_t n)
{
	unsigned value;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		value = base64_values[(unsigned char)s[i]];
		if (value == 0) {
			have = s[i] == '=' ? 0 : have;
			continue;
		}
		bits = bits << 6 | (value - BASE64_DIGIT);
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_putc(out, (char)(bits >> have & 0xff));
		}
	}
}

static int
run_add(struct decoding *d, const struct word *w, const char *from)
{
	struct run *run = &d->run;

	if (run->from != NULL && !is_same_charset(run, w) && run_end(d) == -1)
		return -1;
	if (run->from == NULL) {
		run->charset = w->charset;
		run->charset_len = w->charset_len;
		run->from = from;
	}
	run->to = w->end;
	if (w->encoding == 'Q')
		decode_q(&run->bytes, w->text, w->text_len);
	else
		decode_b(&run->bytes, w->text, w->text_len);
	return 0;
}

/* White space only, which between encoded words is nothing (RFC 2047 6.2). */
static bool
is_blank(const char *s, const char *end)
{
	while (s < end && (is_wsp(*s) || *s == '\r' || *s == '\n'))
		s++;
	return s == end;
}

/* Behind the last "?=": no word ends beyond, and looking for the end of each
 * broken word would take quadratic time. */
static const char *
last_word_end(const char *text, size_t n)
{
	for (; n >= 2; n--)
		if (text[n - 2] == '?' && text[n - 1] == '=')
			break;
	return n >= 2 ? text + n : text;
}

static int
decode(struct decoding *d, const char *text, size_t n)
{
	const char *end = text + n, *done = text, *at = text;
	const char *last = last_word_end(text, n);
	struct word w;
	int r = 0;

	while (r == 0 && at < last &&
	    (at = memmem(at, (size_t)(last - at), "=?", 2)) != NULL) {
		if (!word_parse(&w, at, last)) {
			at += 2;
			continue;
		}
		if (d->run.from == NULL || !is_blank(done, at)) {
			r = run_end(d);
			if (r == 0)
				r = append_text(d, done, (size_t)(at - done));
		}
		if (r == 0)
			r = run_add(d, &w, at);
		done = at = w.end;
	}
	if (r == 0)
		r = run_end(d);
	if (r == 0)
		r = append_text(d, done, (size_t)(end - done));
	buf_clear(&d->run.bytes);
	return r;
}

int
words_decode(struct buf *out, const char *text, size_t n)
{
	struct decoding d = {.out = out};

	return decode(&d, text, n);
}

bool
words_decode_whole(struct buf *out, const char *text, size_t n)
{
	struct buf utf8 = {0};
	struct decoding d = {.out = &utf8, .whole = true};
	bool whole = decode(&d, text, n) == 0 && d.whole &&
	    buf_append(out, buf_string(&utf8), utf8.len) == 0;

	buf_clear(&utf8);
	return whole;
}
