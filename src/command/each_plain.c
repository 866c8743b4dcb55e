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

/* One mailbox with nothing around it but its name; p->text. */
static bool
take_address(struct plan *p, struct arena *a, struct plan_words *w)
{
	const char *text = buf_string(&p->text);
	const struct address_params params = {.what = "", .unhinted = true};
	struct address_list list = {0};
	struct error ignored;

	if (text[strcspn(text, ",;:\"()\\")] != '\0' ||
	    address_parse(a, text, &params, &list, &ignored) == -1 ||
	    list.count != 1)
		return false;
	w->to = w->address.mailbox == NULL ? arena_memdup(a, text, p->text.len)
					   : NULL;
	w->address = list.addresses[0];
	return true;
}

static bool
take_subject(struct plan *p, const struct plan_text *t, struct arena *a,
    struct plan_words *w)
{
	struct error ignored;

	w->subject = arena_memdup(a, p->text.data, p->text.len);
	return option_check(
		   t->row, w->subject, &each_options_origin, &ignored) == 0;
}

static bool
take_text(struct plan *p, const struct plan_text *t,
    const struct record *record, struct arena *a, struct plan_words *w)
{
	bool address = t->shape == SHAPE_ADDRESSES;
	struct error ignored;

	return t->words &&
	    plan_render(p, t->template, record,
		address ? TEMPLATE_ADDRESS : TEMPLATE_TEXT, &ignored) == 0 &&
	    p->text.len > 0 && p->text.len <= PLAIN_MAX &&
	    p->text.data[0] != ' ' && is_printable(&p->text, false) &&
	    (address ? take_address(p, a, w) : take_subject(p, t, a, w));
}

static bool
take_recipient(struct plan *p, const struct record *record, struct arena *a,
    struct plan_words *w)
{
	const struct value *v = value_member(record->value, "to", 2);

	if (v == NULL)
		v = value_member(record->value, "email", 5);
	if (v == NULL || v->kind != VALUE_TEXT || v->count > PLAIN_MAX)
		return false;
	buf_reset(&p->text);
	buf_append(&p->text, v->text, v->count);
	return is_printable(&p->text, false) && take_address(p, a, w);
}

static bool
take_body(struct plan *p, const struct record *record, struct arena *a,
    struct plan_words *w)
{
	const char *file = p->settings->message.body_file;
	struct template *t = p->body;
	struct error ignored;

	if (p->settings->message.html != NULL)
		return false;
	if (file != NULL && !parts_name_stdin(file) &&
	    (p->body_varies || plan_content_open(p, file, &t, &ignored) == -1))
		return false;
	if (t == NULL)
		return true;
	if (plan_render(p, t, record, TEMPLATE_TEXT, &ignored) == -1 ||
	    !is_printable(&p->text, true))
		return false;
	w->body = arena_memdup(a, buf_string(&p->text), p->text.len);
	w->body_len = p->text.len;
	return true;
}

bool
plan_words(struct plan *p, const struct record *record, struct arena *a,
    struct plan_words *w)
{
	size_t i;

	*w = (struct plan_words){0};
	if (record->value == NULL ||
	    (p->records->form == RECORDS_JSONL &&
		value_member(record->value, "options", 7) != NULL))
		return false;
	for (i = 0; i < p->count; i++)
		if (!take_text(p, &p->texts[i], record, a, w))
			return false;
	return (p->names_recipients || take_recipient(p, record, a, w)) &&
	    take_body(p, record, a, w);
}
