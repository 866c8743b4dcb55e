#include "batch/value.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"

bool
value_is_true(const struct value *v)
{
	if (v == NULL || v->kind == VALUE_NULL || v->kind == VALUE_FALSE)
		return false;
	return v->count > 0 || (v->kind != VALUE_TEXT && v->kind != VALUE_LIST);
}

const struct value *
value_member(const struct value *object, const char *name, size_t len)
{
	const struct value_member *m;
	size_t i;

	if (object->kind != VALUE_OBJECT)
		return NULL;
	for (i = 0; i < object->count; i++) {
		m = &object->members[i];
		if (m->name_len == len && memcmp(m->name, name, len) == 0)
			return &m->value;
	}
	return NULL;
}

static int
again(const char *name, size_t column, size_t before, struct error *err)
{
	struct buf shown = BUF_WITH_MAX(200);

	printable_append(&shown, name, strnlen(name, 60));
	error_set(err, EX_DATAERR,
	    "columns %zu and %zu have the same name, '%s'", before + 1,
	    column + 1, buf_string(&shown));
	buf_clear(&shown);
	return -1;
}

int
value_of_columns(struct arena *a, const char *const names[], size_t n,
    struct value *object, struct error *err)
{
	struct value_member *members = arena_alloc(a, n * sizeof(*members));
	const char *name;
	size_t i, k, len;

	for (i = 0; i < n; i++) {
		name = names[i];
		while (ascii_is_blank(*name))
			name++;
		len = strlen(name);
		while (len > 0 && ascii_is_blank(name[len - 1]))
			len--;
		members[i] =
		    (struct value_member){.name = arena_memdup(a, name, len),
			.name_len = len,
			.value = {.kind = VALUE_TEXT, .text = ""}};
		for (k = 0; k < i && len > 0; k++)
			if (members[k].name_len == len &&
			    memcmp(members[k].name, name, len) == 0)
				return again(members[i].name, i, k, err);
	}
	*object = (struct value){
	    .kind = VALUE_OBJECT, .count = n, .members = members};
	return 0;
}

void
value_set_text(
    struct value *object, size_t column, const char *text, size_t len)
{
	object->members[column].value =
	    (struct value){.kind = VALUE_TEXT, .count = len, .text = text};
}
