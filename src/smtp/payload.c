#include "smtp/payload.h"

#include <string.h>

void
payload_stuff(
    struct payload_dots *p, struct buf *out, const char *bytes, size_t n)
{
	const char *from = bytes, *at = bytes, *end = bytes + n, *lf;

	if (n == 0)
		return;
	if (*at == '.' && p->before[1] == '\n')
		buf_putc(out, '.');
	/* memchr for line ends beats a search for "\n." by far. */
	while ((lf = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at = lf + 1;
		if (at == end || *at != '.')
			continue;
		buf_append(out, from, (size_t)(at - from));
		buf_putc(out, '.');
		from = at;
	}
	buf_append(out, from, (size_t)(end - from));
	p->before[0] = n > 1 ? end[-2] : p->before[1];
	p->before[1] = end[-1];
}

void
payload_end(struct payload_dots *p, struct buf *out)
{
	if (p->before[0] != '\r' || p->before[1] != '\n')
		buf_puts(out, "\r\n");
	buf_puts(out, ".\r\n");
	*p = PAYLOAD_DOTS_START;
}
