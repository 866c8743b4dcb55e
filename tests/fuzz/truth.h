/*
 * truth: the verdicts on a recipient that are true of what was heard: 0 never
 * without a yes to the whole message, unknown where it went out whole and no
 * verdict came back, and no yes or no of one recipient for another.
 */
#ifndef FUZZ_TRUTH_H
#define FUZZ_TRUTH_H

#include "fuzz/mail_server.h"
#include "smtp/result.h"

enum {
	TRUTH_ACCEPTED = 1 << SMTP_ACCEPTED,
	TRUTH_DEFERRED = 1 << SMTP_DEFERRED,
	TRUTH_REFUSED = 1 << SMTP_REFUSED,
	TRUTH_UNKNOWN = 1 << SMTP_UNKNOWN,
	TRUTH_NOT_SENT = 1 << SMTP_NOT_SENT,
};

/* The message came as it was given, but perhaps for a line end at its end. */
bool transfer_whole(const struct transfer *, const struct buf *body);
/* The verdicts that are true of recipient i of the transfer, as bits. */
unsigned truth_of(const struct mail_server *, const struct transfer *, size_t i,
    const struct buf *body);

#endif
