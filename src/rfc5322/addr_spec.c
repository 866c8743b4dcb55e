#include "rfc5322/addr_spec.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "rfc5322/domain.h"

enum {
	LONGEST_LOCAL = 64, /* RFC 5321 4.5.3.1.1 */
	LONGEST_PATH = 254, /* 4.5.3.1.3, without the angle brackets */
};

struct reader {
	struct lexer *lex;
	struct arena *arena;
	const char *fallback; /* domain of a bare local part, or NULL */
	const char *end;      /* of the local part, comments not */
	struct buf local;
	struct buf domain;
	struct buf mailbox;
};

/* A dot that begins a local part, ends it or follows another one: mailboxes of
 * such names exist, and MTAs take them. */
static bool
is_odd_dot(const struct reader *r)
{
	char next = lexer_peek(r->lex);

	return r->lex->lenient &&
	    (next == '.' || (next == '@' && r->local.len > 0));
}

/* A local part with its obsolete forms (3.4.1, 4.4), comments behind it. */
static int
local_part(struct reader *r)
{
	struct lexer *l = r->lex;
	size_t n;

	for (;;) {
		if (lexer_peek(l) == '"') {
			if (lexer_quoted(l, &r->local) == -1)
				return -1;
		} else {
			n = lexer_atom(l, false);
			if (n == 0 && !is_odd_dot(r))
				return lexer_unexpected(l);
			buf_append(&r->local, l->at - n, n);
		}
		r->end = l->at;
		if (lexer_cfws(l) == -1)
			return -1;
		if (lexer_peek(l) != '.')
			return 0;
		buf_putc(&r->local, '.');
		l->at++;
		if (lexer_cfws(l) == -1)
			return -1;
	}
}

/* The domain literal at s up to its bracket, n octets (RFC 5321 4.1.3); of the
 * general form no tag but IPv6 was ever registered. */
static bool
is_literal(const char *s, size_t n)
{
	unsigned char binary[sizeof(struct in6_addr)];
	char inner[5 + INET6_ADDRSTRLEN + 1];

	if (n < 2 || n - 2 >= sizeof(inner) || s[0] != '[' || s[n - 1] != ']')
		return false;
	memcpy(inner, s + 1, n - 2);
	inner[n - 2] = '\0';
	if (ascii_equal_n(inner, 5, "IPv6:"))
		return inet_pton(AF_INET6, inner + 5, binary) == 1;
	return inet_pton(AF_INET, inner, binary) == 1;
}

static int
domain_literal(struct reader *r)
{
	struct lexer *l = r->lex;
	const char *start = l->at;
	const char *close = memchr(start, ']', (size_t)(l->end - start));

	if (close == NULL)
		return lexer_fail(l, start, "unclosed '['");
	l->at = close + 1;
	if (!is_literal(start, (size_t)(l->at - start)))
		return lexer_fail(l, start + 1,
		    "not an address literal such as [192.0.2.1] "
		    "or [IPv6:2001:db8::1]");
	buf_append(&r->domain, start, (size_t)(l->at - start));
	return 0;
}

static int
domain_name(struct reader *r)
{
	struct lexer *l = r->lex;
	const char *dot = NULL;
	size_t n;

	for (;;) {
		n = lexer_atom(l, false);
		if (n == 0 && l->at < l->end)
			return lexer_unexpected(l);
		if (n == 0 && dot != NULL)
			return lexer_fail(l, dot, "'.' ends the domain");
		if (n == 0)
			return lexer_fail(l, l->at, "no domain after the '@'");
		buf_append(&r->domain, l->at - n, n);
		if (lexer_cfws(l) == -1)
			return -1;
		if (lexer_peek(l) != '.')
			return 0;
		dot = l->at++;
		buf_putc(&r->domain, '.');
		if (lexer_cfws(l) == -1)
			return -1;
	}
}

/* The reason shown in the text; if white space was left out of the domain,
 * the offset is useless. */
static int
domain_fail(struct reader *r, const char *start, size_t place,
    const struct error *reason)
{
	const char *name = buf_string(&r->domain);

	if (reason->status == EX_USAGE) {
		if (strncmp(start, name, r->domain.len) == 0)
			start += place;
		return lexer_fail(r->lex, start, "%s", reason->text);
	}
	*r->lex->err = *reason;
	return r->lex->what != NULL
	    ? error_context(r->lex->err, "%s", r->lex->what)
	    : -1;
}

