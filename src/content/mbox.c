#include "content/mbox.h"

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

static bool
is_separator(const struct mbox_search *s)
{
	static const char *const days[] = {
	    " Mon ", " Tue ", " Wed ", " Thu ", " Fri ", " Sat ", " Sun "};
	size_t i;

	if (s->len < 5 || memcmp(s->line, "From ", 5) != 0)
		return false;
	for (i = 0; i < sizeof(days) / sizeof(days[0]); i++)
		if (memmem(s->line, s->len, days[i], 5) != NULL)
			return true;
	return false;
}

static void
end_line(struct mbox_search *s)
{
	s->lines++;
	if (s->found == 0 && s->after_empty && is_separator(s))
		s->found = s->lines;
	s->after_empty = s->column == 0;
	s->column = 0;
	s->len = 0;
}

void
mbox_search_update(struct mbox_search *s, const char *bytes, size_t n)
{
	const char *p = bytes, *end = bytes + n, *lf;
	size_t len, take;

	for (; p < end; p = lf != NULL ? lf + 1 : end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		len = (size_t)((lf != NULL ? lf : end) - p);
		take = sizeof(s->line) - s->len;
		take = len < take ? len : take;
		if (s->after_empty && take > 0)
			memcpy(s->line + s->len, p, take);
		s->len += s->after_empty ? take : 0;
		s->column += len - (len > 0 && p[len - 1] == '\r');
		if (lf != NULL)
			end_line(s);
	}
}
