/*
 * structure: a walk from line to line, where only lines in headers, and lines
 * that begin with "--", are looked at; the rest goes by as a whole.
 *
 * The window always holds LOOKAHEAD bytes, or all that is left, so that what a
 * line is does not depend on how the bytes come in.
 */
#include "mime/structure.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

#include "rfc5322/header.h"

enum {
	WINDOW = 131072,
	LOOKAHEAD = 2048,
	BOUNDARY_MAX = 250,   /* 70 by RFC 2046 */
	BOUNDARY_LINE = 1000, /* with the blanks behind it */
};

enum state {
	IN_HEADER,
	IN_BODY, /* of a multipart: before its first part */
	IN_EPILOGUE,
	IN_PART, /* between its parts, or behind the last one */
};

struct reader {
	struct structure *s;
	struct input *in;
	uint64_t end; /* of the range */
	char *window; /* window[at..len) are to be read */
	size_t at, len;
	uint64_t offset; /* of window[at] in the input */
	uint64_t line;	 /* its number: LFs count */
	bool ended;	 /* nothing comes behind them */
	bool line_start; /* window[at] is the first of a line */

	size_t part; /* the innermost one that is open */
	enum state state;
	char eol[2]; /* the line end before, not scanned: who knows whether it
			is a boundary's */
	size_t eol_len;
	struct buf fields; /* IN_HEADER: what was read of it */
};

static struct structure_part *
current(const struct reader *r)
{
	return &r->s->parts[r->part];
}

static int
fill(struct reader *r, struct error *err)
{
	uint64_t left;
	ssize_t n;

	while (!r->ended && r->len - r->at < LOOKAHEAD) {
		memmove(r->window, r->window + r->at, r->len - r->at);
		r->len -= r->at;
		r->at = 0;
		left = r->end - (r->offset + r->len);
		if (left > WINDOW - r->len)
			left = WINDOW - r->len;
		n = left == 0 ? 0
			      : input_read(r->in, r->offset + r->len,
				    r->window + r->len, (size_t)left, err);
		if (n == -1)
			return -1;
		r->len += (size_t)n;
		r->ended = n == 0;
	}
	return 0;
}

static size_t
eol_at(const char *p, const char *end)
{
	if (p == end || (*p != '\r' && *p != '\n'))
		return 0;
	return *p == '\r' && end - p >= 2 && p[1] == '\n' ? 2 : 1;
}

/* The length of the line at p without its end; n if that is not there. */
static size_t
line_length(const char *p, size_t n)
{
	const char *lf = memchr(p, '\n', n);
	size_t len = lf != NULL ? (size_t)(lf - p) : n;
	const char *cr = memchr(p, '\r', len);

	return cr != NULL ? (size_t)(cr - p) : len;
}

static void
advance(struct reader *r, size_t n)
{
	const char *p = r->window + r->at, *end = p + n;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		r->line++;
		p++;
	}
	r->at += n;
	r->offset += n;
}

static void
part_begin(struct reader *r, size_t parent)
{
	struct structure *s = r->s;
	struct structure_part *p;

	if (s->count == s->capacity) {
		s->capacity = s->capacity > 0 ? 2 * s->capacity : 8;
		s->parts =
		    memory_realloc(s->parts, s->capacity, sizeof(*s->parts));
	}
	r->part = s->count++;
	p = current(r);
	*p = (struct structure_part){.parent = parent,
	    .header = {r->offset, r->offset, r->line},
	    .type = ""};
	if (parent != STRUCTURE_NONE)
		p->depth = s->parts[parent].depth + 1;
	r->state = IN_HEADER;
	r->eol_len = 0;
	r->line_start = true;
	buf_reset(&r->fields);
}

static bool
is_message_type(const struct structure_part *p)
{
	return p->coded == MIME_ANY &&
	    (strcmp(p->type, "message/rfc822") == 0 ||
		strcmp(p->type, "message/global") == 0);
}

static bool
is_multipart_type(const struct structure_part *p)
{
	size_t n = p->boundary != NULL ? strlen(p->boundary) : 0;

	return n > 0 && n <= BOUNDARY_MAX;
}

/* What begins here is the content of the current part, or a message in it. */
static void
body_begin(struct reader *r)
{
	struct structure_part *p = current(r);
	bool deep = p->depth >= STRUCTURE_DEPTH;

	structure_read_fields(
	    r->s, r->part, buf_string(&r->fields), r->fields.len);
	p->header.end = r->offset;
	p->body = (struct input_range){r->offset, UINT64_MAX, r->line};
	r->state = IN_BODY;
	r->eol_len = 0;
	scan_begin(&p->scan, r->line);
	p->scan.cr_ends = true;
	if ((is_message_type(p) || is_multipart_type(p)) &&
	    (deep || r->s->count >= STRUCTURE_PARTS)) {
		r->s->limited = true;
	} else if (is_message_type(p)) {
		p->kind = STRUCTURE_MESSAGE;
		part_begin(r, r->part);
	} else if (is_multipart_type(p)) {
		p->kind = STRUCTURE_MULTIPART;
		p->preamble = p->body;
	}
}

