#include "message/local.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/printable.h"
#include "rfc5322/words.h"

const char *
local_domain(const struct message_params *p)
{
	return p->local != NULL && p->local->domain != NULL ? p->local->domain
							    : p->ident.host;
}

/* What is asked for one holds for whoever it stands for. */
static int
expand(struct message *m, const struct aliases *aliases,
    const struct address_list *list, struct address_list *out,
    struct error *err)
{
	struct address_list one = {.count = 1};
	size_t i, k, from;

	for (i = 0; i < list->count; i++)
		if (list->addresses[i].parameters != NULL)
			break;
	if (i == list->count)
		return aliases_expand(aliases, &m->arena, list, out, err);
	for (i = 0; i < list->count; i++) {
		from = out->count;
		one.addresses = &list->addresses[i];
		if (aliases_expand(aliases, &m->arena, &one, out, err) == -1)
			return -1;
		for (k = from; k < out->count; k++)
			out->addresses[k].parameters =
			    list->addresses[i].parameters;
	}
	return 0;
}

int
local_add_recipients(struct message *m, const struct message_params *p,
    const struct address_list *list, struct error *err)
{
	struct address_list out = {0};

	if (p->local == NULL || p->local->aliases == NULL || list->count == 0)
		return envelope_add(&m->envelope, list, err);
	if (expand(m, p->local->aliases, list, &out, err) == -1)
		return -1;
	return envelope_add(&m->envelope, &out, err);
}

int
local_full_name(struct message *m, const struct message_params *p,
    const char **name, struct error *err)
{
	const char *given = p->local != NULL ? p->local->full_name : NULL;
	struct buf utf8 = {0};
	struct error ignored;
	size_t i;

	*name = NULL;
	if (given == NULL || *given == '\0')
		return 0;
	for (i = 0; given[i] != '\0'; i++)
		if ((unsigned char)given[i] < ' ' || given[i] == 0x7f)
			return error_set(err, EX_USAGE,
			    "the sender's full name: a control character at "
			    "character %zu",
			    i + 1);
	/* Nobody looks at an error because of letters. */
	if (charset_option(&m->arena, p->charset, "the sender's full name",
		given, name, &ignored) == 0)
		return 0;
	words_append_utf8(&utf8, given, strlen(given));
	*name = arena_strdup(&m->arena, buf_string(&utf8));
	buf_clear(&utf8);
	return 0;
}

static bool
has_addresses(const struct header_field *f)
{
	static const char *const names[] = {
	    "From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
	const char *name = f->name;
	size_t n = f->name_len, i;

	if (n > 7 && ascii_equal_n(name, 7, "Resent-")) {
		name += 7;
		n -= 7;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ascii_equal_n(name, n, names[i]))
			return true;
	return false;
}

bool
local_qualify(struct arena *a, const struct message_params *p,
    const struct header_field *f, struct buf *out)
{
	struct address_params params = {
	    .domain = local_domain(p), .encoded_words = true, .folded = true};
	struct address_list list = {0};
	struct error ignored;
	const char *text;
	size_t i, at = 0;
	bool any = false;

	if (p->local == NULL || !p->local->qualify || !has_addresses(f))
		return false;
	text = arena_strndup(a, f->value, f->value_len);
	if (address_parse(a, text, &params, &list, &ignored) == -1)
		return false;
	for (i = 0; i < list.count; i++)
		any |= list.addresses[i].bare;
	if (!any)
		return false;
	buf_append(out, f->name, (size_t)(f->value - f->name));
	for (i = 0; i < list.count; i++) {
		const struct address *address = &list.addresses[i];

		if (!address->bare)
			continue;
		buf_append(out, f->value + at, address->bare_end - at);
		buf_printf(out, "@%s", address->domain);
		at = address->bare_end;
	}
	buf_append(out, f->value + at, (size_t)(f->next - f->value) - at);
	return true;
}
