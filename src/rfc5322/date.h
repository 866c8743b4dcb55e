/*
 * date: the date-time of RFC 5322 section 3.3, without regard to the locale.
 */
#ifndef RFC5322_DATE_H
#define RFC5322_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DATE_SIZE 40 /* room for any date, with its NUL */

/* The calendar day and the time of day, proleptic Gregorian. */
struct date {
	int year, month, day; /* month and day from 1 */
	int weekday;	      /* 0: Sunday */
	int hour, minute, second;
};

/* Seconds since the epoch, brought into the years 1900 to 9999 that the
 * format can express. */
struct date date_from_epoch(int64_t seconds);
/* "Thu, 13 Nov 2025 10:00:00 +0100"; returns out. */
char *date_format(char out[DATE_SIZE], int64_t seconds, int zone_minutes);
/* Whether text is a date-time in a form that may be generated: no obsolete
 * zone or year; a weekday is the one of that day.  Comments may follow. */
bool date_is_valid(const char *text);

#endif
