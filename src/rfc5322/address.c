#include "rfc5322/address_name.h"

#include <string.h>

#include "rfc5322/addr_spec.h"
#include "rfc5322/address_parameters.h"
#include "rfc5322/address_slip.h"

static void
append(struct arena *arena, struct address_list *list, const struct address *a)
{
	list->addresses = arena_grown(
	    arena, list->addresses, list->count, &list->capacity, sizeof(*a));
	list->addresses[list->count++] = *a;
}

static int
add(struct address_parser *p, const char *start, const struct address *a)
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

/* What stands before '>', if there is one. */
static int
inside_angle(struct address_parser *p, struct address *a)
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
angle(struct address_parser *p, const char *start)
{
	struct lexer *l = &p->lex;
	struct address a = {
	    .group = p->group, .encoded = address_name_encoded(p)};
	const char *open = l->at++;

	a.comments = address_name_comments(p);
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
	a.display = address_name_display(p->arena, &p->phrase);
	return add(p, start, &a);
}

static int
bare(struct address_parser *p, const char *start, size_t before)
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
	address_name_decode(p, &p->phrase, &l->comment);
	a.display = address_name_display(p->arena, &p->phrase);
	if (a.display != NULL)
		remove_bytes(&p->comments, l->first, l->first_end);
	a.comments = address_name_comments(p);
	return add(p, start, &a);
}

static int address_members(struct address_parser *);

static int
group(struct address_parser *p, const char *start)
{
	struct address_list *list = p->list;
	struct lexer *l = &p->lex;
	const char *name;

	if (p->group != NULL)
		return lexer_fail(l, l->at, "':' of a group inside a group");
	if (p->params->single)
		return lexer_fail(
		    l, l->at, "':' of a group where one address is allowed");
	if (address_name_pass_comments(p, start) == -1)
		return -1;
	name = address_name_display(p->arena, &p->phrase);
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
parameters(struct address_parser *p)
{
	struct address *last = &p->list->addresses[p->list->count - 1];

	if (!p->params->parameters || p->group != NULL)
		return 0;
	return address_parameters_read(&p->lex, p->arena, &last->parameters);
}

static int
entry(struct address_parser *p)
{
	const char *start = p->lex.at;
	size_t before = p->comments.len;
	bool empty, unclosed = address_name_phrase(p, &empty) == -1;

	if (unclosed)
		p->lex.at = start;
	if (p->params->folded &&
	    (lexer_peek(&p->lex) != ':' || empty || p->group != NULL))
		address_name_loose(p, start, before);
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
end_entry(struct address_parser *p, size_t groups, const char *place)
{
	struct address_list *list = p->list;

	if (list->group_count > groups)
		return address_name_pass_comments(p, place);
	list->addresses[list->count - 1].comments_behind =
	    address_name_comments(p);
	return 0;
}

/* Whether what follows an entry can be no part of it.  A semicolon, as some
 * programs write for a comma, may stand in a name before an angle bracket: then
 * an address before it is a recipient, or not. */
static bool
is_apart(struct address_parser *p, bool behind_group)
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
space_before(struct address_parser *p)
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
address_members(struct address_parser *p)
{
	struct lexer *l = &p->lex;
	const char *place;
	size_t groups;

	for (;;) {
		place = l->at;
		if (space_before(p) == -1)
			return -1;
		if (l->at >= l->end || (p->group != NULL && *l->at == ';'))
			return address_name_pass_comments(p, place);
		if (*l->at == ',' || (*l->at == ';' && l->lenient)) {
			if (address_name_pass_comments(p, place) == -1)
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
parse(struct address_parser *p)
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
	struct address_parser p = {
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
