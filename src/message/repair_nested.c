/* repair_nested: the headers of the parts. */
#include "message/repairing.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/printable.h"

#include "message/complete.h"
#include "message/leaf.h"
#include "rfc5322/header.h"

enum fault
repairing_fault(const struct scan *s)
{
	if (s->count[SCAN_NUL] > 0 || s->count[SCAN_LONG_LINE] > 0)
		return ILLEGAL;
	return s->count[SCAN_EIGHT_BIT] > 0 ? EIGHT_BIT : FINE;
}

const char *
repairing_name(const struct repair *r)
{
	return r->in->params.name;
}

bool
repairing_stays(const struct repair *r, size_t part, enum signature what)
{
	return r->params->forwarded && r->signatures[part] >= what;
}

struct mime_part *
repairing_stretch(struct repair *r, const struct input_range *range)
{
	struct mime_part *p = leaf_new(r->m, r->in);

	p->range = *range;
	p->scan.cr_ends = true;
	if (r->params->forwarded)
		p->hint =
		    r->is_signed ? repair_hint_signed : repair_hint_attach;
	return p;
}

/* The fields of a part in CRLF lines, and what is wrong with them; not the
 * line of a mailbox before those of a message. */
static int
read_header(struct repair *r, const struct structure_part *p, struct buf *out,
    enum fault *fault, struct error *err)
{
	struct mime_part *raw = repairing_stretch(r, &p->header);
	uint64_t at = p->header.offset, size = p->header.end - at;
	struct buf text = {0};
	struct header_field f;
	char c, last = '\0';
	ssize_t n;
	size_t i;

	if (size > COMPLETE_HEADER_MAX)
		return error_set(err, EX_DATAERR,
		    "%s: line %llu: a header of more than %d octets",
		    repairing_name(r), (unsigned long long)p->header.line,
		    COMPLETE_HEADER_MAX);
	if (draft_scan(raw, NULL, NULL, err) == -1)
		return -1;
	*fault = repairing_fault(&raw->scan);
	buf_reserve(&text, size);
	while (text.len < size &&
	    (n = input_read(r->in, at + text.len, text.data + text.len,
		 size - text.len, err)) != 0) {
		if (n < 0) {
			buf_clear(&text);
			return -1;
		}
		text.len += (size_t)n;
	}
	for (i = 0; i < text.len; i++) {
		c = text.data[i];
		if (c == '\r' || (c == '\n' && last != '\r'))
			buf_puts(out, "\r\n");
		else if (c != '\n' && c != '\0')
			buf_putc(out, c);
		last = c;
	}
	buf_clear(&text);
	/* The empty line is put there by whoever sends the fields. */
	if (out->len >= 2 && (out->len == 2 || out->data[out->len - 3] == '\n'))
		out->data[out->len -= 2] = '\0';
	else if (out->len > 0 && out->data[out->len - 1] != '\n')
		buf_puts(out, "\r\n");
	if (out->len >= 5 && memcmp(out->data, "From ", 5) == 0 &&
	    !header_parse(out->data, out->data + out->len, &f))
		buf_consume(out, ascii_line(out->data, out->len));
	return 0;
}

int
repairing_header(struct repair *r, size_t i, struct buf *fields,
    enum fault *fault, struct error *err)
{
	const struct structure_part *p = &r->s.parts[i];
	struct buf raw = {0};
	int result = read_header(r, p, &raw, fault, err);

	if (result == 0 && !repairing_stays(r, i, SIGNATURE_ALL))
		result = repair_fields(buf_string(&raw), raw.len,
		    repairing_name(r), r->params->charset, fields, err);
	else if (result == 0)
		buf_append(fields, buf_string(&raw), raw.len);
	/* 8BITMIME is for bodies (RFC 6152): no server takes a header so. */
	if (*fault == EIGHT_BIT)
		*fault = raw.len == fields->len &&
			memcmp(raw.data, fields->data, raw.len) == 0
		    ? FINE
		    : ILLEGAL;
	buf_clear(&raw);
	return result;
}

void
repairing_put_global(struct buf *fields)
{
	const char *at = buf_string(fields), *end = at + fields->len;
	const char *parameters;
	struct header_field f;
	struct buf out = {0};
	bool typed = false;

	for (; at < end && header_parse(at, end, &f); at = f.next) {
		if (!ascii_equal_n(f.name, f.name_len, "Content-Type")) {
			buf_append(&out, at, (size_t)(f.next - at));
			continue;
		}
		parameters = memchr(f.value, ';', f.value_len);
		buf_puts(&out, "Content-Type: message/global");
		if (parameters != NULL)
			buf_append(&out, parameters,
			    (size_t)(f.value + f.value_len - parameters));
		buf_puts(&out, "\r\n");
		typed = true;
	}
	if (!typed)
		buf_puts(&out, "Content-Type: message/global\r\n");
	buf_clear(fields);
	*fields = out;
}

bool
repairing_is_message(const struct repair *r, const struct structure_part *p)
{
	return p->parent != STRUCTURE_NONE &&
	    r->s.parts[p->parent].kind == STRUCTURE_MESSAGE;
}

int
repairing_look(struct repair *r, bool *change, struct error *err)
{
	struct buf fields = {0};
	enum fault fault = FINE;
	size_t i, a;
	int result = 0;

	for (i = 1; i < r->s.count && result == 0; i++) {
		buf_reset(&fields);
		result = repairing_header(r, i, &fields, &fault, err);
		if (result == 0 &&
		    !printable_is_utf8(buf_string(&fields), fields.len))
			result = error_set(err, EX_DATAERR,
			    "%s: line %llu: 8-bit text that is not UTF-8 in a "
			    "header that is signed",
			    repairing_name(r),
			    (unsigned long long)r->s.parts[i].header.line);
		if (result == 0 && r->params->forwarded &&
		    repairing_is_message(r, &r->s.parts[i]) &&
		    !repairing_stays(r, i, SIGNATURE_ALL) &&
		    repair_drop_hidden(&fields))
			*change = true;
		if (!ascii_has_eight_bit(buf_string(&fields), fields.len))
			continue;
		*r->utf8 = true;
		for (a = r->s.parts[i].parent; a != STRUCTURE_NONE;
		     a = r->s.parts[a].parent)
			r->global[a] |=
			    r->s.parts[a].kind == STRUCTURE_MESSAGE &&
			    strcmp(r->s.parts[a].type, "message/global") != 0;
	}
	buf_clear(&fields);
	return result;
}
