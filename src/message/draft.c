/* draft: addresses and content, as composed and complete messages have them
 * alike. */
#include "message/draft.h"

#include <stdlib.h>
#include <string.h>

#include "lib/charset.h"
#include "lib/memory.h"
#include "lib/printable.h"
#include "lib/url.h"

#include "message/local.h"
#include "rfc5322/header.h"
#include "rfc5322/ident.h"
#include "rfc5322/words.h"

static bool
is_word(const char *text, size_t n)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789._+-";

	/* Most are addresses, and this is seen more quickly. */
	return n > 0 && memchr(text, '@', n) == NULL &&
	    strspn(text, characters) == n;
}

bool
draft_is_word(const char *text)
{
	return is_word(text, strlen(text));
}

/* A recipient may have parameters. */
static bool
recipient_is_word(const char *text)
{
	return is_word(text, strcspn(text, ";"));
}

/* It is not shown: the URL of a server may have a password in it. */
static int
check_no_url(const char *option, const char *text, struct error *err)
{
	if (!url_begins(text))
		return 0;
	error_set(err, EX_USAGE, "%s: a URL, and no address", option);
	return error_hint(err, "--server=URL names the server");
}

static int
parse_option(struct message *m, const struct message_params *p,
    const char *text, const struct address_params *params,
    struct address_list *list, struct error *err)
{
	const char *utf8;

	if (check_no_url(params->what, text, err) == -1 ||
	    charset_option(
		&m->arena, p->charset, params->what, text, &utf8, err) == -1)
		return -1;
	return address_parse(&m->arena, utf8, params, list, err);
}

int
draft_addresses(struct message *m, const struct message_params *p,
    const char *option, const char *text, bool words, struct address_list *list,
    struct error *err)
{
	struct address_params params = {.what = option};

	if (words && (local_is_sendmail(p) || draft_is_word(text)))
		params.domain = local_domain(p);
	return parse_option(m, p, text, &params, list, err);
}

/* A full name from the password file may hold anything; an option could not. */
static bool
name_is_valid(const char *name)
{
	size_t i, len, n = strlen(name);
	uint32_t rune;

	for (i = 0; i < n; i += len) {
		len = printable_utf8(name + i, n - i, &rune);
		if (len == 0 || rune < ' ' || (rune >= 0x7f && rune < 0xa0) ||
		    rune == 0x2028 || rune == 0x2029)
			return false;
	}
	return n > 0;
}

/* The one in `from`. */
static int
given_author(struct message *m, const struct message_params *p,
    struct address_list *list, struct error *err)
{
	if (draft_addresses(m, p, "--from", p->from, true, list, err) == -1)
		return -1;
	if (list->group_count > 0) {
		error_set(err, EX_USAGE, "--from: a group is no author");
		return error_hint(err, "name the address of whoever writes");
	}
	return list->count > 0 ? 0
			       : error_set(err, EX_USAGE, "--from: no address");
}

/* The user at our host. */
static int
own_author(struct message *m, const struct message_params *p,
    struct address_list *list, struct error *err)
{
	struct address_params params = {.domain = local_domain(p),
	    .what = "sender (login name)",
	    .single = true};
	const char *user = p->ident.user;
	struct buf text = {0};
	int r;

	if (user == NULL || *user == '\0') {
		error_set(err, EX_USAGE, "%s",
		    p->no_author != NULL ? p->no_author
					 : "the sender is not known");
		return error_hint(err, "name it with --from ADDRESS");
	}
	buf_putc(&text, '"');
	for (; *user != '\0'; user++) {
		if (*user == '"' || *user == '\\')
			buf_putc(&text, '\\');
		buf_putc(&text, *user);
	}
	buf_putc(&text, '"');
	r = address_parse(&m->arena, buf_string(&text), &params, list, err);
	buf_clear(&text);
	if (r == -1)
		return error_hint(err, "name the sender with --from ADDRESS");
	if (p->ident.name != NULL && name_is_valid(p->ident.name))
		list->addresses[0].display =
		    arena_strdup(&m->arena, p->ident.name);
	return 0;
}

int
draft_author(struct message *m, const struct message_params *p,
    struct address_list *list, struct error *err)
{
	const char *name;

