/* Dates of RFC 5322 against known ones and against gmtime. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/arena.h"
#include "message_testutil.h"
#include "rfc5322/date.h"
#include "rfc5322/ident.h"

static void
check(int64_t seconds, int zone, const char *expected)
{
	char out[DATE_SIZE];

	assert_string_equal(date_format(out, seconds, zone), expected);
}

static void
known_dates_are_right(void **state)
{
	(void)state;
	check(0, 0, "Thu, 1 Jan 1970 00:00:00 +0000");
	check(1763024400, 60, "Thu, 13 Nov 2025 10:00:00 +0100");
	check(1763024400, -210, "Thu, 13 Nov 2025 05:30:00 -0330");
	check(1763024400, 345, "Thu, 13 Nov 2025 14:45:00 +0545");
	check(951782399, 0, "Mon, 28 Feb 2000 23:59:59 +0000");
	check(951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000");
	check(4107542399, 0, "Sun, 28 Feb 2100 23:59:59 +0000");
	check(4107542400, 0, "Mon, 1 Mar 2100 00:00:00 +0000");
	check(-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000");
	check(-1, 60, "Thu, 1 Jan 1970 00:59:59 +0100");
}

static void
a_clock_that_is_far_off_still_gives_a_valid_date(void **state)
{
	(void)state;
	check(INT64_MIN, 0, "Mon, 1 Jan 1900 00:00:00 +0000");
	check(INT64_MAX, 0, "Fri, 31 Dec 9999 23:59:59 +0000");
	check(INT64_MIN, -720, "Mon, 1 Jan 1900 00:00:00 -1200");
	check(0, 1000000, "Mon, 5 Jan 1970 03:59:00 +9959");
}

static void
random_dates_agree_with_gmtime(void **state)
{
	static const char *const days[] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	uint64_t random = 1;
	char expected[100];
	struct tm tm;
	time_t t;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		t = (time_t)testmail_random(&random, 1U << 31) * 100 +
		    (time_t)testmail_random(&random, 100000) - 2208000000;
		gmtime_r(&t, &tm);
		snprintf(expected, sizeof(expected),
		    "%s, %d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday],
		    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900,
		    tm.tm_hour, tm.tm_min, tm.tm_sec);
		check(t, 0, expected);
	}
}

static void
a_message_id_tells_time_and_host_only(void **state)
{
	struct message_params p = testmail_params();
	struct arena a = {0};
	const char *id = ident_message_id(&a, &p.ident);

	(void)state;
	assert_memory_equal(id, "<20251113090000.", 16);
	assert_string_equal(id + strlen(id) - 11, "@host.test>");
	assert_null(strstr(id, "ann"));
	assert_true(ident_is_message_id(id));
	arena_clear(&a);
}

static void
a_message_id_has_an_ascii_host_whatever_ours_is(void **state)
{
	static const char *const odd[] = {"", "b\xc3\xbc.test", "a b", "a..b",
	    ".a", "a.", "a@b", "x>y", "[a b]"};
	struct message_params p = testmail_params();
	struct arena a = {0};
	const char *id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		p.ident.host = odd[i];
		id = ident_message_id(&a, &p.ident);
		assert_non_null(strstr(id, "@localhost>"));
		assert_true(ident_is_message_id(id));
	}
	p.ident.host = "[IPv6:2001:db8::1]";
	id = ident_message_id(&a, &p.ident);
	assert_non_null(strstr(id, "@[IPv6:2001:db8::1]>"));
	p.ident.host = "my_host";
	assert_non_null(strstr(ident_message_id(&a, &p.ident), "@my_host>"));
	arena_clear(&a);
}

static void
a_message_id_has_the_authors_domain_when_our_name_has_no_dot(void **state)
{
	static const char *const rows[][3] = {
	    {"lap", "x.test", "@x.test>"},
	    {"localhost", "x.test", "@x.test>"},
	    {NULL, "[192.0.2.1]", "@[192.0.2.1]>"},
	    {"a.b\r\nRSET", "x.test", "@x.test>"},
	    {"lap", NULL, "@lap>"},
	    {"lap", "x\ry", "@lap>"},
	    {"host.test", "x.test", "@host.test>"},
	    {"[192.0.2.1]", "x.test", "@[192.0.2.1]>"},
	};
	struct message_params p = testmail_params();
	struct arena a = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		p.ident.host = rows[i][0];
		p.ident.author_domain = rows[i][1];
		assert_non_null(
		    strstr(ident_message_id(&a, &p.ident), rows[i][2]));
	}
	arena_clear(&a);
}

static void
what_is_no_message_id_is_seen(void **state)
{
	static const char *const bad[] = {"", "a@b", "<>", "<a>", "<@b>",
	    "<a@>", "<a b@c>", "<a@b> ", "<a@b><c@d>", "<\xc3\xbc@b>"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ident_is_message_id(bad[i]));
	assert_true(ident_is_message_id("<a@b>"));
	assert_true(ident_is_message_id("<\"a\"@[x]>"));
}

static void
what_may_stand_in_a_date_field_is_seen(void **state)
{
	static const char *const good[] = {
	    "Thu, 13 Nov 2025 10:00:00 +0100",
	    "thu,13 NOV 2025 10:00 -0330",
	    "13 Nov 2025 23:59:60 +0000 (far (away))",
	    "Thu,  1 Jan 1970\t00:00:00 +0000",
	    "29 Feb 2000 00:00 +0000",
	    "Mon, 01 Jan 1900 00:00:00 -0000",
	};
	static const char *const bad[] = {"", "now",
	    "Fri, 13 Nov 2025 10:00 +0100", "Thu 13 Nov 2025 10:00:00 +0100",
	    "13 November 2025 10:00 +0100", "13 Nov 25 10:00 +0100",
	    "13 Nov 02025 10:00 +0100", "013 Nov 2025 10:00 +0100",
	    "0 Nov 2025 10:00 +0100", "31 Nov 2025 10:00 +0100",
	    "29 Feb 1900 10:00 +0100", "13 Nov 1899 10:00 +0100",
	    "13 Nov 2025 24:00 +0100", "13 Nov 2025 10:60 +0100",
	    "13 Nov 2025 10:00:61 +0100", "13 Nov 2025 9:00 +0100",
	    "13 Nov 2025 10 +0100", "13 Nov 2025 10:00",
	    "13 Nov 2025 10:00 CET", "13 Nov 2025 10:00 GMT",
	    "13 Nov 2025 10:00+0100", "13 Nov 2025 10:00 +01:00",
	    "13 Nov 2025 10:00 +0160", "13 Nov 2025 10:00 +01000",
	    "13 Nov 2025 10:00 +0100 x", "13 Nov 2025 10:00 +0100 (x",
	    "13Nov 2025 10:00 +0100", "13 Nov2025 10:00 +0100",
	    "Thu, 13 Nov 2025 10:00:00 0100", "2025-11-13T10:00:00Z",
	    "Thu Nov 13 10:00:00 UTC 2025"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!date_is_valid(good[i]))
			fail_msg("%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (date_is_valid(bad[i]))
			fail_msg("%s", bad[i]);
}

static void
every_date_we_write_is_valid(void **state)
{
	char out[DATE_SIZE];
	uint64_t random = 5;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		date_format(out,
		    (int64_t)testmail_random(&random, 1U << 31) * 100 -
			2208988800,
		    (int)testmail_random(&random, 1440) - 720);
		if (!date_is_valid(out))
			fail_msg("%s", out);
	}
	assert_true(date_is_valid(date_format(out, INT64_MIN, -720)));
	assert_true(date_is_valid(date_format(out, INT64_MAX, 0)));
}

static void
a_date_that_is_cut_off_is_not_valid(void **state)
{
	static const char date[] = "Thu, 13 Nov 2025 10:00:00 +0100";
	char *cut;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(date) - 1; n++) {
		cut = strndup(date, n);
		assert_false(date_is_valid(cut));
		free(cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_dates_are_right),
	    cmocka_unit_test(a_clock_that_is_far_off_still_gives_a_valid_date),
	    cmocka_unit_test(random_dates_agree_with_gmtime),
	    cmocka_unit_test(a_message_id_tells_time_and_host_only),
	    cmocka_unit_test(a_message_id_has_an_ascii_host_whatever_ours_is),
	    cmocka_unit_test(
		a_message_id_has_the_authors_domain_when_our_name_has_no_dot),
	    cmocka_unit_test(what_is_no_message_id_is_seen),
	    cmocka_unit_test(what_may_stand_in_a_date_field_is_seen),
	    cmocka_unit_test(every_date_we_write_is_valid),
	    cmocka_unit_test(a_date_that_is_cut_off_is_not_valid),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
