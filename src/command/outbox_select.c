#include "command/outbox_select.h"

#include <string.h>

#include "lib/ascii.h"

static bool
contains(const char *text, const char *part)
{
	const size_t n = strlen(text), k = strlen(part);
	size_t i;

	for (i = 0; i + k <= n; i++)
		if (ascii_equal_n(text + i, k, part))
			return true;
	return false;
}

bool
outbox_selects(
    const struct outbox_select *select, const struct outbox_message *m)
{
	size_t i;

	if (select == NULL || select->text == NULL)
		return true;
	if (select->what == 'I')
		return contains(m->envelope.id, select->text);
	if (select->what == 'S')
		return contains(m->envelope.reverse_path, select->text);
	for (i = 0; i < m->envelope.count; i++)
		if (contains(m->envelope.recipients[i].address, select->text))
			return true;
	return false;
}
