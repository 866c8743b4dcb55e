#include "message/mbox.h"

#include <string.h>
#include <time.h>

static const char from[] = "From ";

/* RFC 4155 appendix A: the time is that of asctime(3), and UTC; it has to be
 * found behind the second space. */
void
mbox_separator(struct buf *out, const char *sender, int64_t now)
{
	time_t t = (time_t)now;
	char date[64];
	struct tm tm;

	buf_puts(out, from);
	if (*sender == '\0')
		sender = "MAILER-DAEMON";
	for (; *sender != '\0'; sender++)
		buf_putc(out, strchr(" \t", *sender) != NULL ? '-' : *sender);
	if (gmtime_r(&t, &tm) == NULL)
		tm = (struct tm){.tm_mday = 1, .tm_year = 70, .tm_wday = 4};
	strftime(date, sizeof(date), " %a %b %e %H:%M:%S %Y\n", &tm);
	buf_puts(out, date);
}

/* The beginning of this line is known. */
static void
release(struct mbox *m, struct buf *out)
{
	for (; m->angles > 0; m->angles--)
		buf_putc(out, '>');
	buf_append(out, from, m->from);
	m->from = 0;
	m->inside = true;
}

/* A byte at the beginning of a line: whether it is taken. */
static bool
hold(struct mbox *m, char c, struct buf *out)
{
	if (m->from == 0 && c == '>') {
		m->angles++;
		return true;
	}
	if (c != from[m->from]) {
		release(m, out);
		return false;
	}
	if (++m->from == sizeof(from) - 1) {
		m->angles++;
		release(m, out);
	}
	return true;
}

void
mbox_update(struct mbox *m, const char *bytes, size_t n, struct buf *out)
{
	const char *end = bytes + n, *lf;

	while (bytes < end) {
		if (!m->inside) {
			bytes += hold(m, *bytes, out);
			continue;
		}
		lf = memchr(bytes, '\n', (size_t)(end - bytes));
		m->inside = lf == NULL;
		lf = lf != NULL ? lf + 1 : end;
		buf_append(out, bytes, (size_t)(lf - bytes));
		bytes = lf;
	}
}

void
mbox_end(struct mbox *m, struct buf *out)
{
	if (m->angles + m->from > 0)
		release(m, out);
	buf_puts(out, m->inside ? "\n\n" : "\n");
	*m = (struct mbox){0};
}
