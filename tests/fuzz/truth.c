#include "fuzz/truth.h"

#include <string.h>

/* What a reply means that is no yes; 552 may stand for 452 (RFC 5321
 * 4.5.3.1.10). */
static unsigned
a_no(int code)
{
	return code < 400     ? 0
	    : code == 552     ? TRUTH_DEFERRED | TRUTH_REFUSED
	    : code / 100 == 4 ? TRUTH_DEFERRED
			      : TRUTH_REFUSED;
}

bool
transfer_whole(const struct transfer *t, const struct buf *body)
{
	const struct buf *came = &t->message;

	return t->whole &&
	    (came->len == body->len || came->len == body->len + 2) &&
	    memcmp(came->data, body->data, body->len) == 0;
}

unsigned
truth_of(const struct mail_server *m, const struct transfer *t, size_t i,
    const struct buf *body)
{
	int rcpt = t->to[i].rcpt, verdict = t->to[i].verdict;
	unsigned no =
	    a_no(t->mail) | a_no(t->data) | a_no(t->chunk) | a_no(t->early);

	/* Who may still be in the transaction before, or closes, has not said
	 * no for good. */
	if (m->closing || m->rset_refused)
		no |= TRUTH_DEFERRED;
	if (rcpt >= 400)
		return a_no(rcpt) | a_no(t->mail) | (no & TRUTH_DEFERRED);
	if (!transfer_whole(t, body))
		return TRUTH_NOT_SENT | TRUTH_DEFERRED | TRUTH_REFUSED;
	/* What is said of a message that lost a chunk decides little. */
	if (verdict >= 400)
		return a_no(verdict) | no | (t->chunk != 0 ? TRUTH_UNKNOWN : 0);
	if (verdict >= 200 && t->chunk == 0)
		return TRUTH_ACCEPTED | (t->mail >= 400 ? TRUTH_UNKNOWN : 0);
	return TRUTH_UNKNOWN | no;
}
