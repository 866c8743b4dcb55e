/* date_parse: ISO 8601 is rewritten as RFC 5322, so that date_is_valid is the
 * one judge of what is a date. */
#include "rfc5322/date_parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/buf.h"
#include "lib/printable.h"

#include "rfc5322/date.h"

#define BLANKS " \t"
#define DIGITS "0123456789"

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Days since the epoch; the year begins in March, so that the leap day is its
 * last (years from 1899: nothing is negative but the result). */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	    1 - 719468;
}

/* The number here; *p is moved to the next one, which a sign may precede. */
static int
next_number(const char **p)
{
	char *end;
	int n = (int)strtol(*p, &end, 10);

	*p = end + strcspn(end, DIGITS);
	return n;
}

/* Reads what date_is_valid takes. */
static void
read_valid(const char *p, int64_t *seconds, int *zone_minutes)
{
	int day, month = 0, year, hour, minute, second = 0, zone;
	const char *name, *time;

	p += strcspn(p, DIGITS);
	name = p + strspn(p, DIGITS);
	name += strspn(name, BLANKS);
	while (!ascii_equal_n(name, 3, months[month]))
		month++;
	day = next_number(&p);
	year = next_number(&p);
	time = p + strspn(p, DIGITS ":");
	hour = next_number(&p);
	minute = next_number(&p);
	if (p < time)
		second = next_number(&p);
	zone = next_number(&p);
	*zone_minutes = zone / 100 * 60 + zone % 100;
	if (time[strspn(time, BLANKS)] == '-')
		*zone_minutes = -*zone_minutes;
	*seconds = days_of(year, month + 1, day) * 86400 +
	    INT64_C(3600) * hour + INT64_C(60) * (minute - *zone_minutes) +
	    second;
}

/* The length of the pattern if it stands here, '9' for any digit, else 0. */
static size_t
match(const char *p, const char *pattern)
{
	size_t i;

	for (i = 0; pattern[i] != '\0'; i++)
		if (pattern[i] == '9' ? p[i] < '0' || p[i] > '9'
				      : p[i] != pattern[i])
			return 0;
	return i;
}

/* Whether this is the pattern and nothing else. */
static bool
is(const char *p, const char *pattern)
{
	return match(p, pattern) > 0 && p[strlen(pattern)] == '\0';
}

/* Appends the zone as RFC 5322 has it; false if there is something else. */
static bool
rewrite_zone(const char *p, struct buf *out)
{
	const char sign[2] = {*p, '\0'};

	if (ascii_equal_n(p, strlen(p), "Z"))
		return buf_puts(out, "+0000") == 0;
	if (*sign != '+' && *sign != '-')
		return *sign == '\0';
	p++;
	if (is(p, "99:99"))
		return buf_printf(out, "%s%.2s%s", sign, p, p + 3) == 0;
	if (is(p, "9999"))
		return buf_printf(out, "%s%s", sign, p) == 0;
	if (is(p, "99"))
		return buf_printf(out, "%s%s00", sign, p) == 0;
	return false;
}

/* Appends ISO 8601 as RFC 5322, maybe without a zone; false: it is none. */
static bool
rewrite(const char *p, struct buf *out)
{
	const char *date = p;
	size_t n = match(p, "9999-99-99"), time;
	int month;

	if (n == 0)
		return false;
	month = (date[5] - '0') * 10 + date[6] - '0';
	if (month < 1 || month > 12)
		return false;
	p += n;
	n = *p == 'T' || *p == 't' ? 1 : strspn(p, BLANKS);
	p += n;
	time = match(p, "99:99:99");
	if (time == 0)
		time = match(p, "99:99");
	if (n == 0 || time == 0)
		return false;
	buf_printf(out, "%.2s %s %.4s %.*s ", date + 8, months[month - 1], date,
	    (int)time, p);
	p += time;
	return rewrite_zone(p + strspn(p, BLANKS), out);
}

static bool
read_epoch(const char *p, int64_t *seconds)
{
	size_t sign = *p == '-' || *p == '+' ? 1 : 0;
	char *end;

	if (strspn(p + sign, DIGITS) == 0)
		return false;
	errno = 0;
	*seconds = strtoll(p, &end, 10);
	return errno == 0 && *end == '\0';
}

/* What is wrong with text that is no date. */
static const char *
reason_of(const char *text)
{
	struct buf with_zone = {0};
	const char *comma = strchr(text, ','), *reason = "no date";

	buf_printf(&with_zone, "%s +0000", text);
	if (date_is_valid(with_zone.data))
		reason = "no time zone";
	else if (comma != NULL && date_is_valid(comma + 1))
		reason = "the weekday is not the one of that day";
	buf_clear(&with_zone);
	return reason;
}

/* NULL, or what is wrong. */
static const char *
parse(const char *text, int64_t *seconds, int *zone_minutes)
{
	struct buf rewritten = {0};
	const char *reason = NULL, *rfc5322 = text;

	*zone_minutes = 0;
	if (*text == '@')
		return read_epoch(text + 1, seconds) ? NULL
						     : "no number of seconds";
	if (rewrite(text, &rewritten))
		rfc5322 = rewritten.data;
	if (date_is_valid(rfc5322))
		read_valid(rfc5322, seconds, zone_minutes);
	else
		reason = reason_of(rfc5322);
	buf_clear(&rewritten);
	return reason;
}

int
date_parse(const char *option, const char *text, int64_t *seconds,
    int *zone_minutes, struct error *err)
{
	struct buf trimmed = {0}, shown = {0};
	const char *reason;

	buf_puts(&trimmed, text + strspn(text, BLANKS));
	while (trimmed.len > 0 &&
	    strchr(BLANKS, trimmed.data[trimmed.len - 1]) != NULL)
		trimmed.data[--trimmed.len] = '\0';
	reason = parse(buf_string(&trimmed), seconds, zone_minutes);
	buf_clear(&trimmed);
	if (reason == NULL &&
	    (*seconds < days_of(1900, 1, 1) * 86400 ||
		*seconds >= days_of(10000, 1, 1) * 86400))
		reason = "not within the years 1900 to 9999";
	if (reason == NULL)
		return 0;
	printable_append(&shown, text, strlen(text));
	error_set(err, EX_USAGE, "%s: '%.80s': %s", option, buf_string(&shown),
	    reason);
	buf_clear(&shown);
	return error_hint(err,
	    "write it like \"Thu, 13 Nov 2025 10:00:00 +0100\" (date -R), "
	    "2025-11-13T10:00:00+01:00 or @1763024400 (date +@%%s)");
}
