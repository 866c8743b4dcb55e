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

/* What stands open at a place in a list of addresses: a quoted-string, a comment
 * or a domain literal. */
struct nesting {
	size_t read;
	char open; /* '"', '(', '['; '\0': nothing */
	unsigned depth;
	bool escaped; /* by the backslash before */
};

struct rendering {
	struct template *t;
	enum template_escape escape;
	struct buf *out;
	struct nesting nesting; /* of TEMPLATE_ADDRESS, in `out` */
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

static char
closing(char open)
{
	return open == '(' ? ')' : open == '[' ? ']' : '"';
}

/* Reads on in a list of addresses. */
static void
read_on(struct nesting *in, const char *p, size_t n)
{
	const char *end = p + n;

	for (; p < end; p++) {
		if (in->escaped) {
			in->escaped = false;
		} else if (in->open == '\0') {
			if (*p == '"' || *p == '(' || *p == '[')
				*in = (struct nesting){in->read, *p, 1, false};
		} else if (*p == '\\') {
			in->escaped = true;
		} else if (*p == closing(in->open)) {
			if (--in->depth == 0)
				in->open = '\0';
		} else if (*p == '(' && in->open == '(') {
			in->depth++;
		}
	}
	in->read += n;
}

static bool
is_of_phrase(char c)
{
	return strchr("()<>[]:;@\\,\"\r\n", c) == NULL;
}

/* Nothing but words stands between the value and an angle bracket behind it. */
static bool
leads_to_angle(const struct template *t, const struct node *node)
{
	const struct node *end = t->nodes + t->count;
	size_t i;

	for (node++; node < end; node++) {
		if (node->kind == NODE_VALUE)
			continue;
		if (node->kind != NODE_TEXT)
			return false;
		for (i = 0; i < node->len; i++)
			if (!is_of_phrase(node->text[i]))
				return node->text[i] == '<';
	}
	return false;
}

/* Nor anything but words between it and the beginning of the member. */
static bool
begins_member(const struct template *t, const struct node *node)
{
	size_t n;

	while (node-- > t->nodes) {
		if (node->kind == NODE_VALUE)
			continue;
		if (node->kind != NODE_TEXT)
			break;
		for (n = node->len; n > 0; n--)
			if (!is_of_phrase(node->text[n - 1]))
				return node->text[n - 1] == ',' ||
				    node->text[n - 1] == ':';
	}
	return true;
}

/* With a backslash before each of `special`. */
static int
put_quoted(
    const struct rendering *r, const char *text, size_t n, const char *special)
{
	size_t begin = 0, i;

	for (i = 0; i < n; i++) {
		if (strchr(special, text[i]) == NULL)
			continue;
		if (put(r, text + begin, i - begin) == -1 ||
		    put(r, "\\", 1) == -1)
			return -1;
		begin = i;
	}
	return put(r, text + begin, n - begin);
}

/* As a quoted-string where it is more than atoms. */
static int
put_phrase(const struct rendering *r, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n && strchr("()<>[]:;@\\,.\"", text[i]) == NULL; i++)
		;
	if (i == n)
		return put(r, text, n);
	return put(r, "\"", 1) == -1 || put_quoted(r, text, n, "\"\\") == -1 ||
		put(r, "\"", 1) == -1
	    ? -1
	    : 0;
}

/* What the template opens is closed by the template, and what the value opens
 * by the value. */
static int
put_address(
    struct rendering *r, const struct node *node, const char *text, size_t n)
{
	struct nesting own = {0};
	struct buf name = BUF_WITH_MAX(200);

	if (node->raw)
		return put(r, text, n);
	read_on(&r->nesting, buf_string(r->out) + r->nesting.read,
	    r->out->len - r->nesting.read);
	switch (r->nesting.open) {
	case '"':
		return put_quoted(r, text, n, "\"\\");
	case '(':
		return put_quoted(r, text, n, "()\\");
	case '[':
		return put_quoted(r, text, n, "[]\\");
	default:
		break;
	}
	if (leads_to_angle(r->t, node) && begins_member(r->t, node))
		return put_phrase(r, text, n);
	read_on(&own, text, n);
	if (own.open == '\0')
		return put(r, text, n);
	printable_append(&name, text, n);
	error_set(r->err, EX_DATAERR,
	    "%s: line %llu, column %llu: '%s' has a quote or bracket that it "
	    "does not close",
	    r->t->name, (unsigned long long)node->line,
	    (unsigned long long)node->column, buf_string(&name));
	buf_clear(&name);
	return -1;
}

static int
put_value(struct rendering *r, const struct node *node, const struct value *v)
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
	if (r->escape == TEMPLATE_ADDRESS)
		return put_address(r, node, v->text, v->count);
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
	struct rendering r = {.t = t,
	    .escape = escape,
	    .out = out,
	    .nesting = {.read = out->len},
	    .err = err};
	const struct context context = {.value = record};

	return render_nodes(&r, 0, t->count, &context);
}
