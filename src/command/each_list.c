/* each_list: the list that many messages are made of, as a supply. */
#include "command/each.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/memory.h"
#include "lib/siphash.h"
#include "options/option.h"

enum { LOOK_EVERY = 32 }; /* records, at signals and the clock */

static void
skip(struct each_skips *s, uint64_t number)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity * 2 + 64;
		s->numbers = memory_realloc(
		    s->numbers, s->capacity, sizeof(*s->numbers));
	}
	s->numbers[s->count++] = number;
}

static bool
is_skipped(struct each_skips *s, uint64_t number)
{
	while (s->at < s->count && s->numbers[s->at] < number)
		s->at++;
	return s->at < s->count && s->numbers[s->at] == number;
}

void
each_bad(struct each *e, const struct error *err)
{
	if (e->counts.bad++ == 0)
		e->bad = *err;
	each_progress_over(e);
	output_text_error(e->settings, e->process, err);
}

static void
add_hash(struct each *e, uint64_t hash)
{
	unsigned char secret[SIPHASH_SECRET] = {0};

	memcpy(secret, &e->list_hash, sizeof(e->list_hash));
	e->list_hash = siphash(secret, &hash, sizeof(hash));
}

/* A record that another one is the same as, by its key, is sent once. */
static void
tell_double(struct each *e, const struct record *r)
{
	e->counts.doubles++;
	if (r->line > 0)
		each_tell_line(e,
		    "%s: line %llu: skipped: another record has the same key",
		    e->records.name, (unsigned long long)r->line);
	else
		each_tell_line(e, "%s: skipped: it is there twice", r->name);
}

/* Earlier runs are done with it: it need not even be one that can be made, since
 * its files may be gone. */
static bool
is_over(enum journal_state state)
{
	return state == JOURNAL_ACCEPTED || state == JOURNAL_PARTIAL ||
	    state == JOURNAL_REFUSED;
}

/* What earlier runs made of a record. */
static void
count_before(struct each *e, enum journal_state state)
{
	struct each_counts *n = &e->counts;

	n->all++;
	n->accepted += state == JOURNAL_ACCEPTED;
	n->partial += state == JOURNAL_PARTIAL;
	n->refused += state == JOURNAL_REFUSED;
	e->somebody |= state != JOURNAL_NEW && state != JOURNAL_TODO &&
	    state != JOURNAL_REFUSED;
}

enum meeting {
	MET_BAD = -1, /* *err */
	MET_DOUBLE,   /* it was told */
	MET_OVER,     /* counted; nothing is to be done */
	MET_OPEN,     /* counted; a message is to be made of it, */
	MET_NEW,      /* and nothing of it was tried before */
};

/* A record that comes for the first time in this run. */
static enum meeting
meet(struct each *e, const struct record *r, struct journal_key *key,
    struct error *err)
{
	enum journal_state state;

	arena_reset(&e->scratch);
	if (each_message_key(e, r, &e->scratch, key, err) == -1) {
		each_message_blame(e, r, err);
		return MET_BAD;
	}
	if (!journal_claim(e->journal, key)) {
		tell_double(e, r);
		return MET_DOUBLE;
	}
	state = journal_state(e->journal, key);
	count_before(e, state);
	return is_over(state)	   ? MET_OVER
	    : state == JOURNAL_NEW ? MET_NEW
				   : MET_OPEN;
}

/* Whether somebody is still to get it; else it is unknown, and is to stay so. */
static bool
is_to_be_sent(struct each *e, struct each_message *m)
{
	if (each_message_reduce(e, m, e->settings->many.resend_unknown))
		return true;
	e->counts.unknown++;
	return false;
}

static int
changed(const struct each *e, struct error *err)
{
	error_set(err, EX_DATAERR, "%s: it has changed while it was read",
	    e->records.name);
	return error_hint(err, "go on when nobody writes to it any more");
}

/* A message of a record that was checked before: 1, 0: none is to be sent; -1. */
static int
make_checked(struct each *e, struct record *r, struct each_message **out,
    struct error *err)
{
	struct journal_key key;

	if (is_skipped(&e->skips, r->place.number))
		return 0;
	arena_reset(&e->scratch);
	if (each_message_key(e, r, &e->scratch, &key, err) == -1 ||
	    journal_claim(e->journal, &key))
		return changed(e, err);
	if (is_over(journal_state(e->journal, &key)))
		return 0;
	if (each_message_make(e, r, &key, out, err) == -1)
		return -1;
	if (each_message_reduce(e, *out, e->settings->many.resend_unknown))
		return 1;
	each_message_free(e, *out);
	return 0;
}

