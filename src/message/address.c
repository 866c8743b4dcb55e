#include "message/address.h"

#include <string.h>

#include "message/addr_spec.h"
#include "message/header.h"
#include "message/lexer.h"
#include "message/words.h"

enum { LEAST_CAPACITY = 8 };

struct parser {
	struct lexer lex;
	struct arena *arena;
	const struct address_params *params;
	struct address_list *list;
	const char *group;
	struct buf phrase; /* display name of the entry being read */
	struct buf atoms;  /* the part of it that may be encoded words */
	size_t first;	   /* addresses that were in the list before */
};

/* An array in an arena with room for one more. */
static void *
grown(struct arena *a, void *old, size_t count, size_t *capacity, size_t size)
{
	size_t more = count < LEAST_CAPACITY ? LEAST_CAPACITY : count * 2;
	void *new;

	if (count < *capacity)
		return old;
	new = arena_alloc(a, more * size);
	if (count > 0)
		memcpy(new, old, count * size);
	*capacity = more;
	return new;
}

/* A display name as the caller gets it: NULL if empty, always UTF-8. */
static const char *
display(struct arena *a, const struct buf *name)
{
	struct buf utf8 = {0};
	const char *result;

	if (name->len == 0)
		return NULL;
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
			buf_putc(&p->atoms, ' ');
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
	if (p->atoms.len > 0 && l->at > end && !*empty)
		p->atoms.len--; /* the space before what is no word */
	append_decoded(p, &p->phrase, &p->atoms);
	return 0;
}

static int
add(struct parser *p, const char *start, const struct address *a)
{
	struct address_list *list = p->list;

	if (p->params->single && list->count > p->first)
		return lexer_fail(
		    &p->lex, start, "a second address where one is allowed");
	list->addresses = grown(p->arena, list->addresses, list->count,
	    &list->capacity, sizeof(*a));
	list->addresses[list->count++] = *a;
	return 0;
}

/* name-addr (3.4): the phrase was read, the angle bracket is next. */
static int
angle(struct parser *p, const char *start)
{
	struct lexer *l = &p->lex;
	struct address a = {.group = p->group};
	const char *open = l->at++;

	if (lexer_cfws(l) == -1)
		return -1;
	if (l->at >= l->end)
		return lexer_fail(l, open, "unclosed '<'");
	if (*l->at == '>')
		return lexer_fail(l, open, "empty address");
	if (*l->at == '@')
		return lexer_fail(l, l->at,
		    "a source route (<@host:...>) is obsolete and cannot "
		    "be sent");
	if (addr_spec_read(l, p->arena, p->params->domain, '>', &a) == -1)
		return -1;
	if (l->at >= l->end)
		return lexer_fail(l, open, "unclosed '<'");
	if (*l->at != '>')
		return lexer_unexpected(l);
	l->at++;
	a.display = display(p->arena, &p->phrase);
	return add(p, start, &a);
}

static int
bare(struct parser *p, const char *start)
{
	struct address a = {.group = p->group};

	p->lex.at = start;
	if (lexer_cfws(&p->lex) == -1 ||
	    addr_spec_read(&p->lex, p->arena, p->params->domain,
		p->group != NULL ? ';' : ',', &a) == -1)
		return -1;
	buf_reset(&p->phrase);
	append_decoded(p, &p->phrase, &p->lex.comment);
	a.display = display(p->arena, &p->phrase);
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
	name = display(p->arena, &p->phrase);
	p->group = name != NULL ? name : "";
	list->groups = grown(p->arena, list->groups, list->group_count,
	    &list->group_capacity, sizeof(*list->groups));
	list->groups[list->group_count++] = p->group;
	l->at++;
	if (address_members(p) == -1)
		return -1;
	if (lexer_peek(l) != ';')
		return lexer_fail(l, start, "no ';' ends the group");
	l->at++;
	p->group = NULL;
	return 0;
}

static int
entry(struct parser *p)
{
	const char *start = p->lex.at;
	bool empty;

	if (phrase(p, &empty) == -1)
		return -1;
	switch (lexer_peek(&p->lex)) {
	case '<':
		return angle(p, start);
	case ':':
		return empty ? lexer_unexpected(&p->lex) : group(p, start);
	default:
		return bare(p, start);
	}
}

/* A list with empty members (4.4), up to the end or a group's semicolon. */
static int
address_members(struct parser *p)
{
	struct lexer *l = &p->lex;

	for (;;) {
		if (lexer_cfws(l) == -1)
			return -1;
		if (l->at >= l->end || (p->group != NULL && *l->at == ';'))
			return 0;
		if (*l->at == ',') {
			l->at++;
			continue;
		}
		if (entry(p) == -1 || lexer_cfws(l) == -1)
			return -1;
		if (l->at >= l->end || *l->at == ',' ||
		    (p->group != NULL && *l->at == ';'))
			continue;
		lexer_unexpected(l);
		return error_hint(l->err,
		    "addresses are separated by commas; a name with "
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

int
address_parse(struct arena *arena, const char *text,
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
	    .end = text + strlen(text),
	    .what = params->what,
	    .status = params->folded ? EX_DATAERR : EX_USAGE,
	    .err = err,
	};
	r = parse(&p);
	if (r == -1) {
		list->count = p.first;
		list->group_count = groups;
	}
	buf_clear(&p.phrase);
	buf_clear(&p.atoms);
	buf_clear(&p.lex.comment);
	return r;
}

int
address_format(const struct address *a, struct buf *out)
{
	if (a->display == NULL)
		return buf_puts(out, a->mailbox);
	if (words_encode(out, a->display, strlen(a->display), true) == -1)
		return -1;
	return buf_printf(out, " <%s>", a->mailbox);
}

int
address_domain_to_ascii(struct arena *arena, const char *domain_utf8,
    const char **out, struct error *err)
{
	return addr_spec_domain(arena, domain_utf8, out, err);
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return strcmp(a->local, b->local) == 0 &&
	    header_name_equal(a->domain, strlen(a->domain), b->domain);
}
