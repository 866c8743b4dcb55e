#include "command/each_shape.h"

#include <string.h>

#include "command/part_spec.h"
#include "lib/ascii.h"

/* How often a list of addresses has each of what divides it. */
struct signs {
	unsigned commas, semicolons, colons, angles;
};

/* Reads over a quoted-string, a domain literal, or a comment with others in
 * it. */
static const char *
skip(const char *p)
{
	char open = *p, close = open == '"' ? '"' : open == '[' ? ']' : ')';
	unsigned depth = 1;

	for (p++; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == close && --depth == 0)
			return p + 1;
		else if (*p == '(' && open == '(')
			depth++;
	}
	return p;
}

static struct signs
count_signs(const char *p)
{
	struct signs n = {0};

	while (*p != '\0') {
		if (*p == '"' || *p == '(' || *p == '[') {
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
	if (is.angles > was.angles && is.angles > was.commas + 1)
		return "another address";
	return NULL;
}

/* Of a variable that is a list by itself. */
static const char *
added_to_list(const char *text)
{
	struct signs is = count_signs(text);

	return is.colons > 0	? "a group"
	    : is.semicolons > 0 ? "a parameter of an address"
				: NULL;
}

bool
each_shape_has_addresses(enum each_shape shape, const char *text)
{
	static const char *const fields[] = {"To:", "Cc:", "Bcc:", "From:",
	    "Sender:", "Reply-To:", "Resent-To:", "Resent-Cc:", "Resent-Bcc:",
	    "Resent-From:", "Resent-Sender:", "Resent-Reply-To:",
	    "Disposition-Notification-To:", "Return-Receipt-To:",
	    "Mail-Followup-To:", "Mail-Reply-To:", "Errors-To:"};
	size_t i;

	for (i = 0;
	     shape == SHAPE_FIELD && i < sizeof(fields) / sizeof(*fields); i++)
		if (ascii_begins(text, fields[i]))
			return true;
	return shape == SHAPE_ADDRESSES;
}

/* RFC 2369: URIs in angle brackets, with commas between them. */
static bool
has_uris(const char *field)
{
	static const char *const fields[] = {
	    "List-Unsubscribe:", "List-Subscribe:", "List-Help:", "List-Post:",
	    "List-Owner:", "List-Archive:"};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (ascii_begins(field, fields[i]))
			return true;
	return false;
}

static const char *
added_uris(const char *text, const char *plain)
{
	static const char divides[] = "<>,", bare[] = "<>";

	/* "{{uri}}" may bring its brackets. */
	if (plain[strcspn(plain, divides)] == '\0' && strchr(text, '<') != NULL)
		plain = bare;
	for (;; text++, plain++) {
		text += strcspn(text, divides);
		plain += strcspn(plain, divides);
		if (*text != *plain)
			return "another URI";
		if (*text == '\0')
			return NULL;
	}
}

static const char *
added_field(const char *text, const char *plain)
{
	size_t n = strcspn(plain, ":");

	if (plain[n] == '\0' || strncmp(text, plain, n + 1) != 0)
		return "the name of a header field";
	if (has_uris(plain))
		return added_uris(text + n, plain + n);
	return each_shape_has_addresses(SHAPE_FIELD, plain)
	    ? added_addresses(text + n, plain + n)
	    : NULL;
}

static const char *
added_attribute(const char *text, const char *plain)
{
	struct message_part is = {0}, was = {0};
	struct arena a = {0};
	struct error ignored;
	bool added;

	/* What is no part at all is refused by who makes it. */
	added = part_spec_split(&is, &a, text, &ignored) == 0 &&
	    part_spec_split(&was, &a, plain, &ignored) == 0 &&
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
	case SHAPE_LIST:
		return added_to_list(text);
	case SHAPE_FIELD:
		return added_field(text, plain);
	case SHAPE_PART:
		return added_attribute(text, plain);
	case SHAPE_ANY:
		break;
	}
	return NULL;
}
