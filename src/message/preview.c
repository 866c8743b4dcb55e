#include "message/preview.h"

#include <string.h>

#include "lib/arena.h"
#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/printable.h"
#include "lib/source.h"

#include "content/flowed_decode.h"
#include "html/html.h"
#include "mime/mime_field.h"
#include "mime/structure.h"
#include "rfc5322/header.h"
#include "rfc5322/words.h"

enum { INDENT = 4 };

struct view {
	struct input *input;
	struct structure structure;
	struct buf *out;
	struct buf bytes, utf8, line; /* at hand */
	unsigned depth;		      /* messages around this one */
	bool gap; /* an empty line belongs in front of what comes */
	bool full;
	struct error *err;
};

/* Text in UTF-8, without its line end. */
static void
put_line(struct view *v, const char *text, size_t n)
{
	const char *end = text + n, *tab;
	struct buf *line = &v->line;

	if (v->full)
		return;
	buf_reset(line);
	if (n > 0)
		buf_printf(line, "%*s", (int)v->depth * INDENT, "");
	for (; text < end; text = tab) {
		tab = memchr(text, '\t', (size_t)(end - text));
		if (tab == NULL)
			tab = end;
		printable_append(line, text, (size_t)(tab - text));
		if (tab < end) {
			buf_putc(line, '\t');
			tab++;
		}
	}
	buf_putc(line, '\n');
	v->full = v->out->len + line->len > PREVIEW_MAX;
	if (v->full)
		buf_puts(v->out, "[the rest is not shown]\n");
	else
		buf_append(v->out, line->data, line->len);
}

static void
put_gap(struct view *v)
{
	if (v->gap && v->out->len > 0)
		put_line(v, "", 0);
	v->gap = false;
}

static void
put_string(struct view *v, const char *text)
{
	put_line(v, text, strlen(text));
}

static void
put_text(struct view *v, const char *text, size_t n)
{
	const char *end = text + n, *next;
	size_t len;

	if (n == 0)
		return;
	v->gap = true;
	put_gap(v);
	for (; text < end; text = next) {
		len = ascii_line(text, (size_t)(end - text));
		next = text + len;
		if (len > 0 && text[len - 1] == '\n')
			len--;
		if (len > 0 && text[len - 1] == '\r')
			len--;
		put_line(v, text, len);
	}
	v->gap = true;
}

