/* each_blame: the place in the list that the error of a record is about. */
#include "command/each.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

/* What the error shows, as far as it is known. */
struct shown {
	const char *error;
	struct buf text; /* printable */
	size_t len;	 /* of the longest; 0: none */
};

static bool
is_word(char c)
{
	return ascii_is_letter_or_digit(c) || ((unsigned char)c & 0x80) != 0;
}

/* As what somebody wrote, and not as a word of ours. */
static bool
is_shown(const char *error, const char *text, size_t n)
{
	const char *at = error;
	char before, behind;

	for (; (at = strstr(at, text)) != NULL; at++) {
		before = at > error ? at[-1] : ' ';
		behind = at[n] != '\0' ? at[n] : ' ';
		if (!is_word(before) && !is_word(behind) &&
		    !(before == ' ' && behind == ' '))
			return true;
	}
	return false;
}

/* Whether the error shows this, and nothing longer so far. */
static bool
is_best(struct shown *s, const char *text, size_t n)
{
	if (n <= s->len)
		return false;
	buf_reset(&s->text);
	printable_append(&s->text, text, n);
	if (!is_shown(s->error, buf_string(&s->text), s->text.len))
		return false;
	s->len = n;
	return true;
}

static const struct csv_field *
shown_cell(struct shown *s, const struct csv_record *cells)
{
	const struct csv_field *best = NULL;
	size_t i;

	for (i = 0; i < cells->count; i++)
		if (is_best(s, cells->fields[i].text, cells->fields[i].len))
			best = &cells->fields[i];
	return best;
}

/* What cannot be shown. */
static const struct csv_field *
odd_cell(const struct csv_record *cells, const char *error)
{
	size_t i;

	for (i = 0; i < cells->count && strstr(error, "is not UTF-8") != NULL;
	     i++)
		if (!printable_is_utf8(
			cells->fields[i].text, cells->fields[i].len))
			return &cells->fields[i];
	return NULL;
}

static const struct value *
shown_value(struct shown *s, const struct value *v, const struct value *best)
{
	size_t i;

	if (v->kind == VALUE_TEXT && is_best(s, v->text, v->count))
		return v;
	for (i = 0; v->kind == VALUE_LIST && i < v->count; i++)
		best = shown_value(s, &v->items[i], best);
	for (i = 0; v->kind == VALUE_OBJECT && i < v->count; i++)
		best = shown_value(s, &v->members[i].value, best);
	return best;
}

/* Of a text that stands in a line of JSON as it is; 0: none does. */
static uint64_t
column_of(const char *line, size_t n, const struct value *v)
{
	const char *at;
	uint64_t column = 1;
	struct buf quoted = {0};

	buf_printf(&quoted, "\"%s\"", v->text);
	at = memmem(line, n, buf_string(&quoted), quoted.len);
	buf_clear(&quoted);
	if (at == NULL)
		return 0;
	for (; line < at; line++)
		column += (*line & 0xc0) != 0x80;
	return column;
}

void
each_message_blame(
    const struct each *e, const struct record *r, struct error *err)
{
	struct shown s = {.error = err->text};
	const struct csv_field *cell;
	const struct value *v;
	uint64_t line = r->line, column = 0;

	if (e->records.form == RECORDS_FILES ||
	    e->records.form == RECORDS_MAILDIR)
		return;
	if (err->status == EX_USAGE)
		err->status = EX_DATAERR;
	if (r->cells != NULL) {
		cell = odd_cell(r->cells, err->text);
		if (cell == NULL)
			cell = shown_cell(&s, r->cells);
		if (cell != NULL) {
			line = cell->line;
			column = cell->column;
		}
	} else if (r->object != NULL) {
		v = shown_value(&s, r->value, NULL);
		if (v != NULL)
			column = column_of(r->object, r->object_len, v);
	}
	buf_clear(&s.text);
	if (column != 0)
		error_context(err, "%s: line %llu, column %llu",
		    e->records.name, (unsigned long long)line,
		    (unsigned long long)column);
	else
		error_context(err, "%s: line %llu", e->records.name,
		    (unsigned long long)line);
}
