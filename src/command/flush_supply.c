/* flush_supply: one message of the outbox after another, and what becomes of
 * each. */
#include "command/flush.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/enqueue.h"
#include "lib/clock.h"
#include "lib/memory.h"
#include "outbox/retry.h"
#include "report/many.h"

struct flushed {
	struct supply_message supply; /* the first member */
	struct arena arena;
	struct settings settings;
	struct composed composed;
	struct smtp_texts texts;
	struct parameters parameters;
	struct smtp_parameter declared[2];
	struct outbox_message taken;
	enum outbox_fate *fates;
};

static void
drop(struct flushed *m)
{
	source_free(m->supply.transaction.body);
	composed_clear(&m->composed);
	outbox_put(&m->taken);
	smtp_texts_clear(&m->texts);
	arena_clear(&m->arena);
	free(m);
}

/* --- what becomes of it ---------------------------------------------------*/

static enum outbox_fate
fate_of(const struct flush *f, const struct flushed *m, size_t i)
{
	const struct supply_message *s = &m->supply;

	switch (s->fates[i]) {
	case SUPPLY_UNKNOWN:
		return OUTBOX_UNSURE;
	case SUPPLY_LATER:
	case SUPPLY_LEFT:
		return OUTBOX_LATER;
	case SUPPLY_OVER:
		break;
	}
	if (s->recipients[i].result.verdict == SMTP_ACCEPTED)
		return OUTBOX_OVER;
	/* Somebody may change the configuration. */
	return enqueue_server_lacks(&s->recipients[i].result) &&
		!flush_call_demands(f, &m->settings, &m->taken.envelope)
	    ? OUTBOX_LATER
	    : OUTBOX_REFUSED;
}

static bool
has(const struct flushed *m, enum outbox_fate fate)
{
	size_t i;

	for (i = 0; i < m->supply.count; i++)
		if (m->fates[i] == fate)
			return true;
	return false;
}

/* Those who are tried again in this run may fare better; it is one message. */
static void
note_fates(struct flush *f, const struct flushed *m)
{
	unsigned *had = &f->had[m->supply.place.offset];
	size_t i;

	for (i = 0; i < m->supply.count; i++)
		if (m->fates[i] != OUTBOX_LATER)
			*had |= 1U << m->fates[i];
	f->somebody |= (*had & (1U << OUTBOX_OVER | 1U << OUTBOX_UNSURE)) != 0;
}

static void
count(struct flush *f, const struct flushed *m, bool expired)
{
	const unsigned had = f->had[m->supply.place.offset];
	struct flush_counts *n = &f->counts;

	if (had & 1U << OUTBOX_UNSURE) {
		n->unknown++;
		n->also_left += has(m, OUTBOX_LATER);
	} else if (has(m, OUTBOX_LATER)) {
		n->left++;
	} else if (expired) {
		n->expired++;
	} else if (!(had & 1U << OUTBOX_REFUSED)) {
		n->accepted++;
	} else if (had & 1U << OUTBOX_OVER) {
		n->partial++;
	} else {
		n->refused++;
	}
}

static void
put_said(const struct flushed *m, struct buf *out)
{
	const struct smtp_recipient *to;
	size_t i;

	for (i = 0; i < m->supply.count; i++) {
		to = &m->supply.recipients[i];
		if (to->result.verdict == SMTP_ACCEPTED ||
		    to->result.text == NULL)
			continue;
		buf_printf(
		    out, "%s%s: ", out->len > 0 ? "\n" : "", to->address);
		if (to->result.code > 0 && to->result.code < 600)
			buf_printf(out, "%d ", to->result.code);
		buf_puts(out, to->result.text);
	}
}

