/*
 * decode: one filter, two steps; see encode.c for their mirror.
 *
 * A step has the next `lookahead` bytes before it, or all that is left, so
 * that what becomes of a byte never depends on how they came in.
 */
#include "content/decode.h"

#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"

#include "content/filter.h"

enum {
	BLANKS = 1000, /* so many before a line end are still looked through:
			  more than a legal line has */
};

struct decoder {
	struct filter filter;

	/* base64: what is left of the last characters */
	uint32_t bits;
	unsigned have;

	/* quoted-printable */
	size_t blanks; /* so many are known to stand at `at` */
	bool lf_due;   /* the CR of a line end has been written */
};

/* Whether the lookahead is there, or all that is left. */
static bool
is_ready(const struct filter *f)
{
	return f->ended ? f->at < f->len : f->len - f->at >= f->lookahead;
}

/* Groups of four as long as they are whole: the bytes written. */
static size_t
base64_groups(struct decoder *f, char *out, size_t n)
{
	const unsigned char *p =
	    (const unsigned char *)f->filter.in + f->filter.at;
	const unsigned char *end =
	    (const unsigned char *)f->filter.in + f->filter.len;
	uint32_t a, b, c, d;
	char *to = out;

	for (; end - p >= 4 && n >= 3; p += 4, to += 3, n -= 3) {
		a = base64_values[p[0]];
		b = base64_values[p[1]];
		c = base64_values[p[2]];
		d = base64_values[p[3]];
		if ((a & b & c & d & BASE64_DIGIT) == 0)
			break;
		to[0] = (char)(a << 2 | (b >> 4 & 3));
		to[1] = (char)(b << 4 | (c >> 2 & 15));
		to[2] = (char)(c << 6 | (d & 63));
	}
	f->filter.at = (size_t)((const char *)p - f->filter.in);
	return (size_t)(to - out);
}

static size_t
base64_step(struct filter *filter, char *out, size_t n)
{
	struct decoder *f = (struct decoder *)filter;
	size_t done = 0;
	unsigned value;
	char c;

	while (done < n && f->filter.at < f->filter.len) {
		if (f->have == 0)
			done += base64_groups(f, out + done, n - done);
		if (done == n || f->filter.at == f->filter.len)
			break;
		c = f->filter.in[f->filter.at++];
		value = base64_values[(unsigned char)c];
		if (c == '=')
			f->bits = f->have = 0;
		if (value == 0)
			continue;
		f->bits = f->bits << 6 | (value - BASE64_DIGIT);
		f->have += 6;
		if (f->have < 8)
			continue;
		f->have -= 8;
		out[done++] = (char)(f->bits >> f->have);
		f->bits &= (1U << f->have) - 1;
	}
	return done;
}

struct source *
decode_base64(struct source *below)
{
	return &filter_new(sizeof(struct decoder), below, base64_step, 1)
		    ->source;
}

/* The value of a hexadecimal digit plus 16; 0: it is none. */
/* clang-format off */
static const unsigned char hex_of[256] = {
	['0'] = 16 + 0, ['1'] = 16 + 1, ['2'] = 16 + 2, ['3'] = 16 + 3,
	['4'] = 16 + 4, ['5'] = 16 + 5, ['6'] = 16 + 6, ['7'] = 16 + 7,
	['8'] = 16 + 8, ['9'] = 16 + 9, ['A'] = 16 + 10, ['B'] = 16 + 11,
	['C'] = 16 + 12, ['D'] = 16 + 13, ['E'] = 16 + 14, ['F'] = 16 + 15,
	['a'] = 16 + 10, ['b'] = 16 + 11, ['c'] = 16 + 12, ['d'] = 16 + 13,
	['e'] = 16 + 14, ['f'] = 16 + 15,
};
/* clang-format on */

/* The length of the line end at p, which may be behind the last byte. */
static size_t
line_end(const char *p, const char *end)
{
	if (p == end || (*p != '\r' && *p != '\n'))
		return 0;
	return *p == '\r' && end - p >= 2 && p[1] == '\n' ? 2 : 1;
}

