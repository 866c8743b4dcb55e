/* complete_body: what comes behind the header, and what is said of it there. */
#include "message/completing.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/charset.h"

#include "content/mbox.h"
#include "message/local.h"
#include "message/repair.h"
#include "mime/mime_field.h"

/* What it is may have to be known before anything is sent. */
static void
search(void *arg, const char *bytes, size_t n)
{
	mbox_search_update(arg, bytes, n);
}

/* A mailbox is no message: the others' headers would be in the body. */
static int
several(const struct completing *c, const struct mbox_search *another,
    struct error *err)
{
	error_set(err, EX_DATAERR, "%s: line %llu: another message begins",
	    completing_name(c),
	    (unsigned long long)(c->body.line + another->found - 1));
	return error_hint(err,
	    "messages are sent one by one; programs such as formail split a "
	    "mailbox");
}

static bool
has_field(const struct completing *c, const char *name)
{
	const char *at = NULL;
	struct header_field f;

	while (completing_next_field(c, &at, &f))
		if (completing_is(&f, name))
			return true;
	return false;
}

/* Whether 8-bit text may have the transfer encoding that the field names. */
static bool
may_be_eight_bit(const struct completing *c, const struct header_field *f)
{
	static const char *const names[] = {
	    "8bit", "binary", "quoted-printable", "base64"};
	struct arena *a = &c->m->arena;
	const char *value =
	    mime_field_value(a, arena_strndup(a, f->value, f->value_len));
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(value, names[i]) == 0)
			return true;
	return false;
}

/* What says that it has 7 bits, or "8-bit", is not true. */
static void
drop_false_encoding(struct completing *c)
{
	const char *at = NULL;
	struct header_field f;
	struct buf kept = {0};

	while (completing_next_field(c, &at, &f))
		if (!completing_is(&f, "Content-Transfer-Encoding") ||
		    may_be_eight_bit(c, &f))
			buf_append(&kept, f.name, (size_t)(f.next - f.name));
	buf_clear(&c->header);
	c->header = kept;
}

/* 8-bit text is that of MIME, and it is said which (RFC 2045 3, 5.2, 6.1). */
static void
label(struct completing *c, const struct scan *body)
{
	const char *charset = "utf-8";

	if (body->count[SCAN_EIGHT_BIT] == 0)
		return;
	if (body->ill_formed > 0)
		charset = c->p->charset != NULL
		    ? charset_label(&c->m->arena, c->p->charset)
		    : "unknown-8bit";
	drop_false_encoding(c);
	if (!has_field(c, "MIME-Version"))
		buf_puts(&c->header, "MIME-Version: 1.0\r\n");
	if (!has_field(c, "Content-Type"))
		buf_printf(&c->header,
		    "Content-Type: text/plain; charset=%s\r\n", charset);
	if (!has_field(c, "Content-Transfer-Encoding"))
		buf_puts(&c->header, "Content-Transfer-Encoding: 8bit\r\n");
}

/* The header as it goes out, and the empty line. */
static void
put_header(struct completing *c)
{
	buf_append(&c->m->header, buf_string(&c->header), c->header.len);
	if (c->header_ended)
		buf_puts(&c->m->header, "\r\n");
}

/* As a text that it is in any case, if its fields are in the way. */
static int
repair_as_text(struct completing *c, struct mime_part *root, struct error *err)
{
	const struct repair_params params = {.charset = c->p->charset};
	struct buf kept = {0};
	struct header_field f;
	const char *at = NULL;

	while (completing_next_field(c, &at, &f))
		if (f.name_len < 8 || !ascii_equal_n(f.name, 8, "Content-"))
			buf_append(&kept, f.name, (size_t)(f.next - f.name));
	buf_clear(&c->header);
	c->header = kept;
	return repair_body(c->m, root, &params, &c->header, &c->m->header,
	    &c->m->facts.utf8_header, err);
}

static int
repair(struct completing *c, struct mime_part *root, struct error *err)
{
	const struct repair_params params = {.charset = c->p->charset};
	const struct mime_part before = *root;
	size_t len = c->m->header.len;

	if (repair_body(c->m, root, &params, &c->header, &c->m->header,
		&c->m->facts.utf8_header, err) == 0)
		return 0;
	if (!local_is_sendmail(c->p) || err->status != EX_DATAERR)
		return -1;
	*root = before;
	c->m->header.len = len;
	return repair_as_text(c, root, err);
}

int
completing_read_body(struct completing *c, struct error *err)
{
	const struct message_params *p = c->p;
	struct mime_part *root = &c->m->root;
	struct input *in = &c->m->input;
	bool mbox = c->header_range.offset > 0 && !local_is_sendmail(p);
	/* The line before the body ended the header. */
	struct mbox_search another = {.after_empty = true};

	root->input = in;
	root->range = c->body;
	root->scan.cr_ends = true;
	if (input_keep(in, INPUT_KEPT, err) == -1 ||
	    ((p->lasting || p->strict || p->repair || mbox) &&
		input_spool(in, err) == -1) ||
	    draft_scan(root, mbox ? search : NULL, &another, err) == -1 ||
	    (another.found > 0 && several(c, &another, err) == -1) ||
	    (p->strict && !root->as_written &&
		completing_check_line_ends(c, &root->scan, err) == -1))
		return -1;
	if (local_is_sendmail(p))
		label(c, &root->scan);
	if (p->repair && repair_is_needed(&root->scan))
		return repair(c, root, err);
	put_header(c);
	/* Whether it has to go otherwise is known when the server is. */
	if (root->as_written ||
	    scan_check_message(&root->scan, completing_name(c), true, err) == 0)
		return 0;
	return !c->says_binary ? -1
			       : error_hint(err,
				     "%s\n--binary=auto sends it as it is, "
				     "where the server offers BINARYMIME",
				     err->hint);
}
