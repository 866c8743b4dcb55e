/*
 * encode: filters.
 *
 * A line of quoted-printable or base64 depends on no more than the next
 * LOOKAHEAD bytes of the input, so that nothing is kept between lines, and a
 * line that does not fit into the reader's buffer waits in `line`.
 */
#include "content/encode.h"

#include <endian.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif
#include <string.h>

#include "content/filter.h"

enum {
	LOOKAHEAD = 80, /* 76 characters, CRLF, and one to look at */
	LINE = 88,	/* an encoded line, 78 at most, and what is written
			   too much */
	LINE_CHARS = 76,
	BASE64_BYTES = 57, /* they make 76 characters */
};

struct encoder {
	struct filter filter;
	/* by_line: writes at most n (LINE at least) bytes, a whole line. */
	size_t (*make_line)(struct encoder *, char *out, size_t n);
	bool binary; /* quoted-printable: no CRLF is a line end */

	bool open_end; /* lines: none is put behind the last one */
	bool cr_ends;  /* lines: a CR alone is a line end */
	char last;     /* lines: the byte written last */
	bool cr_sent;  /* lines: it was the CR of a line end, LF is due */

	char line[LINE]; /* by_line: a line on its way out */
	size_t line_at, line_len;
};

/* A line straight into the reader's buffer if it has room, else by way of
 * f->line. */
static size_t
by_line(struct filter *filter, char *out, size_t n)
{
	struct encoder *f = (struct encoder *)filter;
	size_t len;

	if (f->line_at == f->line_len) {
		if (n >= LINE)
			return f->make_line(f, out, n);
		f->line_at = 0;
		f->line_len = f->make_line(f, f->line, sizeof(f->line));
	}
	len = f->line_len - f->line_at;
	if (len > n)
		len = n;
	memcpy(out, f->line + f->line_at, len);
	f->line_at += len;
	return len;
}

static struct encoder *
encoder_by_line(
    struct source *below, size_t (*make_line)(struct encoder *, char *, size_t))
{
	struct encoder *f =
	    (struct encoder *)filter_new(sizeof(*f), below, by_line, LOOKAHEAD);

	f->make_line = make_line;
	return f;
}

/* The line end that is due, or as much of it as fits. */
static size_t
line_end(struct encoder *f, char *out, size_t n)
{
	size_t done = 0;

	if (!f->cr_sent)
		out[done++] = f->last = '\r';
	f->cr_sent = true;
	if (done < n) {
		out[done++] = f->last = '\n';
		f->cr_sent = false;
	}
	return done;
}

/* Copies whole lines up to `end`, with CRLF for each LF, as many as fit.  No CR
 * of ours is out without its LF. */
static size_t
copy_whole_lines(struct encoder *f, const char *end, char *out, size_t n)
{
	const char *begin = f->filter.in + f->filter.at, *from = begin, *lf;
	char *to = out, last = f->last;
	size_t len;

	while ((lf = memchr(from, '\n', (size_t)(end - from))) != NULL) {
		len = (size_t)(lf - from);
		if (n - (size_t)(to - out) < len + 2)
			break;
		memcpy(to, from, len);
		to += len;
		if ((len > 0 ? lf[-1] : last) != '\r')
			*to++ = '\r';
		*to++ = last = '\n';
		from = lf + 1;
	}
	f->last = last;
	f->filter.at += (size_t)(from - begin);
	return (size_t)(to - out);
}

/* Copies up to `end`, at most n bytes, with CRLF for each LF. */
static size_t
copy_lines(struct encoder *f, const char *end, char *out, size_t n)
{
	size_t done = f->cr_sent ? 0 : copy_whole_lines(f, end, out, n), len;
	const char *from, *lf;

	while (done < n && (from = f->filter.in + f->filter.at) < end) {
		len = (size_t)(end - from);
		if (len > n - done)
			len = n - done;
		lf = memchr(from, '\n', len);
		if (lf != NULL)
			len = (size_t)(lf - from);
		if (len > 0) {
			memcpy(out + done, from, len);
			f->last = from[len - 1];
			f->filter.at += len;
			done += len;
		}
		if (lf == NULL || done == n)
			continue;
		if (f->last == '\r')
			f->cr_sent = true; /* by the input itself */
		done += line_end(f, out + done, n - done);
		if (!f->cr_sent)
			f->filter.at++;
	}
	return done;
}

