#include "batch/template.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/memory.h"
#include "lib/printable.h"

#include "batch/template_internal.h"

/* What names are looked up in, the innermost first. */
struct context {
	const struct value *value;
	const struct context *outer;
};

struct rendering {
	struct template *t;
	enum template_escape escape;
	struct buf *out;
	size_t steps;
	struct error *err;
};

int
template_new(const char *text, size_t n, const char *name,
    struct template **out, struct error *err)
{
	struct template *t = memory_alloc(sizeof(*t));

	t->name = name;
	if (template_compile(t, text, n, err) == -1) {
		template_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

void
template_free(struct template *t)
{
	if (t == NULL)
		return;
	arena_clear(&t->arena);
	free(t);
}

bool
template_is_plain(const struct template *t)
{
	return t->plain;
}

const struct template_name *
template_names(const struct template *t, size_t *count)
{
	*count = t->name_count;
	return t->names;
}

/* --- names ----------------------------------------------------------------*/

/* As value_member, but quick where the records are alike. */
static const struct value *
member(const struct value *object, struct part *part)
{
	const struct value_member *m;
	size_t i, k;

	if (object->kind != VALUE_OBJECT)
		return NULL;
	for (i = 0, k = part->member; i < object->count; i++, k++) {
		if (k >= object->count)
			k = 0;
		m = &object->members[k];
		if (m->name_len == part->len &&
		    memcmp(m->name, part->text, part->len) == 0) {
			part->member = k;
			return &m->value;
		}
	}
	return NULL;
}

/* The first part is looked up in all contexts, the others in what it is. */
static const struct value *
look_up(const struct node *node, const struct context *context)
{
	const struct value *v = NULL;
	size_t i;

	if (node->part_count == 0)
		return context->value;
	for (; context != NULL && v == NULL; context = context->outer)
		v = member(context->value, &node->parts[0]);
	for (i = 1; i < node->part_count && v != NULL; i++)
		v = member(v, &node->parts[i]);
	return v;
}

/* --- what is put out ------------------------------------------------------*/

static int
no_text(const struct rendering *r, const struct node *node, const char *what)
{
	struct buf name = BUF_WITH_MAX(200);

	printable_append(&name, node->text, node->len);
	error_set(r->err, EX_DATAERR,
	    "%s: line %llu, column %llu: '%s' is %s, and no text", r->t->name,
	    (unsigned long long)node->line, (unsigned long long)node->column,
	    buf_string(&name), what);
	buf_clear(&name);
	return -1;
}

static int
put(const struct rendering *r, const char *bytes, size_t n)
{
	if (buf_append(r->out, bytes, n) == 0)
		return 0;
	return error_set(r->err, EX_DATAERR,
	    "%s: more than %zu octets would become of it", r->t->name,
	    r->out->max);
}

static const char *
reference_for(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static int
put_escaped(const struct rendering *r, const char *text, size_t n)
{
	const char *reference;
	size_t begin = 0, i;

	for (i = 0; i < n; i++) {
		reference = reference_for(text[i]);
		if (reference == NULL)
			continue;
		if (put(r, text + begin, i - begin) == -1 ||
		    put(r, reference, strlen(reference)) == -1)
			return -1;
		begin = i + 1;
	}
	return put(r, text + begin, n - begin);
}

/* The value is all that a member of a list has before its angle bracket. */
static bool
is_phrase(const struct rendering *r, const struct node *node)
{
	const struct node *all = r->t->nodes, *before, *behind = node + 1;
	size_t i = 0, n;

	if (node->raw || behind == all + r->t->count ||
	    behind->kind != NODE_TEXT)
		return false;
	while (i < behind->len && ascii_is_blank(behind->text[i]))
		i++;
	if (i == behind->len || behind->text[i] != '<')
		return false;
	if (node == all)
		return true;
	before = node - 1;
	n = before->len;
	while (before->kind == NODE_TEXT && n > 0 &&
	    ascii_is_blank(before->text[n - 1]))
		n--;
	return before->kind == NODE_TEXT &&
	    (n == 0 || before->text[n - 1] == ',');
}

/* As a quoted-string where it is more than atoms. */
static int
put_phrase(const struct rendering *r, const char *text, size_t n)
{
	size_t i, begin = 0;

	for (i = 0; i < n && strchr("()<>[]:;@\\,.\"", text[i]) == NULL; i++)
		;
	if (i == n)
		return put(r, text, n);
	if (put(r, "\"", 1) == -1)
		return -1;
	for (i = 0; i < n; i++) {
		if (text[i] != '"' && text[i] != '\\')
			continue;
		if (put(r, text + begin, i - begin) == -1 ||
		    put(r, "\\", 1) == -1)
			return -1;
		begin = i;
	}
	return put(r, text + begin, n - begin) == -1 ? -1 : put(r, "\"", 1);
}

static int
put_value(
    const struct rendering *r, const struct node *node, const struct value *v)
{
	if (r->escape == TEMPLATE_SHAPE && !node->raw)
		return put(r, "x", 1);
	if (v == NULL)
		return 0;
	switch (v->kind) {
	case VALUE_NULL:
		return 0;
	case VALUE_FALSE:
		return put(r, "false", 5);
	case VALUE_TRUE:
		return put(r, "true", 4);
	case VALUE_LIST:
		return no_text(r, node, "a list");
	case VALUE_OBJECT:
		return no_text(r, node, "an object");
	case VALUE_NUMBER:
	case VALUE_TEXT:
		break;
	}
	if (r->escape == TEMPLATE_HTML && !node->raw)
		return put_escaped(r, v->text, v->count);
	if (r->escape == TEMPLATE_ADDRESS && is_phrase(r, node))
		return put_phrase(r, v->text, v->count);
	return put(r, v->text, v->count);
}

/* --- nodes ----------------------------------------------------------------*/

static int render_nodes(
    struct rendering *, size_t from, size_t to, const struct context *);

/* The nodes of the section at `at`, whose name has a value that is true. */
static int
render_section(struct rendering *r, size_t at, const struct value *v,
    const struct context *outer)
{
	struct context context = {.value = v, .outer = outer};
	size_t end = r->t->nodes[at].end, i;

	if (v->kind != VALUE_LIST)
		return render_nodes(r, at + 1, end, &context);
	for (i = 0; i < v->count; i++) {
		context.value = &v->items[i];
		if (render_nodes(r, at + 1, end, &context) == -1)
			return -1;
	}
	return 0;
}

static int
render_nodes(
    struct rendering *r, size_t from, size_t to, const struct context *context)
{
	const struct node *node;
	const struct value *v;
	size_t i;
	int rc = 0;

	for (i = from; i < to && rc == 0; i++) {
		node = &r->t->nodes[i];
		if (r->steps++ == TEMPLATE_STEPS_MAX)
			return error_set(r->err, EX_DATAERR,
			    "%s: its sections stand there too often",
			    r->t->name);
		if (node->kind == NODE_TEXT) {
			rc = put(r, node->text, node->len);
			continue;
		}
		v = look_up(node, context);
		if (node->kind == NODE_VALUE) {
			rc = put_value(r, node, v);
			continue;
		}
		if (node->kind == NODE_INVERTED && !value_is_true(v))
			rc = render_nodes(r, i + 1, node->end, context);
		if (node->kind == NODE_SECTION && value_is_true(v))
			rc = render_section(r, i, v, context);
		i = node->end;
	}
	return rc;
}

int
template_render(struct template *t, const struct value *record,
    enum template_escape escape, struct buf *out, struct error *err)
{
	struct rendering r = {.t = t, .escape = escape, .out = out, .err = err};
	const struct context context = {.value = record};

	return render_nodes(&r, 0, t->count, &context);
}
