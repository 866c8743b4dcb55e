/* forward: a message within a message (RFC 2046 5.2.1). */
#include "message/forward.h"

#include <string.h>

#include "lib/ascii.h"

#include "message/repair.h"
#include "mime/mime_field.h"
#include "mime/signature.h"
#include "rfc5322/header.h"

/* A message whose header is being read. */
struct reader {
	struct input *in;
	size_t begin;	/* behind the mbox line */
	size_t end;	/* of the last field */
	size_t body;	/* behind the empty line */
	uint64_t lines; /* before `end` */
};

static int
not_a_message(const struct reader *r, struct error *err)
{
	error_set(err, EX_DATAERR, "%s: line %llu is no header field",
	    r->in->params.name, (unsigned long long)r->lines + 1);
	return error_hint(
	    err, "a message begins with its header; --attach sends any file");
}

/* Finds the end of the header. */
static int
find_header(struct reader *r, struct error *err)
{
	struct header_field f;
	const char *p, *end;
	size_t n = 0;

	if (input_skip_mark(r->in, err) == -1 ||
	    leaf_read_header(r->in, err) == -1)
		return -1;
	p = buf_string(&r->in->kept);
	end = p + r->in->kept.len;
	for (; p < end; p += n, r->lines++) {
		n = ascii_line(p, (size_t)(end - p));
		if (header_line_is_empty(p, n))
			break;
		if (r->lines == 0 && n >= 5 && memcmp(p, "From ", 5) == 0)
			r->begin = n; /* of an mbox: RFC 4155 */
		else if (!header_parse(p, end, &f) &&
		    ((*p != ' ' && *p != '\t') ||
			p == buf_string(&r->in->kept) + r->begin))
			return not_a_message(r, err);
	}
	r->end = (size_t)(p - buf_string(&r->in->kept));
	r->body = r->end + (p < end ? n : 0);
	return r->end > r->begin ? 0 : not_a_message(r, err);
}

/* The fields in CRLF lines, but for those that nobody may see: --keep-bcc is
 * not for those whom somebody else has hidden. */
static int
read_fields(const struct reader *r, struct buf *out, struct error *err)
{
	const char *p = buf_string(&r->in->kept) + r->begin;
	const char *end = buf_string(&r->in->kept) + r->end;
	size_t n;

	for (; p < end; p += n) {
		n = ascii_line(p, (size_t)(end - p));
		if (header_line_is_cut(p, n))
			return error_set(err, EX_DATAERR,
			    "%s: a CR in the header that is not part "
			    "of a line end",
			    r->in->params.name);
		header_put_line(out, p, n, true);
	}
	repair_drop_hidden(out);
	return 0;
}

/* A message on its way into a part. */
struct forward {
	const struct leaf_context *c;
	const char *name;
	struct repair_params params;
	struct buf fields;
	bool is_signed; /* header and all */
	bool changed;	/* the header was encoded */
	bool utf8;	/* text in UTF-8 stays in a header */
};

/* What no line of mail may hold, or not every server takes, is encoded, unless
 * it is signed. */
static int
repair_header(struct forward *f, struct error *err)
{
	struct buf *fields = &f->fields, repaired = {0};
	struct error ignored;
	struct scan scan;

	scan_begin(&scan, 1);
	scan_update(&scan, buf_string(fields), fields->len);
	scan_end(&scan);
	f->is_signed = signature_in_header(buf_string(fields), fields->len);
	if (scan_check(&scan, f->name, false, &ignored) == 0)
		return 0;
	if (f->is_signed) {
		f->utf8 = scan.count[SCAN_EIGHT_BIT] > 0;
		if (scan_check(&scan, f->name, true, err) == 0 &&
		    scan.ill_formed > 0)
			error_set(err, EX_DATAERR,
			    "%s: 8-bit text that is not UTF-8 in the header",
			    f->name);
		else if (scan.ill_formed == 0 && f->utf8)
			return 0;
		return error_hint(err, "%s", repair_hint_signed);
	}
	if (repair_fields(buf_string(fields), fields->len, f->name,
		f->params.charset, &repaired, err) == -1) {
		buf_clear(&repaired);
		return error_hint(err, "%s", repair_hint_attach);
	}
	f->changed = repaired.len != fields->len ||
	    memcmp(repaired.data, fields->data, fields->len) != 0;
	f->utf8 = ascii_has_eight_bit(buf_string(&repaired), repaired.len);
	buf_clear(fields);
	*fields = repaired;
	return 0;
}

/* Whether there may be other headers in it. */
static bool
has_parts(struct arena *a, const struct buf *fields)
{
	const char *at = buf_string(fields), *end = at + fields->len;
	struct header_field f;
	struct buf value = {0};
	const char *type = "";

	for (; at < end && header_parse(at, end, &f); at = f.next) {
		if (!ascii_equal_n(f.name, f.name_len, "Content-Type"))
			continue;
		header_unfold(&f, &value);
		type = mime_field_value(a, buf_string(&value));
		break;
	}
	buf_clear(&value);
	return strncmp(type, "multipart/", 10) == 0 ||
	    strncmp(type, "message/", 8) == 0;
}

/* Header and body, in pieces that every server takes. */
static int
make_pieces(struct forward *f, const struct reader *r, struct mime_part **out,
    struct error *err)
{
	const struct leaf_context *c = f->c;
	struct mime_part *body = leaf_new(c->message, r->in);
	struct buf outer = {0};
	int result = 0;

	body->range = (struct input_range){r->body, UINT64_MAX, r->lines + 2};
	body->scan.cr_ends = true;
	if (leaf_scan(c, body, err) == -1 || repair_header(f, err) == -1)
		return -1;
	if (repair_is_needed(&body->scan) ||
	    (body->scan.bytes > 0 &&
		has_parts(&c->message->arena, &f->fields))) {
		result = repair_body(c->message, body, &f->params, &f->fields,
		    &outer, &f->utf8, err);
	} else {
		buf_append(&outer, buf_string(&f->fields), f->fields.len);
		buf_puts(&outer, r->body > r->end ? "\r\n" : "");
	}
	*out = body;
	if (result == 0 && outer.len > 0) {
		*out = leaf_from_memory(c->message, &outer, f->name);
		(*out)->next = body;
		(*out)->hint = repair_hint_attach;
		result = leaf_scan_verbatim(c, *out, err);
	}
	if (result == 0 && f->changed)
		(*out)->note = repair_note(c->message, f->name);
	buf_clear(&outer);
	return result;
}

int
forward_make(const struct leaf_context *c, struct input *in,
    struct mime_part **out, struct error *err)
{
	struct leaf_fields own = {
	    .type = "message/rfc822", .disposition = "inline"};
	struct reader r = {.in = in};
	struct forward f = {.c = c,
	    .name = in->params.name,
	    .params = {.charset = c->params->charset, .forwarded = true}};
	int result;

	if (find_header(&r, err) == -1)
		return -1;
	if (read_fields(&r, &f.fields, err) == -1) {
		buf_clear(&f.fields);
		return -1;
	}
	*out = arena_alloc(&c->message->arena, sizeof(**out));
	result = make_pieces(&f, &r, &(*out)->children, err);
	buf_clear(&f.fields);
	if (result == -1)
		return -1;
	if (f.utf8) { /* RFC 6532 3.7 */
		own.type = "message/global";
		c->message->facts.utf8_header = true;
		c->message->utf8_hint = repair_hint_attach;
	}
	return leaf_put_fields(c->message, *out, &own, err);
}
