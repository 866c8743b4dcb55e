/* date: civil time computed here, so that no locale or time zone file plays
 * a part in what goes out. */
#include "rfc5322/date.h"

#include <string.h>

#include "lib/ascii.h"

#include "rfc5322/lexer.h"

#define FIRST_SECOND INT64_C(-2208988800) /* 1900-01-01 00:00:00 */
#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31 23:59:59 */

static const char day_names[7][4] = {
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May",
    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

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

/* Of three letters. */
static char *
put_name(char *out, const char *name)
{
	memcpy(out, name, 3);
	return out + 3;
}

static char *
put_number(char *out, int number, size_t digits, char behind)
{
	out = ascii_put_decimal(out, (unsigned)number, digits);
	*out = behind;
	return out + 1;
}

/* Without printf, which takes longer than all else about a date; many messages
 * are made in a row. */
char *
date_format(char out[DATE_SIZE], int64_t seconds, int zone_minutes)
{
	int zone, limit = 99 * 60 + 59;
	struct date d;
	char *p;

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
	p = put_name(out, day_names[d.weekday]);
	*p++ = ',';
	*p++ = ' ';
	p = put_number(p, d.day, d.day < 10 ? 1 : 2, ' ');
	p = put_name(p, month_names[d.month - 1]);
	*p++ = ' ';
	p = put_number(p, d.year, 4, ' ');
	p = put_number(p, d.hour, 2, ':');
	p = put_number(p, d.minute, 2, ':');
	p = put_number(p, d.second, 2, ' ');
	*p++ = zone_minutes < 0 ? '-' : '+';
	put_number(p, zone / 60 * 100 + zone % 60, 4, '\0');
	return out;
}

/* The readers of a part move *p behind it, or return -1. */
static int
read_name(const char **p, const char names[][4], int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (ascii_equal_n(*p, 3, names[i])) {
			*p += 3;
			return i;
		}
	return -1;
}

static int
read_number(const char **p, size_t least, size_t most, int low, int high)
{
	size_t i, n = strspn(*p, "0123456789");
	int value = 0;

	if (n < least || n > most)
		return -1;
	for (i = 0; i < n; i++)
		value = value * 10 + (*(*p)++ - '0');
	return value >= low && value <= high ? value : -1;
}

static int
read_char(const char **p, const char *set)
{
	return **p != '\0' && strchr(set, **p) != NULL ? *(*p)++ : -1;
}

static int
read_blanks(const char **p)
{
	size_t n = strspn(*p, " \t");

	*p += n;
	return n > 0 ? 0 : -1;
}

/* hour ":" minute [ ":" second ], which may be a leap second */
static bool
read_time(const char **p)
{
	if (read_number(p, 2, 2, 0, 23) == -1 || read_char(p, ":") == -1 ||
	    read_number(p, 2, 2, 0, 59) == -1)
		return false;
	return read_char(p, ":") == -1 || read_number(p, 2, 2, 0, 60) != -1;
}

static bool
read_zone(const char **p)
{
	if (read_char(p, "+-") == -1 || strspn(*p, "0123456789") != 4)
		return false;
	*p += 2;
	return read_number(p, 2, 2, 0, 59) != -1;
}

static bool
is_cfws(const char *text)
{
	struct error ignored;
	struct lexer l = {.text = text,
	    .at = text,
	    .end = text + strlen(text),
	    .err = &ignored};
	int r = lexer_cfws(&l);

	buf_clear(&l.comment);
	return r == 0 && l.at == l.end;
}

/* Sakamoto's formula, with months from 0: the year begins in March, so that
 * the leap day is its last. */
static int
weekday_of(int year, int month, int day)
{
	static const int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};

	year -= month < 2;
	return (year + year / 4 - year / 100 + year / 400 + shift[month] +
		   day) %
	    7;
}

static bool
day_exists(int year, int month, int day)
{
	static const int lengths[] = {
	    31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return day <= lengths[month] - (month == 1 && !leap);
}

bool
date_is_valid(const char *text)
{
	const char *p = text + strspn(text, " \t");
	int weekday = read_name(&p, day_names, 7), day, month, year;

	if (weekday != -1 && read_char(&p, ",") == -1)
		return false;
	(void)read_blanks(&p);
	if ((day = read_number(&p, 1, 2, 1, 31)) == -1 ||
	    read_blanks(&p) == -1 ||
	    (month = read_name(&p, month_names, 12)) == -1 ||
	    read_blanks(&p) == -1 ||
	    (year = read_number(&p, 4, 4, 1900, 9999)) == -1 ||
	    !day_exists(year, month, day))
		return false;
	if (weekday != -1 && weekday != weekday_of(year, month, day))
		return false;
	return read_blanks(&p) == 0 && read_time(&p) && read_blanks(&p) == 0 &&
	    read_zone(&p) && is_cfws(p);
}
