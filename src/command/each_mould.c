#include "command/each_mould.h"

#include <string.h>

#include "command/each.h"
#include "lib/ascii.h"
#include "lib/charset.h"
#include "lib/source.h"
#include "rfc5322/date.h"
#include "rfc5322/ident.h"

enum {
	PROOFS = 8,	/* messages that have to come out the same */
	WORD_MAX = 60,	/* octets of a value that are not folded */
	LINE_MOST = 76, /* of a line of the text, which is not encoded */
	OCTETS_MAX = 1024 * 1024
};

/* What is put in the places of the mould. */
struct casting {
	struct plan_words words;
	char date[DATE_SIZE];
	const char *id;
	struct {
		const char *text;
		size_t len;
	} pieces[MOULD_PIECES];
};

/* --- what can be cast -----------------------------------------------------*/

/* Nobody is named but by one text that each record fills in. */
static bool
has_one_recipient(const struct plan *p)
{
	const struct settings_message *m = &p->settings->message;
	const struct strings *lists[] = {&m->to, &m->cc, &m->bcc, &m->operands,
	    &m->to_file, &m->cc_file, &m->bcc_file, &m->standing_bcc,
	    &m->standing_bcc_file};
	size_t named = !p->names_recipients, i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		named += lists[i]->count;
	for (i = 0; i < m->headers.count; i++)
		named += ascii_begins(m->headers.items[i], "to") ||
		    ascii_begins(m->headers.items[i], "cc") ||
		    ascii_begins(m->headers.items[i], "bcc");
	return named == 1;
}

static bool
may_be_alike(const struct each *e)
{
	const struct settings *s = e->settings;

	return !records_are_complete(&e->records) && !e->ident.reproducible &&
	    !s->message.flowed && s->envelope.hold_until == NULL &&
	    has_one_recipient(&e->plan);
}

/* No blank but single ones between words, and nothing like an encoded word. */
static bool
is_short(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if ((text[i] == ' ' &&
			(text[i + 1] == ' ' || text[i + 1] == '\0')) ||
		    (text[i] == '=' && text[i + 1] == '?'))
			return false;
	return i <= WORD_MAX;
}

static bool
has_short_lines(const char *text, size_t n)
{
	const char *end = text + n, *lf;

	for (; text < end; text = lf + 1) {
		lf = memchr(text, '\n', (size_t)(end - text));
		if (lf == NULL)
			lf = end;
		if (lf - text > LINE_MOST)
			return false;
	}
	return n > 0;
}

static void
set_piece(
    struct casting *c, enum mould_piece piece, const char *text, size_t len)
{
	c->pieces[piece].text = text;
	c->pieces[piece].len = len;
}

/* The text with CR LF for LF. */
static void
set_text(struct casting *c, struct arena *a)
{
	const char *from = c->words.body, *end = from + c->words.body_len, *lf;
	char *text = arena_alloc(a, 2 * c->words.body_len), *to = text;

	for (; from < end; from = lf + 1) {
		lf = memchr(from, '\n', (size_t)(end - from));
		if (lf == NULL)
			lf = end;
		to = (char *)mempcpy(to, from, (size_t)(lf - from));
		if (lf < end)
			to = (char *)mempcpy(to, "\r\n", 2);
	}
	set_piece(c, MOULD_TEXT, text, (size_t)(to - text));
}

/* False: some of it may be written in another way. */
static bool
melt(struct each *e, struct each_message *m, const struct ident *ident,
    struct casting *c)
{
	struct plan_words *w = &c->words;
	struct arena *a = &m->arena;

	if (!plan_words(&e->plan, &m->record, a, w) || w->to == NULL ||
	    w->address.display != NULL || w->address.comments != NULL ||
	    strcmp(w->address.mailbox, w->to) != 0 || !is_short(w->to) ||
	    (w->subject != NULL && !is_short(w->subject)) || w->body == NULL ||
	    !has_short_lines(w->body, w->body_len))
		return false;
	date_format(c->date, ident->now, ident->zone_minutes);
	c->id = ident_message_id(a, ident);
	set_piece(c, MOULD_DATE, c->date, strlen(c->date));
	set_piece(c, MOULD_TO, w->to, strlen(w->to));
	if (w->subject != NULL)
		set_piece(c, MOULD_SUBJECT, w->subject, strlen(w->subject));
	else
		set_piece(c, MOULD_SUBJECT, "", 0);
	set_piece(c, MOULD_ID, c->id, strlen(c->id));
	set_text(c, a);
	return true;
}

/* --- casting --------------------------------------------------------------*/

static void
pour(const struct mould *mould, const struct casting *c, struct each_message *m)
{
	size_t size = mould->octets.len, at = 0, i;
	const char *from = mould->octets.data;
	char *to;

	for (i = 0; i < MOULD_PIECES; i++)
		size += c->pieces[i].len - mould->pieces[i].len;
	m->octets = to = arena_alloc(&m->arena, size);
	m->octets_len = size;
	for (i = 0; i < MOULD_PIECES; i++) {
		to = mempcpy(to, from + at, mould->pieces[i].at - at);
		to = mempcpy(to, c->pieces[i].text, c->pieces[i].len);
		at = mould->pieces[i].at + mould->pieces[i].len;
	}
	memcpy(to, from + at, mould->octets.len - at);
}

static bool
ends_open(const struct casting *c)
{
	return c->words.body[c->words.body_len - 1] != '\n';
}

