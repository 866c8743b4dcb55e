/* compose: the fields of RFC 5322 section 3.6 in their usual order, then
 * those of MIME with the body. */
#include "message/compose.h"

#include <string.h>

#include "message/charset.h"
#include "message/date.h"
#include "message/fields.h"
#include "message/header.h"
#include "message/ident.h"

struct composing {
	struct message *m;
	const struct message_params *p;
	struct fields fields;
	struct address_list lists[FIELD_OTHER]; /* those that are addresses */
};

/* The addresses of a field given by -H; encoded words in them are meant. */
static int
given_addresses(struct composing *c, const struct field *f,
    struct address_list *list, struct error *err)
{
	struct address_params params = {.domain = c->p->ident.host,
	    .what = f->name,
	    .single = f->id == FIELD_SENDER,
	    .encoded_words = true};

	*list = (struct address_list){0};
	return address_parse(&c->m->arena, f->value, &params, list, err);
}

/* What -H says instead of the option, in the header. */
static int
replace_addresses(struct composing *c, enum field_id id, struct error *err)
{
	if (c->fields.own[id] == NULL)
		return 0;
	return given_addresses(c, c->fields.own[id], &c->lists[id], err);
}

static int
read_recipients(struct composing *c, struct error *err)
{
	const struct message_params *p = c->p;
	const struct {
		enum field_id id;
		const char *option;
		const char *const *texts;
		size_t count;
	} rows[] = {
	    {FIELD_TO, "--to", p->to, p->to_count},
	    {FIELD_CC, "--cc", p->cc, p->cc_count},
	    {FIELD_BCC, "--bcc", p->bcc, p->bcc_count},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address_list *list = &c->lists[rows[i].id];

		if (draft_recipients(c->m, p, rows[i].option, rows[i].texts,
			rows[i].count, list, err) == -1 ||
		    replace_addresses(c, rows[i].id, err) == -1)
			return -1;
		envelope_add(&c->m->envelope, list);
	}
	return 0;
}

/* From, Sender, Reply-To and the reverse-path. */
static int
read_authors(struct composing *c, struct error *err)
{
	struct address_list *from = &c->lists[FIELD_FROM];
	struct address_list *sender = &c->lists[FIELD_SENDER];
	const struct message_params *p = c->p;
	struct address origin;
	size_t i;

	/* The login name is not asked for, nor found wanting, in vain. */
	if ((p->from != NULL || c->fields.own[FIELD_FROM] == NULL) &&
	    draft_author(c->m, p, from, err) == -1)
		return -1;
	origin = from->count > 0 ? from->addresses[0] : (struct address){0};
	if (replace_addresses(c, FIELD_FROM, err) == -1 ||
	    replace_addresses(c, FIELD_SENDER, err) == -1)
		return -1;
	if (from->count == 0 || from->group_count > 0)
		return error_set(
		    err, EX_USAGE, "From: one address or several, no group");
	if (p->from == NULL)
		origin = sender->count > 0 ? sender->addresses[0]
					   : from->addresses[0];
	if (from->count > 1 && sender->count == 0) { /* RFC 5322 3.6.2 */
		sender->addresses = &from->addresses[0];
		sender->count = 1;
	}
	for (i = 0; i < p->reply_to_count; i++)
		if (draft_addresses(c->m, p, "--reply-to", p->reply_to[i],
			&c->lists[FIELD_REPLY_TO], err) == -1)
			return -1;
	if (replace_addresses(c, FIELD_REPLY_TO, err) == -1)
		return -1;
	if (p->envelope_from != NULL)
		return draft_reverse_path(
		    c->m, p, "--envelope-from", p->envelope_from, err);
	draft_set_reverse_path(c->m, &origin);
	return 0;
}

static int
put_addresses(struct composing *c, const char *name,
    const struct address_list *list, struct error *err)
{
	size_t i;

	if (list->count == 0 && list->group_count == 0)
		return 0;
	for (i = 0; i < list->count; i++)
		c->m->facts.utf8_header |= list->addresses[i].utf8;
	return draft_put_addresses(&c->m->header, name, list, err);
}

