/* What may be different later, of what kept a message from being sent. */
#include "command/enqueue.h"

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
