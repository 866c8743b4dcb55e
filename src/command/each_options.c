#include "command/each_options.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/part_spec.h"
#include "command/parts.h"
#include "options/missing.h"

static struct strings *
list_of(struct settings *s, const struct option_row *row)
{
	return row == NULL ? &s->message.operands
			   : (void *)((char *)s + row->offset);
}

static void
remove_at(struct strings *list, size_t i)
{
	list->count--;
	memmove(&list->items[i], &list->items[i + 1],
	    (list->count - i) * sizeof(*list->items));
}

void
each_options_put(struct settings *one, const struct settings *all,
    const struct option_row *row, size_t index, const char *text,
    struct arena *a)
{
	const struct strings *before =
	    list_of((struct settings *)(uintptr_t)all, row);
	struct strings *list = list_of(one, row);

	if (row != NULL && row->type == OPTION_STRING) {
		*(const char **)(void *)list = text;
		return;
	}
	if (list->items == before->items) {
		list->items =
		    arena_alloc(a, before->count * sizeof(*list->items));
		memcpy(list->items, before->items,
		    before->count * sizeof(*list->items));
	}
	/* Those that were taken away stood before it. */
	index -= before->count - list->count;
	if (text != NULL)
		list->items[index] = text;
	else
		remove_at(list, index);
}

/* A name that leads nowhere but down. */
static bool
goes_down(const char *name)
{
	size_t n;

	if (name[0] == '/' || name[0] == '\0')
		return false;
	for (; *name != '\0'; name += n + (name[n] == '/')) {
		n = strcspn(name, "/");
		if (n == 2 && name[0] == '.' && name[1] == '.')
			return false;
	}
	return true;
}

static bool
is_below(const char *directory, const char *path)
{
	size_t n = strlen(directory);
	char *real = realpath(path, NULL);
	/* That it is not there is said by who opens it. */
	bool is = real == NULL ||
	    (strncmp(real, directory, n) == 0 &&
		(real[n] == '/' || strcmp(directory, "/") == 0));

	free(real);
	return is;
}

/* The name of the file, without what may stand behind it. */
static const char *
file_of(const struct option_row *row, const char *text, struct arena *a)
{
	struct message_part part = {0};
	struct error ignored;

	if ((strcmp(row->name, "attach") == 0 ||
		strcmp(row->name, "inline") == 0) &&
	    part_spec_split(&part, a, text, &ignored) == 0)
		return part.name;
	return text;
}

static bool
is_read_once(const char *file)
{
	struct stat st;

	return parts_name_stdin(file) ||
	    (stat(file, &st) == 0 &&
		(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)));
}

const char *
each_options_file(const char *directory, const struct option_row *row,
    const char *text, struct arena *a, struct error *err)
{
	char quoted[OPTION_QUOTED_SIZE];
	const char *name = file_of(row, text, a), *path = name;

	/* An ID is no file. */
	if (strcmp(row->name, "in-reply-to") == 0 && text[0] == '<')
		return arena_strdup(a, text);
	if (directory != NULL) {
		path = arena_printf(a, "%s/%s", directory, name);
		text = arena_printf(a, "%s/%s", directory, text);
	}
	if (directory != NULL &&
	    (!goes_down(name) || !is_below(directory, path))) {
		error_set(err, EX_DATAERR, "--%s: %s leads out of %s",
		    row->name, option_quote(name, quoted), directory);
		return NULL;
	}
	if (!is_read_once(path))
		return arena_strdup(a, text);
	error_set(err, EX_DATAERR,
	    "--%s: %s can be read once, and each message needs it", row->name,
	    option_quote(path, quoted));
	error_hint(err, "put it into a file");
	return NULL;
}

int
each_options_check(
    const struct option_row *row, const char *text, struct error *err)
{
	struct arena a = {0};
	int fd, r = -1;

	if (each_options_file(NULL, row, text, &a, err) == NULL) {
		err->status = EX_USAGE;
	} else if (strcmp(row->name, "in-reply-to") == 0) {
		r = 0; /* perhaps an ID */
	} else {
		fd = missing_open(file_of(row, text, &a), err);
		if (fd != -1) {
			close(fd);
			r = 0;
		} else {
			error_context(err, "--%s", row->name);
		}
	}
	arena_clear(&a);
	return r;
}

static const char *
text_of(const struct value *v)
{
	switch (v->kind) {
	case VALUE_TEXT:
	case VALUE_NUMBER:
		return v->text;
	case VALUE_TRUE:
		return "yes";
	case VALUE_FALSE:
		return "no";
	case VALUE_NULL:
	case VALUE_LIST:
	case VALUE_OBJECT:
		break;
	}
	return NULL;
}

const struct option_origin each_options_origin = {LAYER_RECORD, "record"};

static int
take_value(struct settings *one, const struct option_row *row,
    const struct value *v, const char *directory, struct error *err)
{
	const char *text = text_of(v);

	if (text == NULL)
		return error_set(err, EX_DATAERR,
		    "--%s: what the record has is no text, number or truth%s",
		    row->name,
		    row->type == OPTION_LIST ? ", nor a list of these" : "");
	if (row->completion == COMPLETE_FILE) {
		text =
		    each_options_file(directory, row, text, &one->arena, err);
		if (text == NULL)
			return -1;
	}
	return option_set(one, row, text, &each_options_origin, err);
}

static int
take_option(struct settings *one, const struct value_member *m,
    const char *directory, struct error *err)
{
	const struct option_row *row = option_by_name(m->name);
	char quoted[OPTION_QUOTED_SIZE];
	size_t i;

	if (row == NULL || !option_composes(row))
		return error_set(err, EX_DATAERR,
		    "the record's options: %s is no option of a message",
		    option_quote(m->name, quoted));
	if (m->value.kind == VALUE_NULL)
		return 0;
	if (m->value.kind != VALUE_LIST || row->type != OPTION_LIST)
		return take_value(one, row, &m->value, directory, err);
	for (i = 0; i < m->value.count; i++)
		if (take_value(one, row, &m->value.items[i], directory, err) ==
		    -1)
			return -1;
	return 0;
}

int
each_options_take(struct settings *one, const struct settings *all,
    const struct value *record, const char *directory, struct error *err)
{
	const struct value *options = value_member(record, "options", 7);
	const size_t size = option_count() * sizeof(*one->origins);
	size_t i;

	if (options == NULL)
		return 0;
	if (options->kind != VALUE_OBJECT)
		return error_set(err, EX_DATAERR,
		    "\"options\" is no object of options and their values");
	one->origins = arena_alloc(&one->arena, size);
	memcpy(one->origins, all->origins, size);
	for (i = 0; i < options->count; i++)
		if (take_option(one, &options->members[i], directory, err) ==
		    -1)
			return -1;
	return 0;
}
