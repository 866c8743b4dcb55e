/*
 * What is encoded and decoded is what it was: transfer encodings, encoded
 * words, parameters, flowed text, mailboxes; and decoders take any bytes, in
 * whatever pieces, and make the same of them.
 */
#include <stdlib.h>
#include <string.h>

#include "content/decode.h"
#include "content/encode.h"
#include "content/flowed.h"
#include "content/flowed_decode.h"
#include "content/mbox.h"
#include "fuzz/fuzz.h"
#include "lib/arena.h"
#include "lib/ascii.h"
#include "mime/mime_field.h"
#include "mime/parameter.h"
#include "rfc5322/header.h"
#include "rfc5322/words.h"

enum { ENCODED_LINE = 76, ENCODED_WORD = 75 };

struct text {
	const char *bytes;
	size_t n;
	size_t most, piece; /* of the pieces it comes and is read in */
};

static struct source *
source_of(const struct text *t)
{
	return fuzz_source(t->bytes, t->n, t->most, SIZE_MAX);
}

static struct buf
drain(const struct text *t, struct source *s)
{
	struct buf out = {0};
	struct error err;

	MUST(fuzz_drain(s, t->piece, &out, &err) == 0, "it cannot be read");
	return out;
}

/* Lines end in CRLF, are printable, and no longer than may be. */
static void
check_lines(const struct buf *b, size_t longest)
{
	size_t i, column = 0;

	for (i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];

		if (c == '\r') {
			MUST(i + 1 < b->len && b->data[i + 1] == '\n',
			    "a bare CR");
			MUST(i == 0 || strchr(" \t", b->data[i - 1]) == NULL,
			    "a blank at a line end");
			i++;
			column = 0;
			continue;
		}
		MUST((c >= ' ' && c < 0x7F) || c == '\t', "octet %d", c);
		MUST(++column <= longest, "a line of %zu", column);
	}
}

static void
base64(const struct text *t)
{
	struct buf coded = drain(t, encode_base64(source_of(t)));
	struct buf back = drain(t, decode_base64(encode_base64(source_of(t))));

	check_lines(&coded, ENCODED_LINE);
	fuzz_same("base64", back.data, back.len, t->bytes, t->n);
	buf_clear(&coded);
	buf_clear(&back);
}

static void
quoted_printable_binary(const struct text *t)
{
	struct buf coded =
	    drain(t, encode_quoted_printable(source_of(t), true));
	struct buf back = drain(t,
	    decode_quoted_printable(
		encode_quoted_printable(source_of(t), true)));

	check_lines(&coded, ENCODED_LINE);
	fuzz_same("quoted-printable", back.data, back.len, t->bytes, t->n);
	buf_clear(&coded);
	buf_clear(&back);
}

static void
quoted_printable_text(const struct text *t)
{
	struct buf lines = drain(t, encode_lines(source_of(t), true, false));
	struct text canonical = {lines.data, lines.len, t->most, t->piece};
	struct buf coded =
	    drain(t, encode_quoted_printable(source_of(&canonical), false));
	struct buf back = drain(t,
	    decode_quoted_printable(
		encode_quoted_printable(source_of(&canonical), false)));
	size_t i;

	for (i = 0; i < lines.len; i++)
		MUST(lines.data[i] == '\r'
			? i + 1 < lines.len && lines.data[i + 1] == '\n'
			: lines.data[i] != '\n' ||
			    (i > 0 && lines.data[i - 1] == '\r'),
		    "a bare CR or LF");
	check_lines(&coded, ENCODED_LINE);
	fuzz_same("text in quoted-printable", back.data, back.len, lines.data,
	    lines.len);
	buf_clear(&lines);
	buf_clear(&coded);
	buf_clear(&back);
}

/* Text that a reader of it changes: controls, and what ends lines. */
static bool
is_plain(const struct buf *u)
{
	const char *s = buf_string(u);
	size_t i;

	if (fuzz_control(s, u->len, ""))
		return false;
	for (i = 0; i + 1 < u->len; i++)
		if (s[i] == '\xc2' && (unsigned char)s[i + 1] < 0xA0)
			return false;
	return strstr(s, "\xe2\x80\xa8") == NULL &&
	    strstr(s, "\xe2\x80\xa9") == NULL;
}

