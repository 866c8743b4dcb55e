/* value_many: what people write for a rate, a quota, a delimiter. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "options/value_many.h"

#define SECOND INT64_C(1000000)

struct pace {
	const char *text;
	uint64_t count; /* 0: it is refused */
	int64_t us;
};

static void
check_paces(const struct pace *paces, size_t n,
    int (*read)(const char *, struct value_pace *, struct error *),
    value_check *check, const char *complaint)
{
	struct value_pace out;
	struct error err;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct pace *p = &paces[i];
		int expected = p->count > 0 ? 0 : -1;

		if (read(p->text, &out, &err) != expected ||
		    check(p->text, &err) != expected)
			fail_msg("%s", p->text);
		if (expected == -1) {
			assert_int_equal(err.status, EX_USAGE);
			assert_non_null(strstr(err.text, complaint));
			continue;
		}
		if (out.count != p->count || out.us != p->us)
			fail_msg("%s: %llu in %lld", p->text,
			    (unsigned long long)out.count, (long long)out.us);
	}
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
a_rate_is_a_number_in_a_unit_of_time(void **state)
{
	static const struct pace paces[] = {
	    {"10/s", 10, SECOND},
	    {"10/sec", 10, SECOND},
	    {"1/second", 1, SECOND},
	    {"30/min", 30, 60 * SECOND},
	    {"30/m", 30, 60 * SECOND},
	    {"30/minute", 30, 60 * SECOND},
	    {"500/h", 500, 3600 * SECOND},
	    {"500/HOUR", 500, 3600 * SECOND},
	    {"2000/d", 2000, 86400 * SECOND},
	    {"2000/day", 2000, 86400 * SECOND},
	    {"1000000/s", 1000000, SECOND},
	    /* less than a microsecond each */
	    {"1000001/s", 0, 0},
	    {"0/s", 0, 0},
	    {"-1/s", 0, 0},
	    {"10", 0, 0},
	    {"10/", 0, 0},
	    {"/s", 0, 0},
	    {"", 0, 0},
	    {"/", 0, 0},
	    {"10/s/s", 0, 0},
	    {"10/5s", 0, 0},
	    {"10/mi", 0, 0},
	    {"10/ s", 0, 0},
	    {"10/s min", 0, 0},
	    {"10 /s", 0, 0},
	    {"1.5/s", 0, 0},
	    {"99999999999999999999999/d", 0, 0},
	};

	(void)state;
	check_paces(
	    paces, COUNT(paces), value_rate_read, value_rate, "is not a rate");
}

static void
a_quota_is_a_number_in_any_time(void **state)
{
	static const struct pace paces[] = {
	    {"500/24h", 500, 24 * 3600 * SECOND},
	    {"2000/d", 2000, 86400 * SECOND},
	    {"100/1h", 100, 3600 * SECOND},
	    {"100/hour", 100, 3600 * SECOND},
	    {"7/90s", 7, 90 * SECOND},
	    {"7/1500ms", 7, 3 * SECOND / 2},
	    {"100000000/1d", 100000000, 86400 * SECOND},
	    {"100000001/1d", 0, 0},
	    {"0/24h", 0, 0},
	    {"5/0s", 0, 0},
	    {"5/", 0, 0},
	    {"5/week", 0, 0},
	    {"5", 0, 0},
	    {"/24h", 0, 0},
	    {"5/-1h", 0, 0},
	};

	(void)state;
	check_paces(paces, COUNT(paces), value_quota_read, value_quota,
	    "is not a quota");
}

static void
a_delimiter_is_one_character_that_csv_has_no_use_for(void **state)
{
	static const struct {
		const char *text;
		char c; /* NUL: it is refused */
	} cases[] = {{",", ','}, {";", ';'}, {"|", '|'}, {"tab", '\t'},
	    {"TAB", '\t'}, {"\\t", '\t'}, {"\t", '\t'}, {" ", ' '}, {"", 0},
	    {",,", 0}, {"\"", 0}, {"\n", 0}, {"\r", 0}, {"\303\244", 0},
	    {"\200", 0}};
	struct error err;
	size_t i;
	char c;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		int expected = cases[i].c != 0 ? 0 : -1;

		c = 0;
		if (value_delimiter_read(cases[i].text, &c, &err) != expected ||
		    c != cases[i].c ||
		    value_delimiter(cases[i].text, &err) != expected)
			fail_msg("'%s'", cases[i].text);
	}
}

static void
numbers_have_bounds(void **state)
{
	static const struct {
		const char *text;
		int positive, connections;
	} cases[] = {{"1", 0, 0}, {"1000", 0, 0}, {"1001", 0, -1},
	    {"0", -1, -1}, {"-1", -1, -1}, {"", -1, -1}, {"x", -1, -1},
	    {"1 ", -1, -1}};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		if (value_positive(cases[i].text, &err) != cases[i].positive ||
		    value_connections(cases[i].text, &err) !=
			cases[i].connections)
			fail_msg("'%s'", cases[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_rate_is_a_number_in_a_unit_of_time),
	    cmocka_unit_test(a_quota_is_a_number_in_any_time),
	    cmocka_unit_test(
		a_delimiter_is_one_character_that_csv_has_no_use_for),
	    cmocka_unit_test(numbers_have_bounds),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
