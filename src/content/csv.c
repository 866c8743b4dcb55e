#include "content/csv.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

enum { BLOCK = 64, LEAST_CAPACITY = 16 };

/* A field, in offsets from the record's beginning; the quotes are in it. */
struct csv_span {
	uint32_t begin, end, line_begin;
	uint32_t lines; /* that ended in the record before it */
	bool quoted, doubled;
};

/* What an octet leads to. */
enum step { GO_ON, DONE, NEEDS_MORE, BAD };

bool
csv_can_delimit(char c)
{
	return (unsigned char)c < 0x80 && c != '"' && c != '\r' && c != '\n' &&
	    c != '\0';
}

void
csv_init(struct csv *c, char delimiter)
{
	*c = (struct csv){.delimiter = delimiter, .line = 1};
	c->special[(unsigned char)delimiter] = 1;
	c->special['"'] = c->special['\n'] = c->special['\r'] = 1;
	c->special['\0'] = 1;
}

void
csv_clear(struct csv *c)
{
	free(c->spans);
	free(c->fields);
	csv_init(c, c->delimiter);
}

/* --- octets that mean something -------------------------------------------*/

/* Which of up to BLOCK octets do: the first one is the lowest bit. */
static uint64_t
look_each(struct csv *c, const char *p, size_t n)
{
	unsigned char all = 0, octet;
	uint64_t marks = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		octet = (unsigned char)p[i];
		marks |= (uint64_t)c->special[octet] << i;
		all |= octet;
	}
	c->wide |= all >= 0x80;
	return marks;
}

#ifdef __SSE2__
static uint64_t
look_block(struct csv *c, const char *p)
{
	const __m128i delimiter = _mm_set1_epi8(c->delimiter);
	const __m128i quote = _mm_set1_epi8('"'), lf = _mm_set1_epi8('\n');
	const __m128i cr = _mm_set1_epi8('\r'), nul = _mm_setzero_si128();
	uint64_t marks = 0;
	int high = 0, i;
	__m128i v, same;

	for (i = 0; i < BLOCK; i += 16) {
		v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		same = _mm_or_si128(
		    _mm_cmpeq_epi8(v, delimiter), _mm_cmpeq_epi8(v, quote));
		same = _mm_or_si128(same,
		    _mm_or_si128(_mm_cmpeq_epi8(v, lf), _mm_cmpeq_epi8(v, cr)));
		same = _mm_or_si128(same, _mm_cmpeq_epi8(v, nul));
		marks |= (uint64_t)(uint32_t)_mm_movemask_epi8(same) << i;
		high |= _mm_movemask_epi8(v);
	}
	c->wide |= high != 0;
	return marks;
}
#else
static uint64_t
look_block(struct csv *c, const char *p)
{
	return look_each(c, p, BLOCK);
}
#endif

/* --- places ---------------------------------------------------------------*/

static size_t
characters(const char *p, size_t n)
{
	size_t count = 0, i;

	for (i = 0; i < n; i++)
		count += (p[i] & 0xc0) != 0x80;
	return count;
}

static enum step
bad(const struct csv *c, const char *bytes, struct csv_place place,
    const char *text, struct error *err)
{
	error_set(err, EX_DATAERR, "line %llu, column %zu: %s",
	    (unsigned long long)(c->line + place.lines),
	    characters(bytes + place.line_begin, place.at - place.line_begin) +
		1,
	    text);
	return BAD;
}

/* The same of what stands so many octets further in this line. */
static enum step
bad_here(const struct csv *c, const char *bytes, size_t further,
    const char *text, struct error *err)
{
	struct csv_place place = c->here;

	place.at += further;
	return bad(c, bytes, place, text, err);
}

/* --- fields ---------------------------------------------------------------*/

/* The header decides how many are kept; those that a record has beyond are
 * counted. */
static void
grow(struct csv *c)
{
	if (c->capacity >= (c->columns > 0 ? c->columns : CSV_FIELDS_MAX))
		return;
	c->capacity = c->capacity > 0 ? c->capacity * 2 : LEAST_CAPACITY;
	c->spans = memory_realloc(c->spans, c->capacity, sizeof(*c->spans));
	c->fields = memory_realloc(c->fields, c->capacity, sizeof(*c->fields));
}

/* The field is over, and so is what ends it, up to `next`. */
static void
end_field(struct csv *c, size_t end, size_t next)
{
	if (c->count == c->capacity)
		grow(c);
	if (c->count < c->capacity)
		c->spans[c->count] =
		    (struct csv_span){.begin = (uint32_t)c->field.at,
			.end = (uint32_t)end,
			.line_begin = (uint32_t)c->field.line_begin,
			.lines = (uint32_t)c->field.lines,
			.quoted = c->quoted,
			.doubled = c->doubled};
	c->count++;
	c->quoted = c->doubled = false;
	c->here.at = next;
	c->field = c->here;
}