	if ((p->from != NULL ? given_author(m, p, list, err)
			     : own_author(m, p, list, err)) == -1 ||
	    local_full_name(m, p, &name, err) == -1)
		return -1;
	if (name != NULL)
		list->addresses[0].display = name;
	return 0;
}

static int
read_recipients(struct message *m, const struct message_params *p,
    const char *what, const char *text, struct address_list *list,
    struct error *err)
{
	const bool sendmail = local_is_sendmail(p);
	const struct address_params params = {
	    .what = what,
	    .parameters = !sendmail || p->local->parameters,
	    .domain =
		sendmail || recipient_is_word(text) ? local_domain(p) : NULL,
	};

	return parse_option(m, p, text, &params, list, err);
}

/* What a text is called in errors; NULL: as its option. */
static const char *
place_name(struct message *m, const struct draft_texts *t, size_t i)
{
	const struct message_place *place = &t->places[i];

	if (t->places == NULL || place->line == 0)
		return t->places != NULL ? place->name : NULL;
	return arena_printf(
	    &m->arena, "%s: line %llu", place->name, place->line);
}

int
draft_recipients(struct message *m, const struct message_params *p,
    const struct draft_texts *t, struct address_list *list, struct error *err)
{
	const char *what;
	size_t i;

	address_list_reserve(&m->arena, list, t->count);
	for (i = 0; i < t->count; i++) {
		if (read_recipients(m, p, t->option, t->items[i], list, err) ==
		    0)
			continue;
		what = place_name(m, t, i);
		if (what == NULL)
			return -1;
		/* Names of places are made for none but the bad one. */
		return read_recipients(m, p, what, t->items[i], list, err);
	}
	return local_add_recipients(m, p, list, err);
}

int
draft_check_words(const struct message_params *p, struct error *err)
{
	const struct draft_texts lists[] = {
	    {NULL, p->to, p->to_places, p->to_count},
	    {NULL, p->cc, p->cc_places, p->cc_count},
	    {NULL, p->bcc, p->bcc_places, p->bcc_count},
	    {NULL, p->standing_bcc, p->standing_bcc_places,
		p->standing_bcc_count}};
	bool others = p->recipients_from_header;
	const struct message_place *place = NULL;
	const char *word = NULL;
	size_t i, k;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (k = 0; k < lists[i].count; k++) {
			if (!recipient_is_word(lists[i].items[k])) {
				others = true;
			} else if (word == NULL) {
				word = lists[i].items[k];
				place = lists[i].places != NULL
				    ? &lists[i].places[k]
				    : NULL;
			}
		}
	if (word == NULL || !others)
		return 0;
	error_set(err, EX_USAGE,
	    "recipient '%.100s': no '@' and domain, beside addresses that have "
	    "them",
	    word);
	if (place != NULL && place->line > 0)
		error_context(err, "%s: line %llu", place->name, place->line);
	return error_hint(err,
	    "a subject or name of several words needs quotes: "
	    "--subject 'two words'\na mailbox at this host is written "
	    "%.100s@HOST",
	    word);
}

int
draft_reverse_path(struct message *m, const struct message_params *p,
    const char *option, const char *text, struct error *err)
{
	const char *utf8;

	if (check_no_url(option, text, err) == -1 ||
	    charset_option(&m->arena, p->charset, option, text, &utf8, err) ==
		-1)
		return -1;
	return envelope_reverse_path(&m->arena, utf8,
	    local_is_sendmail(p) || draft_is_word(text) ? local_domain(p)
							: NULL,
	    option, &m->facts.reverse_path, &m->facts.utf8_envelope, err);
}

void
draft_set_reverse_path(struct message *m, const struct address *a)
{
	m->facts.reverse_path = a->mailbox;
	m->facts.utf8_envelope = a->utf8;
}

/* The name of a group and its colon. */
static void
put_group(struct buf *out, const char *name)
{
	/* "undisclosed-recipients" and the like; an empty phrase is none. */
	if (*name == '\0' || words_encode(out, name, strlen(name), true) == -1)
		buf_puts(out, "\"\"");
	/* An encoded word ends before white space only (RFC 2047 5). */
	if (out->len >= 2 && memcmp(out->data + out->len - 2, "?=", 2) == 0)
		buf_putc(out, ' ');
	buf_putc(out, ':');
}

