/* forward: a message within a message (RFC 2046 5.2.1). */
#include "message/leaf.h"

#include <string.h>

#include "message/header.h"
#include "message/repair.h"

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

	if (leaf_read_header(r->in, err) == -1)
		return -1;
	p = buf_string(&r->in->kept);
	end = p + r->in->kept.len;
	for (; p < end; p += n, r->lines++) {
		n = header_line(p, (size_t)(end - p));
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

/* The fields in CRLF lines, but for those that nobody may see. */
static int
read_fields(const struct reader *r, struct buf *out, struct error *err)
{
	const char *p = buf_string(&r->in->kept) + r->begin, *line;
	const char *end = buf_string(&r->in->kept) + r->end;
	struct header_field f;
	size_t n;

	for (; p < end && header_parse(p, end, &f); p = f.next) {
		/* Those whom somebody else has hidden: --keep-bcc is not for
		 * them. */
		if (header_name_equal(f.name, f.name_len, "Bcc") ||
		    header_name_equal(f.name, f.name_len, "Resent-Bcc"))
			continue;
		for (line = p; line < f.next; line += n) {
			n = header_line(line, (size_t)(f.next - line));
			if (header_line_is_cut(line, n))
				return error_set(err, EX_DATAERR,
				    "%s: a CR in the header that is not part "
				    "of a line end",
				    r->in->params.name);
			header_put_line(out, line, n, true);
		}
	}
	return 0;
}

/* What no line of mail may hold, or not every server takes, is encoded, if it
 * can be; else the header stays as it is, for servers that take it. */
static void
repair_header(const char *name, struct buf *fields)
{
	struct error ignored;
	struct buf repaired = {0};
	struct scan scan;

	scan_begin(&scan, 1);
	scan_update(&scan, buf_string(fields), fields->len);
	scan_end(&scan);
	if (scan_check(&scan, name, false, &(struct error){0}) == 0)
		return;
	if (repair_fields(buf_string(fields), fields->len, name, &repaired,
		&ignored) == -1) {
		buf_clear(&repaired);
		return;
	}
	buf_clear(fields);
	*fields = repaired;
}

/* Header and body, in pieces that every server takes. */
static int
make_pieces(const struct leaf_context *c, const struct reader *r,
    struct buf *fields, struct mime_part **out, struct error *err)
{
	const char *name = r->in->params.name;
	struct mime_part *body = leaf_new(c->message, r->in);
	struct buf outer = {0};
	int result = 0;

	body->range = (struct input_range){r->body, UINT64_MAX, r->lines + 2};
	body->scan.cr_ends = true;
	if (leaf_scan(c, body, err) == -1)
		return -1;
	repair_header(name, fields);
	if (repair_is_needed(&body->scan)) {
		result = repair_body(c->message, body, fields, &outer, err);
	} else {
		buf_append(&outer, buf_string(fields), fields->len);
		buf_puts(&outer, r->body > r->end ? "\r\n" : "");
	}
	*out = body;
	if (result == 0 && outer.len > 0) {
		*out = leaf_from_memory(c->message, &outer, name);
		(*out)->next = body;
		result = leaf_scan_verbatim(c, *out, err);
	}
	buf_clear(&outer);
	return result;
}

int
leaf_forward(const struct leaf_context *c, struct input *in,
    struct mime_part **out, struct error *err)
{
	const struct leaf_fields own = {
	    .type = "message/rfc822", .disposition = "inline"};
	struct reader r = {.in = in};
	struct buf fields = {0};
	int result;

	if (find_header(&r, err) == -1)
		return -1;
	if (read_fields(&r, &fields, err) == -1) {
		buf_clear(&fields);
		return -1;
	}
	*out = arena_alloc(&c->message->arena, sizeof(**out));
	result = make_pieces(c, &r, &fields, &(*out)->children, err);
	buf_clear(&fields);
	if (result == -1)
		return -1;
	return leaf_put_fields(c->message, *out, &own, err);
}
