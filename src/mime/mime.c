/* mime: which encoding, and the parts as sources. */
#include "mime/mime.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/memory.h"

#include "content/chain.h"
#include "content/decode.h"
#include "content/encode.h"

/* A CR that stays one. */
static uint64_t
stray_cr(const struct scan *s)
{
	return s->cr_ends ? 0 : s->count[SCAN_BARE_CR];
}

/* What makes it impossible to send text as it is. */
static bool
must_be_encoded(const struct scan *s)
{
	return s->count[SCAN_NUL] > 0 || stray_cr(s) > 0 ||
	    s->count[SCAN_LONG_LINE] > 0;
}

enum mime_encoding
mime_choose(const struct scan *s, bool eight_bit)
{
	uint64_t size = scan_canonical_size(s), quoted, base64;

	if (!must_be_encoded(s)) {
		if (s->count[SCAN_EIGHT_BIT] == 0)
			return MIME_7BIT;
		if (eight_bit)
			return MIME_8BIT;
	}
	quoted = size +
	    2 * (s->count[SCAN_NUL] + stray_cr(s) + s->count[SCAN_EIGHT_BIT]);
	if (s->longest > 76)
		quoted += quoted / 75 * 3; /* soft line breaks */
	base64 = (size + 2) / 3 * 4;
	base64 += base64 / 76 * 2;
	return quoted <= base64 ? MIME_QUOTED_PRINTABLE : MIME_BASE64;
}

const char *
mime_encoding_name(enum mime_encoding e)
{
	static const char *const names[] = {
	    [MIME_ANY] = "",
	    [MIME_7BIT] = "7bit",
	    [MIME_8BIT] = "8bit",
	    [MIME_BINARY] = "binary",
	    [MIME_QUOTED_PRINTABLE] = "quoted-printable",
	    [MIME_BASE64] = "base64",
	};

	return names[e];
}

enum mime_encoding
mime_encoding_named(const char *name)
{
	enum mime_encoding e;

	for (e = MIME_7BIT; e <= MIME_BASE64; e++)
		if (e != MIME_BINARY &&
		    ascii_equal_n(name, strlen(name), mime_encoding_name(e)))
			return e;
	return MIME_ANY;
}

static bool
decodes(enum mime_encoding e)
{
	return e == MIME_QUOTED_PRINTABLE || e == MIME_BASE64;
}

/* The number of bytes that a source gives; it is freed. */
static int
measure(struct source *s, const struct input_params *input, uint64_t *size,
    struct error *err)
{
	enum { PIECE = 65536 };
	char *piece = memory_realloc(NULL, PIECE, 1);
	ssize_t n;

	*size = 0;
	do {
		n = wait_interrupted(&input->wait, input->name, err);
		if (n == 0)
			n = source_read(s, piece, PIECE, err);
		*size += n > 0 ? (uint64_t)n : 0;
	} while (n > 0);
	free(piece);
	source_free(s);
	return n < 0 ? -1 : 0;
}

/* Only its bytes tell how long it becomes. */
static bool
needs_measuring(const struct mime_part *p, enum mime_encoding e)
{
	return e == MIME_QUOTED_PRINTABLE || decodes(p->coded);
}

/* A part on its way out. */
struct opened {
	struct source *source;
	uint64_t size;
	enum mime_encoding encoding; /* of all that is in it: 7bit, 8bit or
					binary */
	bool ended;	  /* by a line end that is none of the content's */
	const char *note; /* the first one of what is in it */
};

static const char *
name_of(const struct mime_part *p)
{
	while (p->input == NULL)
		p = p->children;
	return p->input->params.name;
}

/* In this encoding. */
static bool
keeps_bytes(const struct mime_part *p, enum mime_encoding e)
{
	return p->binary || (p->as_written && e == MIME_BINARY);
}

/* The bytes of a leaf as they stand, or what they are the encoding of.  Should
 * they have changed since they were scanned, an encoding makes them legal all
 * the same; else they are looked at again. */
static struct source *
stretch_open(
    const struct mime_part *p, enum mime_encoding e, enum mime_encoding most)
{
	struct source *s = keeps_bytes(p, e) || (decodes(e) && p->scanned)
	    ? input_bytes(p->input, &p->range)
	    : input_source(
		  p->input, &p->range, &p->scan, p->scanned, most >= MIME_8BIT);

	if (p->coded == MIME_BASE64)
		return decode_base64(s);
	if (p->coded == MIME_QUOTED_PRINTABLE)
		return decode_quoted_printable(s);
	return s;
}

static bool
is_text(const struct mime_part *p, enum mime_encoding e)
{
	return !keeps_bytes(p, e) && p->coded != MIME_BASE64;
}

/* The content of a leaf in an encoding. */
static struct source *
content_open(
    const struct mime_part *p, enum mime_encoding e, enum mime_encoding most)
{
	struct source *s = stretch_open(p, e, most);

	/* Looking for CRs that are known not to be there costs time. */
	if (is_text(p, e))
		s = encode_lines(s,
		    p->scan.cr_ends &&
			(!p->scanned || p->scan.count[SCAN_BARE_CR] > 0),
		    p->open_end);
	if (e == MIME_BASE64)
		s = encode_base64(s);
	else if (e == MIME_QUOTED_PRINTABLE)
		s = encode_quoted_printable(
		    s, !is_text(p, e) && !decodes(p->coded));
	return s;
}

