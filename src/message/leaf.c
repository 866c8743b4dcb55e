/* leaf: fields, and what all leaves share. */
#include "message/leaf.h"

#include <string.h>

#include "lib/charset.h"
#include "lib/printable.h"

#include "mime/parameter.h"
#include "mime/structure.h"
#include "rfc5322/header.h"
#include "rfc5322/ident.h"

struct mime_part *
leaf_new(struct message *m, struct input *in)
{
	struct mime_part *p = arena_alloc(&m->arena, sizeof(*p));

	p->input = in;
	p->range = INPUT_ALL;
	return p;
}

struct mime_part *
leaf_from_memory(struct message *m, struct buf *bytes, const char *name)
{
	struct input_params params = {.fd = -1, .name = name};
	struct input *in = draft_input(m, &params);

	in->kept = *bytes;
	*bytes = (struct buf){0};
	return leaf_new(m, in);
}

int
leaf_put_fields(struct message *m, struct mime_part *p,
    const struct leaf_fields *f, struct error *err)
{
	struct buf value = {0}, out = {0};
	int r;

	buf_puts(&value, f->type);
	if (f->charset != NULL)
		parameter_put(&value, "charset", f->charset);
	r = header_put(
	    &out, "Content-Type", buf_string(&value), HEADER_PARAMETERS, err);
	buf_reset(&value);
	if (r == 0 && f->disposition != NULL) {
		buf_puts(&value, f->disposition);
		if (f->filename != NULL)
			parameter_put(&value, "filename", f->filename);
		r = header_put(&out, "Content-Disposition", buf_string(&value),
		    HEADER_PARAMETERS, err);
	}
	if (r == 0 && f->cid != NULL)
		buf_printf(&out, "Content-ID: <%s>\r\n", f->cid);
	p->fields = arena_strdup(&m->arena, buf_string(&out));
	buf_clear(&value);
	buf_clear(&out);
	return r;
}

int
leaf_read_all(struct input *in, size_t max, struct error *err)
{
	if (input_keep(in, max + 1, err) == -1)
		return -1;
	if (in->ended && in->kept.len <= max)
		return 0;
	return error_set(err, EX_DATAERR, "%s: more than %zu MiB",
	    in->params.name, max >> 20);
}

static bool
has_empty_line(const char *p, size_t n)
{
	return n > 0 &&
	    (p[0] == '\n' || memmem(p, n, "\n\n", 2) != NULL ||
		memmem(p, n, "\n\r\n", 3) != NULL);
}

int
leaf_read_header(struct input *in, struct error *err)
{
	enum { MOST = 8 << 20 };
	size_t n;

	for (n = 65536; n <= MOST; n *= 2) {
		if (input_keep(in, n, err) == -1)
			return -1;
		if (in->ended ||
		    has_empty_line(buf_string(&in->kept), in->kept.len))
			return 0;
	}
	return error_set(err, EX_DATAERR, "%s: a header of more than %d octets",
	    in->params.name, MOST);
}

static void
look_for_boundary(void *arg, const char *bytes, size_t n)
{
	boundary_update(arg, bytes, n);
}

int
leaf_scan(const struct leaf_context *c, struct mime_part *p, struct error *err)
{
	boundary_begin(c->boundary);
	return draft_scan(p, look_for_boundary, c->boundary, err);
}

int
leaf_scan_verbatim(
    const struct leaf_context *c, struct mime_part *p, struct error *err)
{
	if (leaf_scan(c, p, err) == -1)
		return -1;
	return scan_check(&p->scan, p->input->params.name, true, err);
}

/* The name that is given, else the file's own, without its directories. */
static const char *
name_of(const struct message_part *part)
{
	const char *slash;

	if (part->filename != NULL || part->name == NULL)
		return part->filename;
	slash = strrchr(part->name, '/');
	return slash != NULL ? slash + 1 : part->name;
}

