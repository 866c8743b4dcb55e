/* aliases_file: see aliases_file.h. */
#include "rfc5322/aliases_file.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "rfc5322/lexer.h"

struct reader {
	struct aliases *as;
	struct arena *arena;
	const char *file;
	const char *at, *end; /* of a line, without what ends it */
	unsigned line;
	struct alias *alias; /* the one that a line may go on with */
	bool comma;	     /* another target may follow */
	struct error *err;
};

int
aliases_file_compare(const char *written, const char *name)
{
	for (; *written != '\0' && ascii_lower(*written) == *name; name++)
		written++;
	return (unsigned char)ascii_lower(*written) - (unsigned char)*name;
}

static int
fail(const struct reader *r, const char *what)
{
	return error_set(
	    r->err, EX_CONFIG, "%s:%u: %s", r->file, r->line, what);
}

static void
skip_blanks(struct reader *r)
{
	while (r->at < r->end && ascii_is_blank(*r->at))
		r->at++;
}

/* The end of what the quote at s begins, behind it; NULL: it has none. */
static const char *
quote_end(const char *s, const char *end)
{
	for (s++; s < end && *s != '"'; s++)
		if (*s == '\\' && s + 1 < end)
			s++;
	return s < end ? s + 1 : NULL;
}

/* What stands in quotes at s, without them. */
static char *
unquoted(struct arena *arena, const char *s, const char *end)
{
	char *text = arena_strndup(arena, s, (size_t)(end - s)), *to = text;

	for (s++; s < end - 1; s++) {
		if (*s == '\\')
			s++;
		*to++ = *s;
	}
	*to = '\0';
	return text;
}

/* A name, up to the colon. */
static int
read_name(struct reader *r, char **name)
{
	const char *start = r->at, *close;

	if (r->at < r->end && *r->at == '"') {
		close = quote_end(start, r->end);
		if (close == NULL)
			return fail(r, "a quotation mark is not closed");
		*name = unquoted(r->arena, start, close);
		r->at = close;
	} else {
		while (r->at < r->end &&
		    (lexer_is_atext(*r->at) || *r->at == '.' ||
			(unsigned char)*r->at >= 0x80))
			r->at++;
		*name = arena_strndup(r->arena, start, (size_t)(r->at - start));
	}
	skip_blanks(r);
	if (r->at < r->end && *r->at == '@')
		return fail(r,
		    "only local names have aliases, and this one has a domain");
	if (r->at == r->end || *r->at != ':' || **name == '\0')
		return fail(r,
		    "this is no alias, which is written NAME: ADDRESS, ADDRESS");
	r->at++;
	return 0;
}

static int
begin_alias(struct reader *r)
{
	struct alias *a;
	char *name = NULL, *c;

	if (read_name(r, &name) == -1)
		return -1;
	for (c = name; *c != '\0'; c++)
		*c = ascii_lower(*c);
	a = arena_alloc(r->arena, sizeof(*a));
	a->name = name;
	a->file = r->file;
	a->line = r->line;
	a->number = r->as->count;
	r->as->sorted = arena_grown(r->arena, r->as->sorted, r->as->count,
	    &r->as->capacity, sizeof(*r->as->sorted));
	r->as->sorted[r->as->count++] = a;
	r->alias = a;
	r->comma = true;
	return 0;
}

static bool
begins_comment(const struct reader *r, const char *s, const char *start)
{
	return s < r->end && *s == '#' && (s == start || ascii_is_blank(s[-1]));
}

/* The end of a target: a comma, or a comment, outside of quotes and comments in
 * parentheses. */
static const char *
target_end(const struct reader *r)
{
	const char *s = r->at, *close;
	int depth = 0;

	while (s < r->end && (depth > 0 || *s != ',') &&
	    !begins_comment(r, s, r->at)) {
		depth += *s == '(';
		depth -= *s == ')' && depth > 0;
		close = *s == '"' && depth == 0 ? quote_end(s, r->end) : NULL;
		if (*s == '\\' && s + 1 < r->end)
			s++;
		s = close != NULL ? close : s + 1;
	}
	return s;
}

static enum alias_kind
kind_of(const char *text)
{
	text += *text == '"';
	if (*text == '|')
		return ALIAS_PROGRAM;
	if (*text == '/')
		return ALIAS_FILE;
	if (ascii_begins(text, ":include:"))
		return ALIAS_INCLUDE;
	return *text == ':' ? ALIAS_SPECIAL : ALIAS_ADDRESS;
}

/* An address, or why it is none. */
static void
read_address(struct reader *r, struct alias_target *t)
{
	struct address_params params = {
	    .domain = r->as->domain, .single = true, .unhinted = true};
	struct address_list list = {0};
	const char *text = t->text;
	struct error err;

	params.what = arena_printf(r->arena, "%s:%u", r->file, r->line);
	t->last = text[0] == '\\' || (text[0] == '"' && text[1] == '\\');
	if (address_parse(r->arena, text + (text[0] == '\\'), &params, &list,
		&err) == 0) {
		t->address = list.addresses[0];
		return;
	}
	if (err.status == EX_USAGE)
		err.status = EX_CONFIG;
	t->kind = ALIAS_BAD;
	t->wrong = arena_alloc(r->arena, sizeof(err));
	*t->wrong = err;
}

static int
read_target(struct reader *r)
{
	const char *start = r->at, *end = target_end(r);
	struct alias *a = r->alias;
	struct alias_target *t;

	r->at = end;
	while (end > start && ascii_is_blank(end[-1]))
		end--;
	if (end == start)
		return 0;
	if (!r->comma)
		return fail(r, "a comma is missing before this line");
	r->comma = false;
	a->targets = arena_grown(
	    r->arena, a->targets, a->count, &a->capacity, sizeof(*a->targets));
	t = &a->targets[a->count++];
	*t = (struct alias_target){
	    .line = r->line,
	    .text = arena_strndup(r->arena, start, (size_t)(end - start)),
	};
	t->kind = kind_of(t->text);
	if (t->kind == ALIAS_ADDRESS)
		read_address(r, t);
	return 0;
}

static int
read_targets(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		if (r->at == r->end || *r->at == '#')
			return 0;
		if (read_target(r) == -1)
			return -1;
		if (r->at < r->end && *r->at == ',') {
			r->comma = true;
			r->at++;
		} else {
			return 0;
		}
	}
}

static int
read_line(struct reader *r)
{
	bool goes_on = r->at < r->end && ascii_is_blank(*r->at);

	skip_blanks(r);
	if (r->at == r->end || *r->at == '#')
		return 0;
	if (goes_on && r->alias == NULL)
		return fail(r,
		    "a line that begins with a blank goes on with an alias, "
		    "and there is none");
	if (!goes_on && begin_alias(r) == -1)
		return -1;
	return read_targets(r);
}

int
aliases_file_read(struct aliases *as, struct arena *arena, const char *file,
    const char *text, size_t n, struct error *err)
{
	struct reader r = {.as = as, .arena = arena, .err = err};
	const char *end = text + n;
	size_t len;

	if (charset_refuse_nul(text, n, EX_CONFIG, err) == -1)
		return error_context(err, "%s", file);
	r.file = arena_strdup(arena, file);
	for (text += charset_mark(text, n); text < end; text += len) {
		len = ascii_line(text, (size_t)(end - text));
		r.line++;
		r.at = text;
		r.end = text + len;
		if (r.end[-1] == '\n')
			r.end--;
		while (r.end > r.at && r.end[-1] == '\r')
			r.end--;
		if (read_line(&r) == -1)
			return -1;
	}
	return 0;
}
