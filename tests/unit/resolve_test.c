/* Look-ups; names are looked up in a table of ours. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>
#include <semaphore.h>
#include <string.h>

#include "transport/resolve.h"
#include "transport/transport.h"

enum { WAIT_MS = 20000 };

/* Names of the tests: their addresses, or the look-up's error. */
static const struct {
	const char *name;
	int error;
	const char *addresses[7];
} hosts[] = {
    {"one.test", 0, {"127.0.0.1"}},
    {"mixed.test", 0, {"127.0.0.2", "127.0.0.3", "::1", "127.0.0.4"}},
    {"six.test", 0,
	{"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6",
	    "127.0.0.7"}},
    {"second.test", 0, {"127.0.0.2", "127.0.0.1"}},
    {"none.test", EAI_NONAME, {NULL}},
    {"empty.test", EAI_NODATA, {NULL}},
    {"later.test", EAI_AGAIN, {NULL}},
    {"slow.test", 0, {"127.0.0.1"}},
};

static sem_t slow; /* slow.test waits for it */

/* Takes the place of the C library's; numeric addresses are left to it. */
int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **list)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	struct addrinfo numeric = *hints, **end = list;
	size_t i = 0;
	int r = 0;

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (hints->ai_flags & AI_NUMERICHOST)
		return real(host, service, hints, list);
	numeric.ai_flags = AI_NUMERICHOST;
	while (i < sizeof(hosts) / sizeof(hosts[0]) &&
	    strcmp(hosts[i].name, host) != 0)
		i++;
	if (i == sizeof(hosts) / sizeof(hosts[0]))
		return EAI_FAIL;
	if (strcmp(host, "slow.test") == 0)
		sem_wait(&slow);
	*list = NULL;
	for (size_t j = 0; hosts[i].addresses[j] != NULL; j++) {
		r = real(hosts[i].addresses[j], service, &numeric, end);
		if (r == EAI_SERVICE)
			return r;
		if (r == 0)
			end = &(*end)->ai_next;
	}
	return *list != NULL ? 0 : hosts[i].error ? hosts[i].error : r;
}

/* Waits only for what the look-up asks for. */
static int
finish(struct resolve *r, const struct endpoint **found, struct error *err)
{
	struct pollfd p = {.fd = resolve_fd(r), .events = POLLIN};
	int n;

	while ((n = resolve_found(r, found, err)) == TRANSPORT_AGAIN)
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	return n;
}

/* The addresses in one line. */
static void
finds(const char *host, int family, const char *addresses)
{
	const struct endpoint *found;
	struct error err;
	struct resolve *r = resolve_endpoints(host, 2525, family, &err);
	int n = finish(r, &found, &err), i;
	char line[512] = "", text[64];

	for (i = 0; i < n; i++) {
		endpoint_text(&found[i], text);
		strcat(strcat(line, i > 0 ? " " : ""), text);
		assert_int_equal(endpoint_port(&found[i]), 2525);
		assert_int_equal(found[i].error, 0);
		assert_false(found[i].connected);
	}
	assert_string_equal(line, addresses);
	resolve_free(r);
}

static void
fails(const char *host, int family, int status, const char *begin)
{
	const struct endpoint *found;
	struct error err;
	struct resolve *r = resolve_endpoints(host, 25, family, &err);

	assert_int_equal(finish(r, &found, &err), -1);
	if (strncmp(err.text, begin, strlen(begin)) != 0)
		fail_msg("\"%s\" does not begin: %s", begin, err.text);
	assert_int_equal(err.status, status);
	resolve_free(r);
}

static void
a_name_has_its_addresses_in_the_order_of_the_look_up(void **state)
{
	(void)state;
	finds("one.test", AF_UNSPEC, "127.0.0.1");
	finds("mixed.test", AF_UNSPEC, "127.0.0.2 127.0.0.3 ::1 127.0.0.4");
	finds("mixed.test", AF_INET6, "::1");
}

static void
localhost_and_numbers_need_no_look_up(void **state)
{
	(void)state;
	finds("localhost", AF_UNSPEC, "::1 127.0.0.1");
	finds("LocalHost.", AF_UNSPEC, "::1 127.0.0.1");
	finds("a.localhost", AF_INET, "127.0.0.1");
	finds("192.0.2.1", AF_UNSPEC, "192.0.2.1");
	finds("2001:db8::1", AF_INET6, "2001:db8::1");
	fails(
	    "192.0.2.1", AF_INET6, EX_USAGE, "192.0.2.1: not an IPv6 address");
	fails("::1", AF_INET, EX_USAGE, "::1: not an IPv4 address");
}

static void
names_that_are_not_found_are_told_apart(void **state)
{
	(void)state;
	fails("none.test", AF_UNSPEC, EX_NOHOST, "none.test: no such host");
	fails("empty.test", AF_UNSPEC, EX_NOHOST, "empty.test: no address");
	fails("one.test", AF_INET6, EX_NOHOST, "one.test: no IPv6 address");
	fails("later.test", AF_UNSPEC, EX_TEMPFAIL,
	    "later.test: cannot be looked up: ");
	fails("broken.test", AF_UNSPEC, EX_TEMPFAIL,
	    "broken.test: cannot be looked up: ");
}

static void
a_look_up_that_is_given_up_holds_nothing_up(void **state)
{
	const struct endpoint *found;
	struct error err;
	struct resolve *r = resolve_endpoints("slow.test", 25, AF_UNSPEC, &err);

	(void)state;
	assert_int_equal(resolve_found(r, &found, &err), TRANSPORT_AGAIN);
	assert_int_equal(resolve_found(r, &found, &err), TRANSPORT_AGAIN);
	assert_true(resolve_fd(r) >= 0);
	resolve_free(r);
	resolve_free(NULL);
	sem_post(&slow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		a_name_has_its_addresses_in_the_order_of_the_look_up),
	    cmocka_unit_test(localhost_and_numbers_need_no_look_up),
	    cmocka_unit_test(names_that_are_not_found_are_told_apart),
	    cmocka_unit_test(a_look_up_that_is_given_up_holds_nothing_up),
	};

	sem_init(&slow, 0, 0);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
