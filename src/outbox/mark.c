/* How messages of an outbox are marked before they go out. */
#include "outbox/outbox_internal.h"

#include <errno.h>
#include <unistd.h>

/* In queue/ again, and only then not in unknown/ any more: the first `linked` of
 * them are there, and the first `gone` of these were not in queue/.  What does
 * not get there is in unknown/, or in both.  errno stays. */
static void
take_back(struct outbox *o, struct outbox_message *const *messages,
    size_t linked, size_t gone)
{
	const int error = errno, *dirs = o->dirs;
	bool safe = true;
	const char *id;
	size_t i;

	for (i = 0; i < gone; i++) {
		id = messages[i]->envelope.id;
		if (messages[i]->place == OUTBOX_QUEUE)
			safe &= linkat(dirs[OUTBOX_UNKNOWN], id,
				    dirs[OUTBOX_QUEUE], id, 0) == 0;
	}
	if (gone > 0 && outbox_sync(o, OUTBOX_QUEUE) == -1)
		safe = false;
	for (i = 0; safe && i < linked; i++)
		if (messages[i]->place == OUTBOX_QUEUE)
			unlinkat(
			    dirs[OUTBOX_UNKNOWN], messages[i]->envelope.id, 0);
	errno = error;
}

static int
failed(const struct outbox_message *m, struct error *err)
{
	return outbox_io_error(m->outbox, m->place, m->envelope.id, err);
}

static int
link_all(struct outbox *o, struct outbox_message *const *messages, size_t n,
    struct error *err)
{
	const char *id;
	size_t i;

	for (i = 0; i < n; i++) {
		if (messages[i]->place != OUTBOX_QUEUE)
			continue;
		if (messages[i]->envelope.count > 1)
			outbox_reserve(messages[i]);
		id = messages[i]->envelope.id;
		if (linkat(o->dirs[OUTBOX_QUEUE], id, o->dirs[OUTBOX_UNKNOWN],
			id, 0) == 0)
			continue;
		take_back(o, messages, i, 0);
		return failed(messages[i], err);
	}
	if (outbox_sync(o, OUTBOX_UNKNOWN) == 0)
		return 0;
	take_back(o, messages, n, 0);
	return outbox_io_error(o, OUTBOX_UNKNOWN, "", err);
}

static int
unlink_all(struct outbox *o, struct outbox_message *const *messages, size_t n,
    struct error *err)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (messages[i]->place != OUTBOX_QUEUE ||
		    unlinkat(o->dirs[OUTBOX_QUEUE], messages[i]->envelope.id,
			0) == 0)
			continue;
		take_back(o, messages, n, i);
		return failed(messages[i], err);
	}
	if (outbox_sync(o, OUTBOX_QUEUE) == 0)
		return 0;
	take_back(o, messages, n, n);
	return outbox_io_error(o, OUTBOX_QUEUE, "", err);
}

int
outbox_mark_all(
    struct outbox_message *const *messages, size_t n, struct error *err)
{
	struct outbox *o;
	size_t i = 0;

	while (i < n && messages[i]->place != OUTBOX_QUEUE)
		i++;
	if (i == n)
		return 0;
	o = messages[i]->outbox;
	if (link_all(o, messages, n, err) == -1 ||
	    unlink_all(o, messages, n, err) == -1)
		return -1;
	for (i = 0; i < n; i++)
		messages[i]->place = OUTBOX_UNKNOWN;
	return 0;
}

int
outbox_mark(struct outbox_message *m, struct error *err)
{
	return outbox_mark_all(&m, 1, err);
}
