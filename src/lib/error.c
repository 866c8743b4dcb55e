#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
error_set(struct error *err, int status, const char *fmt, ...)
{
	/* The arguments may point into *err: format first, then replace. */
	char text[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	memset(err, 0, sizeof(*err));
	err->status = status;
	memcpy(err->text, text, sizeof(text));
	return -1;
}

int
error_context(struct error *err, const char *fmt, ...)
{
	char text[sizeof(err->text)];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		n = 0;
	if (snprintf(text + n, sizeof(text) - (size_t)n, n > 0 ? ": %s" : "%s",
		err->text) < 0)
		return -1;
	memcpy(err->text, text, sizeof(text));
	return -1;
}

int
error_hint(struct error *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}