/* In a field, which is folded, too. */
static void
words_in_field(const struct buf *coded, const struct buf *u)
{
	struct buf field = {0}, value = {0}, back = {0};
	struct header_field f;
	struct error err;
	size_t from = 0, to = u->len, i, column = 0;

	if (header_put(
		&field, "Subject", buf_string(coded), HEADER_TEXT, &err) == -1)
		fuzz_fail("no field: %s", err.text);
	for (i = 0; i < field.len; i++) {
		column = field.data[i] == '\n' ? 0 : column + 1;
		MUST(column <= HEADER_LINE_MAX + 1, "a line of %zu", column);
	}
	MUST(header_parse(field.data, field.data + field.len, &f),
	    "no field: %s", field.data);
	MUST(f.next == field.data + field.len, "two fields: %s", field.data);
	(void)header_unfold(&f, &value);
	words_decode(&back, buf_string(&value), value.len);
	while (from < to && strchr(" \t", u->data[from]) != NULL)
		from++;
	while (to > from && strchr(" \t", u->data[to - 1]) != NULL)
		to--;
	/* Blanks at the ends are the field's own; encoded, they stay. */
	while (back.len > 0 && strchr(" \t", back.data[back.len - 1]) != NULL &&
	    back.len > to - from)
		back.len--;
	i = back.len > to - from ? back.len - (to - from) : 0;
	fuzz_same("a subject", buf_string(&back) + i, back.len - i,
	    buf_string(u) + from, to - from);
	buf_clear(&field);
	buf_clear(&value);
	buf_clear(&back);
}

static void
words(const struct text *t)
{
	struct buf u = {0}, coded = {0}, back = {0};
	const char *p, *end;

	(void)words_append_utf8(&u, t->bytes, t->n);
	MUST(fuzz_utf8(u.data, u.len), "no UTF-8");
	MUST(
	    words_encode(&coded, buf_string(&u), u.len, false) == 0, "no room");
	for (p = buf_string(&coded); *p != '\0'; p++)
		MUST((unsigned char)*p < 0x80 && *p != '\r' && *p != '\n',
		    "not ASCII");
	for (p = buf_string(&coded); (p = strstr(p, "=?utf-8?")) != NULL;
	     p = end) {
		end = p + strcspn(p, " ");
		MUST(end - p <= ENCODED_WORD, "a word of %td", end - p);
	}
	if (is_plain(&u)) {
		words_decode(&back, buf_string(&coded), coded.len);
		fuzz_same("words", back.data, back.len, u.data, u.len);
		words_in_field(&coded, &u);
	}
	buf_clear(&u);
	buf_clear(&coded);
	buf_clear(&back);
}

static void
parameter(const struct text *t)
{
	struct arena arena = {0};
	struct buf u = {0}, value = {0}, field = {0}, unfolded = {0};
	struct header_field f;
	struct error err;
	const char *back;

	(void)words_append_utf8(&u, t->bytes, strlen(t->bytes));
	buf_puts(&value, "application/x");
	MUST(parameter_put(&value, "name", buf_string(&u)) == 0, "no room");
	MUST(!fuzz_control(value.data, value.len, "\t"), "a control");
	if (header_put(&field, "Content-Type", value.data, HEADER_PARAMETERS,
		&err) == -1)
		fuzz_fail("no field: %s", err.text);
	MUST(header_parse(field.data, field.data + field.len, &f) &&
		f.next == field.data + field.len,
	    "no field: %s", field.data);
	(void)header_unfold(&f, &unfolded);
	back = mime_field_text(&arena, buf_string(&unfolded), "name");
	MUST(back != NULL || u.len == 0, "no name in %s", field.data);
	if (back != NULL && is_plain(&u))
		fuzz_same("a name", back, strlen(back), u.data, u.len);
	/* A name that is as it may be has no folder and nothing unseen in it. */
	if (u.len > 0 && parameter_filename_fault(u.data) == NULL)
		MUST(strpbrk(u.data, "/\\") == NULL &&
			!fuzz_control(u.data, u.len, "") &&
			u.data[strspn(u.data, ".")] != '\0',
		    "the file name %s", u.data);
	buf_clear(&u);
	buf_clear(&value);
	buf_clear(&field);
	buf_clear(&unfolded);
	arena_clear(&arena);
}

/* Lines without blanks at their ends come back; quoted ones may have been given
 * another number of blanks. */