static struct scan *
current_scan(const struct reader *r)
{
	return r->state == IN_EPILOGUE ? &current(r)->epilogue_scan
				       : &current(r)->scan;
}

/* The current part ends here, where `before` bytes belong to a boundary. */
static void
part_end(struct reader *r, size_t before)
{
	struct structure_part *p = current(r);

	if (r->state == IN_BODY || r->state == IN_EPILOGUE)
		scan_end(current_scan(r));
	if (p->kind == STRUCTURE_MULTIPART && r->state == IN_BODY) {
		p->kind = STRUCTURE_LEAF; /* it has no parts */
		p->preamble = (struct input_range){0};
	} else if (p->kind == STRUCTURE_MULTIPART && r->state == IN_PART) {
		p->epilogue =
		    (struct input_range){r->offset, r->offset, r->line};
	}
	if (r->state == IN_EPILOGUE)
		p->epilogue.end = r->offset;
	p->after = r->offset;
	p->body.end = r->offset - before;
	if (p->body.end < p->body.offset)
		p->body.end = p->body.offset;
	r->part = p->parent;
	r->state = IN_PART;
}

/* All that is open within the part, STRUCTURE_NONE being outside of all. */
static void
parts_end(struct reader *r, size_t part, size_t before)
{
	while (r->state == IN_HEADER) /* twice, if it is a message */
		body_begin(r);
	while (r->part != part)
		part_end(r, before);
}

/* The open multipart whose boundary this line of n bytes is; *last: the one
 * behind its parts. */
static size_t
boundary_of(const struct reader *r, const char *p, size_t n, bool *last)
{
	const struct structure_part *part;
	const char *boundary;
	size_t i, len;

	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		n--;
	for (i = r->part; i != STRUCTURE_NONE; i = part->parent) {
		part = &r->s->parts[i];
		/* In its own header it is not yet one. */
		if (part->kind != STRUCTURE_MULTIPART || part->closed)
			continue;
		boundary = part->boundary;
		len = strlen(boundary);
		while (len > 0 &&
		    (boundary[len - 1] == ' ' || boundary[len - 1] == '\t'))
			len--;
		if (n < 2 + len || memcmp(p + 2, boundary, len) != 0)
			continue;
		*last = n == len + 4 && memcmp(p + 2 + len, "--", 2) == 0;
		if (*last || n == len + 2)
			return i;
	}
	return STRUCTURE_NONE;
}

/* Whether the line here is a boundary, which has its effect then. */
static bool
take_boundary(struct reader *r)
{
	const char *p = r->window + r->at, *end = r->window + r->len;
	size_t n = (size_t)(end - p), len, part;
	struct structure_part *m;
	bool last;

	if (n < 2 || p[0] != '-' || p[1] != '-')
		return false;
	len = line_length(p, n < BOUNDARY_LINE ? n : BOUNDARY_LINE);
	part = boundary_of(r, p, len, &last);
	if (part == STRUCTURE_NONE)
		return false;
	if (!last && r->s->count >= STRUCTURE_PARTS) {
		r->s->limited = true;
		return false;
	}
	m = &r->s->parts[part];
	if (r->part == part) { /* before its first part */
		scan_end(&m->scan);
		m->preamble.end = r->offset;
		r->state = IN_PART;
	}
	parts_end(r, part, r->eol_len);
	advance(r, len + eol_at(p + len, end));
	r->eol_len = 0;
	r->line_start = true;
	m = &r->s->parts[part];
	m->closed = last;
	if (!last) {
		part_begin(r, part);
		return true;
	}
	m->epilogue = (struct input_range){r->offset, r->offset, r->line};
	scan_begin(&m->epilogue_scan, r->line);
	m->epilogue_scan.cr_ends = true;
	r->state = IN_EPILOGUE;
	return true;
}

/* Whether this may be a line of a header; only its beginning is there. */
static bool
is_header_line(const struct reader *r, const char *p, size_t n)
{
	struct header_field f;

	if ((*p == ' ' || *p == '\t') && r->fields.len > 0)
		return true;
	return header_parse(p, p + n, &f);
}

/* What stands before a message in a mailbox, and goes along with it when some
 * programs forward it. */
