/*
 * encode: one filter, three steps.
 *
 * A line of quoted-printable or base64 depends on no more than the next
 * LOOKAHEAD bytes of the input.  The filter sees to it that a step has these
 * (or all that is left), so that steps keep no state between lines, and a line
 * that does not fit into the reader's buffer waits in `line`.
 */
#include "message/encode.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"

enum {
	ROOM = 65536,	/* read from below at once */
	LOOKAHEAD = 80, /* 76 characters, CRLF, and one to look at */
	LINE = 80,	/* an encoded line, 78 at most */
	LINE_CHARS = 76,
	BASE64_BYTES = 57, /* they make 76 characters */
};

struct filter {
	struct source source;
	struct source *below;
	/* Writes at most n (at least 1, or LINE if by_line) bytes to out and
	 * moves f->at; 0: nothing is left. */
	size_t (*step)(struct filter *f, char *out, size_t n);
	bool by_line;

	char *in; /* ROOM bytes; in[at..len) are to be encoded */
	size_t at, len;
	bool ended; /* nothing comes behind them */

	char last;    /* lines: the byte written last */
	bool cr_sent; /* lines: it was the CR of a line end, LF is due */

	char line[LINE]; /* by_line: a line on its way out */
	size_t line_at, line_len;
};

/* Makes LOOKAHEAD bytes available: 1, 0 at the end of them all, or what
 * source_read returns below 0. */
static ssize_t
fill(struct filter *f, struct error *err)
{
	ssize_t n;

	while (!f->ended && f->len - f->at < LOOKAHEAD) {
		if (f->at > 0) {
			memmove(f->in, f->in + f->at, f->len - f->at);
			f->len -= f->at;
			f->at = 0;
		}
		n = source_read(f->below, f->in + f->len, ROOM - f->len, err);
		if (n < 0) {
			f->source.fd = f->below->fd;
			return n;
		}
		f->len += (size_t)n;
		f->ended = n == 0;
	}
	return 1;
}

/* A line straight into the reader's buffer if it has room, else by way of
 * f->line. */
static size_t
step_by_line(struct filter *f, char *out, size_t n)
{
	size_t len;

	if (f->line_at == f->line_len) {
		if (n >= LINE)
			return f->step(f, out, n);
		f->line_at = 0;
		f->line_len = f->step(f, f->line, sizeof(f->line));
	}
	len = f->line_len - f->line_at;
	if (len > n)
		len = n;
	memcpy(out, f->line + f->line_at, len);
	f->line_at += len;
	return len;
}

static ssize_t
filter_read(struct source *s, char *buf, size_t n, struct error *err)
{
	struct filter *f = (struct filter *)s;
	size_t done = 0, len;
	ssize_t r;

	while (done < n) {
		r = fill(f, err);
		if (r < 0)
			return done > 0 && r == SOURCE_AGAIN ? (ssize_t)done
							     : r;
		len = f->by_line ? step_by_line(f, buf + done, n - done)
				 : f->step(f, buf + done, n - done);
		if (len == 0 && f->ended)
			break;
		done += len;
	}
	return (ssize_t)done;
}

static int
filter_rewind(struct source *s, struct error *err)
{
	struct filter *f = (struct filter *)s;

	f->at = f->len = f->line_at = f->line_len = 0;
	f->ended = f->cr_sent = false;
	f->last = '\n';
	return source_rewind(f->below, err);
}

static void
filter_free(struct source *s)
{
	struct filter *f = (struct filter *)s;

	source_free(f->below);
	free(f->in);
	free(f);
}

static struct source *
filter_new(struct source *below,
    size_t (*step)(struct filter *, char *, size_t), bool by_line)
{
	static const struct source_ops once = {filter_read, NULL, filter_free};
	static const struct source_ops again = {
	    filter_read, filter_rewind, filter_free};
	struct filter *f = memory_alloc(sizeof(*f));

	f->source.ops = source_can_rewind(below) ? &again : &once;
	f->source.fd = below->fd;
	f->below = below;
	f->step = step;
	f->by_line = by_line;
	f->in = memory_realloc(NULL, ROOM, 1);
	f->last = '\n';
	return &f->source;
}