/* What stands for itself; most of a text does.  Blanks are among it, but not
 * at the end. */
static size_t
copy_plain(struct decoder *f, char *out, size_t n)
{
	static const bool special[256] = {
	    ['='] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true};
	const char *p = f->filter.in + f->filter.at;
	size_t i = 0;

	if (n > f->filter.len - f->filter.at)
		n = f->filter.len - f->filter.at;
	while (i < n && !special[(unsigned char)p[i]])
		i++;
	while (i > 0 && p[i - 1] == ' ')
		i--;
	if (i > 0)
		memcpy(out, p, i);
	f->filter.at += i;
	return i;
}

/* Encoded bytes, as many as follow one another. */
static size_t
copy_encoded(struct decoder *f, char *out, size_t n)
{
	const unsigned char *p =
	    (const unsigned char *)f->filter.in + f->filter.at;
	const unsigned char *end =
	    (const unsigned char *)f->filter.in + f->filter.len;
	size_t i = 0;

	for (; i < n && end - p > 2 && *p == '='; p += 3) {
		if ((hex_of[p[1]] & hex_of[p[2]] & 16) == 0)
			break;
		out[i++] = (char)(hex_of[p[1]] << 4 | (hex_of[p[2]] & 15));
	}
	f->filter.at = (size_t)((const char *)p - f->filter.in);
	return i;
}

/* Blanks stand for themselves unless a line ends behind them. */
static size_t
step_blanks(struct decoder *f, char *out, size_t n)
{
	const char *p = f->filter.in + f->filter.at,
		   *end = f->filter.in + f->filter.len;
	size_t count;

	while (f->blanks < BLANKS && p + f->blanks < end &&
	    ascii_is_blank(p[f->blanks]))
		f->blanks++;
	count = f->blanks < BLANKS ? f->blanks : 1;
	if (f->blanks < BLANKS &&
	    (p + f->blanks == end || line_end(p + f->blanks, end) > 0))
		n = 0; /* they go */
	else if (count > n)
		count = n;
	if (n > 0)
		memcpy(out, p, count);
	f->filter.at += count;
	f->blanks -= count;
	return n > 0 ? count : 0;
}

/* A soft line end, or just itself. */
static size_t
step_equals(struct decoder *f, char *out)
{
	const char *p = f->filter.in + f->filter.at,
		   *end = f->filter.in + f->filter.len, *q = p + 1;

	while (q < end && q - p <= BLANKS && ascii_is_blank(*q))
		q++;
	if (q == end || line_end(q, end) > 0) {
		f->filter.at = (size_t)(q - f->filter.in) + line_end(q, end);
		return 0;
	}
	*out = '=';
	f->filter.at++;
	return 1;
}

static size_t
quoted_printable_step(struct filter *filter, char *out, size_t n)
{
	struct decoder *f = (struct decoder *)filter;
	size_t done = 0, len;
	const char *p;

	if (f->lf_due)
		out[done++] = '\n';
	f->lf_due = false;
	while (done < n && is_ready(&f->filter)) {
		if (f->blanks == 0) {
			done += copy_plain(f, out + done, n - done);
			done += copy_encoded(f, out + done, n - done);
		}
		if (done == n || !is_ready(&f->filter))
			break;
		p = f->filter.in + f->filter.at;
		len = line_end(p, f->filter.in + f->filter.len);
		if (*p == '=') {
			done += step_equals(f, out + done);
		} else if (len == 0) {
			done += step_blanks(f, out + done, n - done);
		} else {
			f->filter.at += len;
			out[done++] = '\r';
			f->lf_due = done == n;
			if (!f->lf_due)
				out[done++] = '\n';
		}
	}
	return done;
}

struct source *
decode_quoted_printable(struct source *below)
{
	/* A "=" or a first byte, the blanks, a line end. */
	return &filter_new(
	    sizeof(struct decoder), below, quoted_printable_step, BLANKS + 4)
		    ->source;
}
