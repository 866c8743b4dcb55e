#include "batch/words.h"

#include <string.h>

#include "lib/printable.h"

enum { SECOND_US = 1000000, REPLY_MAX = 300 };

void
words_reply(struct buf *out, const struct schedule_reply *r)
{
	const char *text = r->text != NULL ? r->text : "", *end;
	size_t n = strnlen(text, REPLY_MAX), line;

	while (text[n] != '\0' && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	end = text + n;
	if (r->code > 0)
		(void)buf_printf(out, n > 0 ? "%d " : "%d", r->code);
	else if (n == 0)
		(void)buf_puts(out, "the connection was lost");
	while (text < end) {
		line = strcspn(text, "\n");
		if (line > (size_t)(end - text))
			line = (size_t)(end - text);
		(void)printable_append(out, text, line);
		text += line;
		if (text < end && ++text < end)
			(void)buf_putc(out, ' ');
	}
}

void
words_duration(struct buf *out, int64_t us)
{
	int64_t s = (us + SECOND_US / 2) / SECOND_US;

	if (s < 60)
		(void)buf_printf(out, "%lld s", (long long)s);
	else
		(void)buf_printf(out, "%lld min", (long long)((s + 30) / 60));
}
