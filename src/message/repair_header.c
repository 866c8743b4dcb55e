/* repair_header: the fields that mail cannot carry, each by what it is: text,
 * addresses, parameters, or something else. */
#include "message/repair.h"

#include <string.h>

#include "lib/arena.h"
#include "lib/printable.h"

#include "message/address.h"
#include "message/fields.h"
#include "message/header.h"
#include "message/mime_field.h"
#include "message/parameter.h"
#include "message/scan.h"
#include "message/words.h"

enum {
	WORD = 60, /* octets of an encoded word: it fits behind a name */
	UNFOLDED_MAX = 900, /* of a word that may stay as it is */
};

/* A field that is being mended. */
struct mending {
	const struct header_field *field;
	struct arena *arena;
	const char *input; /* its name, for errors */
	const char *name;
	struct buf value; /* unfolded */
	bool utf8;	  /* the value is well-formed */
	bool eight_bit;
};

/* No text that encoded words could stand in, and no addresses. */
static bool
is_structured(const struct header_field *f)
{
	static const char *const families[] = {"ARC-", "List-"};
	size_t i, n;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		n = strlen(families[i]);
		if (f->name_len > n &&
		    header_name_equal(f->name, n, families[i]))
			return true;
	}
	return fields_kind(f->name, f->name_len) == FIELD_FIXED;
}

static bool
has_long_line(const char *p, const char *end)
{
	size_t n;

	for (; p < end; p += n) {
		n = header_line(p, (size_t)(end - p));
		if (n > HEADER_LINE_MAX + 2)
			return true;
	}
	return false;
}

static int
refuse(const struct mending *m, const char *why, struct error *err)
{
	error_set(err, EX_DATAERR, "%s: %s: %s", m->input, m->name, why);
	return error_hint(err,
	    "encoded words (RFC 2047) can stand in text only, not in a "
	    "field of this kind");
}

/* Encoded words of text in nobody knows what charset (RFC 1428 3). */
static void
put_unknown(struct buf *out, const char *p, size_t n)
{
	static const char begin[] = "=?unknown-8bit?Q?";
	size_t column = 0, i;
	char c;

	for (i = 0; i < n; i++) {
		if (column == 0)
			buf_puts(out, begin);
		column = column == 0 ? sizeof(begin) - 1 : column;
		c = p[i];
		if (c == ' ')
			c = '_';
		else if (c <= ' ' || c > '~' || strchr("=?_", c) != NULL)
			c = '\0';
		if (c != '\0')
			buf_putc(out, c);
		else
			buf_printf(out, "=%02X", (unsigned char)p[i]);
		column += c != '\0' ? 1 : 3;
		if (column < WORD && i + 1 < n)
			continue;
		buf_puts(out, i + 1 < n ? "?= " : "?=");
		column = 0;
	}
}

/* The word at p, with the blanks before it: its length. */
static size_t
word_length(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	while (i < n && p[i] != ' ' && p[i] != '\t')
		i++;
	return i;
}

static bool
is_encoded_word(const char *p, size_t n)
{
	while (n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	return n > 6 && memcmp(p, "=?", 2) == 0 &&
	    memcmp(p + n - 2, "?=", 2) == 0;
}

/* As much of the text as has to be encoded, or must not be, in one go. */
static size_t
run_length(const char *p, size_t n, bool *encode)
{
	size_t len, total = 0;
	bool this;

	for (; total < n; total += len) {
		len = word_length(p + total, n - total);
		this = scan_has_eight_bit(p + total, len) || len > UNFOLDED_MAX;
		if (total == 0)
			*encode = this;
		if (this != *encode)
			break;
	}
	return total;
}

/*
 * Unstructured text.  What is encoded already, and what needs no encoding,
 * stays; the blanks between two encoded words are not shown (RFC 2047 6.2), so
 * where one stands beside ours they go into ours.
 */
static void
encode_text(const struct mending *m, struct buf *out)
{
	const char *p = buf_string(&m->value), *end = p + m->value.len;
	bool encode = false, after_word = false;
	size_t n, blanks, tail;

	for (; p < end; p += n) {
		n = run_length(p, (size_t)(end - p), &encode);
		if (!encode) {
			buf_append(out, p, n);
			for (tail = n; tail > 0 && p[tail - 1] != ' ' &&
			     p[tail - 1] != '\t';)
				tail--;
			after_word = is_encoded_word(p + tail, n - tail);
			continue;
		}
		blanks = strspn(p, " \t");
		if (after_word)
			buf_putc(out, ' ');
		else
			buf_append(out, p, blanks);
		if (!after_word) {
			p += blanks;
			n -= blanks;
		}
		tail = is_encoded_word(
			   p + n, word_length(p + n, (size_t)(end - p) - n))
		    ? strspn(p + n, " \t")
		    : 0;
		if (m->utf8)
			words_encode(out, p, n + tail, false);
		else
			put_unknown(out, p, n + tail);
	}
}

static int
put(const struct mending *m, const struct buf *text, enum header_break mode,
    struct buf *out, struct error *err)
{
	if (header_put(out, m->name, buf_string(text), mode, err) == 0)
		return 0;
	return refuse(m, "a line over 998 octets that cannot be folded", err);
}

static int
mend_text(const struct mending *m, struct buf *out, struct error *err)
{
	struct error ignored;
	struct buf text = {0};
	int r;

	encode_text(m, &text);
	r = header_put(out, m->name, buf_string(&text), HEADER_TEXT, &ignored);
	if (r == -1 && m->utf8) { /* too many blanks in a row */
		buf_reset(&text);
		words_encode(&text, buf_string(&m->value), m->value.len, false);
		r = put(m, &text, HEADER_TEXT, out, err);
	} else if (r == -1) {
		r = put(m, &text, HEADER_TEXT, out, err);
	}
	buf_clear(&text);
	return r;
}

static int
mend_addresses(const struct mending *m, struct buf *out, struct error *err)
{
	struct address_params params = {
	    .what = m->name, .encoded_words = true, .folded = true};
	struct address_list list = {0};
	struct error ignored;

	if (!m->utf8)
		return refuse(m, "8-bit text that is not UTF-8", err);
	if (m->eight_bit &&
	    address_parse(m->arena, buf_string(&m->value), &params, &list,
		&ignored) == 0 &&
	    list.count + list.group_count > 0 && !list.incomplete &&
	    draft_put_addresses(out, m->name, &list, &ignored) == 0)
		return 0;
	return put(m, &m->value, HEADER_LIST, out, err);
}

/* A value in nobody knows what charset as RFC 2231 4 writes it. */
static void
put_unknown_parameter(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "; %s*=unknown-8bit''", name);
	for (; *value != '\0'; value++) {
		if ((*value >= '0' && *value <= '9') ||
		    (*value >= 'A' && *value <= 'Z') ||
		    (*value >= 'a' && *value <= 'z') || *value == '.' ||
		    *value == '-')
			buf_putc(out, *value);
		else
			buf_printf(out, "%%%02X", (unsigned char)*value);
	}
}

