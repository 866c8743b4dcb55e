/* What becomes of a message of an outbox when it was tried. */
#include "outbox/outbox.h"

#include <errno.h>
#include <unistd.h>

#include "outbox/outbox_internal.h"

static int
failed(const struct outbox_message *m, struct error *err)
{
	return outbox_io_error(m->outbox, m->place, m->envelope.id, err);
}

static int
move_to(struct outbox_message *m, enum outbox_place to, struct error *err)
{
	if (outbox_move(m->outbox, m->place, to, m->envelope.id) == -1)
		return failed(m, err);
	m->place = to;
	return 0;
}

/* --- one fate for all ---------------------------------------------------- */

static int
remove_it(struct outbox_message *m, struct error *err)
{
	if (outbox_remove(m->outbox, m->place, m->envelope.id) == -1)
		return failed(m, err);
	return 0;
}

/* Nobody takes it from unknown/ by himself, should the power fail before the
 * directory is synced: that is done for many at once. */
static int
is_over(struct outbox_message *m, struct error *err)
{
	struct outbox *o = m->outbox;

	if (m->place != OUTBOX_UNKNOWN)
		return remove_it(m, err);
	if (unlinkat(o->dirs[m->place], m->envelope.id, 0) == -1 &&
	    errno != ENOENT)
		return failed(m, err);
	o->unsynced = true;
	return 0;
}

/* A line that cannot be written costs a word about the message, and the next
 * try comes sooner; the message is worth more. */
static int
put_off(
    struct outbox_message *m, int64_t due, bool unreached, struct error *err)
{
	int r = outbox_set_due(m->fd, due, unreached);

	if (r == -1)
		failed(m, err);
	if (m->place != OUTBOX_QUEUE && move_to(m, OUTBOX_QUEUE, err) == -1)
		return -1;
	return r;
}

static int
settle_whole(struct outbox_message *m, enum outbox_fate fate,
    const struct outbox_verdict *v, struct error *err)
{
	if (fate == OUTBOX_OVER)
		return is_over(m, err);
	if (!v->again || fate != OUTBOX_LATER)
		(void)outbox_add_line(
		    m->fd, v->now, v->said != NULL ? v->said : "");
	if (fate == OUTBOX_LATER)
		return put_off(m, v->due, v->unreached, err);
	if (fate == OUTBOX_UNSURE)
		return outbox_mark(m, err);
	return move_to(m, OUTBOX_FAILED, err);
}

static bool
is_damaged(const struct outbox_message *m, struct error *err)
{
	if (m->damaged)
		error_set(err, EX_DATAERR, "%s/%s/%s: is damaged",
		    m->outbox->path, outbox_place_name(m->place),
		    m->envelope.id);
	return m->damaged;
}

int
outbox_settle(
    struct outbox_message *m, const struct outbox_verdict *v, struct error *err)
{
	enum outbox_fate fate;

	if (is_damaged(m, err))
		return -1;
	fate = v->fates[0];
	if (outbox_count_fates(m, v, fate) == m->envelope.count &&
	    (fate != OUTBOX_REFUSED ||
		!outbox_has(m->outbox, OUTBOX_FAILED, m->envelope.id)))
		return settle_whole(m, fate, v, err);
	/* The rest gets the name that it would have in queue/. */
	if (outbox_mark(m, err) == -1)
		return -1;
	return outbox_settle_parts(m, v, err);
}

int
outbox_put_off(struct outbox_message *m, int64_t due, struct error *err)
{
	return put_off(m, due, true, err);
}

/* --- what the user wants ------------------------------------------------- */

static int
set_held(struct outbox_message *m, bool held, struct error *err)
{
	if (m->place != OUTBOX_QUEUE)
		return error_set(err, EX_USAGE, "%s/%s/%s: it does not wait",
		    m->outbox->path, outbox_place_name(m->place),
		    m->envelope.id);
	if (fchmod(m->fd, held ? 0700 : 0600) == -1 || fsync(m->fd) == -1)
		return failed(m, err);
	m->held = held;
	return 0;
}

int
outbox_hold(struct outbox_message *m, struct error *err)
{
	return set_held(m, true, err);
}

int
outbox_release(struct outbox_message *m, struct error *err)
{
	return set_held(m, false, err);
}

int
outbox_cancel(struct outbox_message *m, struct error *err)
{
	return remove_it(m, err);
}

int
outbox_retry(struct outbox_message *m, int64_t now, struct error *err)
{
	int r;

	if (is_damaged(m, err))
		return -1;
	/* What is known of it is not to be asked again. */
	if (m->place == OUTBOX_UNKNOWN) {
		r = outbox_resume(m, err);
		if (r != 0)
			return r == 1 ? 0 : -1;
	}
	if (outbox_add_line(m->fd, now, NULL) == -1)
		return failed(m, err);
	return put_off(m, now, false, err);
}
