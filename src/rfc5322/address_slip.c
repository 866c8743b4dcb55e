#include "rfc5322/address_slip.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"

enum { LONGEST = 200 }; /* octets, of a text that is guessed at */

static bool
is_address(const char *text, const struct address_params *params)
{
	struct address_params quiet = *params;
	struct address_list list = {0};
	struct arena arena = {0};
	struct error ignored;
	bool is;

	quiet.unhinted = true;
	is = strchr(text, '@') != NULL &&
	    address_parse(&arena, text, &quiet, &list, &ignored) == 0 &&
	    list.count > 0;
	arena_clear(&arena);
	return is;
}

static bool
suggest(const struct buf *meant, const struct address_params *params,
    struct error *err)
{
	struct buf shown = {0};

	if (!is_address(buf_string(meant), params))
		return false;
	printable_append(&shown, meant->data, meant->len);
	error_hint(err, "did you mean '%s'?", buf_string(&shown));
	buf_clear(&shown);
	return true;
}

/* Without the n bytes at a place. */
static bool
suggest_without(const char *text, const char *place, size_t n,
    const struct address_params *params, struct error *err)
{
	struct buf meant = {0};
	bool done;

	buf_append(&meant, text, (size_t)(place - text));
	buf_puts(&meant, place + n);
	done = suggest(&meant, params, err);
	buf_clear(&meant);
	return done;
}

/* One sign is a slip, a second '@' is only beside the first. */
static bool
is_slip(const char *text, const char *place)
{
	return *place != '\0' &&
	    (*place != '@' || strchr(text, '@') == place - 1);
}

static bool
suggest_slip(const char *text, const char *place,
    const struct address_params *params, struct error *err)
{
	static const char mailto[] = "mailto:";
	uint32_t rune;
	size_t n = printable_utf8(place, strlen(place), &rune);

	if (strlen(text) > LONGEST)
		return false;
	if (ascii_begins(text, mailto))
		return suggest_without(text, text, strlen(mailto), params, err);
	return (is_slip(text, place) &&
		   suggest_without(text, place, n > 0 ? n : 1, params, err)) ||
	    (place > text && is_slip(text, place - 1) &&
		suggest_without(text, place - 1, 1, params, err));
}

void
address_slip(const char *text, const char *place,
    const struct address_params *params, struct error *err)
{
	if (err->hint[0] == '\0' && !suggest_slip(text, place, params, err))
		error_hint(err,
		    "an address is written user@example.org, or Name "
		    "<user@example.org>");
}
