#include "smtp/payload.h"

#include <string.h>

/* The dots to be doubled: those behind a line end. */
static size_t
count(char before, const char *bytes, size_t n)
{
	const char *at = bytes, *end = bytes + n;
	size_t dots = *at == '.' && before == '\n';

	/* Base64 has no dots at all: its lines are not looked for. */
	if (memchr(at, '.', n) == NULL)
		return 0;
	/* memchr for line ends beats a search for "\n." by far. */
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL)
		dots += ++at < end && *at == '.';
	return dots;
}

void
payload_pass(struct payload_dots *p, const struct buf *out, size_t n)
{
	const char *end = out->data + out->len;

	if (n == 0)
		return;
	p->before[0] = n > 1 ? end[-2] : p->before[1];
	p->before[1] = end[-1];
}

void
payload_stuff(struct payload_dots *p, struct buf *out, size_t n)
{
	char *bytes = out->data + out->len - n, *from, *to;
	char before = p->before[1];
	size_t dots;

	if (n == 0)
		return;
	payload_pass(p, out, n);
	dots = count(before, bytes, n);
	out->len += dots;
	/* From the end, so that nothing is overwritten. */
	for (from = bytes + n, to = from + dots; to > from;) {
		*--to = *--from;
		if (*from == '.' && (from > bytes ? from[-1] : before) == '\n')
			*--to = '.';
	}
	out->data[out->len] = '\0';
}

void
payload_end(struct payload_dots *p, struct buf *out)
{
	if (p->before[0] != '\r' || p->before[1] != '\n')
		buf_puts(out, "\r\n");
	buf_puts(out, ".\r\n");
	*p = PAYLOAD_DOTS_START;
}
