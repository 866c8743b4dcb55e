#include "rfc5322/aliases_file.h"

#include "lib/ascii.h"
#include "lib/charset.h"
#include "rfc5322/lexer.h"

struct reader {
	struct aliases *as;
	struct arena *arena;
	const char *file;
	char *at, *end; /* of a line, without what ends it */
	unsigned line;
	struct alias *alias; /* the one that a line may go on with */
	const struct alias_target **last; /* where its next target goes */
	bool comma;			  /* another target may follow */
	struct error *err;
};

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
static char *
quote_end(char *s, const char *end)
{
	for (s++; s < end && *s != '"'; s++)
		if (*s == '\\' && s + 1 < end)
			s++;
	return s < end ? s + 1 : NULL;
}

/* What stands in quotes at s, without them, and in its place. */
static char *
unquoted(char *s, const char *end)
{
	char *to = s, *const text = s;

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
	char *start = r->at, *close;

	if (r->at < r->end && *r->at == '"') {
		close = quote_end(start, r->end);
		if (close == NULL)
			return fail(r, "a quotation mark is not closed");
		*name = unquoted(start, close);
		r->at = close;
	} else {
		while (r->at < r->end &&
		    (lexer_is_atext(*r->at) || *r->at == '.' ||
			(unsigned char)*r->at >= 0x80))
			r->at++;
		*name = start;
		close = r->at;
	}
	skip_blanks(r);
	if (r->at < r->end && *r->at == '@')
		return fail(r,
		    "only local names have aliases, and this one has a domain");
	if (r->at == r->end || *r->at != ':' || close == start ||
	    **name == '\0')
		return fail(r,
		    "this is no alias, which is written NAME: ADDRESS, ADDRESS");
	r->at++;
	*close = '\0';
	return 0;
}

static int
begin_alias(struct reader *r)
{
	struct aliases *as = r->as;
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
	a->number = as->count;
	as->all = arena_grown(
	    r->arena, as->all, as->count, &as->capacity, sizeof(*as->all));
	as->all[as->count++] = a;
	r->alias = a;
	r->last = &a->targets;
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
static char *
target_end(const struct reader *r)
{
	char *s = r->at, *close;
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

/* Behind it, and behind the comma that ends it. */
static int
read_target(struct reader *r)
{
	char *start = r->at, *end = target_end(r);
	struct alias_target *t;
	const bool comma = end < r->end && *end == ',';

	r->at = end + comma;
	while (end > start && ascii_is_blank(end[-1]))
		end--;
	if (end > start) {
		if (!r->comma)
			return fail(r, "a comma is missing before this line");
		t = arena_alloc(r->arena, sizeof(*t));
		t->text = start;
		t->line = r->line;
		*r->last = t;
		r->last = &t->next;
		r->comma = false;
		/* It may be the comma. */
		*end = '\0';
	}
	r->comma |= comma;
	return 0;
}

static int
read_targets(struct reader *r)
{
	do {
		skip_blanks(r);
		if (r->at == r->end || *r->at == '#')
			return 0;
		if (read_target(r) == -1)
			return -1;
	} while (r->comma);
	return 0;
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
	char *at, *end;
	size_t len;

	if (charset_refuse_nul(text, n, EX_CONFIG, err) == -1)
		return error_context(err, "%s", file);
	r.file = arena_strdup(arena, file);
	/* Names and targets are parts of it. */
	at = arena_memdup(arena, text, n);
	end = at + n;
	for (at += charset_mark(text, n); at < end; at += len) {
		len = ascii_line(at, (size_t)(end - at));
		r.line++;
		r.at = at;
		r.end = at + len;
		if (r.end[-1] == '\n')
			r.end--;
		while (r.end > r.at && r.end[-1] == '\r')
			r.end--;
		if (read_line(&r) == -1)
			return -1;
	}
	return 0;
}
