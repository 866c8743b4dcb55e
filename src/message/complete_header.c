/* complete_header: finds the end of the header while reading it, and makes
 * lines of it that can go out. */
#include "message/completing.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/printable.h"

#include "message/complete.h"
#include "message/local.h"
#include "message/repair.h"

const char *
completing_name(const struct completing *c)
{
	return c->m->input.params.name;
}

/* Makes the whole line at `at` available: its length, 0 at the end of the
 * input, -1. */
static ssize_t
next_line(struct completing *c, size_t at, struct error *err)
{
	struct input *in = &c->m->input;
	size_t seen = at;
	const char *lf;

	for (;;) {
		lf = seen < in->kept.len
		    ? memchr(in->kept.data + seen, '\n', in->kept.len - seen)
		    : NULL;
		if (lf != NULL)
			return lf - (in->kept.data + at) + 1;
		if (in->ended)
			return (ssize_t)(in->kept.len - at);
		seen = in->kept.len;
		if (seen - c->header_range.offset > COMPLETE_HEADER_MAX)
			return error_set(err, EX_DATAERR,
			    "%s: a header of more than %d octets",
			    completing_name(c), COMPLETE_HEADER_MAX);
		if (input_keep(in, seen + 65536, err) == -1)
			return -1;
	}
}

static int
not_a_field(const struct completing *c, uint64_t line, const char *p, size_t n,
    struct error *err)
{
	bool wide = charset_is_utf16(p, n);
	struct buf shown = {0};

	while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r'))
		n--;
	printable_append(&shown, p, n < 60 ? n : 60);
	error_set(err, EX_DATAERR, "%s: line %llu is no header field: '%s%s'",
	    completing_name(c), (unsigned long long)line, buf_string(&shown),
	    n > 60 ? "..." : "");
	buf_clear(&shown);
	if (wide)
		return error_hint(err,
		    "UTF-16 has to be converted to UTF-8 first: iconv -f "
		    "UTF-16 -t UTF-8");
	return error_hint(err,
	    "a complete message begins with its header, then "
	    "comes an empty line;\n"
	    "without -m the text is the body of a new message");
}

/* What add_line says of a line. */
enum { ADDED, NO_FIELD };

/* A line without CR in it: what some programs end lines with twice is left out,
 * and elsewhere it could hide a field from one reader and show it to another. */
static void
put_cut_line(struct buf *out, const char *p, size_t n)
{
	struct buf line = {0};
	size_t i;

	while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n'))
		n--;
	for (i = 0; i < n; i++)
		buf_putc(&line, p[i] == '\r' ? ' ' : p[i]);
	header_put_line(out, buf_string(&line), line.len, true);
	buf_clear(&line);
}

/* One more line of the header, the `fields`-th or a continuation of it.
 * NO_FIELD, where that is no error: nothing is added. */
static int
add_line(struct completing *c, uint64_t line, const char *p, size_t n,
    size_t *fields, struct error *err)
{
	size_t at = c->header.len;
	struct header_field f;
	const char *made;

	if (!header_line_is_cut(p, n)) {
		header_put_line(&c->header, p, n, c->p->repair);
	} else if (local_is_sendmail(c->p)) {
		put_cut_line(&c->header, p, n);
	} else {
		error_set(err, EX_DATAERR,
		    "%s: line %llu: a CR that is not part of a line end",
		    completing_name(c), (unsigned long long)line);
		return error_hint(
		    err, "a header has LF or CRLF at the end of each line");
	}
	made = c->header.data + at;
	if (made[0] == '\r') { /* nothing but NUL */
		c->header.len = at;
		return ADDED;
	}
	if ((*made == ' ' || *made == '\t') && *fields > 0)
		return ADDED;
	if (!header_parse(made, made + (c->header.len - at), &f)) {
		c->header.len = at;
		return local_is_sendmail(c->p)
		    ? NO_FIELD
		    : not_a_field(c, line, p, n, err);
	}
	if (++*fields > COMPLETE_FIELDS_MAX)
		return error_set(err, EX_DATAERR,
		    "%s: more than %d header fields", completing_name(c),
		    COMPLETE_FIELDS_MAX);
	return ADDED;
}

