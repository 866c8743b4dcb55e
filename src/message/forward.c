/* forward: a message within a message (RFC 2046 5.2.1). */
#include "message/leaf.h"

#include <string.h>

#include "message/header.h"

/* A message whose header is being read. */
struct reader {
	struct input *in;
	size_t begin;	/* behind the mbox line */
	size_t end;	/* of the last field */
	uint64_t lines; /* before `end` */
};

static bool
is_empty_line(const char *p, size_t n)
{
	return p[0] == '\n' || (n == 2 && p[0] == '\r' && p[1] == '\n');
}

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
	size_t n;

	if (leaf_read_header(r->in, err) == -1)
		return -1;
	p = buf_string(&r->in->kept);
	end = p + r->in->kept.len;
	for (; p < end; p += n, r->lines++) {
		n = header_line(p, (size_t)(end - p));
		if (is_empty_line(p, n))
			break;
		if (r->lines == 0 && n >= 5 && memcmp(p, "From ", 5) == 0)
			r->begin = n; /* of an mbox: RFC 4155 */
		else if (!header_parse(p, end, &f) &&
		    ((*p != ' ' && *p != '\t') ||
			p == buf_string(&r->in->kept) + r->begin))
			return not_a_message(r, err);
	}
	r->end = (size_t)(p - buf_string(&r->in->kept));
	return r->end > r->begin ? 0 : not_a_message(r, err);
}

/* The fields, but for those that nobody may see. */
static struct mime_part *
header_of(const struct leaf_context *c, const struct reader *r)
{
	const char *p = buf_string(&r->in->kept) + r->begin;
	const char *end = buf_string(&r->in->kept) + r->end;
	struct header_field f;
	struct buf out = {0};

	for (; p < end && header_parse(p, end, &f); p = f.next)
		if (c->params->keep_bcc ||
		    (!header_name_equal(f.name, f.name_len, "Bcc") &&
			!header_name_equal(f.name, f.name_len, "Resent-Bcc")))
			buf_append(&out, p, (size_t)(f.next - p));
	return leaf_from_memory(c->message, &out, r->in->params.name);
}

int
leaf_forward(const struct leaf_context *c, struct input *in,
    struct mime_part **out, struct error *err)
{
	struct leaf_fields fields = {
	    .type = "message/rfc822", .disposition = "inline"};
	struct reader r = {.in = in};
	struct mime_part *whole, *header, *body;

	if (find_header(&r, err) == -1)
		return -1;
	header = header_of(c, &r);
	body = leaf_new(c->message, in);
	body->range = (struct input_range){r.end, UINT64_MAX, r.lines + 1};
	whole = arena_alloc(&c->message->arena, sizeof(*whole));
	whole->children = header;
	header->next = body;
	body->scan.cr_ends = true;
	if (leaf_scan_verbatim(c, header, err) == -1 ||
	    leaf_scan_verbatim(c, body, err) == -1)
		return -1;
	*out = whole;
	return leaf_put_fields(c->message, whole, &fields, err);
}
