/* records_read: one record after another. */
#include "command/records_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/siphash.h"

#include "command/parts.h"
#include "options/missing.h"

enum { PIECE = 64 * 1024 }; /* octets that are read at a time */

/* What tells records apart has no secret: it is the same in every run. */
static uint64_t
hash_on(uint64_t before, const void *bytes, size_t n)
{
	unsigned char secret[SIPHASH_SECRET] = {0};

	memcpy(secret, &before, sizeof(before));
	return siphash(secret, bytes, n);
}

void
record_clear(struct record *r)
{
	spill_clear(&r->bytes);
	if (r->fd >= 0)
		close(r->fd);
	free(r->own_name);
	*r = RECORD_NONE;
}

bool
records_are_complete(const struct records *r)
{
	return r->form >= RECORDS_MAILBOX;
}

/* Whether a read would not block. */
static bool
is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

/* More octets into the window; 0: there are none (any more). */
static enum records_result
fill(struct records *r, struct records_reader *from, bool wait,
    struct error *err)
{
	struct buf *w = &from->window;
	uint64_t at, most = PIECE, read;
	ssize_t n;

	buf_consume(w, from->start);
	from->start = 0;
	at = from->offset + w->len;
	if (from == &r->again) {
		/* No further than what came through the pipe. */
		read = r->on.offset + r->on.window.len - r->on.start;
		if (read - at < most)
			most = at < read ? read - at : 0;
	} else if (!wait && !r->input.file && !is_readable(r->fd)) {
		return RECORDS_AGAIN;
	}
	if (buf_reserve(w, PIECE) == -1)
		return error_set(err, EX_DATAERR,
		    "%s: a record of more than %zu octets", r->name, w->max);
	n = most > 0
	    ? input_read(&r->input, at, w->data + w->len, (size_t)most, err)
	    : 0;
	if (n == -1)
		return RECORDS_ERROR;
	w->len += (size_t)n;
	from->ended = n == 0;
	return RECORDS_ONE;
}

static void
take(struct records_reader *from, size_t used)
{
	from->start += used;
	from->offset += used;
}

static void
set_place(struct records_reader *from, struct record *out,
    const struct supply_place *before, uint64_t line)
{
	out->place = *before;
	out->place.number = ++from->number;
	out->line = line;
}

static void
take_cells(struct records *r, struct record *out, const struct csv_record *c)
{
	size_t i;

	out->cells = c;
	out->hash = 0;
	for (i = 0; i < c->count; i++) {
		value_set_text(
		    &r->columns, i, c->fields[i].text, c->fields[i].len);
		out->hash =
		    hash_on(out->hash + i, c->fields[i].text, c->fields[i].len);
	}
	out->value = &r->columns;
}

/* A row, the header or another one; *at: where it begins. */
static enum records_result
read_cells(struct records *r, struct records_reader *from, bool wait,
    struct supply_place *at, struct error *err)
{
	static char nothing[1];
	struct buf *w = &from->window;
	enum records_result filled;
	enum csv_result read;
	size_t used;

	for (;;) {
		at->offset = from->offset;
		at->line = from->csv.line;
		read = csv_read(&from->csv,
		    w->data != NULL ? w->data + from->start : nothing,
		    w->len - from->start, from->ended, &used, &from->cells,
		    err);
		take(from, used);
		if (read == CSV_END)
			return RECORDS_END;
		if (read == CSV_RECORD)
			return RECORDS_ONE;
		if (read != CSV_MORE) {
			error_context(err, "%s", r->name);
			return read == CSV_BAD ? RECORDS_ERROR : RECORDS_BAD;
		}
		filled = fill(r, from, wait, err);
		if (filled != RECORDS_ONE)
			return filled;
	}
}

static enum records_result
next_row(struct records *r, struct records_reader *from, bool wait,
    struct record *out, struct error *err)
{
	struct supply_place at = {0};
	enum records_result read = read_cells(r, from, wait, &at, err);

	if (read == RECORDS_ONE || read == RECORDS_BAD)
		set_place(from, out, &at, from->cells.line);
	if (read == RECORDS_ONE)
		take_cells(r, out, &from->cells);
	return read;
}

/* Blanks and empty lines around a line are no part of it. */
static uint64_t
hash_of_line(const char *bytes, size_t n)
{
	while (n > 0 && strchr(" \t\r\n", bytes[0]) != NULL) {
		bytes++;
		n--;
	}
	while (n > 0 && strchr(" \t\r\n", bytes[n - 1]) != NULL)
		n--;
	return hash_on(0, bytes, n);
}

