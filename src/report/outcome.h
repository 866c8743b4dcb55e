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
/* "accepted", "partial", "unknown", "refused", … for reports. */
const char *outcome_name(int status);
/* The exit status for a reply to a query: 0, 75, 69; 76 for what is none. */
int outcome_of_reply(int code);

#endif
