/* template_compile: tags become nodes, in the order of the text; a section knows
 * where it ends. */
#include "batch/template_internal.h"

#include <stdio.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

/* A stretch of the template. */
struct stretch {
	const char *at;
	size_t len;
};

struct place {
	const char *at;
	uint64_t line, column;
};

/* What stands between the delimiters. */
struct tag {
	struct place place;
	const char *end; /* behind the closing delimiter */
	char sign;	 /* what it begins with, '\0': a name */
	struct stretch content;
};

struct compiler {
	struct template *t;
	const char *text, *end;
	const char *literal; /* where what no node has yet begins */
	struct stretch open, close;
	struct place seen;
	size_t sections[TEMPLATE_DEPTH_MAX]; /* nodes of those that are open */
	size_t depth;
};

/* --- errors ---------------------------------------------------------------*/

/* Of a tag: "NAME: line 1, column 3: BEFORE 'the name' AFTER". */
static int
wrong(const struct compiler *c, uint64_t line, uint64_t column,
    const char *before, struct stretch name, const char *after,
    struct error *err)
{
	enum { SHOWN = 60 };
	struct buf shown = {0};
	size_t n = name.len;

	if (n > SHOWN)
		n = SHOWN;
	/* No character is cut. */
	while (n < name.len && n > 0 && (name.at[n] & 0xc0) == 0x80)
		n--;
	printable_append(&shown, name.at, n);
	error_set(err, EX_DATAERR, "%s: line %llu, column %llu: %s'%s%s'%s",
	    c->t->name, (unsigned long long)line, (unsigned long long)column,
	    before, buf_string(&shown), n < name.len ? "..." : "", after);
	buf_clear(&shown);
	return -1;
}

static struct stretch
first_line(const char *p, const char *end)
{
	size_t n = ascii_line(p, (size_t)(end - p));

	while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r'))
		n--;
	return (struct stretch){p, n};
}

/* Of the tag as it stands there, up to the end of its line. */
static int
wrong_tag(const struct compiler *c, const struct place *place, const char *end,
    const char *before, const char *after, struct error *err)
{
	return wrong(c, place->line, place->column, before,
	    first_line(place->at, end), after, err);
}

static int
not_closed(
    const struct compiler *c, const struct place *place, struct error *err)
{
	return wrong_tag(c, place, c->end, "the tag ", " is not closed", err);
}

/* --- the tags of a text ---------------------------------------------------*/

/* The place of what stands behind all whose place was asked for before. */
static struct place
place_of(struct compiler *c, const char *at)
{
	struct place *p = &c->seen;

	for (; p->at < at; p->at++)
		if (*p->at == '\n') {
			p->line++;
			p->column = 1;
		} else {
			p->column += (*p->at & 0xc0) != 0x80;
		}
	return *p;
}

static bool
is_space(char c)
{
	return ascii_is_blank(c) || c == '\n' || c == '\r';
}

static struct stretch
trimmed(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	while (at < end && is_space(end[-1]))
		end--;
	return (struct stretch){at, (size_t)(end - at)};
}

static const char *
find(const char *at, const char *end, struct stretch what)
{
	return memmem(at, (size_t)(end - at), what.at, what.len);
}

/* Where the content ends that begins at `at`: with the closing delimiter, which
 * `before` stands before, if it is a character. */
static const char *
find_close(const struct compiler *c, const char *at, char before)
{
	const char *p = find(at, c->end, c->close);

	if (before == '\0')
		return p;
	while (p != NULL && (p == at || p[-1] != before))
		p = find(p + 1, c->end, c->close);
	return p != NULL ? p - 1 : NULL;
}