/* Content-Type and Content-Disposition: parameters with 8-bit text. */
static int
mend_parameters(const struct mending *m, struct buf *out, struct error *err)
{
	const char *value = buf_string(&m->value), *at = value;
	struct mime_parameter p = {0};
	struct buf text = {0};
	int r = 0;

	buf_append(&text, value, strcspn(value, ";"));
	while (r == 0 && mime_field_next(&at, &p)) {
		const char *name = buf_string(&p.name);
		const char *is = buf_string(&p.value);

		if (scan_has_eight_bit(name, p.name.len) || p.name.len == 0 ||
		    p.name.len > PARAMETER_NAME_MAX ||
		    strpbrk(name, "*'%") != NULL || !p.whole ||
		    !scan_has_eight_bit(is, p.value.len))
			buf_append(&text, p.raw, p.raw_len);
		else if (printable_is_utf8(is, p.value.len))
			r = parameter_put(&text, name, is);
		else
			put_unknown_parameter(&text, name, is);
	}
	mime_parameter_clear(&p);
	if (scan_has_eight_bit(buf_string(&text), text.len) &&
	    !printable_is_utf8(buf_string(&text), text.len))
		r = refuse(m, "8-bit text that is not UTF-8", err);
	else
		r = put(m, &text, HEADER_TEXT, out, err);
	buf_clear(&text);
	return r;
}

static int
mend(const struct mending *m, struct buf *out, struct error *err)
{
	const struct header_field *f = m->field;
	bool parameters =
	    header_name_equal(f->name, f->name_len, "Content-Type") ||
	    header_name_equal(f->name, f->name_len, "Content-Disposition");

	if (fields_kind(f->name, f->name_len) == FIELD_ADDRESSES)
		return mend_addresses(m, out, err);
	if (m->eight_bit && parameters)
		return mend_parameters(m, out, err);
	if (!is_structured(f))
		return mend_text(m, out, err);
	if (!m->utf8)
		return refuse(m, "8-bit text that is not UTF-8", err);
	return put(m, &m->value, HEADER_TEXT, out, err);
}

int
repair_fields(const char *fields, size_t n, const char *name, struct buf *out,
    struct error *err)
{
	const char *at = fields, *end = fields + n;
	struct arena arena = {0};
	struct mending m = {.arena = &arena, .input = name};
	struct header_field f;
	int r = 0;

	for (; r == 0 && at < end && header_parse(at, end, &f); at = f.next) {
		m.eight_bit = scan_has_eight_bit(f.value, f.value_len);
		if (!m.eight_bit && !has_long_line(at, f.next)) {
			buf_append(out, at, (size_t)(f.next - at));
			continue;
		}
		m.field = &f;
		m.name = arena_strndup(&arena, f.name, f.name_len);
		buf_reset(&m.value);
		header_unfold(&f, &m.value);
		m.utf8 = printable_is_utf8(buf_string(&m.value), m.value.len);
		r = mend(&m, out, err);
	}
	buf_clear(&m.value);
	arena_clear(&arena);
	return r;
}
