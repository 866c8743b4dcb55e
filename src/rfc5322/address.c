#include "rfc5322/address.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "rfc5322/addr_spec.h"
#include "rfc5322/address_parameters.h"
#include "rfc5322/address_slip.h"
#include "rfc5322/lexer.h"
#include "rfc5322/words.h"

struct parser {
	struct lexer lex;
	struct arena *arena;
	const struct address_params *params;
	struct address_list *list;
	const char *group;
	struct buf phrase;   /* display name of the entry being read */
	struct buf atoms;    /* the part of it that may be encoded words */
	struct buf comments; /* read since the entry before */
	size_t first;	     /* addresses that were in the list before */
	bool angle;	     /* the address read last stood in angle brackets */
};

/* A display name as the caller gets it: NULL if empty, always UTF-8. */
static const char *
display(struct arena *a, const struct buf *name)
{
	struct buf utf8 = {0};
	const char *result;

	if (name->len == 0)
		return NULL;
	if (printable_is_utf8(name->data, name->len))
		return arena_strndup(a, name->data, name->len);
	words_append_utf8(&utf8, name->data, name->len);
	result = arena_strdup(a, utf8.data);
	buf_clear(&utf8);
	return result;
}

static void
append_decoded(struct parser *p, struct buf *out, const struct buf *text)
{
	if (p->params->encoded_words)
		words_decode(out, buf_string(text), text->len);
	else
		buf_append(out, buf_string(text), text->len);
}

/* One comment, with its parentheses; what is not ASCII or reads like an encoded
 * word becomes one (RFC 2047 5). */
static void
put_comment(struct parser *p, const char *raw, size_t n,
    const struct buf *content, struct buf *out)
{
	const char *text = buf_string(content);
	struct buf decoded = {0}, utf8 = {0};
	size_t i;

	for (i = 0; i < n && (unsigned char)raw[i] < 0x80; i++)
		;
	if (i == n &&
	    (p->params->encoded_words || strstr(text, "=?") == NULL)) {
		buf_append(out, raw, n);
		return;
	}
	append_decoded(p, &decoded, content);
	words_append_utf8(&utf8, buf_string(&decoded), decoded.len);
	buf_putc(out, '(');
	words_encode(out, buf_string(&utf8), utf8.len, true);
	buf_putc(out, ')');
	buf_clear(&decoded);
	buf_clear(&utf8);
}

/* The comments that were read, which then are none to come; NULL: none. */
static const char *
take_comments(struct parser *p)
{
	const struct buf *all = &p->comments;
	struct buf out = {0}, content = {0};
	struct lexer l = {.text = buf_string(all), .err = p->lex.err};
	const char *start, *result = NULL;

	l.at = l.text;
	l.end = l.text + all->len;
	for (;;) {
		while (lexer_peek(&l) == ' ')
			l.at++;
		start = l.at;
		buf_reset(&content);
		if (l.at == l.end || lexer_comment(&l, &content) == -1)
			break;
		buf_puts(&out, out.len > 0 ? " " : "");
		put_comment(p, start, (size_t)(l.at - start), &content, &out);
	}
	if (out.len > 0)
		result = arena_strdup(p->arena, out.data);
	buf_reset(&p->comments);
	buf_clear(&out);
	buf_clear(&content);
	return result;
}

/* Comments that belong to no address have no place in the list. */
static int
pass_comments(struct parser *p, const char *place)
{
	if (p->comments.len == 0)
		return 0;
	buf_reset(&p->comments);
	if (p->params->folded) {
		p->list->incomplete = true;
		return 0;
	}
	lexer_fail(&p->lex, place, "a comment that belongs to no address");
	return error_hint(p->lex.err,
	    "parentheses make a comment; in a name they need double quotes");
}

/* What stands between two words.  Spaces as the user gave them are kept; where
 * lines may be folded, they mean one. */
static void
put_space(struct parser *p, const char *from)
{
	size_t n = strspn(from, " ");

	if (p->params->folded || from + n != p->lex.at)
		n = 1;
	buf_append(&p->atoms, n == 1 ? " " : from, n);
}