static void
report(const struct flush *f, const struct flushed *m, bool expired)
{
	const struct supply_message *s = &m->supply;
	bool *again = memory_alloc(s->count * sizeof(*again));
	const struct report_many r = {.program = f->process->name,
	    .where = m->taken.envelope.id,
	    .key = m->taken.envelope.id,
	    .message_id = message_facts(m->composed.message)->message_id,
	    .recipients = s->recipients,
	    .again = again,
	    .count = s->count,
	    .tries = m->taken.tries + 1,
	    .expired = expired};
	struct buf out = {0};
	struct error err;
	size_t i;

	for (i = 0; i < s->count; i++)
		again[i] = s->fates[i] == SUPPLY_LATER;
	report_many_text(&out, &r, f->settings->report.verbose > 0);
	if (out.len > 0 && (!f->beside || f->settings->report.verbose > 0))
		output_tell(f->process, &out);
	buf_reset(&out);
	if (f->settings->report.json && report_many_json(&out, &r, &err) == 0)
		(void)output_print(f->process, &out);
	buf_clear(&out);
	free(again);
}

static void
give_up(const struct flush *f, struct flushed *m, struct buf *said)
{
	size_t i;

	for (i = 0; i < m->supply.count; i++)
		if (m->fates[i] == OUTBOX_LATER)
			m->fates[i] = OUTBOX_REFUSED;
	buf_printf(said, "%s%s", said->len > 0 ? "\n" : "", FLUSH_TOO_LATE);
	flush_tell_expired(f, m->taken.envelope.id);
}

/* Those who are done with, of one that was no try for the others. */
static size_t
decided(struct flushed *m, bool no_try, const struct smtp_recipient **out)
{
	const struct supply_message *s = &m->supply;
	struct smtp_recipient *to;
	size_t n = 0, i;

	*out = s->recipients;
	if (!no_try)
		return s->count;
	*out = to = arena_alloc(&m->arena, s->count * sizeof(*to));
	for (i = 0; i < s->count; i++)
		if (m->fates[i] != OUTBOX_LATER)
			to[n++] = s->recipients[i];
	return n;
}

static void
tell_tried(struct flush *f, struct flushed *m, bool expired, bool no_try)
{
	const struct smtp_recipient *to;
	const size_t n = decided(m, no_try, &to);
	const struct flush_told told = {.id = m->taken.envelope.id,
	    .from = m->taken.envelope.reverse_path,
	    .message_id = message_facts(m->composed.message)->message_id,
	    .recipients = to,
	    .count = n,
	    .size = m->taken.size,
	    .status = n > 0 ? outcome_of(to, n).status : EX_OK,
	    .expired = expired,
	    .failed = has(m, OUTBOX_REFUSED)};

	if (n > 0)
		flush_tell(f, &told);
}

/* What is in unknown/ now is not sent again by itself. */
static void
not_settled(const struct flush *f, struct flushed *m, const struct error *err)
{
	struct error told = *err;
	size_t i;

	if (m->taken.place == OUTBOX_UNKNOWN) {
		error_context(&told, "it may stay in unknown/");
		for (i = 0; i < m->supply.count; i++)
			m->fates[i] = OUTBOX_UNSURE;
	}
	flush_tell_error(f, m->taken.envelope.id, &told);
}

static void
supply_told(struct supply *supply, const struct supply_message *s)
{
	struct flush *f = (struct flush *)supply;
	struct flushed *m = (struct flushed *)s;
	const int64_t now = (int64_t)time(NULL);
	struct buf said = {0};
	struct outbox_verdict v = {.fates = m->fates, .now = now};
	/* Who told us to stop broke it off, and not the server. */
	const bool cut = s->transaction.abandoned && *f->process->signal != 0;
	bool again = false, expired;
	struct error err;
	size_t i;

	for (i = 0; i < s->count; i++) {
		m->fates[i] = fate_of(f, m, i);
		again |= s->fates[i] == SUPPLY_LATER;
	}
	expired = !again && !s->transaction.abandoned && has(m, OUTBOX_LATER) &&
	    flush_is_too_late(f, &m->taken);
	report(f, m, expired);
	/* In this run it is tried again at once; nothing was decided. */
	v.again = again || cut;
	v.due = v.again ? now : now + retry_after_s(m->taken.tries, &f->random);
	put_said(m, &said);
	if (expired)
		give_up(f, m, &said);
	v.said = said.len > 0 ? buf_string(&said) : NULL;
	if (outbox_settle(&m->taken, &v, &err) == -1) {
		not_settled(f, m, &err);
		again &= m->taken.place != OUTBOX_UNKNOWN;
	}
	note_fates(f, m);
	tell_tried(f, m, expired, again || cut);
	if (!again) {
		count(f, m, expired);
		f->over[s->place.offset] = true;
	}
	buf_clear(&said);
}