/* The domain behind the '@', comments behind it; in A-labels. */
static int
domain(struct reader *r, const char **out)
{
	struct lexer *l = r->lex;
	struct error reason;
	const char *start;
	size_t place;

	if (lexer_cfws(l) == -1)
		return -1;
	start = l->at;
	if (lexer_peek(l) == '[') {
		if (domain_literal(r) == -1)
			return -1;
		*out = arena_strdup(r->arena, r->domain.data);
		return lexer_cfws(l);
	}
	if (domain_name(r) == -1)
		return -1;
	if (domain_to_ascii(r->arena, r->domain.data, out, &place, &reason) ==
	    -1)
		return domain_fail(r, start, place, &reason);
	return 0;
}

int
addr_spec_domain(
    struct arena *arena, const char *utf8, const char **out, struct error *err)
{
	struct buf shown = {0};
	size_t place;

	if (is_literal(utf8, strlen(utf8))) {
		*out = arena_strdup(arena, utf8);
		return 0;
	}
	if (domain_to_ascii(arena, utf8, out, &place, err) == 0)
		return 0;
	printable_append(&shown, utf8, strlen(utf8));
	error_context(err, "'%.300s'", buf_string(&shown));
	buf_clear(&shown);
	return -1;
}

/* What was probably meant by words that are no address. */
static const char *
words_hint(const struct lexer *l, const char *otherwise)
{
	size_t n = (size_t)(l->end - l->text);

	if (memchr(l->text, ',', n) == NULL || memchr(l->text, '<', n) == NULL)
		return otherwise;
	if (!l->lenient)
		return "a name with a comma needs double quotes: "
		       "\"Doe, John\" <john@example.org>";
	return "a name with a comma needs double quotes: "
	       "\"Doe, John\" <john@example.org>\n"
	       "recipients named on the command line take the place of those "
	       "in the header";
}

static const char *
word_hint(const struct lexer *l)
{
	return words_hint(l,
	    l->lenient
		? "write it as name@host, or name the recipients on the "
		  "command line"
		: "an address is written name@host; a recipient or the author "
		  "at this host may be one word without quotes, alone in its "
		  "option");
}

/* The domain given for bare local parts; if that is bad, it is not the text
 * that is to blame. */
static int
default_domain(struct reader *r, const char **out)
{
	struct lexer *l = r->lex;

	if (r->fallback == NULL) {
		lexer_fail(l, l->at, "no '@' and domain");
		return error_hint(l->err, "%s", word_hint(l));
	}
	if (addr_spec_domain(r->arena, r->fallback, out, l->err) == 0)
		return 0;
	if (l->err->status == EX_USAGE)
		l->err->status = EX_CONFIG;
	return error_context(l->err, "the default domain");
}

/* Characters that are not seen come from copying and pasting: space and
 * format characters but for the joiners, which some scripts need. */
static bool
is_invisible(uint32_t r)
{
	return r == 0xa0 || r == 0xad || r == 0x1680 || r == 0x180e ||
	    (r >= 0x2000 && r <= 0x200b) || r == 0x200e || r == 0x200f ||
	    (r >= 0x2028 && r <= 0x202f) || (r >= 0x205f && r <= 0x206f) ||
	    r == 0x3000 || r == 0xfeff;
}

/* RFC 5321 4.1.2 (QcontentSMTP) and RFC 6531 3.3. */
static int
local_check(struct reader *r, const char *start, bool *utf8)
{
	const struct buf *b = &r->local;
	uint32_t rune;
	size_t i, len;

	*utf8 = false;
	for (i = 0; i < b->len; i += len) {
		len = printable_utf8(b->data + i, b->len - i, &rune);
		if (len == 0)
			return lexer_fail(r->lex, start,
			    "ill-formed UTF-8 in the local part");
		if (is_invisible(rune))
			return lexer_fail(r->lex, start,
			    "invisible character U+%04X in the local part",
			    rune);
		if (rune < 0x20)
			return lexer_fail(r->lex, start,
			    "control character in the local part");
		*utf8 |= rune >= 0x80;
	}
	return 0;
}