/* Whether the line ends the header; with CR twice at its end, too, where other
 * lines may have that. */
static bool
is_empty(const struct completing *c, const char *p, size_t n)
{
	return header_line_is_empty(p, n) ||
	    (local_is_sendmail(c->p) && n > 2 && p[n - 1] == '\n' &&
		strspn(p, "\r") == n - 1);
}

static bool
is_mbox_line(const char *p, size_t n)
{
	struct header_field f;

	return n >= 5 && memcmp(p, "From ", 5) == 0 &&
	    !header_parse(p, p + n, &f);
}

static int
read_lines(struct completing *c, struct error *err)
{
	struct input_range *header = &c->header_range;
	size_t at = 0, fields = 0;
	uint64_t line = 1;
	const char *p;
	ssize_t n;
	int r;

	*header = INPUT_ALL;
	if (input_skip_mark(&c->m->input, err) == -1)
		return -1;
	for (; (n = next_line(c, at, err)) > 0; line++, at += (size_t)n) {
		p = c->m->input.kept.data + at;
		if (line == 1 && is_mbox_line(p, (size_t)n)) { /* RFC 4155 */
			header->offset = (uint64_t)n;
			header->line = 2;
			continue;
		}
		c->header_ended = is_empty(c, p, (size_t)n);
		if (c->header_ended)
			break;
		r = add_line(c, line, p, (size_t)n, &fields, err);
		if (r == -1)
			return -1;
		if (r == NO_FIELD) {
			c->header_ended = true;
			n = 0;
			break;
		}
	}
	header->end = at + (size_t)(n > 0 ? n : 0);
	c->body = (struct input_range){
	    header->end, UINT64_MAX, n > 0 ? line + 1 : line};
	if (n == -1 && fields == 0 && err->status == EX_DATAERR &&
	    local_is_sendmail(c->p)) { /* a text that is one long line */
		c->header_ended = true;
		return 0;
	}
	return n == -1 ? -1 : 0;
}

/* What no header may hold. */
static int
check_header(const struct completing *c, struct error *err)
{
	const char *p = buf_string(&c->m->input.kept) + c->header_range.offset;
	uint64_t line = c->header_range.line;
	size_t i;

	if (scan_check_message(&c->scan, completing_name(c), true, err) == -1)
		return -1;
	if (c->scan.ill_formed == 0)
		return 0;
	for (i = 0; i < c->scan.ill_formed; i++)
		line += p[i] == '\n';
	error_set(err, EX_DATAERR,
	    "%s: line %llu: 8-bit text that is not UTF-8 in the header",
	    completing_name(c), (unsigned long long)line);
	return error_hint(err,
	    "a header is ASCII with encoded words (RFC 2047), or UTF-8 "
	    "(RFC 6532);\n"
	    "--repair --charset NAME makes encoded words of it if it is in "
	    "NAME");
}

/* How much of n octets, too many for a line, to put on one: behind a comma or
 * before a blank, if there is one, so that no word is torn. */
static size_t
line_part(const char *p)
{
	size_t n = HEADER_LINE_MAX - 1, i;

	for (i = n; i > 1; i--)
		if (p[i - 1] == ',' || ascii_is_blank(p[i]))
			return i;
	return n;
}

/* A field that cannot be repaired and is to go out all the same: without its
 * 8-bit bytes, and folded where nobody expects it. */
static void
force_field(const struct header_field *f, struct buf *out)
{
	const char *p = f->name, *end;
	size_t n;

	for (; p < f->next; p = end) {
		end = p + ascii_line(p, (size_t)(f->next - p));
		while (end - p > HEADER_LINE_MAX + 2) {
			n = line_part(p);
			buf_append(out, p, n);
			p += n;
			buf_puts(out, ascii_is_blank(*p) ? "\r\n" : "\r\n ");
		}
		buf_append(out, p, (size_t)(end - p));
	}
}

