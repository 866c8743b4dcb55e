/* batch_give: which messages a connection gets, and when it gets no more. */
#include "batch/batch_internal.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/clock.h"

enum { AHEAD = 8 }; /* messages given at a time */

/* Of those who wait for the next transaction something is told, too. */
static void
limit_recipients(struct supply_message *m, size_t most)
{
	size_t i;

	if (most == 0 || most >= m->count || m->all_or_nothing)
		return;
	m->transaction.recipient_count = most;
	for (i = most; i < m->count; i++)
		m->recipients[i].result =
		    (struct smtp_result){.phase = SMTP_PHASE_RCPT,
			.text = "the server takes no more recipients at once"};
}

static bool
same_domain(const char *a, const char *b)
{
	const char *x = strrchr(a, '@'), *y = strrchr(b, '@');

	return x == NULL || y == NULL ? x == y : ascii_equal(x, y);
}

/* How many of its recipients the server takes at once.  Domains are limited for
 * a connection (RFC 9422 4.3), which gets as many messages then. */
static size_t
asked_for(const struct supply_message *m, const struct smtp_capabilities *c)
{
	size_t n = m->count, i;

	if (m->all_or_nothing)
		return n;
	if (c->rcpt_max > 0 && c->rcpt_max < n)
		n = c->rcpt_max;
	for (i = 1; i < n && c->rcpt_domain_max > 0; i++)
		if (!same_domain(
			m->recipients[i].address, m->recipients[0].address))
			return i;
	return n;
}

static bool
hand_over(struct batch *b, struct lane *lane, struct supply_message *m,
    int64_t now_us)
{
	struct smtp_session *s = delivery_session(lane->delivery);
	const struct smtp_capabilities *c = smtp_session_capabilities(s);
	struct smtp_transaction *tx = &m->transaction;
	struct error err;

	*tx = (struct smtp_transaction){.reverse_path = m->reverse_path,
	    .recipients = m->recipients,
	    .recipient_count = asked_for(m, c),
	    .asked = m->asked,
	    .all_or_nothing = m->all_or_nothing,
	    .shares = true,
	    .texts = m->texts};
	limit_recipients(m, c->rcpt_max);
	if (b->params->supply->ops->open(b->params->supply, m, c, &err) == -1) {
		batch_refuse(b, m, &err);
		return false;
	}
	if (m->tries++ == 0)
		m->first_us = now_us;
	lane->open++;
	b->given++;
	smtp_session_send(s, tx);
	return true;
}

void
batch_quit(struct lane *lane)
{
	if (lane->quit)
		return;
	lane->quit = lane->ending = true;
	smtp_session_quit(delivery_session(lane->delivery));
}

/* How many messages of this connection may be on their way.  One that had to
 * wait there for its turn could not be stopped, nor go by another connection.
 * Of those that are left each connection has its share, so that none has a
 * queue while others have nothing to do. */
static uint64_t
share(const struct batch *b, const struct lane *lane)
{
	const struct smtp_capabilities *c =
	    smtp_session_capabilities(delivery_session(lane->delivery));
	uint64_t left = b->params->supply->left, n;

	if (!smtp_capable(c, SMTP_PIPELINING))
		return 1;
	/* What follows DATA waits for its 354. */
	if (!smtp_capable(c, SMTP_CHUNKING))
		return 2;
	if (left == UINT64_MAX)
		return UINT64_MAX;
	left += b->queue.count + b->given + (b->next != NULL);
	n = schedule_connections_wanted(b->params->schedule);
	return left > n ? (left + n - 1) / n : 1;
}

/* As much as it takes now.  True: something was given, or it is told to quit. */
bool
batch_give(struct batch *b, struct lane *lane)
{
	struct schedule *schedule = b->params->schedule;
	unsigned number = (unsigned)(lane - b->lanes), n = 0;
	struct supply_message *m;
	int64_t now_us = clock_monotonic_us();

	while (lane->ready && lane->wants && !lane->quit && n < AHEAD &&
	    smtp_session_takes_work(delivery_session(lane->delivery))) {
		if (batch_is_stopped(b) || lane->mails == 0 ||
		    schedule_lane_is_full(schedule, number)) {
			batch_quit(lane);
			return true;
		}
		if (!batch_fetch(b, now_us)) {
			if (batch_has_no_more(b) || batch_is_stopped(b))
				batch_quit(lane);
			return n > 0 || lane->quit;
		}
		if (lane->open >= share(b, lane) ||
		    !schedule_give(schedule, number, now_us))
			break;
		m = b->next;
		b->next = NULL;
		if (!hand_over(b, lane, m, now_us)) {
			schedule_take_back(schedule, number);
			continue;
		}
		lane->mails -= lane->mails != SIZE_MAX;
		n++;
	}
	if (n > 0)
		lane->wants = false;
	return n > 0;
}
