/* each_fill: the values of a plan, filled in with one record. */
#include "command/each_plan.h"

#include <string.h>

#include "command/each_options.h"
#include "lib/charset.h"
#include "options/option.h"

static int
render(struct template *t, const struct record *record,
    enum template_escape escape, struct buf *out, struct error *err)
{
	buf_reset(out);
	return template_render(t, record->value, escape, out, err);
}

int
plan_render(struct plan *p, struct template *t, const struct record *record,
    enum template_escape escape, struct error *err)
{
	return render(t, record, escape, &p->text, err);
}

static int
refuse(const char *name, const char *text, const char *added,
    const char *variable, struct error *err)
{
	char quoted[OPTION_QUOTED_SIZE];

	if (strpbrk(text, "\r\n") != NULL)
		return error_set(err, EX_DATAERR,
		    "%s: %s has a line break, which could reach a header or a "
		    "command",
		    name, option_quote(text, quoted));
	error_set(err, EX_DATAERR, "%s: %s: the record adds %s", name,
	    option_quote(text, quoted), added);
	return error_hint(err, "%s lets it", variable);
}

/* Into p->text. */
static int
fill_text(struct plan *p, const struct plan_text *t,
    const struct record *record, struct error *err)
{
	const char *added;

	if (render(t->template, record,
		t->addresses ? TEMPLATE_ADDRESS : TEMPLATE_TEXT, &p->text,
		err) == -1)
		return -1;
	if (t->shape == SHAPE_ANY || p->text.len == 0)
		return 0;
	if (render(t->template, record, TEMPLATE_SHAPE, &p->plain, err) == -1)
		return -1;
	added = each_shape_added(
	    t->shape, buf_string(&p->text), buf_string(&p->plain));
	return added == NULL ? 0
			     : refuse(t->name, buf_string(&p->text), added,
				   "{{{name}}} in the place of {{name}}", err);
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " \t")] == '\0';
}

static int
fill_texts(struct plan *p, const struct record *record, struct arena *a,
    struct settings *out, struct error *err)
{
	const struct plan_text *t;
	const char *text;
	size_t i;

	for (i = 0; i < p->count; i++) {
		t = &p->texts[i];
		if (fill_text(p, t, record, err) == -1)
			return -1;
		text = buf_string(&p->text);
		if (is_blank(text))
			text = NULL;
		else if (t->file)
			text = each_options_file(
			    p->directory, t->row, text, a, err);
		else
			text = arena_memdup(a, text, p->text.len);
		if (text == NULL && !is_blank(buf_string(&p->text)))
			return -1;
		if (text != NULL && t->row != NULL &&
		    option_check(t->row, text, &each_options_origin, err) == -1)
			return -1;
		each_options_put(out, p->settings, t->row, t->index, text, a);
	}
	return 0;
}

static int
take_recipients(const char *name, const struct value *v, struct arena *a,
    struct strings *list, struct error *err)
{
	const char *added;
	size_t i;

	switch (v->kind) {
	case VALUE_NULL:
		return 0;
	case VALUE_LIST:
		for (i = 0; i < v->count; i++)
			if (take_recipients(name, &v->items[i], a, list, err) ==
			    -1)
				return -1;
		return 0;
	case VALUE_TEXT:
		break;
	default:
		return error_set(err, EX_DATAERR,
		    "'%s' is neither an address nor a list of these", name);
	}
	if (is_blank(v->text))
		return 0;
	added = each_shape_added(SHAPE_LIST, v->text, "");
	if (added != NULL)
		return refuse(
		    name, v->text, added, "--to with the name in {{{ }}}", err);
	strings_append(list, a, v->text);
	return 0;
}

