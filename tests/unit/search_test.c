/* search: which step finds the servers, and what becomes of those that fail. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "provider/search.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The world: what DNS and HTTP say, by name and URL. */
struct said {
	const char *name;
	int status; /* of the error; 0: none */
	struct dns_record records[3];
	size_t count;
	int code;
	const char *body;
};
static const struct said *world;
static size_t world_size;
static unsigned asked;

static const struct said *
about(const char *name)
{
	size_t i;

	asked++;
	for (i = 0; i < world_size; i++)
		if (strcmp(world[i].name, name) == 0)
			return &world[i];
	return NULL;
}

static int
dns(const char *name, const struct dns_record **records, size_t *count,
    struct error *err)
{
	const struct said *said = about(name);

	*count = 0;
	if (said == NULL)
		return 0;
	if (said->status != 0)
		return error_set(err, said->status, "%s: trouble", name);
	*records = said->records;
	*count = said->count;
	return 0;
}

int
dns_mx(const struct dns_params *params, const char *domain, struct arena *arena,
    const struct dns_record **records, size_t *count, struct error *err)
{
	(void)params;
	(void)arena;
	return dns(domain, records, count, err);
}

int
dns_srv(const struct dns_params *params, const char *name, struct arena *arena,
    const struct dns_record **records, size_t *count, struct error *err)
{
	(void)params;
	(void)arena;
	return dns(name, records, count, err);
}

int
http_fetch(const struct http_params *params, const struct http_request *request,
    struct http_answer *answer, struct error *err)
{
	const struct said *said = about(request->url);

	(void)params;
	assert_int_equal(request->max, 64 * 1024);
	assert_true(request->follow);
	memset(answer, 0, sizeof(*answer));
	answer->code = said != NULL ? said->code : 404;
	if (said != NULL && said->status != 0)
		return error_set(err, said->status, "%s", said->body);
	if (said != NULL)
		buf_puts(&answer->body, said->body);
	return 0;
}

void
http_answer_clear(struct http_answer *answer)
{
	buf_clear(&answer->body);
}

static const struct provider rows[] = {
    {
	.id = "big",
	.name = "Big",
	.domains = "big.example",
	.mx = "*.mx.big.example",
	.server = "smtp.big.example",
	.port = "587",
	.tls = "starttls",
	.user = "%local",
	.auth = "XOAUTH2",
    },
    {
	.id = "any",
	.name = "any",
	.domains = "any.example",
	.mx = "mx.any.example",
	.port = "465",
	.tls = "implicit",
	.user = "%address",
    },
};

static int
search_of(const char *address, struct arena *arena,
    struct provider_found *found, struct error *err)
{
	static const struct dns_params dns_params;
	static const struct http_params http_params;
	static const struct providers providers = {rows, LENGTH(rows)};
	const struct provider_search params = {
	    .providers = &providers,
	    .dns = &dns_params,
	    .http = &http_params,
	};

	asked = 0;
	return provider_search(&params, address, arena, found, err);
}

#define XML(host)                                                                  \
	"<clientConfig><emailProvider><outgoingServer type='smtp'><hostname>" host \
	"</hostname><port>465</port><socketType>SSL</socketType>"                  \
	"</outgoingServer></emailProvider></clientConfig>"
#define URL "https://autoconfig.d.example/mail/config-v1.1.xml" QUERY
#define QUERY "?emailaddress=bob%40d.example"
#define WELL "https://d.example/.well-known/autoconfig/mail/config-v1.1.xml"

