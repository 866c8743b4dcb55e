#include "rfc5322/words.h"

#include <stdint.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/printable.h"

#include "rfc5322/lexer.h"

enum {
	LONGEST = 75, /* RFC 2047 2 */
	LONGEST_FIRST = 60,
	FRAME = 12, /* "=?UTF-8?Q?" and "?=" */
	/* A line has at most 998 (RFC 5322 2.1.1): a field's name, or the
	 * blanks before a word, the word, and the blanks that end the text. */
	LONGEST_UNFOLDED = 900,
	LONGEST_BLANKS = 40,
	LONGEST_QUOTED = 450, /* each character may need a backslash */
};

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_printable(char c)
{
	return c > ' ' && c < 0x7f;
}

/* RFC 2047 4.2; in a phrase fewer stand for themselves: 5 (3). */
static bool
is_q_safe(char c, bool phrase)
{
	if (!is_printable(c) || c == '=' || c == '?' || c == '_')
		return false;
	return !phrase ||
	    (lexer_is_atext(c) && strchr("#$%&'^`{|}~", c) == NULL);
}

static size_t
q_cost(const char *s, size_t n, bool phrase)
{
	size_t cost = 0, i;

	for (i = 0; i < n; i++)
		cost += s[i] == ' ' || is_q_safe(s[i], phrase) ? 1 : 3;
	return cost;
}

static size_t
b_cost(size_t n)
{
	return (n + 2) / 3 * 4;
}

static int
append_q(struct buf *out, const char *s, size_t n, bool phrase)
{
	size_t i;
	int r = 0;

	for (i = 0; i < n && r == 0; i++)
		if (s[i] == ' ')
			r = buf_putc(out, '_');
		else if (is_q_safe(s[i], phrase))
			r = buf_putc(out, s[i]);
		else
			r = buf_printf(out, "=%02X", (unsigned char)s[i]);
	return r;
}

static int
append_word(struct buf *out, const char *s, size_t n, bool q, bool phrase)
{
	if (buf_puts(out, q ? "=?UTF-8?Q?" : "=?UTF-8?B?") == -1 ||
	    (q ? append_q(out, s, n, phrase) : base64_encode(out, s, n)) == -1)
		return -1;
	return buf_puts(out, "?=");
}

/*
 * The end of the longest piece from s that fits into `room` as one word.  Some
 * readers join neighbouring words in B and stop at the first padding, so such
 * a word has none (*whole, a multiple of three octets) but at the text's end.
 */
static size_t
piece_length(
    const char *s, size_t n, bool q, bool phrase, size_t room, bool *whole)
{
	size_t to, len, cost = 0, best = 0;
	uint32_t rune;

	for (to = 0; to < n; to += len) {
		len = printable_utf8(s + to, n - to, &rune);
		len = len > 0 ? len : 1;
		cost =
		    q ? cost + q_cost(s + to, len, phrase) : b_cost(to + len);
		if (cost > room)
			break;
		if ((to + len) % 3 == 0)
			best = to + len;
	}
	*whole = q || to == n || best > 0;
	return q || to == n || best == 0 ? to : best;
}

/* Well-formed UTF-8 as encoded words. */
static int
append_words(struct buf *out, const char *s, size_t n, bool phrase)
{
	const bool shorter = q_cost(s, n, phrase) <= b_cost(n);
	size_t from = 0, len, room = LONGEST_FIRST - FRAME;
	bool q, whole;

	while (from < n) {
		q = shorter;
		len = piece_length(s + from, n - from, q, phrase, room, &whole);
		if (!whole) { /* characters of such lengths: as Q, then */
			q = true;
			len = piece_length(
			    s + from, n - from, q, phrase, room, &whole);
		}
		if ((from > 0 && buf_putc(out, ' ') == -1) ||
		    append_word(out, s + from, len, q, phrase) == -1)
			return -1;
		from += len;
		room = LONGEST - FRAME;
	}
	return 0;
}

/* Whether the word, which has no white space in it, must be encoded. */
static bool
needs_encoding(const char *word, size_t n, bool phrase)
{
	size_t i;

	if (n > (phrase ? LONGEST_QUOTED : LONGEST_UNFOLDED))
		return true;
	for (i = 0; i < n; i++)
		if (!is_printable(word[i]) ||
		    (word[i] == '=' && i + 1 < n && word[i + 1] == '?'))
			return true;
	return false;
}

/* Words of printable ASCII with single spaces between, none of which looks like
 * an encoded one: what most texts are, seen in one look. */
static bool
is_simple(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_printable(s[i]) &&
		    (s[i] != ' ' || (i > 0 && s[i - 1] == ' ')))
			return false;
	return n <= LONGEST_QUOTED && memmem(s, n, "=?", 2) == NULL;
}

/* Whether there are more blanks in a row than can be folded. */
static bool
has_long_blanks(const char *s, size_t n)
{
	size_t i, blanks = 0;

	for (i = 0; i < n && blanks <= LONGEST_BLANKS; i++)
		blanks = is_wsp(s[i]) ? blanks + 1 : 0;
	return blanks > LONGEST_BLANKS;
}

/* From the first to the last word to be encoded; white space between them
 * and the ends goes along, lest it be lost there.  False: there are none. */
static bool
encoded_range(const char *s, size_t n, bool phrase, size_t *from, size_t *to)
{
	size_t i = 0, end, first = n, last = 0, k;

	*from = 0;
	*to = n;
	if (has_long_blanks(s, n))
		return true;
	while (i < n) {
		for (end = i; end < n && !is_wsp(s[end]); end++)
			;
		if (end > i && needs_encoding(s + i, end - i, phrase)) {
			first = first == n ? i : first;
			last = end;
		}
		i = end < n ? end + 1 : n;
	}
	for (k = 0; k < first && is_wsp(s[k]); k++)
		;
	*from = k == first ? 0 : first;
	for (k = last; k < n && is_wsp(s[k]); k++)
		;
	*to = k == n ? n : last;
	return last > 0;
}

static bool
is_atoms(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!lexer_is_atext(s[i]) &&
		    (s[i] != ' ' || i == 0 || i + 1 == n || s[i - 1] == ' '))
			return false;
	return n > 0;
}

static int
append_quoted(struct buf *out, const char *s, size_t n)
{
	size_t i;
	int r = buf_putc(out, '"');

	for (i = 0; i < n && r == 0; i++) {
		if (s[i] == '"' || s[i] == '\\')
			r = buf_putc(out, '\\');
		if (r == 0)
			r = buf_putc(out, s[i]);
	}
	return r == 0 ? buf_putc(out, '"') : -1;
}

static int
encode(struct buf *out, const char *s, size_t n, bool phrase)
{
	size_t from, to;

	if (is_simple(s, n) || !encoded_range(s, n, phrase, &from, &to)) {
		if (!phrase || is_atoms(s, n))
			return buf_append(out, s, n);
		return append_quoted(out, s, n);
	}
	if (phrase)
		return append_words(out, s, n, true);
	if (buf_append(out, s, from) == -1 ||
	    append_words(out, s + from, to - from, false) == -1)
		return -1;
	return buf_append(out, s + to, n - to);
}

int
words_encode(struct buf *out, const char *utf8, size_t n, bool phrase)
{
	struct buf clean = {0};
	int r;

	if (printable_is_utf8(utf8, n))
		return encode(out, utf8, n, phrase);
	words_append_utf8(&clean, utf8, n);
	r = encode(out, buf_string(&clean), clean.len, phrase);
	buf_clear(&clean);
	return r;
}
