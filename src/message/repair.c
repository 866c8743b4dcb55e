/* repair: the body of a message as a sequence of stretches that stay as they
 * are and of parts that are encoded anew. */
#include "message/repair.h"

#include <stdlib.h>
#include <string.h>

#include "lib/memory.h"
#include "lib/printable.h"

#include "message/complete.h"
#include "message/header.h"
#include "message/leaf.h"
#include "message/signature.h"
#include "message/structure.h"

const char repair_hint_attach[] =
    "--attach FILE,type=application/octet-stream sends it as a file";
const char repair_hint_signed[] =
    "what is signed is not encoded, since the signature would break;\n"
    "--attach FILE,type=application/octet-stream sends it as a file";

struct repair {
	struct message *m;
	const struct repair_params *params;
	struct input *in;
	const struct buf *header; /* of the message */
	struct buf *outer;	  /* what stands before its body */
	struct mime_part *root;	  /* its body */
	struct structure s;
	enum signature *signatures; /* of the parts */
	bool is_signed;		    /* one of them is */
	bool silent;		    /* nothing is encoded in what follows */
	bool *global; /* messages with UTF-8 in the header of a part */
	bool *utf8;
	struct mime_part **tail; /* where the next piece goes */
	uint64_t at;		 /* all before is in pieces */
	uint64_t line;		 /* the number of the line there */
};

/* How bad it is. */
enum fault {
	FINE,
	EIGHT_BIT, /* for a server without 8BITMIME */
	ILLEGAL,
};

static enum fault
fault_of(const struct scan *s)
{
	if (s->count[SCAN_NUL] > 0 || s->count[SCAN_LONG_LINE] > 0)
		return ILLEGAL;
	return s->count[SCAN_EIGHT_BIT] > 0 ? EIGHT_BIT : FINE;
}

bool
repair_is_needed(const struct scan *body)
{
	return fault_of(body) != FINE;
}

static const char *
name_of(const struct repair *r)
{
	return r->in->params.name;
}

/* Whether a part must stay as it is: all of it, or what is in it. */
static bool
stays(const struct repair *r, size_t part, enum signature what)
{
	return r->params->forwarded && r->signatures[part] >= what;
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
		return repair_note(r->m, name_of(r));
	if (r->signatures[p - r->s.parts] == SIGNATURE_NONE)
		return NULL;
	return arena_printf(&r->m->arena,
	    "%s: the signature over what has been encoded does not hold any more",
	    name_of(r));
}

/* --- pieces --------------------------------------------------------------- */

static struct mime_part *
stretch_new(struct repair *r, const struct input_range *range)
{
	struct mime_part *p = leaf_new(r->m, r->in);

	p->range = *range;
	p->scan.cr_ends = true;
	if (r->params->forwarded)
		p->hint =
		    r->is_signed ? repair_hint_signed : repair_hint_attach;
	return p;
}

/* What goes as it is must be legal. */
static int
check(const struct repair *r, const struct scan *scan, struct error *err)
{
	if (scan_check(scan, name_of(r), true, err) == 0)
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
	struct mime_part *p = stretch_new(r, range);

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
	as_it_is = stretch_new(r, range);
	if (draft_scan(as_it_is, NULL, NULL, err) == -1)
		return -1;
	r->at = range->end;
	r->line += as_it_is->scan.lines;
	if (fault == EIGHT_BIT && p->plain == NULL)
		p->plain = as_it_is;
	append(r, p);
	return 0;
}

/* --- headers -------------------------------------------------------------- */

/* The fields of a part in CRLF lines, and what is wrong with them. */
static int
read_header(struct repair *r, const struct structure_part *p, struct buf *out,
    enum fault *fault, struct error *err)
{
	struct mime_part *raw = stretch_new(r, &p->header);
	uint64_t at = p->header.offset, size = p->header.end - at;
	struct buf text = {0};
	char c, last = '\0';
	ssize_t n;
	size_t i;

	if (size > COMPLETE_HEADER_MAX)
		return error_set(err, EX_DATAERR,
		    "%s: line %llu: a header of more than %d octets",
		    name_of(r), (unsigned long long)p->header.line,
		    COMPLETE_HEADER_MAX);
	if (draft_scan(raw, NULL, NULL, err) == -1)
		return -1;
	*fault = fault_of(&raw->scan);
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
	return 0;
}