/* Behind a bad record of a pipe, which has been told, or not. */
static int
go_on(struct each *e, struct error *err)
{
	int status = err->status;

	each_bad(e, err);
	if (e->settings->many.skip_bad)
		return 0;
	error_set(err, status, "%s: what comes behind record %llu was not read",
	    e->records.name, (unsigned long long)e->records.on.number);
	return error_hint(err, "--skip-bad goes on without it");
}

/* Of a pipe: the first and only look at it. */
static int
make_unchecked(struct each *e, struct record *r, struct each_message **out,
    struct error *err)
{
	struct journal_key key;
	enum meeting met = meet(e, r, &key, err);

	if (met >= MET_OPEN && each_message_make(e, r, &key, out, err) == -1) {
		e->counts.all--;
		met = MET_BAD;
	}
	if (met == MET_BAD)
		return go_on(e, err);
	if (met < MET_OPEN || is_to_be_sent(e, *out))
		return met >= MET_OPEN;
	each_message_free(e, *out);
	return 0;
}

static int
supply_next(
    struct supply *supply, struct supply_message **out, struct error *err)
{
	struct each *e = (struct each *)supply;
	struct each_message *m;
	struct record r;
	int made = 0;

	for (;;) {
		switch (records_next(&e->records, false, &r, err)) {
		case RECORDS_ERROR:
			record_clear(&r);
			return SUPPLY_ERROR;
		case RECORDS_END:
			supply->left = 0;
			return e->checked && e->records.on.number != e->found
			    ? changed(e, err)
			    : SUPPLY_END;
		case RECORDS_AGAIN:
			return SUPPLY_AGAIN;
		case RECORDS_BAD:
			made = e->checked ? 0 : go_on(e, err);
			break;
		case RECORDS_ONE:
			made = e->checked ? make_checked(e, &r, &m, err)
					  : make_unchecked(e, &r, &m, err);
			break;
		}
		record_clear(&r);
		if (made == -1)
			return SUPPLY_ERROR;
		if (made == 1)
			break;
	}
	if (supply->left != UINT64_MAX && supply->left > 0)
		supply->left--;
	*out = &m->supply;
	return SUPPLY_MESSAGE;
}

static int
supply_again(struct supply *supply, const struct supply_place *place,
    struct supply_message **out, struct error *err)
{
	struct each *e = (struct each *)supply;
	struct each_message *m;
	struct record r;

	if (records_again(&e->records, place, &r, err) != RECORDS_ONE ||
	    each_message_make(e, &r, NULL, &m, err) == -1) {
		record_clear(&r);
		return SUPPLY_ERROR;
	}
	if (!each_message_reduce(e, m, false)) {
		each_message_free(e, m);
		return SUPPLY_END;
	}
	*out = &m->supply;
	return SUPPLY_MESSAGE;
}

static int
supply_open(struct supply *supply, struct supply_message *m,
    const struct smtp_capabilities *c, struct error *err)
{
	return each_message_open(
	    (struct each *)supply, (struct each_message *)m, c, err);
}

static void
supply_told(struct supply *supply, const struct supply_message *m)
{
	each_tell_message(
	    (struct each *)supply, (const struct each_message *)m);
}

static void
supply_free(struct supply *supply, struct supply_message *m)
{
	each_message_free((struct each *)supply, (struct each_message *)m);
}

void
each_supply_begin(struct each *e)
{
	static const struct supply_ops ops = {
	    .next = supply_next,
	    .again = supply_again,
	    .open = supply_open,
	    .told = supply_told,
	    .free = supply_free,
	};

	e->supply.ops = &ops;
	e->supply.fd = e->records.fd;
	if (!e->checked)
		e->supply.left = UINT64_MAX;
}

