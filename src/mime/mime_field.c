/* mime_field: a lenient walk over "value; name=value; ...". */
#include "mime/mime_field.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/charset.h"
#include "lib/error.h"

#include "rfc5322/words.h"

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind white space and comments. */
static const char *
skip(const char *p)
{
	unsigned depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '(')
			depth++;
		else if (depth > 0 && *p == '\\' && p[1] != '\0')
			p++;
		else if (depth > 0 && *p == ')')
			depth--;
		else if (depth == 0 && !is_space(*p))
			break;
	}
	return p;
}

/* Appends what stands before one of the stops. */
static const char *
take(const char *p, const char *stops, struct buf *out)
{
	for (p = skip(p); *p != '\0' && strchr(stops, *p) == NULL;) {
		if (*p == '(' || is_space(*p)) {
			p = skip(p);
			continue;
		}
		buf_putc(out, *p++);
	}
	return p;
}

static const char *
take_quoted(const char *p, struct buf *out)
{
	for (p++; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		buf_putc(out, *p);
	}
	return *p == '"' ? p + 1 : p;
}

/* A value without quotes: some have blanks in it. */
static const char *
take_bare(const char *p, struct buf *out)
{
	size_t n = strcspn(p, ";");

	buf_append(out, p, n);
	while (out->len > 0 && is_space(out->data[out->len - 1]))
		out->data[--out->len] = '\0';
	return p + n;
}

bool
mime_field_next(const char **at, struct mime_parameter *m)
{
	const char *p = *at + strcspn(*at, ";");
	bool quoted = false;

	buf_reset(&m->name);
	buf_reset(&m->value);
	if (*p == '\0')
		return false;
	m->raw = p;
	p = take(p + 1, ";=", &m->name);
	if (*p == '=') {
		p = skip(p + 1);
		quoted = *p == '"';
		p = quoted ? take_quoted(p, &m->value)
			   : take_bare(p, &m->value);
	}
	if (quoted)
		p = skip(p);
	m->whole = *p == ';' || *p == '\0';
	p += strcspn(p, ";");
	m->raw_len = (size_t)(p - m->raw);
	*at = p;
	return true;
}

void
mime_parameter_clear(struct mime_parameter *m)
{
	buf_clear(&m->name);
	buf_clear(&m->value);
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		*s = ascii_lower(*s);
}

const char *
mime_field_value(struct arena *a, const char *unfolded)
{
	struct buf value = {0};
	char *result;

	take(unfolded, ";", &value);
	result = arena_strdup(a, buf_string(&value));
	buf_clear(&value);
	lower(result);
	return result;
}

/* A parameter while it is put together. */
struct found {
	struct buf plain, extended;
	bool is_plain, is_extended;
	bool encoded;	  /* the extended one begins with charset'language' */
	unsigned segment; /* the number of the next one */
};

static void
append_percent(struct buf *out, const char *s)
{
	int octet;

	for (; *s != '\0'; s++) {
		octet = *s == '%' ? ascii_hex(s + 1, 2) : -1;
		if (octet != -1) {
			buf_putc(out, (char)octet);
			s += 2;
		} else {
			buf_putc(out, *s);
		}
	}
}

/* One that is called name*, name*N or name*N* (RFC 2231 3, 4). */
static void
add_extended(struct found *f, const char *suffix, const char *value)
{
	bool encoded = suffix[strlen(suffix) - 1] == '*';
	bool first = suffix[1] == '\0' || suffix[1] == '0';
	char *end = NULL;

	if (suffix[1] != '\0' &&
	    (strtoul(suffix + 1, &end, 10) != f->segment || end == suffix + 1))
		return;
	if (first && f->is_extended)
		return;
	f->segment++;
	f->is_extended = true;
	if (first)
		f->encoded = encoded;
	/* Percent signs stay until the charset is split off. */
	if (encoded || !f->encoded)
		buf_puts(&f->extended, value);
	else
		for (; *value != '\0'; value++)
			buf_printf(
			    &f->extended, "%%%02X", (unsigned char)*value);
}

static void
find(struct found *f, const char *unfolded, const char *wanted)
{
	struct mime_parameter m = {0};
	const char *at = unfolded, *s;
	size_t n = strlen(wanted);

	while (mime_field_next(&at, &m)) {
		s = buf_string(&m.name);
		if (m.name.len < n || !ascii_equal_n(s, n, wanted))
			continue;
		if (s[n] == '*') {
			add_extended(f, s + n, buf_string(&m.value));
		} else if (s[n] == '\0' && !f->is_plain) {
			f->is_plain = true;
			buf_append(
			    &f->plain, buf_string(&m.value), m.value.len);
		}
	}
	mime_parameter_clear(&m);
}

static void
found_clear(struct found *f)
{
	buf_clear(&f->plain);
	buf_clear(&f->extended);
}

/* Splits charset'language'text, with the percent signs decoded. */
static void
split_extended(struct found *f, struct buf *charset, struct buf *text)
{
	const char *s = buf_string(&f->extended), *first, *second;

	first = f->encoded ? strchr(s, '\'') : NULL;
	second = first != NULL ? strchr(first + 1, '\'') : NULL;
	if (second != NULL)
		buf_append(charset, s, (size_t)(first - s));
	if (f->encoded)
		append_percent(text, second != NULL ? second + 1 : s);
	else
		buf_puts(text, s);
}

const char *
mime_field_parameter(struct arena *a, const char *unfolded, const char *name)
{
	struct buf charset = {0}, text = {0};
	struct found f = {0};
	const char *result = NULL;

	find(&f, unfolded, name);
	if (f.is_extended) {
		split_extended(&f, &charset, &text);
		result = arena_strdup(a, buf_string(&text));
	} else if (f.is_plain) {
		result = arena_strdup(a, buf_string(&f.plain));
	}
	buf_clear(&charset);
	buf_clear(&text);
	found_clear(&f);
	return result;
}

/* Text of the charset as UTF-8; if that cannot be, as it stands. */
static void
to_utf8(const char *charset, const struct buf *text, struct buf *out)
{
	struct charset c;
	struct error err;

	if (*charset == '\0' || charset_is_utf8(charset) ||
	    charset_begin(&c, charset, out, &err) == -1) {
		buf_append(out, buf_string(text), text->len);
		return;
	}
	charset_update(&c, buf_string(text), text->len);
	charset_end(&c);
	if (!c.wrong)
		return;
	buf_reset(out);
	buf_append(out, buf_string(text), text->len);
}

const char *
mime_field_text(struct arena *a, const char *unfolded, const char *name)
{
	struct buf charset = {0}, text = {0}, utf8 = {0}, clean = {0};
	struct found f = {0};
	const char *result = NULL;

	find(&f, unfolded, name);
	if (f.is_extended) {
		split_extended(&f, &charset, &text);
		to_utf8(buf_string(&charset), &text, &utf8);
		words_append_clean(&clean, buf_string(&utf8), utf8.len);
	} else {
		words_decode(&clean, buf_string(&f.plain), f.plain.len);
	}
	if (f.is_extended || f.is_plain)
		result = arena_strdup(a, buf_string(&clean));
	buf_clear(&charset);
	buf_clear(&text);
	buf_clear(&utf8);
	buf_clear(&clean);
	found_clear(&f);
	return result;
}