/* Empty lines may stand before it. */
static void
set_line(struct record *out, const char *bytes, size_t n)
{
	const char *lf;

	while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
		n--;
	lf = memrchr(bytes, '\n', n);
	out->object = lf != NULL ? lf + 1 : bytes;
	out->object_len = (size_t)(bytes + n - out->object);
}

static enum records_result
next_line(struct records *r, struct records_reader *from, bool wait,
    struct record *out, struct error *err)
{
	struct buf *w = &from->window;
	struct supply_place at = {0};
	enum records_result filled;
	enum jsonl_result read;
	const char *bytes;
	size_t used;

	for (;;) {
		at.offset = from->offset;
		at.line = from->jsonl.line;
		bytes = w->data != NULL ? w->data + from->start : "";
		read = jsonl_read(&from->jsonl, bytes, w->len - from->start,
		    from->ended, &used, &from->object, err);
		take(from, used);
		if (read == JSONL_END)
			return RECORDS_END;
		if (read == JSONL_RECORD || read == JSONL_BAD_RECORD)
			set_place(from, out, &at, from->jsonl.line);
		if (read == JSONL_RECORD) {
			out->value = &from->object;
			out->hash = hash_of_line(bytes, used);
			set_line(out, bytes, used);
			return RECORDS_ONE;
		}
		if (read != JSONL_MORE) {
			error_context(err, "%s", r->name);
			return read == JSONL_BAD ? RECORDS_ERROR : RECORDS_BAD;
		}
		filled = fill(r, from, wait, err);
		if (filled != RECORDS_ONE)
			return filled;
	}
}

static int
hash_spill(struct spill *bytes, uint64_t *hash, struct error *err)
{
	char piece[16 * 1024];
	ssize_t n;
	off_t at = 0;

	*hash = 0;
	if (bytes->fd == -1) {
		*hash = hash_on(0, buf_string(&bytes->text), bytes->text.len);
		return 0;
	}
	while ((n = pread(bytes->fd, piece, sizeof(piece), at)) > 0) {
		*hash = hash_on(*hash, piece, (size_t)n);
		at += n;
	}
	return n == 0
	    ? 0
	    : error_set(err, EX_IOERR, "a temporary file: %s", strerror(errno));
}

static enum records_result
next_message(struct records *r, struct records_reader *from, bool wait,
    struct record *out, struct error *err)
{
	struct mailbox_message m = MAILBOX_MESSAGE;
	int found;

	if (!wait && !r->input.file && from == &r->on && !is_readable(r->fd))
		return RECORDS_AGAIN;
	found = mailbox_next(&from->mailbox, &m, err);
	if (found <= 0) {
		mailbox_message_clear(&m);
		return found == 0 ? RECORDS_END : RECORDS_ERROR;
	}
	out->bytes = m.bytes;
	out->place = (struct supply_place){.offset = m.place.offset,
	    .line = m.place.line,
	    .number = m.place.number};
	out->line = m.place.line;
	from->number = m.place.number;
	out->name = r->name;
	return hash_spill(&out->bytes, &out->hash, err) == 0 ? RECORDS_ONE
							     : RECORDS_ERROR;
}

/* All are checked before one is sent, and read again then. */
static int
is_kept(const struct record *r, struct error *err)
{
	struct stat st;

	if (fstat(r->fd, &st) == -1 ||
	    (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)))
		return 0;
	error_set(err, EX_USAGE,
	    "--message: %s can be read once, and is read twice where there are "
	    "several",
	    r->name);
	return error_hint(err, "put it into a file");
}

static enum records_result
open_message(struct records *r, size_t i, struct record *out, struct error *err)
{
	struct buf name = {0};
	const char *file, *unique;
	size_t n;

	out->place = (struct supply_place){.offset = i, .number = i + 1};
	if (r->form == RECORDS_FILES) {
		out->name = r->settings->message.files.items[i];
		out->hash = hash_on(0, out->name, strlen(out->name));
		if (!parts_name_stdin(out->name))
			out->fd = missing_open(out->name, err);
		else
			out->fd = dup(STDIN_FILENO);
		return out->fd != -1 && is_kept(out, err) == 0 ? RECORDS_ONE
							       : RECORDS_BAD;
	}
	file = maildir_name(&r->maildir, i, &unique, &n);
	out->hash = hash_on(0, unique, n);
	buf_printf(&name, "%s/%s", r->name, file);
	out->own_name = name.data;
	out->name = out->own_name;
	out->fd = maildir_open(&r->maildir, i, err);
	return out->fd != -1 ? RECORDS_ONE : RECORDS_BAD;
}

static size_t
file_count(const struct records *r)
{
	return r->form == RECORDS_FILES ? r->settings->message.files.count
					: r->maildir.names.count;
}