/* Reads the tag whose opening delimiter stands at `at`. */
static int
read_tag(struct compiler *c, const char *at, struct tag *tag, struct error *err)
{
	const char *p = at + c->open.len, *end;
	char before;

	*tag = (struct tag){.place = place_of(c, at)};
	while (p < c->end && is_space(*p))
		p++;
	if (p < c->end && *p != '\0' && strchr("#^/!=&{><", *p) != NULL)
		tag->sign = *p++;
	before = tag->sign == '{' ? '}' : tag->sign == '=' ? '=' : '\0';
	end = find_close(c, p, before);
	if (end == NULL)
		return not_closed(c, &tag->place, err);
	tag->end = end + (before != '\0') + c->close.len;
	tag->content = trimmed(p, end);
	if (tag->sign == '!' || tag->sign == '=')
		return 0;
	/* The next tag's end was found. */
	if (memchr(tag->content.at, '\n', tag->content.len) != NULL)
		return not_closed(c, &tag->place, err);
	if (tag->content.len == 0)
		return wrong_tag(
		    c, &tag->place, tag->end, "the tag ", " has no name", err);
	if (tag->sign == '>' || tag->sign == '<')
		return wrong_tag(c, &tag->place, tag->end, "",
		    ": there are no partials here", err);
	return 0;
}

/* If the lines of the tag have nothing else: where they begin, and what comes
 * behind them. */
static void
take_lines(const struct compiler *c, const struct tag *tag, const char **begin,
    const char **next)
{
	const char *line = tag->place.at, *p = tag->end;

	while (line > c->text && ascii_is_blank(line[-1]))
		line--;
	while (p < c->end && ascii_is_blank(*p))
		p++;
	if (c->end - p >= 2 && p[0] == '\r' && p[1] == '\n')
		p++;
	if ((line > c->text && line[-1] != '\n') || (p < c->end && *p != '\n'))
		return;
	*begin = line;
	*next = p < c->end ? p + 1 : p;
}

/* --- nodes ----------------------------------------------------------------*/

static struct node *
add_node(struct template *t, enum node_kind kind, const struct stretch *text)
{
	struct node *node;

	t->nodes = arena_grown(
	    &t->arena, t->nodes, t->count, &t->capacity, sizeof(*t->nodes));
	node = &t->nodes[t->count++];
	*node = (struct node){.kind = kind, .text = text->at, .len = text->len};
	return node;
}

static void
add_literal(struct compiler *c, const char *end)
{
	const struct stretch text = {c->literal, (size_t)(end - c->literal)};

	if (text.len > 0)
		add_node(c->t, NODE_TEXT, &text);
}

static void
add_name(struct compiler *c, const struct tag *tag, const struct node *node)
{
	struct template *t = c->t;

	if (node->part_count == 0)
		return;
	t->names = arena_grown(&t->arena, t->names, t->name_count,
	    &t->name_capacity, sizeof(*t->names));
	t->names[t->name_count++] =
	    (struct template_name){.name = node->parts[0].text,
		.len = node->parts[0].len,
		.dotted = node->part_count > 1,
		.in_section = c->depth > 0,
		.line = tag->place.line,
		.column = tag->place.column};
}

/* A node for the name of the tag. */
static int
add_named(struct compiler *c, const struct tag *tag, enum node_kind kind,
    struct error *err)
{
	const char *at = tag->content.at, *end = at + tag->content.len, *dot;
	struct node *node = add_node(c->t, kind, &tag->content);
	size_t count = 1, i;

	node->raw = tag->sign == '{' || tag->sign == '&';
	node->line = tag->place.line;
	node->column = tag->place.column;
	if (tag->content.len == 1 && *at == '.')
		return 0;
	for (i = 0; i < tag->content.len; i++)
		count += at[i] == '.';
	node->parts = arena_alloc(&c->t->arena, count * sizeof(*node->parts));
	node->part_count = count;
	for (i = 0; i < count; i++, at = dot + 1) {
		dot = i + 1 < count ? memchr(at, '.', (size_t)(end - at)) : end;
		if (dot == at)
			return wrong_tag(c, &tag->place, tag->end, "the tag ",
			    " has no name before or behind a dot", err);
		node->parts[i] =
		    (struct part){.text = at, .len = (size_t)(dot - at)};
	}
	add_name(c, tag, node);
	return 0;
}

