/* repair: the body of a message as a sequence of stretches that stay as they
 * are and of parts that are encoded anew. */
#include "message/repair.h"

#include <string.h>

#include "lib/ascii.h"

#include "message/leaf.h"
#include "message/repairing.h"
#include "rfc5322/header.h"

const char repair_hint_attach[] =
    "--attach FILE,type=application/octet-stream sends it as a file";
const char repair_hint_signed[] =
    "what is signed is not encoded, since the signature would break;\n"
    "--attach FILE,type=application/octet-stream sends it as a file";

bool
repair_is_needed(const struct scan *body)
{
	return repairing_fault(body) != FINE;
}

const char *
repair_note(struct message *m, const char *name)
{
	return arena_printf(&m->arena,
	    "%s: what cannot go out as it is has been encoded", name);
}

/* What is to be said of a part that is changed. */
static const char *
note(const struct repair *r, const struct structure_part *p)
{
	if (r->params->forwarded)
		return repair_note(r->m, repairing_name(r));
	if (r->signatures[p - r->s.parts] == SIGNATURE_NONE)
		return NULL;
	return arena_printf(&r->m->arena,
	    "%s: the signature over what has been encoded does not hold any more",
	    repairing_name(r));
}

/* What goes as it is must be legal. */
static int
check(const struct repair *r, const struct scan *scan, struct error *err)
{
	if (scan_check(scan, repairing_name(r), true, err) == 0)
		return 0;
	if (r->params->forwarded && r->is_signed)
		return error_hint(err, "%s", repair_hint_signed);
	if (r->s.limited)
		return error_hint(err,
		    "it cannot be encoded: the message has more than %d parts, "
		    "or they are\nmore than %d deep",
		    STRUCTURE_PARTS, STRUCTURE_DEPTH);
	return error_hint(err,
	    "what has a transfer encoding that is not known, or divides parts, "
	    "cannot be encoded");
}

/* A stretch that goes as it is. */
static struct mime_part *
verbatim(struct repair *r, const struct input_range *range, struct error *err)
{
	struct mime_part *p = repairing_stretch(r, range);

	if (draft_scan(p, NULL, NULL, err) == -1 ||
	    check(r, &p->scan, err) == -1)
		return NULL;
	return p;
}

static void
append(struct repair *r, struct mime_part *p)
{
	*r->tail = p;
	r->tail = &p->next;
}

/* What comes before `end`, and is not in pieces yet, stays. */
static int
keep_until(struct repair *r, uint64_t end, struct error *err)
{
	struct input_range range = {r->at, end, r->line};
	struct mime_part *p;

	if (r->at >= end)
		return 0;
	p = verbatim(r, &range, err);
	if (p == NULL)
		return -1;
	append(r, p);
	r->line += p->scan.lines;
	r->at = end;
	return 0;
}

/* Puts the piece in the place of the range: always, or where it is only 8-bit
 * text that has to be encoded, unless the server takes that. */
static int
replace(struct repair *r, const struct structure_part *part,
    const struct input_range *range, struct mime_part *p, enum fault fault,
    struct error *err)
{
	struct mime_part *as_it_is;

	p->note = r->silent ? NULL : note(r, part);
	if (keep_until(r, range->offset, err) == -1)
		return -1;
	as_it_is = repairing_stretch(r, range);
	if (draft_scan(as_it_is, NULL, NULL, err) == -1)
		return -1;
	r->at = range->end;
	r->line += as_it_is->scan.lines;
	if (fault == EIGHT_BIT && p->plain == NULL)
		p->plain = as_it_is;
	append(r, p);
	return 0;
}

static bool
has_field(const struct buf *fields, const char *name)
{
	const char *at = buf_string(fields), *end = at + fields->len;
	struct header_field f;

	for (; at < end && header_parse(at, end, &f); at = f.next)
		if (ascii_equal_n(f.name, f.name_len, name))
			return true;
	return false;
}

/* The fields of a part that is encoded anew, but for the encoding.  Text that
 * nobody labelled gets a label that is true. */