/* --- where it comes from --------------------------------------------------*/

static void
set_recipients(struct flushed *m)
{
	const struct outbox_envelope *e = &m->taken.envelope;
	struct strings *list = &m->settings.message.operands;
	size_t i;

	*list = (struct strings){0};
	list->items = arena_alloc(&m->arena, e->count * sizeof(*list->items));
	for (i = 0; i < e->count; i++)
		list->items[list->count++] = arena_printf(&m->arena, "%s%s",
		    e->recipients[i].address, e->recipients[i].parameters);
}

static int
take_recipients(struct flushed *m, struct error *err)
{
	const struct message_facts *facts = message_facts(m->composed.message);
	struct supply_message *s = &m->supply;
	size_t i;

	s->reverse_path = facts->reverse_path;
	s->count = facts->recipient_count;
	s->recipients =
	    arena_alloc(&m->arena, s->count * sizeof(*s->recipients));
	s->fates = arena_alloc(&m->arena, s->count * sizeof(*s->fates));
	m->fates = arena_alloc(&m->arena, s->count * sizeof(*m->fates));
	if (s->count != m->taken.envelope.count)
		return error_set(err, EX_DATAERR, "its envelope is damaged");
	for (i = 0; i < s->count; i++) {
		s->recipients[i].address = facts->recipients[i].mailbox;
		if (parameters_of(&m->parameters, &facts->recipients[i],
			&m->arena, &s->recipients[i].parameters, err) == -1)
			return -1;
	}
	return 0;
}

static int
make(const struct flush *f, struct flushed *m, struct error *err)
{
	const struct outbox_message *taken = &m->taken;
	const struct compose_own own = {.ident = f->ident,
	    .charset = f->charset,
	    .complete = true,
	    .fd = taken->fd,
	    .size = taken->size,
	    .name = taken->envelope.id};

	m->settings = *f->settings;
	m->settings.message.files = (struct strings){0};
	m->settings.message.envelope_from =
	    taken->envelope.reverse_path[0] != '\0'
	    ? taken->envelope.reverse_path
	    : "<>";
	/* They are among the recipients, or have it already. */
	m->settings.message.bcc = (struct strings){0};
	m->settings.message.bcc_file = (struct strings){0};
	m->settings.message.standing_bcc = (struct strings){0};
	m->settings.message.standing_bcc_file = (struct strings){0};
	set_recipients(m);
	if (parameters_read(&m->parameters, &m->settings, &m->arena, err) ==
		-1 ||
	    compose_one(&m->settings, f->process, &own, &m->arena, &m->composed,
		err) == -1 ||
	    take_recipients(m, err) == -1)
		return -1;
	m->texts.arena = &m->arena;
	m->supply.texts = &m->texts;
	m->supply.asked = m->parameters.mail;
	m->supply.weight = sizeof(*m);
	m->supply.key = (struct journal_key){
	    taken->envelope.id, strlen(taken->envelope.id), 0};
	m->supply.date = taken->envelope.time;
	return 0;
}

