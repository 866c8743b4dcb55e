/* scan: what it counts in lines is in scan_lines.c. */
#include "content/scan.h"

#include <string.h>

#include "lib/ascii.h"

#include "content/scan_lines.h"

void
scan_begin(struct scan *s, uint64_t line)
{
	memset(s, 0, sizeof(*s));
	s->line_before = line - 1;
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

void
scan_update(struct scan *s, const char *p, size_t n)
{
	uint64_t before = s->count[SCAN_EIGHT_BIT];

	if (n == 0)
		return;
	scan_lines_way(0)(s, p, n);
	if ((s->count[SCAN_EIGHT_BIT] > before || s->utf8.more > 0) &&
	    s->ill_formed == 0)
		utf8_update(s, p, n);
	s->bytes += n;
}

void
scan_end(struct scan *s)
{
	if (s->utf8.more > 0 && s->ill_formed == 0)
		s->ill_formed = s->utf8.begin + 1;
	scan_lines_end(s);
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