static const char *
encoded_fields(
    struct repair *r, const struct buf *fields, const struct structure_part *p)
{
	const char *at = buf_string(fields), *end = at + fields->len;
	const char *charset = "us-ascii", *result;
	struct header_field f;
	struct buf out = {0};

	for (; at < end && header_parse(at, end, &f); at = f.next)
		if (!ascii_equal_n(
			f.name, f.name_len, "Content-Transfer-Encoding"))
			buf_append(&out, at, (size_t)(f.next - at));
	if (p->scan.count[SCAN_EIGHT_BIT] > 0)
		charset = p->scan.ill_formed == 0 ? "utf-8" : "unknown-8bit";
	if ((p->parent == STRUCTURE_NONE ||
		r->s.parts[p->parent].kind == STRUCTURE_MESSAGE) &&
	    !has_field(fields, "MIME-Version"))
		buf_puts(&out, "MIME-Version: 1.0\r\n");
	/* In a digest no word means something else (RFC 2046 5.1.5). */
	if (strcmp(p->type, "text/plain") == 0 &&
	    !has_field(fields, "Content-Type"))
		buf_printf(
		    &out, "Content-Type: text/plain; charset=%s\r\n", charset);
	result = arena_strdup(&r->m->arena, buf_string(&out));
	buf_clear(&out);
	return result;
}

/* Content in an encoding that nobody knows cannot be encoded anew; nor can
 * what is of a composite type (RFC 2045 6.4), and what may hold parts that were
 * not looked at. */
static bool
can_encode(const struct repair *r, const struct structure_part *p)
{
	static const char *const known[] = {
	    "", "7bit", "8bit", "binary", "quoted-printable", "base64"};
	size_t i;

	if (r->s.limited || strncmp(p->type, "multipart/", 10) == 0 ||
	    strncmp(p->type, "message/", 8) == 0)
		return false;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(p->encoding, known[i]) == 0)
			return true;
	return false;
}

/* Text whose line ends are not single bytes: UTF-16, UTF-32. */
static bool
is_wide(const char *charset)
{
	return charset != NULL && strlen(charset) >= 6 &&
	    (ascii_equal_n(charset, 6, "utf-16") ||
		ascii_equal_n(charset, 6, "utf-32"));
}

/* Whether a line end in the content is a byte like any other. */
static bool
is_binary(const struct structure_part *p)
{
	if (p->coded != MIME_ANY)
		return false;
	if (strcmp(p->encoding, "binary") == 0 || is_wide(p->charset))
		return true;
	if (strncmp(p->type, "text/", 5) == 0)
		return false;
	return p->scan.count[SCAN_NUL] + p->scan.count[SCAN_BARE_CR] > 0;
}

/* The content of a leaf, to be encoded.  The line end before a boundary is
 * that of the last line of quoted-printable, and none of base64's content. */
static struct mime_part *
content_new(struct repair *r, const struct structure_part *p, struct error *err)
{
	struct input_range range = p->body;
	struct mime_part *leaf;
	bool bytes = is_binary(p);
	enum mime_encoding e = mime_choose(&p->scan, false);

	if (!bytes && e != MIME_BASE64)
		range.end = p->after;
	leaf = repairing_stretch(r, &range);
	leaf->coded = p->coded;
	leaf->encoding = bytes ? MIME_ANY : e;
	leaf->open_end = e == MIME_BASE64;
	/* What quoted-printable gives are lines already, and a CR or LF that
	 * it kept as a byte is to stay one. */
	leaf->binary = bytes || p->coded == MIME_QUOTED_PRINTABLE;
	return draft_scan(leaf, NULL, NULL, err) == -1 ? NULL : leaf;
}

/* Fields and the empty line as they are. */
static struct mime_part *
header_new(struct repair *r, const struct buf *fields, struct error *err)
{
	struct mime_part *p;
	struct buf text = {0};

	buf_append(&text, buf_string(fields), fields->len);
	buf_puts(&text, "\r\n");
	p = leaf_from_memory(r->m, &text, repairing_name(r));
	return draft_scan(p, NULL, NULL, err) == -1 ? NULL : p;
}