/* Groups up to the one with this name, which has members, and those before
 * it, which have none; NULL: all that are left. */
static void
put_groups(struct buf *out, const struct address_list *list, size_t *at,
    const char *name)
{
	while (*at < list->group_count && list->groups[*at] != name) {
		buf_puts(out, out->len > 0 ? ", " : "");
		put_group(out, list->groups[(*at)++]);
		buf_putc(out, ';');
	}
	if (name == NULL)
		return;
	buf_puts(out, out->len > 0 ? ", " : "");
	put_group(out, name);
	++*at;
}

int
draft_put_addresses(struct buf *out, const char *name,
    const struct address_list *list, struct error *err)
{
	const char *group = NULL;
	struct buf text = {0};
	size_t i, groups = 0;
	int r;

	for (i = 0; i < list->count; i++) {
		const struct address *a = &list->addresses[i];

		if (group != NULL && a->group != group)
			buf_putc(&text, ';');
		if (a->group != NULL && a->group != group)
			put_groups(&text, list, &groups, a->group);
		else if (i > 0)
			buf_putc(&text, ',');
		buf_puts(&text, text.len > 0 ? " " : "");
		address_format(a, &text);
		group = a->group;
	}
	if (group != NULL)
		buf_putc(&text, ';');
	put_groups(&text, list, &groups, NULL);
	r = header_put(out, name, buf_string(&text), HEADER_LIST, err);
	buf_clear(&text);
	return r;
}

struct input *
draft_input(struct message *m, const struct input_params *params)
{
	struct draft_input *i = arena_alloc(&m->arena, sizeof(*i));

	input_begin(&i->input, params);
	i->next = m->inputs;
	m->inputs = i;
	return &i->input;
}

int
draft_mix(struct input *in, struct ident *ident, struct error *err)
{
	enum { PIECE = 65536 };
	char *piece = memory_realloc(NULL, PIECE, 1);
	uint64_t at = 0;
	size_t have = 0;
	ssize_t n;

	/* Whole pieces, whatever a pipe gives at once. */
	do {
		n = input_read(in, at, piece + have, PIECE - have, err);
		have += n > 0 ? (size_t)n : 0;
		at += n > 0 ? (uint64_t)n : 0;
		if (have == PIECE || n == 0) {
			ident_mix(ident, piece, have);
			have = 0;
		}
	} while (n > 0);
	free(piece);
	return (int)n;
}

static void
scan_piece(struct mime_part *p, const char *bytes, size_t n,
    void (*also)(void *, const char *, size_t), void *arg)
{
	scan_update(&p->scan, bytes, n);
	if (also != NULL)
		also(arg, bytes, n);
}

int
draft_scan(struct mime_part *p, void (*also)(void *, const char *, size_t),
    void *arg, struct error *err)
{
	enum { PIECE = 65536 };
	struct input *in = p->input;
	uint64_t at = p->range.offset, end = p->range.end;
	bool cr_ends = p->scan.cr_ends;
	ssize_t n = 0;
	char *piece;

	scan_begin(&p->scan, p->range.line);
	p->scan.cr_ends = cr_ends;
	if (at < in->kept.len)
		n = (ssize_t)((end < in->kept.len ? end : in->kept.len) - at);
	if (n > 0)
		scan_piece(p, buf_string(&in->kept) + at, (size_t)n, also, arg);
	p->scanned = input_is_lasting(in) || in->spool != -1;
	if (!p->scanned)
		return 0;
	piece = in->ended ? NULL : memory_realloc(NULL, PIECE, 1);
	for (at += (uint64_t)n; piece != NULL && at < end; at += (uint64_t)n) {
		n = input_read(in, at, piece,
		    end - at < PIECE ? (size_t)(end - at) : PIECE, err);
		if (n <= 0)
			break;
		scan_piece(p, piece, (size_t)n, also, arg);
	}
	free(piece);
	scan_end(&p->scan);
	return n < 0 ? -1 : 0;
}