static bool
is_mbox_line(const struct reader *r, const char *p, size_t n)
{
	const struct structure_part *part = &r->s->parts[r->s->count - 1];

	return r->fields.len == 0 && part->parent != STRUCTURE_NONE &&
	    r->s->parts[part->parent].kind == STRUCTURE_MESSAGE && n >= 5 &&
	    memcmp(p, "From ", 5) == 0 && !is_header_line(r, p, n);
}

/* One line of a header, or of one that is longer than the window a part. */
static void
header_step(struct reader *r)
{
	const char *p = r->window + r->at, *end = r->window + r->len;
	size_t len = line_length(p, (size_t)(end - p)), i;
	size_t eol = eol_at(p + len, end);

	if (r->line_start && len == 0) {
		advance(r, eol);
		body_begin(r);
		return;
	}
	if (r->line_start && is_mbox_line(r, p, len)) {
		advance(r, len + eol);
		return;
	}
	if (r->line_start && !is_header_line(r, p, len)) {
		body_begin(r);
		return;
	}
	for (i = 0; i < len && r->fields.len < STRUCTURE_HEADER; i++)
		if (p[i] != '\0')
			buf_putc(&r->fields, p[i]);
	if (p + len + eol == end && !r->ended)
		eol = 0; /* it may be half a CRLF */
	if (eol > 0 && r->fields.len < STRUCTURE_HEADER)
		buf_putc(&r->fields, '\n');
	r->line_start = eol > 0;
	advance(r, len + eol);
}

static bool
is_dashes(const char *p, const char *end)
{
	return end - p >= 2 && p[0] == '-' && p[1] == '-';
}

/* How far from p no line begins with "--", p itself aside: to the beginning of
 * such a line, or `limit`. */
static size_t
plain_length(const char *p, size_t limit, size_t n)
{
	const char *end = p + n, *line = p, *lf, *cr;
	size_t len = limit;

	for (; line < p + limit; line = lf + 1) {
		lf = memchr(line, '\n', (size_t)(end - line));
		cr = line;
		while ((cr = memchr(cr, '\r',
			    (size_t)((lf != NULL ? lf : end) - cr))) != NULL)
			if (is_dashes(++cr, end))
				break;
		if (cr != NULL)
			len = (size_t)(cr - p);
		else if (lf != NULL && is_dashes(lf + 1, end))
			len = (size_t)(lf + 1 - p);
		else if (lf != NULL)
			continue;
		break;
	}
	return len < limit ? len : limit;
}

/* Bytes of a body, as far as it is sure that they are. */
static void
body_step(struct reader *r)
{
	const char *p = r->window + r->at;
	size_t n = r->len - r->at, len, eol = 0;
	struct scan *scan = current_scan(r);

	/* The bytes at the end are looked at again with those behind them. */
	len = plain_length(p, r->ended ? n : n - LOOKAHEAD / 2, n);
	if (len < n && p[len - 1] == '\r' && p[len] == '\n')
		len++;
	if (len > 0 && p[len - 1] == '\n')
		eol = len > 1 && p[len - 2] == '\r' ? 2 : 1;
	else if (len > 0 && p[len - 1] == '\r')
		eol = 1;
	scan_update(scan, r->eol, r->eol_len);
	scan_update(scan, p, len - eol);
	memcpy(r->eol, p + len - eol, eol);
	r->eol_len = eol;
	r->line_start = eol > 0;
	advance(r, len);
}

static void
step(struct reader *r)
{
	if (r->line_start && take_boundary(r))
		return;
	if (r->state == IN_HEADER)
		header_step(r);
	else
		body_step(r);
}

static void
begin(struct reader *r, const char *fields, size_t n)
{
	size_t i;

	part_begin(r, STRUCTURE_NONE);
	if (fields == NULL)
		return;
	for (i = 0; i < n && i < STRUCTURE_HEADER; i++)
		if (fields[i] != '\0')
			buf_putc(&r->fields, fields[i]);
	body_begin(r);
}

int
structure_read(struct structure *s, struct input *in,
    const struct input_range *range, const char *fields, size_t n,
    struct error *err)
{
	struct reader r = {.s = s,
	    .in = in,
	    .end = range->end,
	    .offset = range->offset,
	    .line = range->line};
	int result;

	*s = (struct structure){0};
	r.window = memory_realloc(NULL, WINDOW, 1);
	begin(&r, fields, n);
	while ((result = fill(&r, err)) == 0 && r.at < r.len)
		step(&r);
	if (r.state == IN_BODY || r.state == IN_EPILOGUE)
		scan_update(current_scan(&r), r.eol, r.eol_len);
	parts_end(&r, STRUCTURE_NONE, 0);
	buf_clear(&r.fields);
	free(r.window);
	if (result == -1)
		structure_clear(s);
	return result;
}

void
structure_clear(struct structure *s)
{
	free(s->parts);
	arena_clear(&s->arena);
	*s = (struct structure){0};
}
