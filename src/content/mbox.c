#include "content/mbox.h"

#include <string.h>
#include <time.h>

#include "lib/ascii.h"

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

/* A word of a line, and what is behind it. */
struct words {
	const char *at, *end; /* of the word */
	const char *line_end;
};

static bool
next_word(struct words *w)
{
	w->at = w->end;
	while (w->at < w->line_end && ascii_is_blank(*w->at))
		w->at++;
	w->end = w->at;
	while (w->end < w->line_end && !ascii_is_blank(*w->end))
		w->end++;
	return w->at < w->end;
}

/* One of the names of three letters, which stand one behind the other. */
static bool
is_name(const char *p, size_t n, const char *names)
{
	if (n != 3)
		return false;
	for (; *names != '\0'; names += 3)
		if (ascii_equal_bytes(p, names, 3))
			return true;
	return false;
}

/* The form has a "9" for each digit. */
static bool
has_form(const struct words *w, const char *form)
{
	const char *p = w->at;

	for (; p < w->end && *form != '\0'; p++, form++)
		if (*form == '9' ? !ascii_is_digit(*p) : *p != *form)
			return false;
	return p == w->end && *form == '\0';
}

/* A month and a day of it, one then the other. */
static bool
is_day(struct words *w)
{
	bool month = false, day = false;
	int i;

	for (i = 0; i < 2 && next_word(w); i++) {
		month |= is_name(w->at, (size_t)(w->end - w->at),
		    "JanFebMarAprMayJunJulAugSepOctNovDec");
		day |= has_form(w, "9") || has_form(w, "99");
	}
	return month && day;
}

/* Zones stand before the year or behind it, in up to two words. */
static bool
is_time_and_year(struct words *w)
{
	bool time_of_day = false, year = false;
	int i;

	for (i = 0; i < 4 && next_word(w); i++) {
		time_of_day |= has_form(w, "99:99:99") ||
		    has_form(w, "99:99") || has_form(w, "9:99:99") ||
		    has_form(w, "9:99");
		year |= has_form(w, "9999");
	}
	return time_of_day && year;
}

/* From a day of the week on. */
static bool
is_date(const struct words *day)
{
	size_t n = (size_t)(day->end - day->at);
	struct words w = *day;

	n -= w.at[n - 1] == ',';
	return is_name(w.at, n, "MonTueWedThuFriSatSun") && is_day(&w) &&
	    is_time_and_year(&w);
}

bool
mbox_is_separator(const char *line, size_t n, size_t *sender)
{
	struct words w = {NULL, line + 5, line + n};

	if (n < 5 || memcmp(line, from, 5) != 0)
		return false;
	/* A sender may have spaces, and be a day of the week. */
	while (next_word(&w))
		if (is_date(&w)) {
			n = (size_t)(w.at - line - 5);
			while (n > 0 && ascii_is_blank(line[5 + n - 1]))
				n--;
			if (sender != NULL)
				*sender = n;
			return true;
		}
	return false;
}

static void
end_line(struct mbox_search *s)
{
	size_t cr = s->len > 0 && s->line[s->len - 1] == '\r';

	s->lines++;
	if (s->found == 0 && s->after_empty &&
	    mbox_is_separator(s->line, s->len - cr, NULL))
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