static void
the_first_step_that_finds_something_wins(void **state)
{
	static const struct {
		const char *address;
		struct said world[3];
		const char *wanted; /* by, id, server, user, where, confirm */
		unsigned asked;
		const char *failures;
	} cases[] = {
	    {"bob@Big.Example", {{"x"}},
		"1 big smtp.big.example:587s bob Big.Example 0", 0, ""},
	    {"bob@d.example",
		{{"d.example", 0,
		    {{5, 0, 0, "other.example"},
			{10, 0, 0, "a.mx.big.example"}},
		    2}},
		"2 big smtp.big.example:587s bob a.mx.big.example 0", 1, ""},
	    {"bob@d.example", {{"d.example", 0, {{5, 0, 0, ""}}, 1}},
		"0 - - - - 0", 5, ""},
	    /* a row without a server of its own */
	    {"bob@any.example", {{"x"}}, "0 - - - - 0", 5, ""},
	    {"bob@d.example", {{URL, .code = 200, .body = XML("s.d.example")}},
		"3 - s.d.example:465i bob@d.example " URL " 0", 2, ""},
	    {"bob@d.example", {{WELL, .code = 200, .body = XML("s.d.example")}},
		"3 - s.d.example:465i bob@d.example " WELL " 0", 3, ""},
	    {"bob@d.example",
		{{URL, .code = 200, .body = "<html/>"},
		    {WELL, .code = 503, .body = ""}},
		"0 - - - - 0", 5,
		"https://autoconfig.d.example/mail/config-v1.1.xml: it is no "
		"clientConfig\n" WELL ": answer 503\n"},
	    /* whose servers they are */
	    {"bob@d.example",
		{{URL, .code = 200, .body = XML("smtp.big.example")}},
		"3 big smtp.big.example:465i bob@d.example " URL " 0", 2, ""},
	    {"bob@d.example",
		{{"d.example", EX_TEMPFAIL},
		    {"_submissions._tcp.d.example", 0,
			{{1, 1, 465, "s.d.example"}}, 1}},
		"4 - s.d.example:465i bob@d.example "
		"_submissions._tcp.d.example 0",
		5, "d.example: trouble\n"},
	    {"bob@d.example",
		{{"_submission._tcp.d.example", 0,
		    {{1, 1, 587, "smtp.big.example"}}, 1}},
		"4 big smtp.big.example:587s bob _submission._tcp.d.example 1",
		5, ""},
	    {"bob@d.example",
		{{"_submission._tcp.d.example", 0, {{1, 1, 587, "d.example"}},
		    1}},
		"4 - d.example:587s bob@d.example "
		"_submission._tcp.d.example 0",
		5, ""},
	    {"bob@d.example",
		{{"_submission._tcp.d.example", 0,
		    {{1, 1, 587, "evil-d.example"}}, 1}},
		"4 - evil-d.example:587s bob@d.example "
		"_submission._tcp.d.example 1",
		5, ""},
	    {"bob@d.example",
		{{"_submissions._tcp.d.example", 0, {{0, 0, 0, ""}}, 1},
		    {"_submission._tcp.d.example", EX_TEMPFAIL}},
		"0 - - - - 0", 5, "_submission._tcp.d.example: trouble\n"},
	    {"bob@d.example",
		{{"_submissions._tcp.d.example", 0,
		    {{1, 1, 465, "a.d.example"}, {1, 9, 465, "b.d.example"},
			{0, 0, 465, "c.d.example"}},
		    3}},
		"4 - b.d.example:465i bob@d.example "
		"_submissions._tcp.d.example 0",
		5, ""},
	};
	struct provider_found found;
	struct arena arena = {0};
	struct error err;
	char got[500];
	const char *where;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(cases); i++) {
		world = cases[i].world;
		world_size = 0;
		while (world_size < 3 && world[world_size].name != NULL)
			world_size++;
		if (search_of(cases[i].address, &arena, &found, &err) == -1)
			fail_msg("%zu: %s", i, err.text);
		where = found.where;
		if (where != NULL && strncmp(where, "https:", 6) == 0)
			where = strstr(where, "well-known") ? WELL : URL;
		if (found.origin == PROVIDER_NOWHERE)
			snprintf(got, sizeof(got), "0 - - - - 0");
		else
			snprintf(got, sizeof(got), "%d %s %s:%u%c %s %s %d",
			    found.origin,
			    found.provider ? found.provider->id : "-",
			    found.servers[0].host, found.servers[0].port,
			    found.servers[0].implicit ? 'i' : 's', found.user,
			    where, found.confirm);
		if (strcmp(got, cases[i].wanted) != 0)
			fail_msg(
			    "%zu: '%s', not '%s'", i, got, cases[i].wanted);
		assert_int_equal(asked, cases[i].asked);
		assert_string_equal(found.failures, cases[i].failures);
	}
	arena_clear(&arena);
}

static void
a_signal_or_a_bad_setting_ends_the_search(void **state)
{
	static const struct said worlds[][1] = {
	    {{"d.example", EX_SIGNAL + 2}},
	    {{"d.example", EX_USAGE}},
	    {{URL, EX_SIGNAL + 15, .body = "cancelled"}},
	};
	struct provider_found found;
	struct arena arena = {0};
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(worlds); i++) {
		world = worlds[i];
		world_size = 1;
		assert_int_equal(
		    search_of("bob@d.example", &arena, &found, &err), -1);
		assert_int_equal(err.status, worlds[i][0].status);
		assert_int_equal(found.origin, PROVIDER_NOWHERE);
		assert_int_equal(asked, i < 2 ? 1 : 2);
	}
	arena_clear(&arena);
}

static void
the_deadline_of_the_run_ends_it_and_that_of_one_step_does_not(void **state)
{
	static const struct said trouble[] = {{"d.example", EX_TEMPFAIL}};
	struct wait_limits wait = {.deadline_us = 1};
	const struct dns_params dns_params = {.wait = &wait};
	const struct provider_search params = {
	    .providers = &(struct providers){rows, LENGTH(rows)},
	    .dns = &dns_params,
	};
	struct provider_found found;
	struct arena arena = {0};
	struct error err;

	(void)state;
	world = trouble;
	world_size = 1;
	assert_int_equal(
	    provider_search(&params, "bob@d.example", &arena, &found, &err),
	    -1);
	assert_int_equal(err.status, EX_TEMPFAIL);
	wait.deadline_us = clock_monotonic_us() + 3600 * 1000000LL;
	assert_int_equal(
	    provider_search(&params, "bob@d.example", &arena, &found, &err), 0);
	assert_string_equal(found.failures, "d.example: trouble\n");
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_first_step_that_finds_something_wins),
	    cmocka_unit_test(a_signal_or_a_bad_setting_ends_the_search),
	    cmocka_unit_test(
		the_deadline_of_the_run_ends_it_and_that_of_one_step_does_not),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