/* In its options, without --to, which stands for all who are named. */
static bool
names_others(const struct settings *s)
{
	static const char *const names[] = {
	    "cc", "bcc", "to-file", "cc-file", "bcc-file"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (option_origin(s, option_by_name(names[i]))->layer ==
		    LAYER_RECORD)
			return true;
	return false;
}

/* Where nobody is named, the record says whom it is for. */
static int
fill_recipients(const struct plan *p, const struct record *record,
    struct arena *a, struct settings *out, struct error *err)
{
	const struct value *v = value_member(record->value, "to", 2);
	const char *name = v != NULL ? "to" : "email";

	if (p->names_recipients || option_on_argv(out, "to"))
		return 0;
	if (v == NULL)
		v = value_member(record->value, "email", 5);
	if (v == NULL && names_others(out))
		return 0;
	if (v == NULL) {
		error_set(err, EX_DATAERR,
		    "no recipients: there is no 'to' or 'email' in it");
		return error_hint(err, "--to '{{name}}' says where they stand");
	}
	out->message.operands = (struct strings){0};
	if (take_recipients(name, v, a, &out->message.operands, err) == -1)
		return -1;
	if (out->message.operands.count > 0)
		return 0;
	return error_set(err, EX_DATAERR, "no recipients: '%s' is empty", name);
}

static int
render_content(struct plan *p, struct template *t, const struct record *record,
    enum template_escape escape, struct arena *a, const char **out,
    struct error *err)
{
	if (render(t, record, escape, &p->text, err) == -1)
		return -1;
	*out = arena_memdup(a, buf_string(&p->text), p->text.len);
	return 0;
}

static int
fill_contents(struct plan *p, const struct record *record, struct arena *a,
    struct settings *out, struct compose_own *own, struct error *err)
{
	struct settings_message *m = &out->message;
	struct template *t = p->body;

	own->fd = -1;
	own->name =
	    p->body != NULL && m->body == NULL ? "standard input" : "--body";
	if (m->html != NULL) {
		struct template *html;

		if (plan_content_open(p, m->html, &html, err) == -1 ||
		    render_content(p, html, record, TEMPLATE_HTML, a,
			&own->html, err) == -1)
			return error_context(err, "--html");
	}
	if (m->body_file != NULL && !parts_name_stdin(m->body_file)) {
		own->name = m->body_file;
		if (plan_content_open(p, m->body_file, &t, err) == -1)
			return error_context(err, "--body-file");
	}
	/* What a record says itself is no template. */
	if (option_origin(out, option_by_name("body"))->layer == LAYER_RECORD) {
		own->text = m->body;
		return 0;
	}
	return t != NULL
	    ? render_content(p, t, record, TEMPLATE_TEXT, a, &own->text, err)
	    : 0;
}

static bool
is_ascii(const struct value *v)
{
	bool is = true;
	size_t i;

	switch (v->kind) {
	case VALUE_TEXT:
		for (i = 0; i < v->count && is; i++)
			is = (unsigned char)v->text[i] < 0x80;
		break;
	case VALUE_LIST:
		for (i = 0; i < v->count && is; i++)
			is = is_ascii(&v->items[i]);
		break;
	case VALUE_OBJECT:
		for (i = 0; i < v->count && is; i++)
			is = is_ascii(&v->members[i].value);
		break;
	default:
		break;
	}
	return is;
}

/* Texts of a message are in one charset. */
static int
check_charset(const struct plan *p, const struct record *record,
    const struct settings *one, const struct compose_own *own,
    struct error *err)
{
	const char *charset =
	    one->message.charset != NULL ? one->message.charset : own->charset;
	char quoted[OPTION_QUOTED_SIZE];

	if (!p->records->utf8 || charset_is_utf8(charset) ||
	    charset_is_ascii(charset) || is_ascii(record->value))
		return 0;
	error_set(err, EX_DATAERR,
	    "the record is in UTF-8, and the text beside it in %s",
	    option_quote(charset, quoted));
	return error_hint(err,
	    "--charset utf-8 says that the text and the options are in UTF-8, "
	    "too");
}

int
plan_fill(struct plan *p, const struct record *record, struct arena *a,
    struct settings *out, struct compose_own *own, struct error *err)
{
	*out = *p->settings;
	out->arena = (struct arena){0};
	if (records_are_complete(p->records))
		return 0;
	/* A column "options" is one like others. */
	if (fill_texts(p, record, a, out, err) == -1 ||
	    (p->records->form == RECORDS_JSONL &&
		each_options_take(out, p->settings, record->value, p->directory,
		    err) == -1) ||
	    check_charset(p, record, out, own, err) == -1 ||
	    fill_recipients(p, record, a, out, err) == -1)
		return -1;
	return fill_contents(p, record, a, out, own, err);
}
