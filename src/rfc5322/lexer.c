#include "rfc5322/lexer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

enum {
	SHOWN_BEFORE = 36, /* characters of a long text shown in an error */
	SHOWN_AFTER = 28,
	LONGEST_WORD = 1000, /* bytes searched for the end of a word: linear */
	LONGEST_ENTITY = 32, /* of HTML: "&CounterClockwiseContourIntegral" */
	MOST_UNCLOSED = 16,  /* each is searched to the end of the text */
};

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

char
lexer_peek(const struct lexer *l)
{
	if (l->at >= l->end)
		return '\0';
	return *l->at;
}

/* One character on; an ill-formed byte counts as one. */
static const char *
next_character(const char *at, const char *end)
{
	uint32_t rune;
	size_t len = printable_utf8(at, (size_t)(end - at), &rune);

	return at + (len > 0 ? len : 1);
}

/* The part of the text around the place, and the place's number. */
static size_t
excerpt(const struct lexer *l, const char *place, struct buf *out)
{
	const char *from = l->text, *at, *to;
	size_t before = 0, shown, i;

	for (at = l->text; at < place; at = next_character(at, l->end))
		if (++before > SHOWN_BEFORE)
			from = next_character(from, l->end);
	shown = before < SHOWN_BEFORE ? SHOWN_BEFORE - before : 0;
	to = place;
	for (i = 0; i < SHOWN_AFTER + shown && to < l->end; i++)
		to = next_character(to, l->end);
	if (from > l->text)
		buf_puts(out, "...");
	printable_append(out, from, (size_t)(to - from));
	if (to < l->end)
		buf_puts(out, "...");
	return before + 1;
}

int
lexer_fail(struct lexer *l, const char *place, const char *fmt, ...)
{
	struct buf shown = {0};
	char reason[256];
	size_t number;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	l->failed = place;
	number = excerpt(l, place, &shown);
	error_set(l->err, l->status, "'%s': %s at character %zu",
	    buf_string(&shown), reason, number);
	buf_clear(&shown);
	return l->what != NULL ? error_context(l->err, "%s", l->what) : -1;
}

int
lexer_unexpected(struct lexer *l)
{
	struct buf shown = {0};

	if (l->at >= l->end)
		return lexer_fail(l, l->at, "unexpected end");
	printable_append(
	    &shown, l->at, (size_t)(next_character(l->at, l->end) - l->at));
	lexer_fail(l, l->at, "unexpected '%s'", buf_string(&shown));
	buf_clear(&shown);
	return -1;
}

/* The length of a line break that only folds, 0 if it is none; without
 * white space behind it, it would end the field (RFC 5322 2.2.3). */
static size_t
fold_length(const char *at, const char *end)
{
	size_t n = *at == '\r' ? 1 : 0;

	if ((size_t)(end - at) < n + 2 || at[n] != '\n' || !is_wsp(at[n + 1]))
		return 0;
	return n + 1;
}

int
lexer_check(struct lexer *l, bool folded)
{
	const char *start = l->at;
	uint32_t r;
	size_t len;

	for (;;) {
		/* Nearly all of most texts. */
		while (l->at < l->end && *l->at >= ' ' && *l->at <= '~')
			l->at++;
		if (l->at >= l->end)
			break;
		len = printable_utf8(l->at, (size_t)(l->end - l->at), &r);
		if (len == 0 && !folded)
			return lexer_fail(l, l->at, "ill-formed UTF-8");
		if (len == 0) {
			len = 1;
		} else if (folded && (r == '\r' || r == '\n') &&
		    fold_length(l->at, l->end) > 0) {
			len = fold_length(l->at, l->end);
		} else if ((r < 0x20 && r != '\t') || (r >= 0x7f && r < 0xa0) ||
		    r == 0x2028 || r == 0x2029) {
			return lexer_unexpected(l);
		}
		l->at += len;
	}
	l->at = start;
	return 0;
}