/* The field is over before `end`, and so is the record, if a line ends there. */
static enum step
end_record(struct csv *c, const char *bytes, size_t n, bool ended, size_t end,
    const char *otherwise, struct error *err)
{
	size_t next = end + c->quoted; /* behind the closing quote */

	if (next < n && bytes[next] == '\r') {
		if (next + 1 == n && !ended)
			return NEEDS_MORE;
		next++;
	}
	if (next < n ? bytes[next] != '\n' : next > end + c->quoted)
		return bad_here(
		    c, bytes, end + c->quoted - c->here.at, otherwise, err);
	end_field(c, end, next < n ? next + 1 : n);
	return DONE;
}

static enum step
opening_quote(struct csv *c, const char *bytes, struct error *err)
{
	if (c->here.at == c->field.at) {
		c->quoted = true;
		c->here.at++;
		return GO_ON;
	}
	bad_here(c, bytes, 0,
	    "a quote within a field that does not begin "
	    "with one",
	    err);
	error_hint(err,
	    "a field with quotes in it stands in quotes as a whole, "
	    "and those in it are written twice");
	return BAD;
}

static enum step
closing_quote(
    struct csv *c, const char *bytes, size_t n, bool ended, struct error *err)
{
	size_t next = c->here.at + 1;

	if (next == n && !ended)
		return NEEDS_MORE;
	if (next < n && bytes[next] == '"') {
		c->doubled = true;
		c->here.at += 2;
		return GO_ON;
	}
	if (next < n && bytes[next] == c->delimiter) {
		end_field(c, c->here.at, next + 1);
		return GO_ON;
	}
	return end_record(c, bytes, n, ended, c->here.at,
	    "a text behind the closing quote of a field", err);
}

/* What the octet that was come to leads to. */
static enum step
take(struct csv *c, const char *bytes, size_t n, bool ended, struct error *err)
{
	char octet = bytes[c->here.at];

	if (octet == '"')
		return c->quoted ? closing_quote(c, bytes, n, ended, err)
				 : opening_quote(c, bytes, err);
	if (octet == '\0' && !c->has_nul) {
		c->has_nul = true;
		c->nul = c->here;
	}
	if (!c->quoted && (octet == '\n' || octet == '\r'))
		return end_record(c, bytes, n, ended, c->here.at,
		    "a CR that is not part of a line end", err);
	c->here.at++;
	if (octet == '\n') {
		c->here.lines++;
		c->here.line_begin = c->here.at;
	}
	return GO_ON;
}

/* No octet is left. */
static enum step
at_end(
    struct csv *c, const char *bytes, size_t n, bool ended, struct error *err)
{
	if (!ended)
		return NEEDS_MORE;
	if (c->quoted) {
		bad(c, bytes, c->field, "a quote that nothing closes", err);
		error_hint(err,
		    "a field that begins with a quote ends with "
		    "one; those in it are written twice");
		return BAD;
	}
	end_field(c, n, n);
	return DONE;
}

static enum step
scan(struct csv *c, const char *bytes, size_t n, bool ended, struct error *err)
{
	enum step step;
	uint64_t marks;
	size_t base, len, at;

	while (c->here.at < n) {
		base = c->here.at;
		len = n - base < BLOCK ? n - base : BLOCK;
		marks = len == BLOCK ? look_block(c, bytes + base)
				     : look_each(c, bytes + base, len);
		while (marks != 0) {
			at = base + (size_t)__builtin_ctzll(marks);
			marks &= marks - 1;
			if (bytes[at] == c->delimiter && !c->quoted) {
				end_field(c, at, at + 1);
				continue;
			}
			c->here.at = at;
			step = take(c, bytes, n, ended, err);
			if (step != GO_ON)
				return step;
			/* Perhaps two octets further. */
			at = c->here.at - base;
			marks = at < BLOCK ? marks >> at << at : 0;
		}
		if (c->here.at < base + len)
			c->here.at = base + len;
	}
	return at_end(c, bytes, n, ended, err);
}

/* --- records --------------------------------------------------------------*/

/* What stands twice is taken once; the length that is left. */
static size_t
undouble(char *text, size_t n)
{
	char *to = memchr(text, '"', n), *from = to, *end = text + n;

	while (from < end) {
		from += *from == '"';
		*to++ = *from++;
	}
	return (size_t)(to - text);
}

/* Before any of the octets is written to. */
static void
set_columns(struct csv *c, const char *bytes, size_t count)
{
	size_t at = 0, line_begin = 0, column = 1, i;
	const struct csv_span *span;

	for (i = 0; i < count; i++) {
		span = &c->spans[i];
		if (span->line_begin != line_begin) {
			at = line_begin = span->line_begin;
			column = 1;
		}
		column += c->wide ? characters(bytes + at, span->begin - at)
				  : span->begin - at;
		at = span->begin;
		c->fields[i].column = column;
	}
}

