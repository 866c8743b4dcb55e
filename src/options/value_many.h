/*
 * value_many: the values of options about many messages; see value.h.
 */
#ifndef OPTIONS_VALUE_MANY_H
#define OPTIONS_VALUE_MANY_H

#include "options/value.h"

/* So many in a time, which is as long as a value_duration may be. */
struct value_pace {
	uint64_t count; /* 1 and more */
	int64_t us;
};

/* "30/min": a unit, s, min, h or d. */
int value_rate_read(const char *text, struct value_pace *, struct error *);
/* "500/24h": a value_duration, or such a unit. */
int value_quota_read(const char *text, struct value_pace *, struct error *);
/* What --delimiter stands for. */
int value_delimiter_read(const char *text, char *, struct error *);

value_check value_rate, value_quota, value_delimiter;
value_check value_positive;    /* a number, and not 0 */
value_check value_connections; /* at most as many as VALUE_CONNECTIONS_MAX */

enum { VALUE_CONNECTIONS_MAX = 1000 };

#endif
