/*
 * outcome: from what became of each recipient to the exit status.
 *
 * This is the one place that decides (SPEC 3): 0 only if all have it, 1 some
 * but not all, 2 it may be that some have it, and 64 or more: nobody has it.
 */
#ifndef REPORT_OUTCOME_H
#define REPORT_OUTCOME_H

#include <stddef.h>

#include "smtp/session.h"

struct outcome {
	int status; /* EX_ value: the exit status; EX_SIGNAL + n: cancelled */
	size_t accepted, deferred, refused, unknown, not_sent;
};

/* The sum over all recipients (at least one). */
struct outcome
outcome_of(const struct smtp_recipient *recipients, size_t count);
/* Many messages. */
struct outcome_many {
	bool somebody;	 /* has one for certain, or may have it */
	bool unfinished; /* some are still to be sent */
	bool unknown;	 /* some may have been delivered */
	bool refused;	 /* some were not accepted for all */
	int bad, why; /* statuses: of records that cannot be sent, and of what
			 stood in the way; 0: there were none */
};
int outcome_of_many(const struct outcome_many *);
/* "accepted", "partial", "unknown", "refused", … for reports. */
const char *outcome_name(int status);
/* The exit status for a reply to a query: 0, 75, 69; 76 for what is none. */
int outcome_of_reply(int code);

#endif