static void
set_fields(struct csv *c, char *bytes, struct csv_record *record)
{
	const struct csv_span *span;
	struct csv_field *f;
	size_t i;

	record->count = c->count < c->capacity ? c->count : c->capacity;
	record->fields = c->fields;
	record->line = c->line;
	set_columns(c, bytes, record->count);
	for (i = 0; i < record->count; i++) {
		span = &c->spans[i];
		f = &c->fields[i];
		f->line = c->line + span->lines;
		f->text = bytes + span->begin + span->quoted;
		f->len = span->end - span->begin - span->quoted;
		if (span->doubled)
			f->len = undouble(f->text, f->len);
		f->text[f->len] = '\0';
	}
}

/* The record is whole; whether it is good. */
static enum csv_result
judge(struct csv *c, const char *bytes, struct error *err)
{
	bool header = c->columns == 0;

	if (c->has_nul) {
		(void)bad(c, bytes, c->nul, "a NUL", err);
		if (!header)
			return CSV_BAD_RECORD;
		error_hint(err, "CSV is a text in UTF-8; is this UTF-16?");
		return CSV_BAD;
	}
	if (header && c->count > CSV_FIELDS_MAX) {
		error_set(err, EX_DATAERR,
		    "line %llu: %zu columns, and no "
		    "more than %d are read",
		    (unsigned long long)c->line, c->count, CSV_FIELDS_MAX);
		return CSV_BAD;
	}
	if (header)
		c->columns = c->count;
	if (c->count == c->columns)
		return CSV_RECORD;
	error_set(err, EX_DATAERR,
	    "line %llu: %zu field%s, where the header has %zu",
	    (unsigned long long)c->line, c->count, c->count == 1 ? "" : "s",
	    c->columns);
	return CSV_BAD_RECORD;
}

/* What stands before a record and is none.  False: bytes are needed. */
static bool
skip(struct csv *c, const char *bytes, size_t n, bool ended, size_t *used)
{
	static const char bom[] = {'\xef', '\xbb', '\xbf'};
	size_t at = 0;

	if (!c->begun) {
		if (n < sizeof(bom) && !ended && memcmp(bytes, bom, n) == 0)
			return false;
		if (n >= sizeof(bom) && memcmp(bytes, bom, sizeof(bom)) == 0)
			at = sizeof(bom);
		c->begun = true;
	}
	for (;; at++) {
		if (at < n && bytes[at] == '\r') {
			if (at + 1 == n && !ended)
				break;
			if (at + 1 < n && bytes[at + 1] == '\n')
				at++;
		}
		if (at == n || bytes[at] != '\n')
			break;
		c->line++;
	}
	*used = at;
	return at < n || ended;
}

/* The next record begins here. */
static void
begin(struct csv *c, uint64_t line)
{
	c->line = line;
	c->here = c->field = (struct csv_place){0};
	c->quoted = c->doubled = c->wide = c->has_nul = false;
	c->count = 0;
}

void
csv_go_on(struct csv *c, const struct csv *header, uint64_t line)
{
	c->columns = header->columns;
	c->begun = true;
	begin(c, line);
}

static enum csv_result
too_long(const struct csv *c, const char *bytes, struct error *err)
{
	if (c->quoted)
		(void)bad(c, bytes, c->field,
		    "a quote that nothing closes for 16 MiB", err);
	else
		error_set(err, EX_DATAERR,
		    "line %llu: a record of more than "
		    "16 MiB",
		    (unsigned long long)c->line);
	return CSV_BAD;
}

enum csv_result
csv_read(struct csv *c, char *bytes, size_t n, bool ended, size_t *used,
    struct csv_record *record, struct error *err)
{
	enum csv_result result;
	enum step step;
	bool lf;

	*used = 0;
	if (c->here.at == 0) {
		if (!skip(c, bytes, n, ended, used))
			return CSV_MORE;
		bytes += *used;
		n -= *used;
		if (n == 0)
			return CSV_END;
	}
	if (n > CSV_RECORD_MAX + BLOCK) {
		n = CSV_RECORD_MAX + BLOCK;
		ended = false;
	}
	step = scan(c, bytes, n, ended, err);
	if (c->here.at > CSV_RECORD_MAX && step != BAD)
		return too_long(c, bytes, err);
	if (step != DONE)
		return step == BAD ? CSV_BAD : CSV_MORE;
	result = judge(c, bytes, err);
	lf = bytes[c->here.at - 1] == '\n';
	set_fields(c, bytes, record);
	*used += c->here.at;
	begin(c, c->line + c->here.lines + lf);
	return result;
}
