#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* vsnprintf that never ends within a character of UTF-8. */
static void
format(char *out, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, size, fmt, ap);
	size_t end = size - 1;

	if (n < 0)
		out[0] = '\0';
	if (n < (int)size)
		return;
	while (end > 0 && ((unsigned char)out[end - 1] & 0xc0U) == 0x80)
		end--;
	if (end > 0 && (unsigned char)out[end - 1] >= 0xc0)
		end--;
	out[end] = '\0';
}

int
error_set(struct error *err, int status, const char *fmt, ...)
{
	/* The arguments may point into *err: format first, then replace. */
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	memset(err, 0, sizeof(*err));
	err->status = status;
	memcpy(err->text, text, sizeof(text));
	return -1;
}

static void
join(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(out, size, fmt, ap);
	va_end(ap);
}

int
error_context(struct error *err, const char *fmt, ...)
{
	/* A long context is cut, so that what went wrong has room. */
	char context[sizeof(err->text) / 2], text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	format(context, sizeof(context), fmt, ap);
	va_end(ap);
	join(text, sizeof(text), "%s: %s", context, err->text);
	memcpy(err->text, text, sizeof(text));
	return -1;
}

int
error_hint(struct error *err, const char *fmt, ...)
{
	char hint[sizeof(err->hint)];
	va_list ap;

	va_start(ap, fmt);
	format(hint, sizeof(hint), fmt, ap);
	va_end(ap);
	memcpy(err->hint, hint, sizeof(hint));
	return -1;
}
