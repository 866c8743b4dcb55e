/* complete: reads the header, takes Bcc out and puts in front what is
 * missing; no other byte changes but for line ends. */
#include "message/complete.h"

#include <string.h>

#include "lib/printable.h"

#include "message/date.h"
#include "message/header.h"
#include "message/ident.h"

/* Fields that are looked for; of doubles the first counts. */
enum wanted {
	DATE,
	FROM,
	SENDER,
	MESSAGE_ID,
	RESENT_FROM,
	RESENT_SENDER,
	WANTED,
};

struct completing {
	struct message *m;
	const struct message_params *p;
	size_t begin; /* of the header in the kept bytes, behind "From " */
	size_t end;   /* of its last field */
	size_t body;  /* behind the empty line */
	uint64_t first_line; /* number of the line where the header begins */
	uint64_t body_line;
	struct header_field found[WANTED]; /* .name is NULL: not found */
	/* The newest Resent- block (RFC 5322 3.6.6): its first field and what
	 * comes behind its last one; NULL: there is none. */
	const char *resent, *resent_end;
};

static const char *
name_of(const struct completing *c)
{
	return c->m->input.params.name;
}

static bool
is(const struct header_field *f, const char *name)
{
	return header_name_equal(f->name, f->name_len, name);
}

static bool
is_resent(const struct header_field *f)
{
	return f->name_len > 7 && header_name_equal(f->name, 7, "Resent-");
}

/* Makes the whole line at `at` available: its length, 0 at the end of the
 * input, -1. */
static ssize_t
next_line(struct completing *c, size_t at, struct error *err)
{
	struct input *in = &c->m->input;
	size_t seen = at;
	const char *lf;

	for (;;) {
		lf = seen < in->kept.len
		    ? memchr(in->kept.data + seen, '\n', in->kept.len - seen)
		    : NULL;
		if (lf != NULL)
			return lf - (in->kept.data + at) + 1;
		if (in->ended)
			return (ssize_t)(in->kept.len - at);
		seen = in->kept.len;
		if (seen - c->begin > COMPLETE_HEADER_MAX)
			return error_set(err, EX_DATAERR,
			    "%s: a header of more than %d octets", name_of(c),
			    COMPLETE_HEADER_MAX);
		if (input_keep(in, seen + 65536, err) == -1)
			return -1;
	}
}

static int
not_a_field(const struct completing *c, uint64_t line, const char *p, size_t n,
    struct error *err)
{
	struct buf shown = {0};

	while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r'))
		n--;
	printable_append(&shown, p, n < 60 ? n : 60);
	error_set(err, EX_DATAERR, "%s: line %llu is no header field: '%s%s'",
	    name_of(c), (unsigned long long)line, buf_string(&shown),
	    n > 60 ? "..." : "");
	buf_clear(&shown);
	return error_hint(err,
	    "a complete message begins with its header, then "
	    "comes an empty line;\n"
	    "without -m the text is the body of a new message");
}

static bool
is_empty_line(const char *p, size_t n)
{
	return p[0] == '\n' || (n == 2 && p[0] == '\r' && p[1] == '\n');
}

/* Finds the end of the header, while reading it. */
static int
read_header(struct completing *c, struct error *err)
{
	struct header_field f;
	uint64_t line = 1;
	size_t at = 0, fields = 0;
	const char *p;
	bool folded, field;
	ssize_t n;

	for (c->first_line = 1; (n = next_line(c, at, err)) > 0; line++) {
		p = c->m->input.kept.data + at;
		if (is_empty_line(p, (size_t)n))
			break;
		folded = *p == ' ' || *p == '\t';
		field = !folded && header_parse(p, p + n, &f);
		if (line == 1 && !field && n >= 5 &&
		    memcmp(p, "From ", 5) == 0) {
			c->begin = (size_t)n; /* of an mbox: RFC 4155 */
			c->first_line = 2;
		} else if (!field && (!folded || fields == 0)) {
			return not_a_field(c, line, p, (size_t)n, err);
		} else if (field && ++fields > COMPLETE_FIELDS_MAX) {
			return error_set(err, EX_DATAERR,
			    "%s: more than %d header fields", name_of(c),
			    COMPLETE_FIELDS_MAX);
		}
		at += (size_t)n;
	}
	if (n == -1)
		return -1;
	c->end = at;
	c->body = at + (size_t)n;
	c->body_line = n > 0 ? line + 1 : line;
	return 0;
}

