/* charset: iconv in pieces, and option values. */
#include "lib/charset.h"

#include <errno.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

enum {
	LOOKED_AT = 64,
	UTF16_NULS = 4,
};

bool
charset_is_ascii(const char *charset)
{
	static const char *const names[] = {
	    "us-ascii",
	    "ascii",
	    "ansi_x3.4-1968",
	    "646",
	    "c",
	};
	size_t i, n = strlen(charset);

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ascii_equal_n(charset, n, names[i]))
			return true;
	return false;
}

size_t
charset_mark(const char *text, size_t n)
{
	return n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool
charset_is_utf16(const char *text, size_t n)
{
	size_t i, nul[2] = {0, 0};

	if (n < 2)
		return false;
	if (memcmp(text, "\xff\xfe", 2) == 0 ||
	    memcmp(text, "\xfe\xff", 2) == 0)
		return true;
	for (i = 0; i < n && i < LOOKED_AT; i++)
		nul[i % 2] += text[i] == '\0';
	return nul[0] + nul[1] >= UTF16_NULS &&
	    (nul[0] == 0) != (nul[1] == 0) && nul[0] + nul[1] + 1 >= i / 2;
}

int
charset_refuse_nul(const char *text, size_t n, int status, struct error *err)
{
	if (n == 0 || memchr(text, '\0', n) == NULL)
		return 0;
	if (!charset_is_utf16(text, n))
		return error_set(err, status, "there is a NUL byte in it");
	error_set(err, status, "it is UTF-16, and UTF-8 is read");
	return error_hint(err, "iconv -f UTF-16 -t UTF-8 converts it");
}

bool
charset_is_utf8(const char *charset)
{
	size_t n = charset != NULL ? strlen(charset) : 0;
	const struct charset_meaning *m;

	if (n == 0 || ascii_equal_n(charset, n, "UTF-8") ||
	    charset_is_ascii(charset))
		return true;
	m = charset_meaning(charset, n);
	return m != NULL && strcmp(m->charset, "UTF-8") == 0;
}

const char *
charset_label(struct arena *a, const char *charset)
{
	size_t n = strlen(charset);

	if (n > 2 && ascii_equal_n(charset, 2, "cp") &&
	    strncmp(charset + 2, "125", 3) == 0)
		return arena_printf(a, "windows-%s", charset + 2);
	if (n > 8 && ascii_equal_n(charset, 8, "iso8859-"))
		return arena_printf(a, "ISO-8859-%s", charset + 8);
	return charset;
}

/* A name goes into a header field, and "//TRANSLIT" would change the text. */
static bool
name_is_valid(const char *charset)
{
	const char *p;

	for (p = charset; *p != '\0'; p++)
		if (!ascii_is_letter_or_digit(*p) &&
		    strchr("-_.:+", *p) == NULL)
			return false;
	return p > charset && p - charset <= 40;
}

/* One character that only the other charset has: true, and it is behind it;
 * else errno says whether it is wrong or not complete. */
static bool
convert_more(struct charset *c, char **in, size_t *n)
{
	char utf8[16], *from, *to;
	size_t len, left, room;
	int wrong = EILSEQ;

	for (len = 1; c->more != (iconv_t)-1 && len <= 4 && len <= *n; len++) {
		from = *in;
		left = len;
		to = utf8;
		room = sizeof(utf8);
		if (iconv(c->more, &from, &left, &to, &room) == 0) {
			if (c->out != NULL)
				buf_append(c->out, utf8, sizeof(utf8) - room);
			c->differs = true;
			c->done += len;
			*in += len;
			*n -= len;
			return true;
		}
		wrong = errno;
		iconv(c->more, NULL, NULL, NULL, NULL);
		if (wrong != EINVAL)
			break;
	}
	errno = wrong;
	return false;
}

/* Converts what is complete at *p and moves it; stops at what is wrong. */
static void
convert(struct charset *c, const char **p, size_t *n)
{
	char utf8[4096], *in = (char *)*p, *to, *before;
	size_t room, r = 0, used, made;
	bool more;

	do {
		to = utf8;
		room = sizeof(utf8);
		before = in;
		r = iconv(c->cd, &in, n, &to, &room);
		used = (size_t)(in - before);
		made = sizeof(utf8) - room;
		if (c->out != NULL)
			buf_append(c->out, utf8, made);
		if (used != made || memcmp(before, utf8, made) != 0)
			c->differs = true;
		c->done += used;
		more = r == (size_t)-1 &&
		    (errno == E2BIG ||
			(errno == EILSEQ && convert_more(c, &in, n)));
	} while (more);
	c->wrong = r == (size_t)-1 && errno == EILSEQ;
	*p = in;
}

/* Line ends and letters must be those of ASCII: everything here counts on it,
 * and so does RFC 2046 4.1.1. */
static bool
extends_ascii(const char *charset)
{
	static const char sample[] = "\r\n Aa0";
	struct charset c = {
	    .cd = iconv_open("UTF-8", charset), .more = (iconv_t)-1};
	const char *p = sample;
	size_t n = sizeof(sample) - 1;

	if (c.cd == (iconv_t)-1)
		return false;
	convert(&c, &p, &n);
	iconv_close(c.cd);
	return !c.wrong && !c.differs && n == 0;
}

int
charset_begin(
    struct charset *c, const char *charset, struct buf *out, struct error *err)
{
	const struct charset_meaning *m =
	    charset_meaning(charset, strlen(charset));
	const char *name = m != NULL ? m->charset : charset;
	struct buf shown = {0};

	*c = (struct charset){
	    .cd = (iconv_t)-1, .more = (iconv_t)-1, .out = out};
	if (name_is_valid(charset) && extends_ascii(name))
		c->cd = iconv_open("UTF-8", name);
	if (c->cd != (iconv_t)-1) {
		if (m != NULL && m->more != NULL)
			c->more = iconv_open("UTF-8", m->more);
		return 0;
	}
	printable_append(&shown, charset, strlen(charset));
	error_set(err, EX_USAGE, "no charset that mail can have: '%.60s'",
	    buf_string(&shown));
	buf_clear(&shown);
	return error_hint(err,
	    "iconv -l lists the names of charsets; for "
	    "UTF-16 and the like convert the text first");
}

void
charset_update(struct charset *c, const char *bytes, size_t n)
{
	const char *p;
	size_t len;

	/* Byte by byte until the character that was cut is complete. */
	while (!c->wrong && c->carried > 0 && n > 0) {
		c->carry[c->carried++] = *bytes++;
		n--;
		p = c->carry;
		len = c->carried;
		convert(c, &p, &len);
		memmove(c->carry, p, len);
		c->carried = len;
		if (len == sizeof(c->carry))
			c->wrong = true;
	}
	if (c->wrong || n == 0)
		return;
	convert(c, &bytes, &n);
	if (c->wrong)
		return;
	if (n >= sizeof(c->carry)) {
		c->wrong = true;
		return;
	}
	memcpy(c->carry, bytes, n);
	c->carried = n;
}

void
charset_end(struct charset *c)
{
	char rest[64], *to = rest;
	size_t room = sizeof(rest);

	if (c->carried > 0)
		c->wrong = true;
	/* Some converters hold a character back (RFC 2237 and the like). */
	if (!c->wrong && iconv(c->cd, NULL, NULL, &to, &room) == 0 &&
	    c->out != NULL)
		buf_append(c->out, rest, sizeof(rest) - room);
	iconv_close(c->cd);
	c->cd = (iconv_t)-1;
	if (c->more != (iconv_t)-1)
		iconv_close(c->more);
}

/* The converter of a label, or false. */
static bool
open_label(struct charset *c, const char *label, size_t n, struct buf *out)
{
	char name[CHARSET_LABEL_MAX + 1];
	struct error ignored;

	if (n >= sizeof(name) || memchr(label, '\0', n) != NULL)
		return false;
	memcpy(name, label, n);
	name[n] = '\0';
	return charset_begin(c, charset_is_utf8(name) ? "UTF-8" : name, out,
		   &ignored) == 0;
}

enum charset_result
charset_decode(const char *label, size_t label_len, const char *bytes, size_t n,
    struct buf *out)
{
	enum charset_result result = CHARSET_WHOLE;
	struct charset c;

	if (!open_label(&c, label, label_len, out))
		return CHARSET_UNKNOWN;
	for (;;) {
		convert(&c, &bytes, &n);
		if (n == 0)
			break;
		result = CHARSET_WRONG;
		buf_puts(out, "\xef\xbf\xbd" /* U+FFFD */);
		bytes++;
		n--;
		iconv(c.cd, NULL, NULL, NULL, NULL);
	}
	c.wrong = false;
	charset_end(&c);
	return result;
}

/* The text in UTF-8; *place is the offset of a byte that is wrong. */
static int
to_utf8(struct arena *a, const char *charset, const char *text,
    const char **out, size_t *place, struct error *err)
{
	size_t n = strlen(text), len, i;
	struct buf utf8 = {0};
	struct charset c;
	uint32_t rune;

	*place = (size_t)-1;
	*out = text;
	if (charset_is_utf8(charset)) {
		for (i = 0; (i += ascii_run(text + i, n - i)) < n; i += len) {
			len = printable_utf8(text + i, n - i, &rune);
			if (len == 0) {
				*place = i;
				return -1;
			}
		}
		return 0;
	}
	if (charset_begin(&c, charset, &utf8, err) == -1)
		return -1;
	charset_update(&c, text, n);
	charset_end(&c);
	if (c.wrong)
		*place = (size_t)c.done;
	else
		*out = arena_memdup(a, buf_string(&utf8), utf8.len);
	buf_clear(&utf8);
	return c.wrong ? -1 : 0;
}

int
charset_option(struct arena *a, const char *charset, const char *option,
    const char *text, const char **out, struct error *err)
{
	size_t place;

	if (to_utf8(a, charset, text, out, &place, err) == -1) {
		if (place == (size_t)-1)
			return error_context(err, "--charset");
		error_set(err, EX_USAGE, "%s: byte %zu (0x%02X) is not %s",
		    option, place + 1, (unsigned char)text[place],
		    charset_is_utf8(charset) ? "UTF-8" : charset);
		return error_hint(err,
		    "--charset NAME says which charset the "
		    "options and the text are in");
	}
	if (strpbrk(*out, "\r\n") != NULL)
		return error_set(err, EX_USAGE,
		    "%s: a line break is not allowed here", option);
	return 0;
}
