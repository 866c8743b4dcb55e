/* scan: by memchr and eight bytes at a time, since all of a message passes
 * through here, twice if it is a large file. */
#include "content/scan.h"

#include <endian.h>
#include <string.h>

#include "lib/ascii.h"

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
	struct scan_utf8 u = s->utf8; /* a local one stays in registers */
	bool good = true;
	unsigned char c;
	size_t i;

	for (i = 0; i < n && good; i++) {
		if (u.more > 0) {
			good = utf8_next(&u, (unsigned char)p[i]);
			continue;
		}
		i += ascii_run(p + i, n - i);
		if (i == n)
			break;
		c = (unsigned char)p[i];
		if (c >= 0xc2 && c <= 0xdf && n - i > 1 &&
		    (p[i + 1] & 0xc0) == 0x80) {
			i++; /* two bytes: most of Europe's letters */
			continue;
		}
		u.begin = s->bytes + i;
		good = utf8_lead(&u, c);
	}
	s->utf8 = u;
	if (!good)
		s->ill_formed = u.begin + 1;
}

/* What is worth looking for in the lines of a piece. */
struct odd {
	bool cr, nul, eight_bit;
};

static void
odd_bytes(struct scan *s, const struct odd *odd, const char *p, size_t n)
{
	const char *end = p + n, *q;

	for (q = p;
	     odd->nul && (q = memchr(q, '\0', (size_t)(end - q))) != NULL; q++)
		found(s, SCAN_NUL);
	if (odd->eight_bit && s->first[SCAN_EIGHT_BIT] == 0 &&
	    count_eight_bit(p, n) > 0)
		s->first[SCAN_EIGHT_BIT] = line_number(s);
}

/* Another n octets of the line; s->cr tells of the last one. */
static void
extend_line(struct scan *s, size_t n)
{
	uint64_t length;

	s->column += n;
	length = s->column - (s->cr ? 1 : 0);
	if (length > s->longest)
		s->longest = length;
	if (length > SCAN_LINE_MAX && !s->is_long) {
		found(s, SCAN_LONG_LINE);
		s->is_long = true;
	}
}

/* No LF came behind the CR. */
static void
cr_alone(struct scan *s)
{
	found(s, SCAN_BARE_CR);
	s->cr = false;
	if (s->cr_ends) {
		s->column = 0;
		s->is_long = false;
	}
}

/* A piece of a line, without its LF. */
static void
line_piece(struct scan *s, const struct odd *odd, const char *p, size_t n)
{
	const char *end = p + n, *cr;

	if (odd->nul || odd->eight_bit)
		odd_bytes(s, odd, p, n);
	while (odd->cr && p < end) {
		if (s->cr)
			cr_alone(s);
		cr = memchr(p, '\r', (size_t)(end - p));
		if (cr == NULL)
			break;
		s->cr = true;
		extend_line(s, (size_t)(cr + 1 - p));
		p = cr + 1;
	}
	if (p < end)
		extend_line(s, (size_t)(end - p));
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
	struct odd odd;

	if (n == 0)
		return;
	odd.cr = s->cr || memchr(p, '\r', n) != NULL;
	odd.nul = memchr(p, '\0', n) != NULL;
	odd.eight_bit = eight_bit > 0 && s->first[SCAN_EIGHT_BIT] == 0;
	if ((eight_bit > 0 || s->utf8.more > 0) && s->ill_formed == 0)
		utf8_update(s, p, n);
	while ((lf = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		line_piece(s, &odd, p, (size_t)(lf - p));
		line_end(s);
		p = lf + 1;
	}
	line_piece(s, &odd, p, (size_t)(end - p));
	s->count[SCAN_EIGHT_BIT] += eight_bit;
	s->bytes += n;
}

void
scan_end(struct scan *s)
{
	if (s->utf8.more > 0 && s->ill_formed == 0)
		s->ill_formed = s->utf8.begin + 1;
	if (!s->cr)
		return;
	cr_alone(s);
	extend_line(s, 0);
}

uint64_t
scan_canonical_size(const struct scan *s)
{
	uint64_t lf_alone = s->lines - s->crlf;
	uint64_t alone = s->cr_ends ? s->count[SCAN_BARE_CR] : 0;

	return s->bytes + lf_alone + alone + (s->column > 0 ? 2 : 0);
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
	if (s->first[SCAN_BARE_CR] != 0 && !s->cr_ends) {
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
		    SCAN_LINE_MAX);
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

int
scan_check_message(
    const struct scan *s, const char *name, bool eight_bit, struct error *err)
{
	if (scan_check(s, name, eight_bit, err) == 0)
		return 0;
	return error_hint(err,
	    "mail cannot carry it as it is; --repair encodes what it is in");
}
