#include "batch/judge.h"

#include <string.h>

static struct schedule_reply
reply_of(const struct smtp_result *r)
{
	return (struct schedule_reply){.code = r->code,
	    .enhanced = r->enhanced,
	    .text = r->text,
	    .phase = r->phase,
	    .accepted = r->verdict == SMTP_ACCEPTED};
}

static const char *
domain_of(const char *mailbox)
{
	const char *at = strrchr(mailbox, '@');

	return at != NULL ? at + 1 : NULL;
}

/* What no server said: the message cannot go out, now or ever. */
static bool
is_ours(const struct smtp_transaction *tx, const struct smtp_result *r)
{
	return !tx->abandoned && r->code == 0 && r->verdict != SMTP_ACCEPTED &&
	    r->verdict != SMTP_UNKNOWN && r->status != 0 &&
	    r->status != EX_TEMPFAIL;
}

/* Of an abandoned message: said of this recipient, so that it stands. */
static bool
is_his_own(const struct smtp_result *r)
{
	return r->verdict == SMTP_REFUSED && r->status == EX_NOUSER;
}

static enum supply_fate
fate_of(const struct supply_message *m, size_t i, struct schedule *schedule,
    int64_t now_us, int64_t *due_us)
{
	const struct smtp_result *r = &m->recipients[i].result;
	struct schedule_reply reply = reply_of(r);
	int64_t at = now_us;

	if (r->verdict == SMTP_UNKNOWN)
		return SUPPLY_UNKNOWN;
	if (r->status >= EX_SIGNAL)
		return SUPPLY_LEFT;
	if (is_ours(&m->transaction, r))
		return SUPPLY_OVER;
	/* Whatever code it has, as older servers have others. */
	if (m->recipients[i].one_too_many) {
		reply.code = 452;
		reply.enhanced = "4.5.3";
	}
	/* Of the connection, or of the message before it: not of this one. */
	if (m->transaction.abandoned && !is_his_own(r)) {
		reply.code = reply.code == 421 ? 421 : 0;
		reply.phase = SMTP_PHASE_DATA;
	}
	switch (schedule_recipient(schedule, &reply,
	    domain_of(m->recipients[i].address), m->tries, m->first_us, now_us,
	    &at)) {
	case SCHEDULE_FINAL:
		return SUPPLY_OVER;
	case SCHEDULE_LATER:
		if (at > *due_us)
			*due_us = at;
		return SUPPLY_LATER;
	case SCHEDULE_TODO:
		return schedule_stopped(schedule, NULL) == NULL ? SUPPLY_LATER
								: SUPPLY_LEFT;
	case SCHEDULE_GIVEN_UP:
		break;
	}
	return SUPPLY_LEFT;
}

static bool
is_refused(const struct supply_message *m, size_t i)
{
	return m->fates[i] == SUPPLY_OVER &&
	    m->recipients[i].result.verdict != SMTP_ACCEPTED;
}

/* Whom the server did not take since it took others, or was not asked for. */
static bool
is_for_the_next(const struct supply_message *m, size_t i)
{
	const struct smtp_transaction *tx = &m->transaction;
	struct schedule_reply reply;

	if (i >= tx->recipient_count || m->recipients[i].one_too_many)
		return true;
	reply = reply_of(&m->recipients[i].result);
	return !tx->abandoned && reply_kind(&reply, NULL) == REPLY_TRANSACTION;
}

/* Those have their turn at once, and no try was theirs, if one of the others is
 * done with: else they would meet the same. */
static void
split(struct supply_message *m, int64_t now_us, int64_t *due_us)
{
	bool over = false, later = false, next = false;
	size_t i;

	for (i = 0; i < m->count; i++) {
		if (is_for_the_next(m, i)) {
			next = true;
			continue;
		}
		over |=
		    m->fates[i] == SUPPLY_OVER || m->fates[i] == SUPPLY_UNKNOWN;
		later |= m->fates[i] == SUPPLY_LATER;
	}
	for (i = 0; i < m->count; i++) {
		if (i >= m->transaction.recipient_count)
			m->fates[i] = later ? SUPPLY_LATER : SUPPLY_LEFT;
		if (over && is_for_the_next(m, i))
			m->fates[i] = SUPPLY_LATER;
	}
	if (!next || !over || later)
		return;
	*due_us = now_us;
	m->split = true;
}

/* Who was not asked for has no result of his own. */
static void
fill_rest(struct supply_message *m)
{
	size_t i;

	for (i = m->transaction.recipient_count; i < m->count; i++)
		m->recipients[i].result =
		    (struct smtp_result){.verdict = SMTP_NOT_SENT,
			.phase = SMTP_PHASE_RCPT,
			.status = EX_TEMPFAIL,
			.text = "the server takes fewer recipients at a time"};
}