/* Whether all messages around a part may have UTF-8 in it. */
static bool
is_global(const struct structure *s, size_t part)
{
	size_t i;

	for (i = s->parts[part].parent; i != STRUCTURE_NONE;
	     i = s->parts[i].parent)
		if (s->parts[i].kind == STRUCTURE_MESSAGE &&
		    strcmp(s->parts[i].type, "message/global") != 0)
			return false;
	return true;
}

static int
check_header(const struct leaf_context *c, struct input *in,
    const struct structure *s, size_t part, struct error *err)
{
	struct mime_part header = {.input = in, .range = s->parts[part].header};
	const struct scan *scan = &header.scan;
	const char *why = "is not UTF-8";

	if (draft_scan(&header, NULL, NULL, err) == -1)
		return -1;
	if (scan->count[SCAN_EIGHT_BIT] == 0)
		return 0;
	c->message->facts.utf8_header = true;
	if (scan->ill_formed == 0 && is_global(s, part))
		return 0;
	if (scan->ill_formed == 0)
		why = "makes the message one of type message/global";
	error_set(err, EX_DATAERR,
	    "%s: line %llu: 8-bit text in a header, which %s", in->params.name,
	    (unsigned long long)scan->first[SCAN_EIGHT_BIT], why);
	return error_hint(
	    err, "--forward FILE passes a message on with its headers encoded");
}

int
leaf_check_headers(const struct leaf_context *c, const struct mime_part *p,
    const char *type, struct error *err)
{
	struct structure s = {0};
	const char *fields;
	size_t i;
	int r;

	if (p->scan.count[SCAN_EIGHT_BIT] == 0)
		return 0;
	fields = arena_printf(&c->message->arena, "Content-Type: %s\r\n", type);
	r = structure_read(
	    &s, p->input, &INPUT_ALL, fields, strlen(fields), err);
	for (i = 1; r == 0 && i < s.count; i++)
		r = check_header(c, p->input, &s, i, err);
	structure_clear(&s);
	return r;
}

int
leaf_filename(const struct leaf_context *c, const struct message_part *part,
    const char **out, struct error *err)
{
	const char *text = name_of(part), *what, *fault = NULL;
	struct buf shown = {0};
	int r;

	*out = NULL;
	if (text == NULL || *text == '\0')
		return 0;
	printable_append(&shown, text, strlen(text));
	what = arena_printf(&c->message->arena, "%s'%.200s'",
	    part->filename != NULL ? "name=" : "", buf_string(&shown));
	buf_clear(&shown);
	r = charset_option(
	    &c->message->arena, c->params->charset, what, text, out, err);
	if (r == 0)
		fault = parameter_filename_fault(*out);
	if (fault != NULL)
		r = error_set(err, EX_USAGE, "%s: %s", what, fault);
	if (r == -1 && part->filename == NULL)
		return error_hint(err, "%s%s",
		    part->use == MESSAGE_CALENDAR
			? "rename the file"
			: "FILE,name=NAME gives it another name",
		    fault == NULL ? "; --charset NAME says which charset "
				    "the options and the text are in"
				  : "");
	return r;
}

int
leaf_cid(const struct leaf_context *c, const struct message_part *part,
    const char **out, struct error *err)
{
	struct arena *a = &c->message->arena;
	const char *cid = part->cid;
	struct buf shown = {0};

	*out = NULL;
	if (cid == NULL)
		return 0;
	if (strchr(cid, '@') == NULL)
		cid = arena_printf(a, "%s@%s", cid, ident_host(c->ident));
	if (strlen(cid) <= HEADER_NAME_MAX * 4 &&
	    ident_is_message_id(arena_printf(a, "<%s>", cid))) {
		*out = cid;
		return 0;
	}
	printable_append(&shown, cid, strlen(cid));
	error_set(err, EX_USAGE, "%s: '%.100s' is no content identifier",
	    part->name, buf_string(&shown));
	buf_clear(&shown);
	return error_hint(err,
	    "it is written LEFT@RIGHT, in ASCII without "
	    "spaces");
}
