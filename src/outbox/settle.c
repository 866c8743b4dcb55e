/* What becomes of a message of an outbox when it was tried. */
#include "outbox/outbox.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "outbox/outbox_internal.h"

enum { CHUNK = 64 * 1024 };

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

int
outbox_mark(struct outbox_message *m, struct error *err)
{
	if (m->place == OUTBOX_UNKNOWN)
		return 0;
	return move_to(m, OUTBOX_UNKNOWN, err);
}

/* --- one fate for all ---------------------------------------------------- */

static int
remove_it(struct outbox_message *m, struct error *err)
{
	if (outbox_remove(m->outbox, m->place, m->envelope.id) == -1)
		return failed(m, err);
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
		return remove_it(m, err);
	if (!v->again || fate != OUTBOX_LATER)
		(void)outbox_add_line(
		    m->fd, v->now, v->said != NULL ? v->said : "");
	if (fate == OUTBOX_LATER)
		return put_off(m, v->due, v->unreached, err);
	if (fate == OUTBOX_UNSURE)
		return outbox_mark(m, err);
	return move_to(m, OUTBOX_FAILED, err);
}

/* --- each his own -------------------------------------------------------- */

static size_t
count_of(const struct outbox_message *m, const struct outbox_verdict *v,
    enum outbox_fate fate)
{
	size_t n = 0, i;

	for (i = 0; i < m->envelope.count; i++)
		n += v->fates[i] == fate;
	return n;
}

/* From the message's first octet on to the end of the file. */
static int
copy(const struct outbox_message *m, int to)
{
	char bytes[CHUNK];
	uint64_t at = m->begin;
	ssize_t n;

	do {
		n = TEMP_FAILURE_RETRY(
		    pread(m->fd, bytes, sizeof(bytes), (off_t)at));
		if (n == -1 || file_write(to, bytes, (size_t)n) == -1)
			return -1;
		at += (uint64_t)n;
	} while (n > 0);
	return at < m->begin + m->size ? errno = EIO, -1 : 0;
}

static int
fill(const struct outbox_message *m, const struct outbox_verdict *v,
    struct outbox_new *new, struct error *err)
{
	/* Nobody is to take it before the old one is gone. */
	if (copy(m, new->fd) == -1 || file_lock(new->fd) == -1 ||
	    outbox_add_line(new->fd, v->now, v->said != NULL ? v->said : "") ==
		-1)
		return outbox_io_error(m->outbox, new->place, "", err);
	new->size = m->size;
	return 0;
}

/* The envelope for those of this fate. */
static struct outbox_envelope
part(struct outbox_message *m, const struct outbox_verdict *v,
    enum outbox_fate fate)
{
	struct outbox_envelope e = m->envelope;
	struct outbox_recipient *some =
	    arena_alloc(&m->arena, e.count * sizeof(*some));
	size_t n = 0, i;

	for (i = 0; i < e.count; i++)
		if (v->fates[i] == fate)
			some[n++] = e.recipients[i];
	e.recipients = some;
	e.count = n;
	return e;
}

/*
 * Those of one fate, in a file of their own, for certain.  It stays open, and
 * thus locked, for the caller to abandon.
 */
static int
write_part(struct outbox_message *m, const struct outbox_verdict *v,
    enum outbox_fate fate, bool own_id, struct outbox_new *new,
    struct error *err)
{
	static const enum outbox_place places[] = {
	    [OUTBOX_LATER] = OUTBOX_QUEUE,
	    [OUTBOX_UNSURE] = OUTBOX_UNKNOWN,
	    [OUTBOX_REFUSED] = OUTBOX_FAILED};
	struct outbox_envelope e = part(m, v, fate);

	if (own_id) {
		if (e.part_of[0] == '\0')
			memcpy(e.part_of, e.id, sizeof(e.part_of));
		e.id[0] = '\0';
	}
	if (outbox_begin_in(m->outbox, places[fate], new, &e, err) == -1)
		return -1;
	if (fill(m, v, new, err) == -1) {
		outbox_abandon(new);
		return -1;
	}
	return outbox_publish(new, v->due, own_id, err);
}

/* Whether those that are refused for good cannot keep the ID. */
static bool
is_taken(const struct outbox_message *m, bool later)
{
	return later || outbox_has(m->outbox, OUTBOX_FAILED, m->envelope.id);
}

static int
settle_parts(
    struct outbox_message *m, const struct outbox_verdict *v, struct error *err)
{
	struct outbox_new refused = {.fd = -1}, unsure = refused,
			  later = refused;
	bool rest = count_of(m, v, OUTBOX_LATER) > 0;
	int r = 0;

	if (count_of(m, v, OUTBOX_REFUSED) > 0)
		r = write_part(
		    m, v, OUTBOX_REFUSED, is_taken(m, rest), &refused, err);
	if (r == 0 && count_of(m, v, OUTBOX_UNSURE) > 0)
		r = write_part(m, v, OUTBOX_UNSURE, true, &unsure, err);
	/* Last: it supersedes the old one. */
	if (r == 0 && rest)
		r = write_part(m, v, OUTBOX_LATER, false, &later, err);
	if (r == 0)
		r = remove_it(m, err);
	outbox_abandon(&refused);
	outbox_abandon(&unsure);
	outbox_abandon(&later);
	return r;
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
	if (count_of(m, v, fate) == m->envelope.count &&
	    (fate != OUTBOX_REFUSED || !is_taken(m, false)))
		return settle_whole(m, fate, v, err);
	/* The rest gets the name that it would have in queue/. */
	if (outbox_mark(m, err) == -1)
		return -1;
	return settle_parts(m, v, err);
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
	if (is_damaged(m, err))
		return -1;
	if (outbox_add_line(m->fd, now, NULL) == -1)
		return failed(m, err);
	return put_off(m, now, false, err);
}