/* One record of the first reading. */
static void
check_one(struct each *e, struct record *r)
{
	const uint64_t number = r->place.number;
	struct journal_key key;
	struct each_message *m;
	struct error err;
	struct plan_words words;
	enum meeting met;
	bool plain;

	add_hash(e, r->hash);
	met = meet(e, r, &key, &err);
	if (met >= MET_OPEN) {
		plain =
		    e->ascii && plan_words(&e->plan, r, &e->scratch, &words);
		/* A message can be made of it, as of another one. */
		if (plain && e->proven && met == MET_NEW) {
			e->supply.left++;
			return;
		}
		if (each_message_make(e, r, &key, &m, &err) == 0) {
			e->proven |= plain;
			e->supply.left += is_to_be_sent(e, m);
			each_message_free(e, m);
			return;
		}
		e->counts.all--;
		met = MET_BAD;
	}
	if (met == MET_BAD)
		each_bad(e, &err);
	if (met != MET_OVER)
		skip(&e->skips, number);
}

/* Nothing is sent of a list with bad records, unless that is wanted. */
static int
may_go(const struct each *e, uint64_t all, struct error *err)
{
	if (e->counts.bad == 0 || e->settings->many.skip_bad)
		return 0;
	error_set(err, e->bad.status,
	    "%llu of %llu records cannot be sent: nothing was sent",
	    (unsigned long long)e->counts.bad, (unsigned long long)all);
	return error_hint(err, "--skip-bad sends the others without them");
}

int
each_check(struct each *e, struct error *err)
{
	const struct wait_limits wait = process_wait(e->process);
	struct record r;
	enum records_result read;

	if (!e->records.lasting)
		return 0;
	for (;;) {
		read = records_next(&e->records, true, &r, err);
		if (read == RECORDS_ONE) {
			check_one(e, &r);
		} else if (read == RECORDS_BAD) {
			each_bad(e, err);
			skip(&e->skips, r.place.number);
			add_hash(e, 0);
		}
		record_clear(&r);
		if (read == RECORDS_ERROR)
			return -1;
		if (read == RECORDS_END)
			break;
		if (e->records.on.number % LOOK_EVERY != 0)
			continue;
		(void)each_progress(e);
		if (wait_interrupted(&wait, e->records.name, err) == -1)
			return -1;
	}
	each_progress_over(e);
	e->found = e->records.on.number;
	memcpy(e->list, &e->list_hash, sizeof(e->list_hash));
	e->checked = true;
	if (may_go(e, e->found, err) == -1)
		return -1;
	return records_rewind(&e->records, err);
}

/* --- one of them ----------------------------------------------------------*/

static bool
is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0';
}

static bool
is_for(const struct each_message *m, const char *address)
{
	size_t i;

	for (i = 0; i < m->supply.count; i++)
		if (ascii_equal(m->supply.recipients[i].address, address))
			return true;
	return false;
}

/* What --record names; the first one without it. */
static bool
is_meant(const struct each *e, const struct each_message *m)
{
	const char *record = e->settings->many.record;
	char number[24];

	if (record == NULL)
		return true;
	if (!is_number(record))
		return is_for(m, record);
	snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)m->supply.key.record);
	return strcmp(number, record) == 0;
}

static int
not_found(const struct each *e, struct error *err)
{
	const char *record = e->settings->many.record;
	char quoted[OPTION_QUOTED_SIZE];

	if (record == NULL)
		return error_set(
		    err, EX_DATAERR, "%s: no records", e->records.name);
	return error_set(err, EX_USAGE,
	    is_number(record) ? "--record: %s has no record %s that can be sent"
			      : "--record: %s has none for %s",
	    e->records.name, option_quote(record, quoted));
}

int
each_pick(struct each *e, struct each_message **out, struct error *err)
{
	const struct wait_limits wait = process_wait(e->process);
	struct each_message *m, *found = NULL;
	enum records_result read;
	struct record r;

	while (
	    (read = records_next(&e->records, true, &r, err)) != RECORDS_END) {
		if (read == RECORDS_ERROR ||
		    wait_interrupted(&wait, e->records.name, err) == -1)
			break;
		if (read == RECORDS_BAD ||
		    each_message_make(e, &r, NULL, &m, err) == -1) {
			each_bad(e, err);
			record_clear(&r);
		} else if (found == NULL && is_meant(e, m)) {
			found = m;
		} else {
			each_message_free(e, m);
		}
	}
	record_clear(&r);
	if (read == RECORDS_END && may_go(e, e->records.on.number, err) == 0 &&
	    (found != NULL || not_found(e, err) == 0)) {
		*out = found;
		return 0;
	}
	if (found != NULL)
		each_message_free(e, found);
	return -1;
}
