#include "lib/jansson.h"

#include <stdlib.h>
#include <string.h>

#include "lib/library.h"
#include "lib/printable.h"
#include "lib/secret_heap.h"

#define SONAME "libjansson.so.4"

LIBRARY_NOTE(
    "json", "reports in JSON (--json), signing in", "required", SONAME);

int
jansson_open(struct jansson *j, const char *use, struct error *err)
{
#define ROW(name) {"json_" #name, offsetof(struct jansson, name)},
	static const struct library_row rows[] = {
	    JSON_FUNCTIONS(ROW){"json_true", offsetof(struct jansson, yes)},
	    {"json_false", offsetof(struct jansson, no)},
	};
#undef ROW
	const struct library library = {
	    .soname = SONAME,
	    .package = "jansson (Debian: libjansson4)",
	    .rows = rows,
	    .row_count = sizeof(rows) / sizeof(rows[0]),
	};

	if (library_open(&library, j, err) == -1)
		return error_context(err, "%s", use);
	return 0;
}

void
jansson_set(struct jansson *j, json_t *object, const char *key, json_t *value)
{
	j->failed |= j->object_set_new(object, key, value) == -1;
}

void
jansson_append(struct jansson *j, json_t *array, json_t *value)
{
	j->failed |= j->array_append_new(array, value) == -1;
}

/* JSON strings are UTF-8; whatever a server said becomes that. */
json_t *
jansson_text(const struct jansson *j, const char *s)
{
	struct buf b = {0};
	json_t *v;

	if (s == NULL)
		return j->null();
	printable_append(&b, s, strlen(s));
	v = j->string(buf_string(&b));
	buf_clear(&b);
	return v;
}

/* What is not known is null, never "" or 0. */
json_t *
jansson_known_text(const struct jansson *j, const char *s)
{
	return jansson_text(j, s != NULL && *s != '\0' ? s : NULL);
}

json_t *
jansson_known_number(const struct jansson *j, int n)
{
	return n != 0 ? j->integer(n) : j->null();
}

json_t *
jansson_boolean(struct jansson *j, bool value)
{
	return value ? j->yes() : j->no();
}

static json_t *
pieces(struct jansson *j, const char *s, const char *between)
{
	json_t *pieces = j->array();
	struct buf piece = {0};
	size_t n;

	for (;; s += n + 1) {
		n = strcspn(s, between);
		buf_reset(&piece);
		printable_append(&piece, s, n);
		jansson_append(j, pieces, j->string(buf_string(&piece)));
		if (s[n] == '\0')
			break;
	}
	buf_clear(&piece);
	return pieces;
}

json_t *
jansson_lines(struct jansson *j, const char *s)
{
	return pieces(j, s, "\n");
}

json_t *
jansson_words(struct jansson *j, const char *s)
{
	return *s != '\0' ? pieces(j, s, " ") : j->array();
}

/* Writes the value and frees it. */
void
jansson_put(struct jansson *j, struct buf *out, json_t *value)
{
	char *dumped = j->dumps(
	    value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

	if (dumped != NULL)
		buf_puts(out, dumped);
	else
		j->failed = true;
	free(dumped);
	if (value != NULL && value->refcount != (size_t)-1 &&
	    --value->refcount == 0)
		j->delete (value);
}

/* A member of the outermost object.  Each is made, written and freed by
 * itself: of ten thousand recipients there is never more than one. */
void
jansson_member(
    struct jansson *j, struct buf *out, const char *key, json_t *value)
{
	buf_printf(out, ",\"%s\":", key);
	jansson_put(j, out, value);
}

json_t *
jansson_read(const struct jansson *j, const char *bytes, size_t n)
{
	json_t *v;

	j->set_alloc_funcs(malloc, secret_heap_free);
	v = j->loadb(bytes, n, JSON_REJECT_DUPLICATES, NULL);
	/* Perhaps for an integer that is beyond all. */
	if (v == NULL)
		v = j->loadb(bytes, n,
		    JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
	if (v == NULL || json_is_object(v))
		return v;
	jansson_free(j, v);
	return NULL;
}

void
jansson_free(const struct jansson *j, json_t *v)
{
	if (v != NULL && v->refcount != (size_t)-1 && --v->refcount == 0)
		j->delete (v);
}

const char *
jansson_string(const struct jansson *j, const json_t *object, const char *name)
{
	const json_t *v = j->object_get(object, name);
	const char *s = json_is_string(v) ? j->string_value(v) : NULL;

	return s != NULL && strlen(s) == j->string_length(v) ? s : NULL;
}