static enum records_result
read_one(struct records *r, struct records_reader *from, bool wait,
    struct record *out, struct error *err)
{
	*out = RECORD_NONE;
	switch (r->form) {
	case RECORDS_CSV:
		return next_row(r, from, wait, out, err);
	case RECORDS_JSONL:
		return next_line(r, from, wait, out, err);
	case RECORDS_MAILBOX:
		return next_message(r, from, wait, out, err);
	case RECORDS_MAILDIR:
	case RECORDS_FILES:
		break;
	}
	if (from->number == file_count(r))
		return RECORDS_END;
	return open_message(r, from->number++, out, err);
}

enum records_result
records_next(
    struct records *r, bool wait, struct record *out, struct error *err)
{
	enum records_result read = read_one(r, &r->on, wait, out, err);

	out->place.hash = out->hash;
	return read;
}

int
records_reader_begin(
    struct records *r, struct records_reader *reader, struct error *err)
{
	const struct mailbox_params params = {.input = &r->input,
	    .form = r->mailbox_form,
	    .temp_dir = getenv("TMPDIR")};

	*reader = (struct records_reader){
	    .window = BUF_WITH_MAX(CSV_RECORD_MAX + 2 * PIECE)};
	switch (r->form) {
	case RECORDS_CSV:
		csv_init(&reader->csv, r->delimiter);
		break;
	case RECORDS_JSONL:
		return jsonl_init(&reader->jsonl, err);
	case RECORDS_MAILBOX:
		mailbox_begin(&reader->mailbox, &params);
		break;
	case RECORDS_MAILDIR:
	case RECORDS_FILES:
		break;
	}
	return 0;
}

void
records_reader_end(const struct records *r, struct records_reader *reader)
{
	if (r->form == RECORDS_CSV)
		csv_clear(&reader->csv);
	else if (r->form == RECORDS_JSONL)
		jsonl_clear(&reader->jsonl);
	else if (r->form == RECORDS_MAILBOX)
		mailbox_end(&reader->mailbox);
	buf_clear(&reader->window);
}

int
records_header(struct records *r, struct error *err)
{
	const struct csv_record *c = &r->on.cells;
	struct supply_place at;
	const char **names;
	enum records_result read = read_cells(r, &r->on, true, &at, err);
	size_t i;

	if (read == RECORDS_END)
		return error_set(err, EX_DATAERR,
		    "%s: nothing is in it, not even a row of headers", r->name);
	if (read != RECORDS_ONE)
		return -1;
	names = arena_alloc(&r->arena, c->count * sizeof(*names));
	for (i = 0; i < c->count; i++)
		names[i] = c->fields[i].text;
	if (value_of_columns(&r->arena, names, c->count, &r->columns, err) ==
	    -1)
		return error_context(
		    err, "%s: line %llu", r->name, (unsigned long long)c->line);
	return 0;
}

int
records_rewind(struct records *r, struct error *err)
{
	records_reader_end(r, &r->on);
	if (records_reader_begin(r, &r->on, err) == -1)
		return -1;
	return r->form == RECORDS_CSV ? records_header(r, err) : 0;
}

/* Where a reader is that reads on from there. */
static int
go_to(struct records *r, struct records_reader *reader,
    const struct supply_place *place, struct error *err)
{
	const struct mailbox_place message = {
	    place->offset, place->line, place->number};

	buf_reset(&reader->window);
	reader->start = 0;
	reader->offset = place->offset;
	reader->number = place->number - 1;
	reader->ended = false;
	if (r->form == RECORDS_CSV)
		csv_go_on(&reader->csv, &r->on.csv, place->line);
	else if (r->form == RECORDS_JSONL)
		jsonl_go_on(&reader->jsonl, place->line);
	else if (r->form == RECORDS_MAILBOX)
		return mailbox_seek(&reader->mailbox, &message, err);
	return 0;
}

enum records_result
records_again(struct records *r, const struct supply_place *place,
    struct record *out, struct error *err)
{
	enum records_result read;

	if (!r->again_begun && records_reader_begin(r, &r->again, err) == -1)
		return RECORDS_ERROR;
	r->again_begun = true;
	if (go_to(r, &r->again, place, err) == -1)
		return RECORDS_ERROR;
	read = read_one(r, &r->again, true, out, err);
	out->place.hash = out->hash;
	if (read == RECORDS_ERROR || read == RECORDS_BAD ||
	    (read == RECORDS_ONE && out->hash == place->hash))
		return read;
	error_set(err, EX_DATAERR,
	    "%s: it has changed while it was read: record %llu is not where it "
	    "was",
	    r->name, (unsigned long long)place->number);
	error_hint(err, "go on when nobody writes to it any more");
	return RECORDS_ERROR;
}