static void
flowed(const struct text *t)
{
	struct buf u = {0}, coded = {0}, back = {0};
	bool quoted = false;
	size_t i;

	for (i = 0; i <= t->n; i++) {
		char c = i < t->n ? t->bytes[i] : '\n';

		while (c == '\n' && u.len > 0 && u.data[u.len - 1] == ' ')
			u.len--;
		quoted |= c == '>' && (u.len == 0 || u.data[u.len - 1] == '\n');
		if (c != '\r' && c != '\0')
			buf_putc(&u, c);
	}
	MUST(flowed_encode(u.data, u.len, &coded) == 0 &&
		flowed_decode(buf_string(&coded), coded.len, false, &back) == 0,
	    "no room");
	if (!quoted)
		fuzz_same("flowed text", back.data, back.len, u.data, u.len);
	buf_clear(&u);
	buf_clear(&coded);
	buf_clear(&back);
}

/* Quoting is undone by taking one ">" from each line ">…>From ". */
static void
mailbox(const struct text *t)
{
	struct mbox m = {0};
	struct buf u = {0}, entry = {0}, back = {0};
	size_t i, n;
	const char *p, *end, *q;

	for (i = 0; i < t->n; i++)
		if (t->bytes[i] != '\r')
			buf_putc(&u, t->bytes[i]);
	for (i = 0; i < u.len; i += n) {
		n = u.len - i < t->piece ? u.len - i : t->piece;
		mbox_update(&m, u.data + i, n, &entry);
	}
	mbox_end(&m, &entry);
	end = buf_string(&entry) + entry.len;
	for (p = buf_string(&entry); p < end; p += n) {
		n = ascii_line(p, (size_t)(end - p));
		for (q = p; q < p + n && *q == '>'; q++)
			;
		if ((size_t)(p + n - q) < 5 || memcmp(q, "From ", 5) != 0) {
			buf_append(&back, p, n);
			continue;
		}
		MUST(q > p, "the beginning of another entry");
		buf_append(&back, p + 1, n - 1);
	}
	MUST(back.len >= u.len && back.len <= u.len + 2, "%zu octets of %zu",
	    back.len, u.len);
	fuzz_same("an entry", back.data, u.len, u.data, u.len);
	buf_clear(&u);
	buf_clear(&entry);
	buf_clear(&back);
}

/* Any bytes: the same in whatever pieces. */
static void
decoders(const struct text *t)
{
	static struct source *(*const decode[])(struct source *) = {
	    decode_base64, decode_quoted_printable};
	const struct text whole = {t->bytes, t->n, 0, SIZE_MAX};
	struct arena arena = {0};
	struct buf a, b;
	const char *text;
	size_t i;

	for (i = 0; i < 2; i++) {
		a = drain(&whole, decode[i](source_of(&whole)));
		b = drain(t, decode[i](source_of(t)));
		fuzz_same("pieces", a.data, a.len, b.data, b.len);
		buf_clear(&a);
		buf_clear(&b);
	}
	a = (struct buf){0};
	words_decode(&a, t->bytes, t->n);
	MUST(fuzz_utf8(a.data, a.len) && !fuzz_control(a.data, a.len, "\t"),
	    "no text from words_decode: %s", buf_string(&a));
	buf_clear(&a);
	text = mime_field_text(&arena, t->bytes, "name");
	MUST(text == NULL ||
		(fuzz_utf8(text, strlen(text)) &&
		    !fuzz_control(text, strlen(text), "\t")),
	    "no text from mime_field_text: %s", text);
	(void)mime_field_value(&arena, t->bytes);
	(void)mime_field_parameter(&arena, t->bytes, "charset");
	(void)flowed_decode(t->bytes, t->n, t->piece & 1, &a);
	buf_clear(&a);
	arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static void (*const codecs[])(const struct text *) = {base64,
	    quoted_printable_binary, quoted_printable_text, words, parameter,
	    flowed, mailbox, decoders};
	struct fuzz f = {bytes, bytes + n};
	size_t codec = fuzz_byte(&f) % (sizeof(codecs) / sizeof(*codecs));
	struct text t = {
	    .most = fuzz_byte(&f) % 20, .piece = 1 + fuzz_byte(&f)};
	char *copy = fuzz_rest(&f, &t.n);

	t.bytes = copy;
	codecs[codec](&t);
	free(copy);
	return 0;
}
