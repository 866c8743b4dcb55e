/* repair_header: the fields that mail cannot carry, each by what it is: text,
 * addresses, parameters, or something else. */
#include "message/repair.h"

#include <string.h>

#include "lib/arena.h"
#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/printable.h"

#include "message/fields.h"
#include "mime/mime_field.h"
#include "mime/parameter.h"
#include "rfc5322/address.h"
#include "rfc5322/header.h"
#include "rfc5322/words.h"

/* A field that is being mended. */
struct mending {
	const struct header_field *field;
	struct arena *arena;
	const char *input; /* its name, for errors */
	const char *charset;
	const char *name;
	struct buf value; /* unfolded */
	bool utf8;	  /* the value is well-formed */
	bool eight_bit;
};

/* A list's identifier is written as an address is, with a name before it. */
static bool
has_names(const struct header_field *f)
{
	return fields_kind(f->name, f->name_len) == FIELD_ADDRESSES ||
	    ascii_equal_n(f->name, f->name_len, "List-Id");
}

/* No text that encoded words could stand in, and no addresses. */
static bool
is_structured(const struct header_field *f)
{
	static const char *const families[] = {"ARC-", "List-"};
	size_t i, n;

	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		n = strlen(families[i]);
		if (f->name_len > n && ascii_equal_n(f->name, n, families[i]))
			return true;
	}
	return fields_kind(f->name, f->name_len) == FIELD_FIXED;
}

