/* complete: takes Bcc out and puts in front what is missing; no other byte
 * changes but for line ends, unless it is to be repaired. */
#include "message/complete.h"

#include <string.h>

#include "lib/ascii.h"

#include "content/mbox.h"
#include "message/completing.h"
#include "message/repair.h"
#include "mime/mime_field.h"
#include "rfc5322/date.h"
#include "rfc5322/ident.h"

/* Fields that are looked for; of doubles the first counts. */
enum wanted {
	DATE,
	FROM,
	SENDER,
	MESSAGE_ID,
	ENCODING,
	RESENT_FROM,
	RESENT_SENDER,
	WANTED,
};

/* What was found in the header. */
struct findings {
	struct header_field found[WANTED]; /* .name is NULL: not found */
	/* The newest Resent- block (RFC 5322 3.6.6): its first field and what
	 * comes behind its last one; NULL: there is none. */
	const char *resent, *resent_end;
};

static bool
is(const struct header_field *f, const char *name)
{
	return ascii_equal_n(f->name, f->name_len, name);
}

static bool
is_resent(const struct header_field *f)
{
	return f->name_len > 7 && ascii_equal_n(f->name, 7, "Resent-");
}

/* Blocks may stand one upon the other: a name that comes again is the first
 * of an older one. */
static void
find_resent(const struct completing *c, struct findings *s)
{
	static const char *const names[] = {
	    "Resent-From",
	    "Resent-Sender",
	    "Resent-To",
	    "Resent-Cc",
	    "Resent-Bcc",
	    "Resent-Date",
	    "Resent-Message-ID",
	};
	bool seen[sizeof(names) / sizeof(names[0])] = {false};
	const char *at = NULL;
	struct header_field f;
	size_t i;

	while (completing_next_field(c, &at, &f)) {
		if (s->resent == NULL && is_resent(&f))
			s->resent = f.name;
		if (s->resent == NULL)
			continue;
		if (is(&f, "Bcc")) /* which goes, wherever it stands */
			continue;
		if (!is_resent(&f))
			return;
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (!is(&f, names[i]))
				continue;
			if (seen[i])
				return;
			seen[i] = true;
		}
		s->resent_end = at;
	}
}

static void
find_fields(const struct completing *c, struct findings *s)
{
	static const char *const names[WANTED] = {
	    [DATE] = "Date",
	    [FROM] = "From",
	    [SENDER] = "Sender",
	    [MESSAGE_ID] = "Message-ID",
	    [ENCODING] = "Content-Transfer-Encoding",
	    [RESENT_FROM] = "Resent-From",
	    [RESENT_SENDER] = "Resent-Sender",
	};
	const char *at = NULL;
	struct header_field f;
	size_t i;

	find_resent(c, s);
	while (completing_next_field(c, &at, &f)) {
		for (i = 0; i < WANTED; i++) {
			if (s->found[i].name != NULL || !is(&f, names[i]))
				continue;
			if (i < RESENT_FROM ||
			    (f.name >= s->resent && f.name < s->resent_end))
				s->found[i] = f;
		}
	}
}

/* The line of the input on which the field begins. */
static unsigned long long
line_of(const struct completing *c, const struct header_field *f)
{
	const char *at = buf_string(&c->header);
	unsigned long long line = c->header_range.line;

	for (; at < f->name; at++)
		line += *at == '\n';
	return line;
}

/* domain: that of a word without one; NULL: it is an error. */
static int
field_addresses(struct completing *c, const struct header_field *f,
    const char *domain, struct address_list *list, struct error *err)
{
	struct arena *a = &c->m->arena;
	struct address_params params = {
	    .domain = domain, .encoded_words = true, .folded = true};

	const char *text = arena_strndup(a, f->value, f->value_len);

	params.what = arena_printf(a, "%s: line %llu: %.*s", completing_name(c),
	    line_of(c, f), (int)f->name_len, f->name);
	return address_parse(a, text + strspn(text, " \t"), &params, list, err);
}

static int
header_recipients(
    struct completing *c, const struct findings *s, struct error *err)
{
	static const char *const plain[] = {"To", "Cc", "Bcc"};
	static const char *const resent[] = {
	    "Resent-To", "Resent-Cc", "Resent-Bcc"};
	const char *const *names = s->resent != NULL ? resent : plain;
	const char *at = s->resent;
	struct address_list list = {0};
	struct header_field f;

	while ((s->resent == NULL || at < s->resent_end) &&
	    completing_next_field(c, &at, &f)) {
		if ((is(&f, names[0]) || is(&f, names[1]) ||
			is(&f, names[2])) &&
		    field_addresses(c, &f, NULL, &list, err) == -1)
			return -1;
	}
	return envelope_add(&c->m->envelope, &list, err);
}