static int
put_address_fields(struct composing *c, struct error *err)
{
	static const struct {
		enum field_id id;
		const char *name;
	} rows[] = {
	    {FIELD_FROM, "From"},
	    {FIELD_SENDER, "Sender"},
	    {FIELD_TO, "To"},
	    {FIELD_CC, "Cc"},
	    {FIELD_BCC, "Bcc"},
	    {FIELD_REPLY_TO, "Reply-To"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].id == FIELD_BCC && !c->p->keep_bcc)
			continue;
		if (put_addresses(
			c, rows[i].name, &c->lists[rows[i].id], err) == -1)
			return -1;
	}
	return 0;
}

static int
put_subject(struct composing *c, struct error *err)
{
	struct field f = {.name = "Subject", .kind = FIELD_TEXT};

	if (c->fields.own[FIELD_SUBJECT] != NULL)
		return fields_put(
		    &c->m->header, c->fields.own[FIELD_SUBJECT], err);
	if (c->p->subject == NULL)
		return 0;
	if (charset_option(&c->m->arena, c->p->charset, "--subject",
		c->p->subject, &f.value, err) == -1)
		return -1;
	return fields_put(&c->m->header, &f, err);
}

static int
put_other_fields(struct composing *c, struct error *err)
{
	struct address_list list;
	size_t i;

	for (i = 0; i < c->fields.count; i++) {
		const struct field *f = &c->fields.given[i];

		if (f->id != FIELD_OTHER)
			continue;
		if (f->kind != FIELD_ADDRESSES) {
			if (fields_put(&c->m->header, f, err) == -1)
				return -1;
			continue;
		}
		if (given_addresses(c, f, &list, err) == -1 ||
		    put_addresses(c, f->name, &list, err) == -1)
			return -1;
	}
	return 0;
}

static int
put_header(struct composing *c, struct error *err)
{
	const struct field *const *own = c->fields.own;
	struct message *m = c->m;
	char date[DATE_SIZE];
	struct field made = {.name = "Date", .kind = FIELD_FIXED};

	made.value =
	    date_format(date, c->p->ident.now, c->p->ident.zone_minutes);
	if (fields_put(&m->header, own[FIELD_DATE] ? own[FIELD_DATE] : &made,
		err) == -1 ||
	    put_address_fields(c, err) == -1 || put_subject(c, err) == -1)
		return -1;
	m->facts.message_id = own[FIELD_MESSAGE_ID] != NULL
	    ? own[FIELD_MESSAGE_ID]->value
	    : ident_message_id(&m->arena, &c->p->ident);
	/* Some software finds no Message-ID on a line of its own. */
	buf_printf(&m->header, "Message-ID: %s\r\n", m->facts.message_id);
	if (put_other_fields(c, err) == -1)
		return -1;
	made.name = "MIME-Version";
	made.value = "1.0";
	return fields_put(&m->header,
	    own[FIELD_MIME_VERSION] ? own[FIELD_MIME_VERSION] : &made, err);
}

static void
convert(void *arg, const char *bytes, size_t n)
{
	charset_update(arg, bytes, n);
}

/* Reads the whole body; what it is as text in the charset is in *text. */
static int
scan_body(struct message *m, const char *charset, struct charset *text,
    struct error *err)
{
	int r;

	m->root.input = &m->input;
	m->root.range = INPUT_ALL;
	if (input_keep(&m->input, INPUT_KEPT, err) == -1 ||
	    input_spool(&m->input, err) == -1)
		return -1;
	if (charset_is_utf8(charset))
		return draft_scan(&m->root, NULL, NULL, err);
	if (charset_begin(text, charset, NULL, err) == -1)
		return error_context(err, "%s", m->input.params.name);
	r = draft_scan(&m->root, convert, text, err);
	charset_end(text);
	return r;
}

static int
not_in_charset(const struct message *m, const char *charset, uint64_t offset,
    struct error *err)
{
	error_set(err, EX_DATAERR, "%s: byte %llu is not %s",
	    m->input.params.name, (unsigned long long)offset + 1, charset);
	return error_hint(err,
	    "--charset NAME says which charset the text "
	    "is in");
}

/* Reads the body, and says which charset it is in.  What is not to be looked
 * at as text (`opaque`) is in any, and gets no label. */