static int
open_section(struct compiler *c, const struct tag *tag, struct error *err)
{
	if (c->depth == TEMPLATE_DEPTH_MAX)
		return wrong_tag(c, &tag->place, tag->end, "the section ",
		    " stands in too many others", err);
	if (add_named(c, tag, tag->sign == '#' ? NODE_SECTION : NODE_INVERTED,
		err) == -1)
		return -1;
	c->sections[c->depth++] = c->t->count - 1;
	return 0;
}

static int
close_section(struct compiler *c, const struct tag *tag, struct error *err)
{
	struct node *section;
	char after[128];

	if (c->depth == 0)
		return wrong_tag(c, &tag->place, tag->end, "",
		    " closes a section, and none is open", err);
	section = &c->t->nodes[c->sections[c->depth - 1]];
	if (section->len != tag->content.len ||
	    memcmp(section->text, tag->content.at, section->len) != 0) {
		snprintf(after, sizeof(after),
		    " closes the section of line %llu, column %llu, which has "
		    "another name",
		    (unsigned long long)section->line,
		    (unsigned long long)section->column);
		return wrong_tag(c, &tag->place, tag->end, "", after, err);
	}
	c->depth--;
	section->end = c->t->count;
	add_node(c->t, NODE_END, &tag->content);
	return 0;
}

static int
set_delimiters(struct compiler *c, const struct tag *tag, struct error *err)
{
	const char *at = tag->content.at, *end = at + tag->content.len, *p = at;
	struct stretch open, close;

	while (p < end && !is_space(*p))
		p++;
	open = (struct stretch){at, (size_t)(p - at)};
	close = trimmed(p, end);
	for (p = close.at; p < end && !is_space(*p); p++)
		;
	if (open.len == 0 || close.len == 0 || p < end ||
	    memchr(at, '=', tag->content.len) != NULL)
		return wrong_tag(c, &tag->place, tag->end, "the tag ",
		    " sets no two delimiters, as {{=<% %>=}} does", err);
	c->open = open;
	c->close = close;
	return 0;
}

static int
take_tag(struct compiler *c, const struct tag *tag, struct error *err)
{
	switch (tag->sign) {
	case '#':
	case '^':
		return open_section(c, tag, err);
	case '/':
		return close_section(c, tag, err);
	case '=':
		return set_delimiters(c, tag, err);
	case '!':
		return 0;
	default:
		return add_named(c, tag, NODE_VALUE, err);
	}
}

static bool
is_value(const struct tag *tag)
{
	return tag->sign == '\0' || tag->sign == '{' || tag->sign == '&';
}

int
template_compile(
    struct template *t, const char *text, size_t n, struct error *err)
{
	struct compiler c = {.t = t,
	    .text = text,
	    .end = text + n,
	    .literal = text,
	    .open = {"{{", 2},
	    .close = {"}}", 2},
	    .seen = {text, 1, 1}};
	const struct node *section;
	const char *at, *begin, *next;
	struct tag tag;

	t->plain = true;
	while ((at = find(c.literal, c.end, c.open)) != NULL) {
		t->plain = false;
		if (read_tag(&c, at, &tag, err) == -1)
			return -1;
		begin = at;
		next = tag.end;
		if (!is_value(&tag))
			take_lines(&c, &tag, &begin, &next);
		add_literal(&c, begin);
		c.literal = next;
		if (take_tag(&c, &tag, err) == -1)
			return -1;
	}
	add_literal(&c, c.end);
	if (c.depth == 0)
		return 0;
	section = &t->nodes[c.sections[c.depth - 1]];
	return wrong(&c, section->line, section->column, "the section ",
	    (struct stretch){section->text, section->len}, " is not closed",
	    err);
}
