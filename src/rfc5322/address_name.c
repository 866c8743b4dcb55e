#include "rfc5322/address_name.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "rfc5322/words.h"

const char *
address_name_display(struct arena *a, const struct buf *name)
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

void
address_name_decode(
    struct address_parser *p, struct buf *out, const struct buf *text)
{
	if (p->params->encoded_words)
		words_decode(out, buf_string(text), text->len);
	else
		buf_append(out, buf_string(text), text->len);
}

/* One comment, with its parentheses; what is not ASCII or reads like an encoded
 * word becomes one (RFC 2047 5). */
static void
put_comment(struct address_parser *p, const char *raw, size_t n,
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
	address_name_decode(p, &decoded, content);
	words_append_utf8(&utf8, buf_string(&decoded), decoded.len);
	buf_putc(out, '(');
	words_encode(out, buf_string(&utf8), utf8.len, true);
	buf_putc(out, ')');
	buf_clear(&decoded);
	buf_clear(&utf8);
}

const char *
address_name_comments(struct address_parser *p)
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

int
address_name_pass_comments(struct address_parser *p, const char *place)
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
put_space(struct address_parser *p, const char *from)
{
	size_t n = strspn(from, " ");

	if (p->params->folded || from + n != p->lex.at)
		n = 1;
	buf_append(&p->atoms, n == 1 ? " " : from, n);
}

int
address_name_phrase(struct address_parser *p, bool *empty)
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
			address_name_decode(p, &p->phrase, &p->atoms);
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
	address_name_decode(p, &p->phrase, &p->atoms);
	return 0;
}

const char *
address_name_encoded(const struct address_parser *p)
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

void
address_name_loose(struct address_parser *p, const char *start, size_t before)
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
	address_name_decode(p, &p->phrase, &p->atoms);
	buf_reset(&p->atoms);
	l->at = open;
}
