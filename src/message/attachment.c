/* attachment: files as they are. */
#include "message/attachment.h"

#include <string.h>

#include "lib/charset.h"

#include "message/text.h"
#include "mime/media_type.h"

static const char octets[] = "application/octet-stream";

/* A part while its form is being found out. */
struct form {
	struct mime_part *part;
	struct leaf_fields fields;
	struct content_type type; /* of fields.type */
	bool given;		  /* the user named the type */
	bool asked;		  /* for an encoding of text in lines */
	bool lines;		  /* text goes as text in lines */
};

static int
read_encoding(
    const struct message_part *part, enum mime_encoding *out, struct error *err)
{
	*out = MIME_ANY;
	if (part->encoding == NULL)
		return 0;
	*out = mime_encoding_named(part->encoding);
	if (*out != MIME_ANY)
		return 0;
	error_set(err, EX_USAGE, "%s: '%.40s' is no transfer encoding",
	    part->name, part->encoding);
	return error_hint(
	    err, "there are 7bit, 8bit, quoted-printable and base64");
}

/* As it is. */
static bool
is_identity(enum mime_encoding e)
{
	return e == MIME_7BIT || e == MIME_8BIT;
}

/* Whether what is kept of an input may be text; what has a NUL is none. */
static bool
looks_like_text(const struct input *in)
{
	struct scan s;

	scan_begin(&s, 1);
	scan_update(&s, buf_string(&in->kept), in->kept.len);
	return s.count[SCAN_NUL] == 0 && s.ill_formed == 0;
}

/* The grammar lets blanks and comments stand there, but hardly any reader. */
static bool
has_odd_places(const char *type)
{
	size_t n = strcspn(type, ";");

	while (n > 0 && (type[n - 1] == ' ' || type[n - 1] == '\t'))
		n--;
	return strcspn(type, " \t(") < n;
}

static int
find_type(const struct leaf_context *c, const struct message_part *part,
    struct form *f, struct error *err)
{
	struct arena *a = &c->message->arena;
	const char *name = part->filename != NULL && *part->filename != '\0'
	    ? part->filename
	    : part->name;

	f->given = part->type != NULL;
	f->fields.type = part->type;
	if (f->fields.type == NULL && name != NULL)
		f->fields.type = media_type_of(a, name, c->params->types_file);
	if (f->fields.type == NULL)
		f->fields.type =
		    looks_like_text(f->part->input) ? "text/plain" : octets;
	if (content_type_read(&f->type, a, f->fields.type, err) == -1)
		return error_context(err, "%s", part->name);
	if (has_odd_places(f->fields.type))
		return error_set(err, EX_USAGE,
		    "%s: '%.100s': no blanks and comments in a type",
		    part->name, f->fields.type);
	return 0;
}

/* Bytes: of a file their number is enough, and nobody needs to look at them if
 * they are encoded. */
static int
measure(const struct leaf_context *c, struct mime_part *p, struct error *err)
{
	p->binary = true;
	if (c->params->binary)
		return leaf_scan(c, p, err);
	p->scanned = input_size(p->input, &p->scan.bytes);
	return p->scanned ? 0 : draft_scan(p, NULL, NULL, err);
}

/* Whether the text comes out as it went in when it is sent in lines. */
static bool
is_canonical(const struct scan *s)
{
	return s->lines == s->crlf && s->column == 0 &&
	    s->count[SCAN_BARE_CR] == 0;
}

static int
read_text(const struct leaf_context *c, struct form *f, struct error *err)
{
	struct text text = {.boundary = c->boundary,
	    .charset =
		f->type.charset != NULL ? f->type.charset : c->params->charset};
	struct mime_part *p = f->part;

	if (text.charset == NULL)
		text.charset = "UTF-8";
	text.ascii =
	    f->type.charset != NULL && charset_is_ascii(f->type.charset);
	if (text_scan(&c->message->arena, p, &text, err) == -1)
		return -1;
	if (text.ascii && text_check(p, &text, err) == -1)
		return -1;
	if (text.wrong || p->scan.count[SCAN_NUL] > 0) {
		if (f->given || f->asked) {
			(void)text_check(p, &text, err);
			return error_hint(err,
			    "type=application/octet-stream sends any bytes");
		}
		f->fields.type = octets;
		p->binary = true;
		return 0;
	}
	if (f->type.charset == NULL)
		f->fields.charset = text.label;
	p->binary = !f->lines && !is_canonical(&p->scan);
	return 0;
}

/* What is not text, but to be sent in lines all the same. */
static int
read_lines(const struct leaf_context *c, struct form *f, struct error *err)
{
	struct text text = {.boundary = c->boundary};

	return text_scan(&c->message->arena, f->part, &text, err);
}

/* A message by its name: as such if any server can take it so, else as bytes,
 * since it cannot be encoded (RFC 2046 5.2.1). */
static int
read_message(const struct leaf_context *c, struct form *f, struct error *err)
{
	const char *name = f->part->input->params.name;

	if (f->type.multipart) {
		error_set(
		    err, EX_USAGE, "%s: a file has no type multipart", name);
		return error_hint(err,
		    "the message is made a multipart by "
		    "the parts that are put into it");
	}
	f->part->verbatim = true;
	if (f->given && leaf_scan_verbatim(c, f->part, err) == -1)
		return -1;
	if (f->given)
		return leaf_check_headers(c, f->part, f->fields.type, err);
	if (read_lines(c, f, err) == -1)
		return -1;
	if (scan_check(&f->part->scan, name, false, &(struct error){0}) == 0)
		return 0;
	f->part->verbatim = false;
	f->part->encoding = MIME_ANY;
	f->part->binary = true;
	f->fields.type = octets;
	return 0;
}

static int
read_content(const struct leaf_context *c, struct form *f, struct error *err)
{
	struct mime_part *p = f->part;
	const char *name = p->input->params.name;
	int r;

	if (f->type.composite)
		r = read_message(c, f, err);
	else if (f->type.text)
		r = read_text(c, f, err);
	else if (is_identity(p->encoding))
		r = read_lines(c, f, err);
	else
		r = measure(c, p, err);
	if (r == -1 || p->binary || !is_identity(p->encoding))
		return r;
	if (scan_check(&p->scan, name, p->encoding == MIME_8BIT, err) == -1)
		return -1;
	if (f->type.text || f->type.composite || is_canonical(&p->scan))
		return 0;
	error_set(err, EX_DATAERR,
	    "%s: its line ends would change in %s, and it is no text", name,
	    mime_encoding_name(p->encoding));
	return error_hint(err,
	    "base64 and quoted-printable keep every byte; type=text/plain "
	    "says that it is text");
}

int
attachment_make(const struct leaf_context *c, const struct message_part *part,
    struct input *in, const char *cid, struct mime_part **out,
    struct error *err)
{
	struct form f = {.part = leaf_new(c->message, in)};

	f.fields.disposition = part->is_inline ? "inline" : "attachment";
	f.fields.cid = cid;
	if (read_encoding(part, &f.part->encoding, err) == -1 ||
	    find_type(c, part, &f, err) == -1 ||
	    leaf_filename(c, part, &f.fields.filename, err) == -1)
		return -1;
	f.asked = is_identity(f.part->encoding) ||
	    f.part->encoding == MIME_QUOTED_PRINTABLE;
	f.lines = f.asked || (part->is_inline && f.part->encoding == MIME_ANY);
	if (read_content(c, &f, err) == -1)
		return -1;
	if (leaf_put_fields(c->message, f.part, &f.fields, err) == -1)
		return error_context(err, "%s", part->name);
	*out = f.part;
	return 0;
}