/* The CR that the input is at, and the LF behind it if there is one. */
static size_t
copy_cr(struct encoder *f, char *out, size_t n)
{
	bool crlf = f->filter.at + 1 < f->filter.len &&
	    f->filter.in[f->filter.at + 1] == '\n';
	size_t done = line_end(f, out, n);

	if (!f->cr_sent)
		f->filter.at += crlf ? 2 : 1;
	return done;
}

static size_t
lines_step(struct filter *filter, char *out, size_t n)
{
	struct encoder *f = (struct encoder *)filter;
	size_t done = 0, len;
	const char *from, *cr;

	while (done < n && f->filter.at < f->filter.len) {
		from = f->filter.in + f->filter.at;
		len = f->filter.len - f->filter.at < n - done
		    ? f->filter.len - f->filter.at
		    : n - done;
		cr = f->cr_ends ? memchr(from, '\r', len) : NULL;
		if (cr != from) {
			done += copy_lines(f, cr != NULL ? cr : from + len,
			    out + done, n - done);
			continue;
		}
		if (f->filter.at + 1 == f->filter.len && !f->filter.ended)
			return done; /* the next byte says what it is */
		done += copy_cr(f, out + done, n - done);
	}
	while (f->filter.ended && f->filter.at == f->filter.len &&
	    f->last != '\n' && (!f->open_end || f->cr_sent) && done < n)
		done += line_end(f, out + done, n - done);
	return done;
}

struct source *
encode_lines(struct source *below, bool cr_ends, bool open_end)
{
	struct encoder *f = (struct encoder *)filter_new(
	    sizeof(*f), below, lines_step, LOOKAHEAD);

	f->last = '\n';
	f->cr_ends = cr_ends;
	f->open_end = open_end;
	return &f->filter.source;
}

static bool
is_line_end(const char *p, size_t n)
{
	return n >= 2 && p[0] == '\r' && p[1] == '\n';
}

/* RFC 2045 6.7 rules 1 to 3: what may stand for itself; white space only if
 * something follows it on the line. */
static bool
is_literal(const char *p, size_t n)
{
	if (*p == ' ' || *p == '\t')
		return n > 1 && !is_line_end(p + 1, n - 1);
	return *p > ' ' && *p <= '~' && *p != '=';
}

/* Marks, by their top bits, bytes that do not stand for themselves: all but ' '
 * to '~', and '='.  Behind the first of them (the lowest) more may be marked,
 * by what is carried and borrowed. */
static uint64_t
mark_odd(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t equal = word ^ '=' * ones;

	return (word | (word + ones) | ((word - ' ' * ones) & ~word) |
		   ((equal - ones) & ~equal)) &
	    ones << 7;
}

/* The characters, at most n, that stand for themselves; most of a text is
 * such.  A blank at the end of a line, which is none, is left for later.  Up
 * to 8 bytes more are written to out. */
static size_t
copy_plain(const char **at, const char *end, char *out, size_t n)
{
	const char *p = *at;
	size_t i = 0, left = (size_t)(end - p);
	uint64_t word, odd = 0;

	if (n > left)
		n = left;
	for (; odd == 0 && i < n && left - i >= 8; i += 8) {
		memcpy(&word, p + i, 8);
		memcpy(out + i, &word, 8);
		odd = mark_odd(le64toh(word));
	}
	if (odd != 0)
		i = i - 8 + (size_t)__builtin_ctzll(odd) / 8;
	else
		for (; i < n && p[i] >= ' ' && p[i] <= '~' && p[i] != '='; i++)
			out[i] = p[i];
	if (i > n)
		i = n;
	if (i > 0 && p[i - 1] == ' ' &&
	    (i == left || is_line_end(p + i, left - i)))
		i--;
	*at += i;
	return i;
}

static void
put_escaped(char c, char *out)
{
	static const char hex[] = "0123456789ABCDEF";

	out[0] = '=';
	out[1] = hex[(unsigned char)c >> 4];
	out[2] = hex[(unsigned char)c & 15];
}

