/* compose: the fields of RFC 5322 section 3.6 in their usual order, then
 * those of MIME with the body. */
#include "message/compose.h"

#include <string.h>

#include "lib/charset.h"

#include "message/answer.h"
#include "message/fields.h"
#include "message/parts.h"
#include "rfc5322/date.h"
#include "rfc5322/date_parse.h"
#include "rfc5322/ident.h"
#include "rfc5322/list_header.h"

struct composing {
	struct message *m;
	const struct message_params *p;
	struct ident ident; /* of the params, or made of the content */
	struct answer answer;
	struct fields fields;
	struct address_list lists[FIELD_OTHER]; /* those that are addresses */
};

/* The addresses of a field given by -H; encoded words in them are meant. */
static int
given_addresses(struct composing *c, const struct field *f,
    struct address_list *list, struct error *err)
{
	struct address_params params = {
	    .domain = draft_is_word(f->value) ? c->p->ident.host : NULL,
	    .what = f->name,
	    .single = f->id == FIELD_SENDER,
	    .encoded_words = true};

	*list = (struct address_list){0};
	return address_parse(&c->m->arena, f->value, &params, list, err);
}

/* What -H says instead of the option, in the header.  They are recipients,
 * too, if the field is one of theirs. */
static int
replace_addresses(struct composing *c, enum field_id id, struct error *err)
{
	struct address_list *list = &c->lists[id];

	if (c->fields.own[id] == NULL)
		return 0;
	if (given_addresses(c, c->fields.own[id], list, err) == -1)
		return -1;
	if (id == FIELD_TO || id == FIELD_CC || id == FIELD_BCC)
		return envelope_add(&c->m->envelope, list, err);
	return 0;
}