/* How many bytes that gives. */
static uint64_t
content_size(const struct mime_part *p, enum mime_encoding e)
{
	uint64_t size =
	    is_text(p, e) ? scan_canonical_size(&p->scan) : p->scan.bytes;

	if (needs_measuring(p, e))
		return p->measured;
	if (!p->scanned)
		return MIME_SIZE_UNKNOWN;
	if (is_text(p, e) && p->open_end && p->scan.column > 0)
		size -= 2;
	if (e == MIME_BASE64) {
		size = (size + 2) / 3 * 4;
		size += (size + 75) / 76 * 2;
	}
	return size;
}

static enum mime_encoding
choose_for_bytes(const struct mime_part *p, enum mime_encoding most)
{
	if (p->encoding == MIME_QUOTED_PRINTABLE)
		return p->encoding;
	return p->encoding == MIME_ANY && most == MIME_BINARY ? most
							      : MIME_BASE64;
}

/* A NUL or a CR that stands alone is text to few readers. */
static enum mime_encoding
choose_for_text(const struct scan *s, enum mime_encoding most)
{
	enum mime_encoding e = mime_choose(s, most >= MIME_8BIT);

	return decodes(e) && most == MIME_BINARY && s->count[SCAN_NUL] == 0 &&
		stray_cr(s) == 0
	    ? MIME_BINARY
	    : e;
}

/* What a leaf goes in, where `most` may: 7bit, 8bit or binary. */
static int
choose(const struct mime_part *p, enum mime_encoding most,
    enum mime_encoding *e, struct error *err)
{
	const char *name = p->input->params.name;
	bool eight_bit = most >= MIME_8BIT;

	*e = p->scan.count[SCAN_EIGHT_BIT] > 0 ? MIME_8BIT : MIME_7BIT;
	if (decodes(p->coded)) {
		*e = p->coded;
		return 0;
	}
	if (p->as_written && most == MIME_BINARY) {
		*e = MIME_BINARY;
		return 0;
	}
	if (p->fields == NULL) {
		if (scan_check_message(&p->scan, name, eight_bit, err) == 0)
			return 0;
		return p->hint != NULL ? error_hint(err, "%s", p->hint) : -1;
	}
	if (p->encoded != NULL)
		return scan_check(&p->scan, name, eight_bit, err);
	if (p->verbatim && scan_check(&p->scan, name, eight_bit, err) == -1)
		return error_hint(err,
		    "what is of a composite type cannot be encoded as a "
		    "whole; its parts can");
	if (p->binary)
		*e = choose_for_bytes(p, most);
	else if (p->encoding == MIME_7BIT || p->encoding == MIME_8BIT)
		return scan_check(
		    &p->scan, name, eight_bit && p->encoding == MIME_8BIT, err);
	else if (p->encoding != MIME_ANY)
		*e = p->encoding;
	else
		*e = choose_for_text(&p->scan, most);
	return 0;
}

static int
leaf_measure(struct mime_part *p, enum mime_encoding most, struct error *err)
{
	enum mime_encoding e;
	struct error cannot;

	/* What cannot take this form is said when it has to. */
	if (choose(p, most, &e, &cannot) == -1 || !needs_measuring(p, e))
		return 0;
	return measure(
	    content_open(p, e, most), &p->input->params, &p->measured, err);
}

static int
part_measure(struct mime_part *p, enum mime_encoding most, struct error *err)
{
	struct mime_part *child;
	int r = 0;

	if (most >= MIME_8BIT && p->plain != NULL)
		p = p->plain;
	if (p->children == NULL)
		return p->measured != 0 ? 0 : leaf_measure(p, most, err);
	for (child = p->children; child != NULL && r == 0; child = child->next)
		r = part_measure(child, most, err);
	return r;
}

int
mime_measure(struct mime_part *p, struct error *err)
{
	if (part_measure(p, MIME_8BIT, err) == -1)
		return -1;
	return part_measure(p, MIME_7BIT, err);
}

/* The field and an empty line. */
enum { ENCODING_FIELD = 64 };

/* The part's own fields and the empty line, if it has any. */
static void
put_fields(const struct mime_part *p, enum mime_encoding e, struct buf *out)
{
	const char *encoding =
	    p->encoded != NULL ? p->encoded : mime_encoding_name(e);

	if (p->fields == NULL)
		return;
	buf_reserve(out, strlen(p->fields) + ENCODING_FIELD);
	buf_puts(out, p->fields);
	/* 7bit is what no word about it means (RFC 2045 6.1). */
	if (p->children == NULL || e != MIME_7BIT) {
		buf_puts(out, "Content-Transfer-Encoding: ");
		buf_puts(out, encoding);
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "\r\n");
}

