/* date: civil time computed here, so that no locale or time zone file plays
 * a part in what goes out. */
#include "message/date.h"

#include <stdio.h>

#define FIRST_SECOND INT64_C(-2208988800) /* 1900-01-01 00:00:00 */
#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31 23:59:59 */

/* Days are counted in eras of 400 years that begin on 1 March, so that the
 * leap day is the last of its year. */
static void
civil(int64_t days, struct date *d)
{
	int64_t z = days + 719468; /* since 0000-03-01 */
	int64_t era = z / 146097, of_era = z % 146097;
	int64_t year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153; /* 0: March */

	d->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	d->month = (int)(month < 10 ? month + 3 : month - 9);
	d->year = (int)(year + era * 400 + (d->month <= 2));
}

struct date
date_from_epoch(int64_t seconds)
{
	struct date d;
	int64_t days, rest;

	if (seconds < FIRST_SECOND)
		seconds = FIRST_SECOND;
	if (seconds > LAST_SECOND)
		seconds = LAST_SECOND;
	days = seconds / 86400;
	rest = seconds % 86400;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	civil(days, &d);
	d.weekday =
	    (int)((days + 4 + INT64_C(700000)) % 7); /* 1970: Thursday */
	d.hour = (int)(rest / 3600);
	d.minute = (int)(rest / 60 % 60);
	d.second = (int)(rest % 60);
	return d;
}

char *
date_format(char out[DATE_SIZE], int64_t seconds, int zone_minutes)
{
	static const char days[][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int zone, limit = 99 * 60 + 59;
	struct date d;

	if (seconds < FIRST_SECOND)
		seconds = FIRST_SECOND;
	if (seconds > LAST_SECOND)
		seconds = LAST_SECOND;
	if (zone_minutes > limit)
		zone_minutes = limit;
	if (zone_minutes < -limit)
		zone_minutes = -limit;
	d = date_from_epoch(seconds + (int64_t)zone_minutes * 60);
	zone = zone_minutes < 0 ? -zone_minutes : zone_minutes;
	snprintf(out, DATE_SIZE, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d",
	    days[d.weekday], d.day, months[d.month - 1], d.year, d.hour,
	    d.minute, d.second, zone_minutes < 0 ? '-' : '+', zone / 60,
	    zone % 60);
	return out;
}
