/* flush_unsent: what becomes of messages of the outbox that were not sent. */
#include "command/flush.h"

#include <time.h>

#include "outbox/retry.h"

void
flush_count_error(struct flush *f, const struct error *err)
{
	if (err->status == EX_DATAERR)
		f->counts.bad++;
	else
		f->counts.left++;
}

bool
flush_is_too_late(const struct flush *f, const struct outbox_message *m)
{
	return retry_is_over(m->since, (int64_t)time(NULL), f->lifetime_s);
}

/* What no server has said anything about. */
static void
tell_unsent(struct flush *f, struct outbox_message *m, const struct error *why,
    enum outbox_fate fate, bool expired)
{
	const struct outbox_envelope *e = &m->envelope;
	struct smtp_recipient *to =
	    arena_alloc(&m->arena, e->count * sizeof(*to));
	struct flush_told told = {.id = e->id,
	    .from = e->reverse_path,
	    .recipients = to,
	    .count = e->count,
	    .size = m->size,
	    .why = why->text,
	    .status =
		fate == OUTBOX_REFUSED && !expired ? why->status : EX_TEMPFAIL,
	    .expired = expired,
	    .failed = fate == OUTBOX_REFUSED};
	size_t i;

	for (i = 0; i < e->count; i++)
		to[i] =
		    (struct smtp_recipient){.address = e->recipients[i].address,
			.result = {.verdict = told.status == EX_TEMPFAIL
				? SMTP_DEFERRED
				: SMTP_NOT_SENT,
			    .status = told.status,
			    .text = why->text}};
	flush_tell(f, &told);
}

void
flush_settle_unsent(struct flush *f, struct outbox_message *m,
    enum outbox_fate fate, int64_t due, const struct error *why)
{
	enum outbox_fate *fates =
	    arena_alloc(&m->arena, m->envelope.count * sizeof(*fates));
	const bool expired = fate == OUTBOX_LATER && flush_is_too_late(f, m);
	struct outbox_verdict v = {.fates = fates,
	    .now = (int64_t)time(NULL),
	    .due = due,
	    .unreached = true,
	    .said = why->text};
	struct error err;
	size_t i;

	if (expired) {
		fate = OUTBOX_REFUSED;
		v.said = arena_printf(
		    &m->arena, "%s\n%s", why->text, FLUSH_TOO_LATE);
		flush_tell_expired(f, m->envelope.id);
	}
	for (i = 0; i < m->envelope.count; i++)
		fates[i] = fate;
	if (outbox_settle(m, &v, &err) == -1) {
		flush_tell_error(f, m->envelope.id, &err);
		f->counts.left++;
		return;
	}
	tell_unsent(f, m, why, fate, expired);
	if (expired)
		f->counts.expired++;
	else if (fate == OUTBOX_REFUSED)
		f->counts.refused++;
	else
		f->counts.left++;
}

void
flush_leave(struct flush *f)
{
	size_t i;

	for (i = 0; i < f->group->count; i++)
		f->counts.left += !f->over[i];
}

/* All of the group that this run is not done with. */
static void
settle_rest(struct flush *f, enum outbox_fate fate, const struct error *why)
{
	struct outbox_message m;
	struct error err;
	size_t i;

	for (i = 0; i < f->group->count; i++) {
		if (f->over[i])
			continue;
		switch (outbox_take(f->outbox, OUTBOX_QUEUE,
		    f->group->entries[i]->id, &m, &err)) {
		case OUTBOX_ERROR:
			flush_tell_error(f, f->group->entries[i]->id, &err);
			flush_count_error(f, &err);
			break;
		case OUTBOX_GONE:
		case OUTBOX_BUSY:
			break;
		case OUTBOX_TAKEN:
			if (!m.held)
				flush_settle_unsent(
				    f, &m, fate, f->group->then, why);
			outbox_put(&m);
			break;
		}
	}
}

/* One back-off for all of a server's: however many wait, it is tried once when
 * their time has come. */
void
flush_put_off(struct flush *f, const struct error *why)
{
	f->group->then =
	    (int64_t)time(NULL) + retry_after_s(f->group->tries, &f->random);
	settle_rest(f, OUTBOX_LATER, why);
	flush_align(f);
}

void
flush_refuse(struct flush *f, const struct error *why)
{
	settle_rest(f, OUTBOX_REFUSED, why);
}
