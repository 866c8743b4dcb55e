#include "smtp/parameter.h"

#include <string.h>

size_t
smtp_parameters_put(const struct smtp_parameters *list,
    const struct smtp_capabilities *c, struct buf *out)
{
	const struct smtp_parameter *p = list->items;
	size_t octets = 0, i;

	for (i = 0; i < list->count; i++, p++) {
		if (!smtp_capable(c, p->extension))
			continue;
		octets += 1 + strlen(p->keyword);
		if (p->value != NULL)
			octets += 1 + strlen(p->value);
		if (out != NULL && p->value != NULL)
			buf_printf(out, " %s=%s", p->keyword, p->value);
		else if (out != NULL)
			buf_printf(out, " %s", p->keyword);
	}
	return octets;
}

const struct smtp_parameter *
smtp_parameters_missing(
    const struct smtp_parameters *list, const struct smtp_capabilities *c)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->items[i].demanded &&
		    !smtp_capable(c, list->items[i].extension))
			return &list->items[i];
	return NULL;
}