bool
mould_cast(struct each *e, struct each_message *m, const struct ident *ident)
{
	const struct mould *mould = &e->mould;
	struct supply_message *s = &m->supply;
	struct ident own = *ident;
	struct error ignored;
	struct casting c;

	if (mould->useless || mould->proofs < PROOFS)
		return false;
	own.host = mould->host;
	if (!melt(e, m, &own, &c) || ends_open(&c) != mould->open)
		return false;
	s->reverse_path = mould->reverse_path;
	s->asked = mould->parameters.mail;
	s->count = m->all = 1;
	s->recipients = arena_alloc(&m->arena, sizeof(*s->recipients));
	s->fates = arena_alloc(&m->arena, sizeof(*s->fates));
	s->recipients->address = c.words.address.mailbox;
	if (parameters_of(&mould->parameters, &c.words.address, &m->arena,
		&s->recipients->parameters, &ignored) == -1)
		return false;
	m->message_id = c.id;
	pour(mould, &c, m);
	s->weight = sizeof(*m) + 3 * m->octets_len;
	return true;
}

/* --- learning -------------------------------------------------------------*/

/* What the composed message is, octet by octet. */
static bool
read_octets(struct message *message, struct buf *out)
{
	const struct mime_form form = {0};
	struct mime_stream stream;
	struct error ignored;
	bool seven_bit;
	ssize_t n;

	if (message_open(message, &form, &stream, &ignored) == -1)
		return false;
	do {
		buf_reserve(out, 4096);
		n = source_read(
		    stream.source, out->data + out->len, 4096, &ignored);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0 && out->len < OCTETS_MAX);
	source_free(stream.source);
	seven_bit = !stream.eight_bit && !stream.binary;
	return n == 0 && seven_bit;
}

/* Where the value of a field stands, or SIZE_MAX: it is there in no such way. */
static size_t
find_value(const struct buf *octets, const char *name, const char *value)
{
	struct buf line = {0};
	const char *at, *begin = octets->data;
	size_t found = SIZE_MAX;

	buf_printf(&line, "%s: %s\r\n", name, value);
	at = memmem(begin, octets->len, line.data, line.len);
	if (at != NULL && (at == begin || at[-1] == '\n'))
		found = (size_t)(at - begin) + strlen(name) + 2;
	buf_clear(&line);
	return found;
}

/* Takes the message apart. */
static bool
take_apart(struct mould *mould, const struct casting *c)
{
	static const char *const names[] = {[MOULD_DATE] = "Date",
	    [MOULD_TO] = "To",
	    [MOULD_SUBJECT] = "Subject",
	    [MOULD_ID] = "Message-ID"};
	struct buf *octets = &mould->octets;
	size_t at, before = 0, i;
	const char *head_end = memmem(octets->data, octets->len, "\r\n\r\n", 4);

	for (i = 0; i < MOULD_TEXT; i++) {
		at = before;
		if (c->pieces[i].len > 0)
			at = find_value(octets, names[i], c->pieces[i].text);
		if (at == SIZE_MAX || at < before)
			return false;
		mould->pieces[i].at = at;
		mould->pieces[i].len = c->pieces[i].len;
		before = at + c->pieces[i].len;
	}
	if (head_end == NULL)
		return false;
	at = (size_t)(head_end - octets->data) + 4;
	mould->pieces[MOULD_TEXT].at = at;
	mould->pieces[MOULD_TEXT].len = c->pieces[MOULD_TEXT].len;
	return at >= before && octets->len >= at + c->pieces[MOULD_TEXT].len &&
	    memcmp(octets->data + at, c->pieces[MOULD_TEXT].text,
		c->pieces[MOULD_TEXT].len) == 0;
}

static bool
begin(struct each *e, const struct message_facts *facts, struct casting *c)
{
	struct mould *mould = &e->mould;
	struct error ignored;

	mould->open = ends_open(c);
	mould->reverse_path = arena_strdup(&mould->arena, facts->reverse_path);
	return may_be_alike(e) &&
	    parameters_read(&mould->parameters, e->settings, &mould->arena,
		&ignored) == 0 &&
	    take_apart(mould, c);
}

static bool
is_the_same(const struct mould *mould, const struct casting *c,
    struct each_message *m, const struct buf *octets)
{
	bool same;

	pour(mould, c, m);
	same = m->octets_len == octets->len &&
	    memcmp(m->octets, octets->data, octets->len) == 0;
	m->octets = NULL;
	return same;
}

void
mould_learn(struct each *e, struct each_message *m, const struct ident *ident)
{
	const struct message_facts *facts = message_facts(m->composed.message);
	struct mould *mould = &e->mould;
	struct ident own = *ident;
	struct buf octets = {0};
	struct casting c;

	if (mould->useless || mould->proofs >= PROOFS || !facts->lasting)
		return;
	if (mould->host == NULL)
		mould->host = arena_strndup(&mould->arena,
		    strchrnul(facts->message_id, '@') + 1,
		    strcspn(strchrnul(facts->message_id, '@'), ">") - 1);
	own.host = mould->host;
	if (!melt(e, m, &own, &c) ||
	    (mould->proofs > 0 && ends_open(&c) != mould->open))
		return;
	if (facts->recipient_count != 1 || facts->utf8_header ||
	    facts->utf8_envelope || m->demands_binary ||
	    strcmp(facts->message_id, c.id) != 0 ||
	    !read_octets(m->composed.message, &octets)) {
		mould->useless = true;
	} else if (mould->proofs == 0) {
		mould->octets = octets;
		octets = (struct buf){0};
		mould->useless = !begin(e, facts, &c);
	} else {
		mould->useless = !is_the_same(mould, &c, m, &octets);
	}
	mould->proofs++;
	buf_clear(&octets);
}

void
mould_clear(struct mould *mould)
{
	buf_clear(&mould->octets);
	arena_clear(&mould->arena);
}