static bool
has_field(const struct buf *fields, const char *name)
{
	const char *at = buf_string(fields), *end = at + fields->len;
	struct header_field f;

	for (; at < end && header_parse(at, end, &f); at = f.next)
		if (header_name_equal(f.name, f.name_len, name))
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
		if (!header_name_equal(
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

/* --- parts ---------------------------------------------------------------- */

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
	    (header_name_equal(charset, 6, "utf-16") ||
		header_name_equal(charset, 6, "utf-32"));
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
	leaf = stretch_new(r, &range);
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
	p = leaf_from_memory(r->m, &text, name_of(r));
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

	if (fault_of(scan) == FINE ||
	    stays(r, (size_t)(part - r->s.parts), SIGNATURE_BODY))
		return 0;
	p = stretch_new(r, &nothing);
	if (draft_scan(p, NULL, NULL, err) == -1)
		return -1;
	return replace(r, part, range, p, fault_of(scan), err);
}

/* The fields of a part as they are to be, and what was wrong with them. */
static int
mended_header(struct repair *r, size_t i, struct buf *fields, enum fault *fault,
    struct error *err)
{
	const struct structure_part *p = &r->s.parts[i];
	struct buf raw = {0};
	int result = read_header(r, p, &raw, fault, err);

	if (result == 0 && !stays(r, i, SIGNATURE_ALL))
		result = repair_fields(buf_string(&raw), raw.len, name_of(r),
		    r->params->charset, fields, err);
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

/* What the type of a message is with UTF-8 in its header. */
static void
put_global(struct buf *fields)
{
	const char *at = buf_string(fields), *end = at + fields->len;
	const char *parameters;
	struct header_field f;
	struct buf out = {0};
	bool typed = false;

	for (; at < end && header_parse(at, end, &f); at = f.next) {
		if (!header_name_equal(f.name, f.name_len, "Content-Type")) {
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

static bool
is_message(const struct repair *r, const struct structure_part *p)
{
	return p->parent != STRUCTURE_NONE &&
	    r->s.parts[p->parent].kind == STRUCTURE_MESSAGE;
}

static int
repair_part(struct repair *r, size_t i, struct error *err)
{
	const struct structure_part *p = &r->s.parts[i];
	enum fault header = FINE, body = FINE;
	struct buf fields = {0};
	int result = 0;

	if (stays(r, i, SIGNATURE_ALL))
		return 0;
	if (mended_header(r, i, &fields, &header, err) == -1) {
		buf_clear(&fields);
		return -1;
	}
	if (p->kind == STRUCTURE_LEAF && can_encode(r, p) &&
	    !stays(r, i, SIGNATURE_BODY))
		body = fault_of(&p->scan);
	r->silent = header == FINE && body == FINE;
	if (r->params->forwarded && is_message(r, p) &&
	    repair_drop_hidden(&fields))
		header = ILLEGAL;
	if (r->global[i]) {
		put_global(&fields);
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

/* Where UTF-8 stays in the header of a part, all messages around it are
 * global; *change: there is something to be done about headers. */
static int
look_at_headers(struct repair *r, bool *change, struct error *err)
{
	struct buf fields = {0};
	enum fault fault = FINE;
	size_t i, a;
	int result = 0;

	for (i = 1; i < r->s.count && result == 0; i++) {
		buf_reset(&fields);
		result = mended_header(r, i, &fields, &fault, err);
		if (result == 0 &&
		    !printable_is_utf8(buf_string(&fields), fields.len))
			result = error_set(err, EX_DATAERR,
			    "%s: line %llu: 8-bit text that is not UTF-8 in a "
			    "header that is signed",
			    name_of(r),
			    (unsigned long long)r->s.parts[i].header.line);
		if (result == 0 && r->params->forwarded &&
		    is_message(r, &r->s.parts[i]) &&
		    !stays(r, i, SIGNATURE_ALL) && repair_drop_hidden(&fields))
			*change = true;
		if (!scan_has_eight_bit(buf_string(&fields), fields.len))
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

	if (!can_encode(r, p) || stays(r, 0, SIGNATURE_BODY)) {
		root->hint = stretch_new(r, &p->body)->hint;
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
	if (fault_of(&p->scan) == ILLEGAL)
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

	if (stays(r, 0, SIGNATURE_ALL))
		mime = true;
	buf_append(r->outer, buf_string(r->header), r->header->len);
	if (r->global[0])
		put_global(r->outer);
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
	enum fault fault = fault_of(&root->scan);
	bool change = false;

	if (look_at_headers(r, &change, err) == -1)
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
