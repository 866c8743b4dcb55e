#include "report/transcript.h"

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

	at += at < n && bytes[at] == '~';
	for (i = 0; i < 3; i++)
		if (n - at >= 3 && memcmp(bytes + at, who[i], 3) == 0)
			return true;
	return false;
}

static void
put_note(struct buf *out, const char *text, int64_t elapsed_us)
{
	char who[32];
	size_t n;

	prefix(who, sizeof(who), "--", elapsed_us);
	for (;; text += n + 1) {
		n = strcspn(text, "\n");
		buf_puts(out, who);
		printable_append(out, text, n);
		buf_putc(out, '\n');
		if (text[n] == '\0')
			return;
	}
}

void
transcript_event(
    struct buf *out, const struct smtp_event *e, bool tls, int64_t elapsed_us)
{
	char who[32];

	if (e->type == SMTP_SENT && e->text != NULL) {
		prefix(who, sizeof(who), tls ? "~C:" : "C:", elapsed_us);
		buf_puts(out, who);
		printable_append(out, e->text, strlen(e->text));
		buf_putc(out, '\n');
	} else if (e->type == SMTP_REPLY) {
		prefix(who, sizeof(who), tls ? "~S:" : "S:", elapsed_us);
		report_reply(out, who, e->reply->code,
		    buf_string(&e->reply->text), e->reply->text.len);
	} else if (e->type == SMTP_NOTE) {
		put_note(out, e->text, elapsed_us);
	} else if (e->type == SMTP_CLOSED && e->error != NULL) {
		put_note(out, e->error->text, elapsed_us);
	}
}
