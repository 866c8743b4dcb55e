/* table: the rows, out of text. */
#include "provider/table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"
#include "lib/shell.h"
#include "provider/column.h"

enum { SIZE_LIMIT = 1 << 20, ROWS_MAX = 4096, SHOWN_MAX = 40 };

/* A table while it is read. */
struct reader {
	const char *name;
	struct arena *arena;
	unsigned line;
	const struct column *columns[COLUMNS_MAX]; /* as they stand there */
	size_t column_count; /* 0: their names have not come */
	struct provider *rows;
	size_t count;
};

/* One line, its cells one after another. */
struct line {
	const char *start, *end, *cell;
};

static int
wrong(const struct reader *r, const struct line *l, struct error *err)
{
	return error_context(err, "%s:%u:%zu", r->name, r->line,
	    (size_t)(l->cell - l->start) + 1);
}

/* The cell at l->cell; false: there is no more. */
static bool
next_cell(struct line *l, const char **cell, size_t *n)
{
	const char *tab;

	if (l->cell > l->end)
		return false;
	tab = memchr(l->cell, '\t', (size_t)(l->end - l->cell));
	*cell = l->cell;
	*n = (size_t)((tab != NULL ? tab : l->end) - l->cell);
	return true;
}

static bool
has_column(const struct reader *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->column_count; i++)
		if (strcmp(r->columns[i]->name, name) == 0)
			return true;
	return false;
}

static void
unknown_column(const char *cell, size_t n, struct error *err)
{
	struct buf shown = {0};

	printable_append(&shown, cell, n < SHOWN_MAX ? n : SHOWN_MAX);
	error_set(
	    err, EX_CONFIG, "no column has the name '%s'", buf_string(&shown));
	buf_clear(&shown);
}

static int
read_columns(struct reader *r, struct line *l, struct error *err)
{
	const struct column *column;
	const char *cell;
	size_t n;

	for (; next_cell(l, &cell, &n); l->cell += n + 1) {
		column = column_find(cell, n);
		if (column == NULL)
			unknown_column(cell, n, err);
		else if (has_column(r, column->name))
			error_set(err, EX_CONFIG, "the column '%s' again",
			    column->name);
		else {
			r->columns[r->column_count++] = column;
			continue;
		}
		return wrong(r, l, err);
	}
	l->cell = l->start;
	if (has_column(r, "id"))
		return 0;
	error_set(err, EX_CONFIG,
	    "the first line names the columns, apart by tabs, and 'id' is not "
	    "among them");
	return wrong(r, l, err);
}

static const char **
field(struct provider *row, const struct column *column)
{
	return (const char **)((char *)row + column->offset);
}

/* What a row must have, and what stands for it. */
static int
complete(const struct reader *r, struct provider *row, struct error *err)
{
	size_t i;

	if (row->id == NULL)
		return error_set(err, EX_CONFIG, "a provider without an id");
	for (i = 0; i < r->count; i++)
		if (ascii_equal(r->rows[i].id, row->id))
			return error_set(err, EX_CONFIG,
			    "the provider '%s' stands here twice", row->id);
	if (row->name == NULL)
		row->name = row->id;
	if (row->user == NULL)
		row->user = "%address";
	if (row->tls == NULL)
		row->tls = row->port != NULL && strcmp(row->port, "587") == 0
		    ? "starttls"
		    : "implicit";
	if (row->port == NULL)
		row->port = strcmp(row->tls, "starttls") == 0 ? "587" : "465";
	return 0;
}

static int
read_row(struct reader *r, struct line *l, struct error *err)
{
	struct provider *row = &r->rows[r->count];
	const char *cell;
	size_t n, i = 0;

	for (; next_cell(l, &cell, &n); l->cell += n + 1, i++) {
		if (i == r->column_count)
			error_set(err, EX_CONFIG,
			    "more cells than there are columns");
		else if (n == 0)
			error_set(err, EX_CONFIG,
			    "%s: an empty cell ('-' stands for nothing)",
			    r->columns[i]->name);
		else if ((n == 1 && *cell == '-') ||
		    column_read(r->columns[i], cell, n, r->arena,
			field(row, r->columns[i]), err) == 0)
			continue;
		return wrong(r, l, err);
	}
	l->cell = l->start;
	if (i < r->column_count)
		error_set(err, EX_CONFIG,
		    "%zu cells, and %zu columns (tabs stand between them)", i,
		    r->column_count);
	else if (complete(r, row, err) == 0) {
		r->count++;
		return 0;
	}
	return wrong(r, l, err);
}