/* The character behind a backslash; it cannot be a folded line's break. */
static int
quoted_pair(struct lexer *l, struct buf *value)
{
	l->at++;
	if (l->at >= l->end || *l->at == '\r' || *l->at == '\n')
		return lexer_unexpected(l);
	buf_putc(value, *l->at++);
	return 0;
}

/* To any depth without recursion; inner parentheses belong to the content. */
int
lexer_comment(struct lexer *l, struct buf *content)
{
	const char *start = l->at++;
	size_t depth = 1;

	for (;;) {
		if (l->at >= l->end)
			return lexer_fail(l, start, "unclosed '('");
		if (*l->at == '\\') {
			if (quoted_pair(l, content) == -1)
				return -1;
			continue;
		}
		if (*l->at == '(')
			depth++;
		else if (*l->at == ')' && --depth == 0)
			break;
		if (*l->at != '\r' && *l->at != '\n')
			buf_putc(content, *l->at);
		l->at++;
	}
	l->at++;
	return 0;
}

/* Returns where it is then. */
static size_t
collect(struct buf *comments, const char *comment, const char *end)
{
	size_t start;

	if (comments->len > 0)
		buf_putc(comments, ' ');
	start = comments->len;
	for (; comment < end; comment++)
		if (*comment != '\r' && *comment != '\n')
			buf_putc(comments, *comment);
	return start;
}

static void
trim(struct buf *b)
{
	size_t n = 0;

	while (b->len > 0 && is_wsp(b->data[b->len - 1]))
		b->data[--b->len] = '\0';
	while (n < b->len && is_wsp(b->data[n]))
		n++;
	if (n > 0)
		buf_consume(b, n);
}

int
lexer_cfws(struct lexer *l)
{
	struct buf ignored = {0};
	const char *start;
	bool first = true;
	size_t place;
	int r = 0;

	buf_reset(&l->comment);
	l->first = l->first_end = 0;
	while (r == 0 && l->at < l->end) {
		if (is_wsp(*l->at) || *l->at == '\r' || *l->at == '\n') {
			l->at++;
		} else if (*l->at == '(') {
			start = l->at;
			r = lexer_comment(l, first ? &l->comment : &ignored);
			if (r == 0 && l->comments != NULL) {
				place = collect(l->comments, start, l->at);
				if (first) {
					l->first = place;
					l->first_end = l->comments->len;
				}
			}
			first = false;
		} else {
			break;
		}
	}
	buf_clear(&ignored);
	trim(&l->comment);
	return r;
}

int
lexer_quoted(struct lexer *l, struct buf *value)
{
	const char *start = l->at++;

	for (;;) {
		if (l->at >= l->end)
			return lexer_fail(l, start, "unclosed '\"'");
		if (*l->at == '"')
			break;
		if (*l->at == '\\') {
			if (quoted_pair(l, value) == -1)
				return -1;
			continue;
		}
		if (*l->at != '\r' && *l->at != '\n')
			buf_putc(value, *l->at);
		l->at++;
	}
	l->at++;
	return 0;
}

/* "=?charset?Q?text?=" without white space, quotes and angle brackets. */
static size_t
word_length(const char *at, const char *end)
{
	size_t n = (size_t)(end - at), marks = 0, i;

	if (n < 2 || at[0] != '=' || at[1] != '?')
		return 0;
	for (i = 2; i < n && i < LONGEST_WORD; i++) {
		if (at[i] <= ' ' || strchr("<>\"\\", at[i]) != NULL)
			return 0;
		if (at[i] == '?' && ++marks == 3)
			return i + 1 < n && at[i + 1] == '=' ? i + 2 : 0;
	}
	return 0;
}

size_t
lexer_atom(struct lexer *l, bool words)
{
	const char *start = l->at;

	if (words)
		l->at += word_length(l->at, l->end);
	while (l->at < l->end &&
	    (lexer_is_atext(*l->at) || (unsigned char)*l->at >= 0x80))
		l->at++;
	return (size_t)(l->at - start);
}

/* What stands between two commas. */
struct member {
	size_t words;
	bool inside; /* of a word */
	bool at;     /* there is an '@' in it */
};