static int
no_recipients(const struct completing *c, struct error *err)
{
	bool header = c->p->recipients_from_header;

	error_set(err, EX_USAGE, "no recipients%s%s",
	    header ? " in the header of " : "",
	    header ? completing_name(c) : "");
	return error_hint(err, "name them as operands or with --to");
}

static int
read_recipients(
    struct completing *c, const struct findings *s, struct error *err)
{
	const struct message_params *p = c->p;
	const struct draft_texts to = {"--to", p->to, p->to_places,
				     p->to_count},
				 cc = {"--cc", p->cc, p->cc_places,
				     p->cc_count},
				 bcc = {"--bcc", p->bcc, p->bcc_places,
				     p->bcc_count},
				 standing = {"--bcc", p->standing_bcc,
				     p->standing_bcc_places,
				     p->standing_bcc_count};
	struct message *m = c->m;

	if (p->resend && p->recipients_from_header) {
		error_set(err, EX_USAGE,
		    "to whom %s is to be resent is not in its header",
		    completing_name(c));
		return error_hint(
		    err, "name the recipients as operands or with --to");
	}
	if (draft_check_words(p, err) == -1 ||
	    draft_recipients(m, p, &to, &c->to, err) == -1 ||
	    draft_recipients(m, p, &cc, &c->cc, err) == -1 ||
	    draft_recipients(m, p, &bcc, &c->bcc, err) == -1 ||
	    (p->recipients_from_header && header_recipients(c, s, err) == -1))
		return -1;
	if (m->envelope.count == 0)
		return no_recipients(c, err);
	return draft_recipients(m, p, &standing, &c->bcc, err);
}

/* Whether the author is the one of this call, whoever wrote the message. */
static bool
has_own_author(const struct message_params *p)
{
	return p->resend || (p->from != NULL && !p->from_standing);
}

/* A word is a mailbox at this host where it is all there is: beside an address
 * it is half of a name with a comma. */
static int
author_addresses(struct completing *c, const struct header_field *f,
    struct address_list *list, struct error *err)
{
	struct address_list local = {0};
	struct error ignored;

	if (field_addresses(c, f, NULL, list, err) == 0)
		return 0;
	if (field_addresses(c, f, c->p->ident.host, &local, &ignored) == -1 ||
	    local.count != 1)
		return -1;
	*list = local;
	return 0;
}

static int
read_reverse_path(
    struct completing *c, const struct findings *s, struct error *err)
{
	static const enum wanted order[] = {
	    RESENT_SENDER, RESENT_FROM, SENDER, FROM};
	struct address_list list = {0};
	const struct header_field *f = NULL;
	size_t i;
	int r;

	if (c->p->envelope_from != NULL)
		return draft_reverse_path(
		    c->m, c->p, "--envelope-from", c->p->envelope_from, err);
	for (i = 0; i < sizeof(order) / sizeof(order[0]) && f == NULL; i++)
		if (s->found[order[i]].name != NULL)
			f = &s->found[order[i]];
	if (has_own_author(c->p) || f == NULL) {
		draft_set_reverse_path(c->m, &c->author.addresses[0]);
		return 0;
	}
	r = author_addresses(c, f, &list, err);
	if (r == 0 && list.count > 0) {
		draft_set_reverse_path(c->m, &list.addresses[0]);
		return 0;
	}
	if (r == 0)
		error_set(err, EX_DATAERR, "%s: no address in %.*s",
		    completing_name(c), (int)f->name_len, f->name);
	return error_hint(err,
	    "--envelope-from ADDRESS says where failures "
	    "are to be reported");
}

static const char *
own_message_id(const struct completing *c, const struct header_field *f)
{
	struct arena *a = &c->m->arena;
	struct buf text = {0};
	const char *open, *close, *id;

	header_unfold(f, &text);
	open = strchr(buf_string(&text), '<');
	close = open != NULL ? strchr(open, '>') : NULL;
	id = close != NULL ? arena_strndup(a, open, (size_t)(close - open) + 1)
			   : arena_strdup(a, buf_string(&text));
	buf_clear(&text);
	return id;
}

/* Of the From that the message has or gets; NULL: it cannot be read. */
static const char *
author_domain(struct completing *c, const struct findings *s)
{
	struct address_list from = {0};
	struct error ignored;

	if (s->found[FROM].name == NULL)
		from = c->author;
	else
		(void)author_addresses(c, &s->found[FROM], &from, &ignored);
	return from.count > 0 ? from.addresses[0].domain : NULL;
}