static int
read_header(struct view *v, const struct structure_part *p)
{
	uint64_t at = p->header.offset, left = p->header.end - at;
	struct buf *bytes = &v->bytes;
	ssize_t n = 1;

	if (left > STRUCTURE_HEADER)
		left = STRUCTURE_HEADER;
	buf_reset(bytes);
	buf_reserve(bytes, (size_t)left + 1);
	for (; left > 0 && n > 0; left -= (uint64_t)n) {
		n = input_read(v->input, at, bytes->data + bytes->len,
		    (size_t)left, v->err);
		if (n == -1)
			return -1;
		bytes->len += (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

/* The next field of this name from `at` on. */
static bool
find_field(const char *at, const char *end, const char *name,
    struct header_field *field)
{
	while (at < end) {
		if (!header_parse(at, end, field)) {
			at += ascii_line(at, (size_t)(end - at));
			continue;
		}
		if (ascii_equal_n(field->name, field->name_len, name))
			return true;
		at = field->next;
	}
	return false;
}

static void
show_field(struct view *v, const char *name, const char *header, size_t n)
{
	const char *at = header, *end = header + n;
	struct header_field field;

	for (; find_field(at, end, name, &field); at = field.next) {
		buf_reset(&v->bytes);
		buf_reset(&v->utf8);
		header_unfold(&field, &v->bytes);
		buf_printf(&v->utf8, "%s: ", name);
		words_decode(&v->utf8, buf_string(&v->bytes), v->bytes.len);
		put_line(v, v->utf8.data, v->utf8.len);
	}
}

static void
show_fields(struct view *v, const char *header, size_t n)
{
	static const char *const names[] = {
	    "From", "To", "Cc", "Reply-To", "Subject", "Date"};
	size_t i;

	put_gap(v);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		show_field(v, names[i], header, n);
	v->gap = true;
}

/* Bytes of whatever charset as UTF-8; where they are none of it, U+FFFD. */
static void
to_utf8(const char *charset, const struct buf *bytes, struct buf *out)
{
	if (charset == NULL || charset_is_utf8(charset) ||
	    charset_decode(charset, strlen(charset), buf_string(bytes),
		bytes->len, out) == CHARSET_UNKNOWN)
		words_append_utf8(out, buf_string(bytes), bytes->len);
}

/* "12 KiB" */
static void
put_size(struct buf *out, uint64_t n)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double size = (double)n / 1024;
	size_t i;

	if (n < 1024) {
		buf_printf(out, "%u octet%s", (unsigned)n, n != 1 ? "s" : "");
		return;
	}
	for (i = 0; i < 3 && size >= 1023.5; i++)
		size /= 1024;
	buf_printf(out, "%.*f %s", size < 9.95 ? 1 : 0, size, units[i]);
}

/* The first bytes of a text, without its transfer encoding; *cut: there are
 * more. */
static int
read_text(struct view *v, const struct structure_part *p, bool *cut)
{
	struct source *source = structure_open(v->input, p);
	struct buf *bytes = &v->bytes;
	char piece[16 * 1024];
	ssize_t n = 0;

	buf_reset(bytes);
	while (bytes->len <= PREVIEW_TEXT_MAX &&
	    (n = source_read(source, piece, sizeof(piece), v->err)) > 0)
		buf_append(bytes, piece, (size_t)n);
	source_free(source);
	*cut = bytes->len > PREVIEW_TEXT_MAX;
	if (*cut)
		bytes->len = PREVIEW_TEXT_MAX;
	return n < 0 ? -1 : 0;
}

/* RFC 3676: whether the reader joins the lines of paragraphs. */
static int
read_format(
    struct view *v, const struct structure_part *p, bool *flowed, bool *delsp)
{
	struct arena *a = &v->structure.arena;
	struct header_field field;
	const char *value, *end;

	*flowed = *delsp = false;
	if (read_header(v, p) == -1)
		return -1;
	end = buf_string(&v->bytes) + v->bytes.len;
	if (!find_field(buf_string(&v->bytes), end, "Content-Type", &field))
		return 0;
	buf_reset(&v->utf8);
	header_unfold(&field, &v->utf8);
	value = mime_field_parameter(a, buf_string(&v->utf8), "format");
	*flowed = value != NULL && ascii_equal(value, "flowed");
	value = mime_field_parameter(a, buf_string(&v->utf8), "delsp");
	*delsp = value != NULL && ascii_equal(value, "yes");
	return 0;
}

static int
show_text(struct view *v, const struct structure_part *p)
{
	bool html = strcmp(p->type, "text/html") == 0, cut, flowed, delsp;
	const char *charset = p->charset;
	struct buf shown = {0};

	if (read_format(v, p, &flowed, &delsp) == -1 ||
	    read_text(v, p, &cut) == -1)
		return -1;
	if (charset == NULL && html)
		charset = html_charset(
		    &v->structure.arena, buf_string(&v->bytes), v->bytes.len);
	buf_reset(&v->utf8);
	to_utf8(charset, &v->bytes, &v->utf8);
	if (html)
		html_to_text(buf_string(&v->utf8), v->utf8.len, &shown);
	else if (flowed)
		flowed_decode(buf_string(&v->utf8), v->utf8.len, delsp, &shown);
	else
		buf_append(&shown, buf_string(&v->utf8), v->utf8.len);
	put_text(v, buf_string(&shown), shown.len);
	buf_clear(&shown);
	if (cut)
		put_string(v, "[the text goes on: only 1 MiB is shown]");
	return 0;
}

/* "[attachment: report.pdf, application/pdf, 12 KiB]" */
static int
show_file(struct view *v, const char *what, const struct structure_part *p)
{
	struct buf line = {0};
	uint64_t size;

	if (structure_size(v->input, p, &size, v->err) == -1)
		return -1;
	buf_printf(&line, "[%s: ", what);
	if (p->filename != NULL && *p->filename != '\0')
		buf_printf(&line, "%s, ", p->filename);
	buf_printf(&line, "%s, ", p->type);
	put_size(&line, size);
	buf_putc(&line, ']');
	put_gap(v);
	put_line(v, line.data, line.len);
	buf_clear(&line);
	return 0;
}

static const struct structure_part *
part_at(const struct view *v, size_t i)
{
	return &v->structure.parts[i];
}

/* The part behind `at` that is in `parent`, 0 if there is none. */
static size_t
next_in(const struct view *v, size_t parent, size_t at)
{
	while (++at < v->structure.count &&
	    part_at(v, at)->depth > part_at(v, parent)->depth)
		if (part_at(v, at)->parent == parent)
			return at;
	return 0;
}

/* What a reader shows of itself. */
static bool
is_text(const struct structure_part *p)
{
	return structure_is_text(p) && strcmp(p->type, "text/calendar") != 0;
}

static bool
holds_text(const struct view *v, size_t i)
{
	size_t k;

	if (is_text(part_at(v, i)))
		return true;
	for (k = next_in(v, i, i); k != 0; k = next_in(v, i, k))
		if (holds_text(v, k))
			return true;
	return false;
}

/* Of forms of the same text the plain one, else the first that holds some. */
static size_t
chosen_in(const struct view *v, size_t parent)
{
	size_t k, chosen = 0;

	for (k = next_in(v, parent, parent); k != 0; k = next_in(v, parent, k))
		if (is_text(part_at(v, k)) &&
		    strcmp(part_at(v, k)->type, "text/plain") == 0)
			return k;
		else if (chosen == 0 && holds_text(v, k))
			chosen = k;
	return chosen;
}

static const char *
what_it_is(const struct view *v, const struct structure_part *p)
{
	const struct structure_part *parent;

	if (strcmp(p->disposition, "attachment") == 0)
		return "attachment";
	if (strcmp(p->disposition, "inline") == 0)
		return "inline";
	if (p->parent == STRUCTURE_NONE)
		return "attachment";
	parent = part_at(v, p->parent);
	if (strcmp(parent->type, "multipart/related") == 0)
		return "inline";
	return strcmp(parent->type, "multipart/alternative") == 0
	    ? "alternative"
	    : "attachment";
}

static int show_message(struct view *, size_t);

/* text: what is a text is shown; else it is another form of one that was. */
static int
show_part(struct view *v, size_t i, bool text)
{
	const struct structure_part *p = part_at(v, i);
	bool alternative = strcmp(p->type, "multipart/alternative") == 0;
	size_t chosen, k;

	if (v->full)
		return 0;
	if (p->kind == STRUCTURE_MESSAGE)
		return show_message(v, next_in(v, i, i));
	if (p->kind == STRUCTURE_LEAF && !is_text(p))
		return show_file(v, what_it_is(v, p), p);
	if (p->kind == STRUCTURE_LEAF)
		return text ? show_text(v, p) : 0;
	chosen = alternative ? chosen_in(v, i) : 0;
	if (chosen != 0 && show_part(v, chosen, text) == -1)
		return -1;
	for (k = next_in(v, i, i); k != 0; k = next_in(v, i, k))
		if (k != chosen && show_part(v, k, text && !alternative) == -1)
			return -1;
	return 0;
}

/* The message whose header is this part's; one that is forwarded is set off
 * from what is around it. */
static int
show_message(struct view *v, size_t i)
{
	struct buf header;
	int r;

	v->gap |= i != 0;
	put_gap(v);
	if (v->depth == PREVIEW_DEPTH) {
		put_string(v, "[a message, which is not shown]");
		return 0;
	}
	if (read_header(v, part_at(v, i)) == -1)
		return -1;
	header = v->bytes;
	v->bytes = (struct buf){0};
	v->depth += i != 0;
	show_fields(v, buf_string(&header), header.len);
	buf_clear(&header);
	r = show_part(v, i, true);
	v->depth -= i != 0;
	v->gap = true;
	return r;
}

int
preview_render(struct input *input, struct buf *out, struct error *err)
{
	struct view v = {.input = input, .out = out, .err = err};
	int r = structure_read(&v.structure, input, &INPUT_ALL, NULL, 0, err);

	if (r == 0)
		r = show_message(&v, 0);
	if (r == 0 && v.structure.limited)
		put_string(&v, "[there are more parts, which are not shown]");
	structure_clear(&v.structure);
	buf_clear(&v.bytes);
	buf_clear(&v.utf8);
	buf_clear(&v.line);
	return r;
}
