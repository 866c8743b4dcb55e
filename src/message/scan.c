/* scan: by memchr and eight bytes at a time, since all of a message passes
 * through here, twice if it is a large file. */
#include "message/scan.h"

#include <string.h>

#include "message/header.h"

void
scan_begin(struct scan *s, uint64_t line)
{
	memset(s, 0, sizeof(*s));
	s->line_before = line - 1;
}

static uint64_t
line_number(const struct scan *s)
{
	return s->line_before + s->lines + 1;
}

static void
found(struct scan *s, enum scan_oddity what)
{
	s->count[what]++;
	if (s->first[what] == 0)
		s->first[what] = line_number(s);
}

static uint64_t
eight_bytes(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* How many bytes are over 127. */
static uint64_t
count_eight_bit(const char *p, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t total = 0, lanes;
	size_t i;

	while (n >= 8) {
		/* Eight counters of a byte each, emptied before they overflow;
		 * their sum is at most 31 * 8, which fits into the top one. */
		for (lanes = 0, i = 0; i < 31 && n >= 8; i++, p += 8, n -= 8)
			lanes += eight_bytes(p) >> 7 & ones;
		total += (lanes * ones) >> 56;
	}
	for (; n > 0; p++, n--)
		total += (unsigned char)*p >> 7;
	return total;
}

/* The first byte of a UTF-8 sequence: how many follow, and what the next one
 * may be (RFC 3629 section 4).  False: no sequence begins so. */
static bool
utf8_lead(struct scan_utf8 *u, unsigned char c)
{
	u->low = 0x80;
	u->high = 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return false;
	u->more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (c == 0xe0)
		u->low = 0xa0; /* else overlong */
	else if (c == 0xed)
		u->high = 0x9f; /* else a surrogate */
	else if (c == 0xf0)
		u->low = 0x90;
	else if (c == 0xf4)
		u->high = 0x8f; /* else beyond U+10FFFF */
	return true;
}

static bool
utf8_next(struct scan_utf8 *u, unsigned char c)
{
	if (c < u->low || c > u->high)
		return false;
	u->more--;
	u->low = 0x80;
	u->high = 0xbf;
	return true;
}

static void
utf8_update(struct scan *s, const char *p, size_t n)
{
	const uint64_t tops = UINT64_C(0x8080808080808080);
	struct scan_utf8 u = s->utf8; /* a local one stays in registers */
	bool good = true;
	unsigned char c;
	size_t i = 0;

	while (i < n && good) {
		c = (unsigned char)p[i];
		if (u.more == 0 && c >= 0xc2 && c <= 0xdf && n - i > 1 &&
		    (p[i + 1] & 0xc0) == 0x80) {
			i++; /* two bytes: most of Europe's letters */
		} else if (u.more > 0) {
			good = utf8_next(&u, c);
		} else if (c > 127) {
			u.begin = s->bytes + i;
			good = utf8_lead(&u, c);
		} else if (n - i >= 8 && (eight_bytes(p + i) & tops) == 0) {
			i += 7;
		}
		i++;
	}
	s->utf8 = u;
	if (!good)
		s->ill_formed = u.begin + 1;
}

/* Looks for odd bytes in a piece of a line. */
static void
odd_bytes(struct scan *s, const char *p, size_t n)
{
	const char *end = p + n, *q;

	if (n > 0 && s->cr) {
		found(s, SCAN_BARE_CR);
		s->cr = false;
	}
	for (q = p; (q = memchr(q, '\r', (size_t)(end - q))) != NULL; q++) {
		if (q + 1 == end)
			s->cr = true;
		else
			found(s, SCAN_BARE_CR);
	}
	for (q = p; (q = memchr(q, '\0', (size_t)(end - q))) != NULL; q++)
		found(s, SCAN_NUL);
	if (s->first[SCAN_EIGHT_BIT] == 0 && count_eight_bit(p, n) > 0)
		s->first[SCAN_EIGHT_BIT] = line_number(s);
}

static void
line_piece(struct scan *s, const char *p, size_t n, bool odd)
{
	uint64_t length;

	if (odd)
		odd_bytes(s, p, n);
	s->column += n;
	length = s->column - (s->cr ? 1 : 0);
	if (length > s->longest)
		s->longest = length;
	if (length > HEADER_LINE_MAX && !s->is_long) {
		found(s, SCAN_LONG_LINE);
		s->is_long = true;
	}
}

static void
line_end(struct scan *s)
{
	if (s->cr)
		s->crlf++;
	s->lines++;
	s->column = 0;
	s->cr = false;
	s->is_long = false;
}

void
scan_update(struct scan *s, const char *p, size_t n)
{
	uint64_t eight_bit = count_eight_bit(p, n);
	const char *end = p + n, *lf;
	bool odd;

	if (n == 0)
		return;
	odd = s->cr || memchr(p, '\r', n) != NULL ||
	    memchr(p, '\0', n) != NULL ||
	    (eight_bit > 0 && s->first[SCAN_EIGHT_BIT] == 0);
	if ((eight_bit > 0 || s->utf8.more > 0) && s->ill_formed == 0)
		utf8_update(s, p, n);
	while ((lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		line_piece(s, p, (size_t)(lf - p), odd);
		line_end(s);
		p = lf + 1;
	}
	line_piece(s, p, (size_t)(end - p), odd);
	s->count[SCAN_EIGHT_BIT] += eight_bit;
	s->bytes += n;
}

void
scan_end(struct scan *s)
{
	if (s->utf8.more > 0 && s->ill_formed == 0)
		s->ill_formed = s->utf8.begin + 1;
	if (s->cr) {
		found(s, SCAN_BARE_CR);
		s->cr = false;
		line_piece(s, "", 0, false);
	}
}

uint64_t
scan_canonical_size(const struct scan *s)
{
	return s->bytes + (s->lines - s->crlf) + (s->column > 0 ? 2 : 0);
}

bool
scan_within(const struct scan *a, const struct scan *whole)
{
	size_t i;

	for (i = 0; i < SCAN_ODDITIES; i++)
		if (a->count[i] > whole->count[i])
			return false;
	if (a->ill_formed != 0 && whole->ill_formed == 0)
		return false;
	return a->bytes <= whole->bytes && a->lines <= whole->lines &&
	    a->crlf <= whole->crlf && a->longest <= whole->longest;
}

bool
scan_equal(const struct scan *a, const struct scan *b)
{
	return scan_within(a, b) && scan_within(b, a);
}

int
scan_check(
    const struct scan *s, const char *name, bool eight_bit, struct error *err)
{
	if (s->first[SCAN_NUL] != 0)
		return error_set(err, EX_DATAERR, "%s: line %llu: NUL byte",
		    name, (unsigned long long)s->first[SCAN_NUL]);
	if (s->first[SCAN_BARE_CR] != 0) {
		error_set(err, EX_DATAERR,
		    "%s: line %llu: a CR that is not part of a line end", name,
		    (unsigned long long)s->first[SCAN_BARE_CR]);
		return error_hint(err,
		    "a complete message has LF or CRLF at "
		    "the end of each line");
	}
	if (s->first[SCAN_LONG_LINE] != 0) {
		error_set(err, EX_DATAERR,
		    "%s: line %llu is longer than %d octets", name,
		    (unsigned long long)s->first[SCAN_LONG_LINE],
		    HEADER_LINE_MAX);
		return error_hint(err,
		    "mail cannot carry such a line as it is; "
		    "encode the part that it is in as "
		    "quoted-printable or base64");
	}
	if (eight_bit || s->first[SCAN_EIGHT_BIT] == 0)
		return 0;
	error_set(err, EX_DATAERR,
	    "%s: line %llu: 8-bit text, and the server does not offer "
	    "8BITMIME",
	    name, (unsigned long long)s->first[SCAN_EIGHT_BIT]);
	return error_hint(err,
	    "encode the part that it is in as "
	    "quoted-printable or base64");
}