/* 1, or 0: it is not to be sent now. */
static int
take(struct flush *f, size_t at, struct supply_message **out)
{
	const struct outbox_entry *entry = f->group->entries[at];
	struct flushed *m = memory_alloc(sizeof(*m));
	struct error err;
	enum outbox_taken taken =
	    outbox_take(f->outbox, OUTBOX_QUEUE, entry->id, &m->taken, &err);

	/* Or somebody else is at it, or it is held. */
	f->over[at] = true;
	if (taken == OUTBOX_ERROR) {
		flush_tell_error(f, entry->id, &err);
		flush_count_error(f, &err);
	}
	if (taken != OUTBOX_TAKEN) {
		free(m);
		return 0;
	}
	if (m->taken.held) {
		drop(m);
		return 0;
	}
	if (make(f, m, &err) == -1) {
		flush_tell_error(f, entry->id, &err);
		flush_settle_unsent(f, &m->taken,
		    err.status == EX_DATAERR || err.status == EX_USAGE
			? OUTBOX_REFUSED
			: OUTBOX_LATER,
		    (int64_t)time(NULL) +
			retry_after_s(m->taken.tries, &f->random),
		    &err);
		drop(m);
		return 0;
	}
	f->over[at] = false;
	m->supply.place.offset = at;
	*out = &m->supply;
	return 1;
}

bool
flush_is_to_end(const struct flush *f)
{
	const int64_t now = clock_monotonic_us(), d = f->process->deadline_us;

	return *f->process->signal != 0 || now >= f->until_us ||
	    (d != 0 && now >= d);
}

static int
supply_next(
    struct supply *supply, struct supply_message **out, struct error *err)
{
	struct flush *f = (struct flush *)supply;

	(void)err;
	while (f->at < f->group->count && !flush_is_to_end(f)) {
		f->at++;
		supply->left = f->group->count - f->at;
		if (take(f, f->at - 1, out) == 1)
			return SUPPLY_MESSAGE;
	}
	supply->left = 0;
	return SUPPLY_END;
}

static int
supply_again(struct supply *supply, const struct supply_place *place,
    struct supply_message **out, struct error *err)
{
	struct flush *f = (struct flush *)supply;

	(void)err;
	return !f->over[place->offset] && !flush_is_to_end(f) &&
		take(f, (size_t)place->offset, out) == 1
	    ? SUPPLY_MESSAGE
	    : SUPPLY_END;
}

static int
supply_open(struct supply *supply, struct supply_message *s,
    const struct smtp_capabilities *c, struct error *err)
{
	struct flushed *m = (struct flushed *)s;
	const struct message_facts *facts = message_facts(m->composed.message);
	const struct mime_form form = {
	    .eight_bit = smtp_capable(c, SMTP_8BITMIME),
	    .utf8 = smtp_capable(c, SMTP_SMTPUTF8),
	};
	struct mime_stream stream;

	(void)supply;
	if (message_open(m->composed.message, &form, &stream, err) == -1)
		return -1;
	s->transaction.body = stream.source;
	s->transaction.size = stream.size;
	s->transaction.parameters =
	    parameters_of_form(m->declared, facts, &stream);
	return 0;
}

static int
supply_mark(
    struct supply *supply, struct supply_message *first, struct error *err)
{
	struct supply_message *s;
	struct outbox_message **all;
	size_t n = 0;
	int r;

	(void)supply;
	for (s = first; s != NULL; s = s->next)
		n++;
	all = memory_alloc(n * sizeof(*all));
	n = 0;
	for (s = first; s != NULL; s = s->next)
		all[n++] = &((struct flushed *)s)->taken;
	r = outbox_mark_all(all, n, err);
	free(all);
	return r;
}

static void
supply_free(struct supply *supply, struct supply_message *s)
{
	(void)supply;
	drop((struct flushed *)s);
}

void
flush_supply_begin(struct flush *f)
{
	static const struct supply_ops ops = {
	    .next = supply_next,
	    .again = supply_again,
	    .open = supply_open,
	    .mark = supply_mark,
	    .told = supply_told,
	    .free = supply_free,
	};

	f->supply =
	    (struct supply){.ops = &ops, .fd = -1, .left = f->group->count};
}
