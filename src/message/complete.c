/* complete: takes Bcc out and puts in front what is missing; no other byte
 * changes but for line ends, unless it is to be repaired. */
#include "message/complete.h"

#include <string.h>

#include "lib/ascii.h"

#include "message/completing.h"
#include "message/local.h"
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
	struct completing_block resent;	   /* the newest one */
};

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
		if (s->resent.first == NULL && is_resent(&f))
			s->resent.first = f.name;
		if (s->resent.first == NULL)
			continue;
		if (completing_is(
			&f, "Bcc")) /* which goes, wherever it stands */
			continue;
		if (!is_resent(&f))
			return;
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (!completing_is(&f, names[i]))
				continue;
			if (seen[i])
				return;
			seen[i] = true;
		}
		s->resent.end = at;
	}
}

/* A field with nothing in it, of which a script had no more to say, is as good
 * as none where each message has one. */
static bool
is_blank(const struct completing *c, const struct header_field *f)
{
	size_t i;

	if (!local_is_sendmail(c->p) ||
	    !(completing_is(f, "From") || completing_is(f, "Date") ||
		completing_is(f, "Message-ID")))
		return false;
	for (i = 0; i < f->value_len; i++)
		if (!ascii_is_blank(f->value[i]) && f->value[i] != '\r' &&
		    f->value[i] != '\n')
			return false;
	return true;
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
			if (s->found[i].name != NULL ||
			    !completing_is(&f, names[i]) || is_blank(c, &f))
				continue;
			if (i < RESENT_FROM ||
			    (f.name >= s->resent.first &&
				f.name < s->resent.end))
				s->found[i] = f;
		}
	}
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
	const char *own = local_is_sendmail(c->p) ? local_domain(c->p) : NULL;
	struct address_list local = {0};
	struct error ignored;

	if (completing_addresses(c, f, own, list, err) == 0)
		return 0;
	if (completing_addresses(c, f, local_domain(c->p), &local, &ignored) ==
		-1 ||
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
static int
put_others(struct completing *c, struct error *err)
{
	struct buf kept = {0};
	struct header_field f;
	const char *at = NULL;
	bool qualified = false;

	while (completing_next_field(c, &at, &f)) {
		if (is_blank(c, &f) ||
		    (!c->p->keep_bcc &&
			(completing_is(&f, "Bcc") ||
			    completing_is(&f, "Resent-Bcc"))))
			continue;
		if (local_qualify(&c->m->arena, c->p, &f, &kept))
			qualified = true;
		else
			buf_append(&kept, f.name, (size_t)(f.next - f.name));
	}
	buf_clear(&c->header);
	c->header = kept;
	/* A line may have grown too long. */
	return qualified ? completing_repair_fields(c, err) : 0;
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
	if (completing_read_recipients(c, &s.resent, err) == -1 ||
	    read_reverse_path(c, &s, err) == -1 ||
	    (p->resend && resent_put(c, err) == -1) ||
	    put_missing(c, &s, err) == -1)
		return -1;
	c->says_binary = says_binary(c, &s);
	c->m->root.as_written = c->says_binary && p->binary && !p->repair;
	c->m->facts.binary = c->m->facts.as_written = c->m->root.as_written;
	if (put_others(c, err) == -1)
		return -1;
	c->m->facts.utf8_header =
	    ascii_has_eight_bit(buf_string(&c->m->header), c->m->header.len) ||
	    ascii_has_eight_bit(buf_string(&c->header), c->header.len);
	if (c->m->facts.utf8_header && !p->repair && can_be_ascii(c))
		c->m->utf8_hint = "--repair makes encoded words of it";
	return completing_read_body(c, err);
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