static int
read_line(struct reader *r, struct line *l, struct error *err)
{
	if (l->end > l->start && l->end[-1] == '\r')
		l->end--;
	if (l->start == l->end || *l->start == '#')
		return 0;
	l->cell = l->start;
	if (r->column_count == 0)
		return read_columns(r, l, err);
	if (r->count < ROWS_MAX)
		return read_row(r, l, err);
	error_set(err, EX_CONFIG, "more than %d providers", ROWS_MAX);
	return wrong(r, l, err);
}

static size_t
count_lines(const char *text, size_t n)
{
	size_t lines = 1;

	while (n-- > 0)
		lines += *text++ == '\n';
	return lines < ROWS_MAX ? lines : ROWS_MAX;
}

int
providers_parse(struct providers *out, const char *text, size_t n,
    const char *name, struct arena *arena, struct error *err)
{
	struct reader r = {.name = name, .arena = arena};
	const char *end = text + n, *lf;
	struct line l;

	r.rows = arena_alloc(arena, count_lines(text, n) * sizeof(*r.rows));
	while (text < end) {
		lf = memchr(text, '\n', (size_t)(end - text));
		l.start = text;
		l.end = lf != NULL ? lf : end;
		r.line++;
		if (read_line(&r, &l, err) == -1)
			return -1;
		text = lf != NULL ? lf + 1 : end;
	}
	*out = (struct providers){r.rows, r.count};
	return 0;
}

static int
check_file(int fd, const char *path, size_t *size, struct error *err)
{
	const char *fault = NULL;
	char word[SHELL_WORD_SIZE];
	struct stat st;

	if (fstat(fd, &st) == -1)
		return error_set(
		    err, EX_CONFIG, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		fault = "is not a regular file";
	else if (st.st_size > SIZE_LIMIT)
		fault = "is larger than 1 MiB";
	else if (st.st_uid != geteuid() && st.st_uid != 0)
		fault = "belongs to another user";
	else if ((st.st_mode & S_IWOTH) != 0)
		fault = "can be changed by everybody";
	*size = (size_t)st.st_size;
	if (fault == NULL)
		return 0;
	error_set(err, EX_CONFIG, "%s: the table of providers %s", path, fault);
	if (S_ISREG(st.st_mode) && (st.st_mode & S_IWOTH) != 0)
		error_hint(err, "chmod o-w %s", shell_file(path, word));
	return -1;
}

/* Another than there was when it was looked at is none. */
static int
read_file(int fd, const char *path, struct buf *text, struct error *err)
{
	size_t size;
	ssize_t n = 1;

	if (check_file(fd, path, &size, err) == -1)
		return -1;
	*text = BUF_WITH_MAX(size + 1);
	buf_reserve(text, size + 1);
	while (text->len <= size && n != 0) {
		n = read(fd, text->data + text->len, size + 1 - text->len);
		if (n == -1 && errno != EINTR)
			return error_set(
			    err, EX_CONFIG, "%s: %s", path, strerror(errno));
		text->len += n > 0 ? (size_t)n : 0;
	}
	if (text->len > size)
		return error_set(
		    err, EX_CONFIG, "%s: was changed while it was read", path);
	return 0;
}

/* No such file is an empty one. */
static int
read_own(struct providers *out, const char *path, struct arena *arena,
    struct error *err)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct buf text = {0};
	int r;

	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd == -1)
		return error_set(
		    err, EX_CONFIG, "%s: %s", path, strerror(errno));
	r = read_file(fd, path, &text, err);
	close(fd);
	if (r == 0)
		r = providers_parse(
		    out, buf_string(&text), text.len, path, arena, err);
	buf_clear(&text);
	return r;
}

int
providers_open(struct providers *out, const char *path, struct arena *arena,
    struct error *err)
{
	struct providers own = {0}, ours;
	struct provider *rows;

	if (path != NULL && read_own(&own, path, arena, err) == -1)
		return -1;
	if (providers_parse(&ours, provider_table, provider_table_size,
		"providers.tsv", arena, err) == -1)
		return -1;
	rows = arena_alloc(arena, (own.count + ours.count) * sizeof(*rows));
	if (own.count > 0)
		memcpy(rows, own.rows, own.count * sizeof(*rows));
	memcpy(rows + own.count, ours.rows, ours.count * sizeof(*rows));
	*out = (struct providers){rows, own.count + ours.count};
	return 0;
}
