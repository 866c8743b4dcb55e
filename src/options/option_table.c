/* option_table: see option_table.h. */
#include "options/option_table.h"

#include <string.h>

#include "options/nearest.h"
#include "options/rows.h"

const struct option_section *const option_sections[] = {
    &section_recipients,
    &section_message,
    &section_parts,
    &section_envelope,
    &section_server,
    &section_proxy,
    &section_authentication,
    &section_delivery,
    &section_many,
    &section_outbox,
    &section_report,
    &section_queries,
    &section_general,
    NULL,
};

const struct option_row *
option_first_after(const struct option_row *row)
{
	const struct option_section *const *s = option_sections;

	if (row == NULL)
		return (*s)->rows;
	while (row + 1 != (*s)->rows + (*s)->count)
		s++;
	return s[1] != NULL ? s[1]->rows : NULL;
}

size_t
option_count(void)
{
	const struct option_section *const *s = option_sections;
	size_t n = 0;

	for (; *s != NULL; s++)
		n += (*s)->count;
	return n;
}

size_t
option_number(const struct option_row *row)
{
	const struct option_section *const *s = option_sections;
	size_t n = 0;

	for (; row < (*s)->rows || row >= (*s)->rows + (*s)->count; s++)
		n += (*s)->count;
	return n + (size_t)(row - (*s)->rows);
}

const struct option_row *
option_numbered(size_t n)
{
	const struct option_section *const *s = option_sections;

	for (; n >= (*s)->count; s++)
		n -= (*s)->count;
	return (*s)->rows + n;
}

static bool
is_of(const struct option_row *row, const struct option_section *section)
{
	return row >= section->rows && row < section->rows + section->count;
}

bool
option_composes(const struct option_row *row)
{
	return (row->applies & CALL_COMPOSED) != 0 &&
	    (is_of(row, &section_recipients) || is_of(row, &section_message) ||
		is_of(row, &section_parts) || is_of(row, &section_envelope));
}

bool
option_is_of_message(const struct option_row *row)
{
	return (row->type == OPTION_STRING || row->type == OPTION_LIST) &&
	    option_composes(row);
}

const struct option_row *
option_by_name(const char *name)
{
	const struct option_row *row = NULL;

	/* Few names begin alike. */
	while ((row = option_next(row)) != NULL)
		if (row->name[0] == name[0] && strcmp(row->name, name) == 0)
			break;
	return row;
}

const char *
option_nearest(const char *name, unsigned scope)
{
	struct nearest n = {.word = name};
	const struct option_row *row = NULL;

	while ((row = option_next(row)) != NULL)
		if ((row->scope & scope) != 0)
			nearest_offer(&n, row->name);
	return n.best;
}

void
option_variable(const struct option_row *row, char out[OPTION_VARIABLE_SIZE])
{
	static const char prefix[] = "SMTPSEND_";
	const char *name = row->name;
	size_t n = sizeof(prefix) - 1;

	memcpy(out, prefix, n);
	for (; *name != '\0' && n < OPTION_VARIABLE_SIZE - 1; name++)
		if (*name == '-')
			out[n++] = '_';
		else if (*name >= 'a' && *name <= 'z')
			out[n++] = (char)(*name - 'a' + 'A');
		else
			out[n++] = *name;
	out[n] = '\0';
}