/*
 * Date, Message-ID and From, where they are missing.
 *
 * Somebody who sends a message on is not its author, but without Date and From
 * it would be none (RFC 5322 3.6); the Message-ID it can do without, there is
 * one of the Resent- block.
 */
static int
put_missing(struct completing *c, const struct findings *s, struct error *err)
{
	struct ident ident = c->p->ident;
	struct message *m = c->m;
	char date[DATE_SIZE];

	ident.author_domain = author_domain(c, s);
	if (s->found[DATE].name == NULL)
		buf_printf(&m->header, "Date: %s\r\n",
		    date_format(date, ident.now, ident.zone_minutes));
	m->facts.message_id = s->found[MESSAGE_ID].name != NULL
	    ? own_message_id(c, &s->found[MESSAGE_ID])
	    : ident_message_id(&m->arena, &ident);
	if (s->found[MESSAGE_ID].name == NULL && !c->p->resend)
		buf_printf(
		    &m->header, "Message-ID: %s\r\n", m->facts.message_id);
	if (s->found[FROM].name != NULL)
		return 0;
	return draft_put_addresses(&m->header, "From", &c->author, err);
}

/* All other fields, but for those that must not leave. */
static void
take_bcc_out(struct completing *c)
{
	struct buf kept = {0};
	struct header_field f;
	const char *at = NULL;

	while (completing_next_field(c, &at, &f))
		if (c->p->keep_bcc || (!is(&f, "Bcc") && !is(&f, "Resent-Bcc")))
			buf_append(&kept, f.name, (size_t)(f.next - f.name));
	buf_clear(&c->header);
	c->header = kept;
}

/* Whether nothing in the header needs to be in UTF-8. */
static bool
can_be_ascii(const struct completing *c)
{
	struct buf ascii = {0};
	struct error ignored;
	bool can = repair_fields(buf_string(&c->header), c->header.len,
		       completing_name(c), NULL, &ascii, &ignored) == 0 &&
	    !ascii_has_eight_bit(buf_string(&ascii), ascii.len);

	buf_clear(&ascii);
	return can;
}

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

/* It says that it is binary, and has the line ends that mail has. */
static bool
says_binary(const struct completing *c, const struct findings *s)
{
	const struct header_field *f = &s->found[ENCODING];
	struct arena *a = &c->m->arena;

	return f->name != NULL && c->scan.lines == c->scan.crlf &&
	    strcmp(
		mime_field_value(a, arena_strndup(a, f->value, f->value_len)),
		"binary") == 0;
}

static int
read_body(struct completing *c, struct error *err)
{
	const struct message_params *p = c->p;
	struct mime_part *root = &c->m->root;
	struct input *in = &c->m->input;
	bool mbox = c->header_range.offset > 0;
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
	if (p->repair && repair_is_needed(&root->scan))
		return repair_body(c->m, root,
		    &(struct repair_params){.charset = p->charset}, &c->header,
		    &c->m->header, &c->m->facts.utf8_header, err);
	buf_append(&c->m->header, buf_string(&c->header), c->header.len);
	if (c->header_ended)
		buf_puts(&c->m->header, "\r\n");
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

static int
complete(struct completing *c, struct error *err)
{
	const struct message_params *p = c->p;
	struct findings s = {0};

	if (completing_read_header(c, err) == -1)
		return -1;
	find_fields(c, &s);
	if ((has_own_author(p) || s.found[FROM].name == NULL) &&
	    draft_author(c->m, p, &c->author, err) == -1)
		return -1;
	if (read_recipients(c, &s, err) == -1 ||
	    read_reverse_path(c, &s, err) == -1 ||
	    (p->resend && resent_put(c, err) == -1) ||
	    put_missing(c, &s, err) == -1)
		return -1;
	c->says_binary = says_binary(c, &s);
	c->m->root.as_written = c->says_binary && p->binary && !p->repair;
	c->m->facts.binary = c->m->facts.as_written = c->m->root.as_written;
	take_bcc_out(c);
	c->m->facts.utf8_header =
	    ascii_has_eight_bit(buf_string(&c->m->header), c->m->header.len) ||
	    ascii_has_eight_bit(buf_string(&c->header), c->header.len);
	if (c->m->facts.utf8_header && !p->repair && can_be_ascii(c))
		c->m->utf8_hint = "--repair makes encoded words of it";
	return read_body(c, err);
}

int
complete_draft(
    struct message *m, const struct message_params *p, struct error *err)
{
	struct completing c = {.m = m, .p = p};
	int r = complete(&c, err);

	buf_clear(&c.header);
	return r;
}