static int
read_recipients(struct composing *c, struct error *err)
{
	const struct message_params *p = c->p;
	const struct {
		enum field_id id;
		struct draft_texts texts;
	} rows[] = {
	    {FIELD_TO, {"--to", p->to, p->to_places, p->to_count}},
	    {FIELD_CC, {"--cc", p->cc, p->cc_places, p->cc_count}},
	    {FIELD_BCC, {"--bcc", p->bcc, p->bcc_places, p->bcc_count}},
	};
	size_t i;

	if (draft_check_words(p, err) == -1)
		return -1;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (draft_recipients(c->m, p, &rows[i].texts,
			&c->lists[rows[i].id], err) == -1 ||
		    replace_addresses(c, rows[i].id, err) == -1)
			return -1;
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
	c->ident.author_domain = from->addresses[0].domain;
	if (p->from == NULL)
		origin = sender->count > 0 ? sender->addresses[0]
					   : from->addresses[0];
	if (from->count > 1 && sender->count == 0) { /* RFC 5322 3.6.2 */
		sender->addresses = &from->addresses[0];
		sender->count = 1;
	}
	for (i = 0; i < p->reply_to_count; i++)
		if (draft_addresses(c->m, p, "--reply-to", p->reply_to[i],
			false, &c->lists[FIELD_REPLY_TO], err) == -1)
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
	f.value = c->answer.subject;
	f.encoded_words = c->answer.subject_encoded && c->p->subject == NULL;
	if (c->p->subject == NULL && f.value == NULL)
		return 0;
	if (c->p->subject != NULL &&
	    charset_option(&c->m->arena, c->p->charset, "--subject",
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

/* -H comes before an option, also for a field that is not always there. */
static int
put_field(
    struct composing *c, const char *name, const char *value, struct error *err)
{
	const struct field f = {
	    .name = name, .value = value, .kind = FIELD_FIXED};

	if (value == NULL || fields_find(&c->fields, name) != NULL)
		return 0;
	return fields_put(&c->m->header, &f, err);
}

static int
put_list_id(struct composing *c, struct error *err)
{
	struct arena *a = &c->m->arena;
	const char *utf8, *value;

	if (c->p->list_id == NULL)
		return 0;
	if (charset_option(a, c->p->charset, "--list-id", c->p->list_id, &utf8,
		err) == -1 ||
	    list_id(a, utf8, &value, err) == -1)
		return -1;
	return put_field(c, "List-Id", value, err);
}

static int
put_list_unsubscribe(struct composing *c, struct error *err)
{
	const struct message_params *p = c->p;
	const char *value;
	bool one_click;

	if (p->list_unsubscribe_count == 0 ||
	    fields_find(&c->fields, "List-Unsubscribe") != NULL)
		return 0;
	if (list_unsubscribe(&c->m->arena, p->list_unsubscribe,
		p->list_unsubscribe_count, &value, &one_click, err) == -1 ||
	    put_field(c, "List-Unsubscribe", value, err) == -1)
		return -1;
	return put_field(c, "List-Unsubscribe-Post",
	    one_click ? "List-Unsubscribe=One-Click" : NULL, err);
}

static int
put_option_fields(struct composing *c, struct error *err)
{
	const struct message_params *p = c->p;

	if (put_field(c, "In-Reply-To", c->answer.in_reply_to, err) == -1 ||
	    put_field(c, "References", c->answer.references, err) == -1 ||
	    put_list_id(c, err) == -1 || put_list_unsubscribe(c, err) == -1 ||
	    put_field(c, "Auto-Submitted", p->auto_submitted, err) == -1)
		return -1;
	return put_field(c, "Importance", p->importance, err);
}

static int
put_date(struct composing *c, struct error *err)
{
	int64_t seconds = c->ident.now;
	int zone = c->ident.zone_minutes;
	char date[DATE_SIZE];
	struct field made = {.name = "Date", .kind = FIELD_FIXED};

	if (c->fields.own[FIELD_DATE] != NULL)
		return fields_put(
		    &c->m->header, c->fields.own[FIELD_DATE], err);
	/* RFC 5322's own form goes out as it was given: -0000, say, means
	 * something else than +0000. */
	if (c->p->date != NULL && date_is_valid(c->p->date)) {
		made.value = c->p->date;
		return fields_put(&c->m->header, &made, err);
	}
	if (c->p->date != NULL &&
	    date_parse("--date", c->p->date, &seconds, &zone, err) == -1)
		return -1;
	made.value = date_format(date, seconds, zone);
	return fields_put(&c->m->header, &made, err);
}

static int
put_message_id(struct composing *c, struct error *err)
{
	struct message_facts *facts = &c->m->facts;
	const struct field *given = c->fields.own[FIELD_MESSAGE_ID];

	if (given != NULL)
		facts->message_id = given->value;
	else if (c->p->message_id == NULL)
		facts->message_id = ident_message_id(&c->m->arena, &c->ident);
	else if (ident_option(&c->m->arena, "--message-id", c->p->message_id,
		     &facts->message_id, err) == -1)
		return -1;
	/* Some software finds no Message-ID on a line of its own. */
	buf_puts(&c->m->header, "Message-ID: ");
	buf_puts(&c->m->header, facts->message_id);
	return buf_puts(&c->m->header, "\r\n");
}

static int
put_header(struct composing *c, struct error *err)
{
	const struct field *version = c->fields.own[FIELD_MIME_VERSION];
	const struct field made = {
	    .name = "MIME-Version", .value = "1.0", .kind = FIELD_FIXED};

	if (put_date(c, err) == -1 || put_address_fields(c, err) == -1 ||
	    put_subject(c, err) == -1 || put_message_id(c, err) == -1 ||
	    put_option_fields(c, err) == -1 || put_other_fields(c, err) == -1)
		return -1;
	return fields_put(
	    &c->m->header, version != NULL ? version : &made, err);
}

int
compose_draft(
    struct message *m, const struct message_params *p, struct error *err)
{
	struct composing c = {.m = m, .p = p, .ident = p->ident};

	if (fields_read(&c.fields, &m->arena, p->charset, p->headers,
		p->header_count, err) == -1 ||
	    answer_read(m, p, &c.answer, err) == -1 ||
	    read_authors(&c, err) == -1 || read_recipients(&c, err) == -1)
		return -1;
	if (m->envelope.count == 0) {
		error_set(err, EX_USAGE, "no recipients");
		return error_hint(err,
		    "name them as operands or with --to, --cc, --bcc%s",
		    p->body_text == NULL
			? "\n-m - sends a complete message to those in its "
			  "header"
			: "");
	}
	if (p->ident.reproducible)
		memset(c.ident.random, 0, sizeof(c.ident.random));
	/* Bad values of options are found before a long input is read; but a
	 * Message-ID may depend on all of it. */
	if (put_header(&c, err) == -1)
		return -1;
	if (p->ident.reproducible)
		ident_mix(&c.ident, buf_string(&m->header), m->header.len);
	if (parts_make(m, p, &c.fields, &c.ident, err) == -1)
		return -1;
	if (!p->ident.reproducible)
		return 0;
	buf_reset(&m->header);
	return put_header(&c, err);
}
