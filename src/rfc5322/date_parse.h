/*
 * date_parse: a date that a user gives: the inverse of date_format, and more.
 */
#ifndef RFC5322_DATE_PARSE_H
#define RFC5322_DATE_PARSE_H

#include <stdint.h>

#include "lib/error.h"

/*
 * Reads one of
 *   "Thu, 13 Nov 2025 10:00:00 +0100"  RFC 5322 3.3, as date_is_valid takes it
 *   "2025-11-13T10:00:00+01:00"        ISO 8601, RFC 3339: a space for the T,
 *                                      no seconds, a space before the zone;
 *                                      the zone +01:00, +0100, +01 or Z
 *   "@1763024400"                      seconds since the epoch, as for date(1)
 * with blanks around it, into seconds since the epoch and minutes east of UTC
 * (0 for "@"), which date_format makes a date of again.  A leap second is the
 * first second of the next minute, as in the epoch.
 *
 * EX_USAGE, naming the option: anything else; no zone, since what local time
 * means is not to be guessed; a year outside 1900 to 9999, there or in UTC.
 */
int date_parse(const char *option, const char *text, int64_t *seconds,
    int *zone_minutes, struct error *);

#endif
