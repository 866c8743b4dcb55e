/* each_plain: whether a record differs from another one in words only. */
#include "command/each_plan.h"

#include <string.h>

#include "command/each_options.h"
#include "options/option.h"
#include "rfc5322/address.h"

/* What is longer may not do on one line of a header. */
enum { PLAIN_MAX = 500 };

/* ASCII without controls, but for those of a text of several lines. */
static bool
is_printable(const struct buf *text, bool lines)
{
	const char *p = buf_string(text), *end = p + text->len;
	unsigned char odd = 0;

	for (; p < end; p++)
		odd |= (unsigned char)*p - 0x20U >= 0x5fU &&
		    !(lines && (*p == '\n' || *p == '\t'));
	return odd == 0;
}

/* One mailbox with nothing around it but its name. */
static bool
is_address(const struct buf *text, struct arena *a)
{
	const struct address_params params = {.what = "", .unhinted = true};
	struct address_list list = {0};
	struct error ignored;
	const char *s = buf_string(text);

	return s[strcspn(s, ",;:\"()\\")] == '\0' &&
	    address_parse(a, s, &params, &list, &ignored) == 0 &&
	    list.count == 1;
}

static bool
is_plain_text(struct plan *p, const struct plan_text *t,
    const struct record *record, struct arena *a)
{
	struct error ignored;

	return t->words &&
	    plan_render(p, t->template, record,
		t->shape == SHAPE_ADDRESSES ? TEMPLATE_ADDRESS : TEMPLATE_TEXT,
		&ignored) == 0 &&
	    p->text.len > 0 && p->text.len <= PLAIN_MAX &&
	    p->text.data[0] != ' ' && is_printable(&p->text, false) &&
	    (t->shape == SHAPE_ADDRESSES
		    ? is_address(&p->text, a)
		    : option_check(t->row, p->text.data, &each_options_origin,
			  &ignored) == 0);
}

static bool
names_plain_recipient(
    struct plan *p, const struct record *record, struct arena *a)
{
	const struct value *v = value_member(record->value, "to", 2);

	if (v == NULL)
		v = value_member(record->value, "email", 5);
	if (v == NULL || v->kind != VALUE_TEXT || v->count > PLAIN_MAX)
		return false;
	buf_reset(&p->text);
	buf_append(&p->text, v->text, v->count);
	return is_printable(&p->text, false) && is_address(&p->text, a);
}

static bool
has_plain_body(struct plan *p, const struct record *record)
{
	const char *file = p->settings->message.body_file;
	struct template *t = p->body;
	struct error ignored;

	if (p->settings->message.html != NULL)
		return false;
	if (file != NULL && !parts_name_stdin(file) &&
	    (p->body_varies || plan_content_open(p, file, &t, &ignored) == -1))
		return false;
	return t == NULL ||
	    (plan_render(p, t, record, TEMPLATE_TEXT, &ignored) == 0 &&
		is_printable(&p->text, true));
}

bool
plan_is_plain(struct plan *p, const struct record *record, struct arena *a)
{
	size_t i;

	if (record->value == NULL ||
	    (p->records->form == RECORDS_JSONL &&
		value_member(record->value, "options", 7) != NULL))
		return false;
	for (i = 0; i < p->count; i++)
		if (!is_plain_text(p, &p->texts[i], record, a))
			return false;
	return (p->names_recipients || names_plain_recipient(p, record, a)) &&
	    has_plain_body(p, record);
}
