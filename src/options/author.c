/* author: see author.h. */
#include "options/author.h"

#include <string.h>

#include "lib/arena.h"
#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/idna.h"

/* The part between the angle brackets, if there are any. */
static const char *
addr_spec(const char *text, size_t *len)
{
	const char *open = strrchr(text, '<');
	const char *close = open != NULL ? strchr(open, '>') : NULL;

	if (close != NULL) {
		*len = (size_t)(close - open) - 1;
		return open + 1;
	}
	text += strspn(text, " \t");
	*len = strcspn(text, " \t");
	return text;
}

/* A label of a pattern that is one itself has no other form. */
static const char *
ascii_label(struct arena *a, const char *label, size_t n)
{
	const char *copy = arena_strndup(a, label, n), *form;
	struct error ignored;
	size_t place;

	if (memchr(label, '*', n) != NULL ||
	    idna_to_ascii(a, copy, &form, &place, &ignored) == -1)
		return copy;
	return form;
}

static const char *
ascii_domain(struct arena *a, const char *domain, size_t n)
{
	struct buf form = {0};
	const char *dot, *copy;
	size_t len, i;

	for (;; domain += len + 1, n -= len + 1) {
		dot = memchr(domain, '.', n);
		len = dot != NULL ? (size_t)(dot - domain) : n;
		buf_puts(&form, ascii_label(a, domain, len));
		if (dot == NULL)
			break;
		buf_putc(&form, '.');
	}
	for (i = 0; i < form.len; i++)
		form.data[i] = ascii_lower(form.data[i]);
	copy = arena_strdup(a, buf_string(&form));
	buf_clear(&form);
	return copy;
}

/* In the form in which two are compared. */
static const char *
form_of(struct arena *a, const char *text)
{
	size_t n;
	const char *address = addr_spec(text, &n);
	const char *at = memrchr(address, '@', n);
	size_t local = at != NULL ? (size_t)(at - address) + 1 : n;

	return arena_printf(a, "%.*s%s", (int)local, address,
	    ascii_domain(a, address + local, n - local));
}

/* The next `*` that is no quoted one; the end: there is none. */
static const char *
next_star(const char *pattern)
{
	bool quoted = false;

	for (; *pattern != '\0' && (quoted || *pattern != '*'); pattern++) {
		quoted ^= *pattern == '"';
		if (quoted && *pattern == '\\' && pattern[1] != '\0')
			pattern++;
	}
	return pattern;
}

bool
author_is_pattern(const char *setting)
{
	struct arena a = {0};
	size_t n;
	const char *address = addr_spec(setting, &n);
	bool is = *next_star(arena_strndup(&a, address, n)) == '*';

	arena_clear(&a);
	return is;
}

/* What stands between two stars is looked for from the left: where it is found
 * first leaves most for the rest. */
static bool
matches(const char *pattern, const char *text)
{
	size_t n = (size_t)(next_star(pattern) - pattern), left;

	if (strncmp(text, pattern, n) != 0)
		return false;
	text += n;
	while (pattern[n] == '*') {
		pattern += n + 1;
		n = (size_t)(next_star(pattern) - pattern);
		left = strlen(text);
		if (left < n)
			return false;
		if (pattern[n] == '\0')
			return strcmp(text + left - n, pattern) == 0;
		text = memmem(text, left, pattern, n);
		if (text == NULL)
			return false;
		text += n;
	}
	return *text == '\0';
}

static int
characters_named(const char *pattern)
{
	int n = 0;
	const char *star;

	for (;; pattern = star + 1) {
		star = next_star(pattern);
		n += (int)(star - pattern);
		if (*star == '\0')
			return n;
	}
}

static const char *
lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *c;

	for (c = copy; *c != '\0'; c++)
		*c = ascii_lower(*c);
	return copy;
}

int
author_fit(const char *setting, const char *address)
{
	struct arena a = {0};
	const char *ours = form_of(&a, setting), *theirs = form_of(&a, address);
	int fit = 0;

	if (author_is_pattern(setting)) {
		if (matches(lower(&a, ours), lower(&a, theirs)))
			fit = 1 + characters_named(ours);
	} else if (strcmp(ours, theirs) == 0) {
		fit = AUTHOR_EXACT;
	} else if (ascii_equal(ours, theirs)) {
		fit = AUTHOR_SAME;
	}
	arena_clear(&a);
	return fit;
}