/* The line end that is due, or as much of it as fits. */
static size_t
line_end(struct filter *f, char *out, size_t n)
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

static size_t
lines_step(struct filter *f, char *out, size_t n)
{
	size_t done = 0, len;
	const char *from, *lf;

	while (done < n && f->at < f->len) {
		from = f->in + f->at;
		len = f->len - f->at < n - done ? f->len - f->at : n - done;
		lf = memchr(from, '\n', len);
		if (lf != NULL)
			len = (size_t)(lf - from);
		if (len > 0) {
			memcpy(out + done, from, len);
			f->last = from[len - 1];
			f->at += len;
			done += len;
		}
		if (lf == NULL || done == n)
			continue;
		if (f->last == '\r')
			f->cr_sent = true; /* by the input itself */
		done += line_end(f, out + done, n - done);
		if (!f->cr_sent)
			f->at++;
	}
	while (f->ended && f->at == f->len && f->last != '\n' && done < n)
		done += line_end(f, out + done, n - done);
	return done;
}

struct source *
encode_lines(struct source *below, bool cr_ends)
{
	(void)cr_ends;
	return filter_new(below, lines_step, false);
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

/* The characters, at most n, that need no thought; most of a text is such. */
static size_t
copy_plain(const char **at, const char *end, char *out, size_t n)
{
	static const bool plain[256] = {
	    ['!' ... '<'] = true, ['>' ... '~'] = true};
	const unsigned char *p = (const unsigned char *)*at;
	size_t i = 0, left = (size_t)(end - *at);

	if (n > left)
		n = left;
	while (i < n &&
	    (plain[p[i]] || (p[i] == ' ' && i + 1 < left && plain[p[i + 1]]))) {
		out[i] = (char)p[i];
		i++;
	}
	*at += i;
	return i;
}

static size_t
quoted_printable_step(struct filter *f, char *out, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	const char *p = f->in + f->at, *end = f->in + f->len;
	size_t column = 0, width, left, limit;
	bool hard = false;

	(void)n;
	if (p == end)
		return 0;
	for (; p < end; column += width) {
		column +=
		    copy_plain(&p, end, out + column, LINE_CHARS - 1 - column);
		left = (size_t)(end - p);
		if (left == 0)
			break;
		if (is_line_end(p, left)) {
			p += 2;
			hard = true;
			break;
		}
		width = is_literal(p, left) ? 1 : 3;
		/* The last column is for the "=" of a soft line break. */
		limit = LINE_CHARS - (is_line_end(p + 1, left - 1) ? 0 : 1);
		if (column + width > limit)
			break;
		if (width == 1) {
			out[column] = *p++;
			continue;
		}
		out[column] = '=';
		out[column + 1] = hex[(unsigned char)*p >> 4];
		out[column + 2] = hex[(unsigned char)*p++ & 15];
	}
	f->at = (size_t)(p - f->in);
	if (!hard)
		out[column++] = '=';
	out[column++] = '\r';
	out[column++] = '\n';
	return column;
}

struct source *
encode_quoted_printable(struct source *below)
{
	return filter_new(below, quoted_printable_step, true);
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

/* One line, of fewer than 57 bytes only at the end. */
static size_t
base64_line(const unsigned char *p, size_t n, char *out)
{
	unsigned char rest[3];
	uint64_t bits;
	char *to = out;
	size_t len;

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
base64_step(struct filter *f, char *out, size_t n)
{
	size_t done = 0, len;

	for (; n - done >= LINE && f->at < f->len; f->at += len) {
		len = f->len - f->at;
		if (len < BASE64_BYTES && !f->ended)
			break;
		if (len > BASE64_BYTES)
			len = BASE64_BYTES;
		done += base64_line(
		    (unsigned char *)f->in + f->at, len, out + done);
	}
	return done;
}

struct source *
encode_base64(struct source *below)
{
	return filter_new(below, base64_step, true);
}