/* A phrase (3.2.5) and, as the old syntax has it, dots; maybe nothing. */
static int
phrase(struct parser *p, bool *empty)
{
	struct lexer *l = &p->lex;
	const char *end = l->at;
	size_t n;

	*empty = true;
	buf_reset(&p->phrase);
	buf_reset(&p->atoms);
	for (;;) {
		if (lexer_cfws(l) == -1)
			return -1;
		if (l->at > end && !*empty)
			put_space(p, end);
		if (lexer_peek(l) == '"') {
			append_decoded(p, &p->phrase, &p->atoms);
			buf_reset(&p->atoms);
			if (lexer_quoted(l, &p->phrase) == -1)
				return -1;
		} else {
			n = lexer_atom(l, p->params->encoded_words);
			if (n == 0 && lexer_peek(l) == '.') {
				l->at++;
				n = 1;
			}
			if (n == 0)
				break;
			buf_append(&p->atoms, l->at - n, n);
		}
		end = l->at;
		*empty = false;
	}
	while (p->atoms.len > 0 && l->at > end && !*empty &&
	    strchr(" \t", p->atoms.data[p->atoms.len - 1]) != NULL)
		p->atoms.len--; /* the space before what is no word */
	append_decoded(p, &p->phrase, &p->atoms);
	return 0;
}

static void
append(struct arena *arena, struct address_list *list, const struct address *a)
{
	list->addresses = arena_grown(
	    arena, list->addresses, list->count, &list->capacity, sizeof(*a));
	list->addresses[list->count++] = *a;
}

static int
add(struct parser *p, const char *start, const struct address *a)
{
	if (p->params->single && p->list->count > p->first)
		return lexer_fail(
		    &p->lex, start, "a second address where one is allowed");
	append(p->arena, p->list, a);
	return 0;
}

static void
remove_bytes(struct buf *b, size_t from, size_t end)
{
	memmove(b->data + from, b->data + end, b->len - end + 1);
	b->len -= end - from;
}

/* A name of atoms alone that cannot be decoded without loss; else NULL. */
static const char *
encoded_name(const struct parser *p)
{
	const struct buf *atoms = &p->atoms;
	struct buf text = {0};
	const char *name = NULL;

	if (p->params->encoded_words && atoms->len > 0 &&
	    strstr(buf_string(atoms), "=?") != NULL &&
	    !ascii_has_eight_bit(atoms->data, atoms->len) &&
	    !words_decode_whole(&text, atoms->data, atoms->len) &&
	    words_decode(&text, atoms->data, atoms->len) == 0 &&
	    strcmp(buf_string(&text), buf_string(&p->phrase)) == 0)
		name = arena_strndup(p->arena, atoms->data, atoms->len);
	buf_clear(&text);
	return name;
}

/* In a header that somebody else wrote, what stands before an angle bracket is
 * a name, as MTAs read it, though it is no phrase: an address, say. */
static void
loose_phrase(struct parser *p, const char *start, size_t before)
{
	struct lexer *l = &p->lex;
	const char *open = lexer_find_angle(l, start, p->group != NULL);
	size_t n;

	if (open == NULL || open == l->at)
		return;
	p->comments.len = before; /* they are in the name */
	buf_reset(&p->phrase);
	buf_reset(&p->atoms);
	while (start < open) {
		n = strcspn(start, " \t\r\n");
		if (n > (size_t)(open - start))
			n = (size_t)(open - start);
		if (n > 0 && p->atoms.len > 0)
			buf_putc(&p->atoms, ' ');
		buf_append(&p->atoms, start, n);
		start += n + strspn(start + n, " \t\r\n");
	}
	append_decoded(p, &p->phrase, &p->atoms);
	buf_reset(&p->atoms);
	l->at = open;
}

/* What stands before '>', if there is one. */
static int
inside_angle(struct parser *p, struct address *a)
{
	struct lexer *l = &p->lex;
	const char *close = memchr(l->at, '>', (size_t)(l->end - l->at));

	if (close != NULL &&
	    addr_spec_plain(p->arena, l->at, (size_t)(close - l->at), a)) {
		l->at = close;
		return 0;
	}
	if (addr_spec_route(l) == -1)
		return -1;
	return addr_spec_read(l, p->arena, p->params->domain, '>', a);
}