static size_t
quoted_printable_line(struct encoder *f, char *out, size_t n)
{
	const char *p = f->filter.in + f->filter.at,
		   *end = f->filter.in + f->filter.len, *start;
	size_t column = 0, width, left, limit;
	bool hard = false;

	(void)n;
	if (p == end)
		return 0;
	for (; p < end; column += width) {
		column +=
		    copy_plain(&p, end, out + column, LINE_CHARS - 1 - column);
		/* The last column is for the "=" of a soft line break. */
		for (width = 0, start = p;
		     p < end && (*p & 0x80) != 0 && column + 3 < LINE_CHARS;
		     column += 3)
			put_escaped(*p++, out + column);
		if (p > start)
			continue;
		left = (size_t)(end - p);
		if (left == 0)
			break;
		if (!f->binary && is_line_end(p, left)) {
			p += 2;
			hard = true;
			break;
		}
		width = is_literal(p, left) ? 1 : 3;
		limit = LINE_CHARS - 1;
		if (!f->binary && is_line_end(p + 1, left - 1))
			limit++;
		if (column + width > limit)
			break;
		if (width == 1)
			out[column] = *p++;
		else
			put_escaped(*p++, out + column);
	}
	f->filter.at = (size_t)(p - f->filter.in);
	if (!hard)
		out[column++] = '=';
	out[column++] = '\r';
	out[column++] = '\n';
	return column;
}

struct source *
encode_quoted_printable(struct source *below, bool binary)
{
	struct encoder *f = encoder_by_line(below, quoted_printable_line);

	f->binary = binary;
	return &f->filter.source;
}

/* Two characters for each value of 12 bits: half the look-ups, and half the
 * stores, of one for each 6 bits. */
/* clang-format off */
#define PAIRS(a) \
	a "A" a "B" a "C" a "D" a "E" a "F" a "G" a "H" a "I" a "J" a "K" \
	a "L" a "M" a "N" a "O" a "P" a "Q" a "R" a "S" a "T" a "U" a "V" \
	a "W" a "X" a "Y" a "Z" a "a" a "b" a "c" a "d" a "e" a "f" a "g" \
	a "h" a "i" a "j" a "k" a "l" a "m" a "n" a "o" a "p" a "q" a "r" \
	a "s" a "t" a "u" a "v" a "w" a "x" a "y" a "z" a "0" a "1" a "2" \
	a "3" a "4" a "5" a "6" a "7" a "8" a "9" a "+" a "/"

static const char pairs[2 * 4096 + 1] =
	PAIRS("A") PAIRS("B") PAIRS("C") PAIRS("D") PAIRS("E") PAIRS("F")
	PAIRS("G") PAIRS("H") PAIRS("I") PAIRS("J") PAIRS("K") PAIRS("L")
	PAIRS("M") PAIRS("N") PAIRS("O") PAIRS("P") PAIRS("Q") PAIRS("R")
	PAIRS("S") PAIRS("T") PAIRS("U") PAIRS("V") PAIRS("W") PAIRS("X")
	PAIRS("Y") PAIRS("Z") PAIRS("a") PAIRS("b") PAIRS("c") PAIRS("d")
	PAIRS("e") PAIRS("f") PAIRS("g") PAIRS("h") PAIRS("i") PAIRS("j")
	PAIRS("k") PAIRS("l") PAIRS("m") PAIRS("n") PAIRS("o") PAIRS("p")
	PAIRS("q") PAIRS("r") PAIRS("s") PAIRS("t") PAIRS("u") PAIRS("v")
	PAIRS("w") PAIRS("x") PAIRS("y") PAIRS("z") PAIRS("0") PAIRS("1")
	PAIRS("2") PAIRS("3") PAIRS("4") PAIRS("5") PAIRS("6") PAIRS("7")
	PAIRS("8") PAIRS("9") PAIRS("+") PAIRS("/");
/* clang-format on */

/* The four characters for 24 bits. */
static inline void
put_quantum(char *out, uint64_t bits)
{
	memcpy(out, pairs + 2 * (bits >> 12 & 4095), 2);
	memcpy(out + 2, pairs + 2 * (bits & 4095), 2);
}

