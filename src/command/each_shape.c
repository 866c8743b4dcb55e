#include "command/each_shape.h"

#include <string.h>

#include "command/part_spec.h"
#include "lib/ascii.h"

/* How often a list of addresses has each of what divides it. */
struct signs {
	unsigned commas, semicolons, colons, angles;
};

/* Reads over a quoted-string, or a comment with those in it. */
static const char *
skip(const char *p)
{
	char open = *p, close = open == '"' ? '"' : ')';
	unsigned depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == open && (open == '(' || depth == 0))
			depth++;
		else if (*p == close && --depth == 0)
			return p + 1;
	}
	return p;
}

static struct signs
count_signs(const char *p)
{
	struct signs n = {0};

	while (*p != '\0') {
		if (*p == '"' || *p == '(') {
			p = skip(p);
			continue;
		}
		n.commas += *p == ',';
		n.semicolons += *p == ';';
		n.colons += *p == ':';
		n.angles += *p == '<';
		p++;
	}
	return n;
}

static const char *
added_addresses(const char *text, const char *plain)
{
	struct signs is = count_signs(text), was = count_signs(plain);

	if (is.commas != was.commas)
		return "another address";
	if (is.colons != was.colons)
		return "a group";
	if (is.semicolons != was.semicolons)
		return "a parameter of an address";
	/* "{{email}}" may hold a name, too. */
	if (is.angles > was.angles + (was.angles == 0))
		return "another address";
	return NULL;
}

static const char *
added_field(const char *text, const char *plain)
{
	static const char *const lists[] = {"To:", "Cc:", "Bcc:", "From:",
	    "Sender:", "Reply-To:", "Resent-To:", "Resent-Cc:", "Resent-Bcc:"};
	size_t n = strcspn(plain, ":"), i;

	if (plain[n] == '\0' || strncmp(text, plain, n + 1) != 0)
		return "the name of a header field";
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (ascii_begins(plain, lists[i]))
			return added_addresses(text + n, plain + n);
	return NULL;
}

static const char *
added_attribute(const char *text, const char *plain)
{
	struct message_part is = {0}, was = {0};
	struct arena a = {0};
	struct error ignored;
	bool added;

	/* What is no part at all is refused by who makes it. */
	added = part_spec_read(&is, &a, text, &ignored) == 0 &&
	    part_spec_read(&was, &a, plain, &ignored) == 0 &&
	    ((is.type != NULL) != (was.type != NULL) ||
		(is.filename != NULL) != (was.filename != NULL) ||
		(is.cid != NULL) != (was.cid != NULL) ||
		(is.encoding != NULL) != (was.encoding != NULL) ||
		is.is_inline != was.is_inline);
	arena_clear(&a);
	return added ? "an attribute behind a comma" : NULL;
}

const char *
each_shape_added(enum each_shape shape, const char *text, const char *plain)
{
	switch (shape) {
	case SHAPE_ADDRESSES:
		return added_addresses(text, plain);
	case SHAPE_FIELD:
		return added_field(text, plain);
	case SHAPE_PART:
		return added_attribute(text, plain);
	case SHAPE_ANY:
		break;
	}
	return NULL;
}