/* name-addr (3.4): the phrase was read, the angle bracket is next. */
static int
angle(struct parser *p, const char *start)
{
	struct lexer *l = &p->lex;
	struct address a = {.group = p->group, .encoded = encoded_name(p)};
	const char *open = l->at++;

	a.comments = take_comments(p);
	if (lexer_cfws(l) == -1)
		return -1;
	if (l->at >= l->end)
		return lexer_fail(l, open, "unclosed '<'");
	if (*l->at == '>')
		return lexer_fail(l, open, "empty address");
	if (inside_angle(p, &a) == -1)
		return -1;
	p->angle = true;
	if (l->at >= l->end)
		return lexer_fail(l, open, "unclosed '<'");
	if (*l->at != '>')
		return lexer_unexpected(l);
	l->at++;
	a.display = display(p->arena, &p->phrase);
	return add(p, start, &a);
}

static int
bare(struct parser *p, const char *start, size_t before)
{
	struct address a = {.group = p->group};
	struct lexer *l = &p->lex;

	l->at = start;
	/* Those of the phrase that it turned out not to be come once more. */
	p->comments.len = before;
	if (lexer_cfws(l) == -1 ||
	    addr_spec_read(l, p->arena, p->params->domain,
		p->group != NULL || p->params->parameters || l->lenient ? ';'
									: ',',
		&a) == -1)
		return -1;
	p->angle = false;
	buf_reset(&p->phrase);
	append_decoded(p, &p->phrase, &l->comment);
	a.display = display(p->arena, &p->phrase);
	if (a.display != NULL)
		remove_bytes(&p->comments, l->first, l->first_end);
	a.comments = take_comments(p);
	return add(p, start, &a);
}

static int address_members(struct parser *);

static int
group(struct parser *p, const char *start)
{
	struct address_list *list = p->list;
	struct lexer *l = &p->lex;
	const char *name;

	if (p->group != NULL)
		return lexer_fail(l, l->at, "':' of a group inside a group");
	if (p->params->single)
		return lexer_fail(
		    l, l->at, "':' of a group where one address is allowed");
	if (pass_comments(p, start) == -1)
		return -1;
	name = display(p->arena, &p->phrase);
	p->group = name != NULL ? name : "";
	list->groups = arena_grown(p->arena, list->groups, list->group_count,
	    &list->group_capacity, sizeof(*list->groups));
	list->groups[list->group_count++] = p->group;
	l->at++;
	if (address_members(p) == -1)
		return -1;
	p->group = NULL;
	if (lexer_peek(l) == ';')
		l->at++;
	else if (!p->params->folded)
		return lexer_fail(l, start, "no ';' ends the group");
	return p->params->parameters ? address_parameters_none(l) : 0;
}

/* The address was read, in angle brackets or without. */
static int
parameters(struct parser *p)
{
	struct address *last = &p->list->addresses[p->list->count - 1];

	if (!p->params->parameters || p->group != NULL)
		return 0;
	return address_parameters_read(&p->lex, p->arena, &last->parameters);
}

static int
entry(struct parser *p)
{
	const char *start = p->lex.at;
	size_t before = p->comments.len;
	bool empty, unclosed = phrase(p, &empty) == -1;

	if (unclosed)
		p->lex.at = start;
	if (p->params->folded &&
	    (lexer_peek(&p->lex) != ':' || empty || p->group != NULL))
		loose_phrase(p, start, before);
	if (unclosed && p->lex.at == start)
		return -1;
	switch (lexer_peek(&p->lex)) {
	case '<':
		return angle(p, start) == 0 ? parameters(p) : -1;
	case ':':
		return empty ? lexer_unexpected(&p->lex) : group(p, start);
	default:
		return bare(p, start, before) == 0 ? parameters(p) : -1;
	}
}

/* Comments behind an entry are those of its address, if it is one and no
 * group. */
static int
end_entry(struct parser *p, size_t groups, const char *place)
{
	struct address_list *list = p->list;

	if (list->group_count > groups)
		return pass_comments(p, place);
	list->addresses[list->count - 1].comments_behind = take_comments(p);
	return 0;
}

/* Whether what follows an entry can be no part of it.  A semicolon, as some
 * programs write for a comma, may stand in a name before an angle bracket: then
 * an address before it is a recipient, or not. */
static bool
is_apart(struct parser *p, bool behind_group)
{
	struct lexer *l = &p->lex;

	if (l->at >= l->end || *l->at == ',')
		return true;
	if (p->group != NULL)
		return *l->at == ';';
	if (!l->lenient || behind_group || *l->at != ';')
		return l->lenient && behind_group;
	return p->angle || lexer_find_angle(l, l->at + 1, false) == NULL;
}

