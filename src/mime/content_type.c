/* content_type: strict, since a quote left open would swallow the parameter
 * that is put behind it. */
#include "mime/content_type.h"

#include <string.h>

#include "lib/ascii.h"

#include "rfc5322/lexer.h"

struct reader {
	struct lexer lex;
	struct arena *arena;
	struct content_type *type;
	struct buf name, value; /* the tokens read last */
	bool boundary;
};

static bool
is(const struct buf *b, const char *name)
{
	return ascii_equal_n(buf_string(b), b->len, name);
}

/* A token; as everywhere here, with what white space and comments follow. */
static int
token(struct lexer *l, struct buf *value)
{
	const char *start = l->at;

	buf_reset(value);
	while (l->at<l->end && * l->at> ' ' && *l->at <= '~' &&
	    strchr("()<>@,;:\\\"/[]?=", *l->at) == NULL)
		l->at++;
	if (l->at == start)
		return lexer_unexpected(l);
	buf_append(value, start, (size_t)(l->at - start));
	return lexer_cfws(l);
}

static int
token_or_quoted(struct lexer *l, struct buf *value)
{
	if (lexer_peek(l) != '"')
		return token(l, value);
	buf_reset(value);
	return lexer_quoted(l, value) == -1 ? -1 : lexer_cfws(l);
}

static int
mark(struct lexer *l, char c)
{
	if (lexer_peek(l) != c)
		return lexer_unexpected(l);
	l->at++;
	return lexer_cfws(l);
}

/* RFC 2046 5.1.1 */
static bool
is_boundary(const struct buf *b)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789'()+_,-./:=? ";

	return b->len > 0 && b->len <= 70 && b->data[b->len - 1] != ' ' &&
	    strspn(b->data, allowed) == b->len;
}

static int
parameter(struct reader *r)
{
	struct content_type *t = r->type;
	struct lexer *l = &r->lex;
	const char *start = l->at;

	if (token(l, &r->name) == -1 || mark(l, '=') == -1 ||
	    token_or_quoted(l, &r->value) == -1)
		return -1;
	if (is(&r->name, "boundary")) {
		if (r->boundary)
			return lexer_fail(l, start, "a second boundary");
		if (!is_boundary(&r->value))
			return lexer_fail(l, start,
			    "no boundary of 1 to 70 letters, digits, "
			    "'()+_,-./:=?");
		r->boundary = true;
	} else if (is(&r->name, "charset")) {
		if (t->charset != NULL)
			return lexer_fail(l, start, "a second charset");
		if (r->value.len == 0)
			return lexer_fail(l, start, "no charset");
		t->charset = arena_strdup(r->arena, r->value.data);
	} else if (is(&r->name, "format") || is(&r->name, "delsp")) {
		t->flow = true;
	} else if (ascii_equal_n(r->name.data, 8, "charset*")) {
		/* RFC 2231 would allow it; few programs would read it. */
		return lexer_fail(
		    l, start, "a charset not written charset=NAME");
	}
	return 0;
}

static int
read_value(struct reader *r)
{
	struct lexer *l = &r->lex;
	bool multipart;

	/* RFC 2231 says how other letters are written. */
	while (l->at < l->end &&
	    ((*l->at >= ' ' && *l->at <= '~') || *l->at == '\t'))
		l->at++;
	if (l->at < l->end)
		return lexer_unexpected(l);
	l->at = l->text;
	if (lexer_cfws(l) == -1 || token(l, &r->name) == -1 ||
	    mark(l, '/') == -1 || token(l, &r->value) == -1)
		return -1;
	multipart = is(&r->name, "multipart");
	r->type->text = is(&r->name, "text");
	r->type->multipart = multipart;
	r->type->composite = multipart || is(&r->name, "message");
	while (l->at < l->end)
		if (mark(l, ';') == -1 || parameter(r) == -1)
			return -1;
	if (multipart && !r->boundary)
		return lexer_fail(l, l->at, "no boundary for a multipart type");
	return 0;
}

int
content_type_read(struct content_type *t, struct arena *arena,
    const char *value, struct error *err)
{
	struct reader r = {.arena = arena, .type = t};
	int result;

	r.lex = (struct lexer){
	    .text = value,
	    .at = value,
	    .end = value + strlen(value),
	    .what = "Content-Type",
	    .status = EX_USAGE,
	    .err = err,
	};
	*t = (struct content_type){0};
	result = read_value(&r);
	buf_clear(&r.name);
	buf_clear(&r.value);
	buf_clear(&r.lex.comment);
	return result;
}
