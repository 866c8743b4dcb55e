/* each_message: one message of many, from its record. */
#include "command/each.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/ascii.h"
#include "lib/memory.h"
#include "lib/printable.h"
#include "lib/siphash.h"

/* --- what tells it from the others ----------------------------------------*/

int
each_message_key(const struct each *e, const struct record *r, struct arena *a,
    struct journal_key *key, struct error *err)
{
	const char *column = e->settings->many.key;
	const struct value *v;
	char digits[21];

	*key = (struct journal_key){.record = r->place.number};
	if (column == NULL) {
		*ascii_put_hex(digits, r->hash, 16) = '\0';
		key->text = arena_strdup(a, digits);
	} else if (strcmp(column, "row") == 0) {
		*ascii_put_number(digits, r->place.number) = '\0';
		key->text = arena_strdup(a, digits);
	} else {
		v = r->value != NULL
		    ? value_member(r->value, column, strlen(column))
		    : NULL;
		if (v == NULL ||
		    (v->kind != VALUE_TEXT && v->kind != VALUE_NUMBER) ||
		    v->count == 0)
			return error_set(err, EX_DATAERR,
			    "--key: the record has no '%s'", column);
		key->text = arena_memdup(a, v->text, v->count);
	}
	key->len = strlen(key->text);
	key->hash = journal_hash(e->journal, key);
	return 0;
}

/* What would be chance in one message is the same whenever this one is made:
 * SipHash with the batch's id as its secret, as an HMAC. */
static void
set_ident(
    const struct each *e, const struct each_message *m, struct ident *ident)
{
	unsigned char secret[JOURNAL_BATCH];
	const struct journal_key *key = &m->supply.key;
	uint64_t half;
	struct tm tm;
	time_t now;
	int64_t first;
	size_t i;

	*ident = e->ident;
	if (ident->reproducible)
		return;
	memcpy(secret, journal_batch(e->journal), sizeof(secret));
	for (i = 0; i < sizeof(ident->random) / sizeof(half); i++) {
		half = siphash(secret, key->text, key->len);
		memcpy(ident->random + i * sizeof(half), &half, sizeof(half));
		secret[0]++;
	}
	ident->now = journal_first_try(e->journal, key, &first)
	    ? first
	    : (int64_t)time(NULL);
	now = ident->now;
	if (!journal_zone(e->journal, &ident->zone_minutes) &&
	    localtime_r(&now, &tm) != NULL)
		ident->zone_minutes = (int)(tm.tm_gmtoff / 60);
}

/* --- the message ----------------------------------------------------------*/

static int
take_complete(
    const struct record *r, struct compose_own *own, struct error *err)
{
	own->complete = true;
	own->name = r->name;
	own->fd = r->fd >= 0 ? r->fd : r->bytes.fd;
	if (own->fd >= 0)
		return 0;
	own->text = buf_string(&r->bytes.text);
	if (memchr(own->text, '\0', r->bytes.text.len) != NULL)
		return error_set(err, EX_DATAERR, "NUL byte");
	return 0;
}

static int
take_recipients(struct each_message *m, struct error *err)
{
	const struct message_facts *facts = message_facts(m->composed.message);
	struct supply_message *s = &m->supply;
	size_t i;

	s->reverse_path = facts->reverse_path;
	s->count = m->all = facts->recipient_count;
	s->recipients =
	    arena_alloc(&m->arena, s->count * sizeof(*s->recipients));
	s->fates = arena_alloc(&m->arena, s->count * sizeof(*s->fates));
	for (i = 0; i < s->count; i++) {
		s->recipients[i].address = facts->recipients[i].mailbox;
		if (parameters_of(&m->parameters, &facts->recipients[i],
			&m->arena, &s->recipients[i].parameters, err) == -1)
			return -1;
	}
	return 0;
}

static int
compose(struct each *e, struct each_message *m, struct compose_own *own,
    struct error *err)
{
	struct record *r = &m->record;

	if (plan_fill(&e->plan, r, &m->arena, &m->settings, own, err) == -1 ||
	    (records_are_complete(&e->records) &&
		take_complete(r, own, err) == -1) ||
	    parameters_read(&m->parameters, &m->settings, &m->arena, err) ==
		-1 ||
	    compose_one(&m->settings, e->process, own, &m->arena, &m->composed,
		err) == -1 ||
	    take_recipients(m, err) == -1)
		return -1;
	m->message_id = message_facts(m->composed.message)->message_id;
	m->supply.weight = sizeof(*m) + r->bytes.text.len +
	    (own->text != NULL ? 2 * strlen(own->text) : 0) +
	    (own->html != NULL ? 2 * strlen(own->html) : 0);
	m->files = (size_t)(own->fd != -1) + parts_files(&m->composed.parts);
	if (m->files > e->files)
		e->files = m->files;
	m->supply.asked = m->parameters.mail;
	if (e->settings->message.binary == BINARY_MUST &&
	    message_facts(m->composed.message)->binary)
		m->demands_binary = true;
	return 0;
}