#ifdef __x86_64__
/*
 * 48 bytes, of the 52 that can be read, in two steps of 24, as W. Mula and D.
 * Lemire do it ("Faster Base64 Encoding and Decoding Using AVX2 Instructions",
 * 2018): the four values of six bits of each three bytes are moved into bytes
 * of their own by two multiplications, and each value is changed into its
 * character by what has to be added to its range.
 */
__attribute__((target("avx2"))) static void
base64_48(const unsigned char *p, char *out)
{
	const __m256i spread =
	    _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,
		1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
	const __m256i add =
	    _mm256_setr_epi8('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
		'0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
		'+' - 62, '/' - 63, 'A', 0, 0, 'a' - 26, '0' - 52, '0' - 52,
		'0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
		'0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
	__m256i v, high, low, range;
	int i;

	for (i = 0; i < 2; i++, p += 24, out += 32) {
		v = _mm256_inserti128_si256(
		    _mm256_castsi128_si256(_mm_loadu_si128((const void *)p)),
		    _mm_loadu_si128((const void *)(p + 12)), 1);
		v = _mm256_shuffle_epi8(v, spread);
		high = _mm256_mulhi_epu16(
		    _mm256_and_si256(v, _mm256_set1_epi32(0x0fc0fc00)),
		    _mm256_set1_epi32(0x04000040));
		low = _mm256_mullo_epi16(
		    _mm256_and_si256(v, _mm256_set1_epi32(0x003f03f0)),
		    _mm256_set1_epi32(0x01000010));
		v = _mm256_or_si256(high, low);
		/* 13: A to Z; 0: a to z; 1 to 10: digits; 11, 12: + and / */
		range = _mm256_subs_epu8(v, _mm256_set1_epi8(51));
		range = _mm256_or_si256(range,
		    _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), v),
			_mm256_set1_epi8(13)));
		v = _mm256_add_epi8(v, _mm256_shuffle_epi8(add, range));
		_mm256_storeu_si256((void *)out, v);
	}
}

static bool
has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
static void
base64_48(const unsigned char *p, char *out)
{
	(void)p;
	(void)out;
}

static bool
has_avx2(void)
{
	return false;
}
#endif

/* One line, of fewer than 57 bytes only at the end. */
static size_t
base64_line(const unsigned char *p, size_t n, bool avx2, char *out)
{
	unsigned char rest[3];
	uint64_t bits;
	char *to = out;
	size_t len;

	if (avx2 && n == BASE64_BYTES) {
		base64_48(p, to);
		p += 48;
		n -= 48;
		to += 64;
	}
	for (; n >= 8; p += 6, n -= 6, to += 8) {
		memcpy(&bits, p, 8);
		bits = be64toh(bits);
		put_quantum(to, bits >> 40);
		put_quantum(to + 4, bits >> 16);
	}
	for (; n > 0; p += len, n -= len, to += 4) {
		len = n < 3 ? n : 3;
		memset(rest, 0, 3);
		memcpy(rest, p, len);
		put_quantum(to,
		    (uint64_t)rest[0] << 16 | (uint64_t)rest[1] << 8 | rest[2]);
		memset(to + 1 + len, '=', 3 - len);
	}
	*to++ = '\r';
	*to++ = '\n';
	return (size_t)(to - out);
}

/* As many lines as there is input for, and room. */
static size_t
base64_lines(struct encoder *f, char *out, size_t n)
{
	size_t done = 0, len;
	bool avx2 = has_avx2();

	for (; n - done >= LINE && f->filter.at < f->filter.len;
	     f->filter.at += len) {
		len = f->filter.len - f->filter.at;
		if (len < BASE64_BYTES && !f->filter.ended)
			break;
		if (len > BASE64_BYTES)
			len = BASE64_BYTES;
		done += base64_line(
		    (const unsigned char *)f->filter.in + f->filter.at, len,
		    avx2, out + done);
	}
	return done;
}

struct source *
encode_base64(struct source *below)
{
	return &encoder_by_line(below, base64_lines)->filter.source;
}
