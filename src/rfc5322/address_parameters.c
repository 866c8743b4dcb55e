#include "rfc5322/address_parameters.h"

#include <string.h>

#include "lib/ascii.h"

enum { PARAMETERS_MAX = 16 }; /* of one address */

static bool
is_value_char(char c)
{
	return c > ' ' && c <= '~' && strchr(",;\"()<>@=\\", c) == NULL;
}

/* The comma here and the word behind it, if that is all up to the next mark. */
static size_t
comma_and_word(const struct lexer *l)
{
	const char *at = l->at + 1;

	while (at < l->end && ascii_is_letter(*at))
		at++;
	if (at == l->at + 1 || (at < l->end && *at != ',' && *at != ';'))
		return 0;
	return (size_t)(at - l->at);
}

static int
read_value(struct lexer *l, struct buf *value)
{
	const char *start = l->at;
	size_t n = 1;

	if (lexer_peek(l) == '"')
		return lexer_quoted(l, value);
	while (l->at < l->end && n > 0) {
		n = is_value_char(*l->at)	     ? 1
		    : *l->at == ',' && l->at > start ? comma_and_word(l)
						     : 0;
		l->at += n;
	}
	return buf_append(value, start, (size_t)(l->at - start));
}

/* One of them; its semicolon was read. */
static int
read_one(struct lexer *l, struct arena *a, struct address_parameter *p)
{
	struct buf value = {0};
	const char *start;
	int r;

	while (l->at < l->end && ascii_is_blank(*l->at))
		l->at++;
	start = l->at;
	while (l->at < l->end &&
	    (ascii_is_letter_or_digit(*l->at) ||
		(*l->at == '-' && l->at > start)))
		l->at++;
	if (l->at == start)
		return lexer_unexpected(l);
	p->keyword = arena_strndup(a, start, (size_t)(l->at - start));
	if (lexer_peek(l) != '=')
		return 0;
	l->at++;
	r = read_value(l, &value);
	if (r == 0 && value.len == 0)
		r = lexer_fail(l, l->at, "no value after the '='");
	if (r == 0)
		p->value = arena_strndup(a, value.data, value.len);
	buf_clear(&value);
	return r;
}

static int
fail(struct lexer *l)
{
	return error_hint(l->err,
	    "a parameter is ;KEYWORD=VALUE, in double quotes if it needs "
	    "them; addresses are separated by commas");
}

int
address_parameters_none(struct lexer *l)
{
	if (lexer_cfws(l) == -1)
		return -1;
	if (l->at >= l->end || *l->at == ',')
		return 0;
	lexer_fail(l, l->at, "the ';' before it has ended the group");
	return error_hint(
	    l->err, "an address with parameters stands by itself, in no group");
}

int
address_parameters_read(
    struct lexer *l, struct arena *a, const struct address_parameter **out)
{
	struct address_parameter all[PARAMETERS_MAX + 1] = {{0}};
	size_t n = 0;

	*out = NULL;
	if (lexer_cfws(l) == -1)
		return -1;
	for (; lexer_peek(l) == ';'; n++) {
		if (n == PARAMETERS_MAX)
			return lexer_fail(l, l->at, "more than %d parameters",
			    PARAMETERS_MAX);
		l->at++;
		if (read_one(l, a, &all[n]) == -1 || lexer_cfws(l) == -1)
			return fail(l);
	}
	if (l->at < l->end && *l->at != ',' && n > 0) {
		lexer_unexpected(l);
		return fail(l);
	}
	if (n > 0)
		*out = (const struct address_parameter *)arena_memdup(
		    a, all, (n + 1) * sizeof(*all));
	return 0;
}

bool
address_parameters_equal(
    const struct address_parameter *a, const struct address_parameter *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (; a->keyword != NULL && b->keyword != NULL; a++, b++)
		if (!ascii_equal(a->keyword, b->keyword) ||
		    (a->value == NULL) != (b->value == NULL) ||
		    (a->value != NULL && strcmp(a->value, b->value) != 0))
			return false;
	return a->keyword == b->keyword;
}