/* Whoever is told of it is not to take him for done with. */
static void
put_off_refused(struct supply_message *m)
{
	struct smtp_result *r;
	size_t i;

	for (i = 0; i < m->count; i++) {
		r = &m->recipients[i].result;
		if (m->fates[i] != SUPPLY_LEFT || r->verdict != SMTP_REFUSED)
			continue;
		r->verdict = SMTP_DEFERRED;
		r->status = EX_TEMPFAIL;
	}
}

/* All or nothing: who was not asked for since another one was refused shares
 * the fate of that one.  Once the message is out each one has his own: LMTP. */
static void
share_fate(struct supply_message *m)
{
	enum supply_fate fate = SUPPLY_OVER;
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->recipients[i].result.status != 0 &&
		    m->fates[i] != SUPPLY_OVER)
			fate = m->fates[i];
	for (i = 0; i < m->count; i++)
		m->fates[i] = fate;
}

static bool
same(const struct smtp_result *a, const struct smtp_result *b)
{
	return a->code == b->code && strcmp(a->enhanced, b->enhanced) == 0;
}

/* The reply that stands for the message: see schedule_done. */
static const struct smtp_result *
decisive(const struct supply_message *m)
{
	const struct smtp_result *first = NULL, *r;
	bool alike = true;
	size_t i;

	for (i = 0; i < m->transaction.recipient_count; i++) {
		r = &m->recipients[i].result;
		if (r->verdict == SMTP_ACCEPTED)
			return r;
		/* What was said of all, or of each by himself. */
		if (first == NULL ||
		    (first->phase == SMTP_PHASE_RCPT &&
			r->phase != SMTP_PHASE_RCPT)) {
			first = r;
			alike = true;
		}
		if (r->phase == first->phase)
			alike = alike && same(r, first);
	}
	return alike ? first : NULL;
}

enum schedule_hold
judge(struct supply_message *m, struct schedule *schedule, unsigned lane,
    int64_t now_us, int64_t *due_us)
{
	const struct smtp_result *result = decisive(m);
	struct schedule_reply reply;
	size_t i;

	*due_us = now_us;
	for (i = 0; i < m->transaction.recipient_count; i++)
		m->fates[i] = fate_of(m, i, schedule, now_us, due_us);
	split(m, now_us, due_us);
	fill_rest(m);
	if (m->all_or_nothing && !m->transaction.message_sent &&
	    !judge_has(m, SUPPLY_UNKNOWN))
		share_fate(m);
	if (result != NULL)
		reply = reply_of(result);
	put_off_refused(m);
	if (m->transaction.abandoned) {
		if (!m->tried)
			schedule_take_back(schedule, lane);
		return SCHEDULE_HOLD_NOTHING;
	}
	if (result != NULL && is_ours(&m->transaction, result))
		result = NULL;
	return schedule_done(
	    schedule, lane, result != NULL ? &reply : NULL, now_us);
}

bool
judge_has(const struct supply_message *m, enum supply_fate fate)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->fates[i] == fate)
			return true;
	return false;
}

void
judge_leave_refused(struct supply_message *m)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (is_refused(m, i))
			m->fates[i] = SUPPLY_LEFT;
	put_off_refused(m);
}

void
judge_write(const struct supply_message *m, struct journal *journal, bool held,
    int64_t now)
{
	size_t i, over = 0;

	for (i = 0; i < m->count; i++)
		over +=
		    m->fates[i] == SUPPLY_OVER && !(held && is_refused(m, i));
	for (i = 0; i < m->count; i++) {
		const struct smtp_result *r = &m->recipients[i].result;
		bool ours = is_ours(&m->transaction, r);
		struct journal_verdict v = {
		    .recipient = m->recipients[i].address,
		    .verdict = r->verdict,
		    .code = r->code,
		    .enhanced = r->enhanced,
		    .text = r->text};

		/* Of whom nothing was said, and nothing went out. */
		if (i >= m->transaction.recipient_count ||
		    (m->transaction.abandoned && !m->tried &&
			m->fates[i] != SUPPLY_OVER))
			continue;
		if (m->fates[i] != SUPPLY_OVER && m->fates[i] != SUPPLY_UNKNOWN)
			v.verdict = r->verdict == SMTP_NOT_SENT ? SMTP_NOT_SENT
								: SMTP_DEFERRED;
		else if (held && is_refused(m, i))
			v.verdict = SMTP_DEFERRED;
		else if (ours ||
		    (m->fates[i] == SUPPLY_OVER && r->verdict == SMTP_NOT_SENT))
			v.verdict = SMTP_REFUSED;
		v.over = over == m->count && i + 1 == m->count;
		journal_verdict(journal, &m->key, &v, now);
	}
}
