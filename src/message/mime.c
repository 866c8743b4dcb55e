/* mime: which encoding, and the parts as sources. */
#include "message/mime.h"

#include <stdlib.h>

#include "lib/memory.h"

#include "message/chain.h"
#include "message/encode.h"
#include "message/header.h"

/* What makes it impossible to send text as it is. */
static bool
must_be_encoded(const struct scan *s)
{
	return s->count[SCAN_NUL] > 0 || s->count[SCAN_BARE_CR] > 0 ||
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
	    2 *
		(s->count[SCAN_NUL] + s->count[SCAN_BARE_CR] +
		    s->count[SCAN_EIGHT_BIT]);
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
	    [MIME_7BIT] = "7bit",
	    [MIME_8BIT] = "8bit",
	    [MIME_QUOTED_PRINTABLE] = "quoted-printable",
	    [MIME_BASE64] = "base64",
	};

	return names[e];
}

/* The bytes that a source gives; it is at its beginning afterwards. */
static int
measure(struct source *s, uint64_t *size, struct error *err)
{
	enum { PIECE = 65536 };
	char *piece = memory_realloc(NULL, PIECE, 1);
	ssize_t n;

	*size = 0;
	while ((n = source_read(s, piece, PIECE, err)) > 0)
		*size += (uint64_t)n;
	free(piece);
	return n < 0 ? -1 : source_rewind(s, err);
}

/* The content in its encoding. */
static int
content_open(const struct mime_part *p, enum mime_encoding e, bool eight_bit,
    struct source **out, uint64_t *size, struct error *err)
{
	uint64_t canonical = scan_canonical_size(&p->scan);
	struct source *s = input_source(p->input, p->offset, p->line,
	    p->scanned ? &p->scan : NULL, eight_bit);

	s = encode_lines(s);
	*size = p->scanned ? canonical : MESSAGE_SIZE_UNKNOWN;
	if (e == MIME_BASE64) {
		s = encode_base64(s);
		*size = (canonical + 2) / 3 * 4;
		*size += (*size + 75) / 76 * 2;
	} else if (e == MIME_QUOTED_PRINTABLE) {
		/* Where its lines break depends on every byte. */
		s = encode_quoted_printable(s);
		if (measure(s, size, err) == -1) {
			source_free(s);
			return -1;
		}
	}
	*out = s;
	return 0;
}

static int
choose(const struct mime_part *p, bool eight_bit, enum mime_encoding *e,
    struct error *err)
{
	const char *name = p->input->params.name;

	*e = p->scan.count[SCAN_EIGHT_BIT] > 0 ? MIME_8BIT : MIME_7BIT;
	if (p->content_type == NULL || p->encoded != NULL)
		return scan_check(&p->scan, name, eight_bit, err);
	if (p->verbatim && scan_check(&p->scan, name, eight_bit, err) == -1)
		return error_hint(err,
		    "a body of a composite type cannot be "
		    "encoded as a whole; its parts can");
	*e = mime_choose(&p->scan, eight_bit);
	return 0;
}

/* The part's own fields and the empty line; none if content_type is NULL. */
static int
put_fields(const struct mime_part *p, enum mime_encoding e, struct buf *out,
    struct error *err)
{
	const char *encoding =
	    p->encoded != NULL ? p->encoded : mime_encoding_name(e);

	if (p->content_type == NULL)
		return 0;
	if (header_put(
		out, "Content-Type", p->content_type, HEADER_TEXT, err) == -1 ||
	    header_put(out, "Content-Transfer-Encoding", encoding, HEADER_TEXT,
		err) == -1)
		return -1;
	return buf_puts(out, "\r\n");
}

int
mime_open(const struct mime_part *p, const struct buf *header,
    const struct message_form *form, struct message_stream *stream,
    struct error *err)
{
	struct source *links[2];
	struct buf fields = {0};
	enum mime_encoding e;
	uint64_t size;

	if (choose(p, form->eight_bit, &e, err) == -1)
		return -1;
	if (put_fields(p, e, &fields, err) == -1 ||
	    content_open(p, e, form->eight_bit, &links[1], &size, err) == -1) {
		buf_clear(&fields);
		return -1;
	}
	if (size != MESSAGE_SIZE_UNKNOWN)
		size += header->len + fields.len;
	links[0] = source_from_bytes(buf_string(header), header->len);
	links[1] =
	    chain_new(&fields, &links[1], 1, UINT64_MAX, p->input->params.name);
	stream->source = chain_new(NULL, links, 2, size, p->input->params.name);
	stream->size = size;
	stream->eight_bit = e == MIME_8BIT || (!p->scanned && form->eight_bit);
	return 0;
}
