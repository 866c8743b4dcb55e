/* What kept a message from being sent: what may be different later, and when it
 * is tried again. */
#include "command/enqueue.h"

#include <sys/random.h>

#include "outbox/retry.h"

bool
enqueue_server_lacks(const struct smtp_result *r)
{
	return r->verdict == SMTP_NOT_SENT && r->status == EX_UNAVAILABLE &&
	    r->phase == SMTP_PHASE_MAIL && r->code == 0;
}

/* It is no word on this message or its recipient, but on us or on the way, which
 * somebody can put right.  What sendmail(8) is called with demands nothing of the
 * server: if that lacks something, it is the configuration that does. */
static bool
is_in_the_way(const struct smtp_result *r)
{
	switch (r->status) {
	case EX_NOHOST:
	case EX_NOPERM:
	case EX_CONFIG:
	case EX_OSERR:
	case EX_PROTOCOL:
	case EX_TEMPFAIL:
		return true;
	case EX_NOUSER:
	case EX_UNAVAILABLE:
		return r->phase < SMTP_PHASE_MAIL || r->code == 530 ||
		    enqueue_server_lacks(r);
	default:
		return false;
	}
}

bool
enqueue_is_for_later(
    const struct settings *settings, const struct smtp_result *r)
{
	/* That a name is not found may be the network's fault. */
	return r->verdict == SMTP_DEFERRED ||
	    (r->verdict == SMTP_NOT_SENT && r->status == EX_NOHOST) ||
	    (settings->local.face && is_in_the_way(r));
}

bool
enqueue_is_try(const struct error *why)
{
	return why->status == EX_TEMPFAIL || why->status == EX_NOHOST;
}

void
enqueue_said(const struct mail *m, const bool *wanted, struct buf *out)
{
	size_t i;

	for (i = 0; i < m->count; i++) {
		const struct smtp_recipient *to = &m->recipients[i];

		if (!wanted[i])
			continue;
		buf_printf(
		    out, "%s%s: ", out->len > 0 ? "\n" : "", to->address);
		if (to->result.code >= 200 && to->result.code < 600)
			buf_printf(out, "%d ", to->result.code);
		buf_puts(out, to->result.text);
	}
}

static int64_t
due_after(int64_t now)
{
	uint64_t random = 0;

	/* Without chance it is the sooner. */
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return now + retry_after_s(0, &random);
}

/* Nothing, unless it was tried. */
static void
put_said(
    const struct mail *m, const struct enqueue_rest *rest, struct buf *said)
{
	if (rest->place == OUTBOX_QUEUE && !rest->tried)
		return;
	if (rest->unreached && rest->why->status != 0)
		buf_puts(said, rest->why->text);
	else
		enqueue_said(m, rest->wanted, said);
}

int
enqueue_finish(struct outbox_new *new, const struct mail *m,
    const struct enqueue_rest *rest, int64_t now, struct error *err)
{
	struct buf said = {0};
	int r = 0;

	put_said(m, rest, &said);
	if (said.len > 0)
		r = outbox_say(new, now, buf_string(&said), err);
	buf_clear(&said);
	new->unreached = rest->unreached;
	return r == 0
	    ? outbox_finish(new, rest->tried ? due_after(now) : now, err)
	    : -1;
}