static bool
is_dot_atom(const struct buf *b)
{
	char c, before = '.';
	size_t i;

	for (i = 0; i < b->len; i++) {
		c = b->data[i];
		if (c == '.' ? before == '.'
			     : !lexer_is_atext(c) && (unsigned char)c < 0x80)
			return false;
		before = c;
	}
	return before != '.';
}

static void
append_local(struct buf *out, const struct buf *local)
{
	if (is_dot_atom(local))
		buf_append(out, local->data, local->len);
	else
		lexer_put_quoted(out, local->data, local->len);
}

static int
read_spec(struct reader *r, char end, struct address *a)
{
	struct lexer *l = r->lex;
	const char *start = l->at;
	char next = lexer_peek(l);

	if (next == '@')
		return lexer_fail(l, start, "no local part before the '@'");
	if (local_part(r) == -1 || local_check(r, start, &a->utf8) == -1)
		return -1;
	next = lexer_peek(l);
	if (next == '@') {
		l->at++;
		if (domain(r, &a->domain) == -1)
			return -1;
	} else if (next == '\0' || next == ',' || next == end) {
		if (default_domain(r, &a->domain) == -1)
			return -1;
		a->bare = true;
		a->bare_end = (size_t)(r->end - l->text);
	} else {
		lexer_unexpected(l);
		return error_hint(l->err, "%s",
		    words_hint(l,
			"an address stands behind its name in angle brackets: "
			"Name <user@example.org>"));
	}
	append_local(&r->mailbox, &r->local);
	if (r->mailbox.len > LONGEST_LOCAL)
		return lexer_fail(l, start, "local part of more than %d octets",
		    LONGEST_LOCAL);
	buf_putc(&r->mailbox, '@');
	buf_puts(&r->mailbox, a->domain);
	if (r->mailbox.len > LONGEST_PATH)
		return lexer_fail(
		    l, start, "address of more than %d octets", LONGEST_PATH);
	a->local = arena_strdup(r->arena, buf_string(&r->local));
	a->mailbox = arena_strdup(r->arena, r->mailbox.data);
	return 0;
}

int
addr_spec_route(struct lexer *l)
{
	size_t n = strcspn(l->at, ":>");

	if (lexer_peek(l) != '@')
		return 0;
	if (!l->lenient || l->at[n] != ':' ||
	    n !=
		strspn(l->at,
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "abcdefghijklmnopqrstuvwxyz"
		    "0123456789.-@, \t\r\n"))
		return lexer_fail(l, l->at,
		    "a source route (<@host:...>) is obsolete and cannot "
		    "be sent");
	l->at += n + 1;
	return lexer_cfws(l);
}

int
addr_spec_read(struct lexer *l, struct arena *arena, const char *fallback,
    char end, struct address *a)
{
	struct reader r = {.lex = l, .arena = arena, .fallback = fallback};
	int result = read_spec(&r, end, a);

	buf_clear(&r.local);
	buf_clear(&r.domain);
	buf_clear(&r.mailbox);
	return result;
}

/* The length of the dot-atom of ASCII that the text begins with, 0: none. */
static size_t
dot_atom(const char *text)
{
	size_t n = 0;

	if (*text == '.')
		return 0;
	for (; lexer_is_atext(text[n]) || text[n] == '.'; n++)
		if (text[n] == '.' && text[n - 1] == '.')
			return 0;
	return n > 0 && text[n - 1] != '.' ? n : 0;
}

bool
addr_spec_plain(
    struct arena *arena, const char *text, size_t n, struct address *a)
{
	size_t local = dot_atom(text);
	char host[LONGEST_PATH];

	if (local == 0 || local > LONGEST_LOCAL || local >= n ||
	    n > LONGEST_PATH || text[local] != '@')
		return false;
	memcpy(host, text + local + 1, n - local - 1);
	host[n - local - 1] = '\0';
	if (!domain_is_host(host))
		return false;
	a->local = arena_memdup(arena, text, local);
	a->mailbox = arena_memdup(arena, text, n);
	a->domain = a->mailbox + local + 1;
	return true;
}