static int
repair_header(struct repair *r, const struct structure_part *p,
    const struct buf *fields, enum fault fault, struct error *err)
{
	struct mime_part *header = header_new(r, fields, err);

	return header == NULL ? -1
			      : replace(r, p, &p->header, header, fault, err);
}

/* Where only the header of a leaf has to be encoded. */
static struct mime_part *
plain_body(struct repair *r, const struct structure_part *p,
    const struct buf *fields, struct error *err)
{
	struct input_range body = {p->body.offset, p->after, p->body.line};
	struct mime_part *plain = arena_alloc(&r->m->arena, sizeof(*plain));

	plain->children = header_new(r, fields, err);
	if (plain->children == NULL)
		return NULL;
	plain->children->next = verbatim(r, &body, err);
	return plain->children->next != NULL ? plain : NULL;
}

static int
repair_leaf(struct repair *r, const struct structure_part *p,
    const struct buf *fields, enum fault header, enum fault body,
    struct error *err)
{
	struct input_range range = {p->header.offset, p->after, p->header.line};
	struct mime_part *leaf = content_new(r, p, err);

	if (leaf == NULL)
		return -1;
	leaf->fields = encoded_fields(r, fields, p);
	if (header != FINE && body == EIGHT_BIT) {
		leaf->plain = plain_body(r, p, fields, err);
		if (leaf->plain == NULL)
			return -1;
		leaf->plain->note = note(r, p);
	}
	return replace(r, p, &range, leaf, body, err);
}

/* What stands outside of the parts of a multipart is shown by nobody. */
static int
drop(struct repair *r, const struct structure_part *part,
    const struct input_range *range, const struct scan *scan, struct error *err)
{
	struct input_range nothing = {
	    range->offset, range->offset, range->line};
	struct mime_part *p;

	if (repairing_fault(scan) == FINE ||
	    repairing_stays(r, (size_t)(part - r->s.parts), SIGNATURE_BODY))
		return 0;
	p = repairing_stretch(r, &nothing);
	if (draft_scan(p, NULL, NULL, err) == -1)
		return -1;
	return replace(r, part, range, p, repairing_fault(scan), err);
}

static int
repair_part(struct repair *r, size_t i, struct error *err)
{
	const struct structure_part *p = &r->s.parts[i];
	enum fault header = FINE, body = FINE;
	struct buf fields = {0};
	int result = 0;

	if (repairing_stays(r, i, SIGNATURE_ALL))
		return 0;
	if (repairing_header(r, i, &fields, &header, err) == -1) {
		buf_clear(&fields);
		return -1;
	}
	if (p->kind == STRUCTURE_LEAF && can_encode(r, p) &&
	    !repairing_stays(r, i, SIGNATURE_BODY))
		body = repairing_fault(&p->scan);
	r->silent = header == FINE && body == FINE;
	if (r->params->forwarded && repairing_is_message(r, p) &&
	    repair_drop_hidden(&fields))
		header = ILLEGAL;
	if (r->global[i]) {
		repairing_put_global(&fields);
		header = ILLEGAL;
	}
	if (body != FINE)
		result = repair_leaf(r, p, &fields, header, body, err);
	else if (header != FINE)
		result = repair_header(r, p, &fields, header, err);
	r->silent = false;
	buf_clear(&fields);
	if (result == 0 && p->kind == STRUCTURE_MULTIPART)
		result = drop(r, p, &p->preamble, &p->scan, err);
	return result;
}

/* The epilogues of what ends before this part begins, the innermost first. */
static int
leave(struct repair *r, size_t from, size_t to, struct error *err)
{
	const struct structure_part *p;

	for (; from != to; from = p->parent) {
		p = &r->s.parts[from];
		if (p->kind == STRUCTURE_MULTIPART && p->closed &&
		    drop(r, p, &p->epilogue, &p->epilogue_scan, err) == -1)
			return -1;
	}
	return 0;
}

