/* structure_part: what the fields of a part say of it, and its content. */
#include "mime/structure.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/memory.h"

#include "content/decode.h"
#include "content/encode.h"
#include "mime/mime_field.h"
#include "mime/signature.h"
#include "rfc5322/header.h"

/* A block of fields. */
struct block {
	const char *at, *end;
	struct arena *arena;
};

static const char *
field_text(const struct block *b, const char *name)
{
	const char *at = b->at, *text = NULL;
	struct header_field f;
	struct buf value = {0};

	for (; text == NULL && at < b->end && header_parse(at, b->end, &f);
	     at = f.next) {
		if (!ascii_equal_n(f.name, f.name_len, name))
			continue;
		header_unfold(&f, &value);
		text = arena_strdup(b->arena, buf_string(&value));
	}
	buf_clear(&value);
	return text != NULL ? text : "";
}

static void
read_content_id(struct structure_part *p, const struct block *b)
{
	const char *text = field_text(b, "Content-ID"), *end;

	text += strspn(text, " \t<");
	end = text + strcspn(text, "> \t");
	if (end > text)
		p->cid = arena_strndup(b->arena, text, (size_t)(end - text));
}

static void
read_content_type(struct structure_part *p, const char *text,
    const char *otherwise, struct arena *a)
{
	const char *slash;

	p->type = mime_field_value(a, text);
	slash = strchr(p->type, '/');
	if (slash == NULL || slash == p->type || slash[1] == '\0')
		p->type = otherwise;
	p->charset = mime_field_parameter(a, text, "charset");
	if (strncmp(p->type, "multipart/", 10) == 0)
		p->boundary = mime_field_parameter(a, text, "boundary");
}

void
structure_read_fields(
    struct structure *s, size_t part, const char *fields, size_t n)
{
	struct structure_part *p = &s->parts[part];
	struct arena *a = &s->arena;
	const struct block b = {fields, fields + n, a};
	const char *type = field_text(&b, "Content-Type");
	const char *disposition = field_text(&b, "Content-Disposition");
	bool digest = p->parent != STRUCTURE_NONE &&
	    strcmp(s->parts[p->parent].type, "multipart/digest") == 0;

	read_content_type(p, type, digest ? "message/rfc822" : "text/plain", a);
	read_content_id(p, &b);
	/* In the header of a part that is no message it means nothing. */
	p->sealed = (p->parent == STRUCTURE_NONE ||
			s->parts[p->parent].kind == STRUCTURE_MESSAGE) &&
	    signature_in_header(fields, n);
	p->disposition = mime_field_value(a, disposition);
	p->filename = mime_field_text(a, disposition, "filename");
	if (p->filename == NULL)
		p->filename = mime_field_text(a, type, "name");
	p->encoding =
	    mime_field_value(a, field_text(&b, "Content-Transfer-Encoding"));
	if (strcmp(p->encoding, "base64") == 0)
		p->coded = MIME_BASE64;
	else if (strcmp(p->encoding, "quoted-printable") == 0)
		p->coded = MIME_QUOTED_PRINTABLE;
}

/* What is no text has no line ends that could be written otherwise. */
static bool
is_bytes(const struct structure_part *p)
{
	return strcmp(p->encoding, "binary") == 0 ||
	    strncmp(p->type, "text/", 5) != 0;
}

struct source *
structure_open(struct input *in, const struct structure_part *p)
{
	struct source *s = input_bytes(in, &p->body);

	if (p->coded == MIME_BASE64)
		return decode_base64(s);
	if (p->coded == MIME_QUOTED_PRINTABLE)
		return decode_quoted_printable(s);
	return is_bytes(p) ? s : encode_lines(s, true, false);
}

int
structure_size(struct input *in, const struct structure_part *p, uint64_t *size,
    struct error *err)
{
	enum { PIECE = 65536 };
	struct source *s;
	char *piece;
	ssize_t n;

	*size = 0;
	if (p->coded == MIME_ANY) {
		*size =
		    is_bytes(p) ? p->scan.bytes : scan_canonical_size(&p->scan);
		return 0;
	}
	s = structure_open(in, p);
	piece = memory_realloc(NULL, PIECE, 1);
	while ((n = source_read(s, piece, PIECE, err)) > 0)
		*size += (uint64_t)n;
	free(piece);
	source_free(s);
	return n == 0 ? 0 : -1;
}

bool
structure_is_text(const struct structure_part *p)
{
	return p->kind == STRUCTURE_LEAF && strncmp(p->type, "text/", 5) == 0 &&
	    strcmp(p->disposition, "attachment") != 0 && p->filename == NULL;
}
