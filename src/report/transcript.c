#include "report/transcript.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/printable.h"

#include "report/report.h"

static void
prefix(char *out, size_t size, const char *who, int64_t elapsed_us)
{
	if (elapsed_us < 0)
		snprintf(out, size, "%s ", who);
	else
		snprintf(out, size, "%8.3f %s ", (double)elapsed_us / 1e6, who);
}

/* "%8.3f " */
static size_t
time_length(const char *bytes, size_t n)
{
	static const char digits[] = "0123456789";
	size_t at = 0, i;

	while (at < n && bytes[at] == ' ')
		at++;
	while (at < n && memchr(digits, bytes[at], 10) != NULL)
		at++;
	if (at < 4 || n - at < 5 || bytes[at] != '.' || bytes[at + 4] != ' ')
		return 0;
	for (i = 1; i <= 3; i++)
		if (memchr(digits, bytes[at + i], 10) == NULL)
			return 0;
	return at + 5;
}

bool
transcript_begins(const char *bytes, size_t n)
{
	static const char *const who[] = {"-- ", "C: ", "S: "};
	size_t i, at = time_length(bytes, n);

	for (i = 0; i < 3; i++)
		if (n - at >= 3 && memcmp(bytes + at, who[i], 3) == 0)
			return true;
	return false;
}

void
transcript_event(
    struct buf *out, const struct smtp_event *e, int64_t elapsed_us)
{
	char who[32];

	if (e->type == SMTP_SENT && e->text != NULL) {
		prefix(who, sizeof(who), "C:", elapsed_us);
		buf_puts(out, who);
		printable_append(out, e->text, strlen(e->text));
		buf_putc(out, '\n');
	} else if (e->type == SMTP_REPLY) {
		prefix(who, sizeof(who), "S:", elapsed_us);
		report_reply(out, who, e->reply->code,
		    buf_string(&e->reply->text), e->reply->text.len);
	} else if (e->type == SMTP_CLOSED && e->error != NULL) {
		transcript_note(out, elapsed_us, "%s", e->error->text);
	}
}

void
transcript_note(struct buf *out, int64_t elapsed_us, const char *fmt, ...)
{
	struct buf text = {0};
	char who[32];
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	prefix(who, sizeof(who), "--", elapsed_us);
	buf_puts(out, who);
	printable_append(out, buf_string(&text), text.len);
	buf_putc(out, '\n');
	buf_clear(&text);
}