static int
repair_parts(struct repair *r, struct error *err)
{
	const struct structure *s = &r->s;
	size_t i;

	if (s->parts[0].kind == STRUCTURE_MULTIPART &&
	    drop(r, &s->parts[0], &s->parts[0].preamble, &s->parts[0].scan,
		err) == -1)
		return -1;
	for (i = 1; i < s->count; i++)
		if (leave(r, i - 1, s->parts[i].parent, err) == -1 ||
		    repair_part(r, i, err) == -1)
			return -1;
	if (leave(r, s->count - 1, STRUCTURE_NONE, err) == -1)
		return -1;
	return keep_until(r, s->parts[0].after, err);
}

/* The message is one leaf: its header is the leaf's. */
static int
repair_single(struct repair *r, struct error *err)
{
	const struct structure_part *p = &r->s.parts[0];
	struct mime_part *root = r->root, *leaf, *plain;

	if (!can_encode(r, p) || repairing_stays(r, 0, SIGNATURE_BODY)) {
		root->hint = repairing_stretch(r, &p->body)->hint;
		buf_append(r->outer, buf_string(r->header), r->header->len);
		buf_puts(r->outer, "\r\n");
		return check(r, &p->scan, err);
	}
	leaf = content_new(r, p, err);
	if (leaf == NULL)
		return -1;
	*root = *leaf;
	root->fields = encoded_fields(r, r->header, p);
	root->note = note(r, p);
	if (repairing_fault(&p->scan) == ILLEGAL)
		return 0;
	plain = arena_alloc(&r->m->arena, sizeof(*plain));
	plain->children = header_new(r, r->header, err);
	if (plain->children == NULL)
		return -1;
	plain->children->next = verbatim(r, &p->body, err);
	root->plain = plain;
	return plain->children->next == NULL ? -1 : 0;
}

/* The header of a message with parts: what is encoded in it is MIME, said so or
 * not. */
static int
put_header(struct repair *r, enum fault fault, struct error *err)
{
	static const char version[] = "MIME-Version: 1.0\r\n";
	bool mime = has_field(r->header, "MIME-Version");
	struct buf missing = {0}, nothing = {0};
	struct mime_part *end, *plain;

	if (repairing_stays(r, 0, SIGNATURE_ALL))
		mime = true;
	buf_append(r->outer, buf_string(r->header), r->header->len);
	if (r->global[0])
		repairing_put_global(r->outer);
	buf_puts(&missing, mime ? "" : version);
	end = header_new(r, &missing, err);
	plain = header_new(r, &nothing, err);
	buf_clear(&missing);
	if (end == NULL || plain == NULL)
		return -1;
	if (fault == EIGHT_BIT)
		end->plain = plain;
	append(r, end);
	return 0;
}

static int
repair(struct repair *r, struct error *err)
{
	struct mime_part *root = r->root;
	enum fault fault = repairing_fault(&root->scan);
	bool change = false;

	if (repairing_look(r, &change, err) == -1)
		return -1;
	if (fault == FINE && !change && !r->global[0]) {
		buf_append(r->outer, buf_string(r->header), r->header->len);
		buf_puts(r->outer, "\r\n");
		return 0;
	}
	if (r->s.parts[0].kind == STRUCTURE_LEAF)
		return repair_single(r, err);
	*root = (struct mime_part){0};
	r->tail = &root->children;
	if (put_header(r, fault, err) == -1)
		return -1;
	return repair_parts(r, err);
}

int
repair_body(struct message *m, struct mime_part *body,
    const struct repair_params *params, const struct buf *header,
    struct buf *outer, bool *utf8, struct error *err)
{
	struct repair r = {
	    .m = m,
	    .params = params,
	    .utf8 = utf8,
	    .in = body->input,
	    .header = header,
	    .outer = outer,
	    .root = body,
	    .at = body->range.offset,
	    .line = body->range.line,
	};
	size_t i;
	int result;

	if (structure_read(&r.s, r.in, &body->range, buf_string(header),
		header->len, err) == -1)
		return -1;
	r.signatures = signature_find(&r.s.arena, &r.s);
	for (i = 0; i < r.s.count; i++)
		r.is_signed |= r.signatures[i] != SIGNATURE_NONE;
	r.global = arena_alloc(&r.s.arena, r.s.count * sizeof(*r.global));
	result = repair(&r, err);
	structure_clear(&r.s);
	return result;
}
