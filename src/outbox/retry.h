/*
 * retry: when a message that was put off is tried again (RFC 5321 4.5.4.1):
 * after 1, 5, 15 and 30 minutes, 1, 2, and then always 4 hours, a tenth more or
 * less by chance, for five days.
 */
#ifndef OUTBOX_RETRY_H
#define OUTBOX_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RETRY_LONGEST_S = 4 * 3600 * 11 / 10,
	RETRY_LIFETIME_S = 5 * 24 * 3600 /* unless the caller knows better */
};

/* Seconds to wait after the failure before which there were so many others.
 * *random: a seed first, and changed each time. */
int64_t retry_after_s(unsigned before, uint64_t *random);
/* Whether what waits since then is too old to be tried again; a clock that went
 * back makes nothing old. */
bool retry_is_over(int64_t since, int64_t now, int64_t lifetime_s);

#endif