/* With other bytes in it an address would be somebody else's. */
static int
refuse_address(
    const struct completing *c, const struct header_field *f, struct error *err)
{
	error_set(err, EX_DATAERR,
	    "%s: line %llu: %.*s: 8-bit text that is not UTF-8 in an address",
	    completing_name(c), completing_line(c, f), (int)f->name_len,
	    f->name);
	return error_hint(
	    err, "'charset' in the configuration says which charset it is in");
}

/* As sendmail(8) takes it: what can be done for each. */
static int
repair_each(const struct completing *c, struct buf *out, struct error *err)
{
	const char *at = NULL;
	struct header_field f;
	struct error why;
	size_t from;

	while (completing_next_field(c, &at, &f)) {
		if (repair_fields(f.name, (size_t)(f.next - f.name),
			completing_name(c), c->p->charset, out, &why) == 0)
			continue;
		if (why.status != EX_DATAERR) {
			*err = why;
			return -1;
		}
		if (completing_names_recipients(c, &f) &&
		    ascii_has_eight_bit(f.value, f.value_len))
			return refuse_address(c, &f, err);
		from = out->len;
		force_field(&f, out);
		for (; from < out->len; from++)
			if ((unsigned char)out->data[from] >= 0x80)
				out->data[from] = '?';
	}
	return 0;
}

int
completing_repair_fields(struct completing *c, struct error *err)
{
	struct buf fixed = {0};
	int r = local_is_sendmail(c->p)
	    ? repair_each(c, &fixed, err)
	    : repair_fields(buf_string(&c->header), c->header.len,
		  completing_name(c), c->p->charset, &fixed, err);

	buf_clear(&c->header);
	c->header = fixed;
	return r;
}

int
completing_read_header(struct completing *c, struct error *err)
{
	const struct input_range *r = &c->header_range;

	if (read_lines(c, err) == -1)
		return -1;
	scan_begin(&c->scan, r->line);
	scan_update(&c->scan, buf_string(&c->m->input.kept) + r->offset,
	    (size_t)(r->end - r->offset));
	scan_end(&c->scan);
	if (!c->p->repair)
		return check_header(c, err);
	return completing_repair_fields(c, err);
}

/* Where the lines end otherwise than the first one: its number, 0 if an error
 * was set. */
static uint64_t
odd_line(const struct completing *c, struct error *err)
{
	uint64_t line = c->header_range.line, at = c->header_range.offset;
	struct input *in = &c->m->input;
	char piece[8192], last = '\0';
	bool first = true, crlf = false;
	ssize_t n, i;

	for (; (n = input_read(in, at, piece, sizeof(piece), err)) > 0;
	     at += (uint64_t)n) {
		for (i = 0; i < n; last = piece[i++]) {
			if (piece[i] != '\n')
				continue;
			if (!first && crlf != (last == '\r'))
				return line;
			crlf = last == '\r';
			first = false;
			line++;
		}
	}
	return n == -1 ? 0 : line;
}

int
completing_check_line_ends(
    const struct completing *c, const struct scan *body, struct error *err)
{
	uint64_t lines = c->scan.lines + body->lines;
	uint64_t crlf = c->scan.crlf + body->crlf;
	uint64_t line = c->scan.first[SCAN_BARE_CR];
	const char *what = "a CR that is not part of a line end";

	if (line == 0)
		line = body->first[SCAN_BARE_CR];
	if (line == 0 && (crlf == 0 || crlf == lines))
		return 0;
	if (line == 0) {
		what = "another line end than before, LF or CRLF";
		line = odd_line(c, err);
		if (line == 0)
			return -1;
	}
	error_set(err, EX_DATAERR, "%s: line %llu: %s", completing_name(c),
	    (unsigned long long)line, what);
	return error_hint(err,
	    "dos2unix and unix2dos make the line ends alike; without "
	    "--strict all go out as CRLF");
}

bool
completing_next_field(
    const struct completing *c, const char **at, struct header_field *f)
{
	const char *end = buf_string(&c->header) + c->header.len;

	if (*at == NULL)
		*at = buf_string(&c->header);
	if (*at >= end || !header_parse(*at, end, f))
		return false;
	*at = f->next;
	return true;
}
