/* Dates that users give. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message_testutil.h"
#include "rfc5322/date.h"
#include "rfc5322/date_parse.h"

#define FIRST INT64_C(-2208988800) /* 1900-01-01 00:00:00 */
#define LAST INT64_C(253402300799) /* 9999-12-31 23:59:59 */

static void
check(const char *text, int64_t seconds, int zone)
{
	struct error err;
	int64_t s = -1;
	int z = -1;

	if (date_parse("--date", text, &s, &z, &err) == -1)
		fail_msg("%s", err.text);
	if (s != seconds || z != zone)
		fail_msg("%s: %lld %d", text, (long long)s, z);
}

static void
refuse(const char *text, const char *words)
{
	struct error err = {0};
	int64_t s;
	int z;

	if (date_parse("--date", text, &s, &z, &err) == 0)
		fail_msg("%s", text);
	assert_int_equal(err.status, EX_USAGE);
	assert_memory_equal(err.text, "--date: '", 9);
	if (strstr(err.text, words) == NULL)
		fail_msg("%s", err.text);
	assert_non_null(strstr(err.hint, "@1763024400 (date +@%s)"));
}

static void
the_forms_of_the_manual_are_read(void **state)
{
	(void)state;
	check("Thu, 13 Nov 2025 10:00:00 +0100", 1763024400, 60);
	check("thu,13 NOV 2025 10:00 -0330 (NST)", 1763040600, -210);
	check(" 13 Nov 2025 10:00:00 +0100 ", 1763024400, 60);
	check("2025-11-13T10:00:00+01:00", 1763024400, 60);
	check("2025-11-13T10:00:00+0100", 1763024400, 60);
	check("2025-11-13T10:00:00 +0100", 1763024400, 60);
	check("2025-11-13 10:00:00+01:00", 1763024400, 60);
	check("2025-11-13 10:00:00 +0100", 1763024400, 60);
	check("2025-11-13t10:00+01", 1763024400, 60);
	check("2025-11-13T09:00:00Z", 1763024400, 0);
	check("2025-11-13 09:00 z", 1763024400, 0);
	check("2025-11-13T05:30:00-03:30", 1763024400, -210);
	check("@1763024400", 1763024400, 0);
	check("@0", 0, 0);
	check("@-1", -1, 0);
}

static void
a_leap_second_is_the_next_minute(void **state)
{
	(void)state;
	check("31 Dec 2016 23:59:60 +0000", 1483228800, 0);
	check("2016-12-31T23:59:60Z", 1483228800, 0);
}

static void
a_date_without_a_zone_is_refused(void **state)
{
	(void)state;
	refuse("Thu, 13 Nov 2025 10:00:00", "no time zone");
	refuse("13 Nov 2025 10:00", "no time zone");
	refuse("2025-11-13T10:00:00", "no time zone");
	refuse("2025-11-13 10:00", "no time zone");
}

static void
a_wrong_weekday_is_refused(void **state)
{
	(void)state;
	refuse("Fri, 13 Nov 2025 10:00:00 +0100", "weekday");
	refuse("Xyz, 13 Nov 2025 10:00:00 +0100", "weekday");
}

static void
what_is_no_date_is_refused(void **state)
{
	static const char *const bad[] = {"", " ", "now", "@", "@x", "@1x",
	    "@ 1", "@1.5", "@--1", "@0x10", "1763024400", "2025-11-13",
	    "2025-13-13T10:00Z", "2025-00-13T10:00Z", "2025-11-31T10:00Z",
	    "2025-11-00T10:00Z", "2025-11-13T24:00Z", "2025-11-13T10:60Z",
	    "2025-11-13T10:00:61Z", "2025-11-13T10:00:00.5Z", "2025-11-13T10Z",
	    "2025-11-1310:00Z", "25-11-13T10:00Z", "2025-1-3T10:00Z",
	    "20251113T100000Z", "2025-11-13T10:00CET", "2025-11-13T10:00+1",
	    "2025-11-13T10:00+01:0", "2025-11-13T10:00+01:60",
	    "2025-11-13T10:00+01:00:00", "2025-11-13T10:00+01:00x",
	    "2025-11-13T10:00Zx", "2025-11-13T 10:00Z", "2025-02-29T10:00Z",
	    "2025-11-13T06:30:00+", "2025-11-13T06:30:00-",
	    "2025-11-13T06:30 +", "2025-11-13T06:30+0",
	    "2025-11-13T06:30+00:", "2025-11-13T06:30+000", "2025-11-13T",
	    "2025-11-13T06:", "1899-12-31T10:00Z", "13 Nov 1899 10:00 +0000",
	    "13 Nov 2025 10:00 CET", "Thu Nov 13 10:00:00 UTC 2025",
	    "2025-11-13T10:00+01:00\n", "@1\r\nX: y"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuse(bad[i], "no ");
	refuse("\xff\x1b[1m", "'\\xFF\\x1B[1m': no date");
}

static void
a_date_that_no_field_can_have_is_refused(void **state)
{
	static const char words[] = "not within the years 1900 to 9999";

	(void)state;
	check("@-2208988800", FIRST, 0);
	check("@253402300799", LAST, 0);
	refuse("@-2208988801", words);
	refuse("@253402300800", words);
	refuse("@9223372036854775807", words);
	refuse("@-9223372036854775808", words);
	refuse("@9223372036854775808", "no number of seconds");
	check("1900-01-01T00:00Z", FIRST, 0);
	refuse("1900-01-01T00:00+00:01", words);
	check("9999-12-31T23:59:59Z", LAST, 0);
	refuse("9999-12-31T23:59:59-01:00", words);
}

/* Written in every form, read again. */
static void
check_round_trip(int64_t seconds, int zone)
{
	int away = abs(zone);
	char text[DATE_SIZE];
	struct date d;

	check(date_format(text, seconds, zone), seconds, zone);
	d = date_from_epoch(seconds + (int64_t)zone * 60);
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d",
	    d.year, d.month, d.day, d.hour, d.minute, d.second,
	    zone < 0 ? '-' : '+', away / 60, away % 60);
	check(text, seconds, zone);
	snprintf(text, sizeof(text), "@%lld", (long long)seconds);
	check(text, seconds, 0);
}

static void
every_day_is_read_as_it_was_written(void **state)
{
	uint64_t random = 7;
	int64_t day, step;

	(void)state;
	for (day = FIRST / 86400; day < LAST / 86400; day += step) {
		/* Each day around the year 2000, some of the others. */
		step = day > 10000 && day < 13000 ? 1 : 31;
		check_round_trip(day * 86400, 0);
		if (day > FIRST / 86400 + 1)
			check_round_trip(day * 86400 - 1, 0);
	}
	for (day = 0; day < 20000; day++)
		check_round_trip(
		    (int64_t)testmail_random(&random, 1U << 31) * 118 + FIRST +
			86400,
		    (int)testmail_random(&random, 2880) - 1440);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_forms_of_the_manual_are_read),
	    cmocka_unit_test(a_leap_second_is_the_next_minute),
	    cmocka_unit_test(a_date_without_a_zone_is_refused),
	    cmocka_unit_test(a_wrong_weekday_is_refused),
	    cmocka_unit_test(what_is_no_date_is_refused),
	    cmocka_unit_test(a_date_that_no_field_can_have_is_refused),
	    cmocka_unit_test(every_day_is_read_as_it_was_written),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
