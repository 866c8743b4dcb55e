/* body: what -H says about it has to be true of it. */
#include "message/body.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/shell.h"

#include "content/flowed.h"
#include "message/text.h"

enum { FLOWED_MAX = 64 << 20 };

/* A transfer encoding that -H names: the content has it already.  7bit and
 * 8bit mean as it is, which is done without them whenever it can be. */
static int
given_encoding(
    const struct fields *fields, struct mime_part *p, struct error *err)
{
	const struct field *f = fields->own[FIELD_ENCODING];
	enum mime_encoding e =
	    f != NULL ? mime_encoding_named(f->value) : MIME_7BIT;

	if (e == MIME_7BIT || e == MIME_8BIT)
		return 0;
	if (e == MIME_ANY)
		return error_set(err, EX_USAGE,
		    "--header: '%.80s' is no transfer encoding", f->value);
	if (fields->own[FIELD_CONTENT_TYPE] == NULL) {
		error_set(err, EX_USAGE,
		    "Content-Transfer-Encoding: %s needs a Content-Type",
		    f->value);
		return error_hint(err,
		    "-H 'Content-Type: text/plain; charset=utf-8' or what it "
		    "is: nobody looks into an encoded text");
	}
	p->encoded = f->value;
	return 0;
}

/* What the given fields say must be true of the content. */
static int
check_promises(const struct mime_part *p, struct error *err)
{
	const char *name = p->input->params.name;
	uint64_t line = p->scan.first[SCAN_EIGHT_BIT];

	if ((p->encoded != NULL || p->verbatim) &&
	    scan_check(&p->scan, name, true, err) == -1)
		return -1;
	if (line == 0 || p->encoded == NULL)
		return 0;
	return error_set(err, EX_DATAERR,
	    "%s: line %llu: an 8-bit byte, which is not %s", name,
	    (unsigned long long)line, p->encoded);
}

static const char *
given_type(const struct fields *fields)
{
	const struct field *f = fields->own[FIELD_CONTENT_TYPE];

	return f != NULL ? f->value : NULL;
}

/* The text as format=flowed, which nothing but plain text can be. */
static int
flow(const struct leaf_context *c, const struct fields *fields,
    struct mime_part **part, struct error *err)
{
	const char *type = given_type(fields);
	struct input *in = (*part)->input;
	struct buf out = {0};

	if (type != NULL &&
	    !ascii_equal_n(type, strcspn(type, "; \t("), "text/plain"))
		return error_set(err, EX_USAGE,
		    "--flowed is for plain text, not for %s", type);
	if (fields->content_type.flow || (*part)->encoded != NULL)
		return error_set(err, EX_USAGE,
		    "--flowed is for a text that is neither flowed nor encoded "
		    "already");
	if (leaf_read_all(in, FLOWED_MAX, err) == -1)
		return error_context(err, "--flowed");
	flowed_encode(buf_string(&in->kept), in->kept.len, &out);
	*part = leaf_from_memory(c->message, &out, in->params.name);
	return 0;
}

/* A log with one bad byte in it need not hold up the alert. */
static int
as_file(const struct leaf_context *c, struct error *err)
{
	const char *name = c->message->input.params.name;
	char word[SHELL_WORD_SIZE];

	if (c->params->body_text != NULL)
		return -1;
	if (strcmp(name, "standard input") == 0)
		name = "-";
	return error_hint(err,
	    "%s\n--attach %s sends it as a file, whatever is in it", err->hint,
	    shell_file(name, word));
}

/* Looks at the content: what it is as text, or that it is none. */
static int
read_content(const struct leaf_context *c, const struct content_type *t,
    struct mime_part *p, const char **label, struct error *err)
{
	bool opaque = !t->text || p->encoded != NULL;
	struct text text = {.boundary = c->boundary};

	text.ascii =
	    !opaque && t->charset != NULL && charset_is_ascii(t->charset);
	if (!opaque)
		text.charset =
		    t->charset != NULL ? t->charset : c->params->charset;
	if (!opaque && text.charset == NULL)
		text.charset = "UTF-8";
	if (text_scan(&c->message->arena, p, &text, err) == -1)
		return -1;
	if (!t->text && !t->composite && p->encoded == NULL &&
	    p->scan.count[SCAN_NUL] > 0) {
		p->binary = true; /* a picture, say, by -H Content-Type */
		return 0;
	}
	text.by_option = t->charset == NULL;
	if (text_check(p, &text, err) == -1)
		return as_file(c, err);
	if (t->charset == NULL)
		*label = text.label;
	return check_promises(p, err);
}

/* Whether a byte order mark at the beginning says what the text is said to be
 * in anyway. */
static bool
is_unicode(const struct leaf_context *c, const struct content_type *t,
    const struct mime_part *p)
{
	const char *charset =
	    t->charset != NULL ? t->charset : c->params->charset;

	return t->text && p->encoded == NULL && charset_is_utf8(charset);
}

/* The length of a name of a field and its colon at s; 0: there is none. */
static size_t
field_name_length(const char *s)
{
	size_t n = 0;

	while (ascii_is_letter_or_digit(s[n]) || s[n] == '-')
		n++;
	return n > 0 && s[n] == ':' && (s[n + 1] == ' ' || s[n + 1] == '\t')
	    ? n + 1
	    : 0;
}

/* A field that mail has at the beginning, and nothing but fields up to an empty
 * line. */
static bool
begins_with_header(const char *s)
{
	static const char *const first[] = {"From: ", "To: ", "Cc: ",
	    "Subject: ", "Date: ", "Message-ID: ", "Reply-To: ",
	    "Return-Path: ", "Received: ", "MIME-Version: ", "Content-Type: "};
	size_t i = 0;

	while (
	    i < sizeof(first) / sizeof(first[0]) && !ascii_begins(s, first[i]))
		i++;
	if (i == sizeof(first) / sizeof(first[0]))
		return false;
	for (; field_name_length(s) > 0 || *s == ' ' || *s == '\t';
	     s += *s == '\n')
		s += strcspn(s, "\n");
	return *s == '\n' || (*s == '\r' && s[1] == '\n');
}

int
body_make(const struct leaf_context *c, const struct fields *fields,
    struct mime_part **out, struct error *err)
{
	const struct content_type *t = &fields->content_type;
	struct leaf_fields own = {.type = given_type(fields)};
	struct mime_part *p = leaf_new(c->message, &c->message->input);

	if (own.type == NULL)
		own.type = "text/plain";
	if (given_encoding(fields, p, err) == -1 ||
	    (is_unicode(c, t, p) &&
		input_skip_mark(&c->message->input, err) == -1) ||
	    (c->params->flowed && flow(c, fields, &p, err) == -1) ||
	    read_content(c, t, p, &own.charset, err) == -1)
		return -1;
	if (c->params->flowed)
		own.type = arena_printf(
		    &c->message->arena, "%s; format=flowed", own.type);
	c->message->facts.header_in_body = c->params->body_text == NULL &&
	    begins_with_header(buf_string(&c->message->input.kept));
	p->verbatim = t->composite;
	if (t->composite && leaf_check_headers(c, p, own.type, err) == -1)
		return -1;
	*out = p;
	return leaf_put_fields(c->message, p, &own, err);
}