/* KEYWORD=VALUE, as MAIL and RCPT have them. */
static bool
is_parameter(const char *at)
{
	return at[strcspn(at, "=,<>@\" ")] == '=';
}

/* What stands before a member; a comment that does not end begins it. */
static int
space_before(struct parser *p)
{
	const char *start = p->lex.at;
	size_t before = p->comments.len;

	if (lexer_cfws(&p->lex) == 0)
		return 0;
	if (!p->lex.lenient)
		return -1;
	p->comments.len = before; /* they are in the name */
	p->lex.at = start + strspn(start, " \t\r\n");
	return 0;
}

/* A list with empty members (4.4), up to the end or a group's semicolon. */
static int
address_members(struct parser *p)
{
	struct lexer *l = &p->lex;
	const char *place;
	size_t groups;

	for (;;) {
		place = l->at;
		if (space_before(p) == -1)
			return -1;
		if (l->at >= l->end || (p->group != NULL && *l->at == ';'))
			return pass_comments(p, place);
		if (*l->at == ',' || (*l->at == ';' && l->lenient)) {
			if (pass_comments(p, place) == -1)
				return -1;
			l->at++;
			continue;
		}
		groups = p->list->group_count;
		if (entry(p) == -1 || lexer_cfws(l) == -1 ||
		    end_entry(p, groups, place) == -1)
			return -1;
		if (is_apart(p, p->list->group_count > groups))
			continue;
		lexer_unexpected(l);
		return error_hint(l->err, "%s",
		    p->params->parameters && is_parameter(l->at)
			? "a parameter stands behind a semicolon: "
			  "user@example.org;KEYWORD=VALUE"
			: "addresses are separated by commas; a name with "
			  "@ : ; < > ( ) [ ] needs double quotes");
	}
}

static int
parse(struct parser *p)
{
	if (lexer_check(&p->lex, p->params->folded) == -1 ||
	    address_members(p) == -1)
		return -1;
	if (p->params->single && p->list->count == p->first)
		return lexer_fail(&p->lex, p->lex.text, "no address");
	return 0;
}

/* By the grammar: n octets. */
static int
parse_text(struct arena *arena, const char *text, size_t n,
    const struct address_params *params, struct address_list *list,
    struct error *err)
{
	const size_t groups = list->group_count;
	struct parser p = {
	    .arena = arena,
	    .params = params,
	    .list = list,
	    .first = list->count,
	};
	int r;

	p.lex = (struct lexer){
	    .text = text,
	    .at = text,
	    .end = text + n,
	    .what = params->what,
	    .status = params->folded ? EX_DATAERR : EX_USAGE,
	    .lenient = params->folded,
	    .err = err,
	    .comments = &p.comments,
	};
	r = parse(&p);
	if (r == -1) {
		list->count = p.first;
		list->group_count = groups;
		if (!params->folded && !params->unhinted &&
		    p.lex.failed != NULL && err->status == EX_USAGE)
			address_slip(text, p.lex.failed, params, err);
	}
	buf_clear(&p.phrase);
	buf_clear(&p.atoms);
	buf_clear(&p.comments);
	buf_clear(&p.lex.comment);
	return r;
}

/* Words of ASCII with single spaces between, and a plain address in angle
 * brackets; what may be an encoded word is none. */
static bool
named_plain(struct arena *arena, const char *text, size_t n, struct address *a)
{
	const char *at = text, *word;

	do {
		for (word = at; lexer_is_atext(*at) || *at == '.'; at++)
			if (at[0] == '=' && at[1] == '?')
				return false;
		if (at == word || *at++ != ' ')
			return false;
	} while (*at != '<');
	if (text[n - 1] != '>' ||
	    !addr_spec_plain(arena, at + 1, n - (size_t)(at + 2 - text), a))
		return false;
	a->display = arena_memdup(arena, text, (size_t)(at - 1 - text));
	return true;
}

int
address_parse(struct arena *arena, const char *text,
    const struct address_params *params, struct address_list *list,
    struct error *err)
{
	struct address plain = {0};
	size_t n = strlen(text);

	/* Most are one of these, and need no grammar. */
	if (!addr_spec_plain(arena, text, n, &plain) &&
	    !named_plain(arena, text, n, &plain))
		return parse_text(arena, text, n, params, list, err);
	append(arena, list, &plain);
	return 0;
}
