/* accounts: see accounts.h. */
#include "report/accounts.h"

#include <string.h>
#include <time.h>

#include "lib/printable.h"

enum { NAME, FROM, SERVER, SIGN_IN, STATE, COLUMNS };

/* What stands in one column. */
typedef struct buf cells[COLUMNS];

static void
put(struct buf *cell, const char *text)
{
	printable_append(cell, text, strlen(text));
}

static void
put_names(
    struct buf *cell, const struct report_names *names, const char *between)
{
	size_t i;

	for (i = 0; i < names->count; i++) {
		put(cell, i > 0 ? between : "");
		put(cell, names->items[i]);
	}
}

const char *
report_expiry(const struct report_account *a, char text[32])
{
	time_t end = (time_t)a->expires_s;
	struct tm tm;

	if (end == 0 || gmtime_r(&end, &tm) == NULL ||
	    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return NULL;
	return text;
}

static void
put_sign_in(struct buf *cell, const struct report_account *a)
{
	char text[32];
	const char *expiry = report_expiry(a, text);

	put(cell, "signed in");
	if (a->renewable)
		put(cell, ", renewed by itself");
	if (expiry != NULL) {
		put(cell, a->renewable ? ", token until " : " until ");
		put(cell, expiry);
	}
}

static void
put_state(struct buf *cell, const struct report_account *a)
{
	if (a->problems.count > 0) {
		put(cell, strcmp(a->state, "broken") == 0 ? "broken: " : "");
		put_names(cell, &a->problems, "; ");
	} else if (a->sign_in != NULL) {
		put_sign_in(cell, a);
	} else if (strcmp(a->state, "asks") == 0) {
		put(cell, "asks for the password");
	} else if (strcmp(a->state, "unknown") == 0) {
		put(cell, "not tried: ");
		put(cell, a->secret);
	} else {
		put(cell, a->state);
	}
}

static void
fill(cells row, const struct report_account *a)
{
	put(&row[NAME], a->used ? "* " : "  ");
	put(&row[NAME], a->name != NULL ? a->name : "-");
	put_names(&row[FROM], &a->from, ", ");
	put_names(&row[SERVER], &a->servers, ", ");
	if (a->user != NULL)
		put(&row[SIGN_IN], a->user);
	if (a->mechanism != NULL) {
		put(&row[SIGN_IN], a->user != NULL ? " by " : "by ");
		put(&row[SIGN_IN], a->mechanism);
	}
	put_state(&row[STATE], a);
}

/* Of UTF-8, a column each. */
static size_t
width(const struct buf *cell)
{
	size_t n = 0, i;

	for (i = 0; i < cell->len; i++)
		n += (cell->data[i] & 0xc0) != 0x80;
	return n;
}

static void
put_row(struct buf *out, cells row, const size_t widths[COLUMNS])
{
	size_t i, n;

	for (i = 0; i < COLUMNS; i++) {
		if (row[i].len == 0)
			buf_putc(&row[i], '-');
		buf_puts(out, buf_string(&row[i]));
		for (n = width(&row[i]); i < STATE && n < widths[i] + 2; n++)
			buf_putc(out, ' ');
		buf_clear(&row[i]);
	}
	buf_putc(out, '\n');
}

static void
fill_head(cells row)
{
	static const char *const titles[COLUMNS] = {
	    "  ACCOUNT", "FROM", "SERVER", "SIGNS IN AS", "STATE"};
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		put(&row[i], titles[i]);
}

static void
measure(cells row, size_t widths[COLUMNS])
{
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		if (width(&row[i]) > widths[i])
			widths[i] = width(&row[i]);
}

void
report_accounts(
    struct buf *out, const struct report_account *accounts, size_t n)
{
	size_t widths[COLUMNS] = {0}, i, k;
	cells row = {{0}};

	fill_head(row);
	measure(row, widths);
	for (i = 0; i < n; i++) {
		for (k = 0; k < COLUMNS; k++)
			buf_reset(&row[k]);
		fill(row, &accounts[i]);
		measure(row, widths);
	}
	for (k = 0; k < COLUMNS; k++)
		buf_reset(&row[k]);
	fill_head(row);
	put_row(out, row, widths);
	for (i = 0; i < n; i++) {
		fill(row, &accounts[i]);
		put_row(out, row, widths);
	}
}