/* What no header may hold. */
static int
check_header(const struct completing *c, struct error *err)
{
	const char *p = buf_string(&c->m->input.kept);
	uint64_t line = c->first_line;
	struct scan scan;
	size_t i;

	scan_begin(&scan, line);
	scan_update(&scan, p + c->begin, c->body - c->begin);
	scan_end(&scan);
	if (scan_check(&scan, name_of(c), true, err) == -1)
		return -1;
	if (scan.ill_formed == 0)
		return 0;
	for (i = 0; i < scan.ill_formed; i++)
		line += p[c->begin + i] == '\n';
	error_set(err, EX_DATAERR,
	    "%s: line %llu: 8-bit text that is not UTF-8 in the header",
	    name_of(c), (unsigned long long)line);
	return error_hint(err,
	    "a header is ASCII with encoded words (RFC "
	    "2047), or UTF-8 (RFC 6532)");
}

/* The walk over the header: the field at *at, which moves on. */
static bool
next_field(const struct completing *c, const char **at, struct header_field *f)
{
	const char *end = buf_string(&c->m->input.kept) + c->end;

	if (*at >= end || !header_parse(*at, end, f))
		return false;
	*at = f->next;
	return true;
}

static const char *
first_field(const struct completing *c)
{
	return buf_string(&c->m->input.kept) + c->begin;
}

/* Blocks may stand one upon the other: a name that comes again is the first
 * of an older one. */
static void
find_resent(struct completing *c)
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
	const char *at = first_field(c), *start = at;
	struct header_field f;
	size_t i;

	for (; next_field(c, &at, &f); start = at) {
		if (c->resent == NULL && is_resent(&f))
			c->resent = start;
		if (c->resent == NULL)
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
		c->resent_end = at;
	}
}

static void
find_fields(struct completing *c)
{
	static const char *const names[WANTED] = {
	    [DATE] = "Date",
	    [FROM] = "From",
	    [SENDER] = "Sender",
	    [MESSAGE_ID] = "Message-ID",
	    [RESENT_FROM] = "Resent-From",
	    [RESENT_SENDER] = "Resent-Sender",
	};
	const char *at = first_field(c);
	struct header_field f;
	size_t i;

	find_resent(c);
	while (next_field(c, &at, &f)) {
		for (i = 0; i < WANTED; i++) {
			if (c->found[i].name != NULL || !is(&f, names[i]))
				continue;
			if (i < RESENT_FROM ||
			    (f.name >= c->resent && f.name < c->resent_end))
				c->found[i] = f;
		}
	}
}

static int
field_addresses(struct completing *c, const struct header_field *f,
    struct address_list *list, struct error *err)
{
	struct arena *a = &c->m->arena;
	struct address_params params = {
	    .domain = c->p->ident.host, .encoded_words = true, .folded = true};

	const char *text = arena_strndup(a, f->value, f->value_len);

	params.what =
	    arena_printf(a, "%s: %.*s", name_of(c), (int)f->name_len, f->name);
	return address_parse(a, text + strspn(text, " \t"), &params, list, err);
}

static int
header_recipients(struct completing *c, struct error *err)
{
	static const char *const plain[] = {"To", "Cc", "Bcc"};
	static const char *const resent[] = {
	    "Resent-To", "Resent-Cc", "Resent-Bcc"};
	const char *const *names = c->resent != NULL ? resent : plain;
	const char *at = c->resent != NULL ? c->resent : first_field(c);
	struct address_list list = {0};
	struct header_field f;

	while ((c->resent == NULL || at < c->resent_end) &&
	    next_field(c, &at, &f)) {
		if ((is(&f, names[0]) || is(&f, names[1]) ||
			is(&f, names[2])) &&
		    field_addresses(c, &f, &list, err) == -1)
			return -1;
	}
	envelope_add(&c->m->envelope, &list);
	return 0;
}

static int
read_recipients(struct completing *c, struct error *err)
{
	const struct message_params *p = c->p;
	struct address_list to = {0}, cc = {0}, bcc = {0};

	if (draft_recipients(c->m, p, "--to", p->to, p->to_count, &to, err) ==
		-1 ||
	    draft_recipients(c->m, p, "--cc", p->cc, p->cc_count, &cc, err) ==
		-1 ||
	    draft_recipients(
		c->m, p, "--bcc", p->bcc, p->bcc_count, &bcc, err) == -1 ||
	    (p->recipients_from_header && header_recipients(c, err) == -1))
		return -1;
	if (c->m->envelope.count > 0)
		return 0;
	error_set(err, EX_USAGE, "no recipients%s%s",
	    p->recipients_from_header ? " in the header of " : "",
	    p->recipients_from_header ? name_of(c) : "");
	return error_hint(err, "name them as operands or with --to");
}

