/* timing: how long each phase took, as bars. */
#include <inttypes.h>
#include <string.h>

#include "report/report.h"

enum {
	COLUMNS = 80,
	NAME = 9,	/* columns of a name, */
	NUMBER = 9,	/* and of the milliseconds */
	BAR_LEAST = 10, /* on the narrowest terminal */
	PARTS = 8,	/* of a column */
};

/* In the order in which they come, but that EHLO is said again behind TLS. */
static const struct row {
	const char *name;
	unsigned phases; /* bits */
} rows[] = {
    {"connect", 1U << SMTP_PHASE_CONNECT},
    {"TLS", 1U << SMTP_PHASE_STARTTLS},
    {"greeting", 1U << SMTP_PHASE_GREETING},
    {"EHLO", 1U << SMTP_PHASE_EHLO},
    {"AUTH", 1U << SMTP_PHASE_AUTH},
    {"envelope",
	1U << SMTP_PHASE_MAIL | 1U << SMTP_PHASE_RCPT | 1U << SMTP_PHASE_RSET},
    {"message", 1U << SMTP_PHASE_DATA},
    {"verdict", 1U << SMTP_PHASE_MESSAGE},
    {"answer", 1U << SMTP_PHASE_COMMAND},
    {"QUIT", 1U << SMTP_PHASE_QUIT},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static int64_t
time_of(const struct report *r, const struct row *row)
{
	int64_t us = 0;
	size_t i;

	for (i = 0; i < REPORT_PHASES; i++)
		if ((row->phases >> i & 1) != 0)
			us += r->phase_us[i];
	return us;
}

/* The columns that are left for bars; the last one of a line would make some
 * terminals begin another. */
static unsigned
bar_columns(const struct report *r)
{
	unsigned all = r->canvas.columns != 0 ? r->canvas.columns : COLUMNS;
	size_t used = strlen(r->program) + strlen(": ") + NAME + strlen(" ") +
	    NUMBER + strlen(" ms ") + 1;

	return all > used + BAR_LEAST ? all - (unsigned)used : BAR_LEAST;
}

static void
put_bar(struct buf *out, const struct report_canvas *canvas, uint64_t parts)
{
	/* U+258F to U+2588 */
	static const char blocks[][4] = {"", "\xe2\x96\x8f", "\xe2\x96\x8e",
	    "\xe2\x96\x8d", "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a",
	    "\xe2\x96\x89", "\xe2\x96\x88"};

	for (; parts >= PARTS; parts -= PARTS)
		buf_puts(out, canvas->utf8 ? blocks[PARTS] : "#");
	if (parts > 0)
		buf_puts(out, canvas->utf8 ? blocks[parts] : "#");
}

static void
put_row(struct buf *out, const struct report *r, const char *name, int64_t us,
    int64_t longest)
{
	uint64_t parts =
	    (uint64_t)us * bar_columns(r) * PARTS / (uint64_t)longest;

	buf_printf(out, "%s: %-*s %*.1f ms ", r->program, NAME, name, NUMBER,
	    (double)us / 1000);
	/* What took longest, and the rest. */
	if (r->canvas.colour)
		buf_puts(out, us == longest ? "\033[33m" : "\033[36m");
	put_bar(out, &r->canvas, parts > 0 ? parts : 1);
	buf_puts(out, r->canvas.colour ? "\033[0m\n" : "\n");
}

void
report_timing(struct buf *out, const struct report *r)
{
	int64_t total = 0, longest = 0, us[ROWS];
	size_t i;

	for (i = 0; i < ROWS; i++) {
		us[i] = time_of(r, &rows[i]);
		total += us[i];
		if (us[i] > longest)
			longest = us[i];
	}
	if (total == 0)
		return;
	for (i = 0; i < ROWS; i++)
		if (us[i] > 0)
			put_row(out, r, rows[i].name, us[i], longest);
	buf_printf(out, "%s: %-*s %*.1f ms, %u round trip%s\n", r->program,
	    NAME, "all", NUMBER, (double)total / 1000, r->round_trips,
	    r->round_trips == 1 ? "" : "s");
}