static int
true_charset(struct message *m, const char *charset, bool opaque,
    const char **label, struct error *err)
{
	const struct scan *s = &m->root.scan;
	struct charset text = {0};
	bool utf8 = charset_is_utf8(charset);

	if (scan_body(m, opaque ? NULL : charset, &text, err) == -1)
		return -1;
	if (s->count[SCAN_NUL] > 0) {
		(void)scan_check(s, m->input.params.name, true, err);
		return error_hint(err,
		    "this is no text for mail; UTF-16 has "
		    "to be converted to UTF-8 first");
	}
	if (text.wrong)
		return not_in_charset(m, charset, text.done, err);
	if (opaque)
		return 0;
	*label = utf8 ? "utf-8" : charset_label(&m->arena, charset);
	if (s->count[SCAN_EIGHT_BIT] == 0 && !text.differs)
		*label = "us-ascii";
	else if (utf8 && s->ill_formed != 0)
		return not_in_charset(m, "UTF-8", s->ill_formed - 1, err);
	return 0;
}

/* A transfer encoding that -H names: the content has it already.  7bit and
 * 8bit mean as it is, which is done without them whenever it can be. */
static int
given_encoding(struct composing *c, struct error *err)
{
	const struct field *f = c->fields.own[FIELD_ENCODING];
	size_t n = f != NULL ? strlen(f->value) : 0;

	if (f == NULL || header_name_equal(f->value, n, "7bit") ||
	    header_name_equal(f->value, n, "8bit"))
		return 0;
	if (!header_name_equal(f->value, n, "quoted-printable") &&
	    !header_name_equal(f->value, n, "base64"))
		return error_set(err, EX_USAGE,
		    "--header: '%.80s' is no transfer encoding", f->value);
	if (c->fields.own[FIELD_CONTENT_TYPE] == NULL) {
		error_set(err, EX_USAGE,
		    "Content-Transfer-Encoding: %s needs a Content-Type",
		    f->value);
		return error_hint(err,
		    "-H 'Content-Type: text/plain; charset=utf-8' or what it "
		    "is: nobody looks into an encoded text");
	}
	c->m->root.encoded = f->value;
	return 0;
}

/* What the given fields say must be true of the content. */
static int
check_promises(const struct message *m, bool ascii, struct error *err)
{
	const struct mime_part *body = &m->root;
	const char *name = m->input.params.name;
	uint64_t line = body->scan.first[SCAN_EIGHT_BIT];

	if ((body->encoded != NULL || body->verbatim) &&
	    scan_check(&body->scan, name, true, err) == -1)
		return -1;
	if (line == 0 || (body->encoded == NULL && !ascii))
		return 0;
	return error_set(err, EX_DATAERR,
	    "%s: line %llu: an 8-bit byte, which is not %s", name,
	    (unsigned long long)line, ascii ? "US-ASCII" : body->encoded);
}

/* Content-Type: the one given, with a charset if it is text without one and
 * we know better. */
static int
read_body(struct composing *c, struct error *err)
{
	const struct content_type *t = &c->fields.content_type;
	const struct field *f = c->fields.own[FIELD_CONTENT_TYPE];
	const char *charset = t->charset != NULL ? t->charset : c->p->charset;
	const char *label = NULL, *type;
	struct mime_part *body = &c->m->root;
	struct buf line = {0};
	bool opaque, ascii;
	int r;

	if (given_encoding(c, err) == -1)
		return -1;
	opaque = !t->text || body->encoded != NULL;
	ascii = !opaque && t->charset != NULL && charset_is_ascii(t->charset);
	if (true_charset(c->m, charset, opaque || ascii, &label, err) == -1)
		return -1;
	body->verbatim = t->composite;
	type = f != NULL ? f->value : "text/plain";
	if (!opaque && t->charset == NULL)
		type =
		    arena_printf(&c->m->arena, "%s; charset=%s", type, label);
	r = header_put(&line, "Content-Type", type, HEADER_TEXT, err);
	body->fields = arena_strdup(&c->m->arena, buf_string(&line));
	buf_clear(&line);
	return r == -1 ? -1 : check_promises(c->m, ascii, err);
}

int
compose_draft(
    struct message *m, const struct message_params *p, struct error *err)
{
	struct composing c = {.m = m, .p = p};

	if (fields_read(&c.fields, &m->arena, p->charset, p->headers,
		p->header_count, err) == -1 ||
	    read_authors(&c, err) == -1 || read_recipients(&c, err) == -1 ||
	    put_header(&c, err) == -1)
		return -1;
	if (m->envelope.count == 0) {
		error_set(err, EX_USAGE, "no recipients");
		return error_hint(err,
		    "name them as operands or with --to, "
		    "--cc, --bcc");
	}
	return read_body(&c, err);
}