static int
leaf_open(struct mime_part *p, enum mime_encoding most, struct opened *o,
    struct error *err)
{
	struct buf head = {0};

	bool odd = p->fields != NULL &&
	    ascii_has_eight_bit(p->fields, strlen(p->fields));

	if (odd && most < MIME_8BIT) {
		error_set(err, EX_DATAERR,
		    "%s: 8-bit text in a header, and the server does not offer "
		    "8BITMIME",
		    p->input->params.name);
		return error_hint(err,
		    "--attach FILE,type=application/octet-stream sends it as "
		    "a file");
	}
	if (choose(p, most, &o->encoding, err) == -1)
		return -1;
	o->source = content_open(p, o->encoding, most);
	o->size = content_size(p, o->encoding);
	o->ended = o->encoding == MIME_BASE64 && o->size > 0;
	put_fields(p, o->encoding, &head);
	if (o->size != MIME_SIZE_UNKNOWN)
		o->size += head.len;
	o->source =
	    chain_new(&head, &o->source, 1, o->size, p->input->params.name);
	if (decodes(o->encoding))
		o->encoding = MIME_7BIT;
	if (o->encoding == MIME_7BIT &&
	    (odd || (!p->scanned && most >= MIME_8BIT)))
		o->encoding = MIME_8BIT;
	return 0;
}

/* What stands before a child, or behind the last.  The line end before a
 * boundary belongs to it (RFC 2046 5.1.1). */
static void
put_boundary(const struct mime_part *p, bool ended, bool last, struct buf *out)
{
	if (p->boundary == NULL)
		return;
	if (!ended)
		buf_puts(out, "\r\n");
	buf_printf(out, "--%s%s\r\n", p->boundary, last ? "--" : "");
}

static int part_open(struct mime_part *, enum mime_encoding most,
    struct opened *, struct error *);

/* The children, each with the boundary before it. */
static int
children_open(struct mime_part *p, enum mime_encoding most,
    struct source **links, size_t *count, struct opened *o, struct error *err)
{
	struct mime_part *child;
	struct opened opened;
	bool ended = true;
	struct buf head = {0};

	for (child = p->children; child != NULL; child = child->next) {
		opened = (struct opened){0};
		put_boundary(p, ended, false, &head);
		if (part_open(child, most, &opened, err) == -1) {
			buf_clear(&head);
			return -1;
		}
		ended = opened.ended;
		o->size += head.len + opened.size;
		if (o->note == NULL)
			o->note = opened.note;
		if (opened.encoding > o->encoding)
			o->encoding = opened.encoding;
		links[(*count)++] = chain_new(
		    &head, &opened.source, 1, UINT64_MAX, name_of(child));
	}
	put_boundary(p, ended, true, &head);
	o->size += head.len;
	links[(*count)++] = chain_new(&head, NULL, 0, UINT64_MAX, name_of(p));
	return 0;
}

static int
multipart_open(struct mime_part *p, enum mime_encoding most, struct opened *o,
    struct error *err)
{
	const struct mime_part *child;
	struct source **links;
	struct buf head = {0};
	size_t n = 0, i;
	int r;

	for (child = p->children; child != NULL; child = child->next)
		n++;
	links = memory_realloc(NULL, n + 1, sizeof(struct source *));
	o->size = n = 0;
	o->encoding = MIME_7BIT;
	r = children_open(p, most, links, &n, o, err);
	o->ended = false;
	if (r == 0) {
		put_fields(p, o->encoding, &head);
		o->size += head.len;
		o->source = chain_new(&head, links, n, UINT64_MAX, name_of(p));
	} else {
		for (i = 0; i < n; i++)
			source_free(links[i]);
	}
	free(links);
	return r;
}

static int
part_open(struct mime_part *p, enum mime_encoding most, struct opened *o,
    struct error *err)
{
	if (most >= MIME_8BIT && p->plain != NULL)
		p = p->plain;
	o->note = p->note;
	return p->children != NULL ? multipart_open(p, most, o, err)
				   : leaf_open(p, most, o, err);
}

int
mime_open(struct mime_part *p, const struct buf *header,
    const struct mime_form *form, struct mime_stream *stream, struct error *err)
{
	enum mime_encoding most = MIME_7BIT;
	struct source *links[2];
	struct opened o = {0};

	if (form->binary)
		most = MIME_BINARY;
	else if (form->eight_bit)
		most = MIME_8BIT;
	if (part_open(p, most, &o, err) == -1)
		return -1;
	if (o.size != MIME_SIZE_UNKNOWN)
		o.size += header->len;
	links[0] = source_from_bytes(buf_string(header), header->len);
	links[1] = o.source;
	stream->source = chain_new(NULL, links, 2, o.size, name_of(p));
	stream->size = o.size;
	stream->eight_bit = o.encoding == MIME_8BIT && form->eight_bit;
	/* It says all that 8BITMIME says, which may be missing beside it. */
	stream->binary = o.encoding > MIME_7BIT && !stream->eight_bit;
	stream->note = o.note;
	return 0;
}