static int
make(struct each *e, struct each_message *m, const struct journal_key *key,
    struct error *err)
{
	struct compose_own own = {
	    .fd = -1, .charset = e->charset, .local = e->local};
	bool moulds = e->sending && e->ascii && e->local == NULL;

	if (key == NULL &&
	    each_message_key(e, &m->record, &m->arena, &m->supply.key, err) ==
		-1)
		return -1;
	if (key != NULL) {
		m->supply.key = *key;
		m->supply.key.text =
		    arena_memdup(&m->arena, key->text, key->len);
	}
	set_ident(e, m, &own.ident);
	m->supply.date = own.ident.now;
	m->texts.arena = &m->arena;
	m->supply.texts = &m->texts;
	m->supply.all_or_nothing = e->settings->delivery.all_or_nothing;
	if (moulds && mould_cast(e, m, &own.ident))
		return 0;
	if (compose(e, m, &own, err) == -1)
		return -1;
	if (moulds)
		mould_learn(e, m, &own.ident);
	return 0;
}

static struct each_message *
take_spare(struct each *e)
{
	struct each_message *m = e->spare;
	struct arena arena;

	if (m == NULL)
		return memory_alloc(sizeof(*m));
	e->spare = (struct each_message *)m->supply.next;
	arena = m->arena;
	memset(m, 0, sizeof(*m));
	m->arena = arena;
	return m;
}

int
each_message_make(struct each *e, struct record *r,
    const struct journal_key *key, struct each_message **out, struct error *err)
{
	struct each_message *m = take_spare(e);

	m->record = *r;
	*r = RECORD_NONE;
	m->supply.place = m->record.place;
	m->line = m->record.line;
	if (make(e, m, key, err) == -1) {
		each_message_blame(e, &m->record, err);
		each_message_free(e, m);
		return -1;
	}
	/* What stands in the list is not looked at any more. */
	m->record.value = NULL;
	m->record.cells = NULL;
	m->record.object = NULL;
	*out = m;
	return 0;
}

bool
each_message_reduce(struct each *e, struct each_message *m, bool unknown)
{
	struct supply_message *s = &m->supply;
	enum journal_state state;
	size_t i, n = 0;

	for (i = 0; i < s->count; i++) {
		state = journal_recipient(
		    e->journal, &s->key, s->recipients[i].address);
		if (state == JOURNAL_ACCEPTED || state == JOURNAL_PARTIAL ||
		    state == JOURNAL_REFUSED ||
		    (state == JOURNAL_UNKNOWN && !unknown))
			continue;
		s->recipients[n++] = s->recipients[i];
	}
	s->count = n;
	return n > 0;
}

int
each_message_open(struct each *e, struct each_message *m,
    const struct smtp_capabilities *c, struct error *err)
{
	const struct message_facts *facts;
	struct smtp_transaction *tx = &m->supply.transaction;
	const struct mime_form form = {
	    .eight_bit = smtp_capable(c, SMTP_8BITMIME),
	    .binary = smtp_capable(c, SMTP_BINARYMIME),
	    .utf8 = smtp_capable(c, SMTP_SMTPUTF8),
	};
	struct mime_stream stream;

	e->begun = true;
	if (m->octets != NULL) {
		tx->body = source_from_bytes(m->octets, m->octets_len);
		tx->size = m->octets_len;
		return 0;
	}
	facts = message_facts(m->composed.message);
	if (m->demands_binary && !form.binary)
		return error_set(err, EX_UNAVAILABLE,
		    "--binary=must: the server does not offer BINARYMIME");
	if (message_open(m->composed.message, &form, &stream, err) == -1)
		return -1;
	tx->body = stream.source;
	tx->size = stream.size;
	tx->parameters = parameters_of_form(m->declared, facts, &stream);
	return 0;
}

void
each_message_free(struct each *e, struct each_message *m)
{
	source_free(m->supply.transaction.body);
	composed_clear(&m->composed);
	record_clear(&m->record);
	smtp_texts_clear(&m->texts);
	arena_clear(&m->settings.arena);
	arena_reset(&m->arena);
	m->supply.next = (struct supply_message *)e->spare;
	e->spare = m;
}

void
each_message_forget(struct each *e)
{
	struct each_message *m;

	while ((m = e->spare) != NULL) {
		e->spare = (struct each_message *)m->supply.next;
		arena_clear(&m->arena);
		free(m);
	}
}
