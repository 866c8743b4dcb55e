#include "batch/jsonl.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

/* Numbers are taken from the text of the line, in which they come in the order
 * of the tree. */
struct walk {
	const struct jansson *json;
	struct arena *arena;
	const char *at, *end;
};

int
jsonl_init(struct jsonl *l, struct error *err)
{
	*l = (struct jsonl){0};
	return jansson_open(&l->json, "records in JSON", err);
}

void
jsonl_clear(struct jsonl *l)
{
	arena_clear(&l->arena);
}

/* --- values ---------------------------------------------------------------*/

/* Behind the string whose opening quote stands at `at`. */
static const char *
behind_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\';
	return at + 1;
}

static bool
is_of_number(char c)
{
	return ascii_is_digit(c) || c == '-' || c == '+' || c == '.' ||
	    c == 'e' || c == 'E';
}

/* The next number of the line, which is well-formed JSON. */
static void
take_number(struct walk *w, struct value *v)
{
	const char *at = w->at, *begin;

	while (at < w->end && !ascii_is_digit(*at) && *at != '-')
		at = *at == '"' ? behind_string(at, w->end) : at + 1;
	begin = at;
	while (at < w->end && is_of_number(*at))
		at++;
	v->kind = VALUE_NUMBER;
	v->count = (size_t)(at - begin);
	v->text = arena_memdup(w->arena, begin, v->count);
	w->at = at;
}

static void take_value(struct walk *, json_t *, struct value *);

static void
take_list(struct walk *w, json_t *list, struct value *v)
{
	struct value *items;
	size_t i;

	v->kind = VALUE_LIST;
	v->count = w->json->array_size(list);
	v->items = items = arena_alloc(w->arena, v->count * sizeof(*items));
	for (i = 0; i < v->count; i++)
		take_value(w, w->json->array_get(list, i), &items[i]);
}

static void
take_object(struct walk *w, json_t *object, struct value *v)
{
	const struct jansson *j = w->json;
	struct value_member *m = NULL;
	size_t capacity = 0;
	const char *key;
	void *i;

	v->kind = VALUE_OBJECT;
	for (i = j->object_iter(object); i != NULL;
	     i = j->object_iter_next(object, i)) {
		m = arena_grown(w->arena, m, v->count, &capacity, sizeof(*m));
		key = j->object_iter_key(i);
		m[v->count] =
		    (struct value_member){.name = arena_strdup(w->arena, key),
			.name_len = strlen(key)};
		take_value(w, j->object_iter_value(i), &m[v->count].value);
		v->count++;
	}
	v->members = m;
}

static void
take_value(struct walk *w, json_t *j, struct value *v)
{
	*v = (struct value){.kind = VALUE_NULL};
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		take_object(w, j, v);
		break;
	case JSON_ARRAY:
		take_list(w, j, v);
		break;
	case JSON_STRING:
		v->kind = VALUE_TEXT;
		v->count = w->json->string_length(j);
		v->text =
		    arena_memdup(w->arena, w->json->string_value(j), v->count);
		break;
	case JSON_INTEGER:
	case JSON_REAL:
		take_number(w, v);
		break;
	case JSON_TRUE:
		v->kind = VALUE_TRUE;
		break;
	case JSON_FALSE:
		v->kind = VALUE_FALSE;
		break;
	case JSON_NULL:
		break;
	}
}

/* --- lines ----------------------------------------------------------------*/

static enum jsonl_result
bad_line(
    const struct jsonl *l, size_t column, const char *text, struct error *err)
{
	struct buf shown = BUF_WITH_MAX(500);

	printable_append(&shown, text, strlen(text));
	error_set(err, EX_DATAERR, "line %llu, column %zu: %s",
	    (unsigned long long)l->line, column, buf_string(&shown));
	buf_clear(&shown);
	return JSONL_BAD_RECORD;
}

/* The library tells it in its own terms. */
static bool
is_nul(const char *text)
{
	static const char value[] = "\\u0000 is not", key[] = "NUL byte";

	return strncmp(text, value, sizeof(value) - 1) == 0 ||
	    strncmp(text, key, sizeof(key) - 1) == 0;
}

/* `blanks`: how many octets stand before what is no blank. */
static enum jsonl_result
read_line(struct jsonl *l, const char *line, size_t n, size_t blanks,
    struct value *record, struct error *err)
{
	struct walk walk = {&l->json, &l->arena, line, line + n};
	json_error_t error;
	json_t *object;

	if (line[blanks] != '{') {
		bad_line(l, blanks + 1,
		    "an object is expected, from its { to its }", err);
		error_hint(err,
		    "jq -c . FILE writes each object on a line of its own, and "
		    "jq -c '.[]' FILE those of a list");
		return JSONL_BAD_RECORD;
	}
	/* Integers have any size. */
	object = l->json.loadb(
	    line, n, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
	if (object == NULL)
		return bad_line(l, error.column > 0 ? (size_t)error.column : 1,
		    is_nul(error.text) ? "a NUL in a text" : error.text, err);
	take_value(&walk, object, record);
	jansson_free(&l->json, object);
	return JSONL_RECORD;
}

/* The line that is at `at`, and its LF; 0: it is not whole. */
static size_t
whole_line(struct jsonl *l, const char *at, size_t n, bool ended)
{
	const char *lf = memchr(at + l->seen, '\n', n - l->seen);

	l->seen = lf != NULL || ended ? 0 : n;
	return lf != NULL ? (size_t)(lf - at) + 1 : ended ? n : 0;
}

static size_t
blanks_of(const char *line, size_t n)
{
	size_t i = 0;

	while (i < n && (ascii_is_blank(line[i]) || line[i] == '\r'))
		i++;
	return i;
}

void
jsonl_go_on(struct jsonl *l, uint64_t lines)
{
	l->begun = true;
	l->line = lines;
	l->seen = 0;
}

enum jsonl_result
jsonl_read(struct jsonl *l, const char *bytes, size_t n, bool ended,
    size_t *used, struct value *record, struct error *err)
{
	static const char bom[] = {'\xef', '\xbb', '\xbf'};
	size_t at = 0, len, content, blanks;

	*used = 0;
	arena_clear(&l->arena);
	if (!l->begun) {
		if (n < sizeof(bom) && !ended && memcmp(bytes, bom, n) == 0)
			return JSONL_MORE;
		if (n >= sizeof(bom) && memcmp(bytes, bom, sizeof(bom)) == 0)
			at = sizeof(bom);
		l->begun = true;
	}
	while ((len = whole_line(l, bytes + at, n - at, ended)) > 0) {
		l->line++;
		*used = at + len;
		content = len - (bytes[at + len - 1] == '\n');
		blanks = blanks_of(bytes + at, content);
		if (blanks < content && content <= JSONL_LINE_MAX)
			return read_line(
			    l, bytes + at, content, blanks, record, err);
		if (content > JSONL_LINE_MAX)
			break;
		at += len;
	}
	if (len == 0 && n - at <= JSONL_LINE_MAX) {
		*used = at;
		return ended ? JSONL_END : JSONL_MORE;
	}
	l->line += len == 0;
	error_set(err, EX_DATAERR, "line %llu: it is longer than 16 MiB",
	    (unsigned long long)l->line);
	return JSONL_BAD;
}