static int
read_reverse_path(
    struct completing *c, const struct address_list *author, struct error *err)
{
	static const enum wanted order[] = {
	    RESENT_SENDER, RESENT_FROM, SENDER, FROM};
	struct address_list list = {0};
	const struct header_field *f = NULL;
	size_t i;

	if (c->p->envelope_from != NULL)
		return draft_reverse_path(
		    c->m, c->p, "--envelope-from", c->p->envelope_from, err);
	for (i = 0; i < sizeof(order) / sizeof(order[0]) && f == NULL; i++)
		if (c->found[order[i]].name != NULL)
			f = &c->found[order[i]];
	if (c->p->from != NULL || f == NULL) {
		draft_set_reverse_path(c->m, &author->addresses[0]);
		return 0;
	}
	if (field_addresses(c, f, &list, err) == -1)
		return -1;
	if (list.count > 0) {
		draft_set_reverse_path(c->m, &list.addresses[0]);
		return 0;
	}
	error_set(err, EX_DATAERR, "%s: no address in %.*s", name_of(c),
	    (int)f->name_len, f->name);
	return error_hint(err,
	    "--envelope-from ADDRESS says where failures "
	    "are to be reported");
}

/* Date, Message-ID and From, where they are missing. */
static int
put_missing(
    struct completing *c, const struct address_list *author, struct error *err)
{
	struct message *m = c->m;
	char date[DATE_SIZE];
	struct buf id = {0};
	const char *open, *close;

	if (c->found[DATE].name == NULL)
		buf_printf(&m->header, "Date: %s\r\n",
		    date_format(
			date, c->p->ident.now, c->p->ident.zone_minutes));
	if (c->found[MESSAGE_ID].name == NULL) {
		m->facts.message_id = ident_message_id(&m->arena, &c->p->ident);
		buf_printf(
		    &m->header, "Message-ID: %s\r\n", m->facts.message_id);
	} else {
		header_unfold(&c->found[MESSAGE_ID], &id);
		open = strchr(buf_string(&id), '<');
		close = open != NULL ? strchr(open, '>') : NULL;
		m->facts.message_id = close != NULL
		    ? arena_strndup(&m->arena, open, (size_t)(close - open) + 1)
		    : arena_strdup(&m->arena, buf_string(&id));
		buf_clear(&id);
	}
	if (c->found[FROM].name != NULL)
		return 0;
	return draft_put_addresses(&m->header, "From", author, err);
}

/* All other fields with CRLF, but for those that must not leave. */
static void
put_fields(struct completing *c)
{
	const char *at = first_field(c), *line, *end;
	struct buf *out = &c->m->header;
	struct header_field f;
	size_t n;

	while (next_field(c, &at, &f)) {
		if (!c->p->keep_bcc && (is(&f, "Bcc") || is(&f, "Resent-Bcc")))
			continue;
		for (line = f.name; line < f.next; line = end) {
			n = header_line(line, (size_t)(f.next - line));
			end = line + n;
			if (line[n - 1] == '\n')
				n--;
			if (n > 0 && line[n - 1] == '\r')
				n--;
			buf_append(out, line, n);
			buf_puts(out, "\r\n");
		}
	}
	if (c->body > c->end)
		buf_puts(out, "\r\n");
}

int
complete_draft(
    struct message *m, const struct message_params *p, struct error *err)
{
	struct completing c = {.m = m, .p = p};
	struct address_list author = {0};
	struct scan scan;

	if (read_header(&c, err) == -1 || check_header(&c, err) == -1)
		return -1;
	find_fields(&c);
	if ((p->from != NULL || c.found[FROM].name == NULL) &&
	    draft_author(m, p, &author, err) == -1)
		return -1;
	if (read_recipients(&c, err) == -1 ||
	    read_reverse_path(&c, &author, err) == -1 ||
	    put_missing(&c, &author, err) == -1)
		return -1;
	put_fields(&c);
	scan_begin(&scan, 1);
	scan_update(&scan, buf_string(&m->header), m->header.len);
	m->facts.utf8_header = scan.count[SCAN_EIGHT_BIT] > 0;
	m->root.input = &m->input;
	m->root.range = (struct input_range){c.body, UINT64_MAX, c.body_line};
	if (input_keep(&m->input, INPUT_KEPT, err) == -1 ||
	    draft_scan(&m->root, NULL, NULL, err) == -1)
		return -1;
	return scan_check(&m->root.scan, name_of(&c), true, err);
}