static bool
has_long_line(const char *p, const char *end)
{
	size_t n;

	for (; p < end; p += n) {
		n = ascii_line(p, (size_t)(end - p));
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

/* What stays must be text in a charset that is known. */
static int
not_utf8(const struct mending *m, struct error *err)
{
	error_set(err, EX_DATAERR, "%s: %s: 8-bit text that is not UTF-8",
	    m->input, m->name);
	return error_hint(err, "--charset NAME says which charset it is in");
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

	repair_text(&text, buf_string(&m->value), m->value.len);
	r = header_put(out, m->name, buf_string(&text), HEADER_TEXT, &ignored);
	if (r == -1 && m->utf8) { /* too many blanks in a row */
		buf_reset(&text);
		words_encode(&text, buf_string(&m->value), m->value.len, false);
	}
	if (r == -1)
		r = put(m, &text, HEADER_TEXT, out, err);
	buf_clear(&text);
	return r;
}

/* A domain in UTF-8 has another form in ASCII.  False: not all has one, or
 * some name would be lost. */
static bool
put_in_ascii(const struct mending *m, const struct buf *text, struct buf *out)
{
	struct address_params params = {
	    .what = m->name, .encoded_words = true, .folded = true};
	struct address_list list = {0};
	struct buf names = {0}, ascii = {0};
	struct error ignored;
	bool done = fields_kind(m->name, strlen(m->name)) == FIELD_ADDRESSES &&
	    words_decode_whole(&names, buf_string(text), text->len) &&
	    address_parse(
		m->arena, buf_string(text), &params, &list, &ignored) == 0 &&
	    list.count + list.group_count > 0 && !list.incomplete &&
	    draft_put_addresses(&ascii, m->name, &list, &ignored) == 0 &&
	    !ascii_has_eight_bit(buf_string(&ascii), ascii.len);

	if (done)
		buf_append(out, buf_string(&ascii), ascii.len);
	buf_clear(&names);
	buf_clear(&ascii);
	return done;
}

/* Addresses, and what has no other text than comments. */
static int
mend_structured(const struct mending *m, struct buf *out, struct error *err)
{
	bool names = has_names(m->field);
	struct buf text = {0};
	int r = 0;

	if (names)
		repair_names(&text, buf_string(&m->value), m->value.len);
	else
		repair_comments(&text, buf_string(&m->value), m->value.len);
	if (!printable_is_utf8(buf_string(&text), text.len))
		r = not_utf8(m, err);
	else if (!ascii_has_eight_bit(buf_string(&text), text.len) ||
	    !put_in_ascii(m, &text, out))
		r = put(m, &text, names ? HEADER_LIST : HEADER_TEXT, out, err);
	buf_clear(&text);
	return r;
}

/* A value in nobody knows what charset as RFC 2231 4 writes it. */
static void
put_unknown_parameter(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "; %s*=unknown-8bit''", name);
	for (; *value != '\0'; value++) {
		if (ascii_is_letter_or_digit(*value) || *value == '.' ||
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

		if (ascii_has_eight_bit(name, p.name.len) || p.name.len == 0 ||
		    p.name.len > PARAMETER_NAME_MAX ||
		    strpbrk(name, "*'%") != NULL || !p.whole ||
		    !ascii_has_eight_bit(is, p.value.len))
			buf_append(&text, p.raw, p.raw_len);
		else if (printable_is_utf8(is, p.value.len))
			r = parameter_put(&text, name, is);
		else
			put_unknown_parameter(&text, name, is);
	}
	mime_parameter_clear(&p);
	if (ascii_has_eight_bit(buf_string(&text), text.len) &&
	    !printable_is_utf8(buf_string(&text), text.len))
		r = not_utf8(m, err);
	else
		r = put(m, &text, HEADER_TEXT, out, err);
	buf_clear(&text);
	return r;
}

static int
mend(const struct mending *m, struct buf *out, struct error *err)
{
	const struct header_field *f = m->field;
	bool parameters = ascii_equal_n(f->name, f->name_len, "Content-Type") ||
	    ascii_equal_n(f->name, f->name_len, "Content-Disposition");

	if (m->eight_bit && parameters)
		return mend_parameters(m, out, err);
	if (has_names(f) || is_structured(f))
		return mend_structured(m, out, err);
	return mend_text(m, out, err);
}

/* The value in one line, and in UTF-8 if it is in the charset that was named,
 * and not in UTF-8 already. */
static void
read_value(struct mending *m)
{
	const char *charset = m->charset;
	struct buf utf8 = {0};

	buf_reset(&m->value);
	header_unfold(m->field, &m->value);
	m->utf8 = printable_is_utf8(buf_string(&m->value), m->value.len);
	if (m->utf8 || charset == NULL || charset_is_utf8(charset))
		return;
	m->utf8 = charset_decode(charset, strlen(charset), m->value.data,
		      m->value.len, &utf8) == CHARSET_WHOLE;
	if (!m->utf8) {
		buf_clear(&utf8);
		return;
	}
	buf_clear(&m->value);
	m->value = utf8;
}

bool
repair_drop_hidden(struct buf *fields)
{
	const char *at = buf_string(fields), *end = at + fields->len;
	struct header_field f;
	struct buf kept = {0};
	bool any;

	for (; at < end && header_parse(at, end, &f); at = f.next)
		if (!ascii_equal_n(f.name, f.name_len, "Bcc") &&
		    !ascii_equal_n(f.name, f.name_len, "Resent-Bcc"))
			buf_append(&kept, at, (size_t)(f.next - at));
	buf_append(&kept, at, (size_t)(end - at));
	any = kept.len < fields->len;
	buf_clear(fields);
	*fields = kept;
	return any;
}

int
repair_fields(const char *fields, size_t n, const char *name,
    const char *charset, struct buf *out, struct error *err)
{
	const char *at = fields, *end = fields + n;
	struct arena arena = {0};
	struct mending m = {.arena = &arena, .input = name, .charset = charset};
	struct header_field f;
	int r = 0;

	for (; r == 0 && at < end && header_parse(at, end, &f); at = f.next) {
		m.eight_bit = ascii_has_eight_bit(f.value, f.value_len);
		if (!m.eight_bit && !has_long_line(at, f.next)) {
			buf_append(out, at, (size_t)(f.next - at));
			continue;
		}
		m.field = &f;
		m.name = arena_strndup(&arena, f.name, f.name_len);
		read_value(&m);
		r = mend(&m, out, err);
	}
	buf_clear(&m.value);
	arena_clear(&arena);
	return r;
}