/* Behind the quoted-string or comment at `at`; NULL if it is not closed. */
static const char *
behind_quoted(const char *at, const char *end)
{
	bool comment = *at == '(';
	size_t depth = 0;

	for (; at < end; at++) {
		if (*at == '\\')
			at++;
		else if (comment ? *at == '(' : depth == 0 && *at == '"')
			depth++;
		else if (*at == (comment ? ')' : '"') && --depth == 0)
			return at + 1;
	}
	return NULL;
}

static bool
has_any(const char *at, const char *end, const char *set)
{
	for (; at < end; at++)
		if (strchr(set, *at) != NULL)
			return true;
	return false;
}

/* Whether what reads as quoted before `place` may be members of the list: the
 * quote that is one too many may be any of them. */
static bool
hides_members(const struct lexer *l, const char *place)
{
	const char *at = l->text, *next;

	while (at < place) {
		next = NULL;
		if (*at == '"' || *at == '(')
			next = behind_quoted(at, place);
		if (next != NULL && has_any(at, next, "@") &&
		    has_any(at, next, ",;<"))
			return true;
		if (next == NULL)
			next = at + (*at == '\\' ? 2 : 1);
		at = next;
	}
	return false;
}

/* Behind what cannot be parted, or one character; it is counted.  NULL: a quote
 * that is not closed, and nobody knows what it should hold. */
static const char *
behind_item(struct lexer *l, struct member *m, const char *at)
{
	size_t word = m->inside ? 0 : word_length(at, l->end);
	const char *behind = NULL;

	if (*at == '"' || *at == '(') {
		behind = behind_quoted(at, l->end);
		if (behind == NULL &&
		    (m->at || ++l->unclosed > MOST_UNCLOSED ||
			hides_members(l, at)))
			return NULL;
	}
	if (strchr(" \t\r\n", *at) != NULL || (*at == '(' && behind != NULL)) {
		m->inside = false;
		return *at == '(' ? behind : at + 1;
	}
	m->words += !m->inside;
	m->inside = true;
	m->at |= *at == '@';
	if (word > 0)
		return at + word;
	if (behind != NULL)
		return behind;
	return at + (*at == '\\' && at + 1 < l->end ? 2 : 1);
}

/* "&amp;", "&#252;", as somebody had them who made the header of HTML. */
static bool
is_entity(const struct lexer *l, const char *semicolon)
{
	const char *at = semicolon;

	while (at > l->text && semicolon - at < LONGEST_ENTITY &&
	    (ascii_is_letter_or_digit(at[-1]) || at[-1] == '#'))
		at--;
	return at < semicolon && at > l->text && at[-1] == '&';
}

/* ";-)" and its like, which no address and no name begins with. */
static bool
is_smiley(const struct lexer *l, const char *semicolon)
{
	const char *at = semicolon + 1;

	if (at < l->end && *at == '-')
		at++;
	if (at >= l->end)
		return false;
	return *at == ')' || *at == ']' || (*at == '(' && at[-1] == '-');
}

/* Whether the comma or semicolon may be the end of a member. */
static bool
separates(const struct lexer *l, const struct member *m, const char *at)
{
	if (m->at || m->words == 0)
		return true;
	if (*at == ';' && (is_entity(l, at) || is_smiley(l, at)))
		return false;
	return m->words < 2;
}

const char *
lexer_find_angle(struct lexer *l, const char *from, bool in_group)
{
	struct member m = {0};
	const char *at = from;

	while (at != NULL && at < l->end && *at != '<') {
		if (*at != ',' && *at != ';') {
			at = behind_item(l, &m, at);
			continue;
		}
		if ((*at == ';' && in_group) || separates(l, &m, at))
			return NULL;
		m = (struct member){0};
		at++;
	}
	return at != NULL && at < l->end ? at : NULL;
}

void
lexer_put_quoted(struct buf *out, const char *value, size_t n)
{
	size_t i;

	buf_putc(out, '"');
	for (i = 0; i < n; i++) {
		if (value[i] == '"' || value[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, value[i]);
	}
	buf_putc(out, '"');
}
