#include "html/html.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"

#include "html/token.h"

enum { PRESCAN = 1024 }; /* HTML standard 13.2.3.2 */

/* HTML standard 2.5.4: "text/html; charset=X" */
static struct html_span
charset_of(struct html_span content)
{
	const char *s = content.s, *end = s + content.n, *mark;
	struct html_span name = {NULL, 0};

	for (; s < end; s++) {
		if (!html_begins(s, end, "charset"))
			continue;
		s += strlen("charset");
		while (s < end && html_is_space(*s))
			s++;
		if (s < end && *s == '=')
			break;
		s--;
	}
	if (s >= end)
		return name;
	do
		s++;
	while (s < end && html_is_space(*s));
	name.s = s;
	if (s < end && (*s == '"' || *s == '\'')) {
		name.s++;
		mark = memchr(name.s, *s, (size_t)(end - name.s));
		name.n = mark != NULL ? (size_t)(mark - name.s) : 0;
		return name;
	}
	while (s < end && !html_is_space(*s) && *s != ';')
		s++;
	name.n = (size_t)(s - name.s);
	return name;
}

static struct html_span
charset_of_meta(struct html_span body)
{
	struct html_span value = {NULL, 0};

	if (html_attribute_find(body, "charset", &value))
		return html_trim(value);
	if (html_attribute_find(body, "http-equiv", &value) &&
	    html_span_is(html_trim(value), "content-type") &&
	    html_attribute_find(body, "content", &value))
		return charset_of(value);
	return (struct html_span){NULL, 0};
}

/* RFC 2978 2.3 */
static bool
is_charset(struct html_span name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!ascii_is_letter_or_digit(name.s[i]) &&
		    (name.s[i] == '\0' || strchr("-_.:+()", name.s[i]) == NULL))
			return false;
	return name.n > 0 && name.n <= 40;
}

const char *
html_charset(struct arena *arena, const char *html, size_t n)
{
	struct html_tokens tokens = {
	    html, html + (n < PRESCAN ? n : PRESCAN), {NULL, 0}};
	struct html_token token;

	if (charset_mark(html, n) > 0)
		return arena_strdup(arena, "UTF-8");
	if (n >= 2 && memcmp(html, "\xff\xfe", 2) == 0)
		return arena_strdup(arena, "UTF-16LE");
	if (n >= 2 && memcmp(html, "\xfe\xff", 2) == 0)
		return arena_strdup(arena, "UTF-16BE");
	while (html_token_next(&tokens, &token)) {
		struct html_span name;

		if (token.type != HTML_OPEN ||
		    !html_span_is(token.name, "meta"))
			continue;
		name = charset_of_meta(token.body);
		if (!is_charset(name))
			continue;
		if (html_begins(name.s, name.s + name.n, "utf-16"))
			return arena_strdup(arena, "UTF-8");
		return arena_strndup(arena, name.s, name.n);
	}
	return NULL;
}
