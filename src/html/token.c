#include "html/token.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "html/html.h"

bool
html_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

uint32_t
html_lower(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* The word in small letters against the beginning of s. */
bool
html_begins(const char *s, const char *end, const char *word)
{
	for (; *word != '\0'; s++, word++)
		if (s == end ||
		    html_lower((unsigned char)*s) != (unsigned char)*word)
			return false;
	return true;
}

bool
html_span_is(struct html_span a, const char *word)
{
	return a.n == strlen(word) && html_begins(a.s, a.s + a.n, word);
}

struct html_span
html_trim(struct html_span a)
{
	while (a.n > 0 && html_is_space(a.s[0])) {
		a.s++;
		a.n--;
	}
	while (a.n > 0 && html_is_space(a.s[a.n - 1]))
		a.n--;
	return a;
}

size_t
html_utf8_encode(uint32_t r, char out[4])
{
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = r < 0x80 ? 1 : r < 0x800 ? 2 : r < 0x10000 ? 3 : 4, i;

	for (i = n; i-- > 1; r >>= 6)
		out[i] = (char)(0x80 | (r & 0x3f));
	out[0] = (char)(lead[n] | r);
	return n;
}

/* The octet that "%41" at s stands for, or -1. */
int
html_percent(const char *s, const char *end)
{
	if (end - s < 3 || s[0] != '%')
		return -1;
	return ascii_hex(s + 1, 2);
}

uint32_t
html_reader_next(struct html_reader *in)
{
	size_t room = (size_t)(in->end - in->at), n;
	uint32_t r;

	if (room == 0)
		return HTML_NONE;
	n = html_character(in->at, room, in->attribute, &r);
	if (n == 0 && (n = printable_utf8(in->at, room, &r)) == 0) {
		n = 1;
		r = HTML_RUNE_BAD;
	} else if (r == '\r') {
		n += in->at[0] == '\r' && room > 1 && in->at[1] == '\n';
		r = '\n';
	}
	in->at += n;
	return r;
}

enum html_look
html_look(uint32_t r)
{
	if (r == ' ' || r == '\t' || r == '\n' || r == '\f' || r == 0x1680 ||
	    (r >= 0x2000 && r <= 0x200a && r != 0x2007) || r == 0x2028 ||
	    r == 0x2029 || r == 0x205f)
		return HTML_BLANK;
	if (r == 0xa0 || r == 0x2007 || r == 0x202f)
		return HTML_GLUE;
	if (r == 0x200c || r == 0x200d)
		return HTML_JOINER;
	if (r < 0x20 || (r >= 0x7f && r < 0xa0) || r == 0xad || r == 0x34f ||
	    r == 0x61c || r == 0x180e || (r >= 0x200b && r <= 0x200f) ||
	    (r >= 0x202a && r <= 0x202e) || (r >= 0x2060 && r <= 0x206f) ||
	    r == 0xfeff)
		return HTML_UNSEEN;
	return HTML_SEEN;
}

/* The next one at *at, which ends at the '>' or at the end. */
bool
html_attribute_next(const char **at, const char *end, struct html_attribute *a)
{
	const char *s = *at, *value;

	while (s < end && (html_is_space(*s) || *s == '/'))
		s++;
	*a = (struct html_attribute){{s, 0}, {s, 0}};
	*at = s;
	if (s == end || *s == '>')
		return false;
	do
		s++;
	while (s < end && !html_is_space(*s) && *s != '/' && *s != '>' &&
	    *s != '=');
	a->name.n = (size_t)(s - a->name.s);
	while (s < end && html_is_space(*s))
		s++;
	if (s < end && *s == '=') {
		do
			s++;
		while (s < end && html_is_space(*s));
		value = s;
		if (s < end && (*s == '"' || *s == '\'')) {
			value++;
			s = memchr(value, *s, (size_t)(end - value));
			a->value.n = (size_t)((s != NULL ? s : end) - value);
			s = s != NULL ? s + 1 : end;
		} else {
			while (s < end && !html_is_space(*s) && *s != '>')
				s++;
			a->value.n = (size_t)(s - value);
		}
		a->value.s = value;
	}
	*at = s;
	return true;
}

bool
html_attribute_find(
    struct html_span body, const char *name, struct html_span *value)
{
	const char *at = body.s;
	struct html_attribute a;

	while (html_attribute_next(&at, body.s + body.n, &a))
		if (html_span_is(a.name, name)) {
			*value = a.value;
			return true;
		}
	return false;
}

/* Those whose text holds no tags (13.2.6.2), without the obsolete ones. */
bool
html_is_raw(struct html_span name)
{
	static const char *const names[] = {"script", "style", "title",
	    "textarea", "iframe", "noembed", "noframes"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (html_span_is(name, names[i]))
			return true;
	return false;
}

static const char *
raw_end(const char *s, const char *end, struct html_span name)
{
	const char *tag;
	size_t i;

	for (; (s = memchr(s, '<', (size_t)(end - s))) != NULL; s++) {
		tag = s + 2;
		if ((size_t)(end - s) < name.n + 3 || s[1] != '/')
			continue;
		for (i = 0; i < name.n; i++)
			if (html_lower((unsigned char)tag[i]) !=
			    html_lower((unsigned char)name.s[i]))
				break;
		if (i == name.n &&
		    (html_is_space(tag[i]) || tag[i] == '/' || tag[i] == '>'))
			return s;
	}
	return end;
}

/* Behind the comment whose text begins at s. */
static const char *
comment_end(const char *s, const char *end)
{
	const char *p = s;

	if (html_begins(s, end, ">") || html_begins(s, end, "->"))
		return s + (*s == '>' ? 1 : 2);
	while ((p = memchr(p, '>', (size_t)(end - p))) != NULL) {
		if (p - s >= 2 && p[-1] == '-' && p[-2] == '-')
			return p + 1;
		if (p - s >= 3 && p[-1] == '!' && p[-2] == '-' && p[-3] == '-')
			return p + 1;
		p++;
	}
	return end;
}

static bool
is_markup(const char *s, const char *end)
{
	return end - s >= 2 &&
	    (ascii_is_letter(s[1]) || s[1] == '!' || s[1] == '?' ||
		(s[1] == '/' && end - s >= 3));
}

/* A tag or a comment at k->at; one that the end cuts off is nothing. */
static void
markup(struct html_tokens *k, struct html_token *t)
{
	const char *s = k->at + 1;
	struct html_attribute a;
	bool closing = *s == '/';

	t->type = HTML_OTHER;
	if (ascii_is_letter(s[closing])) {
		s += closing;
		t->name.s = s;
		while (
		    s < k->end && !html_is_space(*s) && *s != '/' && *s != '>')
			s++;
		t->name.n = (size_t)(s - t->name.s);
		t->body.s = s;
		while (html_attribute_next(&s, k->end, &a))
			continue;
		t->body.n = (size_t)(s - t->body.s);
		if (s < k->end) {
			t->type = closing ? HTML_CLOSE : HTML_OPEN;
			if (!closing && html_is_raw(t->name))
				k->raw = t->name;
			s++;
		}
	} else if (html_begins(s, k->end, "!--")) {
		s = comment_end(s + 3, k->end);
	} else {
		s = memchr(s, '>', (size_t)(k->end - s));
		s = s != NULL ? s + 1 : k->end;
	}
	k->at = s;
}

bool
html_token_next(struct html_tokens *k, struct html_token *t)
{
	const char *s = k->at;

	*t = (struct html_token){
	    .type = HTML_TEXT, .name = k->raw, .body = {s, 0}};
	if (s == k->end)
		return false;
	if (k->raw.n > 0) {
		t->type = HTML_RAW_TEXT;
		k->at = raw_end(s, k->end, k->raw);
		k->raw.n = 0;
	} else if (*s == '<' && is_markup(s, k->end)) {
		markup(k, t);
		return true;
	} else {
		do {
			s = memchr(s + 1, '<', (size_t)(k->end - s - 1));
		} while (s != NULL && !is_markup(s, k->end));
		k->at = s != NULL ? s : k->end;
	}
	t->body.n = (size_t)(k->at - t->body.s);
	return true;
}
